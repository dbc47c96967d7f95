"""Every command, in a process of its own, as scripts and people run it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from teleop import paths
from teleop.cli import cli
from teleop.cli.options import Commands
from tests.harness.cli import as_json, one_sentence, teleop


def test_record_list_show_train_evaluate_compare(tmp_path: Path) -> None:
    (tmp_path / "recordings").mkdir()
    recorded = as_json("record", "CartPole-v1", "--episodes", "3", here=tmp_path)
    assert len(recorded["returns"]) == 3
    (listed,) = as_json("list", here=tmp_path)
    assert (listed["dataset"], listed["episodes"]) == ("cartpole-v1/scripted-v0", 3)
    shown = as_json("show", listed["dataset"], here=tmp_path)
    assert {row["driver"] for row in shown["episodes"]} == {"human-like expert"}
    options = ("--steps", "300", "--members", "1", "--budget", "1")
    trained = as_json("train", "CartPole-v1", *options, here=tmp_path)
    assert Path(trained["policy"], "weights.safetensors").exists()
    (scored,) = as_json("evaluate", "CartPole-v1", "--episodes", "2", here=tmp_path)
    assert scored["low"] <= scored["mean"] <= scored["high"]
    both = ("evaluate", "CartPole-v1", Path(trained["policy"]).name, "random", "--episodes", "8")
    assert "is better than random" in teleop(*both, here=tmp_path).stdout
    teleop("film", "CartPole-v1", "--episode", "2", "--output", "e.png", here=tmp_path)
    assert (tmp_path / "e.png").stat().st_size > 1000
    out = ("compare", "CartPole-v1", "--headless", "--output", "c.png")
    compared = as_json(*out, here=tmp_path)
    assert compared["recording"] == "exact"
    assert (tmp_path / "c.png").stat().st_size > 1000


def test_train_says_how_it_chose_and_leaves_the_reward_out_on_request(tmp_path: Path) -> None:
    (tmp_path / "recordings").mkdir()
    teleop("record", "CartPole-v1", "--episodes", "4", here=tmp_path)
    train = ("train", "CartPole-v1", "--episodes", "2")
    played = teleop(*train, "--budget", "8", here=tmp_path).stdout
    assert "✓ Settings chosen by playing" in played
    assert "Settings that were tried by playing" in played
    assert "success" in played
    for option, words in (
        (("--no-reward",), "- The reward is not used"),
        (("--budget", "0"), "- The budget for trial episodes is 0"),
    ):
        told = teleop(*train, *option, "--members", "1", here=tmp_path).stdout
        assert f"{words}, so settings were not chosen by playing" in told
        assert "✓" not in told
    kept = as_json(*train, "--all-takes", "--members", "1", "--budget", "1", here=tmp_path)
    assert kept["left_out"] == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("record", "CartPol-v1"), "Did you mean"),
        (("record", "BipedalWalker-v3"), "no scripted expert"),
        (("show", "no/such-v0"), "There are:"),
        (("show", "../../etc"), "not a dataset id"),
        (("train", "no/such-v0"), "No dataset"),
        (("evaluate", "cartpole-v1/sample-v0"), "no policy yet"),
        (("compare", "CartPole-v1", "--headless", "--episode", "77"), "no episode 77"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(
    tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    root = ("--recordings", str(tmp_path / "r"))
    done = teleop(*arguments, *root, here=tmp_path, code=2)
    assert words in one_sentence(done)


def test_a_file_that_vanishes_meanwhile_is_no_crash(capsys: pytest.CaptureFixture[str]) -> None:
    commands = Commands(pretty_exceptions_enable=False)

    @commands.command()
    def fail() -> None:
        raise FileNotFoundError(2, "No such file or directory", "main_data.hdf5")

    assert commands([], standalone_mode=False) == 2
    said = capsys.readouterr().err
    assert said == (
        "main_data.hdf5 cannot be used (No such file or directory). Another program may have "
        "changed it meanwhile: try again.\n"
    )


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    done = teleop("record", "CartPol-v1", "--debug", here=tmp_path, code=1)
    assert "Traceback" in done.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="others always have a screen")
def test_without_a_screen_the_window_ends_with_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = {"SDL_VIDEODRIVER": "", "DISPLAY": "", "WAYLAND_DISPLAY": "", "XDG_RUNTIME_DIR": ""}
    done = teleop("CartPole-v1", here=tmp_path, code=2, env=nowhere)
    assert "teleop demo" in one_sentence(done)
    for name in nowhere:
        monkeypatch.delenv(name, raising=False)
    assert "teleop demo" in one_sentence(teleop(here=tmp_path, code=2))
    assert teleop("doctor", here=tmp_path).stderr == ""


def test_recordings_go_to_this_folder_if_it_has_one_else_to_the_user(tmp_path: Path) -> None:
    assert paths.recordings_folder(tmp_path) == paths.user_folder() / "recordings"
    (tmp_path / "recordings").mkdir()
    assert paths.recordings_folder(tmp_path) == tmp_path / "recordings"
    assert paths.recordings_folder(tmp_path, tmp_path / "x") == tmp_path / "x"


def test_doctor_says_what_there_is(tmp_path: Path) -> None:
    root = ("--recordings", str(tmp_path))
    rows = json.loads(teleop("doctor", *root, "--json", here=tmp_path).stdout)
    found = {row["what"]: row["found"] for row in rows}
    assert found["Recordings"] == str(tmp_path)
    assert found["pygame"] == "pygame-ce"
    (tmp_path / "file").touch()
    told = teleop("doctor", "--recordings", "file", "--json", here=tmp_path, code=1)
    (problem,) = [r["to do"] for r in json.loads(told.stdout) if r["what"] == "Recordings"]
    assert problem.startswith("file is not a folder")


def test_help_lists_every_command(tmp_path: Path) -> None:
    text = teleop("--help", here=tmp_path).stdout
    for command in ("record", "list", "show", "train", "evaluate", "compare", "demo", "doctor"):
        assert command in text


def test_the_shipped_samples_are_scripted_and_whole() -> None:
    from teleop.recording import Library

    samples = Library(paths.samples_folder())
    found = {s.dataset_id: s.total_episodes for s in samples.summaries()}
    shipped = {"lunarlander-v3/sample-v0": 12, "cartpole-v1/sample-v0": 6}
    assert shipped.items() <= found.items()
    for dataset_id in shipped:
        dataset = samples.dataset(dataset_id)
        for row in dataset.rows():
            assert row.driver == "script"
            assert len(dataset.read(row.file).rewards) == row.total_steps


def test_controls_are_printed_for_people_and_scripts(tmp_path: Path) -> None:
    (tmp_path / "controls.toml").write_text('["CarRacing-v3"]\nhand = "right"\n', "utf-8")
    where = ["--recordings", str(tmp_path)]
    runner = CliRunner()
    shown = runner.invoke(cli, ["controls", "CarRacing-v3", *where])
    assert shown.exit_code == 0
    assert "gas" in shown.output
    data = json.loads(runner.invoke(cli, ["controls", "CarRacing-v3", "--json", *where]).output)
    assert (data["hand"], len(data["axes"])) == ("right", 3)
    assert data["made"] == "preset, with your changes"
    assert data["moves"][0]["keys"] == "j"
    (tmp_path / "controls.toml").write_text('["CarRacing-v3"]\nfoot = "left"\n', "utf-8")
    refused = runner.invoke(cli, ["controls", "CarRacing-v3", *where])
    assert refused.exit_code == 2
    assert "unknown settings: foot" in refused.output


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("record CartPole-v1 --noise 2", "Invalid value for '--noise': .*less than or equal to 1"),
        ("train x --nosuch", "No such option: --nosuch"),
        ("play CartPole-v1", "'play' is not a command"),
        ("evaluate", "Missing argument 'dataset'"),
        ("LunarLander-v3 --seed -1", "Invalid value for '--seed'"),
    ],
)
def test_a_wrong_option_is_one_sentence(line: str, words: str) -> None:
    command = [sys.executable, "-m", "teleop", *line.split()]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert re.match(words, done.stderr)
    assert len(done.stderr.splitlines()) == 1
