"""A person drives: start, pause, save and discard episodes."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, get_args

from teleop.envs.factory import make_env, pace_of
from teleop.episode_trace import Probe
from teleop.errors import EnvError, RecordingError, StorageError, sentence
from teleop.learning import LearnedPolicy
from teleop.recording import Library, Take
from teleop.runtime.datasets.take_store import TakeStore
from teleop.runtime.driving.assistance import Assistance
from teleop.runtime.driving.drive_display import DriveDisplay
from teleop.runtime.driving.driver_selection import DriverSelection
from teleop.runtime.driving.frame_source import FrameSource
from teleop.runtime.driving.live_controls import ControlChange, LiveControls
from teleop.runtime.driving.pace_report import PaceReport, unwanted, was_hit
from teleop.runtime.driving.rewind import Rewind
from teleop.runtime.driving.seed_schedule import SeedSchedule
from teleop.runtime.driving.snapshot import describe_environment, live_snapshot
from teleop.runtime.driving.start_trigger import StartTrigger
from teleop.runtime.protocol.driving_options import DriveOptions
from teleop.runtime.protocol.session_messages import (
    ChooseDataset,
    DeleteEpisode,
    FromEnvironment,
    Input,
    Notice,
    OpenEnv,
    Pictured,
    Request,
    Rumble,
    Say,
    SessionSnapshot,
    SetOptions,
    SetSpeed,
    StarEpisode,
    ToEnvironment,
    Tone,
    UseSeed,
)
from teleop.session import Beginning, Phase, Session, seeds_from
from teleop.text import tr
from teleop.types import InputEvent

_PRESSED = 0.5
_REFRESH_S = 0.05  # time between frames while rewinding


class DrivingSession:
    """A session in which a person drives one environment.

    Attributes:
        env_id: full id of the environment.
        options: options for driving and recording.
        takes: the dataset that takes go to, and the pending take.
    """

    def __init__(
        self,
        request: OpenEnv,
        library: Library,
        base_seed: int,
        worker: ThreadPoolExecutor,
        say: Say,
        options: DriveOptions | None = None,
    ) -> None:
        """Open an environment; raises EnvError or ControlError if it cannot be driven."""
        self.env_id = env_id = request.env_id
        self.options = options or DriveOptions()
        self._speaks = say
        env = make_env(env_id)
        self._controls = LiveControls(library.root, env_id, env)
        self._human = self._controls.human
        first = [env]  # used by the first episode
        make = lambda: first.pop() if first else make_env(env_id)  # noqa: E731
        self._session = Session(make, self._human, seeds_from(base_seed), can_rewind=True)
        self._session.add_noise(self.options.noise)
        self._pace_hz = request.pace_hz or pace_of(env)
        self._starts = SeedSchedule(base_seed)
        drawing = FrameSource(env.observation_space, env_id, self._say)
        self._wheel = DriverSelection(self._human, self.options.hand_back_s)
        self.takes = TakeStore(library, env_id, env, worker, self._say, self.options)
        probe = Probe(lambda: make_env(env_id, render=False), base_seed)
        self.assistance = Assistance(self._say)
        self._back = Rewind(self._session, self._wheel, self.takes, probe, self._say)
        self._display = DriveDisplay(self._session, self._back, drawing, self._say)
        self._waiting = StartTrigger()
        self._practises = False
        self._now = 0.0  # time of the last tick
        self._set_pace()
        picture = self._session.draw()  # an environment that cannot render must not count as open
        self._say(describe_environment(env_id, self._controls, env))
        self._say(Pictured("drive", self._live(0.0), drawing.frame(picture)))
        self.takes.begin()

    @property
    def due_s(self) -> float | None:
        """Time of the next action, or None."""
        if self._back.held:
            return self._now + _REFRESH_S
        if self._waiting.active:
            return self._waiting.due_s(self._now)
        return 0.0 if self._probes else self._session.due_s

    @property
    def busy(self) -> bool:
        """Whether something is being written."""
        return self.takes.busy

    @property
    def engaged(self) -> bool:
        """Whether an episode is running or about to begin."""
        return self._session.phase in (Phase.RUNNING, Phase.PAUSED) or self._waiting.active

    def handle(self, message: ToEnvironment, now: float) -> None:
        """Handle a message to the session; ignore messages to other parts.

        Raises:
            ControlError: the controls contradict each other, or cannot be written.
        """
        if isinstance(message, Request) and message in _REQUESTS:
            _REQUESTS[message](self, now)
        elif type(message) in _MESSAGES:
            _MESSAGES[type(message)](self, message, now)

    def _hear(self, event: InputEvent) -> None:
        """Handle an input of the person: a key, button, stick or the mouse moved."""
        self._human.hear(event)
        self.takes.notes.inputs += 1
        pressed = abs(event.value) >= _PRESSED
        if pressed and self._waiting.for_input:
            self._begin(self._now)
        if pressed and self.assistance.asks:
            self._resume(self._now)
        if event.value == 1.0:
            self._session.hasten()
        if self.takes.recorder and not self._practises:
            self.takes.recorder.hear(event)

    def tick(self, now: float) -> None:
        """Take and show a step if one is due, and handle finished background jobs."""
        self._now = now
        if self._back.held:
            self._show_past(now)
        elif self._waiting.take_due(now):
            self._begin(now)
        elif self._waiting.counts_down:
            self._show(now, draw=False)
        elif self._waiting.next_due(now):
            self._start_take(now)
        elif not self._advance(self._session.tick, now) and self._probes and self._back.look():
            self._show(now, draw=False)  # whether this environment can rewind is known now
        self._collect(now)

    # ------------------------------------------------------------ a take, or practice

    def _start_take(self, now: float) -> None:
        """Begin a new episode, at once or as the options say; save a pending take first."""
        self._waiting.cancel_next()
        if self._waiting.begins:
            return
        if self.takes.pending:
            self._keep_take(now)
        if self._session.phase is not Phase.READY:
            self._end_take()
            self.takes.keep()  # a take that is somehow still running must not be lost
            self._renew(now)
        self._human.reset(self._session.seed)
        if not self.options.practice:
            self.takes.ready_recorder()  # so that the list shows the recorder's dataset
        if self._waiting.start(self.options.start, now):
            self._begin(now)
        self._show(now)

    def _stop_take(self, now: float) -> None:
        """End the episode here; its take is then pending."""
        self._back.let_go()
        self._waiting.cancel()
        if self._session.phase in (Phase.RUNNING, Phase.PAUSED):
            self._end_take()
        self._show(now)

    def _keep_take(self, now: float) -> None:
        """Save the take, if there is one."""
        driven = self.engaged
        if not driven and self.takes.pending is None:
            return
        self._stop_take(now)
        if driven and not self._session.steps:
            self._say(Notice(Tone.PLAIN, tr("Nothing to save: no step was recorded")))
        self.takes.keep(PaceReport.of(self._session, self.takes.notes.inputs).text)
        self._ready(now)

    def _discard_take(self, now: float) -> None:
        """Move the take to the trash; `undo` restores it."""
        self._stop_take(now)
        self.takes.discard()
        self._ready(now)

    def _retry(self, now: float, seed: int | None = None) -> None:
        """Begin again, from the same seed or a given one; discard the take so far."""
        self._stop_take(now)
        self.takes.discard()
        self._renew(now, self._session.seed if seed is None else seed)
        self._start_take(now)

    def race(self, seed: int, now: float) -> None:
        """Begin a race from a seed; the list keeps showing the dataset of the rivals."""
        self._keep_take(now)
        self.takes.stays = self._starts.held = True
        self._retry(now, seed)

    def _leave_race(self, now: float) -> None:
        """Leave the race; move an unsaved take to the trash, from where `undo` restores it."""
        self._discard_take(now)
        self._starts.held = False
        self.takes.stays = self._wheel.over is not None

    def _star_take(self, now: float) -> None:
        """Mark the take to be starred when it is saved, or remove the mark."""
        self.takes.notes.star()
        self._show(now, draw=False)

    def _new_seed(self, now: float, seed: int | None = None) -> None:
        """Go to another seed or a given one, unless something is being recorded."""
        if not self.engaged and not self.takes.pending:
            self._ready(now, another=True, seed=seed)

    # ------------------------------------------------------------ time

    def _pause(self, now: float) -> None:
        """Pause and release all keys."""
        self.assistance.asks = ""
        self._human.release()
        self._back.let_go()
        self._waiting.cancel()
        self._session.pause()
        self._show(now, draw=False)

    def _resume(self, now: float) -> None:
        """Resume after a pause."""
        self.assistance.asks = ""
        self._session.resume(now)
        self._show(now, draw=False)

    def _step_once(self, now: float) -> None:
        """Take one step of a paused episode with the controls that are held."""
        self._advance(self._session.step_once, now)

    def _set_speed(self, speed: float, now: float) -> None:
        """Change the speed."""
        self._session.speed = speed
        self._set_pace()
        self._show(now, draw=False)

    def _rewind(self, now: float) -> None:
        """Start rewinding; it continues while the key is held."""
        if self._back.begin(now, practises=self._practises):
            self._waiting.cancel_next()
            self._show_past(now)

    def _rewind_end(self, now: float) -> None:
        """Stop rewinding and continue from there."""
        if self._back.end(now):
            self.takes.notes.cut(self._session.steps + 1)
            self._show(now)

    # ------------------------------------------------------------ how it is driven

    def watch_over(self, policy: LearnedPolicy | None, now: float) -> None:
        """Let a policy drive the next episodes while the person supervises it; None ends this.

        Raises:
            LearningError: the policy has other spaces than the environment.
        """
        if policy is not None:
            env = self._session.env
            policy.check_fits(self.env_id, env.observation_space, env.action_space)
            policy.ask_for(self.options.task)
        before, self._wheel.over = self._wheel.over, policy
        self.takes.stays = bool(before or policy)  # saving a take now changes no list
        if policy is not None:
            self.takes.list_corrections()
        if before and policy and (self.engaged or self.takes.pending):
            return  # the newer policy drives from the next episode on
        if before is None and policy is None:
            return
        self._set_pace()
        if self.engaged or self.takes.pending:
            self._keep_take(now)
        else:
            self._renew(now, self._session.seed)
            self._show(now)
        self.takes.stays = policy is not None
        self._say(describe_environment(self.env_id, self._controls, self._session.env))

    def _set_options(self, options: DriveOptions, now: float) -> None:
        """Apply new options for driving and recording."""
        self.options = self.takes.options = options
        self._wheel.use(options)
        self._session.add_noise(options.noise)
        self.assistance.per_minute = options.questions
        self._set_pace()
        self._say(describe_environment(self.env_id, self._controls, self._session.env))
        self._show(now, draw=False)

    def _change_controls(self, change: ControlChange) -> None:
        """Change the controls and store them.

        Raises:
            ControlError: the controls contradict each other, or cannot be written.
        """
        if text := self._controls.change(change, self._session.env):
            self._say(Notice(Tone.PLAIN, text))
        self._say(describe_environment(self.env_id, self._controls, self._session.env))

    def _show_again(self, now: float) -> None:
        """Send everything again when the window returns to this view."""
        self._show(now)
        self.takes.list()

    def retire(self, now: float) -> None:
        """Close while another environment is on screen; only notices are still sent."""
        say = self._speaks
        self._speaks = lambda message: say(message) if isinstance(message, Notice) else None
        self.close(now)

    def close(self, now: float) -> None:
        """Save a running or pending take, wait for background jobs, and close."""
        self._keep_take(now)
        self._session.close()
        self.takes.close()
        self.assistance.close()
        self._display.close()

    def _say(self, message: FromEnvironment) -> None:
        self._speaks(message)

    def continue_from(self, seed: int, begun: Beginning, now: float) -> None:
        """Repeat the beginning of a run, and wait for the person to drive on from there."""
        self._keep_take(now)
        self._renew(now, seed)
        self._human.reset(seed)
        self._begin(now, begun)

    def _begin(self, now: float, begun: Beginning | None = None) -> None:
        self._waiting.cancel()
        self._practises = self.options.practice
        self.takes.notes.forget()
        self._back.forget()
        try:
            self._session.use_recorder(None if self._practises else self.takes.ready_recorder())
            self._session.start(now, begun)
            self.assistance.asks = "begin" if begun else ""
        except (RecordingError, StorageError, EnvError) as problem:
            self._say(Notice(Tone.BAD, sentence(problem)))
            if begun is not None:
                self._end_take()
                self.takes.discard()
        self._show(now)

    def _advance(self, step: Callable[[float], bool], now: float) -> bool:
        """Try a step; if the environment fails, the episode ends and the take is kept."""
        try:
            stepped = step(now)
        except Exception as problem:  # noqa: BLE001  environments can raise anything
            self._broken(problem, now)
            return True
        if stepped:
            self._stepped(now)
        return stepped

    def _collect(self, now: float) -> None:
        """Handle finished background jobs."""
        self.takes.collect()
        if self._session.phase is Phase.READY:
            self.takes.offer_again()
        if self.takes.changed:
            self.takes.changed = False
            self._show(now, draw=False)

    def _stepped(self, now: float) -> None:
        self.assistance.after_step(self._session, now)
        if self.options.rumble and was_hit(self._session.info):
            self._say(Rumble(1.0, 0.15))
        if self._session.phase is Phase.ENDED:
            self._ended(now)
        self._show(now)

    def _broken(self, problem: Exception, now: float) -> None:
        self._say(Notice(Tone.BAD, sentence(problem)))
        self._end_take()  # also ends the episode
        self._show(now, draw=False)

    def _ended(self, now: float) -> None:
        """Handle an episode that has ended by itself."""
        self._end_take()
        if self.options.rumble:
            self._say(Rumble(0.6, 0.3))
        if self._practises or self.takes.pending is None:
            return
        why = unwanted(self.options, self._session, self._human)
        if why and self._wheel.over is None:
            self.takes.discard(why)
        saved = self.takes.episodes + (self.takes.pending is not None)
        if self.options.auto_next and saved < self.options.goal:
            self._waiting.next(now)
        elif self.options.auto_next:
            self._keep_take(now)
            last = tr("That was the last of {goal} episodes", goal=self.options.goal)
            self._say(Notice(Tone.GOOD, last))

    def _end_take(self) -> None:
        take: Take | None = None
        try:
            take = self._session.stop()
        except StorageError as problem:
            self._say(Notice(Tone.BAD, sentence(problem)))
        self.takes.offer(take)
        if 0 < self._session.repeated == self._session.steps:
            self.takes.discard(tr("nothing was driven"))

    def _ready(self, now: float, *, another: bool = False, seed: int | None = None) -> None:
        """Reset the environment for the next episode, and wait for the person."""
        if seed is None:
            seed = self._starts.next(self.options.seeds, self._session.seed, another=another)
        self._renew(now, seed)
        self._show(now)

    def _renew(self, now: float, seed: int | None = None) -> None:
        self._session.use_recorder(None)
        self._back.forget()
        self.assistance.forget()
        self._practises = False
        self._session.policy = self._wheel.driver
        try:
            self._session.renew(now, seed)
        except EnvError as problem:
            self._say(Notice(Tone.BAD, sentence(problem)))

    @property
    def _probes(self) -> bool:  # there is time to test whether the environment can rewind
        return not (self._back.probe.over or self.engaged or self.takes.busy)

    def _set_pace(self) -> None:
        self._wheel.set_pace(self._session, self._pace_hz, self.options.turn_based)

    def _show(self, now: float, *, draw: bool = True) -> None:
        self._display.show(self._live(now), self.options.preview, now, draw=draw)

    def _show_past(self, now: float) -> None:
        """Show the state to which the session would rewind now."""
        self._display.show_past(self._live(now), now)

    def _live(self, now: float) -> SessionSnapshot:
        live = live_snapshot(self._session, self.takes, self.assistance, now, self._practises)
        return replace(
            live,
            waiting_s=self._waiting.shown_s(now),
            starred=self.takes.notes.starred,
            cannot_rewind=self._back.problem,
            numbers=self._display.numbers(self.options.preview, always=self._starts.held),
        )


_REQUESTS: dict[Request, Callable[[DrivingSession, float], None]] = {
    Request.START_TAKE: DrivingSession._start_take,
    Request.STOP_TAKE: DrivingSession._stop_take,
    Request.KEEP_TAKE: DrivingSession._keep_take,
    Request.KEEP_WAITING: lambda act, now: act._keep_take(now) if not act.engaged else None,
    Request.DISCARD_TAKE: DrivingSession._discard_take,
    Request.LEAVE_RACE: DrivingSession._leave_race,
    Request.UNDO: lambda act, _: act.takes.undo(),
    Request.PAUSE: DrivingSession._pause,
    Request.RESUME: DrivingSession._resume,
    Request.NEW_SEED: DrivingSession._new_seed,
    Request.RETRY: DrivingSession._retry,
    Request.REWIND: DrivingSession._rewind,
    Request.REWIND_END: DrivingSession._rewind_end,
    Request.STEP_ONCE: DrivingSession._step_once,
    Request.STAR_TAKE: DrivingSession._star_take,
    Request.MARK: lambda act, _: act.takes.mark(act._session.steps if act.engaged else 0),
    Request.RELEASE_INPUT: lambda act, _: act._human.release(),
    Request.SHOW_DRIVE: DrivingSession._show_again,
}
_MESSAGES: dict[type, Callable[[DrivingSession, Any, float], None]] = {
    UseSeed: lambda act, message, now: act._new_seed(now, message.seed),
    Input: lambda act, message, _: act._hear(message.event),
    SetSpeed: lambda act, message, now: act._set_speed(message.speed, now),
    SetOptions: lambda act, message, now: act._set_options(message.options, now),
    ChooseDataset: lambda act, message, _: act.takes.choose_dataset(message.dataset_id),
    StarEpisode: lambda act, message, _: act.takes.star(message.uuid, message.starred),
    DeleteEpisode: lambda act, message, _: act.takes.delete(message.file),
    **dict.fromkeys(get_args(ControlChange), lambda act, m, _: act._change_controls(m)),
}
