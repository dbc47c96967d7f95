"""The classroom process: watches the folder of a class, and studies what was handed in there."""

import contextlib
import signal
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from teleop.classroom.class_dataset import (
    class_datasets,
    outdated_policies,
    take_out,
    update_class_dataset,
)
from teleop.classroom.class_folder import ClassFolder
from teleop.classroom.class_study import ClassStudy
from teleop.classroom.taken_out import TakenOut
from teleop.errors import TeleopError, sentence
from teleop.recording import Library
from teleop.runtime.processes.request_handler import RequestHandler, Stopped
from teleop.runtime.protocol.class_messages import (
    ClassListed,
    ClassStudied,
    StopStudy,
    StudyClass,
    TakeOut,
    WatchClass,
)
from teleop.runtime.protocol.session_messages import Request
from teleop.text import tr
from teleop.workers.worker_pool import WorkerPool, lower_priority

_LOOK_S = 2.0  # between two looks at the folder


def serve(pipe: "Connection[Any, Any]") -> None:
    """Handle requests until the window asks to quit or has closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    lower_priority()
    pool = WorkerPool()
    try:
        with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
            ClassroomProcess(pipe, pool).run()
    finally:
        pool.close()


class ClassroomProcess(RequestHandler):
    """Handles requests, and looks at the folder while there are none."""

    def __init__(self, pipe: "Connection[Any, Any]", pool: WorkerPool) -> None:
        super().__init__(pipe)
        self._pool, self._unread = pool, False
        self._waiting: WatchClass | None = None  # another folder, which came during other work
        self._watched: WatchClass | None = None
        self._folder: ClassFolder | None = None
        self._out = TakenOut(None)
        self._told = ClassListed(Path())
        self._handlers = {
            WatchClass: self._watch,
            TakeOut: self._take_out,
            StudyClass: self._study,
        }

    def run(self) -> None:
        """Handle requests until the window asks to quit."""
        while not self._quits:
            waiting, self._waiting = self._waiting, None
            if waiting is not None:
                self.handle(waiting)
            elif self._pipe.poll(None if self._folder is None else _LOOK_S):
                self.handle(self._pipe.recv())
            else:
                self._look()

    def _check(self) -> None:
        """Handle what the window has sent meanwhile.

        Raises:
            Stopped: the current work must end.
        """
        while self._pipe.poll():
            message = self._pipe.recv()
            self._quits = message is Request.QUIT
            if isinstance(message, TakeOut):
                self._take_out(message)
            elif isinstance(message, WatchClass) and not self._is_watched(message):
                self._waiting = message
            if self._quits or self._waiting or isinstance(message, StopStudy):
                self._pool.close()
                raise Stopped

    def _is_watched(self, request: WatchClass) -> bool:
        return self._watched is not None and self._watched.folder == request.folder

    # ------------------------------------------------------------ the folder

    def _watch(self, request: WatchClass) -> None:
        if not self._is_watched(request):
            self._folder = ClassFolder(request.folder, self._pool)
            self._unread = True
            self._told = ClassListed(request.folder)
        self._watched, self._out = request, TakenOut(request.taken_out)
        self._look()

    def _look(self) -> None:
        """Read what is new in the folder, and tell the window."""
        if self._folder is None:
            return
        try:
            self._unread = self._folder.look() or self._unread
            if self._told.problem:
                self._unread = True
            if not self._unread:
                return
            self._list()

            def on_progress(done: int, total: int, _: str) -> None:
                self._told = replace(self._told, done=done, total=total)

            with contextlib.suppress(Stopped):
                for _ in self._folder.iter_read(on_progress):
                    self._list()
                    self._check()
                self._unread = False
            self._told = replace(self._told, done=0, total=0)
            self._list()
        except TeleopError as problem:
            said = sentence(problem)
            if said != self._told.problem:
                self._told = replace(self._told, problem=said)
                self._pipe.send(self._told)

    def _list(self) -> None:
        """Send the rows as far as they are known."""
        if self._folder is None or self._watched is None:
            return
        rows = tuple(self._folder.rows(self._out.uuids))
        env_id = self._folder.env_id
        self._told = replace(
            self._told, rows=rows, env_id=env_id, problem="", outdated=self._outdated()
        )
        self._pipe.send(self._told)

    def _outdated(self) -> tuple[str, ...]:
        """Return the class policies that learned from episodes which are gone."""
        names: list[str] = []
        with contextlib.suppress(TeleopError):
            if self._watched is not None:
                library = Library(self._watched.root)
                for dataset in class_datasets(library, self._watched.folder):
                    names += outdated_policies(dataset)
        return tuple(names)

    def _take_out(self, request: TakeOut) -> None:
        """Take a student's data out, also of the dataset of the class, or put it back."""
        if self._watched is None:
            return
        try:
            library, folder = Library(self._watched.root), self._watched.folder
            take_out(library, folder, request.student, self._out, back=not request.is_out)
        except TeleopError as problem:
            self._pipe.send(ClassStudied(final=True, problem=sentence(problem)))
        self._list()

    # ------------------------------------------------------------ the study

    def _study(self, _: StudyClass) -> None:
        if self._folder is None or self._watched is None:
            return
        told = ClassStudied(phase=tr("Collecting the episodes"))
        self._pipe.send(told)
        problem = ""
        root, folder = self._watched.root, self._watched.folder
        try:
            counting, out = self._folder.handed_in(), self._out.uuids

            def on_progress(done: int, total: int) -> None:
                self._pipe.send(replace(told, done=done, total=total))
                self._check()

            dataset = update_class_dataset(Library(root), folder, counting, out, on_progress)
            study = ClassStudy(dataset, root, self._pool)
            for part in study.run():
                told = ClassStudied(part.found, part.done, part.total, part.phase)
                self._pipe.send(told)
                self._check()
        except TeleopError as trouble:
            problem = sentence(trouble)
        except Stopped:
            problem = tr("Stopped.")
            raise
        except Exception as trouble:  # noqa: BLE001  untrusted data can raise anything; report it
            problem = tr(
                "The study failed: {problem}. What was handed in is safe.",
                problem=sentence(trouble),
            )
        finally:
            self._pipe.send(replace(told, final=True, problem=problem))
        self._list()
