"""The command line.

Heavy libraries are imported inside the commands, so that `teleop --help` answers at once and the
window opens before they are needed.
"""

import json
from pathlib import Path
from typing import Annotated, Optional

import typer

from teleop import paths
from teleop._version import __version__
from teleop.cli.options import (
    AsJson,
    Commands,
    DatasetName,
    EnvArgs,
    Imports,
    Recordings,
    Seed,
    TimeLimit,
    Wrappers,
    bar,
    find_dataset,
    named_env,
    open_library,
    progress,
    say,
    table,
    tell,
)
from teleop.envs.drivers import use_offscreen_driver

DEFAULT_ENV = "LunarLander-v3"
# doctor looks for a display
_WITH_WINDOW = ("open", "compare", "correct", "prefer", "lesson", "class", "doctor")

cli = Commands(
    help="Drive any Gymnasium environment, record it, train a policy, and compare it with "
    "yourself.\n\n"
    "Without a command, the window opens: `teleop`, or `teleop CartPole-v1`.",
    add_completion=False,
    no_args_is_help=False,
    pretty_exceptions_enable=False,
)

# The window alone: building every command takes a tenth of a second before anything is on screen.
window = Commands(add_completion=False, pretty_exceptions_enable=False)


def _version(value: bool) -> None:
    if value:
        tell(f"teleop {__version__}")
        raise typer.Exit


@cli.callback()
def main(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options of the whole program."""
    del version
    if context.invoked_subcommand not in _WITH_WINDOW:
        use_offscreen_driver()


@window.command()
@cli.command("open")
def open_window(
    env: Annotated[str, typer.Argument(help="Environment to drive.")] = DEFAULT_ENV,
    recordings: Recordings = None,
    seed: Seed = None,
    pace: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(min=0.1, max=1000, help="Steps per second (default: a playable rate)."),
    ] = None,
    imports: Imports = None,
    arguments: EnvArgs = None,
    time_limit: TimeLimit = None,
    wrappers: Wrappers = None,
) -> None:
    """Open the window (the same as `teleop ENV`)."""
    if imports or arguments or time_limit or wrappers:
        env = named_env(env, imports, arguments, time_limit, wrappers)
    from teleop.api.open_window import show_window

    show_window(env, paths.recordings_folder(Path.cwd(), recordings), seed, pace_hz=pace)


@cli.command()
def controls(
    env: Annotated[str, typer.Argument(help="Environment.")],
    imports: Imports = None,
    arguments: EnvArgs = None,
    time_limit: TimeLimit = None,
    wrappers: Wrappers = None,
    recordings: Recordings = None,
    as_json: AsJson = False,
) -> None:
    """Show the controls of an environment, with your own changes."""
    from teleop import workflows

    name = named_env(env, imports, arguments, time_limit, wrappers)
    root = paths.recordings_folder(Path.cwd(), recordings)
    shown = workflows.controls_of(root, name)
    if as_json:
        typer.echo(json.dumps(shown, indent=1))
        return
    rows = [
        {key: move[key] for key in ("move", "does", "acts", "hold", "keys", "pad", "mouse")}
        for move in shown["moves"]
    ]
    table(False, rows, f"Controls of {name} ({shown['made']})")
    if shown["idle"] is not None:
        tell(f"When nothing is held: action {shown['idle']}")
    if shown["axes"]:
        table(False, shown["axes"], "Axes")
    tell(f"To change them: F3 in the window, or {shown['file']}")


@cli.command()
def record(
    env: Annotated[str, typer.Argument(help="Environment.")],
    episodes: Annotated[int, typer.Option(min=1, help="Number of episodes.")] = 10,
    human_like: Annotated[
        bool,
        typer.Option("--human-like/--exact", help="With or without simulated human reaction time."),
    ] = True,
    wobbly: Annotated[
        bool, typer.Option("--wobbly", help="The exact expert with random errors of its own.")
    ] = False,
    noise: Annotated[
        float,
        typer.Option(
            min=0, max=1, help="Random errors added to each action; the policy learns without them."
        ),
    ] = 0.0,
    dataset: Annotated[str, typer.Option(help="Dataset id (default: ENV/scripted-v0).")] = "",
    recordings: Recordings = None,
    seed: Seed = None,
    as_json: AsJson = False,
) -> None:
    """Record episodes of the scripted expert (labelled as scripted)."""
    from teleop.api.policies import iter_record

    library = open_library(recordings)
    driver = "wobbly" if wobbly else "human-like" if human_like else "expert"
    first = seed or 0
    results = iter_record(
        library, env, driver, episodes, dataset_id=dataset, seed=first, noise=noise
    )
    shown = list(progress(results, episodes, f"Recording {env}", quiet=as_json))
    returns = [total for _, total in shown]
    mean = sum(returns) / len(returns)
    count = f"{len(returns)} episode" + ("s" if len(returns) > 1 else "")
    text = f"Saved {count} of {env}, mean return {mean:.1f}"
    say(as_json, {"env_id": env, "returns": returns, "mean": mean}, text)


@cli.command()
def compare(
    dataset: DatasetName,
    policy: Annotated[str, typer.Argument(help="Policy (default: the newest).")] = "",
    episode: Annotated[int, typer.Option(help="Episode number (0 = the best).")] = 0,
    headless: Annotated[
        bool, typer.Option("--headless", help="Write a file instead of opening the window.")
    ] = False,
    output: Annotated[Path, typer.Option(help="A .gif, .webp, .png or .mp4 file.")] = Path(
        "compare.gif"
    ),
    recordings: Recordings = None,
    as_json: AsJson = False,
) -> None:
    """Compare a recorded episode and a policy side by side, from the same seed."""
    from teleop import workflows

    library = open_library(recordings)
    if not headless:
        env_id, pair = workflows.find_pair(library, dataset, policy, episode)
        from teleop.api.open_window import show_window

        show_window(env_id, library.root, pair=pair)
        return
    use_offscreen_driver()
    comparison = workflows.ComparisonJob(library, dataset, policy, episode, output)
    with bar("Comparing", as_json) as move:
        comparison.run(lambda done: move(done, max(done, comparison.total), "Comparing"))
    say(as_json, comparison.result(), comparison.text())


@cli.command()
def correct(
    dataset: DatasetName,
    policy: Annotated[str, typer.Argument(help="Policy (default: the newest).")] = "",
    recordings: Recordings = None,
) -> None:
    """Let a policy drive in the window, and take over when it goes wrong."""
    from teleop import workflows

    library = open_library(recordings)
    env_id, loaded = workflows.find_policy(library, dataset, policy)
    found = find_dataset(library.root, dataset)
    pair = (found.dataset_id, "", loaded.name)
    from teleop.api.open_window import show_window

    show_window(env_id, library.root, pair=pair, screen="correct")


@cli.command()
def demo(
    output: Annotated[
        Path, typer.Option(help="Output folder for recordings and the image.")
    ] = Path("demo"),
    episodes: Annotated[int, typer.Option(min=2, help="Demonstrations.")] = 20,
    seed: Annotated[int, typer.Option(min=0, help="Seed.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Run the full pipeline headlessly with the scripted expert."""
    from teleop.demo import run_demo

    run_demo(output, episodes, seed, as_json=as_json)


@cli.command()
def doctor(
    recordings: Recordings = None,
    envs: Annotated[bool, typer.Option("--envs", help="List the environments.")] = False,
    for_class: Annotated[
        bool, typer.Option("--class", help="Also check that lessons work here; half a minute.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check this installation: display, gamepads, torch, versions, folders."""
    from teleop.doctor import examine

    if envs:
        from teleop.envs.factory import known_ids

        ids = known_ids()
        typer.echo(json.dumps(ids) if as_json else "\n".join(ids))
        return
    root = paths.recordings_folder(Path.cwd(), recordings)
    findings = examine(root)
    if for_class:
        from teleop.reports.computer_check import iter_class_checks

        findings += iter_class_checks(root)
    rows = [{"what": f.name, "found": f.value, "to do": f.problem} for f in findings]
    table(as_json, rows, "Doctor")
    if any(f.problem for f in findings if f.name not in ("Display",)):
        raise typer.Exit(1)
