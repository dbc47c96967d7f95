"""Messages about preferences between two pieces of runs: frozen dataclasses."""

from dataclasses import dataclass
from pathlib import Path

from teleop.types.findings import PieceSource


@dataclass(frozen=True, slots=True)
class AskPreference:
    """Ask which of two pieces is better.

    Attributes:
        root: the recordings folder.
        dataset_id: id of the dataset.
        answer: answer to the pair that was asked before: `left`, `right`, `equal` or `cannot tell`;
            empty: none was asked.
        pair: the pair that is answered; an answer to another pair than the one asked is dropped.
        undo: take the latest answer back instead.
    """

    root: Path
    dataset_id: str
    answer: str = ""
    pair: tuple[PieceSource, PieceSource] | None = None
    undo: bool = False


@dataclass(frozen=True, slots=True)
class PreferenceAsked:
    """Two pieces to choose between, or why there are none.

    Attributes:
        dataset_id: id of the dataset.
        pair: the left and the right piece; None if there is no pair.
        pace_hz: steps per second at which the pieces are shown.
        count: number of answers so far.
        enough: number of answers from which on the reward is worth practising on.
        agreement: share of clear answers that the learned reward agrees with; None without one.
        damaged: number of answers that cannot be read.
        problem: why there is no pair, or why the answer was not kept; else empty.
    """

    dataset_id: str
    pair: tuple[PieceSource, PieceSource] | None
    pace_hz: float = 30.0
    count: int = 0
    enough: int = 0
    agreement: float | None = None
    damaged: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ShowPieces:
    """Show two pieces side by side, from the views `lane0` and `lane1`; `ShowStep` moves them."""

    dataset_id: str
    pair: tuple[PieceSource, PieceSource]


@dataclass(frozen=True, slots=True)
class PiecesReady:
    """Both pieces are computed.

    Attributes:
        pair: the pieces.
        steps: steps of each.
    """

    pair: tuple[PieceSource, PieceSource]
    steps: tuple[int, int]
