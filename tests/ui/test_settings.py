"""Settings: changed on their sheet, kept in a file, and nonsense in it does no harm."""

import json
from dataclasses import replace
from pathlib import Path

import pygame
import pytest

from teleop import paths
from teleop.runtime.protocol.driving_options import DriveOptions, Seeds, Start
from teleop.ui.app import App
from teleop.ui.app_config import AppConfig
from teleop.ui.commands import Command
from teleop.ui.drawing.theme import THEMES
from teleop.ui.state.settings import Settings, SettingsFile
from tests.harness.window import Person


def test_what_was_set_holds_at_the_next_start(tmp_path: Path) -> None:
    file = SettingsFile(tmp_path / "there" / "settings.json")
    options = replace(DriveOptions(), goal=30, seeds=Seeds.DRAWN, practice=True)
    file.write(Settings(theme="contrast", language="fr", sounds=True, options=options))
    kept = file.read()
    assert (kept.theme, kept.language, kept.sounds) == ("contrast", "fr", True)
    assert (kept.options.goal, kept.options.seeds) == (30, Seeds.DRAWN)
    assert not kept.options.practice  # nobody wants to find nothing recorded


def test_options_that_were_kept_in_former_words_hold(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    former = {"start": "at once", "seeds": "drawn at random", "goal": 20}
    path.write_text(json.dumps({"options": former}))
    options = SettingsFile(path).read().options
    assert (options.start, options.seeds) == (Start.AT_ONCE, Seeds.DRAWN)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"theme": 3, "width": "wide", "options": {"goal": "many", "seeds": 7}}',
        '{"theme": "nonsense", "scale": true, "options": 5}',
        '{"scale": NaN, "width": -3, "options": {"goal": 1e12, "hand_back_s": -1}}',
        '{"scale": -3, "width": 1e300, "options": {"goal": 1000000000000, "most_idle": NaN}}',
        '{"scale": 1e12, "x": null, "options": {"goal": 0, "start": [], "preview": {}}}',
        "[" * 100_000,
        '{"a":' * 50_000 + "1" + "}" * 50_000,
    ],
)
def test_nonsense_in_the_file_is_as_if_it_were_not_there(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(text)
    kept = SettingsFile(path).read()
    assert kept.options == DriveOptions()
    assert kept.width == 0
    assert kept.scale == 0.0


@pytest.mark.parametrize("goal", [1, 1000])
def test_any_goal_can_be_drawn(tmp_path: Path, goal: int) -> None:
    person = Person(tmp_path / "recordings", "CartPole-v1")
    person.app.context.change_options(replace(DriveOptions(), goal=goal))
    person.app.renderer.dirty = True
    person.turns()
    person.app.close()


def test_the_sheet_changes_colours_and_the_window_comes_back_as_it_was(tmp_path: Path) -> None:
    def opened() -> App:
        folders = (tmp_path / "recordings", paths.samples_folder(), paths.assets_folder())
        return App(AppConfig("CartPole-v1", *folders, 11, settings=tmp_path / "settings.json"))

    person = Person(tmp_path / "recordings", "CartPole-v1", opened())
    person.key(",", mod=pygame.KMOD_CTRL)
    person.click("option.theme")
    person.until(lambda: person.app.ui.theme is THEMES["paper"])
    person.click("option.theme")
    person.until(lambda: person.app.ui.theme is THEMES["contrast"])
    person.click("option.sounds")
    person.key("escape")
    pygame.display.set_mode((1024, 700), pygame.RESIZABLE)
    person.app.take(pygame.event.Event(pygame.VIDEORESIZE))
    assert person.app.window.chosen_scale == 0.0  # by the display, wherever that is next time
    person.app.command(Command.LARGER)
    larger = person.app.window.chosen_scale
    person.record()  # with sounds, on a computer that has none
    person.app.close()
    again = Person(tmp_path / "recordings", "CartPole-v1", opened())
    assert again.app.ui.theme is THEMES["contrast"]
    assert again.app.window.box.size == (1024, 700)
    assert again.app.context.settings.sounds
    assert again.app.window.chosen_scale == larger > 0
    again.app.close()


def test_goals_that_nobody_could_have_set_are_ignored(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    wanted = {"CartPole-v1": 12, "a": 1e12, "b": -1, "c": True, "d": "9", "e": None}
    path.write_text(json.dumps({"goals": wanted}))
    assert SettingsFile(path).read().goals == {"CartPole-v1": 12}
    path.write_text(json.dumps({"goals": [1, 2]}))
    assert SettingsFile(path).read().goals == {}
    SettingsFile(path).write(Settings(goals={"Acrobot-v1": 40}))
    assert SettingsFile(path).read().goals == {"Acrobot-v1": 40}
