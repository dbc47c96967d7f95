"""Shows policies and recordings without a person driving."""
