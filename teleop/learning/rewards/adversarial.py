"""What GAIL and AIRL share: a policy and a discriminator that learn in turn."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, replace

import torch

from teleop.errors import LearningError
from teleop.learning.data.demonstrations import Demonstrations
from teleop.learning.policy import LearnedPolicy
from teleop.learning.practice.finalists import Finalists
from teleop.learning.practice.ppo import Blocks, PPOLearner
from teleop.learning.practice.shown import Shown, demonstrated
from teleop.learning.practice.task import Task, make_task
from teleop.learning.progress import Progress, check_teaches
from teleop.learning.rewards.adversarial_config import AdversarialConfig
from teleop.learning.rewards.discriminator import Discriminator
from teleop.learning.rewards.learned_reward import make_reward
from teleop.learning.rewards.reward_models import NetworkReward
from teleop.learning.rewards.step_network import ShapedNetwork, StepNetwork
from teleop.text import tr

_BLOCKS = Blocks(envs=8, steps=128, epochs=10, batch=64)
_FEW = 10  # starts that score a policy
_SCORE_EVERY = 2  # blocks


def iter_training(
    demos: Demonstrations,
    config: AdversarialConfig,
    name: str,
    make_network: Callable[[Task, int], StepNetwork | ShapedNetwork],
    *,
    knows_policy: bool,
) -> Iterator[Progress]:
    """Train a policy and a discriminator in turn.

    Args:
        demos: the demonstrations.
        config: the settings.
        name: name of the algorithm.
        make_network: makes the discriminator's network.
        knows_policy: take the policy's own probability out of the log-odds.

    Raises:
        LearningError: nothing can be learned, or the spaces are not supported.
        EnvError: the environment cannot be made, or failed.
    """
    _check(demos, config)
    torch.set_num_threads(1)
    task = replace(make_task(demos), gamma=config.gamma)
    network = make_network(task, config.seed)
    rates = (config.learning_rate, config.penalty)
    discriminator = Discriminator(task, _shown(task), network, config.seed, *rates)
    learner = PPOLearner(task, config.seed, discriminator, _BLOCKS)
    discriminator.chances = learner.log_chances if knows_policy else None

    def policy_of() -> LearnedPolicy:
        recipe = {"algorithm": name} | asdict(config)
        policy = task.policy((learner.network(),), recipe, {"steps": learner.steps})
        model = NetworkReward((network.trained(),), absorbing=task.features)
        policy.parts = (make_reward(demos, name, task.normaliser, task.head, model),)
        return policy

    yield from _iter_blocks(config, learner, discriminator, demos.env_id, policy_of)


def _iter_blocks(
    config: AdversarialConfig,
    learner: PPOLearner,
    discriminator: Discriminator,
    env_id: str,
    policy_of: Callable[[], LearnedPolicy],
) -> Iterator[Progress]:
    """Let both learn in turn, and score a policy after every second block."""
    finalists = Finalists(env_id, config.seed, _FEW)
    phase, steps, block = tr("Playing, and comparing it with your steps"), config.steps, 0
    try:
        while learner.steps < steps:
            learner.learn()
            loss = discriminator.learn(config.updates)
            step, block = min(learner.steps, steps), block + 1
            if block % _SCORE_EVERY and step < steps:
                yield Progress(phase, step, steps, loss)
                continue
            policy = policy_of()
            mean, leads = finalists.consider(policy)
            new = policy if leads else None
            yield Progress(phase, step, steps, loss, policy=new, returns=(mean,))
    finally:
        learner.close()
    yield Progress(phase, steps, steps, policy=finalists.winner())


def _check(demos: Demonstrations, config: AdversarialConfig) -> None:
    check_teaches(demos)
    if not (0 < config.gamma < 1 and config.steps >= 1 and config.updates >= 1):
        raise LearningError(tr("gamma must be above 0 and below 1, steps and updates at least 1."))
    if not (config.learning_rate > 0 and config.penalty >= 0):
        raise LearningError(tr("learning_rate must be above 0, and penalty at least 0."))


def _shown(task: Task) -> Shown:
    shown = demonstrated(task, rewarded=False)
    if len(shown.seen) == 0:
        raise LearningError(tr("These episodes are too short for inverse RL: record longer ones."))
    return shown
