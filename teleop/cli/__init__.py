"""The command line.

Heavy libraries are imported inside the commands, so that `teleop --help` answers at once and the
window opens before they are needed.
"""

import sys

import typer

from teleop.cli import (  # noqa: F401  they register commands
    class_commands,
    diagnosis_commands,
    exchange,
    learning,
    lesson_commands,
    policy_commands,
    practice_commands,
    recordings,
    report_commands,
    sweep_command,
)
from teleop.cli.options import tell
from teleop.cli.play import cli, window
from teleop.cli.watch import Watch
from teleop.envs.activity import activity

__all__ = ["cli", "run"]


def run() -> None:
    """Run the command line; `teleop ENV` is `teleop open ENV`."""
    activity.on_make = Watch().hear
    arguments = sys.argv[1:]
    first = arguments[0] if arguments else ""
    known = {command.name or command.callback.__name__ for command in cli.registered_commands}  # type: ignore[union-attr]
    known |= {group.name for group in cli.registered_groups if group.name}
    opens = first not in known | {"--help", "--version"}
    program = window if opens else cli
    try:
        code = program(args=arguments, prog_name="teleop", standalone_mode=False)
    except (typer.Abort, KeyboardInterrupt):
        tell("Stopped.", err=True)
        sys.exit(130)
    except Exception as problem:
        said = getattr(problem, "format_message", None)  # a usage error; Typer has its own Click
        if said is None:
            raise
        text = said().strip().rstrip(".")
        if opens and "extra argument" in text:
            text = f"{first!r} is not a command, and `teleop ENV` opens one environment"
            text += "; `teleop --help` lists the commands"
        end = "" if text.endswith("?") else "."
        hint = "" if opens else f" `teleop {first} --help` lists the options."
        if text:  # empty if the help was shown instead
            tell(f"{text}{end}{hint}", err=True)
        sys.exit(2)
    sys.exit(code if isinstance(code, int) else 0)
