"""Rewards that were learned from demonstrations or answers, and what they say about each step."""
