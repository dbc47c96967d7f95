"""Lists and changes datasets in the environment process, in the background."""
