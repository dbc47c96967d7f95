"""Teleop: drive any Gymnasium environment, record it, clone yourself, play beside your clone.

The map (a room imports only rooms below it):

| room | job |
|---|---|
| `cli`, `demo` | every deed of the window without the window |
| `ui` | the window: the only pygame |
| `stage` | the processes behind the window: messages, shared pictures, environments, trainer |
| `doctor` | what this computer has |
| `replay`, `evaluate` | several sessions from one seed in lockstep; returns over seeds |
| `learning` | recordings in, policy folder out: the only torch |
| `session` | THE LOOP: environment + policy (+ recorder) |
| `control`, `experts` | policies that need no learning: the person at the keys, the scripts |
| `recording` | journal, episode files, Minari datasets: the only h5py |
| `envs` | making environments, the catalogue, spaces |
| `paths`, `types`, `errors` | words that all rooms share |
"""

__version__ = "0.1.0"
