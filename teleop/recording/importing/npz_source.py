"""Reads `.npz` files: imitation's trajectories, our own export, and plain arrays.

No pickles are loaded, so arrays of Python objects (imitation's `infos`) are left out.
"""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from teleop.envs.spaces import Space, space_from_json
from teleop.errors import HostileFileError, RecordingError
from teleop.recording.disk import files
from teleop.recording.exchange.flat import parts_of
from teleop.recording.importing.flat_arrays import FlatPlan, plan_flat
from teleop.recording.importing.source import FORMS, Columns, Source
from teleop.text import tr

_LARGEST = 8 << 30  # bytes of all arrays
_MOST_ARRAYS = 10_000


def npz_source(path: Path, columns: Columns) -> Source:
    """Read a `.npz` file.

    Raises:
        HostileFileError: its arrays would fill the memory.
        RecordingError: it is damaged, or what it holds is not understood.
        OSError: it cannot be read.
    """
    arrays, objects = _arrays(path)
    about = _about(arrays)
    spaces = about[1] if about else None
    plan = _planned(arrays, columns, spaces)
    if plan is None:
        held = ", ".join(f"{name} {value.shape}" for name, value in list(arrays.items())[:12])
        raise RecordingError(
            f"{path} holds no arrays that are known as observations and actions, but: "
            f"{held or 'nothing'}. Name them with --observations and --actions. Teleop imports "
            f"{FORMS}."
        )
    left_out = [tr("{name} holds Python objects and is left out.", name=name) for name in objects]
    form = "imitation (.npz)" if "cuts" in plan.roles else tr("arrays (.npz)")
    return Source(
        form=form,
        episodes=lambda: plan.iterate(arrays),
        arrays=plan.words(arrays),
        env_id=about[0] if about else "",
        spaces=spaces,
        notes=(*plan.notes, *left_out),
    )


def _arrays(path: Path) -> tuple[dict[str, Any], list[str]]:
    """Return (all arrays, names of arrays that hold Python objects)."""
    found: dict[str, Any] = {}
    objects = []
    with files.open_file(path) as raw:
        try:
            _need_honest(path, raw)
            with np.load(raw, allow_pickle=False) as loaded:
                for name in loaded.files:
                    try:
                        found[name] = np.asarray(loaded[name])
                    except ValueError:  # a pickle
                        objects.append(name)
        except HostileFileError:
            raise
        except Exception as problem:  # a damaged file can raise anything
            raise RecordingError(f"{path} is not a readable .npz file ({problem}).") from problem
    return found, objects


def _need_honest(path: Path, raw: Any) -> None:
    """Refuse a file whose arrays would fill the memory, before anything is unpacked."""
    with zipfile.ZipFile(raw) as archive:
        members = archive.infolist()
        needs = sum(member.file_size for member in members)
    raw.seek(0)
    if needs > _LARGEST or len(members) > _MOST_ARRAYS:
        raise HostileFileError(
            f"{path} unpacks to {needs >> 20:,} MB in {len(members):,} arrays, so it was not "
            "opened."
        )


def _about(arrays: dict[str, Any]) -> tuple[str, tuple[Space, Space]] | None:
    """Return (environment, spaces) from the description in our own export."""
    try:
        about = json.loads(str(arrays["about"]))
        spaces = (
            space_from_json(json.dumps(about["observation_space"])),
            space_from_json(json.dumps(about["action_space"])),
        )
        return str(about["env_id"]), spaces
    except (KeyError, ValueError, TypeError, RecursionError, RecordingError):
        return None


def _planned(
    arrays: dict[str, Any], columns: Columns, spaces: tuple[Space, Space] | None
) -> FlatPlan | None:
    named = {name: value for name, value in arrays.items() if np.ndim(value)}
    if spaces is None:
        return plan_flat(named, columns)
    observed, acted = (
        _parts(space, prefix, named)
        for space, prefix in zip(spaces, ("observations", "actions"), strict=True)
    )
    return plan_flat(named, columns, observed, acted)


def _parts(space: Space, prefix: str, arrays: dict[str, Any]) -> dict[str, str] | None:
    """Return the arrays of our own export that make up a space; None if it is not flat."""
    found = {}
    for part in parts_of(space, prefix):
        name = part.name if part.name.startswith(prefix) else f"{prefix}_{part.name}"
        if name not in arrays or len(part.leaf.path) > 1:
            return None
        found[part.leaf.path[0] if part.leaf.path else ""] = name
    return found
