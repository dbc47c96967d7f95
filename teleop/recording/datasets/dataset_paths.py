"""Paths of the parts of one dataset.

<dataset>/data/main_data.hdf5          index of links, replaced atomically
<dataset>/data/metadata.json           Minari's description, replaced atomically
<dataset>/data/manifest.json           rows for lists; rebuilt from the files when in doubt
<dataset>/data/labels.json             stars, tags, notes, trims
<dataset>/data/certificates.jsonl      results of re-simulating the episodes
<dataset>/data/episodes/NNNNNN-xxxxxxxxxxxx.h5   immutable
<dataset>/policies/<name>/             policies trained on the dataset
<dataset>/.teleop/                     lock, journals, trash, quarantine
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from teleop import paths
from teleop.recording.disk import files
from teleop.recording.episodes.episode import OWN_GROUP


@dataclass(frozen=True, slots=True)
class DatasetPaths:
    """Paths of one dataset.

    Attributes:
        root: the dataset's folder.
    """

    root: Path

    @property
    def data(self) -> Path:
        """The folder that Minari reads."""
        return self.root / "data"

    @property
    def index(self) -> Path:
        """Minari's HDF5 file."""
        return self.data / "main_data.hdf5"

    @property
    def description(self) -> Path:
        """Minari's metadata file."""
        return self.data / "metadata.json"

    @property
    def manifest(self) -> Path:
        """The file with a row for each episode file."""
        return self.data / "manifest.json"

    @property
    def labels(self) -> Path:
        """The file with the labels of the episodes."""
        return self.data / "labels.json"

    @property
    def certificates(self) -> Path:
        """The file with the certificates of the episodes."""
        return self.data / "certificates.jsonl"

    @property
    def episodes(self) -> Path:
        """The folder with one file per episode."""
        return self.data / "episodes"

    @property
    def policies(self) -> Path:
        """The folder of the policies trained on this dataset."""
        return self.root / "policies"

    @property
    def private(self) -> Path:
        """The folder that other programs can ignore."""
        return self.root / ".teleop"

    @property
    def lock(self) -> Path:
        """The lock file, held by the program that writes."""
        return self.private / "lock"

    @property
    def journals(self) -> Path:
        """The folder of journals."""
        return self.private / "journal"

    @property
    def trash(self) -> Path:
        """The folder of deleted episodes and discarded takes."""
        return self.private / "trash"

    @property
    def quarantine(self) -> Path:
        """The folder of damaged files, kept for `teleop recover`."""
        return self.private / "quarantine"

    @property
    def cache(self) -> Path:
        """The folder of derived, disposable data.

        It is in the user's own cache folder, because a cache that comes with a dataset is
        untrusted.
        """
        name = hashlib.sha256(os.fsencode(self.root.absolute())).hexdigest()[:32]
        return paths.cache_folder() / "datasets" / name

    def source(self, file: str) -> tuple[Path, str]:
        """Return (HDF5 file, group in it) of an episode, given the file name in its row."""
        if "#" in file:
            return self.index, file.split("#")[1]
        return self.episodes / file, OWN_GROUP

    def make(self) -> None:
        """Create the folders.

        Raises:
            OSError: writing to disk failed.
        """
        for folder in (self.episodes, self.journals, self.trash, self.quarantine):
            files.make_folder(folder)
