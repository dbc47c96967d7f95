"""The running episode: an append-only journal, written by the recorder."""
