"""A user's own network: any `torch.nn.Module`, named as `package.module:Class`.

The class (or function) is called with the sizes that the data needs and returns a module:

    def make(features: int, pictures: tuple[tuple[int, int, int], ...], outputs: int) -> Module
    module(numbers (B, features), *pictures (B, height, width, channels) uint8) -> (B, outputs)

or, without a parameter called `pictures`, `make(features, outputs)`. The module outputs a logit for
each choice, and numbers directly. A Keras 3 model with the torch backend also works.
"""

import importlib
import inspect
from typing import Any

from teleop.envs import trust
from teleop.errors import LearningError, sentence

_KIND = "networks"


def allow_own(name: str) -> None:
    """Remember that this user named a network, so that policies trained with it can be opened.

    Raises:
        LearningError: the network cannot be imported.
    """
    _maker(name)
    trust.allow(_KIND, name)


def load_own(
    name: str, features: int, pictures: tuple[tuple[int, int, int], ...], outputs: int
) -> Any:
    """Create a user's own module, untrained.

    Raises:
        LearningError: the network was never named on this computer, or cannot be created.
    """
    if not name:
        raise LearningError(
            "This policy's network was given as a Python object, so it cannot be made again from "
            "its folder. Give it as a name (package.module:Class) to keep it."
        )
    if not trust.is_remembered(_KIND, name):
        raise LearningError(
            f"The network {name} was never named on this computer, so it is not imported. If you "
            f"trust it, train once with --network {name}."
        )
    make = _maker(name)
    try:
        sees = "pictures" in inspect.signature(make).parameters
        module = make(features, pictures, outputs) if sees else make(features, outputs)
    except Exception as problem:  # the user's own code
        raise LearningError(
            f"The network {name} could not be made: {sentence(problem)}."
        ) from problem
    if not callable(module) or not hasattr(module, "state_dict"):
        raise LearningError(f"The network {name} made {type(module).__name__}, not a torch module.")
    return module


def _maker(name: str) -> Any:
    module, _, attribute = name.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except Exception as problem:  # the user's own code, or a wrong name
        raise LearningError(
            f"The network {name!r} cannot be imported ({sentence(problem)}). Name it as "
            "package.module:Class, importable from where you are."
        ) from problem
