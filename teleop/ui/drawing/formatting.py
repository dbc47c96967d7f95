"""Numbers as people read them."""


def signed(value: float, *, plus: bool = True) -> str:
    """A return: `+231.4`, `−34.9`."""
    text = f"{value:+.1f}" if plus else f"{value:.1f}"
    return text.replace("-", "−")


def count_of(count: int, noun: str, several: str = "") -> str:
    """`1 step`, `2,076 steps`; `several` where an s does not do."""
    return f"{count:,} {noun if count == 1 else several or noun + 's'}"


def speed_text(speed: float) -> str:
    """`1.0×`."""
    return f"{speed:g}×" if speed != round(speed) else f"{speed:.1f}×"


def size_text(size: int) -> str:
    """`312 kB`, `1.4 MB`."""
    if size < 1_000_000:
        return f"{size / 1000:.0f} kB"
    if size < 1_000_000_000:
        return f"{size / 1e6:.1f} MB"
    return f"{size / 1e9:.2f} GB"


def time_left(seconds: float) -> str:
    """`about 12 s left`."""
    if seconds < 1.5:
        return "a second left"
    if seconds < 90:
        return f"about {seconds:.0f} s left"
    return f"about {seconds / 60:.0f} min left"


def two_lines(dataset_id: str, note: str, fits: bool) -> tuple[str, str]:
    """A dataset and what is said of it, so that its own name is never what is cut off."""
    space, _, name = dataset_id.rpartition("/")
    return (dataset_id, note) if fits or not space else (space, f"{name} · {note}")
