"""Code outside Gymnasium that this user allows: packages with environments, and wrappers.

Opening a recording imports nothing; only names that were typed on this computer are imported.
"""

import contextlib
import importlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym

from teleop import paths
from teleop.envs.naming import wrapper_parts
from teleop.errors import EnvError, sentence
from teleop.text import tr

_FILE = "trusted.json"


def remember(kind: str, name: str) -> None:
    """Import a package or wrapper, and allow its import from now on.

    Args:
        kind: `packages` or `wrappers`.
        name: `package` or `package.module:Class`.

    Raises:
        EnvError: it cannot be imported.
    """
    if kind == "wrappers":
        _load(name)
    else:
        _import(name)
    allow(kind, name)


def allow(kind: str, name: str) -> None:
    """Store that this user allows the import of a package or wrapper."""
    table = _table()
    if name in table.get(kind, []):
        return
    table[kind] = [*table.get(kind, []), name]
    path = _path()
    partial = path.with_suffix(".partial")
    with contextlib.suppress(OSError):  # the user is then asked again next time
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps(table, indent=1), "utf-8")
        os.replace(partial, path)  # noqa: PTH105


def is_remembered(kind: str, name: str) -> bool:
    """Return whether this user has allowed a package or wrapper."""
    return name in _table().get(kind, [])


def packages() -> list[str]:
    """Return the packages that this user has allowed."""
    return [str(name) for name in _table().get("packages", [])]


def find_in_packages(env_id: str) -> bool:
    """Import allowed packages until one of them provides the environment."""
    return any(env_id in gym.registry for _ in _imported())


def wrapper_named(name: str) -> Any:
    """Return a function that applies the named wrapper, if this user has allowed its class.

    Raises:
        EnvError: the wrapper is not allowed, or it no longer exists.
    """
    wanted, args, kwargs = wrapper_parts(name)
    if not is_remembered("wrappers", wanted):
        raise EnvError(
            f"The wrapper {wanted} was never typed on this computer, so it is not imported. If you "
            f"trust it, open the environment once with --wrapper '{name}'."
        )
    wrapper = _load(wanted)
    return lambda env: wrapper(env, *args, **kwargs)


def _imported() -> Iterator[str]:
    for package in packages():
        with contextlib.suppress(EnvError):  # it may have been uninstalled
            _import(package)
            yield package


def _import(package: str) -> None:
    try:
        module = importlib.import_module(package)
    except Exception as problem:  # a package's own code
        raise EnvError(
            tr(
                "The package {package!r} cannot be imported: {problem}. Install it into this "
                "environment, or check its spelling.",
                package=package,
                problem=sentence(problem),
            )
        ) from problem
    register = getattr(gym, "register_envs", None)
    if register:
        register(module)


def _load(name: str) -> Any:
    module, _, attribute = name.partition(":")
    try:
        wrapper = getattr(importlib.import_module(module), attribute)
    except Exception as problem:  # a package's own code
        raise EnvError(f"The wrapper {name} cannot be imported: {sentence(problem)}.") from problem
    return wrapper


def _table() -> dict[str, Any]:
    try:
        table = json.loads(_path().read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return table if isinstance(table, dict) else {}


def _path() -> Path:
    return paths.user_folder() / _FILE
