"""How well copies of a text find each other, how seldom others are taken for copies, and what it costs.

    python -m benchmarks.stories [--originals 3000] [--seed 1]

Originals are articles put together from passages of the sample corpus (classify/corpus), written for this project;
of each, three copies are made as outlets make them: edited (up to one word in eight replaced, dropped or added),
cut off after the first sentences, with a dateline, a promotion or a share line, under another title, and all of
these together. Pairs of copies should share a story, and pairs of different originals should not: precision is the
share of the pairs in one story that belong there, recall the share of pairs of copies that are in one story.
Everything goes through the same code as scoring (`settle`), without a database.

Different articles on the same topic are the rest of the corpus, all of it about migration. Harder are the reports
of a series in fixed words with other figures, and articles that quote the same sentence: both are among the
originals. The contrast pairs of the corpus (a passage with one clause turned round) are told of apart: by any
measure of words they are copies.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from classify.corpus import load_corpus
from ingest.document import Document, Kind, story_of
from ingest.story_clustering import Member, settle, unsettled
from ingest.story_signature import keys_of, same_story, signature_of
from storage.stories import MOST_PER_KEY

START = datetime(2026, 11, 2, tzinfo=UTC)
GENRES = {"news", "official", "speech", "opinion", "ngo", "forum", "social", "headline"}
OUTLETS = (
    "Harbour Times",
    "BBC News",
    "The Valley Post",
    "Courier",
    "Le Journal du Nord",
    "24/7 Online",
)
BEFORE = (
    "LONDON (Agency) -",
    "By our political correspondent.",
    "Updated 3 hours ago.",
    "This article is free to read. Support our journalism with a small donation.",
    "Sign up for the Morning Briefing, our newsletter with everything that matters before breakfast.",
)
AFTER = (
    "Read more",
    "Continue reading...",
    "Reporting by the Agency; editing by the desk",
    "Share this article on your favourite network or send it to a friend.",
    "The post appeared first on our website.",
    "© 2026 All rights reserved.",
)
FILLERS = "also still however then now really according reportedly local new several more".split()


class Told(NamedTuple):
    """A document and the original that it is a copy of."""

    document: Document
    original: int
    how: str


class Figures(NamedTuple):
    """Pairs that share a story, and those that should."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        """Of the pairs in one story, those that are copies."""
        return self.right / (self.right + self.wrong)

    @property
    def recall(self) -> float:
        """Of the pairs of copies, those in one story."""
        return self.right / (self.right + self.missed)


def originals(count: int, seed: int) -> list[tuple[str, str]]:
    """So many different (title, text), a few in fixed words with other figures or around a shared quotation."""
    chance = random.Random(seed)
    passages = [
        one.text
        for one in load_corpus()
        if one.genre in GENRES and "pair" not in one.id and len(one.text.split()) >= 20
    ]
    chance.shuffle(passages)
    made: list[tuple[str, str]] = []
    at = 0
    quotation = passages.pop()
    while len(made) < count and at < len(passages) - 4:
        kind = chance.random()
        if kind < 0.03:
            made.append(_report(chance))
            continue
        size = 1 if kind < 0.5 else chance.randint(2, 4)
        parts = passages[at : at + size]
        at += size
        if kind > 0.97:
            parts.insert(chance.randint(0, 1), " ".join(quotation.split()[:18]))
        text = "\n".join(parts)
        title = " ".join(text.split()[: chance.randint(7, 11)])
        made.append((title, text))
    return made


def copies(title: str, text: str, chance: random.Random) -> list[tuple[str, str, str]]:
    """Three copies as (how, title, text)."""
    how = chance.sample(["edited", "cut", "framed", "retitled", "all"], 3)
    return [(each, *_copy(each, title, text, chance)) for each in how]


def told(count: int, seed: int) -> list[Told]:
    """Originals and copies in random order over five days."""
    chance = random.Random(seed)
    found = []
    for number, (title, text) in enumerate(originals(count, seed)):
        variants = [("original", title, text), *copies(title, text, chance)]
        for n, (how, head, body) in enumerate(variants):
            found.append(Told(_document(number * 10 + n, head, body, chance), number, how))
    chance.shuffle(found)
    return found


def titles(count: int, seed: int) -> list[Told]:
    """Titles alone, with suffixes of outlets and other cases."""
    chance = random.Random(seed)
    headlines = sorted(
        {" ".join(one.text.split()) for one in load_corpus() if one.genre == "headline"}
    )
    bare = [
        each
        for each in headlines
        if " - " not in each and " | " not in each and 7 <= len(each.split()) <= 20
    ]
    chance.shuffle(bare)
    found = []
    for number, title in enumerate(bare[:count]):
        variants = [
            title,
            f"{title} - {chance.choice(OUTLETS)}",
            f"{title.upper()} | {chance.choice(OUTLETS)}",
        ]
        for n, each in enumerate(variants):
            found.append(Told(_document(number * 10 + n, each, "", chance), number, "title"))
    chance.shuffle(found)
    return found


def stories_of(documents: Sequence[Told], batch: int = 500) -> list[str]:
    """The story of each, as batches of a worker give them."""
    story: dict[str, str] = {}
    by_key: defaultdict[int, list[Member]] = defaultdict(list)  # as storage/stories.py finds them
    for start in range(0, len(documents), batch):
        members = unsettled([one.document for one in documents[start : start + batch]])
        near = {
            other.id: other
            for key in {key for each in members for key in keys_of(each.signature)}
            for other in by_key[key][:MOST_PER_KEY]
        }
        for placed in settle(members, near.values()):
            story[placed.id] = placed.story
            for key in keys_of(placed.signature):
                by_key[key].append(placed)
    return [story.get(one.document.id, one.document.story) for one in documents]


def figures(documents: Sequence[Told], stories: Sequence[str]) -> Figures:
    """Counted over pairs of documents."""
    together = Counter((one.original, story) for one, story in zip(documents, stories, strict=True))
    right = sum(n * (n - 1) // 2 for n in together.values())
    by_story = Counter(stories)
    by_original = Counter(one.original for one in documents)
    return Figures(
        right=right,
        wrong=sum(n * (n - 1) // 2 for n in by_story.values()) - right,
        missed=sum(n * (n - 1) // 2 for n in by_original.values()) - right,
    )


def missed_by_kind(documents: Sequence[Told], stories: Sequence[str]) -> dict[str, float]:
    """Share of copies of each kind that are not in the story of their original."""
    original = {
        one.original: story
        for one, story in zip(documents, stories, strict=True)
        if one.how == "original"
    }
    apart, all_of = Counter[str](), Counter[str]()
    for one, story in zip(documents, stories, strict=True):
        all_of[one.how] += 1
        apart[one.how] += story != original.get(one.original, story)
    return {how: apart[how] / n for how, n in sorted(all_of.items())}


def _copy(how: str, title: str, text: str, chance: random.Random) -> tuple[str, str]:
    if how in ("edited", "all"):
        text = _edited(text, chance)
    if how in ("cut", "all"):
        words = text.split()
        text = " ".join(
            words[: max(18, round(len(words) * chance.uniform(0.3, 0.8)))]
        ) + chance.choice(("", "…", " [...]"))
    if how in ("framed", "all"):
        front, end = chance.choice(((chance.choice(BEFORE), ""), ("", chance.choice(AFTER))))
        text = f"{front} {text} {end}".strip()
    if how in ("retitled", "all"):
        title = chance.choice(
            (
                f"{title} - {chance.choice(OUTLETS)}",
                f"Exclusive: {title}",
                "What we know",
                title[::-1],
            )
        )
    return title, text


def _edited(text: str, chance: random.Random) -> str:
    """Up to one word in eight replaced, dropped or added, in clumps as editors work."""
    words = text.split()
    for _ in range(max(1, round(len(words) * chance.uniform(0.02, 0.125) / 2))):
        at = chance.randrange(len(words))
        what = chance.random()
        if what < 0.4:
            words[at : at + 2] = [chance.choice(FILLERS), chance.choice(FILLERS)]
        elif what < 0.7 and len(words) > 15:
            del words[at : at + 2]
        else:
            words[at:at] = [chance.choice(FILLERS), chance.choice(FILLERS)]
    return " ".join(words)


def _report(chance: random.Random) -> tuple[str, str]:
    n = chance.randint
    title = f"Channel crossings: {n(20, 1200)} people arrive in {n(2, 30)} boats"
    text = (
        f"{n(20, 1200)} people arrived in {n(2, 30)} boats on {chance.choice('Monday Tuesday Friday'.split())}, "
        f"Home Office figures show. It brings the provisional total for this year to {n(10, 60)},{n(100, 999)}, "
        f"{n(2, 40)} per cent {chance.choice(('higher', 'lower'))} than at this point last year."
    )
    return title, text


def _document(number: int, title: str, text: str, chance: random.Random) -> Document:
    published = START + timedelta(hours=chance.uniform(0, 120))
    return Document(
        id=f"{number:032x}",
        source="benchmark",
        outlet=chance.choice(OUTLETS),
        kind=Kind.NEWS,
        society="XA",
        language="en",
        url="",
        title=title,
        text=text,
        published_at=published,
        fetched_at=published,
        story=story_of(title, text),
    )


def _contrast_pairs() -> float:
    by_pair = defaultdict(list)
    for one in load_corpus():
        if one.pair is not None:
            by_pair[one.pair].append(one.text)
    pairs = [texts for texts in by_pair.values() if len(texts) == 2]
    chance = random.Random(0)
    joined = sum(
        same_story(*(signature_of(_document(n, "", text, chance)) for n, text in enumerate(texts)))
        for texts in pairs
    )
    return joined / len(pairs)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--originals", type=int, default=3_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    documents = told(asked.originals, asked.seed)
    began = time.perf_counter()
    stories = stories_of(documents)
    seconds = time.perf_counter() - began
    for name, one, given in (
        ("articles and copies", documents, stories),
        ("titles alone", short := titles(asked.originals, asked.seed), stories_of(short)),
    ):
        found = figures(one, given)
        exact = figures(one, [each.document.story for each in one])
        print(
            f"{name}: {len(one):,} documents, precision {found.precision:.4f}, recall {found.recall:.4f}"
            f" (words alone: {exact.precision:.4f}, {exact.recall:.4f})"
        )
    shares = missed_by_kind(documents, stories)
    print(
        "apart from their original: "
        + ", ".join(f"{how} {share:.2%}" for how, share in shares.items())
    )
    print(f"contrast pairs in one story: {_contrast_pairs():.0%}")
    began = time.perf_counter()
    for each in documents:
        story_of(each.document.title, each.document.text)
    hashing = time.perf_counter() - began
    print(
        f"{len(documents) / seconds:,.0f} documents/s, {seconds / hashing:.1f} times the cost of hashing their words"
    )


if __name__ == "__main__":
    main()
