"""Parts around and over every screen: top bar, toasts, tool tips, banner."""
