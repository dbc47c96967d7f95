"""Recover intact episodes from damaged files."""
