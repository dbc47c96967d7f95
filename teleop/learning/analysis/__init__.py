"""What the data and the policies are worth: baselines, curves, influence, advice."""
