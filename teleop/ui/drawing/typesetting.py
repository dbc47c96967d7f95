"""Where a line of text may end, and which font has its letters."""

import re
from functools import cache
from itertools import groupby

import pygame

FAR_EAST = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")
# a letter of the Far East with what closes it; a word, or a part of a path; space
_PIECES = re.compile(
    f"{FAR_EAST.pattern}[，。、；：！？”）]?|[^\\s\u2e80-\u9fff/]*/+|[^\\s\u2e80-\u9fff/]+|\\s+"
)


def words(text: str) -> list[str]:
    """Pieces between which a line may end; each with the space before it."""
    pieces, space = [], ""
    for piece in _PIECES.findall(text):
        if piece.isspace():
            space = " "
            continue
        pieces.append(space + piece)
        space = ""
    return pieces


def runs(text: str) -> list[tuple[str, bool]]:
    """Parts of a text that one font can set, and whether their letters are of the Far East."""
    parts = groupby(text, lambda letter: FAR_EAST.match(letter) is not None)
    return [("".join(letters), foreign) for foreign, letters in parts]


@cache
def system_face() -> str:
    """A font of this computer with Chinese letters; ours where there is none."""
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
