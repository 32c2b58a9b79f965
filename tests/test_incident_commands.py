"""`barometer incidents` and `barometer channels`: what people do with a fall, and the ways that they hear of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from alerts.delivery import ChannelState
from alerts.incident import Incident, Status
from flows.settings import load_settings
from flows.wiring import edges
from storage.database import connect
from storage.deliveries import channel_states, store_state
from storage.incidents import store_incidents, stored_incidents
from tests.fixtures_command import Place

OPENED = datetime(2026, 11, 5, 7, tzinfo=UTC)

INCIDENT = Incident(
    id="XA-regular-2026-11-04",
    society="XA",
    target="regular",
    status=Status.OPEN,
    drop_day=date(2026, 11, 1),
    detected_on=date(2026, 11, 4),
    opened_at=OPENED,
    resolved_at=None,
    baseline=20.0,
    net_support=-10.0,
    change=-30.0,
    lower=-42.0,
    upper=-18.0,
    reason="within outlets, net support was 30.0 points lower",
)


@pytest.fixture
def place(place: Place) -> Iterator[Place]:
    """A place with one open incident."""
    with edges(load_settings(), create=True, sources=[]) as opened:
        store_incidents(opened.database, [INCIDENT])
    yield place


def stored() -> Incident:
    database = connect(load_settings().database_url)
    try:
        (incident,) = stored_incidents(database)
        return incident
    finally:
        database.close()


def test_somebody_looks_after_an_incident(place: Place) -> None:
    said = place.run("incidents", "ack", INCIDENT.id, "--by", "Mara Lind", "--note", "on it")
    assert (said.status, said.out) == (
        0,
        f"{INCIDENT.id} is looked after by Mara Lind; no more reminders.\n",
    )
    after = stored()
    assert (after.acknowledged_by, after.note) == ("Mara Lind", "on it")
    assert after.acknowledged_at is not None
    assert "Mara Lind" in place.run("incidents", "list").out
    again = place.run("incidents", "ack", INCIDENT.id, "--by", "Jo")
    assert again.status == 2
    assert "was acknowledged by Mara Lind" in again.sentence


def test_an_incident_is_silenced_until_a_day_or_for_a_while(place: Place) -> None:
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    said = place.run("incidents", "silence", INCIDENT.id, "--until", f"{tomorrow}")
    assert (said.status, said.out) == (
        0,
        f"{INCIDENT.id} is silent until {tomorrow} 00:00 UTC.\n",
    )
    until = stored().silenced_until
    assert until is not None
    assert until.date() == tomorrow
    assert place.run("incidents", "silence", INCIDENT.id, "--for", "3d").status == 0
    later = stored().silenced_until
    assert later is not None
    assert timedelta(days=2) < later - datetime.now(UTC) <= timedelta(days=3)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--until", "someday"], "'someday' is no time; write it like 2026-12-01T09:00."),
        (["--until", "2020-01-01"], "2020-01-01 00:00 UTC is past; name a time to come."),
        (["--for", "3w"], "'3w' is no duration; write hours or days, like 12h or 3d."),
        ([], "Write either --until TIME or --for DURATION, like --for 3d."),
        (["--for", "1d", "--until", "2030-01-01"], "Write either --until TIME or --for DURATION"),
    ],
)
def test_a_silence_that_cannot_be_is_refused(
    place: Place, arguments: list[str], sentence: str
) -> None:
    said = place.run("incidents", "silence", INCIDENT.id, *arguments)
    assert said.status == 2
    assert said.sentence.startswith(sentence)
    assert stored().silenced_until is None


def test_somebody_says_that_it_is_over_and_people_hear_who(place: Place) -> None:
    said = place.run("incidents", "resolve", INCIDENT.id, "--by", "Mara Lind", "--note", "a bug")
    assert (said.status, said.out) == (0, f"{INCIDENT.id} is resolved; told.\n")
    assert stored().status == Status.RESOLVED
    log = load_settings().alert_log.read_text("utf-8")
    assert "resolved by Mara Lind: a bug" in " ".join(log.split())
    again = place.run("incidents", "resolve", INCIDENT.id, "--by", "Mara Lind")
    assert again.status == 2
    assert "nothing is left to do" in again.sentence


def test_an_incident_is_shown_with_all_that_is_known(place: Place) -> None:
    said = place.run("incidents", "show", INCIDENT.id)
    assert said.status == 0
    text = " ".join(said.out.split())
    for part in ("regular migration", "+20", "-10", "-42", "-18", "barometer sql", INCIDENT.id):
        assert part in text


def test_a_society_is_shown_with_its_name_beside_its_code(place: Place) -> None:
    german = msgspec.structs.replace(INCIDENT, id="DE-regular-2026-11-04", society="DE")
    database = connect(load_settings().database_url)
    store_incidents(database, [german])
    database.close()
    listed = place.run("incidents", "list").out
    assert f"{german.id}   Germany " in listed
    assert " XA " in listed  # an invented one has no name
    shown = " ".join(place.run("incidents", "show", german.id).out.split())
    assert "net support for regular migration in Germany (DE) fell" in shown
    assert "society = 'DE'" in shown
    place.write("names.toml", 'XA = "Alderland"\n')
    place.set("BAROMETER_SOCIETY_NAMES", "names.toml")
    assert " Alderland " in place.run("incidents", "list").out


def test_a_mistyped_incident_is_corrected(place: Place) -> None:
    said = place.run("incidents", "show", "XA-regular-2026-11-05")
    assert said.status == 2
    assert said.sentence == (
        "There is no incident 'XA-regular-2026-11-05'; did you mean XA-regular-2026-11-04?"
    )


# Channels


def channels(place: Place, text: str) -> None:
    path = place.folder / "channels.toml"
    path.write_text(text, "utf-8")
    place.set("BAROMETER_CHANNELS", str(path))


def test_channels_are_listed_tested_and_switched_on_again(place: Place) -> None:
    feed = place.folder / "alerts.atom"
    channels(
        place,
        f'[[channels]]\nname = "press"\nurl = "atom:///{feed}"\nsocieties = ["XA"]\n'
        'least_severity = "severe"\n',
    )
    database = connect(load_settings().database_url)
    store_state(
        database,
        ChannelState(channel="press", failures=5, disabled_at=OPENED, error="no such room"),
    )
    database.close()
    listed = place.run("channels", "list").out
    for part in ("log", "press", "XA", "severe", "off", "no such room"):
        assert part in listed
    said = place.run("channels", "test", "press")
    assert (said.status, said.out) == (0, "press: it took the message.\n")
    assert "a test of this channel" in feed.read_text("utf-8")
    assert place.run("channels", "enable", "press").status == 0
    database = connect(load_settings().database_url)
    assert channel_states(database)["press"].disabled_at is None
    database.close()
    wrong = place.run("channels", "test", "presse")
    assert (wrong.status, wrong.sentence) == (
        2,
        "There is no channel 'presse'; did you mean press?",
    )


def test_a_channel_that_does_not_answer_is_said_and_the_status_is_one(place: Place) -> None:
    channels(
        place,
        '[[channels]]\nname = "press"\n'
        f'url = "atom:///{place.folder}/no/such/folder/alerts.atom"\n',
    )
    said = place.run("channels", "test", "press")
    assert said.status == 1
    assert said.err.startswith("press: ")
    assert "Traceback" not in said.err


def test_a_list_of_channels_that_cannot_be_used_is_the_users_mistake(place: Place) -> None:
    channels(place, '[[channels]]\nname = "press"\nurl = "smtp://mail.example.org"\n')
    said = place.run("channels", "list")
    assert said.status == 2
    assert "channel 1 (press)" in said.sentence
