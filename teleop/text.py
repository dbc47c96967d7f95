"""Text that can be translated.

A `Text` is an English sentence, as a `str`, together with its message and the values that fill it.
Printing it gives English; the window looks up the message in the catalogue of its language. A plain
`str` (text that a person typed, a file name, an environment's own words) has no message and is
never translated.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Number
from typing import Any


class Text(str):
    """An English sentence that knows its message; created by `tr`, `ntr` and `joined`.

    Attributes:
        message: as in the catalogues, with `{name}` for a value.
        plural: the plural message, if there is one; `{n}` is the count.
        values: the values by name: texts and numbers.
        begins: whether it begins a sentence, in every language.
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
        """Create an English sentence with its message."""
        self = super().__new__(cls, english)
        self.message, self.plural, self.values = message, plural, values or {}
        self.begins = begins
        return self

    def __str__(self) -> str:
        return self  # so that an exception created from it keeps the message

    def __reduce__(self) -> tuple[Any, ...]:
        english = str.__str__(self)
        return Text, (english, self.message, self.plural, self.values, self.begins)

    def __add__(self, other: str) -> str:
        return joined("", (self, other))

    def __radd__(self, other: str) -> str:
        return joined("", (other, self))

    def capitalize(self) -> "Text":
        """Return the text with a capital first letter; the other letters stay as they are."""
        english = str.__str__(self)
        return Text(
            english[:1].upper() + english[1:], self.message, self.plural, self.values, begins=True
        )

    def lower(self) -> "Text":
        """Return the text in lower case; only the English text is affected."""
        return Text(str.lower(self), self.message, self.plural, self.values)

    def translated(self, look_up: Callable[[str, str, int], str]) -> str:
        """Return the sentence in another language.

        Args:
            look_up: maps a message, its plural and the count to the translated message.
        """
        if not self.message:  # the empty message is the header of a catalogue
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
    """Create a sentence that can be translated.

    Args:
        message: English, with `{name}` for a value; a literal, so that tools can extract it.
        values: the values by name.
    """
    return _filled(message, message, "", values)


def ntr(message: str, plural: str, n: int, /, **values: object) -> str:
    """Create a sentence with a singular and a plural form.

    Args:
        message: the singular.
        plural: the plural; both contain the count `{n}`.
        n: the count.
        values: the other values by name.
    """
    return _filled(message if n == 1 else plural, message, plural, {"n": n, **values})


def joined(separator: str, parts: Iterable[str]) -> str:
    """Join sentences into one; each is translated separately."""
    values = {f"part{number}": part for number, part in enumerate(parts)}
    places = (f"{{{name}}}" for name in values)
    message = separator.replace("{", "{{").replace("}", "}}").join(places)
    return _filled(message, message, "", values)


def _filled(template: str, message: str, plural: str, values: Mapping[str, object]) -> Text:
    plain = {name: v if isinstance(v, str | Number) else str(v) for name, v in values.items()}
    return Text(template.format(**plain) if plain else template, message, plural, plain)


def listed(parts: Sequence[str], most: int) -> str:
    """List at most `most` parts: `2, 3, 5 and 4 more`."""
    shown = joined(", ", parts[:most])
    if len(parts) <= most:
        return shown
    return tr("{shown} and {count} more", shown=shown, count=len(parts) - most)
