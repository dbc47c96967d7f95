"""Small programs of Teleop's own that run beside it, each for one task.

A portable app has no Python to start them with; there the app itself runs them.
"""

import sys
from importlib import import_module

_OPTION = "--worker"
_WORKERS = {  # name: module with a function `serve`
    "vetting": "teleop.recording.trust.vetting_service",
    "rescue": "teleop.recording.rescue.rescue_worker",
    "crash-reader": "teleop.cli.crash_reader",
}


def worker_command(name: str) -> list[str]:
    """The command line that starts a worker.

    Args:
        name: `vetting`, `rescue` or `crash-reader`.
    """
    if is_portable():
        return [sys.executable, _OPTION, name]
    # -P: the current folder may be an untrusted one, with an `h5py.py` in it
    return [sys.executable, "-P", "-c", f"from {_WORKERS[name]} import serve; serve()"]


def run_worker(arguments: list[str]) -> bool:
    """Run the worker that a portable app was started as.

    Args:
        arguments: of the command line, without the program.

    Returns:
        Whether it was started as one.
    """
    if not is_portable() or len(arguments) != 2 or arguments[0] != _OPTION:
        return False
    import_module(_WORKERS[arguments[1]]).serve()
    return True


def is_portable() -> bool:
    """This is the app with everything in one folder, made by PyInstaller."""
    return bool(getattr(sys, "frozen", False))
