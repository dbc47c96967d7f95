"""A rubric: rules that turn what a student handed in into points."""

import math
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from teleop.errors import ReportError
from teleop.evaluation.scoring import FIRST_SEED
from teleop.lessons.typed_toml import read_typed_toml


class Measure(StrEnum):
    """What a rule measures; only episodes that re-simulate exactly count."""

    EPISODES = "episodes"
    STEPS = "steps"
    OWN_RETURN = "own_return"
    OWN_SUCCESS = "own_success"
    POLICIES = "policies"
    POLICY_RETURN = "policy_return"
    POLICY_SUCCESS = "policy_success"
    CORRECTED = "corrected"


class Rule(BaseModel):
    """One rule.

    Attributes:
        name: what it is called in tables.
        points: points for reaching `full`; the most that the rule gives.
        measure: what is measured. Success is a share, 0..1. Policies play the rubric's own starts;
            the best one counts.
        full: value that gives all points.
        zero: value that gives none; between the two, points are proportional. None: all or
            nothing.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: str = Field(min_length=1, max_length=80)
    points: float = Field(gt=0, le=1000)
    measure: Annotated[Measure, Field(strict=False)]
    full: float
    zero: float | None = None

    @model_validator(mode="after")
    def _can_divide(self) -> "Rule":
        ends = (self.full,) if self.zero is None else (self.full, self.zero)
        if not all(math.isfinite(end) for end in ends):
            raise ValueError("full and zero must be finite numbers")
        if self.zero == self.full:
            raise ValueError(f"zero and full are both {self.full:g}; points cannot be shared out")
        return self

    def points_for(self, value: float | None) -> float:
        """Return the points for a measured value, rounded to hundredths; 0 if there is none."""
        if value is None or not math.isfinite(value):
            return 0.0
        if self.zero is None:
            return self.points if value >= self.full else 0.0
        share = (value - self.zero) / (self.full - self.zero)
        return round(self.points * min(1.0, max(0.0, share)), 2)


class Rubric(BaseModel):
    """The content of a `rubric.toml`.

    Attributes:
        format: version of the format.
        title: title of the assignment.
        environment: the environment of all bundles; None for any.
        seed: first seed of the starts that policies play; keep it secret.
        starts: number of starts.
        rule: the rules.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    format: Literal[1]
    title: str = Field("", max_length=120)
    environment: str | None = None
    seed: int = Field(FIRST_SEED, ge=0, lt=2**31)
    starts: int = Field(20, ge=1, le=1000)
    rule: list[Rule] = Field(min_length=1, max_length=50)

    @model_validator(mode="after")
    def _different_names(self) -> "Rubric":
        names = [rule.name for rule in self.rule]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ValueError(f"two rules are called {min(twice)!r}")
        return self

    @property
    def most(self) -> float:
        """The points of all rules."""
        return sum(rule.points for rule in self.rule)


def read_rubric(file: Path) -> Rubric:
    """Read a rubric.

    Raises:
        ReportError: the file cannot be read, or says something that is not understood.
    """
    return read_typed_toml(file, Rubric, ReportError)
