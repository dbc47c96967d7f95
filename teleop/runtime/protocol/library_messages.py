"""Messages about whole datasets (lists, curation, export): frozen dataclasses."""

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from teleop.types.import_preview import ImportPreview
from teleop.types.metadata import DatasetSummary, EpisodeRow
from teleop.types.results import PolicyRow


@dataclass(frozen=True, slots=True)
class ListLibrary:
    """List every dataset in the library."""


@dataclass(frozen=True, slots=True)
class ListEpisodes:
    """List the episodes of a dataset and the contents of its trash."""

    dataset_id: str


class EpisodeOperation(Enum):
    """Operations on episodes."""

    STAR = "star"
    TAGS = "tags"
    NOTE = "note"
    TASK = "task"
    MARKS = "marks"
    VERDICT = "verdict"
    TRIM = "trim"
    DELETE = "delete"
    RESTORE = "restore"
    PURGE = "purge"
    VERIFY = "verify"
    EXPORT = "export"


@dataclass(frozen=True, slots=True)
class Curate:
    """Apply an operation to episodes of a dataset.

    Attributes:
        dataset_id: id of the dataset.
        operation: the operation.
        chosen: uuids of episodes; for RESTORE and PURGE, names in the trash.
        value: STAR: a bool; TAGS: a text with commas; NOTE and TASK: a text; MARKS: a text such
            as `120 grasp, 240 lift`; VERDICT: True, False or None;
            TRIM: (first step, step after the last) or None; EXPORT: (format, path).
    """

    dataset_id: str
    operation: EpisodeOperation
    chosen: tuple[str, ...] = ()
    value: bool | str | tuple[int, int] | tuple[str, str] | None = None


class PolicyOperation(Enum):
    """Operations on policies."""

    RENAME = "rename"
    NOTE = "note"
    BASELINE = "baseline"
    DELETE = "delete"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True)
class CuratePolicies:
    """Apply an operation to policies of a dataset.

    Attributes:
        dataset_id: id of the dataset.
        operation: the operation.
        chosen: names of policies; for RESTORE, names in the trash.
        value: RENAME: the new name; NOTE: a text; BASELINE: a bool.
    """

    dataset_id: str
    operation: PolicyOperation
    chosen: tuple[str, ...]
    value: bool | str | None = None


@dataclass(frozen=True, slots=True)
class HandIn:
    """Write a bundle of a dataset into the folder of a class.

    Attributes:
        dataset_id: id of the dataset.
        folder: the class's folder.
        codename: what the student calls themself there.
    """

    dataset_id: str
    folder: str
    codename: str


@dataclass(frozen=True, slots=True)
class ImportDataset:
    """Import a file or folder into the library.

    Attributes:
        path: the file or folder.
        env_id: environment of another program's recordings; empty for the one that they name.
        confirmed: whether the person has seen what another program's file holds.
    """

    path: str
    env_id: str = ""
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class AddSamples:
    """Copy the shipped sample recordings that are missing into the library.

    Attributes:
        folder: folder of further recordings, which are checked like any import; empty for none.
    """

    folder: str = ""


ToLibrary: TypeAlias = (
    ListLibrary | ListEpisodes | Curate | CuratePolicies | HandIn | ImportDataset | AddSamples
)


@dataclass(frozen=True, slots=True)
class LibraryListed:
    """Every dataset in the library, as it is on disk."""

    datasets: tuple[DatasetSummary, ...]


@dataclass(frozen=True, slots=True)
class EpisodesListed:
    """A dataset's episodes, policies and trash, as they are on disk.

    Attributes:
        is_new: whether it has just been imported.
    """

    dataset_id: str
    env_id: str
    rows: tuple[EpisodeRow, ...]
    trash: tuple[str, ...]
    policies: tuple[PolicyRow, ...] = ()
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class Working:
    """A long operation is in progress.

    Attributes:
        text: description of the operation.
        done: number of completed parts.
        total: number of parts in total; 0 means that the operation is over.
        seconds_left: estimated time left; None while it is unknown.
    """

    text: str
    done: int
    total: int
    seconds_left: float | None = None


@dataclass(frozen=True, slots=True)
class ImportAsked:
    """Another program's file can be imported, if the person confirms it.

    Attributes:
        path: the file or folder.
        name: its name.
        env_id: the environment to suggest.
        preview: what it holds.
    """

    path: str
    name: str
    env_id: str
    preview: ImportPreview


FromLibrary: TypeAlias = LibraryListed | EpisodesListed | ImportAsked | Working
