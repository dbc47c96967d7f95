"""Charts: figures with axes, lines and grids, in the window and as files."""
