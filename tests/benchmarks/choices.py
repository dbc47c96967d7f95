"""Does one click choose well for anyone? Regret against a grid search, for random people.

For each case (environment, number of episodes, people of one dataset), one click trains a policy,
and so does a grid of reaction times, training lengths, takes and history. All of these policies,
the teacher and chance (a random policy) play the same 20 fresh starts. Regret = (best of the grid -
one click) / (best of the grid - chance). The best of dozens of noisy means is partly luck, so it
also plays 40 other starts, as does the one-click policy: `replayed`.

`python -m tests.benchmarks choices:60` runs 60 cases, each with its own people; `choices:60:500`
starts at seed 500. All processors are used. Results are appended to choices.jsonl, one per line.
"""

import itertools
import json
import multiprocessing
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from teleop.envs.catalogue import find_entry
from teleop.evaluation.intervals import bootstrap_interval
from teleop.evaluation.scoring import FIRST_SEED, RandomPolicy, evaluate
from teleop.learning.algorithms import bc
from teleop.learning.data.demonstrations import Demonstrations, load_demonstrations
from teleop.learning.networks.architecture import Architecture
from teleop.learning.policy import LearnedPolicy
from teleop.learning.progress import make_policy
from teleop.learning.tuning.candidates import Basis, Networks
from teleop.learning.tuning.choice import TrainingChoice, better_takes
from teleop.recording import Library
from teleop.types import Policy
from tests.benchmarks.people import People, draw_people, record_people
from tests.benchmarks.report import say

ENVS = (
    "LunarLander-v3",
    "LunarLanderContinuous-v3",
    "CartPole-v1",
    "MountainCar-v0",
    "Acrobot-v1",
    "Pendulum-v1",
)
COUNTS = (5, 10, 25)
STARTS, AGAIN, AGAIN_SEED = 20, 40, 60_000
_LAGS_S = (0.0, 0.07, 0.14, 0.2, 0.3)
_LENGTHS = (200, 800, 3000)
_OUT = Path("choices.jsonl")


def run(part: str = "") -> None:
    """Run the cases on all processors, then print a summary of all of them."""
    numbers = [int(word) for word in part.split(":") if word]
    count, first = (*numbers, 60, 0)[:2] if numbers else (60, 0)
    if len(numbers) == 1:
        first = 0
    kinds = list(itertools.product(COUNTS, ENVS))
    cases = [(first + n, *kinds[n % len(kinds)]) for n in range(count)]
    workers = max(1, (os.cpu_count() or 1) // 1)
    context = multiprocessing.get_context("spawn")
    found: list[dict[str, Any]] = []
    with context.Pool(workers, maxtasksperchild=8) as pool, _OUT.open("a") as out:
        for row in pool.imap_unordered(_case, cases):
            found.append(row)
            out.write(json.dumps(row) + "\n")
            out.flush()
            say(f"  {row['env_id']}, {row['episodes']}, people {row['seed']}", _line(row))
    summarise(found)


def summarise(rows: list[dict[str, Any]]) -> None:
    """Print quantiles of the regret, and how often one click is as good as its teacher."""
    for name in ("regret", "replayed"):
        values = 100 * np.array([row[name] for row in rows])
        middle, high = np.percentile(values, [50, 90])
        say(f"{name}, % of best - chance", f"median {middle:.1f} (aim 3), p90 {high:.1f} (aim 10)")
    many = [row for row in rows if row["episodes"] == max(COUNTS)]
    if many:
        good = [row["one_click_high"] >= row["teacher"] for row in many]
        span = [(row["teacher"] - row["one_click"]) / row["scale"] for row in many]
        text = f"{np.mean(good):.0%} (aim 95 %), worst {100 * max(span):.0f} % below (aim 10)"
        say(f"as good as the teacher, {max(COUNTS)} episodes", text)
    lags = [abs(row["lag"] - row["best_lag"]) for row in rows if row["lag"] is not None]
    say("reaction time within a step of the grid's best", f"{np.mean(np.array(lags) <= 1):.0%}")
    seconds = [row["seconds"] for row in rows]
    say("seconds for one click", f"median {np.median(seconds):.0f}, longest {max(seconds):.0f}")


def _line(row: dict[str, Any]) -> str:
    return (
        f"teacher {row['teacher']:.0f}, one click {row['one_click']:.0f}, best "
        f"{row['best']:.0f} ({row['best_words']}), regret {row['regret']:.1%}, replayed "
        f"{row['replayed']:.1%}, {row['seconds']:.0f} s ({row['words']})"
    )


def _case(case: tuple[int, int, str]) -> dict[str, Any]:
    seed, count, env_id = case
    with tempfile.TemporaryDirectory() as folder:
        dataset = record_people(Library(Path(folder)), "bench/people-v0", env_id, seed, count)
        demos = load_demonstrations(dataset)
        began = time.perf_counter()
        policy = bc.clone(demos, bc.Config(seed=seed))
        seconds = time.perf_counter() - began
        ours = _returns(env_id, policy)
        grid = {words: (other, _returns(env_id, other)) for words, other in _grid(demos, seed)}
        chosen = max(grid, key=lambda words: grid[words][1].mean())
        best, best_returns = grid[chosen]
        people = People(env_id, draw_people(seed), seed)
        teacher = _returns(env_id, people).mean()
        chance = _returns(env_id, RandomPolicy(env_id)).mean()
        scale = max(best_returns.mean(), ours.mean()) - chance or 1.0
        again = [_returns(env_id, one, AGAIN, AGAIN_SEED).mean() for one in (best, policy)]
        learned = policy.config.learned
        return {
            "seed": seed,
            "env_id": env_id,
            "episodes": count,
            "recorded": demos.mean_return,
            "teacher": float(teacher),
            "one_click": float(ours.mean()),
            "one_click_high": bootstrap_interval(ours)[1],
            "best": float(best_returns.mean()),
            "random": float(chance),
            "scale": float(scale),
            "regret": float((best_returns.mean() - ours.mean()) / scale),
            "replayed": float((again[0] - again[1]) / (max(again) - chance or 1.0)),
            "seconds": seconds,
            "lag": None if "lag_by_episode" in learned else learned["lag_steps"],
            "best_lag": best.config.learned["lag_steps"],
            "best_words": chosen,
            "words": f"lag {learned['lag_steps']}, {learned['steps']} steps, "
            f"{len(learned['left_out'])} left out{', weighted' * learned['weighted']}, "
            f"{policy.shape.frames} frames",
        }


def _grid(demos: Demonstrations, seed: int) -> Any:
    """Yield (description, policy) of every point of the grid."""
    pace = find_entry(demos.env_id).pace_hz or demos.pace_hz
    half = better_takes(demos, 0.5)
    kinds = [(None, Architecture()), (half, Architecture()), (None, Architecture(frames=4))]
    lags = dict.fromkeys(round(lag * pace) for lag in _LAGS_S)
    for lag, (takes, shape) in itertools.product(lags, kinds):
        networks = Networks(Basis(demos, seed + 100), TrainingChoice(lag, takes, shape=shape))
        for steps in _LENGTHS:
            for _ in networks.iter_train(steps, 3):
                pass
            words = f"lag {lag}, {steps} steps, {'half' if takes else 'all'}, {shape.frames} frames"
            yield words, _policy(demos, networks, steps, lag)


def _policy(demos: Demonstrations, networks: Networks, steps: int, lag: int) -> LearnedPolicy:
    model, shape = networks.model(steps, 3), networks.choice.shape
    learned = {"lag_steps": lag}
    return make_policy(demos, networks.normaliser, model, shape, {}, learned)


def _returns(env_id: str, policy: Policy, episodes: int = STARTS, first: int = FIRST_SEED) -> Any:
    return np.array([r.total_reward for r in evaluate(env_id, policy, episodes, first)])
