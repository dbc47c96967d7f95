"""Export and import a `.teleop.zip`: a dataset with its labels and policies in one file.

Unzipped into a Minari root, it *is* the dataset. `teleop.json` lists every file with its size and
SHA-256. Import accepts exactly these files, in a fixed set of places. It rejects links, paths
outside the folder, files that are too large, and files that unpack to more than they declare.
"""

import hashlib
import json
import re
import stat
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from teleop._version import __version__
from teleop.errors import HostileFileError, RecordingError
from teleop.recording.datasets import minari_index
from teleop.recording.datasets.dataset import Dataset
from teleop.recording.disk import files
from teleop.recording.episodes.episode_writer import SCHEMA
from teleop.recording.trust.vetting import printable
from teleop.text import tr
from teleop.types.metadata import EpisodeRow

CONTENTS = "teleop.json"
FILES = re.compile(
    r"^(data/(metadata\.json|manifest\.json|labels\.json|main_data\.hdf5"
    r"|episodes/\d{6,9}-[0-9a-f]{12}\.h5)"
    r"|policies/[A-Za-z0-9_][A-Za-z0-9_.-]{0,80}/(config\.json|weights\.safetensors))\Z"
)
MOST_FILES = 200_000
MOST_BYTES = 64 << 30
_LARGEST_CONTENTS = 64 << 20
_DEFLATE_AT_BEST = 1100
_BLOCK = 1 << 20
_LITTLE, _HONEST_RATIO = 64 << 20, 100  # bytes, ratio; recordings are already compressed


def write_bundle(
    dataset: Dataset, rows: Sequence[EpisodeRow], target: Path, labels: bytes | None = None
) -> list[str]:
    """Write one `.teleop.zip` with these episodes, their labels and all policies.

    Args:
        dataset: the dataset.
        rows: the episodes.
        target: the file to write.
        labels: labels to write instead of the dataset's own.

    Returns:
        an empty list: all data can be stored.

    Raises:
        RecordingError: a policy file is too large.
        OSError: writing to disk failed.
    """
    parts = _episode_parts(dataset, rows, target.with_name("main_data.hdf5"))
    if labels is not None:
        parts["data/labels.json"] = labels
    elif files.is_file(dataset.places.labels):
        parts["data/labels.json"] = dataset.places.labels
    for path in files.tree(dataset.policies):
        name = f"policies/{path.parent.name}/{path.name}"
        if FILES.match(name):
            parts[name] = _of_sane_size(path)
    contents: dict[str, Any] = {
        "schema": SCHEMA,
        "app_version": __version__,
        "dataset_id": dataset.dataset_id,
        "files": {},
    }
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as bundle:
        for name, source in parts.items():
            place = f"{dataset.dataset_id}/{name}"
            contents["files"][name] = _store(bundle, place, source)
        bundle.writestr(CONTENTS, json.dumps(contents, indent=1))
    return []


def _episode_parts(
    dataset: Dataset, rows: Sequence[EpisodeRow], packed: Path
) -> dict[str, Path | bytes]:
    """Return the description and the episodes by their place; `packed` is written if needed."""
    parts: dict[str, Path | bytes] = {"data/metadata.json": _description(dataset, rows)}
    if dataset.is_foreign:
        minari_index.pack([dataset.places.source(row.file) for row in rows], packed)
        return parts | {"data/main_data.hdf5": packed}
    names = [row.file for row in rows]
    parts["data/main_data.hdf5"] = minari_index.index_bytes(names)
    return parts | {f"data/episodes/{name}": dataset.places.episodes / name for name in names}


def read_bundle(path: Path, folder: Path) -> str:
    """Check a bundle, unpack it into an empty folder and return the dataset id.

    Raises:
        HostileFileError: the bundle contains something that no bundle needs.
        RecordingError: the file is no bundle, is damaged, or is from a later version.
        OSError: writing to disk failed.
    """
    _need_zip(path)
    try:
        with files.open_file(path) as raw, zipfile.ZipFile(raw) as bundle:
            return _Unpacking(path, bundle).unpack(folder)
    except (zipfile.BadZipFile, EOFError, RuntimeError, zlib.error, ValueError) as problem:
        raise RecordingError(
            tr(
                "{path} is damaged or not a bundle ({problem}). Ask for a new copy; `teleop "
                "recover` extracts the intact episodes.",
                path=path,
                problem=problem,
            )
        ) from problem


def _need_zip(path: Path) -> None:
    with files.open_file(path) as file:
        is_zip = file.read(4) == b"PK\x03\x04"
    if not is_zip:
        raise RecordingError(
            f"{path} cannot be imported: it is neither a .teleop.zip (`teleop export --format "
            "bundle` writes one) nor the folder of a Minari dataset. `teleop recover` extracts "
            "episodes of Teleop or Minari from single HDF5 files."
        )


class _Unpacking:
    """One bundle while it is read."""

    def __init__(self, path: Path, bundle: zipfile.ZipFile) -> None:
        self._path, self._bundle = path, bundle
        self._entries = self._named_entries()

    def unpack(self, folder: Path) -> str:
        contents = self._contents()
        dataset_id = str(contents["dataset_id"])
        listed = {f"{dataset_id}/{name}": about for name, about in contents["files"].items()}
        self._need_same_names(listed)
        for place, about in listed.items():
            name = place.removeprefix(f"{dataset_id}/")
            if not FILES.match(name):
                raise self._refusal(
                    f"holds {printable(name)[:80]!r}, which does not belong in a dataset"
                )
            self._extract(self._entries[place], folder / name, about)
        return dataset_id

    def _named_entries(self) -> dict[str, zipfile.ZipInfo]:
        found = self._bundle.infolist()
        if len(found) > MOST_FILES:
            raise self._refusal(f"holds {len(found)} files")
        entries: dict[str, zipfile.ZipInfo] = {}
        for entry in found:
            name, mode = entry.filename, entry.external_attr >> 16
            odd = name.startswith("/") or "\\" in name or ":" in name or ".." in name.split("/")
            if odd or name in entries:
                raise self._refusal(f"contains the unsafe path {printable(name)[:80]!r}")
            if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
                raise self._refusal(f"holds a link or device ({printable(name)[:80]!r})")
            if entry.flag_bits & 1:
                raise self._refusal("is encrypted")
            self._need_honest_size(entry)
            entries[name] = entry
        total = sum(entry.file_size for entry in entries.values())
        if total > MOST_BYTES:
            raise self._refusal(f"unpacks to {total / 1e9:.0f} GB")
        return entries

    def _need_honest_size(self, entry: zipfile.ZipInfo) -> None:
        name, size, packed = printable(entry.filename)[:80], entry.file_size, entry.compress_size
        if size > packed * _DEFLATE_AT_BEST + 4096:
            raise self._refusal("unpacks to more than deflate can hold (decompression bomb)")
        if name.endswith(".json") and name != CONTENTS and size > files.MOST_JSON:
            raise self._refusal(f"holds {size >> 20} MB of {name!r}")
        if size > max(_LITTLE, _HONEST_RATIO * packed):
            raise self._refusal(
                f"unpacks {packed >> 10} kB to {size >> 20} MB (decompression bomb)"
            )

    def _contents(self) -> dict[str, Any]:
        entry = self._entries.get(CONTENTS)
        if entry is None:
            raise RecordingError(
                f"{self._path} cannot be imported: a .teleop.zip has {CONTENTS} in it (`teleop "
                "export --format bundle` writes one). The folder of a Minari dataset can be "
                "imported, too."
            )
        if entry.file_size > _LARGEST_CONTENTS:
            raise self._refusal(f"has {entry.file_size >> 20} MB of contents list")
        try:
            contents = json.loads(self._bundle.read(entry))
            schema = int(contents["schema"])
            good = isinstance(contents["dataset_id"], str) and all(
                isinstance(about["size"], int) and isinstance(about["sha256"], str)
                for about in contents["files"].values()
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as problem:
            raise RecordingError(f"{self._path}: {CONTENTS} in it cannot be read.") from problem
        if schema > SCHEMA:
            raise RecordingError(
                f"{self._path} was made by a newer version of Teleop (schema {schema}; this "
                "version reads up to "
                f"{SCHEMA}). Update Teleop to open it."
            )
        if not good:
            raise RecordingError(f"{self._path}: {CONTENTS} in it is not a list of files.")
        return dict(contents)

    def _need_same_names(self, listed: dict[str, Any]) -> None:
        there = {name for name in self._entries if not name.endswith("/")} - {CONTENTS}
        missing, extra = sorted(listed.keys() - there), sorted(there - listed.keys())
        if missing:
            raise RecordingError(
                f"{self._path} is incomplete: {missing[0]} is missing. Ask for a new copy."
            )
        if extra:
            raise self._refusal(f"holds {printable(extra[0])[:80]!r}, which it does not list")

    def _extract(self, entry: zipfile.ZipInfo, target: Path, about: dict[str, Any]) -> None:
        if entry.file_size != about["size"]:
            raise self._refusal(f"declares two different sizes for {entry.filename}")
        target.parent.mkdir(parents=True, exist_ok=True)
        with self._bundle.open(entry) as source, target.open("xb") as file:
            digest = _copy(source, file, entry.file_size)
        if digest != about["sha256"]:
            raise RecordingError(
                f"{self._path} is damaged: {entry.filename} does not match its SHA-256. Ask for "
                "a new copy; `teleop recover` extracts the intact episodes."
            )

    def _refusal(self, wants: str) -> HostileFileError:
        return HostileFileError(
            f"{self._path} {wants}. Teleop bundles never contain this, so nothing was unpacked."
        )


def _copy(source: IO[bytes], target: IO[bytes], size: int) -> str:
    """Copy at most `size` + 1 bytes and return their SHA-256."""
    digest = hashlib.sha256()
    left = size + 1
    while left > 0 and (block := source.read(min(_BLOCK, left))):
        digest.update(block)
        target.write(block)
        left -= len(block)
    return digest.hexdigest()


def _store(bundle: zipfile.ZipFile, place: str, source: Path | bytes) -> dict[str, Any]:
    """Add one file to a bundle and return its size and SHA-256."""
    digest = hashlib.sha256()
    if isinstance(source, bytes):
        digest.update(source)
        bundle.writestr(place, source)
        return {"size": len(source), "sha256": digest.hexdigest()}
    with files.open_file(source) as file, bundle.open(place, "w", force_zip64=True) as out:
        while block := file.read(_BLOCK):
            digest.update(block)
            out.write(block)
    return {"size": files.stat(source).st_size, "sha256": digest.hexdigest()}


def _of_sane_size(path: Path) -> Path:
    """Return the path of a policy file; raise if the file is too large to be imported."""
    size, is_json = files.stat(path).st_size, path.suffix == ".json"
    most = files.MOST_JSON if is_json else files.MOST_WEIGHTS
    if size > most:
        raise RecordingError(
            f"{path} has {size >> 20:,} MB; in a policy it may have {most >> 20:,} MB. Remove the "
            "policy's folder, then export again."
        )
    return path


def _description(dataset: Dataset, rows: Sequence[EpisodeRow]) -> bytes:
    counts = {
        "total_episodes": len(rows),
        "total_steps": sum(row.total_steps for row in rows),
    }
    return json.dumps(dataset.metadata() | counts).encode()
