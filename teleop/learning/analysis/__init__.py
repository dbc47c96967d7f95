"""Analysis of data and policies: baselines, learning curves, influence and advice."""
