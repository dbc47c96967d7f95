"""Where many independent calls run: processes here, a dask cluster, or Slurm.

Scheduling, queues and retries belong to these engines: `concurrent.futures`, dask.distributed and
submitit.
"""

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import as_completed
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from teleop.errors import WorkerError
from teleop.workers.worker_pool import WorkerPool

Item = TypeVar("Item")
Result = TypeVar("Result")
PLACES = "local:N, dask://HOST:PORT, or slurm:PARTITION"
_CONNECT_S = 5
_LOOK_EVERY_S = 0.5
_MOST_LOCAL = 256


class Runner(Protocol):
    """Runs independent calls beside each other."""

    def each(
        self, function: Callable[[Item], Result], items: Sequence[Item]
    ) -> Iterator[tuple[int, Result | Exception]]:
        """Call a function with each item; yield (index, result or error) as they become known."""
        ...

    def close(self) -> None:
        """Cancel what is not finished, and let go of the engine."""
        ...


class _Here:
    """Makes the calls in this process, one after the other, as their results are asked for."""

    def each(
        self, function: Callable[[Item], Result], items: Sequence[Item]
    ) -> Iterator[tuple[int, Result | Exception]]:
        for index, item in enumerate(items):
            yield index, _outcome(partial(function, item))

    def close(self) -> None:
        pass


HERE: Runner = _Here()


def in_order(
    runner: Runner, function: Callable[[Item], Result], items: Sequence[Item]
) -> Iterator[Result]:
    """Call a function with each item; yield the results in the order of the items.

    Raises:
        Exception: what a call raised, once the results before it have been yielded.
    """
    early: dict[int, Result | Exception] = {}
    wanted = 0
    for index, result in runner.each(function, items):
        early[index] = result
        while wanted in early:
            ready = early.pop(wanted)
            if isinstance(ready, Exception):
                raise ready
            yield ready
            wanted += 1


@contextlib.contextmanager
def running(on: str, folder: Path | None = None) -> Iterator[Runner]:
    """Open what an address names, as `runner_for` does; close it afterwards.

    Args:
        on: an address; empty for this process.
        folder: a folder that all machines share, for the jobs' files; None: a folder in the
            current one that is deleted afterwards.

    Raises:
        WorkerError: it is not understood, its package is missing, or it does not answer.
    """
    if not on:
        yield HERE
        return
    with contextlib.ExitStack() as stack:
        if folder is None and on.startswith("slurm:"):
            folder = Path(
                stack.enter_context(
                    tempfile.TemporaryDirectory(prefix="teleop-jobs-", dir=Path.cwd())
                )
            )
        runner = runner_for(on, folder or Path.cwd())
        stack.callback(runner.close)
        yield runner


def runner_for(on: str, folder: Path) -> Runner:
    """Return the engine that an address names.

    Args:
        on: `local:N`, `dask://HOST:PORT` or `slurm:PARTITION`; `slurm:local` runs the jobs on
            this computer, to try them.
        folder: a folder that all machines share, for the jobs' files.

    Raises:
        WorkerError: it is not understood, its package is missing, or it does not answer.
    """
    kind, _, rest = on.partition(":")
    if kind == "local" and (not rest or rest.isdecimal()) and int(rest or 1) <= _MOST_LOCAL:
        return WorkerPool(int(rest or 0))
    if kind == "dask" and rest.startswith("//") and len(rest) > len("//"):
        return _Dask(rest.removeprefix("//"))
    if kind == "slurm" and rest:
        return _Slurm(rest, folder)
    raise WorkerError(f"--on {on} is not understood; write {PLACES}.")


class _Dask:
    """A cluster of dask.distributed. A call whose worker dies is run again by the scheduler."""

    def __init__(self, address: str) -> None:
        try:
            import distributed
        except ImportError as problem:
            raise _missing("dask.distributed") from problem
        try:
            client: Any = distributed.Client
            self._client = client(address, timeout=_CONNECT_S, set_as_default=False)
        except (OSError, ValueError) as problem:
            raise WorkerError(
                f"No dask scheduler answers at {address} ({problem}). Start one with `dask "
                f"scheduler`, and workers with `dask worker {address}`."
            ) from problem

    def each(
        self, function: Callable[[Item], Result], items: Sequence[Item]
    ) -> Iterator[tuple[int, Result | Exception]]:
        executor = self._client.get_executor(pure=False, retries=0)
        futures = {executor.submit(function, item): index for index, item in enumerate(items)}
        for future in as_completed(futures):
            yield futures[future], _outcome(future.result)

    def close(self) -> None:
        with contextlib.suppress(OSError, TimeoutError):
            self._client.close(timeout=_CONNECT_S)


class _Slurm:
    """Jobs of a Slurm cluster, by submitit."""

    def __init__(self, partition: str, folder: Path) -> None:
        try:
            import submitit
        except ImportError as problem:
            raise _missing("submitit") from problem
        cluster = "local" if partition == "local" else "slurm"
        try:
            self._executor = submitit.AutoExecutor(folder=folder / "jobs", cluster=cluster)
        except RuntimeError as problem:
            raise WorkerError(f"Slurm cannot be used here ({problem}).") from problem
        more = {} if cluster == "local" else {"slurm_partition": partition}
        self._executor.update_parameters(timeout_min=24 * 60, cpus_per_task=1, **more)
        self._jobs: list[Any] = []

    def each(
        self, function: Callable[[Item], Result], items: Sequence[Item]
    ) -> Iterator[tuple[int, Result | Exception]]:
        self._jobs = [self._executor.submit(function, item) for item in items]
        waiting = dict(enumerate(self._jobs))
        while waiting:
            done = [index for index, job in waiting.items() if job.done()]
            for index in done:
                yield index, _outcome(waiting.pop(index).result)
            if not done:
                time.sleep(_LOOK_EVERY_S)

    def close(self) -> None:
        for job in self._jobs:
            if not job.done():
                job.cancel()


def _outcome(result: Callable[[], Result]) -> Result | Exception:
    try:
        return result()
    except Exception as problem:  # noqa: BLE001  a call may raise anything; the caller decides
        return problem


def _missing(package: str) -> WorkerError:
    return WorkerError(f"This needs {package}: pip install 'teleop-studio[cluster]'")
