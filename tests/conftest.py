"""Shared parts of the tests: no screen, a library in a temporary folder, small datasets."""

import contextlib
import os
import tempfile

os.environ["SDL_VIDEODRIVER"] = "dummy"
os.environ["SDL_AUDIODRIVER"] = "dummy"
os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(prefix="teleop-tests-")
os.environ["XDG_DATA_HOME"] = tempfile.mkdtemp(prefix="teleop-tests-")
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from teleop.api.policies import iter_record
from teleop.recording import Dataset, Library
from teleop.recording.datasets.dataset_library import scripted_dataset_id


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """An empty recordings folder."""
    root = tmp_path / "recordings"
    root.mkdir()
    return Library(root)


@pytest.fixture
def record(library: Library) -> Callable[..., Dataset]:
    """Records scripted episodes and returns their dataset, unclaimed."""

    def record(env_id: str = "CartPole-v1", episodes: int = 2, seed: int = 0) -> Dataset:
        dataset_id = scripted_dataset_id(env_id)
        list(iter_record(library, env_id, "human-like", episodes, dataset_id=dataset_id, seed=seed))
        return library.dataset(dataset_id)

    return record


@pytest.fixture(scope="session", autouse=True)
def no_process_stays() -> Iterator[None]:
    """What the tests have started in this process ends with them."""
    yield
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.Error):  # it has just ended
            child.kill()
            child.wait()
