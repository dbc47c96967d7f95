"""Splits text where a line may end, and by the font that contains its letters."""

import re
from functools import cache
from itertools import groupby

import pygame

FAR_EAST = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")
# an East Asian letter with closing punctuation; a word or part of a path; white space
_PIECES = re.compile(
    f"{FAR_EAST.pattern}[，。、；：！？”）]?|[^\\s\u2e80-\u9fff/]*/+|[^\\s\u2e80-\u9fff/]+|\\s+"
)


def words(text: str) -> list[str]:
    """Split a text into pieces between which a line may end, each with the space before it."""
    pieces, space = [], ""
    for piece in _PIECES.findall(text):
        if piece.isspace():
            space = " "
            continue
        pieces.append(space + piece)
        space = ""
    return pieces


def runs(text: str) -> list[tuple[str, bool]]:
    """Split a text into parts for one font each: (part, whether its letters are East Asian)."""
    parts = groupby(text, lambda letter: FAR_EAST.match(letter) is not None)
    return [("".join(letters), foreign) for foreign, letters in parts]


@cache
def system_face() -> str:
    """Return a system font that has Chinese letters, or our own font if there is none."""
    names = (
        "notosanscjksc",
        "notosanssc",
        "sourcehansanscn",
        "microsoftyahei",
        "pingfangsc",
        "hiraginosansgb",
        "wenquanyimicrohei",
        "wenquanyizenhei",
        "droidsansfallback",
        "simhei",
    )
    return pygame.font.match_font(names) or "Inter-Regular"
