"""What societies are called: the file of the settings, the names that need no file, and where people meet them."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest

from alerts.alert_text import IN_TITLE, write_alert
from alerts.alertmanager_payload import alertmanager_payload
from alerts.atom_feed import atom_entry
from alerts.channels.apprise_channel import chat_message
from alerts.cloud_event import cloud_events
from alerts.digest import Digest, build_digest
from alerts.digest_page import digest_page
from alerts.digest_text import digest_message
from alerts.incident import ChangeKind
from alerts.mail_chart import chart_words
from alerts.message import Message
from alerts.point import StanceCount
from alerts.society_names import SocietyNamesRefused, name_and_code, name_of, read_society_names
from flows.mistake import Mistake
from flows.settings import Settings, load_settings
from flows.society_names import default_society_names, load_society_names
from flows.wiring import edges
from ingest.iso_3166 import is_users_own, society_fault
from tests.fixtures_command import Place
from tests.hostile_text import HOSTILE, unseen
from tests.pages import active_content, hearing_faults, text_of
from tests.told import AT, fall

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
EVERY_CODE = [first + second for first in LETTERS for second in LETTERS]
USERS_OWN = [
    "AA", "ZZ", *(f"X{each}" for each in LETTERS if each != "K"), *(f"Q{each}" for each in LETTERS[12:]),
]  # fmt: skip

NAMES: Mapping[str, str] = {"DE": "Germany"}


# Names that need no file


@pytest.mark.parametrize(
    ("code", "name"),
    [("DE", "Germany"), ("GB", "United Kingdom"), ("XK", "Kosovo"), ("QA", "Qatar"), ("TR", "Türkiye")],
)  # fmt: skip
def test_a_country_has_its_name_in_english(code: str, name: str) -> None:
    assert default_society_names()[code] == name


def test_a_code_that_is_left_to_users_has_no_name_but_kosovos() -> None:
    assert [code for code in USERS_OWN if code in default_society_names()] == []
    assert {code for code in EVERY_CODE if is_users_own(code)} == {*USERS_OWN, "XK"}
    assert not any("Pseudo" in name for name in default_society_names().values())


def test_every_society_that_is_a_country_has_a_name_short_enough_for_a_title() -> None:
    countries = [c for c in EVERY_CODE if not society_fault(c) and not is_users_own(c)]
    assert [code for code in countries if code not in default_society_names()] == []
    assert max(map(len, default_society_names().values())) <= IN_TITLE


@pytest.mark.parametrize("society", ["unknown", "Berlin", "de", "001", "XB", "UK"])
def test_what_has_no_name_stays_as_it_is(society: str) -> None:
    assert name_of(society, default_society_names()) == society
    assert name_and_code(society, default_society_names()) == society


def test_a_name_stands_beside_its_code() -> None:
    assert name_and_code("DE", NAMES) == "Germany (DE)"
    assert name_and_code("DE", {"DE": "DE"}) == "DE"
    assert name_of("DE", {"DE": "\u200b"}) == "DE"


def test_the_library_is_loaded_where_names_are_read_and_not_before() -> None:
    code = "import sys, flows.wiring, alerts.society_names; sys.exit('babel' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# The file


def test_a_file_names_societies_over_those_that_have_a_name_already(tmp_path: Path) -> None:
    file = tmp_path / "names.toml"
    file.write_text(
        '\ufeffDE = " Deutschland "\nXB = "Brennmark"\nunknown = "the world"\n', "utf-8"
    )
    names = load_society_names(Settings(society_names=file))
    assert [names[code] for code in ("DE", "XB", "unknown", "FR")] == [
        "Deutschland",
        "Brennmark",
        "the world",
        "France",
    ]
    assert load_society_names(Settings())["DE"] == "Germany"


@pytest.mark.parametrize("text", ["", "# nothing\n"])
def test_a_file_without_a_name_changes_nothing(text: str) -> None:
    assert read_society_names(text, name="names.toml") == {}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("DE = 7", "names.toml: DE has no name in quotes; "),
        ('DE = " "', "names.toml: DE has no name in quotes; "),
        ('DE = "\\u200b"', "names.toml: DE has no name in quotes; "),
        ("[DE]", "names.toml: DE has no name in quotes; "),
        ("[[DE]]", "names.toml: DE has no name in quotes; "),
        ("\nDE", "names.toml is not TOML: "),
        ('DE = "a"\nDE = "b"', "names.toml is not TOML: Cannot overwrite a value (at "),
        ('UK = "United Kingdom"', "names.toml: 'UK' is not an ISO 3166-1 alpha-2 code or 'unknown'; GB is one; "),
        ('de = "Germany"', "names.toml: 'de' is not an ISO 3166-1 alpha-2 code or 'unknown'; DE is one; "),
        ('"D\\nE" = "Germany"', "names.toml: 'D\\nE' is not an ISO 3166-1 alpha-2 code or 'unknown'; "),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_refused_with_the_line_or_the_code(
    text: str, says: str
) -> None:
    with pytest.raises(SocietyNamesRefused) as refused:
        read_society_names(text, name="names.toml")
    said = str(refused.value)
    assert says in said
    assert said.endswith('; a line reads AT = "Austria".')
    assert "\n" not in said


def test_a_name_is_one_line_and_cut() -> None:
    (name,) = read_society_names(f'DE = "Ger\\nmany {"x" * 300}"', name="n").values()
    assert name.startswith("Ger many x")
    assert name.endswith("…")
    assert len(name) == 80


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "Cannot read names.toml that BAROMETER_SOCIETY_NAMES names: No such file or directory; correct"),
        (b"DE = \"\xff\"", "names.toml that BAROMETER_SOCIETY_NAMES names is not UTF-8 (byte 7); save it as UTF-8."),
        (b"DE = 7", 'names.toml: DE has no name in quotes; a line reads AT = "Austria".'),
    ],
)  # fmt: skip
def test_a_file_that_is_of_no_use_stops_a_command_with_status_2_before_anything_is_opened(
    place: Place, content: bytes | None, says: str
) -> None:
    if content is not None:
        place.write("names.toml", content)
    place.set("BAROMETER_SOCIETY_NAMES", "names.toml")
    for command in (["watch"], ["digest"], ["board"], ["incidents", "list"]):
        said = place.run(*command)
        assert said.status == 2
        assert says in said.sentence
    assert not (place.folder / "bus.db").exists()
    with pytest.raises(Mistake, match=re.escape(says)):
        load_society_names(load_settings())


def test_the_edges_carry_the_names(place: Place) -> None:
    place.write("names.toml", 'DE = "Deutschland"')
    with edges(load_settings(), create=True, sources=[]) as opened:
        assert opened.society_names["DE"] == "Germany"
    place.set("BAROMETER_SOCIETY_NAMES", "names.toml")
    with edges(load_settings(), sources=[]) as opened:
        assert opened.society_names["DE"] == "Deutschland"


# Alerts


def alert(
    society: str = "DE", name: str = "Germany", kind: ChangeKind = ChangeKind.OPENED
) -> Message:
    facts = [fall(society=society, kind=kind, sql=""), fall("asylum", society, kind=kind, sql="")]
    return write_alert(facts, now=AT, society_name=name)


@pytest.mark.parametrize("kind", list(ChangeKind))
def test_an_alert_tells_of_germany_and_its_query_of_de(kind: ChangeKind) -> None:
    message = alert(kind=kind)
    assert "in Germany" in message.title
    for text in (message.body, text_of(message.html)):
        assert "net support for regular migration in Germany" in " ".join(text.split())
        assert "WHERE society = 'DE'" in " ".join(text.split())
        assert " in DE" not in text
    assert (message.society, message.falls[0].incident.society) == ("DE", "DE")
    assert atom_entry(message).title == message.title
    assert "DE" in atom_entry(message).categories
    title, body = chat_message(message, title_limit=250, body_limit=2_900)
    assert "Germany" in title and "Germany" in body
    assert "support for asylum in Germany" in chart_words(message.falls[0])


def test_a_society_without_a_name_is_told_of_by_its_code() -> None:
    assert "in XB" in alert("XB", "").title
    assert "support for asylum in XB" in chart_words(alert("XB", "").falls[0])


def test_a_long_name_leaves_the_title_its_figures() -> None:
    message = alert(name="The United Provinces of " + "Long " * 40)
    assert len(message.title) <= 150
    assert "…: -3, was +12" in message.title
    assert "The United Provinces of Long Long Long…" in message.title


def test_machines_are_told_the_code_and_given_the_name_beside_it() -> None:
    sent = msgspec.json.decode(alertmanager_payload(alert(), receiver="hook"))
    assert sent["groupLabels"]["society"] == sent["commonLabels"]["society"] == "DE"
    assert sent["commonAnnotations"]["society_name"] == "Germany"
    assert "in Germany fell" in sent["alerts"][0]["annotations"]["summary"]
    (_, event), *_ = cloud_events(alert(), source="/barometer")
    data = msgspec.json.decode(event)["data"]
    assert data["society"] == data["fall"]["society"] == "DE"
    assert data["fall"]["society_name"] == "Germany"
    nameless = msgspec.json.decode(alertmanager_payload(alert("XB", ""), receiver="hook"))
    assert "society_name" not in nameless["commonAnnotations"]
    assert nameless["alerts"][0]["fingerprint"] != sent["alerts"][0]["fingerprint"]
    renamed = msgspec.json.decode(alertmanager_payload(alert(name="Deutschland"), receiver="hook"))
    assert renamed["alerts"][0]["fingerprint"] == sent["alerts"][0]["fingerprint"]


@pytest.mark.parametrize("bad", HOSTILE)
def test_a_name_that_means_harm_is_shown_and_does_nothing(bad: str) -> None:
    message = alert(name=HOSTILE[bad])
    week = digest({"DE": HOSTILE[bad]})
    told = digest_message(week)
    for text in (message.title, message.body, told.title, told.body):
        assert unseen(text) == set()
    assert "\n" not in message.title
    for page in (message.html, told.html, digest_page(week, title=told.title)):
        assert active_content(page) == []
        assert hearing_faults(page) == []
    assert max(map(len, told.body.splitlines())) <= 78
    msgspec.json.decode(alertmanager_payload(message, receiver="hook"))
    for _, event in cloud_events(message, source="/barometer"):
        msgspec.json.decode(event)


# The digest


def digest(names: Mapping[str, str]) -> Digest:
    week = [StanceCount(outlet=outlet, support=20, neutral=5, oppose=10) for outlet in "abc"]
    fallen = [StanceCount(outlet=outlet, support=1, neutral=5, oppose=29) for outlet in "abc"]
    monday = date(2026, 2, 9)
    counts = {
        (society, target): {
            monday - timedelta(days=7 * back): fallen if not back and society == "DE" else week
            for back in range(9)
        }
        for society in ("DE", "XB")
        for target in ("irregular", "regular")
    }
    opened = msgspec.structs.replace(
        fall(society="DE").incident, drop_day=monday, detected_on=monday
    )
    return build_digest("2026-W07", counts, incidents=[opened], now=AT, society_names=names)


def test_a_digest_tells_of_germany_in_its_sentences_and_above_its_figures() -> None:
    told = digest_message(digest(NAMES))
    flowing = " ".join(told.body.split())
    assert "in Germany irregular, Germany regular;" in flowing
    assert "Germany regular: fell from +12 to -3" in flowing
    tables = told.body[: told.body.index("Incidents")]
    assert tables.count("\nGermany (DE)\n  irregular ") == 1
    assert tables.count("\n  Germany (DE)\n    irregular ") == 1
    assert "DE regular" not in told.body
    page = text_of(told.html)
    assert "Germany (DE)" in page
    assert "Germany regular: fell from" in page


def test_an_invented_society_keeps_its_code_in_a_digest() -> None:
    told = digest_message(digest(default_society_names()))
    assert "\nXB regular " in told.body
    assert "Pseudo" not in told.body + told.html
