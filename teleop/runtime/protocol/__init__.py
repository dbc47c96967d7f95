"""Messages between processes: frozen dataclasses without behaviour."""
