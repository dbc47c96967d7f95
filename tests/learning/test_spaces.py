"""Every recordable space is learned from: a policy reaches what the best action reaches."""

import time

import numpy as np
import pytest

from teleop.api.policies import iter_record
from teleop.errors import LearningError
from teleop.evaluation.scoring import evaluate
from teleop.learning.algorithms import bc, nearest
from teleop.learning.data.demonstrations import load_demonstrations
from teleop.learning.networks.architecture import Architecture
from teleop.learning.policy import load_policy
from teleop.learning.tuning.search_space import space_for
from teleop.recording import Library
from teleop.runtime.protocol.comparison_messages import ReplayProgress, ShowReplay
from teleop.runtime.viewing.comparison_view import ComparisonView
from tests.harness.toys import mean_return, record_toy

SURE = bc.Config(members=1, steps=1000, budget_s=0)


@pytest.mark.parametrize("kind", ["multi-discrete", "multi-binary", "analog", "dict-action"])
def test_the_best_action_is_learned(library: Library, kind: str) -> None:
    policy = bc.clone(load_demonstrations(record_toy(library, kind, 25)), SURE)
    assert mean_return(kind, policy) > 0.85


def test_a_picture_and_a_number_are_learned_from_together(library: Library) -> None:
    demos = load_demonstrations(record_toy(library, "camera", 20))
    assert demos.encoding.pictures == ((48, 64, 3),)
    assert demos.encoding.left_out == ("words",)
    policy = bc.clone(demos, bc.Config(steps=250))
    assert mean_return("camera", policy, 3) > 0.85
    assert len(policy.act_many(_batch(demos))) == 2


def test_what_is_saved_acts_the_same_with_pictures(library: Library, tmp_path: object) -> None:
    from pathlib import Path

    demos = load_demonstrations(record_toy(library, "camera", 2))
    policy = bc.clone(demos, bc.Config(steps=50))
    folder = Path(str(tmp_path)) / "p"
    policy.save(folder)
    loaded = load_policy(folder)
    demos.observation_space.seed(0)
    for _ in range(20):
        observation = demos.observation_space.sample()
        assert policy.act(observation) == loaded.act(observation)


@pytest.mark.parametrize(
    ("shape", "reaches"),
    [
        (Architecture(frames=4, stride=1), 0.95),
        pytest.param(Architecture(memory=32), 0.9, marks=pytest.mark.slow),
    ],
    ids=["frames", "memory"],
)
def test_looking_back_sees_what_the_present_hides(
    library: Library, shape: Architecture, reaches: float
) -> None:
    demos = load_demonstrations(record_toy(library, "remember", 30))
    findings = list(bc.train(demos, bc.Config(members=1, steps=1500, shape=shape, budget_s=10)))
    said = [p.finding for p in findings if p.finding]
    assert any("kept" in finding and "not kept" not in finding for finding in said)
    policy = findings[-1].policy
    assert policy is not None
    assert mean_return("remember", policy) > reaches
    plain = bc.clone(demos, bc.Config(members=1, steps=300, budget_s=0))
    assert mean_return("remember", plain) < 0.75


def test_one_click_finds_out_that_the_present_is_not_enough(library: Library) -> None:
    demos = load_demonstrations(record_toy(library, "remember", 30))
    policy = bc.clone(demos, bc.Config(members=1, budget_s=10))
    assert policy.shape.frames > 1
    assert mean_return("remember", policy) > 0.95


def test_an_unusual_shape_that_does_not_help_is_left_out(library: Library) -> None:
    demos = load_demonstrations(record_toy(library, "multi-binary", 6))
    config = bc.Config(members=1, steps=300, shape=Architecture(frames=4), budget_s=6)
    progress = list(bc.train(demos, config))
    assert any("not kept" in p.finding for p in progress)
    assert progress[-1].policy is not None
    assert progress[-1].policy.shape.frames == 1


@pytest.mark.parametrize(
    "shape",
    [
        Architecture(flow=True),
        Architecture(chunk=4, execute=2),
        Architecture(chunk=4, execute=2, flow=True),
    ],
    ids=["flow", "chunks", "both"],
)
def test_flow_matching_and_chunks_learn(library: Library, shape: Architecture) -> None:
    demos = load_demonstrations(record_toy(library, "analog", 25))
    policy = bc.clone(demos, bc.Config(members=1, steps=1500, shape=shape, insist=True, budget_s=0))
    assert policy.shape == shape
    worst = 0.6 if shape.chunk == 1 else 0.3  # what comes next cannot be foreseen here
    assert mean_return("analog", policy) > worst


def test_options_that_exclude_each_other_are_one_sentence(library: Library) -> None:
    demos = load_demonstrations(record_toy(library, "analog", 2))
    with pytest.raises(LearningError, match="Memory cannot be combined"):
        bc.clone(demos, bc.Config(shape=Architecture(memory=8, chunk=4)))
    keys = load_demonstrations(record_toy(library, "multi-binary", 2))
    with pytest.raises(LearningError, match="analog actions"):
        bc.clone(keys, bc.Config(shape=Architecture(flow=True)))


@pytest.mark.parametrize("kind", ["multi-binary", "analog", "camera"])
def test_the_nearest_neighbour_is_a_baseline_for_all(library: Library, kind: str) -> None:
    demos = load_demonstrations(record_toy(library, kind, 20))
    (progress,) = nearest.train(demos)
    assert progress.policy is not None
    assert mean_return(kind, progress.policy, 3) > 0.3


def _batch(demos: object) -> object:
    from gymnasium.vector.utils import concatenate, create_empty_array

    from teleop.learning.data.demonstrations import Demonstrations

    assert isinstance(demos, Demonstrations)
    space = demos.observation_space
    samples = [space.sample() for _ in range(2)]
    room = create_empty_array(space, 2)
    assert room is not None
    return concatenate(space, samples, room)


def test_an_angle_that_goes_round_is_cosine_and_sine() -> None:
    from gymnasium import spaces

    from teleop.learning.data.inputs import Encoding

    space = spaces.Box(np.array([0, 0, -9.0]), np.array([512, 2 * np.pi, 9]), dtype=np.float64)
    encoding = Encoding(space)
    assert encoding.features == 4
    before, after = (encoding.row(np.array([7.0, angle, 1.0])) for angle in (0.0, 2 * np.pi))
    assert before.tolist() == [7, 1, 1, 0]
    np.testing.assert_allclose(before, after, atol=1e-6)
    assert Encoding(space, angles=False).features == 3  # as older policies were trained
    assert Encoding(spaces.Box(-np.pi, 2 * np.pi, (2,))).features == 2


def test_sticks_and_mice_race_wider_networks_and_plans(library: Library) -> None:
    demos = load_demonstrations(record_toy(library, "analog", 4))
    assert [shape.chunk for shape in space_for(demos, []).shapes] == [1, 1, 8, 1]
    keys = load_demonstrations(record_toy(library, "multi-binary", 4))
    assert len(space_for(keys, []).shapes) == 2


def test_choices_that_do_not_begin_at_zero_are_told_apart() -> None:
    from gymnasium import spaces

    from teleop.learning.data.inputs import Encoding

    rows = Encoding(spaces.Discrete(3, start=5)).inputs(np.array([5, 6, 7])).vector
    assert rows.argmax(axis=1).tolist() == [0, 1, 2]
    space = spaces.MultiDiscrete([2, 3], start=[-1, 4])
    rows = Encoding(space).inputs(np.array([[-1, 4], [0, 6]])).vector
    assert rows.tolist() == [[1, 0, 1, 0, 0], [0, 1, 0, 0, 1]]


def test_levels_are_the_values_that_were_recorded() -> None:
    from gymnasium import spaces

    from teleop.learning.networks.heads import head_for

    space = spaces.Box(-np.pi, np.pi, (1,), np.float32)
    flat = np.array([[space.low[0]], [0.0], [space.high[0]]] * 5, np.float64)
    head = head_for(space, flat)
    assert space.contains(head.action(np.array([0.0, 0.1, 0.9], np.float32)))
    tiny = spaces.Box(-1e-7, 1e-7, (1,), np.float64)
    assert head_for(tiny, flat * 1e-8).size == 3


@pytest.mark.parametrize(
    "shape", [(32, 2100, 3), (4, 84, 84), (3, 96, 96), (64, 64), (2, 48, 64, 3)]
)
def test_pictures_of_any_layout_become_small(shape: tuple[int, ...]) -> None:
    from gymnasium import spaces

    from teleop.learning.data.inputs import LARGEST_SIDE, Encoding

    encoding = Encoding(spaces.Box(0, 255, shape, np.uint8))
    (small,) = encoding.inputs(np.full((2, *shape), 7, np.uint8)).pictures
    assert max(small.shape[1:3]) <= LARGEST_SIDE
    assert (small == 7).all()


def test_what_a_policy_remembers_ends_with_the_episode(library: Library) -> None:
    demos = load_demonstrations(record_toy(library, "remember", 10))
    shape = Architecture(memory=16)
    policy = bc.clone(demos, bc.Config(members=1, steps=60, shape=shape, insist=True, budget_s=0))
    row = demos.inputs.vector[0]
    policy.reset(0)
    alone = [policy.advise(row)[1] for _ in range(5)]
    policy.reset(0)
    assert [policy.advise(row)[1] for _ in range(5)] == alone
    assert alone[0] != alone[-1]  # it does remember


def test_the_compare_screen_does_not_disturb_what_a_policy_remembers(library: Library) -> None:
    dataset_id = "cartpole-v1/scripted-v0"
    list(iter_record(library, "CartPole-v1", "human-like", 1, dataset_id=dataset_id, seed=0))
    dataset = library.dataset(dataset_id)
    shape = Architecture(memory=16)
    config = bc.Config(members=1, steps=60, lag_steps=2, shape=shape, insist=True, budget_s=0)
    policy = bc.clone(load_demonstrations(dataset), config)
    policy.save(dataset.policies / "remembers")
    row = dataset.rows()[0]
    heard: list[object] = []
    replaying = ComparisonView(
        library, ShowReplay(dataset.dataset_id, row.file, ("remembers",)), heard.append
    )
    while replaying.due_s is not None:
        replaying.tick(time.perf_counter())
    replaying.close()
    grown = [message for message in heard if isinstance(message, ReplayProgress)]
    compared = sum(sum(message.lanes[1].rewards) for message in grown)
    assert row.seed is not None
    (alone,) = evaluate("CartPole-v1", policy, 1, row.seed)
    assert compared == alone.total_reward
