"""The choice of how to learn: the algorithm and its options."""

from pygame import Rect

from teleop.text import ntr, tr
from teleop.ui.state.context import UiContext
from teleop.ui.training.algorithm_words import RECIPE_WORDS
from teleop.ui.widgets.popover import MenuItem

_TICK_ROW = 26
_COMBO_ROW = 44
_WITH_REWARD = ("iq", "gail", "airl", "maxent")  # recipes that save a learned reward
_MINUTES = (1, 5, 10, 30, 60, 240)
_CHOOSING = (  # recipes that use trial episodes
    *("bc", "frames", "memory", "chunk", "average", "choose", "flow"),
)


class AlgorithmChoice:
    """View state: the recipe and its options.

    Attributes:
        recipe: name of a recipe in `learning.recipes`.
        minutes: time limit of practice.
    """

    def __init__(self) -> None:
        self.recipe = "bc"
        self.minutes = 10
        self._plays, self._sorts = True, True
        self._start = self._reward = ""

    @property
    def plays(self) -> bool:
        """Whether settings are chosen by playing; True where nothing is to be chosen."""
        return self._plays or self.recipe not in _CHOOSING

    @property
    def all_takes(self) -> bool:
        """Whether no episode is left out."""
        return not self._sorts and self.recipe in _CHOOSING

    def start(self, context: UiContext) -> str:
        """Return the policy that practice starts from; empty for a new clone."""
        library = context.model.library
        known = library.policy_names if library else ()
        return self._start if self.recipe == "practise" and self._start in known else ""

    def practise_on(self, reward: str) -> None:
        """Choose practice on a reward, as in `Train.reward`."""
        self.recipe, self._reward = "practise", reward

    def reward(self, context: UiContext) -> str:
        """Return what practice is rewarded by; empty for the environment's reward."""
        known = [value for value, _ in self._rewards(context)]
        return self._reward if self.recipe == "practise" and self._reward in known else ""

    def expects(self) -> str:
        """Return how long the training takes, or how it is set up."""
        if self.recipe == "practise":
            return ntr(
                "Takes {n} minute",
                "Takes {n} minutes",
                self.minutes,
            )
        if self.recipe in _CHOOSING and self._plays:
            return tr("Takes up to 20 s")
        return tr("Settings are chosen automatically")

    def draw(self, context: UiContext, inner: Rect, y: int) -> int:
        """Draw the algorithm and its options, and return the bottom edge."""
        ui, px = context.ui, context.ui.painter.px
        ui.group("options")
        rect = Rect(inner.x, y, inner.width, px(40))
        name, note = RECIPE_WORDS[self.recipe]
        if ui.combo("algorithm", rect, name, "brain", label=tr("How to learn")):
            chosen = list(RECIPE_WORDS).index(self.recipe)
            context.popover.toggle(ui, "algorithm", "algorithm", chosen)
        about = Rect(inner.right - px(26), rect.bottom + px(1), px(26), px(26))
        if ui.icon_button("about", about, "info", tr("About this algorithm")):
            context.sheet.about = self.recipe
            context.toggle_sheet("algorithm")
        at = (inner.x + px(2), rect.bottom + px(14))
        ui.painter.text(note, at, "small", ui.theme.text2, width=inner.width - px(32))
        y = rect.bottom + px(28)
        if self.recipe == "practise":
            return self._draw_practice(context, inner, y)
        return self._draw_ticks(context, inner, y) if self.recipe in _CHOOSING else y

    def draw_menus(self, context: UiContext, inner: Rect, y: int) -> None:
        """Draw the open menu above everything else."""
        ui, px = context.ui, context.ui.painter.px
        rect = Rect(inner.x, y, inner.width, px(40))
        profile, library = context.model.analyses.profile, context.model.library
        mine = profile and library and profile.dataset_id == library.dataset_id
        cannot = dict(profile.cannot) if mine and profile else {}
        choices = [
            MenuItem(key, label, note, cannot.get(key, ""))
            for key, (label, note) in RECIPE_WORDS.items()
        ]
        picked = context.popover.draw(ui, "algorithm", rect, choices, self.recipe, 320)
        self.recipe = picked or self.recipe
        if self.recipe != "practise":
            return
        from_rect, time_rect, reward_rect = self._practice_rects(
            context, inner, rect.bottom + px(26)
        )
        starts = [MenuItem(value, label) for value, label in self._starts(context)]
        picked = context.popover.draw(ui, "start", from_rect, starts, self.start(context), 300)
        self._start = self._start if picked is None else picked
        times = [MenuItem(str(n), _minutes(n)) for n in _MINUTES]
        picked = context.popover.draw(ui, "minutes", time_rect, times, str(self.minutes), 140)
        self.minutes = int(picked or self.minutes)
        rewards = [MenuItem(value, label) for value, label in self._rewards(context)]
        chosen = self.reward(context)
        picked = context.popover.draw(ui, "reward", reward_rect, rewards, chosen, 300)
        self._reward = self._reward if picked is None else picked

    def _draw_ticks(self, context: UiContext, inner: Rect, y: int) -> int:
        """Draw check boxes for trial episodes and for leaving out harmful episodes."""
        words = tr("Choose by playing (uses the reward)")
        if _ticked(context, "plays", inner, y, words, chosen=self._plays):
            self._plays = not self._plays
        y += context.ui.painter.px(_TICK_ROW)
        words = tr("Leave out harmful episodes")
        if _ticked(context, "sorts", inner, y, words, chosen=self._sorts):
            self._sorts = not self._sorts
        return y + context.ui.painter.px(_TICK_ROW)

    def _draw_practice(self, context: UiContext, inner: Rect, y: int) -> int:
        """Draw what practice starts from, for how long it goes on, and what it is rewarded by."""
        ui = context.ui
        from_rect, time_rect, reward_rect = self._practice_rects(context, inner, y)
        values = [value for value, _ in self._starts(context)]
        chosen = values.index(self.start(context))
        label = self._starts(context)[chosen][1]
        if ui.combo("start", from_rect, label, label=tr("Start from")):
            context.popover.toggle(ui, "start", "start", chosen)
        if ui.combo("minutes", time_rect, _minutes(self.minutes), label=tr("Time limit")):
            chosen = _MINUTES.index(self.minutes) if self.minutes in _MINUTES else 0
            context.popover.toggle(ui, "minutes", "minutes", chosen)
        rewards = self._rewards(context)
        chosen = [value for value, _ in rewards].index(self.reward(context))
        if ui.combo("reward", reward_rect, rewards[chosen][1], label=tr("Reward")):
            context.popover.toggle(ui, "reward", "reward", chosen)
        return y + 2 * ui.painter.px(_COMBO_ROW)

    def _practice_rects(self, context: UiContext, inner: Rect, y: int) -> tuple[Rect, Rect, Rect]:
        """Return the areas of the start, the time limit and the reward."""
        px = context.ui.painter.px
        time = Rect(inner.right - px(110), y, px(110), px(36))
        start = Rect(inner.x, y, time.x - px(8) - inner.x, px(36))
        return start, time, Rect(inner.x, y + px(_COMBO_ROW), inner.width, px(36))

    def _rewards(self, context: UiContext) -> list[tuple[str, str]]:
        """Return (value, label) of everything that practice can be rewarded by."""
        library = context.model.library
        rows = library.policies if library else ()
        found = [
            ("", tr("Reward: the environment's")),
            ("preferences", tr("Reward: from your answers")),
        ]
        learned = [row for row in reversed(rows) if row.recipe in _WITH_REWARD]
        return found + [(row.name, tr("Reward: from {name}", name=row.title)) for row in learned]

    def _starts(self, context: UiContext) -> list[tuple[str, str]]:
        """Return (policy, label) of everything that practice can start from."""
        library = context.model.library
        rows = library.policies if library else ()
        found = [("", tr("New clone"))]
        return found + [(row.name, tr("From {name}", name=row.title)) for row in reversed(rows)]


def _minutes(count: int) -> str:
    return tr("{n} min", n=count)


def _ticked(
    context: UiContext, name: str, inner: Rect, y: int, label: str, *, chosen: bool
) -> bool:
    """Draw a check box with its label and return whether it was used."""
    ui, px = context.ui, context.ui.painter.px
    box = Rect(inner.x, y, px(_TICK_ROW), px(_TICK_ROW))
    used = ui.check(f"train.{name}", box, label, chosen=chosen)
    at = (box.right + px(6), box.centery)
    ui.painter.text(label, at, "small", ui.theme.text, width=inner.right - at[0])
    return used
