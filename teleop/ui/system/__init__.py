"""The operating system: window, devices, dialogs, sounds, processes."""
