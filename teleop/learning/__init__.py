"""Learning: recordings in, a policy folder out. Only what trains needs torch."""

from teleop.learning.policy import LearnedPolicy, load_policy

__all__ = ["LearnedPolicy", "load_policy"]
