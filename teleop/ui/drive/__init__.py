"""Shows the driven environment and the overlay on its frame."""
