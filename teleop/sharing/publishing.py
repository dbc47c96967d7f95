"""Publish a dataset: its files, its labels and policies, a list of all with SHA-256, and a card.

Layout, below the address, as Minari's storage on the Hugging Face hub has it:

    README.md                  the card
    namespace_metadata.json    the datasets in this folder
    human-v0/teleop.json       every file with its size and SHA-256, written last
    human-v0/data/…            the Minari dataset
    human-v0/policies/…
"""

import json
import tempfile
import zipfile
from collections.abc import Generator
from pathlib import Path

from teleop.errors import RecordingError, RemoteError
from teleop.recording import Dataset
from teleop.recording.exchange import bundle
from teleop.sharing.dataset_card import card_of
from teleop.sharing.remote_folder import RemoteFolder, remote_folder

NAMESPACE, CARD = "namespace_metadata.json", "README.md"
_MOST_TEXT = 1 << 20


def iter_publish(dataset: Dataset, address: str, licence: str) -> Generator[tuple[int, int, str]]:
    """Publish a dataset; yield (files that are there, files in all, the latest).

    An upload that was cut is continued: episodes that are there, of the same name and size, are not
    sent again, because an episode's file never changes.

    Args:
        dataset: the dataset.
        address: where to; see `remote_folder`.
        licence: identifier of its licence, such as `cc-by-4.0`.

    Raises:
        RecordingError: there is nothing to publish.
        RemoteError: the address cannot be used.
    """
    rows = dataset.rows()
    if not rows:
        raise RecordingError(
            f"{dataset.dataset_id} has no episodes, so there is nothing to publish."
        )
    remote = remote_folder(address)
    there = remote.sizes()
    stem = dataset.dataset_id.rsplit("/", 1)[-1]
    with tempfile.TemporaryDirectory(prefix="teleop-publish-") as folder:
        staged = _stage(dataset, Path(folder), stem)
        last = {f"{stem}/{bundle.CONTENTS}": staged.pop(f"{stem}/{bundle.CONTENTS}")}
        last |= _about(dataset, remote, Path(folder), stem, licence)
        total, done = len(staged) + len(last), 0
        missing = {
            name: path
            for name, path in staged.items()
            if "/episodes/" not in name or there.get(name) != path.stat().st_size
        }
        done = len(staged) - len(missing)
        yield done, total, ""
        for part in (missing, last):
            for name in remote.put(part):
                done += 1
                yield done, total, name


def _stage(dataset: Dataset, folder: Path, stem: str) -> dict[str, Path]:
    """Lay out the files of a dataset as they are published; return them by their path."""
    packed = folder / "dataset.zip"
    bundle.write_bundle(dataset, dataset.rows(), packed)
    with zipfile.ZipFile(packed) as file:
        file.extractall(folder / "files")
    packed.unlink()
    root = folder / "files"
    contents = root / bundle.CONTENTS
    own = root / dataset.dataset_id
    found = {f"{stem}/{bundle.CONTENTS}": contents}
    for path in sorted(own.rglob("*")):
        if path.is_file():
            found[f"{stem}/{path.relative_to(own).as_posix()}"] = path
    return found


def _about(
    dataset: Dataset, remote: RemoteFolder, folder: Path, stem: str, licence: str
) -> dict[str, Path]:
    """Write the card, and the list of datasets with those that are there already."""
    name = remote.address.rstrip("/").rsplit("/", 1)[-1]
    try:
        listed = json.loads(remote.read(NAMESPACE, _MOST_TEXT))
        known = [str(each) for each in listed.get("datasets", [])]
    except FileNotFoundError:
        listed, known = {}, []
    except (ValueError, AttributeError, TypeError) as problem:
        raise RemoteError(
            f"{NAMESPACE} at {remote.address} cannot be read; is it Minari's? Publish to another "
            "address."
        ) from problem
    listed["datasets"] = sorted({*known, f"{name}/{stem}"})
    paths = {NAMESPACE: folder / NAMESPACE, CARD: folder / CARD}
    paths[NAMESPACE].write_text(json.dumps(listed), encoding="utf-8")
    address = f"{remote.address.rstrip('/')}/{stem}"
    paths[CARD].write_text(card_of(dataset, licence, address), encoding="utf-8")
    return paths
