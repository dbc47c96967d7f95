"""Sheets over the screen: options, settings, controls, help."""
