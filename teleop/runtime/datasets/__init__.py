"""Datasets as the environment's process lists and changes them, in the background."""
