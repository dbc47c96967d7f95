"""Environments: which there are (`catalogue`), how they are made (`factory`), what they hold.

Nothing is imported here: the window reads the catalogue and must not load gymnasium.
"""
