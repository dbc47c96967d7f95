"""Recordings and policies played again: replays, evaluation, side by side."""
