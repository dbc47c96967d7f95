"""Files of strangers: looked at in a process of their own before they are opened."""
