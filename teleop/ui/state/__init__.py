"""The state of the window: data from other processes, settings, what is open."""
