"""Examines one policy of a dataset: gauges, autopsy, moments to record, error against time."""

from collections.abc import Iterator
from dataclasses import replace

from teleop.envs.conversion import as_in_space
from teleop.errors import LearningError
from teleop.evaluation.scoring import FIRST_SEED
from teleop.evaluation.success import rule_for
from teleop.learning.covariate_shift import autopsy, error_growth, gauges, moments
from teleop.learning.covariate_shift.known_states import KnownStates
from teleop.learning.covariate_shift.runs import Run, play_run
from teleop.learning.data.learned_from import learned_from
from teleop.learning.policy import load_policy
from teleop.learning.policy_folder import PolicyFolder
from teleop.recording import Dataset, Library
from teleop.recording.episodes.episode import row_of_tree
from teleop.types import Action
from teleop.types.findings import Autopsy, ErrorGrowth, Gauge, ProposedMoment

_RUNS = 20  # runs that propose moments
_FIRST_SEED = 130_000  # far from other seeds


class Diagnosis:
    """Examines one policy."""

    def __init__(self, library: Library, dataset: Dataset, name: str) -> None:
        """Load the policy and what it learned from.

        Raises:
            LearningError: the policy cannot be read, or what it learned from is gone.
            RecordingError: an episode is damaged.
        """
        self._library, self._dataset = library, dataset
        self.policy = load_policy(dataset.policies / name)
        self.known = KnownStates(self.policy, learned_from(library, dataset, self.policy))
        self.rule = rule_for(dataset)

    @property
    def gauges(self) -> tuple[Gauge, ...]:
        """The gauges that were measured before; empty if they were not."""
        return gauges.gauges_from_json(self.policy.config.learned.get("gauges"))

    def iter_gauges(self) -> Iterator[tuple[int, int, tuple[Gauge, ...]]]:
        """Measure the gauges and store them; yield (runs played, in all, gauges)."""
        found: tuple[Gauge, ...] = ()
        for done, found in gauges.iter_measure(self.policy, self.known, self.rule):
            yield done, gauges.RUNS, found
        config = self.policy.config
        learned = config.learned | {"gauges": gauges.gauges_to_json(found)}
        self.policy.config = replace(config, learned=learned)
        self.policy.save(self._dataset.policies / self.policy.name)

    def iter_autopsy(self, seed: int) -> Iterator[tuple[int, int, Autopsy]]:
        """Examine the policy's run from a seed; yield (tried, in all, what is known so far).

        Raises:
            EnvError: the environment is not reproducible, or failed.
        """
        run = play_run(self.policy, self.known, seed, self.rule)
        if not run.steps:
            raise LearningError("The run has no step, so there is nothing to examine.")
        recorded = self._recorded(seed)
        yield from autopsy.iter_autopsy(self.policy, self.known, run, self.rule, recorded)

    def worst_seed(self) -> int:
        """Return the start of the worst episode that scored the policy."""
        rows = {row.name: row for row in PolicyFolder(self._dataset).rows()}
        worst = rows[self.policy.name].worst_first if self.policy.name in rows else []
        return worst[0].seed if worst else FIRST_SEED

    def _recorded(self, seed: int) -> list[Action]:
        """Return the actions of the first recording from a seed; none if there is none."""
        row = next((row for row in self._dataset.rows() if row.seed == seed), None)
        if row is None:
            return []
        episode, space = self._dataset.read(row), self.policy.head.space
        steps = range(len(episode.rewards))
        return [as_in_space(space, row_of_tree(episode.actions, step)) for step in steps]

    def iter_moments(self, count: int = 3) -> Iterator[tuple[int, int, tuple[ProposedMoment, ...]]]:
        """Propose what to record next; yield (runs played, in all, moments)."""
        runs: list[Run] = []
        for number in range(_RUNS):
            runs.append(play_run(self.policy, self.known, _FIRST_SEED + number, self.rule))
            yield number + 1, _RUNS, ()
        found = moments.propose(runs, self.policy, self.known, self.gauges, count)
        proposed = [
            ProposedMoment(
                m.seed,
                m.step,
                m.coverage,
                m.disagreement,
                m.influence,
                runs[m.run].success is False,
            )
            for m in found
        ]
        yield _RUNS, _RUNS, tuple(proposed)

    def iter_growth(self) -> Iterator[tuple[int, int, tuple[ErrorGrowth, ...]]]:
        """Measure the error against time for each round; yield (runs played, in all, rounds)."""
        by_name = {row.name: row for row in PolicyFolder(self._dataset).rows()}
        names, name = [self.policy.name], by_name[self.policy.name].parent
        while name in by_name and name not in names:
            names.append(name)
            name = by_name[name].parent
        policies = [load_policy(self._dataset.policies / each) for each in reversed(names)]
        first = policies[0]
        known = KnownStates(first, learned_from(self._library, self._dataset, first))
        yield from error_growth.iter_growth(policies, known, first, self.rule)
