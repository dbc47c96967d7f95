"""What is drawn of an episode that somebody drove, message by message."""

from pathlib import Path

import pygame

from tests.harness.window import Person
from tests.screenshots import look
from tests.ui.test_languages import check_messages, drawn


def test_an_episode_of_ones_own_is_drawn_in_messages(tmp_path: Path) -> None:
    person = Person(tmp_path / "recordings", "CartPole-v1")
    try:
        person.record()
        person.key("return", mod=pygame.KMOD_CTRL)
        person.until_saved(1)
        look(person, "ink", (1280, 800))
        person.key("l", mod=pygame.KMOD_CTRL)
        person.click("dataset.cartpole-v1/human-v0")
        model = person.app.model
        person.until(lambda: model.listed and model.listed.dataset_id == "cartpole-v1/human-v0")
        person.turns(6)
        assert "human" in drawn(person)
        check_messages(person, "library")
    finally:
        person.app.close()
