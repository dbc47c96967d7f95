"""What the commands do, as functions for tests and other programs."""

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from teleop import curation
from teleop.api.episode_dataset import find_dataset
from teleop.api.policies import Comparison
from teleop.api.policy_player import RANDOM, SCRIPT, PolicyPlayer, play_part
from teleop.control import ControlsFile, bound, make_scheme
from teleop.control.bindings import AXES, DISCRETE, LAYER_WORDS, AxisTable, Move
from teleop.control.schemes import DiscreteScheme
from teleop.envs.factory import close_env, make_env, pace_of
from teleop.envs.naming import bare_id
from teleop.envs.pictures import one_colour_said
from teleop.errors import LearningError, RecordingError
from teleop.evaluation.paired import compare_results
from teleop.evaluation.scoring import evaluate_from, score
from teleop.evaluation.success import Result, rule_for
from teleop.learning.policy import LearnedPolicy, list_policies, load_policy
from teleop.learning.policy_folder import check_name
from teleop.recording import Dataset, Library
from teleop.text import tr
from teleop.types.metadata import EpisodeRow
from teleop.types.results import PairedComparison, Score
from teleop.workers.runners import HERE, Runner, in_order

_AT_ONCE = 20  # episodes that a process plays before it reports


def controls_of(root: Path, env_id: str) -> dict[str, Any]:
    """Return the controls of an environment, with the user's changes.

    Raises:
        TeleopError: the environment is unknown, it cannot be driven, or a setting is invalid.
    """
    env = make_env(env_id, render=False)
    file = ControlsFile(root)
    try:
        settings = file.read(env_id)
        scheme = make_scheme(env, settings)
        moves = bound(scheme.moves, settings)
        preset = bare_id(env_id) in (DISCRETE | AXES)
        return {
            "env_id": env_id,
            "made": ("preset" if preset else "generated")
            + ("" if settings.is_plain else ", with your changes"),
            "hand": settings.hand,
            "turn_based": pace_of(env) == 0,
            "moves": [_move_row(move) for move in moves],
            "idle": scheme.idle if isinstance(scheme, DiscreteScheme) else None,
            "axes": [_axis_row(name, axis) for name, axis in scheme.axes.items()],
            "file": str(file.path),
        }
    finally:
        close_env(env)


def _move_row(move: Move) -> dict[str, Any]:
    kinds = {
        kind: ", ".join(c.partition(".")[2] for c in move.controls if c.startswith(kind + "."))
        for kind in ("key", "pad", "mouse")
    }
    return {
        "move": move.name,
        "does": move.word,
        "hold": LAYER_WORDS[move.layer],
        "acts": tr("once per press") if move.taps else tr("while held"),
        "keys": kinds["key"],
        "pad": kinds["pad"],
        "mouse": kinds["mouse"],
        "controls": list(move.controls),
    }


def _axis_row(name: str, axis: AxisTable) -> dict[str, Any]:
    values = {key: getattr(axis, key) for key in ("neutral", "ramp_s", "dead_zone", "curve")}
    values |= {"scale": axis.scale, "invert": "yes" if axis.invert else "no"}
    return {"axis": name, **values, "pointer": axis.pointer}


def dataset_rows(library: Library, env_id: str | None) -> list[dict[str, Any]]:
    """Return a row for each dataset."""
    return [
        {
            "dataset": s.dataset_id,
            "environment": s.env_id,
            "episodes": s.total_episodes,
            "steps": s.total_steps,
            "problem": s.problem,
        }
        for s in library.summaries(env_id)
    ]


def find_policy(library: Library, name: str, policy: str) -> tuple[str, LearnedPolicy]:
    """Find a policy in a dataset or environment; return (environment, policy).

    An empty policy name selects the newest policy.

    Raises:
        LearningError: there is no such policy, or it does not fit the dataset.
    """
    dataset = find_dataset(library, name)
    names = list_policies(dataset.policies)
    if not names:
        raise LearningError(
            f"{dataset.dataset_id} has no policy yet. Train one: teleop train {dataset.dataset_id}"
        )
    if policy and policy not in names:
        raise LearningError(
            f"{dataset.dataset_id} has no policy {policy}; there are: {', '.join(names)}."
        )
    loaded = load_policy(dataset.policies / (policy or names[-1]))
    info = dataset.info()
    loaded.check_fits(info.env_id, *dataset.spaces())
    if info.env_id and bare_id(info.env_id) != bare_id(loaded.config.env_id):
        raise LearningError(
            f"The policy {loaded.name} was learned in {loaded.config.env_id}, but lies in "
            f"{dataset.dataset_id}, a dataset of {info.env_id}. Move its folder to the dataset it "
            "was learned from, or train another."
        )
    return loaded.config.env_id, loaded


def find_episode(dataset: Dataset, number: int) -> EpisodeRow:
    """Return the episode with a number; 0 selects the one with the highest return.

    Raises:
        RecordingError: there is no such episode.
    """
    rows = dataset.rows()
    chosen = [row for row in rows if not number or row.number == number]
    if not chosen:
        numbers = ", ".join(str(row.number) for row in rows) or "none"
        wanted = f"episode {number}" if number else "episode to compare with"
        raise RecordingError(f"{dataset.dataset_id} has no {wanted}; it has {numbers}.")
    return max(chosen, key=lambda row: row.total_reward)


def find_pair(
    library: Library, name: str, policy: str, episode: int
) -> tuple[str, tuple[str, str, str]]:
    """Return (environment, (dataset id, episode file, policy name)) to compare side by side.

    Raises:
        TeleopError: there is no such episode or policy.
    """
    dataset = find_dataset(library, name)
    env_id, loaded = find_policy(library, name, policy)
    return env_id, (dataset.dataset_id, find_episode(dataset, episode).file, loaded.name)


class EvaluationJob:
    """Plays policies of a dataset from the same starts, and compares them in pairs."""

    def __init__(
        self, library: Library, name: str, policies: Sequence[str], task: str = ""
    ) -> None:
        """Load the policies.

        Args:
            library: the library with the recordings.
            name: id of a dataset or an environment.
            policies: names of policies, `script` or `random`; empty: the newest policy.
            task: what policies of several tasks are asked for; empty: the most frequent one.

        Raises:
            TeleopError: there is no such policy, or it does not fit, or does not know the task.
        """
        self._task = task
        dataset = find_dataset(library, name)
        self.env_id = dataset.info().env_id
        drivers = [self._driver(library, dataset, each) for each in policies or ("",)]
        self._drivers = list(dict.fromkeys(drivers))
        self.rule = rule_for(dataset)
        self.results: dict[str, list[Result]] = {}

    def _driver(self, library: Library, dataset: Dataset, policy: str) -> PolicyPlayer:
        if policy in (RANDOM, SCRIPT):
            return PolicyPlayer(self.env_id, policy)
        self.env_id, found = find_policy(library, dataset.dataset_id, policy)
        if self._task and not found.ask_for(self._task):
            known = "; ".join(found.tasks) or "none"
            raise LearningError(f"{found.name} does not know this task. Tasks: {known}.")
        folder = dataset.policies / found.name
        return PolicyPlayer.saved(self.env_id, found.name, folder, self._task)

    @property
    def count(self) -> int:
        """Number of policies."""
        return len(self._drivers)

    def run(self, episodes: int, seed: int, runner: Runner = HERE) -> Iterator[str]:
        """Play every policy; yield its name after each episode.

        Args:
            episodes: number of episodes of each policy.
            seed: seed of the first.
            runner: where they are played.
        """
        seeds = range(seed, seed + episodes)
        if runner is HERE:
            for driver in self._drivers:
                for result in evaluate_from(driver.env_id, driver.driver(), seeds):
                    self.results.setdefault(driver.name, []).append(result)
                    yield driver.name
            return
        parts = [seeds[first : first + _AT_ONCE] for first in range(0, episodes, _AT_ONCE)]
        asked = [(driver, part) for driver in self._drivers for part in parts]
        for (driver, _), results in zip(asked, in_order(runner, play_part, asked), strict=True):
            for result in results:
                self.results.setdefault(driver.name, []).append(result)
                yield driver.name

    def scores(self) -> list[Score]:
        """Return the score of each policy."""
        return [
            score(self.env_id, name, found, rule=self.rule) for name, found in self.results.items()
        ]

    def pairs(self) -> list[PairedComparison]:
        """Compare each two policies."""
        return [
            compare_results(a, self.results[a], b, self.results[b], self.rule)
            for a, b in itertools.combinations(self.results, 2)
        ]


def load_for_tuning(library: Library, name: str) -> tuple[Any, Any, Any]:
    """Return (demonstrations, a reference to them, what their newest policy's training found).

    Raises:
        TeleopError: there is nothing to learn from.
    """
    from teleop.learning.data.dataset_reference import DatasetReference
    from teleop.learning.data.demonstrations import load_demonstrations
    from teleop.learning.progress import check_teaches
    from teleop.learning.training_run import tuned_settings_of

    dataset = find_dataset(library, name)
    demos = load_demonstrations(dataset)
    check_teaches(demos)
    names = list_policies(dataset.policies)
    policy = load_policy(dataset.policies / names[-1]) if names else None
    named = DatasetReference.of(dataset, demos)
    return demos, named, tuned_settings_of(policy, demos)


def chosen_files(dataset: Dataset, only: str | None) -> list[str] | None:
    """Return the files of some episodes; None for all.

    Args:
        dataset: the dataset.
        only: `starred`, `successes`, or numbers such as `1,4-9`; empty for all.

    Raises:
        RecordingError: an episode does not exist, or nothing is left.
        LearningError: the text is something else.
    """
    if only is None:
        return None
    rows = dataset.rows()
    if only == "starred":
        found = [row for row in rows if row.starred]
    elif only == "successes":
        from teleop.learning.data.demonstrations import load_demonstrations

        demos = load_demonstrations(dataset)
        failed = {demos.sources[index][0] for index in demos.failed}
        found = [row for row in rows if row.file not in failed]
    else:
        found = curation.find_rows(dataset, _numbers(only))
    if not found:
        raise RecordingError(f"{dataset.dataset_id} has no such episodes ({only}).")
    return [row.file for row in found]


def _numbers(only: str) -> list[int]:
    numbers: list[int] = []
    for part in only.split(","):
        first, _, last = part.strip().partition("-")
        if not first.isdecimal() or not (last or first).isdecimal():
            raise LearningError(
                f"--only {only!r} is not understood: use starred, successes, or numbers such as "
                "1,4-9."
            )
        numbers += range(int(first), min(int(last or first), int(first) + 100_000) + 1)
    return numbers


class RetrainingJob:
    """One round of correction from the command line."""

    def __init__(self, library: Library, name: str, policy: str, seed: int) -> None:
        """Load the corrected policy and the data.

        Raises:
            TeleopError: there is no such policy, or nothing to learn from.
        """
        from teleop.learning.analysis import dagger_rounds
        from teleop.learning.data.learned_from import gather

        self._dataset = find_dataset(library, name)
        _, self._before = find_policy(library, name, policy)
        self._demos = gather(library, self._dataset, self._before)
        learned = {tuple(source) for source in self._before.config.data.get("episodes", ())}
        if learned.issuperset(self._demos.sources):
            raise LearningError(
                f"There is nothing new since {self._before.name} was trained. Take over while it "
                f"drives: teleop correct {self._dataset.dataset_id} {self._before.name}"
            )
        self._seed = seed
        self.name = dagger_rounds.name_of(self._before, list_policies(self._dataset.policies))

    def run(self) -> Iterator[Any]:
        """Train again and save; yield `learning.progress.Progress`."""
        from teleop.learning.analysis import dagger_rounds

        for progress in dagger_rounds.iter_round(self._demos, self._before, self._seed):
            yield progress
            if progress.policy is not None:
                progress.policy.save(self._dataset.policies / self.name)

    def play(self) -> Iterator[tuple[int, int]]:
        """Play each round that has no score yet; yield (episodes played, episodes in total)."""
        from teleop.learning.analysis import dagger_rounds

        unplayed = dagger_rounds.unplayed(self._dataset, self.name)
        done = 0
        for name in unplayed:
            for found in dagger_rounds.play_round(self._dataset, name):
                done += found is None
                yield done, dagger_rounds.EPISODES * len(unplayed)
        dagger_rounds.compare_rounds(self._dataset, self.name)

    def rows(self) -> list[dict[str, Any]]:
        """Return the rounds as rows."""
        from teleop.learning.analysis import dagger_rounds

        found = dagger_rounds.rounds_of(self._dataset, self.name)
        return [
            {
                "round": r.number,
                "policy": r.policy,
                "mean": r.score.mean,
                "success": r.score.success,
            }
            for r in found
            if r.score is not None
        ]


class TrainingJob:
    """One training run from the command line."""

    def __init__(
        self,
        library: Library,
        name: str,
        algorithm: str = "bc",
        settings: dict[str, Any] | None = None,
        save_as: str = "",
        only: str | None = None,
    ) -> None:
        """Load the data.

        Args:
            library: the library with the recordings.
            name: id of a dataset or an environment.
            algorithm: name of the algorithm.
            settings: fields of the algorithm's `Config`.
            save_as: name of the policy; empty selects a free one.
            only: the episodes to learn from: `starred`, `successes`, or numbers such as `1,4-9`;
                empty for all.

        Raises:
            TeleopError: there is nothing to learn from.
        """
        from teleop.learning.data.demonstrations import load_demonstrations
        from teleop.learning.training_run import TrainingRun

        dataset = find_dataset(library, name)
        others = list_policies(dataset.policies)  # an unusable folder is reported first
        self.demos = load_demonstrations(dataset, chosen_files(dataset, only))
        self.training_run = TrainingRun(self.demos, algorithm, settings)
        chosen = save_as or self.training_run.policy_name(others)
        check_name(chosen)
        self.folder = dataset.policies / chosen
        self.policy: LearnedPolicy | None = None

    def run(self, *, saves: bool = True) -> Iterator[Any]:
        """Train and save each better policy; Ctrl+C keeps the last one."""
        try:
            for progress in self.training_run.train():
                if progress.policy is not None:
                    self.policy = progress.policy
                    if saves:
                        self.policy.save(self.folder)
                yield progress
        except KeyboardInterrupt:
            if self.policy is None:
                raise LearningError(tr("Stopped before there was a policy to keep.")) from None

    def stand(self, episodes: int) -> Iterator[Any]:
        """Score the policy beside the baselines and save the scores; Ctrl+C leaves them out."""
        if self.policy is None:
            return
        try:
            for _ in self.training_run.check():
                pass
            yield from self.training_run.stand(episodes)
            for _ in self.training_run.pair():
                pass
            self.policy.save(self.folder)
        except KeyboardInterrupt:
            return

    def result(self) -> dict[str, Any]:
        """Return what was learned."""
        learned = self.policy.config.learned if self.policy else {}
        scores = [dataclasses.asdict(item) for item in self.training_run.scores]
        known = {"policy": str(self.folder), "episodes": len(self.demos.used)}
        return known | learned | {"scores": scores, "advice": list(self.training_run.advice())}


class ComparisonJob:
    """Compares a recorded episode and a policy side by side, and writes a file."""

    def __init__(
        self, library: Library, name: str, policy: str, episode: int, output: Path
    ) -> None:
        """Load both sides.

        Raises:
            TeleopError: there is no such episode or policy.
        """
        dataset = find_dataset(library, name)
        best = find_episode(dataset, episode)
        self._env_id, self._policy = find_policy(library, name, policy)
        self._episode = dataset.read(best.file)
        self._output = output
        self.total = max(best.total_steps, 1)

    def run(self, on_step: Callable[[int], None] | None = None) -> None:
        """Play both sides to their ends, then write the file."""
        self._found = Comparison(self._env_id, self._episode, [self._policy], on_step)
        self._found.save(self._output)

    def result(self) -> dict[str, Any]:
        """Return the returns of both sides, and where they diverge."""
        return {
            "environment": self._env_id,
            "seed": self._found.seed,
            "person": self._found.returns[0],
            "policy": self._found.returns[1],
            "diverged_at": self._found.diverged_at,
            "recording": self._found.fidelity,
            "output": str(self._output),
        }

    def text(self) -> str:
        """Return the result as a sentence."""
        person, policy = self._found.returns
        part = self._found.diverged_at
        parted = f"they diverge at step {part}" if part is not None else "they never diverge"
        return (
            f"{self._found.names[0]} {person:.1f}, policy {policy:.1f}, {parted}. "
            f"Wrote {self._output}"
            + ("" if self._found.has_pictures else f". {one_colour_said(self._env_id)}")
        )
