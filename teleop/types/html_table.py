"""Tables in a notebook."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

_LARGE = 10_000  # from here on a number has no decimals


def html_table(rows: Sequence[Mapping[str, Any]], caption: str = "") -> str:
    """Return rows as an HTML table; numbers are rounded and stand to the right."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    head = "".join(f"<th>{html.escape(name)}</th>" for name in columns)
    body = "".join(
        "<tr>" + "".join(_cell(row.get(name)) for name in columns) + "</tr>" for row in rows
    )
    title = f"<caption>{html.escape(caption)}</caption>" if caption else ""
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return f"<td>{'✓' if value else ''}</td>"
    if isinstance(value, float):
        value = f"{value:.4g}" if abs(value) < _LARGE else f"{value:.0f}"
        return f'<td style="text-align:right">{value}</td>'
    side = ' style="text-align:right"' if isinstance(value, int) else ""
    return f"<td{side}>{html.escape(str(value))}</td>"
