"""The processes behind the window, and the messages and shared images between them.

`processes.environment_process` (environments, sessions, recorder, comparisons) and
`processes.trainer_process` (learning) run in processes of their own; `processes.client` is what the
window talks to. This folder's README follows a key press and a saved episode through them.
"""
