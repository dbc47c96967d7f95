"""Grades as files: a table, JSON, and one `results.json` for each student.

The table has a row for each student and a column for each rule, as spreadsheets, otter-grader's
`final_grades.csv` and nbgrader's exports have. Gradescope reads `gradescope/STUDENT.json` as
`results.json` (Gradescope autograder specification, "Output format").
"""

import csv
import io
import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from teleop.classroom.grading import Grade
from teleop.classroom.rubric import Rubric
from teleop.paths import write_texts

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run what begins like this


def write_grades(grades: Sequence[Grade], rubric: Rubric, folder: Path) -> list[Path]:
    """Write the grades into a folder; return the files. The same grades give the same bytes.

    Raises:
        StorageError: the disk cannot be written.
    """
    texts = {
        folder / "grades.csv": grades_csv(grades, rubric),
        folder / "grades.json": _json([_as_dict(grade, rubric) for grade in grades]),
    }
    for grade in grades:
        name = re.sub(r"[^\w.-]", "_", grade.student)[:100] or "_"
        texts[folder / "gradescope" / f"{name}.json"] = _json(_gradescope(grade))
    write_texts(texts)
    return list(texts)


def grades_csv(grades: Sequence[Grade], rubric: Rubric) -> str:
    """Return the table as CSV."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    names = [_cell(rule.name) for rule in rubric.rule]
    writer.writerow(["student", "dataset", *names, "points", "max", "problems"])
    for grade in grades:
        points = [f"{rule.points:g}" for rule in grade.rules]
        problems = "; ".join(grade.problems)
        row = [_cell(grade.student), grade.dataset_id, *points, f"{grade.points:g}"]
        writer.writerow([*row, f"{rubric.most:g}", _cell(problems)])
    return file.getvalue()


def _cell(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _as_dict(grade: Grade, rubric: Rubric) -> dict[str, Any]:
    return asdict(grade) | {"points": grade.points, "max": rubric.most}


def _gradescope(grade: Grade) -> dict[str, Any]:
    tests = [
        {
            "name": rule.name,
            "score": rule.points,
            "max_score": rule.most,
            "output": f"{rule.measure}: {'none' if rule.value is None else f'{rule.value:.6g}'}",
        }
        for rule in grade.rules
    ]
    return {"score": grade.points, "output": "\n".join(grade.problems), "tests": tests}


def _json(data: Any) -> str:
    return json.dumps(data, indent=1, sort_keys=True) + "\n"
