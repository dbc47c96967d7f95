"""Everything that the processes say to each other: frozen values, no behaviour."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import TypeAlias

from teleop.runtime.protocol.comparison_messages import (
    Race,
    ReplayGrew,
    ReplayOpened,
    ReplayPictured,
    ShowReplay,
    ShowStep,
    WriteReplay,
)
from teleop.runtime.protocol.driving_options import DriveOptions
from teleop.runtime.protocol.library_messages import Curate, FromLibrary, ToLibrary
from teleop.runtime.protocol.shared_frames import Frame
from teleop.types import InputEvent
from teleop.types.metadata import EpisodeRow

# ---------------------------------------------------------------- window -> environment process


@dataclass(frozen=True, slots=True)
class OpenEnv:
    """Show an environment, ready to be driven; `pace_hz` None is its own pace."""

    env_id: str
    pace_hz: float | None = None


class Request(Enum):
    """Requests that need no more than their name."""

    START_TAKE = "start take"
    STOP_TAKE = "stop take"
    KEEP_TAKE = "keep take"
    KEEP_WAITING = "keep waiting"  # a take that is over; one that runs goes on
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
    """Play faster or slower than the environment's pace."""

    speed: float


@dataclass(frozen=True, slots=True)
class SetOptions:
    """Drive and record so from now on."""

    options: DriveOptions


@dataclass(frozen=True, slots=True)
class BindMove:
    """Give a move another control; it replaces those of the same device."""

    move: str
    control: str


@dataclass(frozen=True, slots=True)
class ChooseHand:
    """Controls within reach of both hands, the left or the right one."""

    hand: str


@dataclass(frozen=True, slots=True)
class TuneAxis:
    """Change one setting of one axis; the names are those of `control.settings`."""

    axis: str
    setting: str
    value: float


@dataclass(frozen=True, slots=True)
class SetTap:
    """Let a move act once a press, or for as long as it is held."""

    move: str
    taps: bool


@dataclass(frozen=True, slots=True)
class SetIdle:
    """What happens when nothing is held: an action, from 0; -1 does the last one again."""

    action: int


@dataclass(frozen=True, slots=True)
class ResetControls:
    """Back to the usual controls."""


@dataclass(frozen=True, slots=True)
class ChooseDataset:
    """List the episodes of another dataset."""

    dataset_id: str


@dataclass(frozen=True, slots=True)
class StarEpisode:
    """Mark an episode, or remove its mark."""

    uuid: str
    starred: bool


@dataclass(frozen=True, slots=True)
class DeleteEpisode:
    """Put a saved episode into the trash."""

    file: str


@dataclass(frozen=True, slots=True)
class ShowPreview:
    """Let a policy play, live."""

    dataset_id: str
    policy: str


@dataclass(frozen=True, slots=True)
class ShowCorrect:
    """Let a policy drive, with the person's hands over it."""

    dataset_id: str
    policy: str


# ---------------------------------------------------------------- environment process -> window


@dataclass(frozen=True, slots=True)
class Hint:
    """A key cap on the view.

    Attributes:
        key: the key, by position; empty if it has none.
        pad: the button or half of a stick; likewise.
        word: what it does.
        place: column and row.
        controls: what lights it up.
        name: of the move.
        layer: which modifier it needs; 0 is none.
        taps: it acts once a press; else for as long as it is held.
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
    """One continuous axis, as it is tuned; meanings as in `control.bindings.AxisTable`."""

    name: str
    word: str
    ramp_s: float
    dead_zone: float
    curve: float
    scale: float
    invert: bool


@dataclass(frozen=True, slots=True)
class EnvOpened:
    """An environment is live."""

    env_id: str
    summary: str
    icon: str
    turn_based: bool
    hints: tuple[Hint, ...]
    axes: tuple[AxisItem, ...] = ()
    hand: str = "both"
    is_own: bool = False  # the controls differ from the usual ones
    layers: tuple[tuple[str, ...], ...] = ()  # the controls that, held, lead to further layers
    cannot_learn: str = ""  # why no policy can be trained here
    has_script: bool = False  # there is a scripted expert
    idle_choices: tuple[
        str, ...
    ] = ()  # its actions, where one of them is done when nothing is held
    idle: int = -1  # which of them; -1: the last one again


@dataclass(frozen=True, slots=True)
class EnvFailed:
    """An environment could not be opened; the one before stays."""

    env_id: str
    problem: str


@dataclass(frozen=True, slots=True)
class LibraryChanged:
    """What is on disk for the environment on show, read back from there.

    Attributes:
        folder: where recordings go.
        dataset_id: the dataset whose episodes are listed.
        datasets: (id, number of episodes) of every dataset of this environment.
        episodes: oldest first.
        policies: learned from this dataset, the newest last.
        size: of the episodes' files, in bytes.
        saved_s: when the newest of them was written: Unix time; 0 without any.
    """

    folder: str
    dataset_id: str
    datasets: tuple[tuple[str, int], ...]
    episodes: tuple[EpisodeRow, ...]
    policies: tuple[str, ...]
    size: int = 0
    saved_s: float = 0.0


@dataclass(frozen=True, slots=True)
class SessionSnapshot:
    """What a running session shows beside its picture.

    Attributes:
        phase: `ready`, `running`, `paused` or `ended`.
        seed: of this episode.
        steps: taken so far.
        total_reward: so far.
        elapsed_s: since the start.
        pace_hz: steps a second, without speed.
        speed: factor on the pace.
        action: the latest one in words.
        recording: a take is being written.
        pending: a take is over and neither kept nor discarded.
        can_undo: there is something to bring back.
        practice: it runs and nothing is recorded.
        waiting_s: seconds until the take begins; -1 until the first input; None: it does not wait.
        starred: the take will be starred when it is saved.
        rewinding: rewinding while a key is held.
        cannot_rewind: why rewinding is not possible.
        real_hz: steps a second that really happen; 0 while unknown.
        numbers: what the policy will see, by name.
        control: who drives, where a person watches over a policy: `policy` or `person`.
        driven: steps that the person drove there.
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

    @property
    def engaged(self) -> bool:
        """Keys and pad belong to the environment: a take, its countdown, or practice."""
        return self.recording or self.practice or self.waiting_s is not None


@dataclass(frozen=True, slots=True)
class Pictured:
    """A live view changed: `drive` or `preview`; without a frame the picture stays."""

    view: str
    live: SessionSnapshot
    frame: Frame | None


class Tone(Enum):
    """How a notice is meant."""

    GOOD = "good"
    PLAIN = "plain"
    UNDO = "undo"  # plain, with an Undo button
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Notice:
    """One sentence for the person.

    Attributes:
        tone: how it is meant.
        text: it.
        undo: what takes it back, where that is not `Request.UNDO`.
        copy: what of it somebody may want to paste elsewhere.
    """

    tone: Tone
    text: str
    undo: Curate | None = None
    copy: str = ""


@dataclass(frozen=True, slots=True)
class Corrected:
    """A saved episode in which a person watched over a policy.

    Attributes:
        number: of the episode.
        total_steps: of it.
        total_reward: of it.
        driven: steps that the person drove.
        times: that they took over.
        policy: that drove the others.
    """

    number: int
    total_steps: int
    total_reward: float
    driven: int
    times: int
    policy: str


@dataclass(frozen=True, slots=True)
class Corrections:
    """All of them that are on disk, the latest first."""

    episodes: tuple[Corrected, ...]


@dataclass(frozen=True, slots=True)
class Rumble:
    """The pad is to shake."""

    strength: float
    seconds: float


class ProcessName(StrEnum):
    """A process behind the window."""

    ENVIRONMENT = "environment"
    TRAINER = "trainer"


@dataclass(frozen=True, slots=True)
class ProcessLost:
    """A process ended that should not have (made by the client, sent by nobody).

    Attributes:
        process: which.
        why: one sentence.
    """

    process: ProcessName
    why: str


@dataclass(frozen=True, slots=True)
class SlowCall:
    """An environment that has not answered for a while (made by the client, sent by nobody).

    Attributes:
        process: where it runs.
        env_id: of the environment.
        call: what it was asked: `make`, `reset`, `step` or `render`.
        seconds: since it was asked, whole ones.
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
    | StarEpisode
    | DeleteEpisode
    | ShowPreview
    | ShowCorrect
    | ShowReplay
    | WriteReplay
    | Race
    | ToLibrary
    | ShowStep
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
    | ReplayOpened
    | ReplayGrew
    | ReplayPictured
    | ProcessLost
)

Say: TypeAlias = Callable[[FromEnvironment], None]  # sends a message to the window
