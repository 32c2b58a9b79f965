"""Which story each document of a batch belongs to, given those that are known already.

    document -keys-> members that share one, published within 7 days -same_story-> the earliest of them -> its story
                                                                     \\-none-> a story of its own

A story is named by its first member: `story_of` (ingest/document.py), a function of its words. So two workers that
do not see each other's batch give the same name to the same words, and a replay gives what was given before.

What a document belongs to is decided once. It joins the earliest match (by time of publication, then id), whatever
matched best, so that one is chosen however many there are; a document that arrives late but was published before
its copies joins them under the name they have; and two stories that turn out to be linked by a third text stay two:
merging would rename documents that are counted already, and a chain of small edits would make one story of a
month. The order of arrival therefore decides only which of several copies gives its name, and, in a chain A ~ B ~ C
without A ~ C, where the chain is cut. Batches do not: a document is placed by what arrived before it, in its own
batch or in an earlier one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from ingest.document import Document, story_of
from ingest.story_signature import Signature, keys_of, same_story, signature_of

WITHIN = timedelta(days=7)
"""Between the times of publication of two copies."""

MOST_COMPARED = 200
"""Of those that share a key with a document, so many are compared, the earliest first."""


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A document as its story knows it."""

    id: str
    published_at: datetime
    story: str
    signature: Signature
    settled: bool = True
    """False while a worker, which may be another, is about to decide; `story` is then what it has for its own words."""


def unsettled(documents: Iterable[Document]) -> list[Member]:
    """The documents, each in the story of its own words; those without a signature stay there and are left out."""
    members = [
        Member(
            id=one.id,
            published_at=one.published_at,
            story=one.story or story_of(one.title, one.text),
            signature=signature_of(one),
            settled=False,
        )
        for one in documents
    ]
    return [each for each in members if each.signature.shingles or each.signature.title]


def settle(members: Sequence[Member], known: Iterable[Member]) -> list[Member]:
    """`members` in the order in which they arrived, each in its story. `known` are all that may be copies of one.

    A member that is known as settled keeps its story. One that is known and not settled belongs to a batch that is
    being decided elsewhere: who was published earlier gives the name, on both sides.
    """
    ours = {each.id for each in members}
    by_id: dict[str, Member] = {}
    by_key: defaultdict[int, list[Member]] = defaultdict(list)
    for each in known:
        if each.settled:
            by_id[each.id] = each
        if each.id not in ours or each.settled:
            for key in keys_of(each.signature):
                by_key[key].append(each)
    placed = []
    for member in members:
        settled = by_id.get(member.id)
        if settled is None:
            settled = _placed(member, by_key)
            by_id[member.id] = settled
            for key in keys_of(settled.signature):
                by_key[key].append(settled)
        placed.append(settled)
    return placed


def _placed(member: Member, by_key: dict[int, list[Member]]) -> Member:
    near = {
        other.id: other
        for key in keys_of(member.signature)
        for other in by_key.get(key, ())
        if abs(other.published_at - member.published_at) <= WITHIN
        and (other.settled or _order(other) < _order(member))
    }
    for other in sorted(near.values(), key=_order)[:MOST_COMPARED]:
        if same_story(member.signature, other.signature):
            return msgspec.structs.replace(member, story=other.story, settled=True)
    return msgspec.structs.replace(member, settled=True)


def _order(member: Member) -> tuple[datetime, str]:
    return member.published_at, member.id
