"""Lists of episodes and datasets."""
