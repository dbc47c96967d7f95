"""A small dataset cut at every byte, and with random bytes flipped.

Intact data must come back, damage must be named, and nothing may crash or hang.
"""

import os
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from teleop.errors import TeleopError
from teleop.recording import Library
from teleop.recording.rescue.dataset_rescue import recover_dataset
from tests.torture.scenario import DATASET, open_dataset, play, wrong_in

_PATIENCE_S = 20.0
_SALVAGE_EVERY = 500
_EPISODES = 2


@dataclass(frozen=True, slots=True)
class _Blow:
    """One way to damage one file: cut it at a byte, or flip bits of a byte."""

    file: Path
    at: int
    flip: int = 0

    def strike(self, root: Path) -> None:
        data = bytearray((root / self.file).read_bytes())
        if self.flip:
            data[self.at] ^= self.flip
        else:
            del data[self.at :]
        (root / self.file).write_bytes(bytes(data))


def truncations(every: int = 1, kind: str = "vector") -> tuple[int, list[str]]:
    """Cut each file at each byte or every n-th; return (number of cuts, what went wrong)."""
    with tempfile.TemporaryDirectory() as folder:
        whole = _dataset(Path(folder), kind)
        blows = [
            _Blow(file, at)
            for file in _files(whole)
            for at in range(0, (whole / file).stat().st_size, every)
        ]
        return len(blows), list(_try(whole, kind, blows))


def flips(trials: int = 10_000, kind: str = "vector") -> tuple[int, list[str]]:
    """Flip random bits of random bytes; return (number of trials, what went wrong)."""
    rng = random.Random(0)
    with tempfile.TemporaryDirectory() as folder:
        whole = _dataset(Path(folder), kind)
        files = _files(whole)
        sizes = [(whole / file).stat().st_size for file in files]
        chosen = rng.choices(files, sizes, k=trials)
        blows = [
            _Blow(file, rng.randrange((whole / file).stat().st_size), rng.randrange(1, 256))
            for file in chosen
        ]
        return trials, list(_try(whole, kind, blows))


def _dataset(folder: Path, kind: str) -> Path:
    root = folder / "whole"
    root.mkdir()
    play(root, kind, lambda *_: None, takes=_EPISODES)
    return root


def _files(root: Path) -> list[Path]:
    """Return the files of a dataset; the lock is not data."""
    data = root / DATASET / "data"
    return sorted(path.relative_to(root) for path in data.rglob("*") if path.is_file())


def _try(whole: Path, kind: str, blows: list[_Blow]) -> Iterator[str]:
    """Try each damage on a copy, 400 in each child process, which may die."""
    size = 400
    for start in range(0, len(blows), size):
        source, sink = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(source)
            for number, blow in enumerate(blows[start : start + size], start):
                os.write(sink, f"at {blow}\n".encode())
                for what in _judge(whole, kind, blow, deep=number % _SALVAGE_EVERY == 0):
                    os.write(sink, f"wrong {blow}: {what}\n".replace("\n", " ").encode() + b"\n")
            os._exit(0)
        os.close(sink)
        with os.fdopen(source) as pipe:
            lines = pipe.read().splitlines()
        _, status = os.waitpid(child, 0)
        yield from (line for line in lines if line.startswith("wrong"))
        if status != 0:
            last = [line for line in lines if line.startswith("at")][-1]
            yield f"wrong: the program died ({status}) {last}"


def _judge(whole: Path, kind: str, blow: _Blow, *, deep: bool) -> list[str]:
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "recordings"
        shutil.copytree(whole, root)
        blow.strike(root)
        try:
            wrong = _open(root, kind, blow)
            if deep:
                wrong += _salvage(root, kind, blow)
        except Exception as problem:  # noqa: BLE001  anything but our own errors is a finding
            wrong = [f"{type(problem).__name__}: {problem}"]
    seconds = time.perf_counter() - began
    return wrong + ([f"took {seconds:.0f} s"] if seconds > _PATIENCE_S else [])


def _open(root: Path, kind: str, blow: _Blow) -> list[str]:
    """Read the dataset as another user would, then open it for recording."""
    library = Library(root)
    listed = library.summaries()
    dataset = library.dataset(DATASET)
    wrong: list[str] = []
    found: set[int | None] = set()
    named: list[str] = [summary.problem for summary in listed if summary.problem]
    try:
        named += dataset.damaged()
        for row in dataset.rows():
            try:
                episode = dataset.read(row)
            except TeleopError as problem:
                named.append(str(problem))
                continue
            named += [f"{row.file}: {flag}" for flag in episode.row.flags]
            if what := wrong_in(kind, episode):
                # only the file's hash reveals a damaged attribute (here the seed)
                told = episode.row.seed != row.seed and bool(episode.row.flags)
                wrong += [] if told else [f"silently wrong: {what}"]
            found.add(row.seed)
        open_dataset(root, kind).writer.release()
    except TeleopError as problem:
        named.append(str(problem))
    hit = blow.file.parent.name == "episodes"
    if len(found) < _EPISODES - hit and blow.file.name != "metadata.json":
        wrong.append(f"only {len(found)} of {_EPISODES} episodes")
    if len(found) < _EPISODES and not any(blow.file.name in name for name in named):
        wrong.append(f"{blow.file.name} is not named: {named}")
    return wrong


def _salvage(root: Path, kind: str, blow: _Blow) -> list[str]:
    """Return what `teleop recover` fails to recover."""
    target = Library(root).dataset("saved/all-v0")
    report = recover_dataset(root / DATASET, target)
    good = [row for row in target.rows() if not wrong_in(kind, target.read(row))]
    least = _EPISODES - (blow.file.parent.name == "episodes")
    return [] if len(good) >= least else [f"recover got {len(good)}: {report.lost}"]
