"""Lessons: what a `lesson.toml` says, the shipped course, and what a person has done in it."""
