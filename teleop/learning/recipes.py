"""Ready ways to learn by name: an algorithm with its settings."""

from typing import Any

from teleop.errors import LearningError
from teleop.learning.shape import Shape

RECIPES: dict[str, tuple[str, dict[str, Any]]] = {
    "bc": ("bc", {}),
    "frames": ("bc", {"shape": Shape(frames=4)}),
    "memory": ("bc", {"shape": Shape(memory=64)}),
    "chunk": ("bc", {"shape": Shape(chunk=8, execute=4)}),
    "flow": ("bc", {"shape": Shape(flow=True)}),
    "nearest": ("nearest", {}),
    "dagger": ("dagger", {}),
    "iq": ("iq", {}),
}


def find_recipe(name: str) -> tuple[str, dict[str, Any]]:
    """(algorithm, its settings).

    Raises:
        LearningError: there is none of this name.
    """
    if name not in RECIPES:
        raise LearningError(f"No recipe is called {name!r}; there are {', '.join(RECIPES)}.")
    algorithm, settings = RECIPES[name]
    return algorithm, dict(settings)
