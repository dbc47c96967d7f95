"""Commands about a class: hand in, list what was handed in, learn from all, and grade."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from teleop import paths
from teleop.cli.options import (
    BUDGET_S,
    AsJson,
    Budget,
    Commands,
    DatasetName,
    On,
    Recordings,
    bar,
    find_dataset,
    say,
    table,
    tell,
)
from teleop.cli.play import cli
from teleop.errors import ReportError

if TYPE_CHECKING:
    from teleop.classroom.class_folder import ClassFolder
    from teleop.classroom.grading import Grade
    from teleop.classroom.report_facts import OnProgress
    from teleop.classroom.rubric import Rubric
    from teleop.types.class_results import ClassFindings, StudentRow
    from teleop.workers.runners import Runner

classroom = Commands(
    help="A class: list what it handed in, learn from all, take a student's data out.",
    no_args_is_help=True,
)
cli.add_typer(classroom, name="class")

_MANY = 4  # bundles from which on several processes are worth their start
ClassFolderPath = Annotated[
    Path, typer.Argument(metavar="FOLDER", help="The folder into which the class hands in.")
]


@cli.command("hand-in")
def hand_in(
    dataset: DatasetName,
    folder: ClassFolderPath,
    codename: Annotated[str, typer.Option(help="What you call yourself in the class.")],
    recordings: Recordings = None,
    as_json: AsJson = False,
) -> None:
    """Write your recordings and policies, as one file, into the folder of your class."""
    from teleop.classroom.hand_in import hand_in as write

    target = write(find_dataset(recordings, dataset), folder, codename)
    say(as_json, {"file": str(target)}, f"Handed in {target}")


@classroom.command("open")
def open_class(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[FOLDER]", help="The folder into which the class hands in."),
    ] = None,
    recordings: Recordings = None,
) -> None:
    """Watch the folder of a class in the window."""
    from teleop.api.open_window import DEFAULT_ENV, show_window

    if folder is not None and not folder.is_dir():
        raise ReportError(f"There is no folder {folder}; name the one the class hands in to.")
    root = paths.recordings_folder(Path.cwd(), recordings)
    show_window(DEFAULT_ENV, root, screen="class", class_folder=folder)


@classroom.command("list")
def list_class(folder: ClassFolderPath, on: On = "local", as_json: AsJson = False) -> None:
    """List what a class handed in; every take is re-simulated, every policy plays 20 starts."""
    from teleop.classroom.taken_out import TakenOut
    from teleop.workers.runners import running

    with running(on) as runner:
        read = _read(folder, runner, as_json)
    rows = read.rows(TakenOut(paths.classes_file()).uuids)
    shown = [_shown(row) for row in rows]
    if as_json:
        say(True, {"students": [dataclasses.asdict(row) for row in rows]}, "")
        return
    table(False, shown, folder.absolute().name)
    for row in rows:
        for problem in row.problems:
            tell(f"{row.student}: {problem}")


@classroom.command()
def study(
    folder: ClassFolderPath,
    output: Annotated[Path, typer.Option(help="Folder for the tables and figures.")] = Path(
        "class-study"
    ),
    seed: Annotated[int, typer.Option(min=0, help="Seed of groups and policies.")] = 0,
    budget: Budget = BUDGET_S,
    on: On = "local",
    recordings: Recordings = None,
    as_json: AsJson = False,
) -> None:
    """Train a policy on all episodes that count, and find out who taught best."""
    root = paths.recordings_folder(Path.cwd(), recordings)
    found = _studied(folder, root, (seed, budget), on, as_json)
    files = _write_study(found, output)
    if as_json:
        data = dataclasses.asdict(found) | {"files": [str(file) for file in files]}
        say(True, data, "")
        return
    _tell_study(found)
    tell(f"Wrote {len(files)} files to {output}")


@classroom.command("take-out")
def take_out(
    folder: ClassFolderPath,
    student: Annotated[str, typer.Argument(help="The codename.")],
    back: Annotated[bool, typer.Option("--back", help="Put the data back in.")] = False,
    recordings: Recordings = None,
    as_json: AsJson = False,
) -> None:
    """Take a student's data out: it is deleted here for good, and its policies are marked."""
    from teleop.classroom.class_dataset import take_out as take
    from teleop.classroom.taken_out import TakenOut
    from teleop.recording import Library

    library = Library(paths.recordings_folder(Path.cwd(), recordings))
    out = TakenOut(paths.classes_file())
    deleted, marked = take(library, folder, student, out, back=back)
    data = {"student": student, "is_out": not back, "deleted": deleted, "marked": marked}
    text = f"{student} counts again." if back else f"{student} does not count any more."
    if deleted:
        text += f" {deleted} of their episodes were deleted from your recordings."
    if marked:
        text += f" Train again: {', '.join(marked)} learned from them."
    say(as_json, data, text)


def _read(folder: Path, runner: "Runner", quiet: bool) -> "ClassFolder":
    """Read everything in a folder."""
    from teleop.classroom.class_folder import ClassFolder

    found = ClassFolder(folder, runner)
    found.look(waits=False)
    with bar("Re-simulating", quiet) as move:
        for _ in found.iter_read(move):
            pass
    return found


def _studied(
    folder: Path, root: Path, settings: tuple[int, float], on: str, quiet: bool
) -> "ClassFindings":
    from teleop.classroom.class_dataset import update_class_dataset
    from teleop.classroom.class_study import ClassStudy
    from teleop.classroom.taken_out import TakenOut
    from teleop.recording import Library
    from teleop.workers.runners import running

    out = TakenOut(paths.classes_file()).uuids
    with running(on) as runner:
        read = _read(folder, runner, quiet)
        root.mkdir(parents=True, exist_ok=True)
        dataset = update_class_dataset(Library(root), folder, read.handed_in(), out)
        made = ClassStudy(dataset, root.resolve(), runner, *settings)
        with bar("Learning", quiet) as move:
            for part in made.run():
                move(part.done, part.total, str(part.phase))
        return made.found


def _write_study(found: "ClassFindings", output: Path) -> list[Path]:
    """Write the tables as CSV, the figures as SVG and CSV; return the files."""
    from teleop.ui.charts.figure_files import figure_csv, figure_svg
    from teleop.ui.classroom.class_figures import growth_figure, teachers_figure
    from teleop.ui.drawing.theme import PAPER

    figures = {"growth": growth_figure(found, PAPER), "who-taught-best": teachers_figure(found)}
    texts = {}
    for name, figure in figures.items():
        texts[output / f"{name}.svg"] = figure_svg(figure)
        texts[output / f"{name}.csv"] = figure_csv(figure)
    lines = ["student,success,mean,low,high,minutes,per_minute"]
    for each in found.best_first:
        values = (each.success, each.mean, each.low, each.high, each.minutes, each.per_minute)
        cells = ["" if value is None else f"{value:.8g}" for value in values]
        lines.append(",".join([each.student, *cells]))
    texts[output / "teachers.csv"] = "\n".join(lines) + "\n"
    paths.write_texts(texts)
    return list(texts)


def _tell_study(found: "ClassFindings") -> None:
    from teleop.ui.classroom.class_figures import verdict_text

    growth = [
        {
            "students": point.teachers,
            "success": _share(point.success[0] if point.success else None),
            "mean return": round(point.mean, 1),
            "95 % interval of it": f"{point.low:.1f} … {point.high:.1f}",
        }
        for point in found.growth
    ]
    table(False, growth, "Policies of more and more students (same settings, no take left out)")
    teachers = [
        {
            "student": each.student,
            "success": _share(each.success),
            "mean return": round(each.mean, 1),
            "minutes": round(each.minutes, 2),
            "gained over random, per minute": None
            if each.per_minute is None
            else round(each.per_minute),
        }
        for each in found.best_first
    ]
    table(False, teachers, "Who taught best")
    tell(f"The class policy is {found.policy} of {found.dataset_id}.")
    tell(str(verdict_text(found)))


def _shown(row: "StudentRow") -> dict[str, object]:
    return {
        "student": row.student + (" (out)" if row.is_out else ""),
        "takes": row.takes,
        "minutes": round(row.minutes, 2),
        "return": None if row.mean is None else round(row.mean, 1),
        "success": _share(row.success),
        "policy": _reached(row),
        "exact": f"{row.exact} of {row.episodes}",
        "problems": len(row.problems) or "",
    }


def _reached(row: "StudentRow") -> str:
    """Return the success of the best policy, or its mean return where nothing tells success."""
    if row.policy_success is None and row.policy_mean is not None:
        return f"{row.policy_mean:.1f}"
    return _share(row.policy_success)


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.0%}"


@cli.command()
def grade(
    bundles: Annotated[
        list[Path], typer.Argument(help="Bundles (.teleop.zip), or folders of them.")
    ],
    rubric: Annotated[Path, typer.Option(help="The rules: a rubric.toml.")],
    output: Annotated[Path, typer.Option(help="Folder for the grades.")] = Path("grades"),
    on: On = "",
    as_json: AsJson = False,
) -> None:
    """Grade bundles by a rubric: takes are re-simulated, policies play your own starts."""
    from teleop.classroom.grade_files import write_grades
    from teleop.classroom.handed_in import bundles_in
    from teleop.classroom.rubric import read_rubric

    rules = read_rubric(rubric)
    found = bundles_in(bundles)
    with bar("Grading", as_json) as move:
        grades: list[Grade] = _grades(found, rules, on, move)
    files = write_grades(grades, rules, output)
    if as_json:
        rows = [dataclasses.asdict(each) | {"points": each.points} for each in grades]
        say(True, {"grades": rows, "files": [str(file) for file in files]}, "")
        return
    shown = [{"student": each.student, "points": each.points, "of": rules.most} for each in grades]
    table(False, shown, rules.title or "Grades")
    for each in grades:
        for problem in each.problems:
            tell(f"{each.student}: {problem}")
    if "seed" not in rules.model_fields_set:
        tell("The rubric has no seed: policies played starts that everybody knows.")
    tell(f"Wrote {files[0]}, {files[1]} and {len(files) - 2} files for Gradescope.")


def _grades(bundles: list[Path], rubric: "Rubric", on: str, move: "OnProgress") -> list["Grade"]:
    """Grade a few bundles in this process, many in several."""
    from teleop.classroom.grading import iter_grades
    from teleop.workers.runners import running

    on = on or ("local" if len(bundles) >= _MANY else "")
    with running(on) as runner:
        return list(iter_grades(bundles, rubric, move, runner if on else None))
