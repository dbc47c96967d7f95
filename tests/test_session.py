"""The loop: pace, pauses, broken environments."""

from typing import Any

import pytest

from teleop.envs.conversion import ConvertingWrapper
from teleop.envs.factory import make_env
from teleop.envs.pictures import NOTHING_YET
from teleop.errors import EnvError
from teleop.experts import make_expert
from teleop.recording import Library, Recorder, dataset_info
from teleop.session import Phase, Session, record_episodes, seeds_from
from teleop.types import InputEvent
from tests.harness.counting import Counting, Echo, counting


def counted(length: int = 5, driver: Echo | None = None, **kwargs: Any) -> Session:
    """A session that counts; ten steps a second."""
    make = lambda: counting(length=length, **kwargs)  # noqa: E731
    return Session(make, driver or Echo(), seeds_from(40), can_rewind=True)


def env_of(session: Session) -> Counting:
    env = session.env.unwrapped
    assert isinstance(env, Counting)
    return env


def cart_pole() -> Session:
    make = lambda: make_env("CartPole-v1", render=False)  # noqa: E731
    return Session(make, make_expert("CartPole-v1"), seeds_from(0))


def test_steps_come_at_the_pace_and_never_bunch_up() -> None:
    session = cart_pole()
    session.base_pace_hz = 10.0
    session.start(0.0)
    assert [session.tick(t) for t in (0.05, 0.1, 0.15, 0.2)] == [False, True, False, True]
    assert session.tick(5.0)  # the computer slept
    assert session.tick(5.01)  # one step is owed
    assert not session.tick(5.02)


def test_a_press_brings_one_step_forward_and_leaves_the_pace() -> None:
    session = cart_pole()
    session.base_pace_hz = 10.0
    session.start(0.0)
    session.hasten()
    assert session.due_s == pytest.approx(0.06)
    assert not session.tick(0.05)
    assert session.tick(0.07)
    assert not session.tick(0.16)  # only once
    assert session.tick(0.2)


def test_speed_changes_the_pace() -> None:
    session = cart_pole()
    session.base_pace_hz, session.speed = 10.0, 2.0
    session.start(0.0)
    assert [session.tick(t) for t in (0.05, 0.1)] == [True, True]


def test_a_pause_holds_and_goes_on_where_it_was() -> None:
    session = cart_pole()
    session.start(0.0)
    session.tick(1.0)
    session.pause()
    assert session.due_s is None
    assert not session.tick(9.0)
    session.resume(9.0)
    assert session.tick(9.2)
    assert session.steps == 2


def test_each_episode_has_its_own_seed_and_a_fresh_environment() -> None:
    session = cart_pole()
    first, env = session.seed, session.env
    session.renew(0.0)
    assert session.seed == first + 1
    assert session.env is not env


def test_an_environment_that_breaks_ends_the_episode_with_a_sentence() -> None:
    session = counted(fails="step")
    session.start(0.0)
    assert session.tick(1.0)
    with pytest.raises(EnvError, match="failed in step 2: ZeroDivisionError: wheel"):
        session.tick(5.0)
    assert session.phase.value == "ended"
    session.renew(6.0)
    assert session.phase.value == "ready"


def test_a_step_tells_what_the_environment_answered() -> None:
    session = counted(length=2)
    session.start(0.0)
    assert (session.action, session.info, session.total_reward) == (None, {"seed": 40}, 0.0)
    session.tick(1.0)
    assert (session.action, session.info, session.steps) == (1, {"step": 1}, 1)
    assert (session.terminated, session.phase) == (False, Phase.RUNNING)
    session.tick(2.0)
    assert (session.total_reward, session.terminated, session.truncated) == (3.0, True, False)
    assert session.phase is Phase.ENDED
    assert not session.tick(9.0)


def test_a_resumed_episode_waits_a_whole_step_and_its_time_goes_on() -> None:
    session = counted()
    session.start(100.0)
    assert session.elapsed_s(100.05) == pytest.approx(0.05)
    assert session.tick(100.1)
    session.pause()
    assert session.elapsed_s(150.0) == pytest.approx(0.1)
    session.resume(200.0)
    assert session.due_s == pytest.approx(200.1)
    assert not session.tick(200.09)
    assert session.tick(200.1)
    session.resume(300.0)  # it runs already
    assert session.trace is not None
    assert list(session.trace.times_s) == pytest.approx([0.1, 0.2])


def test_a_turn_waits_for_nothing_but_the_driver() -> None:
    session = counted(driver=Echo(waits=2))
    session.base_pace_hz = 0.0
    session.start(10.0)
    assert session.due_s is None
    assert [session.tick(10.0), session.tick(10.5), session.tick(11.0)] == [False, False, True]
    session.pause()
    session.resume(20.0)
    assert session.tick(20.0)
    session.pause()
    assert session.step_once(30.0)
    assert session.trace is not None
    assert list(session.trace.times_s) == pytest.approx([1.0, 1.0, 1.0])


def test_single_steps_are_taken_in_a_pause_alone_and_last_a_step_each() -> None:
    session = counted(driver=Echo())
    session.start(0.0)
    assert not session.step_once(0.5)
    session.tick(0.1)
    session.pause()
    assert session.step_once(70.0)
    assert session.step_once(90.0)
    assert session.trace is not None
    assert list(session.trace.times_s) == pytest.approx([0.1, 0.2, 0.3])
    assert session.trace.actions == [1, 2, 3]
    waiting = counted(driver=Echo(waits=1))
    waiting.start(0.0)
    waiting.pause()
    assert not waiting.step_once(1.0)
    assert waiting.steps == 0


def test_rewinding_brings_back_what_was_so_at_that_step() -> None:
    session = counted(length=4)
    session.start(0.0)
    for step in range(1, 5):
        session.tick(step / 10 + 1e-9)
    assert session.terminated
    left = session.env
    assert session.rewind(2, 50.0) is None  # nothing is recorded
    assert (session.steps, session.action, session.total_reward) == (2, 2, 3.0)
    assert (session.observation[0], session.info) == (2, {"step": 2})
    assert (session.terminated, session.truncated, session.phase) == (False, False, Phase.RUNNING)
    assert left.unwrapped.closed  # type: ignore[attr-defined]
    assert session.elapsed_s(50.0) == pytest.approx(0.2)
    assert not session.tick(50.09)
    assert session.tick(50.1)
    assert session.trace is not None
    assert list(session.trace.times_s) == pytest.approx([0.1, 0.2, 0.3])
    session.tick(50.2)
    session.rewind(3, 55.0)
    assert (session.steps, session.action, session.observation[0]) == (3, 3, 3)
    session.pause()
    assert session.elapsed_s(99.0) == pytest.approx(0.3)
    session.rewind(0, 60.0)
    assert (session.steps, session.action, session.total_reward) == (0, None, 0.0)
    assert session.elapsed_s(60.0) == 0.0


@pytest.mark.parametrize("steps", [-1, 3, 4])
def test_one_cannot_go_back_to_a_step_that_is_not_behind(steps: int) -> None:
    session = counted()
    session.start(0.0)
    for step in range(1, 4):
        session.tick(step / 10 + 1e-9)
    with pytest.raises(ValueError, match="cannot go back"):
        session.rewind(steps, 1.0)
    plain = Session(counting, Echo(), seeds_from(0))
    plain.start(0.0)
    plain.tick(1.0)
    with pytest.raises(ValueError, match="cannot go back"):
        plain.rewind(0, 1.0)


def test_every_environment_of_a_session_is_closed() -> None:
    made: list[ConvertingWrapper] = []

    def make() -> ConvertingWrapper:
        made.append(counting(length=3))
        return made[-1]

    session = Session(make, Echo(), seeds_from(0), can_rewind=True)
    session.start(0.0)
    for step in range(1, 3):
        session.tick(float(step))
    session.rewind(1, 5.0)
    session.renew(6.0, seed=3)
    assert session.seed == 3
    session.renew(7.0)
    assert session.seed == 1
    session.close()
    assert [env.unwrapped.closed for env in made] == [True] * 4  # type: ignore[attr-defined]


def test_a_rewind_that_fails_changes_nothing_and_closes_what_it_made() -> None:
    made: list[ConvertingWrapper] = []

    def make() -> ConvertingWrapper:
        made.append(counting(fails="reset" if made else ""))
        return made[-1]

    session = Session(make, Echo(), seeds_from(0), can_rewind=True)
    session.start(0.0)
    session.tick(1.0)
    session.tick(2.0)
    with pytest.raises(EnvError):
        session.rewind(1, 3.0)
    assert (session.steps, session.env) == (2, made[0])
    assert [env.unwrapped.closed for env in made] == [False, True]  # type: ignore[attr-defined]
    assert session.tick(4.0)


def test_pictures_are_numbered_and_one_that_stops_coming_is_said() -> None:
    session = counted(fails="render")
    assert session.draw().shape == (4, 4, 3)
    assert session.picture == 1
    session.start(0.0)
    session.tick(1.0)
    with pytest.raises(EnvError, match="render gave nothing any more"):
        session.draw()
    session.renew(2.0)
    session.start(2.0)
    session.tick(3.0)
    assert session.draw() is NOTHING_YET  # it may still come: none has come in this episode
    assert session.picture == 3


def test_recorded_episodes_keep_the_time_that_they_would_have_taken(library: Library) -> None:
    def recorded(pace_hz: float) -> list[list[float]]:
        env = counting(length=3)
        dataset = library.open_for_writing(f"test/at{pace_hz:.0f}-v0", dataset_info(env))
        dataset.writer.claim()
        recorder = Recorder(dataset, env)
        session = Session(lambda: counting(length=3), Echo(), seeds_from(5), recorder)
        session.base_pace_hz = pace_hz
        assert list(record_episodes(session, recorder, 2)) == [(3, 6.0), (3, 6.0)]
        dataset.writer.release()
        return [dataset.read(row).times_s.tolist() for row in dataset.rows()]

    first, second = recorded(10.0)
    assert first == pytest.approx([0.0, 0.1, 0.2, 0.3])
    assert second == pytest.approx([0.0, 0.1, 0.2, 0.3])
    assert recorded(0.0)[1] == pytest.approx([0.0, 1.0, 2.0, 3.0])


def test_a_recorded_pause_and_single_step_keep_their_times(library: Library) -> None:
    env = counting()
    dataset = library.open_for_writing("test/pauses-v0", dataset_info(env))
    dataset.writer.claim()
    recorder = Recorder(dataset, env)
    session = Session(lambda: counting(), Echo(), seeds_from(5), recorder, can_rewind=True)
    session.start(10.0)
    session.tick(10.1)
    session.pause()
    recorder.hear(InputEvent(55.0, "key.a", 1.0))
    session.step_once(60.0)
    session.resume(80.0)
    recorder.hear(InputEvent(80.05, "key.b", 1.0))
    session.tick(80.1)
    session.rewind(2, 90.0)
    recorder.hear(InputEvent(90.05, "key.c", 1.0))
    session.tick(90.1)
    take = session.stop()
    assert take is not None
    row = recorder.keep(take)
    assert dataset.read(row).times_s == pytest.approx([0.0, 0.1, 0.2, 0.3])
    times = [event.time_s for event in dataset.step_details(row).inputs]
    assert times[-1] == pytest.approx(0.25, abs=1e-6)
    dataset.writer.release()
