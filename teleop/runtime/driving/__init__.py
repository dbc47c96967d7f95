"""A person drives: start, pace, rewind, snapshot of what is shown."""
