"""Reports that the training process sends to the window during a training."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from teleop.runtime.protocol.training_messages import (
    BaselineScores,
    Finding,
    FromTrainer,
    PolicySaved,
    TrainingProgress,
)
from teleop.text import tr
from teleop.types.results import Tried

if TYPE_CHECKING:
    from teleop.learning.progress import Progress
    from teleop.learning.training_run import TrainingRun

_REPORT_S = 0.1
_PLAYERS = {
    "person": tr("person"),
    "policy": tr("policy"),
    "script": tr("script"),
    "random": tr("random"),
}
Send = Callable[[FromTrainer], None]


class ProgressReport:
    """Collects progress and sends it ten times per second."""

    def __init__(self, send: Send, began: float) -> None:
        self._send, self._began = send, began
        self._sent_s = 0.0
        self._losses: list[tuple[int, float]] = []
        self._returns: list[tuple[int, float]] = []
        self._findings: list[Finding] = []
        self._tried: tuple[Tried, ...] = ()

    def add(self, progress: "Progress") -> None:
        """Add progress of the training."""
        self._latest = progress
        if progress.loss is not None:
            self._losses.append((progress.step, progress.loss))
        if progress.finding:
            self._findings.append(Finding(progress.finding, progress.verified))
        if progress.tried:
            self._tried = progress.tried
        if progress.returns:
            self._returns.append((progress.step, sum(progress.returns) / len(progress.returns)))
        if time.perf_counter() - self._sent_s > _REPORT_S:
            self.send()

    def play(self, who: str, done: int, total: int) -> None:
        """Report how many fresh starts have been played."""
        if who != "person" and time.perf_counter() - self._sent_s > _REPORT_S:
            phase = tr(
                "Playing fresh starts: {who}, {done} of {total}",
                who=_PLAYERS.get(who, who),
                done=done,
                total=total,
            )
            self._send(TrainingProgress(phase, done, total))
            self._sent_s = time.perf_counter()

    def send(self) -> None:
        """Send the progress since the last report."""
        now, latest = time.perf_counter(), self._latest
        done = max(1, latest.step)
        self._send(
            TrainingProgress(
                latest.phase,
                latest.step,
                latest.total,
                tuple(self._losses),
                tuple(self._returns),
                tuple(self._findings),
                self._tried,
                seconds_left=(now - self._began) / done * max(0, latest.total - latest.step),
            )
        )
        self._sent_s = now
        self._clear()

    def _clear(self) -> None:
        self._losses.clear()
        self._returns.clear()
        self._findings.clear()
        self._tried = ()


class RunReport:
    """Saves the policy of a training run, and reports its scores."""

    def __init__(
        self, send: Send, dataset_id: str, training_run: "TrainingRun", folder: Path, began: float
    ) -> None:
        from teleop.learning.analysis.baselines import earlier

        self._send, self._dataset_id, self._training_run = send, dataset_id, training_run
        self._folder, self._began = folder, began
        self._earlier = earlier(folder.parent, folder.name)

    def save(self, *, final: bool) -> None:
        """Save the newest policy and report that."""
        if self._training_run.policy is None:
            raise ValueError("an algorithm ended without a policy")
        self._training_run.policy.save(self._folder)
        seconds = time.perf_counter() - self._began
        self._send(PolicySaved(self._dataset_id, self._folder.name, final=final, seconds=seconds))

    def scores(self, *, over: bool = False) -> None:
        """Report all scores so far, including those of earlier policies."""
        scores = list(self._training_run.scores)
        if len(scores) > 1:
            scores[2:2] = [replace(score, name=name) for name, score in self._earlier]
        self._send(BaselineScores(tuple(scores), self._training_run.advice() if over else ()))
