"""What re-simulating the episodes of a dataset found."""

import contextlib
from collections.abc import Iterator

from teleop.recording.datasets.dataset import Dataset
from teleop.recording.episodes.certificate import (
    Certificate,
    add_certificate,
    iter_certify,
    read_certificates,
)
from teleop.recording.episodes.episode import EpisodeRow


def valid_certificates(dataset: Dataset) -> dict[str, Certificate]:
    """The latest valid certificate of each episode, by uuid."""
    found = read_certificates(dataset.places.certificates)
    hashes = {row.uuid: row.sha256 for row in dataset.index.rows()}
    return {uuid: c for uuid, c in found.items() if c.sha256 == hashes.get(uuid, "")}


def iter_certify_row(dataset: Dataset, row: EpisodeRow) -> Iterator[Certificate | None]:
    """Re-simulate an episode, None after each step; keep and yield what that found.

    Raises:
        RecordingError: the episode is damaged.
    """
    for found in iter_certify(dataset.read(row), dataset.info().env_id):
        if found is not None:
            with contextlib.suppress(OSError):  # read-only media: it is found again next time
                add_certificate(dataset.places.certificates, found)
        yield found
