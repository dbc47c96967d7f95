"""Fetch a published dataset: every file is checked against the list, then vetted as on import."""

import hashlib
import json
import re
import shutil
import zipfile
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

from teleop.errors import HostileFileError, RemoteError, StorageError
from teleop.paths import cache_folder
from teleop.recording import Dataset, Library
from teleop.recording.exchange import bundle
from teleop.sharing.remote_folder import remote_folder

_MOST_CONTENTS = 64 << 20
_MINARI = re.compile(r"^data/(metadata\.json|main_data\.hdf5)\Z")
_BLOCK = 1 << 20
_COPIES = 3  # as fetched, as one file, and in the library
_SAFE = re.compile(r"^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*\Z")


class Fetching:
    """Fetches one dataset.

    Attributes:
        dataset: the dataset in the library, once it is there.
    """

    def __init__(self, address: str, library: Library, new_id: str = "") -> None:
        """Find the dataset at an address.

        Args:
            address: of the dataset, or of a folder with one dataset.
            library: the library to put it in.
            new_id: an id to use instead of the dataset's own.

        Raises:
            RemoteError: the address cannot be used, or holds no dataset, or several.
        """
        remote = remote_folder(address)
        self._sizes = remote.sizes()
        self._below = _only_dataset(address, self._sizes)
        self._remote, self._library, self._new_id = remote, library, new_id
        self.dataset: Dataset | None = None
        digest = hashlib.sha256(f"{address}/{self._below}".encode()).hexdigest()[:32]
        self._folder = cache_folder() / "fetched" / digest

    def run(self) -> Generator[tuple[int, int, str]]:
        """Download and import; yield (files that are here, files in all, the latest).

        What was fetched completely before a break is not fetched again.

        Raises:
            HostileFileError: the list names a file that does not belong in a dataset.
            RecordingError: a file is damaged, or the id is taken.
            RemoteError: the address cannot be used, or a file is incomplete there.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        listed = self._listed()
        self._need_room(listed)
        for done, (name, about) in enumerate(listed.items(), start=1):
            self._fetch(name, about)
            yield done, len(listed), name
        try:
            self.dataset = self._library.import_dataset(self._source(listed), self._new_id)
        except HostileFileError:
            shutil.rmtree(self._folder, ignore_errors=True)  # it is refused again
            raise
        shutil.rmtree(self._folder, ignore_errors=True)

    def _need_room(self, listed: Mapping[str, Mapping[str, Any]]) -> None:
        """Check what is asked for before anything is fetched.

        Raises:
            HostileFileError: it is more than any dataset has.
            StorageError: it does not fit on this disk.
        """
        sizes = [int(about["size"]) for about in listed.values()]
        where = self._remote.address
        if min(sizes, default=0) < 0 or len(sizes) > bundle.MOST_FILES:
            raise HostileFileError(f"{where} lists files that cannot be. Nothing was fetched.")
        if sum(sizes) > bundle.MOST_BYTES:
            raise HostileFileError(
                f"{where} holds {sum(sizes) / 1e9:.0f} GB; at most {bundle.MOST_BYTES >> 30} GB "
                "are fetched. Nothing was fetched."
            )
        free = shutil.disk_usage(self._folder).free
        if _COPIES * sum(sizes) > free:
            raise StorageError(
                f"{where} needs {_COPIES * sum(sizes) / 1e9:.1f} GB while it is checked; this disk "
                f"has {free / 1e9:.1f} GB left."
            )

    def _listed(self) -> dict[str, dict[str, Any]]:
        """Return size and SHA-256 of each file; a Minari dataset lists none."""
        contents = f"{self._below}{bundle.CONTENTS}"
        if contents not in self._sizes:
            own = {n.removeprefix(self._below): s for n, s in self._sizes.items()}
            return {name: {"size": size} for name, size in own.items() if _MINARI.match(name)}
        data = self._remote.read(contents, _MOST_CONTENTS)
        try:
            listed = json.loads(data)["files"]
            found = {
                str(name): {"size": int(about["size"]), "sha256": str(about["sha256"])}
                for name, about in listed.items()
            }
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as problem:
            raise RemoteError(
                f"{bundle.CONTENTS} at {self._remote.address} is no list of files. Publish again."
            ) from problem
        (self._folder / bundle.CONTENTS).write_bytes(data)
        odd = next((name for name in found if not bundle.FILES.match(name)), None)
        if odd is not None:
            raise HostileFileError(
                f"{self._remote.address} lists {odd[:80]!r}, which does not belong in a dataset. "
                "Nothing was imported."
            )
        return found

    def _fetch(self, name: str, about: dict[str, Any]) -> None:
        target, there = self._folder / name, self._sizes.get(f"{self._below}{name}", -1)
        if there != about["size"]:
            found = "is missing" if there < 0 else f"has {there:,} of {about['size']:,} bytes"
            raise RemoteError(
                f"{name} at {self._remote.address} {found}: its upload was cut. Publish it again; "
                "what is there already is not sent twice."
            )
        if target.is_file() and _is_whole(target, about):
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(target.name + ".part")
        try:
            self._remote.get(f"{self._below}{name}", part)
        except FileNotFoundError as problem:
            raise RemoteError(f"{name} at {self._remote.address} has vanished.") from problem
        if not _is_whole(part, about):
            part.unlink(missing_ok=True)
            raise RemoteError(
                f"{name} from {self._remote.address} does not match its SHA-256. Fetch it again; "
                "if it stays so, it is damaged there."
            )
        part.replace(target)

    def _source(self, listed: dict[str, dict[str, Any]]) -> Path:
        """Return what is imported: a bundle of the files, or the folder of a Minari dataset."""
        contents = self._folder / bundle.CONTENTS
        if not contents.is_file():
            return self._folder
        dataset_id = str(json.loads(contents.read_bytes()).get("dataset_id", ""))
        if not _SAFE.match(dataset_id):
            raise HostileFileError(
                f"{self._remote.address} holds a dataset with the id {dataset_id[:80]!r}. Nothing "
                "was imported."
            )
        packed = self._folder / "dataset.teleop.zip"
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as file:
            for name in listed:
                file.write(self._folder / name, f"{dataset_id}/{name}")
            file.write(contents, bundle.CONTENTS)
        return packed


def _is_whole(path: Path, about: dict[str, Any]) -> bool:
    if path.stat().st_size != about["size"]:
        return False
    if "sha256" not in about:
        return True
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return bool(digest.hexdigest() == about["sha256"])


def _only_dataset(address: str, sizes: dict[str, int]) -> str:
    """Return the folder of the only dataset below an address, with a slash; empty for itself."""
    ends = ("data/metadata.json", bundle.CONTENTS)
    found = sorted({name.removesuffix(end) for name in sizes for end in ends if name.endswith(end)})
    if len(found) == 1:
        return found[0]
    if not found:
        raise RemoteError(
            f"{address} holds no dataset. `teleop publish DATASET {address}` publishes one there."
        )
    names = ", ".join(f"{address.rstrip('/')}/{name.rstrip('/')}" for name in found[:10])
    raise RemoteError(f"{address} holds {len(found)} datasets; fetch one of them: {names}")
