"""Compare in the window: up to four sides, differences, the cloud, a race, writing to a file."""

from collections.abc import Iterator
from pathlib import Path

import pygame
import pytest
from PIL import Image

from teleop.learning.algorithms import bc
from teleop.learning.data.demonstrations import load_demonstrations
from teleop.paths import samples_folder
from teleop.recording import Library
from teleop.ui.state.view_model import Comparison
from tests.harness.window import Person

SAMPLE = "cartpole-v1/sample-v0"


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    library = Library(tmp_path / "recordings")
    library.ensure(samples_folder())
    dataset = library.dataset(SAMPLE)
    demos = load_demonstrations(dataset)
    for name, steps in (("first", 20), ("second", 60)):
        config = bc.Config(members=1, steps=steps, lag_steps=2, budget_s=0)
        bc.clone(demos, config).save(dataset.policies / name)
    person = Person(library.root, "CartPole-v1")
    person.key("3", mod=pygame.KMOD_CTRL)
    until_complete(person)
    yield person
    person.app.close()


def comparison(person: Person) -> Comparison:
    assert person.app.model.comparison is not None
    return person.app.model.comparison


def until_complete(person: Person, sides: int = 2) -> None:
    def complete() -> bool:
        found = person.app.model.comparison
        return found is not None and found.complete and len(found.lanes) == sides

    person.until(complete)


def test_four_sides_from_one_start_and_taken_away_again(person: Person) -> None:
    person.click("add")
    until_complete(person, 3)
    person.click("add")
    until_complete(person, 4)
    kinds = [lane.about.kind for lane in comparison(person).lanes]
    assert kinds == ["script", "agent", "agent", "script"]
    starts = {lane.seen[0] for lane in comparison(person).lanes}
    assert len(starts) == 1
    assert person.node("add").reason == "Maximum 4"
    person.click("menu.3")
    events = person.app.ui.events
    person.until(lambda: any(node.startswith("side3.") for node in events.nodes))
    person.click([node for node in events.nodes if node.startswith("side3.")][-1])
    until_complete(person, 3)


def test_d_goes_to_the_next_moment_the_policy_wants_something_else(person: Person) -> None:
    person.key("home")
    person.key("d")
    differs = comparison(person).differs
    first = next(i for i in range(1, len(differs)) if differs[i] and not differs[i - 1])
    person.until(lambda: comparison(person).shown == first)
    words, would = comparison(person).lanes[0].actions[first], comparison(person).would[first]
    assert words != would


def test_the_chart_shows_any_number_and_the_cloud(person: Person) -> None:
    assert comparison(person).about.demonstrated
    person.click("chart")
    person.click("chart.1")
    person.turns()
    assert person.node("chart").value == "cloud"
    before = person.node("cloud.y").value
    person.click("cloud.y")
    person.turns()
    assert person.node("cloud.y").value != before
    person.click("chart")
    person.click("chart.2")
    person.turns()
    assert person.node("chart").value == comparison(person).about.components[0]


def test_a_race_is_driven_from_the_same_start_and_can_be_saved(person: Person) -> None:
    seed = comparison(person).about.seed
    person.click("race")
    person.until(lambda: person.app.context.input.driving)
    live = person.app.model.live
    assert live is not None
    assert live.seed == seed
    person.until(lambda: person.app.model.live.steps > 3)  # type: ignore[union-attr]
    person.until(lambda: comparison(person).shown > 2)  # the rival keeps up
    run = person.app.model.run
    assert run is not None
    assert len(run.seen) == len(run.returns) == len(run.actions) + 1  # charted beside the others
    assert run.seen[0] == comparison(person).lanes[0].seen[0]
    assert person.node("add").reason == "Leave the race first"
    person.key("escape")
    person.until(lambda: not person.app.context.input.driving)
    person.key("tab")
    person.app.ui.events.focus.set("view", "picture")
    person.key("space")  # as on the first screen: go on
    person.until(lambda: person.app.context.input.driving)
    person.key("escape")
    person.until(lambda: not person.app.context.input.driving)
    person.click("race")
    person.until(lambda: person.node("race").label != "Stop")
    person.click("save")
    root = person.app.config.recordings
    person.until(lambda: len(Library(root).dataset("cartpole-v1/human-v0").rows()) == 1)
    assert Library(root).dataset("cartpole-v1/human-v0").rows()[0].seed == seed
    person.turns(10)
    assert person.app.model.live.seed == seed  # type: ignore[union-attr]  # once more from there
    person.click("race")
    person.until(lambda: person.app.model.run is None)
    person.key("1", mod=pygame.KMOD_CTRL)
    person.record()
    person.until(lambda: person.app.model.library.dataset_id.endswith("human-v0"))  # type: ignore[union-attr]


@pytest.mark.slow
def test_what_is_side_by_side_is_written_to_a_file(person: Person) -> None:
    folder = person.app.context.exports
    person.click("write")
    person.click("forms.0")
    person.until(lambda: any("Written" in text for text in person.app.overlays.toasts.texts))
    assert list(folder.glob("compare-*.gif"))
    person.key("c", mod=pygame.KMOD_CTRL)  # the path, to paste it elsewhere
    said = person.app.overlays.toasts.texts[-1]
    assert said.startswith(f"Copied: {folder}")
    person.key("c", mod=pygame.KMOD_CTRL)
    assert person.app.overlays.toasts.texts[-1] == said  # and never its own answer
    person.click("write")
    person.click("forms.3")
    person.until(lambda: list(folder.glob("compare-*.png")))
    (file,) = folder.glob("compare-*.png")
    with Image.open(file) as picture:
        assert picture.size == (1280, 720)
