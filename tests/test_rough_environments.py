"""Environments that hang or crash a command: named, whatever Python can still do."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageStat

from teleop.envs import trust
from teleop.envs.factory import make_env
from teleop.playback.replay import RecordedPolicy, Replay
from teleop.playback.side_by_side import write_side_by_side
from teleop.recording import Library, Recorder, dataset_info
from teleop.session import Session, record_episodes, seeds_from
from teleop.types import Actor, Observation
from tests.rough_envs import CALM


class Push:
    """Drives the cart to where it misbehaves."""

    actor = Actor.SCRIPT
    name = "push"

    def reset(self, seed: int) -> None:
        """From the start."""
        del seed
        self._steps = 0

    def act(self, observation: Observation) -> np.ndarray:
        del observation
        self._steps += 1
        return np.full(1, 1.0 if self._steps % 2 else 0.8, np.float32)


def recorded(
    root: Path,
    env_id: str,
    monkeypatch: pytest.MonkeyPatch,
    dataset_id: str = "rough/scripted-v0",
) -> None:
    """A recording made while the environment was still well."""
    monkeypatch.setenv(CALM, "1")
    trust.allow("packages", "tests.rough_envs")
    env = make_env(env_id)
    dataset = Library(root).open_for_writing(dataset_id, dataset_info(env))
    dataset.writer.claim()
    recorder = Recorder(dataset, env)
    session = Session(lambda: make_env(env_id), Push(), seeds_from(0), recorder)
    list(record_episodes(session, recorder, 1))
    session.close()
    dataset.writer.release()
    monkeypatch.delenv(CALM)


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
    recorded(tmp_path, "Crashes-v0", monkeypatch)
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
    recorded(tmp_path, "Hangs-v0", monkeypatch)
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
    recorded(tmp_path, env_id, monkeypatch)
    dataset = Library(tmp_path).existing("rough/scripted-v0")
    episode = dataset.read(dataset.rows()[0])
    replay = Replay(env_id, 0, [RecordedPolicy(episode), Push()])
    while replay.advance():
        pass
    replay.close()
    write_side_by_side(replay, tmp_path / "film.gif", 30)
    with Image.open(tmp_path / "film.gif") as film:
        assert film.size[0] == 600
        grey = ImageStat.Stat(film.convert("L").crop((0, 10, 600, 150)))
    assert replay.lanes[0].one_colour == (env_id == "Dark-v0")
    assert (grey.var[0] < 1) == (env_id != "Resizes-v0")  # the first picture of the others is black
