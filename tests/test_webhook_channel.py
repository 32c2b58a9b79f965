"""The webhook channel against a real HTTP server that refuses, stalls and recovers, and against addresses that mean harm."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from alerts.alertmanager_payload import MAX_BYTES, NO_TIME, alertmanager_payload, fingerprint
from alerts.channel import ChannelFailed
from alerts.channel_url import ChannelUrlRefused, WebhookSettings, channel_settings
from alerts.channels.apprise_channel import AppriseChannel
from alerts.channels.webhook_channel import WebhookChannel
from alerts.incident import ChangeKind, Status
from alerts.webhook_signature import webhook_id
from ingest import guarded_network
from ingest.private_network import private_fault
from tests.certificates import server_context, trusting
from tests.hostile_addresses import HOSTILE_URLS, connections, look_up
from tests.hostile_text import HOSTILE, hostile_message, unseen
from tests.local_receiver import (
    Answer,
    Received,
    Receiver,
    breaks_off,
    dribbles,
    receiver,
    says,
    stalls,
)
from tests.services import free_port
from tests.told import AT, fall, incident, message

KEY = bytes(range(32))
OLD_KEY = bytes(range(40, 72))
TOKEN = "t0ken-that-nobody-may-see"


def whsec(key: bytes) -> str:
    return "whsec_" + base64.b64encode(key).decode()


class Clock:
    """A minute passes at every look."""

    def __init__(self) -> None:
        self.now = AT

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


def channel(url: str, options: str = "allow_private=1", **others: Any) -> WebhookChannel:
    settings = channel_settings(f"{url}{'&' if '?' in url else '?'}{options}")
    assert isinstance(settings, WebhookSettings)
    return WebhookChannel("room", settings, **{"sleep": lambda seconds: None, **others})


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiver() as opened:
        yield opened


def failure(channel: WebhookChannel, *, permanent: bool) -> str:
    with pytest.raises(ChannelFailed) as failed:
        channel.send(message())
    assert failed.value.permanent is permanent
    assert failed.value.reason.startswith("the channel room (")
    assert failed.value.reason.endswith("; it will be sent again") is not permanent
    assert TOKEN not in f"{failed.value} {failed.value.reason} {channel!r}"
    return failed.value.reason


def verified(request: Received, key: bytes) -> bool:
    """Whether a receiver that knows `key` believes this request (Standard Webhooks, written anew)."""
    content = b".".join(
        [
            request.headers["webhook-id"].encode(),
            request.headers["webhook-timestamp"].encode(),
            request.body,
        ]
    )
    wanted = base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
    signatures = [each.split(",", 1) for each in request.headers["webhook-signature"].split(" ")]
    return ["v1", wanted] in signatures


# -- What is posted --------------------------------------------------------------------------------


def test_a_message_is_posted_once_and_signed(hook: Receiver) -> None:
    clock = Clock()
    channel(hook.url(), f"allow_private=1&secret={whsec(KEY)}", clock=clock).send(message())
    (request,) = hook.received
    assert request.path == "/hook"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["webhook-id"] == message().id
    assert request.headers["webhook-timestamp"] == str(int((AT + timedelta(minutes=1)).timestamp()))
    assert verified(request, KEY)
    assert not verified(request, OLD_KEY)
    assert not verified(msgspec.structs.replace(request, body=request.body + b" "), KEY)
    assert request.body == alertmanager_payload(message(), receiver="room")


def test_while_a_secret_is_changed_both_sign(hook: Receiver) -> None:
    options = f"allow_private=1&secret={whsec(KEY)}&secret={whsec(OLD_KEY)}"
    channel(hook.url(), options).send(message())
    (request,) = hook.received
    assert request.headers["webhook-signature"].count("v1,") == 2
    assert verified(request, KEY)
    assert verified(request, OLD_KEY)


def test_the_signature_is_that_of_the_worked_example() -> None:
    """Key, id, time and body of the documentation of Standard Webhooks' libraries."""
    from alerts.webhook_signature import webhook_headers

    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    now = datetime.fromtimestamp(1614265330, UTC)
    headers = webhook_headers("msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', [key], now)
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_without_a_secret_nothing_is_signed_and_the_id_is_still_there(hook: Receiver) -> None:
    channel(hook.url()).send(message())
    (request,) = hook.received
    assert "webhook-signature" not in request.headers
    assert request.headers["webhook-id"] == message().id


def test_what_the_receiver_asks_for_in_its_address_stays_and_our_options_go(hook: Receiver) -> None:
    url = hook.url("/hook?room=a%20b&token=x%2By", user="ada:p%40ss@")
    channel(url, f"allow_private=1&secret={whsec(KEY)}&last=1").send(message())
    (request,) = hook.received
    assert request.path == "/hook?room=a%20b&token=x%2By&last=1"
    assert base64.b64decode(request.headers["authorization"].split()[1]) == b"ada:p@ss"


@pytest.mark.parametrize("name", HOSTILE)
def test_an_id_is_a_header_and_holds_no_full_stop(name: str) -> None:
    told = hostile_message(HOSTILE[name])
    made = webhook_id(told.id)
    assert made == webhook_id(told.id)
    assert made.isascii()
    assert made.replace("_", "").replace("-", "").isalnum()
    assert made != webhook_id(hostile_message(HOSTILE[name], "resolved").id)


# -- What a receiver may do ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answers",
    [[says(500)], [says(503), says(502)], [says(429)], [breaks_off], [says(408), breaks_off]],
    ids=["500", "503 and 502", "429", "breaks off", "408 and breaks off"],
)
def test_a_receiver_that_recovers_gets_the_same_message_signed_anew(
    hook: Receiver, answers: list[Answer]
) -> None:
    hook.answers = list(answers)
    channel(hook.url(), f"allow_private=1&secret={whsec(KEY)}", clock=Clock()).send(message())
    assert len(hook.received) == len(answers) + 1
    assert {each.headers["webhook-id"] for each in hook.received} == {message().id}
    assert len({each.body for each in hook.received}) == 1
    assert all(verified(each, KEY) for each in hook.received)
    times = [int(each.headers["webhook-timestamp"]) for each in hook.received]
    assert sorted(set(times)) == times


def test_a_receiver_that_stalls_and_recovers(hook: Receiver) -> None:
    hook.answers = [stalls]
    channel(hook.url(), seconds=0.3).send(message())
    assert len(hook.received) == 2


@pytest.mark.parametrize("answer", [stalls, dribbles])
def test_a_receiver_that_goes_on_stalling_is_left_after_its_time(
    hook: Receiver, answer: Answer
) -> None:
    hook.answers = [answer] * 3
    started = time.monotonic()
    said = failure(channel(hook.url(), seconds=0.3), permanent=False)
    assert time.monotonic() - started < 30
    assert "did not answer in 0.3 seconds" in said
    assert len(hook.received) == 3


def test_pauses_grow_and_a_receiver_may_ask_for_longer_ones(hook: Receiver) -> None:
    pauses: list[float] = []
    hook.answers = [says(429, Retry_After="7"), says(503), says(503)]
    failure(channel(hook.url(), sleep=pauses.append), permanent=False)
    assert pauses == [7.0, 4.0]


def test_a_receiver_that_wants_us_back_in_an_hour_is_left_alone(hook: Receiver) -> None:
    pauses: list[float] = []
    hook.answers = [says(429, Retry_After="3600")]
    said = failure(channel(hook.url(), sleep=pauses.append), permanent=False)
    assert "too often (429)" in said
    assert pauses == []
    assert len(hook.received) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413, 422])
def test_a_refusal_is_permanent_and_not_asked_twice(hook: Receiver, status: int) -> None:
    hook.answers = [says(status)]
    assert str(status) in failure(channel(hook.url()), permanent=True)
    assert len(hook.received) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(hook: Receiver, status: int) -> None:
    hook.answers = [says(status, Location=hook.url("/elsewhere"))]
    assert "redirects" in failure(channel(hook.url()), permanent=True)
    assert [each.path for each in hook.received] == ["/hook"]


def test_nobody_listening_is_a_failure_that_passes() -> None:
    said = failure(channel(f"http://127.0.0.1:{free_port()}/hook"), permanent=False)
    assert "cannot be reached (ConnectError)" in said


def test_no_error_and_no_log_shows_more_of_the_address_than_its_host(
    hook: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    url = hook.url(f"/{TOKEN}?token={TOKEN}", user=f"ada:{TOKEN}@")
    made = channel(url, f"allow_private=1&secret={whsec(KEY)}")
    with caplog.at_level(logging.DEBUG):
        made.send(message())
        hook.answers = [says(404)]
        failure(made, permanent=True)
        hook.answers = [breaks_off] * 3
        failure(made, permanent=False)
    assert hook.received[0].path == f"/{TOKEN}?token={TOKEN}"
    assert TOKEN not in caplog.text
    assert TOKEN not in repr(made)
    assert TOKEN not in repr(channel_settings(url))


# -- Private networks ------------------------------------------------------------------------------


def resolve(host: str, port: int) -> list[str]:
    """What the system would say of a host, if only it knew of names that look public and lead inside."""
    return list(dict.fromkeys(str(place[0]) for *_, place in look_up(host, port)))


@pytest.mark.parametrize("number", range(len(HOSTILE_URLS)))
def test_an_address_that_means_harm_opens_no_connection(number: int) -> None:
    assert len(HOSTILE_URLS) >= 40
    with connections() as opened, pytest.raises((ChannelUrlRefused, ChannelFailed)) as refused:
        settings = channel_settings(HOSTILE_URLS[number])
        if isinstance(settings, WebhookSettings):
            WebhookChannel(
                "room", settings, resolve=resolve, sleep=lambda seconds: None, seconds=1
            ).send(message())
        else:
            AppriseChannel("room", settings)  # type: ignore[arg-type]
    assert opened == []
    assert refused.value.args


def test_what_is_refused_would_have_been_heard(hook: Receiver) -> None:
    """The same address, allowed: so the test above can fail."""
    with connections() as opened:
        channel(hook.url()).send(message())
    assert [event for event, _ in opened] == ["socket.connect"]


def test_private_networks_are_refused_unless_that_is_meant(hook: Receiver) -> None:
    said = failure(channel(hook.url(), ""), permanent=True)
    assert "leads to 127.0.0.1, which is this machine itself" in said
    assert "allow_private=1" in said
    assert hook.received == []
    channel(hook.url(), "allow_private=1").send(message())
    assert len(hook.received) == 1


def test_a_redirect_into_a_private_network_leads_nowhere(
    hook: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_this_machine_is_public(monkeypatch)
    hook.answers = [says(302, Location="http://169.254.169.254/latest/meta-data/")]
    with connections() as opened:
        made = channel(
            f"http://hooks.example.org:{hook.port}/x", "", resolve=lambda *_: ["127.0.0.1"]
        )
        assert "redirects" in failure(made, permanent=True)
    assert [arguments for _, arguments in opened] == [(("127.0.0.1", hook.port),)]


def test_a_name_that_turns_private_between_two_tries_is_refused(
    hook: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_this_machine_is_public(monkeypatch)
    answers = [["127.0.0.1"], ["127.0.0.2"]]
    hook.answers = [says(503)]
    with connections() as opened:
        made = channel(
            f"http://hooks.example.org:{hook.port}/x", "", resolve=lambda *_: answers.pop(0)
        )
        assert "leads to 127.0.0.2" in failure(made, permanent=True)
    assert [arguments for _, arguments in opened] == [(("127.0.0.1", hook.port),)]
    assert hook.received[0].headers["host"] == f"hooks.example.org:{hook.port}"


def test_a_name_that_leads_nowhere_is_a_failure_that_passes() -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    made = channel("https://hooks.example.org/x", "", resolve=unknown)
    assert "cannot be looked up (Name or service not known)" in failure(made, permanent=False)


def only_this_machine_is_public(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a connection by number, with the name beside it, can be tried on this machine."""

    def fault(address: str) -> str:
        return "" if address == "127.0.0.1" else private_fault(address)

    monkeypatch.setattr(guarded_network, "private_fault", fault)


def test_tls_is_spoken_with_the_name_while_the_connection_is_made_by_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_this_machine_is_public(monkeypatch)
    with receiver(server_context(tmp_path, "hooks.example.org")) as hook:
        for host in ("hooks.example.org", "other.example.org"):
            made = channel(
                f"https://{host}:{hook.port}/x", "",
                resolve=lambda *_: ["127.0.0.1"], verify=trusting(tmp_path),
            )  # fmt: skip
            if host == "hooks.example.org":
                made.send(message())
            else:
                assert "certificate" in failure(made, permanent=True)
    assert [each.headers["host"] for each in hook.received] == [f"hooks.example.org:{hook.port}"]


# -- The payload -----------------------------------------------------------------------------------


def payload(told: Any, board: str = "") -> dict[str, Any]:
    data = alertmanager_payload(told, receiver="room", board=board)
    assert len(data) < MAX_BYTES
    decoded = json.loads(data)
    assert isinstance(decoded, dict)
    return decoded


def test_a_payload_has_the_keys_of_alertmanager_and_no_others() -> None:
    sent = payload(message(), board="https://board.example.org/")
    assert set(sent) == set(
        "version groupKey truncatedAlerts status receiver groupLabels commonLabels commonAnnotations externalURL "
        "notification_reason alerts".split()
    )
    assert (sent["version"], sent["receiver"], sent["status"]) == ("4", "room", "firing")
    assert sent["groupLabels"] == {"alertname": "SupportFell", "society": "XA"}
    assert sent["groupKey"] == '{}:{alertname="SupportFell", society="XA"}'
    assert sent["truncatedAlerts"] == 0
    assert sent["externalURL"] == "https://board.example.org/"
    (alert,) = sent["alerts"]
    assert set(alert) == set(
        "status labels annotations startsAt endsAt generatorURL fingerprint".split()
    )
    assert alert["labels"] == {
        "alertname": "SupportFell",
        "society": "XA",
        "series": "regular",
        "severity": "alert",
    }
    assert (alert["startsAt"], alert["endsAt"]) == ("2026-03-11T06:00:00Z", NO_TIME)


def test_annotations_say_it_in_words_and_figures() -> None:
    (alert,) = payload(message())["alerts"]
    said = alert["annotations"]
    assert all(isinstance(each, str) and each for each in said.values())
    assert said["title"] == message().title
    assert said["summary"] == "Support for regular migration in XA fell: -3, was +12"
    assert (said["estimate"], said["ci_low"], said["ci_high"]) == ("-15.00", "-20.50", "-9.50")
    assert (said["net_support"], said["baseline"]) == ("-3.00", "12.00")
    assert (said["n"], said["n_eff"]) == ("640", "211.4")
    assert said["decomposition"] == "within outlets -13.0, mix -2.5, entry and exit +0.5"
    assert "irregular migration moved first" in said["description"]
    assert said["model_version"] == "barometer-minilm-3"


def test_alertmanagers_own_words_say_why() -> None:
    resolved = fall(
        kind=ChangeKind.RESOLVED, incident=incident(status=Status.RESOLVED, resolved_at=AT)
    )
    words = {kind: payload(message(kind))["notification_reason"] for kind in ("opened", "worse", "reminder", "digest")}  # fmt: skip
    assert words == {
        "opened": "first notification",
        "worse": "new alerts added",
        "reminder": "repeat interval elapsed",
        "digest": "first notification",
    }
    over = payload(message("resolved", falls=(resolved,)))
    assert (over["status"], over["notification_reason"]) == ("resolved", "all alerts resolved")
    assert over["alerts"][0]["endsAt"] == "2026-03-11T06:00:00Z"
    partly = payload(message("resolved", falls=(resolved, fall("asylum"))))
    assert (partly["status"], partly["notification_reason"]) == ("firing", "some alerts resolved")


def test_a_fall_that_gets_worse_is_still_the_same_alert() -> None:
    mild, severe = (
        payload(message(falls=(fall(incident=incident(severity=each)),)))["alerts"][0]
        for each in ("alert", "severe")
    )
    other = payload(message(falls=(fall("asylum"),)))["alerts"][0]
    assert mild["fingerprint"] == severe["fingerprint"] != other["fingerprint"]
    assert severe["labels"]["severity"] == "severe"


def test_a_fingerprint_is_the_hash_that_alertmanager_makes() -> None:
    """FNV-1a of `name 0xff value 0xff`, in the order of names."""
    assert fingerprint({}) == "cbf29ce484222325"
    assert fingerprint({"a": "b"}) == f"{_fnv(b'a' + bytes([255]) + b'b' + bytes([255])):016x}"


def _fnv(data: bytes) -> int:
    value = 14695981039346656037
    for byte in data:
        value = (value ^ byte) * 1099511628211 % 2**64
    return value


@pytest.mark.parametrize(("kind", "name"), [("digest", "WeeklyDigest"), ("operator", "OperatorNotice")])  # fmt: skip
def test_what_is_no_fall_is_one_alert_with_its_text(kind: str, name: str) -> None:
    sent = payload(message(kind))
    (alert,) = sent["alerts"]
    assert alert["labels"] == {"alertname": name, "severity": "info"}
    assert alert["annotations"]["description"].startswith("Net support fell.")
    assert sent["groupKey"] == f'{{}}:{{alertname="{name}"}}'


def test_falls_that_do_not_fit_are_counted_the_worst_ones_stay() -> None:
    falls = tuple(
        fall(f"target {number}", reason="r" * 3_000, spillover="移" * 3_000) for number in range(20)
    )
    sent = payload(message(falls=falls, truncated=7))
    assert 0 < len(sent["alerts"]) < 20
    assert sent["truncatedAlerts"] == 7 + 20 - len(sent["alerts"])
    assert [each["labels"]["series"] for each in sent["alerts"]] == [
        f"target {number}" for number in range(len(sent["alerts"]))
    ]
    assert len(payload(message(falls=falls[:3]))["alerts"]) == 3


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("kind", ["opened", "digest"])
def test_text_from_outside_fits_and_hides_nothing(name: str, kind: str) -> None:
    told = hostile_message(HOSTILE[name], kind)
    sent = payload(told if kind == "opened" else msgspec.structs.replace(told, falls=()))
    (alert,) = sent["alerts"]
    for group in (alert["labels"], alert["annotations"], sent["commonAnnotations"]):
        for each in group.values():
            assert not unseen(each)
    for name_, value in alert["labels"].items():
        assert "\n" not in value, name_
    assert sent["truncatedAlerts"] == 0
