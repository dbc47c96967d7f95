"""Which five seconds to record next: moments of the policy's runs, each with a button to start."""

from pygame import Rect

from teleop.runtime.protocol.diagnosis_messages import ContinueFrom, Examine, Study
from teleop.runtime.protocol.training_messages import StopTraining
from teleop.text import tr
from teleop.types.findings import ProposedMoment
from teleop.ui.state.context import UiContext

_ROW, _LOW_ROW = 66, 46


def draw_moments(context: UiContext, rect: Rect, dataset_id: str, policy: str) -> None:
    """Draw the proposed moments of a policy, or the button that finds them."""
    ui, px = context.ui, context.ui.painter.px
    told = context.model.analyses.examination(Study.MOMENTS, dataset_id, policy)
    painter, theme = ui.painter, ui.theme
    ui.group("moments")
    if told is None or told.problem:
        text = told.problem if told else tr("Find the moments where a short correction helps most.")
        for index, line in enumerate(painter.wrapped(text, "small", rect.width)[:3]):
            painter.text(line, (rect.x, rect.y + px(10) + index * px(18)), "small", theme.text2)
        button = Rect(rect.x, rect.y + px(40), min(rect.width, px(240)), px(40))
        if button.bottom <= rect.bottom and ui.button(
            "moments.find", button, tr("Find where to correct"), "sparkles"
        ):
            context.tell_trainer(StopTraining())
            context.tell_trainer(Examine(context.recordings, dataset_id, policy, Study.MOMENTS))
        return
    found = told.result if isinstance(told.result, tuple) else ()
    if not told.final:
        painter.text(told.note, (rect.x, rect.y + px(10)), "small", theme.text2)
        return
    height = px(_ROW) if rect.height >= px(_ROW) * len(found) else px(_LOW_ROW)
    for place, moment in enumerate(found):
        row = Rect(rect.x, rect.y + place * height, rect.width, height)
        if row.bottom <= rect.bottom and isinstance(moment, ProposedMoment):
            _draw_moment(context, row, place, moment, (dataset_id, policy))


def _draw_moment(
    context: UiContext, row: Rect, place: int, moment: ProposedMoment, of: tuple[str, str]
) -> None:
    ui, px = context.ui, context.ui.painter.px
    painter, theme = ui.painter, ui.theme
    painter.rule(row.x, row.y, row.width)
    label = tr("Drive on")
    width = painter.width(label, "medium") + px(54)
    button = Rect(row.right - width, row.centery - px(18), width, px(36))
    room = button.x - row.x - px(10)
    title = tr("Step {step}, seed {seed}", step=moment.step, seed=moment.seed)
    notes = (
        tr("distance {distance:.1f} (1 is usual)", distance=moment.coverage),
        tr("near {share:.0%} of failures", share=moment.influence),
    )
    shown = notes if row.height >= px(_ROW) else notes[1:]
    top = row.centery - px(9) * len(shown)
    painter.text(title, (row.x, top), "small-bold", width=room)
    for index, note in enumerate(shown):
        at = (row.x, top + px(18) * (index + 1))
        painter.text(note, at, "small", theme.text2, width=room)
    if ui.button(f"moment.{place}", button, label, "gamepad-2"):
        dataset_id, policy = of
        context.tell(ContinueFrom(dataset_id, policy, "", moment.seed, moment.step))
