"""Shared test helpers: people at the window, processes by hand, commands, recordings, toys."""
