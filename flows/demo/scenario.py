"""The simulated world of `barometer demo`: three invented societies, their outlets, and what these publish.

    passages + seed -> World
        quotas      per society, day and target, from the chosen level     (_quotas)
        passages    whose labels fill the quotas exactly                   (_choose)
        outlets     by genre, size and leaning                             (_publish)
        around it   agency copy, off-topic news, other languages, broken
                    entries, repeated links                                (_publish, _repeat)
        truth       counted from the items that came out                   (_counts)

Pure and seeded: the same passages, seed and end day give the same world. In one society support for
regular migration falls by a known amount on a known day, a few days after a burst of coverage of
irregular migration; everything else stays level. Societies have codes that ISO 3166-1 leaves to users
(XA to XZ), and every outlet's name says that it is simulated.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

import msgspec

from classify.corpus import Passage
from classify.stance import Stance
from classify.target import ASYLUM, GENERAL, IRREGULAR, REGULAR, TARGETS
from flows.demo.other_news import OFF_TOPIC, OTHER_LANGUAGES
from flows.demo.truth import ExpectedRows, Level, TrueCount, Truth, days_between
from ingest.document import Kind
from ingest.source import Source

DAYS = 45
MINIMUM_DAYS = 14
FALL = ("XB", REGULAR.name)
FALL_TO = -25.0
BURST_LEAD_DAYS = 4
BURST_DAYS = 8
BURST_FACTOR = 3
FRESH_DAYS = 7
"""A passage stays away this many days from a society that it appeared in, where the corpus allows."""


class FeedFormat(StrEnum):
    """How an outlet publishes."""

    RSS = "rss"
    ATOM = "atom"
    RDF = "rdf"
    JSON = "json"


class Nature(StrEnum):
    """What an item truly is; the pipeline has to find out."""

    ABOUT_MIGRATION = "about_migration"
    OFF_TOPIC = "off_topic"
    OTHER_LANGUAGE = "other_language"
    DUPLICATE = "duplicate"
    NO_CONTENT = "no_content"
    TOO_OLD = "too_old"
    IN_FUTURE = "in_future"


BROKEN = frozenset({Nature.NO_CONTENT, Nature.TOO_OLD, Nature.IN_FUTURE})
"""Items that must end as dead letters."""


class Society(msgspec.Struct, frozen=True, kw_only=True):
    """An invented public."""

    code: str
    name: str
    utc_offset: int
    """Hours; its feeds write their dates with it."""


class Outlet(msgspec.Struct, frozen=True, kw_only=True):
    """An invented publisher with one feed."""

    name: str
    """Lower case with dashes: the source's name, and the first part of every path."""
    title: str
    society: str
    kind: Kind
    leaning: float
    """-1 to +1: how much likelier it is to carry what favours migration."""
    size: float
    """Relative volume."""
    feed: FeedFormat = FeedFormat.RSS
    gzip: bool = False
    down_from: datetime | None = None
    """Answers 503 from here …"""
    down_until: datetime | None = None
    """… to here, in simulated time."""

    @property
    def feed_path(self) -> str:
        """Path of the feed, with its leading slash."""
        return f"/{self.name}/feed.{'json' if self.feed is FeedFormat.JSON else 'xml'}"


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of one feed."""

    outlet: str
    number: int
    """The n-th article of its outlet; a repeated link has the number of the first."""
    path: str
    """Path of the article's page, with a tracking query when the link is repeated."""
    guid: str
    nature: Nature
    title: str
    text: str
    language: str
    appears_at: datetime
    """When the outlet publishes it, in simulated time."""
    published_at: datetime
    """The date that the entry claims: the same, unless the entry is broken."""
    passage: str = ""
    """Id of the passage of the sample corpus; empty for everything else."""
    stances: Mapping[str, Stance] = {}
    """True stances by target; empty for everything that is not about migration."""


class World(msgspec.Struct, frozen=True, kw_only=True):
    """The simulated world, and what is true of it."""

    societies: tuple[Society, ...]
    outlets: tuple[Outlet, ...]
    items: Mapping[str, Mapping[date, tuple[Item, ...]]]
    """By outlet and the day of appearance, in order of appearance."""
    truth: Truth

    def published(self, outlet: str, until: datetime) -> list[Item]:
        """Items of `outlet` that have appeared by `until`, oldest first."""
        return [
            item
            for _, items in sorted(self.items[outlet].items())
            for item in items
            if item.appears_at <= until
        ]


SOCIETIES = (
    Society(code="XA", name="Alderland", utc_offset=0),
    Society(code="XB", name="Brennmark", utc_offset=1),
    Society(code="XC", name="Calvora", utc_offset=2),
)

# Net support and share of neutral documents. Irregular migration is opposed everywhere, so that the
# burst changes how much is said of it and not how it is spoken of.
_LEVELS: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "XA": {"regular": (25, 0.20), "irregular": (-35, 0.25), "asylum": (15, 0.25), "general": (-5, 0.25)},
    "XB": {"regular": (30, 0.20), "irregular": (-45, 0.20), "asylum": (5, 0.25), "general": (-12, 0.24)},
    "XC": {"regular": (10, 0.20), "irregular": (-25, 0.25), "asylum": (-5, 0.25), "general": (0, 0.24)},
}  # fmt: skip

# Mean documents per target on a working day, and the fewest on any day.
_VOLUMES: Mapping[str, tuple[float, int]] = {
    REGULAR.name: (37, 27),
    IRREGULAR.name: (19, 14),
    ASYLUM.name: (19, 14),
    GENERAL.name: (20, 15),
}
_WEEKEND = 0.78
_SEVERAL_TARGETS = 0.22
_AGENCY_COPY = 0.12
_OFF_TOPIC = 0.19
_OTHER_LANGUAGE = 0.035
_REPEATED = 0.015

# name, kind, leaning, size, feed, gzip
_OUTLETS: Mapping[str, tuple[tuple[str, Kind, float, float, FeedFormat, bool], ...]] = {
    "XA": (
        ("Alder Courier", Kind.NEWS, 0.6, 1.2, FeedFormat.RSS, False),
        ("Alder Morning Mail", Kind.NEWS, -0.7, 1.1, FeedFormat.RSS, True),
        ("Alderland Wire", Kind.NEWS, 0.0, 1.0, FeedFormat.ATOM, False),
        ("Alder Square", Kind.FORUM, -0.2, 1.0, FeedFormat.RSS, False),
        ("Chirp Alderland", Kind.SOCIAL, 0.1, 1.0, FeedFormat.JSON, False),
        ("Alderland Gazette of Record", Kind.OFFICIAL, 0.2, 1.0, FeedFormat.RDF, False),
    ),
    "XB": (
        ("Brenn Daily Ledger", Kind.NEWS, 0.5, 1.2, FeedFormat.RSS, False),
        ("Brenn Evening Star", Kind.NEWS, -0.6, 1.2, FeedFormat.ATOM, False),
        ("Brennmark Wire", Kind.NEWS, 0.0, 0.9, FeedFormat.RSS, False),
        ("Brenn Fireside", Kind.FORUM, -0.3, 1.0, FeedFormat.RSS, False),
        ("Chirp Brennmark", Kind.SOCIAL, 0.0, 1.0, FeedFormat.ATOM, False),
        ("Brennmark State Bulletin", Kind.OFFICIAL, 0.3, 1.0, FeedFormat.RSS, False),
    ),
    "XC": (
        ("Calvora Post", Kind.NEWS, 0.4, 1.1, FeedFormat.RSS, False),
        ("Calvora Standard", Kind.NEWS, -0.5, 1.1, FeedFormat.RSS, False),
        ("Calvora Wire", Kind.NEWS, 0.0, 1.0, FeedFormat.RSS, False),
        ("Calvora Commons", Kind.FORUM, 0.0, 1.0, FeedFormat.ATOM, False),
        ("Chirp Calvora", Kind.SOCIAL, -0.1, 1.0, FeedFormat.RSS, False),
        ("Calvora Council Notices", Kind.OFFICIAL, 0.1, 1.0, FeedFormat.RSS, False),
    ),
}
_DOWN_OUTLET = "sim-calvora-standard"
_DOWN_AFTER_FALL, _DOWN_DAYS = 3, 2

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

_SIDES = (Stance.SUPPORT, Stance.NEUTRAL, Stance.OPPOSE)
_Label = tuple[str, Stance]


def simulate(passages: Iterable[Passage], *, seed: int, end_day: date, days: int = DAYS) -> World:
    """A world of `days` days ending on `end_day`, its text taken from `passages`.

    Give only passages that no classifier was trained on (`filter(held_out, load_corpus())`). The
    fall begins after two thirds of the days. Raises ValueError when there are too few days, or when
    no passage has one of the stances that the levels need.
    """
    if days < MINIMUM_DAYS:
        raise ValueError(f"a simulated world needs at least {MINIMUM_DAYS} days; got {days}")
    shelf = _Shelf(tuple(passages))
    first_day = end_day - timedelta(days - 1)
    fall_day = first_day + timedelta(days * 2 // 3)
    burst_day = fall_day - timedelta(BURST_LEAD_DAYS)
    outlets = _outlets(fall_day)
    all_days = days_between(first_day, end_day)
    items: list[Item] = []
    for society in SOCIETIES:
        own = [outlet for outlet in outlets if outlet.society == society.code]
        items += _society(shelf, society, own, seed=seed, days=all_days, fall_day=fall_day)
    society_code, target = FALL
    return World(
        societies=SOCIETIES,
        outlets=outlets,
        items=_by_outlet_and_day(outlets, items),
        truth=Truth(
            society=society_code,
            target=target,
            first_day=first_day,
            end_day=end_day,
            burst_day=burst_day,
            burst_days=BURST_DAYS,
            fall_day=fall_day,
            net_support_before=_LEVELS[society_code][target][0],
            net_support_after=FALL_TO,
            levels=tuple(
                _level(society.code, t.name, fallen=False) for society in SOCIETIES for t in TARGETS
            ),
            counts=_counts(outlets, items, all_days),
            expected=_expected(items),
        ),
    )


def sources(world: World, base_url: str) -> tuple[Source, ...]:
    """One source per outlet, its feed under `base_url` (`http://127.0.0.1:PORT`)."""
    return tuple(
        Source(
            name=outlet.name,
            url=base_url.rstrip("/") + outlet.feed_path,
            outlet=outlet.title,
            kind=outlet.kind,
            society=outlet.society,
            language="en",
        )
        for outlet in world.outlets
    )


def expected_rows(world: World, until: datetime) -> ExpectedRows:
    """How the ledger must end when all that had appeared by `until` has been read once."""
    return _expected(
        item for outlet in world.outlets for item in world.published(outlet.name, until)
    )


def _level(society: str, target: str, *, fallen: bool) -> Level:
    net, neutral = _LEVELS[society][target]
    if fallen and (society, target) == FALL:
        net = FALL_TO
    return Level(society=society, target=target, net_support=net, neutral=neutral)


def _outlets(fall_day: date) -> tuple[Outlet, ...]:
    down_from = _at(fall_day + timedelta(_DOWN_AFTER_FALL), 0)
    outlets = []
    for society, rows in _OUTLETS.items():
        for title, kind, leaning, size, feed, gzip in rows:
            name = "sim-" + title.lower().replace(" ", "-")
            down = name == _DOWN_OUTLET
            outlets.append(
                Outlet(
                    name=name,
                    title=f"{title} (simulated)",
                    society=society,
                    kind=kind,
                    leaning=leaning,
                    size=size,
                    feed=feed,
                    gzip=gzip,
                    down_from=down_from if down else None,
                    down_until=down_from + timedelta(_DOWN_DAYS) if down else None,
                )
            )
    return tuple(outlets)


def _society(
    shelf: _Shelf,
    society: Society,
    outlets: Sequence[Outlet],
    *,
    seed: int,
    days: Sequence[date],
    fall_day: date,
) -> list[Item]:
    """Everything that one society publishes."""
    last_used: dict[str, date] = {}
    decks = _Decks(_rng(seed, society.code, "decks"))
    rng = _rng(seed, society.code, "broken")
    broken = dict(zip(rng.sample(days[1:-1], len(BROKEN)), sorted(BROKEN), strict=True))
    drafts: list[Item] = []
    for day in days:
        rng = _rng(seed, society.code, day.isoformat())
        quotas = _quotas(rng, society.code, day, fall_day)
        chosen = _choose(rng, shelf, quotas, last_used, day)
        drafts += _publish(rng, outlets, chosen, decks, day=day, broken=broken.get(day))
    return _repeat(_rng(seed, society.code, "repeats"), _numbered(drafts))


def _rng(seed: int, *names: str) -> random.Random:
    # Strings are hashed with SHA-512 by Random, so this is the same in every process. One stream per
    # society and day: a change to one day leaves the others as they were.
    return random.Random("/".join((str(seed), *names)))  # noqa: S311 - a simulation, no secret


def _quotas(rng: random.Random, society: str, day: date, fall_day: date) -> dict[_Label, int]:
    """How many documents of the day take which stance toward which target."""
    quotas: dict[_Label, int] = {}
    burst_day = fall_day - timedelta(BURST_LEAD_DAYS)
    in_burst = society == FALL[0] and 0 <= (day - burst_day).days < BURST_DAYS
    for target, (working_day, fewest) in _VOLUMES.items():
        mean = working_day * (_WEEKEND if day.weekday() >= 5 else 1.0)
        if in_burst and target == IRREGULAR.name:
            mean *= BURST_FACTOR
        n = max(fewest, round(rng.gauss(mean, 0.7 * math.sqrt(mean))))
        shares = _level(society, target, fallen=day >= fall_day).shares
        counts = Counter(rng.choices(_SIDES, shares, k=n))
        quotas.update({(target, side): counts[side] for side in _SIDES})
    return quotas


class _Shelf:
    """The passages by what they address. Only those that address a target are used."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self.labels = {passage.id: _labels(passage) for passage in passages}
        self.single: dict[_Label, list[Passage]] = {}
        self.several: list[Passage] = []
        for passage in sorted(passages, key=lambda p: p.id):
            labels = self.labels[passage.id]
            if len(labels) == 1:
                self.single.setdefault(labels[0], []).append(passage)
            elif labels:
                self.several.append(passage)
        for target in _VOLUMES:
            for side in _SIDES:
                if not self.single.get((target, side)):
                    raise ValueError(
                        f"no passage has the stance {side} toward {target} alone; "
                        "give simulate() more of the sample corpus"
                    )


def _labels(passage: Passage) -> list[_Label]:
    return [(t, stance) for t, stance in passage.stances.items() if stance in _SIDES]


def _choose(
    rng: random.Random,
    shelf: _Shelf,
    quotas: Mapping[_Label, int],
    last_used: dict[str, date],
    day: date,
) -> list[Passage]:
    """Passages whose labels add up to the quotas; those not seen here for a week come first.

    A passage that addresses several targets is taken only where each of its labels still has room,
    so the counts are exact. None is taken twice a day; when a shelf is empty, its quota stays short.
    """
    room = dict(quotas)
    chosen: list[Passage] = []

    def idle(passage: Passage) -> int:
        used = last_used.get(passage.id)
        return (day - used).days if used else FRESH_DAYS + 1

    def fits(passage: Passage) -> bool:
        return all(room[label] > 0 for label in shelf.labels[passage.id])

    def take(passage: Passage) -> None:
        for label in shelf.labels[passage.id]:
            room[label] -= 1
        last_used[passage.id] = day
        chosen.append(passage)

    several = rng.sample(shelf.several, len(shelf.several))
    wanted = round(_SEVERAL_TARGETS * sum(quotas.values()))
    for passage in several:
        if len(chosen) == wanted:
            break
        if idle(passage) > FRESH_DAYS and fits(passage):
            take(passage)
    for label in quotas:
        single = shelf.single[label]
        candidates = rng.sample(single, len(single))
        candidates += [passage for passage in several if label in shelf.labels[passage.id]]
        # The sort is stable: the random order stays among the fresh ones, single targets first.
        candidates.sort(key=lambda passage: -min(idle(passage), FRESH_DAYS + 1))
        for passage in candidates:
            if room[label] == 0:
                break
            if idle(passage) > 0 and fits(passage):
                take(passage)
    return chosen


class _Decks:
    """Off-topic and other-language items, dealt in turn so that each comes back as late as possible."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._off_topic: list[int] = []
        self._foreign: list[int] = []

    def off_topic(self) -> tuple[str, str]:
        if not self._off_topic:
            self._off_topic = self._rng.sample(range(len(OFF_TOPIC)), len(OFF_TOPIC))
        return OFF_TOPIC[self._off_topic.pop()]

    def foreign(self) -> tuple[str, str, str]:
        if not self._foreign:
            self._foreign = self._rng.sample(range(len(OTHER_LANGUAGES)), len(OTHER_LANGUAGES))
        item = OTHER_LANGUAGES[self._foreign.pop()]
        return item.language, item.title, item.text


def _publish(
    rng: random.Random,
    outlets: Sequence[Outlet],
    chosen: Sequence[Passage],
    decks: _Decks,
    *,
    day: date,
    broken: Nature | None,
) -> list[Item]:
    """One society's day, still without numbers."""
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
    sides = [stance for _, stance in _labels(passage)]
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


def _numbered(drafts: Iterable[Item]) -> list[Item]:
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


def _repeat(rng: random.Random, items: Sequence[Item]) -> list[Item]:
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


def _by_outlet_and_day(
    outlets: Iterable[Outlet], items: Iterable[Item]
) -> dict[str, dict[date, tuple[Item, ...]]]:
    found: dict[str, dict[date, list[Item]]] = {outlet.name: {} for outlet in outlets}
    for item in sorted(items, key=lambda item: (item.appears_at, item.number, item.guid)):
        found[item.outlet].setdefault(item.appears_at.date(), []).append(item)
    return {
        outlet: {day: tuple(items) for day, items in by_day.items()}
        for outlet, by_day in found.items()
    }


def _counts(
    outlets: Iterable[Outlet], items: Iterable[Item], days: Sequence[date]
) -> tuple[TrueCount, ...]:
    """True counts of every series and day, days without documents included."""
    societies = {outlet.name: outlet.society for outlet in outlets}
    counts: Counter[tuple[str, str, date, Stance]] = Counter(
        (societies[item.outlet], target, item.published_at.date(), stance)
        for item in items
        for target, stance in item.stances.items()
    )
    return tuple(
        TrueCount(
            society=society.code,
            target=target.name,
            day=day,
            support=counts[society.code, target.name, day, Stance.SUPPORT],
            neutral=counts[society.code, target.name, day, Stance.NEUTRAL],
            oppose=counts[society.code, target.name, day, Stance.OPPOSE],
        )
        for society in SOCIETIES
        for target in TARGETS
        for day in days
    )


def _expected(items: Iterable[Item]) -> ExpectedRows:
    natures = Counter(item.nature for item in items)
    return ExpectedRows(
        about_migration=natures[Nature.ABOUT_MIGRATION],
        off_topic=natures[Nature.OFF_TOPIC],
        unsupported_language=natures[Nature.OTHER_LANGUAGE],
        duplicates=natures[Nature.DUPLICATE],
        dead=sum(natures[nature] for nature in BROKEN),
    )
