"""Practice by reinforcement learning, on top of Stable-Baselines3."""
