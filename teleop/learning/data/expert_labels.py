"""What an expert answered while a policy drove: labelled steps that are part of no recording.

They are stored with the policy that learned from them (`labels.safetensors`), so that a later
round of correction still has them.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError

from teleop.errors import LearningError
from teleop.learning.data.demonstrations import Demonstrations
from teleop.learning.data.inputs import Inputs
from teleop.learning.tensor_file import read_tensors, write_tensors
from teleop.recording.disk import files
from teleop.text import tr

FILE = "labels.safetensors"
_MOST_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class ExpertLabels:
    """Labelled episodes: M steps in K episodes.

    Attributes:
        inputs: M rows, the encoded observations.
        flat: (M, branches) the correct actions, flattened.
        lengths: (K,) number of steps of each episode.
        returns: (K,) return of each episode, as the policy drove it.
    """

    inputs: Inputs
    flat: NDArray[np.float64]
    lengths: NDArray[np.int64]
    returns: NDArray[np.float64]

    @property
    def total_steps(self) -> int:
        """Number of labelled steps."""
        return len(self.flat)

    @staticmethod
    def since(demos: Demonstrations, count: int) -> "ExpertLabels | None":
        """Return the episodes of `demos` after the first `count`; None if there are none."""
        if demos.count <= count:
            return None
        first = int(demos.starts[count])
        vector = demos.inputs.vector[first:]
        pictures = tuple(part[first:] for part in demos.inputs.pictures)
        lengths = np.diff(demos.starts[count:])
        return ExpertLabels(
            Inputs(vector, pictures), demos.flat[first:], lengths, demos.returns[count:]
        )

    def added_to(self, demos: Demonstrations) -> Demonstrations:
        """Return demonstrations with these episodes added.

        Raises:
            LearningError: the labels have another shape than the demonstrations.
        """
        same = self.inputs.vector.shape[1:] == demos.inputs.vector.shape[1:]
        same = same and self.flat.shape[1:] == demos.flat.shape[1:]
        if not same or len(self.inputs.pictures) != len(demos.inputs.pictures):
            raise LearningError(
                tr(
                    "The expert's labels of this policy do not fit {dataset_id} any more. Train "
                    "a new policy.",
                    dataset_id=demos.dataset_id,
                )
            )
        start = 0
        for length, total in zip(self.lengths, self.returns, strict=True):
            rows = slice(start, start + int(length))
            demos = demos.with_labels(self.inputs[rows], self.flat[rows], float(total))
            start += int(length)
        return demos

    def save(self, folder: Path) -> None:
        """Write the labels into a policy's folder, unless they are too large to be kept.

        Raises:
            OSError: writing to disk failed.
        """
        tensors = self._tensors()
        if sum(array.nbytes for array in tensors.values()) <= _MOST_BYTES:
            write_tensors(folder / FILE, tensors)

    def _tensors(self) -> dict[str, NDArray[Any]]:
        own: dict[str, NDArray[Any]] = {"vector": self.inputs.vector, "flat": self.flat}
        own |= {"lengths": self.lengths, "returns": self.returns}
        own |= {f"picture.{i}": part for i, part in enumerate(self.inputs.pictures)}
        return {name: np.ascontiguousarray(array) for name, array in own.items()}


def read_labels(folder: Path) -> ExpertLabels | None:
    """Read the labels of a policy; None if it has none.

    Raises:
        LearningError: the file is damaged.
    """
    path = folder / FILE
    if not files.is_file(path):
        return None
    try:
        found = _labels_from(read_tensors(path, _MOST_BYTES + (1 << 20)))
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as problem:
        raise LearningError(
            tr(
                "The expert's labels in {path} cannot be read ({problem}). Train a new policy.",
                path=path,
                problem=problem,
            )
        ) from problem
    return found


def _labels_from(tensors: dict[str, NDArray[Any]]) -> ExpertLabels:
    """Build labels from the arrays of a file.

    Raises:
        KeyError, TypeError, ValueError: they are not labels.
    """
    pictures = tuple(tensors[f"picture.{i}"] for i in range(len(tensors) - 4))
    lengths, flat = tensors["lengths"], tensors["flat"]
    found = ExpertLabels(Inputs(tensors["vector"], pictures), flat, lengths, tensors["returns"])
    steps = {len(flat), int(lengths.sum()), *map(len, (tensors["vector"], *pictures))}
    if len(steps) != 1 or len(lengths) != len(found.returns) or (lengths < 0).any():
        raise ValueError("the arrays differ in length")
    if not np.isfinite(flat).all() or not np.isfinite(found.inputs.vector).all():
        raise ValueError("a label is not a number")
    return found
