"""Drive any Gymnasium environment, record it, train a policy, and compare it with yourself.

    env = teleop.RecordEpisodes(gym.make("CartPole-v1"), "cartpole-v1/mine-v0")  # any loop
    data = teleop.load_dataset("cartpole-v1/mine-v0")
    policy = teleop.train(data, teleop.BC(seed=0))
    print(teleop.evaluate(policy))
    teleop.compare(data[0], policy).save("compare.gif")

The names in `__all__` are stable; everything inside the `teleop.*` packages may change. Names are
imported when they are first used, so `import teleop` itself takes a few milliseconds.
"""

from importlib import import_module

from teleop._version import __version__

TYPE_CHECKING = False  # type checkers know this name; importing `typing` takes 10 ms

if TYPE_CHECKING:
    from teleop.api.curves import LearningCurve, learning_curve
    from teleop.api.episode_dataset import EpisodeDataset, load_dataset
    from teleop.api.open_window import open  # noqa: A004  it is called teleop.open
    from teleop.api.policies import Comparison, compare, evaluate, iter_train, record, train
    from teleop.api.record_episodes import RecordEpisodes
    from teleop.api.training_log import Log
    from teleop.errors import (
        ControlError,
        DamagedFileError,
        DatasetBusyError,
        DisplayError,
        EnvError,
        HostileFileError,
        LearningError,
        LogError,
        RecordingError,
        StorageError,
        TeleopError,
    )
    from teleop.learning.algorithms.bc import Config as BC  # noqa: N814
    from teleop.learning.algorithms.dagger import Config as DAgger
    from teleop.learning.algorithms.iq import Config as IQ  # noqa: N814
    from teleop.learning.algorithms.maxent import Config as MaxEnt
    from teleop.learning.algorithms.nearest import Config as Nearest
    from teleop.learning.policy import LearnedPolicy, load_policy
    from teleop.recording.episodes.episode import Episode
    from teleop.types import Policy
    from teleop.types.results import Score

_PLACES = {
    "RecordEpisodes": "teleop.api.record_episodes",
    "open": "teleop.api.open_window",
    "EpisodeDataset": "teleop.api.episode_dataset",
    "load_dataset": "teleop.api.episode_dataset",
    **dict.fromkeys(("LearningCurve", "learning_curve"), "teleop.api.curves"),
    "Log": "teleop.api.training_log",
    **dict.fromkeys(
        ("Comparison", "compare", "evaluate", "iter_train", "record", "train"),
        "teleop.api.policies",
    ),
    "Episode": "teleop.recording.episodes.episode",
    "LearnedPolicy": "teleop.learning.policy",
    "load_policy": "teleop.learning.policy",
    "Policy": "teleop.types",
    "Score": "teleop.types.results",
    **dict.fromkeys(
        (
            *("ControlError", "DamagedFileError", "DatasetBusyError", "DisplayError", "EnvError"),
            *("HostileFileError", "LearningError", "LogError", "RecordingError", "StorageError"),
            "TeleopError",
        ),
        "teleop.errors",
    ),
}
_CONFIGS = {"BC": "bc", "DAgger": "dagger", "IQ": "iq", "MaxEnt": "maxent", "Nearest": "nearest"}

__all__ = [
    "BC",
    "IQ",
    "Comparison",
    "ControlError",
    "DAgger",
    "DamagedFileError",
    "DatasetBusyError",
    "DisplayError",
    "EnvError",
    "Episode",
    "EpisodeDataset",
    "HostileFileError",
    "LearnedPolicy",
    "LearningCurve",
    "LearningError",
    "Log",
    "LogError",
    "MaxEnt",
    "Nearest",
    "Policy",
    "RecordEpisodes",
    "RecordingError",
    "Score",
    "StorageError",
    "TeleopError",
    "__version__",
    "compare",
    "evaluate",
    "iter_train",
    "learning_curve",
    "load_dataset",
    "load_policy",
    "open",
    "record",
    "train",
]


def __getattr__(name: str) -> object:
    found: object
    if name in _CONFIGS:
        found = import_module(f"teleop.learning.algorithms.{_CONFIGS[name]}").Config
    elif name in _PLACES:
        found = getattr(import_module(_PLACES[name]), name)
    else:
        raise AttributeError(f"module 'teleop' has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return [*globals(), *__all__]
