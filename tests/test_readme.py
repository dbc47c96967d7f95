"""README says what is true: its tables, its commands, its files."""

import re
import tomllib

from teleop.cli import cli
from tests.readme_tables import README, filled

ROOT = README.parent


def test_tables_of_keys_are_those_of_the_program() -> None:
    text = README.read_text()
    assert filled(text) == text, "run: python -m tests.readme_tables"


def test_every_command_is_listed_and_exists() -> None:
    listed = set(re.findall(r"\| `teleop (\w+)", README.read_text()))
    names = {command.name or command.callback.__name__ for command in cli.registered_commands}  # type: ignore[union-attr]
    assert listed == names - {"open"}


def test_pictures_and_files_it_names_are_there() -> None:
    for path in re.findall(r"\]\((assets/[^)]+)\)", README.read_text()):
        assert (ROOT / path).is_file(), path


def test_constraints_pin_every_direct_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [d for group in project["optional-dependencies"].values() for d in group]
    pinned = {line.split("==")[0] for line in (ROOT / "constraints.txt").read_text().splitlines()}
    for dependency in project["dependencies"] + extras:
        name = re.split(r"[\[<>=;]", dependency)[0]
        assert name in pinned or name == "teleop-studio", name
