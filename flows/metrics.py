"""The metrics page: what this process counted and what bus and database say, as OpenMetrics.

    Tally + State -MetricsPage-> families -prometheus-client-> text

Ages are computed when the page is asked for, so that they grow while nothing is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, time, timedelta

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from alerts.concern import Kind
from classify.disposition import Disposition
from flows.metric_names import METRICS, Metric
from flows.state_reader import State
from flows.tally import BOUNDS, TALLY, Tallied, Tally

CONTENT_TYPE = CONTENT_TYPE_LATEST

EDGES = ("bus", "database")

Sample = tuple[tuple[str, ...], float]
"""Values of the labels, in their order, and the value."""


class MetricsPage:
    """Writes the page. Safe to use from several threads."""

    def __init__(
        self,
        *,
        process: str,
        version: str,
        model: str,
        state: Callable[[], State],
        clock: Callable[[], datetime],
        tally: Tally = TALLY,
    ) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=self._registry)
        self._registry.register(_Families(process, version, model, state, clock, tally))

    def text(self) -> bytes:
        """OpenMetrics, ending with # EOF."""
        written: bytes = generate_latest(self._registry)  # type: ignore[no-untyped-call]
        return written


class _Families(Collector):
    def __init__(
        self,
        process: str,
        version: str,
        model: str,
        state: Callable[[], State],
        clock: Callable[[], datetime],
        tally: Tally,
    ) -> None:
        self._info = {
            "barometer_build": {"version": version, "process": process},
            "barometer_model": {"model": model},
        }
        self._state = state
        self._clock = clock
        self._tally = tally

    def describe(self) -> Iterable[Family]:
        """Nothing: the families are known from METRICS."""
        return []

    def collect(self) -> Iterator[Family]:
        """Every family of METRICS, in that order."""
        counted = self._tally.so_far()
        figures = dict(state_samples(self._state(), self._clock()))
        for name, metric in METRICS.items():
            if metric.kind == "info":
                yield InfoMetricFamily(name, metric.says, value=self._info[name])
            elif metric.kind == "counter":
                yield _counter(metric, counted)
            elif metric.kind == "histogram":
                yield _histogram(metric, counted)
            else:
                yield _gauge(metric, [*figures.get(name, ()), *_marks(metric, counted)])


def state_samples(state: State, now: datetime) -> Iterator[tuple[str, list[Sample]]]:
    """The gauges that bus and database give. What nobody could ask is not there."""
    yield _of("edge_up", [((edge,), float(not fault)) for edge, fault in state.faults.items()])
    yield _of(
        "consumer_lag_messages",
        [((one.topic, str(one.partition)), one.messages) for one in state.partitions],
    )
    if state.at is not None:
        yield _of("state_timestamp_seconds", [((), state.at.timestamp())])
    if (figures := state.figures) is not None:
        if figures.newest_judgement is not None:
            age = (now - figures.newest_judgement).total_seconds()
            yield _of("lag_seconds", [((), max(0.0, age))])
        if figures.digest_told is not None:
            age = (now - figures.digest_told).total_seconds()
            yield _of("digest_age_seconds", [((), max(0.0, age))])
        if figures.self_check is not None:
            yield _of("self_check_timestamp_seconds", [((), figures.self_check.timestamp())])
        yield _of("dead_letters", [((), figures.dead_letters)])
        yield _of("messages_untold", [((), figures.untold)])
        open_ones = {"unanswered": figures.unanswered, "acknowledged": figures.acknowledged}
        yield _of("incidents", _by_word(open_ones))
        words = {word.value: state.ledger.get(word.value, 0) for word in Disposition}
        yield _of("ledger_rows", _by_word(words))
        yield _of(
            "concerns", _by_word({kind.value: state.concerns.get(kind.value, 0) for kind in Kind})
        )
    if (dwell := state.dwell) is not None:
        ends = {"fell": dwell.drop_day, "certain": dwell.detected_on}
        since = {
            word: datetime.combine(day + timedelta(days=1), time(), UTC)
            for word, day in ends.items()
        }
        yield _of(
            "dwell_seconds",
            [((word,), (dwell.told_at - end).total_seconds()) for word, end in since.items()],
        )
    yield _of(
        "source_last_success_timestamp_seconds",
        [
            ((name,), one.last_success_at.timestamp())
            for name, one in state.sources.items()
            if one.last_success_at is not None
        ],
    )
    yield _of("source_failures", [((name,), one.failures) for name, one in state.sources.items()])
    yield _of("sources", _by_word(state.conditions))
    yield _of("channel_up", [((name,), float(on)) for name, on in state.channels.items()])


def _of(name: str, samples: list[Sample]) -> tuple[str, list[Sample]]:
    return f"barometer_{name}", samples


def _by_word(numbers: Mapping[str, int]) -> list[Sample]:
    return [((word,), number) for word, number in numbers.items()]


def _gauge(metric: Metric, samples: Iterable[Sample]) -> Family:
    family = GaugeMetricFamily(metric.name, metric.says, labels=list(metric.labels))
    for labels, value in samples:
        family.add_metric(list(labels), value)
    return family


def _counter(metric: Metric, counted: Tallied) -> Family:
    family = CounterMetricFamily(metric.name, metric.says, labels=list(metric.labels))
    for name, labels, number in counted.counts:
        if f"barometer_{name}" == metric.name:
            family.add_metric(_values(metric, labels), number)
    if not metric.labels and not family.samples:
        family.add_metric([], 0)
    return family


def _histogram(metric: Metric, counted: Tallied) -> Family:
    family = HistogramMetricFamily(metric.name, metric.says, labels=list(metric.labels))
    for name, labels, one in counted.durations:
        if f"barometer_{name}" != metric.name:
            continue
        below, buckets = 0, []
        for bound, number in zip((*BOUNDS, float("inf")), one.buckets, strict=True):
            below += number
            buckets.append(("+Inf" if bound == float("inf") else str(bound), float(below)))
        family.add_metric(_values(metric, labels), buckets, one.total)
    return family


def _marks(metric: Metric, counted: Tallied) -> Iterator[Sample]:
    for name, labels, value in counted.marks:
        if f"barometer_{name}" == metric.name:
            yield tuple(_values(metric, labels)), value


def _values(metric: Metric, labels: Iterable[tuple[str, str]]) -> list[str]:
    given = dict(labels)
    return [given[name] for name in metric.labels]
