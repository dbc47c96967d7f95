"""Practice by reinforcement learning, and learned rewards, from the command line."""

import contextlib
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

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
    LogTo,
    Recordings,
    bar,
    find_dataset,
    open_library,
    say,
    table,
    tell,
)
from teleop.cli.play import cli
from teleop.errors import LearningError

if TYPE_CHECKING:
    from teleop.learning.analysis.method_chart import MethodComparison
    from teleop.types.methods import MethodChart

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
    log: LogTo = None,
    recordings: Recordings = None,
    as_json: AsJson = False,
) -> None:
    """Improve a clone by reinforcement learning. Ctrl+C keeps the best one so far."""
    from teleop import workflows

    library = open_library(recordings)
    given: dict[str, Any] = {"seed": seed, "minutes": minutes, "scratch": scratch}
    given |= read_settings(settings)
    given |= {"start": find_start(library, dataset, start)} if start else {}
    given |= {"reward": _reward_folder(library, dataset, reward)} if reward else {}
    training = workflows.TrainingJob(library, dataset, "practise", given, name, only)
    run_training(training, episodes, log, as_json=as_json)


def _reward_folder(library: Any, dataset: str, name: str) -> str:
    from teleop.learning.rewards.preferences import reward_folder

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
) -> None:
    """Choose the better of two short pieces in the window; a reward is learned from the answers."""
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
) -> None:
    """Show the reward that a policy learned: on each episode, and against random actions."""
    from teleop.learning.rewards.reward_report import RewardReport

    found = RewardReport(find_dataset(recordings, dataset), policy)
    if as_json:
        say(True, found.result(), "")
        return
    table(False, found.rows(), f"Reward learned by {found.policy}")
    tell(found.text())


@cli.command()
def methods(
    dataset: DatasetName,
    only: Annotated[
        str,
        typer.Option(
            help="Methods, with commas: cloning, dagger, gail, airl, iq, preferences, "
            "practise, scratch (default: one of each kind)."
        ),
    ] = "",
    steps: Annotated[
        int, typer.Option(min=1, help="Environment steps of each run that learns by playing.")
    ] = 40_000,
    runs: Annotated[int, typer.Option(min=1, max=50, help="Runs of each method.")] = 3,
    picture: Annotated[
        Optional[Path],  # noqa: UP045  typer reads it
        typer.Option(help="A .svg file to write; its values are written beside it as .csv."),
    ] = None,
    recordings: Recordings = None,
    as_json: AsJson = False,
) -> None:
    """Chart what each method reaches, by your time and by steps. Ctrl+C keeps complete runs."""
    from teleop.learning.analysis.method_chart import MethodComparison, check_methods
    from teleop.ui.charts.figure_files import check_picture

    wanted = check_methods([name.strip() for name in only.split(",") if name.strip()])
    if picture is not None:
        check_picture(picture)
    found = find_dataset(recordings, dataset)
    chart = _charted(MethodComparison(found, steps, runs, wanted), picture, as_json=as_json)
    if as_json:
        say(True, dataclasses.asdict(chart), "")
    else:
        _tell_methods(chart, picture)


def _charted(
    comparison: "MethodComparison", picture: Path | None, *, as_json: bool
) -> "MethodChart":
    """Run what is missing, and write the picture; Ctrl+C ends it with what there is."""
    from teleop.types.methods import METHOD_TITLES
    from teleop.ui.charts.figure_files import write_figure
    from teleop.ui.drawing.theme import PAPER
    from teleop.ui.training.method_figure import method_figure

    with contextlib.suppress(KeyboardInterrupt), bar("Learning", as_json) as move:
        for done, share, plan, _ in comparison.run():
            words = METHOD_TITLES[plan.method] if plan else ""
            move(round(100 * (done + share)), 100 * max(1, comparison.total), words)
    chart = comparison.chart()
    if picture is not None:
        write_figure(method_figure(chart, PAPER), picture)
    return chart


def _share(success: tuple[float, float, float] | None) -> str:
    return "" if success is None else "{:.0%} ({:.0%} to {:.0%})".format(*success)


def _tell_methods(chart: "MethodChart", picture: Path | None) -> None:
    rows = [
        {
            "method": line.title,
            "decisions" if chart.turn_based else "minutes": round(point.human, 2),
            "steps": point.steps,
            "return": f"{point.mean:.0f} ({point.low:.0f} to {point.high:.0f})",
            "success": _share(point.success),
            "runs": point.runs,
        }
        for line in chart.lines
        for point in line.by_human
    ]
    table(False, rows, f"Methods in {chart.env_id}: what they cost and what they reach")
    for line in chart.lines:
        if line.missing:
            tell(f"{line.title}: {line.missing}")
    if picture is not None:
        tell(f"Wrote {picture} and {picture.with_suffix('.csv')}")
