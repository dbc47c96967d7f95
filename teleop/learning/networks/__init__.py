"""Networks: architecture, training and inference, with torch and with numpy."""
