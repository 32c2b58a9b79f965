"""Asks for posts that were read before, because nobody tells a reader without a stream what was deleted or edited."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ingest.fetch import FetchFailed
from ingest.gathered_posts import GatheredPosts, Post
from ingest.mastodon import Timeline
from ingest.mastodon_api import MastodonApi

MOST = 40
"""Posts asked for in one reading, the newest first: what is deleted is mostly deleted soon."""

AT_ONCE = 20
"""Posts that GET /api/v1/statuses (Mastodon 4.3) gives in one answer."""

_GONE = (404, 410)
_NO_SUCH_CALL = (400, 404, 405, 422)


def recheck(
    api: MastodonApi,
    gathered: GatheredPosts,
    ids: Sequence[str],
    read: Callable[[bytes, str], Timeline],
    read_one: Callable[[bytes, str], Post],
) -> None:
    """Take what became of `ids`: the new text of those that were edited, the removal of those that are gone or closed.

    A post that the common answer leaves out is asked for by itself, and is gone only when the instance says so.
    Raises FetchFailed or NotAFeed; what was found until then is in `gathered`.
    """
    chosen, missing = ids[:MOST], list[str]()
    for start in range(0, len(chosen), AT_ONCE):
        some = chosen[start : start + AT_ONCE]
        if api.wait is not None:
            return
        try:
            fetched = api.get("/api/v1/statuses", [("id[]", each) for each in some])
        except FetchFailed as error:
            if error.http_status not in _NO_SUCH_CALL:
                raise
            missing = list(chosen)  # an instance before 4.3
            break
        shown = read(fetched.body, fetched.address).posts
        for post in shown:
            gathered.take(post)
        found = {post.post_id for post in shown}
        missing += [each for each in some if each not in found]
    for each in missing:
        if api.wait is not None:
            return
        try:
            fetched = api.get(f"/api/v1/statuses/{each}")
        except FetchFailed as error:
            if error.http_status not in _GONE:
                raise
            gathered.remove(each)
        else:
            gathered.take(read_one(fetched.body, fetched.address))
