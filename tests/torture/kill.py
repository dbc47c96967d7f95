"""`kill -9` at random moments, by a parent process that knows what was acknowledged."""

import json
import os
import random
import shutil
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.torture.scenario import DATASET, KINDS, Acknowledged, losses, play

PICTURES_BEHIND = 6  # steps that may not have reached the disk yet


def run(trials: int = 1000) -> list[str]:
    """Kill a recording program in each trial; return what was lost."""
    rng, lost = random.Random(0), []
    for trial in range(trials):
        kind = KINDS[trial % len(KINDS)]
        with tempfile.TemporaryDirectory(prefix="teleop-kill-") as folder:
            root = Path(folder) / "recordings"
            root.mkdir()
            acknowledged = _killed(root, kind, rng)
            lost += [f"trial {trial} ({kind}): {what}" for what in _unread(root)]
            allowed = 0 if kind == "vector" else PICTURES_BEHIND
            found = losses(root, kind, acknowledged, allowed)
            lost += [f"trial {trial} ({kind}): {what}" for what in found]
    return lost


def _killed(root: Path, kind: str, rng: random.Random) -> Acknowledged:
    """Let a child record and kill it; return what it had acknowledged."""
    source, sink = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(source)
        try:
            play(root, kind, lambda *words: _say(sink, words), takes=1000)
        finally:
            os._exit(1)
    os.close(sink)
    time.sleep(rng.uniform(0.005, 0.4))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    acknowledged = Acknowledged()
    with os.fdopen(source, "rb") as pipe:
        for line in pipe.read().splitlines():
            acknowledged.hear(*json.loads(line))
    return acknowledged


def _say(sink: int, words: Any) -> None:
    os.write(sink, json.dumps(words).encode() + b"\n")


def _unread(root: Path) -> list[str]:
    """Return what Minari cannot read of the dataset after the crash."""
    if not (root / DATASET / "data" / "metadata.json").exists():
        return []
    import minari

    os.environ["MINARI_DATASETS_PATH"] = str(root)
    try:
        loaded = minari.load_dataset(DATASET)
        count = len(list(loaded.iterate_episodes()))
    except Exception as problem:  # noqa: BLE001  anything is a finding
        return [f"Minari cannot read it: {problem!r}"]
    return [] if count == loaded.total_episodes else ["Minari counts wrongly"]


def clean() -> None:
    """Remove the files of killed children from the temporary folder."""
    for folder in Path(tempfile.gettempdir()).glob("teleop-kill-*"):
        shutil.rmtree(folder, ignore_errors=True)
