"""Answers to "which of these two pieces is better?", one file each, in a dataset.

    data/preferences/000001-3f2a….safetensors   both pieces as a network sees them, and the answer

The pieces themselves are stored, so that an answer outlives the policy that it was about.
"""

import contextlib
import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError

from teleop.errors import StorageError, reason
from teleop.learning.data.inputs import Rows
from teleop.learning.rewards.learned_reward import LearnedReward
from teleop.learning.tensor_file import read_tensors, write_tensors
from teleop.recording import Dataset
from teleop.recording.disk import files
from teleop.text import tr
from teleop.types.findings import PieceSource

PREFERENCES = "preferences"  # in place of a policy's name
_MOST_BYTES = 64 << 20
_ABOUT = "about"
_LONGEST = 10_000  # steps of a piece


class Choice(Enum):
    """An answer."""

    LEFT = "left"
    RIGHT = "right"
    EQUAL = "equal"
    UNKNOWN = "cannot tell"

    @property
    def left(self) -> float | None:
        """Probability that the left piece is better; None if it is not known."""
        return {"left": 1.0, "right": 0.0, "equal": 0.5}.get(self.value)


@dataclass(frozen=True, slots=True)
class Piece:
    """A short piece of a run.

    Attributes:
        source: where it comes from.
        seen: (T, features) encoded observations, not normalised.
        acts: (T, A) actions as inputs.
        total_reward: the environment's reward of the piece.
        absorbing: steps in the absorbing state after them, where the episode ended by itself, so
            that the piece is as long as others.
    """

    source: PieceSource
    seen: Rows
    acts: Rows
    total_reward: float
    absorbing: int = 0


@dataclass(frozen=True, slots=True)
class Preference:
    """An answer about two pieces."""

    left: Piece
    right: Piece
    choice: Choice


class Preferences:
    """The answers in a dataset, in the order in which they were given."""

    def __init__(self, dataset: Dataset) -> None:
        self.folder: Path = dataset.places.data / "preferences"

    @property
    def count(self) -> int:
        """Number of answers."""
        return len(self._names())

    def add(self, answer: Preference) -> str:
        """Store an answer; return the name of its file.

        Raises:
            StorageError: it cannot be written.
        """
        names = self._names()
        number = int(names[-1][:6]) + 1 if names else 1
        path = self.folder / f"{number:06d}-{uuid.uuid4().hex[:12]}.safetensors"
        about = {
            "choice": answer.choice.value,
            "left": _about(answer.left),
            "right": _about(answer.right),
            "answered_s": time.time(),
        }
        tensors: dict[str, NDArray[Any]] = {
            _ABOUT: np.frombuffer(json.dumps(about).encode(), np.uint8).copy()
        }
        for side, piece in (("left", answer.left), ("right", answer.right)):
            tensors |= {f"{side}.seen": piece.seen, f"{side}.acts": piece.acts}
        with self._changing():
            files.make_folder(self.folder)
            write_tensors(path, tensors)
        return path.name

    def save(self, reward: LearnedReward) -> None:
        """Write the reward that was learned from the answers beside them.

        Raises:
            StorageError: it cannot be written.
        """
        with self._changing():
            reward.save(self.folder)

    def delete(self, name: str) -> None:
        """Delete an answer by the name of its file.

        Raises:
            StorageError: it cannot be deleted.
        """
        with self._changing():
            files.unlink(self.folder / name)

    def read(self) -> tuple[dict[str, Preference], list[str]]:
        """Return the answers by file, and the names of files that cannot be read."""
        found, damaged = dict[str, Preference](), []
        for name in self._names():
            try:
                found[name] = _preference(read_tensors(self.folder / name, _MOST_BYTES))
            except _UNREADABLE:
                damaged.append(name)
        return found, damaged

    @contextlib.contextmanager
    def _changing(self) -> Iterator[None]:
        """Report a failed change in one sentence."""
        try:
            yield
        except OSError as problem:
            raise StorageError(
                tr(
                    "The answers in {folder} could not be changed ({problem}).",
                    folder=self.folder,
                    problem=reason(problem),
                )
            ) from problem

    def _names(self) -> list[str]:
        names = files.names(self.folder) if files.is_folder(self.folder) else []
        return sorted(n for n in names if n.endswith(".safetensors") and n[:6].isdecimal())


def reward_folder(dataset: Dataset, name: str) -> Path:
    """Return the folder of a learned reward: that of `preferences`, or of a policy."""
    return Preferences(dataset).folder if name == PREFERENCES else dataset.policies / name


_UNREADABLE = (
    *(OSError, ValueError, KeyError, TypeError, AttributeError, IndexError),
    *(RecursionError, OverflowError, SafetensorError),
)


def _about(piece: Piece) -> dict[str, Any]:
    known = {"total_reward": piece.total_reward, "absorbing": piece.absorbing}
    return asdict(piece.source) | known


def _preference(tensors: dict[str, Any]) -> Preference:
    about = json.loads(bytes(tensors[_ABOUT]))
    return Preference(
        _piece(tensors, about, "left"), _piece(tensors, about, "right"), Choice(about["choice"])
    )


def _piece(tensors: dict[str, Any], about: dict[str, Any], side: str) -> Piece:
    data = about[side]
    source = PieceSource(
        str(data["kind"]),
        str(data["name"]),
        int(data["seed"]),
        int(data["first"]),
        int(data["steps"]),
    )
    seen, acts = tensors[f"{side}.seen"], tensors[f"{side}.acts"]
    fits = seen.ndim == acts.ndim == 2 and 0 < len(seen) == len(acts) <= _LONGEST
    if not fits or not (np.isfinite(seen).all() and np.isfinite(acts).all()):
        raise ValueError("the arrays of a piece do not fit together")
    absorbing = min(max(0, int(data["absorbing"])), _LONGEST)
    return Piece(source, seen, acts, float(data["total_reward"]), absorbing)
