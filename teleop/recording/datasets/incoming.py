"""Check an imported dataset before it is moved into the library."""

import json

from teleop.errors import RecordingError
from teleop.recording.datasets.dataset import Dataset
from teleop.recording.disk import files
from teleop.recording.episodes import episode_reader
from teleop.recording.trust import vetting_service
from teleop.recording.trust.vetting import EPISODE_FILE, printable


def check_incoming(dataset: Dataset) -> None:
    """Check everything in an imported dataset before it is moved into the library.

    Raises:
        RecordingError: a part is damaged, is from a later version, or contains something that no
            recording needs.
    """
    dataset.spaces()
    for name in dataset.index.files():
        if not EPISODE_FILE.match(name):
            raise RecordingError(f"{printable(name)[:80]!r} is not a valid episode file name.")
        vetting_service.admit(dataset.places.episodes / name)
        episode_reader.verify_file(dataset.places.episodes / name)
    if dataset.index.files():
        dataset.index.write_index(dataset.index.files())  # never use an untrusted index
    else:
        vetting_service.admit(dataset.places.index, links=True, pictures=True)
    files.unlink(dataset.places.manifest, missing_ok=True)
    files.unlink(dataset.places.certificates, missing_ok=True)


def register(dataset: Dataset) -> None:
    """Mark an imported dataset as vetted and write its id into its description."""
    for name in dataset.index.files():
        vetting_service.know(dataset.places.episodes / name)
    vetting_service.know(dataset.places.index)
    if dataset.is_foreign:
        data = dataset.metadata() | {"dataset_id": dataset.dataset_id}
        files.write_atomic(dataset.places.description, json.dumps(data).encode())
    else:
        dataset.writer.claim()
        dataset.writer.release()
