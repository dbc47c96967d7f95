"""The walls between rooms, the size of what stands in them, and the tools that watch over both."""

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Collection
from pathlib import Path

import pytest

from teleop import doctor

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "teleop").rglob("*.py"))
MOST_MEMBERS = 20
LONGEST_FUNCTION = 40
LONGEST_MODULE = 500


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_rooms_import_downwards_only() -> None:
    script = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports())"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_no_modules_import_each_other_in_a_circle() -> None:
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in SOURCES}
    names = {name.removesuffix(".__init__"): path for name, path in names.items()}
    imports = {name: _imports(path, names) for name, path in names.items()}
    finished: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " imports ".join((*way[way.index(name) :], name))
        if name not in finished:
            for other in sorted(imports[name]):
                visit(other, (*way, name))
            finished.add(name)

    for name in names:
        visit(name, ())


def _imports(path: Path, names: Collection[str]) -> set[str]:
    """Modules of ours that a module names at its top, also for type checkers alone."""
    found = set()
    tree = ast.parse(path.read_text())
    nested = (part for node in tree.body if isinstance(node, ast.If) for part in node.body)
    for node in (*tree.body, *nested):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                found.add(whole if whole in names else node.module)
    return {name for name in found if name in names}


def test_folders_hold_a_dozen_modules_with_names_of_their_own() -> None:
    modules = [path for path in SOURCES if path.stem not in ("__init__", "__main__")]
    folders = Counter(path.parent for path in modules)
    assert {folder: count for folder, count in folders.items() if count > 15} == {}
    stems = Counter(path.stem for path in modules)
    assert [stem for stem, count in stems.items() if count > 1] == []


def test_documented_packages_exist() -> None:
    pages = [ROOT / "teleop" / "README.md", *(ROOT / "teleop").glob("*/README.md")]
    for page in pages:
        for name in re.findall(r"`([a-z_]+(?:/[a-z_]+)*\.py)`", page.read_text()):
            assert any((root / name).is_file() for root in (page.parent, ROOT)), (page, name)


def test_lint_is_clean() -> None:
    for check in (("check",), ("format", "--check")):
        done = run("ruff", *check, "teleop", "tests")
        assert done.returncode == 0, done.stdout


def test_types_are_strict() -> None:
    done = run("mypy")
    assert done.returncode == 0, done.stdout


FILE_CALLS = {
    *("open", "read_bytes", "read_text", "write_bytes", "write_text", "unlink", "rename", "rmdir"),
    *("mkdir", "mkdtemp", "touch", "symlink_to", "iterdir", "glob", "rglob", "scandir", "listdir"),
    *("is_file", "is_dir", "exists", "stat", "lstat", "rmtree", "copyfile", "copytree", "resolve"),
}
OWN_WAYS = {  # modules that open what does not lie below a recordings folder
    "recording/disk/files.py": "the one that opens everything there",
    "recording/datasets/training_cache.py": "the user's own cache folder",
    "recording/trust/vetting_service.py": "the same",
    "recording/datasets/dataset_library.py": "the recordings folder itself, and imports",
    "recording/rescue/dataset_rescue.py": "a file that the user names, and drafts",
    "recording/rescue/rescue_worker.py": "such drafts",
    "recording/rescue/headerless_scan.py": "such drafts",
    "recording/exchange/lerobot.py": "drafts beside the file that the user names",
    "recording/exchange/video_file.py": "the same",
    "recording/exchange/packed.py": "the same",
    "recording/exchange/tables.py": "the same",
    "recording/exchange/bundle.py": "the same, and drafts",
    "recording/trust/vetting.py": "pictures and attributes in memory",
    "recording/episodes/episode_reader.py": "parts of a file that is open",
    "curation.py": "the file that the user names",
    "runtime/protocol/shared_frames.py": "shared memory",
}
WITHIN = ("recording", "runtime", "curation.py", "workflows.py")
BELOW_RECORDINGS = [
    path
    for path in SOURCES
    if path.relative_to(ROOT / "teleop").parts[0]
    in ("recording", "runtime", "curation.py", "workflows.py")
    or path.name == "policy.py"
]


@pytest.mark.parametrize(
    "path", BELOW_RECORDINGS, ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_one_module_alone_opens_what_lies_in_a_recordings_folder(path: Path) -> None:
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    found = set()
    for call in calls:
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)
        if name in FILE_CALLS and not ast.unparse(call.func).startswith("files."):
            found.add(f"{ast.unparse(call.func)} in line {call.lineno}")
    allowed = path.relative_to(ROOT / "teleop").as_posix() in OWN_WAYS
    assert bool(found) == allowed, found or "it needs no exception any more"


@pytest.mark.parametrize("name", ["torch", "gymnasium", "h5py"])
def test_window_process_never_loads(name: str) -> None:
    script = f"import teleop.ui.app, sys; raise SystemExit({name!r} in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False)
    assert done.returncode == 0


@pytest.mark.parametrize("name", ["torch", "teleop.ui"])
def test_environment_process_never_loads(name: str) -> None:
    module = "teleop.runtime.processes.environment_process"
    script = f"import {module}, sys; raise SystemExit({name!r} in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False)
    assert done.returncode == 0


@pytest.mark.parametrize("name", ["gymnasium", "h5py", "torch"])
@pytest.mark.parametrize("module", ["teleop.cli", "teleop.api.open_window"])
def test_commands_load_nothing_heavy_before_it_is_needed(module: str, name: str) -> None:
    script = f"import {module}, sys; raise SystemExit({name!r} in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False)
    assert done.returncode == 0


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_classes_show_few_members(path: Path) -> None:
    """Methods and attributes for others; lists of constants and of settings are no noun."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.ClassDef) or _is_a_list(node):
            continue
        methods = {m.name for m in node.body if isinstance(m, ast.FunctionDef)}
        for names in (methods, _attributes(node) - methods):
            public = sorted(name for name in names if not name.startswith("_"))
            assert len(public) <= MOST_MEMBERS, f"{node.name}: {len(public)}: {public}"


def _is_a_list(node: ast.ClassDef) -> bool:
    bases = {ast.unparse(base) for base in node.bases}
    frozen = any("frozen=True" in ast.unparse(decorator) for decorator in node.decorator_list)
    return bool(bases & {"Enum", "IntEnum", "StrEnum"}) or frozen


def _attributes(node: ast.ClassDef) -> set[str]:
    fields = {m.target.id for m in node.body
              if isinstance(m, ast.AnnAssign) and isinstance(m.target, ast.Name)}  # fmt: skip
    assigned = {
        target.attr
        for target in ast.walk(node)
        if isinstance(target, ast.Attribute)
        and isinstance(target.ctx, ast.Store)
        and isinstance(target.value, ast.Name)
        and target.value.id == "self"
    }
    return fields | assigned


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_functions_and_modules_stay_small(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= LONGEST_MODULE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= LONGEST_FUNCTION, f"{node.name}: {length} lines"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nothing_that_can_run_code_from_a_file(path: Path) -> None:
    banned = {"eval", "exec", "pickle", "cPickle", "dill", "marshal", "shelve"}
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            names = [node.func.id]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            value = node.func.value
            loads_torch = isinstance(value, ast.Name) and value.id == "torch"
            names = ["pickle"] if loads_torch and node.func.attr == "load" else []
        assert not banned & set(names), f"line {getattr(node, 'lineno', 0)}"


def test_plain_pygame_has_not_overwritten_pygame_ce() -> None:
    import pygame

    assert pygame.IS_CE
    assert doctor.pygame_problem() == ""
    with pytest.raises(importlib.metadata.PackageNotFoundError):
        importlib.metadata.version("pygame")


def test_the_wheel_has_every_asset_but_the_readmes_pictures() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    included = wheel["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    folders = {f"assets/{path.name}" for path in (ROOT / "assets").iterdir() if path.is_dir()}
    assert folders - {"assets/screenshots"} == {f for f in included if f.startswith("assets/")}
