"""The simulated world of `barometer demo`: three invented societies, their outlets, and what these publish.

    passages + seed -> World
        quotas      per society, day and target, from the chosen level     (_quotas)
        passages    whose labels fill the quotas exactly                   (_choose)
        outlets     by genre, size and leaning                             (newsroom.publish)
        around it   agency copy, off-topic news, other languages, broken
                    entries, repeated links                                (newsroom.publish, repeat)
        truth       counted from the items that came out                   (_counts)

Pure and seeded: the same passages, seed and end day give the same world. In one society support for
regular migration falls by a known amount on a known day, a few days after a burst of coverage of
irregular migration; everything else stays level.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from classify.corpus import Passage
from classify.stance import Stance
from classify.target import ASYLUM, GENERAL, IRREGULAR, REGULAR, TARGETS
from flows.demo.cast import SOCIETIES, cast_outlets
from flows.demo.newsroom import SIDES, Decks, Label, labels_of, numbered, publish, repeat
from flows.demo.truth import ExpectedRows, Level, TrueCount, Truth, days_between
from flows.demo.world import BROKEN, Item, Nature, Outlet, Society, World
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


TALK = (
    *("citizen_short", "debate_reasons", "europe_threads", "immigrants_plain", "manifesto_general"),
    *("manifesto_policy", "newspaper_replies", "platform_arguments", "reader_comments"),
    *("refugees_plain", "resettlement_threads", "thread_answers", "uk_ie_comments"),
    *("us_immigration_debate", "us_threads", "world_comments"),
    *("citizens_platform", "claims_more", "irregular_plain", "manifesto_more", "paper_comments"),
    *("rebuttals", "thread_immigrants", "thread_refugees"),
)
"""Files of the sample corpus that are left out: almost all of them is talk and programmes, and with
them the forums of the world would post more than a feed holds, and its papers share less agency copy.
"""


def simulate(passages: Iterable[Passage], *, seed: int, end_day: date, days: int = DAYS) -> World:
    """A world of `days` days ending on `end_day`, its text taken from `passages`.

    Give only passages that no classifier was trained on (`filter(held_out, load_corpus())`). The
    fall begins after two thirds of the days. Raises ValueError when there are too few days, or when
    no passage has one of the stances that the levels need.
    """
    if days < MINIMUM_DAYS:
        raise ValueError(f"a simulated world needs at least {MINIMUM_DAYS} days; got {days}")
    shelf = _Shelf(tuple(each for each in passages if not each.id.startswith(TALK)))
    first_day = end_day - timedelta(days - 1)
    fall_day = first_day + timedelta(days * 2 // 3)
    burst_day = fall_day - timedelta(BURST_LEAD_DAYS)
    outlets = cast_outlets(fall_day)
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
    decks = Decks(_rng(seed, society.code, "decks"))
    rng = _rng(seed, society.code, "broken")
    broken = dict(zip(rng.sample(days[1:-1], len(BROKEN)), sorted(BROKEN), strict=True))
    drafts: list[Item] = []
    for day in days:
        rng = _rng(seed, society.code, day.isoformat())
        quotas = _quotas(rng, society.code, day, fall_day)
        chosen = _choose(rng, shelf, quotas, last_used, day)
        drafts += publish(rng, outlets, chosen, decks, day=day, broken=broken.get(day))
    return repeat(_rng(seed, society.code, "repeats"), numbered(drafts))


def _rng(seed: int, *names: str) -> random.Random:
    # Strings are hashed with SHA-512 by Random, so this is the same in every process. One stream per
    # society and day: a change to one day leaves the others as they were.
    return random.Random("/".join((str(seed), *names)))  # noqa: S311 - a simulation, no secret


def _quotas(rng: random.Random, society: str, day: date, fall_day: date) -> dict[Label, int]:
    """How many documents of the day take which stance toward which target."""
    quotas: dict[Label, int] = {}
    burst_day = fall_day - timedelta(BURST_LEAD_DAYS)
    in_burst = society == FALL[0] and 0 <= (day - burst_day).days < BURST_DAYS
    for target, (working_day, fewest) in _VOLUMES.items():
        mean = working_day * (_WEEKEND if day.weekday() >= 5 else 1.0)
        if in_burst and target == IRREGULAR.name:
            mean *= BURST_FACTOR
        n = max(fewest, round(rng.gauss(mean, 0.7 * math.sqrt(mean))))
        shares = _level(society, target, fallen=day >= fall_day).shares
        counts = Counter(rng.choices(SIDES, shares, k=n))
        quotas.update({(target, side): counts[side] for side in SIDES})
    return quotas


class _Shelf:
    """The passages by what they address. Only those that address a target are used."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self.labels = {passage.id: labels_of(passage) for passage in passages}
        self.single: dict[Label, list[Passage]] = {}
        self.several: list[Passage] = []
        for passage in sorted(passages, key=lambda p: p.id):
            labels = self.labels[passage.id]
            if len(labels) == 1:
                self.single.setdefault(labels[0], []).append(passage)
            elif labels:
                self.several.append(passage)
        for target in _VOLUMES:
            for side in SIDES:
                if not self.single.get((target, side)):
                    raise ValueError(
                        f"no passage has the stance {side} toward {target} alone; "
                        "give simulate() more of the sample corpus"
                    )


def _choose(
    rng: random.Random,
    shelf: _Shelf,
    quotas: Mapping[Label, int],
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
