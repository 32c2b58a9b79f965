"""Gives the documents of a batch their stories, with the documents of the last week before their eyes.

    documents -> signatures -store, undecided-> members near them in the database -settle-> -store, decided-> documents

Stored before asked: of two workers that have copies of one text at the same time, the one that asks later sees the
other's, and where both see each other, both take the name of the one that was published first. What remains is the
moment between a worker's question and its second writing, some milliseconds long: copies with different words that
cross there stay two stories (the same words always have the same name), and copies that come later join the
earlier of the two. Nothing renames what is counted: the figure per story then counts that text twice on that day.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ingest.document import Document, story_of
from ingest.story_clustering import Member, settle, unsettled
from storage import stories
from storage.database import Database


def with_stories(database: Database, documents: Sequence[Document]) -> list[Document]:
    """The documents, in order, each with its story. One that was given a story before keeps it, so that a batch that
    is read again changes nothing. Documents too short to compare keep the story of their own words.
    """
    members = unsettled(documents)
    placed = _placed(database, members) if members else []
    story = {each.id: each.story for each in placed}
    return [
        msgspec.structs.replace(
            one, story=story.get(one.id) or one.story or story_of(one.title, one.text)
        )
        for one in documents
    ]


def _placed(database: Database, members: Sequence[Member]) -> list[Member]:
    known = stories.settled(database, members)
    stories.store(database, [each for each in members if each.id not in known])
    placed = settle(members, stories.near(database, members))
    stories.store(database, [each for each in placed if each.id not in known])
    return placed
