"""Run commands in separate processes, as scripts and people do."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

SCRIPT = str(Path(sys.executable).with_name("teleop"))  # what `teleop` starts
_TRAPS = ("h5py", "json", "numpy", "pickle", "pygame", "random", "selectors", "struct", "torch")


def teleop(
    *arguments: str, here: Path, code: int = 0, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "teleop", *arguments],
        cwd=here,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | (env or {}),
        timeout=120,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


def as_json(*arguments: str, here: Path) -> Any:
    return json.loads(teleop(*arguments, "--json", here=here).stdout)


def one_sentence(done: subprocess.CompletedProcess[str]) -> str:
    text = done.stderr.strip()
    assert "Traceback" not in text
    assert text
    assert "\n" not in text
    return text


def lay_traps(folder: Path) -> Path:
    """An untrusted folder to start in: its files have the names of modules that Teleop imports."""
    folder.mkdir()
    marks = str(folder / "sprung")
    for name in _TRAPS:
        (folder / f"{name}.py").write_text(f"open({marks!r}, 'a').write('{name} ')\n")
    return folder


def sprung(folder: Path) -> list[str]:
    """Which of them were imported."""
    marks = folder / "sprung"
    return marks.read_text().split() if marks.exists() else []
