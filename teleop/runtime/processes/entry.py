"""Entry points of spawned processes; light to import, because the window imports them too."""

import os
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from teleop import crash_reports
from teleop.envs.activity import SharedActivity, activity
from teleop.envs.drivers import use_offscreen_driver


def run_environment(
    pipe: "Connection[Any, Any]", memory: SharedActivity, root: Path, samples: Path, base_seed: int
) -> None:
    """Run the environment process."""
    activity.share(memory)
    use_offscreen_driver(always=True)
    from teleop.runtime.processes.environment_process import serve

    with crash_reports.reported("environment"):
        serve(pipe, root, samples, base_seed)


def run_classroom(pipe: "Connection[Any, Any]", memory: SharedActivity) -> None:
    """Run the classroom process, which reads and studies what a class handed in."""
    activity.share(memory)
    use_offscreen_driver(always=True)
    _use_one_thread()
    from teleop.runtime.processes.classroom_process import serve

    with crash_reports.reported("classroom"):
        serve(pipe)


def run_trainer(pipe: "Connection[Any, Any]", memory: SharedActivity) -> None:
    """Run the training process with one thread, also in numpy, so that frames are not delayed."""
    activity.share(memory)
    use_offscreen_driver(always=True)
    _use_one_thread()
    from teleop.runtime.processes.trainer_process import serve

    with crash_reports.reported("trainer"):
        serve(pipe)


def _use_one_thread() -> None:
    for library in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")  # read when these libraries are loaded
