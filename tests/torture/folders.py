"""Folders with a link, pipe or device in place of a file: nothing outside may be touched.

A dataset that was copied as a whole (`cp -a`, tar, git) gets one of them at each place that Teleop
knows; then every operation runs on it. Files outside must stay as they were, byte for byte and name
for name. Nothing may be created outside. Each operation must end in bounded time and memory, with a
result or with one sentence.
"""

import contextlib
import os
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from teleop import curation
from teleop.api.policies import iter_record
from teleop.errors import TeleopError
from teleop.learning.algorithms import bc
from teleop.learning.data.demonstrations import load_demonstrations
from teleop.learning.policy import list_policies, load_policy
from teleop.recording import Library
from teleop.recording.datasets.dataset_certificates import iter_certify_row, valid_certificates
from teleop.recording.datasets.dataset_library import human_dataset_id
from teleop.recording.datasets.query import Query

ENV = "CartPole-v1?time_limit=40"  # short, to keep trials short
ID = human_dataset_id(ENV)  # the window saves takes here, too
FILES = (
    *("data/certificates.jsonl", "data/labels.json", "data/metadata.json", "data/manifest.json"),
    *("data/main_data.hdf5", "EPISODE", ".teleop/lock", ".teleop/labels.lock", "TRASHED"),
    *("policies/p/config.json", "policies/p/weights.safetensors", "../namespace_metadata.json"),
)
FOLDERS = (
    *(".", "..", "data", "data/episodes", "policies", "policies/p"),
    *(".teleop", ".teleop/journal", ".teleop/trash", ".teleop/quarantine"),
)
_MOST_S = 5.0  # per operation; generous, because the computer may be busy
_MOST_BYTES = 300 << 20


def kinds_of(place: str) -> tuple[str, ...]:
    """Return the kinds of objects to test at a place."""
    if place in FOLDERS:
        return ("link", "dangling", "pipe")
    return ("link", "dangling", "pipe", "socket", "zero", "folder", "huge")


CASES = [(place, kind) for place in (*FILES, *FOLDERS) for kind in kinds_of(place)]


def run() -> list[str]:
    """Run every case, also with a link that comes and goes; return what went wrong."""
    wrong = [f"{place} as {kind}: {what}" for place, kind in CASES for what in one(place, kind)]
    for place in (*FILES, *FOLDERS):
        if place not in (".", ".."):  # swapping whole folders is another program's doing
            wrong += [f"{place} swapped: {what}" for what in one(place, "link", swapped=True)]
    return wrong


def one(place: str, kind: str, *, swapped: bool = False) -> list[str]:
    """Run one case; return what went wrong.

    Args:
        place: path below the dataset.
        kind: kind of object at this place.
        swapped: the object comes and goes while the operations run.
    """
    with tempfile.TemporaryDirectory(prefix="teleop-folders-") as name:
        base = Path(name)
        outside, root = base / "outside", base / "recordings"
        make_outside(outside)
        made = template()
        shutil.copytree(made, root, symlinks=True)
        target = place_in(root / ID, place)
        before = contents(outside)
        wrong: list[str] = []
        if swapped:
            with swapping(target, outside):
                wrong += _operations(root, base)
        else:
            plant(target, kind, outside)
            wrong += _operations(root, base)
        after = contents(outside)
        changed = [key for key in before.keys() | after.keys() if before.get(key) != after.get(key)]
        return wrong + [f"{key} outside has changed" for key in sorted(changed)]


_made: list[tempfile.TemporaryDirectory[str]] = []


def template() -> Path:
    """Create, once, a recordings folder with one dataset that has everything."""
    if not _made:
        _made.append(tempfile.TemporaryDirectory(prefix="teleop-template-"))
        library = Library(Path(_made[0].name) / "recordings")
        library.root.mkdir()
        list(iter_record(library, ENV, "human-like", 3, dataset_id=ID, seed=0))
        dataset = library.dataset(ID)
        dataset.writer.claim()
        dataset.writer.delete(dataset.rows()[0].file)
        dataset.writer.release()
        dataset.label(dataset.rows()[0].uuid, starred=True)
        for row in dataset.rows():
            list(iter_certify_row(dataset, row))
        config = bc.Config(members=1, steps=5, lag_steps=1, budget_s=0)
        bc.clone(load_demonstrations(dataset), config).save(dataset.policies / "p")
    return Path(_made[0].name) / "recordings"


def make_outside(outside: Path) -> None:
    """Create a person's other files, in the shape of a dataset, so that its names exist there."""
    shutil.copytree(template() / ID, outside / "documents")
    for name in ("certificates.jsonl", "labels.json", "bashrc", "lock"):
        (outside / name).write_text("echo mine\n")


def place_in(dataset: Path, place: str) -> Path:
    if place == "EPISODE":
        return sorted((dataset / "data/episodes").glob("*.h5"))[0]
    if place == "TRASHED":
        return sorted((dataset / ".teleop/trash").iterdir())[0]
    return Path(os.path.normpath(dataset / place))


def plant(target: Path, kind: str, outside: Path) -> None:
    """Replace a file or folder with another kind of object."""
    twin = _twin(target, outside)
    if target.is_dir():
        shutil.rmtree(target)
    target.unlink(missing_ok=True)
    links = {"link": twin, "dangling": outside / "new-name", "zero": Path("/dev/zero")}
    match kind:
        case "pipe":
            os.mkfifo(target)
        case "socket":
            with socket.socket(socket.AF_UNIX) as made, contextlib.chdir(target.parent):
                made.bind(target.name)
        case "folder":
            target.mkdir()
        case "huge":
            target.touch()
            os.truncate(target, 64 << 30)  # sparse: it uses no disk space
        case _:
            target.symlink_to(links[kind])


def _twin(target: Path, outside: Path) -> Path:
    """Return the path of the same name outside, or of a file that a shell would run."""
    found = [path for path in outside.rglob("*") if path.name == target.name]
    if found:
        return found[0]
    return outside / "documents" if target.is_dir() else outside / "bashrc"


@contextlib.contextmanager
def swapping(target: Path, outside: Path) -> Iterator[None]:
    """Swap the real path and a link to its twin outside, as fast as possible."""
    real, twin, stop = (
        target.with_name(f"{target.name}~"),
        _twin(target, outside),
        threading.Event(),
    )

    def swap() -> None:
        while not stop.is_set():
            with contextlib.suppress(OSError):
                target.rename(real)
                target.symlink_to(twin)
                time.sleep(0)
                target.unlink()
                real.rename(target)

    thread = threading.Thread(target=swap, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def contents(folder: Path) -> dict[str, bytes | str]:
    """Return every name below a folder, with its bytes."""
    found: dict[str, bytes | str] = {}
    for path in sorted(folder.rglob("*")):
        key = path.relative_to(folder).as_posix()
        found[key] = path.read_bytes() if path.is_file() else "folder"
    return found


def _operations(root: Path, base: Path) -> list[str]:
    """Run all operations; return what did not end as it should."""
    wrong = []
    for name, operation in OPERATIONS.items():
        library = Library(root)
        began, memory = time.monotonic(), _memory()
        try:
            operation(library, base)
        except TeleopError as problem:
            if "\n" in str(problem) or not str(problem):
                wrong.append(f"{name} said {str(problem)!r}")
        except Exception as problem:  # noqa: BLE001  the test looks for these
            wrong.append(f"{name}failed: {type(problem).__name__}: {problem}")
        if time.monotonic() - began > _MOST_S:
            wrong.append(f"{name} took {time.monotonic() - began:.1f} s")
        if _memory() - memory > _MOST_BYTES:
            wrong.append(f"{name} took {(_memory() - memory) >> 20} MB")
    return wrong


def _memory() -> int:
    """Return the peak memory of this process in bytes."""
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used * (1 if sys.platform == "darwin" else 1024)


def _read_all(library: Library, _: Path) -> None:
    dataset = library.dataset(ID)
    for row in dataset.rows():
        dataset.read(row)
        valid_certificates(dataset)


def _list(library: Library, _: Path) -> None:
    library.summaries()
    curation.episode_rows(library.existing(ID), Query())


def _train(library: Library, _: Path) -> None:
    load_demonstrations(library.existing(ID))


def _load_policies(library: Library, _: Path) -> None:
    dataset = library.existing(ID)
    for name in [*list_policies(dataset.policies), "p"]:
        load_policy(dataset.policies / name)


def _save_policy(library: Library, _: Path) -> None:
    policy = load_policy(template() / ID / "policies/p")
    policy.save(library.dataset(ID).policies / "p")


def _label(library: Library, _: Path) -> None:
    dataset = library.existing(ID)
    for row in dataset.rows()[:1]:
        dataset.label(row.uuid, note="mine")


def _certify(library: Library, _: Path) -> None:
    dataset = library.existing(ID)
    for row in dataset.rows():
        list(iter_certify_row(dataset, row))


def _record(library: Library, _: Path) -> None:
    list(iter_record(library, ENV, "human-like", 1, dataset_id=ID, seed=9))


def _restore(library: Library, _: Path) -> None:
    with _claimed(library) as dataset:
        for name in dataset.writer.trash.names():
            dataset.writer.restore(name)


def _delete(library: Library, _: Path) -> None:
    with _claimed(library) as dataset:
        for row in dataset.rows()[-1:]:
            dataset.writer.delete(row.file)


def _purge(library: Library, _: Path) -> None:
    with _claimed(library) as dataset:
        dataset.writer.purge()


def _merge(library: Library, _: Path) -> None:
    library.merge(f"merged/all-v{time.time_ns()}", [ID])


def _export(library: Library, base: Path) -> None:
    dataset = library.existing(ID)
    for form in ("bundle", "npz"):
        curation.export(dataset, dataset.rows(), form, base / f"out-{form}-{time.time_ns()}")


def _import(library: Library, _: Path) -> None:
    library.import_dataset(library.root / ID, f"taken/in-v{time.time_ns()}")


def _recover(library: Library, _: Path) -> None:
    curation.recover(library.root / ID, library, f"recovered/r-v{time.time_ns()}")


def _rename(library: Library, _: Path) -> None:
    library.rename(ID, "renamed/human-v0")


@contextlib.contextmanager
def _claimed(library: Library) -> Iterator[Any]:
    dataset = library.existing(ID)
    dataset.writer.claim()
    try:
        yield dataset
    finally:
        dataset.writer.release()


OPERATIONS: dict[str, Callable[[Library, Path], None]] = {
    "list": _list,
    "read": _read_all,
    "train": _train,
    "load policies": _load_policies,
    "label": _label,
    "certify": _certify,
    "record": _record,
    "save policy": _save_policy,
    "restore": _restore,
    "delete": _delete,
    "merge": _merge,
    "export": _export,
    "import": _import,
    "recover": _recover,
    "purge": _purge,
    "rename": _rename,
}
