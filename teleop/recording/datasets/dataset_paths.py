"""Where the parts of one dataset lie.

<dataset>/data/main_data.hdf5          index of links, replaced atomically
<dataset>/data/metadata.json           Minari's description, replaced atomically
<dataset>/data/manifest.json           what lists show; rebuilt from the files when in doubt
<dataset>/data/labels.json             stars, tags, notes, trims
<dataset>/data/certificates.jsonl      what re-simulating each episode found
<dataset>/data/episodes/NNNNNN-xxxxxxxxxxxx.h5   immutable
<dataset>/policies/<name>/             what was learned from it
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
        """What Minari reads."""
        return self.root / "data"

    @property
    def index(self) -> Path:
        """Minari's HDF5 file."""
        return self.data / "main_data.hdf5"

    @property
    def description(self) -> Path:
        """Minari's metadata."""
        return self.data / "metadata.json"

    @property
    def manifest(self) -> Path:
        """A row for each episode file."""
        return self.data / "manifest.json"

    @property
    def labels(self) -> Path:
        """What the person said about episodes."""
        return self.data / "labels.json"

    @property
    def certificates(self) -> Path:
        """What re-simulating found."""
        return self.data / "certificates.jsonl"

    @property
    def episodes(self) -> Path:
        """One file per episode."""
        return self.data / "episodes"

    @property
    def policies(self) -> Path:
        """What was learned from this dataset."""
        return self.root / "policies"

    @property
    def private(self) -> Path:
        """What other programs need not see."""
        return self.root / ".teleop"

    @property
    def lock(self) -> Path:
        """Held by the program that writes."""
        return self.private / "lock"

    @property
    def journals(self) -> Path:
        """Running takes."""
        return self.private / "journal"

    @property
    def trash(self) -> Path:
        """Deleted episodes and discarded takes."""
        return self.private / "trash"

    @property
    def quarantine(self) -> Path:
        """What was found damaged; kept for `teleop recover`."""
        return self.private / "quarantine"

    @property
    def cache(self) -> Path:
        """Derived and disposable: in this user's own folder, since a stranger's proves nothing."""
        name = hashlib.sha256(os.fsencode(self.root.absolute())).hexdigest()[:32]
        return paths.cache_folder() / "datasets" / name

    def source(self, file: str) -> tuple[Path, str]:
        """(HDF5 file, group in it) of an episode, by the name that its row has."""
        if "#" in file:
            return self.index, file.split("#")[1]
        return self.episodes / file, OWN_GROUP

    def make(self) -> None:
        """Make the folders.

        Raises:
            OSError: the disk refused.
        """
        for folder in (self.episodes, self.journals, self.trash, self.quarantine):
            files.make_folder(folder)
