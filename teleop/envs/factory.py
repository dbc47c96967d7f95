"""Create environments, and report every failure in one sentence."""

import contextlib
import difflib
import sys
import time
import warnings
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import error

from teleop.envs import trust
from teleop.envs.action_spaces.action_labels import learn_words
from teleop.envs.action_spaces.action_semantics import is_turn_based
from teleop.envs.activity import activity, encoded
from teleop.envs.catalogue import CATALOGUE, find_entry
from teleop.envs.conversion import ConvertingWrapper
from teleop.envs.naming import EnvName, is_plain, parse_name
from teleop.envs.pictures import render_error
from teleop.envs.stepping import iter_random_steps
from teleop.envs.teaching import register_envs
from teleop.errors import EnvError, sentence
from teleop.text import joined, tr

register_envs()
# Gymnasium's messages name its extras; ours show the complete install command.
_NAME = "teleop_name"  # attribute that stores the full name of an environment
_EXTRAS = {"box2d": "box2d", "pygame": "classic-control", "mujoco": "mujoco", "ale": "atari"}


def known_ids() -> list[str]:
    """Return every id that `make_env` can try, the catalogue's first."""
    first = [entry.env_id for entry in CATALOGUE]
    return first + sorted(set(gym.registry) - set(first))


def make_env(env_id: str, *, render: bool = True, **kwargs: Any) -> gym.Env[Any, Any]:
    """Create an environment that renders to arrays.

    Args:
        env_id: full name of an environment that is installed, or that a package allowed by this
            user provides. `module:id` is refused, because it would import a module.
        render: whether the environment renders; it is faster without.
        **kwargs: arguments of the environment, in addition to those in its name.

    Raises:
        EnvError: the id is unknown, a package is missing, or the environment cannot be created.
    """
    activity.on_make(env_id)
    activity.begin(b"make", encoded(env_id))
    try:
        return _wrapped(env_id, render=render, **kwargs)
    finally:
        activity.end()


def _wrapped(env_id: str, *, render: bool, **kwargs: Any) -> gym.Env[Any, Any]:
    name = parse_name(env_id)
    if ":" in name.env_id:
        raise EnvError(_unknown(name.env_id))
    if name.env_id not in gym.registry and not trust.find_in_packages(name.env_id):
        raise EnvError(_unknown(name.env_id))
    wrappers = [trust.wrapper_named(wrapper) for wrapper in name.wrappers]
    given = {"max_episode_steps": name.time_limit, "disable_env_checker": True}
    given |= {key: value for key, value in name.kwargs.items() if key not in _OWN_KEYS} | kwargs
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # hide deprecation warnings of environments
            env = _made(name.env_id, given, render=render)
            for wrapper in wrappers:
                env = wrapper(env)
            env = ConvertingWrapper(env, *_options_of(name), env_id)
    except EnvError:
        raise
    except error.DependencyNotInstalled as problem:
        raise EnvError(_missing(env_id, problem)) from problem
    except Exception as problem:  # an environment's constructor may raise anything
        hint = " Wrappers take arguments: module:Class(name=value)." if name.wrappers else ""
        text = tr(
            "{env_id} could not be made: {problem}.", env_id=env_id, problem=sentence(problem)
        )
        raise EnvError(joined("", (text, hint))) from problem
    vars(env)[_NAME] = env_id
    learn_words(env_id, env)
    return env


def _options_of(name: EnvName) -> tuple[dict[str, Any] | None, list[float]]:
    """Return the options of `reset` and the reward weights in a full name."""
    options, weights = (name.kwargs.get(key) for key in _OWN_KEYS)
    if options is not None and not isinstance(options, dict):
        raise EnvError(f'reset_options is {options!r:.60}; expected an object: {{"goal": 2}}.')
    numbers = isinstance(weights, list) and all(isinstance(w, int | float) for w in weights)
    if weights is not None and not numbers:
        raise EnvError(f"reward_weights is {weights!r:.60}; expected numbers: [1, 0.5].")
    return options, weights if isinstance(weights, list) else []


def _made(env_id: str, given: dict[str, Any], *, render: bool) -> gym.Env[Any, Any]:
    """Create an environment; some accept no `render_mode`, others always require one."""
    arrays, none = {"render_mode": "rgb_array"}, {"render_mode": None}
    ways: list[dict[str, Any]] = [arrays, none, {}] if render else [none, arrays, {}]
    env = _first_made(env_id, given, ways)
    modes = env.metadata.get("render_modes") or ["rgb_array"]
    if render and not any("array" in str(mode) for mode in modes):
        close_env(env)
        raise EnvError(render_error(env, f"it draws as {', '.join(map(str, modes))} alone"))
    return env


def _first_made(
    env_id: str, given: dict[str, Any], ways: list[dict[str, Any]]
) -> gym.Env[Any, Any]:
    for way in ways[:-1]:
        try:
            return gym.make(env_id, **way, **given)
        except Exception as problem:
            if "render" not in str(problem):
                raise
    return gym.make(env_id, **ways[-1], **given)


def name_of(env: gym.Env[Any, Any]) -> str:
    """Return the full name that creates the same environment."""
    if _NAME in vars(env):
        return str(vars(env)[_NAME])
    spec = env.spec
    if spec is None:
        return type(env.unwrapped).__name__
    usual = gym.registry.get(spec.id)
    has_usual_limit = usual is not None and spec.max_episode_steps == usual.max_episode_steps
    given = usual.kwargs if usual else {}
    kwargs = {
        key: value
        for key, value in spec.kwargs.items()
        if is_plain(value) and given.get(key) != value and key != "render_mode"
    }
    limit = None if has_usual_limit else spec.max_episode_steps
    wrappers = tuple(wrapper.entry_point for wrapper in spec.additional_wrappers)
    return str(EnvName(spec.id, kwargs, limit, wrappers))


def pace_of(env: gym.Env[Any, Any]) -> float:
    """Return the steps per second at which to play an environment; 0 if it is turn-based."""
    if is_turn_based(env):
        return 0.0
    entry = find_entry(env.spec.id if env.spec else "")
    fps = entry.pace_hz or env.metadata.get("render_fps")
    valid = isinstance(fps, int | float | np.number) and 0 < float(fps) <= 1000
    return float(fps) if valid and fps is not None else 30.0


def _unknown(env_id: str) -> str:
    if not env_id:
        return tr(
            "No environment was given. To set the environment of a dataset, run: teleop "
            "environment DATASET ENV"
        )
    close = difflib.get_close_matches(env_id, known_ids(), n=3, cutoff=0.5)
    lowered = {known.lower(): known for known in known_ids()}
    close = close or [
        lowered[match] for match in difflib.get_close_matches(env_id.lower(), lowered, n=3)
    ]
    hint = tr("`teleop doctor --envs` lists them.")
    if close:
        hint = tr("Did you mean {close}?", close=", ".join(close))
    unknown = tr("No environment is called {env_id!r}.", env_id=env_id)
    return joined(" ", (unknown, hint, tr("If a package provides it, add --import PACKAGE.")))


def _missing(env_id: str, problem: Exception) -> str:
    text = str(problem).lower()
    extra = next((extra for word, extra in _EXTRAS.items() if word in text), None)
    line = f"pip install 'gymnasium[{extra}]'" if extra else sentence(problem)
    return f"{env_id} needs a package that is not installed. To install it: {line}"


def close_env(env: gym.Env[Any, Any]) -> None:
    """Close an environment without shutting down pygame for the others.

    Many environments shut down pygame in `close`, which breaks all other environments of the
    process that render with it. During the call, pygame's own `quit` functions therefore do
    nothing.
    """
    modules = [sys.modules.get(name) for name in _PYGAME_PARTS]
    kept = [
        (module, vars(module)["quit"]) for module in modules if module and hasattr(module, "quit")
    ]
    for module, _ in kept:
        setattr(module, "quit", lambda: None)  # noqa: B010  not known to type checkers
    try:
        with contextlib.suppress(Exception):  # a broken environment may fail again
            env.close()
    finally:
        for module, quit_it in kept:
            setattr(module, "quit", quit_it)  # noqa: B010


_OWN_KEYS = (
    "reset_options",
    "reward_weights",
)  # options that Teleop handles, not the environment
_PYGAME_PARTS = ("pygame", "pygame.display", "pygame.font", "pygame.mixer", "pygame.joystick")
_QUICK_STEP_S = 0.001
_QUICK_STEPS = 50


def is_quick(env_id: str) -> bool:
    """Return whether the environment works here without rendering and steps within 1 ms."""
    try:
        env = make_env(env_id, render=False)
    except EnvError:
        return False
    try:
        env.reset(seed=0)  # the first reset may load resources
        began = time.process_time()  # CPU time does not depend on other load
        for _ in iter_random_steps(env, _QUICK_STEPS, seed=0):
            pass
        return (time.process_time() - began) / _QUICK_STEPS < _QUICK_STEP_S
    except EnvError:  # a failing environment is not played
        return False
    finally:
        close_env(env)
