"""Asks which of two pieces is better, keeps the answers, and learns a reward from them."""

import numpy as np

from teleop.errors import LearningError
from teleop.learning.data.demonstrations import load_demonstrations
from teleop.learning.practice.task import make_task
from teleop.learning.rewards.learned_reward import LearnedReward
from teleop.learning.rewards.pieces import all_pieces
from teleop.learning.rewards.preference_model import agreement, learn_reward, next_pair
from teleop.learning.rewards.preferences import Choice, Piece, Preference, Preferences
from teleop.recording import Dataset
from teleop.text import tr

ENOUGH = 20  # answers from which on the reward is worth practising on
_LEARN_EVERY = 5  # answers
_CLOSE = 1e-6


class Asking:
    """A dialogue about one dataset.

    Attributes:
        pair: the two pieces that are asked about.
        reward: the reward learned from the answers so far; None if they tell nothing.
        damaged: names of files with answers that cannot be read.
    """

    def __init__(self, dataset: Dataset, seed: int = 0) -> None:
        """Gather the pieces, and ask about the first two.

        Raises:
            LearningError: there are too few pieces, or the environment is not supported.
            EnvError: the environment cannot be made, or failed.
        """
        self._task = make_task(load_demonstrations(dataset))
        self._store = Preferences(dataset)
        stored, self.damaged = self._store.read()
        self.damaged += [name for name, each in stored.items() if not self._fits(each)]
        self._stored = {name: each for name, each in stored.items() if self._fits(each)}
        self._pieces = all_pieces(dataset, self._task)
        if len(self._pieces) < 2:
            raise LearningError(tr("There are too few steps to compare pieces of them."))
        self._rng = np.random.default_rng([seed, len(self._answers)])
        self.reward: LearnedReward | None = None
        self._learn()
        self.pair = self._next()

    @property
    def _answers(self) -> list[Preference]:
        return list(self._stored.values())

    @property
    def count(self) -> int:
        """Number of answers."""
        return len(self._answers)

    @property
    def agreement(self) -> float | None:
        """Share of clear answers that the reward agrees with; None without a reward."""
        if self.reward is None:
            return None
        return agreement(self.reward, self._task, self._answers)

    def answer(self, choice: str) -> None:
        """Keep an answer, and ask about the next two pieces.

        Args:
            choice: a value of `Choice`.

        Raises:
            StorageError: the answer, or the reward learned from it, cannot be written.
        """
        given = Preference(*self.pair, Choice(choice))
        self._stored[self._store.add(given)] = given
        if len(self._answers) % _LEARN_EVERY == 0:
            self._learn()
            if self.reward is not None:
                self._store.save(self.reward)
        self.pair = self._next()

    def undo(self) -> None:
        """Take the latest answer back, and ask it again.

        Raises:
            StorageError: it cannot be deleted.
        """
        if self._stored:
            name = next(reversed(self._stored))
            self._store.delete(name)
            last = self._stored.pop(name)
            self.pair = (last.left, last.right)
            self._learn()

    def save(self) -> None:
        """Learn from all answers, and save the reward beside them.

        Raises:
            LearningError: the answers tell nothing.
            StorageError: the reward cannot be written.
        """
        self._learn()
        if self.reward is None:
            raise LearningError(tr("No answer tells which piece is better; answer some more."))
        self._store.save(self.reward)

    @property
    def pace_hz(self) -> float:
        """Steps per second of the demonstrations; 0 if turn-based."""
        return self._task.demos.pace_hz

    def _learn(self) -> None:
        tells = any(each.choice.left is not None for each in self._answers)
        self.reward = learn_reward(self._task, self._answers) if tells else None

    def _next(self) -> tuple[Piece, Piece]:
        return next_pair(self._task, self._pieces, self._answers, self.reward, self._rng)

    def _fits(self, answer: Preference) -> bool:
        widths = (self._task.demos.encoding.features, self._task.head.size)
        pieces = (answer.left, answer.right)
        return all((p.seen.shape[1], p.acts.shape[1]) == widths for p in pieces)


def judged(pair: tuple[Piece, Piece]) -> Choice:
    """Return the answer of a scripted judge who prefers the higher reward of the environment."""
    apart = pair[0].total_reward - pair[1].total_reward
    if abs(apart) < _CLOSE:
        return Choice.EQUAL
    return Choice.LEFT if apart > 0 else Choice.RIGHT
