"""Sessions in which a person drives: start, pace, rewind, and the state that is shown."""
