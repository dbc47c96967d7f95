"""A computer is checked before a lesson, by doing what the class will do."""

from pathlib import Path

import pytest

from teleop import paths
from teleop.reports import computer_check
from teleop.reports.computer_check import iter_class_checks
from tests.harness.cli import as_json


def test_a_fit_computer_has_no_problem(tmp_path: Path) -> None:
    rows = as_json("doctor", "--class", "--recordings", "recordings", here=tmp_path)
    found = {row["what"]: row for row in rows}
    for name in ("User folder, writing", "Free disk space", "Lessons", "First picture"):
        assert found[name]["to do"] == "", found[name]
    assert found["Lessons"]["found"] == "7 lessons"
    assert found["Training, 300 steps"]["found"].endswith(" s")
    assert not (tmp_path / "recordings").exists()  # a check leaves nothing behind


def test_what_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    own = tmp_path / "teleop" / "lessons" / "mine"
    own.mkdir(parents=True)
    (own / "lesson.toml").write_text("format = 1")
    monkeypatch.setattr(computer_check, "LEAST_DISK_GB", 1e9)
    monkeypatch.setattr(paths, "samples_folder", lambda: tmp_path / "none")
    found = {check.name: check for check in iter_class_checks(tmp_path / "recordings")}
    assert found["Free disk space"].problem == "Free at least 1e+09 GB"
    assert "mine" in found["Lessons"].problem
    assert "this key is missing" in found["Lessons"].problem
    assert "none" in found["Trying it out"].problem
