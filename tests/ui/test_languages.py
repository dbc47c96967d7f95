"""Every language: the same entries, placeholders that are filled, and labels that fit."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pygame
import pytest

from teleop.envs.catalogue import CATALOGUE
from teleop.learning.algorithms import bc
from teleop.learning.data.demonstrations import load_demonstrations
from teleop.paths import assets_folder, samples_folder
from teleop.recording import Library
from teleop.ui.commands import Command
from teleop.ui.drawing.translation import LANGUAGES, Language
from tests.screenshots import SAMPLE, SCREENS, look, show
from tests.ui.test_window import Person

FOLDER = assets_folder() / "languages"
OTHERS = [code for code in LANGUAGES if code != "en"]
SHEETS = ("settings", "options", "controls")


@pytest.fixture(scope="module")
def person(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    library = Library(tmp_path_factory.mktemp("languages") / "recordings")
    library.ensure(samples_folder())
    dataset = library.dataset(SAMPLE)
    config = bc.Config(members=1, steps=60, lag_steps=3, budget_s=0)
    bc.clone(load_demonstrations(dataset), config).save(dataset.policies / "bc-12-episodes")
    person = Person(library.root, "LunarLander-v3")
    yield person
    person.app.close()


def entries(code: str) -> dict[str, str]:
    found: dict[str, str] = json.loads((FOLDER / f"{code}.json").read_text("utf-8"))
    return found


@pytest.mark.parametrize("code", OTHERS)
def test_the_catalogues_have_the_same_entries_with_the_same_placeholders(code: str) -> None:
    found = entries(code)
    assert found.keys() == entries("de").keys()
    for key, value in found.items():
        numbers = [f"{{{index}}}" for index in range(key.count("{}"))]
        assert all(number in value for number in numbers), key
        assert value.count("{") == len(numbers), key


@pytest.mark.parametrize(
    ("text", "german"),
    [
        ("Save", "Sichern"),
        ("diverges at step 9", "Wege trennen sich bei Schritt 9"),
        ("LunarLander-v3", "LunarLander-v3"),
        ("12.5 s", "12.5 s"),
    ],
)
def test_what_is_drawn_is_translated_and_names_stay(text: str, german: str) -> None:
    assert Language(FOLDER, "de").of(text) == german
    assert Language(FOLDER, "en").of(text) == text


LOOKS = [("de", (1280, 800)), *((code, (1024, 640)) for code in LANGUAGES)]


def test_every_label_fits_in_every_language(person: Person) -> None:
    app = person.app
    names = {entry.env_id for entry in CATALOGUE}
    for screen in SCREENS:
        show(person, screen)
        for where, cut in _cut(person):
            assert {text for text in cut if not _may_be_cut(text, names)} == set(), (screen, where)
    _race(person)
    app.go("demonstrate")
    for sheet in SHEETS:
        app.context.toggle_sheet(sheet)
        for where, cut in _cut(person):
            assert cut == set(), (sheet, where)
        app.context.toggle_sheet("")
    pygame.event.clear()


def _cut(person: Person) -> Iterator[tuple[object, set[str]]]:
    """What is too long for its place, in each language and size."""
    app = person.app
    for code, size in LOOKS:
        app.context.change_settings(replace(app.context.settings, language=code))
        look(person, "ink", size)
        app.ui.painter.shortened.clear()
        app.renderer.draw_all()
        yield (code, size), set(app.ui.painter.shortened)


def _race(person: Person) -> None:
    """Three panes, the race's bar while it runs and when it waits."""
    app = person.app
    show(person, "compare")
    app.command(Command.RECORD)
    person.until(lambda: app.model.live and app.model.live.engaged)
    for command in (Command.LEAVE, Command.RECORD, Command.DISCARD):
        for where, cut in _cut(person):
            assert cut == set(), (command, where)
        app.command(command)
        person.turns(5)


def _may_be_cut(text: str, names: set[str]) -> bool:
    """Names of environments and examples of them; all of it is in a tool tip or a field."""
    return text in names or "?gravity" in text or "/" in text


def test_the_language_changes_at_once(person: Person) -> None:
    app = person.app
    usual = Language(FOLDER, "").of("Save")
    for code, word in (("de", "Sichern"), ("", usual), ("fr", "Garder"), ("en", "Save")):
        app.context.change_settings(replace(app.context.settings, language=code))
        person.turns()
        assert app.ui.painter.language is not None
        assert app.ui.painter.language.of("Save") == word


def test_every_button_on_screen_has_a_translation(person: Person) -> None:
    known = entries("de")
    german = Language(FOLDER, "de")
    app = person.app
    app.context.change_settings(replace(app.context.settings, language="en"))
    for screen in SCREENS:
        show(person, screen)
        buttons = [n for n in app.ui.nodes.values() if n.role in ("button", "tab")]
        plain = [n.label for n in buttons if n.value is None and not _is_a_name(n.id)]
        missing = [t for t in plain if t not in known and german.of(t) == t and any_word(t)]
        assert missing == [], screen


def _is_a_name(node_id: str) -> bool:
    """Labels that are names of environments and datasets, or of a moment."""
    return node_id.startswith(("env.", "recent.", "sort.", "ep."))


def any_word(text: str) -> bool:
    return any(len(word) > 3 and word.isalpha() for word in text.split())


def test_a_folder_without_catalogues_is_english(tmp_path: Path) -> None:
    assert Language(tmp_path, "de").of("Save") == "Save"
