"""Recordings as training data."""
