"""Side by side, from one seed, in lockstep."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from teleop.errors import StorageError
from teleop.evaluation import RandomPolicy, bootstrap_interval
from teleop.playback.replay import RecordedPolicy, Replay
from teleop.playback.side_by_side import write_side_by_side
from teleop.recording import Dataset

Record = Callable[..., Dataset]


def finished(dataset: Dataset, other: object) -> Replay:
    episode = dataset.read(dataset.rows()[0].file)
    lanes = [RecordedPolicy(episode), other]
    replay = Replay(dataset.info().env_id, episode.row.seed or 0, lanes)  # type: ignore[arg-type]
    while replay.advance():
        pass
    return replay


def test_a_recording_beside_itself_never_parts(record: Record) -> None:
    dataset = record("LunarLander-v3", 1)
    again = RecordedPolicy(dataset.read(dataset.rows()[0].file))
    replay = finished(dataset, again)
    assert replay.diverged_at is None
    assert replay.fidelity() == "exact"
    left, right = replay.lanes
    assert sum(left.rewards) == sum(right.rewards) == pytest.approx(dataset.rows()[0].total_reward)
    assert np.array_equal(left.picture(5), right.picture(5))
    replay.close()


def test_the_first_parting_is_where_observations_first_differ(record: Record) -> None:
    replay = finished(record("LunarLander-v3", 1), RandomPolicy("LunarLander-v3"))
    left, right = (lane.observations for lane in replay.lanes)
    step = replay.diverged_at
    assert step is not None
    assert not np.array_equal(left[step], right[step])
    assert all(np.array_equal(left[i], right[i]) for i in range(step))
    replay.close()


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png", ".mp4"])
def test_a_comparison_is_written_in_every_kind(record: Record, tmp_path: Path, suffix: str) -> None:
    replay = finished(record("CartPole-v1", 1), RandomPolicy("CartPole-v1"))
    output = tmp_path / "deep" / f"out{suffix}"
    write_side_by_side(replay, output, 15.0)
    assert output.stat().st_size > 1000
    with pytest.raises(StorageError, match="must end in"):
        write_side_by_side(replay, tmp_path / "out.txt", 15.0)
    replay.close()


def test_the_bootstrap_interval_covers_the_mean_and_shrinks_with_data() -> None:
    few, many = np.arange(5.0), np.tile(np.arange(5.0), 40)
    low, high = bootstrap_interval(few)
    assert low < 2.0 < high
    narrow = bootstrap_interval(many)
    assert narrow[1] - narrow[0] < high - low
    assert bootstrap_interval(few) == (low, high)
