"""The environment process: handles messages, advances what is shown, and sends the results.

The loop sleeps until a message arrives or the next step is due, so a key press is handled within a
millisecond and no step is early.
"""

import functools
import gc
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from teleop.errors import sentence
from teleop.learning import LearnedPolicy, load_policy
from teleop.learning.covariate_shift.known_states import known_states
from teleop.recording import Dataset, Library
from teleop.recording.datasets.dataset_library import human_dataset_id
from teleop.runtime.datasets.library_jobs import LibraryJobs
from teleop.runtime.driving.beginnings import policy_beginning, recorded_beginning
from teleop.runtime.driving.driving_session import DrivingSession
from teleop.runtime.protocol.comparison_messages import (
    MapReward,
    Race,
    ShowReplay,
    ShowStep,
    WriteFilm,
    WriteReplay,
)
from teleop.runtime.protocol.diagnosis_messages import ContinueFrom, ShowMoment
from teleop.runtime.protocol.library_messages import (
    AddSamples,
    Curate,
    CuratePolicies,
    HandIn,
    ImportDataset,
    ListEpisodes,
    ListLibrary,
    ToLibrary,
)
from teleop.runtime.protocol.preference_messages import ShowPieces
from teleop.runtime.protocol.session_messages import (
    EnvFailed,
    FromEnvironment,
    Notice,
    OpenEnv,
    Request,
    Say,
    ShowCorrect,
    ShowPreview,
    ToEnvironment,
    Tone,
)
from teleop.runtime.viewing.comparison_view import ComparisonView
from teleop.runtime.viewing.failures_film import FailuresFilm
from teleop.runtime.viewing.moment_picture import MomentPicture
from teleop.runtime.viewing.piece_view import PieceView
from teleop.runtime.viewing.preview import PolicyPreview
from teleop.runtime.viewing.video_export import VideoExport
from teleop.text import tr

_IDLE_S = 0.5
_BUSY_S = 0.01
_POLL_ROUNDS_S = 0.0015


def serve(pipe: "Connection[Any, Any]", root: Path, samples: Path, base_seed: int) -> None:
    """Run until the window asks to quit or has closed.

    Args:
        pipe: pipe to the window.
        root: the recordings folder.
        samples: sample recordings, copied to a recordings folder that is newly created.
        base_seed: seed of the first episode.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches the window, which sends QUIT
    host = EnvironmentProcess(Library(root), samples, base_seed, pipe.send)
    gc.collect()
    gc.freeze()  # libraries stay loaded: scanning them for garbage takes 10 ms while driving
    try:
        while host.running:
            if _heard(pipe, host.seconds_to_next(time.perf_counter())):
                host.handle(pipe.recv(), time.perf_counter())
            host.tick(time.perf_counter())
    except (EOFError, BrokenPipeError, ConnectionResetError):
        host.mute()  # the window has closed: finish writing, then end
    finally:
        host.close(time.perf_counter())


def _heard(pipe: "Connection[Any, Any]", wait_s: float) -> bool:
    """Wait at most `wait_s` for a message; exact, although `poll` rounds up to milliseconds."""
    end = time.perf_counter() + wait_s
    if pipe.poll(max(0.0, wait_s - _POLL_ROUNDS_S)):
        return True
    time.sleep(max(0.0, end - time.perf_counter()))
    return pipe.poll()


class EnvironmentProcess:
    """Runs everything that can be shown; time is passed in as an argument."""

    def __init__(self, library: Library, samples: Path, base_seed: int, say: Say) -> None:
        self.running = True
        self._library, self._samples, self._base_seed = library, samples, base_seed
        self._speak = say
        self._driving: DrivingSession | None = None
        self._preview: PolicyPreview | None = None
        self._replay: ComparisonView | None = None
        self._pieces: PieceView | None = None
        self._writing: VideoExport | None = None
        self._film: FailuresFilm | None = None
        self._moment = MomentPicture(self._say)
        self._previewed = ("", "")
        self._worker = ThreadPoolExecutor(1, "library")  # the only thread that writes to datasets
        self._curating = LibraryJobs(library, self._worker, self._claimed, self._say, samples)

    @property
    def driving(self) -> DrivingSession | None:
        """The driving session, if an environment is open."""
        return self._driving

    def mute(self) -> None:
        """Stop sending messages."""
        self._speak = lambda _: None

    def seconds_to_next(self, now: float) -> float:
        """Return the number of seconds to wait for a message."""
        acts = (self._driving, self._preview, self._replay, self._pieces, self._film)
        due = [act.due_s for act in acts if act is not None]
        waits = [max(0.0, when - now) for when in due if when is not None]
        busy = self._curating.busy or (self._driving is not None and self._driving.busy)
        busy = busy or self._writing is not None
        idle = _BUSY_S if busy else _IDLE_S
        return min([idle, *waits])

    def tick(self, now: float) -> None:
        """Advance the driving session, the preview and the comparison if they are due."""
        if self._curating.collect() and self._driving:
            self._driving.takes.list()
        self._export(now)
        if self._driving:
            try:
                self._driving.tick(now)
            except Exception as problem:  # noqa: BLE001  whatever it is, the take must not be lost
                self._say(Notice(Tone.BAD, sentence(problem)))
                self._driving.handle(Request.PAUSE, now)
        for act in (self._preview, self._replay, self._pieces):
            if act is None:
                continue
            try:
                act.tick(now)
            except Exception as problem:  # noqa: BLE001  these can raise anything
                self._say(Notice(Tone.BAD, sentence(problem)))
                self._leave_acts()

    def _export(self, now: float) -> None:
        """Begin the export that was requested, or collect the result of the running one."""
        if self._writing and self._writing.collect(now):
            self._writing = None
        if self._writing is None and self._replay:
            self._writing = self._replay.take_export()
        engaged = self._driving is not None and self._driving.engaged
        if self._writing is None and self._film and not engaged:
            try:
                self._writing = self._film.tick(now)
            except Exception as problem:  # noqa: BLE001  environments can raise anything
                self._say(Notice(Tone.BAD, sentence(problem)))
                self._end_film()
            if self._writing:
                self._film = None

    def handle(self, message: ToEnvironment, now: float) -> None:
        """Handle a message from the window; report an error in one sentence."""
        try:
            _HANDLERS.get(type(message), EnvironmentProcess._drive)(self, message, now)
        except Exception as problem:  # noqa: BLE001  these can raise anything
            if isinstance(message, OpenEnv):
                self._say(EnvFailed(message.env_id, sentence(problem)))
            else:
                self._say(Notice(Tone.BAD, sentence(problem)))

    def close(self, now: float) -> None:
        """Finish writing datasets, and cancel writing a comparison."""
        self._leave_acts()
        if self._driving:
            self._driving.close(now)
            self._driving = None
        self._worker.shutdown(wait=True)
        self._curating.collect()
        self._end_film()
        self._moment.close()
        if self._writing:
            self._writing.cancel()

    def _claimed(self, dataset_id: str) -> Dataset | None:
        return self._driving.takes.claimed(dataset_id) if self._driving else None

    def _say(self, message: FromEnvironment) -> None:
        self._speak(message)

    def _open(self, message: OpenEnv, now: float) -> None:
        """Open another environment; if that fails, the current one stays open."""
        self._library.ensure(self._samples)
        self._leave_acts()
        before = self._driving
        if before and before.env_id == message.env_id:
            return
        if before:
            before.handle(Request.PAUSE, now)
        wish = replace(before.options, turn_based=None) if before else None
        self._driving = DrivingSession(
            message, self._library, self._base_seed, self._worker, self._say, wish
        )
        if before:
            before.retire(now)

    def _show_preview(self, message: ShowPreview, now: float) -> None:
        dataset = self._library.existing(message.dataset_id)
        wanted = (message.dataset_id, message.policy)
        if self._preview and self._previewed == wanted:
            self._preview.reload(dataset, message.policy)
            return
        self._leave_acts()
        self._preview = PolicyPreview(dataset, message.policy, self._say, now)
        self._previewed = wanted

    def _show_replay(self, message: ShowReplay, _: float) -> None:
        self._leave_acts()
        self._replay = ComparisonView(self._library, message, self._say)

    def _show_pieces(self, message: ShowPieces, _: float) -> None:
        self._leave_acts()
        self._pieces = PieceView(self._library.existing(message.dataset_id), message, self._say)

    def _show_step(self, message: ShowStep, _: float) -> None:
        for act in (self._replay, self._pieces):
            if act:
                act.show(message.step)

    def _map_reward(self, message: MapReward, _: float) -> None:
        if self._replay:
            self._replay.map_reward(message)

    def _write_replay(self, message: WriteReplay, _: float) -> None:
        if self._writing:
            text = tr("Another file is being written; try again afterwards")
            self._say(Notice(Tone.PLAIN, text))
        elif self._replay:
            self._replay.write(Path(message.output))

    def _write_film(self, message: WriteFilm, _: float) -> None:
        if self._writing or self._film:
            text = tr("Another file is being written; try again afterwards")
            self._say(Notice(Tone.PLAIN, text))
            return
        dataset = self._library.existing(message.dataset_id)
        self._film = FailuresFilm(dataset, message, self._say)

    def _end_film(self) -> None:
        if self._film:
            self._film.close()
            self._film = None

    def _race(self, message: Race, now: float) -> None:
        if self._driving:
            self._driving.race(message.seed, now)

    def _show_correct(self, message: ShowCorrect, now: float) -> None:
        if self._driving:
            self._leave_acts()
            dataset = self._library.existing(message.dataset_id)
            self._supervise(dataset, message.policy, now)
            self._driving.handle(Request.SHOW_DRIVE, now)

    def _supervise(self, dataset: Dataset, name: str, now: float) -> LearnedPolicy:
        """Let a policy drive while the person supervises it, and watch its gauges."""
        policy = load_policy(dataset.policies / name)
        if self._driving:
            self._driving.watch_over(policy, now)
            load = functools.partial(known_states, self._library, dataset, policy.name)
            self._driving.assistance.watch(policy, load)
        return policy

    def _continue_from(self, message: ContinueFrom, now: float) -> None:
        """Repeat the beginning of a run, and let the person drive on from there."""
        driving = self._driving
        if driving is None:
            return
        dataset = self._library.existing(message.dataset_id)
        if message.file:
            episode = dataset.read(message.file)
            seed, begun = recorded_beginning(episode, driving.env_id, message.steps)
        else:
            policy, seed = load_policy(dataset.policies / message.policy), message.seed
            begun = policy_beginning(policy, driving.env_id, seed, message.steps)
        self._leave_acts()
        driving.continue_from(seed, begun, now)

    def _show_moment(self, message: ShowMoment, _: float) -> None:
        """Show the picture of a recorded moment; corrections are in the person's own dataset."""
        dataset = self._library.existing(message.dataset_id)
        own = self._library.dataset(human_dataset_id(dataset.info().env_id))
        here = own.exists and message.file in {row.file for row in own.rows()}
        elsewhere = message.file not in {row.file for row in dataset.rows()}
        self._moment.show((own if here and elsewhere else dataset).read(message.file), message.step)

    def _curate(self, message: ToLibrary, _: float) -> None:
        self._library.ensure(self._samples)
        self._curating.handle(message)

    def _request(self, message: Request, now: float) -> None:
        match message:
            case Request.QUIT:
                self.running = False
            case Request.SHOW_NOTHING:
                self._leave_acts()
            case Request.SHOW_DRIVE:
                self._leave_acts()
                if self._driving:
                    self._driving.watch_over(None, now)
                    self._driving.assistance.watch(None, None)
        self._drive(message, now)

    def _drive(self, message: ToEnvironment, now: float) -> None:
        """Pass a message to the driving session."""
        if self._driving:
            self._driving.handle(message, now)

    def _leave_acts(self) -> None:
        for act in (self._preview, self._replay, self._pieces):
            if act:
                act.close()
        self._preview = self._replay = self._pieces = None


_HANDLERS: dict[type, Callable[[EnvironmentProcess, Any, float], None]] = {
    OpenEnv: EnvironmentProcess._open,
    ShowPreview: EnvironmentProcess._show_preview,
    ShowReplay: EnvironmentProcess._show_replay,
    ShowPieces: EnvironmentProcess._show_pieces,
    ShowCorrect: EnvironmentProcess._show_correct,
    ContinueFrom: EnvironmentProcess._continue_from,
    ShowMoment: EnvironmentProcess._show_moment,
    ShowStep: EnvironmentProcess._show_step,
    MapReward: EnvironmentProcess._map_reward,
    WriteReplay: EnvironmentProcess._write_replay,
    WriteFilm: EnvironmentProcess._write_film,
    Race: EnvironmentProcess._race,
    ListLibrary: EnvironmentProcess._curate,
    ListEpisodes: EnvironmentProcess._curate,
    Curate: EnvironmentProcess._curate,
    CuratePolicies: EnvironmentProcess._curate,
    HandIn: EnvironmentProcess._curate,
    ImportDataset: EnvironmentProcess._curate,
    AddSamples: EnvironmentProcess._curate,
    Request: EnvironmentProcess._request,
}  # everything else goes to the driving session
