"""Keys and sticks become actions; nothing is lost, nothing sticks."""

import itertools
from enum import IntEnum

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from teleop.control import ControlSettings, HumanPolicy, make_scheme
from teleop.control.controls_file import AxisSettings, conflict
from teleop.envs.catalogue import CATALOGUE
from teleop.envs.factory import close_env, make_env, pace_of
from teleop.errors import ControlError
from teleop.types import InputEvent

LAYER_KEYS = ((), ("key.lshift",), ("key.space",), ("key.lshift", "key.space"))


class ToyEnv(gym.Env[object, object]):
    """An environment that is only its action space."""

    observation_space = spaces.Box(-1, 1, (1,))

    def __init__(self, space: spaces.Space[object]) -> None:
        self.action_space = space


def person(env_id: str) -> HumanPolicy:
    env = make_env(env_id, render=False)
    human = HumanPolicy(make_scheme(env))
    close_env(env)
    return human


def listed(human: HumanPolicy) -> list[float]:
    return [float(value) for value in np.asarray(human.act(None)).ravel()]


def press(human: HumanPolicy, *controls: str, value: float = 1.0) -> None:
    for control in controls:
        human.hear(InputEvent(0.0, control, value))


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.env_id)
def test_every_move_of_the_catalogue_gives_a_valid_action(entry: object) -> None:
    env = make_env(entry.env_id, render=False)  # type: ignore[attr-defined]
    human = HumanPolicy(make_scheme(env))
    seen = set()
    for move in human.moves:
        for control in move.controls:
            axis = control[-1] in "+-"
            press(human, control.rstrip("+-"), value=-1.0 if control.endswith("-") else 1.0)
            action = human.act(None)
            assert env.action_space.contains(action), (move, control, action)
            seen.add(str(action))
            press(human, control.rstrip("+-"), value=0.0)
            human.reset(0)
            assert axis or human.act(None) is not None
    assert len(seen) > 1
    close_env(env)


def test_a_tap_between_two_steps_acts_once() -> None:
    human = person("LunarLander-v3")
    press(human, "key.w")
    press(human, "key.w", value=0.0)
    assert [human.act(None), human.act(None)] == [2, 0]


def test_a_held_key_acts_until_it_is_let_go() -> None:
    human = person("LunarLander-v3")
    press(human, "key.a")
    assert [human.act(None), human.act(None)] == [1, 1]
    press(human, "key.a", value=0.0)
    assert human.act(None) == 0


def test_an_unlisted_chord_means_its_latest_part_never_nothing() -> None:
    human = person("LunarLander-v3")
    press(human, "key.a", "key.w")
    assert human.act(None) == 2
    press(human, "key.w", value=0.0)
    assert human.act(None) == 1


def test_without_a_noop_the_last_action_goes_on() -> None:
    human = person("CartPole-v1")
    press(human, "key.d")
    press(human, "key.d", value=0.0)
    assert [human.act(None), human.act(None)] == [1, 1]


def test_letting_go_of_everything_is_neutral() -> None:
    human = person("LunarLander-v3")
    press(human, "key.w", "key.a")
    human.release()
    assert human.act(None) == 0


def test_keys_ramp_and_return_to_neutral() -> None:
    env = make_env("CarRacing-v3", render=False)
    human = HumanPolicy(
        make_scheme(env, ControlSettings(axes={"all": AxisSettings(ramp_s=0.1)})), dt_s=0.02
    )
    press(human, "key.d")
    steering = [float(human.act(None)[0]) for _ in range(7)]  # type: ignore[index]
    assert steering == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0, 1.0, 1.0])
    press(human, "key.d", value=0.0)
    back = [float(human.act(None)[0]) for _ in range(6)]  # type: ignore[index]
    assert back == pytest.approx([0.8, 0.6, 0.4, 0.2, 0.0, 0.0], abs=1e-6)
    close_env(env)


def test_a_stick_is_followed_and_its_dead_zone_is_silent() -> None:
    human = person("Pendulum-v1")
    press(human, "pad.left_x", value=-0.1)
    assert human.act(None) == 0.0
    press(human, "pad.left_x", value=-1.0)
    assert human.act(None) == 2.0
    press(human, "pad.left_x", value=0.55)
    assert -2.0 < human.act(None)[0] < 0.0  # type: ignore[index]


def test_turn_based_environments_step_once_a_press_in_order() -> None:
    env = make_env("FrozenLake-v1", render=False)
    human = HumanPolicy(make_scheme(env), turn_based=True)
    assert human.act(None) is None
    press(human, "key.d", "key.s")
    press(human, "key.d", value=0.0)
    press(human, "key.d")
    assert [human.act(None) for _ in range(4)] == [2, 1, 2, None]
    close_env(env)


@pytest.mark.parametrize(
    "space",
    [
        spaces.Discrete(2),
        spaces.Discrete(9, start=3),
        spaces.MultiDiscrete([3, 2]),
        spaces.MultiBinary(4),
        spaces.Box(-np.inf, np.inf, (3,)),
        spaces.Box(0.0, 5.0, (2, 2)),
        spaces.Box(-1.0, 1.0, (17,)),
        spaces.Discrete(99),
        spaces.Dict({"arm": spaces.Box(-1, 1, (3,)), "grip": spaces.Discrete(3)}),
        spaces.Tuple((spaces.MultiBinary(3), spaces.Dict({"x": spaces.Box(-1, 1, (2,))}))),
    ],
    ids=str,
)
def test_a_scheme_is_made_for_any_flat_space(space: spaces.Space[object]) -> None:
    human = HumanPolicy(make_scheme(ToyEnv(space)))
    seen: set[str] = set()
    assert space.contains(human.act(None))
    assert not conflict(human.moves)
    for move in human.moves:
        held = LAYER_KEYS[move.layer] + (move.controls[0],)
        press(human, *held)
        action = human.act(None)
        assert space.contains(action), (move, action)
        seen.add(str(action))
        press(human, *held, value=0.0)
        human.reset(0)
    assert len(seen) == len(human.moves)  # each does something of its own


class Joystick(ToyEnv):
    """Names its actions as Atari games do."""

    words = ("NOOP", "FIRE", "UP", "RIGHT", "LEFT", "DOWN", "UPRIGHT", "UPLEFT")

    def get_action_meanings(self) -> list[str]:
        """A word for each action."""
        return list(self.words)


def test_action_meanings_become_directions_diagonals_and_numbered_keys() -> None:
    human = HumanPolicy(make_scheme(Joystick(spaces.Discrete(8))))
    assert human.act(None) == 0
    used = [control for move in human.moves for control in move.controls]
    assert len(used) == len(set(used))
    press(human, "key.w")
    assert human.act(None) == 2
    press(human, "key.d")
    assert human.act(None) == 6
    press(human, "key.w", "key.d", value=0.0)
    press(human, "key.space")
    assert human.act(None) == 1


@pytest.mark.parametrize(
    "space", [spaces.Box(-1, 1, (25,)), spaces.Sequence(spaces.Discrete(2)), spaces.Discrete(999)]
)
def test_what_nothing_can_drive_is_refused_in_a_sentence(space: spaces.Space[object]) -> None:
    with pytest.raises(ControlError):
        make_scheme(ToyEnv(space))


class Grid(ToyEnv):
    """Documented as MiniGrid is.

    ## Action Space

    | Num | Name    | Action       |
    |-----|---------|--------------|
    | 0   | left    | Turn left    |
    | 1   | right   | Turn right   |
    | 2   | forward | Move forward |
    | 3   | pickup  | Take a thing |
    """

    metadata = {"render_fps": 10}  # noqa: RUF012


class Traffic(ToyEnv):
    """Names its actions in an enumeration."""

    class Actions(IntEnum):  # noqa: D106
        LANE_LEFT = 0
        IDLE = 1
        LANE_RIGHT = 2
        FASTER = 3
        SLOWER = 4

    metadata = {"render_fps": 10}  # noqa: RUF012


def test_documentation_gives_words_and_directions_and_grids_are_turn_based() -> None:
    env = Grid(spaces.Discrete(4))
    human = HumanPolicy(make_scheme(env))
    for key, action in (("key.a", 0), ("key.right", 1), ("pad.up", 2), ("key.1", 3)):
        press(human, key)
        assert human.act(None) == action
        press(human, key, value=0.0)
    assert human.moves[-1].word == "pickup"
    assert pace_of(env) == 0


def test_an_enumeration_gives_directions_and_idle_keeps_real_time() -> None:
    env = Traffic(spaces.Discrete(5))
    human = HumanPolicy(make_scheme(env))
    assert human.act(None) == 1
    for key, action in (("key.a", 0), ("key.d", 2), ("key.w", 3), ("key.s", 4)):
        press(human, key)
        assert human.act(None) == action
        press(human, key, value=0.0)
    assert pace_of(env) == 10


def test_the_mouse_held_on_the_picture_is_a_stick() -> None:
    human = person("LunarLanderContinuous-v3")
    press(human, "mouse.left")
    press(human, "mouse.x", value=0.6)
    press(human, "mouse.y", value=-1.0)
    main, side = human.act(None)  # type: ignore[misc]
    assert main == 1.0
    assert 0.4 < side < 0.7
    press(human, "mouse.left", "mouse.x", "mouse.y", value=0.0)
    assert listed(human) == [0.0, 0.0]


def test_a_place_is_pointed_at_and_stays() -> None:
    env = ToyEnv(spaces.Box(0.0, 512.0, (2,)))
    human = HumanPolicy(make_scheme(env), dt_s=0.1)
    assert listed(human) == [256.0, 256.0]
    press(human, "mouse.left")
    press(human, "mouse.x", value=-0.5)
    press(human, "mouse.y", value=1.0)
    press(human, "mouse.left", "mouse.x", "mouse.y", value=0.0)  # between two steps
    assert listed(human) == [128.0, 512.0]
    assert listed(human) == [128.0, 512.0]
    press(human, "key.w")  # up: towards the top of the picture
    assert human.act(None)[1] < 512.0  # type: ignore[index]


def test_ten_thousand_random_taps_are_neither_lost_nor_doubled() -> None:
    rng = np.random.default_rng(0)
    env = make_env("LunarLander-v3", render=False)
    human = HumanPolicy(make_scheme(env))
    close_env(env)
    keys = {"key.w": 2, "key.a": 1, "key.d": 3}
    taps = lost = doubled = 0
    for pace in (4.0, 15.0, 30.0, 60.0):
        now = 0.0
        for _ in range(2500):
            key = str(rng.choice(list(keys)))
            length = rng.uniform(0.001, 0.3)
            press(human, key)
            steps = int((now + length) * pace) - int(now * pace)
            actions = [human.act(None) for _ in range(steps)]
            press(human, key, value=0.0)
            now += length
            gap = rng.uniform(1.0, 2.0) / pace
            steps_after = int((now + gap) * pace) - int(now * pace)
            after = [human.act(None) for _ in range(max(1, steps_after))]
            now += gap
            done = sum(action == keys[key] for action in (*actions, *after))
            taps += 1
            lost += done == 0
            doubled += done > max(1, steps)
    assert (taps, lost, doubled) == (10_000, 0, 0)


@pytest.mark.parametrize("chord", list(itertools.combinations(range(6), 4)))
def test_chords_of_four_keys_move_all_their_axes(chord: tuple[int, ...]) -> None:
    human = HumanPolicy(make_scheme(ToyEnv(spaces.Box(-1.0, 1.0, (6,)))))
    ups = [human.moves[2 * axis + 1] for axis in chord]
    press(human, *(move.controls[0] for move in ups))
    assert [axis for axis, value in enumerate(listed(human)) if value == 1.0] == list(chord)


def test_what_was_pressed_in_the_last_episode_does_not_act_in_the_next() -> None:
    human = person("LunarLander-v3")
    press(human, "key.w")
    press(human, "key.w", value=0.0)
    human.reset(0)
    assert human.act(None) == 0


def test_a_key_that_stays_held_acts_in_the_next_episode_too() -> None:
    human = person("LunarLander-v3")
    press(human, "key.w")
    human.reset(0)
    assert human.act(None) == 2


def test_choices_that_do_not_begin_at_zero_are_counted_from_their_start() -> None:
    space = spaces.MultiDiscrete([3, 2], start=[5, -1])
    human = HumanPolicy(make_scheme(ToyEnv(space)))
    assert listed(human) == [5, -1]
    first = human.moves[0].controls[0]
    press(human, first)
    assert listed(human) == [6, -1]
