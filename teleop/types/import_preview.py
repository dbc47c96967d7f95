"""What an import would bring."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ImportPreview:
    """What the file or folder of another program holds.

    Attributes:
        form: the format, in words.
        arrays: (name, shape and type) of what is used.
        episodes: number of episodes.
        steps: number of steps.
        env_id: the environment that the file names; empty if it names none.
        notes: what is missing in the file, in sentences.
    """

    form: str
    arrays: tuple[tuple[str, str], ...]
    episodes: int
    steps: int
    env_id: str
    notes: tuple[str, ...]
