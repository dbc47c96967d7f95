"""Which font sets which letters, and where lines end."""

import pytest

from teleop.ui.drawing.typesetting import runs, words


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Episode 12", [("Episode 12", False)]),
        ("回合 12", [("回合", True), (" 12", False)]),
        ("筛选：success、a…", [("筛选：", True), ("success", False), ("、", True), ("a…", False)]),
        ("", []),
    ],
)
def test_chinese_letters_are_set_apart_from_ours(text: str, parts: list[tuple[str, bool]]) -> None:
    assert runs(text) == parts


def test_a_line_ends_between_words_or_after_a_chinese_letter() -> None:
    assert words("two words") == ["two", " words"]
    assert words("两个，字") == ["两", "个，", "字"]
    assert words("a/path/of parts") == ["a/", "path/", "of", " parts"]
