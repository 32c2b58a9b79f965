"""`barometer anchors` and `barometer events`, as people type them."""

from __future__ import annotations

import pytest

from alerts.anchor import anchor_of
from alerts.event import event_of
from flows.settings import load_settings
from flows.wiring import edges
from tests.fixtures_command import Place
from tests.test_anchors_and_events import ANCHOR, EVENT, fill


@pytest.fixture
def migrated(place: Place) -> Place:
    place.set("BAROMETER_MODEL", "lexicon")
    assert place.run("migrate").status == 0
    return place


def options(row: dict[str, str]) -> list[str]:
    return [part for name, value in row.items() if value for part in (f"--{name}", value)]


def test_anchors_are_added_imported_listed_and_removed_by_commands(migrated: Place) -> None:
    assert "54 % yes (51 to 57), n = 1,000" in migrated.run("anchors", "add", *options(ANCHOR)).out
    head = ",".join(ANCHOR)
    good = ",".join({**ANCHOR, "source": "Other"}.values())
    bad = ",".join({**ANCHOR, "value": "many"}.values())
    migrated.write("surveys.csv", f"{head}\n{good}\n{bad}\n")
    said = migrated.run("anchors", "import", "surveys.csv")
    assert said.status == 2
    assert "surveys.csv, line 3: value is 'many'" in said.sentence
    listed = migrated.run("anchors", "list").out
    assert "Institute of Opinion" in listed
    assert "Other" in listed
    name = anchor_of(ANCHOR).id
    assert migrated.run("anchors", "remove", name).status == 0
    assert "Institute of Opinion" not in migrated.run("anchors", "list").out
    assert "There is no anchor" in migrated.run("anchors", "remove", name).sentence


def test_events_are_added_listed_told_and_removed_by_commands(migrated: Place) -> None:
    with edges(load_settings(), sources=[]) as opened:
        fill(opened)
    name = event_of(EVENT).id
    assert name in migrated.run("events", "add", *options(EVENT)).out
    assert name in migrated.run("events", "list", "--society", "xa").out
    told = migrated.run("events", "effect", name).out
    assert "regular: lower than where it was going." in told
    assert "no proof that the event was the cause" in " ".join(told.split())
    assert "did you mean" in migrated.run("events", "effect", name[:-1] + "x").sentence
    migrated.write("events.csv", "society,day\nXA,2026-09-01\n")
    assert "names no column 'kind'" in migrated.run("events", "import", "events.csv").sentence
    assert migrated.run("events", "remove", name).status == 0
    assert "No events." in migrated.run("events", "list").out
