"""A lesson as a page to print: for students, and with notes and answers for the teacher."""

import base64
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from teleop import paths
from teleop.lessons.block_words import KIND_WORDS
from teleop.lessons.lesson import Do, Goal, Lesson, Predict, Say
from teleop.text import Text, joined, ntr, tr
from teleop.translation import Language

_LETTERS = "ABCDE"


def worksheet(lesson: Lesson, code: str, *, teacher: bool = False) -> str:
    """Return a lesson as a page in HTML that needs no network and prints on A4 or Letter.

    Args:
        lesson: the lesson.
        code: language code of the texts.
        teacher: whether answers and notes for the teacher are shown.
    """
    language = Language(paths.assets_folder() / "languages", code)
    environment = Environment(
        loader=PackageLoader("teleop.lessons"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    content, notes = lesson.content, lesson.content.teacher
    return environment.get_template("worksheet.html.j2").render(
        code=code,
        teacher=teacher,
        title=content.title.to(code),
        summary=content.summary.to(code),
        facts=_facts(lesson, language),
        words={name: _marked(language.of(text)) for name, text in _words(lesson).items()},
        blocks=[_block(lesson, index, language, code) for index in range(len(content.block))],
        prepare=[text.to(code) for text in notes.prepare],
        remarks=[(r.says.to(code), r.reply.to(code)) for r in notes.remarks],
        claims=[a.says.to(code) for a in content.assertion],
    )


def goal_text(goal: Goal) -> str:
    """Return what must be done in a block, in words; empty if nothing is required."""
    parts: list[str] = []
    if goal.record:
        parts.append(ntr("record {n} episode", "record {n} episodes", goal.record))
    if goal.train:
        parts.append(ntr("train {n} policy", "train {n} policies", goal.train))
    if goal.compare:
        parts.append(
            ntr("watch {n} comparison to the end", "watch {n} comparisons to the end", goal.compare)
        )
    if goal.correct:
        parts.append(ntr("correct {n} episode", "correct {n} episodes", goal.correct))
    return joined(", ", parts)


def minutes_text(minutes: float) -> Text | str:
    """Return a number of minutes in words."""
    return ntr("{n} minute", "{n} minutes", round(minutes))


def _words(lesson: Lesson) -> dict[str, str]:
    return {
        "codename": tr("Codename"),
        "date": tr("Date"),
        "answer": tr("Answer"),
        "example": tr("For example"),
        "prepare": tr("To prepare"),
        "remarks": tr("What students often say"),
        "claims": tr("What this lesson relies on"),
        "reset": tr("To start again"),
        "reset_text": tr(
            "Delete the student's recordings in the library. `teleop lesson reset` forgets what "
            "was done in the lessons on this computer."
        ),
        "measured": tr("`teleop lesson check {name}` measures it.", name=lesson.name),
    }


def _marked(text: str) -> Markup:
    """Return a text in which what stands between backticks is code."""
    parts = [escape(part) for part in text.split("`")]
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if index % 2 else part
        for index, part in enumerate(parts)
    )


def _facts(lesson: Lesson, language: Language) -> str:
    return language.of(
        joined(" · ", (minutes_text(lesson.minutes), lesson.content.environment, lesson.name))
    )


def _block(lesson: Lesson, index: int, language: Language, code: str) -> dict[str, Any]:
    block = lesson.content.block[index]
    found: dict[str, Any] = {
        "number": index + 1,
        "kind": block.kind,
        "kind_text": language.of(KIND_WORDS[block.kind]),
        "title": block.title.to(code),
        "text": block.text.to(code),
        "minutes": language.of(minutes_text(block.minutes)),
        "picture": _embedded(lesson.folder / block.picture) if block.picture else "",
        "goal": "", "choices": [], "answer": "", "sentence": "", "example": "",
    }  # fmt: skip
    if isinstance(block, Predict):
        found["choices"] = list(zip(_LETTERS, (c.to(code) for c in block.choices), strict=False))
        parts = [_LETTERS[block.answer - 1]] if block.answer else []
        parts += [block.explanation.to(code)] if block.explanation else []
        found["answer"] = ". ".join(parts)
    elif isinstance(block, Say):
        found["sentence"] = block.sentence.to(code)
        found["example"] = block.example.to(code) if block.example else ""
    elif isinstance(block, Do):
        found["goal"] = language.of(goal_text(block.goal))
    return found


def _embedded(picture: Path) -> str:
    """Return a picture as an address that holds its bytes."""
    kind = "png" if picture.suffix.lower() == ".png" else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(picture.read_bytes()).decode()}"
