"""Pictures of a comparison with captions: who drives, return, step, action, seed and time."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from teleop import paths
from teleop.playback.replay import Lane, RecordedPolicy, Replay
from teleop.text import tr
from teleop.types import Actor, InputEvent

_RECORDED, _AGENT, _OTHER = (242, 169, 59), (90, 176, 245), (134, 142, 158)
_PAPER, _INK, _INK2 = (11, 12, 16), (242, 244, 248), (166, 173, 187)
_HEAD, _FOOT, _EDGE, _GAP = 64, 40, 4, 8
_LEAST_HEIGHT = 720
_PRESSED = 0.5
_ALMOST = 1.1
_ARROWS = {"left": "←", "right": "→", "up": "↑", "down": "↓"}
_DIMMED = 0.5  # of a side that has ended


@dataclass(frozen=True, slots=True)
class Part:
    """A comparison that has been played to its end, as a part of a film.

    Attributes:
        replay: the comparison.
        names: who drives each side, the recording first.
        pace_hz: steps per second.
        held: controls that were held at each step of the recording; empty to draw no keys.
    """

    replay: Replay
    names: tuple[str, ...]
    pace_hz: float
    held: tuple[frozenset[str], ...] = ()

    @staticmethod
    def of(
        replay: Replay,
        pace_hz: float,
        names: Sequence[str] = (),
        held: Sequence[frozenset[str]] = (),
    ) -> "Part":
        """Return a part; sides without a name get that of their policy."""
        own = [_name_of(lane) for lane in replay.lanes]
        given = [*names, *own[len(names) :]]
        said = tuple(g or o for g, o in zip(given, own, strict=True))
        return Part(replay, said, pace_hz, tuple(held))


class CaptionedFrames:
    """Draws the moments of one comparison, all of the same size."""

    def __init__(self, part: Part, width: int) -> None:
        """Prepare the drawing.

        Args:
            part: the comparison.
            width: width of a picture in pixels; its height is at least 720.
        """
        self._part, self._lanes = part, part.replay.lanes
        count = len(self._lanes)
        self._column = (width - _GAP * (count + 1)) // count
        first = self._lanes[0].picture(1).shape  # some have no frame before the first step
        tall = round(first[0] * self._column / first[1])
        self.width = width
        self.height = max(_LEAST_HEIGHT, _even(min(tall, width) + _HEAD + _FOOT + 2 * _GAP))
        self._totals = [np.concatenate([[0.0], np.cumsum(lane.rewards)]) for lane in self._lanes]

    def draw(self, step: int) -> NDArray[np.uint8]:
        """Draw all sides after a number of steps: (height, width, 3)."""
        canvas = Image.new("RGB", (self.width, self.height), _PAPER)
        pen = ImageDraw.Draw(canvas)
        for index in range(len(self._lanes)):
            self._draw_side(canvas, pen, index, step)
        replay = self._part.replay
        text = tr(
            "{env_id} · seed {seed} · {seconds:.1f} s",
            env_id=replay.env_id,
            seed=replay.seed,
            seconds=step / self._part.pace_hz,
        )
        at = (self.width // 2, self.height - _FOOT // 2)
        pen.text(at, text, _INK2, _font("Medium", 20), "mm")
        self._draw_keys(pen, step)
        return np.asarray(canvas)

    def _draw_side(self, canvas: Image.Image, pen: Any, index: int, step: int) -> None:
        lane, colour = self._lanes[index], _colour(index, self._lanes[index])
        x, now = _GAP + index * (self._column + _GAP), min(step, len(lane.rewards))
        room = (self._column, self.height - _HEAD - _FOOT)
        picture = _fitted(lane.picture(step), room)
        if step > len(lane.rewards):
            picture = Image.blend(Image.new("RGB", picture.size), picture, _DIMMED)
        top = _HEAD + (room[1] - picture.height) // 2
        canvas.paste(picture, (x + (self._column - picture.width) // 2, top))
        pen.rectangle((x, 8, x + self._column - 1, 8 + _EDGE - 1), fill=colour)
        figure = f"{self._totals[index][now]:+.1f}".replace("-", "\N{MINUS SIGN}")
        total = tr("return {total}", total=figure)
        pen.text((x + self._column, 36), total, colour, _font("SemiBold", 24), "rm")
        taken = pen.textlength(total, _font("SemiBold", 24)) + 16
        name = _shortened(pen, self._part.names[index], self._column - taken)
        pen.text((x, 36), name, _INK, _font("SemiBold", 22), "lm")
        self._draw_notes(pen, (x, top + picture.height), lane, now, step)

    def _draw_keys(self, pen: Any, step: int) -> None:
        """Draw every control that the recording used; those that are held now are filled."""
        held = self._part.held
        if not held:
            return
        now = held[min(max(step - 1, 0), len(held) - 1)] if step else frozenset()
        font, y = _font("SemiBold", 20), self.height - _FOOT - 62
        used = sorted(frozenset().union(*held))
        labels = [control_text(control) for control in used]
        widths = [max(44, round(pen.textlength(label, font)) + 24) for label in labels]
        x = _GAP + (self._column - sum(widths) - 8 * (len(widths) - 1)) // 2
        for control, label, width in zip(used, labels, widths, strict=True):
            lit = control in now
            pen.rounded_rectangle((x, y, x + width, y + 44), 9, _RECORDED if lit else _PAPER, _INK2)
            pen.text((x + width // 2, y + 22), label, _PAPER if lit else _INK, font, "mm")
            x += width + 8

    def _draw_notes(self, pen: Any, at: tuple[int, int], lane: Lane, now: int, step: int) -> None:
        """Draw the action and the step over the lower edge of a picture."""
        ended = step >= len(lane.rewards) and lane.over
        state = tr("ended at step {now}", now=now) if ended else tr("step {now}", now=now)
        notes = [(at[0] + self._column - 18, "rm", state)]
        if 0 < now <= len(lane.actions) and not ended:
            notes.append((at[0] + 18, "lm", lane.actions[now - 1]))
        for x, anchor, text in notes:
            font = _font("Medium", 18)
            box = pen.textbbox((x, at[1] - 22), text, font=font, anchor=anchor)
            pen.rounded_rectangle((box[0] - 8, at[1] - 38, box[2] + 8, at[1] - 8), 8, _PAPER)
            pen.text((x, at[1] - 22), text, _INK, font, anchor)


def held_by_step(inputs: Sequence[InputEvent], times_s: Sequence[float]) -> list[frozenset[str]]:
    """Return which controls were held when each step was taken.

    Args:
        inputs: how keys, buttons and sticks moved, in the order of their times.
        times_s: (T,) time of each step.
    """
    held: set[str] = set()
    found, waiting = [], list(reversed(inputs))
    for time_s in times_s:
        while waiting and waiting[-1].time_s <= time_s:
            event = waiting.pop()
            (held.add if abs(event.value) >= _PRESSED else held.discard)(event.control)
        found.append(frozenset(held))
    return found


def control_text(control: str) -> str:
    """Return a control's name for a key cap: `key.left` is an arrow, `pad.a` is `A`."""
    name = control.partition(".")[2]
    return _ARROWS.get(name, name.replace("_", " ").upper() if len(name) < 4 else name.title())


def _name_of(lane: Lane) -> str:
    if isinstance(lane.policy, RecordedPolicy):
        number = lane.policy.episode.row.number
        who = _PEOPLE.get(lane.policy.actor, lane.policy.name)
        return tr("{who}, episode {number}", who=who, number=number)
    return lane.policy.name


_PEOPLE = {Actor.HUMAN: tr("Human"), Actor.SCRIPT: tr("Script"), Actor.POLICY: tr("Policy")}


def _colour(index: int, lane: Lane) -> tuple[int, int, int]:
    """Return orange for a recording, blue for a policy, grey for others."""
    if isinstance(lane.policy, RecordedPolicy) and index == 0:
        return _RECORDED
    return _AGENT if lane.policy.actor is Actor.POLICY else _OTHER


def _shortened(pen: Any, text: str, room: float) -> str:
    font = _font("SemiBold", 22)
    if pen.textlength(text, font) <= room:
        return text
    while text and pen.textlength(text + "…", font) > room:
        text = text[:-1]
    return text.rstrip() + "…"


def _fitted(picture: NDArray[np.uint8], room: tuple[int, int]) -> Image.Image:
    """Scale a frame into an area; its aspect ratio is kept."""
    image = Image.fromarray(picture)
    scale = min(room[0] / image.width, room[1] / image.height)
    if 1 <= scale < _ALMOST:
        return image  # sharper and faster as it is
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    enlarged = scale > 1 and image.width < 200  # pixel art stays sharp
    return image.resize(size, Image.Resampling.NEAREST if enlarged else Image.Resampling.BILINEAR)


def _even(number: int) -> int:
    return number + number % 2


@lru_cache
def _font(weight: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(paths.assets_folder() / "fonts" / f"Inter-{weight}.ttf", size)
