"""Actions of an environment: names, meaning, which one does nothing, random errors."""
