"""Record episodes to journals and save them as immutable HDF5 files in Minari datasets."""

from teleop.recording.datasets.dataset import Dataset
from teleop.recording.datasets.dataset_library import Library
from teleop.recording.datasets.description import DatasetInfo
from teleop.recording.episodes.episode import Episode
from teleop.recording.journals.recorder import Recorder, Take, dataset_info
from teleop.recording.journals.startup_repair import Recovery

__all__ = [
    "Dataset",
    "DatasetInfo",
    "Episode",
    "Library",
    "Recorder",
    "Recovery",
    "Take",
    "dataset_info",
]
