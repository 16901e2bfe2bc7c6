"""The rows as Markdown: a table for each C, the reasons for what is missing, the versions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

Row = dict[str, Any]
REFERENCE: Final = ("attune-sim", "shared")
_ONCE: Final = "¹"
_QUEUED: Final = "²"
_QUEUED_SHARE: Final = 0.1


def markdown(rows: Sequence[Row]) -> str:
    """Tables by C, then what did not run, then versions."""
    parts = [_table(rows, context) for context in sorted({row["context_mb"] for row in rows})]
    return "\n\n".join([*parts, *_section("Not run", _reasons(rows)), *_section("Versions", _versions(rows))])


def amount(size: float) -> str:
    """Bytes, kB or MB.

    >>> amount(82), amount(9_040), amount(1_560_000)
    ('82 B', '9.0 kB', '1.56 MB')
    """
    if size < 1_000:
        return f"{size:.0f} B"
    return f"{size / 1e3:.1f} kB" if size < 999_950 else f"{size / 1e6:.2f} MB"


def micros(seconds: float, items: int) -> str:
    """Microseconds an item, with the digits that such a figure deserves."""
    value = seconds / items * 1e6
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def was_queued(row: Row) -> bool:
    """Whether the fan-out's thread was ready to run, without a CPU, for more than a tenth of the time."""
    return row.get("queued", 0.0) > _QUEUED_SHARE * row["seconds"]


def _table(rows: Sequence[Row], context: float) -> str:
    here = {(row["peer"], row["variant"], row["items"]): row for row in rows if row["context_mb"] == context}
    counts = sorted({items for _, _, items in here})
    names = list(dict.fromkeys((peer, variant) for peer, variant, _ in here))
    compared = 100 if 100 in counts else counts[-1]
    head = [
        "peer / variant",
        *(f"µs N={count:,}" for count in counts),
        f"÷ {REFERENCE[1]} (N={compared:,})",
        *(f"bytes N={count:,}" for count in counts),
    ]
    lines = [_line(head), "|---|" + "--:|" * (len(head) - 1)]
    for name in names:
        cells = [here.get((*name, count), {}) for count in counts]
        ratio = _ratio(here.get((*name, compared)), here.get((*REFERENCE, compared)))
        lines.append(_line([" / ".join(name), *map(_time, cells), ratio, *map(_bytes, cells)]))
    return "\n".join([f"### C = {context:g} MB", "", *lines])


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _time(row: Row) -> str:
    outcome = row.get("outcome")
    if outcome == "ok":
        return micros(row["seconds"], row["items"]) + _marks(row)
    if outcome == "skipped":
        return f"skip ({row['seconds']:,.0f} s{_huge(row)})"
    return f"over {row['seconds']:,.0f} s" if outcome == "time_limit" else "–"


def _marks(row: Row) -> str:
    return (_ONCE if row["repeats"] == 1 else "") + (_QUEUED if was_queued(row) else "")


def _huge(row: Row) -> str:
    size = row.get("bytes") or 0
    return f", {size / 1e9:.1f} GB" if size >= 1e9 else ""


def _bytes(row: Row) -> str:
    return amount(row["bytes"] / row["items"]) if row.get("outcome") == "ok" else "–"


def _ratio(row: Row | None, reference: Row | None) -> str:
    if not row or not reference or row["outcome"] != "ok" or reference["outcome"] != "ok":
        return "–"
    ratio = row["seconds"] / reference["seconds"]
    return f"{ratio:.2g}" if ratio < 10 else f"{ratio:,.0f}"


def _reasons(rows: Sequence[Row]) -> Iterator[str]:
    yield from dict.fromkeys(
        f"{row['peer']} / {row['variant']}: {row['reason']}" for row in rows if row.get("reason")
    )


def _versions(rows: Sequence[Row]) -> Iterator[str]:
    found = {row["peer"]: row["versions"] for row in rows if row.get("versions")}
    for peer, versions in found.items():
        yield f"{peer}: {', '.join(f'{name} {version}' for name, version in versions.items())}"


def _section(title: str, lines: Iterable[str]) -> list[str]:
    listed = [f"- {line}" for line in lines]
    return ["\n".join([f"### {title}", "", *listed])] if listed else []
