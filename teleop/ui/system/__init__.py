"""Access to the operating system: window, devices, dialogs, sounds, processes."""
