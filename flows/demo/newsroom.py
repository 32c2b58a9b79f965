"""A day's passages and other news become items of outlets.

    publish     who carries what, and when; agency copy, off-topic news, other languages and broken
                entries around it
    numbered    links and guids, in order of appearance
    repeat      some links again, with tracking parameters

Chance comes in as a `random.Random`: the same one gives the same items.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

import msgspec

from classify.corpus import Passage
from classify.stance import Stance
from flows.demo.other_news import OFF_TOPIC, OTHER_LANGUAGES
from flows.demo.world import BROKEN, Item, Nature, Outlet
from ingest.document import Kind

SIDES = (Stance.SUPPORT, Stance.NEUTRAL, Stance.OPPOSE)
Label = tuple[str, Stance]
"""A target's name and a stance toward it."""

_AGENCY_COPY = 0.12
_OFF_TOPIC = 0.19
_OTHER_LANGUAGE = 0.035
_REPEATED = 0.015

_GENRE_KINDS: Mapping[str, Kind] = {
    "headline": Kind.NEWS,
    "news": Kind.NEWS,
    "opinion": Kind.NEWS,
    "forum": Kind.FORUM,
    "other": Kind.FORUM,
    "social": Kind.SOCIAL,
    "official": Kind.OFFICIAL,
    "speech": Kind.OFFICIAL,
    "ngo": Kind.OFFICIAL,
}
_MISFIT = (
    0.12  # a genre outside its own kind of outlet: a ministry quoted in a paper, a paper in a forum
)
# Titles say where in the outlet a text stands, so that they give away nothing of the stance.
_TITLES: Mapping[str, str] = {
    "news": "In brief",
    "opinion": "Opinion",
    "official": "Statement",
    "speech": "Speech",
    "ngo": "Open letter",
}
_OTHER_NEWS_KINDS: Mapping[Kind, float] = {
    Kind.NEWS: 1.0,
    Kind.FORUM: 0.5,
    Kind.SOCIAL: 0.5,
    Kind.OFFICIAL: 0.2,
}
_TRACKING = ("utm_source=newsletter&utm_medium=email", "utm_campaign=evening", "fbclid=sim0001")


def labels_of(passage: Passage) -> list[Label]:
    """The targets that `passage` addresses, each with its stance toward it."""
    return [(t, stance) for t, stance in passage.stances.items() if stance in SIDES]


class Decks:
    """Off-topic and other-language items, dealt in turn so that each comes back as late as possible."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._off_topic: list[int] = []
        self._foreign: list[int] = []

    def off_topic(self) -> tuple[str, str]:
        """Title and text."""
        if not self._off_topic:
            self._off_topic = self._rng.sample(range(len(OFF_TOPIC)), len(OFF_TOPIC))
        return OFF_TOPIC[self._off_topic.pop()]

    def foreign(self) -> tuple[str, str, str]:
        """Language, title and text."""
        if not self._foreign:
            self._foreign = self._rng.sample(range(len(OTHER_LANGUAGES)), len(OTHER_LANGUAGES))
        item = OTHER_LANGUAGES[self._foreign.pop()]
        return item.language, item.title, item.text


def publish(
    rng: random.Random,
    outlets: Sequence[Outlet],
    chosen: Sequence[Passage],
    decks: Decks,
    *,
    day: date,
    broken: Nature | None,
) -> list[Item]:
    """One society's day, still without numbers: `chosen`, other news, and one `broken` entry if asked."""
    items: list[Item] = []
    for passage in chosen:
        outlet = _pick(rng, outlets, [_weight(o, passage) for o in outlets])
        first = _draft(outlet, _moment(rng, day), passage=passage)
        items.append(first)
        # Agency copy: the same text the same day in other papers. Headlines have no text to share.
        if passage.genre == "news" and rng.random() < _AGENCY_COPY:
            papers = [o for o in outlets if o.kind is Kind.NEWS and o is not outlet]
            for paper in rng.sample(papers, rng.choice((1, 2))):
                items.append(_draft(paper, _moment(rng, day), passage=passage))
    about_migration = len(items)
    weights = [_OTHER_NEWS_KINDS[o.kind] * o.size for o in outlets]
    seen: set[tuple[str, str]] = set()
    for _ in range(_random_round(rng, _OFF_TOPIC * about_migration)):
        title, text = decks.off_topic()
        outlet = _pick(rng, outlets, weights)
        if (outlet.name, title) not in seen:
            seen.add((outlet.name, title))
            items.append(
                _draft(outlet, _moment(rng, day), title=title, text=text, nature=Nature.OFF_TOPIC)
            )
    for _ in range(_random_round(rng, _OTHER_LANGUAGE * about_migration)):
        language, title, text = decks.foreign()
        outlet = _pick(rng, outlets, weights)
        if (outlet.name, title) not in seen:
            seen.add((outlet.name, title))
            items.append(
                _draft(
                    outlet,
                    _moment(rng, day),
                    title=title,
                    text=text,
                    language=language,
                    nature=Nature.OTHER_LANGUAGE,
                )
            )
    if broken:
        items.append(_broken(rng, _pick(rng, outlets, weights), day, broken))
    return items


def _pick(rng: random.Random, outlets: Sequence[Outlet], weights: Sequence[float]) -> Outlet:
    return rng.choices(outlets, weights)[0]


def _random_round(rng: random.Random, value: float) -> int:
    """One of the two neighbouring integers, `value` on average."""
    return math.floor(value + rng.random())


def _weight(outlet: Outlet, passage: Passage) -> float:
    """How likely `outlet` is to carry `passage`: its size, its kind and its leaning."""
    fit = 1.0 if _GENRE_KINDS.get(passage.genre, Kind.FORUM) is outlet.kind else _MISFIT
    sides = [stance for _, stance in labels_of(passage)]
    lean = (sides.count(Stance.SUPPORT) - sides.count(Stance.OPPOSE)) / len(sides)
    return outlet.size * fit * math.exp(outlet.leaning * lean)


def _moment(rng: random.Random, day: date) -> datetime:
    """A second of the UTC day between 05:00 and 22:00, most of them around noon."""
    return _at(day, rng.triangular(5, 22, 12))


def _at(day: date, hours: float) -> datetime:
    return datetime.combine(day, time(), UTC) + timedelta(seconds=round(hours * 3600))


def _draft(
    outlet: Outlet,
    moment: datetime,
    *,
    passage: Passage | None = None,
    title: str = "",
    text: str = "",
    language: str = "en",
    nature: Nature = Nature.ABOUT_MIGRATION,
) -> Item:
    if passage is not None:
        headline = passage.genre == "headline"
        title = passage.text if headline else _TITLES.get(passage.genre, "")
        text = "" if headline else passage.text
    return Item(
        outlet=outlet.name,
        number=0,
        path="",
        guid="",
        nature=nature,
        title=title,
        text=text,
        language=language,
        appears_at=moment,
        published_at=moment,
        passage=passage.id if passage else "",
        stances=passage.stances if passage else {},
    )


def _broken(rng: random.Random, outlet: Outlet, day: date, nature: Nature) -> Item:
    """An entry that can never become a document."""
    moment = _moment(rng, day)
    if nature is Nature.NO_CONTENT:
        return _draft(outlet, moment, nature=nature)
    title, text = rng.choice(OFF_TOPIC)
    item = _draft(outlet, moment, title=title, text=text, nature=nature)
    claimed = (
        datetime(1970, 1, 1, tzinfo=UTC)
        if nature is Nature.TOO_OLD
        else moment.replace(day=1, year=moment.year + 20)
    )
    return msgspec.structs.replace(item, published_at=claimed)


def numbered(drafts: Iterable[Item]) -> list[Item]:
    """The drafts in order of appearance, with number, path and guid."""
    numbers: Counter[str] = Counter()
    items = []
    for draft in sorted(drafts, key=lambda item: (item.appears_at, item.outlet, item.title)):
        numbers[draft.outlet] += 1
        number = numbers[draft.outlet]
        items.append(
            msgspec.structs.replace(
                draft,
                number=number,
                path=f"/{draft.outlet}/{number}",
                guid=f"tag:{draft.outlet},{draft.appears_at.year}:{number}",
            )
        )
    return items


def repeat(rng: random.Random, items: Sequence[Item]) -> list[Item]:
    """The items, and after some of them the same link again with tracking parameters.

    The same day, so that a day's true counts do not depend on which of the two is kept.
    """
    repeated = list(items)
    for item in items:
        if item.nature in BROKEN or rng.random() >= _REPEATED:
            continue
        later = item.appears_at + timedelta(minutes=rng.randint(5, 90))
        repeated.append(
            msgspec.structs.replace(
                item,
                nature=Nature.DUPLICATE,
                path=f"{item.path}?{rng.choice(_TRACKING)}",
                guid=f"{item.guid}/again",
                appears_at=later,
                published_at=later,
                passage="",
                stances={},
            )
        )
    return repeated
