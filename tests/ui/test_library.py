"""Home and the library in the window: look, label, trim, delete, bring back, destroy, hand on."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pygame
import pytest

from teleop.curation import export
from teleop.recording import Library
from teleop.runtime.protocol.library_messages import EpisodesListed
from teleop.types.metadata import DatasetSummary
from teleop.ui.state.file_browser import FileBrowser
from tests.harness.window import Person

SAMPLE = "lunarlander-v3/sample-v0"


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    person = Person(tmp_path / "recordings", "LunarLander-v3")  # with the sample recordings
    yield person
    person.app.close()


def listed(person: Person) -> EpisodesListed:
    person.until(lambda: person.app.model.listed)
    assert person.app.model.listed is not None
    return person.app.model.listed


def types(person: Person, text: str) -> None:
    for letter in text:
        pygame.event.post(pygame.event.Event(pygame.TEXTINPUT, text=letter))
    person.turns()


def test_label_trim_delete_restore_and_purge(person: Person) -> None:
    person.key("l", mod=pygame.KMOD_CTRL)
    person.until(lambda: person.app.model.datasets)
    first = listed(person).rows[-1]  # the newest stands first
    person.click(f"row.{first.uuid}")
    person.until(lambda: person.app.model.comparison and person.app.model.comparison.complete)
    assert person.app.model.comparison.fidelity == "exact"  # type: ignore[union-attr]

    person.click("verdict.success")
    person.until(lambda: listed(person).rows[-1].label.success is True)
    person.click("label.tags")
    types(person, "soft, left pad")
    person.key("return")
    person.until(lambda: listed(person).rows[-1].label.tags == ("left pad", "soft"))
    person.click("play")
    person.key("home")
    for _ in range(5):
        person.key("right")
    person.click("trim.first")
    person.until(lambda: listed(person).rows[-1].label.trim == (5, first.total_steps))
    person.click("filter")
    types(person, "soft")
    person.key("return")
    rows = [node for node in person.app.ui.events.nodes if node.startswith("row.")]
    assert rows == [f"row.{first.uuid}"]

    person.click("choose.all")
    person.key("delete")
    person.until(lambda: len(listed(person).rows) == 11)
    assert len(listed(person).trash) == 1
    person.key("z", mod=pygame.KMOD_CTRL)
    person.until(lambda: len(listed(person).rows) == 12)
    assert listed(person).rows[-1].label.tags == ("left pad", "soft")  # labels come back too

    person.click("choose.all")
    person.click("library.delete")
    person.until(lambda: len(listed(person).trash) == 1)
    person.click("tab.trash")
    person.click("purge")
    assert len(listed(person).trash) == 1  # it asks first
    person.click("purge")
    person.until(lambda: not listed(person).trash)
    library = Library(person.app.config.recordings)
    assert len(library.dataset(SAMPLE).rows()) == 11


def test_another_programs_file_is_shown_before_it_is_imported(
    person: Person, tmp_path: Path
) -> None:
    def drop() -> None:
        pygame.event.post(pygame.event.Event(pygame.DROPFILE, file=str(path)))
        person.until(lambda: person.app.context.sheet.name == "import")

    def name(env_id: str) -> None:
        person.click("import.env")
        types(person, env_id)
        person.key("return")
        person.click("import.go")

    path = tmp_path / "rollouts.npz"
    rows = np.zeros((12, 4), np.float32)
    starts = np.arange(12) % 6 == 0
    np.savez(path, obs=rows, actions=np.arange(12) % 2, episode_starts=starts)
    drop()
    assert person.app.ui.events.focus.id == "import.go"
    person.key("escape")
    assert not (person.app.config.recordings / "imported").exists()
    drop()
    name("LunarLander-v3")
    toasts = person.app.overlays.toasts
    person.until(lambda: any("4 numbers instead of 8" in text for text in toasts.texts))
    person.until(lambda: person.app.context.sheet.name == "import")  # for another environment
    assert person.node("import.env").value == "LunarLander-v3"
    person.click("import.env")
    for _ in "LunarLander-v3":
        person.key("backspace")
    name("CartPole-v1")
    person.until(lambda: listed(person).dataset_id == "cartpole-v1/rollouts-v0")
    row = f"row.{listed(person).rows[0].uuid}"
    person.until(lambda: row in person.app.ui.events.nodes)  # the library shows it


def test_what_is_handed_on_comes_back_in_by_dropping_it(person: Person) -> None:
    person.click("library")
    listed(person)
    person.click("library.export")
    person.click("forms.0")
    folder = person.app.context.exports
    person.until(lambda: list(folder.glob("*.teleop.zip")))
    (bundle,) = folder.glob("*.teleop.zip")
    pygame.event.post(pygame.event.Event(pygame.DROPFILE, file=str(bundle)))
    person.until(lambda: any("sample-v0" not in d.dataset_id for d in datasets(person)))
    pygame.event.post(pygame.event.Event(pygame.DROPFILE, file=str(folder / "nothing")))
    person.until(lambda: any("nothing" in text for text in person.app.overlays.toasts.texts))


def test_a_bundle_is_found_and_taken_in_by_gamepad_alone(person: Person, tmp_path: Path) -> None:
    home = tmp_path / "somewhere"
    (home / "deeper").mkdir(parents=True)
    library = Library(person.app.config.recordings)
    dataset = library.dataset(SAMPLE)
    export(dataset, dataset.rows()[:2], "bundle", home / "deeper" / "two.teleop.zip")
    person.app.context.sheet.files = FileBrowser(home)
    person.app.go("home")
    person.until(lambda: person.app.model.datasets)
    walk(person, "take in", *[pygame.CONTROLLER_BUTTON_DPAD_RIGHT] * 4)
    pad(person, pygame.CONTROLLER_BUTTON_A)
    assert person.node("files.deeper").label == "deeper"
    walk(person, "files.deeper")
    pad(person, pygame.CONTROLLER_BUTTON_A)
    person.node("files.two.teleop.zip")
    walk(person, "files.two.teleop.zip")
    pad(person, pygame.CONTROLLER_BUTTON_A)
    assert person.app.current == "library"
    person.until(lambda: any(d.total_episodes == 2 for d in datasets(person)))


def walk(person: Person, goal: str, *first: int) -> None:
    """To a control by the D-pad alone: some steps, then down and to the right."""
    steps = [*first, *[pygame.CONTROLLER_BUTTON_DPAD_DOWN] * 4, pygame.CONTROLLER_BUTTON_DPAD_RIGHT]
    for button in steps:
        if person.app.ui.events.focus.shown == goal:
            return
        pad(person, button)
    assert person.app.ui.events.focus.shown == goal


def pad(person: Person, button: int) -> None:
    for kind in (pygame.CONTROLLERBUTTONDOWN, pygame.CONTROLLERBUTTONUP):
        pygame.event.post(pygame.event.Event(kind, button=button, instance_id=0))
    person.turns()


def datasets(person: Person) -> tuple[DatasetSummary, ...]:
    return person.app.model.datasets or ()


def test_home_opens_any_environment_by_picture_or_name(person: Person) -> None:
    person.click("home")
    person.click("env.CartPole-v1")
    person.until(lambda: person.app.model.env.env_id == "CartPole-v1")  # type: ignore[union-attr]
    assert person.app.current == "demonstrate"
    person.key("h", mod=pygame.KMOD_CTRL)
    person.key("e")
    types(person, "LunarLander-v3?gravity=-4")
    person.key("return")
    person.until(lambda: "gravity" in person.app.model.env.env_id)  # type: ignore[union-attr]
    person.click("home")
    person.click("open")
    types(person, "Nonsense-v0")
    person.key("return")
    person.until(lambda: any("Nonsense" in text for text in person.app.overlays.toasts.texts))


@pytest.mark.slow
def test_composition_by_an_input_method_shows_before_it_is_committed(person: Person) -> None:
    person.click("home")
    person.click("open")
    pygame.event.post(pygame.event.Event(pygame.TEXTEDITING, text="ni", start=0, length=2))
    person.turns()
    edit = person.app.context.editing
    assert edit is not None
    assert (edit.text, edit.shown) == ("", "ni")
    person.key("return")  # belongs to the input method
    assert person.app.context.editing is edit
    pygame.event.post(pygame.event.Event(pygame.TEXTEDITING, text="\u202e", start=0, length=1))
    person.turns()  # a letter without any width
    types(person, "你")
    assert (edit.text, edit.shown) == ("你", "你")
    person.key("backspace")
    assert edit.text == ""
    person.key("escape")
    assert person.app.context.editing is None
