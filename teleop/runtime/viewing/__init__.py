"""Policies and recordings on screen without a person driving."""
