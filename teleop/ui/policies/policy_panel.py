"""The policies of a dataset beside one of them, with the actions on the ticked ones."""

import time
from collections.abc import Sequence

from pygame import Rect

from teleop.runtime.protocol.comparison_messages import ShowReplay, WriteFilm
from teleop.runtime.protocol.diagnosis_messages import ContinueFrom
from teleop.runtime.protocol.library_messages import (
    CuratePolicies,
    EpisodesListed,
    PolicyOperation,
)
from teleop.runtime.protocol.session_messages import ChooseDataset, UseSeed
from teleop.text import ntr, tr
from teleop.types.results import PolicyRow
from teleop.ui.commands import Command
from teleop.ui.policies.policy_card import ContinueRun, FilmOf, PolicyCard, RecordFrom
from teleop.ui.policies.policy_table import policy_table
from teleop.ui.state.context import UiContext
from teleop.ui.widgets.action_bar import draw_actions
from teleop.ui.widgets.text_edit import TextEdit

_MOST_COMPARED = 3
_FOOT = 64


class PolicyPanel:
    """View state: the table, and the policy and start that are shown."""

    def __init__(self) -> None:
        self._table, self._card = policy_table(), PolicyCard()
        self._asked: tuple[str, str, int] = ("", "", -1)

    def forget(self) -> None:
        """Reset the selection, for another dataset."""
        self._table.forget()
        self._card.seed, self._asked = None, ("", "", -1)

    def wakes_in(self, context: UiContext) -> float | None:
        """Return the seconds until the next step while an episode plays."""
        return self._card.player.wakes_in(context.model.comparison)

    def scroll(self, rows: int, at: tuple[int, int]) -> None:
        """Scroll the list under the mouse."""
        self._table.scroll(rows, at)
        self._card.scroll(rows, at)

    def command(self, context: UiContext, listed: EpisodesListed, command: Command) -> bool:
        """Handle delete, the baseline, and the shortcuts of the player."""
        if command is Command.DELETE:
            self._curate(context, listed, PolicyOperation.DELETE)
        elif command is Command.STAR:
            self._toggle_baseline(context, listed)
        elif command is Command.CONTINUE:
            self._continue(context, listed)
        elif context.model.comparison is not None:
            return self._card.player.command(context, context.model.comparison, command)
        return True

    def draw_table(self, context: UiContext, card: Rect, listed: EpisodesListed) -> None:
        """Draw the filter, the table and the actions below the tabs of the card."""
        ui, px = context.ui, context.ui.painter.px
        ui.group("filter")
        find = Rect(card.x + px(12), card.y + px(52), min(px(240), card.width // 2), px(36))
        hint = tr("Filter: recipe, note…")
        if ui.field("filter", find, context.editing, self._table.filter, hint):
            text = self._table.filter
            context.edit(TextEdit("filter", text, len(text), self._filter, self._filter))
        count = ntr("{n} policy", "{n} policies", len(self._table.shown(listed.policies)))
        at = (find.right + px(14), find.centery)
        ui.painter.text(count, at, "small", ui.theme.text2, width=card.right - px(12) - at[0])
        body = Rect(card.x + px(8), find.bottom + px(8), card.width - px(16), 0)
        body.height = card.bottom - px(_FOOT) - body.y
        used = self._table.draw(ui, body, listed.policies)
        if used and used != self._table.current:
            self._table.current, self._card.seed = used, None
            context.model.comparison = None
        self._draw_actions(context, card, listed)

    def draw_card(self, context: UiContext, card: Rect, listed: EpisodesListed) -> None:
        """Draw the policy that is shown in full."""
        row = self._row(listed.policies)
        if row is None and listed.policies:  # renamed or deleted, or nothing is chosen yet
            row = next(iter(self._table.shown(listed.policies)), None)
            self._table.current = row.name if row else ""
        wish = self._card.draw(context, card, row, listed.dataset_id)
        if isinstance(wish, RecordFrom):
            context.tell(ChooseDataset(listed.dataset_id))
            context.tell(UseSeed(wish.seed))
            context.next.screen = "demonstrate"
        elif isinstance(wish, FilmOf):
            name = f"worst-{time.strftime('%Y%m%d-%H%M%S')}.mp4"
            output = str(context.exports / name)
            film = WriteFilm(listed.dataset_id, self._table.current, wish.seeds, output)
            context.tell(film)
        elif isinstance(wish, ContinueRun):
            self._continue(context, listed)
        elif wish is not None:
            if wish.operation is PolicyOperation.RENAME:
                self._table.current = str(wish.value)
            context.tell(wish)
        self._play(context, listed.dataset_id)

    def _continue(self, context: UiContext, listed: EpisodesListed) -> None:
        """Let the person drive on from the shown step of the policy's run."""
        if self._card.seed is not None:
            place = (self._table.current, "", self._card.seed, int(self._card.player.step))
            context.drive_on(ContinueFrom(listed.dataset_id, *place), listed.env_id)

    def _play(self, context: UiContext, dataset_id: str) -> None:
        """Request the episode that was chosen, once."""
        seed = self._card.seed
        wanted = (dataset_id, self._table.current, -1 if seed is None else seed)
        if seed is not None and wanted != self._asked:
            self._card.player.begin(context.now)
            context.model.comparison, context.model.replay_problem = None, ""
            context.tell(ShowReplay(dataset_id, "", (self._table.current,), seed))
        self._asked = wanted

    def _row(self, rows: Sequence[PolicyRow]) -> PolicyRow | None:
        return next((row for row in rows if row.name == self._table.current), None)

    def _meant(self, context: UiContext, listed: EpisodesListed) -> tuple[str, ...]:
        """Return the ticked policies; if none is ticked, the focused one or the one shown."""
        names = self._table.chosen or {self._table.focused(context.ui) or self._table.current}
        return tuple(row.name for row in listed.policies if row.name in names)

    def _curate(
        self,
        context: UiContext,
        listed: EpisodesListed,
        operation: PolicyOperation,
        value: bool | str | None = None,
    ) -> None:
        if chosen := self._meant(context, listed):
            context.tell(CuratePolicies(listed.dataset_id, operation, chosen, value))

    def _toggle_baseline(self, context: UiContext, listed: EpisodesListed) -> None:
        """Make one policy the baseline, or remove that."""
        name = (self._meant(context, listed) or ("",))[0]
        row = next((row for row in listed.policies if row.name == name), None)
        if row is not None:
            changed = CuratePolicies(
                listed.dataset_id, PolicyOperation.BASELINE, (name,), not row.pinned
            )
            context.tell(changed)

    def _filter(self, text: str) -> None:
        self._table.filter = text

    def _draw_actions(self, context: UiContext, card: Rect, listed: EpisodesListed) -> None:
        ui, px = context.ui, context.ui.painter.px
        foot = Rect(card.x, card.bottom - px(_FOOT), card.width, px(_FOOT))
        chosen = self._meant(context, listed)
        nothing = "" if chosen else tr("Select a policy first")
        comparable = nothing or self._not_comparable(context, listed)
        buttons = (
            ("baseline", tr("Baseline"), "star", nothing),
            ("delete", tr("Delete"), "trash-2", nothing),
            ("compare", tr("Compare"), "git-compare", comparable),
        )
        if used := draw_actions(ui, foot, "policies", buttons):
            self._do(context, listed, used)

    def _do(self, context: UiContext, listed: EpisodesListed, name: str) -> None:
        if name == "baseline":
            self._toggle_baseline(context, listed)
        elif name == "delete":
            self._curate(context, listed, PolicyOperation.DELETE)
        else:
            context.tell(ChooseDataset(listed.dataset_id))
            context.next.rivals = self._meant(context, listed)
            context.next.screen = "compare"

    def _not_comparable(self, context: UiContext, listed: EpisodesListed) -> str:
        """Return why the chosen policies cannot be compared now; empty if they can."""
        if context.model.env is None or context.model.env.env_id != listed.env_id:
            return tr("Open {env_id} first", env_id=listed.env_id)
        if not listed.rows:
            return tr("Record an episode to compare with")
        if len(self._table.chosen) > _MOST_COMPARED:
            return tr("Select at most {most}", most=_MOST_COMPARED)
        return ""
