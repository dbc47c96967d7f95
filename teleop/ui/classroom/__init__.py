"""What the Class screen shows: a table of students, and what is learned from them."""
