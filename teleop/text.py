"""Sentences that can be said in another language.

A `Text` is the English sentence, as a `str`, together with the message it was made from and the
values that fill it. Whoever prints it gets English; the window looks the message up in the
catalogue of its language. A plain `str` (what a person typed, a file's name, an environment's own
words) has no message and is never translated.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Number
from typing import Any


class Text(str):
    """An English sentence that knows its message; made by `tr`, `ntr` and `joined`.

    Attributes:
        message: as in the catalogues, with `{name}` where a value stands.
        plural: the message for several, where there is one; `{n}` is how many.
        values: what stands in the places, by name: texts and numbers.
        begins: it begins a sentence, whatever it is translated to.
    """

    __slots__ = ("begins", "message", "plural", "values")
    message: str
    plural: str
    values: Mapping[str, Any]
    begins: bool

    def __new__(
        cls,
        english: str,
        message: str,
        plural: str = "",
        values: Mapping[str, Any] | None = None,
        begins: bool = False,
    ) -> "Text":
        """An English sentence, and where it comes from."""
        self = super().__new__(cls, english)
        self.message, self.plural, self.values = message, plural, values or {}
        self.begins = begins
        return self

    def __str__(self) -> str:
        return self  # so that an exception made from it still knows the message

    def __reduce__(self) -> tuple[Any, ...]:
        english = str.__str__(self)
        return Text, (english, self.message, self.plural, self.values, self.begins)

    def __add__(self, other: str) -> str:
        return joined("", (self, other))

    def __radd__(self, other: str) -> str:
        return joined("", (other, self))

    def capitalize(self) -> "Text":
        """The same at the beginning of a sentence: the other letters stay as they are."""
        english = str.__str__(self)
        return Text(
            english[:1].upper() + english[1:], self.message, self.plural, self.values, begins=True
        )

    def lower(self) -> "Text":
        """English in small letters; another language keeps its own."""
        return Text(str.lower(self), self.message, self.plural, self.values)

    def translated(self, look_up: Callable[[str, str, int], str]) -> str:
        """The sentence in another language.

        Args:
            look_up: from a message, its plural and how many, to the translated message.
        """
        if not self.message:  # a catalogue has its own description under this name
            return ""
        said = look_up(self.message, self.plural, self.values.get("n", 1))
        if self.values:
            values = {
                name: value.translated(look_up) if isinstance(value, Text) else value
                for name, value in self.values.items()
            }
            said = said.format(**values)
        return said[:1].upper() + said[1:] if self.begins else said


def tr(message: str, /, **values: object) -> str:
    """A sentence that can be translated.

    Args:
        message: English, with `{name}` where a value stands; a literal, so that catalogues find it.
        values: what stands there.
    """
    return _filled(message, message, "", values)


def ntr(message: str, plural: str, n: int, /, **values: object) -> str:
    """The same for one and for several.

    Args:
        message: for one.
        plural: for several; both name the number `{n}`.
        n: how many.
        values: what else stands there.
    """
    return _filled(message if n == 1 else plural, message, plural, {"n": n, **values})


def joined(separator: str, parts: Iterable[str]) -> str:
    """Several sentences as one, each translated by itself."""
    values = {f"part{number}": part for number, part in enumerate(parts)}
    places = (f"{{{name}}}" for name in values)
    message = separator.replace("{", "{{").replace("}", "}}").join(places)
    return _filled(message, message, "", values)


def _filled(template: str, message: str, plural: str, values: Mapping[str, object]) -> Text:
    plain = {name: v if isinstance(v, str | Number) else str(v) for name, v in values.items()}
    return Text(template.format(**plain) if plain else template, message, plural, plain)


def listed(parts: Sequence[str], most: int) -> str:
    """A list of so many at most: `2, 3, 5 and 4 more`."""
    shown = joined(", ", parts[:most])
    if len(parts) <= most:
        return shown
    return tr("{shown} and {count} more", shown=shown, count=len(parts) - most)
