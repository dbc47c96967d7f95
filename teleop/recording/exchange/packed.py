"""Export a dataset as a Minari root with one HDF5 file, for programs that follow no links."""

import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from teleop.recording.datasets import minari_index
from teleop.recording.datasets.dataset import Dataset
from teleop.recording.episodes.episode import OWN_GROUP
from teleop.recording.episodes.episode_writer import write_episode
from teleop.types.metadata import EpisodeRow


def write_packed(dataset: Dataset, rows: Sequence[EpisodeRow], target: Path) -> list[str]:
    """Write a folder for `MINARI_DATASETS_PATH`; trims are applied.

    Returns:
        an empty list: all data can be stored.

    Raises:
        RecordingError: an episode is damaged.
        OSError: writing to disk failed.
    """
    data = target / dataset.dataset_id / "data"
    data.mkdir(parents=True)
    for parent in data.parents[1:]:
        if parent != target and parent.is_relative_to(target) and parent.parent != target.parent:
            (parent / "namespace_metadata.json").write_bytes(b"{}")
    (data.parent / "namespace_metadata.json").unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(dir=target) as folder:
        minari_index.pack(_sources(dataset, rows, Path(folder)), data / "main_data.hdf5")
    steps = sum(_kept(row) for row in rows)
    counts = {"total_episodes": len(rows), "total_steps": steps}
    size = {"dataset_size": round((data / "main_data.hdf5").stat().st_size / 1e6, 1)}
    description = dataset.metadata() | counts | size
    (data / "metadata.json").write_text(json.dumps(description), encoding="utf-8")
    return []


def _sources(
    dataset: Dataset, rows: Sequence[EpisodeRow], folder: Path
) -> Iterator[tuple[Path, str]]:
    for row in rows:
        episode = dataset.read(row)  # this compares its checksums
        if row.label.trim is None:
            yield dataset.places.source(row.file)
            continue
        path = folder / f"{row.uuid}.h5"
        write_episode(episode.trimmed(), *dataset.spaces(), path)
        yield path, OWN_GROUP


def _kept(row: EpisodeRow) -> int:
    trim = row.label.trim
    return row.total_steps if trim is None else min(trim[1], row.total_steps) - trim[0]
