"""Where spawned processes begin. Light to import: the window names these functions too."""

from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any


def run_stage(pipe: "Connection[Any, Any]", root: Path, samples: Path, base_seed: int) -> None:
    """The stage's process."""
    from teleop.stage.host import serve

    serve(pipe, root, samples, base_seed)


def run_trainer(pipe: "Connection[Any, Any]") -> None:
    """The trainer's process."""
    from teleop.stage.trainer import serve

    serve(pipe)
