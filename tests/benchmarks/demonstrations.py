"""Demonstrations that benchmarks train on."""

from pathlib import Path

from teleop.api.policies import iter_record
from teleop.recording import Library


def record_demonstrations(root: Path, dataset_id: str) -> None:
    """Record twelve LunarLander episodes with the model of a person at the keyboard."""
    library = Library(root)
    list(iter_record(library, "LunarLander-v3", "human-like", 12, dataset_id=dataset_id, seed=0))
