"""The pages say what is true: their tables, commands, links and code."""

import re
import tomllib
from pathlib import Path

import pytest

from teleop.cli import cli
from tests.readme_tables import PAGES, ROOT, SECTIONS, filled

EVERY_PAGE = sorted(
    {ROOT / "README.md", *(ROOT / "teleop").rglob("*.md"), *(ROOT / ".github").rglob("*.md")}
)
COMMANDS = ROOT / "teleop" / "cli" / "README.md"


def test_tables_of_keys_are_those_of_the_program() -> None:
    texts = [page.read_text() for page in PAGES]
    assert [filled(text) for text in texts] == texts, "run: python -m tests.readme_tables"
    for name in SECTIONS:
        assert sum(f"<!-- {name} -->" in text for text in texts) == 1


def test_every_command_is_listed_and_exists() -> None:
    listed = set(re.findall(r"\| `teleop ([\w-]+)", COMMANDS.read_text()))
    names = {command.name or command.callback.__name__ for command in cli.registered_commands}  # type: ignore[union-attr]
    groups = {group.name for group in cli.registered_groups}
    assert listed == (names | groups) - {"open"}


@pytest.mark.parametrize("page", EVERY_PAGE, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_what_a_page_links_to_is_there(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
        assert link.startswith("https://") or (page.parent / link).exists(), link


def test_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 170


def test_every_package_that_the_pages_list_exists() -> None:
    listed = (ROOT / "teleop" / "README.md").read_text().split("## Measuring")[0]
    rows = re.findall(r"^\| (`[^|]+`) \|", listed, re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    there = {path.stem for path in (ROOT / "teleop").iterdir() if not path.stem.startswith("_")}
    assert named == there - {"README", "py"}


def test_constraints_pin_every_direct_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [d for group in project["optional-dependencies"].values() for d in group]
    pinned = {line.split("==")[0] for line in (ROOT / "constraints.txt").read_text().splitlines()}
    for dependency in project["dependencies"] + extras:
        name = re.split(r"[\[<>=;]", dependency)[0]
        assert name in pinned or name == "teleop-studio", name
