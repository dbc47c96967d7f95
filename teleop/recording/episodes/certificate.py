"""Re-simulate an episode: its actions, from its seed, in a new environment, step by step.

*Exact*: every observation, reward and end is identical bit by bit. *Diverges at step k by x*: a
value differs. *Unknown*: the episode cannot be re-simulated here. A certificate contains the file's
SHA-256 and the package versions, so it is never valid for another file or computer.
"""

import dataclasses
import json
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np

from teleop.envs.conversion import as_in_space
from teleop.envs.factory import close_env, make_env
from teleop.envs.stepping import repeated
from teleop.errors import EnvError, sentence
from teleop.recording.disk import files
from teleop.recording.episodes.episode import Episode, row_of_tree
from teleop.recording.episodes.fingerprint import differences, fingerprint_of
from teleop.types.metadata import Certificate, Verdict


def iter_certify(
    episode: Episode, env_id: str, make: Callable[..., gym.Env[Any, Any]] = make_env
) -> Iterator[Certificate | None]:
    """Re-simulate an episode: yield None after each step, then the certificate.

    Args:
        episode: the recorded episode.
        env_id: the environment it was recorded in.
        make: a function that makes a new environment, like `make_env`.
    """
    try:
        verdict, step, by, what = yield from _compare(episode, env_id, make)
    except EnvError as problem:
        verdict, step, by, what = "unknown", None, 0.0, sentence(problem)
    now = fingerprint_of(env_id)
    if verdict == "diverges":
        changed = differences(episode.meta.get("fingerprint") or {}, now)
        what += f" (recorded with {'; '.join(changed)})" if changed else ""
    row = episode.row
    yield Certificate(row.uuid, row.sha256, verdict, step, by, what, time.time(), now)


Finding = tuple[Verdict, int | None, float, str]
Findings = Generator[None, None, Finding]


def _compare(episode: Episode, env_id: str, make: Callable[..., gym.Env[Any, Any]]) -> Findings:
    if episode.row.seed is None:
        return "unknown", None, 0.0, "it has no seed"
    env = make(env_id, render=False)
    try:
        return (yield from _play(episode, env))
    finally:
        close_env(env)


def _play(episode: Episode, env: gym.Env[Any, Any]) -> Findings:
    def recorded(row: int) -> Any:
        """Return a recorded observation in the types of the space, as the environment does."""
        return as_in_space(env.observation_space, row_of_tree(episode.observations, row))

    total = len(episode.rewards)
    actions = [row_of_tree(episode.actions, step) for step in range(total)]
    step = 0
    for step, got in enumerate(repeated(env, int(episode.row.seed or 0), actions)):
        if (by := _gap(got.observation, recorded(step))) != 0:
            return "diverges", step, by, "observation"
        if step == 0:
            continue
        if (by := _gap(got.reward, float(episode.rewards[step - 1]))) != 0:
            return "diverges", step, by, "reward"
        # a take that the person ended is marked as truncated, but the environment continues
        cut = step == total and bool(episode.truncations[-1])
        same = got.truncated == bool(episode.truncations[step - 1]) or cut
        if got.terminated != bool(episode.terminations[step - 1]) or not same:
            return "diverges", step, float("nan"), "end"
        yield
    return ("exact", None, 0.0, "") if step == total else ("diverges", step, float("nan"), "end")


def _gap(a: Any, b: Any) -> float:
    """Return the largest difference between two values: 0 only if equal, NaN if not numbers."""
    if isinstance(b, dict):
        return _largest(_gap(a[key], part) for key, part in b.items())
    if isinstance(b, tuple):
        return _largest(_gap(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(b, str):
        return 0.0 if str(a) == b else float("nan")
    x, y = np.asarray(a), np.asarray(b)
    if x.shape != y.shape:
        return float("nan")
    if np.array_equal(x, y, equal_nan=x.dtype.kind == "f" and y.dtype.kind == "f"):
        return 0.0
    with np.errstate(invalid="ignore"):
        gap = np.abs(x.astype(np.float64) - y.astype(np.float64))
    return float(np.nanmax(gap)) if np.isfinite(gap).any() and np.nanmax(gap) > 0 else float("nan")


def _largest(gaps: Any) -> float:
    found = [gap for gap in gaps if gap != 0]
    return max(found, default=0.0)


def read_certificates(path: Path) -> dict[str, Certificate]:
    """Return the latest certificate of each episode by uuid; unreadable lines are skipped."""
    found: dict[str, Certificate] = {}
    try:
        lines = files.read_tail(path).splitlines()
    except OSError:
        return found
    for line in lines:
        try:
            certificate = _certificate(json.loads(line))
            found[certificate.uuid] = certificate
        except (ValueError, TypeError, KeyError, AttributeError):
            continue
    return found


def add_certificate(path: Path, certificate: Certificate) -> None:
    """Append one certificate in one write, so that several programs can do so at once.

    Raises:
        OSError: writing to disk failed.
    """
    line = json.dumps(dataclasses.asdict(certificate)).encode() + b"\n"
    files.append(path, line)


def _certificate(data: dict[str, Any]) -> Certificate:
    verdict = data["verdict"]
    if verdict not in ("exact", "diverges", "unknown"):
        raise ValueError(verdict)
    return Certificate(
        uuid=str(data["uuid"]),
        sha256=str(data["sha256"]),
        verdict=verdict,
        step=None if data["step"] is None else int(data["step"]),
        by=float(data["by"]),
        what=str(data["what"]),
        made=float(data["made"]),
        fingerprint={str(key): str(value) for key, value in data["fingerprint"].items()},
    )
