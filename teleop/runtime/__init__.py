"""The processes behind the window, and the frozen messages and shared pictures between them.

`host` (environments, sessions, recorder, replays) and `trainer` (learning) run in processes of
their own; `client` is what the window talks to.
"""
