"""Options with which the window starts."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class AppConfig:
    """Options with which the window starts.

    Attributes:
        env_id: id of the environment to open.
        recordings: recordings folder.
        samples: folder of the sample recordings that come with Teleop.
        assets: folder with fonts, icons and translations.
        base_seed: seed of the first episode.
        screen: name of the first screen.
        pair: dataset id, episode file and policy to compare first; each is empty for the default.
        pace_hz: steps per second; None uses the environment's own pace.
        settings: file that stores the settings of the window; None stores nothing.
        lessons: file that stores what was done in the lessons; None stores nothing.
        classes: file that stores whose data was taken out of a class; None stores nothing.
        lesson: folder of the lesson to open first; None for none.
        class_folder: folder of the class to watch; None: the one that was watched last.
    """

    env_id: str
    recordings: Path
    samples: Path
    assets: Path
    base_seed: int
    screen: str = "demonstrate"
    pair: tuple[str, str, str] = ("", "", "")
    pace_hz: float | None = None
    settings: Path | None = None
    lessons: Path | None = None
    classes: Path | None = None
    lesson: Path | None = None
    class_folder: Path | None = None
