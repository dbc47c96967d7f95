"""The charts of the Train and Correct screens."""
