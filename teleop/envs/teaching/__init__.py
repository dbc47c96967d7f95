"""Small environments made for teaching: each shows one thing about imitation learning.

`register_envs` registers them with Gymnasium:

- `teleop/RingTrack-v0`: a clone of perfect driving leaves the road and cannot come back.
- `teleop/TwoGates-v0`: the average of two right answers is wrong.
- `teleop/TreasureGrid-v0`: a learned reward still leads to the goal when a wall was moved.
"""

import gymnasium as gym

from teleop.envs.teaching.ring_track import RING_TRACK, STEPS
from teleop.envs.teaching.treasure_grid import STEPS as GRID_STEPS
from teleop.envs.teaching.treasure_grid import TREASURE_GRID
from teleop.envs.teaching.two_gates import TWO_GATES


def register_envs() -> None:
    """Register the environments with Gymnasium, once."""
    here = __name__
    if RING_TRACK not in gym.registry:
        gym.register(RING_TRACK, f"{here}.ring_track:RingTrack", max_episode_steps=STEPS)
    if TWO_GATES not in gym.registry:
        gym.register(TWO_GATES, f"{here}.two_gates:TwoGates")
    if TREASURE_GRID not in gym.registry:
        grid = f"{here}.treasure_grid:TreasureGrid"
        gym.register(TREASURE_GRID, grid, max_episode_steps=GRID_STEPS)
