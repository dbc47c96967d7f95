"""A report as one HTML file that needs no network, with its figures beside it as SVG and CSV."""

import json
import math
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from pydantic import ValidationError

from teleop import paths
from teleop.classroom.report_facts import DriverFact, Facts, Report
from teleop.errors import ReportError, reason
from teleop.text import tr
from teleop.translation import Language
from teleop.ui.charts.figure import Figure
from teleop.ui.charts.figure_files import figure_csv, figure_svg
from teleop.ui.charts.line_chart import Series
from teleop.ui.drawing.theme import Colour, rgba

_COLOURS = [rgba(code) for code in ("1864AB", "C2410C", "2B8A3E", "862E9C", "5F3DC4", "A61E4D")]
_DATA = re.compile(r'<script type="application/json" id="report">(.*?)</script>', re.DOTALL)
_LARGEST = 64 << 20  # bytes
_MOST_DRAWN = 12


def render(report: Report) -> str:
    """Return the page of a report: the same report always gives the same bytes."""
    stated, facts = report.stated, report.facts
    language = Language(paths.assets_folder() / "languages", stated.language)
    environment = Environment(
        loader=PackageLoader("teleop.reports"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    data = json.dumps(report.model_dump(mode="json"), indent=1, ensure_ascii=True)
    return environment.get_template("report.html.j2").render(
        code=stated.language,
        stated=stated,
        facts=facts,
        words={name: language.of(text) for name, text in _WORDS.items()},
        figures=[Markup(figure_svg(figure)) for figure in figures(facts, language).values()],
        number=number,
        percent=percent,
        data=Markup(data.replace("<", "\\u003c")),
    )


def write_report(report: Report, output: Path) -> list[Path]:
    """Write a report and its figures; return the files.

    Raises:
        ReportError: the name of the file does not end in .html.
        StorageError: the disk cannot be written.
    """
    if output.suffix != ".html":
        raise ReportError(
            tr("{output} cannot be written: its name must end in .html.", output=output)
        )
    language = Language(paths.assets_folder() / "languages", report.stated.language)
    texts = {output: render(report)}
    for name, figure in figures(report.facts, language).items():
        base = output.with_name(f"{output.stem}-{name}")
        texts[base.with_suffix(".svg")] = figure_svg(figure)
        texts[base.with_suffix(".csv")] = figure_csv(figure)
    paths.write_texts(texts)
    return list(texts)


def read_report(file: Path) -> tuple[Report, str]:
    """Return a report and the text of its page.

    Raises:
        ReportError: the file cannot be read, or is no report.
    """
    try:
        size = file.stat().st_size
        text = file.read_text("utf-8") if size <= _LARGEST else ""
    except OSError as problem:
        said = tr("{file} cannot be read ({problem}).", file=file, problem=reason(problem))
        raise ReportError(said) from problem
    except UnicodeDecodeError as problem:
        raise ReportError(tr("{file} is not UTF-8 text.", file=file)) from problem
    if size > _LARGEST:
        raise ReportError(tr("{file} is larger than {most} MB.", file=file, most=_LARGEST >> 20))
    found = _DATA.search(text)
    try:
        return Report.model_validate_json(found[1] if found else ""), text
    except ValidationError as problem:
        said = tr("{file} is no report of this version of Teleop: write it again.", file=file)
        raise ReportError(said) from problem


def words_of(page: str) -> list[str]:
    """Return the texts of a page, in their order, without its data."""
    reader = _Texts()
    reader.feed(_DATA.sub("", page))
    return reader.texts


class _Texts(HTMLParser):
    """Collects the texts of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append(" ".join(data.split()))


def figures(facts: Facts, language: Language) -> dict[str, Figure]:
    """Return the figures by name."""
    found = {}
    if len(facts.episodes) > 1:
        found["episodes"] = _episode_figure(facts, language)
    scored = [driver for driver in facts.drivers if driver.mean is not None][:_MOST_DRAWN]
    if len(scored) > 1:
        found["returns"] = _driver_figure(scored, language, success=False)
        if any(driver.success is not None for driver in scored):
            found["success"] = _driver_figure(scored, language, success=True)
    return found


def _episode_figure(facts: Facts, language: Language) -> Figure:
    x = np.array([float(episode.number) for episode in facts.episodes])
    y = np.array([episode.total_reward for episode in facts.episodes])
    return Figure(
        language.of(tr("Return of each episode")),
        language.of(tr("episode")),
        language.of(tr("return")),
        points=(Series("", x, y, _COLOURS[0]),),
        note=f"n = {len(x)}, {facts.dataset_id}",
        whole=True,
    )


def _driver_figure(drivers: list[DriverFact], language: Language, *, success: bool) -> Figure:
    """Return a figure with a point and its 95 % interval for each driver."""
    lines = []
    for index, driver in enumerate(drivers):
        value = driver.success if success else driver.mean
        ends = (
            (driver.success_low, driver.success_high)
            if success
            else (driver.mean_low, driver.mean_high)
        )
        if value is None or ends[0] is None or ends[1] is None:
            continue
        low, high = (np.array([end]) for end in ends)
        point = (np.array([index + 1.0]), np.array([value]))
        lines.append(Series(driver.name, *point, _colour(index), band=(low, high)))
    title = tr("Success rate of each driver") if success else tr("Mean return of each driver")
    starts = max((len(driver.returns) for driver in drivers if driver.first_seed), default=0)
    note = tr("Bars: 95 % intervals; policies play the same {n} starts.", n=starts)
    return Figure(
        language.of(title),
        language.of(tr("driver, in the order of the table")),
        language.of(tr("success rate") if success else tr("mean return")),
        lines=tuple(lines),
        note=language.of(note),
        whole=True,
        whiskers=1,
        within=(0.5, len(drivers) + 0.5, *_heights(drivers, success=success)),
    )


def _heights(drivers: list[DriverFact], *, success: bool) -> tuple[float, float]:
    """Return the smallest and largest y that the axis must hold."""
    if success:
        return 0.0, 1.0
    ends = [end for d in drivers for end in (d.mean_low, d.mean_high) if end is not None]
    return min(ends), max(ends)


def _colour(index: int) -> Colour:
    return _COLOURS[index % len(_COLOURS)]


def number(value: float | None) -> str:
    """Return a number for people, with four significant digits."""
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value:.4g}".replace("-", "−")


def percent(value: float | None) -> str:
    """Return a share as a percentage."""
    return "–" if value is None else f"{value:.0%}"


_WORDS: dict[str, Any] = {
    "recorded": tr("Recorded"),
    "trained": tr("Trained"),
    "compared": tr("Compared"),
    "answered": tr("Answered"),
    "episode": tr("Episode"),
    "driver": tr("Driver"),
    "seed": tr("Seed"),
    "steps": tr("Steps"),
    "return": tr("Return"),
    "success": tr("Success"),
    "replay": tr("Replay"),
    "recipe": tr("How to learn"),
    "from": tr("Episodes"),
    "starts": tr("Starts (first seed)"),
    "interval": tr("95 % interval"),
    "first": tr("Policy A"),
    "second": tr("Policy B"),
    "difference": tr("A − B, same starts"),
    "p": tr("p of equal success"),
    "success_is": tr("A success is:"),
    "none": tr("No policy was trained yet."),
    "predicted": tr("Predicted"),
    "right": tr("What happens"),
    "minutes": tr("Minutes"),
    "codename": tr("Codename"),
    "made": tr("Made"),
    "versions": tr("Versions"),
    "about": tr(
        "Success rates have Wilson intervals, mean returns bootstrap intervals over starts. "
        "Each number can be derived again from the recordings: teleop report check."
    ),
    "hashes": tr("Hashes (SHA-256)"),
}
