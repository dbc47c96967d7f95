"""What opening a dataset for writing puts right: takes that a crash interrupted, damaged files."""

from dataclasses import dataclass, field
from pathlib import Path

from teleop.errors import HostileFileError, RecordingError, StorageError
from teleop.recording.datasets.dataset_index import DatasetIndex
from teleop.recording.datasets.dataset_paths import DatasetPaths
from teleop.recording.disk import files
from teleop.recording.episodes import episode_reader, episode_writer
from teleop.recording.journals.journal_reader import JournalReader
from teleop.recording.trust import vetting_service


@dataclass(slots=True)
class Recovery:
    """What had to be repaired.

    Attributes:
        recovered: takes that a crash had interrupted, now saved.
        quarantined: what cannot be read; put aside, nothing thrown away.
        waiting: takes for which there is no room on the disk.
    """

    recovered: list[str] = field(default_factory=list)
    quarantined: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)


def recover(places: DatasetPaths, index: DatasetIndex) -> Recovery:
    """Put a dataset right that this program has claimed. Twice does no more than once.

    Raises:
        OSError: the disk refused.
    """
    report = Recovery()
    for draft in files.plain_files(places.journals, ".h5tmp"):
        files.unlink(draft)
    for journal in files.plain_files(places.journals, ".tj"):
        _recover_journal(places, journal, report)
    for name in index.files():
        if not _is_whole(places.episodes / name):
            files.replace(places.episodes / name, places.quarantine / name)
            index.forget(name)
            report.quarantined.append(name)
    if files.is_file(places.description) and (report.recovered or index.is_stale()):
        listed = index.description().get("total_episodes", 0)
        index.publish(growing=len(index.files()) >= listed)
    for name in report.recovered:  # published: the journal has done its work
        files.unlink((places.journals / name).with_suffix(".tj"), missing_ok=True)
    return report


def _is_whole(path: Path) -> bool:
    """A file that is as it was, or whose checksums all hold.

    One that the gate does not let through is left where it is: it may be whole, and only too large.
    """
    if vetting_service.knows(path):
        return True
    try:
        vetting_service.admit(path)
        episode_reader.verify_file(path)
    except HostileFileError:
        return True
    except RecordingError:
        return False
    return True


def save_journal(places: DatasetPaths, journal: JournalReader) -> str:
    """Turn a journal into an episode file; returns its name. The journal stays.

    Raises:
        OSError: the disk refused; nothing has changed.
        StorageError: likewise.
        RecordingError: the journal holds no step.
    """
    stem = journal.path.stem
    name = f"{stem}.h5"
    draft = places.journals / f"{stem}.h5tmp"
    episode_writer.build_episode(journal, draft)
    try:
        episode_reader.verify_file(draft)
        files.replace(draft, places.episodes / name)  # the commit point
    except BaseException:
        files.unlink(draft, missing_ok=True)
        raise
    vetting_service.know(places.episodes / name)
    return name


def put_in(places: DatasetPaths, path: Path, uuid: str, ordinal: int) -> str:
    """Copy an episode file into a dataset, checked and durable; returns its name there.

    Raises:
        OSError: the disk refused; nothing has changed.
        RecordingError: it is damaged.
    """
    name = f"{ordinal:06d}-{uuid}.h5"
    draft = places.journals / f"{name}tmp"
    files.copy(path, draft)
    episode_reader.verify_file(draft)
    files.replace(draft, places.episodes / name)
    vetting_service.know(places.episodes / name)
    return name


def _recover_journal(places: DatasetPaths, journal: Path, report: Recovery) -> None:
    name = f"{journal.stem}.h5"
    if files.exists(places.episodes / name) or files.exists(places.trash / name):
        files.unlink(journal)
        return
    try:
        read = JournalReader(journal)
        if read.meta and read.total_steps == 0:
            files.unlink(journal)
            return
        report.recovered.append(save_journal(places, read))
    except (StorageError, OSError):
        report.waiting.append(journal.name)
    except Exception:  # noqa: BLE001  one bad journal must not lock the others out
        files.replace(journal, places.quarantine / journal.name)
        report.quarantined.append(journal.name)
