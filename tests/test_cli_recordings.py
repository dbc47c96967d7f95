"""The commands about recordings, in processes of their own."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from teleop.recording import Library
from tests.harness.cli import SCRIPT, as_json, lay_traps, one_sentence, sprung, teleop

DATASET = "cartpole-v1/scripted-v0"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with three recorded episodes."""
    (tmp_path / "recordings").mkdir()
    teleop("record", "CartPole-v1", "--episodes", "3", here=tmp_path)
    return tmp_path


def test_label_trim_search_and_sort(here: Path) -> None:
    teleop("label", DATASET, "1", "3", "--star", "--tag", "wind", "--success", here=here)
    teleop("label", DATASET, "3", "--untag", "wind", "--unjudged", "--note", "late", here=here)
    teleop("trim", DATASET, "1", "--first", "2", "--end", "9", here=here)
    (found,) = as_json("show", DATASET, "--starred", "--success", here=here)["episodes"]
    assert (found["episode"], found["tags"], found["trim"]) == (1, "wind", "2-9")
    (noted,) = as_json("show", DATASET, "--search", "LATE", here=here)["episodes"]
    assert (noted["tags"], noted["verdict"]) == ("", "")
    wide = {"COLUMNS": "160"}
    shown = teleop("show", DATASET, "--sort", "-return", here=here, env=wide).stdout
    assert "★ · success · wind · trimmed to 2-9" in shown
    returns = [
        row["return"]
        for row in as_json("show", DATASET, "--sort", "-return", here=here)["episodes"]
    ]
    assert returns == sorted(returns, reverse=True)
    teleop("trim", DATASET, "1", "--whole", here=here)
    assert as_json("show", DATASET, here=here)["episodes"][0]["trim"] == ""


def test_delete_restore_and_purge(here: Path) -> None:
    teleop("delete", DATASET, "1", "2", here=here)
    assert len(as_json("show", DATASET, here=here)["episodes"]) == 1
    teleop("restore", DATASET, "2", here=here)
    assert len(as_json("show", DATASET, "--trash", here=here)) == 1
    teleop("purge", DATASET, "--yes", here=here)
    assert "is empty" in teleop("purge", DATASET, here=here).stdout
    done = teleop("restore", DATASET, "1", here=here, code=2)
    assert "not in the trash" in one_sentence(done)


def test_merge_split_rename_verify(here: Path) -> None:
    merged = as_json("merge", "all/all-v0", DATASET, here=here)
    assert (merged["added"], merged["already_there"]) == (3, 0)
    parts = ("--into", "all/train-v0=0.67", "--into", "all/test-v0=0.33")
    split = as_json("split", "all/all-v0", *parts, here=here)
    assert [part["episodes"] for part in split] == [2, 1]
    teleop("rename", "all/test-v0", "all/held-out-v1", here=here)
    checked = as_json("verify", "all/held-out-v1", here=here)
    assert [row["verdict"] for row in checked] == ["exact"]


def test_verify_and_recover_say_by_exit_code_what_is_lost(here: Path) -> None:
    library = Library(here / "recordings")
    dataset = library.dataset(DATASET)
    path = dataset.places.episodes / dataset.rows()[1].file
    path.write_bytes(path.read_bytes()[:3000])
    shown = teleop("verify", DATASET, here=here, code=1).stdout
    assert "2 of 3 episodes are exact" in shown
    checked = json.loads(teleop("verify", DATASET, "--json", here=here, code=1).stdout)
    assert [row["verdict"] for row in checked] == ["exact", "unreadable", "exact"]
    assert path.name in checked[1]["finding"]
    teleop("recover", str(dataset.folder), here=here, code=3)
    teleop("recover", str(path), "--into", "saved/none-v0", here=here, code=1)
    teleop("recover", str(dataset.folder / "nowhere"), here=here, code=2)
    (saved,) = [s for s in library.summaries() if s.dataset_id.startswith("recovered/")]
    assert saved.total_episodes == 2
    teleop("recover", str(library.dataset(saved.dataset_id).folder), here=here)
    dataset.places.description.write_text("{")
    shown = teleop("verify", DATASET, here=here, code=1).stdout
    assert "0 of 3 episodes are exact" in shown
    assert shown.count("unreadable") == 1  # the same is wrong with all of them


def test_export_and_import(here: Path) -> None:
    written = as_json("export", DATASET, "--output", "out/b.teleop.zip", here=here)
    assert written["episodes"] == 3
    brought = as_json("import", "out/b.teleop.zip", "--name", "from/afar-v0", here=here)
    wanted = {"dataset": "from/afar-v0", "episodes": 3, "environment": "CartPole-v1"}
    assert brought == wanted
    wrong = ("import", "out/b.teleop.zip", "--name", "from/there-v0", "--env", "Pendulum-v1")
    said = teleop(*wrong, here=here, code=2).stderr
    assert "its environment could not be set to Pendulum-v1" in said
    teleop("export", DATASET, "--format", "csv", here=here)
    assert (here / "cartpole-v1-scripted-v0.csv").stat().st_size > 1000


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("label", DATASET, "9", "--star"), "no episode 9"),
        (("label", DATASET, "1", "--tag", "x" * 50), "at most 40"),
        (("trim", DATASET, "1", "--idle"), "--first"),
        (("trim", DATASET, "1", "--first", "5", "--end", "3"), "keeps none"),
        (("split", DATASET, "--into", "all/a-v0=2"), "at most 1"),
        (("split", DATASET, "--into", "../a-v0=1"), "not a dataset id"),
        (("merge", "all/all-v0", "no/such-v0"), "No dataset"),
        (("rename", DATASET, "bad name"), "not a dataset id"),
        (("rename", DATASET, "x" * 300 + "-v0"), "at most 100"),
        (("export", DATASET, "--format", "pdf"), "Unknown format"),
        (("import", "nowhere.zip"), "nowhere.zip"),
        (("import", "recordings"), "exists already"),
        (("show", DATASET, "--sort", "colour"), "sort by"),
    ],
)
def test_bad_input_is_one_sentence(here: Path, arguments: tuple[str, ...], words: str) -> None:
    before = {p: p.stat().st_mtime_ns for p in (here / "recordings").rglob("*.h5")}
    done = teleop(*arguments, here=here, code=2)
    assert words in one_sentence(done)
    assert {p: p.stat().st_mtime_ns for p in (here / "recordings").rglob("*.h5")} == before


def test_nothing_in_the_current_folder_is_run(here: Path, tmp_path: Path) -> None:
    """Also not by the processes that check and rescue files."""
    start, cache = lay_traps(tmp_path / "downloads"), {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    shutil.copytree(here / "recordings", start / "recordings")
    (listed,) = as_json("list", here=here)
    for command in (
        ("show", listed["dataset"]),
        ("recover", f"recordings/{DATASET}", "--into", "rescued/one-v0"),
    ):
        done = subprocess.run(
            [SCRIPT, *command], cwd=start, env=os.environ | cache, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
    assert sprung(start) == []
