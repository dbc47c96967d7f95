"""Store info dicts as columns of an episode file."""

import json
from typing import Any

import h5py
import numpy as np

from teleop.recording.episodes.columns import Column, NumberColumn, TextColumn
from teleop.recording.journals.flattening import text_bytes
from teleop.recording.journals.info_plan import InfoPlan

_REST = "teleop_info_json"  # JSON of the values in a row that fit no column


class InfoColumns:
    """The columns of an `InfoPlan` while they are filled."""

    def __init__(self, group: h5py.Group, plan: InfoPlan, rows: int) -> None:
        self._numbers = {
            key: NumberColumn(group, key, rows, "<f8", shape) for key, shape in plan.numbers.items()
        }
        self._blanks = {key: np.full(shape, np.nan) for key, shape in plan.numbers.items()}
        self._texts = {key: TextColumn(group, key, rows) for key in sorted(plan.texts)}
        self._misfits = plan.misfits
        self._rest = TextColumn(group, _REST, rows) if plan.misfits else None

    def columns(self) -> list[Column]:
        """Return all columns."""
        rest: list[Column] = [self._rest] if self._rest else []
        return [*self._numbers.values(), *self._texts.values(), *rest]

    def add(self, info: dict[str, Any]) -> None:
        """Add one row."""
        for key, column in self._numbers.items():
            column.add_value(info.get(key, self._blanks[key]))
        for key, text in self._texts.items():
            text.add(text_bytes(info.get(key, "")))
        if self._rest:
            rest = {key: value for key, value in info.items() if key in self._misfits}
            self._rest.add(json.dumps(rest).encode())
