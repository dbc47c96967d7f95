"""The stage's first act: a person drives, takes are recorded, kept, discarded, brought back."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from teleop.control import ControlSettings, HumanPolicy, SettingsFile, bound, make_scheme
from teleop.envs.catalogue import find_entry
from teleop.envs.making import make_env, pace_of
from teleop.envs.spaces import Space
from teleop.errors import LearningError, RecordingError, StorageError, TeleopError, sentence
from teleop.learning.features import Features
from teleop.recording import EpisodeRow, Library, Recorder, Take, dataset_info
from teleop.recording.library import human_dataset_id
from teleop.session import Phase, Session, seeds_from
from teleop.stage.frames import FrameWriter
from teleop.stage.hints import hint_of
from teleop.stage.listing import library_changed
from teleop.stage.live import live_of
from teleop.stage.messages import (
    EnvOpened,
    FromStage,
    Live,
    Notice,
    OpenEnv,
    Pictured,
    Tone,
)
from teleop.types import InputEvent

Say = Callable[[FromStage], None]
_Job = tuple[Future[Any], Callable[[Any], None], Callable[[], None] | None]


class Driving:
    """One environment in a person's hands, and the dataset their takes go to."""

    def __init__(self, request: OpenEnv, library: Library, base_seed: int, say: Say) -> None:
        """Open an environment.

        Raises:
            EnvError: it cannot be made, reset or drawn.
            ControlError: nothing can drive it.
        """
        self.env_id = env_id = request.env_id
        self._library, self._say = library, say
        self._frames = FrameWriter("drive")
        env = make_env(env_id)
        self._settings_file = SettingsFile(library.root)
        self._settings = self._settings_file.read(env_id)
        scheme = make_scheme(env, self._settings)
        turn_based = pace_of(env) == 0
        self._human = HumanPolicy(
            scheme, bound(scheme.moves, self._settings), turn_based=turn_based
        )
        first = [env]  # the first episode uses the environment just made
        self._session = Session(
            lambda: first.pop() if first else make_env(env_id),
            self._human,
            seeds_from(base_seed),
        )
        if request.pace_hz and not turn_based:
            self._session.base_pace_hz = request.pace_hz
        self._pending: Take | None = None
        self._undo: list[str] = []
        self._recorder: Recorder | None = None
        self._claimed_dataset = False
        self._dataset = library.dataset(human_dataset_id(env_id))
        self._shown = library.dataset(library.best_dataset_id(env_id))
        self._worker = ThreadPoolExecutor(1, "library")
        self._jobs: list[_Job] = []
        self._set_pace()
        picture = self._session.draw()  # an environment that cannot draw must not count as open
        self._say(self._opened())
        self._say(Pictured("drive", self._live(0.0), self._frames.write(picture)))
        if self._dataset.exists:
            self._work(self._open_dataset, self._claimed)
        else:
            self._work(lambda: None, lambda _: self._list())

    @property
    def due_s(self) -> float | None:
        """When the next step is due."""
        return self._session.due_s

    @property
    def busy(self) -> bool:
        """Something is being written in the background."""
        return bool(self._jobs)

    def hear(self, event: InputEvent) -> None:
        """The person moved a key, button or stick."""
        self._human.hear(event)
        if event.value == 1.0:
            self._session.hasten()
        if self._recorder:
            self._recorder.hear(event)

    def release(self) -> None:
        """Let go of every key."""
        self._human.release()

    def tick(self, now: float) -> None:
        """Take a step if one is due, show it, and take in what the background has finished."""
        try:
            stepped = self._session.tick(now)
        except Exception as problem:  # noqa: BLE001  an environment meets us; the take is kept
            self._session.phase = Phase.ENDED
            self._say(Notice(Tone.BAD, sentence(problem)))
            self._ended()
            self._show(now, draw=False)
            stepped = False
        if stepped:
            if self._session.phase is Phase.ENDED:
                self._ended()
            self._show(now)
        self._collect()

    def start_take(self, now: float) -> None:
        """Record from a fresh start; a take that waits is kept first."""
        if self._pending:
            self.keep_take(now)
        if self._session.phase is not Phase.READY:
            self._abandon()
            self._session.renew(now)
        try:
            self._prepare_recorder()
            self._session.start(now)
            if warning := self._dataset.room_left():
                self._say(Notice(Tone.BAD, warning))
            if self._shown.dataset_id != self._dataset.dataset_id:
                self.choose_dataset(self._dataset.dataset_id)
        except (RecordingError, StorageError) as problem:
            self._say(Notice(Tone.BAD, sentence(problem)))
        self._show(now)

    def stop_take(self, now: float) -> None:
        """End the take here; it waits to be kept or discarded."""
        if self._session.phase in (Phase.RUNNING, Phase.PAUSED):
            self._session.phase = Phase.ENDED
            self._ended()
            self._show(now)

    def keep_take(self, now: float) -> None:
        """Save the take."""
        self.stop_take(now)
        take, self._pending = self._pending, None
        if take and self._recorder:
            recorder = self._recorder
            self._shown = self._dataset
            self._work(lambda: recorder.keep(take), self._kept, lambda: self._not_kept(take))
        self._ready(now)

    def discard_take(self, now: float) -> None:
        """Put the take aside; `undo` brings it back."""
        self.stop_take(now)
        take, self._pending = self._pending, None
        if take and self._recorder:
            self._undo.append(self._recorder.discard(take))
            text = f"Discarded {take.total_steps} steps, return {take.total_reward:+.1f}"
            self._say(Notice(Tone.UNDO, text.replace("-", "−")))
        self._ready(now)

    def delete(self, file: str) -> None:
        """Put a saved episode into the trash."""
        if self._shown.dataset_id != self._dataset.dataset_id:
            text = f"{self._shown.dataset_id} is not yours to delete from here; it stays as it is."
            self._say(Notice(Tone.BAD, text))
            return
        self._work(lambda: self._dataset.delete(file), lambda _: self._deleted(file))

    def undo(self, now: float) -> None:
        """Bring back what was discarded or deleted last."""
        if not self._undo:
            self._say(Notice(Tone.PLAIN, "There is nothing to undo."))
            return
        name = self._undo.pop()
        self._work(lambda: self._dataset.restore(name), self._restored)
        self._show(now, draw=False)

    def star(self, uuid: str, starred: bool) -> None:
        """Mark an episode."""
        dataset = self._shown
        self._work(lambda: dataset.label(uuid, starred=starred), lambda _: self._list())

    def choose_dataset(self, dataset_id: str) -> None:
        """List another dataset's episodes."""
        if any(s.dataset_id == dataset_id for s in self._library.summaries(self.env_id)):
            own = dataset_id == self._dataset.dataset_id
            self._shown = self._dataset if own else self._library.dataset(dataset_id)
        self._list()

    def pause(self, now: float) -> None:
        """Hold still and let go of every key."""
        self._human.release()
        self._session.pause()
        self._show(now, draw=False)

    def resume(self, now: float) -> None:
        """Go on."""
        self._session.resume(now)
        self._show(now, draw=False)

    def set_speed(self, speed: float, now: float) -> None:
        """Play faster or slower."""
        self._session.speed = speed
        self._set_pace()
        self._show(now, draw=False)

    def set_ramp(self, ramp_s: float) -> None:
        """How fast keys move continuous axes."""
        self.set_controls(self._settings.with_axis("all", ramp_s=ramp_s))

    def set_controls(self, settings: ControlSettings) -> None:
        """Use other controls from now on, and remember them.

        Raises:
            ControlError: they contradict each other, or cannot be written.
        """
        scheme = make_scheme(self._session.env, settings)
        moves = bound(scheme.moves, settings)
        self._settings_file.write(self.env_id, settings)
        self._settings = settings
        self._human.use(scheme, moves)
        self._say(self._opened())

    def new_seed(self, now: float) -> None:
        """Another start, while nothing is being recorded."""
        if self._session.phase in (Phase.READY, Phase.ENDED) and not self._pending:
            self._ready(now)

    def show(self, now: float) -> None:
        """Say everything again: the window comes back to this view."""
        self._show(now)
        self._list()

    def retire(self, now: float) -> None:
        """Finish while another environment is on screen: only notices still matter."""
        say = self._say
        self._say = lambda message: say(message) if isinstance(message, Notice) else None
        self.close(now)

    def close(self, now: float) -> None:
        """Finish: a running or waiting take is kept, the background work is waited for."""
        self.keep_take(now)
        self._session.close()
        self._worker.shutdown(wait=True)
        self._collect()
        self._dataset.release()
        self._frames.close()

    # ------------------------------------------------------------ takes

    def _prepare_recorder(self) -> None:
        if self._recorder is None:
            self._worker.submit(self._open_dataset).result()  # behind a claim that still runs
            self._recorder = Recorder(self._dataset, self._session.env)
        self._session.use_recorder(self._recorder)

    def _ended(self) -> None:
        """The episode is over: what was recorded of it waits for a decision."""
        try:
            take = self._session.stop()
        except StorageError as problem:
            self._say(Notice(Tone.BAD, sentence(problem)))
            return
        if take:
            self._pending = take
            if take.problem:
                self._say(Notice(Tone.BAD, take.problem))

    def _abandon(self) -> None:
        """A take that is somehow still running must not be lost: keep it."""
        self._ended()
        take, self._pending = self._pending, None
        if take and self._recorder:
            recorder = self._recorder
            self._work(lambda: recorder.keep(take), self._kept)

    def _ready(self, now: float) -> None:
        """A fresh start, waiting for the person."""
        self._session.use_recorder(None)
        try:
            self._session.renew(now)
        except TeleopError as problem:
            self._say(Notice(Tone.BAD, sentence(problem)))
        self._show(now)

    def _open_dataset(self) -> tuple[int, int]:
        """Take the dataset for writing: (episodes recovered, takes that still wait for room)."""
        if self._claimed_dataset:
            return 0, 0
        info = dataset_info(self._session.env)
        self._dataset = self._library.open_for_writing(self._dataset.dataset_id, info)
        found = self._dataset.claim()
        self._claimed_dataset = True
        return len(found.recovered), len(found.waiting)

    # ------------------------------------------------------------ background work

    def _work(
        self,
        job: Callable[[], Any],
        then: Callable[[Any], None],
        otherwise: Callable[[], None] | None = None,
    ) -> None:
        self._jobs.append((self._worker.submit(job), then, otherwise))

    def _collect(self) -> None:
        while self._jobs and self._jobs[0][0].done():
            future, then, otherwise = self._jobs.pop(0)
            problem = future.exception()
            if problem is not None:  # a file that surprises us must not cost the session
                self._say(Notice(Tone.BAD, sentence(problem)))
                self._list()
                if otherwise:
                    otherwise()
            else:
                then(future.result())

    def _claimed(self, result: tuple[int, int]) -> None:
        recovered, waiting = result
        if self._recorder is None:
            self._recorder = Recorder(self._dataset, self._session.env)
        if self._shown.dataset_id == self._dataset.dataset_id:
            self._shown = self._dataset
        if recovered:
            many = "takes were" if recovered > 1 else "take was"
            self._say(Notice(Tone.GOOD, f"{recovered} {many} recovered from an interrupted run."))
        if waiting:
            self._say(Notice(Tone.BAD, f"{waiting} take(s) wait for room on the disk."))
        self._list()

    def _kept(self, row: EpisodeRow) -> None:
        text = f"Saved episode {row.ordinal + 1}: {row.total_steps} steps, {row.total_reward:+.1f}"
        self._say(Notice(Tone.GOOD, text.replace("-", "−")))
        self._list()

    def _not_kept(self, take: Take) -> None:
        """Saving failed: the take waits again, so that Save can be tried again."""
        if take.journal.exists() and self._pending is None and self._session.phase is Phase.READY:
            self._pending = take
            self._show(time.perf_counter(), draw=False)

    def _deleted(self, name: str) -> None:
        self._undo.append(name)
        self._say(Notice(Tone.UNDO, f"Deleted episode {int(name[:6]) + 1}"))
        self._list()
        self._show(time.perf_counter(), draw=False)

    def _restored(self, row: EpisodeRow) -> None:
        self._say(Notice(Tone.GOOD, f"Episode {row.ordinal + 1} is back"))
        self._list()

    def _list(self) -> None:
        self._say(library_changed(self._library, self.env_id, self._shown))

    # ------------------------------------------------------------ what is shown

    def _set_pace(self) -> None:
        pace = self._session.pace_hz
        self._human.dt_s = 1 / pace if pace else 0.0

    def _show(self, now: float, *, draw: bool = True) -> None:
        frame = None
        if draw:
            try:
                frame = self._frames.write(self._session.draw())
            except TeleopError as problem:
                self._say(Notice(Tone.BAD, sentence(problem)))
        self._say(Pictured("drive", self._live(now), frame))

    def _live(self, now: float) -> Live:
        return live_of(
            self._session,
            now,
            recording=bool(self._recorder and self._recorder.is_recording),
            pending=self._pending is not None,
            can_undo=bool(self._undo),
        )

    def _opened(self) -> EnvOpened:
        entry = find_entry(self.env_id)
        axes = self._human.scheme.axes
        return EnvOpened(
            env_id=self.env_id,
            summary=entry.summary,
            icon=entry.icon,
            turn_based=self._human.turn_based,
            continuous=bool(axes),
            ramp_s=max((axis.ramp_s for axis in axes.values()), default=0.0),
            hints=tuple(hint_of(move) for move in self._human.moves),
            cannot_learn=_why_not(self._session.env.observation_space),
        )


def _why_not(space: Space) -> str:
    """Why nothing can be learned from observations of this space; empty if something can."""
    try:
        Features(space)
    except LearningError as problem:
        return sentence(problem)
    return ""
