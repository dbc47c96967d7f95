"""Where arrows lead."""

from pygame import Rect

from teleop.ui.widgets.focus import DOWN, RIGHT, Focus, Node


def node(name: str, rect: tuple[int, int, int, int], group: str) -> Node:
    return Node(name, "button", name, Rect(rect), group)


def test_right_of_a_long_row_is_what_lies_beyond_it_not_the_head_of_a_column() -> None:
    row = node("row", (0, 100, 400, 40), "table")
    head = node("head", (250, 60, 80, 30), "table head")
    play = node("play", (450, 300, 40, 40), "transport")
    focus = Focus()
    focus.set("row", "table")
    focus.move([row, head, play], RIGHT)
    assert focus.id == "play"


def test_a_button_inside_its_row_is_reached_and_the_group_comes_first() -> None:
    row = node("row", (0, 100, 400, 40), "episodes")
    star = node("star", (340, 105, 30, 30), "episodes")
    below = node("below", (0, 150, 400, 40), "episodes")
    other = node("other", (410, 100, 40, 40), "tools")
    focus = Focus()
    focus.set("row", "episodes")
    focus.move([row, star, below, other], RIGHT)
    assert focus.id == "star"
    focus.set("row", "episodes")
    focus.move([row, star, below, other], DOWN)
    assert focus.id == "below"
