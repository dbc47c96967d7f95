"""Keyboard, mouse and gamepad: to the environment or to the window."""
