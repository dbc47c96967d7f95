"""One's own network, one's own algorithm, and policies in other people's code."""

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.vector import SyncVectorEnv

from teleop import workflows
from teleop.errors import LearningError
from teleop.learning import load_policy
from teleop.learning.algorithms import ALGORITHMS, bc, find_algorithm, nearest
from teleop.learning.data.demonstrations import demonstrations_of, load_demonstrations
from teleop.learning.networks.architecture import Architecture
from teleop.learning.networks.onnx_export import export_onnx
from teleop.learning.networks.own_network import allow_own
from teleop.learning.training_run import TrainingRun
from teleop.recording import Dataset, Library

Record = Callable[..., Dataset]
STATES = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], np.float32)
ACTIONS = np.array([0, 1, 0])


def test_the_first_program_of_the_books_in_torch() -> None:
    network = torch.nn.Sequential(
        torch.nn.Linear(2, 64),
        torch.nn.ReLU(),
        torch.nn.Linear(64, 64),
        torch.nn.ReLU(),
        torch.nn.Linear(64, 2),
    )
    policy = bc.clone(demonstrations_of(STATES, ACTIONS), bc.Config(steps=200), network)
    assert [int(policy.act(state)) for state in STATES] == ACTIONS.tolist()
    (likely,) = policy.distribution(STATES[1])
    assert int(np.argmax(likely)) == 1


@pytest.mark.slow
def test_the_first_program_of_the_books_in_keras() -> None:
    program = """
import os
os.environ["KERAS_BACKEND"] = "torch"
import keras, numpy as np
from teleop.learning.algorithms import bc
from teleop.learning.data.demonstrations import demonstrations_of
states = np.array([[0, 0], [1, 0], [0, 1]], np.float32)
network = keras.Sequential([
    keras.layers.Input((2,)),
    keras.layers.Dense(64, activation="relu"),
    keras.layers.Dense(64, activation="relu"),
    keras.layers.Dense(2),
])
policy = bc.clone(demonstrations_of(states, np.array([0, 1, 0])), bc.Config(steps=200), network)
print([int(policy.act(state)) for state in states])
"""
    if importlib.util.find_spec("keras") is None:
        pytest.skip("keras is not installed")
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ran.stdout.strip() == "[0, 1, 0]", ran.stderr


def test_a_network_of_ones_own_by_name(record: Record, tmp_path: Path) -> None:
    name = "tests.learning.test_plug_ins:narrow"
    demos = load_demonstrations(record("CartPole-v1", 2))
    with pytest.raises(LearningError, match="never named on this computer"):
        bc.clone(demos, bc.Config(steps=50, network=name, budget_s=0))
    allow_own(name)
    policy = bc.clone(demos, bc.Config(steps=50, network=name, budget_s=0))
    policy.save(tmp_path / "own")
    loaded = load_policy(tmp_path / "own")
    for observation in np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32):
        assert policy.act(observation) == loaded.act(observation)


def narrow(features: int, outputs: int) -> torch.nn.Module:
    return torch.nn.Sequential(
        torch.nn.Linear(features, 16), torch.nn.Tanh(), torch.nn.Linear(16, outputs)
    )


@pytest.mark.parametrize("name", ["nothing.here:Net", "torch.nn:Nothing", "no colon"])
def test_a_network_that_cannot_be_imported_is_one_sentence(name: str) -> None:
    with pytest.raises(LearningError, match=r"cannot be imported.*package\.module:Class"):
        allow_own(name)


@pytest.mark.parametrize("name", sorted(ALGORITHMS))
def test_every_algorithm_is_one_file_with_the_same_door(name: str) -> None:
    module = find_algorithm(name)
    assert module.SUMMARY
    assert module.Config().seed == 0


def test_every_recipe_of_the_window_is_one_of_the_core(record: Record) -> None:
    from teleop.learning.recipes import RECIPES, find_recipe
    from teleop.ui.training.algorithm_words import RECIPE_WORDS

    assert list(RECIPE_WORDS) == list(RECIPES)
    demos = load_demonstrations(record("CartPole-v1", 1))
    for name in RECIPES:
        algorithm, settings = find_recipe(name)
        assert TrainingRun(demos, algorithm, settings).algorithm == algorithm
    with pytest.raises(LearningError, match="No recipe is called 'magic'"):
        find_recipe("magic")


def test_an_unknown_algorithm_or_setting_is_one_sentence(record: Record) -> None:
    with pytest.raises(LearningError, match="there are bc, nearest"):
        find_algorithm("magic")
    with pytest.raises(LearningError, match=r"no Config and no train"):
        find_algorithm("json")
    demos = load_demonstrations(record("CartPole-v1", 1))
    with pytest.raises(LearningError, match=r"no setting called speed; it has .*steps"):
        TrainingRun(demos, "bc", {"speed": 9})


def test_the_onnx_model_says_what_the_policy_says(record: Record, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    policy = bc.clone(
        load_demonstrations(record("LunarLander-v3", 2)), bc.Config(members=2, steps=50, budget_s=0)
    )
    told = export_onnx(policy, tmp_path / "lander.onnx")
    assert told["error"] < 1e-5
    assert told["inputs"] == {"numbers": ["batch", 8]}

    import onnxruntime

    session = onnxruntime.InferenceSession(str(tmp_path / "lander.onnx"))
    rows = np.random.default_rng(1).normal(size=(7, 8)).astype(np.float32)
    (scores,) = session.run(None, {"numbers": rows})
    assert [int(row.argmax()) for row in scores] == [int(policy.act(row)) for row in rows]


def test_a_policy_serves_other_peoples_evaluation(record: Record) -> None:
    policy = bc.clone(
        load_demonstrations(record("CartPole-v1", 5)), bc.Config(steps=300, budget_s=0)
    )
    venv = SyncVectorEnv([lambda: gym.make("CartPole-v1") for _ in range(3)])
    observations, _ = venv.reset(seed=0)
    starts, total = np.ones(3, np.bool_), 0.0
    state = None
    for _ in range(100):  # as stable_baselines3.common.evaluation.evaluate_policy does
        actions, state = policy.predict(observations, state=state, episode_start=starts)
        observations, rewards, *_ = venv.step(actions)
        starts, total = np.zeros(3, np.bool_), total + float(rewards.sum())
    venv.close()
    assert total == 300
    single, _ = gym.make("CartPole-v1").reset(seed=0)
    assert policy.predict(single)[0] == policy.act(single) == policy(single)


def test_loading_and_acting_needs_no_window_and_no_environment(
    record: Record, tmp_path: Path
) -> None:
    bc.clone(load_demonstrations(record("CartPole-v1", 1)), bc.Config(steps=20, budget_s=0)).save(
        tmp_path / "p"
    )
    program = f"""
import sys
from teleop.learning import load_policy
policy = load_policy({str(tmp_path / "p")!r})
print(int(policy.act([0.0, 0.0, 0.1, 0.0])), "pygame" in sys.modules, "torch" in sys.modules)
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ran.stdout.split()[1:] == ["False", "False"], ran.stderr


@pytest.mark.slow
def test_two_processes_learn_what_one_learns(record: Record, library: Library) -> None:
    record("CartPole-v1", 5)
    means = []
    for count in (1, 2):
        command = [
            *(sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", str(count)),
            *("--master-port", str(29_500 + count), "-m", "teleop", "train", "CartPole-v1"),
            *("--recordings", str(library.root), "--name", f"by-{count}", "--episodes", "0"),
            *("--steps", "300", "--lag", "2", "--members", "2", "--budget", "0"),
        ]
        ran = subprocess.run(command, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        _, policy = workflows.find_policy(library, "cartpole-v1/scripted-v0", f"by-{count}")
        from teleop.evaluation.scoring import evaluate

        played = evaluate("CartPole-v1", policy, 5)
        means.append(np.mean([result.total_reward for result in played]))
    assert min(means) > 400


def test_settings_of_another_kind_or_algorithm_are_one_sentence(record: Record) -> None:
    demos = load_demonstrations(record("CartPole-v1", 1))
    with pytest.raises(LearningError, match="rounds is 'abc'; expected int"):
        TrainingRun(demos, "dagger", {"rounds": "abc"})
    with pytest.raises(LearningError, match="nearest has no setting called shape"):
        TrainingRun(demos, "nearest", {"shape": Architecture(memory=8)})
    assert TrainingRun(demos, "bc", {"members": None, "steps": 5}).config.steps == 5


def test_a_network_of_ones_own_is_untrained_in_each_phase_and_repeatable(record: Record) -> None:
    demos = load_demonstrations(record("CartPole-v1", 2))
    network = narrow(4, 2)
    before = [part.detach().clone() for part in network.parameters()]
    one, two = (
        bc.clone(demos, bc.Config(steps=20, budget_s=0), network).model.tensors() for _ in range(2)
    )
    for (name, first), (_, second) in zip(one, two, strict=True):
        assert np.array_equal(first, second), name
    after = network.parameters()
    assert all(torch.equal(old, new) for old, new in zip(before, after, strict=True))
    with pytest.raises(LearningError, match="takes the current observation"):
        bc.clone(demos, bc.Config(shape=Architecture(memory=8)), network)
    with pytest.raises(LearningError, match="custom network"):
        bc.clone(demos, bc.Config(members=5), network)


def test_a_warm_start_goes_on_and_refuses_what_does_not_fit(record: Record, tmp_path: Path) -> None:
    demos = load_demonstrations(record("CartPole-v1", 3))
    begun = bc.clone(demos, bc.Config(steps=300, members=1, lag_steps=2, budget_s=0))
    begun.save(tmp_path / "begun")
    config = bc.Config(steps=50, members=1, lag_steps=2, start=str(tmp_path / "begun"))
    warm = [p.loss for p in bc.train(demos, config) if p.loss is not None]
    cold = [
        p.loss
        for p in bc.train(demos, bc.Config(steps=50, members=1, lag_steps=2, budget_s=0))
        if p.loss is not None
    ]
    assert warm[0] < cold[0]
    lander = load_demonstrations(record("LunarLander-v3", 1))
    with pytest.raises(LearningError, match="differ from those of LunarLander-v3"):
        bc.clone(lander, config)
    (remembered,) = nearest.train(demos)
    assert remembered.policy is not None
    remembered.policy.save(tmp_path / "near")
    with pytest.raises(LearningError, match="do not match the actions"):
        bc.clone(demos, bc.Config(start=str(tmp_path / "near")))
