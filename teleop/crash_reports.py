"""Crash reports: local files about unexpected errors, never sent."""

import contextlib
import platform
import sys
import time
import traceback
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from teleop import paths
from teleop._version import __version__
from teleop.errors import TeleopError

_KEPT = 20
_PACKAGES = ("pygame-ce", "gymnasium", "numpy", "h5py", "torch")


def folder() -> Path:
    """Return the folder of the crash reports."""
    return paths.user_folder() / "crashes"


@contextlib.contextmanager
def reported(process: str) -> Iterator[None]:
    """Write a crash report for an unexpected exception in this block, and raise it again."""
    try:
        yield
    except TeleopError:
        raise  # not a bug
    except Exception as problem:
        write(process, problem)
        raise


def write(process: str, problem: BaseException) -> Path | None:
    """Write everything needed to find the bug to a file; None if it cannot be written."""
    said = time.strftime("%Y-%m-%d %H:%M:%S")
    lines = [f"{process} of Teleop {__version__} ended at {said}", f"Python {sys.version}"]
    lines += [platform.platform(), *(f"{name} {_version(name)}" for name in _PACKAGES), ""]
    lines += traceback.format_exception(problem)
    file = folder() / f"{time.strftime('%Y%m%d-%H%M%S')}-{process}.txt"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(lines), "utf-8")
        for old in sorted(file.parent.glob("*.txt"))[:-_KEPT]:
            old.unlink()
    except OSError:
        return None
    return file


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"
