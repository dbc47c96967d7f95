"""What Teleop knows about environments beyond their own metadata: pace, names, icons."""

from dataclasses import dataclass

from teleop.envs.naming import bare_id
from teleop.text import tr


@dataclass(frozen=True, slots=True)
class EnvEntry:
    """One environment in the catalogue.

    Attributes:
        env_id: Gymnasium id.
        summary: one line that says what to do.
        pace_hz: steps per second at which people can play it; None: the environment's own
            `render_fps`. Turn-based environments have no pace.
        turn_based: a step follows a key press, not a clock.
        action_words: a name for each discrete action, or for each axis of a Box.
        observation_words: a name for each number of an observation.
        solved: return that counts as success, if there is an agreed value.
        goal: it only terminates at the goal, so an episode that terminates is a success.
        icon: name of the icon in lists.
        keys_right: key caps lie in the right corner of the picture, because the left one has
            something that the player must see.
    """

    env_id: str
    summary: str = ""
    pace_hz: float | None = None
    turn_based: bool = False
    action_words: tuple[str, ...] = ()
    observation_words: tuple[str, ...] = ()
    solved: float | None = None
    goal: bool = False
    icon: str = "gamepad-2"
    keys_right: bool = False


# The numbers of an observation, from Gymnasium's documentation of the environment.
_LANDER = (
    *(tr("Horizontal position"), tr("Height"), tr("Horizontal speed"), tr("Vertical speed")),
    *(tr("Angle"), tr("Angular velocity"), tr("Left leg contact"), tr("Right leg contact")),
)
_CAR = (tr("Position"), tr("Speed"))
_WALKER = (
    *(tr("Hull angle"), tr("Hull angular velocity"), tr("Horizontal speed"), tr("Vertical speed")),
    *(
        tr("Hip 1 angle"),
        tr("Hip 1 angular velocity"),
        tr("Knee 1 angle"),
        tr("Knee 1 angular velocity"),
        tr("Leg 1 contact"),
    ),
    *(
        tr("Hip 2 angle"),
        tr("Hip 2 angular velocity"),
        tr("Knee 2 angle"),
        tr("Knee 2 angular velocity"),
        tr("Leg 2 contact"),
    ),
    *(tr("Distance {beam}", beam=beam) for beam in range(1, 11)),
)
_COMPASS = (tr("Left"), tr("Down"), tr("Right"), tr("Up"))

TEACHING: tuple[EnvEntry, ...] = (
    EnvEntry(
        "teleop/RingTrack-v0",
        tr("Stay on the road for one and a half laps"),
        15,
        action_words=(tr("Steer"),),
        observation_words=(
            *(tr("Horizontal position"), tr("Height")),
            *(tr("Heading cosine"), tr("Heading sine")),
        ),
        icon="flag",
    ),
    EnvEntry(
        "teleop/TwoGates-v0",
        tr("Pass the rock on its left or right"),
        3,
        action_words=(tr("Steer"),),
        observation_words=(tr("Horizontal position"), tr("Height"), tr("Horizontal speed")),
        icon="git-compare",
    ),
    EnvEntry(
        "teleop/TreasureGrid-v0",
        tr("Walk to the treasure, round the swamp"),
        turn_based=True,
        action_words=(tr("Up"), tr("Right"), tr("Down"), tr("Left")),
        goal=True,
        icon="trophy",
    ),
)
# Paces that people can play, measured with the keyboard model in `experts.human_like`.
CATALOGUE: tuple[EnvEntry, ...] = (
    EnvEntry(
        "LunarLander-v3",
        tr("Land softly between the flags"),
        30,
        action_words=(tr("Nothing"), tr("Left engine"), tr("Main engine"), tr("Right engine")),
        observation_words=_LANDER,
        solved=200,
        icon="rocket",
    ),
    EnvEntry(
        "LunarLanderContinuous-v3",
        tr("Land with throttles instead of switches"),
        30,
        action_words=(tr("Main engine"), tr("Side engines")),
        observation_words=_LANDER,
        solved=200,
        icon="rocket",
    ),
    EnvEntry(
        "CartPole-v1",
        tr("Keep the pole upright"),
        15,
        action_words=(tr("Push left"), tr("Push right")),
        observation_words=(
            tr("Cart position"),
            tr("Cart speed"),
            tr("Pole angle"),
            tr("Pole angular velocity"),
        ),
        solved=475,
        icon="activity",
    ),
    EnvEntry(
        "MountainCar-v0",
        tr("Rock the car out of the valley"),
        30,
        action_words=(tr("Push left"), tr("Coast"), tr("Push right")),
        observation_words=_CAR,
        solved=-110,
        goal=True,
        icon="flag",
    ),
    EnvEntry(
        "MountainCarContinuous-v0",
        tr("Rock the car out, with little fuel"),
        30,
        action_words=(tr("Push"),),
        observation_words=_CAR,
        solved=90,
        goal=True,
        icon="flag",
    ),
    EnvEntry(
        "Acrobot-v1",
        tr("Swing the foot above the line"),
        15,
        action_words=(tr("Turn left"), tr("Let go"), tr("Turn right")),
        observation_words=(
            *(tr("Arm 1 cosine"), tr("Arm 1 sine"), tr("Arm 2 cosine"), tr("Arm 2 sine")),
            *(tr("Arm 1 angular velocity"), tr("Arm 2 angular velocity")),
        ),
        solved=-100,
        goal=True,
        icon="activity",
    ),
    EnvEntry(
        "Pendulum-v1",
        tr("Swing the rod up and hold it"),
        20,
        action_words=(tr("Torque"),),
        observation_words=(tr("Height"), tr("Horizontal position"), tr("Angular velocity")),
        solved=-200,
        icon="rotate-ccw",
    ),
    EnvEntry(
        "BipedalWalker-v3",
        tr("Walk without falling"),
        30,
        action_words=(tr("Hip 1"), tr("Knee 1"), tr("Hip 2"), tr("Knee 2")),
        observation_words=_WALKER,
        solved=300,
        icon="user",
    ),
    EnvEntry(
        "CarRacing-v3",
        tr("Drive the track, stay off the grass"),
        50,
        action_words=(tr("Steer"), tr("Gas"), tr("Brake")),
        solved=900,
        icon="gauge",
        keys_right=True,
    ),
    EnvEntry(
        "FrozenLake-v1",
        tr("Cross the ice to the goal"),
        turn_based=True,
        action_words=_COMPASS,
        solved=1,
        icon="trophy",
    ),
    EnvEntry(
        "Taxi-v4",
        tr("Fetch a passenger and drop them off"),
        turn_based=True,
        action_words=(
            tr("South"),
            tr("North"),
            tr("East"),
            tr("West"),
            tr("Pick up"),
            tr("Drop off"),
        ),
        solved=0,
        goal=True,
        icon="users",
    ),
    EnvEntry(
        "CliffWalking-v1",
        tr("Walk to the goal, not over the cliff"),
        turn_based=True,
        action_words=(tr("Up"), tr("Right"), tr("Down"), tr("Left")),
        solved=-20,
        goal=True,
        icon="trophy",
    ),
    *TEACHING,
)

_BY_ID = {entry.env_id: entry for entry in CATALOGUE}


def find_entry(env_id: str) -> EnvEntry:
    """Return the catalogue's entry for an environment, or an entry with defaults."""
    return _BY_ID.get(bare_id(env_id)) or EnvEntry(env_id)
