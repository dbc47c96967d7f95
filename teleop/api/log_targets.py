"""Where the figures of a run are written: a file, TensorBoard, Weights & Biases, or trackio."""

import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from teleop.errors import LogError, reason, sentence

KINDS = "jsonl:FILE, tensorboard:FOLDER, wandb:PROJECT, or trackio:PROJECT"


class LogTarget(Protocol):
    """Receives the figures of one run."""

    def write(self, step: int, values: Mapping[str, float], texts: Mapping[str, str]) -> None:
        """Write what is known at a step."""
        ...

    def close(self) -> None:
        """Write what is still in memory."""
        ...


def check_targets(targets: Sequence[str]) -> None:
    """Check that targets are understood, and that their packages are there.

    Raises:
        LogError: one is not, or its package is missing.
    """
    for to in targets:
        kind, _, rest = to.partition(":")
        if kind not in _TARGETS or not rest:
            raise LogError(f"The log {to} is not understood; write {KINDS}.")
        if kind != "jsonl" and find_spec(kind) is None:
            raise LogError(f"The log {to} needs {kind}: pip install 'teleop-studio[{kind}]'")


def target_for(to: str, run: str, config: Mapping[str, Any]) -> LogTarget:
    """Open what an address names.

    Args:
        to: `jsonl:FILE`, `tensorboard:FOLDER`, `wandb:PROJECT` or `trackio:PROJECT`.
        run: name of the run.
        config: settings of the run.

    Raises:
        LogError: the address is not understood, its package is missing, or it cannot be written.
    """
    check_targets([to])
    kind, _, rest = to.partition(":")
    try:
        return _TARGETS[kind](rest, run, config)
    except OSError as problem:
        raise LogError(f"The log {to} cannot be written ({reason(problem)}).") from problem
    except Exception as problem:  # a service's package may raise anything
        why = sentence(problem).rstrip(".")
        raise LogError(f"The log {to} cannot be begun ({why}).") from problem


class _JsonLines:
    """One JSON object a line, after one about the run; a file that exists is continued."""

    def __init__(self, path: str, run: str, config: Mapping[str, Any]) -> None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        self._path = Path(path)
        self._put({"run": run, "config": dict(config)})

    def write(self, step: int, values: Mapping[str, float], texts: Mapping[str, str]) -> None:
        known = {name: value if math.isfinite(value) else None for name, value in values.items()}
        self._put({"step": step, **known, **texts})

    def close(self) -> None:
        pass

    def _put(self, row: dict[str, Any]) -> None:
        with self._path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")


class _TensorBoard:
    def __init__(self, folder: str, run: str, config: Mapping[str, Any]) -> None:
        from torch.utils.tensorboard import SummaryWriter

        writer: Any = SummaryWriter
        self._writer = writer(str(_free(Path(folder), run)))
        lines = [f"- {name}: {value}" for name, value in config.items()]
        self._writer.add_text("run", "\n".join([f"**{run}**", *lines]))

    def write(self, step: int, values: Mapping[str, float], texts: Mapping[str, str]) -> None:
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)
        for name, text in texts.items():
            self._writer.add_text(name, text, step)

    def close(self) -> None:
        self._writer.close()


def _free(folder: Path, run: str) -> Path:
    """Return a folder for a run of this name that holds no other."""
    names = [run, *(f"{run}-{number}" for number in range(2, 10_000))]
    return next(folder / name for name in names if not (folder / name).exists())


class _Service:
    """A service whose package has `init`, and a run with `log` and `finish`."""

    def __init__(self, run: Any) -> None:
        self._run = run

    def write(self, step: int, values: Mapping[str, float], texts: Mapping[str, str]) -> None:
        self._run.log({"at": step, **values, **texts})

    def close(self) -> None:
        self._run.finish()


def _wandb(project: str, run: str, config: Mapping[str, Any]) -> LogTarget:
    """Weights & Biases; offline, unless WANDB_MODE says something else."""
    import wandb

    api: Any = wandb
    mode = os.environ.get("WANDB_MODE", "offline")
    opened = api.init(project=project, name=run, config=dict(config), mode=mode)
    opened.define_metric("*", step_metric="at")
    return _Service(opened)


def _trackio(project: str, run: str, config: Mapping[str, Any]) -> LogTarget:
    """trackio, which keeps its runs on this computer."""
    import trackio

    api: Any = trackio
    return _Service(api.init(project=project, name=run, config=dict(config)))


_TARGETS: dict[str, Callable[[str, str, Mapping[str, Any]], LogTarget]] = {
    "jsonl": _JsonLines,
    "tensorboard": _TensorBoard,
    "wandb": _wandb,
    "trackio": _trackio,
}
