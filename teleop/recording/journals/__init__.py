"""Journals: append-only files of running takes, written by the recorder."""
