"""Mastodon's JSON to posts, over samples in the documented shape and over anything else."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.arrival import Arrival
from ingest.dead_letter import DeadLetter
from ingest.document import Document, Kind, document_id
from ingest.feed_entry import NotAFeed
from ingest.gathered_posts import Post
from ingest.mastodon import MAX_STATUSES, Timeline, a_while_before, parse_status, parse_timeline
from ingest.mastodon_instance import Instance, parse_instance, why_empty
from ingest.mastodon_limit import LONGEST, wait_after
from ingest.source import Source
from ingest.source_options import MastodonOptions, SourceType

DATA = Path(__file__).parent / "data/mastodon"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SOURCE = Source(
    name="mastodon-example",
    url="https://mastodon.example",
    outlet="mastodon.example",
    kind=Kind.SOCIAL,
    society="XA",
    language="en",
    type=SourceType.MASTODON,
    options=MastodonOptions(hashtags=("migration",)),
)


def key(name: str, moment: datetime) -> str:
    return f"{name} {moment:%Y-%m}"


def timeline(body: bytes) -> Timeline:
    return parse_timeline(
        body, source=SOURCE, address="https://mastodon.example/api", fetched_at=NOW, author_key=key
    )


def status(item: bytes) -> Post:
    return parse_status(item, source=SOURCE, place="here", fetched_at=NOW, author_key=key)


def sample(**over: Any) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads((DATA / "timeline.json").read_text("utf-8"))[-1]
    account = plain["account"] | over.pop("account", {})
    return plain | over | {"account": account}


def one(**over: Any) -> Post:
    return status(json.dumps(sample(**over)).encode())


def document(post: Post) -> Document:
    assert isinstance(post.what, Arrival), post
    return post.what.document


def dead(post: Post) -> DeadLetter:
    assert isinstance(post.what, DeadLetter), post
    return post.what


def test_of_a_page_the_public_words_of_people_are_kept() -> None:
    page = timeline((DATA / "timeline.json").read_bytes())
    kept = [post.what.document for post in page.posts if isinstance(post.what, Arrival)]
    assert [post.what is None for post in page.posts] == [True] * 6 + [False] * 3
    assert page.newest == page.posts[0].post_id
    titled, edited, plain = kept
    assert (titled.title, titled.text) == ("Politik", "Wieder eine Debatte über Asyl.\nIch bin müde & ratlos.")  # fmt: skip
    assert titled.language == "en"  # of the source: the status does not say
    assert edited.text == (
        "@oak Asylum claims should be decided sooner: https://news.example/asylum-claims-of-the-year"
    )
    assert plain.text.endswith("and I hope it stays.\nMore of it, please. #migration")
    assert plain.url == "", "an address at an instance names the author"
    assert plain.published_at == datetime(2026, 11, 22, 10, 1, tzinfo=UTC)
    assert (plain.source, plain.outlet, plain.society) == (SOURCE.name, SOURCE.outlet, "XA")


def test_an_author_is_a_key_of_the_full_name_and_appears_nowhere_else() -> None:
    page = timeline((DATA / "timeline.json").read_bytes())
    keys = [post.what.document.author_key for post in page.posts if isinstance(post.what, Arrival)]
    assert keys == ["erle@social.example 2026-11", "birch@social.example 2026-11", "oak@mastodon.example 2026-11"]  # fmt: skip


@pytest.mark.parametrize(
    "over",
    [
        {"visibility": "unlisted"},
        {"visibility": "private"},
        {"visibility": "direct"},
        {"visibility": ""},
        {"reblog": {"id": "1"}},
        {"account": {"bot": True}},
        {"account": {"noindex": True}},
        {"account": {"indexable": False}},
        {"content": "", "spoiler_text": ""},
        {"content": "<p></p>"},
        {"content": None},
    ],
)
def test_what_is_not_ours_is_passed_over(over: dict[str, Any]) -> None:
    assert one(**over).what is None


@pytest.mark.parametrize(
    "over",
    [
        {"sensitive": True},
        {"reblog": None},
        # Instances before 4.2 say nothing of these.
        {"account": {"indexable": None, "noindex": None, "bot": None}},
    ],
)
def test_what_is_silent_about_limits_is_kept(over: dict[str, Any]) -> None:
    assert document(one(**over)).text


def test_an_edit_is_the_same_document_with_another_mark() -> None:
    first, second, third = (
        one(content=f"<p>{text}</p>", edited_at=edited)
        for text, edited in (
            ("one", None),
            ("two", "2026-11-22T11:00:00.000Z"),
            ("three", "2026-11-22T12:00:00.000Z"),
        )
    )
    assert document(first).id == document(second).id
    assert isinstance(first.what, Arrival)
    assert isinstance(second.what, Arrival)
    assert first.what.origin == second.what.origin
    assert len({first.mark, second.mark, third.mark}) == 3


def test_a_status_seen_on_two_instances_is_one_document() -> None:
    there = one(id="999")
    assert document(there).id == document(one()).id


def test_a_status_without_a_page_is_known_by_its_uri() -> None:
    without = document(one(url=None))
    assert without.id == document_id(source=SOURCE.name, own_id=sample()["uri"], url="")
    assert without.url == ""


@pytest.mark.parametrize(
    ("said", "language"),
    [("de", "de"), ("pt-BR", "pt-BR"), ("zh_TW", "zh-TW"), (None, "en"), ("", "en"), ("und", "en"), ("x!", "en")],
)  # fmt: skip
def test_the_language_is_what_the_status_says(said: str | None, language: str) -> None:
    assert document(one(language=said)).language == language


@pytest.mark.parametrize(
    ("over", "says"),
    [
        ({"created_at": "yesterday"}, "'yesterday' is not a time"),
        ({"created_at": "2031-01-01T00:00:00Z"}, "over a day in the future"),
        ({"created_at": "1999-01-01T00:00:00Z"}, "is before 2000"),
        ({"content": "<p>" + "x" * 600_000}, "text has 600,000 bytes"),
        ({"content": "x" * 2_000_001}, "the markup has 2,000,001 characters"),
        ({"spoiler_text": "x" * 3_000}, "title is longer"),
    ],
)
def test_what_can_never_be_a_document_is_dead_without_its_author(
    over: dict[str, Any], says: str
) -> None:
    letter = dead(one(**over))
    assert says in letter.reason
    assert letter.place == "here"
    assert letter.origin == dead(one(**over)).origin
    assert "acct" not in letter.payload
    assert '"display_name"' not in letter.payload


@pytest.mark.parametrize(
    "item",
    [
        {"content": "secret words", "id": "1"},
        sample() | {"account": None},
        sample() | {"id": 7},
        sample() | {"content": ["<p>secret words</p>"]},
        [],
        None,
        "text",
        3,
    ],
)
def test_of_a_broken_status_no_word_is_kept(item: Any) -> None:
    letter = dead(status(json.dumps(item).encode()))
    assert "the status is broken" in letter.reason
    assert "secret" not in letter.payload
    assert "orchards" not in letter.payload


def test_bytes_that_are_no_text_spoil_one_status_alone() -> None:
    good = json.dumps(sample()).encode()
    bad = good.replace(b"orchards", b"orch\xbcards").replace(b"0001", b"0002")
    first, second = timeline(b"[" + bad + b"," + good + b"]").posts
    assert "can't decode byte 0xbc" in dead(first).reason
    assert document(second).text


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "it is no list of statuses"),
        (b"{}", "it is no list of statuses"),
        (b'{"error":"x"}', "it is no list of statuses"),
        (b'[{"id":"1"', "it is no list of statuses"),
        (b"<!DOCTYPE html><html><title>Sorry</title>", "it is a page of HTML"),
        (b"[" * 100_000, "it is no list of statuses"),
        (b'[{"id":"1","x":' + b"[" * 100_000, "it is no list of statuses"),
    ],
)
def test_what_is_no_timeline_is_said_in_one_sentence(body: bytes, says: str) -> None:
    with pytest.raises(NotAFeed) as failed:
        timeline(body)
    assert str(failed.value).startswith(says)


def test_a_page_is_read_up_to_its_limit() -> None:
    page = timeline(json.dumps([sample(id=str(n)) for n in range(MAX_STATUSES + 5)]).encode())
    assert (len(page.posts), page.unread) == (MAX_STATUSES, 5)
    assert timeline(b"[]") == Timeline(posts=())


@pytest.mark.parametrize(
    ("post_id", "before"),
    [
        ("115600000000000000", str(115_600_000_000_000_000 - 600_000 * 65_536)),
        ("12345", "12345"),
        ("01HXYZABCDEFGHJKMNPQRSTVWX", "01HXYZABCDEFGHJKMNPQRSTVWX"),
        ("", ""),
    ],
)
def test_an_id_is_a_time_where_it_is_large_enough(post_id: str, before: str) -> None:
    assert a_while_before(post_id) == before


WORDS: st.SearchStrategy[object] = st.sampled_from(
    [None, "", "public", "7", "2026-11-22T10:00:00Z", "<p>words</p>", "https://x.example/1", "\ud800", 5, [], {}, True]
)  # fmt: skip
STATUSES = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys((*("id", "created_at", "visibility", "uri", "url", "content", "spoiler_text"), *("language", "edited_at", "reblog")), WORDS)
    | {
        "account": WORDS
        | st.fixed_dictionaries({}, optional=dict.fromkeys(("acct", "bot", "noindex"), WORDS))
    },
)  # fmt: skip


@given(
    st.binary(max_size=200)
    | st.lists(STATUSES, max_size=3).map(lambda items: json.dumps(items).encode())
)
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_a_timeline_or_none(data: bytes) -> None:
    try:
        page = timeline(data)
    except NotAFeed:
        return
    assert all(isinstance(post.what, Arrival | DeadLetter | None) for post in page.posts)


def test_an_instance_says_where_its_streams_are_and_what_it_shows() -> None:
    assert parse_instance((DATA / "instance.json").read_bytes()) == Instance(
        streaming="https://streaming.mastodon.example",
        live_feeds=("public", "authenticated"),
        hashtag_feeds=("public", "disabled"),
    )


@pytest.mark.parametrize(
    ("address", "http"),
    [
        ("wss://s.example", "https://s.example"),
        ("ws://s.example:4000/", "http://s.example:4000"),
        ("https://s.example/path/", "https://s.example/path"),
        ("file:///etc/hosts", ""),
        ("wss://", ""),
        ("wss://[", ""),
        (7, ""),
    ],
)
def test_a_stream_is_asked_for_over_http(address: object, http: str) -> None:
    body = json.dumps({"configuration": {"urls": {"streaming": address}}}).encode()
    assert parse_instance(body).streaming == http


@given(
    st.binary(max_size=100)
    | st.recursive(
        WORDS,
        lambda inner: st.dictionaries(
            st.sampled_from(["configuration", "urls", "streaming", "timelines_access"]), inner
        ),
    ).map(lambda value: json.dumps(value).encode())
)
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_an_instance_that_says_little(data: bytes) -> None:
    parse_instance(data)


@pytest.mark.parametrize(
    ("feeds", "local", "logged_in", "says"),
    [
        (("public", "public"), False, False, ""),
        (("", ""), False, False, ""),
        (("new word", "public"), False, False, ""),
        (("public", "disabled"), False, True, "remote posts (disabled)"),
        (("public", "disabled"), True, False, ""),
        (("disabled", "disabled"), False, True, "own posts (disabled) and its remote posts (disabled)"),
        (("authenticated", "public"), False, True, ""),
        (("authenticated", "public"), False, False, "set `token`"),
    ],
)  # fmt: skip
def test_empty_is_not_quiet_where_a_timeline_is_not_shown(
    feeds: tuple[str, str], local: bool, logged_in: bool, says: str
) -> None:
    instance = Instance(live_feeds=feeds)
    reason = why_empty(instance, hashtags=False, local=local, logged_in=logged_in)
    assert says in reason
    assert bool(reason) == bool(says)
    assert why_empty(instance, hashtags=True, local=local, logged_in=logged_in) == ""


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"x-ratelimit-remaining": "100"}, None),
        ({"x-ratelimit-remaining": "soon"}, None),
        ({"x-ratelimit-remaining": "1", "x-ratelimit-reset": "2026-11-23T12:03:00.000Z"}, timedelta(minutes=3)),
        # A clock that is behind or far ahead.
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "2026-11-23T11:00:00Z"}, timedelta(seconds=1)),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "2036-11-23T11:00:00Z"}, LONGEST),
        # Without a word, until the next full five minutes.
        ({"x-ratelimit-remaining": "0"}, timedelta(minutes=5)),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon"}, timedelta(minutes=5)),
    ],
)  # fmt: skip
def test_the_limit_is_not_used_up(headers: dict[str, str], wait: timedelta | None) -> None:
    assert wait_after(headers, NOW) == wait
