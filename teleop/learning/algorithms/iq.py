"""Inverse soft Q-learning (IQ-Learn): finds a reward under which the demonstrations are optimal.

Garg et al. 2021, "IQ-Learn: Inverse soft-Q Learning for Imitation", section 4 and appendix A.
    r(s, a) = Q(s, a) - gamma V(s'),   V(s) = T log sum_a exp(Q(s, a) / T)
    max_Q  E_demos[r] - E_all[V(s) - gamma V(s')] - 1 / (4 alpha) E_all[r^2]
Deviations:
 1. Absorbing states (Kostrikov et al. 2019, section 4.2): an episode that terminates continues in a
    separate state. Without it, the reward of dying is free and the policy learns to die early.
 2. What is saved is the best policy by playing (`practice.finalists`): the one that takes the most
    likely action is scored whenever the latest episodes suggest that it is good. The environment's
    reward selects among policies but is never learned from.
Only Discrete actions and numeric observations are supported. The reward Q(s, a) - gamma V(s') is
saved with the policy.
"""

import copy
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from torch import Tensor

from teleop.envs.factory import close_env, make_env
from teleop.errors import LearningError
from teleop.learning.data.demonstrations import Demonstrations
from teleop.learning.data.normaliser import CLIP, Normaliser
from teleop.learning.networks.architecture import Architecture
from teleop.learning.networks.numpy_network import Linear, Network
from teleop.learning.networks.policy_models import Ensemble
from teleop.learning.networks.torch_network import copied, make_layers
from teleop.learning.policy import LearnedPolicy
from teleop.learning.practice.finalists import Finalists
from teleop.learning.practice.shown import demonstrated
from teleop.learning.practice.task import make_task
from teleop.learning.practice.task import why_not as practice_why_not
from teleop.learning.progress import Progress, check_teaches, make_policy
from teleop.learning.rewards.learned_reward import make_reward
from teleop.learning.rewards.reward_models import ActorQReward, SoftQReward
from teleop.text import tr

SUMMARY = "Inverse soft Q: finds what you were after"
_FIRST_SEED = 80_000
_REPORT = 500  # steps
_FEW = 10  # starts that score a policy


@dataclass(frozen=True, slots=True)
class Config:
    """Settings of the search.

    Attributes:
        seed: seed of the network, the starts and the sampled actions.
        steps: environment steps.
        every: environment steps per optimiser step; 0: 2 for choices, 1 for numbers.
        batch: number of demonstrated steps, and of played steps, per batch.
        gamma: discount.
        temperature: T, in units of reward; 0: 0.1 for choices, 0.01 for numbers.
        alpha: alpha of the chi-squared penalty.
        learning_rate: learning rate of Adam.
        tau: share of Q that moves into the slow copy of it, which gives V(s'), at each step.
        hidden: widths of the hidden layers of Q.
        best_of: number of latest episodes that suggest when the policy is worth scoring; not used
            for numbers.
        score_every: steps after which it is scored in any case.
    """

    seed: int = 0
    steps: int = 40_000
    every: int = 0
    batch: int = 128
    gamma: float = 0.99
    temperature: float = 0.0
    alpha: float = 0.5
    learning_rate: float = 1e-3
    tau: float = 0.01
    hidden: tuple[int, ...] = (64, 64)
    best_of: int = 3
    score_every: int = 1000


@dataclass(slots=True)
class _Steps:
    """Buffer of (observation, action, next observation); an extra feature marks absorption."""

    seen: NDArray[np.float32]
    done: NDArray[np.int64]
    following: NDArray[np.float32]
    count: int = 0

    @classmethod
    def room(cls, most: int, features: int) -> "_Steps":
        shape = (most, features + 1)
        return cls(
            np.zeros(shape, np.float32), np.zeros(most, np.int64), np.zeros(shape, np.float32)
        )

    def add(self, seen: NDArray[Any], done: int, following: NDArray[Any] | None) -> None:
        """Add one step; `following` is None where the episode terminated."""
        row = self.count % len(self.done)
        self.seen[row, :-1], self.seen[row, -1] = seen, 0.0
        self.done[row] = done
        self.following[row] = 0.0
        if following is None:
            self.following[row, -1] = 1.0
        else:
            self.following[row, :-1] = following
        self.count += 1

    def absorb(self, actions: int) -> None:
        """Add a step from the absorbing state to itself for each action."""
        for action in range(actions):
            row = self.count % len(self.done)
            self.seen[row] = self.following[row] = 0.0
            self.seen[row, -1] = self.following[row, -1] = 1.0
            self.done[row] = action
            self.count += 1

    def draw(self, size: int, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
        rows = rng.integers(min(self.count, len(self.done)), size=size)
        parts = (self.seen[rows], self.done[rows], self.following[rows])
        return tuple(torch.from_numpy(part) for part in parts)  # type: ignore[return-value]


@dataclass(slots=True)
class _Search:
    """The state of a search."""

    demos: Demonstrations
    config: Config
    actions: int
    rng: np.random.Generator
    normaliser: Normaliser
    shown: _Steps
    played: _Steps
    network: torch.nn.Sequential
    target: torch.nn.Sequential
    optimiser: torch.optim.Optimizer
    finalists: Finalists
    finished: list[float] = field(default_factory=list)
    suggested: float = -np.inf  # highest mean of the latest episodes
    scored_at: int = 0


def train(demos: Demonstrations, config: Config = Config()) -> Iterator[Progress]:
    """Play, compare with the demonstrations, and update Q.

    Raises:
        LearningError: nothing can be learned, or the spaces are not supported.
        EnvError: the environment cannot be made, or failed.
    """
    check_teaches(demos)
    if problem := why_not(demos):
        raise LearningError(problem)
    if config.steps < 1 or config.batch < 1 or not 0 < config.gamma < 1:
        raise LearningError(tr("gamma must be above 0 and below 1, steps and batch at least 1."))
    torch.set_num_threads(1)
    chooses = isinstance(demos.action_space, spaces.Discrete)
    every, temperature = (2, 0.1) if chooses else (1, 0.01)
    config = replace(
        config, every=config.every or every, temperature=config.temperature or temperature
    )
    if not chooses:
        yield from _train_continuous(demos, config)
        return
    search = _begin(demos, config)
    env = make_env(demos.env_id, render=False)
    try:
        yield from _play(search, env)
    finally:
        close_env(env)


def why_not(demos: Demonstrations) -> str:
    """Return why inverse soft Q cannot learn from these demonstrations; empty if it can."""
    if isinstance(demos.action_space, spaces.Box):
        return practice_why_not(demos)
    if not isinstance(demos.action_space, spaces.Discrete):
        return tr(
            "Inverse soft Q needs Discrete or Box actions; {env_id} has {kind}. Use behavioural "
            "cloning.",
            env_id=demos.env_id,
            kind=type(demos.action_space).__name__,
        )
    if demos.encoding.pictures:
        return tr("Inverse soft Q does not support images yet.")
    return ""


def _train_continuous(demos: Demonstrations, config: Config) -> Iterator[Progress]:
    """Do the same with an actor, for numbers instead of choices."""
    from teleop.learning.practice.inverse_sac import InverseLearner

    task = replace(make_task(demos, squashed=True), gamma=config.gamma)
    shown = demonstrated(task, rewarded=False)
    if len(shown.seen) == 0:
        raise LearningError(tr("These episodes are too short for inverse RL: record longer ones."))
    learner = InverseLearner(task, shown, config)
    finalists, scored_at = Finalists(demos.env_id, config.seed, _FEW), 0
    phase, recipe = tr("Playing and searching"), {"algorithm": "iq"} | asdict(config)
    try:
        while learner.steps < config.steps:
            learner.learn()
            step = min(learner.steps, config.steps)
            if step - scored_at < config.score_every and step < config.steps:
                yield Progress(phase, step, config.steps)
                continue
            scored_at = step
            actor = learner.network()
            policy = task.policy((actor,), recipe, {"steps": step})
            reward = ActorQReward(actor, learner.critics(), config.gamma)
            policy.parts = (make_reward(demos, "iq", task.normaliser, task.head, reward),)
            found, leads = finalists.consider(policy)
            new = policy if leads else None
            yield Progress(phase, step, config.steps, policy=new, returns=(found,))
    finally:
        learner.close()
    yield Progress(phase, config.steps, config.steps, policy=finalists.winner())


def _begin(demos: Demonstrations, config: Config) -> _Search:
    features = demos.encoding.features
    actions = int(demos.head.size)
    pairs = demos.pairs(0)
    normaliser = Normaliser.of(demos.inputs.vector, pairs[:, 0])
    shown = _Steps.room(len(pairs) + actions * demos.count, features)
    network = make_layers(
        (features + 1, *config.hidden, actions), torch.Generator().manual_seed(config.seed)
    )
    optimiser = torch.optim.Adam(network.parameters(), config.learning_rate, fused=True)
    search = _Search(
        demos,
        config,
        actions,
        np.random.default_rng(config.seed),
        normaliser,
        shown,
        _Steps.room(config.steps + actions * config.steps // 10, features),
        network,
        copy.deepcopy(network),
        optimiser,
        Finalists(demos.env_id, config.seed, _FEW),
    )
    _show(search, pairs)
    if search.shown.count == 0:
        raise LearningError(tr("These episodes are too short for inverse RL: record longer ones."))
    return search


def _show(search: _Search, pairs: NDArray[np.int64]) -> None:
    """Add the steps of the demonstrations to the buffer."""
    demos = search.demos
    vector = search.normaliser(demos.inputs.vector)
    targets = demos.targets[:, 0].astype(int)
    last = set((demos.starts[1:] - 1).tolist())
    ended = dict(zip((demos.starts[1:] - 1).tolist(), demos.terminated.tolist(), strict=True))
    for row in pairs[:, 0].tolist():
        if row not in last:
            search.shown.add(vector[row], targets[row], vector[row + 1])
        elif ended[row]:
            search.shown.add(vector[row], targets[row], None)
            search.shown.absorb(search.actions)


def _play(search: _Search, env: gym.Env[Any, Any]) -> Iterator[Progress]:
    config = search.config
    seed = _FIRST_SEED + 1000 * config.seed
    seen, total = _start(search, env, seed), 0.0
    loss = None
    for step in range(1, config.steps + 1):
        action = _try(search, seen)
        offset = int(search.demos.head.branches[0].values[action])  # type: ignore[union-attr]
        observation, reward, terminated, truncated, _ = env.step(np.int64(offset))
        following = search.normaliser(search.demos.encoding.row(observation))
        search.played.add(seen, action, None if terminated else following)
        seen, total = following, total + float(reward)
        if terminated or truncated:
            if terminated:
                search.played.absorb(search.actions)
            search.finished.append(total)
            seed += 1
            seen, total = _start(search, env, seed), 0.0
            yield from _maybe_better(search, step)
        if step % config.every == 0 and search.played.count > config.batch:
            loss = _learn(search)
        if step % _REPORT == 0:
            recent = float(np.mean(search.finished[-5:])) if search.finished else 0.0
            yield Progress(
                tr("Playing and searching: recent return {recent:.0f}", recent=recent),
                step,
                config.steps,
                loss,
            )
    yield from _maybe_better(search, config.steps, last=True)


def _start(search: _Search, env: gym.Env[Any, Any], seed: int) -> NDArray[np.float32]:
    observation, _ = env.reset(seed=seed)
    return search.normaliser(search.demos.encoding.row(observation))


@torch.no_grad()
def _try(search: _Search, seen: NDArray[np.float32]) -> int:
    """Sample an action with the probabilities given by Q."""
    row = torch.from_numpy(np.append(seen, np.float32(0)))
    q = search.network(row).numpy().astype(np.float64) / search.config.temperature
    chances = np.exp(q - q.max())
    return int(search.rng.choice(search.actions, p=chances / chances.sum()))


def _learn(search: _Search) -> float:
    config = search.config
    shown = search.shown.draw(config.batch, search.rng)
    played = search.played.draw(config.batch, search.rng)
    seen, done, following = (torch.cat(pair) for pair in zip(shown, played, strict=True))
    q = search.network(seen)
    value = _value(q, config.temperature)
    with torch.no_grad():
        next_value = _value(search.target(following), config.temperature)
    reward = q.gather(1, done[:, None])[:, 0] - config.gamma * next_value
    gain = reward[: config.batch].mean()
    loss = (
        -gain + (value - config.gamma * next_value).mean() + (reward**2).mean() / (4 * config.alpha)
    )
    search.optimiser.zero_grad()
    torch.autograd.backward(loss)
    search.optimiser.step()
    with torch.no_grad():
        for slow, fast in zip(search.target.parameters(), search.network.parameters(), strict=True):
            slow.lerp_(fast, config.tau)
    return float(loss.detach())


def _value(q: Tensor, temperature: float) -> Tensor:
    return temperature * torch.logsumexp(q / temperature, dim=1)


def _maybe_better(search: _Search, step: int, *, last: bool = False) -> Iterator[Progress]:
    """Score the policy if it may be good, and yield it if it is better than all earlier ones."""
    config = search.config
    recent = search.finished[-config.best_of :]
    mean = float(np.mean(recent)) if recent else -np.inf
    better = len(recent) == config.best_of and mean > search.suggested
    if better or last or step - search.scored_at >= config.score_every:
        search.suggested, search.scored_at = max(mean, search.suggested), step
        policy = _policy(search)
        found, leads = search.finalists.consider(policy)
        phase, new = tr("Playing and searching"), policy if leads else None
        yield Progress(phase, step, config.steps, policy=new, returns=(found,))
    if last:
        winner = search.finalists.winner()
        yield Progress(tr("Playing and searching"), step, config.steps, policy=winner)


def _policy(search: _Search) -> LearnedPolicy:
    """Build a policy with the logits Q / T, without the absorbing input, and its reward."""
    q, config, demos = copied(search.network), search.config, search.demos
    first, *between, final = q.trunk
    scale = np.float32(1 / config.temperature)
    layers = (
        replace(first, weight=np.ascontiguousarray(first.weight[:, :-1])),
        *between,
        Linear(final.weight * scale, final.bias * scale),
    )
    shape = Architecture(hidden=config.hidden)
    model = Ensemble((Network(layers),), demos.head, shape)
    recipe = {"algorithm": "iq"} | asdict(config)
    policy = make_policy(demos, search.normaliser, model, shape, recipe, {"clip": CLIP})
    reward = SoftQReward(q, config.gamma, config.temperature)
    policy.parts = (make_reward(demos, "iq", search.normaliser, demos.head, reward),)
    return policy
