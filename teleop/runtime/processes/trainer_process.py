"""The training process: torch on one thread at low priority, so that frames are not delayed.

With two torch threads beside a window, training slowed down from 240 to 6 steps per second, and the
window from 60 to 40 frames per second. One thread at nice 10 does not change frame times.
"""

import contextlib
import signal
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from teleop.envs.factory import is_quick
from teleop.errors import TeleopError, sentence
from teleop.playback.replay import TURN_BASED_HZ
from teleop.recording import Library
from teleop.runtime.processes.request_handler import RequestHandler, Stopped
from teleop.runtime.processes.studies import iter_methods, iter_study
from teleop.runtime.processes.training_reports import ProgressReport, RunReport
from teleop.runtime.protocol.diagnosis_messages import Examine, Examined, GaugesMeasured
from teleop.runtime.protocol.preference_messages import AskPreference, PreferenceAsked
from teleop.runtime.protocol.session_messages import Request
from teleop.runtime.protocol.training_messages import (
    Analysis,
    AnalysisProgress,
    Certified,
    Certify,
    Checked,
    ListRounds,
    MethodsCompared,
    PolicySaved,
    Profiled,
    RewardMapsShown,
    Rounds,
    RunAnalysis,
    ShowRewardMaps,
    StopTraining,
    ToTrainer,
    Train,
    TrainerReady,
    TrainingBegan,
    TrainingFailed,
)
from teleop.text import tr
from teleop.types.findings import PieceSource
from teleop.workers.worker_pool import lower_priority

if TYPE_CHECKING:
    from teleop.learning.rewards.asking import Asking
    from teleop.learning.rewards.reward_maps import RewardMapper
    from teleop.learning.training_run import TrainingRun

Told = TypeVar("Told", Examined, MethodsCompared)
_CERTIFIED_S = 2.0  # between reports: for each, the window lists everything again
_REPORT_S = 0.15


def serve(pipe: "Connection[Any, Any]") -> None:
    """Handle requests until the window asks to quit or has closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    lower_priority()
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        from teleop.learning.networks import torch_training  # loads torch before it is needed

        torch_training.warm_up()
        pipe.send(TrainerReady())
        TrainerProcess(pipe).run()


_WAITING = (AskPreference, ShowRewardMaps)  # the window waits for their answers


class TrainerProcess(RequestHandler):
    """Handles requests one after another; long ones check the pipe in between."""

    def __init__(self, pipe: "Connection[Any, Any]") -> None:
        super().__init__(pipe)
        self._waiting: deque[ToTrainer] = deque()  # requests that came during other work
        self._unplayed: ListRounds | None = None  # rounds to play while nothing else is requested
        self._handlers = {
            Train: self._train,
            RunAnalysis: self._analyse,
            ListRounds: self._list_rounds,
            Certify: self._certify,
            Examine: self._examine,
            ShowRewardMaps: self._show_reward_maps,
            AskPreference: self._ask_preference,
        }
        self._asking: tuple[tuple[Path, str], Asking] | None = None  # the latest dialogue
        self._mapped: tuple[object, RewardMapper] | None = None  # the latest dataset, and its maps

    def run(self) -> None:
        """Handle requests until the window asks to quit."""
        while not self._quits:
            self.handle(self._waiting.popleft() if self._waiting else self._pipe.recv())
            if self._unplayed and not self._quits and not self._pipe.poll():
                self._play_rounds(self._unplayed)

    def _look(self) -> None:
        """Check whether the window has asked to stop or quit.

        Raises:
            Stopped: the window asked for it.
        """
        while self._pipe.poll():
            message = self._pipe.recv()
            self._quits = message is Request.QUIT
            if self._quits or isinstance(message, StopTraining):
                raise Stopped
            if isinstance(message, _WAITING):
                self._waiting.append(message)

    # ------------------------------------------------------------ training

    def _train(self, request: Train) -> None:
        try:
            (self._train_again if request.after else self._train_first)(request)
        except Stopped:
            raise
        except TeleopError as problem:
            self._pipe.send(TrainingFailed(sentence(problem)))
        except MemoryError:
            text = tr("Training needs more memory than this computer has free.")
            self._pipe.send(TrainingFailed(text))
        except Exception as problem:  # noqa: BLE001  untrusted data can raise anything; report it
            text = tr("Training failed: {problem}. Recordings are safe.", problem=sentence(problem))
            self._pipe.send(TrainingFailed(text))

    def _train_first(self, request: Train) -> None:
        from teleop.learning.data.demonstrations import load_demonstrations
        from teleop.learning.policy import list_policies
        from teleop.learning.recipes import find_recipe
        from teleop.learning.rewards.preferences import reward_folder
        from teleop.learning.training_run import TrainingRun

        began = time.perf_counter()
        dataset = Library(request.root).existing(request.dataset_id)
        others = list_policies(dataset.policies)  # fails first if the folder cannot be used
        demos = load_demonstrations(dataset, request.files or None)
        algorithm, settings = find_recipe(request.recipe)
        settings = settings | {"seed": request.seed}
        if algorithm == "bc":
            settings |= {"reward": request.plays, "all_takes": request.all_takes}
        if algorithm == "practise":
            start = str(dataset.policies / request.start) if request.start else ""
            settings |= {"start": start, "minutes": request.minutes}
            settings |= (
                {"reward": str(reward_folder(dataset, request.reward))} if request.reward else {}
            )
        training_run = TrainingRun(demos, algorithm, settings)
        folder = dataset.policies / training_run.policy_name(others)
        self._pipe.send(TrainingBegan(len(demos.used), demos.total_steps, training_run.traits))
        progress = ProgressReport(self._pipe.send, began)
        report = RunReport(self._pipe.send, request.dataset_id, training_run, folder, began)
        try:
            self._follow(training_run, progress, report)
        except Stopped:  # stopped by the person; keep the best policy so far
            if training_run.policy is None:
                text = tr("Stopped before there was a policy to keep.")
                self._pipe.send(TrainingFailed(text))
                raise
        else:
            report.scores(over=True)
        report.save(final=True)

    def _follow(
        self, training_run: "TrainingRun", progress: ProgressReport, report: RunReport
    ) -> None:
        """Train, then play fresh starts; report the progress."""
        for part in training_run.train():
            if part.policy is not None:
                report.save(final=False)
            progress.add(part)
            self._look()
        progress.send()
        for check in training_run.check():
            self._pipe.send(Checked(check))
            self._look()
        for played in training_run.stand():
            progress.play(played.who, played.done, played.total)
            if played.score is not None:
                report.scores()
            self._look()
        for _ in training_run.pair():
            self._look()

    def _train_again(self, request: Train) -> None:
        """Train a further round that includes the corrections; it is playable after a moment."""
        from teleop.learning.analysis import dagger_rounds
        from teleop.learning.data.learned_from import gather
        from teleop.learning.policy import list_policies, load_policy

        began = time.perf_counter()
        library = Library(request.root)
        dataset = library.existing(request.dataset_id)
        before = load_policy(dataset.policies / request.after)
        demos = gather(library, dataset, before)
        name = dagger_rounds.name_of(before, list_policies(dataset.policies))
        self._pipe.send(TrainingBegan(len(demos.used), demos.total_steps, ()))
        report = ProgressReport(self._pipe.send, began)
        saved = False
        for progress in dagger_rounds.iter_round(demos, before, request.seed):
            last = progress.step >= progress.total
            if progress.policy is not None and (last or not saved):
                progress.policy.save(dataset.policies / name)
                seconds = time.perf_counter() - began
                self._pipe.send(PolicySaved(request.dataset_id, name, final=last, seconds=seconds))
                saved = True
            report.add(progress)
            self._look()
        self._unplayed = ListRounds(request.root, request.dataset_id, name)

    # ------------------------------------------------------------ while nothing is trained

    def _list_rounds(self, request: ListRounds) -> None:
        self._unplayed = request

    def _play_rounds(self, request: ListRounds) -> None:
        """Send the score of each round; play rounds without a score until a request arrives."""
        from teleop.learning.analysis import dagger_rounds

        with contextlib.suppress(TeleopError):  # untrusted policies: no chart on an error
            dataset = Library(request.root).existing(request.dataset_id)
            rounds = dagger_rounds.rounds_of(dataset, request.policy)
            self._pipe.send(Rounds(request.dataset_id, request.policy, tuple(rounds)))
            for name in dagger_rounds.unplayed(dataset, request.policy):
                for _ in dagger_rounds.play_round(dataset, name):
                    if self._pipe.poll():
                        return
                dagger_rounds.compare_rounds(dataset, request.policy)
                found = dagger_rounds.rounds_of(dataset, request.policy)
                self._pipe.send(Rounds(request.dataset_id, request.policy, tuple(found)))
            if not self._measure_gauges(Library(request.root), request):
                return
        self._unplayed = None

    def _measure_gauges(self, library: Library, request: ListRounds) -> bool:
        """Measure a policy's gauges, if that is quick; return False if another request came."""
        from teleop.learning.covariate_shift.diagnosis import Diagnosis

        found = Diagnosis(library, library.existing(request.dataset_id), request.policy)
        if found.gauges or not is_quick(found.policy.config.env_id):
            return True
        for _ in found.iter_gauges():
            if self._pipe.poll():
                return False
        self._pipe.send(GaugesMeasured(request.dataset_id, request.policy))
        return True

    def _certify(self, request: Certify) -> None:
        """Re-simulate episodes without a certificate, until another request arrives."""
        from teleop.recording.datasets.dataset_certificates import certified_rows, iter_certify_row

        with contextlib.suppress(TeleopError):
            dataset = Library(request.root).existing(request.dataset_id)
            rows = reversed(certified_rows(dataset))
            wanted = [row for row in rows if not row.certificate and row.sha256]
            said_s = 0.0
            for number, row in enumerate(wanted, start=1):
                with contextlib.suppress(TeleopError):  # damaged; reading it reports that
                    for _ in iter_certify_row(dataset, row):
                        if self._pipe.poll():
                            return
                if number == len(wanted) or time.perf_counter() - said_s > _CERTIFIED_S:
                    self._pipe.send(Certified(request.dataset_id))
                    said_s = time.perf_counter()

    # ------------------------------------------------------------ analyses

    def _examine(self, request: Examine) -> None:
        """Examine a policy, and report what is known so far."""
        told = Examined(request.dataset_id, request.policy, request.study)
        self._report(told, iter_study(request))

    def _report(self, told: Told, parts: Iterator[Told]) -> None:
        """Send what is known so far, now and then and in the end.

        Args:
            told: what is known before anything was done.
            parts: what is known, again and again.
        """
        problem, said_s = "", 0.0
        try:
            for part in parts:
                told = replace(part, final=False)
                if time.perf_counter() - said_s > _REPORT_S:
                    said_s = time.perf_counter()
                    self._pipe.send(told)
                self._look()
        except TeleopError as trouble:
            problem = sentence(trouble)
        except Stopped:
            problem = tr("Stopped.")
            raise
        except Exception as trouble:  # noqa: BLE001  untrusted data can raise anything; report it
            problem = tr(
                "The analysis failed: {problem}. Recordings are safe.", problem=sentence(trouble)
            )
        finally:
            self._pipe.send(replace(told, final=True, problem=problem))

    def _show_reward_maps(self, request: ShowRewardMaps) -> None:
        """Learn the rewards of a dataset unless they are known, and plan with them."""
        from teleop.learning.data.demonstrations import load_demonstrations
        from teleop.learning.rewards.reward_maps import RewardMapper

        shown = RewardMapsShown(request.dataset_id, None)
        try:
            demos = load_demonstrations(Library(request.root).existing(request.dataset_id))
            key = (request.root, request.dataset_id, demos.sources, demos.starts.tobytes())
            if self._mapped is None or self._mapped[0] != key:
                self._mapped = (key, RewardMapper(demos))
            maps = self._mapped[1].maps(request.walls)
            self._pipe.send(replace(shown, maps=maps))
        except Exception as problem:  # noqa: BLE001  untrusted data can raise anything; report it
            self._pipe.send(replace(shown, problem=sentence(problem)))

    def _ask_preference(self, request: AskPreference) -> None:
        """Keep an answer, or take the latest one back, and ask about the next pair."""
        from teleop.learning.rewards.asking import ENOUGH

        try:
            asking = self._asking_about(request)
            problem = ""
            try:
                if request.undo:
                    asking.undo()
                elif request.answer and request.pair == pair_of(asking):
                    asking.answer(request.answer)
            except TeleopError as trouble:  # the same pair is asked again
                problem = sentence(trouble)
            pace = asking.pace_hz or TURN_BASED_HZ
            state = (pace, asking.count, ENOUGH, asking.agreement, len(asking.damaged))
            self._pipe.send(PreferenceAsked(request.dataset_id, pair_of(asking), *state, problem))
        except Exception as trouble:  # noqa: BLE001  untrusted data can raise anything; report it
            asked = PreferenceAsked(request.dataset_id, None, problem=sentence(trouble))
            self._pipe.send(asked)

    def _asking_about(self, request: AskPreference) -> "Asking":
        """Return the dialogue about a dataset; a new one unless it goes on."""
        from teleop.learning.rewards.asking import Asking

        key = (request.root, request.dataset_id)
        goes_on = request.answer or request.undo
        if self._asking is None or self._asking[0] != key or not goes_on:
            self._asking = (key, Asking(Library(request.root).existing(request.dataset_id)))
        return self._asking[1]

    def _analyse(self, request: RunAnalysis) -> None:
        if request.study is Analysis.PROFILE:
            self._profile(request)
            return
        if request.study is Analysis.METHODS:
            self._report(MethodsCompared(request.dataset_id), iter_methods(request))
            return
        points: tuple[tuple[int, float, float, float], ...] = ()
        total, trouble = 0, ""
        try:
            for point, total in _iter_points(request):
                points += (point,)
                self._pipe.send(
                    AnalysisProgress(request.dataset_id, request.study, points, total, final=False)
                )
                self._look()
        except Stopped:
            raise
        except TeleopError as problem:
            trouble = sentence(problem)
        except Exception as problem:  # noqa: BLE001  untrusted data can raise anything; report it
            trouble = tr(
                "The analysis failed: {problem}. Recordings are safe.", problem=sentence(problem)
            )
        finally:
            done = AnalysisProgress(request.dataset_id, request.study, points, total, True, trouble)
            self._pipe.send(done)

    def _profile(self, request: RunAnalysis) -> None:
        """Send a description of the dataset in words."""
        from teleop.learning.data.demonstrations import load_demonstrations
        from teleop.learning.data.profile import profile_of
        from teleop.learning.progress import check_teaches
        from teleop.learning.recipes import recipe_problems

        found = Profiled(request.dataset_id, ())
        try:
            demos = load_demonstrations(Library(request.root).existing(request.dataset_id))
            failed = tuple(demos.sources[i][0] for i in demos.failed)
            cannot = tuple(recipe_problems(demos).items())
            traits, rule = profile_of(demos), demos.success_rule.words
            found = Profiled(request.dataset_id, traits, "", cannot, failed, rule)
            self._pipe.send(found)
            check_teaches(demos)
        except Exception as problem:  # noqa: BLE001  untrusted data can raise anything; report it
            self._pipe.send(replace(found, problem=sentence(problem)))


def pair_of(asking: "Asking") -> tuple[PieceSource, PieceSource]:
    """Return the pair that is asked about."""
    return asking.pair[0].source, asking.pair[1].source


def _iter_points(request: RunAnalysis) -> Iterator[tuple[tuple[int, float, float, float], int]]:
    """Yield (number, mean, low, high) of each point, with the total number of points."""
    from teleop.learning.analysis.curve import counts_for, iter_curve
    from teleop.learning.analysis.influence import iter_influence
    from teleop.learning.analysis.same_starts import iter_same_starts
    from teleop.learning.data.demonstrations import load_demonstrations
    from teleop.learning.policy import list_policies, load_policy
    from teleop.learning.progress import check_teaches
    from teleop.learning.training_run import tuned_settings_of

    dataset = Library(request.root).existing(request.dataset_id)
    demos = load_demonstrations(dataset)
    check_teaches(demos)
    names = list_policies(dataset.policies)
    known = tuned_settings_of(load_policy(dataset.policies / names[-1]) if names else None, demos)
    if request.study is Analysis.SAME_STARTS:
        if names:
            policy = load_policy(dataset.policies / (request.policy or names[-1]))
            for start in iter_same_starts(demos, policy):
                apart = start.its - start.yours
                yield (start.number, apart, apart, apart), len(demos.used)
        return
    if request.study is Analysis.CURVE:
        total = len(counts_for(len(demos.used)))
        for point in iter_curve(demos, known):
            yield (point.demonstrations, point.mean, point.low, point.high), total
        return
    for item in iter_influence(demos, known):
        low, high = item.effect - 2 * item.error, item.effect + 2 * item.error
        yield (item.number, item.effect, low, high), len(demos.used)
