"""What a running session shows beside its picture."""

from teleop.envs.words import action_text
from teleop.session import Session
from teleop.stage.messages import Live


def live_of(
    session: Session,
    now: float,
    *,
    recording: bool = False,
    pending: bool = False,
    can_undo: bool = False,
) -> Live:
    """A session's state as the window shows it."""
    text = ""
    if session.action is not None:
        env_id = session.env.spec.id if session.env.spec else ""
        text = action_text(env_id, session.env.action_space, session.action)
    return Live(
        phase=session.phase.value,
        seed=session.seed,
        steps=session.steps,
        total_reward=session.total_reward,
        elapsed_s=session.elapsed_s(now),
        pace_hz=session.base_pace_hz,
        speed=session.speed,
        action=text,
        recording=recording,
        pending=pending,
        can_undo=can_undo,
    )
