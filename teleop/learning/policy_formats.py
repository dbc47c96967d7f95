"""Conversion of `config.json` files from earlier versions to the current format.

Format 1: `head` describes a categorical or regression head; the model is always an ensemble.
Format 2: `branches`, `model` and `shape` describe any head and any kind of model.
"""

from pathlib import Path
from typing import Any

from teleop.errors import LearningError
from teleop.text import tr

FORMAT = 2


def upgraded(data: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return a policy's description in the current format.

    Args:
        data: content of `config.json`.
        folder: the policy's folder, for the error message.

    Raises:
        LearningError: a later version wrote the file.
        KeyError, TypeError, ValueError: the data does not describe a policy.
    """
    found = int(data["format"])
    if found > FORMAT:
        raise LearningError(
            tr(
                "{folder} was written by a newer version of Teleop (format {found}; this version "
                "reads up to {format}). Update Teleop to open it.",
                folder=folder,
                found=found,
                format=FORMAT,
            )
        )
    return _from_1(data) if found == 1 else data


def _from_1(data: dict[str, Any]) -> dict[str, Any]:
    head, hidden = data["head"], data["recipe"].get("hidden", (128, 128))
    if head["kind"] == "categorical":
        branches = [{"levels": levels} for levels in head["levels"]]
    else:
        bounds = zip(head["low"], head["high"], strict=True)
        branches = [{"low": low, "high": high, "mean": 0.0, "sd": 1.0} for low, high in bounds]
    rest = {key: value for key, value in data.items() if key != "head"}
    return rest | {"branches": branches, "model": "networks", "shape": {"hidden": list(hidden)}}
