"""A dataset as it travels to another process or machine: where it lies, and what it holds."""

import functools
import hashlib
import platform
from dataclasses import dataclass
from pathlib import Path

from teleop.errors import LearningError
from teleop.learning.data.demonstrations import Demonstrations, load_demonstrations
from teleop.recording import Dataset, Library


@dataclass(frozen=True, slots=True)
class DatasetReference:
    """Names the episodes of a dataset.

    Attributes:
        root: the recordings folder, as every worker sees it.
        dataset_id: the dataset.
        sources: (file, SHA-256) of its episodes, which every worker checks.
        labels: SHA-256 of the labels that training uses, which every worker checks too.
    """

    root: str
    dataset_id: str
    sources: tuple[tuple[str, str], ...]
    labels: str

    @staticmethod
    def of(dataset: Dataset, demos: Demonstrations) -> "DatasetReference":
        """Return the reference to a dataset whose episodes are all in `demos`."""
        root = dataset.folder.resolve().parents[dataset.dataset_id.count("/")]
        sources, labels = tuple(demos.sources), _labels_of(dataset)
        return DatasetReference(str(root), dataset.dataset_id, sources, labels)


def demonstrations_from(source: Demonstrations | DatasetReference) -> Demonstrations:
    """Return demonstrations, loaded if they are named; the last ones loaded are kept.

    A process that loads them computes with one thread from then on, so that every machine
    computes the same.

    Raises:
        LearningError: the dataset here holds other episodes than the one that is named.
    """
    return source if isinstance(source, Demonstrations) else _load(source)


@functools.lru_cache(maxsize=1)
def _load(named: DatasetReference) -> Demonstrations:
    import torch

    torch.set_num_threads(1)
    dataset = Library(Path(named.root)).existing(named.dataset_id)
    demos = load_demonstrations(dataset)
    if (tuple(demos.sources), _labels_of(dataset)) != (named.sources, named.labels):
        raise LearningError(
            f"{named.dataset_id} in {named.root} on {platform.node()} is not what was begun with: "
            "its episodes or their labels have changed. Begin again, or copy the recordings."
        )
    return demos


def _labels_of(dataset: Dataset) -> str:
    labels = {row.uuid: row.label for row in dataset.rows()}
    used = sorted((uuid, label.trim, label.success, label.task) for uuid, label in labels.items())
    return hashlib.sha256(repr(used).encode()).hexdigest()
