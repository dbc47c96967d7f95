"""Choosing settings: by playing, or by held-out loss."""
