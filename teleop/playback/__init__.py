"""Recordings and policies played in lockstep, and their side-by-side files."""
