"""The driven environment on screen, and what is drawn over it."""
