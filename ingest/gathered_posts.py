"""What one reading of a service of posts has gathered so far, each document once and as it was said last."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from ingest.arrival import Arrival
from ingest.dead_letter import DeadLetter
from ingest.document import Document
from ingest.reading import Gap, Memory, Reading
from ingest.remembered_posts import Remembered


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """One post as a service shows it."""

    post_id: str
    """The service's own id; empty when it could not be read."""
    mark: str
    """Stands for its last edit; empty when it was never edited."""
    what: Arrival | DeadLetter | None
    """None when it is not ours to keep."""


class GatheredPosts:
    """Collects posts, and what became of those that were read before. Used by one thread."""

    def __init__(self, before: Iterable[Remembered]) -> None:
        self.before = tuple(before)
        """Remembered from earlier readings, newest first."""
        self._known = {post.post_id: post for post in self.before}
        self._documents: dict[str, Arrival] = {}
        self._dead: dict[str, DeadLetter] = {}
        self._removed: dict[str, None] = {}
        self.passed_over = 0
        self.notes: list[str] = []

    def take(self, post: Post) -> None:
        """A post that the service shows now. One that was read before, and is closed to us since, is removed."""
        known = self._known.get(post.post_id)
        if isinstance(post.what, Arrival):
            if known is not None and known.mark == post.mark:
                return
            document = post.what.document
            self._documents[document.id] = post.what
            self._removed.pop(document.id, None)
            self._remember(post, document)
        elif isinstance(post.what, DeadLetter):
            self._dead[post.what.origin] = post.what
        elif known is not None:
            self.remove(post.post_id)
        else:
            self.passed_over += 1

    def remove(self, post_id: str) -> None:
        """A post that the service says is gone. Nothing happens when we never had it."""
        known = self._known.pop(post_id, None)
        if known is not None:
            self._documents.pop(known.document_id, None)
            self._removed[known.document_id] = None

    def knows(self, post_id: str) -> bool:
        """Whether this post is a document of this reading or of a remembered one."""
        return post_id in self._known

    @property
    def empty(self) -> bool:
        """Whether there is nothing to tell."""
        return not (self._documents or self._dead or self._removed or self.passed_over)

    @property
    def remembered(self) -> tuple[Remembered, ...]:
        """What is to be remembered of this reading and the earlier ones."""
        return tuple(self._known.values())

    def reading(
        self,
        cursor: str,
        *,
        more: bool = False,
        gap: Gap | None = None,
        retry_after: timedelta | None = None,
        http_status: int = 200,
    ) -> Reading:
        """The reading, with `cursor` to go on from."""
        return Reading(
            documents=tuple(self._documents.values()),
            dead=tuple(self._dead.values()),
            removed=tuple(self._removed),
            memory=Memory(cursor=cursor),
            unchanged=self.empty and not self.notes,
            passed_over=self.passed_over,
            more=more and retry_after is None,
            gap=gap,
            notes=tuple(dict.fromkeys(self.notes)),
            retry_after=retry_after,
            http_status=http_status,
        )

    def _remember(self, post: Post, document: Document) -> None:
        published: datetime = document.published_at
        self._known[post.post_id] = Remembered(
            post.post_id, document.id, post.mark, published.date()
        )
