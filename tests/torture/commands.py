"""Every command, and the window, on hostile folders, checked through their system calls.

A dataset is prepared as in `tests.torture.folders`. Then each command runs on it in a separate
process under `strace`, and so does a walk through the window. These are errors: a call that writes,
renames, removes, links or runs anything outside the folders of this trial; a changed file outside;
a command that does not end in time or uses too much memory; a traceback, or a crash message instead
of a sentence.
"""

import contextlib
import functools
import io
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.torture import folders

ENV, ID = folders.ENV, folders.ID
_CPU_S, _WALL_S = 2.0, 10.0  # limits of a command that refuses
_JOB_S = 150.0  # limit of a command that does its normal work
_BYTES = 300 << 20
_PLAYS = ("train", "onnx", "evaluate", "curve", "influence", "compare", "window", "retrain")
# root can read everything unless it drops these capabilities
_NO_SUPERUSER = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
_CHANGES = (
    *("open", "openat", "creat", "truncate", "rename", "renameat", "renameat2", "unlink"),
    *("unlinkat", "rmdir", "mkdir", "mkdirat", "symlink", "symlinkat", "link", "linkat"),
    *("chmod", "fchmodat", "chown", "lchown", "fchownat", "mknod", "mknodat", "utimensat"),
    "execve",
)

COMMANDS: dict[str, str] = {
    "list": "list",
    "show": f"show {ID}",
    "trash": f"show {ID} --trash",
    "verify": f"verify {ID}",
    "profile": f"profile {ID}",
    "environment": f"environment {ID} {ENV}",
    "label": f"label {ID} 2 --star --note mine",
    "trim": f"trim {ID} 2 --first 1",
    "export bundle": f"export {ID} --output OUT/a.zip",
    "export minari": f"export {ID} --format minari --output OUT/minari",
    "export robomimic": f"export {ID} --format robomimic --output OUT/r.hdf5",
    "export lerobot": f"export {ID} --format lerobot --output OUT/lerobot",
    "export npz": f"export {ID} --format npz --output OUT/n.npz",
    "export csv": f"export {ID} --format csv --output OUT/n.csv",
    "export imitation": f"export {ID} --format imitation --output OUT/i.npz",
    "export parquet": f"export {ID} --format parquet --output OUT/e.parquet",
    "publish": f"publish {ID} file://OUT/published --licence mit",
    "import": f"import ROOT/{ID} --name taken/in-v0",
    "recover": f"recover ROOT/{ID} --into recovered/r-v0",
    "merge": f"merge merged/all-v0 {ID}",
    "split": f"split {ID} --into split/a-v0=0.5 --into split/b-v0=0.5",
    "record": f"record {ENV} --episodes 1 --exact --dataset {ID}",
    "train": f"train {ID} --budget 0 --steps 5 --members 1 --lag 0 --episodes 1 --name q",
    "retrain": f"retrain {ID}",
    "evaluate": f"evaluate {ID} p --episodes 1",
    "onnx": f"onnx {ID} p --output OUT/p.onnx",
    "compare": f"compare {ID} p --headless --output OUT/c.gif",
    "correct": f"correct {ID} nobody",
    "doctor": "doctor",
    "window": "",
    "delete": f"delete {ID} 2",
    "restore": f"restore {ID} 1",
    "purge": f"purge {ID} --yes",
    "rename": f"rename {ID} renamed/human-v0",
}


def available() -> bool:
    """Return whether this computer can trace programs."""
    return shutil.which("strace") is not None


def run() -> list[str]:
    """Run every command in every case; return what went wrong."""
    cases = [(place, kind, False) for place, kind in folders.CASES]
    swapped = [place for place in (*folders.FILES, *folders.FOLDERS) if place not in (".", "..")]
    cases += [(place, "link", True) for place in swapped]
    if os.geteuid() != 0 or shutil.which("setpriv"):
        cases += [(place, "denied", False) for place in (*folders.FILES, *folders.FOLDERS)]
    random.Random(0).shuffle(cases)  # an early stop has still covered all kinds
    wrong = []
    for place, kind, swaps in cases:
        about_policies = place.startswith(("policies", "."))
        names = [name for name in COMMANDS if about_policies or name != "onnx"]  # onnx takes 8 s
        name = f"{place} as {kind}{' swapped' * swaps}"
        found = [f"{name}: {what}" for what in one(place, kind, tuple(names), swapped=swaps)]
        print(*found, f"{name}: {len(found)} wrong", sep="\n  ", flush=True)  # noqa: T201
        wrong += found
    print(f"  {len(cases)} cases, {len(COMMANDS)} commands each")  # noqa: T201
    return wrong


def one(
    place: str, kind: str, commands: tuple[str, ...] = tuple(COMMANDS), *, swapped: bool = False
) -> list[str]:
    """Run one case; return what went wrong.

    Args:
        place: path below the dataset.
        kind: kind of object at this place; `denied` keeps the original and removes all permissions.
        commands: commands to run, in order.
        swapped: the object comes and goes while they run.
    """
    with tempfile.TemporaryDirectory(prefix="teleop-commands-") as name:
        base = Path(name).resolve()
        for folder in ("home", "out", "tmp"):
            (base / folder).mkdir()
        shutil.copytree(folders.template(), base / "recordings", symlinks=True)
        outside = base / "outside"
        folders.make_outside(outside)
        target = folders.place_in(base / "recordings" / ID, place)
        before = folders.contents(outside)
        planted: contextlib.AbstractContextManager[Any] = contextlib.nullcontext()
        if swapped:
            planted = folders.swapping(target, outside)
        elif kind != "denied":
            folders.plant(target, kind, outside)
        with planted:
            wrong = _run(base, commands, target if kind == "denied" else None)
        after = folders.contents(outside)
        changed = [key for key in before.keys() | after.keys() if before.get(key) != after.get(key)]
        return wrong + [f"{key} outside has changed" for key in sorted(changed)]


def _run(base: Path, commands: tuple[str, ...], denied: Path | None) -> list[str]:
    """Run the commands in a traced process; judge what it did."""
    home = str(base / "home")
    env = os.environ | {
        "HOME": home,
        "XDG_DATA_HOME": home,
        "XDG_CACHE_HOME": home,
        "XDG_CONFIG_HOME": home,
        "TMPDIR": str(base / "tmp"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(Path.cwd()),
        "COLUMNS": "1000",
        "SDL_VIDEODRIVER": "dummy",
        "SDL_AUDIODRIVER": "dummy",
        "OMP_NUM_THREADS": "1",
    }
    log = base / "trace"
    asked = f"trace={','.join(_CHANGES)}"
    command = ["strace", "-f", "-y", "--seccomp-bpf", "-s", "300", "-e", asked, "-o", str(log)]
    if denied is not None:
        denied.chmod(0)
        command = [*_NO_SUPERUSER, *command] if os.geteuid() == 0 else command
    command += [sys.executable, "-m", "tests.torture.commands", str(base), *commands]
    ended = subprocess.run(command, env=env, capture_output=True, text=True, check=False, cwd=base)
    if denied is not None:
        with contextlib.suppress(OSError):  # it was renamed
            denied.chmod(0o700)
    if ended.returncode != 0:
        return [f"the trialfailed: {ended.stderr[-500:]}"]
    found = json.loads((base / "out" / "found.json").read_text())
    wrong = [f"{name} {what}" for name, kinds in found.items() for what in _judge(name, kinds)]
    wrong += [f"it called {call}" for call in sorted(set(_forbidden(log, base)))]
    return wrong + [f"it apologised: {file.name}" for file in base.glob("home/**/crashes/*.txt")]


def _judge(name: str, found: dict[str, Any]) -> list[str]:
    wrong = []
    said, code = found["said"], found["code"]
    refused = code == 2
    most = _WALL_S if refused or name not in _PLAYS else _JOB_S
    if found["seconds"] > most or (refused and found["cpu"] > _CPU_S):
        wrong.append(f"took {found['seconds']:.1f} s, {found['cpu']:.1f} s of computing")
    if found["bytes"] > _BYTES:
        wrong.append(f"took {found['bytes'] >> 20} MB")
    if code not in (0, 1, 2, 3):
        wrong.append(f"ended with {code}: {said[-300:]!r}")
    if "Traceback" in said or "Teleop crashed" in said:
        wrong.append(f"said {said[-600:]!r}")
    if refused and len(said.strip().splitlines()) != 1:
        wrong.append(f"refused in {len(said.strip().splitlines())} lines: {said[-300:]!r}")
    return wrong


# ---------------------------------------------------------------- the system calls

_CALL = re.compile(r"^\d+ +(\w+)\((.*)\) += (-?\d+)(?:<([^>]*)>)?")
_RESUMED = re.compile(r"^(\d+) +<\.\.\. \w+ resumed>(.*)$")
_PATH = re.compile(r'(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"')


def _forbidden(log: Path, base: Path) -> Iterator[str]:
    """Yield successful calls that changed something outside this trial, or ran a part of it."""
    mine = [base / name for name in ("recordings", "home", "out", "tmp")]
    for line in _whole_lines(log):
        found = _CALL.match(line)
        if not found or int(found[3]) < 0:
            continue
        for path in _changed(found[1], found[2], found[4] or "", base):
            inside = path.is_relative_to(base) if found[1] == "execve" else False
            allowed = any(path.is_relative_to(place) for place in mine)
            if inside or not (allowed or found[1] == "execve"):
                yield f"{found[1]} on {path}"


def _changed(call: str, arguments: str, opened: str, base: Path) -> list[Path]:
    """Return the real paths that a call changed or ran, without devices."""
    if call in ("open", "openat", "creat"):
        writes = call == "creat" or re.search("O_WRONLY|O_RDWR|O_CREAT|O_TRUNC", arguments)
        return [Path(opened)] if writes and not _is_device(opened) else []
    paths = [Path(where or base, name) for where, name in _PATH.findall(arguments)]
    if call == "execve":
        paths = paths[:1]
    if call in ("symlink", "symlinkat"):
        paths = paths[1:]  # the first is the target of the link
    real = [Path(os.path.realpath(path.parent)) / path.name for path in paths]
    return [path for path in real if not _is_device(str(path))]


def _is_device(path: str) -> bool:
    return not path.startswith("/") or path.startswith(("/dev/", "/proc/", "/memfd:"))


def _whole_lines(log: Path) -> Iterator[str]:
    unfinished: dict[str, str] = {}
    with log.open(errors="replace") as file:
        for line in file:
            text = line.rstrip("\n")
            if text.endswith("<unfinished ...>"):
                unfinished[text.split()[0]] = text.removesuffix("<unfinished ...>")
                continue
            resumed = _RESUMED.match(text)
            yield unfinished.pop(resumed[1], "") + resumed[2] if resumed else text


# ---------------------------------------------------------------- the process that runs them


def _main(base: Path, names: list[str]) -> None:
    import torch

    from teleop import cli, crash_reports, workflows
    from teleop.learning import recipes
    from teleop.learning.data import profile
    from teleop.learning.tuning import choice
    from teleop.ui import app

    del (
        torch,
        crash_reports,
        workflows,
        choice,
        profile,
        recipes,
        app,
    )  # loaded before the clocks start
    found: dict[str, Any] = {}
    nothing = _in_child(base, lambda: None)
    for name in names:
        found[name] = _in_child(base, functools.partial(_command, base, name, cli.run))
        found[name]["bytes"] -= nothing["bytes"]
    (base / "out" / "found.json").write_text(json.dumps(found))


def _command(base: Path, name: str, run: Callable[[], None]) -> None:
    root = base / "recordings"
    if name == "window":
        from tests.torture.at_window import walk

        walk(root)
        return
    words = COMMANDS[name].replace("ROOT", str(root)).replace("OUT", str(base / "out"))
    sys.argv = ["teleop", *words.split()]
    sys.argv += ["--recordings", str(root)]
    run()


def _in_child(base: Path, job: Callable[[], None]) -> dict[str, Any]:
    """Run a job in a forked process; return its output, exit code and resource usage."""
    heard = base / "out" / "heard"
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        _be_child(heard, job)
    timer = threading.Timer(_JOB_S, _kill_group, (child,))
    timer.start()
    _, status, usage = os.wait4(child, 0)
    timer.cancel()
    timer.join()  # no thread may exist at the next fork
    return {
        "said": heard.read_text(errors="replace"),
        "code": os.waitstatus_to_exitcode(status),
        "seconds": time.monotonic() - began,
        "cpu": usage.ru_utime + usage.ru_stime,
        "bytes": usage.ru_maxrss * 1024,
    }


def _be_child(heard: Path, job: Callable[[], None]) -> None:
    os.setpgid(0, 0)
    with heard.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.stdout = io.TextIOWrapper(io.FileIO(1, "w"), write_through=True)
    sys.stderr = io.TextIOWrapper(io.FileIO(2, "w"), write_through=True)
    code = 1
    try:
        job()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001  a failure to report
        import traceback

        traceback.print_exc()
    finally:
        os._exit(code)


def _kill_group(child: int) -> None:
    with contextlib.suppress(ProcessLookupError):  # it has just ended
        os.killpg(child, signal.SIGKILL)


if __name__ == "__main__":
    _main(Path(sys.argv[1]), sys.argv[2:])
