"""Stories: copies share one, whatever was done to them; across batches, workers and a week; and a replay gives the same."""

from __future__ import annotations

import random
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import stories as benchmark
from flows.story_clustering import with_stories
from ingest.document import Document, story_of
from ingest.story_clustering import Member, settle, unsettled
from ingest.story_signature import COMPARED_WORDS, keys_of, same_story, signature_of
from storage import stories
from storage.database import Database
from tests.judged_documents import document

AGENCY = (
    "The interior ministry will open two new reception centres near the northern border before winter, "
    "officials said on Tuesday, after months of argument with the districts that must host them. "
    "Local councils had asked for money first and buildings later. The minister said both would come. "
    "Charities welcomed the plan but doubted the dates, since the first centre is still an empty barracks "
    "without heating, and the second has no roof. Residents are to be heard in public meetings this month."
)
OTHER = (
    "Farmers in the valley say they cannot bring in the harvest without seasonal workers, and that permits "
    "take longer each year. The agriculture department promised to decide within three weeks, but growers "
    "who applied in spring are still waiting, and some have ploughed strawberries back into the ground."
)


def told(number: int, text: str = AGENCY, title: str = "", *, hours: float = 0) -> Document:
    one = document(number)
    return msgspec.structs.replace(
        one,
        text=text,
        title=title,
        story=story_of(title, text),
        published_at=one.published_at + timedelta(hours=hours),
        fetched_at=one.fetched_at + timedelta(days=30),
    )


def story(database: Database, *documents: Document) -> list[str]:
    return [one.story for one in with_stories(database, documents)]


EDITED = (
    AGENCY.replace("two new", "a pair of").replace("doubted", "questioned").replace("month", "week")
)


@pytest.mark.parametrize(
    "copy",
    [
        AGENCY.upper(),
        EDITED,
        AGENCY[:240] + " …",
        AGENCY[:180] + " Read the full story on our site.",
        "NORTHPORT (Agency) - " + AGENCY,
        "Sign up to our newsletter for the morning briefing. "
        + AGENCY
        + " Share this article with friends.",
        AGENCY.replace("Charities welcomed the plan but doubted the dates, ", ""),
        "By our staff. " + EDITED[:300],
    ],
)
def test_what_was_done_to_a_copy_does_not_matter(copy: str) -> None:
    one, other = signature_of(told(1)), signature_of(told(2, copy))
    assert same_story(one, other)
    assert same_story(other, one)
    assert keys_of(one) & keys_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (AGENCY, OTHER),
        (
            "Channel crossings: 412 people arrive in 6 boats on Tuesday, Home Office figures show this morning",
            "Channel crossings: 389 people arrive in 5 boats on Monday, Home Office figures show this morning",
        ),
        ("Send them all back now", "Send them all back now please"),
        # a quotation in two reports
        (
            "The opposition attacked the plan in a long debate that ended late. " + AGENCY[:90],
            "Mayors met in the capital to ask for schools and doctors, not speeches, they said. "
            + AGENCY[:90],
        ),
    ],
)
def test_what_only_sounds_alike_is_another_story(one: str, other: str) -> None:
    assert not same_story(signature_of(told(1, one)), signature_of(told(2, other)))


def test_without_text_the_title_decides_without_the_name_of_the_outlet() -> None:
    title = "Cap on skilled visas to stay, budget papers reveal"
    bare, suffixed = told(1, "", title), told(2, "", f"{title.upper()} - Harbour Times")
    assert same_story(signature_of(bare), signature_of(suffixed))
    assert same_story(
        signature_of(bare), signature_of(told(3, "Listen.", f"{title} | The Harbour Times"))
    )
    assert not same_story(
        signature_of(told(4, "", "Letters - Post")), signature_of(told(5, "", "Letters | Post"))
    )
    # where both have text, it decides: columns keep their titles
    assert not same_story(signature_of(told(6, AGENCY, title)), signature_of(told(7, OTHER, title)))
    assert same_story(signature_of(told(6, AGENCY, title)), signature_of(bare))


def test_copies_share_a_story_across_batches(database: Database) -> None:
    first, other = story(database, told(1), told(2, OTHER))
    copied, edited, new = story(
        database, told(3, hours=5), told(4, EDITED, hours=150), told(5, OTHER[:200])
    )
    assert copied == edited == first == story_of("", AGENCY)
    assert new == other != first


def test_a_document_keeps_the_story_that_it_was_given(database: Database) -> None:
    batch = [told(1, hours=3), told(2, EDITED, hours=1), told(3, OTHER)]
    before = story(database, *batch)
    assert story(database, *batch) == before
    assert story(database, *reversed(batch)) == before[::-1]
    # whose copy was published earlier and comes later joins them under the name that they have
    assert story(database, told(4, AGENCY[:200]), *batch) == [before[0], *before]
    rows = database.query("SELECT id, story, settled FROM story_members FINAL ORDER BY id").rows
    assert [row[1:] for row in rows] == [(each, 1) for each in [*before, before[0]]]


def test_batches_do_not_matter(database: Database) -> None:
    chance = random.Random(3)
    texts = [AGENCY, EDITED, OTHER, AGENCY[:240], OTHER.upper(), f"News: {OTHER}", EDITED[:260]]
    documents = [told(n, chance.choice(texts), hours=chance.randint(0, 99)) for n in range(40)]
    whole = {each.id: each.story for each in settle(unsettled(documents), [])}
    for start in range(0, 40, 7):
        for each in with_stories(database, documents[start : start + 7]):
            assert each.story == whole[each.id]


def test_after_a_week_it_is_another_story_unless_the_words_are_the_same(database: Database) -> None:
    first, late, edited = story(
        database, told(1), told(2, hours=24 * 7 + 1), told(3, EDITED, hours=24 * 8)
    )
    assert late == first
    assert edited == first  # within a week of the second
    assert story(database, told(4, EDITED, hours=24 * 20)) != [first]


def test_a_batch_that_another_worker_is_deciding_is_seen(database: Database) -> None:
    earlier, later = told(1), told(2, EDITED, hours=2)
    stories.store(database, unsettled([earlier]))  # the other worker's first writing
    assert story(database, later) == [earlier.story]
    # and the other, who sees ours decided or not, comes to the same name
    assert story(database, earlier) == [earlier.story]


def test_two_workers_that_see_each_other_undecided_agree() -> None:
    earlier, later = unsettled([told(1)]), unsettled([told(2, EDITED, hours=2)])
    (one,), (other,) = settle(earlier, [*earlier, *later]), settle(later, [*later, *earlier])
    assert one.story == other.story == earlier[0].story


def test_stories_are_never_merged(database: Database) -> None:
    """A text that holds two stories joins the earlier; they stay two."""
    first, second = story(database, told(1), told(2, OTHER, hours=1))
    assert story(database, told(3, OTHER + " " + AGENCY, hours=2)) == [first]
    assert story(database, told(4, OTHER, hours=3)) == [second]


def test_a_phrase_that_stands_under_everything_hides_no_copies(database: Database) -> None:
    phrase = "Subscribe to our newsletter today and never miss a story from your region again."
    crowd = [
        told(n, f"{phrase} Item {n}: " + " ".join(f"w{n}x{i}" for i in range(40)))
        for n in range(100, 180)
    ]
    assert len(set(story(database, *crowd))) == 80
    first, copy = story(database, told(1), told(2, f"{phrase} {AGENCY}", hours=1))
    assert first == copy


def test_short_and_empty_documents_keep_the_story_of_their_words(database: Database) -> None:
    one, other = told(1, "Enough is enough"), told(2, "enough is ENOUGH!")
    assert story(database, one, other, told(3, "Enough!")) == [
        one.story,
        one.story,
        story_of("", "Enough!"),
    ]
    assert story(database) == []


def test_a_document_without_a_story_gets_one(database: Database) -> None:
    bare = msgspec.structs.replace(told(1, "Hello there"), story="")
    assert story(database, bare) == [story_of("", "Hello there")]


def test_signatures_fit_and_hold_no_words() -> None:
    signature = signature_of(told(1, AGENCY * 50, "A title of five whole words"))
    assert len(signature.shingles) <= COMPARED_WORDS
    assert all(
        0 <= each < 2**32 for each in (*signature.shingles, *signature.numbers, signature.title)
    )


@settings(max_examples=50, deadline=None)
@given(*[st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=400)] * 2)
def test_being_the_same_is_symmetric_and_what_is_the_same_is_found(one: str, other: str) -> None:
    first, second = (signature_of(told(n, f"a {text}")) for n, text in enumerate((one, other)))
    assert same_story(first, second) == same_story(second, first)
    if first.shingles or first.title:
        assert keys_of(first)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 60), st.integers(12, 40), st.randoms(use_true_random=False))
def test_nine_words_in_common_are_found(before: int, shared: int, chance: random.Random) -> None:
    """The promise of winnowing, for what stands within the first hundred words."""

    def word() -> str:
        return f"w{chance.randint(0, 10**9)}"

    middle = [word() for _ in range(shared)]
    texts = [
        " ".join([*(word() for _ in range(before)), *middle, *(word() for _ in range(20))])
        for _ in range(2)
    ]
    one, other = (keys_of(signature_of(told(n, text))) for n, text in enumerate(texts))
    assert one & other


def test_a_member_is_stored_as_it_is(database: Database) -> None:
    members = unsettled([told(1, title="Two centres to open near the border")])
    stories.store(database, members)
    assert stories.near(database, members) == members
    placed: list[Member] = settle(members, [])
    stories.store(database, placed)
    assert stories.near(database, members) == placed
    assert stories.settled(database, members) == {members[0].id}


def test_precision_and_recall_on_generated_copies() -> None:
    """The short version of `python -m benchmarks.stories`."""
    documents = benchmark.told(400, 7)
    found = benchmark.figures(documents, benchmark.stories_of(documents))
    assert found.precision >= 0.98, found
    assert found.recall >= 0.95, found
    short = benchmark.titles(200, 7)
    found = benchmark.figures(short, benchmark.stories_of(short))
    assert (found.precision, found.recall) >= (0.98, 0.95), found
