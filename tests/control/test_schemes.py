"""Keys and sticks become actions; nothing is lost, nothing sticks."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from teleop.control import HumanPolicy, make_scheme
from teleop.envs.catalogue import CATALOGUE
from teleop.envs.making import close_env, make_env
from teleop.errors import ControlError
from teleop.types import InputEvent


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


def press(human: HumanPolicy, *controls: str, value: float = 1.0) -> None:
    for control in controls:
        human.hear(InputEvent(0.0, control, value))


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.env_id)
def test_every_move_of_the_catalogue_gives_a_valid_action(entry: object) -> None:
    env = make_env(entry.env_id, render=False)  # type: ignore[attr-defined]
    human = HumanPolicy(make_scheme(env))
    seen = set()
    for move in human.scheme.moves:
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
    human = HumanPolicy(make_scheme(env, ramp_s=0.1), dt_s=0.02)
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
    ],
    ids=str,
)
def test_a_scheme_is_made_for_any_flat_space(space: spaces.Space[object]) -> None:
    human = HumanPolicy(make_scheme(ToyEnv(space)))
    assert space.contains(human.act(None))
    for move in human.scheme.moves:
        press(human, move.controls[0])
        assert space.contains(human.act(None))


class Joystick(ToyEnv):
    """Names its actions as Atari games do."""

    words = ("NOOP", "FIRE", "UP", "RIGHT", "LEFT", "DOWN", "UPRIGHT", "UPLEFT")

    def get_action_meanings(self) -> list[str]:
        """A word for each action."""
        return list(self.words)


def test_action_meanings_become_directions_diagonals_and_numbered_keys() -> None:
    human = HumanPolicy(make_scheme(Joystick(spaces.Discrete(8))))
    assert human.act(None) == 0
    used = [control for move in human.scheme.moves for control in move.controls]
    assert len(used) == len(set(used))
    press(human, "key.w")
    assert human.act(None) == 2
    press(human, "key.d")
    assert human.act(None) == 6
    press(human, "key.w", "key.d", value=0.0)
    press(human, "key.1")
    assert human.act(None) == 1


@pytest.mark.parametrize(
    "space", [spaces.Box(-1, 1, (17,)), spaces.Sequence(spaces.Discrete(2)), spaces.Discrete(99)]
)
def test_what_nothing_can_drive_is_refused_in_a_sentence(space: spaces.Space[object]) -> None:
    with pytest.raises(ControlError):
        make_scheme(ToyEnv(space))
