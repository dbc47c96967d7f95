"""Render frames, and convert every format that environments return."""

from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from teleop.errors import EnvError, sentence
from teleop.text import tr

NOTHING_YET = np.zeros((240, 320, 3), np.uint8)  # used until the first frame is available
_COARSE = 8  # every eighth pixel is enough to rule out most frames


def draw(env: gym.Env[Any, Any]) -> NDArray[np.uint8]:
    """Render the current frame: (height, width, 3) uint8; black if there is none yet.

    Raises:
        EnvError: the environment cannot be rendered.
    """
    try:
        picture = env.render()
    except Exception as problem:  # rendering is the environment's own code
        raise EnvError(render_error(env, sentence(problem))) from problem
    if picture is None or (isinstance(picture, list) and not picture):
        return NOTHING_YET  # some environments render only after the first step
    picture = np.asarray(picture[-1] if isinstance(picture, list) else picture)
    if picture.ndim == 3 and picture.shape[0] in (3, 4) and picture.shape[2] not in (3, 4):
        picture = np.moveaxis(picture, 0, -1)  # channels come first
    if picture.dtype.kind == "f" and picture.size:
        bright = np.nan_to_num(picture) * (255.0 if np.nanmax(picture) <= 1.0 else 1.0)
        picture = np.clip(bright, 0, 255)
    if picture.dtype == np.bool_:
        picture = picture * np.uint8(255)
    if picture.ndim == 2:  # greyscale
        picture = np.repeat(picture[:, :, None], 3, axis=2)
    if picture.ndim != 3 or picture.shape[2] not in (3, 4) or picture.size == 0:
        raise EnvError(render_error(env, f"render gave {picture.dtype} of shape {picture.shape}"))
    return np.ascontiguousarray(picture[:, :, :3], dtype=np.uint8)


class OneColour:
    """Detects that an environment has rendered only one colour for a second."""

    def __init__(self) -> None:
        self._since_s: float | None = None
        self._said = False

    def look(self, picture: NDArray[np.uint8], elapsed_s: float) -> bool:
        """Return True, once, when the user should be told.

        Args:
            picture: frame (height, width, 3).
            elapsed_s: seconds that the episode has been driven; pauses do not count.
        """
        if self._said:
            return False
        if not elapsed_s or not is_one_colour(picture):
            self._since_s = None
            return False
        if self._since_s is None or elapsed_s < self._since_s:  # a new episode
            self._since_s = elapsed_s
        self._said = elapsed_s - self._since_s >= 1.0
        return self._said


def is_one_colour(picture: NDArray[np.uint8]) -> bool:
    """Return whether all pixels of a frame (height, width, 3) are the same."""
    first = picture[0, 0]
    return bool((picture[::_COARSE, ::_COARSE] == first).all() and (picture == first).all())


def one_colour_said(env_id: str) -> str:
    """Return the message for the user about an environment that renders only one colour."""
    return tr(
        "{env_id} draws only one colour. Driving and recording still work. If you expect more, "
        "see its documentation on rendering without a display.",
        env_id=env_id,
    )


def render_error(env: gym.Env[Any, Any], why: str) -> str:
    """Return the error message for an environment that cannot be rendered."""
    name = env.spec.id if env.spec else "this environment"
    return (
        f"{name} cannot be drawn ({why}); Teleop needs render_mode='rgb_array' giving "
        "(height, width, 3) pictures. Pick another environment."
    )
