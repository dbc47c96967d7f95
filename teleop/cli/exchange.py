"""Commands that hand datasets on, and take them in."""

import sys
from pathlib import Path
from typing import Annotated, Optional

import typer

from teleop.cli.options import (
    AsJson,
    DatasetName,
    Debug,
    Imports,
    Recordings,
    find_dataset,
    named_env,
    one_sentence,
    open_library,
    say,
    tell,
)
from teleop.cli.play import cli
from teleop.cli.recordings import Search, Starred, Tag, Verdict
from teleop.errors import RecordingError, TeleopError, sentence


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
    """Export a dataset, or the matching episodes, in another format."""
    from teleop import curation
    from teleop.recording.datasets.query import Query

    with one_sentence(debug):
        chosen = find_dataset(recordings, dataset)
        rows = Query(search, starred, success, tag).of(chosen.rows())
        target, notes = curation.export(chosen, rows, form, output)
        text = "; ".join([f"Wrote {len(rows)} episodes to {target}", *notes])
        found = {"output": str(target), "episodes": len(rows), "notes": notes}
        say(as_json, found, text)


@cli.command("import")
def import_dataset(
    path: Annotated[Path, typer.Argument(help="A .teleop.zip, or a Minari dataset's folder.")],
    name: Annotated[str, typer.Option(help="Dataset id (default: the id in the file).")] = "",
    env: Annotated[
        str, typer.Option(help="The environment, if the dataset does not name one.")
    ] = "",
    recordings: Recordings = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Import a dataset. Its files are checked before they are opened."""
    from teleop import curation

    with one_sentence(debug):
        dataset = open_library(recordings).import_dataset(path, name)
        named = dataset.info().env_id
        wanted = env or ("" if named or as_json else _asked(dataset.dataset_id))
        if wanted and wanted != named:
            try:
                curation.name_environment(dataset, wanted)
            except TeleopError as problem:
                raise RecordingError(
                    f"{dataset.dataset_id} was imported, but its environment could not be set to "
                    f"{wanted}: "
                    f"{sentence(problem)}"
                ) from problem
            named = wanted
        rows = dataset.rows()
        text = f"Imported {dataset.dataset_id}: {len(rows)} episodes"
        text += (
            f" of {named}"
            if named
            else (
                ". It does not name its environment. To set it: "
                f"teleop environment {dataset.dataset_id} ENV"
            )
        )
        found = {"dataset": dataset.dataset_id, "episodes": len(rows), "environment": named}
        say(as_json, found, text)


@cli.command()
def environment(
    dataset: DatasetName,
    env: Annotated[str, typer.Argument(help="The environment it was recorded in.")],
    imports: Imports = None,
    recordings: Recordings = None,
    debug: Debug = False,
) -> None:
    """Set the environment of a dataset that does not name one."""
    from teleop import curation

    with one_sentence(debug):
        chosen = find_dataset(recordings, dataset)
        name = named_env(env, imports)
        curation.name_environment(chosen, name)
        tell(f"The environment of {chosen.dataset_id} is now {name}.")


def _asked(dataset_id: str) -> str:
    """The environment that somebody at the terminal names; empty for none."""
    if not sys.stdin.isatty():
        return ""
    question = f"{dataset_id} does not name its environment. Which one is it? (Enter: skip)"
    return str(typer.prompt(question, default="", show_default=False)).strip()
