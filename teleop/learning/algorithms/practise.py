"""Practice: reinforcement learning that starts from a clone, with a person's demonstrations.

Schulman et al. 2017, "Proximal Policy Optimization Algorithms" (PPO), from the clone's actor, with
a critic that already predicts the clone's returns (`practice.ppo`). Continuous actions where a step
takes over a millisecond: Ball et al. 2023, "Efficient Online Reinforcement Learning with Offline
Data" (RLPD), section 4.1, with demonstrations in half of each batch (`practice.sac`).
Deviations:
 1. The clone takes part in the comparison that chooses the best policy, so practice never makes
    anything worse.
 2. The policy sees the current observation only, even if the clone sees several.
 3. PPO learns only from what it has just done: demonstrations reach it through the clone alone. In
    the same time it was still far ahead: LunarLander 285 in 3 minutes, where DQN with
    demonstrations in half of each batch stayed below 0; LunarLanderContinuous 241, RLPD 96.
"""

import functools
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from teleop.envs.factory import is_quick
from teleop.errors import LearningError
from teleop.learning.algorithms import bc
from teleop.learning.data.demonstrations import Demonstrations
from teleop.learning.data.normaliser import Normaliser
from teleop.learning.networks.heads import Number, is_choice
from teleop.learning.policy import LearnedPolicy, load_policy
from teleop.learning.practice.checkpoint import Checkpoint, load_checkpoint
from teleop.learning.practice.finalists import Finalists
from teleop.learning.practice.shown import played
from teleop.learning.practice.task import Task, make_task, why_not
from teleop.learning.progress import Progress, check_teaches
from teleop.learning.rewards.learned_reward import load_reward
from teleop.learning.rewards.reward_models import RewardFunction
from teleop.text import tr

if TYPE_CHECKING:
    from teleop.learning.practice.ppo import PPOLearner
    from teleop.learning.practice.sac import SACLearner

__all__ = ["SUMMARY", "Config", "train", "why_not"]
SUMMARY = "Practice: reinforcement learning that starts from your demonstrations"
_PLAYED, _PLAYED_SLOWLY = 20, 3  # starts that score a policy
_BETWEEN_S = 10.0  # least time between two scores
_FIRST_SEED = 70_000  # of the clone's episodes that are imitated
_SCORING_SHARE = 5  # training lasts at least this many times as long as a score


@dataclass(frozen=True, slots=True)
class Config:
    """Settings of practice.

    Attributes:
        seed: seed of the networks and starts.
        minutes: time limit, without the time for the clone.
        steps: most environment steps, rounded up to whole blocks, with those that the clone played
            to be imitated; 0: no limit.
        score_every: steps after which a policy is scored; 0: by time.
        start: folder of the policy to start from; empty: a clone of the demonstrations.
        scratch: start from an untrained network instead.
        reward: folder of a learned reward that replaces the environment's: a policy's, or that of a
            dataset's preferences.
    """

    seed: int = 0
    minutes: float = 10.0
    steps: int = 0
    score_every: int = 0
    start: str = ""
    scratch: bool = False
    reward: str = ""


def train(
    demos: Demonstrations,
    config: Config = Config(),
    *,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Progress]:
    """Practise until the time is over; the last policy is the best.

    Args:
        demos: the demonstrations.
        config: settings.
        clock: returns the time in seconds.

    Raises:
        LearningError: nothing can be learned, or the environment cannot be practised.
        EnvError: the environment cannot be made, or failed.
    """
    _check(demos, config)
    start: LearnedPolicy | None = None
    if not config.scratch:
        start = yield from _start(demos, config, clock)
    known = _known(config, start)
    task, reward = _task(demos, config, start.normaliser if known and start else None, known)
    score = None if reward is None else functools.partial(_learned_return, task, reward)
    played_starts = _PLAYED if is_quick(demos.env_id) else _PLAYED_SLOWLY
    finalists = Finalists(demos.env_id, config.seed, played_starts, score)
    if start:
        finalists.consider(start)
    learner = _learner(task, config.seed, reward)
    try:
        if known:
            _restore(learner, known)
        elif start:
            yield Progress(tr("Imitating {name}", name=start.name or tr("the clone")), 0, 1)
            learner.imitate(played(task, start, _FIRST_SEED + 1000 * config.seed, reward))
        before_s = known.practised_s if known else 0.0
        yield from _practise(learner, task, config, finalists, before_s, clock)
    finally:
        learner.close()


def _check(demos: Demonstrations, config: Config) -> None:
    check_teaches(demos)
    if config.minutes <= 0 or min(config.steps, config.score_every) < 0:
        raise LearningError(tr("minutes must be above 0, steps and score_every at least 0."))
    if config.scratch and config.start:
        raise LearningError(tr("Practice starts from a policy or from scratch, not from both."))


def _known(config: Config, start: LearnedPolicy | None) -> Checkpoint | None:
    """Return where practice goes on; None if it begins with imitating a policy.

    A clone that was never beaten has none, and another reward needs another critic.
    """
    practised = start is not None and start.config.recipe.get("algorithm") == "practise"
    goes_on = practised and config.start and not config.reward
    return load_checkpoint(Path(config.start)) if goes_on else None


def _task(
    demos: Demonstrations,
    config: Config,
    normaliser: Normaliser | None,
    known: Checkpoint | None,
) -> tuple[Task, RewardFunction | None]:
    """Return the task, and the learned reward that replaces the environment's, if one does."""
    slow = not is_choice(demos.action_space) and not is_quick(demos.env_id)
    if known:  # as it was practised before, whatever the speed of this computer
        slow = "log_ent_coef" in known.tensors
    task = make_task(demos, squashed=slow)
    if not config.reward:
        return (task if normaliser is None else replace(task, normaliser=normaliser)), None
    learned = load_reward(Path(config.reward))
    if learned is None:
        raise LearningError(
            tr(
                "{name} has no learned reward. Policies of iq, gail, airl and maxent have one, and "
                "preferences have one after 5 answers.",
                name=Path(config.reward).name,
            )
        )
    task = replace(task, normaliser=learned.normaliser)
    if not learned.fits(demos.observation_space, task.head):
        raise LearningError(
            tr("The reward of {name} is for other spaces.", name=Path(config.reward).name)
        )
    return task, learned.above_absorbing()


def _learned_return(
    task: Task, reward: RewardFunction, policy: LearnedPolicy, episodes: int, first: int
) -> float:
    """Return a policy's mean return by a learned reward."""
    shown = played(task, policy, first, reward, episodes)
    return float(shown.rewards.sum() / max(1, shown.last.sum()))


def _practise(
    learner: "PPOLearner | SACLearner",
    task: Task,
    config: Config,
    finalists: Finalists,
    before_s: float,
    clock: Callable[[], float],
) -> Iterator[Progress]:
    """Learn, and play now and then, until the time is over."""
    began, most_s = clock(), config.minutes * 60
    next_s, scored_at = 0.0, 0
    phase = tr("Practising")
    while True:
        learner.learn()
        spent_s, step = clock() - began, learner.steps
        over = spent_s >= most_s or bool(config.steps and step >= config.steps)
        total = max(step, round(step * most_s / max(spent_s, 1e-3)))
        total = min(total, config.steps) if config.steps else total
        if over or _is_due(config, spent_s - next_s, step - scored_at):
            scored_at = step
            policy = _policy(learner, task, config, before_s + spent_s)
            mean, leads = finalists.consider(policy)
            next_s = spent_s + max(_BETWEEN_S, _SCORING_SHARE * (clock() - began - spent_s))
            yield Progress(
                phase, step, max(step, total), policy=policy if leads else None, returns=(mean,)
            )
        else:
            yield Progress(phase, step, total)
        if over:
            break
    yield Progress(phase, step, step, policy=finalists.winner())


def _is_due(config: Config, late_s: float, unscored: int) -> bool:
    """Return whether a policy should be scored: after some steps, or as soon as its time comes."""
    return unscored >= config.score_every if config.score_every else late_s >= 0


def _start(
    demos: Demonstrations, config: Config, clock: Callable[[], float]
) -> Generator[Progress, None, LearnedPolicy]:
    """Return the policy to start from; clone the demonstrations if there is none."""
    if config.start:
        start = load_policy(config.start)
        start.check_fits(demos.env_id, demos.observation_space, demos.action_space)
        kept = load_checkpoint(Path(config.start)), load_reward(Path(config.start))
        start.parts = tuple(part for part in kept if part is not None)
        yield Progress(tr("Starting from {name}", name=start.name), 0, 1, policy=start)
        return start
    latest: LearnedPolicy | None = None
    began = clock()
    for progress in bc.train(demos, bc.Config(seed=config.seed)):
        latest = progress.policy or latest
        spent_s = max(clock() - began, 1e-3)  # practice itself is still to come
        total = round(max(1, progress.step) * (1 + config.minutes * 60 / spent_s))
        yield replace(progress, phase=tr("Cloning first"), total=total)
    if latest is None:
        raise ValueError("a clone has no policy")
    return latest


def _learner(task: Task, seed: int, reward: RewardFunction | None) -> "PPOLearner | SACLearner":
    import torch

    from teleop.learning.practice.ppo import PPOLearner
    from teleop.learning.practice.sac import SACLearner

    torch.set_num_threads(1)
    squashed = any(isinstance(b, Number) and b.squashed for b in task.head.branches)
    return (SACLearner if squashed else PPOLearner)(task, seed, reward)


def _restore(learner: "PPOLearner | SACLearner", known: Checkpoint) -> None:
    try:
        learner.restore(known.tensors)
    except (RuntimeError, KeyError, ValueError, TypeError) as problem:
        raise LearningError(
            tr("The policy was practised in another way, so practice cannot go on from it.")
        ) from problem


def _policy(
    learner: "PPOLearner | SACLearner", task: Task, config: Config, practised_s: float
) -> LearnedPolicy:
    recipe: dict[str, Any] = {"algorithm": "practise"} | asdict(config)
    learned = {"practised_s": round(practised_s, 1), "steps": learner.steps}
    policy = task.policy((learner.network(),), recipe, learned)
    policy.parts = (Checkpoint(learner.tensors(), practised_s),)
    return policy
