"""Messages about a recorded episode beside policies: frozen values."""

from dataclasses import dataclass

from teleop.runtime.protocol.shared_frames import Frame


@dataclass(frozen=True, slots=True)
class ShowReplay:
    """Put a recorded episode beside rivals, or show it alone.

    Attributes:
        dataset_id: where it is.
        file: its file.
        rivals: policies by name, `script`, `chance`.
    """

    dataset_id: str
    file: str
    rivals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WriteReplay:
    """Write what is side by side to a file; its ending says what it becomes."""

    output: str


@dataclass(frozen=True, slots=True)
class Race:
    """Drive from this start now, beside what is being replayed."""

    seed: int


@dataclass(frozen=True, slots=True)
class ShowStep:
    """Show both sides after so many steps."""

    step: int


@dataclass(frozen=True, slots=True)
class LaneAbout:
    """Who is on one side.

    Attributes:
        kind: of a recording: `human`, `script`, `policy`, `other`; of a rival: `agent`, `script`,
            `chance`.
        name: of the policy, or who drove.
        trained_on: episodes that the policy was learned from.
    """

    kind: str
    name: str
    trained_on: int


@dataclass(frozen=True, slots=True)
class LaneGrowth:
    """What one side of a comparison has done since the last report.

    Attributes:
        rewards: of each step.
        actions: of each step, in words.
        seen: before each step: numbers as in `ReplayOpened.components`.
        over: nothing more will come.
    """

    rewards: tuple[float, ...]
    actions: tuple[str, ...]
    seen: tuple[tuple[float, ...], ...]
    over: bool


@dataclass(frozen=True, slots=True)
class ReplayOpened:
    """A comparison begins.

    Attributes:
        dataset_id: of the recorded episode.
        file: its file.
        seed: of all sides.
        pace_hz: steps a second at speed 1.
        ordinal: number of the recorded episode.
        lanes: the recording first.
        words: a word for each choice of each branch; empty for continuous actions.
        components: names of the numbers that are observed.
        demonstrated: some of what all demonstrators of the dataset saw, as such numbers.
    """

    dataset_id: str
    file: str
    seed: int
    pace_hz: float
    ordinal: int
    lanes: tuple[LaneAbout, ...]
    words: tuple[tuple[str, ...], ...]
    components: tuple[str, ...]
    demonstrated: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class ReplayGrew:
    """More of a comparison is known.

    Attributes:
        lanes: the recording first.
        likely: probabilities of the policy's choices at what the recording saw, a row a step.
        pressed: indices of what was done there, a row a step.
        would: what the policy would have done there, in words, a row a step.
        differs: that was something else, a row a step.
        diverged_at: first step after which both sides see different things.
        fidelity: once the left side is complete: `exact`, or where it departs from its recording.
    """

    lanes: tuple[LaneGrowth, ...]
    likely: tuple[tuple[tuple[float, ...], ...], ...]
    pressed: tuple[tuple[int, ...], ...]
    would: tuple[str, ...]
    differs: tuple[bool, ...]
    diverged_at: int | None
    fidelity: str


@dataclass(frozen=True, slots=True)
class ReplayPictured:
    """Both sides after so many steps."""

    step: int
    frames: tuple[Frame, ...]
