"""Cache episodes as plain, concatenated arrays, so that training starts at once.

The cache is derived and disposable. It consists of a few blocks in `DatasetPaths.cache`. Each block
contains the columns of some episodes as `.npy` files, which are memory-mapped. New episodes go into
a new block. If the folder is deleted, the episode files are read once more. Images are not cached:
they stay compressed in their files.
"""

import contextlib
import json
import shutil
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from teleop.envs.spaces import Space
from teleop.recording.episodes.episode import Episode
from teleop.recording.episodes.episode_reader import TRAINING_INFOS, read_numbers
from teleop.recording.journals.flattening import Kind, LeafSpec, iter_leaves, nested
from teleop.types.metadata import EpisodeRow

_FIXED_BYTES = 32
_FIXED = ("rewards", "terminations", "truncations", "times_s", "paces_hz", "actors")
_BLOCK = 1 << 28  # bytes
_MOST_BLOCKS = 64
_PREFIX = "block2-"  # blocks of earlier versions lack the infos, and are not read


def delete_cache(folder: Path) -> None:
    """Delete everything that was derived from a dataset; the next training derives it again."""
    shutil.rmtree(folder, ignore_errors=True)


class TrainingCache:
    """The cache blocks of one dataset."""

    def __init__(self, folder: Path, observation: Space, action: Space) -> None:
        self._folder = folder
        self._seen, self._acted = list(iter_leaves(observation)), list(iter_leaves(action))
        self._places: dict[str, tuple[dict[str, Any], int, int]] = {}
        self._loaded = False
        leaves = (*self._seen, *self._acted)
        self._row_bytes = sum(leaf.row_bytes for leaf in leaves) + _FIXED_BYTES
        self._fresh: list[Episode] = []
        self._fresh_bytes = 0

    @property
    def is_of_use(self) -> bool:
        """Whether all values in the dataset are numbers, so that they can be cached."""
        return all(leaf.kind is Kind.NUMBER for leaf in (*self._seen, *self._acted))

    def read(self, path: Path, row: EpisodeRow) -> Episode:
        """Read an episode from its file.

        Raises:
            RecordingError: the file has changed or is damaged.
        """
        return read_numbers(path, row, self._seen, self._acted)

    def find(self, row: EpisodeRow) -> Episode | None:
        """Return an episode from the cache; None if it is not cached."""
        self._load()
        place = self._places.get(row.sha256)
        if place is None:
            return None
        columns, first, number = place
        start, total = first + number, row.total_steps  # an episode has one more row than steps
        rows, steps = slice(start, start + total + 1), slice(first, first + total)
        return Episode(
            row=row,
            observations=_tree(self._seen, columns, "o", rows),
            actions=_tree(self._acted, columns, "a", steps),
            rewards=columns["rewards"][steps],
            terminations=columns["terminations"][steps],
            truncations=columns["truncations"][steps],
            times_s=columns["times_s"][rows],
            paces_hz=columns["paces_hz"][rows],
            actors=columns["actors"][rows],
            meta={},
            infos=_infos(columns, rows),
        )

    def keep(self, episode: Episode) -> None:
        """Keep an episode for the next block; a large block is written at once."""
        if not episode.row.sha256:
            return
        self._fresh.append(episode)
        self._fresh_bytes += len(episode.rewards) * self._row_bytes
        if self._fresh_bytes > _BLOCK:
            self._write_fresh()

    def settle(self, total: int) -> None:
        """Write the kept episodes if they are more than a tenth of `total`.

        A smaller part is read faster than it is written.
        """
        if len(self._fresh) * 10 > total:
            self._write_fresh()
        self._fresh.clear()

    def _write_fresh(self) -> None:
        self.add(self._fresh)
        self._fresh, self._fresh_bytes = [], 0

    def add(self, episodes: Sequence[Episode]) -> None:
        """Write episodes to a new block; if writing fails, the cache stays as it was."""
        if not episodes:
            return
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            if len(list(self._blocks())) >= _MOST_BLOCKS:
                self.clear()
            draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=self._folder))
            try:
                self._write(draft, episodes)
                draft.rename(self._folder / f"{_PREFIX}{_name(episodes)}")
            finally:
                shutil.rmtree(draft, ignore_errors=True)
            self._loaded = False

    def clear(self) -> None:
        """Delete all blocks."""
        for block in self._blocks():
            shutil.rmtree(block, ignore_errors=True)
        self._places.clear()

    def _blocks(self) -> Iterator[Path]:
        yield from sorted(self._folder.glob(f"{_PREFIX}*"))

    def _write(self, folder: Path, episodes: Sequence[Episode]) -> None:
        columns: dict[str, list[Any]] = {name: [] for name in _FIXED}
        infos = _common_infos(episodes)
        for episode in episodes:
            rows = len(episode.times_s)
            for name, shape in infos.items():
                found = episode.infos.get(name)
                own = np.full((rows, *shape), np.nan) if found is None else found.astype(np.float64)
                columns.setdefault(f"i.{name}", []).append(own)
            for name in _FIXED:
                columns[name].append(getattr(episode, name))
            for prefix, leaves, tree in (
                ("o", self._seen, episode.observations),
                ("a", self._acted, episode.actions),
            ):
                for number, leaf in enumerate(leaves):
                    columns.setdefault(f"{prefix}{number}", []).append(leaf.value_in(tree))
        for name, parts in columns.items():
            np.save(folder / f"{name}.npy", np.concatenate(parts), allow_pickle=False)
        listed = [[e.row.sha256, len(e.rewards)] for e in episodes]
        index = json.dumps(listed).encode()
        (folder / "index.json").write_bytes(index)

    def _load(self) -> None:
        if self._loaded:
            return
        self._loaded = True
        for block in self._blocks():
            try:
                self._load_block(block)
            except (OSError, ValueError, KeyError, TypeError):
                shutil.rmtree(block, ignore_errors=True)

    def _load_block(self, block: Path) -> None:
        listed = json.loads((block / "index.json").read_bytes())
        columns = {
            path.stem: np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
            for path in block.glob("*.npy")
        }
        total = sum(steps for _, steps in listed)
        if len(columns["rewards"]) != total or len(columns["times_s"]) != total + len(listed):
            raise ValueError("the block is not whole")
        first = 0
        for number, (digest, steps) in enumerate(listed):
            self._places[digest] = (columns, first, number)
            first += steps


def _tree(leaves: list[LeafSpec], columns: dict[str, Any], prefix: str, rows: slice) -> Any:
    return nested(leaves, [columns[f"{prefix}{number}"][rows] for number in range(len(leaves))])


def _common_infos(episodes: Sequence[Episode]) -> dict[str, tuple[int, ...]]:
    """Return the shape of each info that some of the episodes have, and none in another shape."""
    shapes: dict[str, set[tuple[int, ...]]] = {}
    for episode in episodes:
        for name in TRAINING_INFOS:
            if name in episode.infos:
                shapes.setdefault(name, set()).add(episode.infos[name].shape[1:])
    return {name: found.pop() for name, found in shapes.items() if len(found) == 1}


def _infos(columns: dict[str, Any], rows: slice) -> dict[str, Any]:
    """Return the infos of an episode; those that it lacks are NaN in the block."""
    found = {name: columns[f"i.{name}"][rows] for name in TRAINING_INFOS if f"i.{name}" in columns}
    return {name: part for name, part in found.items() if not np.isnan(part).all()}


def _name(episodes: Sequence[Episode]) -> str:
    text = "".join(episode.row.sha256 for episode in episodes)
    return f"{zlib.crc32(text.encode()):08x}-{len(episodes)}"
