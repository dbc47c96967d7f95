"""A person's own controls: read, refused in a sentence, written back."""

from pathlib import Path

import pytest

from teleop.control import ControlSettings, ControlsFile, HumanPolicy, bound, make_scheme
from teleop.control.bindings import HANDS
from teleop.control.controls_file import AxisSettings, conflict
from teleop.envs.catalogue import CATALOGUE
from teleop.envs.factory import close_env, make_env
from teleop.errors import ControlError
from teleop.types import InputEvent


@pytest.fixture
def file(tmp_path: Path) -> ControlsFile:
    return ControlsFile(tmp_path)


def driver(env_id: str, settings: ControlSettings) -> HumanPolicy:
    env = make_env(env_id, render=False)
    scheme = make_scheme(env, settings)
    close_env(env)
    return HumanPolicy(scheme, bound(scheme.moves, settings))


def test_settings_come_back_as_they_were_and_comments_stay(file: ControlsFile) -> None:
    file.path.write_text('# mine\n["Other-v0"]\nhand = "left"\n', "utf-8")
    settings = ControlSettings(
        "right", {"up": ("key.space", "pad.y")}, {"1": AxisSettings(curve=2.0, invert=True)}
    )
    file.write("LunarLander-v3", settings)
    assert file.read("LunarLander-v3") == settings
    assert file.read("Other-v0").hand == "left"
    assert "# mine" in file.path.read_text("utf-8")
    file.write("LunarLander-v3", ControlSettings())
    assert file.read("LunarLander-v3").is_plain
    assert "LunarLander" not in file.path.read_text("utf-8")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[", "not a valid TOML file"),
        ("['A-v0']\nhands = 'left'", "unknown settings: hands"),
        ("['A-v0']\nhand = 'third'", "expected both, left, right"),
        ("['A-v0'.moves]\nup = 3", "expected a list of controls"),
        ("['A-v0'.moves]\nup = ['w']", "expected a list of controls"),
        ("['A-v0'.axes.1]\ncurve = 'steep'", "expected a number from 0.25 to 4"),
        ("['A-v0'.axes.1]\ncurve = nan", "expected a number from 0.25 to 4"),
        ("['A-v0'.axes.1]\ninvert = 1", "expected true or false"),
        ("['A-v0']\nmoves = 'w'", "expected a table"),
        ("A-v0 = 3", "expected a table"),
        ("\x00", "not a valid TOML file"),
    ],
)
def test_a_file_without_meaning_is_refused_in_one_sentence(
    file: ControlsFile, text: str, says: str
) -> None:
    file.path.write_text(text, "utf-8")
    with pytest.raises(ControlError, match=r"controls\.toml") as refused:
        file.read("A-v0")
    assert says in str(refused.value)
    before = file.path.read_bytes()
    if says == "not a valid TOML file":
        with pytest.raises(ControlError):
            file.write("A-v0", ControlSettings("left"))
        assert file.path.read_bytes() == before


def test_two_actions_on_one_key_are_refused() -> None:
    settings = ControlSettings(moves={"up": ("key.x",), "left": ("key.x",)})
    with pytest.raises(ControlError, match=r"key\.x for both 'up' and 'left'"):
        driver("LunarLander-v3", settings)


def test_a_move_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(ControlError, match="'jump'; this environment has left, right, up"):
        driver("LunarLander-v3", ControlSettings(moves={"jump": ("key.x",)}))


def test_a_key_given_to_one_move_is_taken_from_the_other() -> None:
    human = driver("LunarLander-v3", ControlSettings(moves={"up": ("key.a",)}))
    human.hear(InputEvent(0.0, "key.a", 1.0))
    assert human.act(None) == 2
    human.release()
    human.hear(InputEvent(0.0, "key.left", 1.0))
    assert human.act(None) == 1


@pytest.mark.parametrize("hand", [name for name in HANDS if name != "both"])
@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.env_id)
def test_one_hand_reaches_every_move_without_conflict(entry: object, hand: str) -> None:
    human = driver(entry.env_id, ControlSettings(hand))  # type: ignore[attr-defined]
    assert not conflict(human.moves)
    reach = {
        "left": set("12345qwertyasdfghzxcvb") | {"space", "lshift", "tab"},
        "right": set("67890yuiophjklnm") | {"up", "down", "left", "right", "space"},
    }[hand]
    for move in human.moves:
        keys = [c[4:] for c in move.controls if c.startswith("key.")]
        assert keys, move
        assert set(keys) <= reach, move
        assert any(c.startswith("pad.") for c in move.controls), move


def test_axes_are_inverted_scaled_bent_and_quiet_in_their_dead_zone() -> None:
    wish = AxisSettings(dead_zone=0.4, curve=2.0, scale=0.5, invert=True)
    human = driver("MountainCarContinuous-v0", ControlSettings(axes={"1": wish}))

    def at(value: float) -> float:
        human.hear(InputEvent(0.0, "pad.left_x", value))
        return float(human.act(None)[0])  # type: ignore[index]

    assert at(0.39) == 0.0
    assert at(1.0) == pytest.approx(-0.5)
    assert at(-1.0) == pytest.approx(0.5)
    half = at(0.69)  # half way past the dead zone, squared, then scaled
    assert half == pytest.approx(-0.125, abs=0.001)
