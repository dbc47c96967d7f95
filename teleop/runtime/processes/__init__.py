"""The environment process, the training process, and the client that talks to them."""
