"""Commands that hand datasets on, and take them in."""

from pathlib import Path
from typing import Annotated, Optional

import typer

from teleop.cli.options import (
    AsJson,
    DatasetName,
    Debug,
    Recordings,
    find_dataset,
    one_sentence,
    open_library,
    say,
)
from teleop.cli.play import cli
from teleop.cli.recordings import Search, Starred, Tag, Verdict


@cli.command()
def export(
    dataset: DatasetName,
    form: Annotated[
        str, typer.Option("--format", help="bundle, minari, robomimic, lerobot, npz or csv.")
    ] = "bundle",
    output: Annotated[Optional[Path], typer.Option(help="File or folder to write.")] = None,  # noqa: UP045
    search: Search = "",
    starred: Starred = False,
    tag: Tag = "",
    success: Verdict = None,
    recordings: Recordings = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Write a dataset, or the episodes that match, in another program's form."""
    from teleop import curate
    from teleop.recording.query import Query

    with one_sentence(debug):
        chosen = find_dataset(recordings, dataset)
        rows = Query(search, starred, success, tag).of(chosen.rows())
        target, notes = curate.export(chosen, rows, form, output)
        text = "; ".join([f"Wrote {len(rows)} episodes to {target}", *notes])
        found = {"output": str(target), "episodes": len(rows), "notes": notes}
        say(as_json, found, text)


@cli.command("import")
def take_in(
    path: Annotated[Path, typer.Argument(help="A .teleop.zip, or a Minari dataset's folder.")],
    name: Annotated[str, typer.Option(help="Dataset id; default: its own.")] = "",
    recordings: Recordings = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Bring somebody's dataset in. Everything in it is looked at first."""
    with one_sentence(debug):
        dataset = open_library(recordings).take_in(path, name)
        rows = dataset.rows()
        text = f"Brought in {dataset.dataset_id}: {len(rows)} episodes of {dataset.info().env_id}"
        found = {"dataset": dataset.dataset_id, "episodes": len(rows)}
        say(as_json, found, text)
