"""Read the journal of a take that has ended: first its totals, then row by row."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from teleop.envs.spaces import space_from_json
from teleop.errors import RecordingError
from teleop.recording.journals.flattening import Codec, read_length
from teleop.recording.journals.info_plan import InfoPlan, flatten
from teleop.recording.journals.journal import (
    SCHEMA,
    STEP_HEAD,
    Record,
    StepHead,
    iter_records,
    unpack_head,
)
from teleop.text import tr

_KEPT = 8 << 20  # bytes of rows to keep in memory between the first pass and `rows`


@dataclass(frozen=True, slots=True)
class JournalRow:
    """A reset or a step.

    Attributes:
        head: time, reward and the other fixed fields.
        is_step: True for a step, which has an action; False for a reset.
        action: stored bytes of each leaf.
        observation: stored bytes of each leaf; images are still compressed.
        info: the environment's info dict.
        size: size in the journal, in bytes.
    """

    head: StepHead
    is_step: bool
    action: list[bytes]
    observation: list[bytes]
    info: dict[str, Any]
    size: int


class JournalReader:
    """The journal of a take that has ended.

    The file is read once, or twice if its rows need much memory.

    Attributes:
        path: the journal file.
        meta: the recorder's description of the take; empty if it is missing.
        has_reset: whether the journal contains the first observation.
        total_steps: number of complete steps.
        total_reward: return of the complete steps.
        is_whole: whether the recorder ended the journal; False if it was interrupted.
        closed: whether the last step is terminated or truncated.
        infos: the plan of which info keys become columns.
        inputs: raw input events: [seconds since the start, control, value].
    """

    observation: Codec
    action: Codec

    def __init__(self, path: Path) -> None:
        """Read a journal up to the first incomplete record.

        Raises:
            RecordingError: a later version wrote the journal, or its spaces are unknown.
            OSError: the file cannot be read.
        """
        self.path = path
        self.meta: dict[str, Any] = {}
        self.has_reset = self.is_whole = self.closed = False
        self.total_steps = 0
        self.total_reward = 0.0
        self.infos = InfoPlan()
        self.inputs: list[list[Any]] = []
        self._kept: list[JournalRow] | None = []
        self._kept_bytes = 0
        for kind, payload in iter_records(path):
            if kind == Record.META:
                self._begin(json.loads(payload))
            elif kind in (Record.RESET, Record.STEP) and self.meta:
                self._add(self._row(kind, payload))
            elif kind == Record.INPUT:
                self.inputs += json.loads(payload)
            elif kind == Record.END:
                self.is_whole = True

    def rows(self) -> Iterator[JournalRow]:
        """Yield the reset, then each step."""
        if self._kept is not None:
            yield from self._kept
            return
        for kind, payload in iter_records(self.path):
            if kind in (Record.RESET, Record.STEP):
                yield self._row(kind, payload)

    def _begin(self, meta: dict[str, Any]) -> None:
        if meta.get("schema", 0) > SCHEMA:
            raise RecordingError(
                tr(
                    "It was recorded by a newer version of Teleop (schema {meta}; this version "
                    "reads up to {schema}). Update Teleop to open it.",
                    meta=meta["schema"],
                    schema=SCHEMA,
                )
            )
        self.meta = meta
        self.observation = Codec(space_from_json(meta["observation_space"]), meta.get("measured"))
        self.action = Codec(space_from_json(meta["action_space"]))

    def _row(self, kind: int, payload: bytes) -> JournalRow:
        head, offset = unpack_head(payload), STEP_HEAD.size
        acted: list[bytes] = []
        if kind == Record.STEP:
            acted, offset = self.action.split(payload, offset)
        seen, offset = self.observation.split(payload, offset)
        text, _ = read_length(payload, offset)
        info = flatten(json.loads(text)) if text else {}
        return JournalRow(head, kind == Record.STEP, acted, seen, info, len(payload))

    def _add(self, row: JournalRow) -> None:
        self.infos.look_at(row.info)
        self.has_reset = True
        self.total_steps += row.is_step
        self.total_reward += row.head.reward
        self.closed = row.head.terminated or row.head.truncated
        if self._kept is not None:
            self._kept.append(row)
            self._kept_bytes += row.size
            if self._kept_bytes > _KEPT:
                self._kept = None
