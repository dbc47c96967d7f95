"""What lists show of episodes and datasets: frozen values that go from process to process."""

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any, Literal

from teleop.errors import RecordingError
from teleop.text import tr

Verdict = Literal["exact", "diverges", "unknown"]
_LONGEST_TAG = 40
_LONGEST_NOTE = 2000


@dataclass(frozen=True, slots=True)
class Label:
    """What was said about one episode.

    Attributes:
        starred: the person's mark.
        tags: short words, sorted.
        note: free text.
        success: whether the task was solved; None where nobody said.
        trim: (first step, step after the last) that count; None for all. Nothing is cut off.
    """

    starred: bool = False
    tags: tuple[str, ...] = ()
    note: str = ""
    success: bool | None = None
    trim: tuple[int, int] | None = None

    def changed(self, **changes: Any) -> "Label":
        """Another label with some parts replaced, tidied and checked.

        Raises:
            RecordingError: a tag or note is too long, or a trim is empty.
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
        return dataclasses.replace(new, tags=tags)


NO_LABEL = Label()


@dataclass(frozen=True, slots=True)
class Certificate:
    """What re-simulating one episode found.

    Attributes:
        uuid: of the episode.
        sha256: of its file.
        verdict: exact, diverges or unknown.
        step: the first step that came out otherwise (0 is the reset); None if none did.
        by: the largest difference there; NaN where it is no number.
        what: `observation`, `reward` or `end`; or why it is unknown.
        made: Unix time.
        fingerprint: versions it was found with.
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
        """The finding in a few words."""
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
    """What a list shows of an episode, without opening it.

    Attributes:
        file: name of the file in `data/episodes/` (unique, stable); `main_data.hdf5#episode_N` for
            one that another program wrote and that has no file of its own.
        uuid: 12 hexadecimal digits; names the episode wherever it goes.
        ordinal: number given at the start of the take; only ever grows.
        total_steps: T.
        total_reward: the return.
        seed: what `reset` was given; None if unknown.
        started: Unix time.
        driver: who drove: `human`, `script`, `policy`, or `other` where another program recorded.
        driver_name: the script's or policy's name; empty for a person alone.
        recovered: the end is missing: the program was killed while recording.
        sha256: of the file, for noticing damage; empty for an episode without a file of its own.
        flags: what is odd about it, in words: NaN, values outside the space.
        label: what the person said about it; not part of the file.
        certificate: what re-simulating it found; None where that is not known or not asked for.
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
        """As people count: the first is 1."""
        return self.ordinal + 1

    @property
    def who(self) -> str:
        """The driver's name, or what kind of driver it was."""
        return self.driver_name or self.driver

    @property
    def verdict(self) -> str:
        """`exact`, `diverges` or `unknown`; empty where it was not re-simulated."""
        return self.certificate.verdict if self.certificate else ""

    @property
    def starred(self) -> bool:
        """The person's mark."""
        return self.label.starred


@dataclass(frozen=True, slots=True)
class DatasetSummary:
    """A dataset in a list.

    Attributes:
        dataset_id: Minari id, for example `lunarlander-v3/human-v0`.
        env_id: Gymnasium id; empty if it does not say.
        total_episodes: how many.
        total_steps: of all episodes together.
        problem: why it cannot be used; empty if it can.
        policies: how many were trained on it, where that was asked for.
    """

    dataset_id: str
    env_id: str
    total_episodes: int
    total_steps: int
    problem: str = ""
    policies: int = 0
