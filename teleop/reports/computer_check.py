"""Checks before a lesson whether a computer is fit for it, by doing what the class will do."""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from teleop import paths
from teleop.api.episode_dataset import EpisodeDataset
from teleop.api.policies import iter_train
from teleop.doctor import Check
from teleop.envs.factory import close_env, make_env
from teleop.errors import LessonError, TeleopError, sentence
from teleop.learning.algorithms.bc import Config
from teleop.lessons.course import lesson_folders
from teleop.lessons.lesson_file import read_lesson
from teleop.recording import Library

LEAST_DISK_GB, LEAST_MEMORY_GB = 1.0, 3.0
SLOWEST_PICTURE_S, SLOWEST_TRAINING_S = 20.0, 60.0
_STEPS = 300  # of the policy that is trained
_ENV, _DATASET = "teleop/RingTrack-v0", "teleop-ringtrack-v0/perfect-v0"


def iter_class_checks(recordings: Path) -> Iterator[Check]:
    """Yield what a lesson needs, one check after the other; it takes half a minute.

    Args:
        recordings: the recordings folder that the class will use.
    """
    for name, folder in (("User folder", paths.user_folder()), ("Recordings", recordings)):
        yield _can_write(name, folder)
    yield _disk(recordings)
    yield _memory()
    yield Check("Processor cores", str(os.cpu_count() or 1))
    yield _lessons()
    yield from _try_out()


def _can_write(name: str, folder: Path) -> Check:
    """Write a file where the class will write, and remove it again."""
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    try:
        with tempfile.NamedTemporaryFile(dir=there):
            return Check(f"{name}, writing", str(folder))
    except OSError as problem:
        why = problem.strerror or str(problem)
        return Check(f"{name}, writing", f"{folder}: {why}", "Make it writable, or choose another")


def _disk(folder: Path) -> Check:
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(there).free / 1e9
    problem = f"Free at least {LEAST_DISK_GB:g} GB" if free < LEAST_DISK_GB else ""
    return Check("Free disk space", f"{free:.1f} GB", problem)


def _memory() -> Check:
    with contextlib.suppress(AttributeError, OSError, ValueError):  # not on Windows
        whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
        too_small = whole < LEAST_MEMORY_GB
        problem = f"Close other programs; {LEAST_MEMORY_GB:g} GB are needed" if too_small else ""
        return Check("Memory", f"{whole:.1f} GB", problem)
    return Check("Memory", "not known on this system")


def _lessons() -> Check:
    names, problems = [], []
    for folder in lesson_folders():
        try:
            names.append(read_lesson(folder).name)
        except LessonError as problem:
            problems.append(sentence(problem))
    return Check("Lessons", f"{len(names)} lessons", "; ".join(problems))


def _try_out() -> Iterator[Check]:
    """Draw a first picture, and train a policy, with the clock running."""
    began = time.perf_counter()
    try:
        env = make_env(_ENV, render=True)
        env.reset(seed=0)
        picture = env.render()
        close_env(env)
        took = time.perf_counter() - began
        slow = took > SLOWEST_PICTURE_S or picture is None
        yield Check("First picture", f"{took:.1f} s", "Too slow for a class" if slow else "")
        began = time.perf_counter()
        with tempfile.TemporaryDirectory(prefix="teleop-class-") as folder:
            found = Library(Path(folder)).import_dataset(paths.samples_folder() / _DATASET)
            for _ in iter_train(EpisodeDataset(found), Config(steps=_STEPS)):
                pass
        took = time.perf_counter() - began
        slow = took > SLOWEST_TRAINING_S
        said = "Close other programs while the class trains" if slow else ""
        yield Check(f"Training, {_STEPS} steps", f"{took:.1f} s", said)
    except TeleopError as problem:
        yield Check("Trying it out", "failed", sentence(problem))
