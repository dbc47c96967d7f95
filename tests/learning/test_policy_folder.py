"""The list of policies: names, notes, the baseline, deleting; what a later round still knows."""

import json

import pytest

from teleop.api.policies import iter_record
from teleop.errors import LearningError
from teleop.learning.algorithms import bc, dagger
from teleop.learning.analysis import dagger_rounds
from teleop.learning.data.demonstrations import load_demonstrations
from teleop.learning.data.expert_labels import FILE, read_labels
from teleop.learning.data.learned_from import gather
from teleop.learning.policy import list_policies, load_policy
from teleop.learning.policy_folder import PolicyFolder, chosen_policy
from teleop.recording import Dataset, Library
from teleop.types.results import PolicyRow, Score

ID = "cartpole-v1/scripted-v0"


@pytest.fixture
def dataset(library: Library) -> Dataset:
    list(iter_record(library, "CartPole-v1", "expert", 3, dataset_id=ID, seed=0))
    dataset = library.dataset(ID)
    config = bc.Config(members=1, steps=60, lag_steps=0, budget_s=0)
    for name in ("first", "second"):
        bc.clone(load_demonstrations(dataset), config).save(dataset.policies / name)
    return dataset


def score(success: float) -> Score:
    return Score("policy", 20, 200.0, 1.0, 199.0, 201.0, success, 200.0, "rule")


def test_a_title_says_recipe_data_and_result() -> None:
    row = PolicyRow("bc-12-episodes", "bc", 12, score=score(0.9))
    assert row.title == "bc · 12 episodes · 90%"
    assert PolicyRow("x", "dagger", 1, round=2).title == "dagger · round 2 · 1 episode"


def test_notes_and_the_baseline_are_kept(dataset: Dataset) -> None:
    folder = PolicyFolder(dataset)
    folder.describe("first", note="for the talk", pinned=True)
    folder.describe("second", pinned=True)
    first, second = folder.rows()
    assert (first.note, first.pinned, second.pinned) == ("for the talk", False, True)
    assert chosen_policy(folder.rows()) == "second"
    folder.describe("second", pinned=False)
    folder.describe("first", pinned=True)
    assert chosen_policy(folder.rows()) == "first"


def test_a_renamed_policy_stays_the_parent_of_its_rounds(dataset: Dataset) -> None:
    before = load_policy(dataset.policies / "first")
    demos = load_demonstrations(dataset)
    *_, last = dagger_rounds.iter_round(demos, before)
    assert last.policy is not None
    last.policy.save(dataset.policies / "first-round-1")
    PolicyFolder(dataset).call("first", "my own")
    rounds = dagger_rounds.rounds_of(dataset, "first-round-1")
    assert [item.policy for item in rounds] == ["my own", "first-round-1"]
    assert load_policy(dataset.policies / "my own").name == "my own"


@pytest.mark.parametrize("name", ["", "..", ".x", "a/b", "second", " a", "a" * 81, "a\n"])
def test_a_name_that_cannot_be_one_is_refused_and_nothing_moves(
    dataset: Dataset, name: str
) -> None:
    with pytest.raises(LearningError):
        PolicyFolder(dataset).call("first", name)
    assert list_policies(dataset.policies) == ["first", "second"]


def test_a_deleted_policy_comes_back(dataset: Dataset) -> None:
    folder = PolicyFolder(dataset)
    there = folder.delete("first")
    assert list_policies(dataset.policies) == ["second"]
    assert folder.deleted() == [there]
    assert folder.restore(there) == "first"
    again = [folder.delete("first")]
    bc.clone(load_demonstrations(dataset), bc.Config(members=1, steps=60, budget_s=0)).save(
        dataset.policies / "first"
    )
    again.append(folder.delete("first"))
    assert len(set(again)) == 2  # the older one is not replaced
    with pytest.raises(LearningError, match="no policy first; there are: second"):
        folder.delete("first")


def test_a_damaged_description_hides_one_policy_alone(dataset: Dataset) -> None:
    path = dataset.policies / "first" / "config.json"
    data = json.loads(path.read_text())
    data["learned"]["standing"] = {"policy": {"mean": "a", "success": []}}
    data["learned"]["starts"] = [[1, 2]]
    path.write_text(json.dumps(data))
    assert [row.score for row in PolicyFolder(dataset).rows()] == [None, None]
    path.write_text("{")
    assert [row.name for row in PolicyFolder(dataset).rows()] == ["second"]


def test_a_round_that_its_parent_beats_does_not_become_the_choice(dataset: Dataset) -> None:
    before = load_policy(dataset.policies / "first")
    *_, last = dagger_rounds.iter_round(load_demonstrations(dataset), before)
    assert last.policy is not None
    last.policy.save(dataset.policies / "first-round-1")
    for name, good in (("first", True), ("first-round-1", False)):  # as if they had played
        path = dataset.policies / name / "config.json"
        data = json.loads(path.read_text())
        data["learned"]["standing"] = {"policy": _asdict(score(float(good)))}
        data["learned"]["starts"] = [[seed, 100.0 * good, 10, good] for seed in range(20)]
        path.write_text(json.dumps(data))
    dagger_rounds.compare_rounds(dataset, "first-round-1")
    rows = PolicyFolder(dataset).rows()
    assert rows[-1].is_beaten
    assert chosen_policy(rows) == "first"
    (_, second) = dagger_rounds.rounds_of(dataset, "first-round-1")
    assert second.against is not None
    assert second.against.text.startswith("first is better than first-round-1.")


def test_a_later_round_keeps_what_the_expert_answered(dataset: Dataset, library: Library) -> None:
    demos = load_demonstrations(dataset)
    config = dagger.Config(rounds=2, episodes=2, members=1, steps=60)
    *_, last = [p.policy for p in dagger.train(demos, config) if p.policy]
    last.save(dataset.policies / "asked")
    labels = read_labels(dataset.policies / "asked")
    assert labels is not None
    assert len(labels.lengths) == 4
    asked = load_policy(dataset.policies / "asked")
    gathered = gather(library, dataset, asked)
    assert gathered.count == demos.count + 4
    assert gathered.total_steps == demos.total_steps + int(labels.lengths.sum())
    *_, done = dagger_rounds.iter_round(gathered, asked)
    assert done.policy is not None
    done.policy.save(dataset.policies / "asked-round-1")
    kept = read_labels(dataset.policies / "asked-round-1")
    assert kept is not None
    assert (kept.flat == labels.flat).all()
    path = dataset.policies / "asked" / FILE
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(LearningError, match="cannot be read"):
        gather(library, dataset, asked)


def test_what_training_left_out_stays_out_of_later_rounds(
    dataset: Dataset, library: Library
) -> None:
    policy = load_policy(dataset.policies / "first")
    policy.config.learned["left_out"] = [2]
    gathered = gather(library, dataset, policy)
    assert [gathered.numbers[i] for i in gathered.used] == [1, 3]


def _asdict(found: Score) -> dict[str, object]:
    import dataclasses

    return dataclasses.asdict(found)


@pytest.mark.parametrize(
    "learned",
    [
        [],
        {"standing": "hello"},
        {"starts": "abc", "standing": {"policy": 3}},
        {"starts": [["a", 1, 2, True], [10**400, 1, 2, True], [1, 2]]},
        {"held_out_loss": "x", "against_parent": [1]},
        {"standing": {"policy": {"mean": 1e300, "success": 1}}},
    ],
)
def test_what_a_stranger_wrote_about_a_policy_neither_hides_nor_breaks_it(
    dataset: Dataset, learned: object
) -> None:
    path = dataset.policies / "first" / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"learned": learned}))
    first, _ = PolicyFolder(dataset).rows()
    assert (first.name, first.score, first.starts, first.loss) == ("first", None, (), None)


@pytest.mark.parametrize("name", ["random", "script"])
def test_a_policy_is_not_called_like_another_driver(dataset: Dataset, name: str) -> None:
    with pytest.raises(LearningError, match="another driver"):
        PolicyFolder(dataset).call("first", name)


def test_a_round_learns_from_corrections_and_not_from_other_takes(
    dataset: Dataset, library: Library
) -> None:
    """Takes that the person recorded alone belong to another piece of work."""
    own = "cartpole-v1/human-v0"
    list(iter_record(library, "CartPole-v1", "human-like", 2, dataset_id=own, seed=50))
    before = load_policy(dataset.policies / "first")
    assert gather(library, dataset, before).count == 3
