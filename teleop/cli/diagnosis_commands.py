"""Why a policy fails, what to record next, and what correcting it is worth."""

import dataclasses
from typing import Annotated, Any, Optional

import typer

from teleop.cli.options import (
    AsJson,
    DatasetName,
    Recordings,
    bar,
    find_dataset,
    open_library,
    say,
    table,
    tell,
)
from teleop.cli.play import cli

PolicyName = Annotated[str, typer.Argument(help="Policy (default: the newest).")]


def _diagnosis(recordings: Any, dataset: str, policy: str) -> Any:
    from teleop import workflows
    from teleop.learning.covariate_shift.diagnosis import Diagnosis

    library = open_library(recordings)
    _, found = workflows.find_policy(library, dataset, policy)
    return Diagnosis(library, find_dataset(library.root, dataset), found.name)


def _last(steps: Any, text: str, *, quiet: bool) -> Any:
    """Iterate with a progress bar; return the last result."""
    result: Any = None
    with bar(text, quiet) as move:
        for done, total, result in steps:  # noqa: B007
            move(done, total, text)
    return result


@cli.command()
def gauges(
    dataset: DatasetName,
    policy: PolicyName = "",
    recordings: Recordings = None,
    as_json: AsJson = False,
) -> None:
    """Measure how well disagreement and distance warn before a policy fails."""
    from teleop.learning.covariate_shift.gauges import gauge_words, is_rated

    found = _diagnosis(recordings, dataset, policy)
    measured = _last(found.iter_gauges(), "Playing", quiet=as_json)
    if as_json:
        table(True, [dataclasses.asdict(gauge) for gauge in measured], "")
        return
    for gauge in measured:
        known = gauge.lead_s is not None and is_rated(gauge)
        lead = f", {gauge.lead_s:.1f} s before the end" if known else ""
        tell(f"{gauge.name} above {gauge.threshold:.3g}: {gauge_words(gauge)}{lead}.")


@cli.command()
def autopsy(
    dataset: DatasetName,
    policy: PolicyName = "",
    seed: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=0, help="Start of the run (default: the worst test start)."),
    ] = None,
    recordings: Recordings = None,
    as_json: AsJson = False,
) -> None:
    """Examine a failed run: where it left the demonstrations, and which decision lost it."""
    found = _diagnosis(recordings, dataset, policy)
    start = found.worst_seed() if seed is None else seed
    result = _last(found.iter_autopsy(start), "Trying other decisions", quiet=as_json)
    if as_json:
        say(True, dataclasses.asdict(result) | {"text": str(result.text)}, "")
        return
    rows = [
        {
            "before the end": f"{decision.before_s:.2f} {'s' if result.pace_hz else 'steps'}",
            "who decides": item.driver,
            "action": item.action,
            "return": item.total_reward,
            "success": {True: "yes", False: "no", None: ""}[item.success],
        }
        for decision in result.decisions
        for item in decision.alternatives
    ]
    tell(result.text)
    if not rows:
        return
    title = f"Seed {start}: return {result.total_reward:.1f} after {result.total_steps} steps"
    table(False, rows, title)


@cli.command()
def moments(
    dataset: DatasetName,
    policy: PolicyName = "",
    count: Annotated[int, typer.Option(min=1, max=50, help="Number of moments.")] = 3,
    recordings: Recordings = None,
    as_json: AsJson = False,
) -> None:
    """Propose moments from which five more recorded seconds would help most."""
    found = _diagnosis(recordings, dataset, policy)
    proposed = _last(found.iter_moments(count), "Playing", quiet=as_json)
    if as_json:
        table(True, [dataclasses.asdict(moment) for moment in proposed], "")
        return
    rows = [
        {
            "seed": moment.seed,
            "step": moment.step,
            "distance": moment.coverage,
            "disagreement": f"{moment.disagreement:.0%}",
            "near failures": f"{moment.influence:.0%}",
            "failed": "yes" if moment.failed else "no",
        }
        for moment in proposed
    ]
    name = found.policy.name
    table(False, rows, f"Record five seconds from here ({name} drives up to it)")
    tell(f"To record: teleop correct {dataset} {name}, then the wand beside the corrections.")


@cli.command()
def drift(
    dataset: DatasetName,
    policy: PolicyName = "",
    recordings: Recordings = None,
    as_json: AsJson = False,
) -> None:
    """Measure how far from the demonstrations each round of a policy is, over time."""
    found = _diagnosis(recordings, dataset, policy)
    rounds = _last(found.iter_growth(), "Playing", quiet=as_json)
    if as_json:
        table(True, [dataclasses.asdict(item) for item in rounds], "")
        return
    rows = [
        {
            "policy": item.policy,
            "steps" if item.turn_based else "seconds": f"{point[0]:.1f}",
            "distance": point[1],
            "95 % interval": f"{point[2]:.2f} … {point[3]:.2f}",
            "runs": point[4],
        }
        for item in rounds
        for point in item.points[:: max(1, len(item.points) // 8)]
    ]
    table(False, rows, "Distance to the demonstrated states (1 is usual)")


@cli.command()
def dagger(
    dataset: DatasetName,
    policy: PolicyName = "",
    rounds: Annotated[
        int, typer.Option(min=0, max=50, help="Rounds of the scripted expert (0 = automatic).")
    ] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the networks.")] = 0,
    recordings: Recordings = None,
    as_json: AsJson = False,
) -> None:
    """Compare corrections, as many minutes of demonstrations, and a scripted expert."""
    from teleop import workflows
    from teleop.learning.covariate_shift.human_time import HumanTime

    library = open_library(recordings)
    _, found = workflows.find_policy(library, dataset, policy)
    human = HumanTime(library, find_dataset(library.root, dataset), found.name, seed)
    lines: Any = ()
    with bar("Comparing", as_json) as move:
        for number, (phase, lines) in enumerate(human.run(rounds)):  # noqa: B007
            move(number, number + 1, phase)
    if as_json:
        table(True, [dataclasses.asdict(line) for line in lines], "")
    else:
        _tell_lines(lines)


def _tell_lines(lines: Any) -> None:
    rows = [
        {
            "how": line.title,
            "minutes": point.minutes,
            "success" if point.rate else "return": _value(point),
            "starts": point.episodes,
        }
        for line in lines
        for point in line.points
    ]
    table(False, rows, "Human time and what it reached")
    for line in lines:
        if line.missing:
            tell(f"{line.title}: {line.missing}.")


def _value(point: Any) -> str:
    if point.rate:
        return f"{point.value:.0%} ({point.low:.0%} to {point.high:.0%})"
    return f"{point.value:.1f} ({point.low:.1f} to {point.high:.1f})"
