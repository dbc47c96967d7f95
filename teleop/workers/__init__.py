"""Worker processes: small programs with one task each, and pools for many independent calls."""
