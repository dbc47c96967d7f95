"""A little of each torture; `python -m tests.torture` does all of it."""

import shutil
from pathlib import Path

import pytest

from tests.torture import at_window, commands, crash, damage, folders, full, hostile, kill, trace


def test_kills_at_random_moments_lose_nothing() -> None:
    assert kill.run(9) == []


@pytest.mark.skipif(not trace.available(), reason="needs strace")
def test_no_state_that_a_crash_or_power_cut_leaves_loses_a_saved_episode() -> None:
    tried, lost = crash.run(power_cuts=40, takes=2, every=2)
    assert tried > 100
    assert lost == []


def test_full_disks_are_one_sentence_and_lose_nothing() -> None:
    assert full.run_by_limit(15) == []


@pytest.mark.skipif(not full.available(), reason="needs root, to mount a small file system")
def test_a_real_small_disk_fills_up_and_recording_goes_on_once_there_is_room() -> None:
    assert full.run(6) == []


def test_truncated_and_flipped_files_are_named_and_the_others_come_back() -> None:
    assert damage.truncations(every=499)[1] == []
    assert damage.flips(60)[1] == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["image", "dict"])
def test_flipped_bytes_of_pictures_and_text_are_named(kind: str) -> None:
    assert damage.flips(60, kind)[1] == []


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("data/certificates.jsonl", "link"),
        ("data/labels.json", "zero"),
        ("data/metadata.json", "pipe"),
        ("EPISODE", "link"),
        ("data/episodes", "link"),
        ("policies", "link"),
        ("policies/p/weights.safetensors", "socket"),
        (".teleop", "link"),
        (".teleop/trash", "link"),
        (".teleop/lock", "dangling"),
        ("..", "link"),
    ],
)
def test_nothing_outside_a_copied_folder_is_touched(place: str, kind: str) -> None:
    assert folders.one(place, kind) == []


_LOOKING = ("list", "show", "verify", "train", "export bundle", "evaluate", "compare", "label")
_CHANGING = ("record", "delete", "restore", "purge", "merge", "recover", "import", "rename")


@pytest.mark.skipif(not trace.available(), reason="needs strace")
@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("data/certificates.jsonl", "link"),
        (".teleop", "denied"),
        pytest.param(".teleop/trash", "link", marks=pytest.mark.slow),
        pytest.param("policies", "link", marks=pytest.mark.slow),
        pytest.param("data/labels.json", "zero", marks=pytest.mark.slow),
        pytest.param("policies/p/config.json", "huge", marks=pytest.mark.slow),
    ],
)
def test_no_command_touches_what_is_outside(place: str, kind: str) -> None:
    assert commands.one(place, kind, (*_LOOKING, *_CHANGING)) == []


@pytest.mark.slow
@pytest.mark.skipif(not trace.available(), reason="needs strace")
@pytest.mark.parametrize("place", ["policies", ".teleop/trash", "data/labels.json"])
def test_the_window_touches_nothing_outside(place: str) -> None:
    assert commands.one(place, "link", ("window",)) == []


@pytest.mark.slow
def test_the_walk_through_the_window_reaches_everything_on_a_sound_folder(tmp_path: Path) -> None:
    shutil.copytree(folders.template(), tmp_path / "recordings", symlinks=True)
    assert at_window.walk(tmp_path / "recordings") == []


def test_a_link_that_comes_and_goes_leads_nowhere() -> None:
    assert folders.one(".teleop/trash", "link", swapped=True) == []


@pytest.mark.parametrize("name", hostile.HOSTILE)
def test_hostile_files_are_refused_in_words(name: str) -> None:
    assert hostile.one(name) == []
