"""What tests share: people at the window, processes by hand, commands, recordings, toys."""
