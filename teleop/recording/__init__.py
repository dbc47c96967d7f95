"""Recordings: a journal while it runs, one immutable HDF5 file when saved, Minari throughout."""

from teleop.recording.dataset import Dataset, DatasetInfo, Recovery
from teleop.recording.episode import Episode, EpisodeRow
from teleop.recording.library import DatasetSummary, Library
from teleop.recording.recorder import Recorder, Take, dataset_info

__all__ = [
    "Dataset",
    "DatasetInfo",
    "DatasetSummary",
    "Episode",
    "EpisodeRow",
    "Library",
    "Recorder",
    "Recovery",
    "Take",
    "dataset_info",
]
