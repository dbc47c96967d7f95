"""What Teleop knows about environments beyond what they say themselves: pace, words, looks."""

from dataclasses import dataclass

from teleop.envs.naming import bare_id


@dataclass(frozen=True, slots=True)
class EnvEntry:
    """One environment as people meet it.

    Attributes:
        env_id: Gymnasium id.
        summary: one line saying what to do.
        pace_hz: steps a second at which people can play it; None: the environment's own
            `render_fps`; turn-based environments have no pace.
        turn_based: a step happens on a key press, not on a clock.
        action_words: a word for each discrete action, or each axis of a Box.
        observation_words: a word for each number that is observed.
        solved: return that counts as success, if one is agreed on.
        icon: name of the picture in lists.
    """

    env_id: str
    summary: str = ""
    pace_hz: float | None = None
    turn_based: bool = False
    action_words: tuple[str, ...] = ()
    observation_words: tuple[str, ...] = ()
    solved: float | None = None
    icon: str = "gamepad-2"


# What each number of an observation is, as Gymnasium's documentation of the environment says.
_LANDER = (
    *("Across", "Height", "Speed across", "Speed upwards"),
    *("Angle", "Turning", "Left leg down", "Right leg down"),
)
_CAR = ("Position", "Speed")
_WALKER = (
    *("Hull angle", "Hull turning", "Speed across", "Speed upwards"),
    *("Hip 1 angle", "Hip 1 turning", "Knee 1 angle", "Knee 1 turning", "Leg 1 down"),
    *("Hip 2 angle", "Hip 2 turning", "Knee 2 angle", "Knee 2 turning", "Leg 2 down"),
    *(f"Distance {beam}" for beam in range(1, 11)),
)
_COMPASS = ("Left", "Down", "Right", "Up")

# Paces: what people can play, measured with the keyboard model in `experts.human`.
CATALOGUE: tuple[EnvEntry, ...] = (
    EnvEntry(
        "LunarLander-v3",
        "Land softly between the flags",
        30,
        action_words=("Nothing", "Left engine", "Main engine", "Right engine"),
        observation_words=_LANDER,
        solved=200,
        icon="rocket",
    ),
    EnvEntry(
        "LunarLanderContinuous-v3",
        "Land with throttles instead of switches",
        30,
        action_words=("Main engine", "Side engines"),
        observation_words=_LANDER,
        solved=200,
        icon="rocket",
    ),
    EnvEntry(
        "CartPole-v1",
        "Keep the pole upright",
        15,
        action_words=("Push left", "Push right"),
        observation_words=("Cart position", "Cart speed", "Pole angle", "Pole turning"),
        solved=475,
        icon="activity",
    ),
    EnvEntry(
        "MountainCar-v0",
        "Rock the car out of the valley",
        30,
        action_words=("Push left", "Coast", "Push right"),
        observation_words=_CAR,
        solved=-110,
        icon="flag",
    ),
    EnvEntry(
        "MountainCarContinuous-v0",
        "Rock the car out, with little fuel",
        30,
        action_words=("Push",),
        observation_words=_CAR,
        solved=90,
        icon="flag",
    ),
    EnvEntry(
        "Acrobot-v1",
        "Swing the foot above the line",
        15,
        action_words=("Turn left", "Let go", "Turn right"),
        observation_words=(
            *("Arm 1 cosine", "Arm 1 sine", "Arm 2 cosine", "Arm 2 sine"),
            *("Arm 1 turning", "Arm 2 turning"),
        ),
        solved=-100,
        icon="activity",
    ),
    EnvEntry(
        "Pendulum-v1",
        "Swing the rod up and hold it",
        20,
        action_words=("Torque",),
        observation_words=("Height", "Across", "Turning"),
        solved=-200,
        icon="rotate-ccw",
    ),
    EnvEntry(
        "BipedalWalker-v3",
        "Walk without falling",
        30,
        action_words=("Hip 1", "Knee 1", "Hip 2", "Knee 2"),
        observation_words=_WALKER,
        solved=300,
        icon="user",
    ),
    EnvEntry(
        "CarRacing-v3",
        "Drive the track, stay off the grass",
        50,
        action_words=("Steer", "Gas", "Brake"),
        solved=900,
        icon="gauge",
    ),
    EnvEntry(
        "FrozenLake-v1",
        "Cross the ice to the present",
        turn_based=True,
        action_words=_COMPASS,
        solved=1,
        icon="trophy",
    ),
    EnvEntry(
        "Taxi-v4",
        "Fetch a passenger and drop them off",
        turn_based=True,
        action_words=("South", "North", "East", "West", "Pick up", "Drop off"),
        solved=0,
        icon="users",
    ),
    EnvEntry(
        "CliffWalking-v1",
        "Walk to the goal, not over the cliff",
        turn_based=True,
        action_words=("Up", "Right", "Down", "Left"),
        solved=-20,
        icon="trophy",
    ),
)

_BY_ID = {entry.env_id: entry for entry in CATALOGUE}


def find_entry(env_id: str) -> EnvEntry:
    """The catalogue's entry for an id; a plain one with defaults for any other environment."""
    return _BY_ID.get(bare_id(env_id)) or EnvEntry(env_id)
