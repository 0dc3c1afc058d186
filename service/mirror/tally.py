"""What the sync counts of its own doing, in the same transaction as the fact, so that no crash makes a count wrong.

The counts outlive every process and are the same for whoever asks, worker or API. A histogram is three names: `…_bucket` with
the least upper bound as label, `…_sum` and `…_count`; what lies below each bound is summed up when it is shown.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy import Connection, select, text

from service.mirror.tables import TALLY

BOUNDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0)
"""Upper bounds in seconds of the histograms."""

Counts = Mapping[tuple[str, str], float]
"""By name and label; the label is "" where a count has none."""


def add(connection: Connection, mirror: str, counts: Counts) -> None:
    """Add to the counts of a mirror; in one order for everybody, so that two who count do not lock each other out."""
    question = (
        "INSERT INTO tally (mirror, name, label, value) VALUES (:mirror, :name, :label, :value)"
        " ON CONFLICT (mirror, name, label) DO UPDATE SET value = tally.value + excluded.value"
    )
    rows = [
        {"mirror": mirror, "name": name, "label": label, "value": float(value)}
        for (name, label), value in sorted(counts.items())
        if value
    ]
    if rows:
        connection.execute(text(question), rows)


def add_to_all(connection: Connection, name: str, value: float) -> None:
    """Add to a count of every mirror."""
    question = (
        "INSERT INTO tally (mirror, name, label, value) SELECT m.name, :name, '', :value FROM mirror m WHERE true ORDER BY m.name"
        " ON CONFLICT (mirror, name, label) DO UPDATE SET value = tally.value + excluded.value"
    )
    connection.execute(text(question), {"name": name, "value": float(value)})


def observed(name: str, seconds: Iterable[float]) -> Counts:
    """What a histogram counts for these durations."""
    counts: Counter[tuple[str, str]] = Counter()
    total = 0.0
    for each in seconds:
        total += each
        counts[f"{name}_count", ""] += 1
        if each <= BOUNDS[-1]:
            counts[f"{name}_bucket", str(BOUNDS[bisect_left(BOUNDS, each)])] += 1
    return {**counts, (f"{name}_sum", ""): total}


def read(connection: Connection) -> dict[tuple[str, str, str], float]:
    """Every count, by mirror, name and label."""
    return {(mirror, name, label): value for mirror, name, label, value in connection.execute(select(TALLY))}
