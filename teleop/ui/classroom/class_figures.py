"""The figures of a class: success by number of students, and who taught best."""

import numpy as np

from teleop.text import joined, tr
from teleop.types.class_results import ClassFindings, GrowthPoint
from teleop.ui.charts.figure import Figure
from teleop.ui.charts.grid_map import GridMap
from teleop.ui.charts.line_chart import Series
from teleop.ui.drawing.formatting import signed
from teleop.ui.drawing.theme import Theme


def growth_figure(found: ClassFindings, theme: Theme) -> Figure:
    """Return success, or the mean return where nothing tells success, by number of students."""
    judged = bool(found.growth) and all(point.success for point in found.growth)
    values = np.array([_values(point, judged=judged) for point in found.growth]).reshape(-1, 3)
    x = np.array([float(point.teachers) for point in found.growth])
    y_title = tr("success (%)") if judged else tr("mean return")
    line = Series("", x, values[:, 0], theme.agent, None, (values[:, 1], values[:, 2]))
    groups = max((point.groups for point in found.growth), default=1)
    note = tr(
        "{groups} random groups of each size, no take left out; {starts} starts that nobody "
        "demonstrated; 95 % intervals",
        groups=groups,
        starts=found.starts,
    )
    rule = tr("success: {rule}", rule=found.rule) if judged and found.rule else ""
    return Figure(
        tr("Success by number of students") if judged else tr("Return by number of students"),
        tr("students whose episodes the policy learned from"),
        y_title,
        (line,),
        note=joined(" · ", filter(None, (note, rule))),
        within=(0.0, float(x.max(initial=1.0)), 0.0, 100.0) if judged else None,
        whole=True,
        whiskers=len(x) or 1,
    )


def teachers_figure(found: ClassFindings) -> Figure:
    """Return the map of who taught best: a row for each teacher, a column for whose starts."""
    best = found.best_first
    order = [found.students.index(teacher.student) for teacher in best]
    values = np.array([[teacher.on[index] for index in order] for teacher in best])
    grid = GridMap(
        tuple(teacher.student for teacher in best),
        values.reshape(len(best), len(best)),
        tr("mean return"),
        tr("learned from"),
        tr("starts of"),
    )
    note = tr("Row: whose episodes the policy learned from. Column: whose starts it played.")
    return Figure(tr("Who taught best"), "", "", note=note, grid=grid if len(best) else None)


def _values(point: GrowthPoint, *, judged: bool) -> tuple[float, float, float]:
    if judged and point.success is not None:
        share, low, high = point.success
        return 100 * share, 100 * low, 100 * high
    return point.mean, point.low, point.high


def verdict_text(found: ClassFindings) -> str:
    """Return what the class policy reaches, also against the student in the middle."""
    against = found.against
    reached = policy_text(found)
    if against is None:
        return reached
    difference = tr(
        "The class policy gains {difference} ({low} to {high}) in return over the policy "
        "of the student in the middle, {student}, on the same {starts} starts.",
        difference=f"{against.difference:+,.0f}",
        low=f"{against.low:+,.0f}",
        high=f"{against.high:+,.0f}",
        student=against.second,
        starts=against.starts,
    )
    return joined(" ", (reached, difference))


def policy_text(found: ClassFindings) -> str:
    """Return what the class policy reaches; empty if it is not known yet."""
    if not found.policy or not found.rule:
        return ""
    if found.policy_success is None:
        return tr(
            "{policy}: mean return {mean} from {starts} starts.",
            policy=found.policy,
            mean=signed(found.policy_mean, plus=False),
            starts=found.starts,
        )
    return tr(
        "{policy}: success from {share} of {starts} starts.",
        policy=found.policy,
        share=f"{found.policy_success:.0%}",
        starts=found.starts,
    )
