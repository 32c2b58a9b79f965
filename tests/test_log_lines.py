"""Log lines as JSON, and one document followed through them from its feed to the alert."""

from __future__ import annotations

import json
import logging
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from flows.log_lines import JsonLines, bound, ids
from flows.settings import load_settings
from flows.wiring import edges
from tests.fixtures_command import Place, Said
from tests.judged_documents import a_day, store
from tests.local_feed import local_feed
from tests.rows import ABOUT

SECRET = "hunter2secret"


def line(message: str, /, *arguments: object, **fields: Any) -> dict[str, Any]:
    record = logging.LogRecord("barometer.x", logging.INFO, "x.py", 1, message, arguments, None)
    for name, value in ids(**fields).items():
        setattr(record, name, value)
    text = JsonLines().format(record)
    assert "\n" not in text
    found: dict[str, Any] = json.loads(text)
    return found


def test_a_line_is_one_object_with_the_ids_of_its_call_and_of_the_blocks_around_it() -> None:
    with bound(step="score"), bound(batch="b1"):
        found = line("judged %d", 3, document="d1", origin="feed:x/1")
    assert {name: found[name] for name in ("step", "batch", "document", "origin", "message")} == {
        "step": "score", "batch": "b1", "document": "d1", "origin": "feed:x/1",
        "message": "judged 3",
    }  # fmt: skip
    assert datetime.fromisoformat(found["time"]).tzinfo is not None
    assert "batch" not in line("later")


def test_what_others_wrote_breaks_no_line_and_a_password_is_masked() -> None:
    found = line("no\n%s\x1b[31m", f"clickhouse://me:{SECRET}@h/b", message="mine", time="mine")
    assert SECRET not in str(found)
    assert found["message"].startswith("no\nclickhouse://me:***@h/b")
    assert found["time"] != "mine"
    try:
        raise ValueError(f"kafka://me:{SECRET}@h")
    except ValueError:
        import sys

        record = logging.LogRecord("x", logging.ERROR, "x", 1, "failed", (), sys.exc_info())
    assert "ValueError" in (text := JsonLines().format(record))
    assert SECRET not in text


def logged(said: Said) -> list[dict[str, Any]]:
    """The lines on standard error; all of them are objects."""
    return [json.loads(text) for text in said.err.splitlines()]


def the(lines: list[dict[str, Any]], message: str, **fields: Any) -> dict[str, Any]:
    """The one line that says this of these."""
    (found,) = [
        each for each in lines if each["message"] == message and fields.items() <= each.items()
    ]
    return found


def test_one_document_is_followed_from_its_feed_to_the_alert(migrated: Place) -> None:
    today = datetime.now(UTC).date()
    with edges(load_settings(), sources=[]) as opened:
        for ago in range(40, 0, -1):
            for_and_against = (7, 3) if ago > 3 else (1, 9)
            store(opened.database, *a_day(today - timedelta(days=ago), *for_and_against))
    migrated.set("BAROMETER_LOG_FORMAT", "json")
    migrated.set("BAROMETER_MODEL", "lexicon")
    migrated.set("BAROMETER_SOURCES", "sources.toml")
    migrated.write("unused", SECRET)
    with local_feed() as feed:
        feed.write_sources(migrated.folder / "sources.toml")
        collected = logged(migrated.process("collect"))
    scored = logged(migrated.process("score"))
    watched = logged(migrated.process("watch"))

    published = [each for each in collected if each["message"] == "published"]
    assert len(published) == len(ABOUT)
    assert {each["source"] for each in published} == {"local"}
    document, origin = published[0]["document"], published[0]["origin"]
    became = the(scored, "became", document=document)
    assert (became["origin"], became["disposition"]) == (origin, "judged")
    whole = [each for each in scored if each.get("batch") == became["batch"]]
    assert len([each for each in whole if each["message"] == "became"]) == len(ABOUT)
    assert any(each["message"].startswith("batch 1: 5 read = 5 judged") for each in whole)
    day = date.fromisoformat(became["day"])
    the(watched, "estimated", society=became["society"], day=became["day"], target="regular")
    incident = the(watched, "incident", society=became["society"], target="regular")
    assert date.fromisoformat(incident["first_day"]) <= day
    message = the(watched, "message", incidents=[incident["incident"]])
    the(watched, "told", message_id=message["message_id"], channel="log")

    everything = json.dumps([collected, scored, watched])
    assert not [text for text in ABOUT if text in everything]
    assert feed.url not in everything


def test_people_see_no_line_for_each_document(migrated: Place) -> None:
    migrated.set("BAROMETER_MODEL", "lexicon")
    migrated.set("BAROMETER_SOURCES", "sources.toml")
    with local_feed() as feed:
        feed.write_sources(migrated.folder / "sources.toml")
        assert migrated.process("collect").err == ""
    assert migrated.process("score").err == ""


@pytest.mark.parametrize("value", ["xml", "JSON "])
def test_a_form_that_is_none_is_refused_and_capitals_are_taken(place: Place, value: str) -> None:
    place.set("BAROMETER_LOG_FORMAT", value)
    if value.strip() == "JSON":
        assert load_settings().log_format == "json"
    else:
        assert "use text or json" in place.run("migrate").sentence
