"""Networks of steps that are being trained: a reward of observation and action, with shaping."""

import torch
from torch import Tensor, nn

from teleop.learning.networks.numpy_network import Network
from teleop.learning.networks.torch_network import copied, make_layers
from teleop.learning.practice.task import Task
from teleop.learning.rewards.discriminator import Steps

_HIDDEN = (64, 64)


class StepNetwork(nn.Module):
    """One number for each step, from the observation before it and the action."""

    def __init__(self, task: Task, seed: int) -> None:
        super().__init__()
        inputs = task.features + 1 + task.head.size
        drawn = torch.Generator().manual_seed(seed)
        self.layers = make_layers((inputs, *_HIDDEN, 1), drawn)

    def forward(self, steps: Steps) -> Tensor:
        """Apply the network: (B,)."""
        found: Tensor = self.layers(torch.cat([steps.seen, steps.acts], dim=1))[:, 0]
        return found

    def trained(self) -> Network:
        """Return a copy of the network."""
        return copied(self.layers)


class ShapedNetwork(nn.Module):
    """g(s, a) + gamma h(s') - h(s), with h = 0 in the absorbing state (Fu et al. 2018, eq. 4)."""

    def __init__(self, task: Task, seed: int) -> None:
        super().__init__()
        self.reward = StepNetwork(task, seed)
        drawn = torch.Generator().manual_seed(seed + 1)
        self._potential = make_layers((task.features + 1, *_HIDDEN, 1), drawn)
        self._gamma = task.gamma

    def forward(self, steps: Steps) -> Tensor:
        """Apply both networks: (B,)."""
        ahead = self._value(steps.after) * self._gamma - self._value(steps.seen)
        found: Tensor = self.reward(steps) + ahead
        return found

    def trained(self) -> Network:
        """Return a copy of g, the reward without its shaping."""
        return self.reward.trained()

    def _value(self, seen: Tensor) -> Tensor:
        value: Tensor = self._potential(seen)[:, 0] * (1 - seen[:, -1])
        return value
