"""Recover every intact episode from damaged files into a new dataset.

The input is never changed. Damaged HDF5 files can crash the HDF5 library, so a separate process
(`rescue_worker`) extracts the episodes one by one. If it crashes, a new process continues after the
episode that caused the crash.
"""

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ.setdefault("HDF5_PLUGIN_PRELOAD", "::")  # stop HDF5 from loading filter plugins


from teleop.envs.spaces import Space, same_space, space_from_json
from teleop.errors import RecordingError, TeleopError
from teleop.recording.datasets.dataset import Dataset
from teleop.recording.datasets.dataset_paths import DatasetPaths
from teleop.recording.datasets.description import DatasetInfo
from teleop.recording.disk import files
from teleop.recording.episodes import episode_reader
from teleop.recording.episodes.episode import OWN_GROUP
from teleop.workers.worker_programs import worker_command

_PATIENCE_S = 600.0
_LARGEST = 64 << 30
_MOST_HOLES = 4 << 30  # bytes of a sparse file that are not on disk


@dataclass(slots=True)
class Rescue:
    """Result of a recovery.

    Attributes:
        saved: source file and group of each recovered episode.
        lost: source file and group of each lost episode, with the reason.
    """

    saved: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


def recover_dataset(source: Path, target: Dataset) -> Rescue:
    """Recover every intact episode from a file or folder.

    Args:
        source: a dataset folder, an HDF5 file, a journal or a bundle.
        target: a dataset that does not exist yet.

    Raises:
        RecordingError: the source contains nothing to recover, or the target exists.
        StorageError: writing to disk failed.
    """
    if target.exists:
        raise RecordingError(f"{target.dataset_id} exists already; name another with --into.")
    if source.name == DatasetPaths(source).index.name and (source.parent / "episodes").is_dir():
        source = source.parent  # an index contains only links to the episode files next to it
    report = Rescue()
    with tempfile.TemporaryDirectory(prefix="teleop-recover-") as folder:
        drafts = Path(folder)
        candidates = list(_candidates(source, drafts, report))
        if not candidates and not report.lost:
            raise RecordingError(
                f"{source} holds nothing to recover: no episode file, journal or HDF5 file."
            )
        for number, candidate in enumerate(candidates):
            place = drafts / "out" / f"{number:06d}"
            place.mkdir(parents=True)
            _take_out(candidate, _name(candidate, source, drafts), place, report)
        _gather(drafts, _info(source, drafts), target, report)
    return report


def _candidates(source: Path, drafts: Path, report: Rescue) -> Iterator[Path]:
    """Yield every file that could contain an episode."""
    if source.is_dir():
        root = source if (source / "data").is_dir() else source.parent
        places = DatasetPaths(root if source.name == "data" or root == source else source)
        files.guard(places.root)
        folders = (places.episodes, places.quarantine, places.journals)
        for folder in folders:
            yield from files.plain_files(folder, ".h5", ".tj")
        if files.is_file(places.index) and not files.plain_files(places.episodes, ".h5"):
            yield places.index
        return
    if not source.is_file():
        raise RecordingError(f"{source} does not exist.")
    if source.suffix == ".zip":
        yield from _unzipped(source, drafts / "zip", report)
    elif source.stat().st_size == 0:
        report.lost.append(f"{source.name}: the file is empty")
    else:
        yield source


def _unzipped(source: Path, folder: Path, report: Rescue) -> Iterator[Path]:
    """Yield the episode files of a bundle, as far as they can be unpacked."""
    with contextlib.ExitStack() as opened:
        try:
            raw = opened.enter_context(files.open_file(source))
            bundle = opened.enter_context(zipfile.ZipFile(raw))
        except (zipfile.BadZipFile, OSError) as problem:
            report.lost.append(f"{source.name}: {problem}")
            return
        entries = bundle.infolist()
        episodes = [e for e in entries if Path(e.filename).suffix == ".h5"]
        wanted = episodes or [e for e in entries if Path(e.filename).suffix == ".hdf5"]
        for number, entry in enumerate(e for e in wanted if e.file_size <= _LARGEST):
            name = Path(entry.filename).name
            try:
                yield _unpacked(bundle, entry, folder / str(number) / name)
            except (*episode_reader.UNREADABLE, zipfile.BadZipFile, EOFError) as problem:
                report.lost.append(f"{name}: {problem}")
        about = [e for e in entries if e.filename.endswith("data/metadata.json")]
        for entry in about[:1]:  # contains the spaces
            with contextlib.suppress(*episode_reader.UNREADABLE, zipfile.BadZipFile, EOFError):
                if entry.file_size <= files.MOST_JSON:
                    _unpacked(bundle, entry, _described(folder) / "data" / "metadata.json")


def _described(folder: Path) -> Path:
    """Return the folder for the description of an unpacked bundle."""
    return folder / "dataset"


def _unpacked(bundle: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> Path:
    """Unpack one file of a bundle and return its path."""
    if entry.file_size > entry.compress_size * 1100 + 4096:
        raise ValueError("it unpacks to more than deflate can hold")
    target.parent.mkdir(parents=True)
    with bundle.open(entry) as packed, target.open("wb") as file:
        shutil.copyfileobj(packed, file, 1 << 20)
    return target


def _name(path: Path, source: Path, drafts: Path) -> str:
    """Return the name of a file for the report."""
    if path.is_relative_to(drafts):
        return path.name
    return path.relative_to(source).as_posix() if source.is_dir() else path.name


def _take_out(path: Path, name: str, drafts: Path, report: Rescue) -> None:
    """Extract the episodes of one file in a separate process."""
    holes = _holes(path)
    if holes > _MOST_HOLES:
        report.lost.append(
            f"{name}: {holes / 1e9:.0f} GB of it are empty (a sparse file), so it was not read"
        )
        return
    skip: list[str] = []
    while True:
        busy = ""
        for line in _process_lines(path, drafts, skip):
            if line.get("done"):
                return
            busy = str(line.get("at", ""))
            for kind in ("saved", "lost", "passed"):
                if kind in line:
                    skip.append(str(line[kind]))
                    _note(report, kind, f"{name} {line[kind]}".strip(), str(line.get("why", "")))
        report.lost.append(f"{name} {busy}".strip() + ": reading it crashes the HDF5 library")
        if not busy:
            return
        skip.append(busy)


def _holes(path: Path) -> int:
    """Return how many bytes of a sparse file are not on disk (0 if the system does not say)."""
    found = files.stat(path)
    blocks = getattr(found, "st_blocks", None)
    return 0 if blocks is None else found.st_size - 512 * blocks


def _note(report: Rescue, kind: str, what: str, why: str) -> None:
    if kind == "saved":
        report.saved.append(what)
    elif kind == "lost":
        report.lost.append(f"{what}: {why}")


def _process_lines(path: Path, drafts: Path, skip: list[str]) -> list[dict[str, Any]]:
    asked = {"path": str(path), "root": str(files.root_of(path)), "drafts": str(drafts)}
    question = json.dumps(asked | {"skip": skip})
    try:
        done = subprocess.run(
            worker_command("rescue"),
            input=question.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE_S,
            check=False,
        )
        output = done.stdout
    except subprocess.TimeoutExpired as late:
        output = late.stdout or b""
    lines = []
    for line in output.splitlines():
        with contextlib.suppress(ValueError):
            lines.append(json.loads(line))
    return lines


def _info(source: Path, drafts: Path) -> DatasetInfo:
    """Return the dataset's description if it is intact, else one built from the episodes."""
    own = [info for path in sorted(drafts.glob("out/*/*.h5")) if (info := _info_in(path))]
    root = source if source.is_dir() else source.parents[min(1, len(source.parents) - 1)]
    for folder in (root, root.parent, _described(drafts / "zip")):
        with contextlib.suppress(TeleopError, OSError, KeyError):
            dataset = Dataset(folder, "recovered/recovered-v0")
            if not own or all(map(same_space, dataset.spaces(), _spaces(own[0]))):
                return dataset.info()
    return own[0] if own else DatasetInfo("", "", "")


def _info_in(path: Path) -> DatasetInfo | None:
    """Return the description in a recovered episode file; None if another program wrote it."""
    with files.hdf5(path) as file:
        meta = json.loads(file[OWN_GROUP].attrs.get("teleop_meta", "{}"))
    if "observation_space" not in meta:
        return None
    return DatasetInfo(
        env_id=str(meta.get("env_id", "")),
        observation_space=str(meta["observation_space"]),
        action_space=str(meta["action_space"]),
        description="recovered with Teleop",
    )


def _spaces(info: DatasetInfo) -> tuple[Space, Space]:
    return space_from_json(info.observation_space), space_from_json(info.action_space)


def _gather(drafts: Path, info: DatasetInfo, target: Dataset, report: Rescue) -> None:
    """Copy the recovered episodes into the target dataset."""
    found = sorted(drafts.glob("out/*/*.h5"))
    if not found:
        return
    if not info.observation_space:
        report.lost += [f"{path.name}: nothing says what its spaces are" for path in found]
        report.saved.clear()
        return
    target.writer.create(info)
    target.writer.claim()
    try:
        target.writer.add_files(found)
    finally:
        target.writer.release()
