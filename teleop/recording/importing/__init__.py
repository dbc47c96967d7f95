"""Reads recordings that other programs wrote, and stores them as a dataset of ours.

Each `*_source` module reads one kind of file into a `Source`; `source_writer` writes a source as a
Minari dataset, which the library then checks and takes in like any other.
"""
