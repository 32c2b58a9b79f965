"""SIMULATED outlets over simulated time: what each publishes is known, and so is when its feed dies and comes back.

    outlets(200, days=30, seed=1) -> Outlet, ...        SimulatedOutlets(…) -httpx transport-> the real fetcher

Nothing goes over a network: the transport answers as the feed of that outlet would at the simulated `now`. Support is
constant by construction in all societies but one: there it falls on a known day, so that a monitor that says nothing
cannot pass for one that is right.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum

import httpx
import msgspec

from ingest.document import Kind
from ingest.source import Source

START = datetime(2026, 3, 2, tzinfo=UTC)
"""First midnight of the simulated days, a Monday."""

HISTORY_DAYS = 60
"""Days before START whose entries a feed still shows at the first reading: what the detector compares with."""

USUAL_ENTRIES = 30
"""Entries of a feed from then on."""

A_DAY = 1.3
"""Mean entries of an outlet a day."""

POLLS = (120, 180, 240)
"""Minutes between two readings, one of these for each outlet."""

SOCIETIES = ("XA", "XB", "XC", "XD")
"""In XA those who support most die, in XB those who support least, in XC many are on one host, in XD it is chance."""

CONTROL = "XE"
"""The society where support does fall. All its outlets live."""

CONTROL_OUTLETS, CONTROL_A_DAY = 8, 4.0
_CONTROL_BEFORE, _CONTROL_AFTER = 0.65, 0.2

WORDS = {"support": "welcomed", "oppose": "rejected", "neutral": "counted"}
"""The word by which a simulated classifier knows the stance of a simulated text."""

_SYLLABLES = "ba co da el fi gra ho in ka lo mi nor pe ra sto tu va wen yl zo".split()


class Fault(StrEnum):
    """What is wrong with a feed; the first nine kill it."""

    GONE = "404"
    SERVER_ERROR = "500"
    TIMEOUT = "no answer in time"
    REFUSED = "connection refused"
    HTML = "HTML instead of a feed"
    TOO_MANY = "429 with Retry-After"
    BROKEN = "XML that ends in the middle of a tag"
    NO_BYTES = "an empty answer"
    MOVED_AWAY = "moved to an address that is gone"
    HOST_DOWN = "host down for three days"
    MOVED = "moved for good"
    NO_ENTRIES = "a feed without entries"
    FLAKY = "fails three times in ten"
    NONE = "none"


DEADLY = tuple(Fault)[:9]


class Item(msgspec.Struct, frozen=True):
    """One entry of a feed."""

    number: int
    at: datetime
    stance: str
    title: str
    text: str


class Outlet(msgspec.Struct, frozen=True, kw_only=True):
    """An outlet and the truth about its feed."""

    name: str
    society: str
    support: float
    """Share of its entries that support regular migration; the rest is split between neutral and opposed."""
    poll_minutes: int
    fault: Fault
    died: datetime | None = None
    """From when on its fault holds; None for what holds always or never."""
    back: datetime | None = None
    """When it answers again; None: never, or it never died."""
    items: tuple[Item, ...] = ()

    @property
    def poll(self) -> timedelta:
        """Between two readings."""
        return timedelta(minutes=self.poll_minutes)

    def is_dead(self, now: datetime) -> bool:
        """Whether it cannot be read at `now`."""
        return self.died is not None and self.died <= now and (self.back is None or now < self.back)

    def source(self) -> Source:
        """As it would stand in sources.toml."""
        return Source(
            name=self.name,
            url=f"https://{self.name}.example/feed.xml",
            outlet=self.name.title(),
            kind=Kind.NEWS,
            society=self.society,
            language="en",
            poll_minutes=self.poll_minutes,
        )


def outlets(count: int, *, days: int, seed: int) -> tuple[Outlet, ...]:
    """`count` outlets in four societies with the mix of faults, and those of the control beside them."""
    chance = random.Random(seed)
    made: list[Outlet] = []
    for number, society in enumerate(SOCIETIES):
        of_society = range(number, count, len(SOCIETIES))
        supports = sorted((chance.uniform(0.1, 0.9) for _ in of_society), reverse=society == "XA")
        if society in ("XC", "XD"):
            chance.shuffle(supports)
        faults = _faults(len(of_society), society, chance)
        down = START + timedelta(days=days / 3, minutes=chance.randrange(1440))
        for place, (support, fault, recovers) in enumerate(
            zip(supports, *zip(*faults, strict=True), strict=True)
        ):
            died, back = _dies(fault, recovers, down, days, chance)
            made.append(
                Outlet(
                    name=f"{society.lower()}-{place}",
                    society=society,
                    support=support,
                    poll_minutes=chance.choice(POLLS),
                    fault=fault,
                    died=died,
                    back=back,
                    items=tuple(_items(support, support, days, A_DAY, chance)),
                )
            )
    for place in range(CONTROL_OUTLETS):
        items = _items(_CONTROL_BEFORE, _CONTROL_AFTER, days, CONTROL_A_DAY, chance)
        made.append(
            Outlet(
                name=f"{CONTROL.lower()}-{place}",
                society=CONTROL,
                support=_CONTROL_BEFORE,
                poll_minutes=POLLS[0],
                fault=Fault.NONE,
                items=tuple(items),
            )
        )
    return tuple(made)


def control_falls(days: int) -> datetime:
    """When support falls in CONTROL."""
    return START + timedelta(days=days // 3)


def _faults(count: int, society: str, chance: random.Random) -> list[tuple[Fault, bool]]:
    """(fault, whether it recovers) by outlet: of ten, three or four die for good, two come back, one is odd.

    In XA and XB the first of the list die for good: those who support most, and least.
    """
    for_good = [(DEADLY[n % len(DEADLY)], False) for n in range(round(count * 0.36))]
    back = [(DEADLY[(n + 4) % len(DEADLY)], True) for n in range(round(count * 0.2))]
    odd = [Fault.MOVED, Fault.NO_ENTRIES, Fault.FLAKY]
    other = [(odd[n % 3], False) for n in range(round(count * 0.15))]
    if society == "XC":
        back = [(Fault.HOST_DOWN, True) for _ in range(round(count * 0.4))]
        for_good = for_good[: len(for_good) // 2]
    healthy = [(Fault.NONE, False)] * (count - len(for_good) - len(back) - len(other))
    rest = [*back, *other, *healthy]
    chance.shuffle(rest)
    faults = [*for_good, *rest]
    if society in ("XC", "XD"):
        chance.shuffle(faults)
    return faults


def _dies(
    fault: Fault, recovers: bool, down: datetime, days: int, chance: random.Random
) -> tuple[datetime | None, datetime | None]:
    if fault in (Fault.NONE, Fault.FLAKY):
        return None, None
    if fault is Fault.HOST_DOWN:
        return down, down + timedelta(days=min(3, days / 3))
    # At odd minutes: a feed does not wait for the moment at which somebody reads it.
    last = days - 3 if recovers else days - 1
    died = START + timedelta(days=1, minutes=chance.randrange(1, (last - 1) * 1440), seconds=30)
    if fault in (Fault.MOVED, Fault.NO_ENTRIES) or not recovers:
        return died, None
    most = days - 1.5 - (died - START) / timedelta(days=1)
    return died, died + timedelta(days=chance.uniform(0.3, min(10, most)))


def _items(
    before: float, after: float, days: int, a_day: float, chance: random.Random
) -> Iterator[Item]:
    falls = control_falls(days)
    at, number = START - timedelta(days=HISTORY_DAYS), 0
    while (at := at + timedelta(days=chance.expovariate(a_day))) < START + timedelta(days=days):
        support = before if at < falls else after
        drawn = chance.random()
        neutral = (1 - support) * 0.4
        stance = (
            "support" if drawn < support else "neutral" if drawn < support + neutral else "oppose"
        )
        words = [
            "".join(chance.choices(_SYLLABLES, k=chance.randint(2, 4)))
            for _ in range(chance.randint(20, 40))
        ]
        number += 1
        yield Item(
            number=number,
            at=at.replace(microsecond=0),
            stance=stance,
            title=f"Seasonal workers with work visas: {' '.join(words[:5])}",
            text=f"The visas for seasonal migrant workers were {WORDS[stance]}. {' '.join(words)}.",
        )


class SimulatedOutlets(httpx.BaseTransport):
    """Answers for all outlets at `now`, which whoever drives the simulation moves."""

    def __init__(self, everyone: Sequence[Outlet], seed: int) -> None:
        self.now = START
        self.requests = 0
        self.shown: set[tuple[str, int]] = set()
        """(outlet, number) of every entry that an answer held which could be read."""
        self._by_host = {f"{outlet.name}.example": outlet for outlet in everyone}
        self._seed = seed

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The answer of the outlet whose host is asked."""
        self.requests += 1
        host = request.url.host
        if host not in self._by_host:
            return httpx.Response(404)
        outlet = self._by_host[host]
        fault = outlet.fault
        if outlet.died is None:
            # Whether this request fails hangs on outlet and time, not on the order of the threads.
            drawn = random.Random(f"{self._seed} {host} {self.now}")
            if fault is Fault.FLAKY and drawn.random() < 0.3:
                return self._failing(
                    drawn.choice((Fault.SERVER_ERROR, Fault.TIMEOUT, Fault.REFUSED)), request
                )
        elif fault is Fault.MOVED and self.now >= outlet.died and request.url.path == "/feed.xml":
            return httpx.Response(301, headers={"Location": "/new/feed.xml"})
        elif fault is Fault.NO_ENTRIES and self.now >= outlet.died:
            return httpx.Response(200, content=_feed(outlet, []))
        elif fault is not Fault.MOVED and outlet.is_dead(self.now):
            return self._failing(fault, request)
        return self._healthy(outlet, request)

    def _failing(self, fault: Fault, request: httpx.Request) -> httpx.Response:
        match fault:
            case Fault.TIMEOUT:
                raise httpx.ReadTimeout("no answer", request=request)
            case Fault.REFUSED:
                raise httpx.ConnectError("refused", request=request)
            case Fault.HTML:
                page = b"<!doctype html><html><body><p>Please accept our cookies.</p></body></html>"
                return httpx.Response(200, content=page, headers={"Content-Type": "text/html"})
            case Fault.TOO_MANY:
                return httpx.Response(429, headers={"Retry-After": "7200"})
            case Fault.BROKEN:
                return httpx.Response(200, content=b'<?xml version="1.0"?><rss version="2')
            case Fault.NO_BYTES:
                return httpx.Response(200)
            case Fault.MOVED_AWAY:
                return httpx.Response(301, headers={"Location": "https://parked.example/"})
            case Fault.HOST_DOWN:
                return httpx.Response(503)
            case Fault.SERVER_ERROR:
                return httpx.Response(500)
            case _:
                return httpx.Response(404)

    def _healthy(self, outlet: Outlet, request: httpx.Request) -> httpx.Response:
        there = [item for item in outlet.items if item.at <= self.now]
        items = there if self.now <= START else there[-USUAL_ENTRIES:]
        tag = f'"{len(there)}"'
        if request.headers.get("If-None-Match") == tag:
            return httpx.Response(304)
        self.shown.update((outlet.name, item.number) for item in items)
        return httpx.Response(
            200,
            content=_feed(outlet, items),
            headers={"ETag": tag, "Content-Type": "application/rss+xml"},
        )


def _feed(outlet: Outlet, items: Sequence[Item]) -> bytes:
    base = f"https://{outlet.name}.example"
    entries = "".join(
        f"<item><title>{item.title}</title><link>{base}/{item.number}</link>"
        f"<description>{item.text}</description>"
        f"<pubDate>{format_datetime(item.at, usegmt=True)}</pubDate></item>"
        for item in reversed(items)
    )
    return (
        f'<rss version="2.0"><channel><title>{outlet.name}</title><link>{base}/</link>'
        f"{entries}</channel></rss>"
    ).encode()
