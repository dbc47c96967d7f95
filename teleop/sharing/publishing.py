"""Publish a dataset: its files, its labels and policies, a list of all with SHA-256, and a card.

Layout, below the address, as Minari's storage on the Hugging Face hub has it:

    README.md                  the card, or the cards' list where there are several datasets
    namespace_metadata.json    the datasets in this folder
    human-v0/README.md         the card of one dataset
    human-v0/teleop.json       every file with its size and SHA-256, written last
    human-v0/data/…            the Minari dataset
    human-v0/policies/…
"""

import json
import re
import tempfile
import zipfile
from collections.abc import Generator, Mapping
from pathlib import Path

from teleop.errors import RecordingError, RemoteError
from teleop.recording import Dataset
from teleop.recording.exchange import bundle
from teleop.sharing.dataset_card import OWN_CARD, card_of, cards_list
from teleop.sharing.remote_folder import RemoteFolder, remote_folder

NAMESPACE, CARD = "namespace_metadata.json", "README.md"
_MOST_TEXT = 1 << 20
_OURS = re.compile(r"^(data/episodes/\d{6,9}-[0-9a-f]{12}\.h5|policies/[^/]+/[^/]+)$")


def iter_publish(dataset: Dataset, address: str, licence: str) -> Generator[tuple[int, int, str]]:
    """Publish a dataset; yield (files that are there, files in all, the latest).

    An upload that was cut is continued: episodes that are there, of the same name and size, are not
    sent again, because an episode's file never changes. Episodes and policies that were deleted
    here since are deleted there.

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
    _need_same_dataset(dataset, remote, stem, there)
    with tempfile.TemporaryDirectory(prefix="teleop-publish-") as folder:
        staged = _stage(dataset, Path(folder), stem)
        contents = f"{stem}/{bundle.CONTENTS}"
        last = _about(dataset, remote, Path(folder), stem, licence)
        last |= {contents: staged.pop(contents)}
        yield from _iter_upload(remote, staged, last, there)
    gone = [name for name in there if _OURS.match(name.removeprefix(f"{stem}/"))]
    gone = [name for name in gone if name.startswith(f"{stem}/") and name not in staged]
    if gone:  # what was deleted here is withdrawn there
        remote.remove(gone)


def _iter_upload(
    remote: RemoteFolder, staged: dict[str, Path], last: dict[str, Path], there: Mapping[str, int]
) -> Generator[tuple[int, int, str]]:
    """Send what is not there; `last` once all else is there."""
    missing = {
        name: path
        for name, path in staged.items()
        if "/episodes/" not in name or there.get(name) != path.stat().st_size
    }
    total, done = len(staged) + len(last), len(staged) - len(missing)
    yield done, total, ""
    for part in (missing, last):
        for name in remote.put(part):
            done += 1
            yield done, total, name


def _need_same_dataset(
    dataset: Dataset, remote: RemoteFolder, stem: str, there: Mapping[str, int]
) -> None:
    """Check that the folder at the address holds no other dataset.

    Raises:
        RemoteError: it does.
    """
    name = f"{stem}/data/metadata.json"
    if name not in there:
        return
    try:
        found = json.loads(remote.read(name, _MOST_TEXT))
        other = str(found.get("dataset_id", ""))
    except (ValueError, AttributeError, RecursionError):
        other = "something else"
    if other != dataset.dataset_id:
        raise RemoteError(
            f"{remote.address} holds {other} under the name {stem}. Publish {dataset.dataset_id} "
            "to another address, or rename it first: teleop rename."
        )


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
    card = card_of(dataset, licence, f"{remote.address.rstrip('/')}/{stem}")
    texts = {NAMESPACE: json.dumps(listed), f"{stem}/{CARD}": card}
    if _may_write_card(remote):
        others = [each.rsplit("/", 1)[-1] for each in listed["datasets"]]
        cards = {each: _card_at(remote, each) for each in others if each != stem}
        texts[CARD] = card if not cards else cards_list(remote.address, cards | {stem: card})
    paths = {}
    for place, text in texts.items():
        paths[place] = folder / "about" / place
        paths[place].parent.mkdir(parents=True, exist_ok=True)
        paths[place].write_text(text, encoding="utf-8")
    return paths


def _card_at(remote: RemoteFolder, stem: str) -> str:
    try:
        return remote.read(f"{stem}/{CARD}", _MOST_TEXT).decode("utf-8", "replace")
    except FileNotFoundError:
        return ""


def _may_write_card(remote: RemoteFolder) -> bool:
    """Return whether there is no card yet, or one that nobody else wrote."""
    try:
        return OWN_CARD in remote.read(CARD, _MOST_TEXT).decode("utf-8", "replace")
    except FileNotFoundError:
        return True
