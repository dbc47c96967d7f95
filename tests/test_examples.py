"""The examples are run as they are, each in an empty folder."""

from pathlib import Path

import pytest

import teleop
from teleop import curation
from teleop.api.episode_dataset import library_in
from teleop.learning.data.demonstrations import load_demonstrations
from teleop.learning.data.profile import profile_of
from tests.examples import (
    own_algorithm,
    own_network,
    own_policy,
    record_a_loop,
    train_and_compare,
)

NOTEBOOK = Path(__file__).parent / "examples" / "quickstart.ipynb"
ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "recordings").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_loop_of_ones_own_is_recorded_and_replays() -> None:
    data = record_a_loop.main()
    assert [row.seed for row in data.rows] == [0, 1, 2]
    assert {row.driver_name for row in data.rows} == {"rule"}
    verdicts = [verdict for _, verdict, _ in curation.verify(library_in(None).dataset(data.id))]
    assert verdicts == ["exact"] * 3
    # it ran as fast as it could: that is no unsteady hand
    found = profile_of(load_demonstrations(library_in(None).dataset(data.id)))
    assert "Pace" not in {trait.topic for trait in found}


def test_training_and_a_film(here: Path) -> None:
    comparison = train_and_compare.main()
    assert comparison.fidelity == "exact"
    assert comparison.returns[1] > 100
    assert (here / "compare.gif").read_bytes()[:4] == b"GIF8"
    assert teleop.load_policy(here / "my-policy").config.env_id == "CartPole-v1"


def test_any_policy_is_scored() -> None:
    scores = own_policy.main()
    assert scores["rule"].mean > 4 * scores["random"].mean
    assert scores["rule"].name == "balance"


def test_an_algorithm_of_ones_own() -> None:
    assert own_algorithm.main().mean > 100


def test_a_network_of_ones_own() -> None:
    assert own_network.main().mean > 100


def test_the_notebook_runs_from_top_to_bottom(here: Path) -> None:
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.reads(NOTEBOOK.read_text(), as_version=4)  # type: ignore[no-untyped-call]
    resources = {"metadata": {"path": str(here)}}
    done = NotebookClient(notebook, timeout=120, resources=resources).execute()
    outputs = [output for cell in done.cells for output in cell.get("outputs", ())]
    pages = [output.get("data", {}).get("text/html", "") for output in outputs]
    dataset, player, log, score, chance, comparison, curve = filter(None, pages)
    assert "<table>" in dataset
    assert "<video" in player
    assert "data:image/png" in log
    assert "mean return" in score
    assert "random" in chance
    assert "<video" in comparison
    assert "<table>" in comparison
    assert "data:image/png" in curve
    assert (here / "compare.gif").exists()
    assert '"evaluation/return"' in (here / "training.jsonl").read_text()


def test_readme_quotes_the_examples() -> None:
    text = (ROOT / "README.md").read_text()
    block = text.split("<!-- example -->\n```python\n")[1].split("```")[0]
    sources = [path.read_text() for path in (ROOT / "tests" / "examples").glob("*.py")]
    for line in filter(str.strip, block.splitlines()):
        assert any(line.strip() in source for source in sources), line
