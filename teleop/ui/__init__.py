"""The window's code: input, layout and drawing, without importing gymnasium, h5py or torch."""
