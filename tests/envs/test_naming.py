"""Full names of environments: options in one string; nothing is imported that nobody typed."""

import sys
from pathlib import Path

import gymnasium as gym
import pytest
from typer.testing import CliRunner

from teleop.cli import cli
from teleop.envs import trust
from teleop.envs.factory import close_env, make_env, name_of
from teleop.envs.naming import parse_name
from teleop.errors import EnvError
from teleop.recording import Library

GRAVITY = "LunarLander-v3?gravity=-5.0&time_limit=40"


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user with a home and a package folder of their own."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_a_name_is_taken_apart_and_put_together_again() -> None:
    name = parse_name("A-v0?size=3&slippery=false&kind=ice&time_limit=9&wrapper=a.b:C")
    assert name.kwargs == {"size": 3, "slippery": False, "kind": "ice"}
    assert (name.time_limit, name.wrappers) == (9, ("a.b:C",))
    assert parse_name(str(name)) == name
    assert str(parse_name("A-v0")) == "A-v0"


@pytest.mark.parametrize(
    "name",
    [
        "LunarLander-v3?render_mode=human",
        "LunarLander-v3?gravity=/etc/passwd",
        "LunarLander-v3?gravity=[1,[2,[3,[4,[5]]]]]",
        "LunarLander-v3?config={%22path%22:%22/etc/passwd%22}",
        "LunarLander-v3?wrapper=gymnasium.wrappers:ClipReward(min_reward=print(1))",
        "LunarLander-v3?wrapper=gymnasium.wrappers:ClipReward(*range(2))",
        "LunarLander-v3?time_limit=-1",
        "LunarLander-v3?wrapper=os.system",
        "LunarLander-v3?__class__=1",
        "LunarLander-v3?nosuch=1",
        "LunarLander-v3?" + "&".join(f"a{i}=1" for i in range(99)),
    ],
)
def test_options_without_meaning_are_refused_in_a_sentence(name: str) -> None:
    with pytest.raises(EnvError, match="LunarLander-v3"):
        make_env(name, render=False)


def test_options_reach_the_environment_and_come_back_as_its_name() -> None:
    env = make_env(GRAVITY, render=False)
    assert env.unwrapped.gravity == -5.0  # type: ignore[attr-defined]
    assert name_of(env) == GRAVITY
    close_env(env)
    env = make_env("CartPole-v1", render=False)
    assert name_of(env) == "CartPole-v1"
    close_env(env)


def test_an_environment_with_options_is_recorded_verified_and_kept_apart(tmp_path: Path) -> None:
    def run(*arguments: str) -> str:
        done = CliRunner().invoke(cli, [*arguments, "--recordings", str(tmp_path / "r")])
        assert done.exit_code == 0, done.output
        return done.output

    run("record", GRAVITY, "--episodes", "2")
    library = Library(tmp_path / "r")
    summary = next(s for s in library.summaries(GRAVITY) if s.total_episodes == 2)
    assert summary.env_id == GRAVITY
    assert summary.dataset_id.startswith("lunarlander-v3-gravity")
    rows = library.dataset(summary.dataset_id).rows()
    assert all(row.total_steps <= 40 for row in rows)
    assert "2 of 2 episodes are exact" in run("verify", summary.dataset_id)
    assert not any(s.dataset_id == summary.dataset_id for s in library.summaries("LunarLander-v3"))


def test_a_package_is_imported_when_it_was_typed_and_remembered(user: Path) -> None:
    (user / "my_worlds.py").write_text(
        "import gymnasium as gym\n"
        "gym.register('MyWorld-v0', entry_point='gymnasium.envs.classic_control:CartPoleEnv')\n"
    )
    with pytest.raises(EnvError, match="--import"):
        make_env("MyWorld-v0", render=False)
    done = CliRunner().invoke(cli, ["controls", "MyWorld-v0", "--import", "my_worlds"])
    assert done.exit_code == 0, done.output
    gym.registry.pop("MyWorld-v0")
    sys.modules.pop("my_worlds")
    close_env(make_env("MyWorld-v0", render=False))  # by itself, from now on
    assert trust.packages() == ["my_worlds"]
    gym.registry.pop("MyWorld-v0")


def test_a_wrapper_is_applied_only_if_somebody_here_typed_it(user: Path) -> None:
    (user / "my_wrappers.py").write_text(
        "import gymnasium as gym\n"
        "print('imported')\n"
        "class Doubled(gym.RewardWrapper):\n"
        "    def reward(self, reward):\n"
        "        return 2 * reward\n"
    )
    name = "CartPole-v1?wrapper=my_wrappers:Doubled"
    with pytest.raises(EnvError, match="never typed on this computer"):
        make_env(name, render=False)
    assert "my_wrappers" not in sys.modules
    trust.remember("wrappers", "my_wrappers:Doubled")
    env = make_env(name, render=False)
    env.reset(seed=0)
    assert env.step(0)[1] == 2.0
    assert name_of(env) == name
    close_env(env)


def test_a_wrapper_takes_arguments_that_are_literals(user: Path) -> None:
    del user
    trust.remember("wrappers", "gymnasium.wrappers:FrameStackObservation")
    given = "gymnasium.wrappers:FrameStackObservation(stack_size=3)"
    name = parse_name(f"CartPole-v1?wrapper={given}")
    assert name.wrappers == (given,)
    assert parse_name(str(name)) == name
    env = make_env(str(name), render=False)
    assert env.observation_space.shape == (3, 4)
    close_env(env)


def test_a_dict_configures_an_environment() -> None:
    name = parse_name('A-v0?config={"lanes": 2, "seen": {"kind": "near", "x": [1, 2.5]}}')
    assert name.kwargs == {"config": {"lanes": 2, "seen": {"kind": "near", "x": [1, 2.5]}}}
    assert parse_name(str(name)) == name


def test_what_cannot_be_imported_is_said(user: Path) -> None:
    del user
    done = CliRunner().invoke(cli, ["controls", "X-v0", "--import", "no_such_package"])
    assert done.exit_code == 2
    assert "no_such_package" in done.output
    assert not trust.packages()
