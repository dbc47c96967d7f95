"""Recordings: a journal while it runs, one immutable HDF5 file when saved, Minari throughout."""

from teleop.recording.certificate import Certificate
from teleop.recording.dataset import Dataset
from teleop.recording.description import DatasetInfo
from teleop.recording.episode import Episode, EpisodeRow
from teleop.recording.labels import Label
from teleop.recording.library import DatasetSummary, Library
from teleop.recording.recorder import Recorder, Take, dataset_info
from teleop.recording.recovery import Recovery

__all__ = [
    "Certificate",
    "Dataset",
    "DatasetInfo",
    "DatasetSummary",
    "Episode",
    "EpisodeRow",
    "Label",
    "Library",
    "Recorder",
    "Recovery",
    "Take",
    "dataset_info",
]
