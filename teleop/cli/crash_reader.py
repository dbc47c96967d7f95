"""A process that reads what Python's fault handler writes about another one, and says it plainly.

Run as a script beside a command, without Teleop's own imports. Its input ends with the command.
"""

import re
import signal
import sys
from typing import TextIO

_FRAME = re.compile(r'\s+File "(?P<file>.*)", line (?P<line>\d+) in (?P<name>\S+)')
_FATAL = re.compile(r"(?:Fatal Python error|Windows fatal exception): (?P<what>.*)")
_CALLS = {"conversion.py": "", "factory.py": "make"}  # where environments are called from


class Reader:
    """Says each thing once."""

    def __init__(self, output: TextIO) -> None:
        self._output = output
        self._env_id = ""
        self._what = ""  # what the lines that follow are about; empty: nothing is to be said
        self._where = ""
        self._slow: set[str] = set()  # environments of which it was said
        self._waiting = ""  # to be said once the handler has read the whole stack

    def read(self, line: str) -> None:
        """Take in one line."""
        if line.startswith("environment "):
            self._env_id = line.removeprefix("environment ").strip()
        elif line.startswith("Timeout ("):
            self._what, self._where = "" if self._env_id in self._slow else "slow", ""
        elif fatal := _FATAL.match(line):
            self._what, self._where = fatal["what"].strip().lower(), ""
        elif frame := _FRAME.match(line):
            if self._what:
                self._see(frame)
            elif self._waiting and frame["name"] == "<module>":
                self._say(self._waiting)

    def end(self) -> None:
        """Nothing more will come: the command has ended."""
        if self._what and self._what != "slow":
            self._say(f"The program crashed ({self._what}{self._where}). Saved episodes are safe.")

    def _see(self, frame: re.Match[str]) -> None:
        self._where = self._where or f", {frame['file']} line {frame['line']}"
        parts = re.split(r"[/\\]", frame["file"])
        if parts[-3:-1] != ["teleop", "envs"] or parts[-1] not in _CALLS:
            return
        call = _CALLS[parts[-1]] or frame["name"]
        if self._what == "slow":
            self._slow.add(self._env_id)
            self._what = ""
            said = f"{self._env_id} has not responded for 3 s ({call})."
            self._waiting = f"{said} Press Ctrl+C to stop."
        else:
            why = f"{self._what}{self._where}"
            self._say(f"{self._env_id} crashed in {call} ({why}). Saved episodes are safe.")

    def _say(self, text: str) -> None:
        self._what = self._waiting = ""
        shown = "".join(
            c if c.isprintable() else "?" for c in text
        )  # a stranger's name may be in it
        self._output.write(f"\n{shown}\n")
        self._output.flush()


def serve() -> None:
    """Read until the command has ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the command answers it, and ends
    reader = Reader(sys.stderr)
    for line in sys.stdin:
        reader.read(line)
    reader.end()


if __name__ == "__main__":
    serve()
