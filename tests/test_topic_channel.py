"""The topic channel over both buses: CloudEvents that programs can follow."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from alerts.channel import ChannelFailed
from alerts.channel_url import TopicSettings, channel_settings
from alerts.channels.topic_channel import TopicChannel
from alerts.cloud_event import MAX_BYTES, TYPES, cloud_events
from alerts.incident import ChangeKind, Rule
from ingest.bus import INCIDENTS, Bus, BusRefused, BusUnavailable, Record, connect
from ingest.bus import Message as Polled
from tests.hostile_text import HOSTILE, hostile_message, unseen
from tests.told import fall, incident, message

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "kafka.md").read_text("utf-8")

SOURCE = "https://barometer.example.org"


def channel(bus: Bus, topic: str = INCIDENTS) -> TopicChannel:
    settings = channel_settings(f"topic://{topic}?source={SOURCE}")
    assert isinstance(settings, TopicSettings)
    return TopicChannel("programs", settings, bus)


def polled(bus: Bus, topic: str, count: int) -> list[Polled]:
    member = bus.subscribe([topic], topic)
    found: list[Polled] = []
    for _ in range(100):
        found += member.poll(10, 0.3)
        if len(found) >= count:
            break
    assert len(found) == count
    return found


def test_a_message_is_a_record_of_the_topic_keyed_by_its_series(bus: Bus, topic: str) -> None:
    channel(bus, topic).send(message())
    (record,) = polled(bus, topic, 1)
    assert record.key == "XA/regular"
    assert record.headers["content-type"] == "application/cloudevents+json; charset=UTF-8"
    assert record.origin == f"message:{message().id}"
    event = json.loads(record.value)
    assert event["id"] == f"{message().id}/XA/regular"
    assert event["source"] == SOURCE


def test_a_message_of_several_falls_is_an_event_for_each_series(bus: Bus, topic: str) -> None:
    floor = fall(incident=incident(rule=Rule.FLOOR, severity="severe"))
    worse = fall("asylum", kind=ChangeKind.WORSE)
    channel(bus, topic).send(message(falls=(fall(), worse, floor), truncated=3))
    records = {record.key: json.loads(record.value) for record in polled(bus, topic, 3)}
    assert set(records) == {"XA/regular", "XA/asylum", "XA/regular/floor"}
    assert records["XA/asylum"]["type"] == "barometer.incident.worse.v1"
    assert records["XA/regular/floor"]["data"]["severity"] == "severe"
    assert {event["data"]["truncated"] for event in records.values()} == {3}
    assert len({event["id"] for event in records.values()}) == 3


def test_the_events_of_one_incident_stay_in_order(bus: Bus, topic: str) -> None:
    made = channel(bus, topic)
    kinds = ["opened", "worse", "reminder", "resolved"]
    for kind in kinds:
        made.send(message(kind, falls=(fall(kind=ChangeKind(kind)),)))
    records = polled(bus, topic, 4)
    assert len({(record.partition, record.key) for record in records}) == 1
    assert [json.loads(record.value)["type"] for record in records] == [
        f"barometer.incident.{kind}.v1" for kind in kinds
    ]


@pytest.mark.parametrize("name", ["control", "surrogate", "long", "header", "emoji"])
def test_text_from_outside_travels_over_the_bus(bus: Bus, topic: str, name: str) -> None:
    channel(bus, topic).send(hostile_message(HOSTILE[name]))
    (record,) = polled(bus, topic, 1)
    assert not unseen(record.key)
    assert json.loads(record.value)["specversion"] == "1.0"


def test_the_topic_has_a_name_of_its_own() -> None:
    settings = channel_settings("topic:")
    assert settings == TopicSettings(topic="barometer.incidents.v1", source="/barometer")


# -- The event -------------------------------------------------------------------------------------


def event(told: Any) -> dict[str, Any]:
    ((_, data),) = cloud_events(told, source=SOURCE)
    assert len(data) <= MAX_BYTES
    decoded = json.loads(data)
    assert isinstance(decoded, dict)
    return decoded


def test_an_event_has_the_attributes_of_cloudevents() -> None:
    sent = event(message())
    assert set(sent) == set("specversion id source type time subject datacontenttype data".split())
    assert sent["specversion"] == "1.0"
    assert sent["type"] == "barometer.incident.opened.v1"
    assert sent["subject"] == "XA/regular"
    assert sent["datacontenttype"] == "application/json"
    assert datetime.fromisoformat(sent["time"]) == datetime(2026, 3, 11, 6, tzinfo=UTC)


def test_figures_travel_and_text_stays_where_it_is() -> None:
    data = event(message())["data"]
    told = data["fall"]
    assert (told["baseline"], told["net_support"], told["change"]) == (12.0, -3.0, -15.0)
    assert (told["lower"], told["upper"]) == (-20.5, -9.5)
    assert (told["n"], told["n_eff"], told["within"]) == (640, 211.4, -13.0)
    assert data["text"] == {"table": "messages", "id": message().id}
    assert message().body.strip() not in json.dumps(data)


@pytest.mark.parametrize(
    ("kind", "type_"),
    [("digest", "barometer.digest.written.v1"), ("operator", "barometer.operator.noticed.v1")],
)
def test_what_is_no_incident_has_a_type_of_its_own_and_its_own_key(kind: str, type_: str) -> None:
    sent = event(message(kind))
    assert sent["type"] == type_
    assert sent["data"]["fall"] is None
    assert sent["subject"] == message(kind).id
    ((key, _),) = cloud_events(message(kind), source=SOURCE)
    assert key == kind, "so that a compacted topic keeps the newest alone"


def test_the_longest_texts_fit_what_every_intermediary_takes() -> None:
    told = fall("移" * 900, reason="移" * 9_000, spillover="移" * 9_000, floor="移" * 9_000)
    sent = event(message(falls=(told,), title="移" * 900, reason="移" * 9_000))
    assert sent["data"]["fall"]["reason"].startswith("移移移")


@pytest.mark.parametrize("name", HOSTILE)
def test_text_from_outside_fits_and_hides_nothing(name: str) -> None:
    sent = event(hostile_message(HOSTILE[name]))
    assert sent["data"]["truncated"] == 0
    for each in (sent["id"], sent["subject"], *sent["data"]["fall"].values()):
        assert not unseen(str(each))


def test_long_ids_that_begin_alike_stay_apart() -> None:
    long = "x" * 1_000
    one, other = (event(message(id=f"{n}", falls=(fall(f"{long}{n}"),))) for n in (1, 2))
    assert one["id"] != other["id"]
    assert one["subject"] != other["subject"]


# -- What a bus may do -----------------------------------------------------------------------------


class Broken:
    """A bus that does not do it."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def create_topics(self, topics: Any, partitions: int | None = None) -> None:
        raise self._error

    def publish(self, topic: str, records: Any) -> None:
        raise AssertionError("not reached")


@pytest.mark.parametrize(
    ("error", "permanent"),
    [(BusUnavailable("no broker answers"), False), (BusRefused("the password is wrong"), True)],
)
def test_a_bus_that_does_not_take_it_is_a_failure(error: Exception, permanent: bool) -> None:
    bus: Any = Broken(error)
    with pytest.raises(ChannelFailed, match=str(error)) as failed:
        channel(bus).send(message())
    assert failed.value.permanent is permanent
    assert failed.value.reason.startswith("the channel programs cannot publish to barometer.inc")


def test_a_message_that_is_sent_again_is_the_same_event(sqlite_url: str, topic: str) -> None:
    bus = connect(sqlite_url)
    for _ in range(2):
        channel(bus, topic).send(message())
    first, second = polled(bus, topic, 2)
    assert first.value == second.value
    bus.close()


def test_records_are_what_the_bus_takes() -> None:
    ((_, data),) = cloud_events(message(), source=SOURCE)
    assert msgspec.json.decode(data)
    assert Record("k", data).value == data


# -- The page --------------------------------------------------------------------------------------


def test_the_event_of_the_page_is_one_that_is_sent(sqlite_url: str, topic: str) -> None:
    bus = connect(sqlite_url)
    channel(bus, topic).send(message())
    (record,) = polled(bus, topic, 1)
    bus.close()
    sent = json.dumps(json.loads(record.value), indent=2, ensure_ascii=False)
    assert f"```json incident\n{sent}\n```" in PAGE, sent


def test_the_page_names_every_type_of_event_and_figure() -> None:
    for kind in ChangeKind:
        assert f"{kind.value}.v1`" in PAGE
    for type_ in TYPES.values():
        assert f"`{type_}`" in PAGE
    told = PAGE.partition("| field |")[2]
    for name in ("baseline", "net_support", "lower", "n_eff", "within", "entry_exit", "spillover"):
        assert f"`{name}`" in told
