"""Reads new posts of subreddits: opt-in, for those who have an agreement with Reddit and credentials.

    1. /r/NAME/new from the newest post back to the last one that was read (`after`), 10 pages of 100 at most
    2. /api/info for the newest posts of earlier readings: deleted, removed, edited?

Not forward with `before`: when the post that it names is deleted, Reddit answers with nothing, for ever. A listing
ends after some 1,000 posts: where the last one that was read is beyond its end, the stretch between is a gap.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import urlsplit

import msgspec

from ingest.arrival import Arrival
from ingest.feed_entry import NotAFeed
from ingest.fetch import Fetched, FetchFailed
from ingest.gathered_posts import GatheredPosts, Post
from ingest.reading import Gap, Memory, Reading, Surroundings
from ingest.reddit import Listing, RedditPost, parse_listing
from ingest.reddit_api import TOKEN_URL, RedditApi, Tokens
from ingest.remembered_posts import from_cursor, order, to_cursor
from ingest.source import Source

MAX_PAGES = 10
"""Of 100 posts: the whole of what a listing gives."""

MAX_SUBREDDITS = 20
"""Of one source: each costs a request at every poll, and a place in the cursor."""

FULL_LISTING = 500
"""A listing of so many posts has more behind it: it ends after 1,000, of which those that were deleted are left out."""

_CLOSED = (403, 404)
_NAME = re.compile(r"[a-z0-9_]{2,24}", re.ASCII)


class RedditReader:
    """Reader of `type = "reddit"`. `token_url` is where clients get their tokens."""

    def __init__(self, token_url: str = TOKEN_URL) -> None:
        self._tokens = Tokens(token_url)

    def read(
        self, source: Source, memory: Memory, surroundings: Surroundings, now: datetime
    ) -> Reading:
        """New posts, and what became of those of the last days. Raises FetchFailed, and NotAFeed.

        A failure after a subreddit was read ends the reading with a note; the next one goes on from there. Posts
        without a word of migration are passed over: the terms of Reddit want no more stored than is needed.
        """
        return _Visit(source, memory, surroundings, now, self._tokens).reading()


class _Visit:
    """One reading."""

    def __init__(
        self,
        source: Source,
        memory: Memory,
        surroundings: Surroundings,
        now: datetime,
        tokens: Tokens,
    ) -> None:
        self._api = RedditApi(source, surroundings, now, tokens)
        self._source, self._surroundings, self._now = source, surroundings, now
        names = (
            name.strip("/").removeprefix("r/").lower() for name in self._api.options.subreddits
        )
        self._names = tuple(dict.fromkeys(names))
        wrong = [name for name in self._names if not _NAME.fullmatch(name)]
        if wrong or not 0 < len(self._names) <= MAX_SUBREDDITS:
            reason = (
                f"{wrong[0][:40]!r} is no name of a subreddit"
                if wrong
                else f"it has {len(self._names)} subreddits, and 1 to {MAX_SUBREDDITS} are read"
            )
            raise FetchFailed(f"source {source.name}: {reason}", permanent=True)
        since, posts = from_cursor(memory.cursor)
        self._since = {name: _place(since.get(name)) for name in self._names}
        self._gathered = GatheredPosts(posts)
        self._answered = False
        self._unread = 0
        self._gap: Gap | None = None

    def reading(self) -> Reading:
        """Raises what `read` raises."""
        ids = [f"t3_{post.post_id}" for post in self._gathered.before]
        failed: FetchFailed | None = None
        try:
            for name in self._names:
                if self._api.wait is not None:
                    break
                failed = self._subreddit(name) or failed
            if failed is not None and not self._answered:
                raise failed
            if ids and self._api.wait is None:
                self._recheck(ids)
        except (FetchFailed, NotAFeed) as error:
            if not self._answered:
                raise
            failed = error if isinstance(error, FetchFailed) else None
            text = str(error) if isinstance(error, FetchFailed) else f"{self._api.base}: {error}"
            self._gathered.notes.append(text)
        since = {name: place for name, place in self._since.items() if place is not None}
        reading = self._gathered.reading(
            to_cursor(since, self._gathered.remembered, self._now.date()),
            gap=self._gap,
            retry_after=self._api.wait or (failed.retry_after if failed else None),
            http_status=(failed.http_status if failed else None) or 200,
        )
        return msgspec.structs.replace(reading, unread=self._unread)

    def _subreddit(self, name: str) -> FetchFailed | None:
        """Read one; a failure that concerns it alone is noted and given back."""
        try:
            self._new_posts(name)
        except FetchFailed as error:
            if error.http_status not in _CLOSED:
                raise
            reason = f"r/{name} is private, in quarantine, banned or not there ({error.http_status}); take it out of `subreddits`"
            self._gathered.notes.append(reason)
            return FetchFailed(reason, http_status=error.http_status, permanent=True)
        return None

    def _new_posts(self, name: str) -> None:
        """From the newest back to the last that was read. The place moves only when all between was read."""
        before = self._since[name]
        last = before[0] if before else ""
        newest, oldest, after, rows = before, None, "", 0
        for _ in range(MAX_PAGES if last else 1):
            if self._api.wait is not None:
                return
            further = [("after", after)] if after else []
            page = self._page(self._fetch(name, further))
            self._answered = True
            self._unread += page.unread
            rows += len(page.posts)
            for each in page.posts:
                if order(each.post.post_id) > order(last):
                    self._take(each.post)
            newest = _newer(newest, page.newest)
            oldest, after = page.oldest or oldest, page.after
            if not after or (oldest and order(oldest.post.post_id) <= order(last)):
                break
        self._since[name] = newest
        beyond = oldest and order(oldest.post.post_id) > order(last)
        # A listing that ends early is whole: then the last post that was read is deleted, and no other one is missing.
        if before and beyond and oldest and oldest.created and (after or rows >= FULL_LISTING):
            since = datetime.fromtimestamp(before[1], UTC)
            self._gap = _hull(self._gap, since, max(since, oldest.created))
            self._gathered.notes.append(
                f"r/{name} had more posts since the last reading than Reddit's listings give; read it more often"
            )

    def _take(self, post: Post) -> None:
        """What may speak of migration."""
        if isinstance(post.what, Arrival) and not self._gathered.knows(post.post_id):
            document = post.what.document
            if not self._surroundings.is_relevant(f"{document.title}\n{document.text}".strip()):
                post = Post(post_id=post.post_id, mark=post.mark, what=None)
        self._gathered.take(post)

    def _recheck(self, names: list[str]) -> None:
        """Ask for all remembered posts at once; one that is no longer there is removed."""
        # A post that was pinned since is still what its author said.
        page = self._page(self._api.get("/api/info", [("id", ",".join(names))]), pinned=True)
        for each in page.posts:
            self._take(each.post)
        shown = {each.post.post_id for each in page.posts}
        missing = [
            name.removeprefix("t3_") for name in names if name.removeprefix("t3_") not in shown
        ]
        if page.posts:
            for post_id in missing:
                self._gathered.remove(post_id)
        else:
            # Reddit shows a deleted post as such. Nothing at all is more likely a fault of the answer.
            self._gathered.notes.append(
                f"Reddit shows none of {len(names)} posts that were read before; nothing was removed for it"
            )

    def _fetch(self, name: str, further: list[tuple[str, str]]) -> Fetched:
        path = f"/r/{name}/new"
        fetched = self._api.get(path, [("limit", "100"), *further])
        if not urlsplit(fetched.address).path.lower().startswith(path):
            # To a name that is not there Reddit answers with a search for it.
            raise FetchFailed(
                f"{self._api.base}{path} leads elsewhere", http_status=404, permanent=True
            )
        return fetched

    def _page(self, fetched: Fetched, *, pinned: bool = False) -> Listing:
        return parse_listing(
            fetched.body,
            source=self._source,
            address=fetched.address.partition("?")[0],
            fetched_at=self._now,
            author_key=self._surroundings.author_key,
            pinned=pinned,
        )


_Place = tuple[str, int]
"""Id of the newest post that was read of a subreddit, and the second that it was written in."""


def _place(said: object) -> _Place | None:
    if not isinstance(said, list) or len(said) != 2:
        return None
    post_id, second = said
    known = isinstance(post_id, str) and isinstance(second, int) and 0 <= second < 2**33
    return (post_id, second) if known else None


def _newer(place: _Place | None, newest: RedditPost | None) -> _Place | None:
    if newest is None or newest.created is None:
        return place
    if place is not None and order(newest.post.post_id) <= order(place[0]):
        return place
    return newest.post.post_id, int(newest.created.timestamp())


def _hull(gap: Gap | None, since: datetime, until: datetime) -> Gap:
    """One gap for all subreddits of a source."""
    return Gap(
        since=min(since, gap.since) if gap else since, until=max(until, gap.until) if gap else until
    )
