"""What a button does, as a line for a terminal."""

import shlex
from collections.abc import Sequence

_RECIPES = {  # options of `teleop train` for each recipe
    "bc": (),
    "frames": ("--frames", "4"),
    "memory": ("--memory", "64"),
    "chunk": ("--chunk", "8"),
    "average": ("--set", "head=average"),
    "choose": ("--set", "head=choose"),
    "flow": ("--flow", "--set", "head=average"),
    "nearest": ("--algorithm", "nearest"),
    "dagger": ("--algorithm", "dagger"),
    "practise": (),
    "iq": ("--algorithm", "iq"),
    "gail": ("--algorithm", "gail"),
    "airl": ("--algorithm", "airl"),
    "maxent": ("--algorithm", "maxent"),
}


def train_line(
    dataset_id: str,
    recipe: str,
    *,
    plays: bool,
    all_takes: bool,
    only: str = "",
    start: str = "",
    minutes: int = 10,
    reward: str = "",
) -> str:
    """Return the command that trains like the Train button.

    Args:
        dataset_id: id of the dataset.
        recipe: name of the recipe.
        plays: choose settings by playing.
        all_takes: leave no episode out.
        only: episodes to learn from, as for `--only`; empty for all.
        start: policy that practice starts from; empty for a new clone.
        minutes: time limit of practice.
        reward: what practice is rewarded by; empty for the environment's reward.
    """
    options = [*_RECIPES[recipe]]
    if recipe == "practise":
        options += ["--minutes", str(minutes), *(["--from", start] if start else [])]
        options += ["--reward", reward] if reward else []
        options += ["--only", only] if only else []
        return _line("practise", dataset_id, *options)
    options += [] if plays else ["--no-reward"]
    options += ["--all-takes"] if all_takes else []
    options += ["--only", only] if only else []
    return _line("train", dataset_id, *options)


def compare_line(dataset_id: str, policies: Sequence[str], episode: int) -> str:
    """Return the command that compares an episode with a policy, or policies with each other."""
    if len(policies) > 1:
        return _line("evaluate", dataset_id, *policies)
    return _line("compare", dataset_id, *policies, "--episode", str(episode))


def export_line(dataset_id: str, form: str) -> str:
    """Return the command that exports a whole dataset."""
    return _line("export", dataset_id, "--format", form)


def numbers_text(numbers: Sequence[int]) -> str:
    """Return numbers as `--only` reads them: `1,4-9`."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


def _line(*words: str) -> str:
    return shlex.join(("teleop", *words))
