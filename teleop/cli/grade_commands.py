"""The command that grades what students handed in."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from teleop.cli.options import AsJson, Debug, bar, one_sentence, say, table, tell
from teleop.cli.play import cli

if TYPE_CHECKING:
    from teleop.classroom.grading import Grade


@cli.command()
def grade(
    bundles: Annotated[
        list[Path], typer.Argument(help="Bundles (.teleop.zip), or folders of them.")
    ],
    rubric: Annotated[Path, typer.Option(help="The rules: a rubric.toml.")],
    output: Annotated[Path, typer.Option(help="Folder for the grades.")] = Path("grades"),
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Grade bundles by a rubric: takes are re-simulated, policies play your own starts."""
    with one_sentence(debug):
        from teleop.classroom.grade_files import write_grades
        from teleop.classroom.grading import bundles_in, iter_grades
        from teleop.classroom.rubric import read_rubric

        rules = read_rubric(rubric)
        found = bundles_in(bundles)
        grades: list[Grade] = []
        with bar("Grading", as_json) as move:
            inside = len(grades)

            def show(done: int, total: int, what: str) -> None:
                move(inside * 100 + 100 * done // max(1, total), 100 * len(found), what)

            for each in iter_grades(found, rules, show):
                grades.append(each)
                inside = len(grades)
        files = write_grades(grades, rules, output)
        rows = [
            {
                "student": each.student,
                **{rule.name: rule.points for rule in each.rules},
                "points": each.points,
                "problems": "; ".join(each.problems),
            }
            for each in grades
        ]
        if as_json:
            say(True, {"grades": rows, "files": [str(file) for file in files]}, "")
            return
        table(False, rows, rules.title or "Grades")
        tell(f"Wrote {files[0]}, {files[1]} and {len(files) - 2} files for Gradescope.")
