"""Passes keyboard, mouse and gamepad input to the environment or to the window."""
