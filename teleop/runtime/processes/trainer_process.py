"""The trainer's process: torch on one thread at low priority, so that no frame comes late.

Two torch threads beside a window took training from 240 to 6 steps a second and the window from 60
to 40 frames; one thread at nice 10 leaves frame times as they are.
"""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from teleop.errors import TeleopError, sentence
from teleop.recording import Library
from teleop.runtime.protocol.session_messages import Request
from teleop.runtime.protocol.training_messages import (
    Analysis,
    AnalysisProgress,
    BaselineScores,
    Certified,
    Certify,
    Finding,
    ListRounds,
    PolicySaved,
    Profiled,
    RoundLine,
    Rounds,
    RunAnalysis,
    Standing,
    StopTraining,
    ToTrainer,
    Train,
    TrainerReady,
    TrainingBegan,
    TrainingFailed,
    TrainingProgress,
    TraitLine,
    TriedLine,
)
from teleop.text import tr

if TYPE_CHECKING:
    from teleop.learning.analysis.dagger_rounds import Round
    from teleop.learning.data.profile import Trait
    from teleop.learning.training_run import TrainingRun

_REPORT_S = 0.1
_CERTIFIED_S = 2.0  # between two reports: the window lists everything anew for each
_NICE = 10
_PLAYERS = {
    "person": tr("person"),
    "policy": tr("policy"),
    "script": tr("script"),
    "random": tr("random"),
}


def serve(pipe: "Connection[Any, Any]") -> None:
    """Train whenever asked, until the window says quit or is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _lower_priority()
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        from teleop.learning.networks import torch_training  # loads torch before it is needed

        torch_training.warm_up()
        pipe.send(TrainerReady())
        unplayed: ListRounds | None = None  # rounds that are played when nothing else is asked
        while (message := pipe.recv()) is not Request.QUIT:
            answer = _answered(pipe, message)
            if answer is Request.QUIT:
                return
            unplayed = answer if isinstance(answer, ListRounds) else unplayed
            if unplayed is not None and not pipe.poll() and _tell_rounds(pipe, unplayed):
                unplayed = None


def _answered(pipe: "Connection[Any, Any]", message: ToTrainer) -> Request | ListRounds | None:
    """Do what is asked; Request.QUIT if the window said so meanwhile, or rounds to play."""
    match message:
        case Train():
            return _train(pipe, message)
        case RunAnalysis():
            return _study(pipe, message)
        case ListRounds():
            return message
        case Certify():
            _certify(pipe, message)
    return None


def _train(pipe: "Connection[Any, Any]", request: Train) -> Request | ListRounds | None:
    """One training; Request.QUIT if the window said so meanwhile, or rounds to play."""
    try:
        return (_retrain if request.after else _train_or_raise)(pipe, request)
    except TeleopError as problem:
        pipe.send(TrainingFailed(sentence(problem)))
    except MemoryError:
        pipe.send(TrainingFailed(tr("Training needs more memory than this computer has free.")))
    except Exception as problem:  # noqa: BLE001  data of strangers meets us; the window must hear
        pipe.send(
            TrainingFailed(
                tr("Training failed: {problem}. Recordings are safe.", problem=sentence(problem))
            )
        )
    return None


def _certify(pipe: "Connection[Any, Any]", request: Certify) -> None:
    """Re-simulate episodes without a certificate, until another request comes."""
    from teleop.recording import Library
    from teleop.recording.datasets.dataset_certificates import iter_certify_row, valid_certificates

    with contextlib.suppress(TeleopError):
        dataset = Library(request.root).existing(request.dataset_id)
        known = valid_certificates(dataset)
        wanted = [r for r in reversed(dataset.rows()) if r.uuid not in known and r.sha256]
        said_s = 0.0
        for number, row in enumerate(wanted, start=1):
            with contextlib.suppress(TeleopError):  # a damaged one; reading it says so
                for _ in iter_certify_row(dataset, row):
                    if pipe.poll():
                        return
            if number == len(wanted) or time.perf_counter() - said_s > _CERTIFIED_S:
                pipe.send(Certified(request.dataset_id))
                said_s = time.perf_counter()


def _train_or_raise(pipe: "Connection[Any, Any]", request: Train) -> Request | None:
    from teleop.learning.data.demonstrations import load_demonstrations
    from teleop.learning.policy import list_policies
    from teleop.learning.recipes import find_recipe
    from teleop.learning.training_run import TrainingRun

    began = time.perf_counter()
    dataset = Library(request.root).existing(request.dataset_id)
    others = list_policies(dataset.policies)  # a folder that cannot be used is said first
    demos = load_demonstrations(dataset)
    algorithm, settings = find_recipe(request.recipe)
    settings = settings | {"seed": request.seed}
    if algorithm == "bc":
        settings |= {"reward": request.plays, "all_takes": request.all_takes}
    training_run = TrainingRun(demos, algorithm, settings)
    name = training_run.policy_name(others)
    pipe.send(TrainingBegan(len(demos.used), demos.total_steps, _lines(training_run.traits)))
    report = _Report(pipe, began)
    lesson = _Lesson(pipe, request, training_run, dataset.policies / name, began)
    for progress in training_run.train():
        if progress.policy is not None:
            lesson.save(final=False)
        report.add(progress)
        answer = _answer(pipe)
        if answer is not None:
            return lesson.stop(answer)
    report.send()
    for played in training_run.stand():
        report.play(played.who, played.done, played.total)
        if played.score is not None:
            lesson.tell()
        answer = _answer(pipe)
        if answer is not None:
            return lesson.stop(answer)
    lesson.tell(over=True)
    lesson.save(final=True)
    return None


def _retrain(pipe: "Connection[Any, Any]", request: Train) -> Request | ListRounds | None:
    """A further round: cloned anew with the corrections, playable after a moment."""
    from teleop.learning.analysis import dagger_rounds
    from teleop.learning.policy import list_policies, load_policy

    began = time.perf_counter()
    library = Library(request.root)
    dataset = library.existing(request.dataset_id)
    before = load_policy(dataset.policies / request.after)
    demos = dagger_rounds.gather(library, dataset, before)
    name = dagger_rounds.name_of(before, list_policies(dataset.policies))
    pipe.send(TrainingBegan(len(demos.used), demos.total_steps, ()))
    report = _Report(pipe, began)
    saved = False
    for progress in dagger_rounds.iter_round(demos, before, request.seed):
        last = progress.step >= progress.total
        if progress.policy is not None and (last or not saved):
            progress.policy.save(dataset.policies / name)
            seconds = time.perf_counter() - began
            pipe.send(PolicySaved(request.dataset_id, name, final=last, seconds=seconds))
            saved = True
        report.add(progress)
        answer = _answer(pipe)
        if answer is not None:
            return answer if isinstance(answer, Request) else None
    return ListRounds(request.root, request.dataset_id, name)


def _tell_rounds(pipe: "Connection[Any, Any]", request: ListRounds) -> bool:
    """How good each round is; what was not played is played: False if something else was asked."""
    from teleop.learning.analysis import dagger_rounds
    from teleop.learning.policy import load_policy

    def tell() -> list[dagger_rounds.Round]:
        found = dagger_rounds.rounds_of(dataset, request.policy)
        pipe.send(Rounds(request.dataset_id, request.policy, tuple(_round(r) for r in found)))
        return found

    with contextlib.suppress(TeleopError):  # policies of strangers: then there is no chart
        dataset = Library(request.root).existing(request.dataset_id)
        for item in tell():
            if item.score is not None:
                continue
            policy = load_policy(dataset.policies / item.policy)
            for _ in dagger_rounds.play_round(policy):
                if pipe.poll():
                    return False
            policy.save(dataset.policies / item.policy)
            tell()
    return True


def _round(item: "Round") -> RoundLine:
    score = item.score
    if score is None:
        return RoundLine(item.number, item.policy, None, None, None, None)
    return RoundLine(item.number, item.policy, score.mean, score.low, score.high, score.success)


def _lines(traits: tuple["Trait", ...]) -> tuple[TraitLine, ...]:
    return tuple(TraitLine(t.topic, t.found, t.means, t.done, t.warns) for t in traits)


class _Lesson:
    """What becomes of a training: its policy's folder, and what the window is told."""

    def __init__(
        self,
        pipe: "Connection[Any, Any]",
        request: Train,
        training_run: "TrainingRun",
        folder: Path,
        began: float,
    ) -> None:
        from teleop.learning.analysis.baselines import earlier

        self._pipe, self._request, self._training_run = pipe, request, training_run
        self._folder, self._began = folder, began
        self._earlier = earlier(folder.parent, folder.name)

    def save(self, *, final: bool) -> None:
        """Put the newest policy on disk, and say so."""
        if self._training_run.policy is None:
            raise ValueError("an algorithm ended without a policy")
        self._training_run.policy.save(self._folder)
        seconds = time.perf_counter() - self._began
        name = self._folder.name
        self._pipe.send(PolicySaved(self._request.dataset_id, name, final=final, seconds=seconds))

    def stop(self, answer: Request | StopTraining) -> Request | None:
        """The person has seen enough; the best so far is kept."""
        if self._training_run.policy is None:
            self._pipe.send(TrainingFailed(tr("Stopped before there was a policy to keep.")))
        else:
            self.save(final=True)
        return Request.QUIT if answer is Request.QUIT else None

    def tell(self, *, over: bool = False) -> None:
        """Who stands where."""
        who = [(score.name, score) for score in self._training_run.scores]
        who[2:2] = self._earlier if len(who) > 1 else []
        standings = tuple(
            Standing(name, s.mean, s.low, s.high, s.success, s.episodes) for name, s in who
        )
        self._pipe.send(BaselineScores(standings, self._training_run.advice() if over else ()))


def _profile(pipe: "Connection[Any, Any]", request: RunAnalysis) -> None:
    """What the data is, in words."""
    from teleop.learning.data.demonstrations import load_demonstrations
    from teleop.learning.data.profile import profile_of
    from teleop.learning.progress import check_teaches

    try:
        demos = load_demonstrations(Library(request.root).existing(request.dataset_id))
        pipe.send(Profiled(request.dataset_id, _lines(profile_of(demos))))
        check_teaches(demos)
    except Exception as problem:  # noqa: BLE001  data of strangers meets us; the window must hear
        pipe.send(Profiled(request.dataset_id, (), sentence(problem)))


def _study(pipe: "Connection[Any, Any]", request: RunAnalysis) -> Request | None:
    """One study; Request.QUIT if the window said so meanwhile."""
    if request.study is Analysis.PROFILE:
        _profile(pipe, request)
        return None
    points: tuple[tuple[int, float, float, float], ...] = ()
    total, trouble = 0, ""
    try:
        for point, total in _iter_points(request):
            points += (point,)
            pipe.send(
                AnalysisProgress(request.dataset_id, request.study, points, total, final=False)
            )
            answer = _answer(pipe)
            if answer is not None:
                return Request.QUIT if answer is Request.QUIT else None
    except TeleopError as problem:
        trouble = sentence(problem)
    except Exception as problem:  # noqa: BLE001  data of strangers meets us; the window must hear
        trouble = tr(
            "The analysis failed: {problem}. Recordings are safe.", problem=sentence(problem)
        )
    finally:
        done = AnalysisProgress(request.dataset_id, request.study, points, total, True, trouble)
        pipe.send(done)
    return None


def _iter_points(request: RunAnalysis) -> Iterator[tuple[tuple[int, float, float, float], int]]:
    """(number, mean, low, high) and how many there will be."""
    from teleop.learning.analysis.curve import counts_for, iter_curve
    from teleop.learning.analysis.influence import iter_influence
    from teleop.learning.data.demonstrations import load_demonstrations
    from teleop.learning.policy import list_policies, load_policy
    from teleop.learning.progress import check_teaches
    from teleop.learning.training_run import known_of

    dataset = Library(request.root).existing(request.dataset_id)
    demos = load_demonstrations(dataset)
    check_teaches(demos)
    names = list_policies(dataset.policies)
    known = known_of(load_policy(dataset.policies / names[-1]) if names else None, demos)
    if request.study is Analysis.CURVE:
        total = len(counts_for(len(demos.used)))
        for point in iter_curve(demos, known):
            yield (point.demonstrations, point.mean, point.low, point.high), total
        return
    for item in iter_influence(demos, known):
        low, high = item.effect - 2 * item.error, item.effect + 2 * item.error
        yield (item.number, item.effect, low, high), len(demos.used)


def _answer(pipe: "Connection[Any, Any]") -> Request | StopTraining | None:
    while pipe.poll():
        message = pipe.recv()
        if message is Request.QUIT or isinstance(message, StopTraining):
            return message
    return None


class _Report:
    """Gathers progress and sends it ten times a second."""

    def __init__(self, pipe: "Connection[Any, Any]", began: float) -> None:
        self._pipe, self._began = pipe, began
        self._sent_s = 0.0
        self._tried: tuple[TriedLine, ...] = ()
        self._clear()

    def add(self, progress: Any) -> None:
        self._latest = progress
        if progress.loss is not None:
            self._losses.append((progress.step, progress.loss))
        if progress.finding:
            self._findings.append(Finding(progress.finding, progress.verified))
        if progress.tried:
            self._tried = tuple(
                TriedLine(t.words, t.starts, t.mean, t.success, t.chosen) for t in progress.tried
            )
        if progress.returns:
            self._returns.append((progress.step, sum(progress.returns) / len(progress.returns)))
        if time.perf_counter() - self._sent_s > _REPORT_S:
            self.send()

    def play(self, who: str, done: int, total: int) -> None:
        """Fresh starts are being played."""
        if time.perf_counter() - self._sent_s > _REPORT_S:
            phase = tr(
                "Playing fresh starts: {who}, {done} of {total}",
                who=_PLAYERS.get(who, who),
                done=done,
                total=total,
            )
            self._pipe.send(TrainingProgress(phase, done, total))
            self._sent_s = time.perf_counter()

    def send(self) -> None:
        now, latest = time.perf_counter(), self._latest
        done = max(1, latest.step)
        left = (now - self._began) / done * max(0, latest.total - latest.step)
        self._pipe.send(
            TrainingProgress(
                latest.phase,
                latest.step,
                latest.total,
                tuple(self._losses),
                tuple(self._returns),
                tuple(self._findings),
                self._tried,
                left,
            )
        )
        self._sent_s = now
        self._clear()

    def _clear(self) -> None:
        self._losses: list[tuple[int, float]] = []
        self._findings: list[Finding] = []
        self._tried = ()
        self._returns: list[tuple[int, float]] = []


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
