"""What people do with recordings after driving: find, label, trim, verify, export, recover."""

import dataclasses
import functools
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from teleop.envs.factory import close_env, make_env
from teleop.envs.spaces import Space, same_space, space_to_json
from teleop.errors import RecordingError, StorageError, TeleopError, reason, sentence
from teleop.learning.policy import list_policies
from teleop.playback.replay import iter_drawn
from teleop.recording import Dataset, Library
from teleop.recording.datasets.dataset_certificates import (
    certified,
    iter_certify_row,
    store_certificate,
    valid_certificates,
)
from teleop.recording.datasets.query import Query
from teleop.recording.disk import files
from teleop.recording.exchange import bundle, episode_records, lerobot, packed, robomimic, tables
from teleop.recording.exchange.flat import parts_of
from teleop.recording.importing.read_source import is_foreign, read_source
from teleop.recording.importing.source import Columns, Source
from teleop.recording.importing.space_fit import MisfitError, fitted
from teleop.recording.rescue.dataset_rescue import Rescue, recover_dataset
from teleop.text import tr
from teleop.types.metadata import Certificate, EpisodeRow, marks_text
from teleop.workers.runners import HERE, Runner, in_order

_AT_ONCE = 20  # episodes that another process checks before it reports


def _write_lerobot_video(dataset: Dataset, rows: Sequence[EpisodeRow], target: Path) -> list[str]:
    """Write LeRobot with video: of what was observed, else of what the environment draws."""
    env_id = dataset.info().env_id
    pictures = any(part.is_image for part in parts_of(dataset.spaces()[0], "state"))
    rendered = None if pictures else functools.partial(iter_drawn, env_id)
    return lerobot.write_lerobot(dataset, rows, target, video=True, rendered=rendered)


Writer = Callable[[Dataset, Sequence[EpisodeRow], Path], list[str]]
# By export format: the writer, and the suffix of the file; empty for a folder.
FORMS: dict[str, tuple[Writer, str]] = {
    "bundle": (bundle.write_bundle, ".teleop.zip"),
    "minari": (packed.write_packed, ""),
    "robomimic": (robomimic.write_robomimic, ".hdf5"),
    "lerobot": (lerobot.write_lerobot, ""),
    "lerobot-video": (_write_lerobot_video, ""),
    "npz": (tables.write_npz, ".npz"),
    "csv": (tables.write_csv, ".csv"),
    "imitation": (tables.write_imitation, ".npz"),
    "parquet": (episode_records.write_parquet, ".parquet"),
}


def episode_rows(
    dataset: Dataset, query: Query
) -> tuple[list[dict[str, Any]], list[str], list[str]]:
    """(a row for each episode, names of the policies, names of damaged files)."""
    certificates = valid_certificates(dataset)
    rows = [_episode_row(row, certificates) for row in query.of(dataset.rows())]
    return rows, list_policies(dataset.policies), dataset.damaged()


def find_rows(dataset: Dataset, numbers: Sequence[int]) -> list[EpisodeRow]:
    """Return the episodes with these numbers, as shown in lists.

    Raises:
        RecordingError: an episode does not exist.
    """
    by_number = {row.number: row for row in dataset.rows()}
    missing = [number for number in numbers if number not in by_number]
    if missing:
        there = ", ".join(str(number) for number in by_number) or "none"
        raise RecordingError(
            f"{dataset.dataset_id} has no episode {missing[0]}; it has {there:.200}."
        )
    return [by_number[number] for number in dict.fromkeys(numbers)]


def label(
    dataset: Dataset,
    rows: Sequence[EpisodeRow],
    add: Sequence[str],
    drop: Sequence[str],
    **changes: Any,
) -> list[dict[str, Any]]:
    """Change labels; return the new ones as rows.

    Args:
        dataset: the dataset with the episodes.
        rows: the episodes.
        add: tags to add.
        drop: tags to remove.
        **changes: other fields of `Label`.
    """
    found = []
    for row in rows:
        tags = tuple((set(row.label.tags) | set(add)) - set(drop))
        new = dataset.label(row.uuid, tags=tags, **changes)
        said = dataclasses.asdict(new) | {"tags": ", ".join(new.tags)}
        found.append({"episode": row.number} | said)
    return found


def idle_ends(dataset: Dataset, row: EpisodeRow) -> tuple[int, int]:
    """Return (first step, step after the last) between the first and the last key or stick input.

    Raises:
        RecordingError: the episode has no recorded input.
    """
    times = np.array([event.time_s for event in dataset.step_details(row).inputs])
    if len(times) == 0:
        raise RecordingError(
            f"Episode {row.number} contains no keyboard or gamepad input, so Teleop cannot find "
            "its idle ends. Set the steps to keep with --first N --end M."
        )
    acted = dataset.read(row).times_s[1:]
    first = min(int((acted < times[0]).sum()), row.total_steps - 1)
    end = min(int((acted < times[-1]).sum()) + 1, row.total_steps)
    return first, max(end, first + 1)


def delete(dataset: Dataset, rows: Sequence[EpisodeRow]) -> None:
    """Move episodes to the trash."""
    with claimed(dataset):
        dataset.writer.delete(*(row.file for row in rows))


def restore(dataset: Dataset, names: Sequence[str]) -> list[int]:
    """Restore episodes from the trash, by name or number; return their episode numbers.

    Raises:
        RecordingError: an episode is not in the trash.
    """
    with claimed(dataset):
        return [dataset.writer.restore(_trashed(dataset, name)).ordinal + 1 for name in names]


def purge(dataset: Dataset) -> list[str]:
    """Delete the contents of the trash permanently."""
    with claimed(dataset):
        return dataset.writer.purge()


def verify(dataset: Dataset, runner: Runner = HERE) -> Iterator[tuple[str, str, str]]:
    """Read and re-simulate every episode; yield (episode, verdict, finding).

    Verdicts: `exact`, `diverges`, `unknown` (cannot be re-simulated here) and `unreadable`.

    Args:
        dataset: the dataset.
        runner: where the episodes are re-simulated; what was found is stored by this process.
    """
    try:
        dataset.spaces()
    except RecordingError as problem:  # every episode would fail the same way
        yield "all", "unreadable", sentence(problem)
        return
    rows = dataset.rows()
    if runner is HERE:
        for row in rows:
            yield from verify_row(dataset, row)
    else:
        yield from _verify_elsewhere(dataset, rows, runner)
    for name in dataset.damaged():
        yield name, "unreadable", "damaged; `teleop recover` may get steps out of it"


def _verify_elsewhere(
    dataset: Dataset, rows: list[EpisodeRow], runner: Runner
) -> Iterator[tuple[str, str, str]]:
    root = str(dataset.folder.resolve().parents[dataset.dataset_id.count("/")])
    parts = [rows[first : first + _AT_ONCE] for first in range(0, len(rows), _AT_ONCE)]
    asked = [(root, dataset.dataset_id, tuple(row.file for row in part)) for part in parts]
    for part, found in zip(parts, in_order(runner, _certified, asked), strict=True):
        for row, each in zip(part, found, strict=True):
            if isinstance(each, str):
                yield str(row.number), "unreadable", each
            else:
                store_certificate(dataset, each)
                yield str(row.number), each.verdict, each.text


def _certified(asked: tuple[str, str, tuple[str, ...]]) -> list[Certificate | str]:
    """Re-simulate some episodes; return the certificate of each, or why it cannot be read."""
    root, dataset_id, names = asked
    dataset = Library(Path(root)).existing(dataset_id)
    rows = {row.file: row for row in dataset.rows()}
    found: list[Certificate | str] = []
    for name in names:
        try:
            found.append(certified(dataset, rows[name]))
        except (TeleopError, KeyError) as problem:
            found.append(sentence(problem))
    return found


def verify_row(dataset: Dataset, row: EpisodeRow) -> Iterator[tuple[str, str, str]]:
    """Read and re-simulate one episode; yield (episode, verdict, finding)."""
    number = str(row.number)
    try:
        for found in iter_certify_row(dataset, row):
            if found is not None:
                yield number, found.verdict, found.text
    except TeleopError as problem:
        yield number, "unreadable", sentence(problem)


def exit_code(verdicts: Sequence[str]) -> int:
    """Return 0 if all are exact, 3 if some diverge or are unknown, 1 if some are unreadable."""
    if "unreadable" in verdicts:
        return 1
    return 0 if all(verdict == "exact" for verdict in verdicts) else 3


def export(
    dataset: Dataset, rows: Sequence[EpisodeRow], form: str, output: Path | None
) -> tuple[Path, list[str]]:
    """Write episodes in another program's format; return (path, notes for the user).

    Raises:
        RecordingError: the format is unknown, there is nothing to write, or the target exists.
        StorageError: the disk cannot be written; no incomplete file is left.
    """
    if form not in FORMS:
        raise RecordingError(f"Unknown format {form!r}. Expected one of: {', '.join(FORMS)}.")
    if not rows:
        raise RecordingError(f"No episode of {dataset.dataset_id} matches; nothing was written.")
    write, ending = FORMS[form]
    slug = dataset.dataset_id.replace("/", "-")
    target = output or Path(f"{slug}-{form}" if not ending else f"{slug}{ending}")
    if target.exists():
        raise RecordingError(f"{target} exists already; choose another name with --output.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".exporting-", dir=target.parent) as folder:
            draft = Path(folder) / target.name
            notes = write(dataset, rows, draft)
            draft.rename(target)
    except OSError as problem:
        raise StorageError(
            f"{target} cannot be written ({reason(problem)}). The partial file was removed."
        ) from problem
    return target, notes


def recover(source: Path, library: Library, into: str) -> tuple[str, Rescue]:
    """Recover whole episodes from damaged files into a new dataset; return (its id, report).

    Raises:
        RecordingError: there is nothing to recover, or the target exists.
    """
    dataset_id = into or _free_id(library, source)
    return dataset_id, recover_dataset(source, library.dataset(dataset_id))


def shares(
    rows: Sequence[EpisodeRow], parts: Sequence[str], seed: int
) -> dict[str, list[EpisodeRow]]:
    """Assign episodes at random to datasets, each given as `NAME=SHARE`.

    Raises:
        RecordingError: a part or share is invalid, or the shares add up to more than 1.
    """
    import numpy as np

    wanted: dict[str, float] = {}
    for part in parts:
        name, _, share = part.partition("=")
        try:
            wanted[name] = wanted.get(name, 0.0) + float(share or 1.0)
        except ValueError as problem:
            raise RecordingError(
                f"{part!r} is not a valid share. Write NAME=SHARE, for example "
                "cartpole-v1/train-v0=0.8"
            ) from problem
    if not all(share > 0 for share in wanted.values()) or not sum(wanted.values()) <= 1 + 1e-9:
        raise RecordingError(
            f"Shares are above 0 and add up to at most 1; these are {list(wanted.values())}."
        )
    order = np.random.default_rng(seed).permutation(len(rows)).tolist()
    ends = np.round(np.cumsum(list(wanted.values())) * len(rows)).astype(int).tolist()
    starts = [0, *ends[:-1]]
    return {
        name: [rows[index] for index in sorted(order[start:end])]
        for name, start, end in zip(wanted, starts, ends, strict=True)
    }


def _episode_row(row: EpisodeRow, certificates: dict[str, Certificate]) -> dict[str, Any]:
    """Return what is known of an episode, with lists as text."""
    known = episode_records.episode_record(row)
    certificate, trim = certificates.get(row.uuid), row.label.trim
    names = ("episode", "return", "steps", "seed", "driver", "starred")
    return {name: known[name] for name in names} | {
        "tags": ", ".join(row.label.tags),
        **{name: known[name] for name in ("note", "codename", "task")},
        "marks": marks_text(row.label.marks),
        "verdict": {None: "", True: "success", False: "failure"}[row.label.success],
        "trim": f"{trim[0]}-{trim[1]}" if trim else "",
        "recovered": row.recovered,
        "replay": certificate.text if certificate else "",
        "flags": "; ".join(row.flags),
        "file": row.file,
    }


class claimed:  # noqa: N801  used like a function
    """Claims a dataset for a `with` block, unless this program has claimed it already."""

    def __init__(self, dataset: Dataset, *, already: bool = False) -> None:
        self._dataset, self._already = dataset, already

    def __enter__(self) -> None:
        if not self._already:
            self._dataset.writer.claim()

    def __exit__(self, *_: object) -> None:
        if not self._already:
            self._dataset.writer.release()


def _trashed(dataset: Dataset, name: str) -> str:
    """Return the name in the trash for a name or number."""
    names = dataset.writer.trash.names()
    found = [n for n in names if n == name or n.split("-")[0].lstrip("0") == _ordinal(name)]
    if not found:
        there = ", ".join(names) or "nothing"
        raise RecordingError(
            f"{name} is not in the trash of {dataset.dataset_id}. The trash contains: {there:.300}"
        )
    return found[-1]


def _ordinal(number: str) -> str:
    return str(int(number) - 1).lstrip("0") if number.isdecimal() else "none"


def _free_id(library: Library, source: Path) -> str:
    stem = "".join(c if c.isalnum() or c in "-_" else "-" for c in source.stem.lower()).strip("-")
    for number in range(1000):
        dataset_id = f"recovered/{stem[:60] or 'episodes'}-v{number}"
        if not files.exists(library.dataset(dataset_id).folder):
            return dataset_id
    raise RecordingError("Name the dataset that episodes go to: --into NAME-v0")


def foreign_source(path: Path, columns: Columns) -> Source | None:
    """Open another program's file or folder; None for a dataset of Teleop or Minari.

    Raises:
        RecordingError: it is not understood or damaged.
        StorageError: it cannot be read.
    """
    path = path.resolve()
    try:
        return read_source(path, columns) if is_foreign(path) else None
    except TeleopError:
        raise
    except OSError as problem:
        raise StorageError(
            tr("{source} cannot be imported ({problem}).", source=path, problem=reason(problem))
        ) from problem


def name_environment(dataset: Dataset, env_id: str) -> None:
    """Set the environment of a dataset that does not name one.

    Raises:
        EnvError: the environment is not available.
        RecordingError: the dataset already names an environment, or its spaces differ.
        StorageError: the disk cannot be written.
    """
    named = dataset.info().env_id
    if named:
        raise RecordingError(f"{dataset.dataset_id} already names its environment: {named}.")
    env = make_env(env_id, render=False)
    close_env(env)
    spaces = (env.observation_space, env.action_space)
    data = dataset.metadata() | {"env_spec": env.spec.to_json() if env.spec else None}
    for kind, own, its in zip(("observation", "action"), dataset.spaces(), spaces, strict=True):
        if same_space(own, its):
            continue
        if not _holds(dataset, kind, its):
            raise RecordingError(
                f"{env_id} has another {kind} space ({its}) than {dataset.dataset_id} ({own}). "
                "Name the environment that it was recorded in, or import the file again with "
                "--env, which converts the values."
            )
        data[f"{kind}_space"] = space_to_json(its)
    if not dataset.is_foreign:
        data["teleop"] = data["teleop"] | {"env_id": env_id}
    path = dataset.places.description
    try:
        files.write_atomic(path, json.dumps(data).encode())
    except OSError as problem:
        raise StorageError(
            tr(
                "{path} cannot be written ({problem}).",
                path=path,
                problem=reason(problem),
            )
        ) from problem


def _holds(dataset: Dataset, kind: str, space: Space) -> bool:
    """Return whether another program's values are, as they are stored, values of a space."""
    if not dataset.is_foreign:
        return False
    for row in dataset.rows():
        episode = dataset.read(row)
        stored = episode.observations if kind == "observation" else episode.actions
        try:
            if not _same_values(stored, fitted(stored, space)):
                return False
        except MisfitError:
            return False
    return True


def _same_values(one: Any, other: Any) -> bool:
    if isinstance(one, dict):
        return all(_same_values(value, other[name]) for name, value in one.items())
    return bool(one.dtype == other.dtype and np.array_equal(one, other))
