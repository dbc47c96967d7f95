"""Optimiser steps per second, next to `imitation`'s BC with the same network, batch and data.

`imitation` needs other versions of the libraries: set IMITATION_PYTHON to the Python of an
environment that has it (pip install imitation==1.0.1). Both run in one thread.
"""

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

from teleop.learning.data.demonstrations import load_demonstrations
from teleop.learning.data.normaliser import Normaliser
from teleop.learning.networks.architecture import Architecture
from teleop.learning.networks.numpy_training import DenseFit
from teleop.recording import Library
from tests.benchmarks.demonstrations import record_demonstrations
from tests.benchmarks.report import say

STEPS = 1500
BATCH = 128

_THEIRS = """
import json, sys, time
import numpy as np, torch, gymnasium as gym
from imitation.algorithms import bc
from imitation.data.types import Transitions
from stable_baselines3.common.policies import ActorCriticPolicy
torch.set_num_threads(1)
data = np.load(sys.argv[1])
rows, actions, steps, batch = data["rows"], data["actions"], int(sys.argv[2]), int(sys.argv[3])
observation, action = gym.spaces.Box(-np.inf, np.inf, (8,)), gym.spaces.Discrete(4)
n = len(rows)
transitions = Transitions(obs=rows, acts=actions, infos=np.array([{}] * n),
                          next_obs=rows, dones=np.zeros(n, bool))
policy = ActorCriticPolicy(observation, action, lambda _: 1e-3,
                           net_arch=[128, 128], activation_fn=torch.nn.ReLU)
trainer = bc.BC(observation_space=observation, action_space=action,
                demonstrations=transitions, batch_size=batch, policy=policy,
                rng=np.random.default_rng(0))
trainer.train(n_batches=50, progress_bar=False, log_interval=10**9)
began = time.perf_counter()
trainer.train(n_batches=steps, progress_bar=False, log_interval=10**9)
print(json.dumps({"rate": steps / (time.perf_counter() - began)}))
"""


def run() -> None:
    """Measure both alternately, three times, and print medians."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        record_demonstrations(root, "bench/demo-v0")
        demos = load_demonstrations(Library(root).dataset("bench/demo-v0"))
        pairs = demos.pairs(0)
        normaliser = Normaliser.of(demos.inputs.vector, pairs[:, 0])
        rows = normaliser(demos.inputs.vector[pairs[:, 0]])
        actions = demos.targets[pairs[:, 1], 0].astype(np.int64)
        np.savez(root / "data.npz", rows=rows, actions=actions)
        python = os.environ.get("IMITATION_PYTHON", "")
        ours, theirs = [], []
        for _ in range(3):
            fit = DenseFit(demos, pairs, normaliser, Architecture(hidden=(128, 128)), batch=BATCH)
            fit.run(50)
            began = time.perf_counter()
            fit.run(STEPS)
            ours.append(STEPS / (time.perf_counter() - began))
            if python:
                theirs.append(_imitation(python, root / "data.npz"))
        say("Teleop, optimiser steps a second", f"{np.median(ours):.0f}")
        if theirs:
            say("imitation, optimiser steps a second", f"{np.median(theirs):.0f}")
            say("ratio (aim 6)", f"{np.median(ours) / np.median(theirs):.1f}")
        else:
            say("imitation", "not measured: set IMITATION_PYTHON")


def _imitation(python: str, data: Path) -> float:
    done = subprocess.run(
        [python, "-c", _THEIRS, str(data), str(STEPS), str(BATCH)],
        capture_output=True,
        text=True,
        check=True,
    )
    return float(json.loads(done.stdout.splitlines()[-1])["rate"])
