"""The table of a class: what each student handed in, and what others learned from it."""

from teleop.text import joined, tr
from teleop.ui.drawing.formatting import signed
from teleop.ui.state.classroom_state import ClassRow
from teleop.ui.widgets.row_table import Column, RowKind, RowTable

_UNKNOWN = "–"
_LEAST = -1e18


def class_table() -> RowTable[ClassRow]:
    """Return an empty table of students, by name."""
    kind = RowKind(
        columns=_COLUMNS,
        id_of=lambda row: row.student.file,
        label_of=_name,
        words_of=_words,
        starred=lambda _: False,
        nothing=tr("Nothing handed in yet"),
        row="student",
        tick="pick",
    )
    return RowTable(kind, 0, down=False)


def _name(row: ClassRow) -> str:
    return row.student.student


def _words(row: ClassRow) -> str:
    state = "problem" if row.student.problems else "fine"
    return " ".join((_name(row), state, _problems(row)))


def _number(value: float | None) -> str:
    return _UNKNOWN if value is None else signed(value, plus=False)


def _share(value: float | None) -> str:
    return _UNKNOWN if value is None else f"{value:.0%}"


def _least(value: float | None) -> float:
    return _LEAST if value is None else value


def _checked(row: ClassRow) -> str:
    if not row.student.episodes:
        return _UNKNOWN
    return tr("{exact} of {count}", exact=row.student.exact, count=row.student.episodes)


def _problems(row: ClassRow) -> str:
    out = (tr("taken out"),) if row.student.is_out else ()
    return joined(" · ", (*out, *row.student.problems))


_COLUMNS: tuple[Column[ClassRow], ...] = (
    Column(tr("Student"), 0.2, lambda r: r.student.student.casefold(), _name, 0, "medium"),
    Column(tr("Takes"), 0.09, lambda r: r.student.takes, lambda r: str(r.student.takes)),
    Column(
        tr("Minutes"),
        0.11,
        lambda r: r.student.minutes,
        lambda r: f"{r.student.minutes:.1f}" if r.student.minutes else _UNKNOWN,
        560,
    ),
    Column(
        tr("Return"),
        0.13,
        lambda r: _least(r.student.mean),
        lambda r: _number(r.student.mean),
        600,
    ),
    Column(
        tr("Success"),
        0.14,
        lambda r: _least(r.student.success),
        lambda r: _share(r.student.success),
        380,
        "bold",
    ),
    Column(
        tr("Policy"),
        0.11,
        lambda r: _least(r.student.policy_success or r.student.policy_mean),
        lambda r: (
            _number(r.student.policy_mean)
            if r.student.policy_success is None
            else _share(r.student.policy_success)
        ),
        0,
        "bold",
    ),
    Column(
        tr("Taught"),
        0.11,
        lambda r: _least(r.teacher.mean if r.teacher else None),
        lambda r: _share(r.teacher.success if r.teacher else None),
        420,
        "bold",
    ),
    Column(
        tr("Per minute"),
        0.15,
        lambda r: _least(r.teacher.per_minute if r.teacher else None),
        lambda r: _number(r.teacher.per_minute if r.teacher else None),
        640,
    ),
    Column(tr("Exact"), 0.11, lambda r: r.student.exact, _checked, 520),
    Column(tr("Problems"), 0.26, lambda r: -len(r.student.problems), _problems),
)
