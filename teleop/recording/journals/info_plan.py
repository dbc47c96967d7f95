"""Decide which info keys of an episode become columns, and how each is stored.

A string, or a number with a constant shape, becomes a column (missing rows are NaN or empty). All
other values go to one JSON column, so nothing is lost.
"""

from typing import Any

import numpy as np

from teleop.recording.journals.journal import AS_TEXT
from teleop.recording.trust.vetting import NAME

_DEEPEST = 8


class InfoPlan:
    """Learns row by row which info keys become columns and which do not fit."""

    def __init__(self) -> None:
        self.numbers: dict[str, tuple[int, ...]] = {}
        self.texts: set[str] = set()
        self.misfits: set[str] = set()
        self.kept_as_text: set[str] = set()

    def look_at(self, info: dict[str, Any]) -> None:
        """Update the plan with the info of one step."""
        for key, value in info.items():
            if key.endswith(f"/{AS_TEXT}"):
                self.kept_as_text.add(key.removesuffix(f"/{AS_TEXT}"))
            if key in self.misfits:
                continue
            shape = _number_shape(value)
            if not self._fits(key, value, shape):
                self.misfits.add(key)
                self.numbers.pop(key, None)
                self.texts.discard(key)
            elif shape is None:
                self.texts.add(key)
            else:
                self.numbers[key] = shape

    def _fits(self, key: str, value: Any, shape: tuple[int, ...] | None) -> bool:
        taken = self.numbers.keys() | self.texts
        parts = key.split("/")
        odd = len(parts) > _DEEPEST or any(p in (".", "..") or not NAME.match(p) for p in parts)
        if odd or key.startswith("teleop_") or _nests_with(key, taken):
            return False
        if shape is None:
            return isinstance(value, str) and key not in self.numbers
        return key not in self.texts and self.numbers.get(key, shape) == shape


def flatten(info: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Flatten nested dicts to one dict, with keys joined by `/`."""
    flat: dict[str, Any] = {}
    for key, value in info.items():
        name = prefix + str(key).replace("/", "_")
        if isinstance(value, dict):
            flat |= flatten(value, name + "/")
        else:
            flat[name or "_"] = value
    return flat


def _number_shape(value: Any) -> tuple[int, ...] | None:
    if not isinstance(value, bool | int | float | list) or value == []:
        return None
    try:
        array = np.asarray(value)
        np.asarray(array, dtype=np.float64)
    except (ValueError, OverflowError, TypeError):  # ragged, too large, or not numbers
        return None
    return array.shape if array.dtype.kind in "biuf" else None


def _nests_with(key: str, others: set[str]) -> bool:
    return any(o.startswith(key + "/") or key.startswith(o + "/") for o in others)
