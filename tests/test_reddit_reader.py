"""Reading subreddits from a server that behaves like Reddit, its faults included."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ingest.allowed_hosts import AllowedHosts
from ingest.document import Kind
from ingest.feed_entry import NotAFeed
from ingest.fetch import Fetcher, FetchFailed
from ingest.reading import Memory, Reading, Surroundings
from ingest.reddit_reader import MAX_SUBREDDITS, RedditReader
from ingest.remembered_posts import MAX_CURSOR_BYTES
from ingest.source import Source
from ingest.source_options import RedditOptions, SourceType
from tests.local_reddit import Handler, LocalReddit, local_reddit

NEW = "/r/orchards/new"


@pytest.fixture
def reddit() -> Iterator[LocalReddit]:
    with local_reddit() as local:
        yield local


class World:
    """A reader in its surroundings, and what it remembers from one reading to the next."""

    def __init__(self, reddit: LocalReddit, *subreddits: str, user: str = "rowan") -> None:
        self.source = Source(
            name="local", url=reddit.url, outlet="Reddit", kind=Kind.FORUM, society="XA",
            language="en", type=SourceType.REDDIT,
            options=RedditOptions(
                subreddits=subreddits or ("orchards",), client_id="RID", client_secret="RSECRET", user=user
            ),
        )  # fmt: skip
        self.secrets = {"RID": "an id", "RSECRET": "a s3cret"}
        self.reader = RedditReader(token_url=reddit.token_url)
        self.memory = Memory()
        self.later = timedelta(0)

    def read(self) -> Reading:
        with Fetcher(pause=0, allowed_hosts=frozenset({"127.0.0.1"})) as fetcher:
            surroundings = Surroundings(
                fetcher=fetcher,
                is_relevant=lambda text: "cat" not in text,
                secret=lambda name: self.secrets.get(name, ""),
                author_key=lambda name, moment: f"key of {len(name)}",
                allowed_hosts=AllowedHosts(["127.0.0.1"]),
            )
            reading = self.reader.read(
                self.source, self.memory, surroundings, datetime.now(UTC) + self.later
            )
        assert len(reading.memory.cursor.encode()) <= MAX_CURSOR_BYTES
        assert "t0ken" not in reading.memory.cursor
        self.memory = reading.memory
        return reading

    def failure(self) -> FetchFailed:
        with pytest.raises(FetchFailed) as failed:
            self.read()
        for secret in ("s3cret", "t0ken"):
            assert secret not in str(failed.value)
        return failed.value


def titles(reading: Reading) -> list[str]:
    return sorted(arrival.document.title for arrival in reading.documents)


def answer(status: int, what: Any = None, **headers: str) -> Any:
    return lambda handler: handler.json(status, what, **headers)


def test_the_first_reading_takes_the_newest_page_and_later_ones_what_is_new(
    reddit: LocalReddit,
) -> None:
    for number in range(120):
        reddit.write(f"post {number:03}")
    world = World(reddit, "r/Orchards/")
    assert titles(world.read()) == [f"post {number:03}" for number in range(20, 120)]
    assert world.read().unchanged
    for number in range(150):
        reddit.write(f"later {number:03}")
    reading = world.read()
    assert titles(reading) == [f"later {number:03}" for number in range(150)]
    assert (reading.gap, reading.more) == (None, False)


def test_we_say_who_we_are_as_reddit_wants_it(reddit: LocalReddit) -> None:
    World(reddit, user="/u/rowan").read()
    (agent,) = reddit.agents
    assert agent.startswith("server:barometer:")
    assert agent.endswith(" (by /u/rowan)")


def test_a_token_is_used_until_it_ends_and_is_told_nobody(
    reddit: LocalReddit, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    world = World(reddit)
    world.read()
    world.read()
    assert len(reddit.tokens) == 1
    world.later = timedelta(minutes=59)
    world.read()
    assert len(reddit.tokens) == 2
    reddit.tokens.append("another one is valid now")
    world.read()
    assert len(reddit.tokens) == 4
    assert "t0ken" not in caplog.text
    assert "s3cret" not in caplog.text


@pytest.mark.parametrize("missing", ["RID", "RSECRET"])
def test_missing_credentials_are_named(reddit: LocalReddit, missing: str) -> None:
    world = World(reddit)
    world.secrets[missing] = ""
    failed = world.failure()
    assert failed.permanent
    assert "set RID and RSECRET" in failed.reason
    assert reddit.asked == []


def test_wrong_credentials_are_named(reddit: LocalReddit) -> None:
    world = World(reddit)
    world.secrets["RSECRET"] = "another s3cret"
    failed = world.failure()
    assert failed.permanent
    assert "gives us no token (401); look at what RID and RSECRET hold" in failed.reason


@pytest.mark.parametrize(
    "what", [{"error": "invalid_grant"}, {"access_token": 7}, {"access_token": "a\nb"}, []]
)
def test_an_answer_without_a_token_is_a_failure(reddit: LocalReddit, what: Any) -> None:
    reddit.faults["/api/v1/access_token"] = [answer(200, what)]
    assert "answers without a token" in World(reddit).failure().reason


def test_a_token_that_is_never_taken_is_asked_for_once_more(reddit: LocalReddit) -> None:
    reddit.faults[NEW] = [answer(401), answer(401)]
    failed = World(reddit).failure()
    assert failed.http_status == 401
    assert len(reddit.tokens) == 2


@pytest.mark.parametrize("user", ["", "a b", "x\r\nEvil: 1"])
def test_an_account_must_answer_for_us(reddit: LocalReddit, user: str) -> None:
    assert "is no name of an account" in World(reddit, user=user).failure().reason


@pytest.mark.parametrize(
    "names", [("a/../b",), ("x" * 30,), tuple(f"sub{n}" for n in range(MAX_SUBREDDITS + 1))]
)
def test_subreddits_are_names_and_not_too_many(reddit: LocalReddit, names: tuple[str, ...]) -> None:
    assert World(reddit, *names).failure().permanent


def test_deletions_removals_and_edits_are_noticed(reddit: LocalReddit) -> None:
    deleted, removed, edited, vanished, _ = (reddit.write(text) for text in "abcde")
    world = World(reddit)
    ids = {each.document.title: each.document.id for each in world.read().documents}
    reddit.delete(deleted)
    reddit.posts[removed] |= {"selftext": "[removed]", "removed_by_category": "moderator"}
    reddit.posts[edited] |= {"selftext": "better", "edited": 1795342800.0, "stickied": True}
    del reddit.posts[vanished]
    reading = world.read()
    assert set(reading.removed) == {ids["a"], ids["b"], ids["d"]}
    assert [(each.document.text, each.document.id) for each in reading.documents] == [
        ("better", ids["c"])
    ]
    assert world.read().unchanged


def test_an_answer_that_shows_no_post_at_all_removes_none(reddit: LocalReddit) -> None:
    reddit.write("a")
    world = World(reddit)
    world.read()
    reddit.faults["/api/info"] = [answer(200, reddit.things([]))]
    reading = world.read()
    assert reading.removed == ()
    assert "nothing was removed for it" in reading.notes[0]


def test_the_last_post_that_was_read_may_be_deleted_without_harm(reddit: LocalReddit) -> None:
    last = [reddit.write("a"), reddit.write("b")]
    world = World(reddit)
    world.read()
    for id in last:
        reddit.delete(id)
    reddit.write("c")
    reading = world.read()
    assert (titles(reading), len(reading.removed), reading.gap) == (["c"], 2, None)


def test_more_new_posts_than_a_listing_gives_are_a_gap(reddit: LocalReddit) -> None:
    reddit.write("before")
    world = World(reddit)
    (before,) = world.read().documents
    for number in range(1_050):
        reddit.write(f"post {number:04}")
    reading = world.read()
    assert len(reading.documents) == 1_000
    assert reading.gap is not None
    second = timedelta(seconds=1)
    assert abs(reading.gap.since - before.document.published_at) <= second
    oldest = min(each.document.published_at for each in reading.documents)
    assert abs(reading.gap.until - oldest) <= second
    assert "read it more often" in reading.notes[0]
    assert world.read().gap is None


def test_posts_without_a_word_of_migration_are_passed_over(reddit: LocalReddit) -> None:
    reddit.write("my cat")
    reddit.write("a word")
    reading = World(reddit).read()
    assert (titles(reading), reading.passed_over) == (["a word"], 1)


def test_a_subreddit_that_is_closed_or_not_there_does_not_stop_the_others(
    reddit: LocalReddit,
) -> None:
    reddit.write("a")
    elsewhere = lambda h: h.json(302, None, Location="/subreddits/search?q=nowhere")  # noqa: E731
    reddit.faults["/r/secret/new"] = [answer(403, {"reason": "private"})] * 2
    reddit.faults["/r/nowhere/new"] = [elsewhere]
    reading = World(reddit, "secret", "nowhere", "orchards").read()
    assert titles(reading) == ["a"]
    assert [note.partition(" is")[0] for note in reading.notes] == ["r/secret", "r/nowhere"]
    failed = World(reddit, "secret").failure()
    assert (failed.permanent, failed.http_status) == (True, 403)


def test_too_many_requests_is_heard_until_the_reset(reddit: LocalReddit) -> None:
    reddit.faults[NEW] = [answer(429, {"message": "Too Many Requests", "error": 429})]
    failed = World(reddit).failure()
    assert (failed.retry_after, failed.permanent) == (timedelta(seconds=240), False)
    assert "too often (429)" in failed.reason


def test_the_limit_is_kept_in_mid_listing_and_nothing_is_lost(reddit: LocalReddit) -> None:
    reddit.write("before")
    world = World(reddit)
    world.read()
    for number in range(250):
        reddit.write(f"post {number:03}")
    reddit.left = 3.0
    first = world.read()
    assert len(first.documents) == 100
    assert first.retry_after == timedelta(seconds=240)
    reddit.left = 600.0
    second = world.read()
    assert len({each.document.id for each in (*first.documents, *second.documents)}) == 250


def test_a_failure_in_mid_listing_loses_nothing(reddit: LocalReddit) -> None:
    reddit.write("before")
    world = World(reddit)
    world.read()
    for number in range(150):
        reddit.write(f"post {number:03}")

    def once(handler: Handler) -> None:
        handler.json(200, reddit.listing("orchards", {"limit": ["100"]}))

    reddit.faults[NEW] = [once, answer(503, None, Retry_After="30")]
    first = world.read()
    assert (first.http_status, first.retry_after) == (503, timedelta(seconds=30))
    second = world.read()
    assert len({each.document.id for each in (*first.documents, *second.documents)}) == 150


def test_a_busy_reddit_may_be_tried_again(reddit: LocalReddit) -> None:
    reddit.faults[NEW] = [answer(503)]
    assert not World(reddit).failure().permanent
    reddit.faults["/api/v1/access_token"] = [answer(503)]
    assert not World(reddit).failure().permanent


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<html>Our CDN was unable", "text/html"),
        (b'{"kind": "Listing", "data', "application/json"),
    ],
)
def test_an_answer_that_is_no_listing_is_no_listing(
    reddit: LocalReddit, body: bytes, kind: str
) -> None:
    reddit.faults[NEW] = [lambda handler: handler.body(200, body, kind)]
    with pytest.raises(NotAFeed, match="no listing of Reddit's API"):
        World(reddit).read()


def test_a_socket_that_closes_in_mid_answer_is_a_failure(reddit: LocalReddit) -> None:
    def half(handler: Handler) -> None:
        handler.body(200, b'{"kind"', "application/json", length="5000")
        handler.close_connection = True

    reddit.faults[NEW] = [half]
    failed = World(reddit).failure()
    assert "broke off its answer" in failed.reason
    assert not failed.permanent
