"""What the window knows: data from other processes, settings, what is open."""
