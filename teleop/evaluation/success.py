"""When an episode counts as a success: by the environment, by its return, or by the person."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import gymnasium as gym
import numpy as np

from teleop.envs.catalogue import find_entry
from teleop.envs.naming import bare_id
from teleop.recording import Dataset
from teleop.text import tr
from teleop.types import Info

_LOWER_QUARTER = 25.0  # percentile of the demonstrations' returns, if nothing else is known


@dataclass(frozen=True, slots=True)
class Result:
    """One evaluation episode.

    Attributes:
        seed: seed of the episode.
        total_reward: the return.
        total_steps: number of steps.
        success: success that the environment reported in `info`, or that the person marked; None
            if there is neither.
        terminated: whether the episode ended by itself, not by a time limit.
    """

    seed: int
    total_reward: float
    total_steps: int
    success: bool | None = None
    terminated: bool = False


@dataclass(frozen=True, slots=True)
class SuccessRule:
    """When an episode counts as a success, if the environment does not report it.

    Attributes:
        words: the rule as text.
        least: smallest return of a success; None if the return does not decide.
        goal: the environment only terminates when the task is solved, so termination is a success.
    """

    words: str
    least: float | None = None
    goal: bool = False

    def judge(self, result: Result) -> bool | None:
        """Return whether an episode was a success; None if nothing tells."""
        if result.success is not None:
            return result.success
        if self.goal:
            return result.terminated
        return None if self.least is None else result.total_reward >= self.least

    def words_for(self, results: Sequence[Result]) -> str:
        """Return the rule that judged these episodes of a driver, as text."""
        reported = all(result.success is not None for result in results)
        return tr("as the environment reports it") if reported else self.words

    def rate(self, results: Sequence[Result]) -> float | None:
        """Return the share of successes; None if one of the episodes cannot be judged."""
        judged = [self.judge(result) for result in results]
        return None if None in judged else float(np.mean(np.array(judged, np.bool_)))


def reported_success(info: Info) -> bool | None:
    """Return the success that an environment reports at the end; None if it reports none."""
    said = info.get("is_success", info.get("success"))
    return None if said is None else bool(np.any(said))


def rule_text(stored: str) -> str:
    """Return a rule that was read from a file as a text that can be translated again."""
    number = re.match(r"return of (-?[\d.e+]+) or more(.*)", stored)
    if number is None:
        known = (tr("the goal is reached"), tr("as the environment reports it"))
        return next((text for text in known if text == stored), stored)
    least, rest = float(number[1]), number[2]
    if not rest:
        return tr("return of {least:g} or more", least=least)
    if rest.endswith("marked"):
        return tr("return of {least:.4g} or more, as in the episodes that you marked", least=least)
    return tr("return of {least:.4g} or more, as in 3 of 4 demonstrations", least=least)


def rule_of(env_id: str) -> SuccessRule:
    """Return the rule of an environment alone: its goal, or its solved return."""
    entry = find_entry(env_id)
    if entry.goal:
        return SuccessRule(tr("the goal is reached"), goal=True)
    solved = entry.solved
    if solved is None and (spec := gym.registry.get(bare_id(env_id))):
        solved = spec.reward_threshold
    if solved is None:
        return SuccessRule(tr("as the environment reports it"))
    return SuccessRule(tr("return of {least:g} or more", least=solved), float(solved))


def rule_with(
    env_id: str, returns: Sequence[float], marked: Sequence[bool | None] = ()
) -> SuccessRule:
    """Return the rule of an environment; without one, the rule that the demonstrations suggest.

    Args:
        env_id: the environment.
        returns: return of each demonstration.
        marked: success of each demonstration as the person marked it; None if unmarked.
    """
    rule = rule_of(env_id)
    if rule.goal or rule.least is not None or not len(returns):
        return rule
    successes = [total for total, good in zip(returns, marked, strict=False) if good]
    if successes:
        least = min(successes)
        words = tr("return of {least:.4g} or more, as in the episodes that you marked", least=least)
        return SuccessRule(words, least)
    least = float(np.percentile(np.asarray(returns, np.float64), _LOWER_QUARTER))
    words = tr("return of {least:.4g} or more, as in 3 of 4 demonstrations", least=least)
    return SuccessRule(words, least)


def rule_for(dataset: Dataset) -> SuccessRule:
    """Return the rule of a dataset's environment, or the one that its demonstrations suggest.

    Raises:
        RecordingError: the dataset cannot be read.
    """
    rows = [row for row in dataset.rows() if row.driver != "policy"]
    returns, marks = [row.total_reward for row in rows], [row.label.success for row in rows]
    return rule_with(dataset.info().env_id, returns, marks)
