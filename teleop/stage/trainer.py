"""The trainer's process: torch on one thread at low priority, so that no frame comes late.

Two torch threads beside a window took training from 240 to 6 steps a second and the window from 60
to 40 frames; one thread at nice 10 leaves frame times as they are.
"""

import contextlib
import os
import signal
import time
from multiprocessing.connection import Connection
from typing import Any

from teleop.errors import TeleopError, sentence
from teleop.recording import Library
from teleop.stage.lessons import (
    Certified,
    Certify,
    PolicySaved,
    StopTraining,
    Train,
    Trained,
    TrainerReady,
    TrainingBegan,
    TrainingFailed,
)
from teleop.stage.messages import Deed

_REPORT_S = 0.1
_CERTIFIED_S = 2.0  # between two reports: the window lists everything anew for each
_NICE = 10


def serve(pipe: "Connection[Any, Any]") -> None:
    """Train whenever asked, until the window says quit or is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _lower_priority()
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        from teleop.learning import fit  # loads torch while nobody waits

        fit.warm_up()
        pipe.send(TrainerReady())
        while (message := pipe.recv()) is not Deed.QUIT:
            if isinstance(message, Train) and _train(pipe, message) is Deed.QUIT:
                return
            if isinstance(message, Certify):
                _certify(pipe, message)


def _train(pipe: "Connection[Any, Any]", request: Train) -> Deed | None:
    """One training; Deed.QUIT if the window said so meanwhile."""
    try:
        return _train_or_raise(pipe, request)
    except TeleopError as problem:
        pipe.send(TrainingFailed(sentence(problem)))
    except MemoryError:
        pipe.send(TrainingFailed("Training needs more memory than this computer has free."))
    except Exception as problem:  # noqa: BLE001  data of strangers meets us; the window must hear
        pipe.send(TrainingFailed(f"Training broke: {sentence(problem)}. Recordings are safe."))
    return None


def _certify(pipe: "Connection[Any, Any]", request: Certify) -> None:
    """Re-simulate what nobody has looked at yet, until something else is asked."""
    from teleop.recording import Library

    with contextlib.suppress(TeleopError):
        dataset = Library(request.root).existing(request.dataset_id)
        known = dataset.certificates()
        wanted = [r for r in reversed(dataset.rows()) if r.uuid not in known and r.sha256]
        said_s = 0.0
        for number, row in enumerate(wanted, start=1):
            with contextlib.suppress(TeleopError):  # a damaged one; reading it says so
                for _ in dataset.iter_certify(row):
                    if pipe.poll():
                        return
            if number == len(wanted) or time.perf_counter() - said_s > _CERTIFIED_S:
                pipe.send(Certified(request.dataset_id))
                said_s = time.perf_counter()


def _train_or_raise(pipe: "Connection[Any, Any]", request: Train) -> Deed | None:
    from teleop.learning import bc
    from teleop.learning.demonstrations import load_demonstrations
    from teleop.learning.heads import CategoricalHead
    from teleop.learning.lag import ENOUGH_EPISODES
    from teleop.learning.policy import list_policies

    began = time.perf_counter()
    dataset = Library(request.root).existing(request.dataset_id)
    demos = load_demonstrations(dataset)
    name = bc.policy_name(demos, list_policies(dataset.policies))
    levels = "choices" if isinstance(demos.head, CategoricalHead) else "numbers"
    pipe.send(
        TrainingBegan(
            len(demos.episodes),
            demos.total_steps,
            lag_candidates=len(demos.episodes) >= ENOUGH_EPISODES,
            levels=levels,
        )
    )
    report = _Report(pipe, began)
    saved = False
    for progress in bc.train(demos, bc.BCConfig(seed=request.seed)):
        if progress.policy is not None:
            progress.policy.save(dataset.policies / name)
            saved = True
            seconds = time.perf_counter() - began
            pipe.send(PolicySaved(request.dataset_id, name, final=False, seconds=seconds))
        report.add(progress)
        answer = _answer(pipe)
        if answer is not None:
            if saved:
                pipe.send(_final(request, name, began))
            else:
                pipe.send(TrainingFailed("Stopped before there was a policy to keep."))
            return Deed.QUIT if answer is Deed.QUIT else None
    report.send()
    pipe.send(_final(request, name, began))
    return None


def _answer(pipe: "Connection[Any, Any]") -> Deed | StopTraining | None:
    while pipe.poll():
        message = pipe.recv()
        if message is Deed.QUIT or isinstance(message, StopTraining):
            return message
    return None


def _final(request: Train, name: str, began: float) -> PolicySaved:
    return PolicySaved(request.dataset_id, name, final=True, seconds=time.perf_counter() - began)


class _Report:
    """Gathers progress and sends it ten times a second."""

    def __init__(self, pipe: "Connection[Any, Any]", began: float) -> None:
        self._pipe, self._began = pipe, began
        self._sent_s = 0.0
        self._clear()

    def add(self, progress: Any) -> None:
        self._latest = progress
        if progress.loss is not None:
            self._losses.append((progress.step, progress.loss))
        if progress.held_out is not None:
            self._held_out.append((progress.step, progress.held_out))
        if progress.finding:
            self._findings.append(progress.finding)
        if time.perf_counter() - self._sent_s > _REPORT_S:
            self.send()

    def send(self) -> None:
        now, latest = time.perf_counter(), self._latest
        done = max(1, latest.step)
        left = (now - self._began) / done * max(0, latest.total - latest.step)
        self._pipe.send(
            Trained(
                latest.phase,
                latest.step,
                latest.total,
                tuple(self._losses),
                tuple(self._held_out),
                tuple(self._findings),
                left,
            )
        )
        self._sent_s = now
        self._clear()

    def _clear(self) -> None:
        self._losses: list[tuple[int, float]] = []
        self._held_out: list[tuple[int, float]] = []
        self._findings: list[str] = []


def _lower_priority() -> None:
    if hasattr(os, "nice"):
        os.nice(_NICE)
        if hasattr(os, "SCHED_BATCH"):  # never preempts a process that has just been woken
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        return
    import ctypes  # Windows

    below_normal = 0x4000
    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined]
    kernel.SetPriorityClass(kernel.GetCurrentProcess(), below_normal)
