"""The processes behind the window, and the messages and shared frames between them.

`processes.environment_process` runs environments, driving sessions, the recorder and comparisons.
`processes.trainer_process` trains policies. Each runs in its own process, and the window talks to
it through `processes.client`. The README in this folder follows a key press and a saved episode
through them.
"""
