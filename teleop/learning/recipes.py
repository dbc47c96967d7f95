"""Named recipes: an algorithm with its settings."""

from typing import Any

from gymnasium import spaces

from teleop.errors import LearningError
from teleop.experts import has_expert
from teleop.learning.algorithms import iq, maxent
from teleop.learning.data.demonstrations import Demonstrations
from teleop.learning.networks.architecture import Architecture
from teleop.learning.networks.heads import iter_parts
from teleop.learning.practice import task
from teleop.text import tr

RECIPES: dict[str, tuple[str, dict[str, Any]]] = {
    "bc": ("bc", {}),
    "practise": ("practise", {}),
    "dagger": ("dagger", {}),
    "iq": ("iq", {}),
    "gail": ("gail", {}),
    "airl": ("airl", {}),
    "maxent": ("maxent", {}),
    "nearest": ("nearest", {}),
    "frames": ("bc", {"shape": Architecture(frames=4)}),
    "memory": ("bc", {"shape": Architecture(memory=64)}),
    "chunk": ("bc", {"shape": Architecture(chunk=8, execute=4)}),
    "average": ("bc", {"head": "average"}),
    "choose": ("bc", {"head": "choose"}),
    "flow": ("bc", {"shape": Architecture(flow=True), "head": "average"}),
}


def recipe_problems(demos: Demonstrations) -> dict[str, str]:
    """Return why a recipe cannot learn from these demonstrations, for those that cannot."""
    found: dict[str, str] = {}
    if not any(isinstance(part, spaces.Box) for part in iter_parts(demos.action_space)):
        reason = tr("Needs continuous actions; these are discrete")
        found |= dict.fromkeys(("average", "choose", "flow"), reason)
    if not has_expert(demos.env_id):
        found["dagger"] = tr("Needs a scripted expert for this environment")
    for name, module in {"iq": iq, "maxent": maxent}.items():
        if problem := module.why_not(demos):
            found[name] = problem
    if problem := task.why_not(demos):
        found |= dict.fromkeys(("practise", "gail", "airl"), problem)
    return found


def find_recipe(name: str) -> tuple[str, dict[str, Any]]:
    """Return the (algorithm, settings) of a recipe.

    Raises:
        LearningError: no recipe has this name.
    """
    if name not in RECIPES:
        raise LearningError(f"No recipe is called {name!r}; there are {', '.join(RECIPES)}.")
    algorithm, settings = RECIPES[name]
    return algorithm, dict(settings)
