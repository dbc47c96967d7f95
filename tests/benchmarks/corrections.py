"""Gauges, proposed moments and rounds of correction, against what they promise.

    corrections:people   five people drawn at random: 5 demonstrations + 3 rounds of 5, LunarLander
    corrections:gauges   stated hit and false-alarm rates on fresh runs, in three environments
    corrections:moments  10 proposed pieces of 5 s against 10 random ones, on LunarLander, paired

A number after the part, `corrections:people:7301`, is the first seed.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import teleop
from teleop.envs.factory import close_env, make_env
from teleop.evaluation.intervals import wilson_interval
from teleop.evaluation.scoring import evaluate
from teleop.evaluation.success import SuccessRule, rule_for
from teleop.experts import make_expert, make_human_like
from teleop.learning.covariate_shift.gauges import (
    iter_measure,
    measured,
    rates_of,
    smoothed,
)
from teleop.learning.covariate_shift.known_states import KnownStates
from teleop.learning.covariate_shift.moments import PIECE_S, propose
from teleop.learning.covariate_shift.runs import Run, play_run
from teleop.learning.data.demonstrations import load_demonstrations
from teleop.learning.networks.ensemble import TunedSettings, fit_ensemble
from teleop.learning.policy import LearnedPolicy
from teleop.learning.training_run import tuned_settings_of
from teleop.recording import Dataset, Library, Recorder, dataset_info
from teleop.session import Beginning, Phase, Session, record_episodes
from teleop.types.findings import Gauge
from tests.benchmarks.gated import LANDER, random_person_rounds
from tests.benchmarks.learning import CAR_STEPS, CARS
from tests.benchmarks.report import say
from tests.benchmarks.track_driver import TrackDriver

PEOPLE, PIECES, FRESH = 5, 10, 40
_BASE = "corrections/base-v0"


def run(part: str = "") -> None:
    """Run all parts, or one of them."""
    name, _, first = part.partition(":")
    seed = int(first or 7300)
    if name in ("", "people"):
        people(seed)
    if name in ("", "gauges"):
        gauges(seed)
    if name in ("", "moments"):
        moments(seed)


def people(seed: int) -> None:
    """Correct policies of people drawn at random."""
    found = [random_person_rounds(seed + number) for number in range(PEOPLE)]
    first, last = (np.mean([r.means[index] for r in found]) for index in (0, -1))
    plain = np.mean([r.plain for r in found])
    say("mean of round 0, of the last round", f"{first:.0f}, {last:.0f} (aim +40)")
    say("as many minutes of plain demonstrations", f"{plain:.0f}")


def gauges(seed: int) -> None:
    """State rates on some runs, and count warnings in fresh ones."""
    for env_id, make in _POLICIES.items():
        with tempfile.TemporaryDirectory() as folder:
            policy, known, rule = make(Path(folder), seed)
            runs, fresh = (30, 16) if "Car" in env_id else (40, FRESH)
            *_, (_, stated) = iter_measure(policy, known, rule, runs)
            played = [play_run(policy, known, 400_000 + seed + n, rule) for n in range(fresh)]
            for gauge in stated:
                say(f"  {env_id}, {gauge.name}", _rates_words(gauge, played, known.pace_hz))


def _rates_words(gauge: Gauge, played: Sequence[Run], pace_hz: float) -> str:
    series = [run.distances if gauge.name == "distance" else run.disagreements for run in played]
    highest = np.array([smoothed(values, pace_hz).max() for values in series])
    failed = np.array([run.success is False for run in played])
    now = rates_of(highest, failed, gauge.threshold)
    words = []
    for name, before, after in (
        ("hits", (gauge.rates.hits, gauge.rates.failures), (now.hits, now.failures)),
        (
            "false alarms",
            (gauge.rates.false_alarms, gauge.rates.successes),
            (now.false_alarms, now.successes),
        ),
    ):
        low, high = wilson_interval(*before)
        share = after[0] / after[1] if after[1] else float("nan")
        inside = "inside" if low <= share <= high else "outside"
        words.append(
            f"{name} {before[0]}/{before[1]} ({low:.0%}-{high:.0%}), fresh {after[0]}/{after[1]} "
            f"= {share:.0%} {inside if after[1] else ''}"
        )
    return "; ".join(words)


def _from(data: Any, root: Path, policy: LearnedPolicy) -> tuple[Any, KnownStates, SuccessRule]:
    dataset = Library(root).existing(_BASE)
    del data
    return policy, KnownStates(policy, load_demonstrations(dataset)), rule_for(dataset)


def _lander(root: Path, seed: int) -> tuple[Any, KnownStates, SuccessRule]:
    data = teleop.record(LANDER, "human-like", 8, dataset_id=_BASE, root=root, seed=seed)
    return _from(data, root, teleop.train(data, teleop.BC(seed=seed, budget_s=0)))


def _ring(root: Path, seed: int) -> tuple[Any, KnownStates, SuccessRule]:
    env_id = "teleop/RingTrack-v0"
    data = teleop.record(env_id, "expert", 3, dataset_id=_BASE, root=root, seed=seed, noise=0.12)
    return _from(data, root, teleop.train(data, teleop.BC(seed=seed)))


def _cars(root: Path, seed: int) -> tuple[Any, KnownStates, SuccessRule]:
    driver, name = TrackDriver(), f"{CARS}&time_limit={CAR_STEPS}"

    def make() -> Any:
        driver.env = make_env(name, render=False)
        return driver.env

    library = Library(root)
    dataset = library.open_for_writing(_BASE, dataset_info(make()))
    dataset.writer.claim()
    recorder = Recorder(dataset, make())
    session = Session(make, driver, iter(range(seed, seed + 12)), recorder)
    list(record_episodes(session, recorder, 12))
    session.close()
    dataset.writer.release()
    data = teleop.load_dataset(_BASE, root=root)
    policy, known, _ = _from(data, root, teleop.train(data, teleop.BC(seed=seed, members=2)))
    returns = [row.total_reward for row in dataset.rows()]  # 400 frames are no whole lap
    return policy, known, SuccessRule("", float(np.percentile(returns, 25)) * 0.9)


_POLICIES = {LANDER: _lander, "Ring Track": _ring, "CarRacing": _cars}


def moments(seed: int) -> None:
    """Compare policies that learn from proposed and from random pieces."""
    gains = []
    for number in range(PEOPLE):
        with tempfile.TemporaryDirectory() as folder:
            before, proposed, drawn = _pieces(Library(Path(folder)), seed + number)
        gains.append(proposed - drawn)
        say(f"  seed {seed + number}", f"{before:.0f}, proposed {proposed:.0f}, random {drawn:.0f}")
    error = np.std(gains, ddof=1) / np.sqrt(len(gains))
    say("proposed minus random", f"{np.mean(gains):+.0f} ± {error:.0f} (standard error)")


def _pieces(library: Library, seed: int) -> tuple[float, float, float]:
    """Return mean returns: before, with proposed pieces, with random ones."""
    first = 1000 * seed + 3
    data = teleop.record(LANDER, "human-like", 5, dataset_id=_BASE, root=library.root, seed=first)
    dataset = library.existing(_BASE)
    policy = teleop.train(data, teleop.BC(seed=seed, budget_s=5.0))
    demos = load_demonstrations(dataset)
    known = KnownStates(policy, demos)
    runs = [play_run(policy, known, 120_000 + n, rule_for(dataset)) for n in range(40)]
    limits = measured(runs, known.pace_hz)
    proposed = [(runs[m.run], m.step) for m in propose(runs, policy, known, limits, PIECES)]
    rng = np.random.default_rng(seed)
    chosen = [runs[int(index)] for index in rng.integers(len(runs), size=PIECES)]
    drawn = [(each, int(rng.integers(max(1, each.steps)))) for each in chosen]
    settings = replace(tuned_settings_of(policy, demos), members=5)
    if not isinstance(settings.lag, int):
        settings = replace(settings, lag=int(policy.config.learned["lag_steps"]))
    means = [
        _learned(library, dataset, name, pieces, settings, seed)
        for name, pieces in (("proposed", proposed), ("drawn", drawn))
    ]
    return _mean(policy), means[0], means[1]


def _learned(
    library: Library,
    dataset: Dataset,
    name: str,
    pieces: Sequence[tuple[Run, int]],
    settings: TunedSettings,
    seed: int,
) -> float:
    """Record the pieces, learn from them too, and play; the mean of three trainings."""
    extra = _recorded(library, f"corrections/{name}-v0", pieces)
    demos = load_demonstrations(dataset, also=[(extra, extra.rows())])
    grown = replace(settings, steps=max(300, min(800, settings.steps * 2)))
    return float(np.mean([_mean(fit_ensemble(demos, grown, seed + 100 * n)) for n in range(3)]))


def _recorded(library: Library, name: str, pieces: Sequence[tuple[Run, int]]) -> Dataset:
    env = make_env(LANDER, render=False)
    dataset = library.open_for_writing(name, dataset_info(env))
    dataset.writer.claim()
    recorder = Recorder(dataset, env)
    for run_, step in pieces:
        person = make_human_like(make_expert(LANDER), LANDER, env.action_space)
        session = Session(
            lambda: make_env(LANDER, render=False), person, iter([run_.seed]), recorder
        )
        session.start(0.0, Beginning.of(run_.observations[:step], run_.actions[:step]))
        session.resume(0.0)
        for _ in _ticks(session):
            pass
        take = session.stop()
        if take is not None:
            recorder.keep(take)
        session.close()
    close_env(env)
    dataset.writer.release()
    return dataset


def _ticks(session: Session) -> Iterator[None]:
    """Drive five seconds, or to the end."""
    now, steps = 0.0, 0
    while session.phase is Phase.RUNNING and steps < PIECE_S * session.pace_hz:
        now += session.period_s
        steps += session.tick(now + 1e-9)
        yield


def _mean(policy: LearnedPolicy) -> float:
    return float(np.mean([r.total_reward for r in evaluate(LANDER, policy, 60, 700_000)]))
