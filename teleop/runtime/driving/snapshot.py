"""Describes a session's state and an opened environment for the window."""

from dataclasses import replace
from typing import Any

import gymnasium as gym

from teleop.control.bindings import LAYERS
from teleop.control.schemes import DiscreteScheme
from teleop.envs.action_spaces.action_labels import action_text, branch_words
from teleop.envs.catalogue import find_entry
from teleop.experts import has_expert
from teleop.learning.data.inputs import why_not
from teleop.runtime.datasets.take_store import TakeStore
from teleop.runtime.driving.assistance import Assistance
from teleop.runtime.driving.key_hints import axis_items, hint_of
from teleop.runtime.driving.live_controls import LiveControls
from teleop.runtime.driving.pace_report import PaceReport
from teleop.runtime.protocol.session_messages import EnvOpened, SessionSnapshot
from teleop.session import Phase, Session
from teleop.take_over import TakeOver


def make_snapshot(session: Session, now: float) -> SessionSnapshot:
    """Return a session's state as the window shows it."""
    text = ""
    if session.action is not None:
        env_id = session.env.spec.id if session.env.spec else ""
        text = action_text(env_id, session.env.action_space, session.action)
    over = session.policy if isinstance(session.policy, TakeOver) else None
    return SessionSnapshot(
        phase=session.phase.value,
        seed=session.seed,
        steps=session.steps,
        total_reward=session.total_reward,
        elapsed_s=session.elapsed_s(now),
        pace_hz=session.base_pace_hz,
        speed=session.speed,
        action=text,
        control="" if over is None else "person" if over.intervention else "policy",
        driven=over.driven if over else 0,
    )


def live_snapshot(
    session: Session, takes: TakeStore, assistance: Assistance, now: float, practises: bool
) -> SessionSnapshot:
    """Return a session's state with that of its takes and of the supervised policy."""
    running = session.phase in (Phase.RUNNING, Phase.PAUSED)
    recorder = takes.recorder
    recording = running and not practises and recorder is not None and recorder.is_recording
    return replace(
        make_snapshot(session, now),
        recording=recording,
        pending=takes.pending is not None,
        can_undo=takes.can_undo,
        practice=running and practises,
        real_hz=PaceReport.real_hz(session),
        gauges=assistance.readings(),
        asks=assistance.asks,
    )


def describe_environment(env_id: str, controls: LiveControls, env: gym.Env[Any, Any]) -> EnvOpened:
    """Return what the window needs to know about an open environment.

    Args:
        env_id: full id of the environment.
        controls: the person's current controls.
        env: the environment.
    """
    entry = find_entry(env_id)
    scheme = controls.human.scheme
    rests = isinstance(scheme, DiscreteScheme) and not controls.human.turn_based
    return EnvOpened(
        env_id=env_id,
        summary=entry.summary,
        icon=entry.icon,
        turn_based=controls.human.turn_based,
        hints=tuple(hint_of(move) for move in controls.human.moves),
        axes=axis_items(scheme.axes),
        layers=LAYERS,
        hand=controls.settings.hand,
        is_own=not controls.settings.is_plain,
        has_script=has_expert(env_id),
        idle_choices=tuple(branch_words(env_id, env.action_space)[0]) if rests else (),
        idle=scheme.idle if isinstance(scheme, DiscreteScheme) and scheme.idle is not None else -1,
        cannot_learn=why_not(env.observation_space, env.action_space),
    )
