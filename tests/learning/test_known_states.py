"""Distance to what was demonstrated, gauges, autopsy, moments: each says what it should."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import teleop
from teleop.envs.action_spaces.action_labels import action_text
from teleop.errors import EnvError
from teleop.evaluation.intervals import wilson_interval
from teleop.learning.algorithms import bc
from teleop.learning.covariate_shift.autopsy import iter_autopsy, last_familiar_step
from teleop.learning.covariate_shift.diagnosis import Diagnosis
from teleop.learning.covariate_shift.gauges import (
    gauge_words,
    gauges_from_json,
    gauges_to_json,
    measured,
    rates_of,
    smoothed,
)
from teleop.learning.covariate_shift.human_time import HumanTime
from teleop.learning.covariate_shift.moments import propose
from teleop.learning.covariate_shift.runs import Run, play_run
from teleop.learning.data.demonstrations import load_demonstrations
from teleop.learning.data.inputs import Inputs
from teleop.playback.replay import RecordedPolicy
from teleop.recording import Library
from teleop.types.findings import Alternative, Autopsy, Decision, Gauge, GaugeRates
from tests.harness.toys import record_toy

PICTURES = "toy-camera/best-v0"
LANDER, RING = "LunarLander-v3", "teleop/RingTrack-v0"


@dataclasses.dataclass(frozen=True, slots=True)
class Shown:
    """A policy with the recordings that it learned from."""

    library: Library
    found: Diagnosis

    @property
    def dataset_id(self) -> str:
        return "shown/lessons-v0"


def _shown(root: Path, env_id: str, driver: str, episodes: int, seed: int) -> Shown:
    data = teleop.record(
        env_id, driver, episodes, dataset_id="shown/lessons-v0", root=root, seed=seed
    )
    library = Library(root)
    dataset = library.existing("shown/lessons-v0")
    config = teleop.BC(seed=0, members=3, steps=400, budget_s=0)
    teleop.train(data, config).save(dataset.policies / "clone")
    return Shown(library, Diagnosis(library, dataset, "clone"))


@pytest.fixture(scope="module")
def lander(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    return _shown(tmp_path_factory.mktemp("lander"), LANDER, "human-like", 5, 40)


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    return _shown(tmp_path_factory.mktemp("ring"), RING, "expert", 3, 7)


def test_what_was_demonstrated_is_at_no_distance_and_far_away_is_far(ring: Shown) -> None:
    known, policy = ring.found.known, ring.found.policy
    place = known.place(100)
    dataset = ring.library.existing(ring.dataset_id)
    episode = dataset.read(place.file)
    seen = episode.observations[place.step]
    distance, index = known.measure(seen)
    assert distance == pytest.approx(0, abs=1e-3)
    assert index == 100
    assert known.measure(seen + np.array([0.05, 0, 0, 0], np.float32))[0] > 0.5
    assert known.measure(np.array([0, 0, 1, 0], np.float32))[0] > 5  # the middle of the ring
    both = Inputs(np.stack([policy.encoding.row(seen)] * 2))
    assert known.measure_many(both)[1].tolist() == [100, 100]
    assert known.place(100).number == episode.row.number


def test_the_action_after_a_known_state_is_what_was_done_there(ring: Shown) -> None:
    known = ring.found.known
    place = known.place(42)
    episode = ring.library.existing(ring.dataset_id).read(place.file)
    done = episode.actions[place.step : place.step + 3]
    assert known.actions_after(42, 3) == pytest.approx(done)


def test_images_are_compared_in_features(tmp_path: Path) -> None:
    shown = _pictures(tmp_path)
    known = shown.found.known
    demos = load_demonstrations(shown.library.existing(PICTURES))
    assert known.features(demos.inputs[:3]).shape[1] < 200  # features, not pixels
    run = play_run(shown.found.policy, known, 3, shown.found.rule)
    assert np.isfinite(run.distances).all()


def _pictures(root: Path) -> Shown:
    library = Library(root)
    dataset = record_toy(library, "camera", 2)
    demos = load_demonstrations(dataset)
    bc.clone(demos, bc.Config(steps=10, members=1, budget_s=0)).save(dataset.policies / "clone")
    return Shown(library, Diagnosis(library, dataset, "clone"))


def test_members_that_agree_have_no_disagreement(lander: Shown) -> None:
    policy = lander.found.policy
    observation = np.zeros(8, np.float32)
    policy.reset(0)
    policy.act(observation)
    together = policy.disagreement()
    alone = policy.alone(1)
    alone.act(observation)
    assert together > 0
    assert alone.disagreement() == 0
    outputs = np.stack(policy.model.each())  # type: ignore[attr-defined]
    apart = np.abs(outputs - outputs.mean(axis=0)).sum(axis=-1).mean() / 2
    assert together == pytest.approx(apart, rel=1e-5)


def test_stated_rates_hold_on_fresh_runs(lander: Shown) -> None:
    found = lander.found
    *_, (_, _, gauges) = found.iter_gauges()
    fresh = [play_run(found.policy, found.known, 300_000 + n, found.rule) for n in range(40)]
    failed = np.array([run.success is False for run in fresh])
    assert 3 <= failed.sum() <= 37
    for gauge in gauges:
        values = [run.distances if gauge.name == "distance" else run.disagreements for run in fresh]
        highest = np.array([smoothed(v, 30.0).max() for v in values])
        seen = rates_of(highest, failed, gauge.threshold)
        for stated, now in (
            ((gauge.rates.hits, gauge.rates.failures), (seen.hits, seen.failures)),
            (
                (gauge.rates.false_alarms, gauge.rates.successes),
                (seen.false_alarms, seen.successes),
            ),
        ):
            low, high = wilson_interval(*stated)
            fresh_low, fresh_high = wilson_interval(*now)
            assert low <= fresh_high
            assert fresh_low <= high
    assert gauges_from_json(gauges_to_json(gauges)) == gauges
    reloaded = Diagnosis(lander.library, lander.library.existing(lander.dataset_id), "clone")
    assert reloaded.gauges == gauges


def test_thresholds_are_chosen_on_other_runs_than_those_that_rate_them() -> None:
    runs = [_run(number, distance=float(number), failed=number >= 6) for number in range(12)]
    gauge = measured(runs, 1.0)[0]
    assert gauge.rates == GaugeRates(3, 3, 0, 3)
    # runs 0, 2, 4 | 6, 8, 10 choose it: anything between 4 and 6 separates them
    assert 4 <= gauge.threshold <= 6


def test_runs_that_nothing_judges_have_no_rates() -> None:
    runs = [_run(n, distance=3.0, failed=True) for n in range(10)]
    for run in runs:
        run.success = None
    gauge = measured(runs, 1.0)[0]
    assert gauge.rates == GaugeRates(0, 0, 0, 0)
    assert gauge_words(gauge) == "Not known: nothing tells whether a run was a success"


def test_a_policy_that_always_fails_has_no_rates_and_says_so() -> None:
    gauge = measured([_run(n, distance=3.0, failed=True) for n in range(10)], 1.0)[0]
    assert gauge.threshold == 1.0  # the usual distance
    assert "Not known: 5 of 5 runs failed" in gauge_words(gauge)


@pytest.mark.parametrize("broken", [None, 3, [{}], [{"name": "distance", "threshold": "x"}]])
def test_damaged_gauges_are_left_out(broken: Any) -> None:
    assert gauges_from_json(broken) == ()


def test_the_moment_of_leaving_is_the_last_one_before_a_second_away() -> None:
    near, away = 0.2, 3.0
    assert last_familiar_step(np.array([near] * 30), 10) == 29
    back = np.array([near] * 20 + [away] * 5 + [near] * 20)
    assert last_familiar_step(back, 10) == 44  # half a second away is no leaving
    left = np.array([near] * 20 + [away] * 30)
    assert 18 <= last_familiar_step(left, 10) <= 20
    assert last_familiar_step(np.array([away] * 30), 10) == 0


def test_an_autopsy_finds_the_decision_that_lost_it(tmp_path: Path) -> None:
    """In Two Gates the first decisions count: after three wrong ones nothing saves the run."""
    root = tmp_path
    data = teleop.record(
        "teleop/TwoGates-v0", "expert", 30, dataset_id="shown/lessons-v0", root=root, seed=9
    )
    dataset = Library(root).existing("shown/lessons-v0")
    teleop.train(data, teleop.BC(seed=0, head="average")).save(dataset.policies / "mean")
    found = Diagnosis(Library(root), dataset, "mean")
    *_, (done, total, result) = found.iter_autopsy(50_001)
    assert done == total
    assert result.success is False
    lost = result.lost_at
    assert lost is not None
    assert lost.step <= 3
    assert all(not d.saved_by for d in result.decisions if d.step > lost.step)
    assert "before the end" in result.text
    names = {a.driver for a in result.decisions[0].alternatives}
    assert {"Nearest demonstration", "Scripted expert", "Network 1"} <= names


@pytest.mark.parametrize("env_id", [LANDER, "LunarLanderContinuous-v3"])
def test_the_recording_from_the_same_start_decides_as_it_was_recorded(
    tmp_path: Path, env_id: str
) -> None:
    shown = _shown(tmp_path, env_id, "human-like", 2, seed=4)
    found, dataset = shown.found, shown.library.existing(shown.dataset_id)
    episode = dataset.read(dataset.rows()[0])
    actions = RecordedPolicy(episode)
    recorded = [actions.act(None) for _ in range(len(episode.rewards))]
    run = play_run(found.policy, found.known, episode.row.seed or 0, found.rule)
    run.success = False
    *_, (_, _, result) = iter_autopsy(found.policy, found.known, run, found.rule, recorded)
    space = found.policy.head.space
    checked = 0
    for decision in result.decisions:
        told = [a for a in decision.alternatives if a.driver == "Recording from this start"]
        if decision.step < len(recorded):
            assert told[0].action == action_text(env_id, space, recorded[decision.step])
            checked += 1
    assert checked >= 2


def test_an_autopsy_of_what_cannot_be_repeated_says_why(lander: Shown) -> None:
    found = lander.found
    run = play_run(found.policy, found.known, 7, found.rule)
    run.success = False
    run.observations[3] = run.observations[3] + 1  # as if the environment had differed
    with pytest.raises(EnvError, match=r"LunarLander-v3 is not reproducible.*step 3"):
        list(iter_autopsy(found.policy, found.known, run, found.rule))


def test_where_nothing_tells_success_no_decision_is_said_to_save_the_run() -> None:
    better = Alternative("Scripted expert", "Left", 90.0, 10, None)
    decision = Decision(3, 1.0, (better,))
    result = Autopsy(1, 10.0, 9, None, 10.0, 3, ("", 0, 0), "", "", (), (decision,))
    assert result.lost_at is None
    assert "Nothing tells whether a run is a success" in result.text


def test_moments_of_pictures_pass_near_only_similar_runs(tmp_path: Path) -> None:
    found = _pictures(tmp_path).found
    runs = [play_run(found.policy, found.known, seed, found.rule) for seed in range(4)]
    for run in runs:
        run.success = False
    usual = found.known.usual
    found.known.usual = usual * 1e-6  # then a run is near its own moments alone
    proposed = propose(runs, found.policy, found.known, [], 3)
    assert {moment.influence for moment in proposed} == {0.25}
    found.known.usual = usual * 1e6
    assert {m.influence for m in propose(runs, found.policy, found.known, [], 3)} == {1.0}


def test_moments_are_where_runs_fail_and_far_apart(lander: Shown) -> None:
    *_, (_, _, proposed) = lander.found.iter_moments(3)
    assert len({(moment.seed, moment.step) for moment in proposed}) == 3
    assert sum(moment.failed for moment in proposed) >= 2
    assert all(0 <= moment.influence <= 1 for moment in proposed)


def test_a_moment_is_a_second_before_the_first_warning(ring: Shown) -> None:
    found = ring.found
    run = play_run(found.policy, found.known, 1, found.rule)
    limit = Gauge("distance", 2.0, GaugeRates(0, 0, 0, 0), None)
    run.distances = np.where(np.arange(run.steps) < 100, 0.5, 3.0)
    best = propose([run], found.policy, found.known, [limit], 9)
    first = int(np.flatnonzero(smoothed(run.distances, 15) > 2.0)[0])
    assert min(moment.step for moment in best) == first - 15


@pytest.mark.slow
def test_success_against_human_time_has_three_lines(ring: Shown) -> None:
    human = HumanTime(ring.library, ring.library.existing(ring.dataset_id), "clone")
    told = list(human.run(rounds=1))
    _, lines = told[-1]
    assert [line.name for line in lines] == ["corrections", "plain", "expert"]
    corrections, plain, expert = lines
    assert corrections.points[0].minutes == pytest.approx(3 * 260 / 15 / 60)
    assert plain.points[0].minutes == pytest.approx(corrections.points[0].minutes)
    assert [round(p.minutes, 2) for p in expert.points] == [0.87, 1.73]
    assert expert.points[-1].value >= 0.9 > corrections.points[0].high
    assert all(p.low <= p.value <= p.high for line in lines for p in line.points)


def test_the_error_of_a_clone_grows(ring: Shown) -> None:
    *_, (_, _, (growth,)) = ring.found.iter_growth()
    means = [point[1] for point in growth.points]
    assert np.mean(means[-15:]) > 3 * np.mean(means[:15])
    assert growth.runs == 20
    assert all(low <= mean <= high for _, mean, low, high, _ in growth.points)


def _run(seed: int, *, distance: float, failed: bool) -> Run:
    run = Run(seed, actions=[0] * 8, observations=[np.zeros(1)] * 8, rewards=[0.0] * 8)
    run.distances = np.full(8, distance)
    run.disagreements = np.full(8, 0.1)
    run.success = not failed
    return run
