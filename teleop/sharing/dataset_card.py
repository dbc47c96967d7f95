"""The page that describes a published dataset, made from what is known about it."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from teleop.errors import TeleopError
from teleop.evaluation.success import rule_for
from teleop.learning.data.demonstrations import load_demonstrations
from teleop.learning.data.profile import profile_of
from teleop.learning.tuning.lag_search import can_find, iter_lags
from teleop.recording import Dataset
from teleop.recording.datasets.dataset_certificates import certified_rows
from teleop.types.metadata import EpisodeRow

OWN_CARD = "<!-- written by `teleop publish`; remove this line to keep your changes -->"
_TAGS = ("teleop", "minari", "gymnasium", "imitation-learning")
_WHO = {"human": "people", "script": "scripts", "policy": "policies", "other": "other programs"}


def card_of(dataset: Dataset, licence: str, address: str) -> str:
    """Return a `README.md` with the metadata of the Hugging Face hub.

    Args:
        dataset: the dataset.
        licence: identifier of its licence, such as `cc-by-4.0`.
        address: where it is published.
    """
    rows = certified_rows(dataset)
    head = ["---", f"license: {licence}", f"pretty_name: {dataset.dataset_id}"]
    head += ["task_categories:", "- reinforcement-learning", "- robotics", "tags:"]
    head += [*(f"- {tag}" for tag in _TAGS), "---"]
    body = [
        OWN_CARD,
        f"# {dataset.dataset_id}",
        "",
        f"Demonstrations in `{dataset.info().env_id or 'an unknown environment'}`, recorded with "
        "Teleop.",
        "",
        "| | |",
        "|---|---|",
        *(f"| {name} | {text} |" for name, text in _facts(dataset, rows)),
        "",
        *_tasks(rows),
        "## Use",
        "",
        "```sh",
        f"teleop fetch {address}",
        "```",
        "",
        "The folder is a [Minari](https://minari.farama.org) dataset. Observations, actions, "
        "rewards, and the times at which they happened are stored as they were recorded.",
    ]
    return "\n".join([*head, "", *body]) + "\n"


def cards_list(address: str, cards: Mapping[str, str]) -> str:
    """Return the card of a folder with several datasets.

    Args:
        address: the folder.
        cards: the card of each dataset, by the name of its folder.
    """
    licences = {stem: _licence_in(card) for stem, card in sorted(cards.items())}
    known = set(licences.values())
    lines = [
        "---",
        f"license: {known.pop() if len(known) == 1 else 'other'}",
        "tags:",
        *(f"- {tag}" for tag in _TAGS),
        "---",
        "",
        OWN_CARD,
        "# Datasets",
        "",
        "| dataset | licence | fetch it |",
        "|---|---|---|",
    ]
    for stem, licence in licences.items():
        fetch = f"`teleop fetch {address.rstrip('/')}/{stem}`"
        lines.append(f"| [{stem}]({stem}/README.md) | {licence} | {fetch} |")
    return "\n".join(lines) + "\n"


def _licence_in(card: str) -> str:
    found = re.search(r"^license: (\S+)$", card, re.MULTILINE)
    return found[1] if found else "other"


def _facts(dataset: Dataset, rows: Sequence[EpisodeRow]) -> list[tuple[str, str]]:
    returns = np.array([row.total_reward for row in rows])
    who = Counter(row.driver for row in rows)
    by = ", ".join(f"{count} by {_WHO.get(kind, kind)}" for kind, count in who.most_common())
    exact = sum(row.verdict == "exact" for row in rows)
    facts = [
        ("Episodes", f"{len(rows)} ({by})"),
        ("Steps", f"{sum(row.total_steps for row in rows):,}"),
        ("Mean return", f"{returns.mean():.1f} (from {returns.min():.1f} to {returns.max():.1f})"),
        ("Success", _success(dataset, rows)),
        ("Re-simulated exactly", f"{exact} of {len(rows)} episodes"),
    ]
    return [*facts, *_measured(dataset)]


def _success(dataset: Dataset, rows: Sequence[EpisodeRow]) -> str:
    rule = rule_for(dataset)
    judged = [row.label.success for row in rows if row.label.success is not None]
    if rule.least is not None:
        judged = [row.total_reward >= rule.least for row in rows]
    if not judged:
        return "not known"
    return f"{np.mean(judged):.0%} of {len(judged)} ({rule.words or 'marked by a person'})"


def _measured(dataset: Dataset) -> list[tuple[str, str]]:
    """Return what the profile says of the demonstrations: reaction time, pace, and others."""
    try:
        demos = load_demonstrations(dataset)
        measurable = not demos.delayed or can_find(demos)
        guesses = list(iter_lags(demos, 0)) if demos.delayed and measurable else []
        traits = profile_of(demos, guesses)
    except TeleopError:  # nothing can be learned from it: there is no profile
        return []
    # the first one is the reaction time; without a measurement it would be the usual one
    return [(trait.topic, trait.found) for trait in traits[not measurable :] if trait.found]


def _tasks(rows: Sequence[EpisodeRow]) -> list[str]:
    tasks = Counter(row.label.task for row in rows if row.label.task)
    if not tasks:
        return []
    lines = [f"- {task} ({count} episodes)" for task, count in tasks.most_common(50)]
    return ["## Tasks", "", *lines, ""]
