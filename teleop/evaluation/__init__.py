"""Scores of policies: returns over seeds, success, and which of two policies is better."""
