"""`GET /metrics`: the figures of the sync for Prometheus.

Those of the mirrors are read from the database when they are asked for. So they are the same whichever process is asked, a
worker needs no port of its own, and no restart sets them back. How long searches took is each process's own.
"""

from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Final

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from service.api.requests import Register
from service.api.routing import router as register_router
from service.mirror import status, tally
from service.mirror.status import MirrorStatus
from service.mirror.tables import BUILD_STATES

router: APIRouter = register_router("index")

_COUNTERS: Final = {
    "touches": (None, "Changes of rows that were folded; with the documents of batches it tells how many came together in one."),
    "batches": ("result", "Batches by what became of them."),
    "batch_documents": (None, "Documents in batches that were taken in."),
    "batch_bytes": (None, "Bytes of JSON in batches that were taken in."),
    "unknown": ("resolution", "Batches whose answer was lost: adopted where they were found, superseded where not."),
    "late_write_repairs": (None, "Documents that a late write had made wrong, and that were sent again."),
    "same_documents": (None, "Documents that were touched and said nothing new."),
    "deaths": ("code", "Documents that were set aside, by the engine's code."),
    "drift": ("class", "Documents that an audit found wrong."),
    "repairs": (None, "Documents that an audit had sent again."),
    "audits": (None, "Audits that were finished."),
    "doubts": (None, "Times that an engine was found in a state that the ledger could not explain."),
    "settings_repairs": (None, "Times that settings somebody changed were put back."),
    "rebuilds": ("result", "Rebuilds by what became of them."),
}
_HISTOGRAMS: Final = {
    "commit_to_searchable_seconds": "From the commit of a change until it can be found.",
    "task_wait_seconds": "From a batch being prepared until the engine's final word on it.",
}
_GAUGES: Final = {
    "pending_documents": "Changes and documents that wait to be sent.",
    "dead_documents": "Documents that are set aside.",
    "documents": "Documents that the mirror holds.",
    "lag_seconds": "How long the oldest change has waited.",
    "open_batches": "Batches whose outcome is not known yet.",
    "in_step": "1 where the mirror holds everything that is committed.",
    "in_doubt": "1 while an audit has to tell whether the mirror is what it should be.",
    "breaker_open": "1 after five failures in a row.",
    "lease_epoch": "How often the right to send to the mirror has changed hands.",
    "rebuild_documents": "Documents in the index that is being built.",
}


SEARCH_SECONDS: Final = Histogram(
    "search_seconds",
    "From a search being asked until its answer was ready, by the mirror that answered; none where none could.",
    ["mirror"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5),
    registry=None,
)


@router.get("/metrics", include_in_schema=False)
def read_metrics(register: Register) -> Response:
    registry = CollectorRegistry(auto_describe=False)
    with register.reading() as connection:
        counts = tally.read(connection)
    registry.register(_Figures(status.read(register), counts))
    registry.register(SEARCH_SECONDS)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


class _Figures(Collector):
    """The figures of one moment."""

    def __init__(self, mirrors: list[MirrorStatus], counts: Mapping[tuple[str, str, str], float]) -> None:
        self._mirrors = mirrors
        self._counts = counts

    def collect(self) -> Iterator[Metric]:
        yield from self._gauges()
        yield from self._counters()
        yield from self._histograms()

    def _gauges(self) -> Iterator[Metric]:
        for name, told in _GAUGES.items():
            family = GaugeMetricFamily(f"mirror_{name}", told, labels=["mirror"])
            for mirror in self._mirrors:
                family.add_metric([mirror.name], _value(mirror, name))
            yield family
        state = GaugeMetricFamily("mirror_rebuild_state", "1 for the state that a rebuild is in.", labels=["mirror", "state"])
        for mirror in self._mirrors:
            for each in BUILD_STATES:
                state.add_metric([mirror.name, each], float(mirror.build.state == each))
        yield state

    def _counters(self) -> Iterator[Metric]:
        for name, (label, told) in _COUNTERS.items():
            family = CounterMetricFamily(f"mirror_{name}", told, labels=["mirror", *([label] if label else [])])
            for (mirror, known, value), count in sorted(self._counts.items()):
                if known == name:
                    family.add_metric([mirror, *([value] if label else [])], count)
            yield family

    def _histograms(self) -> Iterator[Metric]:
        for name, told in _HISTOGRAMS.items():
            family = HistogramMetricFamily(f"mirror_{name}", told, labels=["mirror"])
            for mirror in self._mirrors:
                total = self._counts.get((mirror.name, f"{name}_count", ""), 0.0)
                each = (self._counts.get((mirror.name, f"{name}_bucket", str(bound)), 0.0) for bound in tally.BOUNDS)
                buckets = [(str(bound), below) for bound, below in zip(tally.BOUNDS, accumulate(each), strict=True)]
                sum_of_all = self._counts.get((mirror.name, f"{name}_sum", ""), 0.0)
                family.add_metric([mirror.name], buckets=[*buckets, ("+Inf", total)], sum_value=sum_of_all)
            yield family


def _value(mirror: MirrorStatus, name: str) -> float:
    values = {
        "pending_documents": mirror.pending,
        "dead_documents": mirror.dead,
        "documents": mirror.documents,
        "lag_seconds": mirror.lag_ms / 1000,
        "open_batches": mirror.open_batches,
        "in_step": mirror.in_step,
        "in_doubt": mirror.doubt is not None,
        "breaker_open": mirror.breaker == "open",
        "lease_epoch": mirror.epoch,
        "rebuild_documents": mirror.build.documents,
    }
    return float(values[name])
