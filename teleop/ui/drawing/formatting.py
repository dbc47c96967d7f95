"""Formats numbers for display."""

from teleop.text import joined, ntr, tr


def signed(value: float, *, plus: bool = True) -> str:
    """Format a return: `+231.4`, `−34.9`."""
    text = f"{value:+.1f}" if plus else f"{value:.1f}"
    return text.replace("-", "−")


def episodes_text(count: int) -> str:
    """Format a number of episodes: `1 episode`, `25 episodes`."""
    return ntr("{n:,} episode", "{n:,} episodes", count)


def speed_text(speed: float) -> str:
    """Format a speed factor: `1.0×`."""
    return f"{speed:g}×" if speed != round(speed) else f"{speed:.1f}×"


def size_text(size: int) -> str:
    """Format a size in bytes: `312 kB`, `1.4 MB`."""
    if size < 1_000_000:
        return f"{size / 1000:.0f} kB"
    if size < 1_000_000_000:
        return f"{size / 1e6:.1f} MB"
    return f"{size / 1e9:.2f} GB"


def time_left(seconds: float) -> str:
    """Format the remaining time: `about 12 s left`."""
    if seconds < 1.5:
        return tr("a second left")
    if seconds < 90:
        return tr("about {seconds:.0f} s left", seconds=seconds)
    return tr("about {seconds:.0f} min left", seconds=seconds / 60)


def two_lines(dataset_id: str, note: str, fits: bool) -> tuple[str, str]:
    """Split a dataset id and its note into two lines, so that the name is never cut off."""
    space, _, name = dataset_id.rpartition("/")
    return (dataset_id, note) if fits or not space else (space, joined(" · ", (name, note)))
