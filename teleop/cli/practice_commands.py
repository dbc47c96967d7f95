"""Practice by reinforcement learning, and learned rewards, from the command line."""

from typing import Annotated, Any

import typer

from teleop.cli.learning import (
    Only,
    Played,
    PolicyName,
    Set,
    find_start,
    read_settings,
    run_training,
)
from teleop.cli.options import (
    AsJson,
    DatasetName,
    Debug,
    Recordings,
    find_dataset,
    one_sentence,
    open_library,
    say,
    table,
    tell,
)
from teleop.cli.play import cli

Minutes = Annotated[float, typer.Option(min=0.01, help="Time limit in minutes.")]
Scratch = Annotated[
    bool, typer.Option("--scratch", help="Start from an untrained network, to compare.")
]
From = Annotated[
    str,
    typer.Option(
        "--from", help="Start from this policy; one that was practised goes on (default: a clone)."
    ),
]
Reward = Annotated[
    str, typer.Option(help="Policy whose learned reward replaces the environment's.")
]


@cli.command()
def practise(
    dataset: DatasetName,
    minutes: Minutes = 10.0,
    start: From = "",
    scratch: Scratch = False,
    reward: Reward = "",
    seed: Annotated[int, typer.Option(min=0, help="Fixes networks and starts.")] = 0,
    only: Only = None,
    settings: Set = None,
    name: PolicyName = "",
    episodes: Played = 20,
    recordings: Recordings = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Improve a clone by reinforcement learning. Ctrl+C keeps the best one so far."""
    from teleop import workflows

    with one_sentence(debug):
        library = open_library(recordings)
        given: dict[str, Any] = {"seed": seed, "minutes": minutes, "scratch": scratch}
        given |= read_settings(settings)
        given |= {"start": find_start(library, dataset, start)} if start else {}
        given |= {"reward": find_start(library, dataset, reward)} if reward else {}
        training = workflows.TrainingJob(library, dataset, "practise", given, name, only)
        run_training(training, episodes, as_json=as_json)


@cli.command()
def reward(
    dataset: DatasetName,
    policy: Annotated[str, typer.Argument(help="Policy (default: the newest with a reward).")] = "",
    recordings: Recordings = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Show the reward that a policy learned: on each episode, and against random actions."""
    from teleop.learning.rewards.reward_report import RewardReport

    with one_sentence(debug):
        found = RewardReport(find_dataset(recordings, dataset), policy)
        if as_json:
            say(True, found.result(), "")
            return
        table(False, found.rows(), f"Reward learned by {found.policy}")
        tell(found.text())
