"""The runs of several methods that are complete, kept in the dataset to go on later.

    data/methods.json    what each policy on the way has cost, and its episodes on fresh starts

Runs of other demonstrations, or of another version, are replaced.
"""

import hashlib
import json
import math
from dataclasses import astuple
from pathlib import Path
from typing import Any

from teleop._version import __version__
from teleop.errors import writing
from teleop.evaluation.success import Result
from teleop.learning.analysis.method_runs import Plan, Reached
from teleop.learning.data.demonstrations import Demonstrations
from teleop.recording import Dataset
from teleop.recording.disk import files

_FORMAT = 1
_UNREADABLE = (
    *(OSError, ValueError, KeyError, TypeError, AttributeError, IndexError),
    *(RecursionError, OverflowError),
)


class MethodFile:
    """The complete runs of a dataset.

    Attributes:
        runs: what each run reached, by its plan.
    """

    def __init__(self, dataset: Dataset, demos: Demonstrations) -> None:
        """Read the runs that are known for these demonstrations."""
        self._path: Path = dataset.places.data / "methods.json"
        self._of = _fingerprint(demos)
        self.runs = self._read()

    def add(self, plan: Plan, reached: list[Reached]) -> None:
        """Keep a run.

        Raises:
            StorageError: it cannot be written.
        """
        self.runs[plan] = reached
        data = {
            "format": _FORMAT,
            "of": self._of,
            "runs": [
                {"plan": astuple(plan), "reached": [_packed(each) for each in found]}
                for plan, found in self.runs.items()
            ],
        }
        with writing(self._path):
            files.write_atomic(self._path, json.dumps(data).encode())

    def _read(self) -> dict[Plan, list[Reached]]:
        """Return the runs; none if the file cannot be read, because they can be run again."""
        try:
            data = json.loads(files.read_bytes(self._path))
            if data["format"] != _FORMAT or data["of"] != self._of:
                return {}
            runs = [(_plan(run["plan"]), run["reached"]) for run in data["runs"]]
            return {plan: [_reached(each) for each in found] for plan, found in runs if found}
        except _UNREADABLE:
            return {}


def _fingerprint(demos: Demonstrations) -> str:
    about = (__version__, demos.env_id, demos.sources)
    digest = hashlib.sha256(repr(about).encode())
    digest.update(demos.segments.tobytes())
    return digest.hexdigest()


def _packed(reached: Reached) -> list[Any]:
    return [reached.human, reached.steps, [astuple(result) for result in reached.results]]


def _plan(data: Any) -> Plan:
    method, amount, seed, steps = data
    return Plan(str(method), _finite(amount), int(seed), int(steps))


def _reached(data: Any) -> Reached:
    human, steps, results = data
    found = tuple(_result(each) for each in results)
    if not found:
        raise ValueError("a policy without an episode")
    return Reached(_finite(human), int(steps), found)


def _result(data: Any) -> Result:
    seed, total_reward, total_steps, success, terminated = data
    success = None if success is None else bool(success)
    return Result(int(seed), _finite(total_reward), int(total_steps), success, bool(terminated))


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("a number that is not finite")
    return number
