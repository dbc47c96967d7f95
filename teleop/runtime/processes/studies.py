"""Runs the examinations of a policy, and the comparison of methods, for the window."""

from collections.abc import Iterator
from typing import Any

from teleop.recording import Library
from teleop.runtime.protocol.diagnosis_messages import Examine, Examined, Study
from teleop.runtime.protocol.training_messages import MethodsCompared, RunAnalysis
from teleop.text import tr


def iter_study(request: Examine) -> Iterator[Examined]:
    """Examine a policy; yield what is known so far.

    Raises:
        TeleopError: the policy cannot be read, or the environment failed.
    """
    from teleop.learning.covariate_shift.diagnosis import Diagnosis
    from teleop.learning.covariate_shift.human_time import HumanTime

    library = Library(request.root)
    dataset = library.existing(request.dataset_id)
    told = Examined(request.dataset_id, request.policy, request.study)
    if request.study is Study.HUMAN_TIME:
        human = HumanTime(library, dataset, request.policy)
        for done, (phase, lines) in enumerate(human.run()):
            yield _with(told, lines or None, done, done + 1, phase)
        return
    yield _with(told, None, 0, 1, tr("Loading your episodes"))
    found = Diagnosis(library, dataset, request.policy)
    steps: Iterator[tuple[int, int, Any]]
    match request.study:
        case Study.GAUGES:
            steps, phase = found.iter_gauges(), tr("Playing fresh starts…")
        case Study.AUTOPSY:
            seed = found.worst_seed() if request.seed < 0 else request.seed
            steps, phase = found.iter_autopsy(seed), tr("Trying other decisions")
        case Study.MOMENTS:
            steps, phase = found.iter_moments(), tr("Playing fresh starts…")
        case Study.GROWTH:
            steps, phase = found.iter_growth(), tr("Playing fresh starts…")
    for done, total, result in steps:
        yield _with(told, result or None, done, total, phase)


def _with(told: Examined, result: Any, done: int, total: int, phase: str) -> Examined:
    return Examined(told.dataset_id, told.policy, told.study, result, done, total, phase=phase)


def iter_methods(request: RunAnalysis) -> Iterator[MethodsCompared]:
    """Learn from a dataset with several methods; yield what is known so far.

    Raises:
        TeleopError: nothing can be learned, or the disk cannot be written.
    """
    from teleop.learning.analysis.method_chart import MethodComparison

    comparison = MethodComparison(Library(request.root).existing(request.dataset_id))
    chart = None
    for done, share, plan, latest in comparison.run():
        chart = latest or chart
        method = plan.method if plan else ""
        yield MethodsCompared(request.dataset_id, chart, method, share, done, comparison.total)
