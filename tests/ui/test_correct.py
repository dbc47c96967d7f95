"""Correct in the window: watch, take over by key, mouse and pad, retrain, see the rounds."""

from collections.abc import Iterator
from pathlib import Path

import pygame
import pytest

from teleop.runtime.protocol.session_messages import SessionSnapshot
from tests.harness.window import Person


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    root = tmp_path / "recordings"
    person = Person(root, "CartPole-v1")  # with the sample recordings
    yield person
    person.app.close()


def live(person: Person) -> SessionSnapshot:
    assert person.app.model.live is not None
    return person.app.model.live


def pad(person: Person, number: int, *, down: bool) -> None:
    kind = pygame.CONTROLLERBUTTONDOWN if down else pygame.CONTROLLERBUTTONUP
    pygame.event.post(pygame.event.Event(kind, button=number, instance_id=0))
    person.turns()


def test_correct_by_key_mouse_and_pad_then_retrain(person: Person) -> None:
    person.click("step.correct")
    assert person.node("next").label == "Train a policy"
    person.click("next")
    person.click("train")
    person.until(lambda: person.app.model.library and person.app.model.library.policies)
    person.until(lambda: person.app.model.training and person.app.model.training.policy)
    person.click("train")  # which stops; the best so far is kept
    person.until(lambda: person.app.model.training and not person.app.model.training.running)
    person.key("4", mod=pygame.KMOD_CTRL)
    assert "Take over" in person.node("retrain").reason

    person.key("r")
    person.until(lambda: person.app.context.input.driving and live(person).steps > 3)
    assert live(person).control == "policy"
    person.key("a", up=False)
    person.until(lambda: live(person).control == "person")
    person.key("a", down=False)
    person.until(lambda: live(person).control == "policy" or not live(person).engaged)
    pad(person, pygame.CONTROLLER_BUTTON_DPAD_LEFT, down=True)
    person.until(lambda: live(person).control == "person" or not live(person).engaged)
    pad(person, pygame.CONTROLLER_BUTTON_DPAD_LEFT, down=False)
    person.key("escape")
    person.until(lambda: live(person).phase in ("paused", "ended"))
    person.click("save")
    person.until(lambda: person.app.model.corrections)
    assert person.app.model.corrections[0].driven > 0
    person.until(lambda: not person.node("retrain").reason)

    first = person.app.model.training.policy  # type: ignore[union-attr]
    person.key("t", mod=pygame.KMOD_CTRL)  # letters wait a moment after an episode
    person.until(lambda: person.app.model.library.policy_names[-1] == f"{first}-round-1")  # type: ignore[union-attr]
    rounds = person.app.model
    person.until(lambda: rounds.analyses.rounds and len(rounds.analyses.rounds.rounds) == 2)
    person.until(lambda: all(r.score for r in rounds.analyses.rounds.rounds))  # type: ignore[union-attr]
    rows = person.app.model.library.policies  # type: ignore[union-attr]
    shown = person.node("policy").value
    assert shown in {row.title for row in rows if not row.is_beaten}
    person.turns(30)
    assert rounds.analyses.rounds is not None
    assert len(rounds.analyses.rounds.rounds) == 2  # also if the first one drives on
    person.key("1", mod=pygame.KMOD_CTRL)
    person.until(lambda: live(person).control == "")
