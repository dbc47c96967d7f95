"""A card about one policy: name, note, and the episodes that it played, each one click away."""

from dataclasses import dataclass

from pygame import Rect

from teleop.runtime.protocol.library_messages import CuratePolicies, PolicyOperation
from teleop.text import joined, tr
from teleop.types.results import PlayedStart, PolicyRow
from teleop.ui.commands import Command, label_of
from teleop.ui.comparison.timeline import Timeline
from teleop.ui.drawing.formatting import signed
from teleop.ui.drawing.theme import ON_VEIL, VEIL
from teleop.ui.policies.policy_table import return_text, success_text
from teleop.ui.state.context import UiContext
from teleop.ui.widgets.image_view import fitted
from teleop.ui.widgets.scroll import Scroll
from teleop.ui.widgets.text_edit import TextEdit

_ROW = 30
_FEWEST_ROWS = 3
_IN_FILM = 5


@dataclass(frozen=True, slots=True)
class RecordFrom:
    """The wish to record an episode from the start of one that a policy played."""

    seed: int


@dataclass(frozen=True, slots=True)
class FilmOf:
    """The wish for a film of some episodes that a policy played."""

    seeds: tuple[int, ...]


class ContinueRun:
    """The wish to drive on from the step of the policy's run that is shown."""


Wish = CuratePolicies | RecordFrom | FilmOf | ContinueRun | None


class PolicyCard:
    """View state: the playhead and the start that is shown."""

    def __init__(self) -> None:
        self.player = Timeline()
        self.seed: int | None = None
        self._starts = Scroll()
        self._wish: Wish = None

    def scroll(self, rows: int, at: tuple[int, int]) -> None:
        """Scroll the list of starts if the mouse is over it."""
        self._starts.by(rows, at)

    def draw(self, context: UiContext, card: Rect, row: PolicyRow | None, dataset_id: str) -> Wish:
        """Draw all details of a policy, and return what the person wants, if anything."""
        ui, px = context.ui, context.ui.painter.px
        ui.card(card)
        if row is None:
            text = tr("Select a policy to see the episodes that it played")
            for index, line in enumerate(ui.painter.wrapped(text, "body", card.width - px(40))):
                at = (card.centerx, card.centery + index * px(20))
                ui.painter.text(line, at, "body", ui.theme.text2, "cm")
            return None
        wish, self._wish = self._wish, None  # a text was committed since the last frame
        inner = Rect(card.x + px(12), card.y + px(10), card.width - px(24), card.height - px(20))
        self._draw_texts(context, inner, row, dataset_id)
        y = inner.y + px(92)
        ui.painter.text(_figures(row), (inner.x + px(4), y), "small-medium", width=inner.width)
        rule = row.score.rule if row.score else ""
        if rule:
            text = tr("Success: {rule}", rule=rule)
            at = (inner.x + px(4), y + px(18))
            ui.painter.text(text, at, "small", ui.theme.text2, width=inner.width)
        view = Rect(inner.x, y + px(34), inner.width, 0)
        least = px(_ROW) * _FEWEST_ROWS + px(130)
        tall = round(view.width / (context.view("lane0").aspect or 1.5))
        view.height = max(px(60), min(tall, px(260), inner.bottom - view.y - least))
        self._draw_picture(context, view, row)
        bar = Rect(view.x, view.bottom + px(6), view.width, px(72))
        if context.model.comparison is not None and self.seed is not None:
            self.player.draw(context, context.model.comparison, bar, [])
        rest = Rect(inner.x, bar.bottom + px(8), inner.width, inner.bottom - bar.bottom - px(8))
        return self._draw_starts(context, rest, row) or wish

    def _draw_texts(self, context: UiContext, inner: Rect, row: PolicyRow, dataset_id: str) -> None:
        """Draw the name and the note, which are edited in place."""
        ui, px = context.ui, context.ui.painter.px
        ui.group("labels")
        fields = (
            ("name", row.name, tr("Name"), PolicyOperation.RENAME),
            ("note", row.note, tr("Note"), PolicyOperation.NOTE),
        )
        for index, (name, text, hint, operation) in enumerate(fields):
            rect = Rect(inner.x, inner.y + index * px(42), inner.width, px(36))
            if ui.field(f"policy-{name}", rect, context.editing, text, hint):

                def done(new: str, old: str = text, operation: PolicyOperation = operation) -> None:
                    if new != old:
                        self._wish = CuratePolicies(dataset_id, operation, (row.name,), new)

                context.edit(TextEdit(f"policy-{name}", text, len(text), done))

    def _draw_picture(self, context: UiContext, area: Rect, row: PolicyRow) -> None:
        """Draw the episode that plays, or why none does."""
        ui, px, comparison = context.ui, context.ui.painter.px, context.model.comparison
        shown = comparison is not None and not comparison.about.file
        if comparison is None or not shown or self.seed is None:
            ui.painter.box(area, ui.theme.sunken, 8)
            waits = (
                tr("Playing…") if self.seed is not None else tr("Choose a start below to play it")
            )
            text = context.model.replay_problem or (
                waits if row.starts else tr("It has not played fresh starts yet")
            )
            lines = ui.painter.wrapped(text, "small", area.width - px(24))[:4]
            for index, line in enumerate(lines):
                at = (area.centerx, area.centery - px(8) + index * px(18))
                ui.painter.text(line, at, "small", ui.theme.text2, "cm")
            return
        self.player.advance(context, comparison)
        view = context.view("lane0")
        rect = fitted(area, view.aspect or 1.5)
        if rect.width < area.width - 4:
            ui.painter.box(area, ui.theme.sunken, 8)
        view.draw(ui.painter, rect, 8, ui.theme.surface)
        step, actions = int(self.player.step), comparison.lanes[0].actions
        if 0 < step <= len(actions):
            ui.pill((rect.x + px(10), rect.bottom - px(38)), actions[step - 1], VEIL, ON_VEIL)
        at = (rect.right - px(10), rect.bottom - px(38))
        ui.pill(at, tr("step {step}", step=step), VEIL, ON_VEIL, right=True)

    def _hint(self, row: PolicyRow) -> str:
        """Return what to do, or to wait for, to see the policy play."""
        if not row.starts:
            return tr("It has not played fresh starts yet")
        return tr("Playing…") if self.seed is not None else tr("Choose a start below to play it")

    def _draw_starts(self, context: UiContext, area: Rect, row: PolicyRow) -> Wish:
        """Draw the episodes, the worst first; a click plays one."""
        ui, px = context.ui, context.ui.painter.px
        foot = Rect(area.x, area.bottom - px(34), area.width, px(34))
        starts = row.worst_first
        fit = max(1, (foot.y - px(8) - area.y) // px(_ROW))
        ids = [f"start.{start.seed}" for start in starts]
        ui.group("starts")
        rows = Rect(area.x, area.y, area.width, fit * px(_ROW))
        for place, index in enumerate(self._starts.rows(ui, rows, ids, fit)):
            rect = Rect(area.x, area.y + place * px(_ROW), area.width, px(_ROW))
            if self._draw_start(context, rect, starts[index]):
                self.seed = starts[index].seed
        self._starts.draw_bar(ui, len(starts), fit)
        ui.group("from here")
        film = Rect(foot.right - px(40), foot.y, px(40), foot.height)
        worst = tuple(start.seed for start in starts[:_IN_FILM])
        reason = "" if worst and not context.model.working else tr("Nothing to film now")
        text = tr("Film of the {count} worst episodes", count=len(worst))
        if ui.icon_button("film", film, "download", text, None, reason):
            return FilmOf(worst)
        reason = "" if self.seed is not None else tr("Choose a start first")
        text = tr("Drive on from this step ({key})", key=label_of(Command.CONTINUE))
        here = film.move(-px(46), 0)
        if ui.icon_button("continue", here, "gamepad-2", text, None, reason):
            return ContinueRun()
        foot.width -= px(94)
        label = tr("Record from this start")
        if (
            ui.button("record-from", foot, label, "circle-dot", reason=reason)
            and self.seed is not None
        ):
            return RecordFrom(self.seed)
        return None

    def _draw_start(self, context: UiContext, rect: Rect, start: PlayedStart) -> bool:
        ui, px, theme = context.ui, context.ui.painter.px, context.ui.theme
        node_id, mine = f"start.{start.seed}", start.seed == self.seed
        verdict = {None: "", True: tr("success"), False: tr("failure")}[start.success]
        label = joined(", ", (tr("Seed {seed}", seed=start.seed), verdict))
        touch = ui.node(node_id, "option", label, rect, value=mine)
        if mine or touch.hovered:
            ui.painter.box(rect, theme.raised if mine else theme.hover, 6)
        if start.success is not None:
            icon, ink = ("check", theme.success) if start.success else ("x", theme.recording)
            ui.painter.icon(icon, (rect.x + px(14), rect.centery), 14, ink)
        seed = tr("seed {seed}", seed=start.seed)
        ui.painter.text(seed, (rect.x + px(30), rect.centery), "small", theme.text2)
        at = (rect.right - px(96), rect.centery)
        ui.painter.text(signed(start.total_reward), at, "small-bold", theme.text, "rm")
        steps = tr("{steps:,} steps", steps=start.total_steps)
        ui.painter.text(steps, (rect.right - px(10), rect.centery), "small", theme.text2, "rm")
        ui.ring(node_id, rect.inflate(-px(2), -px(4)), 6)
        return touch.used


def _figures(row: PolicyRow) -> str:
    if row.score is None:
        return row.title
    return tr(
        "{count} fresh starts: mean return {mean}, success {rate}",
        count=row.score.episodes,
        mean=return_text(row),
        rate=success_text(row),
    )
