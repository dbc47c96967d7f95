"""Choosing training settings, by playing or by held-out loss."""
