"""Preferences: which of two short pieces of runs is better? The answers teach a reward."""

from pygame import Rect

from teleop.runtime.protocol.comparison_messages import ShowStep
from teleop.runtime.protocol.preference_messages import (
    AskPreference,
    PiecesReady,
    PreferenceAsked,
    ShowPieces,
)
from teleop.runtime.protocol.session_messages import Notice, Request, Tone
from teleop.text import joined, ntr, tr
from teleop.types.findings import PieceSource
from teleop.ui.commands import Command, label_of
from teleop.ui.drawing.theme import Colour
from teleop.ui.episodes.dataset_menu import draw_dataset_menu
from teleop.ui.state.context import UiContext
from teleop.ui.widgets.image_view import fitted

_REST_S = 0.7  # the last frame stays this long before the pieces begin again
_SOON_S = 0.7  # a wait that is longer is explained
_ANSWERS = {  # value: (label, icon, command)
    "left": (tr("Left is better"), "chevron-left", Command.BACK),
    "equal": (tr("Equal"), "minus", Command.ENVIRONMENT),
    "cannot tell": (tr("Cannot tell"), "circle-question-mark", Command.NEW_SEED),
    "right": (tr("Right is better"), "chevron-right", Command.FORWARD),
}


class PreferScreen:
    """View state: the pair that is shown, and when it began."""

    def __init__(self) -> None:
        self._asked_for: tuple[str, int] = ("", 0)  # dataset, and number of its episodes
        self._shown: tuple[PieceSource, PieceSource] | None = None
        self._began_s, self._answered_s, self._step = 0.0, 0.0, -1
        self._waits, self._last_hz = False, 30.0

    def enter(self, context: UiContext) -> None:
        """Ask about the first pair."""
        context.tell(Request.PAUSE)
        self._asked_for, self._shown = ("", 0), None

    def leave(self, context: UiContext) -> None:
        """Stop showing pieces."""
        context.tell(Request.SHOW_NOTHING)

    def wakes_in(self, context: UiContext) -> float | None:
        """Return the seconds until the next frame."""
        return 1 / self._pace(context) if self._ready(context) else None

    def scroll(self, rows: int, at: tuple[int, int]) -> None:
        """Do nothing: nothing on this screen scrolls."""
        del rows, at

    def draw_moving(self, context: UiContext) -> Rect | None:
        """Return None: the frames are most of the screen."""
        del context
        return None

    def command(self, context: UiContext, command: Command) -> bool:
        """Answer, take the latest answer back, or close the screen."""
        for value, (_, _, key) in _ANSWERS.items():
            if command is key:
                self._answer(context, value)
                return True
        if command in (Command.DISCARD, Command.UNDO):
            self._undo(context)
        elif command is Command.LEAVE:
            context.next.screen = "compare"
        elif command is Command.RECORD:
            self._practise(context)
        else:
            return False
        return True

    def draw(self, context: UiContext, area: Rect) -> None:
        """Draw the question, both pieces, and the answers."""
        self._keep(context)
        px = context.ui.painter.px
        head, bar = px(64), px(128)
        self._draw_head(context, Rect(area.x, area.y, area.width, head))
        middle = Rect(area.x, area.y + head, area.width, area.height - head - bar - px(12))
        asked = self._asked(context)
        if asked is None or asked.pair is None:
            self._draw_waiting(context, middle, asked)
            return
        self._draw_pieces(context, middle)
        self._draw_answers(context, Rect(area.x, area.bottom - bar, area.width, bar), asked)

    # ------------------------------------------------------------ what is asked

    def _asked(self, context: UiContext) -> PreferenceAsked | None:
        found: PreferenceAsked | None = context.model.analyses.latest.get(PreferenceAsked)
        library = context.model.library
        mine = found and library and found.dataset_id == library.dataset_id
        return found if mine else None

    def _ready(self, context: UiContext) -> PiecesReady | None:
        found: PiecesReady | None = context.model.analyses.latest.get(PiecesReady)
        return found if found and found.pair == self._shown else None

    def _pace(self, context: UiContext) -> float:
        asked = self._asked(context)
        return asked.pace_hz if asked else self._last_hz

    def _keep(self, context: UiContext) -> None:
        """Ask about the dataset, show the pair that is asked about, and move it on."""
        library, asked = context.model.library, self._asked(context)
        if library is None or not library.episodes:
            return
        wanted = (library.dataset_id, len(library.episodes))
        if wanted != self._asked_for:
            self._asked_for, self._waits = wanted, True
            context.model.analyses.latest.pop(PreferenceAsked, None)
            context.tell_trainer(AskPreference(context.recordings, library.dataset_id))
            return
        if asked is None:
            return
        if asked.problem and asked.pair and self._waits:
            context.model.notices.append(Notice(Tone.BAD, asked.problem))
        self._waits, self._last_hz = False, asked.pace_hz
        if asked.pair is not None and asked.pair != self._shown:
            self._shown, self._step = asked.pair, -1
            context.tell(ShowPieces(asked.dataset_id, asked.pair))
        self._move(context)

    def _move(self, context: UiContext) -> None:
        ready = self._ready(context)
        if ready is None:
            self._began_s = context.now
            return
        last, pace = max(ready.steps), self._pace(context)
        whole_s = last / pace + _REST_S
        step = min(last, int((context.now - self._began_s) % whole_s * pace))
        if step != self._step:
            self._step = step
            context.tell(ShowStep(step))

    def _answer(self, context: UiContext, value: str) -> None:
        asked = self._asked(context)
        unseen = not self._ready(context) and value != "cannot tell"
        if asked is None or asked.pair is None or self._waits or unseen:
            return
        self._waits, self._answered_s = True, context.now
        context.model.analyses.latest.pop(PreferenceAsked, None)
        answer = AskPreference(context.recordings, asked.dataset_id, value, asked.pair)
        context.tell_trainer(answer)

    def _undo(self, context: UiContext) -> None:
        asked = self._asked(context)
        if asked is None or not asked.count or self._waits:
            return
        self._waits, self._answered_s = True, context.now
        context.model.analyses.latest.pop(PreferenceAsked, None)
        context.tell_trainer(AskPreference(context.recordings, asked.dataset_id, undo=True))

    def _practise(self, context: UiContext) -> None:
        asked = self._asked(context)
        if asked is not None and asked.count >= asked.enough:
            context.next.reward = "preferences"
            context.next.screen = "train"

    # ------------------------------------------------------------ drawing

    def _draw_head(self, context: UiContext, rect: Rect) -> None:
        ui, px = context.ui, context.ui.painter.px
        ui.painter.text(tr("Which piece is better?"), (rect.x, rect.y + px(16)), "h1")
        words = tr("A reward is learned from your answers; the environment's own is not used.")
        at = (rect.x, rect.y + px(42))
        ui.painter.text(words, at, "small", ui.theme.text2, width=rect.width - px(260))
        draw_dataset_menu(context, rect, "options", tr("Dataset"))

    def _draw_waiting(self, context: UiContext, area: Rect, asked: PreferenceAsked | None) -> None:
        painter, theme = context.ui.painter, context.ui.theme
        library = context.model.library
        words = tr("Choosing two pieces…")
        if library is not None and not library.episodes:
            words = tr("Record at least 1 episode")
        if asked is not None:
            words = asked.problem
        if self._shown is not None and asked is None:  # the next pair comes in a moment
            self._draw_pieces(context, area)
            if context.now - self._answered_s > _SOON_S:
                at = (area.centerx, area.bottom + painter.px(48))
                painter.text(words, at, "body", theme.text2, "cm")
            return
        for row, line in enumerate(painter.wrapped(words, "body", area.width * 2 // 3)):
            at = (area.centerx, area.centery + painter.px(22) * row)
            painter.text(line, at, "body", theme.text2, "cm")

    def _draw_pieces(self, context: UiContext, area: Rect) -> None:
        """Draw both pieces; where they come from is not said, so that it does not count."""
        ui, px = context.ui, context.ui.painter.px
        wide = (area.width - px(16)) // 2
        ui.group("pieces")
        for index, (side, title) in enumerate((("left", tr("Left")), ("right", tr("Right")))):
            card = Rect(area.x + index * (wide + px(16)), area.y, wide, area.height)
            ui.card(card)
            touch = ui.node(f"piece.{side}", "button", _ANSWERS[side][0], card)
            if touch.hovered:
                ui.painter.box(card, None, 12, _hover(context), 2)
            at = (card.x + px(16), card.y + px(22))
            ui.painter.text(title, at, "medium")
            room = Rect(card.x + px(8), card.y + px(40), wide - px(16), card.height - px(48))
            view = context.view(f"lane{index}")
            if self._ready(context):
                view.draw(ui.painter, fitted(room, view.aspect or 1.5), 8, ui.theme.surface)
            ui.ring(f"piece.{side}", card, 12)
            if touch.used:
                self._answer(context, side)

    def _draw_answers(self, context: UiContext, bar: Rect, asked: PreferenceAsked) -> None:
        ui, px = context.ui, context.ui.painter.px
        ui.card(bar)
        ui.group("answers")
        wide = (bar.width - px(32) - 3 * px(12)) // 4
        for index, (value, (label, icon, command)) in enumerate(_ANSWERS.items()):
            rect = Rect(bar.x + px(16) + index * (wide + px(12)), bar.y + px(14), wide, px(44))
            if ui.button(f"answer.{value}", rect, label, icon, "plain", label_of(command)):
                self._answer(context, value)
        ui.group("after")
        y = bar.y + px(72)
        undo = Rect(bar.x + px(16), y, px(190), px(40))
        reason = "" if asked.count else tr("There is no answer yet")
        key = label_of(Command.DISCARD)
        if ui.button("undo", undo, tr("Undo"), "undo-2", "plain", key, reason):
            self._undo(context)
        practise = Rect(bar.right - px(16) - px(300), y, px(300), px(40))
        missing = asked.enough - asked.count
        reason = ntr("{n} answer is missing", "{n} answers are missing", missing)
        reason = reason if missing > 0 else ""
        key = label_of(Command.RECORD)
        if ui.button(
            "practise",
            practise,
            tr("Practise with this reward"),
            "sparkles",
            "primary",
            key,
            reason,
        ):
            self._practise(context)
        room = practise.x - undo.right - px(32)
        at = (undo.right + px(16), y + px(20))
        ui.painter.text(_state(asked), at, "small", ui.theme.text2, width=room)


def _hover(context: UiContext) -> Colour:
    return context.ui.theme.strong_line


def _state(asked: PreferenceAsked) -> str:
    """Return how many answers there are, and how well the learned reward agrees with them."""
    parts = [ntr("{n} answer", "{n} answers", asked.count)]
    if asked.agreement is not None:
        parts.append(
            tr("the reward agrees with {share:.0%} of the clear ones", share=asked.agreement)
        )
    if asked.damaged:
        parts.append(ntr("{n} cannot be read", "{n} cannot be read", asked.damaged))
    return joined(" · ", parts)
