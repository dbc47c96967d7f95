"""Inverse soft Q-learning for continuous actions: a soft actor-critic without any reward.

Garg et al. 2021, "IQ-Learn: Inverse soft-Q Learning for Imitation", section 4.2 and algorithm 1:
    V(s) = E_{a ~ pi}[Q(s, a) - T log pi(a | s)],   r(s, a) = Q(s, a) - gamma V(s')
    max_Q  E_demos[r] - E_all[V(s) - gamma V(s')] - 1 / (4 alpha) E_all[r^2]
The actor follows Q as in SAC (Haarnoja et al. 2018); the networks and the loop are those of
Stable-Baselines3, with half of each batch demonstrated.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from stable_baselines3 import SAC
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.utils import polyak_update
from torch import Tensor

from teleop.learning.networks.numpy_network import Network
from teleop.learning.networks.torch_network import copied
from teleop.learning.practice.half_shown import HalfShown, with_absorbing
from teleop.learning.practice.shown import Shown
from teleop.learning.practice.task import Task

if TYPE_CHECKING:
    from teleop.learning.algorithms.iq import Config

_BLOCK = 250
_BUFFER = 200_000


class InverseSAC(SAC):
    """A soft actor-critic that learns Q from demonstrations instead of from rewards."""

    temperature: float
    divergence: float  # alpha of the chi-squared penalty

    def train(self, gradient_steps: int, batch_size: int = 64) -> None:
        """Update the critic, the actor and the target some times."""
        self.policy.set_training_mode(True)
        buffer = self.replay_buffer
        if not isinstance(buffer, HalfShown):
            raise TypeError("inverse SAC needs demonstrations in its buffer")
        for _ in range(gradient_steps):
            batch = buffer.sample(batch_size)
            seen, acts, following = batch.observations, batch.actions, batch.next_observations
            self._improve_critic(seen, acts, following, batch_size // 2)
            self._improve_actor(seen)
            polyak_update(self.critic.parameters(), self.critic_target.parameters(), self.tau)
        self._n_updates += gradient_steps

    def value(self, seen: Tensor, *, target: bool) -> Tensor:
        """Return V of observations: (B, features) -> (B, 1)."""
        acts, logs = self.actor.action_log_prob(seen)
        critic = self.critic_target if target else self.critic
        lower = torch.cat(critic(seen, acts), dim=1).min(dim=1, keepdim=True).values
        found: Tensor = lower - self.temperature * logs.reshape(-1, 1)
        return found

    def _improve_critic(self, seen: Tensor, acts: Tensor, following: Tensor, own: int) -> None:
        with torch.no_grad():
            ahead = self.gamma * self.value(following, target=True)
        value = self.value(seen, target=False)
        loss = torch.zeros(())
        for q in self.critic(seen, acts):
            reward = q - ahead
            gain = reward[own:].mean()  # the demonstrated half comes last
            loss = loss - gain + (value - ahead).mean()
            loss = loss + (reward**2).mean() / (4 * self.divergence)
        self.critic.optimizer.zero_grad()
        torch.autograd.backward(loss)
        self.critic.optimizer.step()

    def _improve_actor(self, seen: Tensor) -> None:
        loss = -self.value(seen, target=False).mean()
        self.actor.optimizer.zero_grad()
        torch.autograd.backward(loss)
        self.actor.optimizer.step()


class InverseLearner:
    """A policy, and the Q that explains the demonstrations."""

    def __init__(self, task: Task, shown: Shown, config: "Config") -> None:
        """Make the environment and untrained networks.

        Raises:
            EnvError: the environment cannot be made.
        """
        self._envs = replace(task, absorbs=True).envs(1)
        self._model = InverseSAC(
            "MlpPolicy",
            self._envs,
            seed=config.seed,
            learning_rate=config.learning_rate,
            buffer_size=_BUFFER,
            learning_starts=0,
            batch_size=2 * config.batch,
            gamma=config.gamma,
            tau=config.tau,
            train_freq=config.every,
            gradient_steps=1,
            replay_buffer_class=HalfShown,
            policy_kwargs={"net_arch": list(config.hidden)},
            device="cpu",
        )
        self._model.set_logger(Logger(None, []))
        self._model.temperature, self._model.divergence = config.temperature, config.alpha
        buffer = self._model.replay_buffer
        if isinstance(buffer, HalfShown):
            buffer.shown = with_absorbing(shown, np.random.default_rng(config.seed))
            buffer.absorbs = True

    @property
    def steps(self) -> int:
        """Number of environment steps so far."""
        return int(self._model.num_timesteps)

    def learn(self) -> None:
        """Play a block of steps, and learn from it."""
        self._model.learn(_BLOCK, reset_num_timesteps=False)

    def network(self) -> Network:
        """Return the actor without the absorbing input; its numbers go through tanh."""
        first, *rest = copied([*self._model.actor.latent_pi, self._model.actor.mu]).trunk
        first = replace(first, weight=np.ascontiguousarray(first.weight[:, :-1]))
        return Network((first, *rest))

    def critics(self) -> tuple[Network, ...]:
        """Return both Q: each takes the observation and the action."""
        return tuple(copied(critic.modules()) for critic in self._model.critic.q_networks)

    def close(self) -> None:
        """Close the environment."""
        self._envs.close()
