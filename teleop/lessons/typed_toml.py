"""Reads a TOML file into a typed model, and says in one sentence what is wrong with it."""

import difflib
import os
import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from teleop.errors import TeleopError, reason
from teleop.text import tr

_LARGEST = 1_000_000  # bytes; a long lesson in five languages has 40,000
_FORMAT = 1
_Model = TypeVar("_Model", bound=BaseModel)


def read_typed_toml(file: Path, model: type[_Model], error: type[TeleopError]) -> _Model:
    """Read a TOML file whose keys are the fields of a model.

    Args:
        file: the file.
        model: the model.
        error: class of the error to raise.

    Raises:
        error: the file cannot be read, is no TOML, is of a newer format, or says something that is
            not understood; the message names the place and what was expected.
    """
    data = _parsed(file, error)
    version = data.get("format")
    if isinstance(version, int) and version > _FORMAT:
        text = tr(
            "{file} has format {version}, which a newer Teleop wrote; this one reads format 1.",
            file=file,
            version=version,
        )
        raise error(text)
    try:
        return model.model_validate(data)
    except ValidationError as problem:
        raise error(_explained(file, problem, model)) from problem


def read_regular_file(file: Path, most: int, error: type[TeleopError]) -> bytes:
    """Return the bytes of a file that is no link, no device, and not too large.

    Raises:
        error: it is none of that, or it cannot be read.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        with os.fdopen(os.open(file, flags), "rb") as opened:
            regular = stat.S_ISREG(os.fstat(opened.fileno()).st_mode)
            data = opened.read(most + 1) if regular else b""
    except OSError as problem:
        text = tr("{file} cannot be read ({problem}).", file=file, problem=reason(problem))
        raise error(text) from problem
    if not regular:
        raise error(tr("{file} is not a regular file.", file=file))
    if len(data) > most:
        raise error(tr("{file} is larger than {most} MB.", file=file, most=most // 1_000_000))
    return data


def _parsed(file: Path, error: type[TeleopError]) -> dict[str, Any]:
    data = read_regular_file(file, _LARGEST, error)
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as problem:
        raise error(tr("{file} is not UTF-8 text.", file=file)) from problem
    except tomllib.TOMLDecodeError as problem:
        text = tr("{file} is not valid TOML: {problem}.", file=file, problem=str(problem))
        raise error(text) from problem
    except RecursionError as problem:
        raise error(tr("{file} is nested too deeply.", file=file)) from problem


def _explained(file: Path, problem: ValidationError, model: type[BaseModel]) -> str:
    """Return the first problem, with its place: `block 3, minutes`."""
    problems = problem.errors(include_url=False)
    # a misspelled key is also a missing one; the misspelling helps more
    first = next((p for p in problems if p["type"] == "extra_forbidden"), problems[0])
    place, known = _place(first["loc"], model)
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
    if kind == "union_tag_not_found":
        return tr("its kind is missing")
    if kind == "union_tag_invalid":
        known, kind = problem["ctx"]["expected_tags"], problem["ctx"]["tag"]
        return tr("its kind must be one of {known}; found {found}", known=known, found=repr(kind))
    if kind == "string_pattern_mismatch":
        return tr("expected the name of a file in the same folder, found {found}", found=found)
    said = problem["msg"].removeprefix("Value error, ")
    said = said[:1].lower() + said[1:]
    if kind == "value_error" or not isinstance(found, str | int | float):
        return str(said)
    return tr("{expected}; found {found}", expected=said, found=repr(found)[:80])


def _place(steps: tuple[int | str, ...], model: type[BaseModel]) -> tuple[str, list[str]]:
    """Return a place in words, and the keys that are known there."""
    words: list[str] = []
    models: list[type[BaseModel]] = [model]
    for step in steps:
        kinds = {_kind(one): one for one in models[1:] and models}
        if isinstance(step, int):
            words[-1] = f"{words[-1]} {step + 1}"
        elif step in kinds:  # the kind of block chose the model; the file has no such key
            models = [kinds[step]]
        else:
            words.append(step)
            field = models[0].model_fields.get(step) if models else None
            models = list(_models_in(field.annotation)) if field else models
    return ", ".join(words) or tr("the file"), list(models[0].model_fields) if models else []


def _kind(model: type[BaseModel]) -> str:
    """Return the value of `kind` that chooses a model."""
    return str(get_args(model.model_fields["kind"].annotation)[0])


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models that a type annotation names."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)
