"""What is on disk for an environment, as the window lists it."""

from teleop.learning.policy import list_policies
from teleop.recording import Certificate, Dataset, EpisodeRow, Library
from teleop.stage.messages import EpisodeItem, LibraryChanged


def library_changed(library: Library, env_id: str, shown: Dataset) -> LibraryChanged:
    """Read back from disk: an environment's datasets, and the episodes of the one on show."""
    summaries = library.summaries(env_id)
    rows = shown.rows() if shown.exists else []
    certificates = shown.certificates() if shown.exists else {}
    return LibraryChanged(
        folder=str(library.root),
        dataset_id=shown.dataset_id,
        datasets=tuple((s.dataset_id, s.total_episodes) for s in summaries),
        episodes=tuple(_item(row, certificates.get(row.uuid)) for row in rows),
        policies=tuple(list_policies(shown.policies)),
    )


def _item(row: EpisodeRow, certificate: Certificate | None) -> EpisodeItem:
    return EpisodeItem(
        file=row.file,
        uuid=row.uuid,
        ordinal=row.ordinal + 1,
        total_steps=row.total_steps,
        total_reward=row.total_reward,
        driver=row.driver,
        recovered=row.recovered,
        starred=row.starred,
        replay=certificate.verdict if certificate else "",
        finding=certificate.text if certificate else "",
        flags=row.flags,
        tags=row.label.tags,
        success=row.label.success,
    )
