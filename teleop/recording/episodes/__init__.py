"""One episode: its file, the row that lists it, and whether it replays."""
