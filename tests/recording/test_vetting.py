"""The process that looks at strangers' files."""

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from teleop.errors import HostileFileError
from teleop.recording import Dataset
from teleop.recording.trust import vetting_service


def looking() -> list[psutil.Process]:
    """The processes that look at files for this one."""
    children = psutil.Process().children()
    return [child for child in children if "vetting_service" in " ".join(child.cmdline())]


@pytest.mark.skipif(os.name != "posix", reason="a process is stopped by a signal")
@pytest.mark.parametrize("kills", [1, 2])
def test_a_process_that_dies_of_something_else_costs_no_sound_file(
    record: Callable[..., Dataset], tmp_path: Path, kills: int
) -> None:
    dataset = record(episodes=1)
    path = tmp_path / "copy.h5"
    path.write_bytes((dataset.places.episodes / dataset.rows()[0].file).read_bytes())
    problems: list[BaseException] = []

    def admit() -> None:
        try:
            vetting_service.admit(path)
        except HostileFileError as problem:
            problems.append(problem)

    asking = threading.Thread(target=admit)
    killed: set[int] = set()
    asking.start()
    end = time.monotonic() + 30
    while asking.is_alive() and time.monotonic() < end:
        for process in looking():
            if len(killed) < kills and process.pid not in killed:
                os.kill(process.pid, signal.SIGKILL)
                killed.add(process.pid)
        asking.join(0.001)
    assert len(killed) == kills
    assert len(problems) == kills - 1
