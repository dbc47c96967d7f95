"""The table of a dataset's episodes."""

import time

from teleop.text import joined, tr
from teleop.types.metadata import EpisodeRow
from teleop.ui.drawing.formatting import signed
from teleop.ui.widgets.row_table import Column, RowKind, RowTable

_DRIVERS = {  # drivers without a name
    "human": tr("human"),
    "script": tr("script"),
    "policy": tr("policy"),
    "other": tr("other"),
}


def episode_table() -> RowTable[EpisodeRow]:
    """Return an empty table of episodes, the newest first."""
    return RowTable(
        RowKind(
            columns=_COLUMNS,
            id_of=lambda row: row.uuid,
            label_of=_label,
            words_of=_words,
            starred=lambda row: row.starred,
            nothing=tr("No episodes"),
        )
    )


def date_text(seconds: float) -> str:
    """Format a Unix time: `30 Nov, 14:05`; empty if it is unknown."""
    return time.strftime("%d %b, %H:%M", time.localtime(seconds)) if seconds > 0 else ""


def _label(row: EpisodeRow) -> str:
    return tr(
        "Episode {ordinal}, return {total_reward:.1f}",
        ordinal=row.number,
        total_reward=row.total_reward,
    )


def _seed(row: EpisodeRow) -> str:
    return "" if row.seed is None else str(row.seed)


def _driver(row: EpisodeRow) -> str:
    return row.label.codename or _DRIVERS.get(row.who, row.who)


def _by_label(row: EpisodeRow) -> tuple[bool, tuple[str, ...]]:
    return row.label.success is not True, row.label.tags


def _labels(row: EpisodeRow) -> str:
    judged = {None: "", True: tr("success"), False: tr("failure")}[row.label.success]
    trim = tr("trimmed") if row.label.trim else ""
    odd = tr("recovered") if row.recovered else ""
    replay = "" if row.verdict in ("", "exact") else row.verdict
    flagged = tr("flagged") if row.flags else ""
    return joined(" · ", filter(None, (judged, *row.label.tags, trim, odd, replay, flagged)))


def _words(row: EpisodeRow) -> str:
    star = "starred" if row.starred else ""
    named = (row.label.note, row.label.task, *(mark.name for mark in row.label.marks))
    about = (str(row.number), _driver(row), _labels(row), *named, row.verdict, star)
    return " ".join((*about, str(row.seed), date_text(row.started)))


_COLUMNS: tuple[Column[EpisodeRow], ...] = (
    Column(tr("No."), 0.13, lambda r: r.number, lambda r: str(r.number), 0, "medium"),
    Column(
        tr("Return"), 0.15, lambda r: r.total_reward, lambda r: signed(r.total_reward), 0, "bold"
    ),
    Column(tr("Steps"), 0.12, lambda r: r.total_steps, lambda r: f"{r.total_steps:,}"),
    Column(
        tr("Seed"),
        0.12,
        lambda r: r.seed or 0,
        _seed,
        340,
    ),
    Column(tr("Recorded"), 0.2, lambda r: r.started, lambda r: date_text(r.started), 480),
    Column(tr("Driver"), 0.18, _driver, _driver, 400),
    Column(tr("Labels"), 0.22, _by_label, _labels),
)
