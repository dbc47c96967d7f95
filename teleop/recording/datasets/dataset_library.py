"""The library: all datasets in the recordings folder, which is a Minari root."""

import contextlib
import itertools
import re
import shutil
import tempfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from teleop.envs.spaces import same_space, space_from_json
from teleop.errors import HostileFileError, RecordingError, StorageError, reason
from teleop.recording.datasets.dataset import Dataset
from teleop.recording.datasets.description import DatasetInfo
from teleop.recording.datasets.incoming import check_incoming, register
from teleop.recording.datasets.labels import labels_bytes
from teleop.recording.disk import files
from teleop.recording.disk.path_errors import RefusedPathError, UntrustedPathError
from teleop.recording.episodes.episode_reader import content_id
from teleop.recording.trust import vetting_service
from teleop.text import tr
from teleop.types.metadata import NO_LABEL, DatasetSummary, EpisodeRow, Label

if TYPE_CHECKING:
    from teleop.recording.importing.source import Columns

_ID = re.compile(r"^(?:[A-Za-z0-9_-]{2,}/)*[A-Za-z0-9_-]+-v\d+$")
_LONGEST = 100  # characters in a folder name
_DEVICES = {"con", "prn", "aux", "nul"} | {f"{d}{n}" for d in ("com", "lpt") for n in range(10)}
_DEEPEST = 4  # levels of nested namespaces
_OF_SYSTEMS = frozenset(  # made by systems, cloud services and archivers; some contain copies
    {"__MACOSX", "@eaDir", "#recycle", "$RECYCLE.BIN", "lost+found", "System Volume Information"}
)
_LONGEST_SLUG = 100
HUMAN = "human-v0"
SCRIPTED = "scripted-v0"


class Library:
    """All datasets in one recordings folder."""

    def __init__(self, root: Path) -> None:
        files.guard(root)
        self.root = root

    def ensure(self, samples: Path) -> None:
        """Create the recordings folder with the shipped samples if it does not exist.

        Raises:
            StorageError: the folder cannot be created.
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

    def add_samples(self, samples: Path) -> int:
        """Copy the shipped samples that are missing here; return how many were copied.

        Raises:
            StorageError: the recordings folder cannot be written.
        """
        count = 0
        for source in sorted(samples.glob("*/*")):
            target = self.root / source.parent.name / source.name
            if not (source / "data").is_dir() or files.exists(target):
                continue
            try:
                files.make_folder(target.parent)
                draft = target.with_name(f".{target.name}.new")
                shutil.rmtree(draft, ignore_errors=True)
                shutil.copytree(source, draft, ignore=shutil.ignore_patterns(".teleop"))
                files.replace(draft, target)
            except OSError as problem:
                raise StorageError(
                    tr(
                        "The sample recordings cannot be copied to {root} ({problem}).",
                        root=self.root,
                        problem=reason(problem),
                    )
                ) from problem
            count += 1
        return count

    def missing_from(self, folder: Path) -> list[Path]:
        """Return the datasets below another recordings folder that are missing here."""
        sources = sorted(folder.glob("*/*")) if folder.is_dir() else []
        here = [self.root / source.parent.name / source.name for source in sources]
        return [
            source
            for source, target in zip(sources, here, strict=True)
            if (source / "data").is_dir() and not files.exists(target)
        ]

    def dataset(self, dataset_id: str) -> Dataset:
        """Return a dataset by its id, whether it exists or not.

        Raises:
            RecordingError: the id is invalid, or leads out of the folder.
        """
        parts = [part.lower() for part in dataset_id.split("/")]
        if not _ID.match(dataset_id) or max(map(len, parts)) > _LONGEST or _DEVICES & {*parts}:
            raise RecordingError(
                f"{dataset_id[:120]!r} is not a dataset id; one looks like lunarlander-v3/human-v0 "
                f"(letters, digits, - and _, ending in -v and a number, at most {_LONGEST} "
                "characters a part)."
            )
        folder = self.root / dataset_id
        files.names(folder)  # raises if the path contains a link
        for parent in folder.relative_to(self.root).parents[:-1]:
            if files.exists(self.root / parent / "data" / "metadata.json"):
                raise RecordingError(f"{parent} is a dataset; {dataset_id} cannot lie inside it.")
        return Dataset(folder, dataset_id)

    def existing(self, dataset_id: str) -> Dataset:
        """Return a dataset that must exist.

        Raises:
            RecordingError: the dataset does not exist; the message lists the existing ones.
        """
        dataset = self.dataset(dataset_id)
        if not dataset.exists:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                files.stat(dataset.places.description)  # raises if it must not be read
            ids = ", ".join(summary.dataset_id for summary in self.summaries()) or "none yet"
            raise RecordingError(f"No dataset {dataset_id} in {self.root}. There are: {ids}.")
        return dataset

    def open_for_writing(self, dataset_id: str, info: DatasetInfo) -> Dataset:
        """Return a dataset with its folders created; call `claim` before writing.

        Raises:
            RecordingError: the dataset has other spaces.
            StorageError: writing to disk failed.
        """
        dataset = self.dataset(dataset_id)
        dataset.writer.create(info)
        wanted = (info.observation_space, info.action_space)
        pairs = zip(dataset.spaces(), map(space_from_json, wanted), strict=True)
        if not all(same_space(there, new) for there, new in pairs):
            raise RecordingError(
                f"{dataset_id} holds episodes with other spaces than {info.env_id} has now "
                "(another version, or other options). Record into a new dataset: --dataset NAME-v1."
            )
        return dataset

    def summaries(self, env_id: str | None = None) -> list[DatasetSummary]:
        """Return the summaries of all datasets, or of those of one environment, sorted by id."""
        found = sorted(_dataset_folders(self.root, _DEEPEST))
        listed = [self._summary(folder.relative_to(self.root).as_posix()) for folder in found]
        return [s for s in listed if env_id is None or s.env_id == env_id]

    def best_dataset_id(self, env_id: str) -> str:
        """Return the id of the dataset to show first.

        This is the person's own dataset, unless only other datasets contain episodes.
        """
        own = human_dataset_id(env_id)
        filled = [s.dataset_id for s in self.summaries(env_id) if s.total_episodes]
        return own if own in filled or not filled else filled[0]

    # ------------------------------------------------------------ whole datasets

    def merge(self, target_id: str, source_ids: Sequence[str]) -> tuple[int, int]:
        """Copy the episodes of several datasets into one, which is created if needed.

        Returns:
            (number of episodes added, number of duplicates skipped).

        Raises:
            RecordingError: the spaces differ, or an episode is damaged.
            StorageError: writing to disk failed.
        """
        sources = [self.existing(source_id) for source_id in source_ids]
        target = self.open_for_writing(target_id, sources[0].info())
        spaces = target.spaces()
        for source in sources:
            if not all(map(same_space, source.spaces(), spaces)):
                raise RecordingError(
                    f"{source.dataset_id} has other spaces than {target_id}; episodes of one "
                    "dataset all have the same. Merge it into a dataset of its own."
                )
        target.writer.claim()
        try:
            wanted, doubles = _without_doubles(target, sources)
            return len(target.writer.add(wanted)), doubles
        finally:
            target.writer.release()

    def split(self, dataset_id: str, parts: Mapping[str, Sequence[EpisodeRow]]) -> None:
        """Copy episodes of a dataset into new datasets; the source does not change.

        Args:
            dataset_id: the source dataset.
            parts: rows by the id of the new dataset they go to.

        Raises:
            RecordingError: a part exists already, or an episode is damaged.
            StorageError: writing to disk failed.
        """
        source = self.existing(dataset_id)
        for part_id in parts:
            if self.dataset(part_id).exists:
                raise RecordingError(f"{part_id} exists already; choose another name.")
        for part_id, rows in parts.items():
            part = self.open_for_writing(part_id, source.info())
            part.writer.claim()
            try:
                part.writer.add((source, row) for row in rows)
            finally:
                part.writer.release()

    def rename(self, old_id: str, new_id: str) -> Dataset:
        """Change the id of a dataset and move its folder.

        Raises:
            RecordingError: the dataset does not exist, the new id is taken, or another program made
                the dataset.
            StorageError: writing to disk failed.
        """
        old, new = self.existing(old_id), self.dataset(new_id)
        if files.exists(new.folder):
            raise RecordingError(f"{new_id} exists already; choose another name.")
        old.writer.claim()
        old.writer.release()
        known = [
            p.name
            for p in files.plain_files(old.places.episodes, ".h5")
            if vetting_service.knows(p)
        ]
        try:
            files.make_folder(new.folder.parent)
            files.replace(old.folder, new.folder)
        except HostileFileError:
            raise
        except OSError as problem:
            raise StorageError(
                f"{old_id} cannot be renamed ({reason(problem)}); it is as it was."
            ) from problem
        for name in known:
            vetting_service.know(new.places.episodes / name)
        new.writer.create(new.info())
        new.writer.claim()  # writes the new id into the description
        new.writer.release()
        return new

    def import_dataset(
        self,
        source: Path,
        new_id: str = "",
        *,
        beside: bool = False,
        env_id: str = "",
        columns: "Columns | None" = None,
    ) -> Dataset:
        """Import a `.teleop.zip`, the folder of a Minari dataset, or another program's recordings.

        Everything in it is checked before it is moved into the library.

        Args:
            source: the file or folder; `importing.read_source` lists the other formats.
            new_id: an id to use instead of the dataset's own id.
            beside: whether to use the next free version if the id is taken.
            env_id: environment of another program's recordings; empty for the one they name.
            columns: which arrays of another program's file hold what; None to recognise them.

        Raises:
            EnvError: `env_id` is not available.
            HostileFileError: the source contains something that no recording needs.
            RecordingError: the source is no dataset, is damaged, or its id is taken.
            StorageError: writing to disk failed.
        """
        source = source.resolve()  # links to it are the user's own, links in it are untrusted
        with tempfile.TemporaryDirectory(prefix=".incoming-", dir=self.root) as folder:
            draft = Path(folder) / "dataset"
            with _problems_of(source):
                named = _unpacked(source, draft, env_id, columns)
                wanted = new_id or _named_id(named, source)
                return self._put_in_place(draft, self._free(wanted) if beside else wanted)

    def _free(self, dataset_id: str) -> str:
        """Return the id with its next free version."""
        stem, _, version = dataset_id.rpartition("-v")
        ids = (f"{stem}-v{number}" for number in itertools.count(int(version)))
        return next(name for name in ids if not files.exists(self.dataset(name).folder))

    def _put_in_place(self, draft: Path, dataset_id: str) -> Dataset:
        """Check an unpacked dataset, then move it to its place."""
        target = self.dataset(dataset_id)
        if files.exists(target.folder):
            raise RecordingError(
                tr(
                    "{dataset_id} exists already. Import it under another id with --name, or "
                    "merge the two afterwards.",
                    dataset_id=dataset_id,
                )
            )
        dataset = Dataset(draft, dataset_id)
        check_incoming(dataset)
        files.make_folder(target.folder.parent)
        namespace = target.folder.parent / "namespace_metadata.json"
        if not files.exists(namespace):
            files.write_atomic(namespace, b"{}")
        files.replace(draft, target.folder)
        register(target)
        return target

    def _summary(self, dataset_id: str) -> DatasetSummary:
        try:
            dataset = self.dataset(dataset_id)
            data, info = dataset.metadata(), dataset.info()
            return DatasetSummary(
                dataset_id, info.env_id, int(data["total_episodes"]), int(data["total_steps"])
            )
        except (RecordingError, LookupError, ValueError, TypeError, ArithmeticError) as problem:
            return DatasetSummary(dataset_id, "", 0, 0, problem=str(problem))


def _dataset_folders(folder: Path, depth: int) -> Iterator[Path]:
    """Yield the folders that contain a dataset, without searching inside datasets.

    A folder that cannot be read is skipped. If it is a `data` folder, its parent counts as a
    dataset.
    """
    try:
        found = files.names(folder)
    except RefusedPathError:
        if folder.name == "data":
            yield folder.parent
        return
    for name in found:
        child = folder / name
        if name.startswith(".") or name in _OF_SYSTEMS or not files.is_folder(child):
            continue
        if files.is_file(child / "data" / "metadata.json"):
            yield child
        elif depth > 0:
            yield from _dataset_folders(child, depth - 1)


def slug(env_id: str) -> str:
    """Convert an environment id to a folder name that Minari accepts as a namespace."""
    plain = re.sub(r"[^a-z0-9_-]+", "-", env_id.lower()).strip("-")
    if len(plain) > _LONGEST_SLUG:
        plain = f"{plain[:_LONGEST_SLUG]}-{zlib.crc32(env_id.encode()):08x}"
    return plain if len(plain) > 1 else f"env-{plain}"


def human_dataset_id(env_id: str) -> str:
    """Return the id of the dataset for a person's episodes of an environment."""
    return f"{slug(env_id)}/{HUMAN}"


def scripted_dataset_id(env_id: str) -> str:
    """Return the id of the dataset for a script's episodes of an environment."""
    return f"{slug(env_id)}/{SCRIPTED}"


def total_steps(rows: list[EpisodeRow]) -> int:
    """Return the total number of steps of the episodes."""
    return sum(row.total_steps for row in rows)


@contextlib.contextmanager
def _problems_of(source: Path) -> Iterator[None]:
    """Raise a `StorageError` that names the source if it cannot be read, or the disk is full."""
    try:
        yield
    except (UntrustedPathError, HostileFileError):
        raise
    except OSError as problem:
        raise StorageError(
            tr(
                "{source} cannot be imported ({problem}).",
                source=source,
                problem=reason(problem),
            )
        ) from problem


def _unpacked(source: Path, draft: Path, env_id: str, columns: "Columns | None") -> str:
    """Unpack, copy or convert a source into a draft, and return the dataset id for it."""
    from teleop.recording.exchange import bundle, minari
    from teleop.recording.importing import read_source, source_conversion

    if read_source.is_foreign(source):
        found = read_source.read_source(source, columns)
        about = env_id or found.env_id
        named = f"{slug(about) if about else 'imported'}/{slug(source.name.partition('.')[0])}-v0"
        labels = source_conversion.convert(found, draft, named, env_id)
        _write_labels(Dataset(draft, named), labels)
        return named
    if source.is_dir():
        return minari.copy_dataset(_only_dataset(source), draft)
    return bundle.read_bundle(source, draft)


def _write_labels(dataset: Dataset, labels: Sequence[Label]) -> None:
    if any(label != NO_LABEL for label in labels):
        by_uuid = {row.uuid: label for row, label in zip(dataset.rows(), labels, strict=True)}
        files.write_atomic(dataset.places.labels, labels_bytes(by_uuid))


def _only_dataset(folder: Path) -> Path:
    """Return the dataset that is below a folder, such as a Minari root; the folder if none is.

    Raises:
        RecordingError: there are several.
    """
    if files.exists(folder / "data") or files.exists(folder / "main_data.hdf5"):
        return folder
    found = list(_dataset_folders(folder, _DEEPEST))
    if len(found) > 1:
        names = ", ".join(str(path.relative_to(folder)) for path in found[:10])
        raise RecordingError(
            f"{folder} holds {len(found)} datasets; import them one by one: {names}."
        )
    return found[0] if found else folder


def _named_id(named: str, source: Path) -> str:
    """Return the id that an imported dataset names, if it is valid.

    Raises:
        RecordingError: the id is invalid.
    """
    if not _ID.match(named):
        raise RecordingError(
            f"{source} has the dataset id {named!r:.60}, which is not valid. Set one with "
            "--name NAMESPACE/NAME-v0"
        )
    return named


def _without_doubles(
    target: Dataset, sources: Sequence[Dataset]
) -> tuple[list[tuple[Dataset, EpisodeRow]], int]:
    """Return (episodes to copy, number of duplicates); episodes are compared by content."""
    seen: dict[tuple[int, float], list[tuple[Dataset, EpisodeRow]]] = {}
    for row in target.rows():
        seen.setdefault(_outline(row), []).append((target, row))
    wanted, doubles = [], 0
    for source in sources:
        for row in source.rows():
            alike = seen.setdefault(_outline(row), [])
            if alike and _content(source, row) in {_content(*other) for other in alike}:
                doubles += 1
                continue
            alike.append((source, row))
            wanted.append((source, row))
    return wanted, doubles


def _outline(row: EpisodeRow) -> tuple[int, float]:
    """Return a key that is equal for equal episodes and rarely equal for others."""
    return row.total_steps, row.total_reward


def _content(dataset: Dataset, row: EpisodeRow) -> str:
    return content_id(dataset.read(row))
