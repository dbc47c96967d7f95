"""A warning before the disk fills up."""

import shutil
from pathlib import Path

import pytest

from teleop.errors import StorageError
from teleop.recording.disk.disk_space import low_space_warning, need_room


def test_a_disk_that_fills_up_is_said_before_it_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type(shutil.disk_usage(tmp_path))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9 - 10**8, 10**8))
    assert "Only 100 MB are left" in low_space_warning(tmp_path)
    need_room(tmp_path, 10**7)
    with pytest.raises(StorageError, match=r"Saving needs 1501\.0 MB, but only 100\.0 MB are free"):
        need_room(tmp_path, 10**9)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**12, 0, 10**12))
    assert low_space_warning(tmp_path) == ""
