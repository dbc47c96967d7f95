"""Proximal policy optimisation that starts from a policy, for any kind of action.

Schulman et al. 2017, "Proximal Policy Optimization Algorithms", section 3 (Stable-Baselines3's).
Before it begins, the actor imitates the policy on the states that the policy visits, and the critic
predicts its returns; an untrained critic would undo what the actor knows.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import VecNormalize

from teleop.envs.factory import is_quick
from teleop.learning.networks.numpy_network import Network
from teleop.learning.networks.torch_network import array_of, copied
from teleop.learning.practice.shown import Shown
from teleop.learning.practice.task import Task
from teleop.learning.rewards.reward_models import RewardFunction

_HIDDEN = [64, 64]
_IMITATION_STEPS, _IMITATION_BATCH = 2000, 256
_LOWEST_LOG_SD = -1.0


@dataclass(frozen=True, slots=True)
class Blocks:
    """How much is played before what was played is learned from.

    Attributes:
        envs: environments that are stepped together.
        steps: steps of each.
        epochs: how often each step is learned from.
        batch: steps in a batch.
        learning_rate: learning rate of Adam.
    """

    envs: int = 16
    steps: int = 512
    epochs: int = 4
    batch: int = 256
    learning_rate: float = 3e-4


SLOW = Blocks(envs=4, steps=128)  # for environments that need over 1 ms a step


class PPOLearner:
    """A policy that practises on what it has just done."""

    def __init__(
        self,
        task: Task,
        seed: int,
        reward: RewardFunction | None = None,
        blocks: Blocks | None = None,
    ) -> None:
        """Make the environments and untrained networks.

        Args:
            task: the task.
            seed: seed of the networks and the environments.
            reward: replaces the environment's reward.
            blocks: how much is played at once; None: by the speed of the environment.

        Raises:
            EnvError: the environment cannot be made.
        """
        blocks = blocks or (Blocks() if is_quick(task.demos.env_id) else SLOW)
        self._task = task
        self._envs = VecNormalize(
            task.envs(blocks.envs, reward), norm_obs=False, norm_reward=True, gamma=task.gamma
        )
        self._block = blocks.envs * blocks.steps
        self._model = PPO(
            "MlpPolicy",
            self._envs,
            seed=seed,
            learning_rate=blocks.learning_rate,
            n_steps=blocks.steps,
            batch_size=min(blocks.batch, self._block),
            n_epochs=blocks.epochs,
            gamma=task.gamma,
            gae_lambda=0.98,
            ent_coef=0.01,
            target_kl=0.03,
            policy_kwargs={"activation_fn": torch.nn.ReLU, "net_arch": _HIDDEN},
            device="cpu",
        )

    @property
    def steps(self) -> int:
        """Number of environment steps so far."""
        return int(self._model.num_timesteps)

    def imitate(self, shown: Shown) -> None:
        """Begin with what a policy did, and with the returns that followed."""
        self._model.num_timesteps += len(shown.seen)  # they were played too
        returns = shown.returns(self._task.gamma)
        spread = max(float(returns.std()), 1e-6)
        known = self._envs.ret_rms
        known.mean, known.var = np.array(returns.mean()), np.array(spread**2)
        known.count = float(len(returns))
        seen = torch.from_numpy(shown.seen)
        acts = torch.from_numpy(self._acts(shown.targets))
        goals = torch.from_numpy((returns / spread).astype(np.float32))
        optimiser = torch.optim.Adam(self._model.policy.parameters(), 1e-3, fused=True)
        drawn = torch.Generator().manual_seed(0)
        for _ in range(_IMITATION_STEPS):
            rows = torch.randint(len(seen), (_IMITATION_BATCH,), generator=drawn)
            values, logs, _ = self._model.policy.evaluate_actions(seen[rows], acts[rows])
            loss = -logs.mean() + 0.5 * ((values[:, 0] - goals[rows]) ** 2).mean()
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
        if hasattr(self._model.policy, "log_std"):  # else it would hardly try anything
            self._model.policy.log_std.data.clamp_(min=_LOWEST_LOG_SD)

    def learn(self) -> None:
        """Play a block of steps, and learn from it."""
        self._model.learn(self._block, reset_num_timesteps=False)

    @torch.no_grad()
    def log_chances(self, seen: torch.Tensor, acts: torch.Tensor) -> torch.Tensor:
        """Return log pi(a | s) of steps: (B, features or more), (B, A) -> (B,)."""
        head = self._task.head
        parts = [
            acts[:, span].argmax(dim=1, keepdim=True).float() if size > 1 else acts[:, span]
            for span, size in zip(head.spans, head.sizes, strict=True)
        ]
        wanted = torch.from_numpy(self._acts(torch.cat(parts, dim=1).numpy()))
        _, logs, _ = self._model.policy.evaluate_actions(seen[:, : self._task.features], wanted)
        return logs

    def network(self) -> Network:
        """Return the actor."""
        policy = self._model.policy
        return copied([*policy.mlp_extractor.policy_net, policy.action_net])

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Return everything that is needed to go on later, by name."""
        found = {name: array_of(part) for name, part in self._model.policy.state_dict().items()}
        known = self._envs.ret_rms
        return found | {"returns": np.array([known.mean, known.var, known.count], np.float64)}

    def restore(self, tensors: dict[str, NDArray[Any]]) -> None:
        """Go on from the arrays of `tensors`.

        Raises:
            RuntimeError: the arrays do not fit.
            KeyError: an array is missing.
        """
        known = self._envs.ret_rms
        mean, var, count = tensors["returns"]
        known.mean, known.var, known.count = np.array(mean), np.array(var), float(count)
        state = {k: torch.from_numpy(np.array(v)) for k, v in tensors.items() if k != "returns"}
        self._model.policy.load_state_dict(state)

    def close(self) -> None:
        """Close the environments."""
        self._envs.close()

    def _acts(self, targets: NDArray[np.float32]) -> NDArray[Any]:
        if not self._task.head.is_choice:
            return targets
        whole = targets.astype(np.int64)
        return whole[:, 0] if whole.shape[1] == 1 else whole
