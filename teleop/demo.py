"""The whole workflow without a screen or a person, in two minutes on two cores."""

import dataclasses
import json
import shutil
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from teleop import workflows
from teleop.api.policies import iter_record
from teleop.errors import StorageError
from teleop.evaluation.scoring import RandomPolicy, evaluate, score
from teleop.evaluation.success import Result
from teleop.recording import Library
from teleop.recording.datasets.dataset_library import scripted_dataset_id
from teleop.types.results import Score

_ENV = "LunarLander-v3"
_EPISODES = 20


def run_demo(output: Path, episodes: int, seed: int, *, as_json: bool = False) -> list[Score]:
    """Record, train, evaluate and compare side by side; print a table.

    Args:
        output: folder for `recordings/` and `side-by-side.gif`, which are replaced.
        episodes: number of demonstrations.
        seed: seed of recording and training.
        as_json: print the result as JSON instead.

    Returns:
        Scores of the person, the policy and a random policy.

    Raises:
        TeleopError: a step failed; the message says which.
    """
    console = Console(quiet=as_json)
    library = _fresh_library(output)
    dataset_id = scripted_dataset_id(_ENV)
    began = time.perf_counter()
    with console.status(f"The scripted expert records {episodes} episodes of {_ENV}…"):
        first = seed + 1000
        takes = iter_record(
            library, _ENV, "human-like", episodes, dataset_id=dataset_id, seed=first
        )
        played = list(takes)
    console.print(f"Recorded {episodes} episodes, {sum(steps for steps, _ in played):,} steps")
    with console.status("Training…") as status:
        training = workflows.TrainingJob(library, dataset_id, "bc", {"seed": seed})
        for progress in training.run():
            status.update(f"{progress.phase}, step {progress.step:,}")
            if progress.finding:
                console.print(progress.finding)
    scores = _scores(library, dataset_id, played, console)
    with console.status("Drawing them side by side…"):
        picture = output / "side-by-side.gif"
        comparing = workflows.ComparisonJob(library, dataset_id, "", 0, picture)
        comparing.run()
    console.print(comparing.text())
    _report(scores, time.perf_counter() - began, as_json=as_json)
    return scores


def _fresh_library(output: Path) -> Library:
    recordings = output / "recordings"
    try:
        if recordings.exists():
            shutil.rmtree(recordings)
        recordings.mkdir(parents=True)
    except OSError as problem:
        raise StorageError(
            f"The demo cannot write to {output} ({problem.strerror}); choose another --output."
        ) from problem
    return Library(recordings)


def _scores(
    library: Library, dataset_id: str, played: list[tuple[int, float]], console: Console
) -> list[Score]:
    """Score the person (their own episodes), the policy and a random policy (fresh seeds)."""
    _, policy = workflows.find_policy(library, dataset_id, "")
    person = [Result(index, total, steps) for index, (steps, total) in enumerate(played)]
    scores = [score(_ENV, "person (scripted)", person)]
    for name, driver in (("policy", policy), ("random", RandomPolicy(_ENV))):
        with console.status(f"Playing {name} on {_EPISODES} fresh seeds…"):
            scores.append(score(_ENV, name, list(evaluate(_ENV, driver, _EPISODES))))
    return scores


def _report(scores: list[Score], seconds: float, *, as_json: bool) -> None:
    if as_json:
        data = {"seconds": seconds, "scores": [dataclasses.asdict(s) for s in scores]}
        Console(highlight=False, soft_wrap=True).print(json.dumps(data, indent=1), markup=False)
        return
    table = Table(title=f"{_ENV}, {seconds:.0f} s in all", title_justify="left")
    for column in ("", "mean return", "sd", "95 % interval", "success", "steps"):
        table.add_column(column, justify="left" if not column else "right")
    for s in scores:
        interval = f"{s.low:.0f} … {s.high:.0f}"
        success = "" if s.success is None else f"{s.success:.0%}"
        steps = f"{s.mean_steps:.0f}"
        table.add_row(s.name, f"{s.mean:.1f}", f"{s.sd:.1f}", interval, success, steps)
    Console().print(table)
