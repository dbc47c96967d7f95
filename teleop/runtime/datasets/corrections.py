"""Reads the saved episodes in which a person supervised a policy."""

import contextlib
from collections.abc import Iterator

import numpy as np

from teleop.errors import RecordingError
from teleop.recording import Dataset
from teleop.runtime.protocol.session_messages import Corrected
from teleop.take_over import OVER
from teleop.types import Actor

_MOST = 100  # maximum number of listed episodes


def iter_corrected(dataset: Dataset) -> Iterator[Corrected]:
    """Yield the episodes, the latest first; leave out those that cannot be read."""
    if not dataset.exists:
        return
    rows = [row for row in dataset.rows() if OVER in row.driver_name]
    for row in reversed(rows[-_MOST:]):
        with contextlib.suppress(RecordingError):
            drove = dataset.step_details(row).actors == Actor.HUMAN  # (T,)
            yield Corrected(
                number=row.number,
                total_steps=row.total_steps,
                total_reward=row.total_reward,
                driven=int(drove.sum()),
                times=int((np.diff(drove.astype(np.int8), prepend=0) > 0).sum()),
                policy=row.driver_name.split(OVER, 1)[1],
                started=row.started,
            )
