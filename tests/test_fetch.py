"""The fetcher against a real HTTP server on 127.0.0.1 that does everything that servers do."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from ingest.fetch import Fetcher, FetchFailed
from ingest.http_words import LONGEST_WAIT, retry_after, shown, user_agent

FEED = b"<rss><channel><title>Courier</title></channel></rss>"
HERE = frozenset({"127.0.0.1"})
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Outlet(ThreadingHTTPServer):
    """Answers each path as `pages` says and remembers what was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.forms: list[str] = []
        self.pages: dict[str, Callable[[Handler], None]] = {}
        self.closing = threading.Event()

    def url(self, path: str = "/feed") -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{path}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what these tests are about."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Outlet

    def do_GET(self) -> None:
        self.server.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
        self.server.pages[self.path](self)

    def do_POST(self) -> None:
        self.server.forms.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.do_GET()

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        headers.setdefault("Content_Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)


def page(status: int, body: bytes = b"", **headers: str) -> Callable[[Handler], None]:
    return lambda handler: handler.answer(status, body, **headers)


@pytest.fixture
def outlet() -> Iterator[Outlet]:
    server = Outlet()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.closing.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    with Fetcher(contact="https://monitor.example/about", pause=0, allowed_hosts=HERE) as one:
        yield one


def failure(fetcher: Fetcher, url: str, **options: Any) -> FetchFailed:
    with pytest.raises(FetchFailed) as failed:
        fetcher.fetch(url, **options)
    assert "\n" not in failed.value.reason
    return failed.value


def test_a_feed_comes_with_what_the_next_request_needs(outlet: Outlet, fetcher: Fetcher) -> None:
    outlet.pages["/feed"] = page(
        200,
        FEED,
        ETag='"v1"',
        Last_Modified="Fri, 20 Nov 2026 10:00:00 GMT",
        Content_Type="application/rss+xml; charset=utf-8",
    )
    fetched = fetcher.fetch(outlet.url())
    assert (fetched.status, fetched.http_status, fetched.body) == ("ok", 200, FEED)
    assert fetched.content_type == "application/rss+xml; charset=utf-8"
    assert (fetched.etag, fetched.last_modified) == ('"v1"', "Fri, 20 Nov 2026 10:00:00 GMT")
    assert (fetched.address, fetched.moved) == (outlet.url(), "")


def test_the_request_says_who_asks_and_where_to_complain(outlet: Outlet, fetcher: Fetcher) -> None:
    outlet.pages["/feed"] = page(200, FEED)
    fetcher.fetch(outlet.url())
    _, headers = outlet.asked[0]
    assert headers["user-agent"].startswith("Barometer/")
    assert headers["user-agent"].endswith("(+https://monitor.example/about)")
    assert "application/rss+xml" in headers["accept"]
    assert "if-none-match" not in headers


def test_an_unchanged_feed_costs_no_body_and_keeps_its_marks(
    outlet: Outlet, fetcher: Fetcher
) -> None:
    outlet.pages["/feed"] = page(304)
    fetched = fetcher.fetch(
        outlet.url(), etag='"v1"', last_modified="Fri, 20 Nov 2026 10:00:00 GMT"
    )
    assert (fetched.status, fetched.http_status, fetched.body) == ("unchanged", 304, b"")
    assert (fetched.etag, fetched.last_modified) == ('"v1"', "Fri, 20 Nov 2026 10:00:00 GMT")
    _, headers = outlet.asked[0]
    assert headers["if-none-match"] == '"v1"'
    assert headers["if-modified-since"] == "Fri, 20 Nov 2026 10:00:00 GMT"


def test_an_unasked_304_is_a_failure(outlet: Outlet, fetcher: Fetcher) -> None:
    outlet.pages["/feed"] = page(304)
    assert "304" in failure(fetcher, outlet.url()).reason


def test_marks_that_cannot_be_sent_are_neither_kept_nor_sent(
    outlet: Outlet, fetcher: Fetcher
) -> None:
    outlet.pages["/feed"] = page(200, FEED, ETag='"caf\xe9"')
    assert fetcher.fetch(outlet.url(), etag="a\r\nX-Evil: 1").etag == ""
    assert "if-none-match" not in outlet.asked[0][1]


@pytest.mark.parametrize("status", [301, 308])
def test_a_feed_that_moved_for_good_is_read_and_its_new_address_reported(
    outlet: Outlet, fetcher: Fetcher, status: int
) -> None:
    outlet.pages["/feed"] = page(status, Location="/new")
    outlet.pages["/new"] = page(200, FEED)
    fetched = fetcher.fetch(outlet.url())
    assert fetched.body == FEED
    assert fetched.address == fetched.moved == outlet.url("/new")


def test_a_feed_that_is_elsewhere_for_now_has_not_moved(outlet: Outlet, fetcher: Fetcher) -> None:
    outlet.pages["/feed"] = page(302, Location="/now")
    outlet.pages["/now"] = page(301, Location="/then")
    outlet.pages["/then"] = page(200, FEED)
    fetched = fetcher.fetch(outlet.url())
    assert (fetched.address, fetched.moved) == (outlet.url("/then"), "")


def test_redirects_have_an_end(outlet: Outlet, fetcher: Fetcher) -> None:
    outlet.pages["/feed"] = page(302, Location="/feed")
    failed = failure(fetcher, outlet.url())
    assert failed.permanent
    assert "redirects more than 5 times" in failed.reason
    assert len(outlet.asked) == 6


@pytest.mark.parametrize(
    "target", ["file:///etc/hosts", "ftp://x.example/feed", "gopher://x.example"]
)
def test_a_redirect_to_another_scheme_is_not_followed(
    outlet: Outlet, fetcher: Fetcher, target: str
) -> None:
    outlet.pages["/feed"] = page(302, Location=target)
    failed = failure(fetcher, outlet.url())
    assert failed.permanent
    assert f"redirects to {target}, which is" in failed.reason


@pytest.mark.parametrize("target", ["javascript:1", "https://x.example:99999/"])
def test_a_redirect_to_no_address_is_a_failure(
    outlet: Outlet, fetcher: Fetcher, target: str
) -> None:
    outlet.pages["/feed"] = page(302, Location=target)
    assert "redirects to" in failure(fetcher, outlet.url()).reason


@pytest.mark.parametrize(
    ("status", "permanent", "says"),
    [
        (400, True, "answered 400"),
        (401, True, "user name and password"),
        (403, True, "does not let us in (403)"),
        (404, True, "is not there (404)"),
        (408, False, "answered 408"),
        (410, True, "gone for good (410); remove it from sources.toml"),
        (429, False, "too often (429)"),
        (500, False, "answered 500"),
        (503, False, "answered 503"),
        (206, True, "answered 206"),
        (300, True, "answered 300"),
    ],
)
def test_a_refusal_names_the_address_and_says_whether_to_try_again(
    outlet: Outlet, fetcher: Fetcher, status: int, permanent: bool, says: str
) -> None:
    outlet.pages["/feed"] = page(status, b"x")
    failed = failure(fetcher, outlet.url())
    assert (failed.http_status, failed.permanent) == (status, permanent)
    assert failed.reason.startswith(outlet.url())
    assert says in failed.reason
    assert failed.retry_after is None


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_asks_for_a_pause_is_heard_in_seconds_and_in_dates(
    outlet: Outlet, fetcher: Fetcher, status: int
) -> None:
    outlet.pages["/feed"] = page(status, Retry_After="120")
    failed = failure(fetcher, outlet.url())
    assert failed.retry_after == timedelta(seconds=120)
    assert "come back in 120 seconds" in failed.reason
    later = datetime.now(UTC) + timedelta(hours=1)
    outlet.pages["/feed"] = page(status, Retry_After=format_datetime(later, usegmt=True))
    wait = failure(fetcher, outlet.url()).retry_after
    assert wait is not None
    assert timedelta(minutes=58) < wait <= timedelta(hours=1)


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("0", timedelta(0)),
        ("90", timedelta(seconds=90)),
        ("999999999999", LONGEST_WAIT),
        ("Mon, 23 Nov 2026 12:10:00 GMT", timedelta(minutes=10)),
        ("Mon, 23 Nov 2026 11:00:00 GMT", timedelta(0)),
        ("Mon, 23 Nov 2099 11:00:00 GMT", LONGEST_WAIT),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("9" * 400, None),
    ],
)
def test_retry_after_in_all_its_forms(value: str, wait: timedelta | None) -> None:
    assert retry_after(value, NOW) == wait


def test_gzip_and_deflate_are_undone(outlet: Outlet, fetcher: Fetcher) -> None:
    raw = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    bodies = {
        "gzip": gzip.compress(FEED[:20]) + gzip.compress(FEED[20:]) + b"\x00" * 8,
        "x-gzip": gzip.compress(FEED),
        "deflate": zlib.compress(FEED),
        "Deflate": raw.compress(FEED) + raw.flush(),
        "identity": FEED,
    }
    for encoding, body in bodies.items():
        outlet.pages["/feed"] = page(200, body, Content_Encoding=encoding)
        assert fetcher.fetch(outlet.url()).body == FEED, encoding


def test_a_gzip_bomb_is_refused_at_once_and_in_little_memory(
    outlet: Outlet, fetcher: Fetcher
) -> None:
    """1 GiB of zeros: 8 MiB, said 128 times over."""
    packer = zlib.compressobj(9, wbits=-15)
    part = packer.compress(bytes(2**23)) + packer.flush(zlib.Z_FULL_FLUSH)
    header = gzip.compress(b"")[:10]
    outlet.pages["/feed"] = page(200, header + 128 * part, Content_Encoding="gzip")
    tracemalloc.start()
    started = time.monotonic()
    try:
        failed = failure(fetcher, outlet.url())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert failed.permanent
    assert "larger than 15 MiB after decompression" in failed.reason
    assert peak < 48 * 2**20
    assert time.monotonic() - started < 30


def test_a_body_that_is_too_large_is_refused(outlet: Outlet) -> None:
    outlet.pages["/feed"] = page(200, b"x" * 2001)
    outlet.pages["/fits"] = page(200, b"x" * 2000)
    with Fetcher(pause=0, allowed_hosts=HERE, max_bytes=2000) as fetcher:
        assert "larger than" in failure(fetcher, outlet.url()).reason
        assert len(fetcher.fetch(outlet.url("/fits")).body) == 2000


def test_compressed_data_that_is_cut_off_damaged_or_foreign_is_a_failure(
    outlet: Outlet, fetcher: Fetcher
) -> None:
    outlet.pages["/feed"] = page(200, gzip.compress(FEED)[:-12], Content_Encoding="gzip")
    failed = failure(fetcher, outlet.url())
    assert "the compressed data has no end" in failed.reason
    assert not failed.permanent
    outlet.pages["/feed"] = page(200, FEED, Content_Encoding="gzip")
    assert "damaged" in failure(fetcher, outlet.url()).reason
    outlet.pages["/feed"] = page(200, FEED, Content_Encoding="br")
    failed = failure(fetcher, outlet.url())
    assert "'br', which was not asked for" in failed.reason
    assert failed.permanent


def test_a_connection_that_ends_in_mid_body_is_a_failure(outlet: Outlet, fetcher: Fetcher) -> None:
    def half(handler: Handler) -> None:
        handler.answer(200, FEED[:10], Content_Length=str(len(FEED)))
        handler.close_connection = True

    outlet.pages["/feed"] = half
    failed = failure(fetcher, outlet.url())
    assert "broke off its answer" in failed.reason
    assert not failed.permanent


def test_a_chunked_body_without_its_last_chunk_is_a_failure(
    outlet: Outlet, fetcher: Fetcher
) -> None:
    def chunk(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"5\r\n<rss>\r\n")
        handler.close_connection = True

    outlet.pages["/feed"] = chunk
    assert "broke off its answer" in failure(fetcher, outlet.url()).reason


def drip(handler: Handler, *, headers_too: bool, with_length: bool) -> None:
    """A byte now and then, for as long as the test lives."""
    head = b"HTTP/1.1 200 OK\r\n" + (b"Content-Length: 100000\r\n" if with_length else b"")
    head += b"X-Slow: " if headers_too else b"Connection: close\r\n\r\n"
    handler.wfile.write(head)
    handler.close_connection = True
    while not handler.server.closing.wait(0.05):
        handler.wfile.write(b"x")
        handler.wfile.flush()


@pytest.mark.parametrize(
    ("headers_too", "with_length"), [(False, True), (False, False), (True, True)]
)
def test_a_server_that_drips_is_left_when_the_total_time_is_up(
    outlet: Outlet, headers_too: bool, with_length: bool
) -> None:
    outlet.pages["/feed"] = lambda h: drip(h, headers_too=headers_too, with_length=with_length)
    started = time.monotonic()
    with Fetcher(pause=0, allowed_hosts=HERE, read=5, total=0.5) as fetcher:
        failed = failure(fetcher, outlet.url())
    assert "took longer than 0.5 seconds" in failed.reason
    assert not failed.permanent
    assert time.monotonic() - started < 30


def test_a_server_that_says_nothing_is_left(outlet: Outlet) -> None:
    def silent(handler: Handler) -> None:
        handler.close_connection = True
        handler.server.closing.wait(10)

    outlet.pages["/feed"] = silent
    with Fetcher(pause=0, allowed_hosts=HERE, read=0.2, total=5) as fetcher:
        failed = failure(fetcher, outlet.url())
    assert "did not answer in time" in failed.reason
    assert not failed.permanent


def test_an_outlet_that_is_down_or_unknown_may_be_tried_again(fetcher: Fetcher) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        failed = failure(fetcher, f"http://127.0.0.1:{port}/feed")
    assert "cannot be reached" in failed.reason
    assert not failed.permanent
    failed = failure(fetcher, "http://no-such-host.invalid/feed")
    assert "http://no-such-host.invalid/feed cannot be reached" in failed.reason
    assert not failed.permanent


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/hosts",
        "ftp://x.example/feed",
        "gopher://x.example/",
        "courier.example/feed",
        "http://",
        "http://x.example:99999/",
        "http://[::1/",
        "http://" + "a" * 70 + ".example/",
        "http://a..b/",
        "",
        "http://x.example/\x00",
    ],
)
def test_what_is_no_web_address_is_refused_for_good(fetcher: Fetcher, url: str) -> None:
    failed = failure(fetcher, url)
    assert failed.permanent
    assert failed.http_status is None


def test_a_password_in_the_address_is_used_and_never_shown(
    outlet: Outlet, fetcher: Fetcher
) -> None:
    secret = outlet.url().replace("http://", "http://reader:s3cret@")
    outlet.pages["/feed"] = page(200, FEED)
    fetched = fetcher.fetch(secret)
    assert outlet.asked[0][1]["authorization"].startswith("Basic ")
    assert "s3cret" not in fetched.address
    outlet.pages["/feed"] = page(503)
    assert "s3cret" not in failure(fetcher, secret).reason
    outlet.pages["/feed"] = page(301, Location="/new")
    outlet.pages["/new"] = page(200, FEED)
    assert "s3cret" not in fetcher.fetch(secret).moved
    assert shown("https://u:p@x.example/a?b=1") == "https://x.example/a?b=1"


def test_two_requests_to_one_host_are_apart_and_two_hosts_do_not_wait() -> None:
    moments: list[tuple[str, float]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        moments.append((request.url.host, time.monotonic()))
        return httpx.Response(200, content=FEED)

    with Fetcher(pause=0.2, transport=httpx.MockTransport(answer)) as fetcher:
        for host in ("a.example", "b.example", "a.example"):
            fetcher.fetch(f"https://{host}/feed")
    (_, first), (_, other), (_, second) = moments
    assert other - first < 0.15
    assert second - first >= 0.19


def test_two_requests_to_one_host_run_at_once_and_a_third_waits() -> None:
    together, most, lock = 0, 0, threading.Lock()

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal together, most
        with lock:
            together += 1
            most = max(most, together)
        time.sleep(0.05)
        with lock:
            together -= 1
        return httpx.Response(200, content=FEED)

    with (
        Fetcher(pause=0, transport=httpx.MockTransport(answer)) as fetcher,
        ThreadPoolExecutor(6) as pool,
    ):
        for done in [pool.submit(fetcher.fetch, f"https://A.example/{n}") for n in range(6)]:
            assert done.result().body == FEED
    assert most == 2


def test_a_request_can_ask_to_be_further_apart() -> None:
    moments: list[float] = []

    def answer(request: httpx.Request) -> httpx.Response:
        moments.append(time.monotonic())
        return httpx.Response(200, content=FEED)

    with Fetcher(pause=0, transport=httpx.MockTransport(answer)) as fetcher:
        fetcher.fetch("https://a.example/1")
        fetcher.fetch("https://a.example/2", apart=0.2)
        fetcher.fetch("https://a.example/3")
    first, second, third = moments
    assert second - first >= 0.19
    assert third - second < 0.15


def test_a_form_is_posted_and_its_redirect_not_followed(outlet: Outlet, fetcher: Fetcher) -> None:
    outlet.pages["/feed"] = page(200, b"{}")
    form = {"grant_type": "client_credentials", "note": "a&b c"}
    fetched = fetcher.fetch(outlet.url(), form=form, headers={"Authorization": "Basic eDp5"})
    assert fetched.body == b"{}"
    assert outlet.forms == ["grant_type=client_credentials&note=a%26b+c"]
    _, headers = outlet.asked[0]
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    assert headers["authorization"] == "Basic eDp5"
    outlet.pages["/feed"] = page(307, Location="/new")
    failed = failure(fetcher, outlet.url(), form=form)
    assert failed.permanent
    assert "redirects a form" in failed.reason
    assert len(outlet.asked) == 2


def test_a_failure_keeps_the_headers_of_its_answer(outlet: Outlet, fetcher: Fetcher) -> None:
    outlet.pages["/feed"] = page(429, X_Ratelimit_Remaining="0", X_Ratelimit_Reset="31")
    headers = failure(fetcher, outlet.url()).headers
    assert (headers["x-ratelimit-remaining"], headers["x-ratelimit-reset"]) == ("0", "31")


def test_no_cookie_is_sent_back(outlet: Outlet, fetcher: Fetcher) -> None:
    outlet.pages["/feed"] = page(200, FEED, Set_Cookie="who=you; Path=/")
    for _ in range(2):
        fetcher.fetch(outlet.url())
    assert all("cookie" not in headers for _, headers in outlet.asked)


def test_an_answer_can_be_given_less_room(outlet: Outlet, fetcher: Fetcher) -> None:
    outlet.pages["/feed"] = page(200, FEED)
    assert fetcher.fetch(outlet.url(), max_bytes=len(FEED)).body == FEED
    assert "larger than" in failure(fetcher, outlet.url(), max_bytes=len(FEED) - 1).reason


def test_no_proxy_stands_before_this_machine(
    outlet: Outlet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    outlet.pages["/feed"] = page(200, FEED)
    with Fetcher(pause=0, allowed_hosts=HERE) as fetcher:
        assert fetcher.fetch(outlet.url()).body == FEED


def test_the_user_agent_cannot_carry_other_headers() -> None:
    assert "\n" not in user_agent("me\r\nX-Evil: 1")
    assert user_agent().startswith("Barometer/")
    assert "(" not in user_agent()
