"""Episodes are re-simulated: exact, diverging, or not to be tried here."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from teleop import curation
from teleop.envs.factory import make_env
from teleop.recording import Dataset, Library
from teleop.recording.datasets.dataset_certificates import valid_certificates
from teleop.recording.episodes.certificate import iter_certify
from teleop.recording.episodes.episode import Episode
from teleop.recording.episodes.fingerprint import differences
from teleop.types.metadata import Certificate

Record = Callable[..., Dataset]


def certified(episode: Episode, env_id: str, **options: Any) -> Certificate:
    found = [c for c in iter_certify(episode, env_id, **options) if c is not None]
    return found[-1]


def test_recordings_are_exact_and_stay_certified(record: Record, library: Library) -> None:
    dataset = record("LunarLander-v3", episodes=2)
    verdicts = [verdict for _, verdict, _ in curation.verify(dataset)]
    assert verdicts == ["exact", "exact"]
    assert curation.exit_code(verdicts) == 0
    again = valid_certificates(library.dataset(dataset.dataset_id))
    assert {c.verdict for c in again.values()} == {"exact"}
    fingerprint = next(iter(again.values())).fingerprint
    assert {"gymnasium", "numpy", "box2d", "python", "platform"} <= fingerprint.keys()


def test_another_seed_diverges_and_says_where_and_how_far(record: Record) -> None:
    dataset = record(episodes=1)
    episode = dataset.read(dataset.rows()[0])
    row = dataclasses.replace(episode.row, seed=99)
    found = certified(dataclasses.replace(episode, row=row), "CartPole-v1")
    assert (found.verdict, found.step, found.what) == ("diverges", 0, "observation")
    assert 0 < found.by < 1
    assert "diverges at step 0 by" in found.text


def test_a_changed_environment_diverges_where_it_changed(record: Record) -> None:
    dataset = record(episodes=1)
    episode = dataset.read(dataset.rows()[0])

    def heavier(env_id: str, *, render: bool) -> Any:
        env = make_env(env_id, render=render)
        env.unwrapped.masspole = 0.2  # type: ignore[attr-defined]
        env.unwrapped.polemass_length = 0.1  # type: ignore[attr-defined]
        return env

    found = certified(episode, "CartPole-v1", make=heavier)
    assert (found.verdict, found.step) == ("diverges", 1)


def test_nan_happens_again_exactly(record: Record) -> None:
    dataset = record(episodes=1)
    episode = dataset.read(dataset.rows()[0])
    observations = episode.observations.copy()
    observations[2, 1] = np.nan
    found = certified(dataclasses.replace(episode, observations=observations), "CartPole-v1")
    assert (found.verdict, found.step) == ("diverges", 2)


def test_takes_of_before_with_more_digits_than_the_space_holds_are_exact(record: Record) -> None:
    dataset = record(episodes=1)
    episode = dataset.read(dataset.rows()[0])
    finer = episode.observations.astype(np.float64) * (1 + 1e-12)
    finer = dataclasses.replace(episode, observations=finer)
    assert certified(finer, "CartPole-v1").verdict == "exact"


def test_what_cannot_be_tried_is_unknown(record: Record) -> None:
    dataset = record(episodes=1)
    episode = dataset.read(dataset.rows()[0])
    assert certified(episode, "NotInstalled-v0").verdict == "unknown"
    unseeded = dataclasses.replace(episode, row=dataclasses.replace(episode.row, seed=None))
    assert "no seed" in certified(unseeded, "CartPole-v1").text
    assert curation.exit_code(["exact", "unknown"]) == 3
    assert curation.exit_code(["diverges", "unreadable"]) == 1


def test_a_certificate_of_another_file_does_not_count(record: Record) -> None:
    dataset = record(episodes=1)
    list(curation.verify(dataset))
    path = dataset.places.certificates
    path.write_bytes(path.read_bytes().replace(dataset.rows()[0].sha256.encode(), b"0" * 64))
    assert valid_certificates(dataset) == {}
    path.write_text("junk\n{}\n[1]\n")
    assert valid_certificates(dataset) == {}


def test_fingerprints_say_what_changed() -> None:
    assert differences({}, {"numpy": "2"}) == []
    assert differences({"numpy": "1"}, {"numpy": "2"}) == ["numpy 1, now 2"]
