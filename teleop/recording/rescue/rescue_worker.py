"""Extract the intact episodes of one damaged file, in a process that may crash.

An episode is intact if all its checksums match. If another program wrote it without checksums, all
its bytes must be inside the remaining part of the file.
"""

import contextlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

os.environ.setdefault("HDF5_PLUGIN_PRELOAD", "::")  # stop HDF5 from loading filter plugins

import h5py

from teleop.errors import RecordingError, TeleopError, sentence
from teleop.recording.datasets import minari_index
from teleop.recording.disk import files
from teleop.recording.episodes import episode_reader, episode_writer
from teleop.recording.episodes.episode import OWN_GROUP
from teleop.recording.journals.journal_reader import JournalReader
from teleop.recording.rescue import headerless_scan
from teleop.recording.trust.vetting import vet_file

_MEMORY = 2 << 30
_EOF_AT = {0: 40, 1: 44, 2: 28, 3: 28}  # offset of the "end of file" address, by superblock version
_LARGEST = 64 << 30


def serve() -> None:
    """Run the process: extract the intact episodes and print one line per result."""
    question = json.loads(sys.stdin.buffer.read())
    path, drafts = Path(question["path"]), Path(question["drafts"])
    files.guard(Path(question["root"]))
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource  # not available on Windows

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    extract = _extract_journal if path.suffix == ".tj" else _extract_episodes
    extract(path, drafts, set(question["skip"]))
    _say(done=True)


def _say(**line: Any) -> None:
    sys.stdout.buffer.write(json.dumps(line).encode() + b"\n")
    sys.stdout.buffer.flush()


def _extract_journal(path: Path, drafts: Path, skip: set[str]) -> None:
    if "" in skip:
        return
    _say(at="")
    try:
        journal = JournalReader(path)
        episode_writer.build_episode(journal, drafts / f"{path.stem}.h5")
        episode_reader.verify_file(drafts / f"{path.stem}.h5")
    except Exception as problem:  # noqa: BLE001  every error is reported
        files.unlink(drafts / f"{path.stem}.h5", missing_ok=True)
        _say(lost="", why=sentence(problem))
        return
    _say(saved="")
    if not journal.is_whole:
        _say(lost=f"after step {journal.total_steps}", why="the journal ends there")


def _extract_episodes(path: Path, drafts: Path, skip: set[str]) -> None:
    """Extract the episodes of one HDF5 file: Teleop's episode, or all groups of a Minari file."""
    with tempfile.TemporaryDirectory(dir=drafts) as folder:
        try:
            whole = _extended(path, Path(folder) / path.name)
            with files.hdf5(whole) as file:
                names = [name for name in file if name.startswith("episode")]
        except Exception as problem:  # noqa: BLE001  every error is reported
            if not _extract_rootless(path, Path(folder), drafts, skip):
                _say(lost="", why=_why(problem))
            return
        if not names:
            _say(lost="", why="there is no episode in it")
        for number, name in enumerate(names):
            shown = "" if name == OWN_GROUP else name
            if shown in skip:
                continue
            _say(at=shown)
            target = drafts / f"{_stem(path, name, number)}.h5"
            try:
                _extract_one(whole, name, files.stat(path).st_size, target)
                _say(saved=shown)
            except Exception as problem:  # noqa: BLE001  every error is reported
                files.unlink(target, missing_ok=True)
                _say(lost=shown, why=_why(problem))


def _extract_rootless(path: Path, folder: Path, drafts: Path, skip: set[str]) -> int:
    """Extract episodes of a file with an unreadable root; return how many were found."""
    copy = _extended(path, folder / f"rootless-{path.name}")
    saved = lost = 0
    groups = (*headerless_scan.iter_groups(path), *headerless_scan.iter_new_headers(path))
    for group in groups:
        name = f"group at byte {group[0]}"
        if name in skip:
            continue
        _say(at=name)
        headerless_scan.make_root(copy, group)
        target = drafts / f"{path.stem}-{group[0]:012d}.h5"
        try:
            if not _is_episode(copy):
                _say(passed=name)  # an infos group or an HDF5 dataset
                continue
            _extract_one(copy, "/", files.stat(path).st_size, target)
            _say(saved=name)
            saved += 1
        except Exception as problem:  # noqa: BLE001  every error is reported
            files.unlink(target, missing_ok=True)
            _say(lost=name, why=_why(problem))
            lost += 1
    if saved:
        _say(lost="its list of episodes", why="damaged; there may have been more")
    return saved + lost


def _is_episode(path: Path) -> bool:
    """Return whether the root group of a file is an episode."""
    try:
        with files.hdf5(path) as file:
            return {"observations", "actions", "rewards"} <= set(file)
    except episode_reader.UNREADABLE:
        return False


def _extract_one(path: Path, name: str, size: int, target: Path) -> None:
    with files.hdf5(path) as file:
        if name != "/" and not isinstance(file.get(name, getlink=True), h5py.HardLink):
            raise RecordingError("it is a link to another file")
        group = file[name]
        outside = [str(d.name) for d in _datasets(group) if not _lies_inside(d, size)]
        if outside:
            raise RecordingError(f"{outside[0]} is cut off")
    if name == OWN_GROUP:
        files.copy(path, target)
    else:
        minari_index.extract_episode(path, name, target)
    vet_file(target, pictures=True)
    episode_reader.verify_file(target)
    row = episode_reader.read_row(target)
    with files.hdf5(target) as file:
        for part in _datasets(file):
            part[()]
        steps = file[OWN_GROUP]["rewards"].shape[0]
    if steps != row.total_steps:
        raise RecordingError(f"it says {row.total_steps} steps, but holds {steps}")


def _datasets(group: h5py.Group) -> list[h5py.Dataset]:
    found: list[h5py.Dataset] = []
    group.visititems(lambda _, node: found.append(node) if isinstance(node, h5py.Dataset) else None)
    return found


def _lies_inside(dataset: h5py.Dataset, size: int) -> bool:
    """Return whether all data of an HDF5 dataset is inside the file at its current size."""
    if dataset.chunks is None:
        start = dataset.id.get_offset()
        return start is None or start + dataset.id.get_storage_size() <= size
    chunks = (dataset.id.get_chunk_info(n) for n in range(dataset.id.get_num_chunks()))
    return all(chunk.byte_offset + chunk.size <= size for chunk in chunks)


def _extended(path: Path, target: Path) -> Path:
    """Copy a file; if it is cut off, extend the copy to the size in its header for HDF5."""
    files.copy(path, target)
    with target.open("r+b") as file:
        head = file.read(96)
        place = _EOF_AT.get(head[8]) if head[:8] == b"\x89HDF\r\n\x1a\n" else None
        end = int.from_bytes(head[place : place + 8], "little") if place else 0
        if files.stat(path).st_size < end < _LARGEST:
            file.truncate(end)
    return target


def _stem(path: Path, name: str, number: int) -> str:
    return path.stem if name == OWN_GROUP else f"{path.stem}-{number:06d}"


def _why(problem: Exception) -> str:
    text = sentence(problem)
    return text if isinstance(problem, TeleopError) else f"damaged ({text[:100]})"
