"""Commands about trained policies: list, rename, describe, delete and restore them."""

import dataclasses
import time
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from teleop.cli.options import (
    AsJson,
    DatasetName,
    Recordings,
    find_dataset,
    open_library,
    progress,
    say,
    table,
    tell,
)
from teleop.cli.play import cli
from teleop.envs.drivers import use_offscreen_driver
from teleop.errors import LearningError

PolicyName = Annotated[str, typer.Argument(metavar="POLICY", help="Name of a policy.")]


@cli.command()
def policies(
    dataset: DatasetName,
    trash: Annotated[bool, typer.Option("--trash", help="Show deleted policies instead.")] = False,
    recordings: Recordings = None,
    as_json: AsJson = False,
) -> None:
    """List a dataset's policies: recipe, data, return, success, date, note."""
    from teleop.learning.policy import list_policies
    from teleop.learning.policy_folder import PolicyFolder

    found = find_dataset(recordings, dataset)
    folder = PolicyFolder(found)
    if trash:
        table(as_json, [{"in the trash": name} for name in folder.deleted()], dataset)
    elif as_json:
        table(True, [dataclasses.asdict(row) for row in folder.rows()], dataset)
    else:
        rows = folder.rows()
        table(False, [_row(row) for row in rows], f"Policies of {found.dataset_id}")
        if unreadable := sorted(set(list_policies(found.policies)) - {r.name for r in rows}):
            tell(f"Cannot be read: {', '.join(unreadable)}")
        for row in rows:
            if row.missing:
                tell(f"{row.name}: {row.missing} of the episodes it learned from are gone.")


@cli.command()
def policy(
    dataset: DatasetName,
    name: PolicyName,
    rename: Annotated[str, typer.Option(metavar="NAME", help="Give it another name.")] = "",
    note: Annotated[Optional[str], typer.Option(help="Set its note.")] = None,  # noqa: UP045
    baseline: Annotated[
        Optional[bool],  # noqa: UP045
        typer.Option("--baseline/--no-baseline", help="Show it first, and compare others with it."),
    ] = None,
    delete: Annotated[bool, typer.Option("--delete", help="Move it to the trash.")] = False,
    restore: Annotated[bool, typer.Option("--restore", help="Restore it from the trash.")] = False,
    recordings: Recordings = None,
    as_json: AsJson = False,
) -> None:
    """Rename a policy, note something about it, make it the baseline, delete or restore it."""
    from teleop.learning.policy_folder import PolicyFolder

    folder = PolicyFolder(find_dataset(recordings, dataset))
    described = note is not None or baseline is not None
    if sum((bool(rename), delete, restore, described)) != 1:
        raise LearningError(
            "Say what to do with the policy: --rename, --delete, --restore, or --note and "
            "--baseline."
        )
    if restore:
        name, text = folder.restore(name), "Restored"
    elif rename:
        folder.call(name, rename)
        name, text = rename, "Renamed to"
    elif delete:
        name, text = folder.delete(name), "Deleted; to restore it, use --restore with the name"
    else:
        folder.describe(name, note=note, pinned=baseline)
        text = "Changed"
    say(as_json, {"policy": name}, f"{text} {name}.")


@cli.command()
def film(
    dataset: DatasetName,
    policy: Annotated[str, typer.Argument(help="Policy (default: the newest).")] = "",
    worst: Annotated[int, typer.Option(min=1, max=50, help="Number of its worst episodes.")] = 5,
    episode: Annotated[
        int, typer.Option(min=0, help="A recorded episode instead, with the keys that were held.")
    ] = 0,
    output: Annotated[Path, typer.Option(help="A .mp4, .gif, .webp or .png file.")] = Path(
        "film.mp4"
    ),
    recordings: Recordings = None,
    as_json: AsJson = False,
) -> None:
    """Write a film of the worst test episodes of a policy, or of a recorded episode."""
    from teleop.film_jobs import EpisodeFilmJob, FilmJob

    use_offscreen_driver()
    if episode and policy:
        raise LearningError(
            "A film shows either a policy's worst episodes or a recorded episode: leave out "
            "the policy, or --episode."
        )
    if episode:
        EpisodeFilmJob(open_library(recordings), dataset, episode).run(output)
        say(as_json, {"output": str(output), "episode": episode}, f"Wrote {output}")
        return
    job = FilmJob(open_library(recordings), dataset, policy, worst)
    for _ in progress(job.run(output), len(job.seeds), "Playing", quiet=as_json):
        pass
    found = {"output": str(output), "seeds": job.seeds}
    say(as_json, found, f"Wrote {output}: seeds {', '.join(map(str, job.seeds))}")


def _row(row: Any) -> dict[str, Any]:
    score = row.score
    return {
        "policy": ("★ " if row.pinned else "") + row.name,
        "recipe": row.recipe,
        "episodes": row.episodes,
        "return": None if score is None else score.mean,
        "success": "" if score is None or score.success is None else f"{score.success:.0%}",
        "trained": time.strftime("%Y-%m-%d %H:%M", time.localtime(row.made)),
        "note": row.note,
    }
