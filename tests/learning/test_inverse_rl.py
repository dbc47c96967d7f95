"""GAIL, AIRL and inverse soft Q: a policy from demonstrations alone, and the reward they found."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from teleop.api.policies import iter_record
from teleop.errors import LearningError
from teleop.evaluation.scoring import evaluate
from teleop.learning.algorithms import airl, gail, iq, practise
from teleop.learning.data.demonstrations import Demonstrations, load_demonstrations
from teleop.learning.policy import LearnedPolicy
from teleop.learning.practice.task import make_task
from teleop.learning.rewards.learned_reward import LearnedReward, load_reward
from teleop.learning.rewards.reward_models import NetworkReward, SoftQReward
from teleop.recording import Dataset, Library

Record = Callable[..., Dataset]


def trained(module: ModuleType, demos: Demonstrations, **settings: object) -> LearnedPolicy:
    """Train to the end; return the last policy."""
    found = [part.policy for part in module.train(demos, module.Config(**settings)) if part.policy]
    policy = found[-1]
    assert isinstance(policy, LearnedPolicy)
    return policy


def saved_reward(policy: LearnedPolicy, folder: Path) -> LearnedReward:
    """Save a policy, and load its reward."""
    policy.save(folder)
    found = load_reward(folder)
    assert found is not None
    return found


@pytest.mark.parametrize("module", [gail, airl, iq])
def test_a_reward_is_learned_and_saved(module: ModuleType, record: Record, tmp_path: Path) -> None:
    dataset = record("CartPole-v1", 2)
    demos = load_demonstrations(dataset)
    reward = saved_reward(trained(module, demos, steps=4000), tmp_path / "policy")
    episode = dataset.read(dataset.rows()[0])
    right = reward.along(episode.observations, episode.actions, terminated=False)
    wrong = reward.along(episode.observations, 1 - episode.actions, terminated=False)
    assert right.shape == (len(episode.rewards),)
    assert np.isfinite(right).all()
    assert right.mean() > wrong.mean()
    assert reward.config.source == module.__name__.rpartition(".")[2]


@pytest.mark.parametrize("module", [gail, airl])
def test_numbers_can_be_explained_too(module: ModuleType, record: Record, tmp_path: Path) -> None:
    dataset = record("Pendulum-v1", 1)
    demos = load_demonstrations(dataset)
    reward = saved_reward(trained(module, demos, steps=1500), tmp_path / "policy")
    episode = dataset.read(dataset.rows()[0])
    assert np.isfinite(reward.along(episode.observations, episode.actions, terminated=True)).all()


def test_continuous_soft_q_learns_and_saves_its_reward(record: Record, tmp_path: Path) -> None:
    dataset = record("MountainCarContinuous-v0", 1)
    demos = load_demonstrations(dataset)
    policy = trained(iq, demos, steps=600, score_every=300, every=4)
    reward = saved_reward(policy, tmp_path / "policy")
    episode = dataset.read(dataset.rows()[0])
    found = reward.along(episode.observations, episode.actions, terminated=True)
    assert np.isfinite(found).all()
    assert reward.model.kind == "actor_q"


@pytest.mark.slow
def test_one_can_practise_on_a_learned_reward(record: Record, tmp_path: Path) -> None:
    demos = load_demonstrations(record("CartPole-v1", 2))
    trained(gail, demos, steps=8_000).save(tmp_path / "gail")
    settings = {"reward": str(tmp_path / "gail"), "scratch": True, "steps": 16_384, "seed": 3}
    policy = trained(practise, demos, **settings)
    played = [r.total_reward for r in evaluate("CartPole-v1", policy, 20, 400_000)]
    assert np.mean(played) > 60  # random actions reach 22; the environment's reward was not used
    other = replace(demos, head=demos.head, observation_space=demos.action_space)
    with pytest.raises(LearningError):
        list(practise.train(other, practise.Config(**settings)))  # type: ignore[arg-type]


def test_soft_q_is_the_formula_of_the_paper(record: Record) -> None:
    """Checked with numbers: r = Q(s, a) - gamma V(s'), and V(s') of the absorbing state at ends."""
    demos = load_demonstrations(record("CartPole-v1", 1))
    policy = trained(iq, demos, steps=600)
    part = policy.parts[0]
    assert isinstance(part, LearnedReward)
    model = part.model
    assert isinstance(model, SoftQReward)
    seen = np.array([[0.1, 0.2, 0.3, 0.4]], np.float32)
    after = seen + 1
    q = model.network.outputs(np.append(seen, 0.0).astype(np.float32)[None])[0]
    ahead = model.network.outputs(np.append(after, 0.0).astype(np.float32)[None])[0]
    absorbed = model.network.outputs(np.array([[0, 0, 0, 0, 1]], np.float32))[0]
    t, gamma = model.temperature, model.gamma
    for end, q_after in ((False, ahead), (True, absorbed)):
        value = t * np.log(np.exp(q_after.astype(np.float64) / t).sum())
        acts = np.array([[0.0, 1.0]], np.float32)
        found = model.rewards(seen, acts, after, np.array([end]))
        assert found[0] == pytest.approx(q[1] - gamma * value, rel=1e-4)


def test_the_reward_above_the_absorbing_state_ranks_policies_as_before(record: Record) -> None:
    demos = load_demonstrations(record("CartPole-v1", 1))
    policy = trained(gail, demos, steps=1500)
    reward = policy.parts[0]
    assert isinstance(reward, LearnedReward)
    assert isinstance(reward.model, NetworkReward)
    assert reward.model.absorbing == make_task(demos).features
    seen = np.zeros((2, 4), np.float32)
    acts = np.eye(2, dtype=np.float32)
    ends = np.array([False, True])
    plain, above = (
        reward.of(seen, acts, seen, ends),
        reward.above_absorbing()(seen, acts, seen, ends),
    )
    absorbed = reward.model.absorbed()
    whole = plain[0] + 0.9 * plain[1] + 0.9**2 * absorbed / (1 - 0.9)  # goes on for ever
    assert above[0] + 0.9 * above[1] == pytest.approx(whole - absorbed / (1 - 0.9))


@pytest.mark.parametrize(
    ("name", "break_it"),
    [
        ("reward.json", lambda text: text.replace(b'"network"', b'"magic"')),
        ("reward.json", lambda text: text[:40]),
        ("reward.safetensors", lambda text: text[:-8]),
        ("reward.json", lambda text: text.replace(b'"scale": 1.0', b'"scale": 0.0')),
        ("reward.json", lambda text: text.replace(b'"absorbing": 4', b'"absorbing": Infinity')),
        ("reward.json", lambda text: text.replace(b'"absorbing": 4', b'"absorbing": 1000000')),
    ],
)
def test_a_damaged_reward_is_one_sentence(
    name: str, break_it: Callable[[bytes], bytes], record: Record, tmp_path: Path
) -> None:
    demos = load_demonstrations(record("CartPole-v1", 1))
    trained(gail, demos, steps=1100).save(tmp_path)
    path = tmp_path / name
    path.write_bytes(break_it(path.read_bytes()))
    with pytest.raises(LearningError, match=r"learned reward in .* cannot be read"):
        load_reward(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("module", [gail, airl, iq])
def test_one_whole_demonstration_is_enough_for_cartpole(module: ModuleType, tmp_path: Path) -> None:
    """At least 475 in 40,000 steps, in four of five seeds (AIRL: three)."""
    library = Library(tmp_path)
    found = []
    for seed in range(5):
        name = f"cartpole-v1/exact-v{seed}"
        list(iter_record(library, "CartPole-v1", "expert", 1, dataset_id=name, seed=seed))
        demos = load_demonstrations(library.dataset(name))
        policy = trained(module, demos, seed=seed, steps=40_000)
        played = [r.total_reward for r in evaluate("CartPole-v1", policy, 20, 500_000)]
        found.append(float(np.mean(played)))
    enough = 3 if module is airl else 4
    assert sum(mean >= 475 for mean in found) >= enough, found
