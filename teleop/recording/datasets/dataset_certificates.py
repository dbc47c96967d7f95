"""Certificates of the episodes in a dataset."""

import contextlib
import dataclasses
from collections.abc import Iterator

from teleop.recording.datasets.dataset import Dataset
from teleop.recording.episodes.certificate import add_certificate, iter_certify, read_certificates
from teleop.types.metadata import Certificate, EpisodeRow


def valid_certificates(dataset: Dataset) -> dict[str, Certificate]:
    """Return the latest valid certificate of each episode, by uuid."""
    found = read_certificates(dataset.places.certificates)
    hashes = {row.uuid: row.sha256 for row in dataset.index.rows()}
    return {uuid: c for uuid, c in found.items() if c.sha256 == hashes.get(uuid, "")}


def certified_rows(dataset: Dataset) -> list[EpisodeRow]:
    """Return the episodes, each with its valid certificate if it has one."""
    rows = dataset.rows()
    found = valid_certificates(dataset) if rows else {}
    return [dataclasses.replace(row, certificate=found.get(row.uuid)) for row in rows]


def iter_certify_row(dataset: Dataset, row: EpisodeRow) -> Iterator[Certificate | None]:
    """Re-simulate an episode: yield None after each step, then store and yield the certificate.

    Raises:
        RecordingError: the episode is damaged.
    """
    for found in iter_certify(dataset.read(row), dataset.info().env_id):
        if found is not None:
            store_certificate(dataset, found)
        yield found


def certified(dataset: Dataset, row: EpisodeRow) -> Certificate:
    """Re-simulate an episode; return its certificate, which is not stored.

    Raises:
        RecordingError: the episode is damaged.
    """
    found = iter_certify(dataset.read(row), dataset.info().env_id)
    return next(each for each in found if each is not None)


def store_certificate(dataset: Dataset, found: Certificate) -> None:
    """Add a certificate to the dataset; on read-only media the episode is checked again later."""
    with contextlib.suppress(OSError):
        add_certificate(dataset.places.certificates, found)
