"""The commands about lessons: what they print, what they write, how they end."""

import json
from pathlib import Path

from teleop.lessons.lesson_progress import Progress, ProgressFile
from tests.harness.cli import as_json, one_sentence, teleop
from tests.lessons.test_lesson_file import GOOD, written


def test_lessons_are_listed_with_the_users_own(tmp_path: Path) -> None:
    home = {"XDG_DATA_HOME": str(tmp_path)}
    own = tmp_path / "teleop" / "lessons"
    own.mkdir(parents=True)
    written(own / "turn", GOOD)
    written(own / "wrong", GOOD.replace("format = 1", "formt = 1"))
    listed = json.loads(teleop("lesson", "list", "--json", here=tmp_path, env=home).stdout)
    problems = {row["lesson"]: row["problem"] for row in listed}
    assert list(problems)[-2:] == ["turn", "wrong"]
    assert problems["3-covariate-shift"] == problems["turn"] == ""
    assert "formt: this key is not known; did you mean format?" in problems["wrong"]
    assert len(as_json("lesson", "list", here=tmp_path)) == 7
    assert "Turn" in teleop("lesson", "list", here=tmp_path, env=home).stdout


def test_a_check_says_what_holds_and_what_fails(tmp_path: Path) -> None:
    written(tmp_path / "turn", GOOD)
    found = as_json("lesson", "check", "turn", here=tmp_path)
    assert found["assertions"][0]["holds"]
    written(tmp_path / "turn", GOOD.replace("at_least = 400", "at_least = 600"))
    said = one_sentence(teleop("lesson", "check", "turn", here=tmp_path, code=2))
    assert "turn: the assertion “The expert balances” fails: return 500" in said
    assert "expected at least 600" in said
    said = one_sentence(teleop("lesson", "check", "nowhere", here=tmp_path, code=2))
    assert "There is no lesson nowhere" in said
    written(tmp_path / "turn", GOOD.replace("choices", "choice", 1))
    said = one_sentence(teleop("lesson", "check", "turn", here=tmp_path, code=2))
    assert "block 1, choice: this key is not known; did you mean choices?" in said


def test_a_worksheet_is_written(tmp_path: Path) -> None:
    command = ("lesson", "worksheet", "3-covariate-shift", "--language", "de")
    teleop(*command, "--output", "sheets/one.html", here=tmp_path)
    page = (tmp_path / "sheets" / "one.html").read_text("utf-8")
    assert "Besuchte Zustände" in page
    assert "Kovariatenverschiebung" not in page  # the answer
    teleop(*command, "--teacher", "--output", "two.html", here=tmp_path)
    assert "Kovariatenverschiebung" in (tmp_path / "two.html").read_text("utf-8")
    for wrong, said in (
        (("--language", "pl"), "not written in 'pl'; it is written in de, en, es, fr, zh"),
        (("--output", "sheet.pdf"), "must end in .html"),
        (("--output", "two.html/x.html"), "cannot be written"),
    ):
        assert said in one_sentence(teleop(*command, *wrong, here=tmp_path, code=2))


def test_what_was_done_is_forgotten_on_request(tmp_path: Path) -> None:
    home = {"XDG_DATA_HOME": str(tmp_path)}
    file = ProgressFile(tmp_path / "teleop" / "lessons.json")
    progress = Progress()
    for name in ("1-drive", "2-clone"):
        progress.of(name).at(0).done = True
    file.write(progress)
    said = one_sentence(teleop("lesson", "reset", "9", here=tmp_path, code=2, env=home))
    assert "there is 1-drive, 2-clone" in said
    teleop("lesson", "reset", "1-drive", here=tmp_path, env=home)
    assert list(file.read().lessons) == ["2-clone"]
    draft = tmp_path / "teleop" / "lessons.part"
    draft.mkdir()  # where the file is written first
    said = one_sentence(teleop("lesson", "reset", here=tmp_path, code=2, env=home))
    assert "nothing was forgotten" in said
    draft.rmdir()
    teleop("lesson", "reset", here=tmp_path, env=home)
    assert file.read().lessons == {}


def test_a_damaged_file_of_what_was_done_costs_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "lessons.json"
    for text in ("", "[]", '{"lessons": {"a": {"block": -1}}}', "[" * 100_000):
        path.write_text(text)
        assert ProgressFile(path).read().lessons == {}


def test_a_lesson_opens_without_a_screen_in_one_sentence(tmp_path: Path) -> None:
    empty = {"DISPLAY": "", "WAYLAND_DISPLAY": "", "SDL_VIDEODRIVER": "x11"}
    done = teleop("lesson", "open", "1-drive", here=tmp_path, code=2, env=empty)
    assert "No window can be opened here" in one_sentence(done)
