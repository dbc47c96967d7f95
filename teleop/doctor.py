"""What this computer has, and what stands in Teleop's way."""

import importlib.metadata
import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

from teleop import crash, paths

_PACKAGES = ("pygame-ce", "gymnasium", "numpy", "h5py", "torch", "safetensors", "minari")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at.

    Attributes:
        name: what.
        value: what was found.
        problem: what to do about it; empty if all is well.
    """

    name: str
    value: str
    problem: str = ""


def pygame_problem() -> str:
    """Why the installed pygame will not do; empty if it will.

    `pygame` and `pygame-ce` install the same import package: whichever comes last overwrites the
    other's files, and a few of each remain.
    """
    if _version("pygame"):
        return (
            "Plain pygame is installed and overwrites pygame-ce; Teleop needs pygame-ce. Run: "
            "pip uninstall -y pygame pygame-ce, then: pip install pygame-ce"
        )
    if not _version("pygame-ce"):
        return "pygame-ce is missing. Run: pip install pygame-ce"
    return ""


def name_clash_problem() -> str:
    """Another package called `teleop` is installed; empty if not."""
    if _version("teleop"):
        return (
            "Another package named teleop is installed and shares this import name. Run: "
            "pip uninstall -y teleop, then: pip install --force-reinstall --no-deps teleop-studio"
        )
    return ""


def examine(recordings: Path) -> list[Finding]:
    """Look at everything."""
    return [
        Finding("Python", f"{sys.version.split()[0]} on {platform.platform()}"),
        *(_package(name) for name in _PACKAGES),
        Finding("pygame", "pygame-ce" if not pygame_problem() else "not usable", pygame_problem()),
        Finding("Name", "teleop-studio", name_clash_problem()),
        Finding("Allowed packages", ", ".join(_allowed()) or "none (teleop ENV --import PACKAGE)"),
        _display(),
        _pads(),
        _torch(),
        _writable(recordings),
        Finding("Settings", str(paths.settings_file())),
        Finding("Crash reports", f"{crash.folder()} (never sent)"),
    ]


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _package(name: str) -> Finding:
    found = _version(name)
    if not found and name == "minari":
        return Finding(name, "not installed (only needed to read recordings with Minari itself)")
    return Finding(name, found or "missing", "" if found else f"Run: pip install {name}")


def _display() -> Finding:
    if pygame_problem():
        return Finding("Display", "not looked at: pygame-ce is not usable")
    from teleop.ui import hardware

    found, is_there = hardware.display()
    return Finding("Display", found, "" if is_there else "Without a screen, try: teleop demo")


def _pads() -> Finding:
    if pygame_problem():
        return Finding("Gamepads", "not looked at: pygame-ce is not usable")
    from teleop.ui import hardware

    known = ", ".join(hardware.gamepads())
    return Finding("Gamepads", known or "none plugged in (the keyboard will do)")


def _torch() -> Finding:
    if not _version("torch"):
        return Finding("torch trains on", "nothing: torch is missing", "Run: pip install torch")
    import torch

    idle = f"; {torch.cuda.get_device_name()} is not used" if torch.cuda.is_available() else ""
    return Finding("torch trains on", f"CPU, one thread{idle}")


def _writable(folder: Path) -> Finding:
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not existing.is_dir():
        return Finding("Recordings", str(folder), f"{existing} is not a folder: choose another")
    value = str(folder) if folder.exists() else f"{folder} (made when first needed)"
    if os.access(existing, os.W_OK):
        return Finding("Recordings", value)
    return Finding("Recordings", value, "Not writable: choose another with --recordings")


def _allowed() -> list[str]:
    from teleop.envs import trust

    return trust.packages()
