"""Datasets and the recordings folder: index, labels, trash and queries."""
