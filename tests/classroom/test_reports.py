"""A report says what the recordings and policies give, and an edited one is found."""

import csv
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import teleop
from teleop.lessons.lesson_progress import Progress, ProgressFile
from tests.harness.cli import as_json, one_sentence
from tests.harness.cli import teleop as command

DATASET = "cartpole-v1/mine-v0"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with recordings, two policies, a report on them and a bundle of them."""
    here = tmp_path_factory.mktemp("reports")
    root = here / "recordings"
    data = teleop.record("CartPole-v1", "human-like", 4, dataset_id=DATASET, root=root)
    for seed in (0, 1):
        policy = teleop.train(data, teleop.BC(seed=seed, steps=150))
        policy.save(data.folder / "policies" / f"bc-{seed}")
    (here / "teleop").mkdir()
    progress = Progress()
    progress.of("3-covariate-shift").at(0).choice = 1
    progress.of("3-covariate-shift").at(0).done = True
    progress.of("3-covariate-shift").at(4).text = "nobody <showed> it."
    ProgressFile(here / "teleop" / "lessons.json").write(progress)
    user = {"XDG_DATA_HOME": str(here)}
    command("report", DATASET, "--codename", "Otter", here=here, env=user)
    command("export", DATASET, "--output", "all.teleop.zip", here=here)
    return here


class _Tags(HTMLParser):
    """Collects the text of the cells of a page, and every address that it would load."""

    def __init__(self) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loaded += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_data(self, data: str) -> None:
        if self.cells:
            self.cells[-1] += data


def test_a_report_holds_everything_in_one_file(home: Path) -> None:
    text = (home / "report.html").read_text("utf-8")
    page = _Tags()
    page.feed(text)
    assert page.loaded == []  # no network, no other file
    assert "Codename: Otter" in text
    for words in ("bc-0", "bc-1", "recordings", "random", "Drive perfectly, too", "exact"):
        assert any(words in cell for cell in page.cells), words
    assert "nobody &lt;showed&gt; it." in text
    assert text.count("<svg") == 3
    rows = list(csv.DictReader((home / "report-returns.csv").read_text().splitlines()))
    policy = teleop.load_policy(home / "recordings" / DATASET / "policies" / "bc-0")
    score = teleop.evaluate(policy, episodes=20)
    found = next(row for row in rows if row["series"] == "bc-0")
    assert float(found["mean return"]) == pytest.approx(score.mean)
    assert float(found["low"]) == pytest.approx(score.low)
    assert (home / "report-success.svg").read_text().startswith("<svg")


def test_every_number_is_derived_again_elsewhere(home: Path, tmp_path: Path) -> None:
    file, bundle = str(home / "report.html"), str(home / "all.teleop.zip")
    assert as_json("report", "check", file, bundle, here=tmp_path)["equal"]


@pytest.mark.parametrize(
    ("pattern", "change", "said"),
    [
        (
            r'"total_reward": [\d.]+',
            '"total_reward": 501.0',
            "episodes 1, total_reward: the report",
        ),
        (r'"mean": [\d.]+', '"mean": 499.0', "drivers 1, mean: the report says 499"),
        (r"<td>exact</td>", "<td>diverges</td>", "the page says “diverges”, its data “exact”"),
        (r"</h1>", " (100 %)</h1>", "the page says “cartpole-v1/mine-v0 (100 %)”"),
        (r"<circle [^>]*>", "", "a figure, or the layout, of the page was edited"),
    ],
)
def test_an_edited_number_is_found(
    home: Path, tmp_path: Path, pattern: str, change: str, said: str
) -> None:
    text = (home / "report.html").read_text("utf-8")
    edited = re.sub(pattern, change, text, count=1)
    assert edited != text
    (tmp_path / "edited.html").write_text(edited, "utf-8")
    bundle = str(home / "all.teleop.zip")
    done = command("report", "check", "edited.html", bundle, "--json", here=tmp_path, code=3)
    assert any(said in line for line in json.loads(done.stdout)["differences"])


def test_other_recordings_than_those_reported_are_found(home: Path, tmp_path: Path) -> None:
    teleop.record("CartPole-v1", "expert", 2, dataset_id=DATASET, root=tmp_path / "recordings")
    other = str(tmp_path / "recordings" / DATASET)
    done = command("report", "check", str(home / "report.html"), other, here=tmp_path, code=3)
    assert "episodes: the report has 4, the bundle gives 2" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("report", "nothing/x-v0"), "No dataset nothing/x-v0"),
        (("report", DATASET, "--output", "report.pdf"), "must end in .html"),
        (("report", DATASET, "--language", "pl"), "no translation into 'pl'"),
        (("report", DATASET, "--codename", "x" * 41), "at most 40 characters; this has 41"),
        (("report", "check", "no.html", "all.teleop.zip"), "no.html cannot be read"),
        (("report", "check", "all.teleop.zip", "all.teleop.zip"), "is not UTF-8 text"),
        (("report", "check", "report-returns.csv", "all.teleop.zip"), "is no report of this"),
        (("report", "check", "report.html", "no.zip"), "cannot be imported"),
        (("report", "check", "report.html", "report.html"), "cannot be imported"),
    ],
)
def test_a_mistake_is_one_sentence(home: Path, arguments: tuple[str, ...], said: str) -> None:
    assert said in one_sentence(command(*arguments, here=home, code=2))
