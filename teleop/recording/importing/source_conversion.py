"""Converts what another program recorded into a dataset's folder."""

from dataclasses import dataclass, replace
from pathlib import Path

from teleop.envs.factory import close_env, make_env
from teleop.envs.spaces import Space
from teleop.errors import EnvError, RecordingError, sentence
from teleop.recording.disk import files
from teleop.recording.importing.source import Source
from teleop.recording.importing.source_writer import write_source
from teleop.recording.importing.space_fit import MisfitError
from teleop.text import tr
from teleop.types.metadata import Label


@dataclass(frozen=True, slots=True)
class _Environment:
    spaces: tuple[Space, Space]
    spec: str | None


def convert(source: Source, folder: Path, dataset_id: str, env_id: str = "") -> list[Label]:
    """Write a source as a dataset, in the spaces of its environment if they are known.

    Returns:
        the label of each episode.

    Args:
        source: what was recorded.
        folder: an empty folder.
        dataset_id: id of the dataset.
        env_id: the environment; empty for the one that the file names, if it is installed and
            the values belong to it.

    Raises:
        EnvError: `env_id` is not available.
        RecordingError: the values do not belong to `env_id`, or the file is damaged.
        OSError: writing to disk failed.
    """
    wanted, note = _wanted(source, env_id)
    if wanted is not None:
        try:
            spaces, spec = wanted.spaces, wanted.spec
            return write_source(source, folder, dataset_id, spaces=spaces, env_spec=spec)
        except MisfitError as problem:
            if env_id:
                raise RecordingError(
                    f"This was not recorded in {env_id}: {problem}. Name the environment that it "
                    "was recorded in, or none."
                ) from problem
            files.remove_tree(folder)
            note = _unusable(source, problem)
    notes = (*source.notes, note) if note else source.notes
    return write_source(replace(source, notes=notes), folder, dataset_id, spaces=source.spaces)


def _wanted(source: Source, env_id: str) -> tuple[_Environment | None, str]:
    """Return (the environment that was asked for or is named, why the named one is not used)."""
    if env_id:
        return _environment(env_id), ""
    if not source.env_id:
        return None, ""
    try:
        return _environment(source.env_id), ""
    except EnvError as problem:
        return None, _unusable(source, problem)


def _unusable(source: Source, problem: Exception) -> str:
    return tr(
        "The file names the environment {env_id:.60}, which cannot be used here: {problem}",
        env_id=source.env_id,
        problem=sentence(problem),
    )


def _environment(env_id: str) -> _Environment:
    env = make_env(env_id, render=False)
    close_env(env)
    spec = env.spec.to_json() if env.spec else None
    return _Environment((env.observation_space, env.action_space), spec)
