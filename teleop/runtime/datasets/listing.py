"""Lists an environment's recordings on disk for the window."""

import contextlib
from collections.abc import Iterator

from teleop.errors import TeleopError, sentence
from teleop.learning.policy import list_policies
from teleop.learning.policy_folder import PolicyFolder, chosen_policy
from teleop.recording import Dataset, Library
from teleop.recording.datasets.dataset_certificates import certified_rows
from teleop.recording.disk import files
from teleop.runtime.protocol.session_messages import LibraryChanged
from teleop.types.metadata import DatasetSummary, EpisodeRow
from teleop.types.results import PolicyRow


def library_changed(library: Library, env_id: str, shown: Dataset) -> tuple[LibraryChanged, str]:
    """Read an environment's datasets and the episodes of the shown dataset from disk.

    Returns:
        What can be read, and why the rest cannot be read (empty if everything can).
    """
    problems: list[str] = []
    summaries: list[DatasetSummary] = []
    rows: list[EpisodeRow] = []
    policies: list[PolicyRow] = []
    size, saved_s = 0, 0.0
    with _told(problems):
        summaries = library.summaries(env_id)
    with _told(problems):
        rows = shown.rows() if shown.exists else []
        size, saved_s = _written(shown, rows)
        rows = certified_rows(shown) if rows else []
    with _told(problems):
        policies = PolicyFolder(shown).rows()
    found = LibraryChanged(
        folder=str(library.root),
        dataset_id=shown.dataset_id,
        datasets=tuple((s.dataset_id, s.total_episodes, _policies(library, s)) for s in summaries),
        episodes=tuple(rows),
        policies=tuple(policies),
        chosen=chosen_policy(policies),
        size=size,
        saved_s=saved_s,
    )
    return found, (problems or [shown.label_damage])[0]


@contextlib.contextmanager
def _told(problems: list[str]) -> Iterator[None]:
    """Catch a read error inside the block and add it to the problems."""
    try:
        yield
    except (TeleopError, OSError) as problem:
        problems.append(sentence(problem))


def _policies(library: Library, summary: DatasetSummary) -> int:
    """Return the number of policies of a dataset; 0 if its folder cannot be read."""
    with contextlib.suppress(TeleopError, OSError):
        return len(list_policies(library.dataset(summary.dataset_id).policies))
    return 0


def _written(shown: Dataset, rows: list[EpisodeRow]) -> tuple[int, float]:
    """Return the total size of the episode files in bytes, and when the newest was written."""
    paths = {shown.places.source(row.file)[0] for row in rows}
    found = [files.stat(path) for path in paths if files.is_file(path)]
    return sum(f.st_size for f in found), max((f.st_mtime for f in found), default=0.0)
