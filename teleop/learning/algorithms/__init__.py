"""Training algorithms, one module each; users can add their own module by name.

An algorithm is a module with `SUMMARY`, a frozen dataclass `Config` that has a `seed`, and
`train(demos, config)`, a generator of `Progress`.
"""

import importlib
import sys
from types import ModuleType
from typing import Any

from teleop.errors import LearningError, sentence

# name: (module, description for the user)
ALGORITHMS = {
    "bc": ("teleop.learning.algorithms.bc", "Behavioural cloning: does what you did"),
    "nearest": ("teleop.learning.algorithms.nearest", "Nearest neighbour: the honest baseline"),
    "dagger": (
        "teleop.learning.algorithms.dagger",
        "DAgger: asks the scripted expert and retrains",
    ),
    "practise": (
        "teleop.learning.algorithms.practise",
        "Practice: reinforcement learning that starts from your demonstrations",
    ),
    "iq": ("teleop.learning.algorithms.iq", "Inverse soft Q: finds what you were after"),
    "gail": ("teleop.learning.algorithms.gail", "GAIL: rewards what looks like you"),
    "airl": (
        "teleop.learning.algorithms.airl",
        "AIRL: finds a reward apart from how you got it",
    ),
    "maxent": (
        "teleop.learning.algorithms.maxent",
        "Maximum-entropy inverse RL: finds your goal, and plans",
    ),
}


def find_algorithm(name: str) -> ModuleType:
    """Find an algorithm by its short name, or a user's own by its module.

    Raises:
        LearningError: the algorithm does not exist or lacks a required part.
    """
    module = ALGORITHMS[name][0] if name in ALGORITHMS else name
    if name not in ALGORITHMS and "." not in name and not name.isidentifier():
        raise LearningError(_unknown(name, ""))
    try:
        found = importlib.import_module(module)
    except Exception as problem:  # the user's own code, or a wrong name
        raise LearningError(_unknown(name, sentence(problem))) from problem
    missing = [part for part in ("Config", "train", "SUMMARY") if not hasattr(found, part)]
    if missing:
        raise LearningError(
            f"The algorithm {name} has no {' and no '.join(missing)}; "
            "teleop/learning/algorithms/nearest.py is a short one to look at."
        )
    return found


def algorithm_of(config: Any) -> ModuleType:
    """Return the algorithm that a `Config` belongs to.

    Raises:
        LearningError: the object is not an algorithm's `Config`.
    """
    found = sys.modules.get(type(config).__module__)
    if found is None or not isinstance(config, getattr(found, "Config", ())):
        raise LearningError(
            f"{config!r:.80} is not an algorithm's settings; use teleop.BC(...), or the Config "
            "of your own algorithm's module."
        )
    return find_algorithm(found.__name__)


def _unknown(name: str, why: str) -> str:
    return (
        f"No algorithm is called {name!r}{f' ({why})' if why else ''}; there are "
        f"{', '.join(ALGORITHMS)}, or your own module that can be imported from here."
    )
