"""Controllers that solve the classic environments from their observation alone.

Mean returns over 20 seeds: CartPole 500, MountainCar -111, MountainCarContinuous 91,
Acrobot -80, Pendulum -158, LunarLander about 230, Ring Track 156.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from teleop.envs.action_spaces.disturbance import Disturbance
from teleop.envs.naming import bare_id, parse_name
from teleop.envs.spaces import Space
from teleop.envs.teaching.ring_track import RING_TRACK, steer_along
from teleop.envs.teaching.treasure_grid import TREASURE_GRID, WALLS, best_steps
from teleop.envs.teaching.two_gates import TWO_GATES
from teleop.errors import LearningError
from teleop.text import tr
from teleop.types import Action, Actor, Observation

Script = Callable[[Any], Action]
_UNDECIDED = 0.05  # distance from the middle within which both gates are as near


class ScriptedPolicy:
    """A policy that runs a scripted controller."""

    actor = Actor.SCRIPT

    def __init__(self, env_id: str, script: Script) -> None:
        self.env_id = env_id
        self.name = "expert"
        self._script = script

    def reset(self, seed: int) -> None:
        """Do nothing: a controller has no state."""

    def act(self, observation: Observation) -> Action:
        """Return the controller's action."""
        return self._script(observation)


class TwoGatesPolicy(ScriptedPolicy):
    """Passes the rock of Two Gates on a side that is drawn for each episode."""

    def __init__(self, env_id: str) -> None:
        super().__init__(env_id, self._steer)
        self.reset(0)

    def reset(self, seed: int) -> None:
        """Draw the side."""
        self._rng = np.random.default_rng([seed, 13])
        self._side = float(self._rng.choice((-1.0, 1.0)))

    def _steer(self, observation: Any) -> Action:
        """Steer to the nearer gate, almost fully, as a hand at a stick does."""
        x = float(observation[0])
        side = self._side if abs(x) < _UNDECIDED else math.copysign(1.0, x)
        return np.array([side * self._rng.uniform(0.86, 1.0)], np.float32)


class WobblyPolicy:
    """Another policy with random errors: it leaves the ideal path, and finds back."""

    def __init__(self, policy: ScriptedPolicy, space: Space, share: float) -> None:
        """Wrap a policy.

        Args:
            policy: chooses the intended actions.
            space: the action space.
            share: size of the errors; see `Disturbance`.
        """
        self.actor, self.name = policy.actor, f"wobbly {policy.name}"
        self._policy, self._errors = policy, Disturbance(space, share)

    def reset(self, seed: int) -> None:
        """Start an episode."""
        self._policy.reset(seed)
        self._errors.reset(seed)

    def act(self, observation: Observation) -> Action:
        """Return the intended action with an error."""
        return self._errors(self._policy.act(observation))


def make_expert(env_id: str) -> ScriptedPolicy:
    """Return the scripted demonstrator of an environment.

    Raises:
        LearningError: the environment has none; the message lists the environments that do.
    """
    if bare_id(env_id) == TWO_GATES:
        return TwoGatesPolicy(env_id)
    if bare_id(env_id) == TREASURE_GRID:
        plan = best_steps(str(parse_name(env_id).kwargs.get("walls", WALLS)))
        return ScriptedPolicy(env_id, lambda state: plan[int(state)])
    script = EXPERTS.get(bare_id(env_id))
    if script is None:
        raise LearningError(
            tr(
                "There is no scripted expert for {env_id}. Environments that have one: {known}.",
                env_id=env_id,
                known=", ".join((*EXPERTS, *_WITH_OWN_CLASS)),
            )
        )
    return ScriptedPolicy(env_id, script)


def has_expert(env_id: str) -> bool:
    """Return whether the environment has a scripted demonstrator."""
    return bare_id(env_id) in (*EXPERTS, *_WITH_OWN_CLASS)


def _cart_pole(o: Any) -> int:
    """Bang-bang control on the sign of an LQR feedback."""
    return int(o[0] + 1.7 * o[1] + 35.0 * o[2] + 7.0 * o[3] > 0)


def _mountain_car(o: Any) -> int:
    """A closed-form switching curve in position and velocity."""
    x, v = float(o[0]), float(o[1])
    low = min(-0.09 * (x + 0.25) ** 2 + 0.03, 0.3 * (x + 0.9) ** 4 - 0.008)
    high = -0.07 * (x + 0.38) ** 2 + 0.07
    return 2 if low < v < high else 0


def _mountain_car_continuous(o: Any) -> Action:
    """Push in the direction of the velocity."""
    return np.array([0.9 if o[1] >= 0 else -0.9], np.float32)


def _acrobot(o: Any) -> int:
    """Pump energy: the torque follows the elbow's speed and opposes the shoulder's."""
    drive = -0.3 * float(o[4]) + 1.0 * float(o[5])
    return 0 if drive < -0.02 else 2


def _pendulum(o: Any) -> Action:
    """Pump energy to the level of the upright position, then balance with a PD controller."""
    cosine, sine, speed = (float(value) for value in o)
    angle = math.atan2(sine, cosine)
    if cosine > 0.9 or (cosine > 0.7 and abs(speed) < 4.5):
        torque = -(14.0 * angle + 3.5 * speed)
    else:
        missing = 15.0 - (0.5 * speed * speed + 10.0 * cosine)
        torque = 2.0 * math.copysign(1.0, speed) * min(1.0, max(-1.0, 0.8 * missing))
    return np.array([min(2.0, max(-2.0, torque))], np.float32)


def _lander_todo(s: Any) -> tuple[float, float]:
    """Return the remaining (turn, lift), as in Gymnasium's `heuristic` for LunarLander."""
    if s[6] or s[7]:  # a leg touches the ground: only slow the descent
        return 0.0, -float(s[3]) * 0.5
    lean = min(0.4, max(-0.4, float(s[0]) * 0.5 + float(s[2])))
    turn = (lean - float(s[4])) * 0.5 - float(s[5])
    lift = (0.55 * abs(float(s[0])) - float(s[1])) * 0.5 - float(s[3]) * 0.5
    return turn, lift


def _lunar_lander(s: Any) -> int:
    turn, lift = _lander_todo(s)
    if lift > abs(turn) and lift > 0.05:
        return 2
    if turn < -0.05:
        return 3
    return 1 if turn > 0.05 else 0


def _lunar_lander_continuous(s: Any) -> Action:
    turn, lift = _lander_todo(s)
    return np.clip(np.array([lift * 20 - 1, -turn * 20], np.float32), -1, 1)


_WITH_OWN_CLASS = (TWO_GATES, TREASURE_GRID)  # experts that are more than a function
EXPERTS: dict[str, Script] = {
    "CartPole-v1": _cart_pole,
    "MountainCar-v0": _mountain_car,
    "MountainCarContinuous-v0": _mountain_car_continuous,
    "Acrobot-v1": _acrobot,
    "Pendulum-v1": _pendulum,
    "LunarLander-v3": _lunar_lander,
    "LunarLanderContinuous-v3": _lunar_lander_continuous,
    RING_TRACK: steer_along,
}
