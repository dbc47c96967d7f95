"""The best policies of a training by reinforcement learning, by playing starts of their own."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from teleop.envs.factory import is_quick
from teleop.evaluation.scoring import evaluate
from teleop.learning.policy import LearnedPolicy

_FIRST_SEED = 80_000
_MANY, _MANY_SLOWLY = 40, 5  # starts of the last comparison
_MOST = 4  # policies in the last comparison

Score = Callable[[LearnedPolicy, int, int], float]  # (policy, episodes, first seed)


class Finalists:
    """Keeps the best policies; a last comparison on more starts decides between them.

    The environment's reward selects among policies; what they learn from is another matter.
    """

    def __init__(self, env_id: str, seed: int, episodes: int, score: Score | None = None) -> None:
        """Begin without a policy.

        Args:
            env_id: the environment.
            seed: seed of the starts, which nothing else uses.
            episodes: starts that each policy plays.
            score: plays a policy and returns its mean return; None: by the environment's reward.
        """
        self._env_id, self._seed, self._episodes = env_id, seed, episodes
        self._score = score or self._mean_return
        self._many = _MANY if is_quick(env_id) else _MANY_SLOWLY
        self._best: list[tuple[float, LearnedPolicy]] = []  # the best first

    @property
    def leading(self) -> float:
        """The best mean return so far; -inf without a policy."""
        return self._best[0][0] if self._best else -np.inf

    def consider(self, policy: LearnedPolicy) -> tuple[float, bool]:
        """Play a policy; return its mean return, and whether it is better than all others."""
        found = self._score(policy, self._episodes, _FIRST_SEED + 10_000 * self._seed + 5000)
        found = found if np.isfinite(found) else -np.inf
        leads = found > self.leading
        # the newest first among equals: it has been trained for longer
        ordered = sorted([(found, policy), *self._best], key=lambda pair: -pair[0])
        self._best = ordered[:_MOST]
        return found, leads

    def winner(self) -> LearnedPolicy:
        """Return the policy that is best on other, and more, starts; it carries its mean return.

        Raises:
            ValueError: no policy was considered.
        """
        if not self._best:
            raise ValueError("no policy was played")
        first = _FIRST_SEED + 10_000 * self._seed + 6000
        scores = [self._score(policy, self._many, first) for _, policy in self._best]
        policy = self._best[int(np.argmax(scores))][1]
        learned = policy.config.learned | {"played_mean": max(scores)}
        policy.config = replace(policy.config, learned=learned)
        return policy

    def _mean_return(self, policy: LearnedPolicy, episodes: int, first: int) -> float:
        results = evaluate(self._env_id, policy, episodes, first)
        return float(np.mean([result.total_reward for result in results]))
