"""A sweep: policies are trained with every combination of settings, and play the same starts.

Each run has a folder with its policy and `run.json`, so a sweep that was stopped goes on where it
was. A run uses one thread and its own seed, so its figures do not depend on where it ran.
"""

import itertools
import json
import platform
import re
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from teleop._version import __version__
from teleop.errors import LearningError
from teleop.evaluation.scoring import evaluate
from teleop.learning.analysis.setting_curve import (
    FIRST_SEED,
    SettingPoint,
    chosen,
    point_of,
    trained,
)
from teleop.learning.data.dataset_reference import DatasetReference, demonstrations_from
from teleop.learning.data.demonstrations import Demonstrations
from teleop.paths import write_texts
from teleop.workers.runners import Runner

_RUN, _POLICY = "run.json", "policy"
_MOST_RUNS = 10_000
_ODD = re.compile(r"[^A-Za-z0-9_.-]")  # not in the name of a folder on every system
_LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a sweep tries.

    Attributes:
        data: the dataset.
        algorithm: name of an algorithm.
        settings: the values of each setting.
        seeds: number of policies for each combination.
        seed: seed of the first of them.
        starts: number of starts that each policy plays, the same for all.
    """

    data: DatasetReference
    algorithm: str
    settings: Mapping[str, Sequence[Any]]
    seeds: int
    seed: int
    starts: int

    def combinations(self) -> list[dict[str, Any]]:
        """Return every combination of values."""
        values = itertools.product(*self.settings.values())
        return [dict(zip(self.settings, each, strict=True)) for each in values]


@dataclass(frozen=True, slots=True)
class _Asked:
    """One run, as it goes to a worker."""

    sweep: Sweep
    settings: dict[str, Any]
    seed: int
    folder: str


@dataclass(frozen=True, slots=True)
class Run:
    """What one policy reached.

    Attributes:
        settings: its settings.
        seed: its seed.
        returns: the return on each start.
        success: whether each start was a success; None where nothing tells.
        seconds: how long it took.
        versions: versions of Python and of what computes.
        host: the machine.
    """

    settings: dict[str, Any]
    seed: int
    returns: list[float]
    success: list[bool | None]
    seconds: float
    versions: dict[str, str]
    host: str


def check_sweep(sweep: Sweep, demos: Demonstrations) -> None:
    """Check every combination before the first training.

    Raises:
        LearningError: a setting or a value does not exist, or there are too many runs.
    """
    combinations = sweep.combinations()
    if len(combinations) * sweep.seeds > _MOST_RUNS:
        raise LearningError(
            f"These are {len(combinations) * sweep.seeds:,} runs; at most {_MOST_RUNS:,} are made."
        )
    for settings in combinations:
        chosen(demos, sweep.algorithm, settings, sweep.seed)


def iter_sweep(
    sweep: Sweep, folder: Path, runner: Runner
) -> Iterator[tuple[int, int, Exception | None]]:
    """Make the runs that are not there yet; yield (finished, total, why a run failed).

    Args:
        sweep: what is tried.
        folder: where the runs are kept; every worker must see it at the same path.
        runner: where they run.
    """
    asked = [
        _Asked(sweep, settings, seed, str(folder / _name(settings, seed)))
        for settings in sweep.combinations()
        for seed in range(sweep.seed, sweep.seed + sweep.seeds)
    ]
    missing = [item for item in asked if read_run(Path(item.folder)) is None]
    done = len(asked) - len(missing)
    yield done, len(asked), None
    for _, result in runner.each(make_run, missing):
        done += 1
        yield done, len(asked), result if isinstance(result, Exception) else None


def make_run(asked: _Asked) -> str:
    """Train one policy, let it play, and write its folder; return the folder.

    Raises:
        LearningError: the dataset here is another one, or the training fails.
    """
    import torch

    began, sweep = time.perf_counter(), asked.sweep
    demos = demonstrations_from(sweep.data)
    policy = trained(demos, sweep.algorithm, asked.settings, asked.seed)
    played = list(evaluate(demos.env_id, policy, sweep.starts, FIRST_SEED))
    folder = Path(asked.folder)
    policy.save(folder / _POLICY)
    rule = demos.success_rule
    run = Run(
        asked.settings,
        asked.seed,
        [float(result.total_reward) for result in played],
        [rule.judge(result) for result in played],
        round(time.perf_counter() - began, 3),
        {"teleop": __version__, "torch": torch.__version__, "numpy": np.__version__}
        | {"python": platform.python_version()},
        platform.node(),
    )
    write_texts({folder / _RUN: json.dumps(asdict(run), indent=1)})
    return asked.folder


def read_run(folder: Path) -> Run | None:
    """Return a finished run; None if there is none."""
    try:
        return Run(**json.loads((folder / _RUN).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def points(sweep: Sweep, folder: Path) -> list[tuple[dict[str, Any], SettingPoint]]:
    """Return (settings, what was reached) of each combination whose runs are all finished."""
    found = []
    for settings in sweep.combinations():
        seeds = range(sweep.seed, sweep.seed + sweep.seeds)
        runs = [read_run(folder / _name(settings, seed)) for seed in seeds]
        whole = [run for run in runs if run is not None]
        if len(whole) == len(runs):
            returns, success = [run.returns for run in whole], [run.success for run in whole]
            found.append((settings, point_of(label_of(settings), returns, success)))
    return found


def versions(folder: Path) -> list[str]:
    """Return in words how the versions of the finished runs differ; none if they do not."""
    seen: dict[str, dict[str, str]] = {}
    for path in sorted(folder.glob(f"*/{_RUN}")):
        run = read_run(path.parent)
        for package, version in (run.versions if run else {}).items():
            seen.setdefault(package, {}).setdefault(version, run.host if run else "")
    return [
        f"{package} " + ", ".join(f"{version} on {host}" for version, host in by.items())
        for package, by in seen.items()
        if len(by) > 1
    ]


def label_of(settings: Mapping[str, Any]) -> str:
    """Return the values of a combination in one line; a single one without its name."""
    if len(settings) == 1:
        return str(next(iter(settings.values())))
    return " ".join(f"{name}={value}" for name, value in settings.items())


def _name(settings: Mapping[str, Any], seed: int) -> str:
    """Return the name of a run's folder; no two runs of a sweep share one."""
    said = "_".join(f"{name}-{value}" for name, value in settings.items())
    plain = _ODD.sub("-", said)[:_LONGEST_NAME]
    if plain != said:
        plain += f"_{zlib.crc32(said.encode()):08x}"
    return f"{plain}_seed-{seed}"
