"""Commands about what is recorded: list, label, trim, delete, merge, check, recover."""

import json
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from teleop.cli.options import (
    AsJson,
    DatasetName,
    On,
    Recordings,
    bar,
    find_dataset,
    open_library,
    progress,
    say,
    table,
    tell,
)
from teleop.cli.play import cli
from teleop.errors import RecordingError

Numbers = Annotated[list[int], typer.Argument(min=1, help="Numbers of episodes.")]
Search = Annotated[
    str,
    typer.Option(help="Only episodes with this text in task, tags, note, marks, driver or seed."),
]
Starred = Annotated[bool, typer.Option("--starred", help="Only starred episodes.")]
Tag = Annotated[str, typer.Option(help="Only episodes with this tag.")]
Verdict = Annotated[
    Optional[bool],  # noqa: UP045  typer reads it
    typer.Option("--success/--failure", help="Only episodes marked as success or failure."),
]
Sort = Annotated[
    str,
    typer.Option(
        help="episode, return, steps, date, seed or driver; prefix with - for descending."
    ),
]


@cli.command("list")
def list_datasets(
    env: Annotated[str, typer.Argument(help="Only datasets of this environment.")] = "",
    recordings: Recordings = None,
    as_json: AsJson = False,
) -> None:
    """List the datasets."""
    from teleop import workflows

    library = open_library(recordings)
    table(as_json, workflows.dataset_rows(library, env or None), f"Datasets in {library.root}")


@cli.command()
def show(
    dataset: DatasetName,
    search: Search = "",
    starred: Starred = False,
    tag: Tag = "",
    success: Verdict = None,
    sort: Sort = "episode",
    trash: Annotated[bool, typer.Option("--trash", help="Show the trash instead.")] = False,
    recordings: Recordings = None,
    as_json: AsJson = False,
) -> None:
    """Show a dataset's episodes and policies."""
    from teleop import curation
    from teleop.recording.datasets.query import Query

    if trash:
        names = find_dataset(recordings, dataset).writer.trash.names()
        rows = [{"number": int(name[:6]) + 1, "in the trash": name} for name in names]
        table(as_json, rows, dataset)
        return
    query = Query(search, starred, success, tag, sort=sort)
    found = find_dataset(recordings, dataset)
    rows, policies, damaged = curation.episode_rows(found, query)
    if as_json:
        shown = {"episodes": rows, "policies": policies, "damaged": damaged}
        typer.echo(json.dumps(shown, indent=1))
        return
    table(False, _told(rows), dataset)
    tell(f"Policies: {', '.join(policies) or 'none yet'}")
    for name in damaged:
        tell(f"Damaged: {name} (see `teleop recover`)")
    if found.label_damage:
        tell(found.label_damage)


Labelled = Annotated[Optional[list[int]], typer.Argument(min=1, help="Numbers of episodes.")]  # noqa: UP045
Every = Annotated[bool, typer.Option("--all", help="All episodes.")]
Star = Annotated[Optional[bool], typer.Option("--star/--unstar", help="Star or unstar.")]  # noqa: UP045
AddTag = Annotated[Optional[list[str]], typer.Option(help="Add a tag.")]  # noqa: UP045
Untag = Annotated[Optional[list[str]], typer.Option(help="Remove a tag.")]  # noqa: UP045
NoteText = Annotated[Optional[str], typer.Option(help="A note; replaces the old one.")]  # noqa: UP045
Judged = Annotated[
    Optional[bool],  # noqa: UP045
    typer.Option("--success/--failure", help="Whether the task was solved."),
]
Unjudged = Annotated[bool, typer.Option("--unjudged", help="Remove the success or failure mark.")]
CodenameText = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(help='What the driver is called in a class; "" removes it.'),
]
TaskText = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(help='What is done in them, in one line; "" removes it.'),
]
MarksText = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(metavar="STEP NAME, …", help='Named moments: "120 grasp, 240 lift".'),
]


@cli.command()
def label(
    dataset: DatasetName,
    episodes: Labelled = None,
    every: Every = False,
    star: Star = None,
    tag: AddTag = None,
    untag: Untag = None,
    note: NoteText = None,
    success: Judged = None,
    unjudged: Unjudged = False,
    codename: CodenameText = None,
    task: TaskText = None,
    marks: MarksText = None,
    recordings: Recordings = None,
    as_json: AsJson = False,
) -> None:
    """Star, tag, name or annotate episodes, or mark them as success or failure."""
    from teleop import curation
    from teleop.types.metadata import marks_from

    chosen = find_dataset(recordings, dataset)
    if not episodes and not every:
        raise RecordingError("Name the episodes by their numbers, or all of them with --all.")
    rows = chosen.rows() if every else curation.find_rows(chosen, episodes or [])
    given = {"starred": star, "note": note, "success": success, "codename": codename}
    named = {"task": task, "marks": None if marks is None else marks_from(marks)}
    changes: dict[str, Any] = {key: v for key, v in (given | named).items() if v is not None}
    changes |= {"success": None} if unjudged else {}
    found = curation.label(chosen, rows, tag or (), untag or (), **changes)
    table(as_json, found, chosen.dataset_id)


@cli.command()
def trim(
    dataset: DatasetName,
    episodes: Numbers,
    first: Annotated[int, typer.Option(min=0, help="First step to keep.")] = 0,
    end: Annotated[int, typer.Option(min=0, help="Step after the last one to keep (0 = all).")] = 0,
    idle: Annotated[bool, typer.Option("--idle", help="Leave out idle ends.")] = False,
    whole: Annotated[bool, typer.Option("--whole", help="Undo a trim.")] = False,
    recordings: Recordings = None,
    as_json: AsJson = False,
) -> None:
    """Leave the ends of episodes out of training and exports; the files stay whole."""
    from teleop import curation

    chosen = find_dataset(recordings, dataset)
    found = []
    for row in curation.find_rows(chosen, episodes):
        kept = curation.idle_ends(chosen, row) if idle else (first, end or row.total_steps)
        change = None if whole else kept
        chosen.label(row.uuid, trim=change)
        steps = row.total_steps if change is None else change[1] - change[0]
        where = "whole" if change is None else f"{change[0]}-{change[1]}"
        found.append({"episode": row.number, "trim": where, "steps": steps})
    table(as_json, found, chosen.dataset_id)


@cli.command()
def delete(
    dataset: DatasetName,
    episodes: Numbers,
    recordings: Recordings = None,
) -> None:
    """Move episodes to the trash; `teleop restore` restores them."""
    from teleop import curation

    chosen = find_dataset(recordings, dataset)
    curation.delete(chosen, curation.find_rows(chosen, episodes))
    numbers = " ".join(str(number) for number in episodes)
    tell(f"Moved to the trash. To restore: teleop restore {chosen.dataset_id} {numbers}")


@cli.command()
def restore(
    dataset: DatasetName,
    names: Annotated[list[str], typer.Argument(help="Numbers, or names in the trash.")],
    recordings: Recordings = None,
) -> None:
    """Restore episodes and discarded takes from the trash (`teleop show --trash`)."""
    from teleop import curation

    numbers = curation.restore(find_dataset(recordings, dataset), names)
    tell("Restored: episode " + ", ".join(str(number) for number in numbers))


@cli.command()
def purge(
    dataset: DatasetName,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    recordings: Recordings = None,
) -> None:
    """Delete a dataset's trash permanently. This cannot be undone."""
    from teleop import curation

    chosen = find_dataset(recordings, dataset)
    names = chosen.writer.trash.names()
    if not names:
        tell(f"The trash of {chosen.dataset_id} is empty.")
        return
    if not yes:
        typer.confirm(f"Delete {len(names)} episodes and takes permanently?", abort=True)
    tell(f"Permanently deleted: {len(curation.purge(chosen))}")


@cli.command()
def merge(
    target: Annotated[str, typer.Argument(help="Target dataset id; created if it does not exist.")],
    sources: Annotated[list[str], typer.Argument(help="Dataset ids to copy from.")],
    recordings: Recordings = None,
    as_json: AsJson = False,
) -> None:
    """Copy several datasets into one; duplicates are skipped."""
    library = open_library(recordings)
    added, doubles = library.merge(target, sources)
    text = f"Added {added} episodes to {target}; {doubles} were there already"
    say(as_json, {"dataset": target, "added": added, "already_there": doubles}, text)


@cli.command()
def split(
    dataset: DatasetName,
    into: Annotated[
        list[str], typer.Option(help="Target and share, as NAME-v0=SHARE; repeatable.")
    ],
    seed: Annotated[int, typer.Option(min=0, help="Seed of the random split.")] = 0,
    search: Search = "",
    starred: Starred = False,
    tag: Tag = "",
    success: Verdict = None,
    recordings: Recordings = None,
    as_json: AsJson = False,
) -> None:
    """Copy all or matching episodes into new datasets, at random by shares."""
    from teleop import curation
    from teleop.recording.datasets.query import Query

    chosen = find_dataset(recordings, dataset)
    rows = Query(search, starred, success, tag).of(chosen.rows())
    parts = curation.shares(rows, into, seed)
    open_library(recordings).split(chosen.dataset_id, parts)
    found = [{"dataset": name, "episodes": len(part)} for name, part in parts.items()]
    table(as_json, found, chosen.dataset_id)


@cli.command()
def rename(
    old: Annotated[str, typer.Argument(help="Dataset id.")],
    new: Annotated[str, typer.Argument(help="New dataset id.")],
    recordings: Recordings = None,
) -> None:
    """Change a dataset's id; its policies and trash move with it."""
    open_library(recordings).rename(old, new)
    tell(f"{old} is now {new}")


@cli.command()
def verify(
    dataset: DatasetName,
    on: On = "",
    recordings: Recordings = None,
    as_json: AsJson = False,
) -> None:
    """Re-simulate every episode. Exit code 0: all exact; 3: some diverge; 1: some unreadable."""
    from teleop import curation
    from teleop.workers.runners import running

    chosen = find_dataset(recordings, dataset)
    total = len(chosen.rows()) + len(chosen.damaged())
    with running(on) as runner:
        checked = progress(curation.verify(chosen, runner), total, "Checking", quiet=as_json)
        rows = [
            {"episode": number, "verdict": verdict, "finding": text}
            for number, verdict, text in checked
        ]
    code = curation.exit_code([row["verdict"] for row in rows])
    odd = [row for row in rows if row["verdict"] != "exact"]
    if as_json or odd:
        table(as_json, rows if as_json else odd, chosen.dataset_id)
    if not as_json:
        tell(f"{len(rows) - len(odd)} of {total} episodes are exact.")
    raise typer.Exit(code)


@cli.command()
def recover(
    path: Annotated[Path, typer.Argument(help="Damaged dataset folder, HDF5, journal or bundle.")],
    into: Annotated[str, typer.Option(help="Dataset id for the extracted episodes.")] = "",
    recordings: Recordings = None,
    as_json: AsJson = False,
) -> None:
    """Extract intact episodes from damaged files. Exit code 0: all; 3: some lost; 1: none."""
    from teleop import curation

    with bar("Recovering", as_json):
        dataset_id, report = curation.recover(path, open_library(recordings), into)
    found = {"dataset": dataset_id, "saved": report.saved, "lost": report.lost}
    many = "episode" if len(report.saved) == 1 else "episodes"
    saved = f"Saved {len(report.saved)} {many} to {dataset_id}"
    lines = [saved if report.saved else "Nothing could be saved."]
    lines += [f"Lost: {line}" for line in report.lost]
    say(as_json, found, "\n".join(lines))
    raise typer.Exit(1 if not report.saved else 3 if report.lost else 0)


def _told(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows for a narrow terminal: what was said and found about an episode in one column."""
    return [{key: row[key] for key in _SHOWN} | {"about": _about(row)} for row in rows]


_SHOWN = ("episode", "return", "steps", "seed", "driver")


def _about(row: dict[str, Any]) -> str:
    trim = f"trimmed to {row['trim']}" if row["trim"] else ""
    replay = f"replay {row['replay']}" if row["replay"] else ""
    recovered = "recovered" if row["recovered"] else ""
    star = "★" if row["starred"] else ""
    parts = (star, row["verdict"], row["codename"], row["task"], row["tags"], row["note"], trim)
    return " · ".join(part for part in (*parts, recovered, replay, row["flags"]) if part)
