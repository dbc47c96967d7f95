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
    bar,
    find_dataset,
    one_sentence,
    open_library,
    say,
    table,
    tell,
)
from teleop.cli.play import cli
from teleop.errors import LearningError

Minutes = Annotated[float, typer.Option(min=0.01, help="Time limit in minutes.")]
Scratch = Annotated[
    bool, typer.Option("--scratch", help="Start from an untrained network, for comparison.")
]
From = Annotated[
    str,
    typer.Option(
        "--from", help="Start from this policy, or continue its practice (default: a new clone)."
    ),
]
Reward = Annotated[
    str,
    typer.Option(
        help="A policy whose learned reward is used instead of the environment's, or: preferences."
    ),
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
        given |= {"reward": _reward_folder(library, dataset, reward)} if reward else {}
        training = workflows.TrainingJob(library, dataset, "practise", given, name, only)
        run_training(training, episodes, as_json=as_json)


def _reward_folder(library: Any, dataset: str, name: str) -> str:
    from teleop.learning.rewards.asking import reward_folder

    if name == "preferences":
        return str(reward_folder(find_dataset(library.root, dataset), name))
    return find_start(library, dataset, name)


@cli.command()
def prefer(
    dataset: DatasetName,
    judge: Annotated[
        str,
        typer.Option(help="Answer by script: `return` prefers more of the environment's reward."),
    ] = "",
    answers: Annotated[int, typer.Option(min=1, help="Answers of the script.")] = 60,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the pairs.")] = 0,
    recordings: Recordings = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Choose the better of two short pieces in the window; a reward is learned from the answers."""
    with one_sentence(debug):
        found = find_dataset(recordings, dataset)
        if not judge:
            from teleop.api.open_window import show_window

            env_id, pair = found.info().env_id, (found.dataset_id, "", "")
            show_window(env_id, open_library(recordings).root, pair=pair, screen="prefer")
            return
        if judge != "return":
            raise LearningError(f"There is no judge called {judge}; use --judge return.")
        from teleop.learning.rewards.asking import Asking, judged

        asking = Asking(found, seed)
        with bar("Answering", as_json) as move:
            for number in range(answers):
                asking.answer(judged(asking.pair).value)
                move(number + 1, answers, "Answering")
        asking.save()
        told = {"answers": asking.count, "agreement": asking.agreement}
        text = (
            f"{asking.count} answers; the learned reward agrees with {asking.agreement:.0%} of the "
            f"clear ones. Practise on it: teleop practise {found.dataset_id} --reward preferences"
        )
        say(as_json, told, text)


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
