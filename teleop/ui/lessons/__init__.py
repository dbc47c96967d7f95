"""Lessons in the window: the list, the page of a block, and the bar over the other screens."""
