"""Reddit's listings to posts, over a sample in the documented shape and over anything else."""

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
from ingest.document import Document, Kind
from ingest.feed_entry import NotAFeed
from ingest.gathered_posts import Post
from ingest.reddit import MAX_POSTS, Listing, parse_listing
from ingest.reddit_limit import WINDOW, wait_after
from ingest.source import Source
from ingest.source_options import RedditOptions, SourceType

SAMPLE = (Path(__file__).parent / "data/reddit/new.json").read_bytes()
NOW = datetime.fromtimestamp(1795341600, UTC) + timedelta(days=1)
SOURCE = Source(
    name="orchards",
    url="https://oauth.reddit.com",
    outlet="r/orchards",
    kind=Kind.FORUM,
    society="XA",
    language="en",
    type=SourceType.REDDIT,
    options=RedditOptions(
        subreddits=("orchards",), client_id="ID", client_secret="SECRET", user="rowan"
    ),
)


def listing(body: bytes, *, pinned: bool = False) -> Listing:
    return parse_listing(
        body,
        source=SOURCE,
        address="https://oauth.reddit.com/r/orchards/new",
        fetched_at=NOW,
        author_key=lambda name, moment: f"{name} {moment:%Y-%m}",
        pinned=pinned,
    )


def sample(**over: Any) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(SAMPLE)["data"]["children"][-1]
    return plain | {"data": plain["data"] | over}


def one(item: Any, *, pinned: bool = False) -> Post:
    body = json.dumps({"kind": "Listing", "data": {"children": [item]}}).encode()
    return listing(body, pinned=pinned).posts[0].post


def document(post: Post) -> Document:
    assert isinstance(post.what, Arrival), post
    return post.what.document


def test_of_a_page_what_people_say_is_kept() -> None:
    page = listing(SAMPLE)
    assert [each.post.what is None for each in page.posts] == [True] * 6 + [False] * 3
    link, text, adult = [
        each.post.what.document for each in page.posts if isinstance(each.post.what, Arrival)
    ]
    assert (link.title, link.text) == ("Asylum hotel row splits the council", "")
    assert link.url == "https://www.reddit.com/r/orchards/comments/1abc04/a_title/"
    assert text.title == "Who picks the apples & pears?"
    assert text.text == "Without the visa scheme nobody would.\n**Keep it.** I mean that."
    assert adult.published_at == datetime.fromtimestamp(1795341600 + 120, UTC)
    assert (adult.kind, adult.outlet, adult.language) == (Kind.FORUM, "r/orchards", "en")
    assert adult.author_key == f"invented_2@reddit.com {adult.published_at:%Y-%m}"
    assert page.after == "t3_1abc02"
    assert page.newest is not None
    assert page.newest.post.post_id == "1abc10"
    assert page.oldest is not None
    assert page.oldest.post.post_id == "1abc02"


def test_a_pinned_post_at_the_top_is_not_the_oldest() -> None:
    data = json.loads(SAMPLE)
    data["data"]["children"].insert(0, sample(id="1aaa00", stickied=True))
    page = listing(json.dumps(data).encode())
    assert page.oldest is not None
    assert page.oldest.post.post_id == "1abc02"


@pytest.mark.parametrize(
    "over",
    [
        {"stickied": True},
        {"promoted": True},
        {"quarantine": True},
        {"author": "AutoModerator"},
        {"author": "[deleted]"},
        {"author": None},
        {"selftext": "[removed]"},
        {"selftext": " [deleted] "},
        {"removed_by_category": "moderator"},
        {"removed_by_category": "anti_evil_ops"},
    ],
)
def test_what_is_not_ours_is_passed_over(over: dict[str, Any]) -> None:
    assert one(sample(**over)).what is None


def test_other_things_than_posts_are_passed_over() -> None:
    assert one({"kind": "t5", "data": {"id": "zz"}}).what is None
    assert one({"kind": "more", "data": {}}).what is None


@pytest.mark.parametrize("over", [{"locked": True}, {"over_18": True}, {"promoted": None}])
def test_what_is_locked_or_for_adults_is_kept(over: dict[str, Any]) -> None:
    assert document(one(sample(**over)))


def test_a_post_that_is_asked_for_again_counts_although_it_is_pinned() -> None:
    assert document(one(sample(stickied=True), pinned=True))


def test_an_edit_is_the_same_document_with_another_mark() -> None:
    first, second = one(sample()), one(sample(edited=1795342800.0, selftext="better"))
    assert document(first).id == document(second).id
    assert (first.mark, second.mark != "") == ("", True)


@pytest.mark.parametrize(
    ("over", "says"),
    [
        ({"created_utc": 0}, "is before 2000"),
        ({"created_utc": 4e9}, "over a day in the future"),
        ({"title": "x" * 3_000}, "title is longer"),
        ({"title": " ", "selftext": ""}, "neither title nor text"),
        ({"selftext": "nul \u0000"}, "NUL"),
    ],
)
def test_what_can_never_be_a_document_is_dead_without_its_author(
    over: dict[str, Any], says: str
) -> None:
    letter = one(sample(**over)).what
    assert isinstance(letter, DeadLetter)
    assert says in letter.reason
    assert "invented" not in letter.payload


@pytest.mark.parametrize(
    "item",
    [
        sample(created_utc="now"),
        sample(created_utc=1e300),
        sample(title=None),
        sample(id=7),
        {"kind": "t3", "data": None},
        {"kind": "t3"},
        None,
        7,
        [],
    ],
)
def test_of_a_broken_post_no_word_is_kept(item: Any) -> None:
    letter = one(item).what
    assert isinstance(letter, DeadLetter)
    assert "the post is broken" in letter.reason
    assert "neighbours" not in letter.payload


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"data": {}}', b'{"data": {"children": 3}}', SAMPLE[:-200], b"<html>", b"[" * 99_999],
)  # fmt: skip
def test_what_is_no_listing_is_said_in_one_sentence(body: bytes) -> None:
    with pytest.raises(NotAFeed, match=r"^it is .*no listing of Reddit's API$"):
        listing(body)


def test_a_page_is_read_up_to_its_limit() -> None:
    children = [sample(id=f"1abd{n:03}") for n in range(MAX_POSTS + 3)]
    page = listing(json.dumps({"data": {"children": children, "after": "t3_!"}}).encode())
    assert (len(page.posts), page.unread, page.after) == (MAX_POSTS, 3, "")


WORDS: st.SearchStrategy[object] = st.sampled_from(
    [None, "", "abc", "[removed]", "/r/x/comments/abc/", "\ud800", 5, 1.5, 1e300, [], {}, True]
)
FIELDS = ("id", "title", "permalink", "created_utc", "selftext", "author", "edited", "stickied")
THINGS = st.fixed_dictionaries(
    {"kind": st.sampled_from(["t3", "t1"])},
    optional={"data": WORDS | st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, WORDS))},
)


@given(
    st.binary(max_size=200)
    | st.lists(THINGS, max_size=3).map(
        lambda items: json.dumps({"data": {"children": items}}).encode()
    )
)
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_a_listing_or_none(data: bytes) -> None:
    try:
        page = listing(data)
    except NotAFeed:
        return
    assert all(isinstance(each.post.what, Arrival | DeadLetter | None) for each in page.posts)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"x-ratelimit-remaining": "599.0"}, None),
        ({"x-ratelimit-remaining": "nan"}, None),
        ({"x-ratelimit-remaining": "-1"}, None),
        ({"x-ratelimit-remaining": "1.0", "x-ratelimit-reset": "240.5"}, timedelta(seconds=240.5)),
        ({"x-ratelimit-remaining": "0.0", "x-ratelimit-reset": "0"}, timedelta(seconds=1)),
        ({"x-ratelimit-remaining": "0.0", "x-ratelimit-reset": "1e9"}, WINDOW),
        ({"x-ratelimit-remaining": "0.0", "x-ratelimit-reset": "soon"}, WINDOW),
    ],
)
def test_the_limit_is_not_used_up(headers: dict[str, str], wait: timedelta | None) -> None:
    assert wait_after(headers) == wait
