"""Normalisation of a policy's inputs, from the data it was trained on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from teleop.learning.data.inputs import Rows

CLIP = 10.0  # normalised inputs are clipped to this many standard deviations
_LEAST_SD = 1e-3
_BLOCK = 1 << 16


@dataclass(frozen=True, slots=True)
class Normaliser:
    """Statistics of the inputs.

    Attributes:
        mean: (features,) means.
        sd: (features,) standard deviations, at least 1e-3.
    """

    mean: Rows
    sd: Rows

    @classmethod
    def of(cls, vector: Rows, rows: NDArray[np.int64]) -> "Normaliser":
        """Compute the statistics of some rows of (N, features), block by block."""
        count = max(1, len(rows))
        blocks = [rows[first : first + _BLOCK] for first in range(0, len(rows), _BLOCK)]
        mean = sum((vector[b].sum(axis=0, dtype=np.float64) for b in blocks), np.float64(0)) / count
        mean = np.broadcast_to(mean, vector.shape[1:])
        apart = sum((((vector[b] - mean) ** 2).sum(axis=0) for b in blocks), np.float64(0)) / count
        sd = np.maximum(np.sqrt(np.broadcast_to(apart, vector.shape[1:])), _LEAST_SD)
        return cls(mean.astype(np.float32), sd.astype(np.float32))

    def __call__(self, rows: Rows) -> Rows:
        """Normalise rows whose last axis is the features; the shape stays the same."""
        scaled: Rows = np.clip((rows - self.mean) / self.sd, -CLIP, CLIP).astype(np.float32)
        return scaled
