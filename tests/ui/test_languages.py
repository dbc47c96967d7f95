"""Every language: the same entries, placeholders that are filled, and labels that fit."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pygame
import pytest

from teleop.envs.catalogue import CATALOGUE
from teleop.learning.algorithms import bc
from teleop.learning.data.demonstrations import load_demonstrations
from teleop.paths import assets_folder, samples_folder
from teleop.recording import Library
from teleop.text import Text, joined, ntr, tr
from teleop.translation import LANGUAGES, Language
from teleop.ui.commands import Command
from teleop.ui.sheets.help_sheet import toggle_help
from teleop.ui.widgets.text_edit import TextEdit
from tests.harness.window import Person
from tests.screenshots import SAMPLE, SCREENS, look, show
from tests.translations import (
    catalogue_file,
    compiled,
    messages_in_code,
    parts_of,
    read_catalogue,
)

FOLDER = assets_folder() / "languages"
OTHERS = [code for code in LANGUAGES if code != "en"]
_PLACE = re.compile(r"\{[^}]*\}")
_NAMES = ("teleop", "Minari", "robomimic", "LeRobot")
KEYS = {"Enter", "Space", "Esc", "Bksp", "Del", "Home", "End", "View", "Tab", "Ctrl", "Shift"}
SHEETS = ("settings", "options", "controls", "algorithm")


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


def test_every_message_of_the_code_is_in_every_catalogue() -> None:
    wanted = messages_in_code()
    for code in OTHERS:
        found = {message.id for message in read_catalogue(code) if message.id}
        assert found == wanted, f"{code}: run python -m tests.translations"


@pytest.mark.parametrize("code", OTHERS)
def test_every_message_is_translated_with_the_same_places(code: str) -> None:
    for message in read_catalogue(code):
        if not message.id:
            continue
        places = sorted(_PLACE.findall(parts_of(message.id)[-1]))
        for said in parts_of(message.string):
            assert said, f"{code}: {message.id} is not translated"
            assert sorted(_PLACE.findall(said)) == places, message.id


@pytest.mark.parametrize("code", OTHERS)
def test_what_is_read_is_what_translators_wrote(code: str) -> None:
    read = catalogue_file(code).with_suffix(".mo").read_bytes()
    assert read == compiled(read_catalogue(code)), "run python -m tests.translations"


@pytest.mark.parametrize(
    ("text", "german"),
    [
        (tr("Save"), "Sichern"),
        (
            tr("states differ from step {diverged_at}", diverged_at=9),
            "Zustände verschieden ab Schritt 9",
        ),
        (ntr("{n:,} episode", "{n:,} episodes", 1), "1 Episode"),
        (ntr("{n:,} episode", "{n:,} episodes", 1200), "1,200 Episoden"),
        (joined(" · ", (tr("Save"), "left")), "Sichern · left"),
        (joined(" · ", []), ""),
        (tr(""), ""),
        ("Save", "Save"),
        ("left", "left"),
        ("LunarLander-v3", "LunarLander-v3"),
    ],
)
def test_messages_are_translated_and_what_a_person_typed_is_not(text: str, german: str) -> None:
    assert Language(FOLDER, "de").of(text) == german
    assert Language(FOLDER, "en").of(text) == str(text)


def test_a_note_that_is_a_word_of_the_window_is_drawn_as_it_was_typed(person: Person) -> None:
    """Also while it is being typed."""
    app = person.app
    app.context.change_settings(replace(app.context.settings, language="de"))
    show(person, "library")
    written: list[str] = []
    app.context.edit(TextEdit("label.note", "left", 4, lambda _: None, written.append))
    for _ in range(3):
        person.turns()
    assert "left" in drawn(person)
    assert "links" not in drawn(person)
    app.context.editing = None


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
    app.context.sheet.about = "gail"
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
    known = text in names or "?gravity" in text or text.startswith("bc · ")
    return known or "/" in text or text == "human-like expert"


def test_the_language_changes_at_once(person: Person) -> None:
    app = person.app
    usual = Language(FOLDER, "").of(tr("Save"))
    for code, word in (("de", "Sichern"), ("", usual), ("fr", "Garder"), ("en", "Save")):
        app.context.change_settings(replace(app.context.settings, language=code))
        person.turns()
        assert app.ui.painter.translated(tr("Save")) == word


class _Marked(Language):
    """A language in which messages have no letter of ours, so that what has none is seen."""

    def of(self, text: str) -> str:
        return text.translate(_OTHER_LETTERS) if isinstance(text, Text) else text


_OTHER_LETTERS = {
    ord(letter): 0x0430 + index for index, letter in enumerate("abcdefghijklmnopqrstuvwxyz")
} | {ord(letter): 0x0410 + index for index, letter in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ")}


def test_every_sentence_on_screen_is_a_message(person: Person) -> None:
    """What is drawn and has no message is a name, a number or a key."""
    app = person.app
    app.context.change_settings(replace(app.context.settings, language="en"))
    for screen in SCREENS:
        show(person, screen)
        check_messages(person, screen)
    app.go("demonstrate")
    toggle_help(app.context)
    check_messages(person, "help")
    toggle_help(app.context)
    for sheet in SHEETS:
        app.context.toggle_sheet(sheet)
        check_messages(person, sheet)
        app.context.toggle_sheet("")


def check_messages(person: Person, where: str) -> None:
    painter = person.app.ui.painter
    language, painter.language = painter.language, _Marked(FOLDER, "en")
    plain = {text for text in drawn(person) if any_word(text) and not _is_a_name(text)}
    assert plain == set(), where
    painter.language = language


def drawn(person: Person) -> set[str]:
    """Every text of one picture of the window."""
    painter = person.app.ui.painter
    seen: set[str] = set()
    blit = painter.text

    def text(text: str, *args: Any, **more: Any) -> int:
        seen.add(painter.translated(text))
        return blit(text, *args, **more)

    painter.text = text  # type: ignore[method-assign]
    try:
        person.app.renderer.draw_all()
    finally:
        del painter.text
    return seen


def _is_a_name(text: str) -> bool:
    """Names of environments, datasets, policies and formats, folders, keys."""
    names = (
        {entry.env_id for entry in CATALOGUE}
        | {*LANGUAGES.values()}
        | {"teleop", "Minari", "robomimic", "LeRobot", "human-like expert"}
    )
    keys = all(part in KEYS or not any_word(part) for part in text.split())
    return keys or text in names or "/" in text or "-v" in text or text.startswith("bc-")


def any_word(text: str) -> bool:
    return any(len(word) > 2 and word.isalpha() and word.isascii() for word in text.split())


def test_a_folder_without_catalogues_is_english(tmp_path: Path) -> None:
    assert Language(tmp_path, "de").of(tr("Save")) == "Save"
