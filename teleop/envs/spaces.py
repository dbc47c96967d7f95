"""Convert Gymnasium spaces to JSON (Minari's format) and back, without executing code."""

import json
import math
import string
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
from gymnasium import spaces

from teleop.errors import RecordingError, sentence
from teleop.text import tr

Space = spaces.Space[Any]
_LONGEST_TEXT = 1000  # for spaces without a maximum
_LARGEST_BOX = 1 << 26  # numbers in one observation
_DTYPES = frozenset(
    [
        "bool",
        "int8",
        "int16",
        "int32",
        "int64",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "float16",
        "float32",
        "float64",
    ]
)


def space_to_json(space: Space) -> str:
    """Return a space as Minari's JSON string.

    Raises:
        RecordingError: the space cannot be stored (Graph, Sequence, OneOf, custom spaces).
    """
    return json.dumps(_to_dict(space))


def space_from_json(text: str) -> Space:
    """Restore the space that `space_to_json` (or Minari) wrote.

    Raises:
        RecordingError: the text is not a space of a known type.
    """
    try:
        return _from_dict(json.loads(text))
    except RecordingError:
        raise
    except (
        ValueError,
        KeyError,
        TypeError,
        AssertionError,
        RecursionError,
        OverflowError,
        MemoryError,
    ) as problem:
        raise RecordingError(f"A stored space cannot be read ({sentence(problem)}).") from problem


def same_space(one: Space, other: Space) -> bool:
    """Return whether two spaces hold the same values, however they were written.

    Both are compared as restored from JSON. An environment's custom text spaces then become
    Gymnasium's `Text`. The order of a charset, and equal bounds that are stored once, make no
    difference.
    """
    return one == other or _as_stored(one) == _as_stored(other)


def _as_stored(space: Space) -> Space | None:
    try:
        return space_from_json(space_to_json(space))
    except RecordingError:
        return None


def is_text(space: Space) -> bool:
    """Return whether values are text: Gymnasium's `Text`, or a custom space such as missions."""
    return isinstance(space, spaces.Text) or (
        space.dtype is not None and np.dtype(space.dtype).kind == "U"
    )


def compact_json(text: str) -> str:
    """Return a space's JSON with equal bounds stored once, so that images fit into an attribute."""
    return json.dumps(_compact(json.loads(text)))


def _compact(data: Any) -> Any:
    if isinstance(data, dict):
        return {
            key: _same(value) if key in ("low", "high") else _compact(value)
            for key, value in data.items()
        }
    return [_compact(part) for part in data] if isinstance(data, list) else data


def _same(bound: Any) -> Any:
    values = np.unique(np.array(bound))
    return values[0].item() if len(values) == 1 else bound


def _to_dict(space: Space) -> dict[str, Any]:
    match space:
        case spaces.Box():
            bounds = {"low": space.low.tolist(), "high": space.high.tolist()}
            shape = list(space.shape)
            return {"type": "Box", "dtype": str(space.dtype), "shape": shape, **bounds}
        case spaces.Discrete():
            # Gymnasium fixes the dtype of Discrete
            size = {"start": int(space.start), "n": int(space.n)}
            return {"type": "Discrete", "dtype": "int64", **size}
        case spaces.MultiDiscrete():
            size = {"nvec": space.nvec.tolist(), "start": space.start.tolist()}
            return {"type": "MultiDiscrete", "dtype": str(space.dtype), **size}
        case spaces.MultiBinary():
            n = space.n if isinstance(space.n, int) else [int(k) for k in space.n]
            return {"type": "MultiBinary", "n": n}
        case spaces.Dict():
            inner = {key: _to_dict(sub) for key, sub in space.spaces.items()}
            return {"type": "Dict", "subspaces": inner}
        case spaces.Tuple():
            return {"type": "Tuple", "subspaces": [_to_dict(sub) for sub in space.spaces]}
        case _ if is_text(space):
            return {
                "type": "Text",
                "max_length": getattr(space, "max_length", _LONGEST_TEXT),
                "min_length": getattr(space, "min_length", 0),
                "charset": getattr(space, "characters", string.printable),
            }
    raise RecordingError(
        tr(
            "{kind} spaces cannot be recorded. Supported: Box, Discrete, MultiDiscrete, "
            "MultiBinary, Text, and Dict or Tuple of these. Use a wrapper that converts the space.",
            kind=type(space).__name__,
        )
    )


def _from_dict(data: dict[str, Any]) -> Space:
    builder = _BUILDERS.get(data["type"])
    if builder is None:
        raise RecordingError(f"A stored space is of the unknown kind {data['type']!r}.")
    return builder(data)


def _dtype(data: dict[str, Any]) -> Any:
    if data["dtype"] not in _DTYPES:
        raise RecordingError(f"A stored space has the unknown dtype {data['dtype']!r}.")
    return np.dtype(data["dtype"]).type


def _box(data: dict[str, Any]) -> Space:
    dtype = _dtype(data)
    shape = tuple(data["shape"])
    if math.prod(shape) > _LARGEST_BOX:
        raise RecordingError(f"A stored space of shape {shape} is too large to be one.")
    low, high = (np.array(data[end], dtype=dtype) for end in ("low", "high"))
    low, high = (np.broadcast_to(bound, shape) for bound in (low, high))
    return spaces.Box(low=low, high=high, shape=shape, dtype=dtype)


def _multi_discrete(data: dict[str, Any]) -> Space:
    return spaces.MultiDiscrete(data["nvec"], dtype=_dtype(data), start=data.get("start"))


def _text(data: dict[str, Any]) -> Space:
    size = {key: int(data[key]) for key in ("max_length", "min_length")}
    return spaces.Text(charset=data["charset"], **size)


_BUILDERS: dict[str, Callable[[dict[str, Any]], Space]] = {
    "Box": _box,
    "Discrete": lambda data: spaces.Discrete(int(data["n"]), start=int(data.get("start", 0))),
    "MultiDiscrete": _multi_discrete,
    "MultiBinary": lambda data: spaces.MultiBinary(data["n"]),
    # an OrderedDict keeps the order that episodes were written in; Gymnasium sorts plain dicts
    "Dict": lambda data: spaces.Dict(
        OrderedDict((key, _from_dict(part)) for key, part in data["subspaces"].items())
    ),
    "Tuple": lambda data: spaces.Tuple(tuple(_from_dict(v) for v in data["subspaces"])),
    "Text": _text,
}
