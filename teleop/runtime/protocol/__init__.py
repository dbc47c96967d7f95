"""Messages between processes: frozen values, no behaviour."""
