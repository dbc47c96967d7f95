"""Messages between the window and the environment process: frozen dataclasses."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import TypeAlias

from teleop.runtime.protocol.comparison_messages import FromComparison, ToComparison
from teleop.runtime.protocol.diagnosis_messages import (
    ContinueFrom,
    GaugeReading,
    MomentShown,
    ShowMoment,
)
from teleop.runtime.protocol.driving_options import DriveOptions
from teleop.runtime.protocol.library_messages import Curate, CuratePolicies, FromLibrary, ToLibrary
from teleop.runtime.protocol.preference_messages import PiecesReady, ShowPieces
from teleop.runtime.protocol.shared_frames import Frame
from teleop.types import InputEvent
from teleop.types.metadata import EpisodeRow
from teleop.types.results import PolicyRow

# ---------------------------------------------------------------- window -> environment process


@dataclass(frozen=True, slots=True)
class OpenEnv:
    """Open an environment for driving; `pace_hz` None uses the environment's own pace."""

    env_id: str
    pace_hz: float | None = None


class Request(Enum):
    """Requests without further data."""

    START_TAKE = "start take"
    STOP_TAKE = "stop take"
    KEEP_TAKE = "keep take"
    KEEP_WAITING = "keep waiting"  # save a take that is over; a running one continues
    DISCARD_TAKE = "discard take"
    UNDO = "undo"
    PAUSE = "pause"
    RESUME = "resume"
    RELEASE_INPUT = "release input"
    RETRY = "retry"
    REWIND = "rewind"
    REWIND_END = "rewind end"
    STEP_ONCE = "step once"
    STAR_TAKE = "star take"
    MARK = "mark"
    NEW_SEED = "new seed"
    LEAVE_RACE = "leave race"
    SHOW_DRIVE = "show drive"
    SHOW_NOTHING = "show nothing"
    QUIT = "quit"


@dataclass(frozen=True, slots=True)
class Input:
    """The person moved a key, button or stick while driving."""

    event: InputEvent


@dataclass(frozen=True, slots=True)
class SetSpeed:
    """Set the speed as a factor of the environment's pace."""

    speed: float


@dataclass(frozen=True, slots=True)
class SetOptions:
    """Apply new options for driving and recording."""

    options: DriveOptions


@dataclass(frozen=True, slots=True)
class BindMove:
    """Bind a move to another control, which replaces those of the same device."""

    move: str
    control: str


@dataclass(frozen=True, slots=True)
class ChooseHand:
    """Choose controls within reach of both hands, or only of the left or the right one."""

    hand: str


@dataclass(frozen=True, slots=True)
class TuneAxis:
    """Change one setting of an axis; `control.controls_file.AxisSettings` has the names."""

    axis: str
    setting: str
    value: float


@dataclass(frozen=True, slots=True)
class SetTap:
    """Choose whether a move acts once per press or for as long as it is held."""

    move: str
    taps: bool


@dataclass(frozen=True, slots=True)
class SetIdle:
    """Choose the action when nothing is held: an index, or -1 to repeat the last action."""

    action: int


@dataclass(frozen=True, slots=True)
class ResetControls:
    """Return to the default controls."""


@dataclass(frozen=True, slots=True)
class ChooseDataset:
    """List the episodes of another dataset; an empty id means the person's own."""

    dataset_id: str


@dataclass(frozen=True, slots=True)
class UseSeed:
    """Go to the start with this seed, unless something is being recorded."""

    seed: int


@dataclass(frozen=True, slots=True)
class StarEpisode:
    """Star an episode, or remove its star."""

    uuid: str
    starred: bool


@dataclass(frozen=True, slots=True)
class DeleteEpisode:
    """Move a saved episode to the trash."""

    file: str


@dataclass(frozen=True, slots=True)
class ShowPreview:
    """Let a policy play live."""

    dataset_id: str
    policy: str


@dataclass(frozen=True, slots=True)
class ShowCorrect:
    """Let a policy drive while the person supervises it."""

    dataset_id: str
    policy: str


# ---------------------------------------------------------------- environment process -> window


@dataclass(frozen=True, slots=True)
class Hint:
    """A key cap on the frame.

    Attributes:
        key: the key, named by position; empty if there is none.
        pad: the gamepad button or half of a stick axis; empty if there is none.
        word: what the move does, in a word or two.
        place: column and row.
        controls: controls that light up the key cap.
        name: name of the move.
        layer: modifiers that the move needs, as a bit mask; 0 means none.
        taps: whether the move acts once per press; else for as long as it is held.
    """

    key: str
    pad: str
    word: str
    place: tuple[float, float]
    controls: tuple[str, ...]
    name: str = ""
    layer: int = 0
    taps: bool = False


@dataclass(frozen=True, slots=True)
class AxisItem:
    """Settings of one continuous axis; for their meaning see `control.bindings.AxisTable`."""

    name: str
    word: str
    ramp_s: float
    dead_zone: float
    curve: float
    scale: float
    invert: bool


@dataclass(frozen=True, slots=True)
class EnvOpened:
    """An environment is open."""

    env_id: str
    summary: str
    icon: str
    turn_based: bool
    hints: tuple[Hint, ...]
    axes: tuple[AxisItem, ...] = ()
    hand: str = "both"
    is_own: bool = False  # the controls differ from the default ones
    layers: tuple[tuple[str, ...], ...] = ()  # controls that select further layers while held
    cannot_learn: str = ""  # why no policy can be trained here
    has_script: bool = False  # there is a scripted expert
    idle_choices: tuple[str, ...] = ()  # actions to choose from when nothing is held
    idle: int = -1  # index of the chosen action; -1 repeats the last one


@dataclass(frozen=True, slots=True)
class EnvFailed:
    """An environment could not be opened; the previous one stays open."""

    env_id: str
    problem: str


@dataclass(frozen=True, slots=True)
class LibraryChanged:
    """The recordings of the open environment, read from disk.

    Attributes:
        folder: recordings folder.
        dataset_id: id of the dataset whose episodes are listed.
        datasets: (id, number of episodes, number of policies) of every dataset of this
            environment.
        episodes: episodes of that dataset, the oldest first.
        policies: policies trained on that dataset, the newest last.
        chosen: name of the policy to show first; empty if there is none.
        size: total size of the episode files in bytes.
        saved_s: Unix time when the newest of them was written; 0 if there are none.
    """

    folder: str
    dataset_id: str
    datasets: tuple[tuple[str, int, int], ...]
    episodes: tuple[EpisodeRow, ...]
    policies: tuple[PolicyRow, ...]
    chosen: str = ""
    size: int = 0
    saved_s: float = 0.0

    @property
    def policy_names(self) -> tuple[str, ...]:
        """The names of the policies, the newest last."""
        return tuple(row.name for row in self.policies)

    @property
    def elsewhere(self) -> tuple[str, int] | None:
        """(id, number of policies) of the dataset with the most policies, besides this one."""
        others = [(d, n) for d, _, n in self.datasets if n and d != self.dataset_id]
        return max(others, key=lambda other: other[1], default=None)

    def title_of(self, policy: str) -> str:
        """Return what a policy is, in a few words; its name if it is not listed."""
        return next((row.title for row in self.policies if row.name == policy), policy)


@dataclass(frozen=True, slots=True)
class SessionSnapshot:
    """What the window shows of a session beside its frame.

    Attributes:
        phase: `ready`, `running`, `paused` or `ended`.
        seed: seed of this episode.
        steps: number of steps so far.
        total_reward: sum of the rewards so far.
        elapsed_s: seconds since the start, without pauses.
        pace_hz: steps per second at speed 1.
        speed: factor of the pace.
        action: the last action as text.
        recording: whether a take is being recorded.
        pending: whether a finished take is neither saved nor discarded yet.
        can_undo: whether there is something to restore.
        practice: whether an episode runs that is not recorded.
        waiting_s: seconds until the take begins; -1 until the first input; None if not waiting.
        starred: whether the take will be starred when it is saved.
        rewinding: whether the session is rewinding while a key is held.
        cannot_rewind: why rewinding is not possible; empty if it is.
        real_hz: measured steps per second; 0 while unknown.
        numbers: numbers that the policy will see, by name.
        control: who drives while a person supervises a policy: `policy` or `person`; else empty.
        driven: steps that the person drove while supervising a policy.
        gauges: values of the gauges of the supervised policy.
        asks: why it waits for a touch: `help`, `begin` (it continues a run), or empty.
    """

    phase: str
    seed: int
    steps: int
    total_reward: float
    elapsed_s: float
    pace_hz: float
    speed: float
    action: str
    recording: bool = False
    pending: bool = False
    can_undo: bool = False
    practice: bool = False
    waiting_s: float | None = None
    starred: bool = False
    rewinding: bool = False
    cannot_rewind: str = ""
    real_hz: float = 0.0
    numbers: tuple[tuple[str, float], ...] = ()
    control: str = ""
    driven: int = 0
    gauges: tuple[GaugeReading, ...] = ()
    asks: str = ""

    @property
    def engaged(self) -> bool:
        """Whether input goes to the environment: during a take, its countdown, or practice."""
        return self.recording or self.practice or self.waiting_s is not None


@dataclass(frozen=True, slots=True)
class Pictured:
    """The view `drive`, `seen` or `preview` changed; without a new frame, the old one stays."""

    view: str
    live: SessionSnapshot
    frame: Frame | None


class Tone(Enum):
    """Kinds of notices."""

    GOOD = "good"
    PLAIN = "plain"
    UNDO = "undo"  # plain, with an Undo button
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence for the person.

    Attributes:
        tone: kind of notice.
        text: the sentence.
        undo: the request that undoes the action, if it is not `Request.UNDO`.
        copy: the part of the text that is worth copying.
    """

    tone: Tone
    text: str
    undo: Curate | CuratePolicies | None = None
    copy: str = ""


@dataclass(frozen=True, slots=True)
class Corrected:
    """A saved episode in which a person supervised a policy.

    Attributes:
        number: number of the episode.
        total_steps: number of steps in the episode.
        total_reward: sum of the episode's rewards.
        driven: steps that the person drove.
        times: how often the person took over.
        policy: name of the policy, which drove the other steps.
        started: Unix time.
    """

    number: int
    total_steps: int
    total_reward: float
    driven: int
    times: int
    policy: str
    started: float


@dataclass(frozen=True, slots=True)
class Corrections:
    """The corrected episodes on disk, the latest first."""

    episodes: tuple[Corrected, ...]


@dataclass(frozen=True, slots=True)
class Rumble:
    """Make the gamepad rumble."""

    strength: float
    seconds: float


class ProcessName(StrEnum):
    """A process behind the window."""

    ENVIRONMENT = "environment"
    TRAINER = "trainer"
    CLASSROOM = "classroom"


@dataclass(frozen=True, slots=True)
class ProcessLost:
    """A process ended unexpectedly; created by its client, not sent by a process.

    Attributes:
        process: the process that ended.
        why: the reason, in one sentence.
    """

    process: ProcessName
    why: str


@dataclass(frozen=True, slots=True)
class SlowCall:
    """An environment has not responded for a while; created by the window, not sent.

    Attributes:
        process: the process in which the environment runs.
        env_id: id of the environment.
        call: the call that has not returned: `make`, `reset`, `step` or `render`.
        seconds: whole seconds since the call began.
    """

    process: ProcessName
    env_id: str
    call: str
    seconds: int


ToEnvironment: TypeAlias = (
    OpenEnv
    | Request
    | Input
    | SetSpeed
    | SetOptions
    | BindMove
    | ChooseHand
    | TuneAxis
    | SetTap
    | SetIdle
    | ResetControls
    | ChooseDataset
    | UseSeed
    | StarEpisode
    | DeleteEpisode
    | ShowPreview
    | ShowCorrect
    | ContinueFrom
    | ShowMoment
    | ToComparison
    | ShowPieces
    | ToLibrary
)
FromEnvironment: TypeAlias = (
    EnvOpened
    | EnvFailed
    | LibraryChanged
    | Pictured
    | Notice
    | Corrections
    | Rumble
    | FromLibrary
    | FromComparison
    | MomentShown
    | PiecesReady
    | ProcessLost
)

Say: TypeAlias = Callable[[FromEnvironment], None]  # sends a message to the window
