"""What practice needs to go on later: kept in the policy's folder, as arrays alone."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError

from teleop.errors import LearningError
from teleop.learning.tensor_file import read_tensors, write_tensors
from teleop.recording.disk import files
from teleop.text import tr

FILE = "practice.safetensors"
_SECONDS = "practised_s"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a learner.

    Attributes:
        tensors: the learner's arrays by name.
        practised_s: seconds of practice so far.
    """

    tensors: dict[str, NDArray[Any]]
    practised_s: float

    def save(self, folder: Path) -> None:
        """Write the state into a policy's folder.

        Raises:
            OSError: writing to disk failed.
        """
        write_tensors(folder / FILE, self.tensors | {_SECONDS: np.array([self.practised_s])})


def load_checkpoint(folder: Path) -> Checkpoint | None:
    """Return the state of the learner that made a policy; None if practice did not make it.

    Raises:
        LearningError: the file is damaged.
    """
    if not files.is_file(folder / FILE):
        return None
    try:
        tensors = read_tensors(folder / FILE, files.MOST_WEIGHTS)
        practised_s = float(tensors.pop(_SECONDS)[0])
    except (OSError, ValueError, KeyError, IndexError, TypeError, SafetensorError) as problem:
        raise LearningError(
            tr(
                "{file} is damaged ({problem}). Delete it to practise from the policy alone.",
                file=folder / FILE,
                problem=problem,
            )
        ) from problem
    return Checkpoint(tensors, practised_s)
