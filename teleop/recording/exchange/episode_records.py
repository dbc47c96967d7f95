"""One row for each episode: for pandas, and as a Parquet file for DuckDB, Polars and others."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from teleop.recording.datasets.dataset import Dataset
from teleop.recording.exchange.flat import arrow_and_parquet
from teleop.types.metadata import EpisodeRow


def episode_record(row: EpisodeRow) -> dict[str, Any]:
    """Return everything that is known of an episode without opening its file."""
    label = row.label
    return {
        "episode": row.number,
        "return": row.total_reward,
        "steps": row.total_steps,
        "seed": row.seed,
        "driver": row.who,
        "starred": row.starred,
        "success": label.success,
        "task": label.task,
        "tags": list(label.tags),
        "note": label.note,
        "codename": label.codename,
        "marks": [asdict(mark) for mark in label.marks],
        "trim_start": label.trim[0] if label.trim else None,
        "trim_end": label.trim[1] if label.trim else None,
        "started": datetime.fromtimestamp(row.started, UTC) if row.started else None,
        "recovered": row.recovered,
        "flags": list(row.flags),
        "replay": row.verdict,
        "uuid": row.uuid,
        "file": row.file,
        "sha256": row.sha256,
    }


def write_parquet(dataset: Dataset, rows: Sequence[EpisodeRow], target: Path) -> list[str]:
    """Write one row for each episode, with the dataset and its environment.

    Returns:
        an empty list: all columns can be stored.

    Raises:
        RecordingError: pyarrow is missing.
        OSError: writing to disk failed.
    """
    pa, pq = arrow_and_parquet("Parquet")
    texts = pa.list_(pa.string())
    kinds = {
        **dict.fromkeys(("episode", "steps", "seed", "trim_start", "trim_end"), pa.int64()),
        **dict.fromkeys(("starred", "success", "recovered"), pa.bool_()),
        **dict.fromkeys(("tags", "flags"), texts),
        "return": pa.float64(),
        "marks": pa.list_(pa.struct([("step", pa.int64()), ("name", pa.string())])),
        "started": pa.timestamp("us", tz="UTC"),
    }
    known = {"dataset": dataset.dataset_id, "env": dataset.info().env_id}
    records = [known | episode_record(row) for row in rows]
    names = records[0] if records else known
    schema = pa.schema([(name, kinds.get(name, pa.string())) for name in names])
    pq.write_table(pa.Table.from_pylist(records, schema=schema), target)
    return []
