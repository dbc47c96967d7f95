"""Mutation score: `python -m tests.mutation [COUNT]`.

Copies this tree to a temporary folder, lets mutmut make its mutants there, and runs the tests
against COUNT of them from each package, drawn by a seed. Mutants in sentences are left out: those
are held by the catalogues. It takes an hour or more for 150 a package.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
_SEED = 0
_KILLED, _SURVIVED = ("killed", "survived")


def main(count: int) -> None:
    """Make the mutants, test the drawn ones, print the score of each package."""
    with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
        copy = Path(folder) / "teleop"
        ignored = shutil.ignore_patterns(".git", ".venv*", "mutants", "__pycache__", ".*_cache")
        shutil.copytree(ROOT, copy, ignore=ignored)
        said = _mutmut(copy, "nothing has this name")  # which makes the mutants and stops
        names = {name: key for key, listed in _results(copy).items() for name in listed}
        if not names or "failed to collect stats" in said:
            sys.exit(f"mutmut could not run the tests:\n{said[-3000:]}")
        drawn: list[str] = []
        for package in sorted({_package(key) for key in names.values()}):
            there = sorted(name for name, key in names.items() if _package(key) == package)
            drawn += random.Random(_SEED).sample(there, min(count, len(there)))
        _mutmut(copy, *drawn)
        _report(_results(copy), set(drawn))


def _mutmut(copy: Path, *names: str) -> str:
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", str(os.cpu_count() or 2)]
    env = os.environ | {"PYTHONPATH": str(copy)}
    done = subprocess.run(
        [*command, *names],
        cwd=copy,
        env=env,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return done.stdout


def _results(copy: Path) -> dict[str, dict[str, int | None]]:
    """Exit codes of the tests by mutant, by the module's path."""
    files = (copy / "mutants" / "teleop").rglob("*.meta")
    return {
        str(path.relative_to(copy / "mutants" / "teleop")): json.loads(path.read_text())[
            "exit_code_by_key"
        ]
        for path in files
    }


def _package(path: str) -> str:
    return path.split("/")[0].removesuffix(".py.meta")


def _report(results: dict[str, dict[str, int | None]], drawn: set[str]) -> None:
    counts: dict[str, Counter[str]] = {}
    for path, codes in results.items():
        for name, code in codes.items():
            if name in drawn and code is not None:
                found = _SURVIVED if code in (0, 5, 33) else _KILLED  # 5, 33: no test runs it
                counts.setdefault(_package(path), Counter())[found] += 1
                if found == _SURVIVED:
                    print(f"survived: {name}")
    for package, count in sorted(counts.items()):
        print(f"{package:16} {count[_KILLED] / count.total():.0%} of {count.total()} killed")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 150)
