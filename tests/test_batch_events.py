"""An event for each drained batch: what it says, who hears it, and that scoring never minds Prefect."""

from __future__ import annotations

import json
import logging
from typing import Any

import httpx
import pytest

from flows import steps
from flows.batch_events import EVENT, PAUSE, RESOURCE, BatchEvents, batch_events, credentials
from flows.scoring import BatchReport, drain
from flows.wiring import Edges
from tests.fixtures_prefect import PrefectServer, eventually
from tests.services import free_port
from tests.test_scoring import about, put

FIRST = BatchReport(read=5, judged=3, off_topic=1, dead=1, batches=1)
SECOND = FIRST + BatchReport(read=2, judged=2, batches=1)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Answers:
    """A Prefect server that answers as it is told."""

    def __init__(self, *statuses: int | Exception) -> None:
        self.statuses = list(statuses)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        status = self.statuses.pop(0)
        if isinstance(status, Exception):
            raise status
        return httpx.Response(status)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [event for request in self.requests for event in json.loads(request.content)]


def events_to(answers: Answers, clock: Clock) -> BatchEvents:
    client = httpx.Client(transport=httpx.MockTransport(answers))
    return BatchEvents(client, "http://prefect:4200/api/", clock=clock)


def test_each_batch_is_an_event_with_its_own_counts() -> None:
    answers = Answers(204, 204)
    events = events_to(answers, Clock())
    events(FIRST)
    events(SECOND)
    assert [str(request.url) for request in answers.requests] == [
        "http://prefect:4200/api/events"
    ] * 2
    assert {event["event"] for event in answers.events} == {EVENT}
    assert {event["resource"]["prefect.resource.id"] for event in answers.events} == {RESOURCE}
    assert len({event["id"] for event in answers.events}) == 2
    first, second = (event["payload"] for event in answers.events)
    assert (first["read"], first["judged"], first["off_topic"], first["dead"]) == (5, 3, 1, 1)
    assert (second["read"], second["judged"], second["dead"]) == (2, 2, 0)
    assert "batches" not in first


@pytest.mark.parametrize("fault", [httpx.ConnectError("refused"), httpx.ReadTimeout("slow"), 503])
def test_a_server_that_is_away_is_said_and_left_alone_for_a_while(
    fault: int | Exception, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    answers = Answers(fault, 204)
    events = events_to(answers, clock)
    with caplog.at_level(logging.WARNING, "barometer.score"):
        events(FIRST)
        events(SECOND)
    assert (len(answers.requests), events.sent, events.lost) == (1, 0, 2)
    assert "http://prefect:4200/api did not take the event of a drained batch" in caplog.text
    assert caplog.text.count("did not take") == 1
    clock.now = PAUSE
    events(SECOND + BatchReport(read=1, judged=1, batches=1))
    assert (events.sent, events.lost) == (1, 2)
    assert answers.events[-1]["payload"]["read"] == 1, "what was lost is not sent later"


def test_the_server_is_told_who_asks() -> None:
    assert credentials({}) == {}
    assert credentials({"PREFECT_API_KEY": "pnu_1"}) == {"Authorization": "Bearer pnu_1"}
    assert credentials({"PREFECT_API_AUTH_STRING": "admin:pass"}) == {
        "Authorization": "Basic YWRtaW46cGFzcw=="
    }


def test_without_a_named_server_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    with batch_events() as drained:
        assert not isinstance(drained, BatchEvents)
        drained(FIRST)


def test_a_drain_whose_prefect_server_is_away_stores_everything(
    emptied_edges: Edges, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{free_port()}/api")
    put(emptied_edges, *[(f"row/{n}", about(n)) for n in range(4)])
    with batch_events() as drained:
        report = drain(emptied_edges, progress=drained)
        assert isinstance(drained, BatchEvents)
        assert (drained.sent, drained.lost) == (0, report.batches)
    assert report.read == 4


def test_the_step_that_flows_run_tells_a_real_server_of_each_batch(
    named_prefect: PrefectServer, emptied_edges: Edges
) -> None:
    put(emptied_edges, *[(f"row/{n}", about(n)) for n in range(7)])
    assert steps.score().startswith("7 read")

    def heard() -> list[dict[str, Any]]:
        wanted = {"event": {"name": [EVENT]}, "resource": {"id": [RESOURCE]}}
        found: list[dict[str, Any]] = named_prefect.ask("events/filter", filter=wanted)["events"]
        return [event for event in found if event["payload"].get("read") == 7]

    (event,) = eventually(heard, within=60, otherwise="no event of a drained batch", every=0.2)
    assert event["payload"]["judged"] == 7
