"""Everything that the processes say to each other: frozen values, no behaviour."""

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TypeAlias

from teleop.types import InputEvent

# ---------------------------------------------------------------- window -> stage


@dataclass(frozen=True, slots=True)
class OpenEnv:
    """Show an environment, ready to be driven; `pace_hz` None is its own pace."""

    env_id: str
    pace_hz: float | None = None


class Deed(Enum):
    """Requests that need no more than their name."""

    START_TAKE = "start take"
    STOP_TAKE = "stop take"
    KEEP_TAKE = "keep take"
    DISCARD_TAKE = "discard take"
    UNDO = "undo"
    PAUSE = "pause"
    RESUME = "resume"
    RELEASE_INPUT = "release input"
    NEW_SEED = "new seed"
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
class SetRamp:
    """Seconds that keys need from neutral to full on continuous axes."""

    ramp_s: float


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
class ShowReplay:
    """Put a recorded episode and a policy side by side."""

    dataset_id: str
    file: str
    policy: str


@dataclass(frozen=True, slots=True)
class ShowStep:
    """Show both sides after so many steps."""

    step: int


# ---------------------------------------------------------------- stage -> window


@dataclass(frozen=True, slots=True)
class Hint:
    """A key cap on the view.

    Attributes:
        key: label of the key.
        pad: label of the button or stick.
        word: what it does.
        place: column and row.
        controls: what lights it up.
    """

    key: str
    pad: str
    word: str
    place: tuple[float, float]
    controls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EpisodeItem:
    """An episode in the list."""

    file: str
    uuid: str
    ordinal: int
    total_steps: int
    total_reward: float
    driver: str
    recovered: bool
    starred: bool
    replay: str = ""  # `exact`, `diverges`, `unknown`; empty while nobody has looked
    finding: str = ""
    flags: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    success: bool | None = None


@dataclass(frozen=True, slots=True)
class EnvOpened:
    """An environment is live."""

    env_id: str
    summary: str
    icon: str
    turn_based: bool
    continuous: bool
    ramp_s: float
    hints: tuple[Hint, ...]
    cannot_learn: str = ""  # why no policy can be trained here


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
    """

    folder: str
    dataset_id: str
    datasets: tuple[tuple[str, int], ...]
    episodes: tuple[EpisodeItem, ...]
    policies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture in shared memory.

    Attributes:
        view: which view it is for: `drive`, `preview`, `left`, `right`.
        memory: name of the shared memory.
        offset: bytes from its start.
        height: pixels.
        width: pixels.
        number: counts up.
    """

    view: str
    memory: str
    offset: int
    height: int
    width: int
    number: int


@dataclass(frozen=True, slots=True)
class Live:
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


@dataclass(frozen=True, slots=True)
class Pictured:
    """A live view changed: `drive` or `preview`; without a frame the picture stays."""

    view: str
    live: Live
    frame: Frame | None


class Tone(Enum):
    """How a notice is meant."""

    GOOD = "good"
    PLAIN = "plain"
    UNDO = "undo"  # plain, with an Undo button
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Notice:
    """One sentence for the person."""

    tone: Tone
    text: str


@dataclass(frozen=True, slots=True)
class LaneGrowth:
    """What one side of a comparison has done since the last report."""

    rewards: tuple[float, ...]
    actions: tuple[str, ...]
    over: bool


@dataclass(frozen=True, slots=True)
class ReplayOpened:
    """A comparison begins.

    Attributes:
        file: of the recorded episode.
        policy: name of the policy.
        seed: of both.
        pace_hz: steps a second at speed 1.
        driver: who recorded the left side: `human`, `script` or `policy`.
        ordinal: number of the recorded episode.
        trained_on: episodes the policy was cloned from.
        words: a word for each choice of each branch; empty for continuous actions.
    """

    file: str
    policy: str
    seed: int
    pace_hz: float
    driver: str
    ordinal: int
    trained_on: int
    words: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class ReplayGrew:
    """More of a comparison is known.

    Attributes:
        lanes: left and right.
        likely: probabilities of the policy's choices at what the left side saw, a row a step.
        pressed: indices of what the left side did, a row a step.
        would: what the policy would have done there, in words, a row a step.
        diverged_at: first step after which both sides see different things.
        fidelity: once the left side is complete: `exact`, or where it departs from its recording.
    """

    lanes: tuple[LaneGrowth, ...]
    likely: tuple[tuple[tuple[float, ...], ...], ...]
    pressed: tuple[tuple[int, ...], ...]
    would: tuple[str, ...]
    diverged_at: int | None
    fidelity: str


@dataclass(frozen=True, slots=True)
class ReplayPictured:
    """Both sides after so many steps."""

    step: int
    frames: tuple[Frame, ...]


# ---------------------------------------------------------------- window <-> trainer


@dataclass(frozen=True, slots=True)
class Train:
    """Train a policy on a dataset's episodes."""

    root: Path
    dataset_id: str
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Certify:
    """Re-simulate the episodes of a dataset that nobody has re-simulated yet."""

    root: Path
    dataset_id: str


@dataclass(frozen=True, slots=True)
class Certified:
    """Some episodes of a dataset have been re-simulated."""

    dataset_id: str


@dataclass(frozen=True, slots=True)
class StopTraining:
    """Stop; the best so far is kept."""


@dataclass(frozen=True, slots=True)
class TrainerReady:
    """The trainer has loaded its libraries."""


@dataclass(frozen=True, slots=True)
class TrainingBegan:
    """What the training is about."""

    episodes: int
    steps: int
    lag_candidates: bool
    levels: str


@dataclass(frozen=True, slots=True)
class Trained:
    """How far training is.

    Attributes:
        phase: what is being done.
        step: optimiser steps done.
        total: expected in all.
        losses: (step, loss) since the last report.
        held_out: (step, loss on held-out episodes) since the last report.
        findings: what was found out since the last report.
        seconds_left: estimated.
    """

    phase: str
    step: int
    total: int
    losses: tuple[tuple[int, float], ...] = ()
    held_out: tuple[tuple[int, float], ...] = ()
    findings: tuple[str, ...] = ()
    seconds_left: float = 0.0


@dataclass(frozen=True, slots=True)
class PolicySaved:
    """A policy is on disk, ready to play; `final` when training is over."""

    dataset_id: str
    name: str
    final: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class TrainingFailed:
    """Training ended with nothing more to save."""

    problem: str


@dataclass(frozen=True, slots=True)
class StageLost:
    """A process ended that should not have (made by the client, sent by nobody)."""

    name: str
    exit_code: int | None = field(default=None)


ToStage: TypeAlias = (
    OpenEnv
    | Deed
    | Input
    | SetSpeed
    | SetRamp
    | ChooseDataset
    | StarEpisode
    | DeleteEpisode
    | ShowPreview
    | ShowReplay
    | ShowStep
)
FromStage: TypeAlias = (
    EnvOpened
    | EnvFailed
    | LibraryChanged
    | Pictured
    | Notice
    | ReplayOpened
    | ReplayGrew
    | ReplayPictured
    | StageLost
)
ToTrainer: TypeAlias = Train | StopTraining | Certify | Deed
FromTrainer: TypeAlias = (
    TrainerReady | TrainingBegan | Trained | PolicySaved | TrainingFailed | Certified | StageLost
)
