"""The recordings folder: a Minari root, with every dataset in it."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from teleop.errors import RecordingError, StorageError
from teleop.recording.dataset import Dataset, DatasetInfo
from teleop.recording.episode import EpisodeRow

_ID = re.compile(r"^(?:[A-Za-z0-9_-]{2,}/)*[A-Za-z0-9_-]+-v\d+$")
HUMAN = "human-v0"
SCRIPTED = "scripted-v0"


@dataclass(frozen=True, slots=True)
class DatasetSummary:
    """A dataset in a list.

    Attributes:
        dataset_id: Minari id, for example `lunarlander-v3/human-v0`.
        env_id: Gymnasium id; empty if it does not say.
        total_episodes: how many.
        total_steps: of all episodes together.
        problem: why it cannot be used; empty if it can.
    """

    dataset_id: str
    env_id: str
    total_episodes: int
    total_steps: int
    problem: str = ""


class Library:
    """All datasets below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def ensure(self, samples: Path) -> None:
        """Make the folder if there is none, with the shipped samples in it.

        Raises:
            StorageError: it cannot be made.
        """
        if self.root.is_dir():
            return
        try:
            self.root.parent.mkdir(parents=True, exist_ok=True)
            draft = self.root.with_name(f".{self.root.name}.new")
            shutil.rmtree(draft, ignore_errors=True)
            if samples.is_dir():
                hidden = shutil.ignore_patterns(".teleop")
                shutil.copytree(samples, draft, ignore=hidden)
            draft.mkdir(exist_ok=True)
            draft.rename(self.root)
        except OSError as problem:
            raise StorageError(
                f"The recordings folder {self.root} cannot be made ({problem.strerror}). "
                "Choose another one with --recordings."
            ) from problem

    def dataset(self, dataset_id: str) -> Dataset:
        """A dataset by its id, whether it exists yet or not.

        Raises:
            RecordingError: the id is malformed, or leads out of the folder.
        """
        if not _ID.match(dataset_id):
            raise RecordingError(
                f"{dataset_id!r} is not a dataset id; one looks like lunarlander-v3/human-v0 "
                "(letters, digits, - and _, ending in -v and a number)."
            )
        return Dataset(self.root / dataset_id, dataset_id)

    def existing(self, dataset_id: str) -> Dataset:
        """A dataset that must exist.

        Raises:
            RecordingError: there is none, with the ones there are.
        """
        dataset = self.dataset(dataset_id)
        if not dataset.exists:
            ids = ", ".join(summary.dataset_id for summary in self.summaries()) or "none yet"
            raise RecordingError(f"No dataset {dataset_id} in {self.root}. There are: {ids}.")
        return dataset

    def open_for_writing(self, dataset_id: str, info: DatasetInfo) -> Dataset:
        """The dataset with its folders made; call `claim` before writing.

        Raises:
            RecordingError: it holds episodes of other spaces.
            StorageError: the disk refused.
        """
        dataset = self.dataset(dataset_id)
        dataset.create(info)
        there = dataset.info()
        if (there.observation_space, there.action_space) != (
            info.observation_space,
            info.action_space,
        ):
            raise RecordingError(
                f"{dataset_id} holds episodes with other spaces than {info.env_id} has now "
                "(another version, or other options). Record into a new dataset: --dataset NAME-v1."
            )
        return dataset

    def summaries(self, env_id: str | None = None) -> list[DatasetSummary]:
        """Every dataset, by id; only those of one environment if `env_id` is given."""
        found = sorted(path.parents[1] for path in self.root.glob("**/data/metadata.json"))
        visible = [f for f in found if ".teleop" not in f.parts and f != self.root]
        listed = [self._summary(folder.relative_to(self.root).as_posix()) for folder in visible]
        return [s for s in listed if env_id is None or s.env_id == env_id]

    def best_dataset_id(self, env_id: str) -> str:
        """The dataset to show: the person's, unless only others hold anything."""
        own = human_dataset_id(env_id)
        filled = [s.dataset_id for s in self.summaries(env_id) if s.total_episodes]
        return own if own in filled or not filled else filled[0]

    def _summary(self, dataset_id: str) -> DatasetSummary:
        try:
            dataset = self.dataset(dataset_id)
            data = dataset.metadata()
            env_id = str(data.get("teleop", {}).get("env_id", ""))
            return DatasetSummary(
                dataset_id, env_id, int(data["total_episodes"]), int(data["total_steps"])
            )
        except (RecordingError, KeyError, ValueError, TypeError) as problem:
            return DatasetSummary(dataset_id, "", 0, 0, problem=str(problem))


def slug(env_id: str) -> str:
    """An environment's id as a folder name that Minari takes as a namespace."""
    plain = re.sub(r"[^a-z0-9_-]+", "-", env_id.lower()).strip("-")
    return plain if len(plain) > 1 else f"env-{plain}"


def human_dataset_id(env_id: str) -> str:
    """Where a person's episodes of an environment go."""
    return f"{slug(env_id)}/{HUMAN}"


def scripted_dataset_id(env_id: str) -> str:
    """Where a script's episodes of an environment go."""
    return f"{slug(env_id)}/{SCRIPTED}"


def total_steps(rows: list[EpisodeRow]) -> int:
    """Steps of all episodes together."""
    return sum(row.total_steps for row in rows)
