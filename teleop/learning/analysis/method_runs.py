"""Several methods of learning from one person: what each costs in human time and in steps.

    cloning      a clone of the demonstrations, without trial episodes
    dagger       the clone of the fewest demonstrations, corrected by the scripted expert
    gail, …      a reward learned from the demonstrations, and reinforcement learning on it
    preferences  the clone of the fewest demonstrations, practising on a reward that is learned from
                 answers; a script answers, by the environment's reward
    practise     a clone, practising on the environment's reward
    scratch      the same practice from an untrained network

Human time is that of the demonstrated steps, of the steps at which the expert answers, and of the
answers: each takes as long as a piece lasts, and a second. Environment steps are those that are
learned from; steps that only score a policy, to keep the best one, are not counted.
"""

import tempfile
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from teleop.envs.factory import is_quick
from teleop.errors import LearningError
from teleop.evaluation.scoring import evaluate
from teleop.evaluation.success import Result
from teleop.experts import has_expert
from teleop.learning.algorithms import airl, bc, dagger, gail, iq, practise
from teleop.learning.covariate_shift.human_time import minutes_of
from teleop.learning.data.demonstrations import Demonstrations
from teleop.learning.data.segments import OTHER
from teleop.learning.policy import LearnedPolicy
from teleop.learning.practice import task as practice_task
from teleop.learning.practice.task import RANDOM_STEPS, make_task
from teleop.learning.progress import Progress, check_teaches
from teleop.learning.rewards.asking import judged
from teleop.learning.rewards.pieces import piece_steps, pieces_with
from teleop.learning.rewards.preference_model import learn_reward, next_pair
from teleop.learning.rewards.preferences import Preference
from teleop.text import tr

_SHARES = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)  # of the human time in the demonstrations
_FEWEST = 1 / 8  # with which corrections and preferences begin
_FEWEST_STEPS = 10
_ANSWERS = (20.0, 60.0)
_LEARN_EVERY, _DECIDE_S = 5, 1.0
_STARTS, _STARTS_SLOWLY, _FIRST_SEED = 20, 5, 140_000
_NO_LIMIT_MIN = 1e6
_SCORE_EVERY = 4000  # environment steps
REWARDS = {"gail": gail, "airl": airl, "iq": iq}


@dataclass(frozen=True, slots=True)
class Plan:
    """One run.

    Attributes:
        method: a key of `METHOD_TITLES`.
        amount: share of the demonstrations' human time, or number of answers.
        seed: seed of everything.
        steps: environment steps; 0 for methods that do not learn by playing.
    """

    method: str
    amount: float
    seed: int
    steps: int = 0


@dataclass(frozen=True, slots=True)
class Reached:
    """A policy on the way, and what it has cost so far.

    Attributes:
        human: minutes of human time; decisions if turn-based.
        steps: environment steps.
        results: its episodes on fresh starts, the same for every policy.
    """

    human: float
    steps: int
    results: tuple[Result, ...]


class MethodRuns:
    """The methods on some demonstrations, run one by one."""

    def __init__(self, demos: Demonstrations) -> None:
        """Prepare the runs.

        Raises:
            LearningError: nothing can be learned.
        """
        check_teaches(demos)
        self._demos = demos
        self._clones: dict[tuple[int, int], LearnedPolicy] = {}  # by steps and seed
        self.starts = _STARTS if is_quick(demos.env_id) else _STARTS_SLOWLY

    @property
    def usual(self) -> list[str]:
        """The methods that are run unless others are asked for."""
        reward = "iq" if gail.why_not(self._demos) and not iq.why_not(self._demos) else "gail"
        return ["cloning", "dagger", reward, "preferences", "practise", "scratch"]

    def why_not(self, method: str) -> str:
        """Return why a method cannot be run here; empty if it can."""
        if method == "cloning":
            return ""
        if method == "dagger":
            there = has_expert(self._demos.env_id)
            return "" if there else tr("There is no scripted expert here")
        if method in REWARDS:
            return str(REWARDS[method].why_not(self._demos))
        return practice_task.why_not(self._demos)

    def plan(self, method: str, amount: float, seed: int, steps: int) -> Plan:
        """Return a run of a method."""
        return Plan(method, amount, seed, 0 if method in ("cloning", "dagger") else steps)

    def amounts(self, method: str) -> list[float]:
        """Return with how many demonstrations or answers a method is run, the fewest first."""
        if method == "preferences":
            return list(_ANSWERS)
        if method in ("dagger", "scratch"):
            return [_FEWEST if method == "dagger" else 0.0]
        wanted = _SHARES if method == "cloning" else (_FEWEST, 1.0)
        by_steps = {_count(self._part(share)): share for share in wanted}
        return sorted(by_steps.values())

    def iter_run(self, plan: Plan) -> Iterator[tuple[float, Reached | None]]:
        """Learn; yield the share that is done, and each better policy as soon as there is one.

        Raises:
            EnvError: the environment cannot be made, or failed.
            LearningError: nothing can be learned this way.
        """
        if plan.method == "cloning":
            clone = yield from self._clone(plan.amount, plan.seed)
            yield 1.0, self._reached(clone, self._human(plan.amount), 0)
        elif plan.method == "dagger":
            yield from self._correct(plan)
        elif plan.method == "preferences":
            yield from self._prefer(plan)
        elif plan.method == "scratch":
            whole = self._part(1.0)
            yield from self._told(plan, practise.train(whole, self._practice(plan)), 0.0)
        elif plan.method == "practise":
            yield from self._practise(plan)
        else:
            module = REWARDS[plan.method]
            config = module.Config(seed=plan.seed, steps=plan.steps)
            learning = module.train(self._part(plan.amount), config)
            yield from self._told(plan, learning, self._human(plan.amount))

    def _practise(self, plan: Plan) -> Iterator[tuple[float, Reached | None]]:
        clone = yield from self._clone(plan.amount, plan.seed)
        with tempfile.TemporaryDirectory() as folder:
            clone.save(Path(folder) / "clone")
            config = self._practice(plan, start=str(Path(folder) / "clone"))
            learning = practise.train(self._part(plan.amount), config)
            yield from self._told(plan, learning, self._human(plan.amount))

    def _prefer(self, plan: Plan) -> Iterator[tuple[float, Reached | None]]:
        """Answer by script, learn a reward from the answers, and practise on it."""
        part = self._part(_FEWEST)
        clone = yield from self._clone(_FEWEST, plan.seed)
        task = make_task(part)
        pieces = pieces_with(task, {"clone": clone})
        played = sum(len(p.seen) for p in pieces if p.source.kind != "episode")
        answers: list[Preference] = []
        reward, rng = None, np.random.default_rng(plan.seed)
        while len(answers) < plan.amount:
            pair = next_pair(task, pieces, answers, reward, rng)
            answers.append(Preference(*pair, judged(pair)))
            telling = any(each.choice.left is not None for each in answers)
            if telling and len(answers) % _LEARN_EVERY == 0:
                reward = learn_reward(task, answers, plan.seed)
            yield 0.0, None
        if reward is None:
            raise LearningError(tr("No answer tells which piece is better; answer some more."))
        human = self._human(_FEWEST) + len(answers) * self._answer_time()
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            clone.save(folder / "clone")
            reward.save(folder)
            config = self._practice(plan, start=str(folder / "clone"), reward=name)
            yield from self._told(plan, practise.train(part, config), human, played)

    def _correct(self, plan: Plan) -> Iterator[tuple[float, Reached | None]]:
        """Let the scripted expert answer at every step, round by round."""
        part, human = self._part(plan.amount), self._human(plan.amount)
        for progress in dagger.train(part, dagger.Config(seed=plan.seed)):
            policy = progress.policy
            share = progress.step / max(1, progress.total)
            if policy is None:
                yield share, None
                continue
            asked = 0 if policy.labels is None else policy.labels.total_steps
            more = asked / (part.pace_hz * 60 if part.pace_hz else 1)
            yield share, self._reached(policy, human + more, asked)

    def _told(
        self, plan: Plan, learning: Iterator[Progress], human: float, before: int = 0
    ) -> Iterator[tuple[float, Reached | None]]:
        """Follow a training by playing, and play each better policy."""
        for progress in learning:
            share = min(1.0, progress.step / plan.steps)
            if progress.policy is None:
                yield share, None
                continue
            steps = before + (RANDOM_STEPS + progress.step if progress.step else 0)
            yield share, self._reached(progress.policy, human, steps)

    def _clone(self, share: float, seed: int) -> Generator[tuple[float, None], None, LearnedPolicy]:
        part = self._part(share)
        known = self._clones.get((_count(part), seed))
        if known is not None:
            return known
        for progress in bc.train(part, bc.Config(seed=seed, budget_s=0.0, all_takes=True)):
            known = progress.policy or known
            yield 0.0, None
        if known is None:
            raise ValueError("a clone has no policy")
        self._clones[_count(part), seed] = known
        return known

    def _practice(self, plan: Plan, start: str = "", reward: str = "") -> practise.Config:
        return practise.Config(
            seed=plan.seed,
            minutes=_NO_LIMIT_MIN,
            steps=plan.steps,
            score_every=_SCORE_EVERY,
            start=start,
            scratch=not start,
            reward=reward,
        )

    def _part(self, share: float) -> Demonstrations:
        """Return the first steps of the demonstrations that make up this share of them."""
        if share >= 1:
            return self._demos
        rows = np.flatnonzero(self._demos.segments >= 0)
        wanted = max(min(_FEWEST_STEPS, len(rows)), round(share * len(rows)))
        segments = self._demos.segments.copy()
        segments[rows[wanted - 1] + 1 :] = OTHER
        return replace(self._demos, segments=segments)

    def _human(self, share: float) -> float:
        minutes = minutes_of(self._part(share))
        return minutes if self._demos.pace_hz else minutes * 60

    def _answer_time(self) -> float:
        pace = self._demos.pace_hz
        return (piece_steps(pace) / pace + _DECIDE_S) / 60 if pace else 1.0

    def _reached(self, policy: LearnedPolicy, human: float, steps: int) -> Reached:
        results = evaluate(self._demos.env_id, policy, self.starts, _FIRST_SEED)
        return Reached(human, steps, tuple(results))


def _count(demos: Demonstrations) -> int:
    """Return the number of steps that a person drove."""
    return int((demos.segments >= 0).sum())
