"""What a `lesson.toml` may say, and how a mistake in it is reported."""

import os
from pathlib import Path

import pytest

from teleop.api.lesson_checks import check_parts, iter_assertions
from teleop.errors import LessonError
from teleop.lessons import course
from teleop.lessons.lesson_file import read_lesson
from teleop.lessons.worksheet import worksheet

GOOD = """
format = 1
title = { en = "Turn", de = "Abbiegen" }
summary = "Short."
environment = "CartPole-v1"
[[block]]
kind = "predict"
title = "Which way?"
text = { en = "Left or <right>?", de = "Links oder rechts?" }
minutes = 1
choices = ["Left", { en = "Right", de = "Rechts" }]
answer = 2
[[block]]
kind = "do"
title = "Drive"
text = "Record."
minutes = 2.5
screen = "demonstrate"
goal = { record = 2 }
[[block]]
kind = "say"
title = "Say"
text = "Complete."
minutes = 1
sentence = "It turned because …"
example = "the pole leaned."
[teacher]
prepare = ["A keyboard."]
[[assertion]]
says = "The expert balances"
record = { driver = "expert", episodes = 2 }
measure = "return"
at_least = 400
"""


NAMES = sorted(folder.name for folder in course.shipped_folder().iterdir())


def written(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "lesson.toml").write_text(text, "utf-8")
    return folder


def test_a_lesson_is_read(tmp_path: Path) -> None:
    lesson = read_lesson(written(tmp_path / "turn", GOOD))
    assert (lesson.name, lesson.minutes) == ("turn", 4.5)
    assert lesson.content.title.to("de") == "Abbiegen"
    assert lesson.content.title.to("fr") == "Turn"  # English where a translation is missing
    assert lesson.content.summary.to("de") == "Short."  # a plain string is for every language
    (remark,) = check_parts(lesson)
    assert remark.startswith("The same in every language: summary, block 1.title")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("minutes = 2.5", "minuts = 2.5", "block 2, minuts: .* did you mean minutes"),
        ("minutes = 2.5", 'minutes = "long"', "block 2, minutes: .* found 'long'"),
        ("minutes = 2.5", "minutes = -1", "block 2, minutes: .* greater than 0; found -1"),
        ("record = 2 }", "record = true }", "block 2, goal, record: .*valid integer; found True"),
        ("record = 2 }", 'record = "2" }', "block 2, goal, record: .*valid integer; found '2'"),
        ("record = 2 }", "recod = 2 }", "block 2, goal, recod: .* did you mean record"),
        (
            'kind = "do"',
            'kind = "play"',
            "block 2: its kind must be one of 'predict', .* found 'play'",
        ),
        ('kind = "do"', "", "block 2: its kind is missing"),
        ("answer = 2", "answer = 3", "block 1: answer is 3, but there are 2 choices"),
        ('screen = "demonstrate"', 'screen = "drive"', "block 2, screen: .*; found 'drive'"),
        ('summary = "Short."', "", "summary: this key is missing"),
        ('summary = "Short."', 'summary = ""', "summary: a text is empty"),
        ("format = 1", "format = 2", "format 2, which a newer Teleop wrote"),
        ("format = 1", "", "format: this key is missing"),
        ("format = 1", "format = [", "not valid TOML"),
        ("at_least = 400", "", "assertion 1: give at_least or at_most, or nothing can fail"),
        ('measure = "return"', 'measure = "luck"', "assertion 1, measure: .* found 'luck'"),
        (
            "record = { driver",
            'dataset = "a/b-v0"\nrecord = { driver',
            "either a dataset or record",
        ),
        ('de = "Abbiegen"', 'german = "Abbiegen"', "title: 'german' is not a language code"),
        ('text = "Record."', f'text = "{"x" * 5000}"', "block 2, text: the text has 5000 char"),
        ("minutes = 2.5", 'minutes = 2.5\npicture = "../a.png"', "block 2, picture: expected the"),
        ("minutes = 2.5", 'minutes = 2.5\npicture = "no.png"', "no.png cannot be read"),
        ("minutes = 2.5", 'minutes = 2.5\npicture = "a.svg"', "a.svg cannot be shown"),
        ("minutes = 2.5", "minutes = 2.5\nseed = -4", "block 2, seed: .* found -4"),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path: Path, before: str, after: str, said: str) -> None:
    assert before in GOOD
    with pytest.raises(LessonError, match=said) as problem:
        read_lesson(written(tmp_path / "turn", GOOD.replace(before, after, 1)))
    assert "\n" not in str(problem.value)


def test_what_is_no_lesson_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(LessonError, match="cannot be read"):
        read_lesson(folder)
    file = folder / "lesson.toml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(LessonError, match="not UTF-8"):
        read_lesson(folder)
    file.write_bytes(b"#" * 2_000_000)
    with pytest.raises(LessonError, match="larger than 1 MB"):
        read_lesson(folder)
    file.unlink()
    secret = tmp_path / "secret"
    secret.write_text(GOOD)
    file.symlink_to(secret)
    with pytest.raises(LessonError, match="cannot be read"):
        read_lesson(folder)
    file.unlink()
    if hasattr(os, "mkfifo"):
        os.mkfifo(file)
        with pytest.raises(LessonError, match="not a regular file"):
            read_lesson(folder)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('"CartPole-v1"', '"NoSuchEnv-v7"', "turn: .*NoSuchEnv-v7"),
        ("goal = {", 'recipe = "magic"\ngoal = {', "turn: there is no recipe magic; there are bc"),
        (
            "goal = {",
            'dataset = "no/such-v0"\ngoal = {',
            "turn: there are no recordings no/such-v0",
        ),
    ],
)
def test_what_a_lesson_names_must_exist(tmp_path: Path, before: str, after: str, said: str) -> None:
    lesson = read_lesson(written(tmp_path / "turn", GOOD.replace(before, after, 1)))
    with pytest.raises(LessonError, match=said):
        check_parts(lesson)


def test_missing_translations_are_remarks(tmp_path: Path) -> None:
    text = GOOD.replace(', de = "Rechts"', "").replace('de = "Abbiegen"', 'pl = "Zakręt"')
    remarks = check_parts(read_lesson(written(tmp_path / "turn", text)))
    assert any("into de: block 1.choices 2, title" in r or "into de: title" in r for r in remarks)
    assert any("no translation into pl" in remark for remark in remarks)


def test_an_assertion_measures_and_can_fail(tmp_path: Path) -> None:
    lesson = read_lesson(written(tmp_path / "turn", GOOD))
    (result,) = iter_assertions(lesson)
    assert result.holds
    assert result.value >= 400
    worse = GOOD.replace('driver = "expert"', 'driver = "random"')
    (result,) = iter_assertions(read_lesson(written(tmp_path / "turn", worse)))
    assert not result.holds
    assert result.value < 100


def test_an_assertion_that_cannot_be_measured_is_named(tmp_path: Path) -> None:
    text = GOOD.replace("at_least = 400", 'recipe = "maxent"\nat_least = 400')
    lesson = read_lesson(written(tmp_path / "turn", text))
    with pytest.raises(LessonError, match="turn, assertion “The expert balances”: "):
        list(iter_assertions(lesson))


def test_a_worksheet_holds_the_texts_and_hides_the_answers(tmp_path: Path) -> None:
    lesson = read_lesson(written(tmp_path / "turn", GOOD))
    page = worksheet(lesson, "de")
    assert "Links oder rechts?" in page
    assert "Rechts" in page
    assert "the pole leaned" not in page
    assert "A keyboard." not in page
    english = worksheet(lesson, "en", teacher=True)
    assert "Left or &lt;right&gt;?" in english  # a text is no markup
    assert "<b>Answer:</b> B" in english
    assert "the pole leaned" in english
    assert "A keyboard." in english
    assert "http" not in english.replace("http-equiv", "")


def test_the_course_is_complete_in_five_languages() -> None:
    lessons = [course.find_lesson(name) for name in NAMES]
    assert [lesson.name[0] for lesson in lessons] == list("1234567")
    assert sum(lesson.minutes for lesson in lessons[:4]) == 45
    for lesson in lessons:
        assert check_parts(lesson) == []
        for place, text in lesson.texts().items():
            assert text.codes == {"en", "de", "es", "fr", "zh"}, (lesson.name, place)


@pytest.mark.parametrize("name", NAMES)
def test_what_the_course_claims_happens(name: str) -> None:
    results = list(iter_assertions(course.find_lesson(name)))
    assert results
    assert [(r.says, r.value, r.expected) for r in results if not r.holds] == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", [11, 12, 13])
@pytest.mark.parametrize("name", NAMES)
def test_it_happens_with_further_seeds(name: str, seed: int) -> None:
    results = list(iter_assertions(course.find_lesson(name), seed))
    assert [(r.says, r.value, r.expected) for r in results if not r.holds] == []
