"""No request leaves for this machine or a private network: by number, by name, by redirect, by a name that flips."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from ingest import guarded_network
from ingest.allowed_hosts import AllowedHosts, host_entries
from ingest.fetch import Fetcher, FetchFailed
from ingest.guarded_network import GuardedTransport, NotPublic
from ingest.private_network import private_fault
from tests.certificates import server_context, trusting
from tests.hostile_addresses import HOSTILE_URLS, NAMES, connections, found, look_up

BODY = b"heard"


class Inside(ThreadingHTTPServer):
    """A server on this machine that must not be reached; counts who connects, whatever is said then."""

    daemon_threads = True

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.port: int = self.server_address[1]
        self.connections = 0
        self.hosts: list[str] = []
        self.asked: list[str] = []
        self.location = ""

    def get_request(self) -> tuple[socket.socket, Any]:
        self.connections += 1
        return super().get_request()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what these tests are about."""


class Answers(BaseHTTPRequestHandler):
    server: Inside

    def do_GET(self) -> None:
        self.server.hosts.append(self.headers["Host"])
        self.server.asked.append(self.path)
        location, self.server.location = self.server.location, ""
        self.send_response(302 if location else 200)
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@pytest.fixture
def inside() -> Iterator[Inside]:
    yield from _serving(Inside())


def _serving(server: Inside) -> Iterator[Inside]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the lowest level: nothing looks a name up but through this."""
    monkeypatch.setattr(socket, "getaddrinfo", look_up)


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    with Fetcher(pause=0, total=5) as one:
        yield one


def this_machine_is_public(monkeypatch: pytest.MonkeyPatch) -> None:
    """127.0.0.1 alone, so that what happens to a public address can be tried here."""

    def fault(address: str) -> str:
        return "" if address == "127.0.0.1" else private_fault(address)

    monkeypatch.setattr(guarded_network, "private_fault", fault)


# By number and by name


@pytest.mark.parametrize("number", range(len(HOSTILE_URLS)))
def test_an_address_that_means_harm_opens_no_connection(
    fetcher: Fetcher, inside: Inside, number: int
) -> None:
    url = HOSTILE_URLS[number]
    for asked in {url, url.replace("/", f":{inside.port}/") if url.endswith("1/") else url}:
        with connections() as opened, pytest.raises(FetchFailed) as failed:
            fetcher.fetch(asked)
        assert opened == []
        assert "\n" not in failed.value.reason
    assert inside.connections == 0


@pytest.mark.parametrize("number", range(len(HOSTILE_URLS)))
def test_a_redirect_to_it_opens_none_either(
    inside: Inside, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first host is allowed by its name; where it sends us is not."""
    url = HOSTILE_URLS[number]
    if url in ("127.0.0.1", "http:///x", "http://", "http://:80/") or not url.isprintable():
        return  # as a Location these are places on the same server
    monkeypatch.setitem(NAMES, "feeds.example.org", ["127.0.0.1"])
    inside.location = url if url.isascii() else "http://xn--fsq.example.org/"
    allowed = frozenset({"feeds.example.org"})
    with (
        Fetcher(pause=0, total=5, allowed_hosts=allowed) as fetcher,
        connections() as opened,
        pytest.raises(FetchFailed),
    ):
        fetcher.fetch(f"http://feeds.example.org:{inside.port}/feed")
    assert [arguments for _, arguments in opened] == [(("127.0.0.1", inside.port),)]
    assert inside.connections == 1


def test_there_are_enough_of_them() -> None:
    assert len(set(HOSTILE_URLS)) >= 40


def test_what_is_refused_says_where_it_leads_and_how_to_allow_it(
    fetcher: Fetcher, inside: Inside
) -> None:
    with pytest.raises(FetchFailed) as failed:
        fetcher.fetch(f"http://127.0.0.1:{inside.port}/feed")
    assert failed.value.permanent
    assert failed.value.reason == (
        f"http://127.0.0.1:{inside.port}/feed leads to 127.0.0.1, which is this machine itself; "
        "name its host in BAROMETER_ALLOWED_HOSTS if that is meant"
    )


# Names that flip


def test_a_name_is_looked_up_once_and_the_connection_is_made_to_what_was_checked(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second look-up would lead to 127.0.0.2, which is refused: so this test can fail."""
    this_machine_is_public(monkeypatch)
    answers = [["127.0.0.1"], ["127.0.0.2"]]

    def flips(host: Any, port: Any, *others: Any, **named: Any) -> Any:
        if host == "flips.example.org":
            return found(answers.pop(0), port)
        return look_up(host, port, *others, **named)

    monkeypatch.setattr(socket, "getaddrinfo", flips)
    url = f"http://flips.example.org:{inside.port}/feed"
    with Fetcher(pause=0, total=5) as fetcher, connections() as opened:
        assert fetcher.fetch(url).body == BODY
        assert inside.hosts == [f"flips.example.org:{inside.port}"]
        assert answers == [["127.0.0.2"]]
        with pytest.raises(FetchFailed, match=r"leads to 127\.0\.0\.2"):
            fetcher.fetch(url)
    assert [arguments for _, arguments in opened] == [(("127.0.0.1", inside.port),)]


def test_a_name_that_flips_between_a_request_and_its_redirect_is_refused(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    this_machine_is_public(monkeypatch)
    answers = [["127.0.0.1"], ["169.254.169.254"]]

    def flips(host: Any, port: Any, *others: Any, **named: Any) -> Any:
        if host == "flips.example.org":
            return found(answers.pop(0), port)
        return look_up(host, port, *others, **named)

    monkeypatch.setattr(socket, "getaddrinfo", flips)
    inside.location = "/latest/meta-data/"
    with (
        Fetcher(pause=0, total=5) as fetcher,
        connections() as opened,
        pytest.raises(FetchFailed, match=r"redirects to .*, which leads to 169"),
    ):
        fetcher.fetch(f"http://flips.example.org:{inside.port}/feed")
    assert [arguments for _, arguments in opened] == [(("127.0.0.1", inside.port),)]


def test_another_address_of_the_same_name_is_tried_when_one_is_silent(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    this_machine_is_public(monkeypatch)
    monkeypatch.setattr(guarded_network, "private_fault", lambda address: "")
    monkeypatch.setitem(NAMES, "two.example.org", ["127.0.0.9", "127.0.0.1"])
    with Fetcher(pause=0, total=5) as fetcher:
        assert fetcher.fetch(f"http://two.example.org:{inside.port}/feed").body == BODY


def test_a_name_with_very_many_silent_addresses_does_not_cost_the_day(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(guarded_network, "private_fault", lambda address: "")
    monkeypatch.setitem(NAMES, "many.example.org", [f"127.0.1.{n}" for n in range(200)])
    with (
        Fetcher(pause=0, total=5) as fetcher,
        connections() as opened,
        pytest.raises(FetchFailed, match="cannot be reached"),
    ):
        fetcher.fetch("http://many.example.org:1/")
    assert len(opened) == guarded_network.MOST_TRIED


# TLS


def test_tls_is_spoken_with_the_name_while_the_connection_is_made_by_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    this_machine_is_public(monkeypatch)
    for name in ("feeds.example.org", "other.example.org"):
        monkeypatch.setitem(NAMES, name, ["127.0.0.1"])
    server = Inside(server_context(tmp_path, "feeds.example.org"))
    for inside in _serving(server):
        guard = GuardedTransport(verify=trusting(tmp_path))
        with httpx.Client(transport=guard) as client:
            assert client.get(f"https://feeds.example.org:{inside.port}/").content == BODY
            with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                client.get(f"https://other.example.org:{inside.port}/")


# What a setting allows


@pytest.mark.parametrize(
    ("entries", "permitted", "not_permitted"),
    [
        (["feeds.internal"], [("feeds.internal", 80), ("FEEDS.internal.", 8080)], [("a.feeds.internal", 80)]),
        (["feeds.internal:8080"], [("feeds.internal", 8080)], [("feeds.internal", 80)]),
        (["10.0.0.5"], [("10.0.0.5", 1)], [("10.0.0.6", 1), ("167772165", 1)]),
        (["fd00::7"], [("fd00::7", 1), ("[FD00:0::7]", 1)], [("fd00::8", 1)]),
        (["[fd00::7]:80"], [("fd00::7", 80)], [("fd00::7", 81)]),
        ([], [], [("localhost", 80), ("", 80)]),
    ],
)  # fmt: skip
def test_a_host_is_allowed_as_it_is_written(
    entries: list[str], permitted: list[tuple[str, int]], not_permitted: list[tuple[str, int]]
) -> None:
    allowed = AllowedHosts(entries)
    assert all(allowed.permits(*place) for place in permitted)
    assert not any(allowed.permits(*place) for place in not_permitted)


@pytest.mark.parametrize(
    "setting", ["http://x.example", "*.internal", "10.0.0.0/8", "a b", "x:99999", "x:y", "[::1", "é.example"]
)  # fmt: skip
def test_what_is_no_host_is_refused_by_name(setting: str) -> None:
    with pytest.raises(ValueError, match=r"is no name of a host|has no valid port"):
        host_entries(f"good.example,{setting}")
    assert host_entries(" a.example , [::1]:80,") == ("a.example", "[::1]:80")


def test_an_allowed_host_is_reached_and_a_name_that_leads_there_is_not(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(NAMES, "also.example.org", ["127.0.0.1"])
    with Fetcher(pause=0, allowed_hosts=frozenset({f"127.0.0.1:{inside.port}"})) as fetcher:
        assert fetcher.fetch(f"http://127.0.0.1:{inside.port}/").body == BODY
        with pytest.raises(FetchFailed, match="is this machine itself"):
            fetcher.fetch(f"http://also.example.org:{inside.port}/")


# Proxies


def through(monkeypatch: pytest.MonkeyPatch, inside: Inside) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{inside.port}")
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{inside.port}")
    monkeypatch.setenv("NO_PROXY", "straight.example.org")
    monkeypatch.setenv("no_proxy", "straight.example.org")


def test_a_proxy_that_no_setting_names_is_not_asked_and_spoken_of(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    through(monkeypatch, inside)
    with Fetcher(pause=0, total=5) as fetcher, pytest.raises(FetchFailed) as failed:
        fetcher.fetch("http://news.example.com/feed")
    assert failed.value.reason.endswith(
        "to go through the proxy 127.0.0.1, name it in BAROMETER_ALLOWED_HOSTS"
    )
    assert inside.connections == 0


def test_a_proxy_that_a_setting_names_is_asked_for_names_that_are_not_known_to_lead_inside(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    through(monkeypatch, inside)
    with Fetcher(pause=0, total=5, allowed_hosts=frozenset({"127.0.0.1"})) as fetcher:
        assert fetcher.fetch("http://news.example.com/feed").body == BODY
        assert inside.asked == ["http://news.example.com/feed"]
        for url in ("http://10.0.0.1/", "http://0xa000001/", "http://internal.example.org/"):
            with pytest.raises(FetchFailed, match="leads to 10"):
                fetcher.fetch(url)
        with pytest.raises(FetchFailed, match="cannot be reached"):
            fetcher.fetch("http://straight.example.org/feed")
    assert inside.connections == 1


def test_a_refusal_is_quick_and_tells_of_no_secret(fetcher: Fetcher) -> None:
    started = time.monotonic()
    with pytest.raises(FetchFailed) as failed:
        fetcher.fetch("http://reader:s3cret@10.0.0.1/feed")
    assert "s3cret" not in failed.value.reason
    assert time.monotonic() - started < 4


def test_the_guard_itself_raises_what_it_found() -> None:
    with httpx.Client(transport=GuardedTransport()) as client, pytest.raises(NotPublic):
        client.get("http://192.168.1.1/")
