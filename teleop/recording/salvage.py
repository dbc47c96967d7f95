"""Every whole episode out of damaged files, into a dataset of its own. The input is never touched.

Damaged HDF5 can crash its library, so a process of its own takes the episodes out, one after
another; where it dies, the next one goes on behind the episode that killed it. An episode counts
as whole if each of its checksums holds, or, where another program wrote none, if every byte of it
lies inside what is left of the file.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ.setdefault("HDF5_PLUGIN_PRELOAD", "::")  # else HDF5 loads foreign filter libraries

import h5py

from teleop.errors import HostileFileError, RecordingError, TeleopError, sentence
from teleop.recording import building, index_file, rootless, storage
from teleop.recording.dataset import Dataset
from teleop.recording.description import DatasetInfo
from teleop.recording.journal import Record, iter_records
from teleop.recording.places import Places
from teleop.recording.vetting import vet_file

_PATIENCE_S = 600.0
_MEMORY = 2 << 30
_EOF_AT = {0: 40, 1: 44, 2: 28, 3: 28}  # of the "end of file" address, by superblock version
_LARGEST = 64 << 30


@dataclass(slots=True)
class Salvage:
    """What came out.

    Attributes:
        saved: where each saved episode was.
        lost: where each lost one was, and why.
    """

    saved: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


def salvage(source: Path, target: Dataset) -> Salvage:
    """Get every whole episode out of a file or folder.

    Args:
        source: a dataset's folder, an HDF5 file, a journal, or a bundle.
        target: a dataset that does not exist yet.

    Raises:
        RecordingError: there is nothing that could hold an episode, or the target exists.
        StorageError: the disk refused.
    """
    if target.exists:
        raise RecordingError(f"{target.dataset_id} exists already; name another with --into.")
    report = Salvage()
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


def _candidates(source: Path, drafts: Path, report: Salvage) -> Iterator[Path]:
    """Every file that could hold an episode."""
    if source.is_dir():
        root = source if (source / "data").is_dir() else source.parent
        places = Places(root if source.name == "data" or root == source else source)
        folders = (places.episodes, places.quarantine, places.journals)
        for folder in folders:
            if folder.is_dir():
                yield from sorted(p for p in folder.iterdir() if p.suffix in (".h5", ".tj"))
        if places.index.is_file() and not list(places.episodes.glob("*.h5")):
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


def _unzipped(source: Path, folder: Path, report: Salvage) -> Iterator[Path]:
    """Episode files of a bundle, as far as they can be unpacked."""
    try:
        bundle = zipfile.ZipFile(source)
    except (zipfile.BadZipFile, OSError) as problem:
        report.lost.append(f"{source.name}: {problem}")
        return
    with bundle:
        for number, entry in enumerate(bundle.infolist()):
            name = Path(entry.filename).name
            if Path(name).suffix not in (".h5", ".hdf5") or entry.file_size > _LARGEST:
                continue
            target = folder / str(number) / name
            target.parent.mkdir(parents=True)
            try:
                if entry.file_size > entry.compress_size * 1100 + 4096:
                    raise ValueError("it unpacks to more than deflate can hold")
                with bundle.open(entry) as packed, target.open("wb") as file:
                    shutil.copyfileobj(packed, file, 1 << 20)
                yield target
            except (*storage.UNREADABLE, zipfile.BadZipFile, EOFError) as problem:
                report.lost.append(f"{name}: {problem}")


def _name(path: Path, source: Path, drafts: Path) -> str:
    """A file as reports name it."""
    if path.is_relative_to(drafts):
        return path.name
    return path.relative_to(source).as_posix() if source.is_dir() else path.name


def _take_out(path: Path, name: str, drafts: Path, report: Salvage) -> None:
    """Let a process of its own take the episodes out of one file."""
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


def _note(report: Salvage, kind: str, what: str, why: str) -> None:
    if kind == "saved":
        report.saved.append(what)
    elif kind == "lost":
        report.lost.append(f"{what}: {why}")


def _process_lines(path: Path, drafts: Path, skip: list[str]) -> list[dict[str, Any]]:
    question = json.dumps({"path": str(path), "drafts": str(drafts), "skip": skip})
    command = [sys.executable, "-c", "from teleop.recording.salvage import serve; serve()"]
    try:
        done = subprocess.run(
            command,
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


def serve() -> None:
    """The process: takes out what is whole, says so a line each."""
    question = json.loads(sys.stdin.buffer.read())
    path, drafts = Path(question["path"]), Path(question["drafts"])
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource  # not on Windows

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
    summary = None
    try:
        summary = building.summarise_journal(path)
        building.build_episode(path, drafts / f"{path.stem}.h5")
        storage.verify_file(drafts / f"{path.stem}.h5")
    except Exception as problem:  # noqa: BLE001  any way in which reading fails is the answer
        (drafts / f"{path.stem}.h5").unlink(missing_ok=True)
        _say(lost="", why=sentence(problem))
        return
    _say(saved="")
    if not summary.is_whole:
        _say(lost=f"after step {summary.total_steps}", why="the journal ends there")


def _extract_episodes(path: Path, drafts: Path, skip: set[str]) -> None:
    """Episodes of one HDF5 file: ours, or all groups of a Minari file."""
    with tempfile.TemporaryDirectory(dir=drafts) as folder:
        try:
            whole = _extended(path, Path(folder) / path.name)
            with h5py.File(whole, "r", locking=False) as file:
                names = [name for name in file if name.startswith("episode")]
        except Exception as problem:  # noqa: BLE001  any way in which reading fails is the answer
            if not _extract_rootless(path, Path(folder), drafts, skip):
                _say(lost="", why=_why(problem))
            return
        if not names:
            _say(lost="", why="there is no episode in it")
        for number, name in enumerate(names):
            shown = "" if name == storage.OWN_GROUP else name
            if shown in skip:
                continue
            _say(at=shown)
            target = drafts / f"{_stem(path, name, number)}.h5"
            try:
                _extract_one(whole, name, path.stat().st_size, target)
                _say(saved=shown)
            except Exception as problem:  # noqa: BLE001  likewise
                target.unlink(missing_ok=True)
                _say(lost=shown, why=_why(problem))


def _extract_rootless(path: Path, folder: Path, drafts: Path, skip: set[str]) -> int:
    """Episodes of a file that does not say any more where they are; returns how many came out."""
    copy = _extended(path, folder / f"rootless-{path.name}")
    saved = lost = 0
    groups = (*rootless.iter_groups(path), *rootless.iter_new_headers(path))
    for group in groups:
        name = f"group at byte {group[0]}"
        if name in skip:
            continue
        _say(at=name)
        rootless.make_root(copy, group)
        target = drafts / f"{path.stem}-{group[0]:012d}.h5"
        try:
            if not _is_episode(copy):
                _say(passed=name)  # infos, or a dataset
                continue
            _extract_one(copy, "/", path.stat().st_size, target)
            _say(saved=name)
            saved += 1
        except Exception as problem:  # noqa: BLE001  any way in which reading fails is the answer
            target.unlink(missing_ok=True)
            _say(lost=name, why=_why(problem))
            lost += 1
    if saved:
        _say(lost="its list of episodes", why="damaged; there may have been more")
    return saved + lost


def _is_episode(path: Path) -> bool:
    """The root of a file is an episode."""
    try:
        with h5py.File(path, "r", locking=False) as file:
            return {"observations", "actions", "rewards"} <= set(file)
    except storage.UNREADABLE:
        return False


def _extract_one(path: Path, name: str, size: int, target: Path) -> None:
    with h5py.File(path, "r", locking=False) as file:
        if name != "/" and not isinstance(file.get(name, getlink=True), h5py.HardLink):
            raise RecordingError("it is a link to another file")
        group = file[name]
        outside = [str(d.name) for d in _datasets(group) if not _lies_inside(d, size)]
        if outside:
            raise RecordingError(f"{outside[0]} is cut off")
    if name == storage.OWN_GROUP:
        target.write_bytes(path.read_bytes())
    else:
        index_file.extract_episode(path, name, target)
    vet_file(target, pictures=True)
    storage.verify_file(target)
    row = storage.read_row(target)
    with h5py.File(target, "r", locking=False) as file:
        for part in _datasets(file):
            part[()]
        steps = file[storage.OWN_GROUP]["rewards"].shape[0]
    if steps != row.total_steps:
        raise RecordingError(f"it says {row.total_steps} steps, but holds {steps}")


def _datasets(group: h5py.Group) -> list[h5py.Dataset]:
    found: list[h5py.Dataset] = []
    group.visititems(lambda _, node: found.append(node) if isinstance(node, h5py.Dataset) else None)
    return found


def _lies_inside(dataset: h5py.Dataset, size: int) -> bool:
    """Every byte of its data is in the file as it is now."""
    if dataset.chunks is None:
        start = dataset.id.get_offset()
        return start is None or start + dataset.id.get_storage_size() <= size
    chunks = (dataset.id.get_chunk_info(n) for n in range(dataset.id.get_num_chunks()))
    return all(chunk.byte_offset + chunk.size <= size for chunk in chunks)


def _extended(path: Path, target: Path) -> Path:
    """A copy, as long as its head says if its end is missing: else HDF5 does not open it."""
    shutil.copyfile(path, target)
    with target.open("r+b") as file:
        head = file.read(96)
        place = _EOF_AT.get(head[8]) if head[:8] == b"\x89HDF\r\n\x1a\n" else None
        end = int.from_bytes(head[place : place + 8], "little") if place else 0
        if path.stat().st_size < end < _LARGEST:
            file.truncate(end)
    return target


def _stem(path: Path, name: str, number: int) -> str:
    return path.stem if name == storage.OWN_GROUP else f"{path.stem}-{number:06d}"


def _why(problem: Exception) -> str:
    if isinstance(problem, HostileFileError):
        return sentence(problem)
    text = sentence(problem)
    return text if isinstance(problem, TeleopError) else f"damaged ({text[:100]})"


def _info(source: Path, drafts: Path) -> DatasetInfo:
    """The dataset's description if that is whole, else what the episodes themselves say."""
    root = source if source.is_dir() else source.parents[min(1, len(source.parents) - 1)]
    for folder in (root, root.parent, source.parent.parent):
        with contextlib.suppress(TeleopError, OSError, KeyError):
            dataset = Dataset(folder, "recovered/recovered-v0")
            dataset.spaces()
            return dataset.info()
    for path in sorted(drafts.glob("out/*/*.h5")):
        with contextlib.suppress(TeleopError, OSError, KeyError, ValueError):
            return _info_in(path)
    for path in sorted(source.rglob("*.tj")) if source.is_dir() else [source]:
        for kind, payload in iter_records(path):
            if kind == Record.META:
                return _info_from(json.loads(payload))
    return DatasetInfo("", "", "")


def _info_in(path: Path) -> DatasetInfo:
    with h5py.File(path, "r", locking=False) as file:
        attrs = file[storage.OWN_GROUP].attrs
        return _info_from(json.loads(attrs["teleop_meta"]))


def _info_from(meta: dict[str, Any]) -> DatasetInfo:
    return DatasetInfo(
        env_id=str(meta.get("env_id", "")),
        observation_space=str(meta["observation_space"]),
        action_space=str(meta["action_space"]),
        description="recovered with Teleop",
    )


def _gather(drafts: Path, info: DatasetInfo, target: Dataset, report: Salvage) -> None:
    """Put the episodes that came out into the target."""
    files = sorted(drafts.glob("out/*/*.h5"))
    if not files:
        return
    if not info.observation_space:
        report.lost += [f"{path.name}: nothing says what its spaces are" for path in files]
        report.saved.clear()
        return
    target.create(info)
    target.claim()
    try:
        target.add_files(files)
    finally:
        target.release()
