"""Filter and sort episodes for lists, splits and exports."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from teleop.errors import RecordingError
from teleop.types.metadata import EpisodeRow


@dataclass(frozen=True, slots=True)
class Query:
    """Conditions for episodes; an episode must meet all that are set.

    Attributes:
        text: text that occurs in the task, tags, note, names of marks, codename, driver, flags,
            uuid or seed.
        starred: only starred episodes.
        success: only successes (True) or only failures (False).
        tag: a tag that the episode has.
        min_return: the lowest return.
        sort: one of `SORTS`; a leading `-` reverses the order.
        task: the task of the episode.
    """

    text: str = ""
    starred: bool = False
    success: bool | None = None
    tag: str = ""
    min_return: float | None = None
    sort: str = "episode"
    task: str = ""

    def of(self, rows: Sequence[EpisodeRow]) -> list[EpisodeRow]:
        """Return the matching episodes, sorted.

        Raises:
            RecordingError: the sort order is unknown.
        """
        name = self.sort.removeprefix("-")
        if name not in SORTS:
            raise RecordingError(f"Episodes sort by {', '.join(SORTS)}; not by {name}.")
        found = [row for row in rows if self._matches(row)]
        return sorted(found, key=SORTS[name], reverse=self.sort.startswith("-"))

    def _matches(self, row: EpisodeRow) -> bool:
        label = row.label
        return (
            (not self.starred or label.starred)
            and (self.success is None or label.success is self.success)
            and (not self.tag or self.tag in label.tags)
            and (not self.task or self.task == label.task)
            and (self.min_return is None or row.total_reward >= self.min_return)
            and (not self.text or self.text.lower() in _words(row))
        )


SORTS: dict[str, Callable[[EpisodeRow], Any]] = {
    "episode": lambda row: row.ordinal,
    "return": lambda row: row.total_reward,
    "steps": lambda row: row.total_steps,
    "date": lambda row: row.started,
    "seed": lambda row: -1 if row.seed is None else row.seed,
    "driver": lambda row: (row.driver, row.driver_name),
}


def _words(row: EpisodeRow) -> str:
    label = row.label
    parts = (*label.tags, label.note, label.codename, row.driver, row.driver_name, *row.flags)
    named = [label.task, *(mark.name for mark in label.marks)]
    return "\n".join([*parts, *named, row.uuid, "" if row.seed is None else str(row.seed)]).lower()
