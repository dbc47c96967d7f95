"""Learning: recordings in, a policy folder out. Only `fit`, `lag` and `bc` need torch."""

from teleop.learning.policy import LearnedPolicy, load_policy

__all__ = ["LearnedPolicy", "load_policy"]
