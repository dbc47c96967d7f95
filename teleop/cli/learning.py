"""Training and what belongs to it: profile, learning curve, influence, evaluation, ONNX."""

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from teleop.cli.options import (
    BUDGET_S,
    AsJson,
    Budget,
    DatasetName,
    LogTo,
    On,
    Recordings,
    bar,
    find_dataset,
    logging_to,
    open_library,
    progress,
    say,
    table,
    tell,
)
from teleop.cli.play import cli
from teleop.errors import LearningError

if TYPE_CHECKING:
    from teleop.api.training_log import Log
    from teleop.workflows import EvaluationJob

Set = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option("--set", help="Another setting of the algorithm, as NAME=VALUE; repeatable."),
]
NoReward = Annotated[
    bool,
    typer.Option("--no-reward", help="Do not choose settings by the environment's reward."),
]
AllTakes = Annotated[
    bool, typer.Option("--all-takes", help="Keep every episode, even harmful ones.")
]
Only = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        help="Learn only from these episodes: starred, successes, or numbers such as 1,4-9."
    ),
]


Algorithm = Annotated[
    str,
    typer.Option(
        help="bc, nearest, dagger, practise, iq, gail, airl, maxent, or a module of your own."
    ),
]
Members = Annotated[int, typer.Option(min=0, help="Networks in the ensemble (0 = automatic).")]
Lag = Annotated[int, typer.Option(min=-1, help="Reaction time in steps (-1 = automatic).")]
Steps = Annotated[int, typer.Option(min=0, help="Training steps per network (0 = automatic).")]
Frames = Annotated[int, typer.Option(min=1, help="Observations that the network sees at once.")]
MemoryUnits = Annotated[int, typer.Option("--memory", min=0, help="Units of a GRU (0 = none).")]
Chunk = Annotated[int, typer.Option(min=1, help="Actions planned at once; half are executed.")]
Flow = Annotated[bool, typer.Option("--flow", help="Use flow matching for continuous actions.")]
Insist = Annotated[
    bool, typer.Option("--insist", help="Use these options even if held-out loss gets worse.")
]
StartFrom = Annotated[str, typer.Option("--from", help="Start from this policy's networks.")]
OwnNetwork = Annotated[str, typer.Option(help="Your own network, as package.module:Class.")]
PolicyName = Annotated[str, typer.Option(help="Name of the new policy.")]
Played = Annotated[int, typer.Option(min=0, help="Episodes played to score the policy.")]
Condition = Annotated[
    str, typer.Option(help="Learn the task as an input: one-hot, or tokens (its words).")
]


@cli.command()
def train(
    dataset: DatasetName,
    algorithm: Algorithm = "bc",
    seed: Annotated[int, typer.Option(min=0, help="Fixes weights, batches and splits.")] = 0,
    members: Members = 0,
    lag: Lag = -1,
    steps: Steps = 0,
    frames: Frames = 1,
    memory: MemoryUnits = 0,
    chunk: Chunk = 1,
    flow: Flow = False,
    insist: Insist = False,
    start: StartFrom = "",
    network: OwnNetwork = "",
    budget: Budget = BUDGET_S,
    no_reward: NoReward = False,
    all_takes: AllTakes = False,
    condition: Condition = "",
    only: Only = None,
    settings: Set = None,
    name: PolicyName = "",
    episodes: Played = 20,
    log: LogTo = None,
    recordings: Recordings = None,
    as_json: AsJson = False,
) -> None:
    """Train a policy on a dataset. Ctrl+C keeps the best one so far."""
    from teleop import workflows
    from teleop.learning.networks.distributed import process_group

    asked = (members or None, steps or None, insist, lag if lag >= 0 else None, budget)
    given = _changed((*asked, not no_reward, all_takes, condition)) | _shaped(
        frames, memory, chunk, flow=flow
    )
    with process_group() as rank:
        library = open_library(recordings)
        given |= {"seed": seed} | read_settings(settings) | _own_network(network)
        given |= {"start": find_start(library, dataset, start)} if start else {}
        training = workflows.TrainingJob(library, dataset, algorithm, given, name, only)
        run_training(training, 0 if rank else episodes, log, as_json=as_json, leads=rank == 0)


def _shaped(frames: int, memory: int, chunk: int, *, flow: bool) -> dict[str, Any]:
    """The network's architecture, if it is not the usual one."""
    from teleop.learning.networks.architecture import Architecture

    half = max(1, chunk // 2)
    shape = Architecture(frames=frames, memory=memory, chunk=chunk, execute=half, flow=flow)
    return {"shape": shape} if shape != Architecture() else {}


_USUAL = {
    "members": None,
    "steps": None,
    "insist": False,
    "lag_steps": None,
    "budget_s": BUDGET_S,
    "reward": True,
    "all_takes": False,
    "condition": "",
}


def _changed(asked: tuple[Any, ...]) -> dict[str, Any]:
    """The settings that are not as usual: not every algorithm has all of them."""
    settings = zip(_USUAL.items(), asked, strict=True)
    return {name: value for (name, usual), value in settings if value != usual}


def run_training(
    training: Any, episodes: int, log: LogTo, *, as_json: bool, leads: bool = True
) -> None:
    """Train, save and score; with several processes only the leading one saves and prints."""
    described = training.training_run.described
    with logging_to(log if leads else (), training.folder.name, described) as figures:
        _train(training, episodes, figures, saves=leads, quiet=as_json or not leads)
    if leads:
        said = training.training_run.advice() if training.training_run.scores else ()
        say(as_json, training.result(), "\n".join((*said, f"Saved {training.folder}")))


def _train(training: Any, episodes: int, log: "Log", *, saves: bool, quiet: bool) -> None:
    """Pull a training to its end, saying what it finds."""
    if not quiet:
        for trait in training.training_run.traits:
            mark = "!" if trait.warns else " "
            parts = [part for part in (trait.found, trait.means, trait.done) if part]
            tell(f"{mark} {trait.topic}: {'; '.join(parts)}")
    tried: tuple[Any, ...] = ()
    with bar("Training", quiet) as move:
        for told in training.run(saves=saves):
            move(told.step, told.total, told.phase)
            log(told)
            tried = told.tried or tried
            if told.finding and not quiet:
                tell(f"{'✓' if told.verified else '-'} {told.finding}")
        for played in training.stand(episodes) if episodes else ():
            move(played.done, played.total, f"Playing: {played.who}")
            log(played.score)
    if tried and not quiet:
        table(False, _trials(tried), "Settings that were tried by playing, the chosen one first")
    if training.training_run.scores and not quiet:
        table(
            False, _standings(training.training_run.scores), "Fresh starts (person: the recordings)"
        )


def _trials(tried: tuple[Any, ...]) -> list[dict[str, Any]]:
    """What was tried, in few columns."""
    return [
        {
            "settings": item.words,
            "return": item.mean,
            "success": "" if item.success is None else f"{item.success:.0%}",
            "starts": item.starts,
        }
        for item in tried
    ]


_WHO = {"person": "demonstrations"}  # whoever recorded them


def _standings(scores: list[Any]) -> list[dict[str, Any]]:
    """Who stands where, in few columns."""
    return [
        {
            "who": _WHO.get(score.name, score.name),
            "mean": score.mean,
            "95 % interval": f"{score.low:.1f} … {score.high:.1f}",
            "success": "" if score.success is None else f"{score.success:.0%}",
            "episodes": score.episodes,
        }
        for score in scores
    ]


@cli.command()
def retrain(
    dataset: DatasetName,
    policy: Annotated[str, typer.Argument(help="The corrected policy (default: the newest).")] = "",
    seed: Annotated[int, typer.Option(min=0, help="Fixes weights and batches.")] = 0,
    log: LogTo = None,
    recordings: Recordings = None,
    as_json: AsJson = False,
) -> None:
    """Train again with the corrections, as Retrain in the window does."""
    from teleop import workflows

    retraining = workflows.RetrainingJob(open_library(recordings), dataset, policy, seed)
    described = {"dataset": dataset, "seed": seed}
    with logging_to(log, retraining.name, described) as note, bar("Training", as_json) as move:
        for told in retraining.run():
            move(told.step, told.total, told.phase)
            note(told)
    with bar("Playing fresh starts", as_json) as move:
        for done, total in retraining.play():
            move(done, total, "Playing fresh starts")
    title = f"Mean return alone, round by round; saved {retraining.name}"
    table(as_json, retraining.rows(), title)


@cli.command()
def profile(
    dataset: DatasetName,
    recordings: Recordings = None,
    as_json: AsJson = False,
) -> None:
    """Summarise the data: reaction time, idling, contradictions, coverage, pace."""
    from teleop.learning.data.demonstrations import load_demonstrations
    from teleop.learning.data.profile import profile_of
    from teleop.learning.tuning.lag_search import can_find, iter_lags

    demos = load_demonstrations(find_dataset(recordings, dataset))
    guesses = []
    if can_find(demos):
        with bar("Finding the reaction time", as_json):
            guesses = list(iter_lags(demos, 0))
    rows = [dataclasses.asdict(trait) for trait in profile_of(demos, guesses)]
    title = f"{demos.dataset_id}: {len(demos.used)} episodes, {demos.total_steps:,} steps"
    if not as_json:
        rows = [row | {"warns": "!" if row["warns"] else ""} for row in rows]
    table(as_json, rows, title)


@cli.command()
def curve(
    dataset: DatasetName,
    seed: Annotated[int, typer.Option(min=0, help="Seed.")] = 0,
    episodes: Annotated[int, typer.Option(min=1, help="Episodes played by each policy.")] = 10,
    over: Annotated[
        str,
        typer.Option(
            metavar="NAME=A,B,C",
            help="Another setting instead: episodes=1,2,5, recipe=average,choose,flow, "
            "chunk=1,4,8, steps=100,1000, …",
        ),
    ] = "",
    algorithm: Algorithm = "bc",
    runs: Annotated[int, typer.Option(min=1, help="Policies for each value.")] = 3,
    picture: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="With --over: an .svg file to draw; its values go beside it, as .csv."),
    ] = None,
    on: On = "",
    recordings: Recordings = None,
    as_json: AsJson = False,
) -> None:
    """Measure the learning curve: policies of 1, 2, 5, 10… demonstrations."""
    if over or picture or algorithm != "bc":
        from teleop.cli.setting_curve_command import run_setting_curve

        asked = (dataset, over, algorithm, runs, episodes, seed)
        run_setting_curve(recordings, asked, picture, on, as_json=as_json)
        return
    from teleop import workflows
    from teleop.learning.analysis.curve import counts_for, iter_curve
    from teleop.workers.runners import running

    demos, named, known = workflows.load_for_tuning(open_library(recordings), dataset)
    total = len(counts_for(len(demos.used)))
    with running(on) as runner:
        points = iter_curve(named if on else demos, known, seed, episodes, runner)
        shown = list(progress(points, total, "Learning curve", quiet=as_json))
    table(as_json, [dataclasses.asdict(point) for point in shown], demos.dataset_id)


@cli.command()
def influence(
    dataset: DatasetName,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the networks.")] = 0,
    episodes: Annotated[int, typer.Option(min=2, help="Episodes played by each policy.")] = 20,
    on: On = "",
    recordings: Recordings = None,
    as_json: AsJson = False,
) -> None:
    """Measure which demonstrations help: each is left out in turn."""
    from teleop import workflows
    from teleop.learning.analysis.influence import iter_influence
    from teleop.workers.runners import running

    demos, named, known = workflows.load_for_tuning(open_library(recordings), dataset)
    with running(on) as runner:
        found = iter_influence(named if on else demos, known, seed, episodes, runner)
        listed = list(progress(found, len(demos.used), "Leaving one out", quiet=as_json))
    rows = [
        dataclasses.asdict(item) | {"verdict": item.verdict}
        for item in sorted(listed, key=lambda item: -item.effect)
    ]
    table(as_json, rows, f"{demos.dataset_id}: mean return with it, less without it")


@cli.command()
def evaluate(
    dataset: DatasetName,
    policies: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[POLICY]...",
            help="Policies, script or random (default: the newest policy). Several are compared.",
        ),
    ] = None,
    episodes: Annotated[int, typer.Option(min=1, help="Number of episodes.")] = 20,
    seed: Annotated[int, typer.Option(min=0, help="The first seed.")] = 50_000,
    task: Annotated[str, typer.Option(help="What a policy of several tasks is asked for.")] = "",
    log: LogTo = None,
    on: On = "",
    recordings: Recordings = None,
    as_json: AsJson = False,
) -> None:
    """Play fresh seeds: mean return, 95 % interval, success rate; which of two is better."""
    from teleop import workflows
    from teleop.api.log_targets import check_targets
    from teleop.workers.runners import running

    check_targets(log or ())
    job = workflows.EvaluationJob(open_library(recordings), dataset, policies or (), task)
    total = episodes * job.count
    with running(on) as runner:
        for _ in progress(job.run(episodes, seed, runner), total, "Playing", quiet=as_json):
            pass
    _tell_scores(job, as_json=as_json)
    for score in job.scores() if log else ():
        with logging_to(log, score.name, {"dataset": dataset, "seed": seed}) as note:
            for each in (*job.results[score.name], score):
                note(each)


def _tell_scores(job: "EvaluationJob", *, as_json: bool) -> None:
    rows, pairs = [dataclasses.asdict(score) for score in job.scores()], job.pairs()
    if as_json and pairs:
        found = [dataclasses.asdict(pair) | {"better": pair.better} for pair in pairs]
        say(True, {"scores": rows, "comparisons": found}, "")
        return
    if as_json:
        table(True, rows, job.env_id)
        return
    table(False, [_score_row(row) for row in rows], job.env_id)
    if rule := rows[0]["rule"]:
        tell(f"Success: {rule}.")
    for pair in pairs:
        tell(pair.text)


def _score_row(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "policy": row["name"],
        "episodes": row["episodes"],
        "return": row["mean"],
        "95 % interval": f"{row['low']:.1f} … {row['high']:.1f}",
        "success": "" if row["success"] is None else f"{row['success']:.0%}",
        "steps": row["mean_steps"],
    }


@cli.command()
def onnx(
    dataset: DatasetName,
    policy: Annotated[str, typer.Argument(help="Policy (default: the newest).")] = "",
    output: Annotated[Path, typer.Option(help="The file to write.")] = Path("policy.onnx"),
    recordings: Recordings = None,
    as_json: AsJson = False,
) -> None:
    """Export a policy to ONNX, checked against onnxruntime."""
    from teleop import workflows
    from teleop.learning.networks.onnx_export import export_onnx

    _, found = workflows.find_policy(open_library(recordings), dataset, policy)
    told = export_onnx(found, output)
    text = f"Wrote {output}: {told['inputs']} -> {told['outputs']}, off by {told['error']:.0e}"
    say(as_json, told | {"output": str(output)}, text)


def read_settings(settings: list[str] | None) -> dict[str, Any]:
    """NAME=VALUE pairs, values as JSON where they are, else as words."""
    read: dict[str, Any] = {}
    for item in settings or ():
        name, equals, value = item.partition("=")
        if not equals or not name.isidentifier():
            raise LearningError(f"--set {item} is not understood: write NAME=VALUE, as rounds=3.")
        try:
            read[name] = json.loads(value)
        except ValueError:
            read[name] = value
    return read


def _own_network(network: str) -> dict[str, Any]:
    from teleop.learning.networks.own_network import allow_own

    if not network:
        return {}
    allow_own(network)
    return {"network": network}


def find_start(library: Any, dataset: str, start: str) -> str:
    """Return the folder of a policy, by its name or its path.

    Raises:
        LearningError: there is no such policy.
    """
    folder = find_dataset(library.root, dataset).policies / start
    chosen = folder if folder.is_dir() else Path(start)
    if not chosen.is_dir():
        raise LearningError(f"No policy is called {start}; `teleop show {dataset}` lists them.")
    return str(chosen)
