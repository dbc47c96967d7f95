"""Check what this computer has, and what prevents Teleop from working."""

import importlib.metadata
import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

from teleop import crash_reports, paths

_PACKAGES = ("pygame-ce", "gymnasium", "numpy", "h5py", "torch", "safetensors", "minari")


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one check.

    Attributes:
        name: what was checked.
        value: what was found.
        problem: what to do about it; empty if all is well.
    """

    name: str
    value: str
    problem: str = ""


def pygame_problem() -> str:
    """Return why the installed pygame is not usable; empty if it is.

    `pygame` and `pygame-ce` install the same import package. The one installed last overwrites the
    other's files, and a few files of each remain.
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
    """Report another installed package called `teleop`; empty if there is none."""
    if _version("teleop"):
        return (
            "Another package named teleop is installed and shares this import name. Run: "
            "pip uninstall -y teleop, then: pip install --force-reinstall --no-deps teleop-studio"
        )
    return ""


def examine(recordings: Path) -> list[Check]:
    """Run all checks."""
    return [
        Check("Python", f"{sys.version.split()[0]} on {platform.platform()}"),
        *(_package(name) for name in _PACKAGES),
        Check("pygame", "pygame-ce" if not pygame_problem() else "not usable", pygame_problem()),
        Check("Name", "teleop-studio", name_clash_problem()),
        Check("Allowed packages", ", ".join(_allowed()) or "none (teleop ENV --import PACKAGE)"),
        _display(),
        _pads(),
        _torch(),
        _writable(recordings),
        Check("Settings", str(paths.settings_file())),
        Check("Crash reports", f"{crash_reports.folder()} (never sent)"),
    ]


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _package(name: str) -> Check:
    found = _version(name)
    if not found and name == "minari":
        return Check(name, "not installed (only needed to read recordings with Minari itself)")
    return Check(name, found or "missing", "" if found else f"Run: pip install {name}")


def _display() -> Check:
    if pygame_problem():
        return Check("Display", "not checked: pygame-ce is not usable")
    from teleop.ui.system import hardware

    found, is_there = hardware.display()
    return Check("Display", found, "" if is_there else "Without a screen, try: teleop demo")


def _pads() -> Check:
    if pygame_problem():
        return Check("Gamepads", "not checked: pygame-ce is not usable")
    from teleop.ui.system import hardware

    known = ", ".join(hardware.gamepads())
    return Check("Gamepads", known or "none connected (the keyboard works without one)")


def _torch() -> Check:
    if not _version("torch"):
        return Check("torch trains on", "not installed", "Run: pip install torch")
    import torch

    images = f"; images on {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ""
    return Check("torch trains on", f"CPU, one thread{images}")


def _writable(folder: Path) -> Check:
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not existing.is_dir():
        return Check("Recordings", str(folder), f"{existing} is not a folder: choose another")
    value = str(folder) if folder.exists() else f"{folder} (created when first needed)"
    if os.access(existing, os.W_OK):
        return Check("Recordings", value)
    return Check("Recordings", value, "Not writable: choose another with --recordings")


def _allowed() -> list[str]:
    from teleop.envs import trust

    return trust.packages()
