"""The versions and the platform that an environment's behavior depends on."""

import functools
import platform
from importlib import metadata
from typing import Any

import gymnasium as gym

# Packages for physics or emulation, by the module that defines the environment.
_ENGINES = {
    "gymnasium.envs.box2d": ("box2d",),
    "gymnasium.envs.mujoco": ("mujoco",),
    "ale_py": ("ale-py",),
    "gymnasium_robotics": ("mujoco",),
    "minigrid": (),
}


def fingerprint_of(env_id: str) -> dict[str, str]:
    """Return versions by package name, plus `python` and `platform`.

    Args:
        env_id: a registered environment; an unknown one gives only what does not depend on it.
    """
    module = _module_of(env_id)
    top = module.split(".")[0]
    wanted = {"gymnasium", "numpy", top.replace("_", "-")}
    for prefix, engines in _ENGINES.items():
        if module.startswith(prefix):
            wanted |= set(engines)
    versions = {name: found for name in sorted(wanted) if (found := _version(name))}
    return versions | {
        "python": platform.python_version(),
        "platform": f"{platform.system()}-{platform.machine()}",
    }


def differences(then: dict[str, str], now: dict[str, str]) -> list[str]:
    """Return a text for each change between two fingerprints; none if the first is empty."""
    if not then:
        return []
    return [
        f"{name} {then.get(name, 'missing')}, now {now.get(name, 'missing')}"
        for name in sorted(then.keys() | now.keys())
        if then.get(name) != now.get(name)
    ]


def _module_of(env_id: str) -> str:
    spec = gym.registry.get(env_id)
    entry: Any = spec.entry_point if spec else ""
    if isinstance(entry, str):
        return entry.split(":")[0]
    return str(getattr(entry, "__module__", ""))


@functools.cache
def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except (metadata.PackageNotFoundError, ValueError):
        return ""
