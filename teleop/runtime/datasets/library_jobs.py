"""Lists and changes whole datasets in the background."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from teleop import curation
from teleop.classroom.hand_in import hand_in
from teleop.curation import foreign_source
from teleop.errors import EnvError, RecordingError, sentence
from teleop.learning.policy import list_policies
from teleop.learning.policy_folder import PolicyFolder
from teleop.recording import Dataset, Library
from teleop.recording.datasets.dataset_certificates import certified_rows
from teleop.recording.importing.source import Columns, Source, preview_of
from teleop.runtime.protocol.library_messages import (
    AddSamples,
    Curate,
    CuratePolicies,
    EpisodeOperation,
    EpisodesListed,
    HandIn,
    ImportAsked,
    ImportDataset,
    LibraryListed,
    ListEpisodes,
    ListLibrary,
    PolicyOperation,
    ToLibrary,
    Working,
)
from teleop.runtime.protocol.session_messages import FromEnvironment, Notice, Say, Tone
from teleop.text import joined, ntr, tr
from teleop.types.metadata import EpisodeRow, marks_from

_LISTS_ANEW = (EpisodeOperation.DELETE, EpisodeOperation.RESTORE, EpisodeOperation.PURGE)


class LibraryJobs:
    """Runs the requests of the library screen one after another."""

    def __init__(
        self,
        library: Library,
        worker: ThreadPoolExecutor,
        claimed: Callable[[str], Dataset | None],
        say: Say,
        samples: Path | None = None,
    ) -> None:
        """Create an empty queue of jobs.

        Args:
            library: the library to list and change.
            worker: runs the jobs; nothing else writes to datasets at the same time.
            claimed: returns a dataset by id if this program already has it open for writing.
            say: sends a message to the window.
            samples: folder of the shipped sample recordings.
        """
        self._samples = samples
        self._library, self._worker, self._claimed, self._say = library, worker, claimed, say
        self._said: deque[FromEnvironment] = deque()  # messages from the background
        self._jobs: list[Future[None]] = []

    @property
    def busy(self) -> bool:
        """Whether jobs are running, or their messages are not sent yet."""
        return bool(self._jobs or self._said)

    def handle(self, message: ToLibrary) -> None:
        """Start a job; `collect` sends its results later."""
        self._jobs.append(self._worker.submit(self._do, message))

    def collect(self) -> bool:
        """Send the messages of background jobs; return True if a dataset may have changed."""
        changed = False
        while self._said:
            message = self._said.popleft()
            changed = changed or isinstance(message, EpisodesListed)
            self._say(message)
        self._jobs = [job for job in self._jobs if not job.done()]
        return changed

    # ------------------------------------------------------------ in the background

    def _do(self, message: ToLibrary) -> None:
        try:
            _HANDLERS[type(message)](self, message)
        except Exception as problem:  # noqa: BLE001  untrusted files can raise anything
            self._said.append(Notice(Tone.BAD, sentence(problem)))
            self._said.append(Working("", 0, 0))

    def _import(self, message: ImportDataset) -> None:
        path = Path(message.path)
        self._said.append(Working(tr("Importing {name}", name=path.name), 0, 1))
        source = foreign_source(path, Columns())
        if source is not None and not message.confirmed:
            self._ask(message, source)
            return
        try:
            dataset = self._library.import_dataset(path, beside=True, env_id=message.env_id)
        except (EnvError, RecordingError) as problem:
            if source is None or not message.env_id:
                raise
            self._said.append(Notice(Tone.BAD, sentence(problem)))
            self._ask(message, source)  # for another environment
            return
        self._said.append(Working("", 0, 0))
        count = len(dataset.rows())
        text = tr(
            "Imported {dataset_id}: {count} episodes", dataset_id=dataset.dataset_id, count=count
        )
        self._said.append(Notice(Tone.GOOD, text))
        self._list_library()
        self._list_episodes(dataset.dataset_id, is_new=True)

    def _ask(self, message: ImportDataset, source: Source) -> None:
        """Show what another program's file holds, and ask whether to import it."""
        path, found = Path(message.path), preview_of(source)
        env_id = message.env_id or found.env_id
        self._said.append(ImportAsked(message.path, path.name, env_id, found))
        self._said.append(Working("", 0, 0))

    def _hand_in(self, message: HandIn) -> None:
        self._said.append(Working(tr("Handing in"), 0, 1))
        dataset = self._dataset(message.dataset_id)
        target = hand_in(dataset, Path(message.folder), message.codename)
        self._said.append(Working("", 0, 0))
        text = tr("Handed in: {target}", target=target)
        self._said.append(Notice(Tone.GOOD, text, copy=str(target)))
        self._list_episodes(message.dataset_id)

    def _add_samples(self, message: AddSamples) -> None:
        folder = message.folder
        count = self._library.add_samples(self._samples) if self._samples else 0
        for source in self._library.missing_from(Path(folder)) if folder else ():
            self._library.import_dataset(source, f"{source.parent.name}/{source.name}")
            count += 1
        if count or not folder:  # a lesson's recordings may be there already
            text = ntr("Added {n} sample dataset", "Added {n} sample datasets", count)
            self._said.append(Notice(Tone.GOOD if count else Tone.PLAIN, text))
        self._list_library()

    def _list_library(self) -> None:
        listed = []
        for summary in self._library.summaries():
            dataset = self._library.dataset(summary.dataset_id)
            listed.append(replace(summary, policies=len(list_policies(dataset.policies))))
        self._said.append(LibraryListed(tuple(listed)))

    def _list_episodes(self, dataset_id: str, *, is_new: bool = False) -> None:
        dataset = self._claimed(dataset_id) or self._library.dataset(dataset_id)
        if not dataset.exists:  # nothing was recorded into it yet
            self._said.append(EpisodesListed(dataset_id, "", (), ()))
            return
        rows = tuple(certified_rows(dataset))
        env_id = dataset.info().env_id
        trash = tuple(dataset.writer.trash.names())
        policies = tuple(PolicyFolder(dataset).rows())
        self._said.append(EpisodesListed(dataset_id, env_id, rows, trash, policies, is_new))

    def _dataset(self, dataset_id: str) -> Dataset:
        return self._claimed(dataset_id) or self._library.existing(dataset_id)

    def _curate(self, request: Curate) -> None:
        dataset = self._dataset(request.dataset_id)
        rows = [row for row in dataset.rows() if row.uuid in request.chosen]
        match request.operation:
            case EpisodeOperation.VERIFY:
                self._verify(dataset, rows or dataset.rows())
            case EpisodeOperation.EXPORT:
                self._export(dataset, rows or dataset.rows(), request.value)
            case EpisodeOperation.DELETE | EpisodeOperation.RESTORE | EpisodeOperation.PURGE:
                self._move(dataset, rows, request)
            case _:
                for row in rows:
                    dataset.label(row.uuid, **_label(request))
        self._list_episodes(request.dataset_id)
        if request.operation in _LISTS_ANEW:
            self._list_library()

    def _move(self, dataset: Dataset, rows: list[EpisodeRow], request: Curate) -> None:
        """Move episodes to the trash, restore them or delete them permanently."""
        own = self._claimed(dataset.dataset_id) is not None
        with curation.claimed(dataset, already=own):
            if request.operation is EpisodeOperation.DELETE:
                files = tuple(row.file for row in rows)
                dataset.writer.delete(*files)
                undo = Curate(dataset.dataset_id, EpisodeOperation.RESTORE, files)
                self._said.append(Notice(Tone.UNDO, _deleted(len(files)), undo))
            elif request.operation is EpisodeOperation.RESTORE:
                for name in request.chosen:
                    dataset.writer.restore(name)
                text = ntr("Restored {n} episode", "Restored {n} episodes", len(request.chosen))
                self._said.append(Notice(Tone.GOOD, text))
            else:
                gone = dataset.writer.purge(request.chosen or None)
                text = ntr(
                    "Deleted {n} episode permanently", "Deleted {n} episodes permanently", len(gone)
                )
                self._said.append(Notice(Tone.PLAIN, text))

    def _curate_policies(self, request: CuratePolicies) -> None:
        folder, value = PolicyFolder(self._dataset(request.dataset_id)), request.value
        gone = []
        for name in request.chosen:
            match request.operation:
                case PolicyOperation.RENAME:
                    folder.call(name, str(value))
                case PolicyOperation.NOTE:
                    folder.describe(name, note=str(value))
                case PolicyOperation.BASELINE:
                    folder.describe(name, pinned=bool(value))
                case PolicyOperation.DELETE:
                    gone.append(folder.delete(name))
                case PolicyOperation.RESTORE:
                    text = tr("Restored {name}", name=folder.restore(name))
                    self._said.append(Notice(Tone.GOOD, text))
        if gone:
            undo = CuratePolicies(request.dataset_id, PolicyOperation.RESTORE, tuple(gone))
            text = ntr("Deleted {n} policy", "Deleted {n} policies", len(gone))
            self._said.append(Notice(Tone.UNDO, text, undo))
        self._list_episodes(request.dataset_id)
        self._list_library()

    def _verify(self, dataset: Dataset, rows: list[EpisodeRow]) -> None:
        verdicts, began_s = [], time.perf_counter()
        for done, row in enumerate(rows):
            text = tr("Re-simulating episode {ordinal}", ordinal=row.number)
            left = (time.perf_counter() - began_s) / done * (len(rows) - done) if done else None
            self._said.append(Working(text, done, len(rows), left))
            verdicts += [verdict for _, verdict, _ in curation.verify_row(dataset, row)]
        exact = sum(verdict == "exact" for verdict in verdicts)
        tone = Tone.GOOD if exact == len(verdicts) else Tone.BAD
        self._said.append(Working("", 0, 0))
        self._said.append(
            Notice(
                tone,
                tr("{exact} of {count} episodes replay exactly", exact=exact, count=len(verdicts)),
            )
        )

    def _export(self, dataset: Dataset, rows: list[EpisodeRow], value: Any) -> None:
        form, path = value
        text = ntr(
            "Writing {n} episode as {form}", "Writing {n} episodes as {form}", len(rows), form=form
        )
        self._said.append(Working(text, 0, 1))
        target, notes = curation.export(dataset, rows, form, Path(path))
        said = joined("; ", [tr("Written: {target}", target=target), *notes])
        self._said.append(Working("", 0, 0))
        self._said.append(Notice(Tone.GOOD, said, copy=str(target)))


_HANDLERS: dict[type, Callable[[LibraryJobs, Any], None]] = {
    ListLibrary: lambda jobs, _: jobs._list_library(),
    ListEpisodes: lambda jobs, message: jobs._list_episodes(message.dataset_id),
    ImportDataset: LibraryJobs._import,
    HandIn: LibraryJobs._hand_in,
    AddSamples: LibraryJobs._add_samples,
    Curate: LibraryJobs._curate,
    CuratePolicies: LibraryJobs._curate_policies,
}


def _label(request: Curate) -> dict[str, Any]:
    """Return the requested change of a label."""
    value = request.value
    match request.operation:
        case EpisodeOperation.STAR:
            return {"starred": bool(value)}
        case EpisodeOperation.TAGS:
            return {"tags": tuple(_words(value))}
        case EpisodeOperation.NOTE:
            return {"note": str(value)}
        case EpisodeOperation.TASK:
            return {"task": str(value)}
        case EpisodeOperation.MARKS:
            return {"marks": marks_from(str(value))}
        case EpisodeOperation.VERDICT:
            return {"success": value}
    return {"trim": value}


def _words(value: object) -> Iterator[str]:
    return (word.strip() for word in str(value).split(",") if word.strip())


def _deleted(count: int) -> str:
    return ntr("Deleted {n} episode", "Deleted {n} episodes", count)
