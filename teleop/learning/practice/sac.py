"""Soft actor-critic with demonstrations in half of each batch, for continuous actions.

Haarnoja et al. 2018, "Soft Actor-Critic Algorithms and Applications" (Stable-Baselines3's), with
Ball et al. 2023, "Efficient Online Reinforcement Learning with Offline Data" (RLPD), section 4.1:
half of each batch is demonstrated.
Deviations from RLPD:
 1. Before it begins, the actor imitates the policy it starts from, and what that policy played is
    in the buffer.
 2. Two critics without layer normalisation, as in Stable-Baselines3; one update per step.
 3. Rewards are divided by their standard deviation, so that one set of settings suits all.
"""

import copy
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3 import SAC
from stable_baselines3.common.logger import Logger

from teleop.errors import LearningError
from teleop.learning.networks.numpy_network import Network
from teleop.learning.networks.torch_network import array_of, copied
from teleop.learning.practice.half_shown import HalfShown
from teleop.learning.practice.shown import Shown, demonstrated
from teleop.learning.practice.task import Task
from teleop.learning.rewards.reward_models import RewardFunction
from teleop.text import tr

_HIDDEN = [128, 128]
_BLOCK = 250
_BUFFER = 300_000
_IMITATION_STEPS, _IMITATION_BATCH = 1500, 256
_WARM_UPS, _WARM_UP_STEPS = 100, 20
_FEWEST_SD = 1e-6


class SACLearner:
    """A policy that practises on all that it has done, and on what was demonstrated."""

    def __init__(self, task: Task, seed: int, reward: RewardFunction | None = None) -> None:
        """Make the environment and untrained networks.

        Raises:
            EnvError: the environment cannot be made.
        """
        self._task = task
        self._envs = task.envs(1, reward)
        self._model = SAC(
            "MlpPolicy",
            self._envs,
            seed=seed,
            buffer_size=_BUFFER,
            learning_starts=0,
            batch_size=256,
            gamma=task.gamma,
            ent_coef="auto_0.1",
            replay_buffer_class=HalfShown,
            policy_kwargs={"net_arch": _HIDDEN},
            device="cpu",
        )
        buffer: Any = self._model.replay_buffer
        self._buffer: HalfShown = buffer
        self._model.set_logger(Logger(None, []))
        self._buffer.shown = demonstrated(task, reward)
        rewards = self._buffer.shown.rewards
        if len(rewards) == 0:
            raise LearningError(tr("These episodes have no step whose reward is known."))
        spread = float(rewards.std())
        self._buffer.scale = 1 / (spread if spread > _FEWEST_SD else max(abs(rewards.mean()), 1.0))

    @property
    def steps(self) -> int:
        """Number of environment steps so far."""
        return int(self._model.num_timesteps)

    def imitate(self, shown: Shown) -> None:
        """Begin with what a policy did."""
        self._model.num_timesteps += len(shown.seen)  # they were played too
        for row in range(len(shown.seen)):
            one = slice(row, row + 1)
            parts = (shown.seen[one], shown.following[one], shown.targets[one])
            self._buffer.add(*parts, shown.rewards[one], shown.terminated[one], [{}])
        seen, wanted = torch.from_numpy(shown.seen), torch.from_numpy(shown.targets)
        actor = self._model.actor
        optimiser = torch.optim.Adam(actor.parameters(), 1e-3)
        drawn = torch.Generator().manual_seed(0)
        for _ in range(_IMITATION_STEPS):
            rows = torch.randint(len(seen), (_IMITATION_BATCH,), generator=drawn)
            loss = ((actor(seen[rows], deterministic=True) - wanted[rows]) ** 2).mean()
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
        self._warm_up()

    def _warm_up(self) -> None:
        """Let the critics learn what the actor is worth, before they may change it."""
        model = self._model
        kept = copy.deepcopy(model.actor.state_dict())
        entropy = None if model.log_ent_coef is None else model.log_ent_coef.detach().clone()
        for _ in range(_WARM_UPS):
            model.train(_WARM_UP_STEPS, model.batch_size)
            model.actor.load_state_dict(kept)
        if entropy is not None and model.log_ent_coef is not None:
            model.log_ent_coef.data.copy_(entropy)

    def learn(self) -> None:
        """Play a block of steps, and learn from it."""
        self._model.learn(_BLOCK, reset_num_timesteps=False)

    def network(self) -> Network:
        """Return the actor; its numbers go through tanh."""
        return copied([*self._model.actor.latent_pi, self._model.actor.mu])

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Return everything that is needed to go on later, by name."""
        found = {name: array_of(part) for name, part in self._model.policy.state_dict().items()}
        entropy = self._model.log_ent_coef
        return found if entropy is None else found | {"log_ent_coef": array_of(entropy)}

    def restore(self, tensors: dict[str, NDArray[Any]]) -> None:
        """Go on from the arrays of `tensors`.

        Raises:
            RuntimeError: the arrays do not fit.
            KeyError: an array is missing.
        """
        state = {k: torch.from_numpy(np.array(v)) for k, v in tensors.items()}
        entropy = state.pop("log_ent_coef")
        self._model.policy.load_state_dict(state)
        if self._model.log_ent_coef is not None:
            self._model.log_ent_coef.data.copy_(entropy)

    def close(self) -> None:
        """Close the environment."""
        self._envs.close()
