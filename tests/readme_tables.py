"""Tables of keys in the pages, made from the program's: `python -m tests.readme_tables`."""

import re
from collections.abc import Callable
from pathlib import Path

from teleop.control.bindings import AXES, DISCRETE, Move
from teleop.envs.catalogue import CATALOGUE
from teleop.ui.commands import PAD, SHORTCUTS, Command

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "teleop" / "ui" / "README.md", ROOT / "teleop" / "control" / "README.md")


def shortcuts() -> str:
    """Keys of the window."""
    rows = ["| key | does |", "|---|---|"]
    for command in Command:
        keys = [f"`{s.label}`" for s in SHORTCUTS if s.command is command]
        if keys:
            rows.append(f"| {', '.join(keys)} | {command.value} |")
    return "\n".join(rows)


def pad() -> str:
    """Pad buttons in the menus."""
    rows = ["| gamepad, while not driving | does |", "|---|---|"]
    rows += ["| D-pad, left stick | Move the focus |"]
    rows += [f"| `{button.label}` | {button.action.value} |" for button in PAD]
    return "\n".join([*rows, "| `Start` while driving | Pause |"])


def bindings() -> str:
    """What drives each known environment."""
    rows = ["| environment | keys | gamepad |", "|---|---|---|"]
    for entry in CATALOGUE:
        table = DISCRETE.get(entry.env_id)
        axes = AXES.get(entry.env_id, ())
        moves = [move for move, _ in table.moves] if table else []
        moves += [move for axis in axes for move in (axis.less, axis.more) if move]
        keys = ", ".join(f"`{_key(move)}` {move.word}" for move in moves)
        pads = ", ".join(f"`{_pad(move)}` {move.word}" for move in moves)
        rows.append(f"| {entry.env_id} | {keys} | {pads} |")
    return "\n".join(rows)


SECTIONS: dict[str, Callable[[], str]] = {
    "shortcuts": shortcuts,
    "pad": pad,
    "bindings": bindings,
}


def filled(text: str) -> str:
    """A page with every table made anew."""
    for name, make in SECTIONS.items():
        pattern = rf"<!-- {name} -->\n.*?<!-- /{name} -->"
        table = f"<!-- {name} -->\n{make()}\n<!-- /{name} -->"
        text = re.sub(pattern, table.replace("\\", r"\\"), text, flags=re.DOTALL)
    return text


def _key(move: Move) -> str:
    names = [c[4:].replace("_", " ") for c in move.controls if c.startswith("key.")]
    arrows = {"left": "←", "right": "→", "up": "↑", "down": "↓"}
    return " ".join(arrows.get(name, name.upper()) for name in names)


def _pad(move: Move) -> str:
    named = [c[4:].replace("_", " ") for c in move.controls if c.startswith("pad.")]
    return " / ".join(named)


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(filled(page.read_text()))
