"""Commands that hand datasets on, and take them in."""

import dataclasses
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from teleop.cli.options import (
    AsJson,
    DatasetName,
    Imports,
    Recordings,
    bar,
    find_dataset,
    named_env,
    open_library,
    say,
    table,
    tell,
)
from teleop.cli.play import cli
from teleop.cli.recordings import Search, Starred, Tag, Verdict
from teleop.errors import RecordingError, TeleopError, sentence

if TYPE_CHECKING:
    from teleop.recording import Dataset
    from teleop.types.import_preview import ImportPreview


_LICENCE = re.compile(r"^[a-z0-9][a-z0-9.-]{1,60}$")


@cli.command()
def export(
    dataset: DatasetName,
    form: Annotated[
        str,
        typer.Option(
            "--format",
            help="bundle, minari, robomimic, lerobot, lerobot-video, imitation, npz, csv, parquet.",
        ),
    ] = "bundle",
    output: Annotated[Optional[Path], typer.Option(help="File or folder to write.")] = None,  # noqa: UP045
    search: Search = "",
    starred: Starred = False,
    tag: Tag = "",
    success: Verdict = None,
    recordings: Recordings = None,
    as_json: AsJson = False,
) -> None:
    """Export a dataset, or the matching episodes, in another format."""
    from teleop import curation
    from teleop.recording.datasets.query import Query

    chosen = find_dataset(recordings, dataset)
    rows = Query(search, starred, success, tag).of(chosen.rows())
    target, notes = curation.export(chosen, rows, form, output)
    text = "; ".join([f"Wrote {len(rows)} episodes to {target}", *notes])
    found = {"output": str(target), "episodes": len(rows), "notes": notes}
    say(as_json, found, text)


@cli.command("import")
def import_dataset(
    path: Annotated[
        Path,
        typer.Argument(
            help="A .teleop.zip, a folder of Minari or LeRobot, .hdf5 (Minari, robomimic, D4RL, "
            "groups or pairs of arrays), .npz (imitation, plain), or .csv."
        ),
    ],
    name: Annotated[str, typer.Option(help="Dataset id (default: from the file).")] = "",
    env: Annotated[str, typer.Option(help="The environment, if the file does not name one.")] = "",
    observations: Annotated[
        str, typer.Option(help="Arrays or columns that were observed: NAME,NAME.")
    ] = "",
    actions: Annotated[str, typer.Option(help="Array or columns of the actions.")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what the file holds; import nothing.")
    ] = False,
    recordings: Recordings = None,
    as_json: AsJson = False,
) -> None:
    """Import a dataset. Its files are checked before they are opened."""
    from teleop import curation
    from teleop.recording.importing.source import Columns, preview_of

    seen = tuple(part.strip() for part in observations.split(",") if part.strip())
    columns = Columns(seen, actions)
    found = curation.foreign_source(path, columns)
    if dry_run:
        _preview(path, preview_of(found) if found else None, as_json)
        return
    if found and not found.env_id and not env and not as_json:
        env = _asked(path.name)
    library = open_library(recordings)
    dataset = library.import_dataset(path, name, env_id=env, columns=columns)
    _tell_imported(dataset, env, is_foreign=found is not None, as_json=as_json)


def _tell_imported(dataset: "Dataset", env: str, *, is_foreign: bool, as_json: bool) -> None:
    """Say what was imported, after its environment is set or asked for."""
    named = dataset.info().env_id
    wanted = env or ("" if named or is_foreign or as_json else _asked(dataset.dataset_id))
    if wanted and wanted != named:
        named = _named(dataset, wanted)
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
    about = str(dataset.metadata().get("description", "")) if is_foreign else ""
    shown = {"dataset": dataset.dataset_id, "episodes": len(rows), "environment": named}
    say(as_json, shown | ({"about": about} if about else {}), text)
    if about and not as_json:
        tell(about)


def _named(dataset: "Dataset", env: str) -> str:
    """Set the environment of a dataset that is imported already, and return it."""
    from teleop import curation

    try:
        curation.name_environment(dataset, env)
    except TeleopError as problem:
        raise RecordingError(
            f"{dataset.dataset_id} was imported, but its environment could not be set to {env}: "
            f"{sentence(problem)}"
        ) from problem
    return env


def _preview(path: Path, found: "ImportPreview | None", as_json: bool) -> None:
    """Show what an import would bring."""
    if found is None:
        form = "a dataset of Teleop or Minari, which is imported as it is"
        say(as_json, {"form": form}, f"{path} is {form}.")
        return
    rows = [{"array": name, "each row": words} for name, words in found.arrays]
    if as_json:
        typer.echo(json.dumps(dataclasses.asdict(found), indent=1))
        return
    table(False, rows, f"{path.name}: {found.form}")
    tell(f"{found.episodes:,} episodes, {found.steps:,} steps.")
    tell(f"Environment: {found.env_id or 'not named; set it with --env'}.")
    for note in found.notes:
        tell(str(note))


@cli.command()
def publish(
    dataset: DatasetName,
    address: Annotated[
        str,
        typer.Argument(
            help="hf://USER/NAME, file:///FOLDER, s3://BUCKET/FOLDER, sftp://HOST/FOLDER, …"
        ),
    ],
    licence: Annotated[
        str, typer.Option("--licence", "--license", help="Such as cc-by-4.0, cc0-1.0 or mit.")
    ] = "",
    recordings: Recordings = None,
    as_json: AsJson = False,
) -> None:
    """Publish a dataset with its labels, policies and a card. Run it again to go on."""
    from teleop.sharing.publishing import iter_publish
    from teleop.sharing.remote_folder import without_login

    chosen = find_dataset(recordings, dataset)
    if not licence and sys.stdin.isatty() and not as_json:
        licence = str(typer.prompt("Which licence may others use it under? Such as cc-by-4.0"))
    if not _LICENCE.match(licence):
        raise RecordingError(
            "Say which licence others may use it under: --licence cc-by-4.0, cc0-1.0, mit, …"
        )
    done = 0
    with bar("Publishing", as_json) as move:
        for done, total, name in iter_publish(chosen, address, licence):
            move(done, total, name)
    shown = without_login(address)
    found = {"dataset": chosen.dataset_id, "address": shown, "files": done}
    say(as_json, found, f"Published {chosen.dataset_id} to {shown}")


@cli.command()
def fetch(
    address: Annotated[str, typer.Argument(help="Where it was published: hf://USER/NAME, …")],
    name: Annotated[str, typer.Option(help="Dataset id (default: as published).")] = "",
    recordings: Recordings = None,
    as_json: AsJson = False,
) -> None:
    """Fetch a published dataset. Its files are checked before they are opened."""
    from teleop.sharing.fetching import Fetching

    fetching = Fetching(address, open_library(recordings), name)
    with bar("Fetching", as_json) as move:
        for done, total, latest in fetching.run():
            move(done, total, latest)
    if fetching.dataset is not None:
        _tell_imported(fetching.dataset, "", is_foreign=False, as_json=as_json)


@cli.command()
def environment(
    dataset: DatasetName,
    env: Annotated[str, typer.Argument(help="The environment it was recorded in.")],
    imports: Imports = None,
    recordings: Recordings = None,
) -> None:
    """Set the environment of a dataset that does not name one."""
    from teleop import curation

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
