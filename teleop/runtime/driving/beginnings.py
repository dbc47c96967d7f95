"""The first steps of a policy's run or of a recording, from which a person continues."""

from teleop.envs.conversion import as_in_space
from teleop.envs.factory import close_env, make_env
from teleop.envs.stepping import iter_episode
from teleop.errors import EnvError
from teleop.learning import LearnedPolicy
from teleop.recording import Episode
from teleop.recording.episodes.episode import row_of_tree
from teleop.session import Beginning
from teleop.text import tr
from teleop.types import Action, Observation


def policy_beginning(policy: LearnedPolicy, env_id: str, seed: int, steps: int) -> Beginning:
    """Play a policy from a seed for some steps, and return what it did.

    Raises:
        EnvError: the run ends before, or the environment failed.
        LearningError: the policy has other spaces than the environment.
    """
    env = make_env(env_id, render=False)
    seen: list[Observation] = []
    done: list[Action] = []
    policy.reset(seed)

    def act(observation: Observation) -> Action | None:
        if len(done) == steps:
            return None
        seen.append(observation)
        done.append(policy.act(observation))
        return done[-1]

    over = False
    try:
        policy.check_fits(env_id, env.observation_space, env.action_space)
        for step in iter_episode(env, act, seed):
            over = step.over
    finally:
        close_env(env)
    if len(done) < steps or over:
        raise EnvError(_too_short(len(done)))
    return Beginning.of(seen, done)


def recorded_beginning(episode: Episode, env_id: str, steps: int) -> tuple[int, Beginning]:
    """Return (seed, the first steps) of a recorded episode.

    Raises:
        EnvError: the recording is shorter, or has no seed.
    """
    if episode.row.seed is None:
        raise EnvError(
            tr("The seed of this recording is not known, so its start cannot be repeated.")
        )
    if len(episode.rewards) <= steps:
        raise EnvError(_too_short(len(episode.rewards)))
    env = make_env(env_id, render=False)
    seen_space, space = env.observation_space, env.action_space
    close_env(env)
    rows = range(steps)
    seen = [as_in_space(seen_space, row_of_tree(episode.observations, row)) for row in rows]
    done = [as_in_space(space, row_of_tree(episode.actions, row)) for row in rows]
    return episode.row.seed, Beginning.of(seen, done)


def _too_short(steps: int) -> str:
    return tr(
        "The run is over after {steps} steps, so you cannot continue from there. Choose an "
        "earlier step.",
        steps=steps,
    )
