"""Run commands in separate processes, as scripts and people do."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any


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
