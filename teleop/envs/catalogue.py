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
        solved: return that counts as success, if one is agreed on.
        icon: name of the picture in lists.
    """

    env_id: str
    summary: str = ""
    pace_hz: float | None = None
    turn_based: bool = False
    action_words: tuple[str, ...] = ()
    solved: float | None = None
    icon: str = "gamepad-2"


_COMPASS = ("Left", "Down", "Right", "Up")

# Paces: what people can play, measured with the keyboard model in `experts.human`.
CATALOGUE: tuple[EnvEntry, ...] = (
    EnvEntry(
        "LunarLander-v3",
        "Land softly between the flags",
        30,
        action_words=("Nothing", "Left engine", "Main engine", "Right engine"),
        solved=200,
        icon="rocket",
    ),
    EnvEntry(
        "LunarLanderContinuous-v3",
        "Land with throttles instead of switches",
        30,
        action_words=("Main engine", "Side engines"),
        solved=200,
        icon="rocket",
    ),
    EnvEntry(
        "CartPole-v1",
        "Keep the pole upright",
        15,
        action_words=("Push left", "Push right"),
        solved=475,
        icon="activity",
    ),
    EnvEntry(
        "MountainCar-v0",
        "Rock the car out of the valley",
        30,
        action_words=("Push left", "Coast", "Push right"),
        solved=-110,
        icon="flag",
    ),
    EnvEntry(
        "MountainCarContinuous-v0",
        "Rock the car out, with little fuel",
        30,
        action_words=("Push",),
        solved=90,
        icon="flag",
    ),
    EnvEntry(
        "Acrobot-v1",
        "Swing the foot above the line",
        15,
        action_words=("Turn left", "Let go", "Turn right"),
        solved=-100,
        icon="activity",
    ),
    EnvEntry(
        "Pendulum-v1",
        "Swing the rod up and hold it",
        20,
        action_words=("Torque",),
        solved=-200,
        icon="rotate-ccw",
    ),
    EnvEntry(
        "BipedalWalker-v3",
        "Walk without falling",
        30,
        action_words=("Hip 1", "Knee 1", "Hip 2", "Knee 2"),
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
