"""A sentence that knows its message: as a string, in exceptions, pickled, put together."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from teleop.text import Text, joined, listed, ntr, tr


def upper(message: str, plural: str, n: int) -> str:
    """A language whose words are in capitals; places stay."""
    said = message if n == 1 or not plural else plural
    return "".join(part if "{" in part else part.upper() for part in _parts(said))


def _parts(said: str) -> list[str]:
    return said.replace("{", "\0{").replace("}", "}\0").split("\0")


def translated(text: str) -> str:
    assert isinstance(text, Text)
    return text.translated(upper)


def test_it_is_the_english_sentence() -> None:
    text = tr("Saved {count} of {name}", count=3, name=Path("a"))
    assert text == "Saved 3 of a"
    assert hash(text) == hash("Saved 3 of a")


@pytest.mark.parametrize("n", [0, 1, 2])
def test_one_and_several(n: int) -> None:
    text = ntr("{n} step by {who}", "{n} steps by {who}", n, who="you")
    assert text == f"{n} step{'' if n == 1 else 's'} by you"
    assert translated(text) == f"{n} STEP{'' if n == 1 else 'S'} BY you"


def test_values_that_are_messages_are_translated_too_and_others_are_not() -> None:
    text = tr("{who} wrote {what}", who=tr("you"), what="a note {with} braces")
    assert translated(text) == "YOU WROTE a note {with} braces"


def test_an_exception_still_knows_the_message_after_a_pipe() -> None:
    problem = pickle.loads(pickle.dumps(ValueError(tr("Episode {n} is gone", n=np.int64(2)))))
    assert translated(str(problem)) == "EPISODE 2 IS GONE"


def test_parts_keep_their_messages_when_put_together() -> None:
    assert translated(joined(" · ", (tr("one"), "left"))) == "ONE · left"
    assert translated("a " + tr("b") + " c") == "a B c"
    assert translated(listed([tr("one"), tr("two"), tr("three")], 2)) == "ONE, TWO AND 1 MORE"


def test_the_beginning_of_a_sentence() -> None:
    text = tr("main engine").capitalize()
    assert text == "Main engine"
    assert (
        pickle.loads(pickle.dumps(text)).translated(lambda m, *_: "haupt-" + m)
        == "Haupt-main engine"
    )
    assert translated(tr("Main").lower()) == "MAIN"


def test_a_message_without_values_may_have_braces() -> None:
    assert tr("an object: {}") == "an object: {}"
