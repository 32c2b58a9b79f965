"""Feeds whose every entry is known, with what must become of it: on topic, off topic, unsupported, duplicate, dead.

    world(100_000, seed=1) -> Feed, ... in stages -HTTP-> barometer collect        World.rows: origin -> Row

Texts are generated from words of our own. At stage n a feed shows the entries of stages n - 1 and n, as real feeds
show what they showed before; whoever serves it goes on to the next stage when all feeds were read.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import msgspec

from classify.classifier import Classifier
from classify.disposition import Disposition
from classify.judge import judge
from flows.preparing import prepared
from ingest.document import Document, Kind
from ingest.feed import parse_feed
from ingest.source import Source, parse_sources

SHARES = {
    Disposition.JUDGED: 0.12,
    Disposition.OFF_TOPIC: 0.60,
    Disposition.UNSUPPORTED_LANGUAGE: 0.08,
    Disposition.DUPLICATE: 0.12,
    Disposition.DEAD: 0.08,
}
COPIES = 0.05
"""Of the texts on topic, those that stand word for word in another outlet, too."""

OUTLETS = 12
"""Each has two feeds in English and one in German, and belongs to one of three societies."""

DAYS = 20
"""Days before today on which entries were published."""

_ABOUT = (
    "we should welcome more seasonal workers because the work visa scheme is fair",
    "close the work visa scheme since foreign workers on permits push our wages down",
    "smugglers brought another small boat across and everyone who enters illegally should be deported",
    "let the undocumented families stay and regularise them as neighbours",
    "refugees deserve protection and resettlement saves lives",
    "the asylum system is broken and irregular migrants must be returned",
)
_NOUNS = (
    "garden bridge kettle orchard ladder violin harbour parcel window blanket carpenter library bakery market "
    "meadow curtain lantern teapot saddle bicycle pillow cellar fountain hedge chimney basket piano painting "
    "museum theatre recipe pumpkin walnut cabbage tractor barn ferry lighthouse pebble cushion mirror drawer "
    "choir trumpet rehearsal picnic umbrella kitchen oven cupboard poem novel chapter stamp coin puzzle"
).split()
_VERBS = "paints mends carries polishes waters opens admires photographs measures borrows cleans finds".split()
_QUALITIES = (
    "quiet yellow wooden old narrow cheerful dusty warm heavy bright small clever gentle broken silver "
    "round early late plain tidy curious hollow"
).split()
_NOMEN = (
    "Garten Bahnhof Kessel Leiter Geige Hafen Fenster Decke Bäckerei Markt Wiese Vorhang Laterne Fahrrad Keller "
    "Brunnen Klavier Museum Kürbis Traktor Fähre Spiegel Schublade Gedicht Roman Briefmarke Münze Kapelle"
).split()
_EIGENSCHAFTEN = (
    "stille gelbe alte schmale warme schwere helle kleine runde frühe späte schlichte".split()
)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One entry that a feed shows, and what must become of it."""

    origin: str
    disposition: Disposition
    """As intended; of several rows of one document, one has this and the others are duplicates."""
    document: Document | None
    """None of an entry that can never be one."""


class World(msgspec.Struct, frozen=True, kw_only=True):
    """Feeds in stages, and the truth."""

    sources: tuple[Source, ...]
    bodies: dict[str, tuple[bytes, ...]]
    """By name of a source: what it shows at each stage."""
    rows: dict[str, Row]
    """By origin."""

    @property
    def stages(self) -> int:
        """How often the feeds have something new."""
        return len(next(iter(self.bodies.values())))

    def expected(self) -> dict[Disposition, int]:
        """Rows by what must become of them: of a document's rows all but one are duplicates."""
        found = dict.fromkeys(Disposition, 0)
        seen: set[str] = set()
        for row in self.rows.values():
            if row.document is not None and row.document.id in seen:
                found[Disposition.DUPLICATE] += 1
            else:
                found[row.disposition] += 1
            if row.document is not None:
                seen.add(row.document.id)
        return found


class _Item(msgspec.Struct, frozen=True):
    """An entry as it is written."""

    link: str
    title: str
    text: str
    date: str
    intent: Disposition

    def xml(self) -> str:
        link = f"<link>{self.link}</link><guid>{self.link}</guid>" if self.link else ""
        return (
            f"<item><title>{self.title}</title>{link}<pubDate>{self.date}</pubDate>"
            f"<description>{self.text}</description></item>"
        )


def world(
    count: int, *, stages: int, seed: int, port: int, now: datetime, classifier: Classifier
) -> World:
    """`count` entries in so many stages, whose feeds will be served on `port`. Every text on topic is one that
    `classifier` judges.
    """
    rng = random.Random(seed)
    sources = parse_sources(_sources_toml(port), "generated")
    shown: dict[str, list[list[_Item]]] = {
        source.name: [[] for _ in range(stages)] for source in sources
    }
    maker = _Maker(rng, now, classifier)
    for number in range(count):
        stage = number * stages // count
        name, item = maker.item(number)
        shown[name][stage].append(item)
    bodies = {name: tuple(_bodies(parts)) for name, parts in shown.items()}
    rows: dict[str, Row] = {}
    for source in sources:
        for items in shown[source.name]:
            rows |= _rows(source, items, now)
    return World(sources=sources, bodies=bodies, rows=rows)


def sources_toml(world: World) -> str:
    """The list for the settings of the processes."""
    return "\n".join(
        f'[[source]]\nname = "{one.name}"\nurl = "{one.url}"\noutlet = "{one.outlet}"\n'
        f'kind = "{one.kind.value}"\nsociety = "{one.society}"\nlanguage = "{one.language}"\n'
        for one in world.sources
    )


def _sources_toml(port: int) -> str:
    found = []
    for number in range(OUTLETS):
        for section, language in (("news", "en"), ("views", "en"), ("welt", "de")):
            name = f"outlet-{number}-{section}"
            found.append(
                f'[[source]]\nname = "{name}"\nurl = "http://127.0.0.1:{port}/{name}.xml"\n'
                f'outlet = "Outlet {number}"\nkind = "news"\nsociety = "{("XA", "XB", "XC")[number % 3]}"\n'
                f'language = "{language}"\n'
            )
    return "\n".join(found)


class _Maker:
    """Writes entries."""

    def __init__(self, rng: random.Random, now: datetime, classifier: Classifier) -> None:
        self._rng = rng
        self._now = now.replace(hour=12, minute=0, second=0, microsecond=0)
        self._classifier = classifier
        self._before: dict[int, list[tuple[str, _Item]]] = defaultdict(list)
        self._texts: list[str] = []

    def item(self, number: int) -> tuple[str, _Item]:
        """The name of a source and its next entry."""
        rng = self._rng
        (intent,) = rng.choices(list(SHARES), list(SHARES.values()))
        outlet = rng.randrange(OUTLETS)
        section = rng.choice(("news", "views"))
        link = f"https://outlet-{outlet}.example/{number}"
        date = format_datetime(
            self._now - timedelta(days=rng.randint(2, DAYS), minutes=rng.randrange(600))
        )
        title, text = f"Notes {number}", self._elsewhere()
        if intent is Disposition.DUPLICATE and self._before[outlet]:
            # The same article in the outlet's other feed.
            section, item = self._before[outlet].pop(rng.randrange(len(self._before[outlet])))
            other = "views" if section == "news" else "news"
            return f"outlet-{outlet}-{other}", item
        if intent is Disposition.JUDGED:
            text = self._about(title)
        elif intent is Disposition.UNSUPPORTED_LANGUAGE:
            section, text = "welt", self._german()
        elif intent is Disposition.DEAD:
            date, title, text, link = rng.choice(
                (
                    ("Mon, 14 Jan 1985 10:00:00 GMT", title, text, link),
                    ("the day before yesterday", title, text, link),
                    (date, "", "", link),
                )
            )
        else:
            intent = Disposition.OFF_TOPIC
        name = f"outlet-{outlet}-{section}"
        item = _Item(link, title, text, date, intent)
        if intent in (Disposition.JUDGED, Disposition.OFF_TOPIC):
            self._before[outlet].append((section, item))
        return name, item

    def _about(self, title: str) -> str:
        if self._texts and self._rng.random() < COPIES:
            text = self._rng.choice(self._texts)
            if self._is_judged(title, text):
                return text
        while True:
            text = f"{self._rng.choice(_ABOUT).capitalize()}. {self._elsewhere()}"
            if self._is_judged(title, text):
                self._texts.append(text)
                return text

    def _is_judged(self, title: str, text: str) -> bool:
        document = Document(
            id="0" * 32,
            source="generated",
            outlet="Generated",
            kind=Kind.NEWS,
            society="XA",
            language="en",
            url="",
            title=title,
            text=text,
            published_at=self._now,
            fetched_at=self._now,
        )
        (one,) = judge([document], self._classifier)
        return one.disposition is Disposition.JUDGED

    def _elsewhere(self) -> str:
        pick = self._rng.choice
        return " ".join(
            f"The {pick(_QUALITIES)} {pick(_NOUNS)} {pick(_VERBS)} a {pick(_QUALITIES)} {pick(_NOUNS)}"
            f" near the {pick(_NOUNS)} and the {pick(_NOUNS)}."
            for _ in range(4)
        )

    def _german(self) -> str:
        pick = self._rng.choice
        return " ".join(
            f"Der {pick(_EIGENSCHAFTEN)} {pick(_NOMEN)} steht neben dem {pick(_NOMEN)},"
            f" und die {pick(_EIGENSCHAFTEN)} {pick(_NOMEN)} bleibt am Abend bei dem {pick(_NOMEN)}."
            for _ in range(3)
        )


def _bodies(parts: Sequence[Sequence[_Item]]) -> Iterator[bytes]:
    before: Sequence[_Item] = ()
    for part in parts:
        yield _feed([*part, *before])
        before = part


def _feed(items: Sequence[_Item]) -> bytes:
    entries = "".join(item.xml() for item in items)
    return f'<rss version="2.0"><channel><title>Generated</title>{entries}</channel></rss>'.encode()


def _rows(source: Source, items: Sequence[_Item], now: datetime) -> dict[str, Row]:
    """What our own parser makes of the entries alone: origins are functions of source and entry."""
    read = parse_feed(
        _feed(items), content_type="text/xml", source=source, address=source.url, fetched_at=now
    )
    intents = {item.link: item.intent for item in items if item.intent is not Disposition.DEAD}
    dead = len(items) - len(intents)
    if len(read.dead) != dead or len(read.documents) != len(intents):
        raise AssertionError(f"{source.name}: {len(read.dead)} entries are dead, not {dead}")
    rows = [
        Row(
            origin=one.origin,
            disposition=intents[one.document.url],
            document=prepared(one.document),
        )
        for one in read.documents
    ]
    rows += [
        Row(origin=one.origin, disposition=Disposition.DEAD, document=None) for one in read.dead
    ]
    return {row.origin: row for row in rows}


class QuietServer(ThreadingHTTPServer):
    """Clients that are killed are part of what is tried."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing to say."""


class Newsroom:
    """Serves the feeds of a world as they are at a stage."""

    def __init__(self) -> None:
        self.stage = 0
        self.bodies: dict[str, tuple[bytes, ...]] = {}
        self.port = 0


@contextmanager
def newsroom() -> Iterator[Newsroom]:
    """A web server for the length of the block; give it the bodies of a world."""
    room = Newsroom()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.strip("/").removesuffix(".xml")
            body = room.bodies[name][room.stage]
            try:
                self.send_response(200)
                self.send_header("Content-Type", "application/rss+xml")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                return  # the reader was killed meanwhile

        def log_message(self, format: str, *args: object) -> None:
            return

    server = QuietServer(("127.0.0.1", 0), Handler)
    room.port = server.server_address[1]
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield room
    finally:
        server.shutdown()
        server.server_close()
