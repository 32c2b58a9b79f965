"""Reads a Mastodon instance: its hashtags, or its public timeline.

    1. each timeline forward from where the last reading ended (min_id), oldest new post first
    2. the newest posts of earlier readings again: deleted, edited, closed to us since?
    3. where nothing came: is it quiet, or not shown to us?
    4. with `streaming`: listen for a while

A hashtag is read from ten minutes before the last post that was read: posts from elsewhere come late, with the ids of
when they were written. Posts that are known are not taken twice. What the stream brings does not move the cursor: between catching up and listening there is a moment in which a
post can slip through, and the next catching up finds it.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from urllib.parse import quote

import msgspec

from ingest.arrival import Arrival
from ingest.feed_entry import NotAFeed
from ingest.fetch import FetchFailed
from ingest.gathered_posts import GatheredPosts, Post
from ingest.mastodon import Timeline, a_while_before, parse_status, parse_timeline
from ingest.mastodon_api import MastodonApi, failed_in_words, min_id_of
from ingest.mastodon_instance import Instance, why_empty
from ingest.mastodon_recheck import recheck
from ingest.mastodon_stream import listen
from ingest.reading import Memory, Reading, Surroundings
from ingest.remembered_posts import from_cursor, order, to_cursor
from ingest.source import Source

MAX_PAGES = 10
"""Pages of 40 that one reading takes of one timeline; after them the reading says that there is more."""

MAX_PAGES_AGAIN = 2
"""Of these, pages that may be of posts from before the last one that was read."""

MAX_HASHTAGS = 40
"""Of one source: each costs a request at every poll."""


class MastodonReader:
    """Reader of `type = "mastodon"`."""

    def read(
        self, source: Source, memory: Memory, surroundings: Surroundings, now: datetime
    ) -> Reading:
        """New posts, and what became of those of the last days. Raises FetchFailed, and NotAFeed.

        A failure after a timeline has answered ends the reading with a note; the next one goes on from there.
        """
        return _Visit(source, memory, surroundings, now).reading()


class _Visit:
    """One reading of one instance."""

    def __init__(
        self, source: Source, memory: Memory, surroundings: Surroundings, now: datetime
    ) -> None:
        self._api = MastodonApi(source, surroundings, now)
        self._surroundings = surroundings
        self._source = source
        self._now = now
        self._tags = tuple(
            dict.fromkeys(tag.lstrip("#").lower() for tag in self._api.options.hashtags)
        )
        if len(self._tags) > MAX_HASHTAGS:
            reason = f"source {source.name} has {len(self._tags)} hashtags, and {MAX_HASHTAGS} are read at most; make two sources of it"
            raise FetchFailed(reason, permanent=True)
        since, posts = from_cursor(memory.cursor)
        self._since = {key: value for key, value in since.items() if isinstance(value, str)}
        self._gathered = GatheredPosts(posts)
        self._answered = False
        self._rows = 0
        self._unread = 0

    def reading(self) -> Reading:
        ids = [post.post_id for post in self._gathered.before]
        more, failed = False, None
        try:
            more = self._catch_up()
            if self._may_ask():
                recheck(self._api, self._gathered, ids, self._page, self._status)
            instance = None
            if not self._rows and self._may_ask():
                instance = self._explain_silence()
            if self._api.options.streaming and not more and self._may_ask():
                self._listen(instance or self._api.instance())
        except (FetchFailed, NotAFeed) as error:
            if not self._answered:
                raise
            failed = error if isinstance(error, FetchFailed) else None
            self._gathered.notes.append(failed_in_words(error, self._api.base))
        reading = self._gathered.reading(
            to_cursor(self._since, self._gathered.remembered, self._now.date()),
            more=more,
            retry_after=self._api.wait or (failed.retry_after if failed else None),
            http_status=(failed.http_status if failed else None) or 200,
        )
        return msgspec.structs.replace(reading, unread=self._unread)

    def _may_ask(self) -> bool:
        return self._api.wait is None

    def _catch_up(self) -> bool:
        """Whether there is more to read at once. Raises what `read` raises."""
        if not self._tags:
            return self._forward("/api/v1/timelines/public", "")
        more, unknown = False, list[str]()
        for tag in self._tags:
            if not self._may_ask():
                break
            try:
                more |= self._forward(f"/api/v1/timelines/tag/{quote(tag, safe='')}", tag)
            except FetchFailed as error:
                if error.http_status != 404:
                    raise
                unknown.append(tag)  # nobody used it there yet
                if len(unknown) == len(self._tags):
                    raise FetchFailed(
                        f"{self._api.base} knows none of the hashtags {', '.join(unknown)}; is it a Mastodon instance?",
                        http_status=404,
                        permanent=True,
                    ) from error
        return more

    def _forward(self, path: str, tag: str) -> bool:
        """One timeline from where it was left; at first its newest page."""
        local = [("local", "true")] if self._api.options.local else []
        key = hashlib.sha256(tag.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        last = self._since.get(key, "")
        # What is written elsewhere gets its id from when it was written, not from when it came: it may be older than
        # what was read before it. Of a whole timeline too much is written for reading it twice.
        begin = a_while_before(last) if tag and not local else last
        for number in range(1, MAX_PAGES + 1):
            forward = [("min_id", begin)] if begin else []
            fetched = self._api.get(path, [("limit", "40"), *local, *forward])
            page = self._page(fetched.body, fetched.address)
            self._answered = True
            self._rows += len(page.posts)
            self._unread += page.unread
            for post in page.posts:
                if post.what is not None or order(post.post_id) > order(last):
                    self._take(post)
            end = min_id_of(fetched) or page.newest
            if not page.posts or (begin and order(end) <= order(begin)):
                return False
            self._since[key] = max(end, last, key=order)
            if not begin:
                return False
            if not self._may_ask():
                return True
            begin = end if number < MAX_PAGES_AGAIN else max(end, last, key=order)
        return True

    def _take(self, post: Post) -> None:
        """Of a timeline of everything only what may speak of migration."""
        if (
            not self._tags
            and isinstance(post.what, Arrival)
            and not self._gathered.knows(post.post_id)
        ):
            document = post.what.document
            if not self._surroundings.is_relevant(f"{document.title}\n{document.text}".strip()):
                post = Post(post_id=post.post_id, mark=post.mark, what=None)
        self._gathered.take(post)

    def _explain_silence(self) -> Instance:
        instance = self._api.instance()
        reason = why_empty(
            instance,
            hashtags=bool(self._tags),
            local=self._api.options.local,
            logged_in=bool(self._api.token),
        )
        if reason:
            self._gathered.notes.append(reason)
        return instance

    def _listen(self, instance: Instance) -> None:
        listen(
            self._api,
            instance.streaming or self._api.base,
            self._tags,
            allowed=self._surroundings.allowed_hosts,
            take=lambda data, place: self._take(self._status(data, place)),
            remove=self._gathered.remove,
            note=self._gathered.notes.append,
        )

    def _page(self, body: bytes, address: str) -> Timeline:
        return parse_timeline(
            body,
            source=self._source,
            address=address,
            fetched_at=self._now,
            author_key=self._surroundings.author_key,
        )

    def _status(self, item: bytes, place: str) -> Post:
        return parse_status(
            item,
            source=self._source,
            place=place,
            fetched_at=self._now,
            author_key=self._surroundings.author_key,
        )
