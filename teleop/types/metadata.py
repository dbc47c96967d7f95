"""Summaries of episodes and datasets for lists: frozen values that processes exchange."""

import dataclasses
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from teleop.errors import RecordingError
from teleop.text import tr

Verdict = Literal["exact", "diverges", "unknown"]
LONGEST_NAME = _LONGEST_TAG = _LONGEST_CODENAME = 40
_LONGEST_NOTE, LONGEST_TASK = 2000, 200
_MOST_MARKS, _LAST_STEP = 200, 10**9
_DEVICES = {"con", "prn", "aux", "nul"} | {f"{d}{n}" for d in ("com", "lpt") for n in range(10)}


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A named moment of an episode.

    Attributes:
        step: number of steps before it.
        name: a few words.
    """

    step: int
    name: str


@dataclass(frozen=True, slots=True)
class Label:
    """What the person noted about one episode.

    Attributes:
        starred: whether the person starred it.
        tags: short words, sorted.
        note: free text.
        success: whether the task was solved; None if not marked.
        trim: (first step, step after the last) to use; None for all. No steps are deleted.
        codename: what the person who drove calls themself in a class; empty if they did not say.
        task: what is done in the episode, in one line; empty if nobody said.
        marks: named moments, the earliest first.
    """

    starred: bool = False
    tags: tuple[str, ...] = ()
    note: str = ""
    success: bool | None = None
    trim: tuple[int, int] | None = None
    codename: str = ""
    task: str = ""
    marks: tuple[Mark, ...] = ()

    def changed(self, **changes: Any) -> "Label":
        """Return a copy with some fields replaced, cleaned up and checked.

        Raises:
            RecordingError: a tag, note, task or name of a mark is too long, a tag has a comma, a
                trim is empty, or the codename cannot be one.
        """
        new = dataclasses.replace(self, **changes)
        tags = tuple(sorted({tag.strip() for tag in new.tags if tag.strip()}))
        if any(len(tag) > _LONGEST_TAG or "," in tag for tag in tags):
            raise RecordingError(
                tr(
                    "A tag has at most {longest} characters and no comma; write a note instead.",
                    longest=_LONGEST_TAG,
                )
            )
        if len(new.note) > _LONGEST_NOTE:
            raise RecordingError(
                tr(
                    "A note has at most {longest} characters; this has {note}.",
                    longest=_LONGEST_NOTE,
                    note=len(new.note),
                )
            )
        if new.trim is not None and not 0 <= new.trim[0] < new.trim[1]:
            raise RecordingError(f"A trim keeps at least one step; {new.trim} keeps none.")
        task, marks = " ".join(new.task.split()), checked_marks(new.marks)
        if len(task) > LONGEST_TASK:
            raise RecordingError(
                tr(
                    "A task has at most {longest} characters; this has {found}.",
                    longest=LONGEST_TASK,
                    found=len(task),
                )
            )
        codename = checked_codename(new.codename)
        return dataclasses.replace(new, tags=tags, codename=codename, task=task, marks=marks)


def checked_marks(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """Return marks as they are stored: the earliest first, none twice.

    Raises:
        RecordingError: there are too many, a step is negative, or a name is empty, too long or has
            a comma.
    """
    found = sorted({Mark(mark.step, " ".join(mark.name.split())) for mark in marks})
    right = [
        0 <= mark.step <= _LAST_STEP and 0 < len(mark.name) <= _LONGEST_TAG and "," not in mark.name
        for mark in found
    ]
    if not all(right) or len(found) > _MOST_MARKS:
        raise RecordingError(
            tr("A mark is a step and a short name without commas, as in: 120 grasp")
        )
    return tuple(found)


def marks_text(marks: Iterable[Mark]) -> str:
    """Return marks as a person types them: `120 grasp, 240 lift`."""
    return ", ".join(f"{mark.step} {mark.name}" for mark in marks)


def marks_from(text: str) -> tuple[Mark, ...]:
    """Read marks as a person types them.

    Raises:
        RecordingError: a part is not a step and a name.
    """
    parts = [part.strip().partition(" ") for part in text.split(",") if part.strip()]
    steps = [int(step) if step.isdecimal() and len(step) < 12 else -1 for step, _, _ in parts]
    return checked_marks(Mark(step, part[2]) for step, part in zip(steps, parts, strict=True))


def checked_codename(text: str) -> str:
    """Return a codename as it is stored: without spaces around it; empty stays empty.

    It is also the name of a file, so only letters, digits, spaces, `-` and `_` are allowed.

    Raises:
        RecordingError: it is too long, or has other characters.
    """
    name = " ".join(text.split())
    allowed = all(character.isalnum() or character in " -_" for character in name)
    begins = not name or (name[0].isalnum() and name.lower() not in _DEVICES)
    if not allowed or not begins or len(name) > _LONGEST_CODENAME:
        raise RecordingError(
            tr(
                "A codename has at most {longest} letters, digits, spaces, - and _; {name} cannot "
                "be one.",
                longest=_LONGEST_CODENAME,
                name="".join(c if c.isprintable() else "?" for c in text[:60]),
            )
        )
    return name


NO_LABEL = Label()


@dataclass(frozen=True, slots=True)
class Certificate:
    """The result of re-simulating one episode.

    Attributes:
        uuid: uuid of the episode.
        sha256: SHA-256 of the episode's file.
        verdict: exact, diverges or unknown.
        step: the first step that differs (0 is the reset); None if none does.
        by: the largest difference at that step; NaN if it is not a number.
        what: what differs (`observation`, `reward` or `end`), or why the verdict is unknown.
        made: Unix time of the check.
        fingerprint: versions that were used for the check.
    """

    uuid: str
    sha256: str
    verdict: Verdict
    step: int | None = None
    by: float = 0.0
    what: str = ""
    made: float = 0.0
    fingerprint: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The result in a few words."""
        if self.verdict == "exact":
            return tr("exact")
        if self.verdict == "unknown":
            return tr("not checked: {what}", what=self.what)
        if math.isnan(self.by):
            return tr("{what} diverges at step {step}", what=self.what, step=self.step)
        return tr(
            "{what} diverges at step {step} by {by:.3g}",
            what=self.what,
            step=self.step,
            by=self.by,
        )


@dataclass(frozen=True, slots=True)
class EpisodeRow:
    """Summary of an episode for lists, available without opening its file.

    Attributes:
        file: name of the file in `data/episodes/` (unique, stable); `main_data.hdf5#episode_N` for
            another program's episode that has no file of its own.
        uuid: 12 hexadecimal digits that identify the episode, also in copies.
        ordinal: number given at the start of the take; it only increases.
        total_steps: number of steps T.
        total_reward: the return.
        seed: seed of `reset`; None if unknown.
        started: Unix time.
        driver: who drove: `human`, `script`, `policy`, or `other` if another program recorded it.
        driver_name: name of the script or policy; empty for a person alone.
        recovered: the end is missing because the program was killed while recording.
        sha256: SHA-256 of the file, to detect damage; empty for an episode without its own file.
        flags: anomalies, as text: NaN, values outside the space.
        label: the person's label; it is not part of the file.
        certificate: result of re-simulation; None if unknown or not requested.
    """

    file: str
    uuid: str
    ordinal: int
    total_steps: int
    total_reward: float
    seed: int | None
    started: float
    driver: str
    driver_name: str
    recovered: bool
    sha256: str
    flags: tuple[str, ...] = ()
    label: Label = NO_LABEL
    certificate: Certificate | None = None

    @property
    def number(self) -> int:
        """The number shown to people; the first episode is 1."""
        return self.ordinal + 1

    @property
    def who(self) -> str:
        """The driver's name, or the kind of driver."""
        return self.driver_name or self.driver

    @property
    def verdict(self) -> str:
        """`exact`, `diverges` or `unknown`; empty if the episode was not re-simulated."""
        return self.certificate.verdict if self.certificate else ""

    @property
    def starred(self) -> bool:
        """Whether the person starred the episode."""
        return self.label.starred


@dataclass(frozen=True, slots=True)
class DatasetSummary:
    """Summary of a dataset for lists.

    Attributes:
        dataset_id: Minari id, for example `lunarlander-v3/human-v0`.
        env_id: Gymnasium id; empty if the dataset does not name it.
        total_episodes: number of episodes.
        total_steps: number of steps of all episodes.
        problem: why the dataset cannot be used; empty if it can.
        policies: number of policies trained on it, if requested.
    """

    dataset_id: str
    env_id: str
    total_episodes: int
    total_steps: int
    problem: str = ""
    policies: int = 0
