"""Side by side, from one seed, in lockstep."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from teleop.errors import StorageError
from teleop.evaluation.intervals import bootstrap_interval
from teleop.evaluation.scoring import RandomPolicy
from teleop.playback.captions import CaptionedFrames, Part, control_text, held_by_step
from teleop.playback.replay import RecordedPolicy, Replay
from teleop.playback.side_by_side import frame_times_ms, write_side_by_side
from teleop.recording import Dataset
from teleop.types import InputEvent

Record = Callable[..., Dataset]


def finished(dataset: Dataset, other: object, most: int = 10_000) -> Replay:
    episode = dataset.read(dataset.rows()[0].file)
    lanes = [RecordedPolicy(episode), other]
    replay = Replay(dataset.info().env_id, episode.row.seed or 0, lanes)  # type: ignore[arg-type]
    while replay.advance() and replay.steps < most:
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


@pytest.mark.parametrize(("suffix", "tick_s"), [(".gif", 0.01), (".webp", 0.001)])
@pytest.mark.parametrize("pace_hz", [15.0, 30.0, 50.0])
def test_an_animation_lasts_as_long_as_what_it_shows(
    record: Record, tmp_path: Path, suffix: str, tick_s: float, pace_hz: float
) -> None:
    replay = finished(record("CartPole-v1", 1), RandomPolicy("CartPole-v1"), 70)
    output = tmp_path / f"out{suffix}"
    write_side_by_side(replay, output, pace_hz)
    with Image.open(output) as image:
        assert image.size[0] >= 1280
        assert image.size[1] >= 720
        lasted = 0.0
        for frame in range(getattr(image, "n_frames", 1)):
            image.seek(frame)
            image.load()  # WebP knows a frame's time once it is decoded
            lasted += image.info["duration"] / 1000
    assert lasted == pytest.approx((replay.steps + 1) / pace_hz, abs=tick_s)
    replay.close()


def test_frame_times_of_67_milliseconds_do_not_become_60() -> None:
    times = frame_times_ms(steps=149, every=1, pace_hz=15.0, tick_ms=10)
    assert sum(times) == 10_000
    assert set(times) == {60, 70}


def test_captions_say_who_drives_return_step_action_seed_and_time(record: Record) -> None:
    replay = finished(record("CartPole-v1", 1), RandomPolicy("CartPole-v1"))
    plain, named = (
        CaptionedFrames(Part.of(replay, 15.0, names), 1280).draw(5)
        for names in ((" ", " "), ("Ada", "bc · 12 episodes · 90%"))
    )
    assert plain.shape == named.shape
    changed = np.argwhere((plain != named).any(axis=2))
    assert changed[:, 0].max() < 60  # the names are in the head, above each side
    assert (changed[:, 1] < 640).any()
    assert (changed[:, 1] > 640).any()
    before, after = (CaptionedFrames(Part.of(replay, 15.0), 1280).draw(s) for s in (5, 6))
    rows = np.flatnonzero((before != after).any(axis=(1, 2)))
    assert rows.min() < 60  # the return
    assert rows.max() > before.shape[0] - 40  # the time
    replay.close()


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png", ".mp4"])
def test_a_comparison_is_written_in_every_kind(record: Record, tmp_path: Path, suffix: str) -> None:
    replay = finished(record("CartPole-v1", 1), RandomPolicy("CartPole-v1"), 70)
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


def test_the_keys_of_a_film_are_those_that_were_held_at_each_step() -> None:
    moves = [(0.05, "key.a", 1.0), (0.15, "key.a", 0.0), (0.15, "pad.left_x+", 0.3)]
    moves += [(0.25, "pad.left_x+", 0.9)]
    inputs = [InputEvent(*move) for move in moves]
    held = held_by_step(inputs, [0.0, 0.1, 0.2, 0.3])
    assert held == [set(), {"key.a"}, set(), {"pad.left_x+"}]
    assert [control_text(c) for c in ("key.a", "key.left", "key.space")] == ["A", "←", "Space"]


def test_keys_are_drawn_into_the_film(record: Record) -> None:
    dataset = record("CartPole-v1", 1)
    episode = dataset.read(dataset.rows()[0].file)
    replay = Replay("CartPole-v1", episode.row.seed or 0, [RecordedPolicy(episode)])
    for _ in range(10):
        replay.advance()
    held = [frozenset({"key.a"} if step % 2 else ()) for step in range(10)]
    plain, keys = (CaptionedFrames(Part.of(replay, 15.0, held=h), 1280).draw(4) for h in ((), held))
    rows = np.flatnonzero((plain != keys).any(axis=(1, 2)))
    assert len(rows)
    assert rows.min() > 500  # at the lower edge of the picture
    replay.close()
