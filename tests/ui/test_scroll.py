"""Lists that are longer than their room, and folders to look through."""

from pathlib import Path

from pygame import Rect

from teleop.ui.state.file_browser import FileBrowser
from teleop.ui.widgets.scroll import Scroll

AREA = Rect(0, 100, 50, 100)


def test_the_focused_row_shows_and_one_beyond_it() -> None:
    scroll = Scroll()
    assert list(scroll.window(AREA, 20, 5, 0)) == [0, 1, 2, 3, 4]
    assert list(scroll.window(AREA, 20, 5, 4)) == [1, 2, 3, 4, 5]
    assert list(scroll.window(AREA, 20, 5, 19)) == [15, 16, 17, 18, 19]
    assert list(scroll.window(AREA, 20, 5, 15)) == [14, 15, 16, 17, 18]
    assert list(scroll.window(AREA, 3, 5)) == [0, 1, 2]


def test_the_wheel_scrolls_the_list_it_is_over_and_no_further_than_its_end() -> None:
    scroll = Scroll()
    scroll.window(AREA, 20, 5)
    scroll.by(3, (10, 50))
    assert scroll.window(AREA, 20, 5).start == 0
    scroll.by(3, (10, 150))
    assert scroll.window(AREA, 20, 5).start == 3
    scroll.by(99)
    assert list(scroll.window(AREA, 20, 5)) == [15, 16, 17, 18, 19]
    scroll.window(AREA, 20, 5, 19)
    scroll.by(-9)
    assert scroll.window(AREA, 20, 5, 19).start == 6  # a row with the focus may be scrolled away


def test_folders_bundles_and_datasets_are_listed_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "given-v0" / "data").mkdir(parents=True)
    (tmp_path / "given-v0" / "data" / "main_data.hdf5").touch()
    (tmp_path / "a.teleop.zip").touch()
    (tmp_path / "a.txt").touch()
    sheet = FileBrowser(tmp_path)
    names = [line.label for line in sheet.lines[2:]]
    assert names == ["given-v0", "plain", "a.teleop.zip"]
    assert sheet.use("files.given-v0") == tmp_path / "given-v0"
    assert sheet.use("files.plain") is None
    assert sheet.folder == tmp_path / "plain"
    assert sheet.lines[-1].label == "Nothing here can be imported"
    assert sheet.use("up") is None
    assert sheet.folder == tmp_path
