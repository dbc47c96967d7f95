"""The window under SDL's dummy driver: real events, real processes, named controls."""

import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import pygame
import pytest

from teleop import paths
from teleop.errors import EnvError
from teleop.runtime.protocol.driving_options import Start
from teleop.ui.app import App
from teleop.ui.app_config import AppConfig
from teleop.ui.commands import Command
from tests.harness.window import Person

AXIS_SETTINGS = {"ramp_s", "dead_zone", "curve", "scale", "invert"}


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    root = tmp_path / "recordings"
    root.mkdir()
    person = Person(root, "LunarLander-v3")
    yield person
    person.app.close()


def test_record_save_discard_undo_by_keyboard(person: Person) -> None:
    person.record()
    person.key("escape")
    person.until(lambda: person.phase() == "paused")
    person.key("return")
    person.until(lambda: person.saved() == 1)
    person.record()
    person.key("escape")
    person.key("backspace")
    person.until(lambda: person.phase() == "ready")
    assert person.saved() == 1
    person.key("z", mod=pygame.KMOD_CTRL)
    person.until(lambda: person.saved() == 2)


def test_record_save_star_delete_undo_by_mouse(person: Person) -> None:
    person.click("record")
    person.until(lambda: person.app.model.live and person.app.model.live.steps > 2)
    person.click("save")
    person.until(lambda: person.saved() == 1)
    uuid = person.app.model.library.episodes[0].uuid  # type: ignore[union-attr]
    person.click(f"ep.{uuid}.star")
    person.until(lambda: person.app.model.library.episodes[0].starred)  # type: ignore[union-attr]
    person.click(f"ep.{uuid}.delete")
    person.until(lambda: person.saved() == 0)
    person.click("toast.undo")
    person.until(lambda: person.saved() == 1)


def test_while_driving_keys_go_to_the_environment_alone(person: Person) -> None:
    person.record()
    person.key("backspace")
    person.key("return")
    person.key("e")
    person.turns(5)
    assert person.app.context.input.driving
    assert person.app.context.popover.open is None
    person.key("w", up=False)
    person.until(lambda: person.app.model.live.action == "Main engine")  # type: ignore[union-attr]
    person.key("w", down=False)
    person.until(lambda: person.app.model.live.action == "Nothing")  # type: ignore[union-attr]


def test_losing_the_focus_pauses_and_lets_go(person: Person) -> None:
    person.record()
    person.key("w", up=False)
    pygame.event.post(pygame.event.Event(pygame.WINDOWFOCUSLOST))
    person.until(lambda: person.phase() == "paused")
    assert not person.app.context.input.held
    person.key("space")
    person.until(lambda: person.phase() == "running")
    person.until(lambda: person.app.model.live.action == "Nothing")  # type: ignore[union-attr]


def test_the_picture_goes_on_under_a_notice(person: Person) -> None:
    person.record()
    person.key("escape")
    person.key("return")
    person.until_saved(1)
    person.record()
    assert person.app.overlays.toasts.texts
    shown = []
    for _ in range(40):
        shown.append(pygame.image.tobytes(person.app.ui.painter.surface, "RGB"))
        person.turns(2)
    assert person.app.overlays.toasts.texts
    assert len(set(shown)) > 20


def test_no_window_is_too_small(person: Person) -> None:
    for size in ((330, 300), (200, 120), (1280, 800)):
        pygame.display.set_mode(size, pygame.RESIZABLE)
        person.app.take(pygame.event.Event(pygame.VIDEORESIZE))
        for screen in ("demonstrate", "train", "compare"):
            person.app.go(screen)
            person.app.renderer.draw_all()


def test_tab_visits_each_group_and_disabled_controls_say_why(person: Person) -> None:
    groups = []
    for _ in range(8):
        person.key("tab")
        focused = person.app.ui.events.focus.id
        assert focused is not None
        groups.append(person.app.ui.events.nodes[focused].group)
    assert {"picture", "transport", "picker", "chips", "primary", "stepper", "tools"} <= set(groups)
    assert "Nothing recorded yet" in person.node("save").reason
    assert person.node("next").reason == "Record at least 1 episode"


def test_the_picker_opens_another_environment(person: Person) -> None:
    person.key("e")
    person.until(lambda: person.app.context.popover.open == "env")
    person.key("down")
    person.key("down")
    person.key("return")
    person.until(lambda: person.app.model.env and person.app.model.env.env_id == "CartPole-v1")


def test_keys_that_come_all_at_once_mean_what_the_one_before_has_opened(person: Person) -> None:
    for name in ("e", "down", "down", "return"):
        code = pygame.key.key_code(name)
        pygame.event.post(
            pygame.event.Event(pygame.KEYDOWN, key=code, scancode=0, mod=0, unicode="")
        )
    person.until(lambda: person.app.model.env and person.app.model.env.env_id == "CartPole-v1")


@pytest.mark.parametrize("size", [(700, 500), (1024, 640), (1280, 800), (1920, 1200)])
@pytest.mark.parametrize("projector", [False, True])
def test_no_control_leaves_the_window_or_covers_another(
    person: Person, size: tuple[int, int], projector: bool
) -> None:
    pygame.display.set_mode(size, pygame.RESIZABLE)
    if projector:
        person.app.command(Command.PROJECTOR)
    person.app.take(pygame.event.Event(pygame.VIDEORESIZE))
    for screen in ("demonstrate", "train", "compare"):
        person.app.go(screen)
        person.app.renderer.draw_all()
        person.app.renderer.draw_all()
        nodes = list(person.app.ui.events.nodes.values())
        window = pygame.Rect((0, 0), size)
        assert all(window.contains(node.rect) for node in nodes), screen
        apart = [n for n in nodes if n.role in ("button", "tab", "combobox", "slider")]
        for index, node in enumerate(apart):
            touching = [
                other.id
                for other in apart[index + 1 :]
                if node.rect.colliderect(other.rect) and node.group != "episodes"
            ]
            assert not touching, (screen, node.id)


def test_a_lost_environment_process_shows_a_banner_and_starts_again(person: Person) -> None:
    person.record()
    person.app.model.live = None
    process = next(p for p in multiprocessing.active_children() if p.name == "teleop-environment")
    process.kill()
    person.until(lambda: "killed from outside" in person.app.model.lost)
    person.key("return")  # the one button there is has the focus
    person.until(lambda: person.app.model.live is not None)
    person.until(lambda: person.saved() == 1)  # the running take was recovered


def test_an_unknown_environment_ends_with_a_sentence(tmp_path: Path) -> None:
    config = AppConfig("Nope-v9", tmp_path / "r", tmp_path, paths.assets_folder(), 1)
    with pytest.raises(EnvError, match="No environment is called"):
        App(config).run()


def test_pictures_come_before_the_rest_is_drawn(person: Person) -> None:
    person.record()
    drawn = person.app.renderer.frames
    person.until(lambda: person.app.renderer.frames > drawn + 5)
    assert person.app.model.frames["drive"].number > 5


def test_rebinding_by_keyboard_alone(person: Person) -> None:
    person.key("f3")
    person.until(lambda: "move.up" in person.app.ui.events.nodes)
    for _ in range(2):
        person.key("down")
    assert person.app.ui.events.focus.id == "move.up"
    person.key("return")
    assert person.app.context.sheet.listening == "up"
    person.key("f5")  # the window's own: refused, and said
    assert not person.app.context.sheet.listening
    person.key("return")
    person.key("x")
    person.until(lambda: person.app.model.env.hints[0].key == "key.x")  # type: ignore[union-attr]
    assert (person.app.config.recordings / "controls.toml").is_file()
    person.key("escape")
    person.record()
    person.key("x", up=False)
    person.until(lambda: person.app.model.live.action == "Main engine")  # type: ignore[union-attr]


def test_every_setting_of_an_axis_changes_by_arrows(tmp_path: Path) -> None:
    root = tmp_path / "recordings"
    root.mkdir()
    person = Person(root, "MountainCarContinuous-v0")
    try:
        person.key("f3")
        person.until(lambda: any(n.startswith("axis.") for n in person.app.ui.events.nodes))
        rows = [n for n in person.app.ui.events.nodes if n.startswith("axis.")]
        assert {row.rsplit(".", 1)[1] for row in rows} == AXIS_SETTINGS
        for row in rows:
            before = person.app.model.env.axes  # type: ignore[union-attr]
            person.app.ui.events.focus.set(row, "sheet")
            person.key("right")
            person.until(lambda before=before: person.app.model.env.axes != before)  # type: ignore[misc,union-attr]
    finally:
        person.app.close()


def test_options_change_by_arrows_and_hold_for_the_next_take(person: Person) -> None:
    person.key("f4")
    person.until(lambda: "option.practice" in person.app.ui.events.nodes)
    person.app.ui.events.focus.set("option.practice", "sheet")
    person.key("right")
    assert person.app.context.options.practice
    person.key("escape")
    person.key("r")
    person.until(lambda: person.app.model.live and person.app.model.live.practice)
    assert person.app.context.input.driving
    person.key("f9")
    person.until(lambda: person.phase() == "ended")
    assert not person.app.context.input.driving
    assert person.saved() == 0


def test_going_back_by_key_drives_on_in_the_same_take(person: Person) -> None:
    person.record(steps=40)
    person.key("f7", up=False)
    person.until(lambda: person.app.model.live and person.app.model.live.rewinding)
    person.key("f7", down=False)
    person.until(lambda: person.app.model.live and not person.app.model.live.rewinding)
    assert person.app.model.live.steps < 40  # type: ignore[union-attr]
    assert person.app.context.input.driving
    person.key("return", mod=pygame.KMOD_CTRL)
    person.until_saved(1)


def test_the_mouse_held_on_the_picture_drives(person: Person) -> None:
    person.record()
    view = person.node("view").rect
    at = (view.centerx, view.top + 4)
    pygame.event.post(pygame.event.Event(pygame.MOUSEBUTTONDOWN, pos=at, button=1))
    person.until(lambda: person.app.model.live.action == "Main engine")  # type: ignore[union-attr]
    pygame.event.post(pygame.event.Event(pygame.MOUSEBUTTONUP, pos=at, button=1))
    person.until(lambda: person.app.model.live.action == "Nothing")  # type: ignore[union-attr]
    assert person.app.context.input.driving


def test_keys_held_for_a_single_step_do_nothing_else(person: Person) -> None:
    person.record()
    person.key("escape")
    person.until(lambda: person.phase() == "paused")
    steps = person.app.model.live.steps  # type: ignore[union-attr]
    person.key("a", up=False)
    person.key(".")
    person.until(lambda: person.app.model.live.steps == steps + 1)  # type: ignore[union-attr]
    assert person.app.model.live.action == "Left engine"  # type: ignore[union-attr]
    person.key("a", down=False)
    assert person.phase() == "paused"


def test_the_button_goes_back_while_held_and_says_when_it_cannot(person: Person) -> None:
    assert "during or just after an episode" in person.node("back").reason
    person.record(steps=40)
    at = person.node("back").rect.center
    pygame.event.post(pygame.event.Event(pygame.MOUSEBUTTONDOWN, pos=at, button=1))
    person.until(lambda: person.app.model.live and person.app.model.live.rewinding)
    pygame.event.post(pygame.event.Event(pygame.MOUSEBUTTONUP, pos=at, button=1))
    person.until(lambda: person.app.model.live and not person.app.model.live.rewinding)
    assert person.app.model.live.steps < 40  # type: ignore[union-attr]
    assert person.app.context.input.driving


def test_a_key_held_before_the_start_acts_from_the_first_step(person: Person) -> None:
    person.key("a", up=False)
    person.record()
    person.until(lambda: person.app.model.live.action == "Left engine")  # type: ignore[union-attr]
    person.key("a", down=False)
    person.until(lambda: person.app.model.live.action == "Nothing")  # type: ignore[union-attr]


def test_view_means_the_take_only_while_it_is_held(person: Person) -> None:
    def button(number: int, kind: int) -> None:
        pygame.event.post(pygame.event.Event(kind, button=number, instance_id=0))
        person.turns()

    down, up = pygame.CONTROLLERBUTTONDOWN, pygame.CONTROLLERBUTTONUP
    view, a = pygame.CONTROLLER_BUTTON_BACK, pygame.CONTROLLER_BUTTON_A
    person.record()
    button(view, down)
    button(a, down)
    person.until_saved(1)
    button(a, up)
    button(view, up)
    person.click("record")
    person.until(lambda: person.app.context.input.driving)
    button(a, down)
    person.until(lambda: person.app.model.live.action == "Main engine")  # type: ignore[union-attr]
    button(a, up)
    assert person.saved() == 1
    assert person.app.context.input.driving


def test_the_environments_arrows_move_an_open_sheet(person: Person) -> None:
    person.record()
    person.key("f4")
    person.until(lambda: "option.start" in person.app.ui.events.nodes)
    person.key("down")
    assert person.app.ui.events.focus.id == "option.start"
    person.key("right")
    assert person.app.context.options.start is Start.FIRST_INPUT


def test_what_is_on_disk_is_said_with_its_size_and_time(person: Person) -> None:
    person.record()
    person.key("escape")
    person.key("return")
    person.until_saved(1)
    library = person.app.model.library
    assert library is not None
    files = list((person.app.config.recordings / library.dataset_id).rglob("episodes/*.h5"))
    assert library.size == sum(file.stat().st_size for file in files)
    assert library.saved_s == max(file.stat().st_mtime for file in files)


def test_hands_quicker_than_the_screen_lose_nothing(person: Person) -> None:
    person.app.go("home")
    at = person.node("open").rect.center
    for kind in (pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP):
        pygame.event.post(pygame.event.Event(kind, pos=at, button=1))
    pygame.event.post(pygame.event.Event(pygame.TEXTINPUT, text="Cart"))
    person.app.turn(0.0)  # all of it between two pictures
    assert person.app.context.editing is not None
    assert person.app.context.editing.text == "Cart"


def test_every_tab_of_training_opens_before_there_are_numbers(person: Person) -> None:
    person.record()
    person.key("escape")
    person.key("return")
    person.until_saved(1)
    person.app.go("train")
    person.click("train")
    for tab in ("returns", "curve", "loss"):
        person.click(f"chart.{tab}")
        assert person.node(f"chart.{tab}").value
    for number in range(3):  # those that do not fit
        person.click("chart.more")
        label = person.node(f"more.{number}").label
        person.click(f"more.{number}")
        assert person.node("chart.more").value == label


def test_what_has_the_focus_is_copied(person: Person) -> None:
    person.until(lambda: not person.app.overlays.toasts.texts)
    person.key("tab")
    focused = person.app.ui.events.nodes[person.app.ui.events.focus.id or ""]
    person.key("c", mod=pygame.KMOD_CTRL)
    said = person.app.overlays.toasts.texts[-1]
    assert said.removeprefix("Copied: ") in (focused.value, focused.label)


def test_a_minimised_window_draws_nothing(person: Person) -> None:
    pygame.event.post(pygame.event.Event(pygame.WINDOWMINIMIZED))
    person.turns()
    before = person.app.renderer.frames
    person.app.command(Command.PRACTICE)
    person.turns(5)
    assert person.app.renderer.frames == before
    pygame.event.post(pygame.event.Event(pygame.WINDOWRESTORED))
    person.turns(5)
    assert person.app.renderer.frames > before


def test_a_stick_held_into_an_episode_leaves_the_focus_alone(person: Person) -> None:
    def stick(value: int) -> None:
        kind, axis = pygame.CONTROLLERAXISMOTION, pygame.CONTROLLER_AXIS_LEFTX
        pygame.event.post(pygame.event.Event(kind, instance_id=0, axis=axis, value=value))
        person.turns()

    stick(-32000)
    person.record()
    stick(0)
    person.turns(40)  # longer than a held stick waits before it moves on
    assert person.app.ui.events.focus.id == "view"


def test_a_stick_that_still_steers_at_the_end_leaves_save_in_focus(tmp_path: Path) -> None:
    person = Person(tmp_path, "CartPole-v1")

    def stick(value: int) -> None:
        kind, axis = pygame.CONTROLLERAXISMOTION, pygame.CONTROLLER_AXIS_LEFTX
        pygame.event.post(pygame.event.Event(kind, instance_id=0, axis=axis, value=value))
        person.turns()

    try:
        focus, wanted = person.app.ui.events.focus, person.app.context.input
        person.record()
        stick(32000)
        person.until(lambda: person.app.model.live and person.app.model.live.pending)
        person.until(lambda: person.app.context.now > wanted.quiet_until_s)
        stick(-32000)
        assert focus.id == "save"
        stick(0)
        stick(32000)
        assert focus.id == "discard"
    finally:
        person.app.close()


def test_names_that_are_no_text_are_drawn(person: Person) -> None:
    painter = person.app.ui.painter
    assert painter.text("caf\udce9", (10, 10)) > 0
    assert painter.text("\u202e", (10, 10)) >= 0


def test_with_a_gamepad_a_screen_opens_with_its_main_button_in_focus(tmp_path: Path) -> None:
    person = Person(tmp_path, "CartPole-v1")
    try:
        focus = person.app.ui.events.focus
        person.app.go("train")
        assert (focus.id, focus.visible) == ("train", False)  # keys and mouse: nothing is marked
        person.app.go("demonstrate")
        person.app.ui.pad_hints = True
        for screen, button in (
            ("train", "train"),
            ("correct", "record"),
            ("demonstrate", "record"),
            ("compare", "play"),
        ):
            person.app.go(screen)
            assert (focus.id, focus.visible) == (button, True)
        person.until(lambda: focus.id == "next")  # there is nothing to play yet
        person.app.go("correct")
        person.until(lambda: focus.id == "next")
    finally:
        person.app.close()
