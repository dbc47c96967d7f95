"""Record with a policy, train, evaluate and compare, as the command line does."""

import base64
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from teleop.api.episode_dataset import EpisodeDataset, dataset_of, library_in
from teleop.envs.drivers import offscreen
from teleop.envs.factory import close_env, make_env
from teleop.errors import LearningError
from teleop.evaluation.scoring import FIRST_SEED, RandomPolicy
from teleop.evaluation.scoring import evaluate as iter_results
from teleop.evaluation.scoring import score as score_of
from teleop.evaluation.success import Result
from teleop.experts import WobblyPolicy, make_expert, make_human_like
from teleop.learning.policy import LearnedPolicy
from teleop.playback.replay import RecordedPolicy, Replay, shown_pace_hz
from teleop.playback.side_by_side import write_side_by_side
from teleop.recording import Episode, Library, Recorder, dataset_info
from teleop.recording.datasets.dataset_library import scripted_dataset_id
from teleop.session import Session, record_episodes, seeds_from
from teleop.types import Action, Actor, Observation, Policy
from teleop.types.html_table import html_table
from teleop.types.results import Score

if TYPE_CHECKING:
    from teleop.learning.progress import Progress

WOBBLE = 0.5  # size of the errors of the wobbly driver
Acting: TypeAlias = Policy | Callable[[Observation], Action]


class PolicyAdapter:
    """Adapts another library's policy, or a function, to Teleop's `Policy`."""

    actor = Actor.POLICY

    def __init__(self, policy: Any) -> None:
        """Find out how to get an action from the policy.

        Args:
            policy: a function from observation to action, an object with `act(observation)`, or a
                Stable-Baselines3 model.

        Raises:
            LearningError: the policy is none of these.
        """
        self.name = str(getattr(policy, "name", getattr(policy, "__name__", type(policy).__name__)))
        self._reset = getattr(policy, "reset", None)
        if hasattr(policy, "act"):
            self._act = policy.act
        elif hasattr(policy, "predict"):
            self._act = lambda observation: policy.predict(observation, deterministic=True)[0]
        elif callable(policy):
            self._act = policy
        else:
            raise LearningError(
                f"{policy!r:.80} is not a policy: give a function from observation to action, or "
                "an object with act(observation)."
            )

    def reset(self, seed: int) -> None:
        """Start a new episode."""
        if callable(self._reset):
            self._reset(seed)

    def act(self, observation: Observation) -> Action:
        """Return the policy's action."""
        return self._act(observation)


def as_policy(policy: str | Acting, env_id: str) -> Policy:
    """Convert "expert", "human-like", "random", a function or a policy object to a policy.

    Raises:
        EnvError: there is no scripted expert for the environment.
        LearningError: the name is unknown, or the object is not a policy.
    """
    if isinstance(policy, str):
        return _named_policy(policy, env_id)
    return policy if isinstance(policy, Policy) else PolicyAdapter(policy)


def _named_policy(name: str, env_id: str) -> Policy:
    match name:
        case "expert":
            return make_expert(env_id)
        case "wobbly":
            env = make_env(env_id, render=False)
            close_env(env)
            return WobblyPolicy(make_expert(env_id), env.action_space, WOBBLE)
        case "human-like":
            env = make_env(env_id, render=False)
            try:
                return make_human_like(make_expert(env_id), env_id, env.action_space)
            finally:
                close_env(env)
        case "random":
            return RandomPolicy(env_id)
    raise LearningError(
        f"There is no policy {name!r}: use expert, wobbly, human-like, random, a "
        "function or a policy."
    )


def iter_record(
    library: Library,
    env_id: str,
    policy: str | Acting,
    episodes: int,
    *,
    dataset_id: str = "",
    seed: int = 0,
    noise: float = 0.0,
) -> Iterator[tuple[int, float]]:
    """Record episodes one after another; yield (steps, return) of each saved episode.

    Args:
        library: the library to record into.
        env_id: the environment.
        policy: who drives; see `record`.
        episodes: number of episodes.
        dataset_id: the dataset; empty: ENV/scripted-v0.
        seed: seed of the first episode.
        noise: size of the random errors that are added to each action; see `Session.noise`.

    Raises:
        TeleopError: the environment is unknown, it has no expert, or the disk cannot be written.
    """
    env = make_env(env_id, render=False)
    driver = as_policy(policy, env_id)
    chosen = dataset_id or scripted_dataset_id(env_id)
    dataset = library.open_for_writing(chosen, dataset_info(env))
    dataset.writer.claim()
    recorder = Recorder(dataset, env)
    session = Session(lambda: make_env(env_id, render=False), driver, seeds_from(seed), recorder)
    try:
        session.add_noise(noise)
        yield from record_episodes(session, recorder, episodes)
    finally:
        session.close()
        dataset.writer.release()


def record(
    env_id: str,
    policy: str | Acting = "expert",
    episodes: int = 10,
    *,
    dataset_id: str = "",
    seed: int = 0,
    root: str | Path | None = None,
    noise: float = 0.0,
) -> EpisodeDataset:
    """Record whole episodes of a policy at full speed.

    Args:
        env_id: the environment.
        policy: "expert", "wobbly" (the expert with random errors) or "human-like" (scripted, for
            environments that have one), "random", a function from observation to action, or an
            object with `reset(seed)` and `act(observation)`.
        episodes: number of episodes.
        dataset_id: the dataset to record into; default: ENV/scripted-v0.
        seed: seed of the first episode; the others use the seeds that follow.
        root: the recordings folder; default: ./recordings if it exists, else the user's folder.
        noise: size of random errors that are added to each action, from 0 to 1 (DART). A policy
            learns what was intended, in the states to which the errors lead.

    Returns:
        The dataset, including its earlier episodes.

    Raises:
        TeleopError: the environment is unknown, it has no expert, or the disk cannot be written.
    """
    library = library_in(root)
    for _ in iter_record(
        library, env_id, policy, episodes, dataset_id=dataset_id, seed=seed, noise=noise
    ):
        pass
    return EpisodeDataset(library.existing(dataset_id or scripted_dataset_id(env_id)))


def iter_train(data: EpisodeDataset, config: Any = None) -> Iterator["Progress"]:
    """Train on these episodes; stop iterating to stop the training.

    Args:
        data: the episodes.
        config: the algorithm: `teleop.BC(...)` (default), `Nearest(...)`, `DAgger(...)` or
            `IQ(...)`.

    Yields:
        Progress: phase, step, total, loss; `policy` is set when there is a better one.

    Raises:
        LearningError: nothing can be learned from the data.
    """
    from teleop.learning.data.demonstrations import load_demonstrations
    from teleop.learning.networks.own_network import allow_own
    from teleop.learning.training_run import TrainingRun

    dataset, files = dataset_of(data)
    if network := getattr(config, "network", ""):
        allow_own(network)  # a name in the user's own program is trusted
    run = TrainingRun(load_demonstrations(dataset, files), config=config)
    for progress in run.train():
        if progress.policy is not None:
            progress.policy.name = run.policy_name([])
        yield progress


def train(
    data: EpisodeDataset,
    config: Any = None,
    *,
    on_progress: Callable[["Progress"], None] | None = None,
) -> LearnedPolicy:
    """Train a policy on these episodes; `policy.save(folder)` saves it.

    Args:
        data: the episodes.
        config: the algorithm: `teleop.BC(...)` (default), `Nearest(...)`, `DAgger(...)` or
            `IQ(...)`.
        on_progress: called at least ten times per second.

    Raises:
        LearningError: nothing can be learned from the data.
    """
    best = None
    for progress in iter_train(data, config):
        best = progress.policy or best
        if on_progress is not None:
            on_progress(progress)
    if best is None:
        raise LearningError("The training ended without a policy.")
    return best


def evaluate(
    policy: str | Acting,
    env_id: str = "",
    episodes: int = 20,
    *,
    seed: int = FIRST_SEED,
    on_result: Callable[[Result], None] | None = None,
) -> Score:
    """Play whole episodes from consecutive seeds.

    Args:
        policy: as in `record`.
        env_id: the environment; not needed for a learned policy.
        episodes: number of episodes.
        seed: seed of the first episode; the default is far from those that people are given.
        on_result: called after each episode.

    Returns:
        Mean return with its 95 % bootstrap interval, standard deviation, success rate.

    Raises:
        EnvError: the environment cannot be created, or failed.
        LearningError: the policy does not fit the environment.
    """
    if episodes < 1:
        raise LearningError(f"{episodes} episodes cannot be evaluated; play at least 1.")
    env_id = env_id or _own_env(policy)
    played, results = as_policy(policy, env_id), []
    if isinstance(played, LearnedPolicy):
        env = make_env(env_id, render=False)
        played.check_fits(env_id, env.observation_space, env.action_space)
        close_env(env)
    for result in iter_results(env_id, played, episodes, seed):
        results.append(result)
        if on_result is not None:
            on_result(result)
    return score_of(env_id, played.name, results)


def _own_env(policy: str | Acting) -> str:
    if isinstance(policy, LearnedPolicy):
        return policy.config.env_id
    raise LearningError("Name the environment: evaluate(policy, env_id).")


class Comparison:
    """A recorded episode and policies, played to their ends from the same start.

    Attributes:
        env_id: the environment.
        seed: seed of the start.
        names: name of each side, the recording first.
        returns: return of each side.
        steps: number of steps of each side.
        diverged_at: the first step after which the observations differ; None: never.
        fidelity: "exact" if the recording was reproduced, otherwise where it differs.
        has_pictures: whether the environment rendered more than a single colour.
    """

    def __init__(
        self,
        env_id: str,
        episode: Episode,
        policies: Sequence[Policy],
        on_step: Callable[[int], None] | None = None,
    ) -> None:
        """Play all sides.

        Args:
            env_id: the environment.
            episode: the recording.
            policies: the other sides.
            on_step: called with the number of steps so far.

        Raises:
            EnvError: the environment cannot be created, or failed.
        """
        self.env_id, self.seed = env_id, episode.row.seed or 0
        self._pace_hz = shown_pace_hz(episode)
        with offscreen():
            self._replay = Replay(env_id, self.seed, [RecordedPolicy(episode), *policies])
            try:
                while self._replay.advance():
                    if on_step is not None:
                        on_step(self._replay.steps)
            finally:
                self._replay.close()
        lanes = self._replay.lanes
        self.names = tuple(lane.policy.name for lane in lanes)
        self.returns = tuple(float(sum(lane.rewards)) for lane in lanes)
        self.steps = tuple(len(lane.rewards) for lane in lanes)
        self.diverged_at = self._replay.diverged_at
        self.fidelity = self._replay.fidelity()
        self.has_pictures = not lanes[0].one_colour

    def save(self, path: str | Path) -> Path:
        """Write all sides next to each other as .gif, .webp, .mp4 or .png (four moments).

        Raises:
            StorageError: the file cannot be written, or its type is unknown.
        """
        write_side_by_side(self._replay, Path(path), self._pace_hz)
        return Path(path)

    def _repr_html_(self) -> str:
        sides = zip(self.names, self.returns, self.steps, strict=True)
        rows = [{"side": n, "return": r, "steps": s} for n, r, s in sides]
        apart = "never" if self.diverged_at is None else f"at step {self.diverged_at}"
        table = html_table(rows, f"{self.env_id}, seed {self.seed}; they part {apart}")
        return self._film() + table

    def _film(self) -> str:
        """All sides as an inline film; empty if the environment has no pictures."""
        if not self.has_pictures:
            return ""
        with tempfile.TemporaryDirectory() as folder:
            data = base64.b64encode(self.save(Path(folder) / "sides.mp4").read_bytes()).decode()
        return f'<video controls loop width="640" src="data:video/mp4;base64,{data}"></video>'

    def __repr__(self) -> str:
        sides = zip(self.names, self.returns, strict=True)
        return f"<{self.env_id}: {', '.join(f'{n} {r:.1f}' for n, r in sides)}>"


def compare(episode: Episode, *policies: Acting, env_id: str = "") -> Comparison:
    """Play a recorded episode and policies from the same start.

    Args:
        episode: an episode of a dataset, such as `data[0]`.
        *policies: learned policies, functions, or objects with `reset` and `act`.
        env_id: the environment; default: the environment of the episode.

    Raises:
        EnvError: the environment cannot be created, or failed.
    """
    named = env_id or str(episode.meta.get("env_id", ""))
    return Comparison(named, episode, [as_policy(policy, named) for policy in policies])
