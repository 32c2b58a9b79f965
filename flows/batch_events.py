"""An event on the Prefect server for each batch that was drained, with its counts as payload.

The scoring neither waits for Prefect nor fails with it: an event is sent after its batch was committed, gets TIMEOUT
seconds, and after a failure no other is sent for PAUSE seconds. What is lost is the hint to watch soon; the schedule
watches anyway.

Sent as one request each. Prefect's own `emit_event` would cost a scoring process the import of Prefect, and holds up its
end while the server is away.
"""

from __future__ import annotations

import base64
import logging
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
import msgspec

from flows.sentence import sentence
from flows.settings import embedded_prefect_wanted, process_environment

if TYPE_CHECKING:
    from flows.scoring import BatchReport

log = logging.getLogger("barometer.score")

EVENT = "barometer.batch.drained"

RESOURCE = "barometer.score"
"""The resource that all these events are about: one bus, however many workers."""

TIMEOUT = httpx.Timeout(5.0, connect=2.0)
"""Seconds; a batch takes longer than an answer of a server that is well."""

PAUSE = 60.0
"""Seconds without another try after one that failed."""

Drained = Callable[["BatchReport"], None]


@contextmanager
def batch_events() -> Iterator[Drained]:
    """What to call after each batch with the total so far, as `drain` calls its `progress`.

    It sends to the server that PREFECT_API_URL names, and does nothing where that is not set.
    """
    if embedded_prefect_wanted():
        yield lambda total: None
        return
    variables = process_environment()
    with httpx.Client(headers=credentials(variables), timeout=TIMEOUT) as client:
        yield BatchEvents(client, variables["PREFECT_API_URL"])


class BatchEvents:
    """Sends an event for each batch; `sent` and `lost` count them."""

    def __init__(
        self, client: httpx.Client, api_url: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._url = f"{api_url.rstrip('/')}/events"
        self._clock = clock
        self._before: BatchReport | None = None
        self._try_at = clock()
        self.sent = 0
        self.lost = 0

    def __call__(self, total: BatchReport) -> None:
        """Send what the batch added to the total."""
        counts = _added(total, self._before)
        self._before = total
        if self._clock() < self._try_at:
            self.lost += 1
            return
        try:
            self._client.post(self._url, json=[drained(counts)]).raise_for_status()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            self.lost += 1
            self._try_at = self._clock() + PAUSE
            log.warning(
                "The Prefect server at %s did not take the event of a drained batch (%s); scoring goes on, and the"
                " watch runs by its schedule. Start the server, or unset PREFECT_API_URL.",
                sentence(self._url.removesuffix("/events")),
                sentence(error) or type(error).__name__,
            )
        else:
            self.sent += 1


def drained(counts: dict[str, int]) -> dict[str, object]:
    """The event of one batch as Prefect's interface takes it."""
    return {
        "id": str(uuid.uuid4()),
        "occurred": datetime.now(UTC).isoformat(),
        "event": EVENT,
        "resource": {"prefect.resource.id": RESOURCE, "prefect.resource.name": "score"},
        "payload": counts,
    }


def credentials(variables: dict[str, str]) -> dict[str, str]:
    """The header by which Prefect knows us: a key (Prefect Cloud), or user and password of a server of one's own."""
    if key := variables.get("PREFECT_API_KEY"):
        return {"Authorization": f"Bearer {key}"}
    if login := variables.get("PREFECT_API_AUTH_STRING"):
        return {"Authorization": "Basic " + base64.b64encode(login.encode()).decode()}
    return {}


def _added(total: BatchReport, before: BatchReport | None) -> dict[str, int]:
    """Counts of the last batch alone."""
    counts: dict[str, int] = msgspec.structs.asdict(total)
    if before is not None:
        counts = {name: count - getattr(before, name) for name, count in counts.items()}
    del counts["batches"]
    return counts
