"""A policy plays live, episode after episode."""

from teleop.envs.factory import make_env
from teleop.evaluation.scoring import FIRST_SEED
from teleop.learning import load_policy
from teleop.recording import Dataset
from teleop.runtime.driving.snapshot import make_snapshot
from teleop.runtime.protocol.session_messages import Pictured, Say
from teleop.runtime.protocol.shared_frames import FrameWriter
from teleop.session import Phase, Session, seeds_from

_REST_S = 0.8  # an episode's end stays on screen this long
_TURN_HZ = 4.0  # turn-based environments play themselves at this pace


class PolicyPreview:
    """Plays one policy from fresh starts."""

    def __init__(self, dataset: Dataset, policy: str, say: Say, now: float) -> None:
        """Load the policy and start playing.

        Raises:
            LearningError: the policy cannot be read, or has other spaces than the environment.
            EnvError: the environment cannot be made.
        """
        self._say = say
        self._frames = FrameWriter("preview")
        loaded = load_policy(dataset.policies / policy)
        self._env_id = loaded.config.env_id
        env = make_env(self._env_id)
        loaded.check_fits(self._env_id, env.observation_space, env.action_space)
        first = [env]
        self._session = Session(
            lambda: first.pop() if first else make_env(self._env_id), loaded, seeds_from(FIRST_SEED)
        )
        self._session.base_pace_hz = self._session.base_pace_hz or _TURN_HZ
        self._session.start(now)
        self._again_s: float | None = None
        self._show(now)

    @property
    def due_s(self) -> float | None:
        """Time of the next action, or None."""
        return self._again_s if self._again_s is not None else self._session.due_s

    def reload(self, dataset: Dataset, policy: str) -> None:
        """Continue with a newer policy of the same environment."""
        self._session.policy = load_policy(dataset.policies / policy)

    def tick(self, now: float) -> None:
        """Take a step if one is due; begin the next episode after the end of one.

        Raises:
            EnvError: the environment failed.
        """
        if self._again_s is not None and now >= self._again_s:
            self._again_s = None
            self._session.renew(now)
            self._session.start(now)
            self._show(now)
        if self._session.tick(now):
            self._show(now)
            if self._session.phase is Phase.ENDED:
                self._again_s = now + _REST_S

    def close(self) -> None:
        """Release the environment and the frames."""
        self._session.close()
        self._frames.close()

    def _show(self, now: float) -> None:
        frame = self._frames.write(self._session.draw())
        self._say(Pictured("preview", make_snapshot(self._session, now), frame))
