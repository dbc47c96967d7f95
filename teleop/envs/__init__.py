"""Environments: the catalogue, their creation (`factory`), and their spaces.

Nothing is imported here: the window reads the catalogue and must not load gymnasium.
"""
