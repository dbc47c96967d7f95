"""Datasets that do not say which environment they are of: it is asked for, and checked."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from teleop import curation
from teleop.errors import EnvError, RecordingError
from teleop.recording import Dataset, Library


@pytest.fixture(params=[True, False], ids=["ours", "foreign"])
def nameless(record: Callable[..., Dataset], request: pytest.FixtureRequest) -> Dataset:
    dataset = record(episodes=1)
    data = dataset.metadata()
    data.pop("env_spec", None)
    if request.param:
        data["teleop"].pop("env_id")
    else:
        data.pop("teleop")
    dataset.places.description.write_text(json.dumps(data))
    dataset = Library(dataset.folder.parents[1]).existing(dataset.dataset_id)
    assert dataset.info().env_id == ""
    return dataset


def test_it_is_named_once_and_then_known_to_all(nameless: Dataset) -> None:
    assert {verdict for _, verdict, _ in curation.verify(nameless)} == {"unknown"}
    curation.name_environment(nameless, "CartPole-v1")
    again = Library(nameless.folder.parents[1]).existing(nameless.dataset_id)
    assert again.info().env_id == "CartPole-v1"
    assert json.loads(again.metadata()["env_spec"])["id"] == "CartPole-v1"  # as Minari reads it
    assert {verdict for _, verdict, _ in curation.verify(again)} == {"exact"}
    with pytest.raises(RecordingError, match="already names its environment"):
        curation.name_environment(again, "CartPole-v1")


@pytest.mark.parametrize(
    ("env_id", "words"),
    [("LunarLander-v3", "another observation space"), ("Nope-v0", "No environment is called")],
)
def test_a_wrong_one_is_refused_and_nothing_changes(
    nameless: Dataset, env_id: str, words: str
) -> None:
    before = nameless.places.description.read_bytes()
    with pytest.raises((EnvError, RecordingError), match=words):
        curation.name_environment(nameless, env_id)
    assert nameless.places.description.read_bytes() == before


def test_a_bundle_without_one_is_named_as_it_comes_in(nameless: Dataset, tmp_path: Path) -> None:
    packed, _ = curation.export(nameless, nameless.rows(), "bundle", tmp_path / "x.teleop.zip")
    root = tmp_path / "elsewhere"
    root.mkdir()
    taken = Library(root).import_dataset(packed)
    curation.name_environment(taken, "CartPole-v1")
    assert Library(root).existing(taken.dataset_id).info().env_id == "CartPole-v1"
