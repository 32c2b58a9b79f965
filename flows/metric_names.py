"""The metrics: names, labels and what they say. docs/observability.md has the same table, held to this by a test."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Metric(NamedTuple):
    """One family. `name` is without the endings that OpenMetrics adds to counters (_total) and histograms."""

    name: str
    kind: Literal["counter", "gauge", "histogram", "info"]
    labels: tuple[str, ...]
    says: str


def _metrics() -> dict[str, Metric]:
    rows: list[Metric] = [
        # The two headline figures.
        Metric("lag_seconds", "gauge", (), "Age of the newest judgement"),
        Metric(
            "dwell_seconds",
            "gauge",
            ("since",),
            "Of the incident told last: from the end of the day that fell (since=fell), or of the day on which that was certain (since=certain), to the message",
        ),
        # What this process did.
        Metric("documents_scored", "counter", ("disposition",), "Rows that became what, here"),
        Metric("documents_ingested", "counter", ("source",), "Documents published, here"),
        Metric(
            "documents_dropped",
            "counter",
            ("stage", "reason"),
            "Rows that were not judged, by stage (collect, score) and reason",
        ),
        Metric("batches", "counter", (), "Batches scored, here"),
        Metric("batch_seconds", "histogram", (), "Seconds per batch: judged, stored, committed"),
        Metric("step_seconds", "histogram", ("step",), "Seconds per step that succeeded"),
        Metric("step_failures", "counter", ("step",), "Steps that failed"),
        Metric(
            "step_last_success_timestamp_seconds",
            "gauge",
            ("step",),
            "When the step last succeeded, in this process",
        ),
        Metric("source_readings", "counter", ("source", "outcome"), "Attempts to read a source"),
        Metric("notifications", "counter", ("receiver",), "Messages that a channel accepted"),
        Metric(
            "notifications_failed",
            "counter",
            ("receiver", "reason"),
            "Messages that a channel did not take, by reason (authError, rateLimited, clientError, serverError, contextDeadlineExceeded)",
        ),
        # What bus and database say.
        Metric("edge_up", "gauge", ("edge",), "1 when the edge answers: bus, database, prefect"),
        Metric(
            "consumer_lag_messages",
            "gauge",
            ("topic", "partition"),
            "Messages published and not scored yet",
        ),
        Metric("dead_letters", "gauge", (), "Dead letters that wait for a fix"),
        Metric("ledger_rows", "gauge", ("disposition",), "Rows in the ledger, whoever read them"),
        Metric(
            "source_last_success_timestamp_seconds",
            "gauge",
            ("source",),
            "When the source was last read",
        ),
        Metric("source_failures", "gauge", ("source",), "Failed attempts since it was last read"),
        Metric(
            "sources",
            "gauge",
            ("condition",),
            "Sources by condition: ok, failing, silent, quiet, flood, new, off",
        ),
        Metric("incidents", "gauge", ("state",), "Open incidents: unanswered, acknowledged"),
        Metric("messages_untold", "gauge", (), "Messages that nobody has accepted yet"),
        Metric("channel_up", "gauge", ("receiver",), "0 when the channel is switched off"),
        Metric("digest_age_seconds", "gauge", (), "Since the newest digest was told"),
        Metric("concerns", "gauge", ("kind",), "What the self-monitor finds wrong"),
        Metric("self_check_timestamp_seconds", "gauge", (), "When the self-monitor last looked"),
        Metric(
            "state_timestamp_seconds",
            "gauge",
            (),
            "When bus and database were last asked for all of these",
        ),
        Metric("build", "info", ("version", "process"), "The program, and which of its processes"),
        Metric("model", "info", ("model",), "The model of the settings, and its version"),
    ]
    return {f"barometer_{one.name}": one._replace(name=f"barometer_{one.name}") for one in rows}


METRICS = _metrics()
