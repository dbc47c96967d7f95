"""A card that plays, scrubs, trims and labels one episode of the library."""

from pygame import Rect

from teleop.runtime.protocol.library_messages import Curate, EpisodeOperation
from teleop.text import tr
from teleop.types.metadata import EpisodeRow, marks_text
from teleop.ui.comparison.timeline import Timeline
from teleop.ui.drawing.formatting import signed
from teleop.ui.drawing.theme import ON_VEIL, VEIL
from teleop.ui.episodes.reward_strip import HEIGHT, draw_reward_strip, has_reward
from teleop.ui.state.context import UiContext
from teleop.ui.state.view_model import Comparison
from teleop.ui.widgets.image_view import fitted
from teleop.ui.widgets.text_edit import TextEdit

_VERDICTS = (("success", tr("Success"), True), ("failure", tr("Failure"), False))


class EpisodeCard:
    """View state: the playhead.

    Attributes:
        ticked: uuids of the episodes that are ticked in the table; they get a task together.
    """

    def __init__(self) -> None:
        self.ticked: frozenset[str] = frozenset()
        self.player = Timeline()
        self._wish: Curate | None = None

    def draw(
        self, context: UiContext, card: Rect, row: EpisodeRow | None, dataset_id: str
    ) -> Curate | None:
        """Draw all details of an episode, and return the requested change, if any."""
        ui, px = context.ui, context.ui.painter.px
        ui.card(card)
        if row is None:
            text = tr("Select an episode to view it")
            ui.painter.text(text, card.center, "body", ui.theme.text2, "cm")
            return None
        wish, self._wish = self._wish, None  # a text was committed since the last frame
        title = tr("Episode {ordinal}", ordinal=row.number)
        used = ui.painter.text(title, (card.x + px(16), card.y + px(26)), "h2")
        note = tr(
            "seed {seed} · {total_reward}", seed=row.seed, total_reward=signed(row.total_reward)
        )
        at = (card.x + px(26) + used, card.y + px(26))
        ui.painter.text(note, at, "small", ui.theme.text2, width=card.right - px(12) - at[0])
        view = Rect(card.x + px(12), card.y + px(48), card.width - px(24), 0)
        wide = round(view.width / (context.view("lane0").aspect or 1.5))
        view.height = min(wide, px(280), max(px(140), card.height - px(440)))
        comparison = context.model.comparison
        strip = Rect(view.x, view.bottom, view.width, 0)
        if has_reward(comparison):
            strip.height = px(HEIGHT)
            view.height -= strip.height
            strip.y = view.bottom
        step = self._draw_picture(context, view, row)
        bar = Rect(view.x, strip.bottom + px(6), view.width, px(72))
        if comparison is not None:
            track = Rect(bar.x + px(8), bar.y, bar.width - px(16), 0)
            if strip.height:
                draw_reward_strip(context, comparison, strip, track, self.player.step)
            self._draw_player(context, comparison, bar, row)
        y = bar.bottom + px(10)
        wish = self._draw_trim(context, card, y, row, step, dataset_id) or wish
        wish = self._draw_verdict(context, card, y + px(44), row, dataset_id) or wish
        self._draw_texts(context, card, y + px(92), row, dataset_id)
        self._draw_findings(context, Rect(card.x, y + px(238), card.width, card.bottom), row)
        return wish

    def _draw_picture(self, context: UiContext, area: Rect, row: EpisodeRow) -> int:
        """Draw the frame at the playhead and return its step."""
        ui, px, comparison = context.ui, context.ui.painter.px, context.model.comparison
        problem = context.model.replay_problem
        if comparison is None or comparison.about.file != row.file:
            ui.painter.box(area, ui.theme.sunken, 8)
            text = problem or tr("Re-simulating…")
            lines = ui.painter.wrapped(text, "small", area.width - px(24))[:6]
            for index, line in enumerate(lines):
                at = (area.centerx, area.y + px(30) + index * px(18))
                ui.painter.text(line, at, "small", ui.theme.text2, "cm")
            return 0
        self.player.advance(context, comparison)
        view = context.view("lane0")
        rect = fitted(area, view.aspect or 1.5)
        if rect.width < area.width - 4:
            ui.painter.box(area, ui.theme.sunken, 8)
        view.draw(ui.painter, rect, 8, ui.theme.surface)
        step = int(self.player.step)
        actions = comparison.lanes[0].actions
        if 0 < step <= len(actions):
            at = (rect.x + px(10), rect.bottom - px(38))
            ui.pill(at, actions[step - 1], VEIL, ON_VEIL)
        at = (rect.right - px(10), rect.bottom - px(38))
        ui.pill(at, tr("step {step}", step=step), VEIL, ON_VEIL, right=True)
        return step

    def _draw_player(
        self, context: UiContext, comparison: Comparison, bar: Rect, row: EpisodeRow
    ) -> None:
        theme = context.ui.theme
        marks = [(edge, theme.human) for edge in row.label.trim or ()]
        marks += [(mark.step, theme.agent) for mark in row.label.marks]
        self.player.draw(context, comparison, bar, marks)

    def _draw_trim(
        self,
        context: UiContext,
        card: Rect,
        y: int,
        row: EpisodeRow,
        step: int,
        dataset_id: str,
    ) -> Curate | None:
        """Draw the trim buttons; trimming selects steps and removes nothing."""
        ui, px = context.ui, context.ui.painter.px
        ui.group("trim")
        first, end = row.label.trim or (0, row.total_steps)
        gap, width = px(8), (card.width - px(24) - px(16)) // 3
        wishes = (
            ("trim.first", tr("Trim start"), (step, end), step < end),
            ("trim.end", tr("Trim end"), (first, step), step > first),
            ("trim.whole", tr("Untrim"), None, row.label.trim is not None),
        )
        wish = None
        for index, (node_id, label, value, usable) in enumerate(wishes):
            rect = Rect(card.x + px(12) + index * (width + gap), y, width, px(34))
            reason = "" if usable else tr("This would leave no step or change nothing")
            if ui.button(node_id, rect, label, reason=reason):
                wish = Curate(dataset_id, EpisodeOperation.TRIM, (row.uuid,), value)
        return wish

    def _draw_verdict(
        self, context: UiContext, card: Rect, y: int, row: EpisodeRow, dataset_id: str
    ) -> Curate | None:
        ui, px = context.ui, context.ui.painter.px
        ui.group("verdict")
        wish, width = None, (card.width - px(32)) // 2
        for index, (name, label, verdict) in enumerate(_VERDICTS):
            rect = Rect(card.x + px(12) + index * (width + px(8)), y, width, px(34))
            mine = row.label.success is verdict
            icon = ("check" if verdict else "x") if mine else ""
            kind = "primary" if mine else "plain"
            if ui.button(f"verdict.{name}", rect, label, icon, kind):
                value = None if mine else verdict
                wish = Curate(dataset_id, EpisodeOperation.VERDICT, (row.uuid,), value)
        return wish

    def _draw_texts(
        self, context: UiContext, card: Rect, y: int, row: EpisodeRow, dataset_id: str
    ) -> None:
        """Draw task, tags, note and marks, which are edited in place."""
        ui, px = context.ui, context.ui.painter.px
        ui.group("labels")
        label, gap = row.label, px(8)
        many = len(self.ticked) if row.uuid in self.ticked else 1
        task = tr("Task of the {n} selected episodes", n=many) if many > 1 else tr("Task")
        half = (card.width - px(24) - gap) // 2
        first = Rect(card.x + px(12), y, card.width - px(24), px(36))
        second = first.move(0, px(46))
        fields = (
            (first, EpisodeOperation.TASK, label.task, task),
            (
                Rect(second.x, second.y, half, second.height),
                EpisodeOperation.TAGS,
                ", ".join(label.tags),
                tr("Tags"),
            ),
            (
                Rect(second.right - half, second.y, half, second.height),
                EpisodeOperation.NOTE,
                label.note,
                tr("Note"),
            ),
            (
                second.move(0, px(46)),
                EpisodeOperation.MARKS,
                marks_text(label.marks),
                tr("Marks: 120 grasp, 240 lift"),
            ),
        )
        for rect, operation, text, hint in fields:
            if ui.field(f"label.{operation.value}", rect, context.editing, text, hint):
                self._edit(context, row, dataset_id, operation, text)

    def mark(self, context: UiContext, row: EpisodeRow, dataset_id: str) -> None:
        """Add a mark at the playhead, and let the person type its name."""
        text = marks_text(row.label.marks)
        begun = f"{text}, {int(self.player.step)} " if text else f"{int(self.player.step)} "
        self._edit(context, row, dataset_id, EpisodeOperation.MARKS, text, begun)

    def _edit(
        self,
        context: UiContext,
        row: EpisodeRow,
        dataset_id: str,
        operation: EpisodeOperation,
        text: str,
        begun: str = "",
    ) -> None:
        """Edit a text of an episode; the task is that of all ticked ones."""
        together = operation is EpisodeOperation.TASK and row.uuid in self.ticked
        chosen = tuple(sorted(self.ticked)) if together else (row.uuid,)

        def done(new: str) -> None:
            if new != text:
                self._wish = Curate(dataset_id, operation, chosen, new)

        shown = begun or text
        context.edit(TextEdit(f"label.{operation.value}", shown, len(shown), done))

    def _draw_findings(self, context: UiContext, area: Rect, row: EpisodeRow) -> None:
        """Draw the certificate and the flags of the episode."""
        ui, px = context.ui, context.ui.painter.px
        found = row.certificate
        lines = [tr("Replay: {finding}", finding=found.text)] if found else []
        lines += row.flags
        y = area.y
        for text in lines:
            for line in ui.painter.wrapped(text, "small", area.width - px(32)):
                if y > area.height - px(20):
                    return
                ui.painter.text(line, (area.x + px(16), y), "small", ui.theme.text2)
                y += px(18)
