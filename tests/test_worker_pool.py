"""A pool of processes: results, errors, and a call whose process dies."""

import multiprocessing
import os
import signal
from concurrent.futures.process import BrokenProcessPool

from teleop.workers.worker_pool import WorkerPool


def double(value: int) -> int:
    if value < 0:
        raise ValueError(f"{value} is negative")
    return 2 * value


def die_at_three(value: int) -> int:
    if value == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return 2 * value


def nice(_: int) -> int:
    return os.nice(0)


def test_results_and_errors_come_with_their_index() -> None:
    pool = WorkerPool(2)
    found = dict(pool.each(double, [1, -2, 5]))
    pool.close()
    assert (found[0], found[2]) == (2, 10)
    assert isinstance(found[1], ValueError)


def test_a_call_whose_process_dies_costs_only_itself() -> None:
    pool = WorkerPool(2)
    found = dict(pool.each(die_at_three, list(range(8))))
    assert isinstance(found.pop(3), BrokenProcessPool)
    assert found == {index: 2 * index for index in range(8) if index != 3}
    assert dict(pool.each(double, [4])) == {0: 8}  # and the pool goes on
    pool.close()


def test_its_processes_have_a_low_priority_and_end_with_it() -> None:
    before = {process.pid for process in multiprocessing.active_children()}
    pool = WorkerPool(1)
    ((_, level),) = pool.each(nice, [0])
    assert isinstance(level, int)
    assert level >= 10
    (process,) = (p for p in multiprocessing.active_children() if p.pid not in before)
    pool.close()
    process.join(10)
    assert process.exitcode is not None
