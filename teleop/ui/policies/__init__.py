"""The policies of a dataset: their table, and one policy with the episodes it played."""
