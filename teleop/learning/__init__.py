"""Learn policies from recordings; only training needs torch."""

from teleop.learning.policy import LearnedPolicy, load_policy

__all__ = ["LearnedPolicy", "load_policy"]
