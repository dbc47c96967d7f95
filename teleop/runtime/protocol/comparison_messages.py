"""Messages about comparing a recorded episode with policies: frozen dataclasses."""

from dataclasses import dataclass
from typing import TypeAlias

from teleop.runtime.protocol.shared_frames import Frame


@dataclass(frozen=True, slots=True)
class ShowReplay:
    """Compare a recorded episode with rivals, show it alone, or show rivals alone.

    Attributes:
        dataset_id: id of the dataset with the episode and the policies.
        file: file of the episode; empty to show the rivals alone.
        rivals: names of policies, `script` or `random`.
        seed: seed of the start if there is no episode.
    """

    dataset_id: str
    file: str
    rivals: tuple[str, ...] = ()
    seed: int = 0


@dataclass(frozen=True, slots=True)
class WriteReplay:
    """Write the comparison to a file, once all sides have ended.

    The file extension selects the format.
    """

    output: str


@dataclass(frozen=True, slots=True)
class WriteFilm:
    """Play a policy from some seeds, and write all episodes one after another to a file.

    Attributes:
        dataset_id: id of the dataset of the policy.
        policy: name of the policy.
        seeds: seeds of the starts.
        output: the file; its extension selects the format.
    """

    dataset_id: str
    policy: str
    seeds: tuple[int, ...]
    output: str


@dataclass(frozen=True, slots=True)
class Race:
    """Begin driving from this seed beside the replayed episode."""

    seed: int


@dataclass(frozen=True, slots=True)
class ShowStep:
    """Show all sides after this number of steps."""

    step: int


@dataclass(frozen=True, slots=True)
class MapReward:
    """Compute the learned reward over two observed numbers.

    The other numbers, the action, and how much a step changes are those of the first side.

    Attributes:
        across: index of the number on the horizontal axis, as in `ReplayOpened.components`.
        up: index of the number on the vertical axis.
        low: smallest values of both.
        high: largest values of both.
        step: step of the first side.
    """

    across: int
    up: int
    low: tuple[float, float]
    high: tuple[float, float]
    step: int


@dataclass(frozen=True, slots=True)
class RewardMapped:
    """The learned reward over two observed numbers.

    Attributes:
        about: what was asked for.
        values: rewards, row by row, the lowest row first; empty if they are not known.
    """

    about: MapReward
    values: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class LaneInfo:
    """Who drives one side of a comparison.

    Attributes:
        kind: for a recording `human`, `script`, `policy` or `other`; for a rival `agent`, `script`
            or `random`.
        name: name of the policy or the driver.
        title: what the policy is, in a few words; empty for others.
    """

    kind: str
    name: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class LaneGrowth:
    """New steps of one side of a comparison since the last report.

    Attributes:
        rewards: reward of each step.
        actions: action of each step as text.
        seen: numbers observed before each step, as in `ReplayOpened.components`.
        over: whether this side has ended.
        learned: learned reward of each step; empty if no policy has one.
    """

    rewards: tuple[float, ...]
    actions: tuple[str, ...]
    seen: tuple[tuple[float, ...], ...]
    over: bool
    learned: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class ReplayOpened:
    """A comparison has begun.

    Attributes:
        dataset_id: id of the recorded episode's dataset.
        file: file of the recorded episode; empty if rivals are shown alone.
        seed: seed of all sides.
        pace_hz: steps per second at speed 1.
        ordinal: number of the recorded episode.
        lanes: the sides, the recording first if there is one.
        words: a word for each choice of each action branch; empty for continuous actions.
        components: names of the observed numbers.
        demonstrated: a sample of these numbers from the demonstrations that the policy learned
            from.
        rounds: for each of them, the round of correction in which it was recorded; 0 first.
        reward_of: policy whose learned reward is shown, in a few words; empty if none has one.
    """

    dataset_id: str
    file: str
    seed: int
    pace_hz: float
    ordinal: int
    lanes: tuple[LaneInfo, ...]
    words: tuple[tuple[str, ...], ...]
    components: tuple[str, ...]
    demonstrated: tuple[tuple[float, ...], ...]
    rounds: tuple[int, ...] = ()
    reward_of: str = ""


@dataclass(frozen=True, slots=True)
class ReplayProgress:
    """More steps of a comparison have been computed.

    Attributes:
        lanes: new steps of each side, the recording first.
        likely: probabilities of the policy's choices for what the recording observed, by step.
        pressed: indices of the recorded choices, by step.
        would: the action that the policy would take there, as text, by step.
        differs: whether that action differs from the recorded one, by step.
        diverged_at: first step after which the sides observe different things, or None.
        fidelity: `exact`, or where the recorded side differs from its recording; empty until that
            side has ended.
        agreement: rank correlation of the learned with the environment's reward once all sides have
            ended; None if there is no such reward, or if either is constant.
    """

    lanes: tuple[LaneGrowth, ...]
    likely: tuple[tuple[tuple[float, ...], ...], ...]
    pressed: tuple[tuple[int, ...], ...]
    would: tuple[str, ...]
    differs: tuple[bool, ...]
    diverged_at: int | None
    fidelity: str
    agreement: float | None = None


@dataclass(frozen=True, slots=True)
class StepGauge:
    """Gauges before one step of a side.

    Attributes:
        distance: distance to the demonstrated states; 1 is usual.
        disagreement: disagreement of the networks; NaN if this side is not an ensemble.
        episode: index of the nearest demonstrated state's episode in `ReplayGauges.files`.
        step: steps of that episode before this state.
    """

    distance: float
    disagreement: float
    episode: int
    step: int


@dataclass(frozen=True, slots=True)
class AxisSpread:
    """What was demonstrated near one state, and what the policy does there, on one action axis.

    Attributes:
        counts: how many of the nearest demonstrated actions lie in each of 21 equal parts of the
            axis.
        would: the policy's action, as a share of the axis.
        did: the recorded action, as a share of the axis.
        low: value at the start of the axis.
        high: value at its end.
    """

    counts: tuple[int, ...]
    would: float
    did: float
    low: float = -1.0
    high: float = 1.0


@dataclass(frozen=True, slots=True)
class ReplayGauges:
    """New values of the gauges since the last report.

    Attributes:
        files: files of the episodes with demonstrated states; empty where an expert answered.
        numbers: numbers of these episodes.
        lanes: new values of each side.
        spreads: for each new step of the recording, each action axis; empty for choices.
        limits: (name, threshold) of each gauge that was measured.
    """

    files: tuple[str, ...]
    numbers: tuple[int, ...]
    lanes: tuple[tuple[StepGauge, ...], ...]
    spreads: tuple[tuple[AxisSpread, ...], ...] = ()
    limits: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class ReplayFrames:
    """Frames of all sides after this number of steps."""

    step: int
    frames: tuple[Frame, ...]


ToComparison: TypeAlias = ShowReplay | ShowStep | MapReward | WriteReplay | WriteFilm | Race
FromComparison: TypeAlias = (
    ReplayOpened | ReplayProgress | ReplayFrames | ReplayGauges | RewardMapped
)
