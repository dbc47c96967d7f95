"""Publish datasets to the Hugging Face hub or any fsspec address, and fetch them from there."""
