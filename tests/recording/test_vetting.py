"""The process that looks at strangers' files."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from teleop.errors import DamagedFileError, HostileFileError
from teleop.recording import Dataset
from teleop.recording.trust import vetting_service


def looking() -> Iterator[psutil.Process]:
    """The processes that look at files for this one."""
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.Error):  # it has just ended
            if "vetting_service" in " ".join(child.cmdline()):
                yield child


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

    for process in looking():  # one from before would answer at once
        process.kill()
        process.wait()
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


def test_a_file_that_is_gone_is_not_called_hostile(tmp_path: Path) -> None:
    with pytest.raises(DamagedFileError, match="No such file"):
        vetting_service.admit(tmp_path / "gone.h5")
