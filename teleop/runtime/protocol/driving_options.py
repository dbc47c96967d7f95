"""How a person wants to drive and record."""

from dataclasses import dataclass
from enum import Enum

from teleop.text import tr


class Start(Enum):
    """When a take begins after Record."""

    AT_ONCE = tr("immediately")
    FIRST_INPUT = tr("with the first input")
    COUNTDOWN = tr("after a countdown of 3 s")

    @classmethod
    def _missing_(cls, value: object) -> "Start | None":
        return {"at once": cls.AT_ONCE}.get(str(value))  # as settings were kept before


class Seeds(Enum):
    """Which start the next episode has."""

    NEXT = tr("consecutive")
    SAME = tr("always the same")
    DRAWN = tr("random")

    @classmethod
    def _missing_(cls, value: object) -> "Seeds | None":
        before = {"one after another": cls.NEXT, "drawn at random": cls.DRAWN}
        return before.get(str(value))


class Preview(Enum):
    """What is shown of what a policy will see."""

    OFF = tr("off")
    NUMBERS = tr("numbers")
    PICTURE = tr("picture")
    BOTH = tr("both")


@dataclass(frozen=True, slots=True)
class DriveOptions:
    """How a person wants to drive and record.

    Attributes:
        start: when a take begins after Record.
        seeds: which start the next episode has.
        practice: nothing is recorded.
        auto_next: episodes are saved, and the next one begins, by themselves, up to the goal.
        goal: episodes the person wants.
        shortest: takes with fewer steps are discarded by themselves.
        most_idle: takes in which nothing was pressed for more than this share, likewise.
        turn_based: a press is a step; None is as the environment is.
        preview: what is shown of the observations.
        rumble: the pad shakes at an episode's end and when something was hit.
        hand_back_s: seconds after letting go until a policy that is watched over drives again.
    """

    start: Start = Start.AT_ONCE
    seeds: Seeds = Seeds.NEXT
    practice: bool = False
    auto_next: bool = False
    goal: int = 10
    shortest: int = 0
    most_idle: float = 1.0
    turn_based: bool | None = None
    preview: Preview = Preview.OFF
    rumble: bool = False
    hand_back_s: float = 1.0
