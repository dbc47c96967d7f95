"""The environment process and the trainer as processes: what they say, and what a kill costs."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from teleop import workflows
from teleop.api.policies import iter_record
from teleop.recording import Library
from teleop.runtime.processes.client import Client
from teleop.runtime.processes.entry import run_environment, run_trainer
from teleop.runtime.protocol.comparison_messages import (
    ReplayFrames,
    ReplayProgress,
    ShowReplay,
    ShowStep,
)
from teleop.runtime.protocol.session_messages import (
    ChooseDataset,
    DeleteEpisode,
    EnvFailed,
    EnvOpened,
    Input,
    LibraryChanged,
    Notice,
    OpenEnv,
    Pictured,
    ProcessLost,
    ProcessName,
    Request,
    Tone,
)
from teleop.runtime.protocol.shared_frames import FrameReader
from teleop.runtime.protocol.training_messages import (
    Analysis,
    AnalysisProgress,
    BaselineScores,
    Certify,
    ListRounds,
    PolicySaved,
    Profiled,
    Rounds,
    RunAnalysis,
    StopTraining,
    Train,
    TrainerReady,
    TrainingFailed,
    TrainingProgress,
)
from teleop.types import InputEvent
from teleop.ui.state.view_model import TrainingState, ViewModel

PATIENCE_S = 60.0
CARTPOLE = "cartpole-v1/human-v0"


class Voice:
    """A process, and everything it has said that nobody has asked for yet."""

    def __init__(self, client: Client[Any, Any]) -> None:
        self.client = client
        self._heard: list[Any] = []

    def until(self, kind: type, so: Callable[[Any], object] = lambda _: True) -> Any:
        """The next message of a kind for which something is so; earlier ones are dropped."""
        end = time.perf_counter() + PATIENCE_S
        while time.perf_counter() < end:
            self._heard += self.client.receive()
            while self._heard:
                message = self._heard.pop(0)
                if isinstance(message, kind) and so(message):
                    return message
            self.client.process.join(0.002)
        raise AssertionError(f"no {kind.__name__}")


@pytest.fixture
def process(library: Library) -> Iterator[Voice]:
    client = new_process(library)
    yield Voice(client)
    client.close()


def new_process(library: Library) -> Client[Any, Any]:
    return Client(
        ProcessName.ENVIRONMENT,
        run_environment,
        (library.root, library.root / "none", 3),
        lambda: None,
    )


def running(message: Pictured) -> bool:
    return message.live.phase == "running" and message.live.steps > 3


def test_a_take_is_recorded_with_its_input_events(process: Voice, library: Library) -> None:
    process.client.send(OpenEnv("LunarLander-v3"))
    process.until(EnvOpened)
    process.client.send(Request.START_TAKE)
    process.until(Pictured, lambda m: m.live.recording)
    process.client.send(Input(InputEvent(time.perf_counter(), "key.w", 1.0)))
    process.until(Pictured, lambda m: m.live.action == "Main engine")
    process.client.send(Request.KEEP_TAKE)
    listed = process.until(LibraryChanged, lambda m: m.episodes)
    assert listed.episodes[0].driver == "human"
    import h5py

    path = library.root / listed.dataset_id / "data" / "episodes" / listed.episodes[0].file
    with h5py.File(path) as file:
        assert [c.decode() for c in file["episode/teleop_input_control"]] == ["key.w"]
        assert file["episode/infos/teleop_pace"][1] == 30.0
        assert file["episode/infos/teleop_picture"][-1] > 0


def test_pictures_arrive_through_shared_memory(process: Voice) -> None:
    process.client.send(OpenEnv("CartPole-v1"))
    frame = process.until(Pictured, lambda m: m.frame).frame
    reader = FrameReader()
    picture = reader.read(frame)
    assert picture is not None
    assert picture.shape == (400, 600, 3)
    assert picture.mean() > 200  # CartPole is mostly white
    del picture
    reader.close()


def test_a_wrong_environment_is_said_and_the_one_before_stays(process: Voice) -> None:
    process.client.send(OpenEnv("CartPole-v1"))
    process.until(EnvOpened)
    process.client.send(OpenEnv("CartPole-v99"))
    assert "Did you mean" in process.until(EnvFailed).problem
    process.client.send(Request.NEW_SEED)
    assert process.until(Pictured).live.phase == "ready"


def test_a_killed_process_loses_nothing_of_the_running_take(library: Library) -> None:
    for round_number in range(3):
        client = new_process(library)
        voice = Voice(client)
        client.send(OpenEnv("Pendulum-v1"))
        voice.until(EnvOpened)
        client.send(Request.START_TAKE)
        steps = voice.until(Pictured, running).live.steps
        client.process.kill()
        lost = voice.until(ProcessLost)
        assert "killed from outside" in lost.why
        client.close()
        dataset = library.dataset("pendulum-v1/human-v0")
        report = dataset.writer.claim()
        rows = dataset.rows()
        dataset.writer.release()
        assert len(report.recovered) == 1
        assert len(rows) == round_number + 1
        assert rows[-1].recovered
        assert rows[-1].total_steps >= steps


def test_when_the_window_vanishes_the_take_is_kept(library: Library) -> None:
    client = new_process(library)
    voice = Voice(client)
    client.send(OpenEnv("CartPole-v1"))
    voice.until(EnvOpened)
    client.send(Request.START_TAKE)
    voice.until(Pictured, running)
    client.close()
    (row,) = library.dataset(CARTPOLE).rows()
    assert not row.recovered


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "geteuid"), reason="POSIX modes")
def test_a_folder_that_cannot_be_written_is_said_and_driving_goes_on(tmp_path: Path) -> None:
    root = tmp_path / "file-in-the-way"
    root.mkdir()
    (root / "cartpole-v1").write_text("not a folder")
    client = new_process(Library(root))
    voice = Voice(client)
    client.send(OpenEnv("CartPole-v1"))
    voice.until(EnvOpened)
    client.send(Request.START_TAKE)
    notice = voice.until(Notice)
    assert notice.tone is Tone.BAD
    assert "cannot be written" in notice.text
    client.send(Request.NEW_SEED)
    assert voice.until(Pictured).live.phase == "ready"
    client.close()


def test_a_dataset_from_an_earlier_day_can_be_deleted_from_at_once(library: Library) -> None:
    list(iter_record(library, "CartPole-v1", "human-like", 2, dataset_id=CARTPOLE, seed=0))
    client = new_process(library)
    voice = Voice(client)
    client.send(OpenEnv("CartPole-v1"))
    first = voice.until(LibraryChanged, lambda m: len(m.episodes) == 2).episodes[0]
    client.send(ChooseDataset(CARTPOLE))
    client.send(DeleteEpisode(first.file))
    assert voice.until(Notice).tone is Tone.UNDO
    voice.until(LibraryChanged, lambda m: len(m.episodes) == 1)
    client.send(Request.UNDO)
    voice.until(LibraryChanged, lambda m: len(m.episodes) == 2)
    client.close()


def test_recording_while_an_old_take_is_recovered_goes_on(library: Library) -> None:
    client = new_process(library)
    voice = Voice(client)
    client.send(OpenEnv("Pendulum-v1"))
    voice.until(EnvOpened)
    client.send(Request.START_TAKE)
    voice.until(Pictured, running)
    client.process.kill()
    voice.until(ProcessLost)
    again = Voice(new_process(library))
    again.client.send(OpenEnv("Pendulum-v1"))
    again.client.send(Request.START_TAKE)  # the claim has just begun
    again.until(Pictured, lambda m: m.live.recording and m.live.steps > 5)
    again.client.send(Request.KEEP_TAKE)
    again.until(LibraryChanged, lambda m: len(m.episodes) == 2)
    again.client.close()
    client.close()


def test_training_reports_stops_and_keeps_the_best(library: Library) -> None:
    list(iter_record(library, "CartPole-v1", "human-like", 4, dataset_id=CARTPOLE, seed=0))
    client: Client[Any, Any] = Client(ProcessName.TRAINER, run_trainer, (), lambda: None)
    voice = Voice(client)
    client.send(Train(library.root, CARTPOLE))
    voice.until(TrainingProgress, lambda m: m.losses)
    saved = voice.until(PolicySaved)
    assert not saved.final
    client.send(StopTraining())
    assert voice.until(PolicySaved, lambda m: m.final).name == saved.name
    _, policy = workflows.find_policy(library, CARTPOLE, saved.name)
    assert policy.act([0.0, 0.0, 0.1, 0.0]) in (0, 1)
    client.send(Train(library.root, "nothing/here-v0"))
    assert "No dataset" in voice.until(TrainingFailed).problem
    client.close()


@pytest.mark.slow
def test_the_trainer_says_what_the_data_is_and_how_the_policy_stands(library: Library) -> None:
    list(iter_record(library, "CartPole-v1", "human-like", 2, dataset_id=CARTPOLE, seed=0))
    client: Client[Any, Any] = Client(ProcessName.TRAINER, run_trainer, (), lambda: None)
    voice = Voice(client)
    client.send(RunAnalysis(library.root, CARTPOLE, Analysis.PROFILE))
    profile = voice.until(Profiled)
    assert not profile.problem
    assert {"Reaction time", "Actions"} <= {trait.topic for trait in profile.traits}
    client.send(Train(library.root, CARTPOLE, recipe="nearest"))
    stood = voice.until(BaselineScores, lambda m: m.advice)
    assert [item.name for item in stood.scores] == ["person", "policy", "script", "random"]
    assert voice.until(PolicySaved, lambda m: m.final).name == "nearest-2-episodes"
    client.send(RunAnalysis(library.root, CARTPOLE, Analysis.CURVE))
    curve = voice.until(AnalysisProgress, lambda m: m.final)
    assert [point[0] for point in curve.points] == [1, 2]
    client.send(RunAnalysis(library.root, "nothing/here-v0", Analysis.PROFILE))
    assert "No dataset" in voice.until(Profiled).problem
    client.close()


def test_a_trainer_that_is_killed_costs_the_training_only(library: Library) -> None:
    list(iter_record(library, "CartPole-v1", "human-like", 2, dataset_id=CARTPOLE, seed=0))
    client: Client[Any, Any] = Client(ProcessName.TRAINER, run_trainer, (), lambda: None)
    voice = Voice(client)
    model = ViewModel(training=TrainingState(CARTPOLE))
    client.send(Train(library.root, CARTPOLE))
    model.hear(voice.until(PolicySaved))
    client.process.kill()
    model.hear(voice.until(ProcessLost))
    assert model.training is not None
    assert not model.training.running
    assert (
        "killed from outside, possibly because the computer ran out of memory"
        in model.training.problem
    )
    assert "policy so far" in model.training.problem
    _, policy = workflows.find_policy(library, CARTPOLE, model.training.policy)
    assert policy.act([0.0, 0.0, 0.1, 0.0]) in (0, 1)
    assert len(library.dataset(CARTPOLE).rows()) == 2


def test_a_comparison_grows_ahead_and_can_be_scrubbed(process: Voice, library: Library) -> None:
    dataset_id = "lunarlander-v3/human-v0"
    list(iter_record(library, "LunarLander-v3", "human-like", 1, dataset_id=dataset_id, seed=0))
    training = workflows.TrainingJob(
        library, dataset_id, "bc", {"members": 1, "lag_steps": 3, "steps": 300}, "quick"
    )
    assert [p for p in training.run() if p.policy]
    process.client.send(OpenEnv("LunarLander-v3"))
    listed = process.until(LibraryChanged, lambda m: m.policies)
    assert listed.policy_names == ("quick",)
    process.client.send(ShowReplay(dataset_id, listed.episodes[0].file, ("quick",)))
    done = process.until(ReplayProgress, lambda m: all(lane.over for lane in m.lanes))
    assert done.fidelity == "exact"
    process.client.send(ShowStep(5))
    shown = process.until(ReplayFrames, lambda m: m.step == 5)
    assert [frame.view for frame in shown.frames] == ["lane0", "lane1"]


def test_no_shared_memory_is_left_behind(library: Library) -> None:
    folder = Path("/dev/shm")
    if not folder.is_dir():
        pytest.skip("shared memory is not a folder here")
    client = new_process(library)
    voice = Voice(client)
    memories = set()
    for env_id in ("CartPole-v1", "Acrobot-v1", "Taxi-v4"):
        client.send(OpenEnv(env_id))
        voice.until(EnvOpened)
        memories.add(voice.until(Pictured, lambda m: m.frame).frame.memory)
    assert len(memories) == 3
    client.close()
    assert not [name for name in memories if (folder / name.lstrip("/")).exists()]


@pytest.mark.slow
def test_rounds_are_played_to_their_end_whatever_is_asked_meanwhile(library: Library) -> None:
    list(iter_record(library, "CartPole-v1", "human-like", 2, dataset_id=CARTPOLE, seed=0))
    settings = {"members": 1, "lag_steps": 2, "steps": 100}
    training = workflows.TrainingJob(library, CARTPOLE, "bc", settings, "first")
    assert [p for p in training.run() if p.policy]
    client: Client[Any, Any] = Client(ProcessName.TRAINER, run_trainer, (), lambda: None)
    voice = Voice(client)
    voice.until(TrainerReady)
    client.send(ListRounds(library.root, CARTPOLE, "first"))
    assert voice.until(Rounds).rounds[0].score is None
    client.send(Certify(library.root, CARTPOLE))  # breaks in
    assert voice.until(Rounds, lambda m: m.rounds[0].score).policy == "first"
    client.close()
