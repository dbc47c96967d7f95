"""A policy drives, a person takes over: who acted is recorded; the next round learns from it."""

from collections.abc import Iterator

import numpy as np
import pytest

from teleop.api.policies import iter_record
from teleop.errors import LearningError
from teleop.learning.algorithms import bc
from teleop.learning.analysis import dagger_rounds
from teleop.learning.data.demonstrations import load_demonstrations
from teleop.learning.data.learned_from import gather
from teleop.learning.policy import list_policies, load_policy
from teleop.recording import Library
from teleop.runtime.protocol.driving_options import DriveOptions
from teleop.runtime.protocol.library_messages import Curate, EpisodeOperation
from teleop.runtime.protocol.session_messages import (
    Corrected,
    Corrections,
    LibraryChanged,
    OpenEnv,
    Request,
    SetOptions,
    ShowCorrect,
)
from teleop.take_over import TouchGate
from teleop.types import Actor
from tests.harness.environment_process import ManualProcess, live, press

SHOWN = "cartpole-v1/shown-v0"


@pytest.fixture
def process(library: Library) -> Iterator[ManualProcess]:
    list(iter_record(library, "CartPole-v1", "human-like", 2, dataset_id=SHOWN, seed=0))
    dataset = library.dataset(SHOWN)
    config = bc.Config(members=1, steps=60, lag_steps=2, budget_s=0)
    bc.clone(load_demonstrations(dataset), config).save(dataset.policies / "first")
    process = ManualProcess(library)
    process.say(OpenEnv("CartPole-v1"))
    process.settle()
    process.say(ShowCorrect(SHOWN, "first"))
    yield process
    process.process.close(process.now)


def test_touching_takes_over_at_once_and_letting_go_hands_back(process: ManualProcess) -> None:
    process.say(SetOptions(DriveOptions(hand_back_s=0.5)))
    process.say(Request.START_TAKE)
    process.run(0.5)
    assert (live(process).control, live(process).driven, live(process).recording) == (
        "policy",
        0,
        True,
    )
    press(process, "key.a")
    before = live(process).steps
    process.run(0.15)
    assert live(process).control == "person"
    assert live(process).driven == live(process).steps - before  # from the very next step
    press(process, "key.a", 0.0)
    process.run(0.3)
    assert live(process).control == "person"
    process.run(0.4)
    assert live(process).control == "policy"


def corrected_episode(process: ManualProcess) -> Corrected:
    process.say(Request.START_TAKE)
    process.run(0.5)
    press(process, "key.a")
    process.run(0.3)
    press(process, "key.a", 0.0)
    process.run(0.5)
    process.say(Request.KEEP_TAKE)
    process.settle()
    found: Corrections = process.last(Corrections)
    return found.episodes[0]


def test_each_step_says_who_acted_and_what_the_policy_proposed(
    process: ManualProcess, library: Library
) -> None:
    told = corrected_episode(process)
    assert (told.times, told.policy) == (1, "first")
    dataset = library.dataset("cartpole-v1/human-v0")
    episode = dataset.read(dataset.rows()[-1])
    by_person = episode.actors[1:] == Actor.HUMAN
    assert by_person.sum() == told.driven
    assert 0 < told.driven < told.total_steps == len(episode.rewards)
    policy = load_policy(library.dataset(SHOWN).policies / "first")
    policy.reset(0)
    proposed = [float(policy.act(row)) for row in episode.observations[:-1]]
    recorded = np.ravel(episode.infos["policy_proposal"][1:])
    assert recorded.tolist() == proposed
    assert (episode.actions[~by_person] == recorded[~by_person]).all()
    assert episode.row.driver_name == "you over first"
    shown: LibraryChanged = process.last(LibraryChanged)
    assert shown.dataset_id == SHOWN  # the list stays where the policy is
    uuids = (episode.row.uuid,)
    process.say(Curate("cartpole-v1/human-v0", EpisodeOperation.DELETE, uuids))
    process.settle()
    process.say(ShowCorrect(SHOWN, "first"))
    process.settle()
    assert process.last(Corrections).episodes == ()  # what is listed is what the disk has


def test_a_newer_policy_waits_for_the_next_episode(
    process: ManualProcess, library: Library
) -> None:
    dataset = library.dataset(SHOWN)
    load_policy(dataset.policies / "first").save(dataset.policies / "second")
    process.say(Request.START_TAKE)
    process.run(0.3)
    process.say(ShowCorrect(SHOWN, "second"))
    process.run(0.2)
    assert live(process).recording
    process.say(Request.KEEP_TAKE)
    process.settle()
    assert corrected_episode(process).policy == "second"


def test_going_back_to_driving_alone_keeps_the_take(
    process: ManualProcess, library: Library
) -> None:
    process.say(Request.START_TAKE)
    process.run(0.5)
    process.say(Request.SHOW_DRIVE)
    process.settle()
    assert live(process).control == ""
    assert len(library.dataset("cartpole-v1/human-v0").rows()) == 1
    process.say(Request.START_TAKE)
    process.run(0.3)
    assert (live(process).recording, live(process).control) == (True, "")


def test_the_next_round_learns_from_what_the_person_drove(
    process: ManualProcess, library: Library
) -> None:
    dataset = library.dataset(SHOWN)
    before = load_policy(dataset.policies / "first")
    alone = load_demonstrations(dataset)
    told = [corrected_episode(process) for _ in range(2)]
    demos = gather(library, dataset, before)
    learned = int((demos.segments >= 0).sum())
    assert learned == int((alone.segments >= 0).sum()) + sum(item.driven for item in told)
    policies = [p.policy for p in dagger_rounds.iter_round(demos, before) if p.policy]
    assert len(policies) == 1 + dagger_rounds.MEMBERS  # the first plays after a network
    assert [p.members for p in policies] == [1, *range(1, 1 + dagger_rounds.MEMBERS)]
    name = dagger_rounds.name_of(before, ["first"])
    policies[-1].save(dataset.policies / name)
    for each in ("first", name):
        *_, found = dagger_rounds.play_round(dataset, each)
    listed = dagger_rounds.rounds_of(dataset, name)
    assert [(r.number, r.policy) for r in listed] == [(0, "first"), (1, "first-round-1")]
    assert listed[1].score == found
    assert listed[0].against is None
    assert listed[1].against is not None  # the same starts, so the rounds are paired
    assert (listed[1].against.second, listed[1].against.starts) == ("first", 20)
    second = load_policy(dataset.policies / name)
    assert dagger_rounds.name_of(second, [name]) == "first-round-2"


def test_a_policy_that_cannot_be_retrained_is_refused(
    process: ManualProcess, library: Library
) -> None:
    from teleop.learning.algorithms import nearest

    del process
    demos = load_demonstrations(library.dataset(SHOWN))
    *_, last = nearest.train(demos)
    assert last.policy is not None
    with pytest.raises(LearningError, match="behavioural cloning"):
        list(dagger_rounds.iter_round(demos, last.policy))


class _Person:
    touches, dt_s = False, 0.125


def test_hands_keep_control_for_a_moment_after_letting_go() -> None:
    person = _Person()
    gate = TouchGate(person, 0.375)
    gate.reset(0)
    assert not gate.wants(0, 1)
    person.touches = True
    assert gate.wants(0, 1)
    person.touches = False
    assert [gate.wants(0, 1) for _ in range(5)] == [True, True, True, False, False]


def test_saying_how_good_a_policy_is_does_not_make_it_the_newest(
    process: ManualProcess, library: Library
) -> None:
    del process
    policies = library.dataset(SHOWN).policies
    config = bc.Config(members=1, steps=80, lag_steps=2, budget_s=0)
    bc.clone(load_demonstrations(library.dataset(SHOWN)), config).save(policies / "second")
    *_, found = dagger_rounds.play_round(library.dataset(SHOWN), "first")
    assert list_policies(policies) == ["first", "second"]
    assert dagger_rounds.rounds_of(library.dataset(SHOWN), "first")[0].score == found
