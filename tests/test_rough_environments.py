"""Environments that hang or crash a command: named, whatever Python can still do."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageStat

from teleop.playback.replay import RecordedPolicy, Replay
from teleop.playback.side_by_side import write_side_by_side
from teleop.recording import Library
from tests.harness.recordings import Push, recorded_calmly


@contextlib.contextmanager
def started(root: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "teleop", *arguments, "--recordings", str(root)]
    where = os.environ | {"PYTHONPATH": str(Path.cwd())}
    hears = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)  # noqa: E731  jobs ignore it
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env=where, preexec_fn=hears
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_a_command_whose_environment_crashes_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded_calmly(tmp_path, "Crashes-v0", monkeypatch)
    with started(tmp_path, "verify", "rough/scripted-v0") as done:
        said = done.communicate(timeout=60)[1]
        assert done.returncode == -signal.SIGSEGV
    assert "Crashes-v0 crashed in step (segmentation fault, " in said
    assert "ctypes" in said
    assert "Traceback" not in said


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_a_command_whose_environment_hangs_says_so_and_can_be_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded_calmly(tmp_path, "Hangs-v0", monkeypatch)
    with started(tmp_path, "verify", "rough/scripted-v0") as done:
        assert done.stderr is not None
        line = next(line for line in done.stderr if "not responded" in line)
        assert line == "Hangs-v0 has not responded for 3 s (step). Press Ctrl+C to stop.\n"
        done.send_signal(signal.SIGINT)
        assert "Stopped." in done.stderr.read()
        assert done.wait(timeout=60) == 130


@pytest.mark.parametrize("env_id", ["Resizes-v0", "DrawsLate-v0", "Dark-v0"])
def test_odd_pictures_become_a_film_of_one_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, env_id: str
) -> None:
    recorded_calmly(tmp_path, env_id, monkeypatch)
    dataset = Library(tmp_path).existing("rough/scripted-v0")
    episode = dataset.read(dataset.rows()[0])
    replay = Replay(env_id, 0, [RecordedPolicy(episode), Push()])
    while replay.advance():
        pass
    replay.close()
    write_side_by_side(replay, tmp_path / "film.gif", 30)
    with Image.open(tmp_path / "film.gif") as film:
        assert film.size == (1280, 720)
        grey = ImageStat.Stat(film.convert("L").crop((200, 300, 440, 400)))
    assert replay.lanes[0].one_colour == (env_id == "Dark-v0")
    assert (grey.var[0] < 1) == (env_id != "Resizes-v0")  # the first picture of the others is black
