"""A network that tells demonstrated steps from the steps of a policy; what it finds is a reward.

Kostrikov et al. 2019, "Discriminator-Actor-Critic", section 4: the reward is the log-odds
log D - log(1 - D); an episode that ends by itself goes on in an absorbing state, whose rewards are
added to its last step; a gradient penalty (Gulrajani et al. 2017) keeps D smooth.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from teleop.learning.data.inputs import Rows
from teleop.learning.practice.shown import Shown
from teleop.learning.practice.task import Task
from teleop.learning.rewards.reward_models import not_absorbed

_BATCH = 128
_CLIP = 10.0  # log-odds
Chances = Callable[[Tensor, Tensor], Tensor]


class Steps(NamedTuple):
    """Steps as inputs.

    Attributes:
        seen: (B, features + 1) before the step; the last input is 1 in the absorbing state.
        acts: (B, A) the action.
        after: (B, features + 1) after the step.
    """

    seen: Tensor
    acts: Tensor
    after: Tensor


class Discriminator:
    """Learns the log-odds that a step was demonstrated, and rewards the policy with them.

    Attributes:
        network: what is learned.
        chances: returns log pi(a | s) of the policy, which is then taken out of the log-odds (Fu et
            al. 2018, section 5); None: the network alone gives them.
    """

    def __init__(
        self,
        task: Task,
        shown: Shown,
        network: nn.Module,
        seed: int,
        learning_rate: float,
        penalty: float,
    ) -> None:
        """Begin untrained.

        Args:
            task: the task.
            shown: the demonstrated steps.
            network: maps `Steps` to log-odds: (B,).
            seed: seed of the batches.
            learning_rate: learning rate of Adam.
            penalty: weight of the gradient penalty.
        """
        self._task, self._penalty = task, penalty
        self.network = network
        self._optimiser = torch.optim.Adam(network.parameters(), learning_rate)
        self._rng = np.random.default_rng(seed)
        acts = task.head.features(shown.targets)
        self._shown = self._steps(shown.seen, acts, shown.following, shown.terminated)
        self._played: list[Steps] = []
        self._past: Steps | None = None
        self.chances: Chances | None = None

    def __call__(
        self, seen: Rows, acts: Rows, following: Rows, terminated: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """Return the reward of what a policy does, and remember it for `learn`."""
        steps = self._steps(seen, acts, following, terminated)
        self._played.append(steps)
        with torch.no_grad():
            found = self.log_odds(steps).numpy().astype(np.float64).clip(-_CLIP, _CLIP)
        rewards, absorbed = found[: len(seen)], found[len(seen) :]
        rewards[terminated] += self._task.gamma / (1 - self._task.gamma) * absorbed
        return rewards

    def log_odds(self, steps: Steps) -> Tensor:
        """Return log D - log(1 - D) of each step: (B,)."""
        found: Tensor = self.network(steps)
        if self.chances is None:
            return found
        present = 1 - steps.seen[:, -1]  # pi = 1 in the absorbing state
        return found - present * self.chances(steps.seen, steps.acts)

    def learn(self, updates: int) -> float:
        """Tell played steps from the demonstrated ones; return the last loss.

        Half of the played steps are the latest ones, the others any since the beginning: otherwise
        the reward would forget what a poor policy does once the policy is good.
        """
        latest = _joined(self._played)
        self._past = _joined([self._past, latest]) if self._past else latest
        self._played.clear()
        loss = 0.0
        for _ in range(updates):
            half = _BATCH // 2
            played = _joined([self._drawn(latest, half), self._drawn(self._past, _BATCH - half)])
            loss = self._update(self._drawn(self._shown, _BATCH), played)
        return loss

    def _update(self, shown: Steps, played: Steps) -> float:
        right = nn.functional.softplus(-self.log_odds(shown)).mean()
        wrong = nn.functional.softplus(self.log_odds(played)).mean()
        loss = right + wrong + self._penalty * self._roughness(shown, played)
        self._optimiser.zero_grad()
        torch.autograd.backward(loss)
        self._optimiser.step()
        return float(loss.detach())

    def _roughness(self, shown: Steps, played: Steps) -> Tensor:
        """Return how far the gradient between the two is from 1."""
        share = torch.from_numpy(self._rng.random((len(shown.seen), 1), np.float32))
        pairs = zip(shown, played, strict=True)
        between = Steps(*((share * a + (1 - share) * b).requires_grad_() for a, b in pairs))
        total = self.network(between).sum()
        slopes = torch.autograd.grad(total, between, create_graph=True, allow_unused=True)
        norm = torch.cat([part for part in slopes if part is not None], dim=1).norm(dim=1)
        rough: Tensor = ((norm - 1) ** 2).mean()
        return rough

    def _steps(
        self, seen: Rows, acts: Rows, following: Rows, terminated: NDArray[np.bool_]
    ) -> Steps:
        """Return steps as inputs, and then an absorbing step for each that ended by itself."""
        ends = int(terminated.sum())
        absorbed = np.zeros((ends, self._task.features + 1), np.float32)
        absorbed[:, -1] = 1.0
        after = not_absorbed(following)
        after[terminated] = absorbed
        idle = np.zeros((ends, acts.shape[1]), np.float32)
        parts = ((not_absorbed(seen), absorbed), (acts, idle), (after, absorbed))
        return Steps(*(torch.from_numpy(np.concatenate(pair)) for pair in parts))

    def _drawn(self, steps: Steps, count: int) -> Steps:
        rows = torch.from_numpy(self._rng.integers(len(steps.seen), size=count))
        return Steps(*(part[rows] for part in steps))


def _joined(parts: list[Steps]) -> Steps:
    return Steps(*(torch.cat(each) for each in zip(*parts, strict=True)))
