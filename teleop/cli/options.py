"""What all commands share: options, one sentence for a user's error, tables and progress bars."""

import functools
import inspect
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional
from urllib.parse import quote

import typer

from teleop import crash_reports
from teleop.errors import EnvError, TeleopError, sentence

if TYPE_CHECKING:
    from teleop.api.training_log import Log
    from teleop.recording import Dataset

Recordings = Annotated[
    Optional[Path],  # noqa: UP045  typer reads it
    typer.Option(
        "--recordings",
        help="Recordings folder (default: ./recordings if it exists, else your data folder).",
    ),
]
_Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Seed = Annotated[Optional[int], typer.Option("--seed", min=0, help="Seed of the first episode.")]  # noqa: UP045
Budget = Annotated[
    float, typer.Option(min=0, help="Seconds for choosing settings by playing (0 = none).")
]
BUDGET_S = 20.0
LogTo = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option(
        "--log",
        metavar="TARGET",
        help="Also write the figures to jsonl:FILE, tensorboard:FOLDER, wandb:PROJECT or "
        "trackio:PROJECT; repeatable.",
    ),
]
On = Annotated[
    str,
    typer.Option(
        help="Where it runs: local:N (processes), dask://HOST:PORT, or slurm:PARTITION.",
        show_default=False,
    ),
]
DatasetName = Annotated[str, typer.Argument(help="Dataset id, or an environment's id.")]


Imports = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option("--import", help="Package that registers the environment. You confirm it once."),
]
EnvArgs = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option(
        "--arg", help='Argument of the environment: gravity=-5, or JSON: config={"lanes": 2}.'
    ),
]
TimeLimit = Annotated[
    Optional[int],  # noqa: UP045
    typer.Option("--time-limit", min=1, help="Steps after which an episode is truncated."),
]
Wrappers = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option(
        "--wrapper",
        help="Gymnasium wrapper, package.module:Class or ...:Class(stack_size=2); innermost first.",
    ),
]


def named_env(
    env: str,
    imports: list[str] | None,
    arguments: list[str] | None = None,
    time_limit: int | None = None,
    wrappers: list[str] | None = None,
) -> str:
    """The full name of the environment that the options describe.

    Packages and wrappers are imported; on a terminal, new ones are asked about once.

    Raises:
        EnvError: an option means nothing, or something cannot be imported.
    """
    from teleop.envs.naming import parse_name, wrapper_parts

    for package in imports or ():
        _allow("packages", package)
    options = [_quoted(argument) for argument in arguments or ()]
    options += [f"time_limit={time_limit}"] * (time_limit is not None)
    for wrapper in wrappers or ():
        options.append(f"wrapper={quote(wrapper)}")
        parse_name(f"{env}?wrapper={quote(wrapper)}")
        _allow("wrappers", wrapper_parts(wrapper)[0])
    if not options:
        return env
    return str(parse_name(f"{env}{'&' if '?' in env else '?'}{'&'.join(options)}"))


def _quoted(argument: str) -> str:
    """`key=value`, as a name holds it."""
    key, equals, value = argument.partition("=")
    return f"{key}{equals}{quote(value)}"


def _allow(kind: str, name: str) -> None:
    """Import what was typed; ask first, the first time, where somebody can answer."""
    from teleop.envs import trust

    new = not trust.is_remembered(kind, name)
    if new and sys.stdin.isatty():
        question = f"Run the code of {name!r} now, and whenever its environments are opened?"
        if not typer.confirm(question, default=True):
            raise EnvError(f"{name!r} was not imported, so nothing that it provides is available.")
    trust.remember(kind, name)


class Commands(typer.Typer):
    """Commands that end with one sentence when something is wrong, or a traceback on request."""

    def command(self, *args: Any, **options: Any) -> Callable[[Any], Any]:
        """Register a function as a command; the function itself is left as it is."""
        register = super().command(*args, **options)

        def decorate(function: Callable[..., None]) -> Callable[..., None]:
            register(_with_debug(function))
            return function

        return decorate


def _with_debug(function: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(function)
    def command(*args: Any, debug: bool, **options: Any) -> None:
        with _one_sentence(debug):
            function(*args, **options)

    signature = inspect.signature(function)
    debug = inspect.Parameter(
        "debug", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=_Debug
    )
    # Typer reads both
    command.__signature__ = signature.replace(parameters=[*signature.parameters.values(), debug])  # type: ignore[attr-defined]
    command.__annotations__ = function.__annotations__ | {"debug": _Debug}
    return command


@contextmanager
def _one_sentence(debug: bool) -> Iterator[None]:
    """A user's error ends with one sentence and exit code 2."""
    try:
        yield
    except (typer.Exit, typer.Abort):  # an orderly end
        raise
    except KeyboardInterrupt:
        typer.echo("Stopped.", err=True)
        raise typer.Exit(130) from None
    except BrokenPipeError:  # what reads the output, such as `head`, has seen enough
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123  nothing more can be written
        raise typer.Exit(141) from None
    except Exception as problem:
        if debug:
            raise
        text, code = _explained(problem)
        tell(text, err=True)
        raise typer.Exit(code) from None


def _explained(problem: Exception) -> tuple[str, int]:
    """(a sentence about an error, the exit code); a crash also gets a report on this computer."""
    if isinstance(problem, TeleopError):
        return sentence(problem), 2
    if isinstance(problem, OSError) and problem.filename:
        return (
            f"{problem.filename} cannot be used ({problem.strerror}). Another program may have "
            "changed it meanwhile: try again."
        ), 2
    file = crash_reports.write("command", problem)
    where = f" A crash report was saved to {file}; nothing was sent." if file else ""
    return (
        f"Teleop crashed ({sentence(problem)}).{where} Run it again with --debug to see the "
        "traceback.",
        1,
    )


@contextmanager
def logging_to(targets: Sequence[str] | None, run: str, config: dict[str, Any]) -> Iterator["Log"]:
    """A log of one run; targets that were stopped are named at its end."""
    from teleop.api.training_log import Log

    with Log(*targets or (), run=run, config=config) as log:
        yield log
    for problem in log.problems:
        tell(problem, err=True)


def open_library(recordings: Path | None) -> Any:
    """The `Library` that `--recordings` names, else this folder's, else the user's."""
    from teleop.api.episode_dataset import library_in

    return library_in(recordings)


def find_dataset(recordings: Path | None, name: str) -> "Dataset":
    """The `Dataset` that an argument names, by its id or an environment's."""
    from teleop.api.episode_dataset import find_dataset as find

    return find(open_library(recordings), name)


def tell(text: str, *, err: bool = False) -> None:
    """A line for a person: what a stranger wrote in it is no order to the terminal."""
    from teleop.recording.trust.vetting import printable

    typer.echo(printable(text), err=err)


def say(as_json: bool, data: dict[str, Any], text: str) -> None:
    """A result, for scripts or for people."""
    if as_json:
        typer.echo(json.dumps(data, indent=1))
    else:
        tell(text)


def table(as_json: bool, rows: list[dict[str, Any]], title: str) -> None:
    """Rows with the same keys, for scripts or for people."""
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
        return
    from rich.console import Console
    from rich.table import Table

    from teleop.recording.trust.vetting import printable

    shown = Table(title=printable(title), title_justify="left")
    for column in rows[0] if rows else ():
        narrow = isinstance(rows[0][column], int | float)
        shown.add_column(column, overflow="fold", no_wrap=narrow)
    for row in rows:
        shown.add_row(*(_cell(value) for value in row.values()))
    Console().print(shown if rows else f"{printable(title)}: none yet", markup=False)


def _cell(value: Any) -> Any:
    """Plain text: what a stranger wrote is neither markup nor an order to the terminal."""
    from rich.text import Text

    from teleop.recording.trust.vetting import printable

    if isinstance(value, float):
        return Text(f"{value:.2f}")
    return Text("" if value is None else printable(str(value)))


def progress(items: Iterator[Any], total: int, text: str, *, quiet: bool) -> Iterator[Any]:
    """The items, with a bar that moves by one for each."""
    with bar(text, quiet) as move:
        for done, item in enumerate(items, start=1):
            move(done, total, text)
            yield item


@contextmanager
def bar(text: str, quiet: bool) -> Iterator[Any]:
    """A progress bar on a terminal; called with (done, total, words)."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description:28}"), BarColumn(), TimeRemainingColumn())
    console = Console(stderr=True, quiet=quiet)
    with Progress(*columns, console=console, transient=True) as bars:
        task = bars.add_task(text)
        yield lambda done, total, words: bars.update(
            task, completed=done, total=total, description=words
        )
