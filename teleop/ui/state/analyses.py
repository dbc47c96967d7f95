"""The results of analysing a dataset, or a class, as far as they are known."""

from dataclasses import dataclass, field
from typing import Any

from teleop.runtime.protocol.diagnosis_messages import Examined, Study
from teleop.runtime.protocol.training_messages import (
    Analysis,
    AnalysisProgress,
    Profiled,
    Rounds,
)
from teleop.ui.state.classroom_state import Classroom


@dataclass(slots=True)
class Analyses:
    """The results of analysing a dataset, or a class.

    Attributes:
        profile: profile of the data.
        running: the analysis that is running.
        found: results so far, by analysis.
        rounds: rounds of correction.
        examined: what was found out about a policy, by examination.
        gauged: number of policies whose gauges were measured.
        moment: (file, step) of the picture in the view `moment`; None before the first one.
        latest: the latest message of a kind of which only the latest counts.
        classroom: the class that the teacher watches.
    """

    profile: Profiled | None = None
    running: Analysis | None = None
    found: dict[Analysis, AnalysisProgress] = field(default_factory=dict)
    rounds: Rounds | None = None
    examined: dict[Study, Examined] = field(default_factory=dict)
    gauged: int = 0
    moment: tuple[str, int] | None = None
    latest: dict[type, Any] = field(default_factory=dict)
    classroom: Classroom = field(default_factory=Classroom)

    def examination(self, study: Study, dataset_id: str, policy: str) -> Examined | None:
        """Return what was found out about this policy; None if it was not examined."""
        found = self.examined.get(study)
        mine = found is not None and (found.dataset_id, found.policy) == (dataset_id, policy)
        return found if mine else None
