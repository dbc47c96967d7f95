"""Commands about lessons: list them, go through one, check one, print a worksheet."""

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from teleop import paths
from teleop.cli.options import AsJson, Commands, Recordings, bar, say, table, tell
from teleop.cli.play import cli
from teleop.errors import LessonError

lesson = Commands(
    help="Lessons: list them, go through one in the window, check one, print a worksheet.",
    no_args_is_help=True,
)
cli.add_typer(lesson, name="lesson")

LessonName = Annotated[
    str, typer.Argument(metavar="LESSON", help="Name of a lesson, or the folder of one.")
]


@lesson.command("list")
def list_lessons(as_json: AsJson = False) -> None:
    """List the lessons of the course, and your own."""
    from teleop.lessons.course import lesson_folders, own_folder
    from teleop.lessons.lesson_file import read_lesson

    rows = []
    for folder in lesson_folders():
        try:
            found = read_lesson(folder)
        except LessonError as problem:
            row = {"lesson": folder.name, "title": "", "minutes": 0, "problem": str(problem)}
        else:
            title = found.content.title.to("en")
            row = {"lesson": found.name, "title": title, "minutes": round(found.minutes)}
            row["problem"] = ""
        rows.append(row)
    if not any(row["problem"] for row in rows):
        rows = [{k: v for k, v in row.items() if k != "problem"} for row in rows]
    table(as_json, rows, "Lessons")
    if not as_json:
        tell(f"Your own lessons go to {own_folder()}")


@lesson.command("open")
def open_lesson(name: LessonName, recordings: Recordings = None) -> None:
    """Go through a lesson in the window."""
    from teleop.api.open_window import show_window
    from teleop.lessons.course import find_lesson

    found = find_lesson(name)
    root = paths.recordings_folder(Path.cwd(), recordings)
    show_window(found.content.environment, root, lesson=found.folder)


@lesson.command()
def check(
    folder: LessonName,
    seed: Annotated[int, typer.Option(min=0, help="Seed of recording and training.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Check a lesson: its file, what it names, its translations, and what it claims."""
    from teleop.api.lesson_checks import check_parts, iter_assertions
    from teleop.lessons.course import find_lesson

    found = find_lesson(folder)
    remarks = check_parts(found)
    claims = len(found.content.assertion)
    results = []
    with bar("Measuring", as_json) as move:
        for result in iter_assertions(found, seed):
            results.append(result)
            move(len(results), claims, "Measuring")
    if as_json:
        rows = [dataclasses.asdict(result) for result in results]
        say(True, {"lesson": found.name, "remarks": remarks, "assertions": rows}, "")
    else:
        _tell_results(found.name, remarks, results)
    failed = [result for result in results if not result.holds]
    if failed:
        first = failed[0]
        raise LessonError(
            f"{found.name}: the assertion “{first.says}” fails: {first.measure} "
            f"{first.value:.4g}, expected {first.expected}."
        )
    if not claims and not as_json:
        tell("It has no assertions, so nothing shows that it makes its point.")


def _tell_results(name: str, remarks: list[str], results: list) -> None:  # type: ignore[type-arg]
    rows = [
        {
            "assertion": result.says,
            "measured": f"{result.measure} {result.value:.4g}",
            "expected": result.expected,
            "holds": "yes" if result.holds else "NO",
            "seconds": round(result.seconds, 1),
        }
        for result in results
    ]
    if rows:
        table(False, rows, f"Assertions of {name}")
    for remark in remarks:
        tell(remark)
    if all(result.holds for result in results):
        tell(f"{name}: its file and everything that it names is fine.")


@lesson.command()
def worksheet(
    name: LessonName,
    output: Annotated[Path, typer.Option(help="An .html file.")] = Path("worksheet.html"),
    language: Annotated[str, typer.Option(help="Language code of the texts.")] = "en",
    teacher: Annotated[
        bool, typer.Option("--teacher", help="With answers and notes for the teacher.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write a lesson as an HTML page to print."""
    from teleop.lessons.course import find_lesson
    from teleop.lessons.worksheet import worksheet as page

    found = find_lesson(name)
    written = {code for text in found.texts().values() for code in text.codes}
    if written and language not in written:
        known = ", ".join(sorted(written))
        raise LessonError(f"{found.name} is not written in {language!r}; it is written in {known}.")
    if output.suffix != ".html":
        raise LessonError(f"{output} cannot be written: its name must end in .html.")
    paths.write_texts({output: page(found, language, teacher=teacher)})
    say(as_json, {"lesson": found.name, "file": str(output)}, f"Wrote {output}.")


@lesson.command()
def reset(
    name: Annotated[str, typer.Argument(metavar="LESSON", help="One lesson; default: all.")] = "",
    as_json: AsJson = False,
) -> None:
    """Forget what was done in the lessons on this computer; recordings stay."""
    from teleop.lessons.lesson_progress import Progress, ProgressFile

    file = ProgressFile(paths.lessons_file())
    progress = file.read()
    known = sorted(progress.lessons)
    if name and name not in known:
        there = ", ".join(known) or "none"
        raise LessonError(f"Nothing was done in a lesson {name!r}; there is {there}.")
    forgotten = [name] if name else known
    for each in forgotten:
        del progress.lessons[each]
    file.write(Progress(lessons=progress.lessons))
    if set(forgotten) & set(file.read().lessons):
        raise LessonError(f"{paths.lessons_file()} cannot be written; nothing was forgotten.")
    say(as_json, {"forgotten": forgotten}, f"Forgot {', '.join(forgotten) or 'nothing'}.")
