"""The choice of episodes to learn from: all, those that succeed, starred or selected ones."""

from pygame import Rect

from teleop.text import ntr, tr
from teleop.ui.state.command_lines import numbers_text
from teleop.ui.state.context import UiContext
from teleop.ui.widgets.popover import MenuItem


class EpisodeSubset:
    """View state: which episodes are chosen."""

    def __init__(self) -> None:
        self._chosen = "all"

    def files(self, context: UiContext) -> tuple[str, ...]:
        """Return the files of the episodes to learn from; empty for all."""
        subsets = {name: files for name, _, files in _subsets(context)}
        return subsets.get(self._chosen, ()) if self._chosen != "all" else ()

    def only(self, context: UiContext) -> str:
        """Return the choice as the command line names it; empty for all."""
        if self._chosen in ("starred", "successes"):
            return self._chosen
        library, files = context.model.library, self.files(context)
        episodes = library.episodes if library else ()
        return numbers_text([e.number for e in episodes if e.file in files])

    def hint(self, context: UiContext) -> str:
        """Return how many episodes are no success, and how to leave them out; else empty."""
        profile, library = context.model.analyses.profile, context.model.library
        if profile is None or not profile.failed or self._chosen != "all":
            return ""
        return tr(
            "{failed} of {count} episodes are no success ({rule}). To leave them out, choose the "
            "episodes to learn from above.",
            failed=len(profile.failed),
            count=len(library.episodes) if library else len(profile.failed),
            rule=profile.rule,
        )

    def draw(self, context: UiContext, inner: Rect, y: int) -> int:
        """Draw which episodes are learned from, and return the bottom edge."""
        ui, px = context.ui, context.ui.painter.px
        subsets = _subsets(context)
        names = [name for name, _, _ in subsets]
        if self._chosen not in names:
            self._chosen = "all"  # they were deleted, or another dataset is shown
        ui.group("options")
        rect = Rect(inner.x, y, inner.width, px(36))
        label = subsets[names.index(self._chosen)][1]
        if ui.combo("subset", rect, label, "database", label=tr("Episodes to learn from")):
            context.popover.toggle(ui, "subset", "subset", names.index(self._chosen))
        return rect.bottom

    def draw_menu(self, context: UiContext, inner: Rect, y: int) -> None:
        """Draw the open menu above everything else."""
        rect = Rect(inner.x, y, inner.width, context.ui.painter.px(36))
        choices = [
            MenuItem(name, label, reason="" if files or name == "all" else tr("None"))
            for name, label, files in _subsets(context)
        ]
        picked = context.popover.draw(context.ui, "subset", rect, choices, self._chosen, 320)
        self._chosen = picked or self._chosen


def _subsets(context: UiContext) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return (name, label, files) of each choice of episodes to learn from."""
    library, profile = context.model.library, context.model.analyses.profile
    episodes = library.episodes if library else ()
    every = tuple(episode.file for episode in episodes)
    own = profile if profile and library and profile.dataset_id == library.dataset_id else None
    failed = set(own.failed) if own else set()
    successes = tuple(e.file for e in episodes if e.file not in failed)
    starred = tuple(e.file for e in episodes if e.starred)
    ticked = tuple(e.file for e in episodes if e.uuid in context.next.ticked)
    found = [("all", tr("All {count} episodes", count=len(every)), every)]
    if failed and successes:
        label = ntr("Without {n} failure", "Without {n} failures", len(every) - len(successes))
        found.append(("successes", label, successes))
    found.append(("starred", tr("The {count} starred", count=len(starred)), starred))
    label = tr("The {count} selected in the library", count=len(ticked))
    return [*found, ("ticked", label, ticked)]
