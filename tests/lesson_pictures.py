"""Pictures of why a clone fails, and of its correction: `python -m tests.lesson_pictures [FOLDER]`.

Ring Track: the clone of a perfect driver, corrected twice by the scripted expert, who takes over
when the car has left the road. Two Gates: the mean of two right answers. At projector size, in
English and German.
"""

import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
os.environ.setdefault("SDL_AUDIODRIVER", "dummy")

import numpy as np

import teleop
from teleop import paths
from teleop.envs.factory import make_env
from teleop.envs.teaching.ring_track import HALF_WIDTH, RING_TRACK, nearest_point
from teleop.envs.teaching.two_gates import TWO_GATES
from teleop.experts import make_expert
from teleop.learning.analysis import dagger_rounds
from teleop.learning.data.learned_from import gather
from teleop.learning.policy import load_policy
from teleop.recording import Dataset, Library, Recorder, dataset_info
from teleop.recording.datasets.dataset_library import human_dataset_id
from teleop.runtime.protocol.diagnosis_messages import Study
from teleop.session import Session, record_episodes
from teleop.take_over import TakeOver
from teleop.types import Action
from teleop.ui.commands import Command
from tests.harness.window import Person
from tests.screenshots import look, save

ROUNDS, EPISODES = 2, 1
RING_DATA, GATES_DATA = "teleop-ringtrack-v0/perfect-v0", "teleop-twogates-v0/sample-v0"
LANGUAGES = ("en", "de")
_FAR = 1.3 * HALF_WIDTH


class FarGate:
    """Takes over when the car has left the road, until it is back in the middle."""

    def __init__(self) -> None:
        self.place = np.zeros(2)
        self._driving = False

    def reset(self, seed: int) -> None:
        """Start an episode."""
        del seed
        self._driving = False

    def wants(self, hands: Action | None, proposal: Action) -> bool:
        """Return whether the expert drives."""
        del hands, proposal
        apart = nearest_point(self.place)[1]
        self._driving = apart > _FAR or (self._driving and apart > 0.1 * HALF_WIDTH)
        return self._driving


class Correcting(TakeOver):
    """A policy that the scripted expert corrects."""

    def __init__(self, policy: Any, gate: FarGate) -> None:
        super().__init__(policy, make_expert(RING_TRACK), gate)
        self._far = gate

    def act(self, observation: Any) -> Action | None:
        """Return the action of whoever drives."""
        self._far.place = np.asarray(observation[:2], np.float64)
        return super().act(observation)


def corrected(library: Library, dataset: Dataset, name: str, seed: int) -> None:
    """Record corrected episodes of a policy into the person's own dataset."""
    env = make_env(RING_TRACK, render=False)
    own = library.open_for_writing(human_dataset_id(RING_TRACK), dataset_info(env))
    own.writer.claim()
    driver = Correcting(load_policy(dataset.policies / name), FarGate())
    recorder = Recorder(own, env)
    seeds = iter(range(seed, seed + EPISODES))
    make = lambda: make_env(RING_TRACK, render=False)  # noqa: E731
    session = Session(make, driver, seeds, recorder)
    list(record_episodes(session, recorder, EPISODES))
    session.close()
    own.writer.release()


def correct_twice(root: Path) -> list[str]:
    """Clone the perfect driver, and correct the clone in two rounds; return the policies."""
    library = Library(root)
    library.ensure(paths.samples_folder())
    dataset = library.existing(RING_DATA)
    teleop.train(teleop.load_dataset(RING_DATA, root=root), teleop.BC(seed=0)).save(
        dataset.policies / "clone"
    )
    names = ["clone"]
    for number in range(ROUNDS):
        corrected(library, dataset, names[-1], 600 + 10 * number)
        before = load_policy(dataset.policies / names[-1])
        *_, last = dagger_rounds.iter_round(gather(library, dataset, before), before)
        name = dagger_rounds.name_of(before, names)
        if last.policy is None:
            raise ValueError("a round ended without a policy")
        last.policy.save(dataset.policies / name)
        names.append(name)
    for name in names:
        *_, score = dagger_rounds.play_round(dataset, name)
        print(name, score)  # noqa: T201
    dagger_rounds.compare_rounds(dataset, names[-1])
    return names


def main(folder: Path) -> None:
    """Take all pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        root = Path(home) / "recordings"
        names = correct_twice(root)
        person = Person(root, RING_TRACK)
        try:
            look(person, "paper", (1920, 1200), projector=True)
            for code in LANGUAGES:
                speak(person, code)
                ring(person, names, folder, code)
        finally:
            person.app.close()
        data = teleop.load_dataset(GATES_DATA, root=root)
        policy = teleop.train(data, teleop.BC(seed=0, head="average"))
        policy.save(Library(root).existing(GATES_DATA).policies / "average")
        person = Person(root, TWO_GATES)
        try:
            look(person, "paper", (1920, 1200), projector=True)
            for code in LANGUAGES:
                speak(person, code)
                compared(person, GATES_DATA, ("average",))
                person.key("home")
                shoot(person, folder / f"two-humps-{code}.png")
                person.key("end")
                shoot(person, folder / f"two-humps-end-{code}.png")
        finally:
            person.app.close()


def ring(person: Person, names: list[str], folder: Path, code: str) -> None:
    """States visited at three stages, error against time, and why one run failed."""
    app = person.app
    for number, name in enumerate(names):
        compared(person, RING_DATA, (name,))
        person.key("end")
        person.click("chart")
        person.click("chart.1")
        person.key("z")
        person.turns(40)
        shoot(person, folder / f"states-visited-{number}-{code}.png")
        person.key("z")
    compared(person, RING_DATA, names[:1])
    person.key("x")
    examined(person, Study.AUTOPSY)
    shoot(person, folder / f"why-it-failed-{code}.png")
    person.key("escape")
    app.go("correct")
    person.until(lambda: app.model.analyses.rounds is not None)
    person.key("z")
    person.click("figure.kind")
    examined(person, Study.GROWTH)
    shoot(person, folder / f"error-against-time-{code}.png")
    person.click("figure.kind")
    examined(person, Study.HUMAN_TIME)
    shoot(person, folder / f"human-time-{code}.png")
    person.click("figure.kind")
    person.key("z")


def compared(person: Person, dataset_id: str, rivals: tuple[str, ...] | list[str]) -> None:
    """Show a comparison with these policies, computed to its end, with its gauges."""
    from teleop.runtime.protocol.session_messages import ChooseDataset

    app = person.app
    app.go("demonstrate")
    app.context.tell(ChooseDataset(dataset_id))
    person.until(lambda: app.model.library and app.model.library.dataset_id == dataset_id)
    app.context.next.rivals = tuple(rivals)
    app.model.comparison = None
    app.go("compare")
    person.until(lambda: app.model.comparison and app.model.comparison.complete)
    comparison = app.model.comparison
    assert comparison is not None
    person.until(
        lambda: (
            comparison.gauges.lanes
            and all(
                len(known) >= len(lane.actions)
                for known, lane in zip(comparison.gauges.lanes, comparison.lanes, strict=True)
            )
        )
    )


def examined(person: Person, study: Study) -> None:
    """Wait for an examination."""
    found = person.app.model.analyses.examined
    person.until(lambda: study in found and found[study].final)
    person.turns(20)


def speak(person: Person, code: str) -> None:
    """The window in another language."""
    app = person.app
    app.context.change_settings(replace(app.context.settings, language=code))
    person.turns(5)
    app.command(Command.LEAVE)


def shoot(person: Person, file: Path) -> None:
    """Save what is on screen."""
    person.turns(8)
    person.app.model.notices.clear()
    person.app.ui.events.pointer.at = (-1, -1)
    person.app.renderer.draw_all()
    save(person.app.window.surface, file)


if __name__ == "__main__":
    chosen = Path(sys.argv[1]) if len(sys.argv) > 1 else paths.assets_folder() / "screenshots"
    main(chosen)
