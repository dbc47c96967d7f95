"""Teleop's public functions and classes; import them from `teleop`."""
