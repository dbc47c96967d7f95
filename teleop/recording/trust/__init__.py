"""Vet untrusted files in a separate process before they are opened."""
