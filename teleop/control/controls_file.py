"""The user's changes to the controls: `controls.toml` in the recordings folder.

["LunarLander-v3"]
hand = "left"

["LunarLander-v3".moves]
up = ["key.space", "pad.a"]

["CarRacing-v3".axes.1]
ramp_s = 0.2
curve = 2.0
"""

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from teleop.control.bindings import CONTROLS, HANDS, LAYER_WORDS, LAYERS, Move
from teleop.errors import ControlError
from teleop.text import tr

FILE = "controls.toml"
_LIMITS = {"ramp_s": (0.0, 5.0), "dead_zone": (0.0, 0.9), "curve": (0.25, 4.0), "scale": (0.05, 1)}


@dataclass(frozen=True, slots=True)
class AxisSettings:
    """Settings of one axis, explained in `bindings.AxisTable`; None keeps the preset."""

    ramp_s: float | None = None
    dead_zone: float | None = None
    curve: float | None = None
    scale: float | None = None
    invert: bool | None = None


@dataclass(frozen=True, slots=True)
class ControlSettings:
    """The user's changes for one environment.

    Attributes:
        hand: `both`, `left` or `right`.
        moves: controls by name of the move.
        axes: settings by name of the axis; `all` applies to every axis without its own settings.
        taps: by name of the move: whether it acts once per press, or for as long as it is held.
        idle: index of the action when nothing is held; -1 repeats the last action; None: the
            default.
    """

    hand: str = "both"
    moves: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    axes: Mapping[str, AxisSettings] = field(default_factory=dict)
    taps: Mapping[str, bool] = field(default_factory=dict)
    idle: int | None = None

    @property
    def is_plain(self) -> bool:
        """Whether nothing is changed."""
        return self == ControlSettings()

    def with_axis(self, name: str, **changes: Any) -> "ControlSettings":
        """Return a copy with changed settings of one axis."""
        axis = replace(self.axes.get(name, AxisSettings()), **changes)
        return replace(self, axes={**self.axes, name: axis})


def rebound(
    settings: ControlSettings, moves: Sequence[Move], name: str, control: str
) -> tuple[ControlSettings, str]:
    """Give a move a new control, which replaces its controls of the same device.

    Args:
        settings: the current settings.
        moves: the current moves.
        name: name of the move.
        control: the new control.

    Returns:
        The new settings, and the word of the move that loses the control; empty if none does.

    Raises:
        ControlError: there is no such move, or the control cannot be used.
    """
    move = next((m for m in moves if m.name == name), None)
    if move is None:
        raise ControlError(f"There is no action called {name!r} here.")
    if control not in CONTROLS:
        raise ControlError(
            tr("{control} cannot be bound to an action. Choose another control.", control=control)
        )
    if any(m.layer for m in moves) and any(control in layer for layer in LAYERS):
        raise ControlError(
            tr(
                "{control} is used to switch control layers. Choose another control.",
                control=control,
            )
        )
    device = control.partition(".")[0] + "."
    others = tuple(c for c in move.controls if not c.startswith(device))
    own = {**settings.moves, name: (control, *others)}
    rivals = (m for m in moves if m is not move and m.layer == move.layer)
    loser = next((m for m in rivals if control in m.controls), None)
    if loser:
        own[loser.name] = tuple(c for c in loser.controls if c != control)
    return replace(settings, moves=own), loser.word if loser else ""


def bound(moves: tuple[Move, ...], settings: ControlSettings) -> tuple[Move, ...]:
    """Return the moves with the user's own controls.

    Raises:
        ControlError: a move does not exist, or two moves share a control.
    """
    names = {move.name for move in moves}
    for name in (*settings.moves, *settings.taps):
        if name not in names:
            raise ControlError(
                f"{FILE} binds {name!r}; this environment has {', '.join(sorted(names))}. "
                "`teleop controls ENV` shows them."
            )
    done = [
        replace(move, controls=settings.moves[move.name]) if move.name in settings.moves else move
        for move in _handed(moves, HANDS[settings.hand])
    ]
    done = [replace(move, taps=settings.taps.get(move.name, move.taps)) for move in done]
    freed = _without_stolen(done, settings)
    clash = conflict(freed)
    if clash:
        raise ControlError(
            tr("{file} binds {clash}. Bind one of them to another control.", file=FILE, clash=clash)
        )
    return freed


def _handed(moves: tuple[Move, ...], hand: Mapping[str, str]) -> list[Move]:
    """Limit moves to the reach of one hand; a shared control goes to the first move."""
    if not hand:
        return list(moves)
    taken: set[tuple[int, str]] = set()
    done = []
    for move in moves:
        wanted = dict.fromkeys(hand.get(old, old) for old in move.controls)
        free = tuple(c for c in wanted if c and (move.layer, c) not in taken)
        taken |= {(move.layer, control) for control in free}
        done.append(replace(move, controls=free))
    return done


def conflict(moves: tuple[Move, ...]) -> str:
    """Describe two moves that share a control in the same layer; empty if there are none."""
    seen: dict[tuple[int, str], str] = {}
    for move in moves:
        for control in move.controls:
            other = seen.setdefault((move.layer, control), move.name)
            if other != move.name:
                layer = f" with {LAYER_WORDS[move.layer]} held" if move.layer else ""
                return f"{control}{layer} for both {other!r} and {move.name!r}"
    return ""


def _without_stolen(moves: list[Move], settings: ControlSettings) -> tuple[Move, ...]:
    """Remove controls that the user gave to one move from the moves that the user did not bind."""
    own = {(m.layer, c) for m in moves if m.name in settings.moves for c in m.controls}
    return tuple(
        move
        if move.name in settings.moves
        else replace(move, controls=tuple(c for c in move.controls if (move.layer, c) not in own))
        for move in moves
    )


class ControlsFile:
    """The settings of all environments."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def read(self, env_id: str) -> ControlSettings:
        """Read one environment's settings; defaults if there are none.

        Raises:
            ControlError: the file cannot be read, or a setting is invalid.
        """
        return self._settings(env_id, self._table().get(env_id, {}))

    def write(self, env_id: str, settings: ControlSettings) -> None:
        """Replace one environment's settings; comments and other environments are kept.

        Raises:
            ControlError: the file cannot be read or written.
        """
        import tomlkit

        self._table()
        text = self.path.read_text("utf-8") if self.path.exists() else _HEAD
        document = tomlkit.parse(text)
        document.pop(env_id, None)
        if not settings.is_plain:
            document[env_id] = _plain(settings)
        partial = self.path.with_suffix(".partial")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_text(tomlkit.dumps(document), "utf-8")
            os.replace(partial, self.path)  # noqa: PTH105  the pathlib call is longer
        except OSError as problem:
            raise ControlError(f"{self.path} cannot be written: {problem.strerror}.") from problem

    def _table(self) -> dict[str, Any]:
        try:
            table = tomllib.loads(self.path.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
            raise ControlError(
                f"{self.path} is not a valid TOML file: {problem}. Fix it, or delete it to "
                "restore the default controls."
            ) from problem
        for name, part in table.items():
            self._known(f"{self.path}, {name}", part, None)
        return table

    def _settings(self, env_id: str, table: Any) -> ControlSettings:
        where = f"{self.path}, [{env_id}]"
        self._known(where, table, {"hand", "moves", "axes", "taps", "idle"})
        hand = table.get("hand", "both")
        if hand not in HANDS:
            raise ControlError(f"{where}: hand is {hand!r}; expected {', '.join(HANDS)}.")
        moves, axes = table.get("moves", {}), table.get("axes", {})
        self._known(f"{where}, moves", moves, None)
        self._known(f"{where}, axes", axes, None)
        taps, idle = table.get("taps", {}), table.get("idle")
        self._known(f"{where}, taps", taps, None)
        for name, value in taps.items():
            if not isinstance(value, bool):
                raise ControlError(
                    f"{where}, taps.{name} is {value!r:.60}; expected true or false."
                )
        if idle is not None and (isinstance(idle, bool) or not isinstance(idle, int) or idle < -1):
            raise ControlError(
                f"{where}: idle is {idle!r:.60}; expected the number of an action, from 0, or -1 "
                "to repeat the last one."
            )
        return ControlSettings(
            hand,
            {name: self._controls(f"{where}, moves.{name}", c) for name, c in moves.items()},
            {name: self._axis(f"{where}, axes.{name}", part) for name, part in axes.items()},
            dict(taps),
            idle,
        )

    def _controls(self, where: str, value: Any) -> tuple[str, ...]:
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list) or not all(_is_control(part) for part in listed):
            raise ControlError(
                f"{where} is {value!r:.80}; expected a list of controls such as "
                '["key.w", "pad.a", "pad.left_x-"]; function keys, Escape, Start and View are '
                "the window's."
            )
        return tuple(listed)

    def _axis(self, where: str, table: Any) -> AxisSettings:
        self._known(where, table, {field.name for field in fields(AxisSettings)})
        if not isinstance(table.get("invert", False), bool):
            raise ControlError(f"{where}, invert is {table['invert']!r}; expected true or false.")
        for name, (least, most) in _LIMITS.items():
            value = table.get(name, least)
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if not is_number or not least <= value <= most:
                raise ControlError(
                    f"{where}, {name} is {value!r}; expected a number from {least} to {most}."
                )
        return AxisSettings(**table)

    def _known(self, where: str, table: Any, known: set[str] | None) -> None:
        if not isinstance(table, dict):
            raise ControlError(f"{where} is {table!r:.60}; expected a table.")
        odd = sorted(set(table) - known) if known is not None else []
        if odd:
            raise ControlError(
                f"{where} has unknown settings: {', '.join(odd)}. Expected "
                f"{', '.join(sorted(known or ()))}."
            )


_HEAD = "# Controls that differ from the usual ones. `teleop controls ENV` shows what there is.\n\n"


def _is_control(value: Any) -> bool:
    return isinstance(value, str) and value in CONTROLS


def _plain(settings: ControlSettings) -> dict[str, Any]:
    """Convert settings to a TOML table that holds only the changes."""
    table: dict[str, Any] = {}
    if settings.hand != "both":
        table["hand"] = settings.hand
    if settings.moves:
        table["moves"] = {name: list(controls) for name, controls in settings.moves.items()}
    if settings.taps:
        table["taps"] = dict(settings.taps)
    if settings.idle is not None:
        table["idle"] = settings.idle
    axes = {
        name: {key: value for key, value in asdict(axis).items() if value is not None}
        for name, axis in settings.axes.items()
    }
    if any(axes.values()):
        table["axes"] = {name: axis for name, axis in axes.items() if axis}
    return table
