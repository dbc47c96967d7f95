"""A dataset as it travels to another process or machine: where it lies, and what it holds."""

import functools
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
    """

    root: str
    dataset_id: str
    sources: tuple[tuple[str, str], ...]

    @staticmethod
    def of(dataset: Dataset, demos: Demonstrations) -> "DatasetReference":
        """Return the reference to a dataset whose episodes are all in `demos`."""
        root = dataset.folder.resolve().parents[dataset.dataset_id.count("/")]
        return DatasetReference(str(root), dataset.dataset_id, tuple(demos.sources))


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
    demos = load_demonstrations(Library(Path(named.root)).existing(named.dataset_id))
    if tuple(demos.sources) != named.sources:
        raise LearningError(
            f"{named.dataset_id} in {named.root} on {platform.node()} is not what was begun with: "
            "its episodes have changed. Begin again, or copy the recordings."
        )
    return demos
