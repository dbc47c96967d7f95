"""Messages about whole datasets (lists, curation, export): frozen values."""

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from teleop.types.metadata import DatasetSummary, EpisodeRow


@dataclass(frozen=True, slots=True)
class ListLibrary:
    """Every dataset there is."""


@dataclass(frozen=True, slots=True)
class ListEpisodes:
    """The episodes of a dataset, and what is in its trash."""

    dataset_id: str


class EpisodeOperation(Enum):
    """What can be done to episodes."""

    STAR = "star"
    TAGS = "tags"
    NOTE = "note"
    VERDICT = "verdict"
    TRIM = "trim"
    DELETE = "delete"
    RESTORE = "restore"
    PURGE = "purge"
    VERIFY = "verify"
    EXPORT = "export"


@dataclass(frozen=True, slots=True)
class Curate:
    """Do something to episodes of a dataset.

    Attributes:
        dataset_id: whose.
        operation: what is done.
        chosen: uuids of episodes; names in the trash for RESTORE and PURGE.
        value: STAR a bool; TAGS (with commas between) and NOTE a text; VERDICT True, False or
            None; TRIM (first step, step after the last) or None; EXPORT (form, path).
    """

    dataset_id: str
    operation: EpisodeOperation
    chosen: tuple[str, ...] = ()
    value: bool | str | tuple[int, int] | tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class ImportDataset:
    """Bring a bundle or a dataset's folder into the library."""

    path: str


ToLibrary: TypeAlias = ListLibrary | ListEpisodes | Curate | ImportDataset


@dataclass(frozen=True, slots=True)
class LibraryListed:
    """Every dataset, as it is on disk."""

    datasets: tuple[DatasetSummary, ...]


@dataclass(frozen=True, slots=True)
class EpisodesListed:
    """A dataset's episodes and trash, as they are on disk."""

    dataset_id: str
    env_id: str
    rows: tuple[EpisodeRow, ...]
    trash: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Working:
    """Something takes its time.

    Attributes:
        text: what it is.
        done: parts of it that are done.
        total: parts in all; 0: it is over.
        seconds_left: estimated; None while nobody can say.
    """

    text: str
    done: int
    total: int
    seconds_left: float | None = None


FromLibrary: TypeAlias = LibraryListed | EpisodesListed | Working
