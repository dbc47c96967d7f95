"""The menu of an environment's datasets, at the top of a panel."""

from pygame import Rect

from teleop.runtime.protocol.session_messages import ChooseDataset
from teleop.text import joined, ntr
from teleop.ui.drawing.formatting import episodes_text
from teleop.ui.state.context import UiContext
from teleop.ui.widgets.popover import MenuItem


def draw_dataset_menu(context: UiContext, panel: Rect, group: str, label: str) -> None:
    """Draw the name of the dataset, as a drop-down if the environment has several."""
    ui, library, px = context.ui, context.model.library, context.ui.painter.px
    if library is None:
        return
    name = library.dataset_id.rsplit("/", 1)[-1]
    if len(library.datasets) < 2:
        at = (panel.right - px(20), panel.y + px(28))
        ui.painter.text(name, at, "small-medium", ui.theme.text2, "rm")
        return
    ui.group(group)
    width = min(px(180), ui.painter.width(name, "medium") + px(56))
    rect = Rect(panel.right - px(16) - width, panel.y + px(12), width, px(32))
    if ui.combo("dataset", rect, name, label=label):
        ids = [dataset for dataset, _, _ in library.datasets]
        chosen = ids.index(library.dataset_id) if library.dataset_id in ids else 0
        context.popover.toggle(ui, "dataset", "dataset", chosen)
    choices = [
        MenuItem(dataset, dataset.rsplit("/", 1)[-1], _contents(count, policies))
        for dataset, count, policies in library.datasets
    ]
    picked = context.popover.draw(ui, "dataset", rect, choices, library.dataset_id, 220)
    if picked:
        context.tell(ChooseDataset(picked))


def draw_elsewhere(context: UiContext, rect: Rect) -> bool:
    """Draw a button that shows the dataset which has policies; return whether there is one."""
    ui, library = context.ui, context.model.library
    if library is None or library.elsewhere is None:
        return False
    dataset_id, count = library.elsewhere
    name = dataset_id.rsplit("/", 1)[-1]
    label = ntr("Use {name} ({n} policy)", "Use {name} ({n} policies)", count, name=name)
    if ui.button("elsewhere", rect, label, "database", "primary", radius=10):
        context.tell(ChooseDataset(dataset_id))
    return True


def _contents(episodes: int, policies: int) -> str:
    """Return what a dataset has: `25 episodes · 2 policies`."""
    if not policies:
        return episodes_text(episodes)
    return joined(" · ", (episodes_text(episodes), ntr("{n} policy", "{n} policies", policies)))
