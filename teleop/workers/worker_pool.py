"""A pool of processes for many independent calls."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
_NICE, _MOST_PROCESSES = 10, 8
_PATIENCE_S = 5.0  # for a process to end


def lower_priority() -> None:
    """Give this process a low priority, so that the window and other programs go first."""
    if hasattr(os, "nice"):
        os.nice(_NICE)
        if hasattr(os, "SCHED_BATCH"):  # never preempts a process that has just been woken
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        return
    import ctypes  # Windows

    below_normal = 0x4000
    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined]
    kernel.SetPriorityClass(kernel.GetCurrentProcess(), below_normal)


class WorkerPool:
    """Processes at low priority that run many independent calls beside each other."""

    def __init__(self, count: int = 0) -> None:
        """Create a pool; its processes start with the first call.

        Args:
            count: number of processes; 0: one for each core, at most eight.
        """
        self.count = count or min(_MOST_PROCESSES, os.cpu_count() or 1)
        self._executor: ProcessPoolExecutor | None = None
        self._others: set[int | None] = set()  # child processes that are not the pool's

    def each(
        self, function: Callable[[Item], Result], items: Sequence[Item]
    ) -> Iterator[tuple[int, Result | Exception]]:
        """Call a function with each item; yield (index, result or error) as they become known.

        If a process dies, what was not finished is done again, one by one; a call whose process
        dies then as well yields this error.

        Args:
            function: a function of a module.
            items: the arguments, which must be picklable.
        """
        broken: list[int] = []
        for index, result in self._together(function, items):
            if isinstance(result, BrokenProcessPool):
                broken.append(index)
            else:
                yield index, result
        for index in broken:
            self.close()
            for _, result in self._together(function, [items[index]]):
                yield index, result

    def close(self) -> None:
        """End the processes, whatever they do, and wait until they have ended."""
        executor, self._executor = self._executor, None
        if executor is None:
            return
        executor.shutdown(wait=False, cancel_futures=True)
        own = [p for p in multiprocessing.active_children() if p.pid not in self._others]
        for process in own:
            process.terminate()
        for process in own:
            process.join(_PATIENCE_S)

    def _together(
        self, function: Callable[[Item], Result], items: Sequence[Item]
    ) -> Iterator[tuple[int, Result | Exception]]:
        if self._executor is None:
            self._others = {process.pid for process in multiprocessing.active_children()}
            context = multiprocessing.get_context("spawn")
            self._executor = ProcessPoolExecutor(self.count, context, _begin_in_pool)
        futures: dict[Future[Result], int] = {}
        for index, item in enumerate(items):
            try:
                futures[self._executor.submit(function, item)] = index
            except BrokenProcessPool as problem:  # a process died while others were handed out
                yield index, problem
        for future in as_completed(futures):
            found = future.exception()
            if found is None:
                yield futures[future], future.result()
            elif isinstance(found, Exception):
                yield futures[future], found
            else:
                raise found


def _begin_in_pool() -> None:
    """Prepare a process of a pool: one thread, low priority, and an end with its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for library in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")  # read when these libraries are loaded
    lower_priority()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
