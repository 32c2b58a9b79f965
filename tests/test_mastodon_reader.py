"""Reading a Mastodon instance that behaves like a real one, its faults included."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ingest.allowed_hosts import AllowedHosts
from ingest.document import Kind
from ingest.feed_entry import NotAFeed
from ingest.fetch import Fetcher, FetchFailed
from ingest.mastodon_reader import MAX_HASHTAGS, MAX_PAGES, MastodonReader
from ingest.reading import Memory, Reading, Surroundings
from ingest.remembered_posts import MAX_CURSOR_BYTES
from ingest.source import Source
from ingest.source_options import MastodonOptions, SourceType
from tests.local_mastodon import Handler, LocalMastodon, local_mastodon

TAG = "/api/v1/timelines/tag/migration"


@pytest.fixture
def instance() -> Iterator[LocalMastodon]:
    with local_mastodon() as local:
        yield local


class World:
    """A reader in its surroundings, and what it remembers from one reading to the next."""

    def __init__(self, instance: LocalMastodon, **options: Any) -> None:
        self.source = Source(
            name="local", url=instance.url, outlet="local", kind=Kind.SOCIAL, society="XA",
            language="en", type=SourceType.MASTODON,
            options=MastodonOptions(**({"hashtags": ("migration",)} | options)),
        )  # fmt: skip
        self.secrets = {"TOKEN": "s3cret-token"}
        self.memory = Memory()

    def read(self, memory: Memory | None = None) -> Reading:
        with Fetcher(pause=0, allowed_hosts=frozenset({"127.0.0.1"})) as fetcher:
            surroundings = Surroundings(
                fetcher=fetcher,
                is_relevant=lambda text: "migra" in text,
                secret=lambda name: self.secrets.get(name, ""),
                author_key=lambda name, moment: f"key of {len(name)}",
                allowed_hosts=AllowedHosts(["127.0.0.1"]),
            )
            reading = MastodonReader().read(
                self.source, memory or self.memory, surroundings, datetime.now(UTC)
            )
        assert len(reading.memory.cursor.encode()) <= MAX_CURSOR_BYTES
        self.memory = reading.memory
        return reading

    def failure(self) -> FetchFailed:
        with pytest.raises(FetchFailed) as failed:
            self.read()
        assert "s3cret" not in str(failed.value)
        assert "\n" not in str(failed.value)
        return failed.value


def texts(reading: Reading) -> list[str]:
    return sorted(arrival.document.text for arrival in reading.documents)


def answer(status: int, what: Any = None, **headers: str) -> Any:
    return lambda handler: handler.json(status, what, **headers)


def test_the_first_reading_takes_the_newest_page_and_later_ones_what_is_new(
    instance: LocalMastodon,
) -> None:
    for number in range(50):
        instance.write(f"post {number:03}")
    world = World(instance)
    first = world.read()
    assert texts(first) == [f"post {number:03}" for number in range(10, 50)]
    assert (first.more, first.unchanged, first.http_status) == (False, False, 200)
    assert world.read().unchanged
    instance.write("new")
    assert texts(world.read()) == ["new"]
    assert world.read().unchanged


def test_a_long_absence_is_caught_up_with_page_by_page_and_nothing_is_lost(
    instance: LocalMastodon,
) -> None:
    instance.write("before")
    world = World(instance)
    world.read()
    for number in range(40 * MAX_PAGES + 30):
        instance.write(f"post {number:03}")
    first, second = world.read(), world.read()
    assert (first.more, second.more) == (True, False)
    found = sorted({*texts(first), *texts(second)})
    assert found == [f"post {number:03}" for number in range(40 * MAX_PAGES + 30)]


@pytest.mark.parametrize("minutes", [0, 5, 9])
def test_a_post_that_comes_late_from_elsewhere_is_found(
    instance: LocalMastodon, minutes: int
) -> None:
    for number in range(20):
        instance.write(f"post {number}")
    instance.write("a bot's", account={"bot": True})
    world = World(instance)
    world.read()
    instance.write_late("late", minutes)
    reading = world.read()
    assert (texts(reading), reading.passed_over) == (["late"], 0)
    assert world.read().unchanged


def test_many_posts_in_a_short_time_do_not_hold_up_the_newer_ones(
    instance: LocalMastodon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.local_mastodon.A_MINUTE", 1)
    world = World(instance)
    instance.write("first")
    world.read()
    for number in range(3 * 40 * MAX_PAGES):
        instance.write(f"post {number:04}")
    found: set[str] = set()
    for _ in range(5):
        reading = world.read()
        found |= set(texts(reading))
        if not reading.more:
            break
    assert len(found - {"first"}) == 3 * 40 * MAX_PAGES


def test_a_reading_that_was_not_stored_is_read_again_with_the_same_origins(
    instance: LocalMastodon,
) -> None:
    world = World(instance)
    instance.write("one")
    before = world.read().memory
    instance.write("two")
    first, again = world.read(before), world.read(before)
    assert [each.origin for each in first.documents] == [each.origin for each in again.documents]
    assert texts(again) == ["two"]


def test_each_hashtag_has_its_own_place_and_a_post_with_both_is_one_document(
    instance: LocalMastodon,
) -> None:
    world = World(instance, hashtags=("#Migration", "asylum"))
    instance.write("both", tags=[{"name": "migration"}, {"name": "asylum"}])
    instance.write("second", tags=[{"name": "asylum"}])
    assert texts(world.read()) == ["both", "second"]
    instance.write("third")
    assert texts(world.read()) == ["third"]


def test_of_a_public_timeline_only_what_may_speak_of_migration_is_kept(
    instance: LocalMastodon,
) -> None:
    instance.write("my cat")
    instance.write("on migration")
    reading = World(instance, hashtags=(), local=True).read()
    assert (texts(reading), reading.passed_over) == (["on migration"], 1)
    assert instance.asked[0] == "/api/v1/timelines/public?limit=40&local=true"


def test_bots_and_those_who_asked_not_to_be_indexed_are_passed_over(
    instance: LocalMastodon,
) -> None:
    for over in ({"bot": True}, {"noindex": True}, {"indexable": False}):
        instance.write("no", account=over)
    instance.write("no", visibility="unlisted")
    reading = World(instance).read()
    assert (reading.documents, reading.passed_over) == ((), 4)


def test_a_status_that_is_no_document_is_dead_and_the_others_are_read(
    instance: LocalMastodon,
) -> None:
    instance.write("good")
    instance.write("bad", created_at="never")
    reading = World(instance).read()
    assert (texts(reading), len(reading.dead)) == (["good"], 1)


@pytest.mark.parametrize("many", [True, False])
def test_deletions_edits_and_closings_are_noticed(instance: LocalMastodon, many: bool) -> None:
    instance.many = many
    gone, edited, closed, _ = (instance.write(text) for text in ("a", "b", "c", "d"))
    world = World(instance)
    ids = {each.document.text: each.document.id for each in world.read().documents}
    del instance.statuses[gone]
    instance.statuses[edited] |= {"content": "<p>better</p>", "edited_at": "2026-11-22T11:00:00Z"}
    instance.statuses[closed]["account"]["noindex"] = True
    reading = world.read()
    assert set(reading.removed) == {ids["a"], ids["c"]}
    assert [(each.document.text, each.document.id) for each in reading.documents] == [
        ("better", ids["b"])
    ]
    assert world.read().unchanged


def test_rechecks_are_few_and_of_the_newest(instance: LocalMastodon) -> None:
    world = World(instance)
    for number in range(50):
        instance.write(f"post {number}")
        world.read() if number % 25 == 24 else None
    instance.asked.clear()
    world.read()
    asked = [path for path in instance.asked if path.startswith("/api/v1/statuses")]
    assert len(asked) == 2
    assert [path.count("id%5B%5D") for path in asked] == [20, 20]


def test_statuses_that_an_answer_leaves_out_are_gone_only_when_the_instance_says_so(
    instance: LocalMastodon,
) -> None:
    instance.write("a")
    world = World(instance)
    world.read()
    instance.faults["/api/v1/statuses"] = [answer(200, [])]
    assert world.read().removed == ()


def test_a_failing_recheck_is_a_note(instance: LocalMastodon) -> None:
    instance.write("a")
    world = World(instance)
    world.read()
    instance.faults["/api/v1/statuses"] = [answer(503)]
    instance.write("b")
    reading = world.read()
    assert (texts(reading), reading.http_status) == (["b"], 503)
    assert "answered 503" in reading.notes[0]


def test_disabled_preview_says_what_is_needed(instance: LocalMastodon) -> None:
    instance.closed = True
    failed = World(instance).failure()
    assert failed.permanent
    assert "shown only to those who are logged in (401); set `token`" in failed.reason
    instance.write("inside")
    assert texts(World(instance, token="TOKEN").read()) == ["inside"]
    assert instance.tokens[-1] == "Bearer s3cret-token"


@pytest.mark.parametrize("status", [401, 403, 422])
def test_a_token_that_is_not_taken_is_named_and_not_shown(
    instance: LocalMastodon, status: int
) -> None:
    instance.faults[TAG] = [answer(status, {"error": "The access token is invalid"})]
    failed = World(instance, token="TOKEN").failure()
    assert failed.permanent
    assert "does not take the token in TOKEN" in failed.reason


def test_a_token_that_is_not_set_is_a_failure_that_names_it(instance: LocalMastodon) -> None:
    for options, says in (
        ({"token": "NOT_SET"}, "NOT_SET"),
        ({"streaming": True}, "streams, for which"),
    ):
        failed = World(instance, **options).failure()
        assert failed.permanent
        assert says in failed.reason
    assert instance.asked == []


def test_an_empty_timeline_that_is_not_shown_is_not_called_quiet(instance: LocalMastodon) -> None:
    instance.hidden = True
    instance.write("unseen")
    world = World(instance)
    assert world.read().unchanged
    instance.instance = {
        "configuration": {
            "timelines_access": {"hashtag_feeds": {"local": "disabled", "remote": "disabled"}}
        }
    }
    reading = world.read()
    assert not reading.unchanged
    assert "empty is not quiet here" in reading.notes[0]
    instance.faults["/api/v2/instance"] = [answer(404)]
    assert world.read().unchanged


def test_too_many_requests_is_heard_until_the_reset(instance: LocalMastodon) -> None:
    instance.left = 0
    instance.faults[TAG] = [answer(429, {"error": "Too many requests"})]
    failed = World(instance).failure()
    assert failed.retry_after is not None
    assert timedelta(seconds=190) < failed.retry_after <= timedelta(seconds=205)
    assert not failed.permanent
    assert "too often (429)" in failed.reason


def test_the_limit_is_kept_and_the_rest_read_after_the_reset(instance: LocalMastodon) -> None:
    world = World(instance)
    instance.write("first")
    world.read()
    for number in range(90):
        instance.write(f"post {number:02}")
    instance.left = 4
    instance.asked.clear()
    reading = world.read()
    assert len(instance.asked) == 2
    assert len(reading.documents) == 79  # and `first` again
    assert reading.retry_after is not None
    assert reading.retry_after > timedelta(seconds=190)
    instance.left = 300
    assert texts(world.read()) == [f"post {number:02}" for number in range(79, 90)]


def test_what_was_read_before_a_failure_is_kept_and_the_next_reading_goes_on(
    instance: LocalMastodon,
) -> None:
    world = World(instance)
    instance.write("first")
    world.read()
    for number in range(60):
        instance.write(f"post {number:02}")

    def once(handler: Handler) -> None:
        query = re.findall(r"min_id=(\d+)", handler.path)
        handler.json(200, instance.page({"limit": ["40"], "min_id": query}, "migration"))

    instance.faults[TAG] = [once, answer(503, None, Retry_After="90")]
    reading = world.read()
    assert len(reading.documents) == 39
    assert (reading.http_status, reading.retry_after) == (503, timedelta(seconds=90))
    assert "answered 503" in reading.notes[0]
    assert texts(world.read()) == [f"post {number:02}" for number in range(39, 60)]


def test_a_busy_instance_may_be_tried_again(instance: LocalMastodon) -> None:
    instance.faults[TAG] = [answer(503)]
    failed = World(instance).failure()
    assert (failed.permanent, failed.http_status) == (False, 503)


@pytest.mark.parametrize(
    ("body", "kind", "says"),
    [
        (b"<!DOCTYPE html><html><body>Maintenance</body></html>", "text/html", "it is a page of HTML"),
        (b'[{"id": "1", "created_at"', "application/json", "it is no list of statuses"),
    ],
)  # fmt: skip
def test_an_answer_that_is_no_timeline_is_no_timeline(
    instance: LocalMastodon, body: bytes, kind: str, says: str
) -> None:
    instance.faults[TAG] = [lambda handler: handler.body(200, body, kind)]
    with pytest.raises(NotAFeed, match=says):
        World(instance).read()


def test_a_socket_that_closes_in_mid_answer_is_a_failure(instance: LocalMastodon) -> None:
    def half(handler: Handler) -> None:
        handler.body(200, b'[{"id": "1"', "application/json", length="5000")
        handler.close_connection = True

    instance.faults[TAG] = [half]
    failed = World(instance).failure()
    assert "broke off its answer" in failed.reason
    assert not failed.permanent


def test_a_hashtag_that_nobody_used_there_is_quiet_and_no_hashtag_at_all_is_no_instance(
    instance: LocalMastodon,
) -> None:
    instance.write("a")
    unknown = "/api/v1/timelines/tag/x"
    instance.faults[unknown] = [answer(404), answer(404)]
    assert texts(World(instance, hashtags=("x", "migration")).read()) == ["a"]
    failed = World(instance, hashtags=("x",)).failure()
    assert failed.permanent
    assert "is it a Mastodon instance?" in failed.reason


def test_a_page_that_repeats_itself_has_an_end(instance: LocalMastodon) -> None:
    instance.write("a")
    world = World(instance)
    world.read()
    page = list(instance.statuses.values())
    instance.asked.clear()
    instance.faults[TAG] = [answer(200, page)] * 50
    reading = world.read()
    assert (reading.documents, reading.more) == ((), False)
    assert len(instance.asked) <= 3


def test_too_many_hashtags_are_refused(instance: LocalMastodon) -> None:
    tags = tuple(f"tag{n}" for n in range(MAX_HASHTAGS + 1))
    assert World(instance, hashtags=tags).failure().permanent


def test_another_cursor_is_a_first_reading(instance: LocalMastodon) -> None:
    instance.write("a")
    assert texts(World(instance).read(Memory(cursor="what is this"))) == ["a"]
