"""Named recipes: an algorithm with its settings."""

from typing import Any

from teleop.errors import LearningError
from teleop.learning.networks.architecture import Architecture

RECIPES: dict[str, tuple[str, dict[str, Any]]] = {
    "bc": ("bc", {}),
    "frames": ("bc", {"shape": Architecture(frames=4)}),
    "memory": ("bc", {"shape": Architecture(memory=64)}),
    "chunk": ("bc", {"shape": Architecture(chunk=8, execute=4)}),
    "flow": ("bc", {"shape": Architecture(flow=True)}),
    "nearest": ("nearest", {}),
    "dagger": ("dagger", {}),
    "iq": ("iq", {}),
}


def find_recipe(name: str) -> tuple[str, dict[str, Any]]:
    """Return the (algorithm, settings) of a recipe.

    Raises:
        LearningError: no recipe has this name.
    """
    if name not in RECIPES:
        raise LearningError(f"No recipe is called {name!r}; there are {', '.join(RECIPES)}.")
    algorithm, settings = RECIPES[name]
    return algorithm, dict(settings)
