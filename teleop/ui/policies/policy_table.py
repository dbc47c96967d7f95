"""The table of a dataset's policies."""

from teleop.text import joined, tr
from teleop.types.results import PolicyRow
from teleop.ui.drawing.formatting import signed
from teleop.ui.episodes.episode_table import date_text
from teleop.ui.widgets.row_table import Column, RowKind, RowTable

_UNKNOWN = "–"
_TRAINED = 4  # index of the column that orders the table at first


def policy_table() -> RowTable[PolicyRow]:
    """Return an empty table of policies, the newest first."""
    kind = RowKind(
        columns=_COLUMNS,
        id_of=lambda row: row.name,
        label_of=lambda row: joined(": ", (tr("Policy {name}", name=row.name), row.title)),
        words_of=_words,
        starred=lambda row: row.pinned,
        nothing=tr("No policies yet: train one"),
        row="policy",
        tick="pick",
    )
    return RowTable(kind, _TRAINED)


def recipe_text(row: PolicyRow) -> str:
    """Return the recipe and the round of correction: `bc · round 2`."""
    if not row.round:
        return row.recipe
    return joined(" · ", (row.recipe, tr("round {value:g}", value=row.round)))


def success_text(row: PolicyRow) -> str:
    """Return the success rate; a dash if it is not known."""
    known = row.score is not None and row.score.success is not None
    return f"{row.score.success:.0%}" if known and row.score else _UNKNOWN


def return_text(row: PolicyRow) -> str:
    """Return the mean return; a dash if the policy has not been played."""
    return signed(row.score.mean, plus=False) if row.score else _UNKNOWN


def _words(row: PolicyRow) -> str:
    star = "baseline" if row.pinned else ""
    return " ".join((row.name, row.title, row.note, star, date_text(row.made)))


def _success(row: PolicyRow) -> float:
    return -1.0 if row.score is None or row.score.success is None else row.score.success


_COLUMNS: tuple[Column[PolicyRow], ...] = (
    Column(tr("Recipe"), 0.24, recipe_text, recipe_text, 0, "medium"),
    Column(tr("Episodes"), 0.14, lambda r: r.episodes, lambda r: f"{r.episodes:,}", 400),
    Column(
        tr("Return"), 0.15, lambda r: r.score.mean if r.score else -1e18, return_text, 0, "bold"
    ),
    Column(tr("Success"), 0.15, _success, success_text, 0, "bold"),
    Column(tr("Trained"), 0.2, lambda r: r.made, lambda r: date_text(r.made), 340),
    Column(
        tr("Loss"),
        0.12,
        lambda r: 1e18 if r.loss is None else r.loss,
        lambda r: _UNKNOWN if r.loss is None else f"{r.loss:.3g}",
        500,
    ),
    Column(tr("Note"), 0.22, lambda r: r.note, lambda r: r.note, 460),
)
