"""Saves, discards, restores and lists takes and episodes in the background."""

import contextlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import gymnasium as gym
import numpy as np

from teleop.errors import StorageError, sentence
from teleop.learning.data.lag_estimate import reaction_s
from teleop.recording import Dataset, Library, Recorder, Take, dataset_info
from teleop.recording.datasets.dataset_library import human_dataset_id
from teleop.recording.disk import files
from teleop.recording.episodes.episode import Episode
from teleop.runtime.datasets.corrections import iter_corrected
from teleop.runtime.datasets.listing import library_changed
from teleop.runtime.protocol.driving_options import DriveOptions
from teleop.runtime.protocol.session_messages import Corrections, Notice, Say, Tone
from teleop.take_over import OVER
from teleop.text import joined, ntr, tr
from teleop.types.metadata import EpisodeRow, Mark

_Job = tuple[Future[Any], Callable[[Any], None], Callable[[], None] | None]


class TakeNotes:
    """What the person notes about a take while they drive.

    Attributes:
        starred: whether the take will be starred.
        marks: the moments that were marked.
        inputs: number of inputs so far.
    """

    def __init__(self) -> None:
        self.inputs, self.starred = 0, False
        self.marks: list[Mark] = []

    def forget(self) -> None:
        """Begin a new take."""
        self.inputs, self.starred, self.marks = 0, False, []

    def star(self) -> None:
        """Star the take, or take the star back."""
        self.starred = not self.starred

    def mark(self, step: int) -> Mark:
        """Mark a moment; its name is a number until somebody gives it another."""
        self.cut(step)
        self.marks.append(Mark(step, str(len(self.marks) + 1)))
        return self.marks[-1]

    def cut(self, step: int) -> None:
        """Drop the marks from a step on: the person went back before it."""
        self.marks = [mark for mark in self.marks if mark.step < step]


class TakeStore:
    """The recordings of one environment on disk, and the pending take."""

    def __init__(
        self,
        library: Library,
        env_id: str,
        env: gym.Env[Any, Any],
        worker: ThreadPoolExecutor,
        say: Say,
        options: DriveOptions,
    ) -> None:
        self._library, self._env_id, self._env, self.say = library, env_id, env, say
        self._worker = worker
        self.pending: Take | None = None
        self.recorder: Recorder | None = None
        self._undo: list[str] = []
        self._unsaved: list[Take] = []  # takes that could not be saved and are still journals
        self._claimed_dataset = False
        self._dataset = library.dataset(human_dataset_id(env_id))
        self._shown = library.dataset(library.best_dataset_id(env_id))
        self._jobs: list[_Job] = []
        space = env.observation_space
        self._is_plain = isinstance(space, gym.spaces.Box) and len(space.shape) == 1
        self.stays = False  # keep listing the shown dataset, wherever takes go
        self._unlisted = ""  # the last reported reason why something could not be listed
        self.options = options
        self.notes = TakeNotes()
        self.changed = False  # something that the window shows outside the list

    @property
    def busy(self) -> bool:
        """Whether something is being written in the background."""
        return bool(self._jobs)

    @property
    def can_undo(self) -> bool:
        """Whether there is something to restore."""
        return bool(self._undo)

    @property
    def episodes(self) -> int:
        """Number of episodes saved in the person's own dataset."""
        return len(self._dataset.rows()) if self._dataset.exists else 0

    def claimed(self, dataset_id: str) -> Dataset | None:
        """Return the person's own dataset if it has this id and is open for writing."""
        own = self._claimed_dataset and dataset_id == self._dataset.dataset_id
        return self._dataset if own else None

    def begin(self) -> None:
        """List the recordings, and recover takes of an interrupted run."""
        if self._dataset.exists:
            self._work(self._open_dataset, self._claimed)
        else:
            self._work(lambda: None, lambda _: self.list())

    def ready_recorder(self) -> Recorder:
        """Return the recorder for takes of this environment.

        Raises:
            RecordingError: the dataset cannot be opened for writing.
        """
        if self.recorder is None:
            self._worker.submit(self._open_dataset).result()  # waits for a running claim
            self.recorder = Recorder(self._dataset, self._env)
        if warning := self._dataset.writer.room_left():
            self.say(Notice(Tone.BAD, warning))
        if not self.stays and self._shown.dataset_id != self._dataset.dataset_id:
            self.choose_dataset(self._dataset.dataset_id)
        return self.recorder

    def offer(self, take: Take | None) -> None:
        """Hold a finished take until the person saves or discards it."""
        if take:
            self.pending = take
            if take.problem:
                self.say(Notice(Tone.BAD, take.problem))

    def mark(self, step: int) -> None:
        """Mark a step of the running take; practice and the start have nothing to mark."""
        if step and not self.options.practice:
            mark = self.notes.mark(step)
            self.say(Notice(Tone.PLAIN, tr("Mark {name}: step {step}", name=mark.name, step=step)))

    def keep(self, note: str = "") -> None:
        """Save the pending take, labelled with what was noted, the task and the codename."""
        take, self.pending = self.pending, None
        if take is None or self.recorder is None:
            return
        recorder = self.recorder
        label = {"starred": self.notes.starred, "marks": tuple(self.notes.marks)}
        label |= {"codename": self.options.codename, "task": self.options.task}
        if not self.stays:
            self._shown = self._dataset

        def save() -> tuple[EpisodeRow, tuple[str, ...]]:
            row = recorder.keep(take)
            if any(label.values()):
                self._dataset.label(row.uuid, **label)
            late = ""
            if self._is_plain:
                with contextlib.suppress(Exception):  # the take is saved; this only adds a remark
                    late = _lateness(self._dataset.read(row))
            return row, tuple(part for part in (note, late) if part)

        def kept(saved: tuple[EpisodeRow, tuple[str, ...]]) -> None:
            self._kept(*saved)
            if OVER in saved[0].driver_name:
                self.list_corrections()

        self._work(save, kept, lambda: self._not_kept(take))

    def discard(self, why: str = "") -> None:
        """Move the pending take to the trash; `undo` restores it."""
        take = self.pending
        if take and self.recorder:
            try:
                self._undo.append(self.recorder.discard(take))
            except StorageError as problem:  # the take stays pending
                self.say(Notice(Tone.BAD, sentence(problem)))
                return
            self.pending = None
            text = ntr(
                "Discarded {n} step, return {total}",
                "Discarded {n} steps, return {total}",
                take.total_steps,
                total=_signed(take.total_reward),
            )
            self.say(Notice(Tone.UNDO, joined(": ", (text, why)) if why else text))

    def set_aside(self, take: Take | None) -> None:
        """Move a take that was abandoned by rewinding to the trash, as a whole."""
        if take and self.recorder and take.total_steps:
            with contextlib.suppress(StorageError):  # it stays a journal and is recovered later
                self.recorder.discard(take)

    def delete(self, file: str) -> None:
        """Move a saved episode to the trash."""
        if self._shown.dataset_id != self._dataset.dataset_id:
            text = tr(
                "{dataset_id} cannot be deleted from here. Nothing was changed.",
                dataset_id=self._shown.dataset_id,
            )
            self.say(Notice(Tone.BAD, text))
            return
        self._work(lambda: self._dataset.writer.delete(file), lambda _: self._deleted(file))

    def undo(self) -> None:
        """Restore what was discarded or deleted last."""
        if not self._undo:
            self.say(Notice(Tone.PLAIN, tr("There is nothing to undo.")))
            return
        name, self.changed = self._undo.pop(), True
        self._work(lambda: self._dataset.writer.restore(name), self._restored)

    def star(self, uuid: str, starred: bool) -> None:
        """Star an episode, or remove its star."""
        dataset = self._shown
        self._work(lambda: dataset.label(uuid, starred=starred), lambda _: self.list())

    def choose_dataset(self, dataset_id: str) -> None:
        """List the episodes of another dataset; an empty id means the person's own."""
        dataset_id = dataset_id or self._dataset.dataset_id
        if dataset_id == self._dataset.dataset_id:
            self._shown = self._dataset
        elif any(s.dataset_id == dataset_id for s in self._library.summaries(self._env_id)):
            self._shown = self._library.dataset(dataset_id)
        self.list()

    def list(self) -> None:
        """Send the list of recordings; report once why some of it cannot be read."""
        found, problem = library_changed(self._library, self._env_id, self._shown)
        self.say(found)
        if problem and problem != self._unlisted:
            self.say(Notice(Tone.BAD, problem))
        self._unlisted = problem

    def list_corrections(self) -> None:
        """Send the list of episodes in which a person corrected a policy."""
        job = lambda: tuple(iter_corrected(self._dataset))  # noqa: E731
        self._work(job, lambda found: self.say(Corrections(found)))

    def collect(self) -> None:
        """Handle the results of finished background jobs."""
        while self._jobs and self._jobs[0][0].done():
            future, then, otherwise = self._jobs.pop(0)
            problem = future.exception()
            if problem is not None:  # an unexpected file must not end the session
                self.say(Notice(Tone.BAD, sentence(problem)))
                self.list()
                if otherwise:
                    otherwise()
            else:
                then(future.result())

    def close(self) -> None:
        """Wait for the background jobs, and release the dataset."""
        wait([future for future, *_ in self._jobs])
        self.collect()
        self._dataset.writer.release()

    def _open_dataset(self) -> tuple[int, int]:
        """Open the dataset for writing; return (recovered takes, takes waiting for disk space)."""
        if self._claimed_dataset:
            return 0, 0
        self._dataset = self._library.open_for_writing(
            self._dataset.dataset_id, dataset_info(self._env)
        )
        found = self._dataset.writer.claim()
        self._claimed_dataset = True
        return len(found.recovered), len(found.waiting)

    def _work(
        self,
        job: Callable[[], Any],
        then: Callable[[Any], None],
        otherwise: Callable[[], None] | None = None,
    ) -> None:
        self._jobs.append((self._worker.submit(job), then, otherwise))

    def _claimed(self, result: tuple[int, int]) -> None:
        recovered, waiting = result
        if self.recorder is None:
            self.recorder = Recorder(self._dataset, self._env)
        if self._shown.dataset_id == self._dataset.dataset_id:
            self._shown = self._dataset
        if recovered:
            text = ntr(
                "{n} take was recovered from an interrupted run.",
                "{n} takes were recovered from an interrupted run.",
                recovered,
            )
            self.say(Notice(Tone.GOOD, text))
        if waiting:
            text = ntr(
                "{n} take is waiting for free disk space.",
                "{n} takes are waiting for free disk space.",
                waiting,
            )
            self.say(Notice(Tone.BAD, text))
        self.list()

    def _kept(self, row: EpisodeRow, notes: tuple[str, ...]) -> None:
        text = ntr(
            "Saved episode {ordinal}: {n} step, {total}",
            "Saved episode {ordinal}: {n} steps, {total}",
            row.total_steps,
            ordinal=row.number,
            total=_signed(row.total_reward),
        )
        self.say(Notice(Tone.GOOD, joined(" · ", (text, *notes))))
        self.list()

    def _not_kept(self, take: Take) -> None:
        """Remember a take that could not be saved, to offer it again when nobody drives."""
        self._unsaved.append(take)
        self.changed = True

    def offer_again(self) -> None:
        """Make a take that could not be saved pending again, once its folder is available."""
        if not self._unsaved or self.pending is not None:
            return
        take = next((t for t in reversed(self._unsaved) if files.exists(t.journal)), None)
        if take is not None:
            self._unsaved.remove(take)
            self.pending = take
            self.list()  # the folder may have been unavailable
            self.changed = True

    def _deleted(self, name: str) -> None:
        self._undo.append(name)
        self.say(Notice(Tone.UNDO, tr("Deleted episode {name}", name=int(name[:6]) + 1)))
        self.list()
        self.changed = True

    def _restored(self, row: EpisodeRow) -> None:
        self.say(Notice(Tone.GOOD, tr("Restored episode {ordinal}", ordinal=row.number)))
        self.list()
        self.changed = True


def _signed(value: float) -> str:
    return f"{value:+.1f}".replace("-", "−")


def _lateness(episode: Episode) -> str:
    """Return the person's reaction time as text; empty if one episode is not enough for it."""
    if isinstance(episode.actions, dict | tuple):
        return ""
    late = reaction_s(episode.observations, episode.actions, float(np.median(episode.paces_hz)))
    return "" if late is None else tr("reaction time about {late:.0f} ms", late=1000 * late)
