"""The actions of the load: they make what a catalog and a database would give, in the same shapes."""

from __future__ import annotations

from typing import Any


def etl__catalog() -> dict[str, Any]:
    """200 columns with their statistics, about 60 KB of JSON."""
    columns = [
        {"name": f"column_{n}", "type": "varchar", "nulls": n * 31 % 997, "min": f"a{n:05}", "max": f"z{n:05}",
         "histogram": [n * step % 1009 for step in range(40)]}
        for n in range(200)
    ]  # fmt: skip
    return {"format": "parquet", "columns": columns, "owner": "warehouse"}


def etl__sample(columns: list[dict[str, Any]]) -> dict[str, Any]:
    """1,000 rows of 20 columns, about 400 KB of JSON."""
    names = [column["name"] for column in columns[:20]]
    rows = [dict.fromkeys(names, f"value {row * 7 % 1000}") for row in range(1_000)]
    return {"rows": rows, "count": len(rows)}


def etl__load(partition: int, format: str) -> dict[str, Any]:
    """What a database says of one partition."""
    return {
        "partition": partition,
        "rows": 10_000 + partition,
        "format": format,
        "checksum": f"{partition:032x}",
    }
