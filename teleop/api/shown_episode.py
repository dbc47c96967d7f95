"""An episode that plays itself in a notebook."""

import base64
import html
import tempfile
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from teleop.errors import TeleopError, sentence
from teleop.recording import Dataset
from teleop.recording.episodes.episode import Episode
from teleop.types.metadata import EpisodeRow

_MOST_STEPS = 3000
_WIDTH = 480


@dataclass(frozen=True, slots=True)
class ShownEpisode(Episode):
    """An episode of a dataset; in a notebook it is a small player with the keys that were held."""

    _dataset: Any = field(default=None, repr=False, compare=False)

    def _repr_html_(self) -> str:
        row = self.row
        seed = "" if row.seed is None else f", seed {row.seed}"
        about = (
            f"episode {row.number}: return {row.total_reward:.1f}, {row.total_steps} steps{seed}, "
            f"by {row.driver}"
        )
        try:
            data = base64.b64encode(_film(self, self._dataset)).decode()
        except TeleopError as problem:
            return f"<p>{html.escape(about)}. {html.escape(sentence(problem))}</p>"
        return (
            f'<figure style="display:inline-block;margin:0"><video controls loop width="{_WIDTH}" '
            f'src="data:video/mp4;base64,{data}"></video>'
            f"<figcaption>{html.escape(about)}</figcaption></figure>"
        )


def read_shown(dataset: Dataset, row: EpisodeRow) -> ShownEpisode:
    """Read an episode.

    Raises:
        RecordingError: it is damaged.
    """
    episode = dataset.read(row)
    values = {part.name: getattr(episode, part.name) for part in fields(Episode)}
    return ShownEpisode(**values, _dataset=dataset)


def episode_film(dataset: Dataset, episode: Episode, output: Path) -> None:
    """Play an episode again and write it as a film, with the keys that were held.

    Raises:
        TeleopError: the environment failed, or the file cannot be written.
    """
    from teleop.playback.captions import Part, held_by_step
    from teleop.playback.replay import RecordedPolicy, Replay, shown_pace_hz
    from teleop.playback.side_by_side import write_parts

    inputs = dataset.step_details(episode.row).inputs
    held = held_by_step(inputs, episode.times_s[1:].tolist())
    replay = Replay(dataset.info().env_id, episode.row.seed or 0, [RecordedPolicy(episode)])
    try:
        while replay.advance():
            pass
    finally:
        replay.close()
    write_parts([Part.of(replay, shown_pace_hz(episode), held=held)], output)


def _film(episode: Episode, dataset: Dataset) -> bytes:
    if episode.row.total_steps > _MOST_STEPS:
        raise TeleopError(
            f"Episodes of more than {_MOST_STEPS} steps are not played in a notebook."
        )
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "episode.mp4"
        episode_film(dataset, episode, output)
        return output.read_bytes()
