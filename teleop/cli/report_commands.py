"""Commands about reports: write one, and derive its numbers again from a bundle."""

import difflib
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from teleop import paths
from teleop._version import __version__
from teleop.cli.options import (
    AsJson,
    Commands,
    DatasetName,
    Recordings,
    bar,
    find_dataset,
    say,
    tell,
)
from teleop.cli.play import cli
from teleop.errors import LessonError, ReportError

if TYPE_CHECKING:
    from teleop.classroom.report_facts import LessonAnswers, Report
    from teleop.recording import Dataset

_MOST_TOLD = 20


class _WriteByDefault(TyperGroup):
    """`teleop report DATASET` is `teleop report write DATASET`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] not in self.commands:
            args = ["write", *args]
        return super().resolve_command(ctx, args)


report = Commands(
    help="Write a report that can be checked, or check one. `teleop report DATASET` writes one.",
    no_args_is_help=True,
    cls=_WriteByDefault,
)
cli.add_typer(report, name="report")


@report.command()
def write(
    dataset: DatasetName,
    output: Annotated[Path, typer.Option(help="An .html file.")] = Path("report.html"),
    language: Annotated[str, typer.Option(help="Language code of the page.")] = "en",
    codename: Annotated[str, typer.Option(help="Name on the report; no real name is needed.")] = "",
    lessons: Annotated[
        bool, typer.Option("--lessons/--no-lessons", help="With your answers in the lessons.")
    ] = True,
    recordings: Recordings = None,
    as_json: AsJson = False,
) -> None:
    """Write what was recorded, trained, compared and answered as one HTML file."""
    from teleop.classroom.report_facts import Report, Stated, derive_facts
    from teleop.recording.episodes.fingerprint import fingerprint_of
    from teleop.reports.report_page import write_report
    from teleop.translation import LANGUAGES

    if language not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise ReportError(f"There is no translation into {language!r}; there are {known}.")
    if len(codename) > 40:
        raise ReportError(f"A codename has at most 40 characters; this has {len(codename)}.")
    found = find_dataset(recordings, dataset)
    with bar("Re-simulating", as_json) as move:
        facts = derive_facts(found, move)
    stated = Stated(
        codename=codename,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        app_version=__version__,
        versions=fingerprint_of(facts.env_id),
        language=language,
        lessons=_answers(language) if lessons else (),
    )
    files = write_report(Report(stated=stated, facts=facts), output)
    names = [str(file) for file in files]
    say(as_json, {"files": names}, f"Wrote {names[0]} and {len(names) - 1} files of figures.")


@report.command()
def check(
    file: Annotated[Path, typer.Argument(help="The .html file of a report.")],
    bundle: Annotated[
        Path, typer.Argument(help="The .teleop.zip, or the dataset's folder, that it is about.")
    ],
    as_json: AsJson = False,
) -> None:
    """Derive every number of a report again. Exit code 0: all equal; 3: some differ."""
    from teleop.classroom.report_facts import derive_facts, differences
    from teleop.recording import Library
    from teleop.reports.report_page import read_report

    found, text = read_report(file)
    with tempfile.TemporaryDirectory(prefix="teleop-check-") as folder:
        dataset: Dataset = Library(Path(folder)).import_dataset(bundle)
        with bar("Re-simulating", as_json) as move:
            derived = derive_facts(dataset, move)
    wrong = differences(found.facts, derived) + _edited(found, text)
    if as_json:
        say(True, {"differences": wrong, "equal": not wrong}, "")
    for line in wrong[:_MOST_TOLD] if not as_json else ():
        tell(line)
    if wrong:
        more = len(wrong) - _MOST_TOLD
        if more > 0 and not as_json:
            tell(f"and {more} more")
        raise typer.Exit(3)
    if not as_json:
        tell(f"{file}: every number is as {bundle} gives it.")


def _edited(found: "Report", text: str) -> list[str]:
    """Return what on the page differs from the page that its own data gives."""
    from teleop.reports.report_page import render, words_of

    expected = render(found)
    if expected == text:
        return []
    wanted, there = words_of(expected), words_of(text)
    matcher = difflib.SequenceMatcher(None, wanted, there, autojunk=False)
    differ = [
        f"the page says “{' '.join(there[c:d])[:80]}”, its data “{' '.join(wanted[a:b])[:80]}”"
        for kind, a, b, c, d in matcher.get_opcodes()
        if kind != "equal"
    ]
    return differ or ["a figure, or the layout, of the page was edited"]


def _answers(code: str) -> "tuple[LessonAnswers, ...]":
    """Return what was answered in the lessons on this computer."""
    from teleop.classroom.report_facts import LessonAnswers
    from teleop.lessons.course import lesson_folders
    from teleop.lessons.lesson_file import read_lesson
    from teleop.lessons.lesson_progress import ProgressFile

    progress = ProgressFile(paths.lessons_file()).read()
    folders = {folder.name: folder for folder in lesson_folders()}
    found = []
    for name in folders:
        if name not in progress.lessons or not progress.lessons[name].done:
            continue
        try:
            lesson = read_lesson(folders[name])
        except LessonError:
            continue  # its file was changed meanwhile, so nobody knows what was answered
        answers = tuple(
            _answer(block, progress.of(name).at(index), code)
            for index, block in enumerate(lesson.content.block)
        )
        title = lesson.content.title.to(code)
        found.append(LessonAnswers(name=name, title=title, answers=answers))
    return tuple(found)


def _answer(block: Any, entry: Any, code: str) -> Any:
    from teleop.classroom.report_facts import Answer

    predicted = right = sentence = ""
    if block.kind == "predict":
        if 0 < entry.choice <= len(block.choices):
            predicted = block.choices[entry.choice - 1].to(code)
        right = block.choices[block.answer - 1].to(code) if block.answer else ""
    elif block.kind == "say":
        sentence = f"{block.sentence.to(code)} {entry.text}".strip()
    return Answer(
        title=block.title.to(code),
        kind=block.kind,
        done=entry.done,
        minutes=round(entry.seconds / 60, 2),
        predicted=predicted,
        right=right,
        sentence=sentence,
    )
