"""Datasets and the folder that holds them: index, labels, trash, queries."""
