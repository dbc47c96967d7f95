"""The picture of one moment of a recorded episode, by repeating the episode up to it."""

from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

from teleop.envs.conversion import as_in_space
from teleop.envs.factory import close_env, make_env
from teleop.envs.pictures import draw
from teleop.envs.stepping import repeated
from teleop.episode_trace import checksum
from teleop.playback.replay import RecordedPolicy
from teleop.recording import Episode
from teleop.recording.episodes.episode import row_of_tree
from teleop.runtime.protocol.diagnosis_messages import MomentShown
from teleop.runtime.protocol.session_messages import Say
from teleop.runtime.protocol.shared_frames import FrameWriter

_KEPT = 24  # pictures


class MomentPicture:
    """Shows moments of recorded episodes; the latest ones are kept."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._writer = FrameWriter("moment")
        self._kept: OrderedDict[tuple[str, int], NDArray[np.uint8]] = OrderedDict()

    def show(self, episode: Episode, step: int) -> None:
        """Show an episode after a number of steps; nothing if it cannot be repeated exactly.

        Raises:
            EnvError: the environment cannot be made, or failed.
        """
        key = (episode.row.sha256 or episode.row.file, step)
        picture = self._kept.get(key)
        if picture is None:
            picture = _picture(episode, step)
            if picture is None:
                return
            self._kept[key] = picture
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        self._say(MomentShown(episode.row.file, step, self._writer.write(picture)))

    def close(self) -> None:
        """Release the frame."""
        self._writer.close()


def _picture(episode: Episode, step: int) -> NDArray[np.uint8] | None:
    seed, step = episode.row.seed, min(step, len(episode.rewards))
    if seed is None:
        return None
    env = make_env(episode.meta.get("env_id") or "", render=True)
    driver = RecordedPolicy(episode)
    try:
        *_, last = repeated(env, seed, [driver.act(None) for _ in range(step)])
        recorded = as_in_space(env.observation_space, row_of_tree(episode.observations, step))
        return draw(env) if checksum(last.observation) == checksum(recorded) else None
    finally:
        close_env(env)
