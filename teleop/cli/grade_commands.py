"""The command that grades what students handed in."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from teleop.cli.options import AsJson, Debug, bar, one_sentence, say, table, tell
from teleop.cli.play import cli

if TYPE_CHECKING:
    from teleop.classroom.grading import Grade
    from teleop.classroom.report_facts import OnProgress
    from teleop.classroom.rubric import Rubric

_MANY = 4  # bundles from which on several processes are worth their start


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
        from teleop.classroom.handed_in import bundles_in
        from teleop.classroom.rubric import read_rubric

        rules = read_rubric(rubric)
        found = bundles_in(bundles)
        with bar("Grading", as_json) as move:
            grades: list[Grade] = _grades(found, rules, move)
        files = write_grades(grades, rules, output)
        if as_json:
            rows = [dataclasses.asdict(each) | {"points": each.points} for each in grades]
            say(True, {"grades": rows, "files": [str(file) for file in files]}, "")
            return
        shown = [
            {"student": each.student, "points": each.points, "of": rules.most} for each in grades
        ]
        table(False, shown, rules.title or "Grades")
        for each in grades:
            for problem in each.problems:
                tell(f"{each.student}: {problem}")
        if "seed" not in rules.model_fields_set:
            tell("The rubric has no seed: policies played starts that everybody knows.")
        tell(f"Wrote {files[0]}, {files[1]} and {len(files) - 2} files for Gradescope.")


def _grades(bundles: list[Path], rubric: "Rubric", move: "OnProgress") -> list["Grade"]:
    """Grade a few bundles in this process, many in several."""
    from teleop.classroom.grading import iter_grades
    from teleop.workers.worker_pool import WorkerPool

    pool = WorkerPool() if len(bundles) >= _MANY else None
    try:
        return list(iter_grades(bundles, rubric, move, pool))
    finally:
        if pool is not None:
            pool.close()
