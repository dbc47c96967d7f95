"""Around and over every screen: top bar, toasts, tooltips, banner."""
