"""The environment's and the trainer's process, and the client that talks to them."""
