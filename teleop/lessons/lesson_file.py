"""Reads a lesson's folder and says in one sentence what is wrong with it."""

import difflib
import os
import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from teleop.errors import LessonError, reason
from teleop.lessons.lesson import LESSON_FILE, Content, Lesson
from teleop.text import tr

_LARGEST_FILE = 1_000_000  # bytes; a long lesson in five languages has 40,000
_LARGEST_PICTURE = 8_000_000
_PICTURES = (".png", ".jpg", ".jpeg")


def read_lesson(folder: Path) -> Lesson:
    """Read the lesson in a folder.

    Raises:
        LessonError: the file is missing, too large, no TOML, or says something that is not
            understood; the message names the place and what was expected.
    """
    file = folder / LESSON_FILE
    data = _parsed(file)
    version = data.get("format")
    if isinstance(version, int) and version > 1:
        text = tr(
            "{file} has format {version}, which a newer Teleop wrote; this one reads format 1.",
            file=file,
            version=version,
        )
        raise LessonError(text)
    try:
        content = Content.model_validate(data)
    except ValidationError as problem:
        raise LessonError(_explained(file, problem)) from problem
    lesson = Lesson(folder, content)
    for block in content.block:
        if block.picture is not None:
            _check_picture(folder / block.picture)
    return lesson


def _parsed(file: Path) -> dict[str, Any]:
    try:
        text = _read(file, _LARGEST_FILE).decode("utf-8-sig")
        return tomllib.loads(text)
    except OSError as problem:
        text = tr("{file} cannot be read ({problem}).", file=file, problem=reason(problem))
        raise LessonError(text) from problem
    except UnicodeDecodeError as problem:
        raise LessonError(tr("{file} is not UTF-8 text.", file=file)) from problem
    except tomllib.TOMLDecodeError as problem:
        text = tr("{file} is not valid TOML: {problem}.", file=file, problem=str(problem))
        raise LessonError(text) from problem
    except RecursionError as problem:
        raise LessonError(tr("{file} is nested too deeply.", file=file)) from problem


def _read(file: Path, most: int) -> bytes:
    """Return the bytes of a regular file that is no link and not too large."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with os.fdopen(os.open(file, flags), "rb") as opened:
        if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
            raise LessonError(tr("{file} is not a regular file.", file=file))
        data = opened.read(most + 1)
    if len(data) > most:
        text = tr("{file} is larger than {most} MB.", file=file, most=most // 1_000_000)
        raise LessonError(text)
    return data


def _check_picture(picture: Path) -> None:
    """Check that a picture can be shown.

    Raises:
        LessonError: it is missing, too large, or of another format.
    """
    if picture.suffix.lower() not in _PICTURES:
        text = tr("{picture} cannot be shown: use a .png or .jpg file.", picture=picture)
        raise LessonError(text)
    try:
        _read(picture, _LARGEST_PICTURE)
    except OSError as problem:
        text = tr("{file} cannot be read ({problem}).", file=picture, problem=reason(problem))
        raise LessonError(text) from problem


def _explained(file: Path, problem: ValidationError) -> str:
    """Return the first problem, with its place: `block 3, minutes`."""
    problems = problem.errors(include_url=False)
    # a misspelled key is also a missing one; the misspelling helps more
    first = next((p for p in problems if p["type"] == "extra_forbidden"), problems[0])
    place, known = _place(first["loc"])
    if first["type"] == "extra_forbidden":
        close = difflib.get_close_matches(str(first["loc"][-1]), known, 1)
        said = tr("this key is not known; there are {known}", known=", ".join(sorted(known)))
        if close:
            said = tr("this key is not known; did you mean {name}?", name=close[0])
    else:
        said = _in_words(first)
    return tr("{file}: {place}: {problem}", file=file, place=place, problem=said)


def _in_words(problem: Any) -> str:
    """Return what is wrong with a value, and what was found."""
    kind, found = problem["type"], problem["input"]
    if kind == "missing":
        return tr("this key is missing")
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        return tr("its kind must be predict, do, see or say")
    if kind == "string_pattern_mismatch":
        return tr("expected the name of a file in the lesson's folder, found {found}", found=found)
    said = problem["msg"].removeprefix("Value error, ")
    said = said[:1].lower() + said[1:]
    if kind == "value_error" or not isinstance(found, str | int | float):
        return str(said)
    return tr("{expected}; found {found}", expected=said, found=repr(found)[:80])


def _place(steps: tuple[int | str, ...]) -> tuple[str, list[str]]:
    """Return a place in words, and the keys that are known there."""
    words: list[str] = []
    models: list[type[BaseModel]] = [Content]
    for step in steps:
        kinds = {_kind(model): model for model in models[1:] and models}
        if isinstance(step, int):
            words[-1] = f"{words[-1]} {step + 1}"
        elif step in kinds:  # the kind of block chose the model; the file has no such key
            models = [kinds[step]]
        else:
            words.append(step)
            field = models[0].model_fields.get(step) if models else None
            models = list(_models_in(field.annotation)) if field else models
    return ", ".join(words) or LESSON_FILE, list(models[0].model_fields) if models else []


def _kind(model: type[BaseModel]) -> str:
    """Return the value of `kind` that chooses a model."""
    return str(get_args(model.model_fields["kind"].annotation)[0])


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models that a type annotation names."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)
