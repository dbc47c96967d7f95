"""Films from the command line: the worst episodes of a policy, or a recorded episode."""

from collections.abc import Iterator
from pathlib import Path

from teleop.api.episode_dataset import find_dataset
from teleop.api.shown_episode import episode_film
from teleop.errors import LearningError
from teleop.learning.policy_folder import read_row
from teleop.playback.captions import Part
from teleop.playback.film import iter_parts
from teleop.playback.side_by_side import write_parts
from teleop.recording import Library
from teleop.workflows import find_episode, find_policy


class FilmJob:
    """Plays the worst test episodes of a policy again, and writes them into one file."""

    def __init__(self, library: Library, name: str, policy: str, worst: int) -> None:
        """Load the policy.

        Raises:
            TeleopError: there is no such policy, or it has not played test episodes.
        """
        dataset = find_dataset(library, name)
        self._env_id, self._policy = find_policy(library, name, policy)
        self._row = read_row(dataset.policies / self._policy.name)
        if not self._row.starts:
            raise LearningError(
                f"{self._policy.name} has not played any test episodes. Train it again with "
                "--episodes 20."
            )
        self.seeds = [start.seed for start in self._row.worst_first[:worst]]

    def run(self, output: Path) -> Iterator[int]:
        """Play and write; yield the number of episodes after each."""
        parts: list[Part] = []
        done = 0
        for _, parts in iter_parts(self._env_id, self._policy, self.seeds, self._row.title):
            if len(parts) > done:
                done = len(parts)
                yield done
        write_parts(parts, output)


class EpisodeFilmJob:
    """Writes a recorded episode as a film, with the keys that were held."""

    def __init__(self, library: Library, name: str, number: int) -> None:
        """Read the episode.

        Raises:
            TeleopError: there is no such episode, or it cannot be read.
        """
        self._dataset = find_dataset(library, name)
        row = find_episode(self._dataset, number)
        self._episode = self._dataset.read(row.file)

    def run(self, output: Path) -> None:
        """Play and write.

        Raises:
            TeleopError: the environment failed, or the file cannot be written.
        """
        episode_film(self._dataset, self._episode, output)
