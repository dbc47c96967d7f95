"""Allow only files that this computer wrote itself or has vetted.

A file that Teleop wrote or vetted on this computer is known by name, size, time and inode, which
are stored in the user's cache folder. Any other file is vetted (`vetting`) in a separate process
with little memory and time, so a malformed file can crash or fill only that process.
"""

import atexit
import contextlib
import hashlib
import json
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any

import h5py

from teleop import paths
from teleop.errors import DamagedFileError, HostileFileError, reason
from teleop.recording.disk import files
from teleop.recording.trust.vetting import vet_file
from teleop.text import tr
from teleop.workers.worker_programs import worker_command

_MEMORY = 192 << 20  # bytes in addition to what the process uses at its start
_CPU_S = 2
_BYTES_PER_S = 1 << 20  # the speed for images that compress a hundredfold
_PATIENCE_S = 60.0
_IDLE_S = 120.0
_ROWS_BYTES = 1 << 20


def admit(path: Path, *, links: bool = False, pictures: bool = False) -> None:
    """Vet a file before it is opened, unless it is known.

    Args:
        path: an HDF5 file.
        links: whether it is an index, which may link to episode files next to it.
        pictures: whether it may contain encoded images.

    Raises:
        HostileFileError: the file must not be opened; the message says why.
        DamagedFileError: the file cannot be read.
    """
    with _LOCK:
        if _KNOWN.has(path):
            return
        _WORKER.check(path, links=links, pictures=pictures)
        _KNOWN.add(path)


def knows(path: Path) -> bool:
    """Return whether a file is unchanged since this computer wrote or vetted it."""
    with _LOCK:
        return _KNOWN.has(path)


def know(path: Path) -> None:
    """Remember a file that this program has just written."""
    with _LOCK:
        _KNOWN.add(path)


class _Known:
    """Files that need no vetting, remembered in the cache folder."""

    def __init__(self) -> None:
        self._marks: dict[str, set[str]] = {}

    def has(self, path: Path) -> bool:
        folder, mark = _mark(path)
        return bool(mark) and mark in self._in(folder)

    def add(self, path: Path) -> None:
        folder, mark = _mark(path)
        marks = self._in(folder)
        if not mark or mark in marks:
            return
        marks.add(mark)
        register = _register(folder)
        with contextlib.suppress(OSError):  # then it is vetted again next time
            register.parent.mkdir(parents=True, exist_ok=True)
            with register.open("ab", buffering=0) as file:
                file.write(mark.encode("utf-8", "surrogatepass") + b"\n")

    def _in(self, folder: str) -> set[str]:
        if folder not in self._marks:
            try:
                text = _register(folder).read_bytes().decode("utf-8", "surrogatepass")
            except (OSError, ValueError):
                text = ""
            self._marks[folder] = set(text.splitlines())
        return self._marks[folder]


class _Worker:
    """The process that vets files; it is started when needed, and again after a crash."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._answers: queue.Queue[bytes] = queue.Queue()
        self._timer: threading.Timer | None = None

    def check(self, path: Path, **options: bool) -> None:
        asked = {"path": str(path), "root": str(files.root_of(path)), **options}
        question = json.dumps(asked).encode() + b"\n"
        patience_s = _PATIENCE_S + _size(path) / _BYTES_PER_S
        # The process may have died for another reason, so a second one is asked.
        answer = self._answer(question, patience_s) or self._answer(question, patience_s)
        if not answer:
            raise HostileFileError(
                tr(
                    "{path} crashes the HDF5 library or needs more time or memory than any "
                    "recording, so it was not opened; `teleop recover` may extract episodes from "
                    "it.",
                    path=path,
                )
            )
        problem, is_damage = json.loads(answer)
        if problem:
            raise (DamagedFileError if is_damage else HostileFileError)(problem)

    def _answer(self, question: bytes, patience_s: float) -> bytes:
        """Return the answer of the process; empty if it crashed or timed out."""
        process = self._running()
        self._stop_when_idle()
        try:
            self._pipe(process.stdin).write(question)
            self._pipe(process.stdin).flush()
            answer = self._answers.get(timeout=patience_s)
        except (OSError, queue.Empty):
            answer = b""
        if not answer:
            self.stop()
        return answer

    def stop(self) -> None:
        process, self._process = self._process, None
        if process:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):
                    self._pipe(pipe).close()

    def _stop_when_idle(self) -> None:
        """Stop the process later if it is idle: it takes 60 MB and is rarely needed."""
        if self._timer:
            self._timer.cancel()
        self._timer = threading.Timer(_IDLE_S, self._stop_idle)
        self._timer.daemon = True
        self._timer.start()

    def _stop_idle(self) -> None:
        with _LOCK:
            self.stop()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process and self._process.poll() is None:
            return self._process
        self.stop()
        self._answers = queue.Queue()
        self._process = subprocess.Popen(
            worker_command("vetting"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        )
        source, answers = self._pipe(self._process.stdout), self._answers
        threading.Thread(target=_listen, args=(source, answers), daemon=True).start()
        return self._process

    @staticmethod
    def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
        if pipe is None:
            raise ValueError("the process was started without pipes")
        return pipe


def _size(path: Path) -> int:
    try:
        return files.stat(path).st_size
    except FileNotFoundError as problem:
        raise DamagedFileError(
            tr("{path} cannot be read ({problem}).", path=path, problem=reason(problem))
        ) from problem


def serve() -> None:
    """Run the process: one question per input line, one answer per output line."""
    _limit_memory()
    for line in sys.stdin.buffer:
        question = json.loads(line)
        path = Path(question.pop("path"))
        files.guard(Path(question.pop("root")))
        _limit_time(path)
        answer: tuple[str | None, bool] = (None, False)
        try:
            vet_file(path, **question)
            if not question["links"]:
                _read_all(path)
        except HostileFileError as found:
            answer = (str(found), False)
        except DamagedFileError as found:
            answer = (str(found), True)
        except Exception as found:  # noqa: BLE001  every error is reported
            text = f"{path} is damaged ({type(found).__name__}); `teleop recover` may help."
            answer = (text, True)
        sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
        sys.stdout.buffer.flush()


def _read_all(path: Path) -> None:
    """Decompress all data once, in small parts."""

    def read(_: str, node: Any) -> None:
        if not isinstance(node, h5py.Dataset):
            return
        if not node.shape:
            node[()]
            return
        row = max(1, node.nbytes // max(1, node.shape[0]))
        step = max(_ROWS_BYTES // row, node.chunks[0] if node.chunks else 1)
        for at in range(0, node.shape[0], step):
            node[at : at + step]

    with files.hdf5(path) as file:
        file.visititems(read)


def _limit_memory() -> None:
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource  # not available on Windows, where only the timeout applies

        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + _MEMORY, used + _MEMORY))


def _limit_time(path: Path) -> None:
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        usage = resource.getrusage(resource.RUSAGE_SELF)
        allowed = _CPU_S + files.stat(path).st_size // _BYTES_PER_S
        end = int(usage.ru_utime + usage.ru_stime) + 1 + allowed
        resource.setrlimit(resource.RLIMIT_CPU, (end, resource.RLIM_INFINITY))


def _listen(pipe: IO[bytes], answers: "queue.Queue[bytes]") -> None:
    with contextlib.suppress(ValueError, OSError):
        for line in pipe:
            answers.put(line)
    answers.put(b"")


def _mark(path: Path) -> tuple[str, str]:
    """Return (folder, text that identifies the file in it); no text if there is no file."""
    folder = str(path.parent.absolute())
    try:
        found = files.stat(path)
    except OSError:
        return folder, ""
    return folder, f"{path.name} {found.st_size} {found.st_mtime_ns} {found.st_ino}"


def _register(folder: str) -> Path:
    digest = hashlib.sha256(folder.encode("utf-8", "surrogatepass")).hexdigest()
    return paths.cache_folder() / "vetted" / digest[:32]


_LOCK = threading.Lock()
_KNOWN = _Known()
_WORKER = _Worker()
atexit.register(lambda: _WORKER.stop())


def _reset_after_fork() -> None:
    """Reset the module in a forked child, which has neither the thread nor the process."""
    global _LOCK, _WORKER
    _LOCK, _WORKER = threading.Lock(), _Worker()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset_after_fork)
