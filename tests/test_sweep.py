"""A sweep gives the same table wherever it runs, goes on where it stopped, says what is wrong."""

import json
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from teleop import paths
from teleop.recording.disk.lock import Lock
from tests.harness.cli import one_sentence
from tests.harness.cli import teleop as command

SAMPLE = "cartpole-v1/sample-v0"
FEW = ("--seeds", "2", "--episodes", "3")
TRIED = ("--set", "steps=20,60", "--set", "lag=0:1", *FEW)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sample recordings, and a finished sweep in `first`."""
    folder = tmp_path_factory.mktemp("sweep")
    shutil.copytree(paths.samples_folder(), folder / "recordings")
    command("sweep", SAMPLE, *TRIED, "--output", "first", here=folder)
    return folder


@pytest.mark.parametrize("on", ["local:2", pytest.param("slurm:local", marks=pytest.mark.slow)])
def test_the_table_is_the_same_wherever_it_ran(here: Path, on: str) -> None:
    output = on.replace(":", "-")
    said = command("sweep", SAMPLE, *TRIED, "--output", output, "--on", on, here=here).stdout
    assert (here / output / "table.csv").read_bytes() == (here / "first/table.csv").read_bytes()
    assert "lag_steps" in said
    figure = (here / output / "figure.svg").read_text("utf-8")
    assert all(text in figure for text in ("lag_steps 0", "lag_steps 1", ">steps<"))


def test_a_sweep_goes_on_where_it_stopped(here: Path) -> None:
    shutil.copytree(here / "first", here / "again")
    shutil.rmtree(here / "again/steps-60_lag_steps-1_seed-0")
    (here / "again/table.csv").unlink()
    times = {run: run.stat().st_mtime_ns for run in (here / "again").glob("*/run.json")}
    assert len(times) == 7
    command("sweep", SAMPLE, *TRIED, "--output", "again", here=here)
    assert {run: run.stat().st_mtime_ns for run in times} == times  # none was made again
    assert (here / "again/table.csv").read_bytes() == (here / "first/table.csv").read_bytes()


def test_a_run_is_complete(here: Path) -> None:
    folder = here / "first/steps-60_lag_steps-1_seed-1"
    run = json.loads((folder / "run.json").read_text("utf-8"))
    assert run["settings"] == {"steps": 60, "lag_steps": 1}
    assert (run["seed"], len(run["returns"])) == (1, 3)
    assert {"teleop", "torch", "numpy", "python"} == run["versions"].keys()
    assert (folder / "policy/config.json").exists()


def test_versions_that_differ_are_said(here: Path) -> None:
    shutil.copytree(here / "first", here / "mixed")
    path = here / "mixed/steps-20_lag_steps-0_seed-0/run.json"
    run = json.loads(path.read_text("utf-8"))
    run["versions"]["torch"], run["host"] = "1.0", "old-machine"
    path.write_text(json.dumps(run), encoding="utf-8")
    said = command("sweep", SAMPLE, *TRIED, "--output", "mixed", here=here).stdout
    assert "Versions differ: torch 1.0 on old-machine" in said


def test_recordings_that_change_meanwhile_are_not_mixed(here: Path) -> None:
    shutil.copytree(here / "recordings", here / "other")
    shutil.copytree(here / "first", here / "changed")
    command("label", SAMPLE, "1", "--tag", "x", "--recordings", "other", here=here)
    command("delete", SAMPLE, "2", "--recordings", "other", here=here)
    plan = json.loads((here / "changed/sweep.json").read_text("utf-8"))
    assert plan["sources"]
    where = ("--recordings", "other", "--output", "changed")
    said = one_sentence(command("sweep", SAMPLE, *TRIED, *where, here=here, code=2))
    assert "holds another sweep" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--set", "stepps=1"), "stepps"),
        (("--set", "steps"), "--set steps is not understood"),
        (("--set", "lag=6:0"), "names 0 values"),
        (("--set", "lag=1", "--set", "lag_steps=2"), "A setting is named twice"),
        (("--set", "steps=20", "--on", "moon"), "write local:N, dask://HOST:PORT, or slurm"),
        (("--set", "steps=20", "--on", "dask://127.0.0.1:9"), "No dask scheduler answers"),
        (("--set", "steps=20", "--on", "slurm:gpu"), "Slurm cannot be used here"),
        (("--set", "episodes=1:900"), "episodes=7 is not possible"),
    ],
)
def test_what_is_wrong_is_one_sentence(here: Path, arguments: tuple[str, ...], said: str) -> None:
    done = command("sweep", SAMPLE, *arguments, *FEW, "--output", "wrong", here=here, code=2)
    assert said in one_sentence(done)
    assert not list(here.glob("wrong/*/run.json"))


def test_two_sweeps_do_not_share_a_folder(here: Path) -> None:
    (here / "busy").mkdir()
    lock = Lock(here / "busy/sweep.lock")
    assert lock.acquire()
    try:
        done = command("sweep", SAMPLE, *TRIED, "--output", "busy", here=here, code=2)
        assert "A sweep is running in busy" in one_sentence(done)
    finally:
        lock.release()


@pytest.mark.slow
def test_a_worker_of_a_cluster_that_dies_costs_its_run_only(here: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"127.0.0.1:{port}"
    dask = (sys.executable, "-m", "dask")
    scheduler = subprocess.Popen([*dask, "scheduler", "--port", str(port), "--no-dashboard"])
    quiet = ("--nthreads", "1", "--no-nanny", "--no-dashboard")
    workers = [subprocess.Popen([*dask, "worker", f"tcp://{address}", *quiet]) for _ in range(2)]
    try:
        arguments = ["sweep", SAMPLE, *TRIED, "--output", "far", "--on", f"dask://{address}"]
        running = subprocess.Popen([sys.executable, "-m", "teleop", *arguments], cwd=here)
        end = time.monotonic() + 120
        while not list((here / "far").glob("*/run.json")) and time.monotonic() < end:
            time.sleep(0.1)
        workers[0].kill()
        assert running.wait(120) == 0
    finally:
        for process in (*workers, scheduler):
            process.kill()
            process.wait()
    assert (here / "far/table.csv").read_bytes() == (here / "first/table.csv").read_bytes()
