"""Datasets in the forms of other programs, and as one file for another person."""
