"""The window: events, layout, drawing. It imports neither gymnasium, h5py nor torch."""
