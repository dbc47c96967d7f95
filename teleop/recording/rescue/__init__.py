"""Whole episodes out of damaged files."""
