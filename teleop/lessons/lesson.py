"""The parts of a lesson, as `lesson.toml` describes them.

A lesson is a list of blocks. *Predict* asks a question before anything is done, *do* has the
student record, train, compare or take over, *see* says what to look at, and *say* gives a sentence
to complete. Assertions state what must happen on the recordings that come with the lesson.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    field_validator,
    model_validator,
)

LESSON_FILE = "lesson.toml"
_CODE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,8})?")


class LocalText(RootModel[dict[str, str]]):
    """A text in one or several languages; in the file a string, or a table of strings by code."""

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _from_string(cls, value: Any) -> Any:
        return {"": value} if isinstance(value, str) else value

    @field_validator("root")
    @classmethod
    def _codes(cls, texts: dict[str, str]) -> dict[str, str]:
        if not texts or not all(text.strip() for text in texts.values()):
            raise ValueError("a text is empty")
        for code in texts:
            if code and not _CODE.fullmatch(code):
                raise ValueError(f"{code!r} is not a language code such as en, de or pt-BR")
        return texts

    def to(self, code: str) -> str:
        """Return the text in a language; in English, else in the first language, if missing."""
        texts = self.root
        return texts.get(code) or texts.get("en") or next(iter(texts.values()))

    @property
    def codes(self) -> frozenset[str]:
        """The languages that the text is written in; empty if it is the same in all."""
        return frozenset(self.root) - {""}

    @property
    def longest(self) -> int:
        """The number of characters of the longest translation."""
        return max(len(text) for text in self.root.values())


def _limited(most: int) -> Any:
    """Return the type of a text with a limit: it must fit on screen in every language."""

    def check(text: LocalText) -> LocalText:
        if text.longest > most:
            raise ValueError(
                f"the text has {text.longest} characters; at most {most} fit on a screen"
            )
        return text

    return AfterValidator(check)


Title: TypeAlias = Annotated[LocalText, _limited(48)]  # two lines in the list of blocks
Line: TypeAlias = Annotated[LocalText, _limited(140)]
Instruction: TypeAlias = Annotated[LocalText, _limited(300)]  # beside the screen it is about
Paragraph: TypeAlias = Annotated[LocalText, _limited(420)]
Page: TypeAlias = Annotated[LocalText, _limited(1200)]
Minutes: TypeAlias = Annotated[float, Field(gt=0, le=120)]
EnvName: TypeAlias = Annotated[str, Field(max_length=200)]
Screen: TypeAlias = Literal["demonstrate", "train", "compare", "correct", "library"]
FileName: TypeAlias = Annotated[str, Field(max_length=100, pattern=r"^[A-Za-z0-9][\w. -]*$")]


class _Part(BaseModel):
    """A part of a lesson: unknown keys are errors, and so are values of another type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Goal(_Part):
    """What must be done before a *do* block counts as done.

    Attributes:
        record: number of episodes to record.
        train: number of policies to train.
        compare: number of comparisons to watch until both sides have ended.
        correct: number of episodes with a correction.
    """

    record: int = Field(0, ge=0, le=100)
    train: int = Field(0, ge=0, le=20)
    compare: int = Field(0, ge=0, le=20)
    correct: int = Field(0, ge=0, le=100)


class _Block(_Part):
    title: Title
    text: Paragraph
    minutes: Minutes
    picture: FileName | None = None


class Predict(_Block):
    """A question that is answered before anything is tried.

    Attributes:
        choices: the answers to choose from.
        answer: number of the right answer, from 1; None if there is no right one.
        explanation: what is shown after answering.
    """

    kind: Literal["predict"]
    choices: list[Line] = Field(min_length=2, max_length=5)
    answer: int | None = Field(None, ge=1)
    explanation: Paragraph | None = None

    @model_validator(mode="after")
    def _answer_exists(self) -> "Predict":
        if self.answer is not None and self.answer > len(self.choices):
            raise ValueError(f"answer is {self.answer}, but there are {len(self.choices)} choices")
        return self


class Do(_Block):
    """A task on one of the screens.

    Attributes:
        screen: the screen that opens.
        goal: what must be done; what is not named is not required.
        environment: the environment that opens; None for that of the lesson.
        dataset: the dataset that is chosen; None for the student's own.
        seed: seed of the first episode; None for no change.
        recipe: the way to learn that is preselected; None for no change.
        noise: size of the disturbance of the student's actions, 0..1; None for no change.
    """

    kind: Literal["do"]
    text: Instruction
    screen: Screen
    goal: Goal = Goal()
    environment: EnvName | None = None
    dataset: str | None = None
    seed: int | None = Field(None, ge=0, lt=2**31)
    recipe: str | None = None
    noise: float | None = Field(None, ge=0, le=1)


class See(_Block):
    """Something to look at.

    Attributes:
        screen: the screen that opens; None to stay on the lesson's page.
        environment: the environment that opens; None for that of the lesson.
        dataset: the dataset that is chosen; None for the student's own.
    """

    kind: Literal["see"]
    text: Instruction
    screen: Screen | None = None
    environment: EnvName | None = None
    dataset: str | None = None


class Say(_Block):
    """A sentence to complete.

    Attributes:
        sentence: the beginning of the sentence.
        example: one way to complete it; shown to the teacher, and to the student afterwards.
    """

    kind: Literal["say"]
    sentence: Line
    example: Paragraph | None = None


Block: TypeAlias = Annotated[Predict | Do | See | Say, Field(discriminator="kind")]


class Recording(_Part):
    """Episodes that an assertion records.

    Attributes:
        driver: who drives; see `teleop.record`.
        episodes: number of episodes.
        environment: the environment; None for that of the lesson.
        noise: size of the disturbance of each action.
    """

    driver: Literal["expert", "human-like", "wobbly", "random"]
    episodes: int = Field(3, ge=1, le=200)
    environment: EnvName | None = None
    noise: float = Field(0.0, ge=0, le=1)


class Assertion(_Part):
    """What must be true for the lesson to make its point.

    Attributes:
        says: the claim, in words.
        dataset: recordings of the lesson, or sample recordings, to learn from.
        record: episodes to record instead.
        recipe: how to learn; None measures the recordings themselves.
        settings: settings of the algorithm.
        replan: plan again with the learned reward in `environment`.
        environment: where the policy is measured; None for that of the recordings.
        measure: share of episodes that succeed (0..1), or mean return.
        episodes: number of episodes that the policy plays.
        at_least: smallest value for which the claim is true; None for no limit.
        at_most: largest value for which the claim is true; None for no limit.
    """

    says: Line
    dataset: str | None = None
    record: Recording | None = None
    recipe: str | None = None
    settings: dict[str, bool | int | float | str] = {}
    replan: bool = False
    environment: EnvName | None = None
    measure: Literal["success", "return"]
    episodes: int = Field(20, ge=1, le=500)
    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _complete(self) -> "Assertion":
        if (self.dataset is None) == (self.record is None):
            raise ValueError("give either a dataset or record, and not both")
        if self.at_least is None and self.at_most is None:
            raise ValueError("give at_least or at_most, or nothing can fail")
        if self.recipe is None and (self.settings or self.environment or self.replan):
            raise ValueError("settings, environment and replan need a recipe")
        return self

    def holds(self, value: float) -> bool:
        """Return whether a measured value agrees with the claim."""
        low = -float("inf") if self.at_least is None else self.at_least
        high = float("inf") if self.at_most is None else self.at_most
        return low <= value <= high

    @property
    def expected(self) -> str:
        """The limits in words."""
        parts = []
        if self.at_least is not None:
            parts.append(f"at least {self.at_least:g}")
        if self.at_most is not None:
            parts.append(f"at most {self.at_most:g}")
        return " and ".join(parts)


class Remark(_Part):
    """What students usually say, and a reply."""

    says: Line
    reply: Paragraph


class Teacher(_Part):
    """Notes for the teacher.

    Attributes:
        prepare: what to prepare.
        remarks: what students usually say.
    """

    prepare: list[Paragraph] = []
    remarks: list[Remark] = []


class Content(_Part):
    """The content of a `lesson.toml`.

    Attributes:
        format: version of the format.
        title: title of the lesson.
        summary: what the lesson shows, in a sentence or two.
        environment: the environment of all blocks that name no other.
        seed: seed of the first episode; None for no change.
        block: the blocks, in order.
        teacher: notes for the teacher.
        assertion: what must happen on the recordings of the lesson.
    """

    format: Literal[1]
    title: Title
    summary: Paragraph
    environment: EnvName
    seed: int | None = Field(None, ge=0, lt=2**31)
    block: list[Block] = Field(min_length=1, max_length=40)
    teacher: Teacher = Teacher()
    assertion: list[Assertion] = []


@dataclass(frozen=True, slots=True)
class Lesson:
    """A lesson and its folder.

    Attributes:
        folder: the folder; its name is that of the lesson.
        content: what its file says.
    """

    folder: Path
    content: Content

    @property
    def name(self) -> str:
        """The name of the folder."""
        return self.folder.name

    @property
    def minutes(self) -> float:
        """The minutes of all blocks."""
        return sum(block.minutes for block in self.content.block)

    @property
    def recordings(self) -> Path:
        """The folder of the recordings that come with the lesson; it need not exist."""
        return self.folder / "recordings"

    def texts(self) -> Mapping[str, LocalText]:
        """Return all texts by their place in the file."""
        found: dict[str, LocalText] = {}
        _collect(self.content, "", found)
        return found


def _collect(part: Any, place: str, found: dict[str, LocalText]) -> None:
    if isinstance(part, LocalText):
        found[place] = part
    elif isinstance(part, BaseModel):
        for name in type(part).model_fields:
            _collect(getattr(part, name), f"{place}.{name}" if place else name, found)
    elif isinstance(part, list):
        for number, item in enumerate(part, start=1):
            _collect(item, f"{place} {number}", found)
