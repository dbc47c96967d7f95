"""Options for driving and recording."""

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
        return {"at once": cls.AT_ONCE}.get(str(value))  # value in older settings files


class Seeds(Enum):
    """Which seed the next episode has."""

    NEXT = tr("consecutive")
    SAME = tr("always the same")
    DRAWN = tr("random")

    @classmethod
    def _missing_(cls, value: object) -> "Seeds | None":
        before = {"one after another": cls.NEXT, "drawn at random": cls.DRAWN}
        return before.get(str(value))


class Preview(Enum):
    """Which part of the policy's observations is shown."""

    OFF = tr("off")
    NUMBERS = tr("numbers")
    PICTURE = tr("picture")
    BOTH = tr("both")


@dataclass(frozen=True, slots=True)
class DriveOptions:
    """Options for driving and recording.

    Attributes:
        start: when a take begins after Record.
        seeds: which seed the next episode has.
        practice: nothing is recorded.
        auto_next: save each episode and begin the next one automatically, up to the goal.
        goal: number of episodes that the person wants.
        shortest: takes with fewer steps are discarded automatically.
        most_idle: takes with a larger share of steps without input are discarded automatically.
        turn_based: whether each press is one step; None uses the environment's default.
        preview: which part of the policy's observations is shown.
        rumble: whether the gamepad rumbles at an episode's end and when something was hit.
        hand_back_s: seconds after releasing the controls until a supervised policy drives again.
        noise: size of random errors added to what the person does, from 0 to 1 (DART).
        questions: questions a minute that a supervised policy may ask; 0: none.
        codename: what the person calls themself in a class; saved episodes get it as a label.
        task: what the person demonstrates, in one line; saved episodes get it as a label.
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
    noise: float = 0.0
    questions: float = 0.0
    codename: str = ""
    task: str = ""
