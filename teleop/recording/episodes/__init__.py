"""One episode: its file, its row in lists, and its certificate."""
