"""channels.toml: who is told what, when, and what is said of a list that cannot be used."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.channel_rules import ChannelRule, ChannelsRefused, read_rules
from alerts.channel_url import LogSettings, MailSettings
from alerts.channels.opening import open_channels
from alerts.severity import Severity
from ingest.bus import Bus, connect
from tests.hostile_text import HOSTILE
from tests.told import AT, fall, incident, message

SECRET = "hunter2-is-secret"
NOON = datetime(2026, 3, 11, 12, tzinfo=UTC)

WHOLE = {
    "name": '"press"',
    "url": '"log:"',
    "societies": '["GB", "XA"]',
    "targets": '["regular"]',
    "least_severity": '"severe"',
    "quiet_hours": '"22:00-07:00"',
    "timezone": '"Europe/Rome"',
    "repeat_hours": "24",
    "digest": "false",
    "operator": "false",
}


def entry(**changes: str | None) -> str:
    """A [[channels]] with some lines changed, added, or (None) left out."""
    lines = [f"{key} = {value}" for key, value in (WHOLE | changes).items() if value is not None]
    return "\n".join(["[[channels]]", *lines, ""])


def read(text: str, **options: Any) -> tuple[ChannelRule, ...]:
    return read_rules(text, name="channels.toml", **options)


def refusal(text: str, **options: Any) -> str:
    with pytest.raises(ChannelsRefused) as refused:
        read(text, **options)
    said = str(refused.value)
    assert said.startswith("channels.toml")
    assert said.endswith((".", "?"))
    assert "\n" not in said
    assert SECRET not in said
    return said


def rule(**changes: Any) -> ChannelRule:
    return ChannelRule(**{"name": "press", "settings": None, "url_file": "x", **changes})


# -- Reading ---------------------------------------------------------------------------------------


def test_a_channel_says_whom_it_is_for_and_when() -> None:
    assert read(entry()) == (
        ChannelRule(
            name="press",
            settings=LogSettings(path=""),
            url_file="",
            societies=("GB", "XA"),
            targets=("regular",),
            least_severity=Severity.SEVERE,
            quiet_hours=(time(22), time(7)),
            timezone="Europe/Rome",
            repeat_hours=24.0,
            digest=False,
            operator=False,
        ),
    )


def test_name_and_url_are_enough() -> None:
    (made,) = read('[[channels]]\nname = "all"\nurl = "log:"\n', timezone="Europe/Rome")
    assert made == ChannelRule(
        name="all",
        settings=LogSettings(path=""),
        url_file="",
        societies=(),
        targets=(),
        least_severity=Severity.ALERT,
        quiet_hours=None,
        timezone="Europe/Rome",
        repeat_hours=72.0,
        digest=True,
        operator=True,
    )


@pytest.mark.parametrize("text", ["", "# nobody yet\n", "channels = []\n"])
def test_a_list_without_channels_is_one(text: str) -> None:
    assert read(text) == ()


def test_channels_keep_their_order() -> None:
    text = "".join(entry(name=f'"{name}"') for name in ("b", "a-1", "c_2"))
    assert [each.name for each in read(text)] == ["b", "a-1", "c_2"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": None}, "channel 1 has no name; add one, like name ="),
        ({"name": '"Press Room"'}, "name is not made of small letters"),
        ({"name": f'"{"x" * 41}"'}, "at most 40 of them; write it like name ="),
        ({"name": "7"}, "name is not text in quotes"),
        ({"url": None}, "channel 1 (press) has neither url nor url_file; keep one"),
        ({"url_file": '"x"'}, "has both url and url_file; keep one"),
        ({"url": '""'}, "url is not text in quotes, or is empty; write it like url ="),
        ({"url": f'"{SECRET}"'}, "channel 1 (press): its url does not begin with a scheme"),
        ({"url": f'"smtp://bob:{SECRET}@m?from=x&to=y"'}, "`from` is no mail address"),
        ({"societies": '"GB"'}, "societies is not a list of texts in quotes"),
        ({"societies": "[]"}, "societies is an empty list; leave it out"),
        ({"societies": '["UK"]'}, "has 'UK', which is not an ISO 3166-1 alpha-2 code"),
        ({"societies": "[7]"}, "societies is not a list of texts"),
        ({"targets": '[""]'}, "targets is not a list of texts in quotes"),
        ({"least_severity": '"loud"'}, "least_severity is none of watch, alert, severe, critical"),
        ({"least_severity": '"none"'}, "least_severity is none of watch"),
        ({"quiet_hours": '"22-7"'}, "is not two different times of day with a '-'"),
        ({"quiet_hours": '"24:00-07:00"'}, "is not two different times of day"),
        ({"quiet_hours": '"07:00-07:00"'}, "is not two different times of day"),
        ({"timezone": '"Rome"'}, "timezone is no name of the tz database"),
        ({"timezone": '"../../etc/passwd"'}, "timezone is no name of the tz database"),
        ({"repeat_hours": "0"}, "repeat_hours is not a number from 1 to 8760"),
        ({"repeat_hours": "true"}, "repeat_hours is not a number"),
        ({"repeat_hours": "nan"}, "repeat_hours is not a number"),
        ({"digest": '"yes"'}, "digest is neither true nor false; write it like digest = true."),
        ({"society": '"GB"'}, "has the unknown key 'society'; did you mean 'societies'?"),
        ({"colour": '"red"'}, "has the unknown key 'colour'; known are name, url"),
        ({f'"smtp://bob:{SECRET}@m"': "1"}, "has the unknown key; known are"),
    ],
)
def test_what_is_wrong_is_named_with_its_entry_and_remedy(
    changes: dict[str, str | None], says: str
) -> None:
    assert says in refusal(entry(**changes))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f'[[channels]]\nname = "press"\nurl = "smtp://bob:{SECRET}@m', "is not TOML"),
        ("[channels]\nname = 'x'", "begins with [[channels]], in two pairs of brackets"),
        ("channels = 7", "begins with [[channels]], in two pairs"),
        (f"url = '{SECRET}'\n", "has something beside its channels"),
        (entry() + entry(url='"topic:"'), "channels 1 and 2 are both called press; rename one."),
        ("".join(entry(name=f'"n{n}"') for n in range(101)), "has 101 channels; 100 are the limit"),
        ("[" * 5_000, "is not TOML"),
    ],
)
def test_a_list_that_cannot_be_read_is_refused(text: str, says: str) -> None:
    assert says in refusal(text)


def test_a_channel_for_a_target_that_nobody_counts_is_refused() -> None:
    assert "there is no target 'regular'; known are asylum." in refusal(entry(), targets=["asylum"])
    assert "did you mean 'regular'?" in refusal(entry(targets='["regulr"]'), targets=["regular"])
    assert read(entry(), targets=["regular"])[0].targets == ("regular",)


def test_a_rule_shows_its_name_and_no_more() -> None:
    url = f'"smtp://bob:{SECRET}@m?from=a@example.org&to=c@example.org"'
    (made,) = read(entry(url=url))
    assert isinstance(made.settings, MailSettings)
    assert made.settings.password == SECRET
    assert repr(made) == "ChannelRule('press')"


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_in_a_sentence(text: str) -> None:
    for each in (text, f"[[channels]]\n{text}", f"[[channels]]\nname = {text!r}"):
        try:
            read(each)
        except ChannelsRefused as refused:
            assert str(refused).startswith("channels.toml")


@pytest.mark.parametrize("name", HOSTILE)
def test_text_that_means_harm_is_no_name_of_a_channel(name: str) -> None:
    quoted = HOSTILE[name].encode("utf-8", "backslashreplace").decode()
    escaped = "".join(f"\\U{ord(c):08x}" for c in quoted if not 0xD800 <= ord(c) < 0xE000)
    assert "name is not" in refusal(entry(name=f'"{escaped}"'))


# -- Routing ---------------------------------------------------------------------------------------


def test_a_channel_without_limits_wants_everything() -> None:
    for kind in ("opened", "worse", "reminder", "resolved", "digest", "operator"):
        assert rule().wants(message(kind), NOON)


def test_a_channel_may_want_neither_digest_nor_operators_news() -> None:
    made = rule(digest=False, operator=False)
    assert not made.wants(message("digest"), NOON)
    assert not made.wants(message("operator"), NOON)
    assert made.wants(message(), NOON)


def test_societies_and_targets_pick_the_falls_and_no_digest() -> None:
    for made, wanted in (
        (rule(societies=("XA",)), True),
        (rule(societies=("GB",)), False),
        (rule(targets=("regular",)), True),
        (rule(targets=("asylum",)), False),
        (rule(societies=("XA",), targets=("asylum",)), False),
    ):
        assert made.wants(message(), NOON) is wanted
        assert made.wants(message("digest"), NOON)


def test_a_message_of_several_falls_is_for_whom_one_of_them_is() -> None:
    both = message(falls=(fall(), fall("asylum")))
    assert rule(targets=("asylum",)).wants(both, NOON)
    assert not rule(targets=("irregular",)).wants(both, NOON)


def test_where_falls_are_not_told_the_id_of_the_incident_says_the_target() -> None:
    told = message(falls=(), incident="XA-own-target-2026-03-11")
    assert rule(targets=("own-target",)).wants(told, NOON)
    assert not rule(targets=("regular",)).wants(told, NOON)
    assert rule(targets=("regular",)).wants(message(falls=(), incident="?", society=""), NOON)


@pytest.mark.parametrize(
    ("least", "wanted"),
    [
        ("watch", ["watch", "alert", "severe", "critical", ""]),
        ("alert", ["alert", "severe", "critical", ""]),
        ("severe", ["severe", "critical", ""]),
        ("critical", ["critical", ""]),
    ],
)
def test_severity_is_at_least_what_the_channel_asks_for_or_unknown(
    least: str, wanted: list[str]
) -> None:
    made = rule(least_severity=Severity[least.upper()])
    every = ["none", "watch", "alert", "severe", "critical", ""]
    assert [each for each in every if made.wants(message(severity=each), NOON)] == wanted


def test_who_heard_of_a_fall_hears_that_it_is_over() -> None:
    made = rule(least_severity=Severity.SEVERE)
    over = message("resolved", severity="alert")
    assert not made.wants(over, NOON)
    assert made.wants(over, NOON, told_at=AT)
    assert not rule(societies=("GB",)).wants(over, NOON, told_at=AT)


def test_reminders_keep_their_distance() -> None:
    made = rule(repeat_hours=24)
    reminder = message("reminder")
    assert not made.wants(reminder, NOON, told_at=NOON - timedelta(hours=23, minutes=59))
    assert made.wants(reminder, NOON, told_at=NOON - timedelta(hours=24))
    assert made.wants(reminder, NOON)
    assert made.wants(message("worse"), NOON, told_at=NOON)


# -- Quiet hours -----------------------------------------------------------------------------------

NIGHT = {"quiet_hours": (time(22), time(7)), "timezone": "Europe/Rome"}


@pytest.mark.parametrize(
    ("now", "free"),
    [
        # In March Rome is an hour ahead of UTC, from the 29th two.
        ("2026-03-11T20:59", "2026-03-11T20:59"),
        ("2026-03-11T21:00", "2026-03-12T06:00"),
        ("2026-03-11T23:30", "2026-03-12T06:00"),
        ("2026-03-12T05:59", "2026-03-12T06:00"),
        ("2026-03-12T06:00", "2026-03-12T06:00"),
        ("2026-03-28T22:00", "2026-03-29T05:00"),
        ("2026-10-24T21:00", "2026-10-25T06:00"),
    ],
)
def test_what_comes_in_quiet_hours_waits_for_their_end(now: str, free: str) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    found = rule(**NIGHT).free_at(message(), at)
    assert found == datetime.fromisoformat(free).replace(tzinfo=UTC)
    assert rule(**NIGHT).free_at(message(), found) == found


def test_quiet_hours_of_one_day() -> None:
    made = rule(quiet_hours=(time(12), time(13, 30)))
    assert made.free_at(message(), NOON) == NOON + timedelta(minutes=90)
    before = NOON - timedelta(minutes=1)
    assert made.free_at(message(), before) == before


@pytest.mark.parametrize(
    ("kind", "severity", "waits"),
    [
        ("opened", "critical", False),
        ("worse", "critical", False),
        ("reminder", "critical", False),
        ("resolved", "critical", True),
        ("opened", "severe", True),
        ("digest", "", True),
        ("operator", "", True),
    ],
)
def test_only_what_is_critical_wakes_people(kind: str, severity: str, waits: bool) -> None:
    midnight = datetime(2026, 3, 11, 23, tzinfo=UTC)
    found = rule(**NIGHT).free_at(message(kind, severity=severity), midnight)
    assert (found > midnight) is waits


def test_without_quiet_hours_nothing_waits() -> None:
    assert rule().free_at(message(), NOON) == NOON


@given(
    st.integers(-3_000_000, 5_000_000),
    st.sampled_from(["UTC", "Europe/Rome", "America/New_York", "Asia/Kolkata", "Pacific/Apia"]),
    st.times(),
    st.times(),
)
def test_nothing_waits_longer_than_a_day_and_an_hour(
    minutes: int, zone: str, start: time, end: time
) -> None:
    if start == end:
        return
    at = NOON + timedelta(minutes=minutes)
    found = rule(quiet_hours=(start, end), timezone=zone).free_at(message(), at)
    assert at <= found <= at + timedelta(hours=25)


# -- Opening ---------------------------------------------------------------------------------------


@pytest.fixture
def bus(sqlite_url: str) -> Bus:
    return connect(sqlite_url)


def test_rules_become_channels_that_keep_their_names(tmp_path: Path, bus: Bus) -> None:
    urls = {
        "a-log": "log:",
        "mail": "smtp://m.example.org?from=a@example.org&to=b@example.org",
        "hook": "https://hooks.example.org/x",
        "chat": "json://127.0.0.1:9/x",
        "feed": f"atom:///{tmp_path}/alerts.atom",
        "programs": "topic:",
    }
    text = "".join(entry(name=f'"{name}"', url=f'"{url}"') for name, url in urls.items())
    channels = open_channels(read(text), name="channels.toml", folder=tmp_path, bus=bus)
    assert [each.name for each in channels] == list(urls)
    assert [type(each).__name__ for each in channels] == [
        *("LogChannel", "MailChannel", "WebhookChannel"),
        *("AppriseChannel", "AtomChannel", "TopicChannel"),
    ]
    channels[4].send(message())
    assert (tmp_path / "alerts.atom").exists()


def test_a_secret_url_is_read_from_its_file(tmp_path: Path, bus: Bus) -> None:
    (tmp_path / "press_url").write_text(f"atom:///{tmp_path}/a.atom\n", "utf-8")
    rules = read(entry(url=None, url_file='"press_url"'))
    (made,) = open_channels(rules, name="channels.toml", folder=tmp_path, bus=bus)
    made.send(message(falls=(fall(incident=incident()),)))
    assert (tmp_path / "a.atom").exists()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot be read (No such file or directory); correct the name."),
        (b"", "is empty; write the url into it."),
        (b"\xff" + SECRET.encode(), "cannot be read (it is not UTF-8)"),
        (SECRET.encode(), "its url does not begin with a scheme"),
        (f"slack://{SECRET}".encode(), "none that apprise understands as slack://"),
    ],
)
def test_a_file_without_a_url_is_named_and_not_quoted(
    tmp_path: Path, bus: Bus, content: bytes | None, says: str
) -> None:
    if content is not None:
        (tmp_path / "press_url").write_bytes(content)
    rules = read(entry(url=None, url_file='"press_url"'))
    with pytest.raises(ChannelsRefused) as refused:
        open_channels(rules, name="channels.toml", folder=tmp_path, bus=bus)
    said = str(refused.value)
    assert said.startswith("channels.toml: channel 1 (press): ")
    assert says in said
    assert SECRET not in said
