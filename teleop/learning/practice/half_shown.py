"""A replay buffer of which half of each batch was demonstrated (Ball et al. 2023, section 4.1)."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.type_aliases import ReplayBufferSamples
from stable_baselines3.common.vec_env import VecNormalize

from teleop.learning.practice.shown import Shown


class HalfShown(ReplayBuffer):
    """Draws the first half of each batch from what was played, and the second from what was shown.

    Attributes:
        shown: the demonstrated steps.
        scale: multiplies all rewards.
        absorbs: whether an episode that ends by itself goes on in the absorbing state, whose last
            input is 1 and whose others are 0 (Kostrikov et al. 2019, section 4.2).
    """

    shown: Shown
    scale: float = 1.0
    absorbs: bool = False

    def add(
        self,
        obs: NDArray[Any],
        next_obs: NDArray[Any],
        action: NDArray[Any],
        reward: NDArray[Any],
        done: NDArray[Any],
        infos: list[dict[str, Any]],
    ) -> None:
        """Add one step; in place of an end by itself, the absorbing state."""
        ends = bool(done[0]) and not infos[0].get("TimeLimit.truncated", False)
        if not (self.absorbs and ends):
            super().add(obs, next_obs, action, reward, done, infos)
            return
        absorbed = np.zeros_like(next_obs)
        absorbed[:, -1] = 1.0
        on = np.zeros_like(done)
        super().add(obs, absorbed, action, reward, on, infos)
        any_action = np.random.uniform(-1, 1, action.shape)  # noqa: NPY002  as the buffer draws
        super().add(absorbed, absorbed, any_action, reward, on, infos)

    def sample(self, batch_size: int, env: VecNormalize | None = None) -> ReplayBufferSamples:
        """Draw a batch."""
        own = super().sample(batch_size // 2, env)
        shown = self.shown
        rows = np.random.randint(len(shown.seen), size=batch_size - batch_size // 2)  # noqa: NPY002
        ends, rewards = shown.terminated[:, None], shown.rewards[:, None]

        def both(mine: torch.Tensor, theirs: NDArray[Any]) -> torch.Tensor:
            return torch.cat([mine, torch.from_numpy(theirs[rows].astype(np.float32))])

        return ReplayBufferSamples(
            both(own.observations, shown.seen),
            both(own.actions, shown.targets),
            both(own.next_observations, shown.following),
            both(own.dones, ends),
            both(own.rewards, rewards) * self.scale,
        )


def with_absorbing(shown: Shown, rng: np.random.Generator) -> Shown:
    """Return steps with the absorbing input, and an absorbing step after each end by itself."""
    ends = shown.terminated
    seen, following = (
        np.concatenate([part, np.zeros((len(part), 1), np.float32)], axis=1)
        for part in (shown.seen, shown.following)
    )
    absorbed = np.zeros((int(ends.sum()), seen.shape[1]), np.float32)
    absorbed[:, -1] = 1.0
    following[ends] = absorbed
    acts = rng.uniform(-1, 1, (len(absorbed), shown.targets.shape[1])).astype(np.float32)
    on = np.zeros(len(seen) + len(absorbed), np.bool_)
    return Shown(
        np.concatenate([seen, absorbed]),
        np.concatenate([shown.targets, acts]),
        np.concatenate([following, absorbed]),
        np.zeros(len(on)),
        on,
        on,
    )
