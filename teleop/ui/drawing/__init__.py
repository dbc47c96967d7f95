"""Drawing: text, icons, shapes, colours, numbers, translations."""
