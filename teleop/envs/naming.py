"""Full environment names: the Gymnasium id and all options that differ from the defaults.

`LunarLander-v3?gravity=-5.0&time_limit=300` is one string. Messages, datasets and policies store
it, so that every process creates the same environment.
"""

import ast
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote

from teleop.errors import EnvError

_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,40}")
_WORD = re.compile(r"[A-Za-z0-9_.-]{1,60}")
_WRAPPER = re.compile(r"([A-Za-z_][\w.]{0,80}:[A-Za-z_]\w{0,60})(?:\((.{0,200})\))?", re.DOTALL)
_OURS = frozenset(
    ["render_mode", "disable_env_checker", "id", "max_episode_steps", "time_limit", "wrapper"]
)
_MOST = 16  # options
_SHOWN = ".:_-()[]{},=\"'"  # characters that are not percent-encoded
_DEEPEST = 4  # nesting levels of dicts and lists
_LONGEST = 2000  # characters of one value, as JSON


@dataclass(frozen=True, slots=True)
class EnvName:
    """The parts of an environment's full name.

    Attributes:
        env_id: Gymnasium id.
        kwargs: arguments of the environment: numbers, booleans, words, and lists and dicts of
            these.
        time_limit: steps after which an episode is truncated; None: the environment's own limit.
        wrappers: Gymnasium wrappers as `module:Class` or `module:Class(name=value)`, the innermost
            first.
    """

    env_id: str
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    time_limit: int | None = None
    wrappers: tuple[str, ...] = ()

    def __str__(self) -> str:
        options = [f"{key}={_text(value)}" for key, value in sorted(self.kwargs.items())]
        options += [f"time_limit={self.time_limit}"] * (self.time_limit is not None)
        options += [f"wrapper={quote(wrapper, safe=_SHOWN)}" for wrapper in self.wrappers]
        return f"{self.env_id}?{'&'.join(options)}" if options else self.env_id


def parse_name(text: str) -> EnvName:
    """Split a full name into its parts.

    Raises:
        EnvError: there are too many options, or an option has an invalid name or value.
    """
    env_id, _, query = text.partition("?")
    kwargs: dict[str, Any] = {}
    time_limit, wrappers = None, []
    pairs = parse_qsl(query, keep_blank_values=True)
    if len(pairs) > _MOST:
        raise EnvError(f"{env_id} has {len(pairs)} options; the maximum is {_MOST}. Remove some.")
    for key, value in pairs:
        if key == "wrapper":
            wrappers.append(_wrapper(env_id, value))
        elif key == "time_limit":
            time_limit = _limit(env_id, value)
        else:
            kwargs[_key(env_id, key)] = _value(env_id, key, value)
    return EnvName(env_id, kwargs, time_limit, tuple(wrappers))


def is_plain(value: Any) -> bool:
    """Return whether a name can hold a value: numbers, booleans, words (no paths), lists, dicts."""
    return _is_plain(value, _DEEPEST) and len(json.dumps(value)) <= _LONGEST


def _is_plain(value: Any, depth: int) -> bool:
    if isinstance(value, str):
        return bool(_WORD.fullmatch(value))
    if isinstance(value, dict):
        keys = all(isinstance(key, str) and _WORD.fullmatch(key) for key in value)
        return depth > 0 and keys and all(_is_plain(part, depth - 1) for part in value.values())
    if isinstance(value, list | tuple):
        return depth > 0 and all(_is_plain(part, depth - 1) for part in value)
    return isinstance(value, bool | int | float) or (value is None and depth < _DEEPEST)


def wrapper_parts(text: str) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    """Split a wrapper into (`module:Class`, positional arguments, keyword arguments).

    Arguments are parsed as literals; no code is executed.

    Raises:
        ValueError: the text is not a wrapper, or an argument is not a literal.
    """
    found = _WRAPPER.fullmatch(text)
    if not found:
        raise ValueError(text)
    try:
        call = ast.parse(f"f({found[2] or ''})", mode="eval").body
        assert isinstance(call, ast.Call)
        args = tuple(ast.literal_eval(part) for part in call.args)
        kwargs = {str(part.arg): ast.literal_eval(part.value) for part in call.keywords}
    except (SyntaxError, TypeError, AssertionError, MemoryError, RecursionError) as problem:
        raise ValueError(text) from problem
    if not is_plain(list(args)) or not is_plain(kwargs) or "None" in kwargs:
        raise ValueError(text)
    return found[1], args, kwargs


def bare_id(text: str) -> str:
    """The Gymnasium id of a full name."""
    return text.partition("?")[0]


def is_key(key: Any) -> bool:
    """Return whether a name can hold an argument called `key`."""
    return isinstance(key, str) and bool(_KEY.fullmatch(key)) and key not in _OURS


def _key(env_id: str, key: str) -> str:
    if not is_key(key):
        raise EnvError(
            f"{key!r} is not a valid argument name for {env_id}. Use an argument of the "
            "environment."
        )
    return key


# Python's spelling of JSON literals; the text "False" would be truthy in an environment.
_AS_JSON = {"True": "true", "False": "false", "None": "null"}


def _value(env_id: str, key: str, text: str) -> Any:
    try:
        value = json.loads(_AS_JSON.get(text, text))
    except ValueError:
        value = text
    if is_plain(value):
        return value
    raise EnvError(
        f"{env_id} is given {key}={text!r:.60}; expected a number, true, false, a word, or a list "
        f'or dict of them as JSON, such as {key}={{"lanes": 2}}.'
    )


def _limit(env_id: str, text: str) -> int:
    if text.isdecimal() and 0 < int(text) < 1 << 31:
        return int(text)
    raise EnvError(f"{env_id} is given the time limit {text!r:.40}; expected a number of steps.")


def _wrapper(env_id: str, text: str) -> str:
    try:
        wrapper_parts(text)
    except ValueError as problem:
        raise EnvError(
            f"{env_id} is given the wrapper {text!r:.80}; expected package.module:Class, or with "
            "arguments that are numbers, words or tuples: package.module:Class(shape=(84, 84))."
        ) from problem
    return text


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    return quote(text, safe=_SHOWN)
