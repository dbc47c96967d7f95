"""Continuing a run from any step, gauges while a policy drives, and a policy that asks for help."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from teleop.api.policies import iter_record
from teleop.learning.algorithms import bc
from teleop.learning.covariate_shift.gauges import gauges_to_json
from teleop.learning.data.demonstrations import load_demonstrations
from teleop.learning.policy import load_policy
from teleop.recording import Library
from teleop.runtime.driving.beginnings import policy_beginning
from teleop.runtime.protocol.diagnosis_messages import (
    ContinueFrom,
    MomentShown,
    ShowMoment,
)
from teleop.runtime.protocol.driving_options import DriveOptions
from teleop.runtime.protocol.session_messages import (
    Notice,
    OpenEnv,
    Request,
    SetOptions,
    ShowCorrect,
    Tone,
)
from teleop.types import Actor
from teleop.types.findings import Gauge, GaugeRates
from tests.harness.environment_process import ManualProcess, live, press

SHOWN = "cartpole-v1/shown-v0"


@pytest.fixture
def process(library: Library) -> Iterator[ManualProcess]:
    list(iter_record(library, "CartPole-v1", "human-like", 2, dataset_id=SHOWN, seed=0))
    dataset = library.dataset(SHOWN)
    config = bc.Config(members=2, steps=150, lag_steps=2, budget_s=0)
    bc.clone(load_demonstrations(dataset), config).save(dataset.policies / "first")
    process = ManualProcess(library)
    process.say(OpenEnv("CartPole-v1"))
    process.settle()
    process.say(ShowCorrect(SHOWN, "first"))
    yield process
    process.process.close(process.now)


def test_a_run_of_a_policy_goes_on_in_the_persons_hands(
    process: ManualProcess, library: Library
) -> None:
    policy = load_policy(library.dataset(SHOWN).policies / "first")
    process.say(ContinueFrom(SHOWN, "first", "", 70, 12))
    assert (live(process).phase, live(process).asks) == ("paused", "begin")
    assert (live(process).steps, live(process).seed) == (12, 70)
    process.run(1.0)
    assert live(process).steps == 12  # it waits for a touch
    press(process, "key.d")
    process.run(0.4)
    assert (live(process).control, live(process).asks) == ("person", "")
    assert live(process).steps > 12
    process.say(Request.KEEP_TAKE)
    process.settle()
    dataset = library.dataset("cartpole-v1/human-v0")
    episode = dataset.read(dataset.rows()[-1])
    begun = policy_beginning(policy, "CartPole-v1", 70, 12)
    assert episode.actions[:12].tolist() == [int(action) for action in begun.actions]
    assert set(episode.actors[1:13].tolist()) == {int(Actor.POLICY)}
    assert episode.actors[13] == Actor.HUMAN  # from the very next step
    assert episode.row.driver_name == "you over first"
    demos = load_demonstrations(dataset)
    assert (demos.segments[:12] == -1).all()  # nobody learns from what was repeated
    assert (np.diff(episode.times_s[:13]) > 0).all()


def test_a_recording_goes_on_from_its_middle(process: ManualProcess, library: Library) -> None:
    dataset = library.dataset(SHOWN)
    row = dataset.rows()[0]
    process.say(Request.SHOW_DRIVE)
    process.say(ContinueFrom(SHOWN, "", row.file, 0, 9))
    assert (live(process).steps, live(process).seed) == (9, row.seed)
    press(process, "key.a")
    process.run(0.3)
    process.say(Request.KEEP_TAKE)
    process.settle()
    own = library.dataset("cartpole-v1/human-v0")
    episode, first = own.read(own.rows()[-1]), dataset.read(row)
    assert (episode.observations[:10] == first.observations[:10]).all()


def test_the_step_after_the_last_one_cannot_be_continued(process: ManualProcess) -> None:
    process.say(ContinueFrom(SHOWN, "first", "", 70, 5000))
    notice: Notice = process.last(Notice)
    assert notice.tone is Tone.BAD
    assert "so you cannot continue from there" in notice.text
    assert live(process).phase == "ready"


@pytest.mark.parametrize("end", [Request.KEEP_TAKE, Request.STOP_TAKE])
def test_a_continued_run_in_which_nobody_drove_is_not_saved(
    process: ManualProcess, library: Library, end: Request
) -> None:
    process.say(ContinueFrom(SHOWN, "first", "", 70, 12))
    process.say(end)
    process.settle()
    assert not live(process).pending
    assert "nothing was driven" in process.last(Notice).text
    assert not library.dataset("cartpole-v1/human-v0").rows()


@pytest.mark.parametrize("step", [0, 1])
def test_the_very_first_step_can_be_taken_over(process: ManualProcess, step: int) -> None:
    process.say(ContinueFrom(SHOWN, "first", "", 70, step))
    press(process, "key.a")
    process.run(0.2)
    assert live(process).driven == live(process).steps - step > 0


def test_gauges_are_read_while_the_policy_drives(process: ManualProcess) -> None:
    process.say(Request.START_TAKE)
    for _ in range(200):
        process.run(0.1)
        if live(process).gauges:
            break
    names = {gauge.name: gauge.value for gauge in live(process).gauges}
    assert 0 <= names["distance"] < 50
    process.say(Request.DISCARD_TAKE)
    assert live(process).gauges == ()  # nothing of the episode before is left standing


@pytest.mark.slow
def test_a_policy_asks_within_the_persons_budget(process: ManualProcess, library: Library) -> None:
    folder = library.dataset(SHOWN).policies / "first"
    policy = load_policy(folder)
    nervous = Gauge("distance", 0.01, GaugeRates(5, 5, 0, 5), 1.0)
    learned = policy.config.learned | {"gauges": gauges_to_json([nervous])}
    policy.config = replace(policy.config, learned=learned)
    policy.save(folder)
    process.say(ShowCorrect(SHOWN, "first"))
    process.say(SetOptions(DriveOptions(questions=2.0, hand_back_s=0.1)))
    asked, began = 0, process.now
    for _ in range(40):
        process.say(Request.START_TAKE)
        for _ in range(60):
            process.run(0.1)
            if live(process).asks == "help":
                asked += 1
                steps = live(process).steps
                process.run(0.5)
                assert live(process).steps == steps  # it has stopped
                press(process, "key.a")
                process.run(0.2)
                assert live(process).control == "person"
                press(process, "key.a", 0.0)
            if live(process).phase == "ended":
                break
        process.say(Request.DISCARD_TAKE)
    minutes = (process.now - began) / 60
    assert 2 <= asked <= 2 * (int(minutes) + 1)  # a nervous gauge uses the whole budget


def test_a_moment_of_a_recording_is_shown_as_a_picture(
    process: ManualProcess, library: Library
) -> None:
    row = library.dataset(SHOWN).rows()[1]
    process.say(ShowMoment(SHOWN, row.file, 7))
    shown: MomentShown = process.last(MomentShown)
    assert (shown.file, shown.step) == (row.file, 7)
    assert shown.frame.width > 100


def test_a_policy_of_another_environment_is_refused(
    process: ManualProcess, library: Library
) -> None:
    other = "pendulum-v1/shown-v0"
    list(iter_record(library, "Pendulum-v1", "human-like", 1, dataset_id=other, seed=0))
    dataset = library.dataset(other)
    config = bc.Config(members=1, steps=20, budget_s=0)
    bc.clone(load_demonstrations(dataset), config).save(dataset.policies / "swings")
    process.say(ContinueFrom(other, "swings", "", 3, 5))
    notice: Notice = process.last(Notice)
    assert "was trained in Pendulum-v1, whose spaces differ" in notice.text
    assert live(process).phase == "ready"
