"""The apprise channel: what services are sent, through real HTTP to this machine, and what nobody can smuggle in."""

from __future__ import annotations

import json
import logging
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from apprise.plugins.slack import NotifySlack

from alerts.channel import ChannelFailed
from alerts.channel_url import AppriseSettings, ChannelUrlRefused, channel_settings
from alerts.channels.apprise_channel import AppriseChannel, chat_message
from alerts.harmless_text import chat_text, harmless, harmless_line
from alerts.message import Message
from tests.certificates import server_context
from tests.hostile_text import HOSTILE, hostile_message, unseen
from tests.local_receiver import Receiver, breaks_off, receiver, says
from tests.services import free_port
from tests.told import message

TOKEN = "t0kenthatnobodymaysee"

MENTION = re.compile(r"@[\w&!]|<[!@#/a-z]|&lt;[!@#]", re.IGNORECASE)
"""Calls somebody in Slack, Teams, Discord, Mattermost, Telegram or Matrix."""

MARKUP = re.compile(
    r"<|>|`|\*\S|\S\*|~~|\]\(|\]\[|\]:|(?<![^\W_])_\w|^[ \t]*(?:#|>|---)", re.MULTILINE
)
"""Formats, or shows a link under another name, in one of them."""


@pytest.fixture
def service() -> Iterator[Receiver]:
    with receiver() as opened:
        yield opened


def channel(url: str) -> AppriseChannel:
    settings = channel_settings(url)
    assert isinstance(settings, AppriseSettings)
    return AppriseChannel("room", settings)


def as_json(service: Receiver, path: str = "/hook", user: str = "") -> str:
    return f"json://{user}127.0.0.1:{service.port}{path}"


@pytest.fixture
def slack(service: Receiver, monkeypatch: pytest.MonkeyPatch) -> str:
    """Slack, on this machine."""
    monkeypatch.setattr(NotifySlack, "webhook_url", service.url("/services"))
    monkeypatch.setattr(NotifySlack, "request_rate_per_sec", 0)
    return f"slack://TAAAAAAAA/BBBBBBBBB/{TOKEN}/"


def failure(made: AppriseChannel, *, permanent: bool) -> str:
    with pytest.raises(ChannelFailed) as failed:
        made.send(message())
    assert failed.value.permanent is permanent
    assert failed.value.reason.startswith("the channel room (")
    assert failed.value.__cause__ is None
    return failed.value.reason


# -- What is sent ----------------------------------------------------------------------------------


def test_a_service_is_sent_title_and_body(service: Receiver) -> None:
    made = channel(as_json(service))
    made.send(message())
    (request,) = service.received
    sent = json.loads(request.body)
    assert sent["title"] == message().title
    assert sent["message"] == message().body.strip()
    assert made.name == "room"


@pytest.mark.parametrize(
    ("kind", "severity", "kind_there"),
    [
        ("opened", "alert", "warning"),
        ("worse", "critical", "failure"),
        ("resolved", "critical", "success"),
        ("digest", "", "info"),
        ("operator", "", "info"),
    ],
)
def test_a_service_is_told_how_loud_it_is(
    service: Receiver, kind: str, severity: str, kind_there: str
) -> None:
    channel(as_json(service)).send(message(kind, severity=severity))
    assert json.loads(service.received[0].body)["type"] == kind_there


def test_a_link_and_a_command_can_still_be_used() -> None:
    text = (
        "See https://board.example.org/XA/regular?day=2026-03-11#c (or https://other.example/a_b).\n"
        '  barometer sql "SELECT * FROM daily_support WHERE n_eff = 1"'
    )
    assert chat_text(text, 500) == text


@pytest.mark.parametrize("blocks", ["no", "yes"])
def test_slack_is_sent_what_it_takes(service: Receiver, slack: str, blocks: str) -> None:
    channel(f"{slack}?blocks={blocks}").send(message())
    (request,) = service.received
    assert request.path == f"/services/TAAAAAAAA/BBBBBBBBB/{TOKEN}"
    attachment = json.loads(request.body)["attachments"][0]
    if blocks == "yes":
        header, section, *_ = attachment["blocks"]
        assert header["text"]["text"] == message().title
        assert section["text"]["text"] == message().body.strip()
    else:
        assert attachment["title"] == message().title
        assert attachment["text"] == message().body.strip()


# -- Text that means harm --------------------------------------------------------------------------


@pytest.mark.parametrize("name", HOSTILE)
def test_text_from_outside_calls_nobody_and_formats_nothing(name: str) -> None:
    title, body = chat_message(hostile_message(HOSTILE[name]), title_limit=250, body_limit=35_000)
    for text in (title, body):
        assert not MENTION.search(text), MENTION.search(text)
        assert not MARKUP.search(text), MARKUP.search(text)
        assert not unseen(text)
    assert "\n" not in title


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("blocks", ["no", "yes"])
def test_text_from_outside_stays_text_in_slack(
    service: Receiver, slack: str, name: str, blocks: str
) -> None:
    channel(f"{slack}?blocks={blocks}").send(hostile_message(HOSTILE[name]))
    (request,) = service.received
    sent = json.loads(request.body)
    assert len(json.dumps(sent, ensure_ascii=False).encode()) < 12_000
    texts = list(_texts(sent))
    assert max(map(len, texts)) <= (3_000 if blocks == "yes" else 12_000)
    for text in texts:
        assert "<" not in text
        assert not re.search(r"@\w", text)
    if blocks == "yes":
        assert all(
            len(block["text"]["text"]) <= 150
            for block in sent["attachments"][0]["blocks"]
            if block["type"] == "header"
        )


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)


@pytest.mark.parametrize("name", ["emoji", "wide", "ampersands", "escaped in json", "mention"])
def test_teams_is_sent_a_card_below_its_limit(tmp_path: Path, name: str) -> None:
    with receiver(server_context(tmp_path)) as service:
        url = f"workflows://127.0.0.1:{service.port}/{TOKEN}/signature/?verify=no"
        channel(url).send(hostile_message(HOSTILE[name]))
        (request,) = service.received
    assert len(request.body) < 28_000
    card = json.loads(request.body)["attachments"][0]["content"]
    assert card["type"] == "AdaptiveCard"
    assert card["msteams"] == {"width": "full"}
    texts = [block["text"] for block in card["body"] if block["type"] == "TextBlock"]
    assert not MENTION.search("\n".join(texts))


@pytest.mark.parametrize("name", HOSTILE)
def test_harmless_text_is_idempotent_and_keeps_to_its_limit(name: str) -> None:
    for limit in (1, 10, 300):
        for change in (harmless, harmless_line, chat_text):
            made = change(HOSTILE[name], limit)
            assert len(made) <= limit
            made.encode()
            assert not unseen(made)
    once = harmless(HOSTILE[name], 300)
    assert harmless(once, 300) == once


def test_letters_that_need_joiners_stay_whole() -> None:
    assert (
        harmless_line("می\u200cخواهم 👩\u200d👧 क्\u200dष", 50)
        == "می\u200cخواهم 👩\u200d👧 क्\u200dष"
    )


# -- Limits ----------------------------------------------------------------------------------------


def long_message(**changes: Any) -> Message:
    body = "\n".join(f"Line {number} of a long report." for number in range(500))
    return msgspec.structs.replace(message(), body=body, **changes)


@pytest.mark.parametrize("limit", [35_000, 4_096, 2_000, 1_000])
def test_a_long_body_is_cut_and_says_where_the_rest_is(limit: int) -> None:
    _, body = chat_message(long_message(), title_limit=250, body_limit=limit)
    assert len(body) <= min(limit, 2_900)
    assert body.endswith("Cut here. barometer incidents show XA-regular-2026-03-11 shows the rest.")


def test_a_short_service_gets_the_beginning() -> None:
    title, body = chat_message(long_message(), title_limit=0, body_limit=160)
    assert len(title) + 2 + len(body) <= 160
    assert body.startswith("Line 0")


def test_bytes_count_too() -> None:
    told = msgspec.structs.replace(message(), body="移" * 2_800)
    _, body = chat_message(told, title_limit=250, body_limit=35_000)
    assert len(body.encode()) <= 8_000
    assert "\ufffd" not in body
    assert all(unicodedata.category(character) != "Cn" for character in body)


# -- What a service may do -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "permanent"),
    [
        *((status, True) for status in (400, 401, 403, 404, 410, 413)),
        *((status, False) for status in (408, 429, 500, 503)),
    ],
)
def test_a_service_that_says_no_is_a_failure_with_its_number(
    service: Receiver, status: int, permanent: bool
) -> None:
    service.answers = [says(status)]
    assert f"({status})" in failure(channel(as_json(service)), permanent=permanent)


def test_a_service_that_hangs_up_or_is_not_there_may_be_tried_again(service: Receiver) -> None:
    service.answers = [breaks_off]
    said = failure(channel(as_json(service)), permanent=False)
    assert said.endswith("did not take the message and gave no reason; it will be sent again")
    failure(channel(f"json://127.0.0.1:{free_port()}/hook"), permanent=False)


def test_a_yes_that_means_no_is_a_failure(service: Receiver, slack: str) -> None:
    service.answers = [says(200, '{"ok":false,"error":"msg_blocks_too_long"}')]
    failure(channel(slack), permanent=False)


def test_a_redirect_is_not_followed(service: Receiver) -> None:
    service.answers = [says(302, Location=service.url("/elsewhere"))]
    failure(channel(as_json(service)), permanent=True)
    assert [each.path for each in service.received] == ["/hook"]


def test_a_channel_that_failed_sends_the_same_message_later(service: Receiver) -> None:
    made = channel(as_json(service))
    service.answers = [says(503)]
    failure(made, permanent=False)
    made.send(message())
    first, second = (json.loads(each.body) for each in service.received)
    assert first == second


# -- Secrets ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        f"foo://{TOKEN}@example.org/",
        f"slack://{TOKEN}/",
        f"tgram://{TOKEN}",
        f"discord://{TOKEN}",
        f"https://hooks.slack.com/services/{TOKEN}",
        f"file:///{TOKEN}",
    ],
)
def test_an_address_that_apprise_does_not_understand_is_refused_without_showing_it(
    url: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(ChannelUrlRefused) as refused:
        channel(url)
    assert "none that apprise understands" in str(refused.value)
    assert TOKEN not in f"{refused.value} {caplog.text} {capfd.readouterr()}"


def test_no_error_log_or_name_shows_a_token(
    service: Receiver,
    slack: str,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with caplog.at_level(logging.DEBUG):
        made = channel(slack)
        plain = channel(as_json(service, f"/{TOKEN}?-token={TOKEN}", user=f"ada:{TOKEN}@"))
        said = [repr(made), repr(plain), repr(channel_settings(slack))]
        for each in (made, plain):
            each.send(message())
            service.answers = [says(401)]
            said.append(failure(each, permanent=True))
            service.answers = [breaks_off]
            said.append(failure(each, permanent=False))
    assert sum(TOKEN in each.path for each in service.received) == 6
    assert TOKEN not in f"{said} {caplog.text} {capfd.readouterr()}"


def test_what_slack_and_teams_hand_out_is_understood_as_it_is() -> None:
    hook = f"https://hooks.slack.com/services/TAAAAAAAA/BBBBBBBBB/{TOKEN}"
    assert repr(channel(hook)) == "AppriseChannel('room', Slack)"
    flow = (
        "https://prod-01.westus.logic.azure.com:443/workflows/ABCD/triggers/manual/paths/invoke"
        f"?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig={TOKEN}"
    )
    assert "Teams" in repr(channel(flow))
    bot = channel(f"tgram://123456789:{TOKEN}/12315544/")
    assert repr(bot) == "AppriseChannel('room', Telegram)"
