"""One document in every place that a document can get to, in either mode, and neighbours that must stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from alerts.alert_text import write_alert
from alerts.digest import build_digest
from alerts.digest_page import digest_page
from alerts.digest_text import digest_message
from alerts.excerpt import Excerpt
from alerts.point import StanceCount
from alerts.week import week_of
from classify.gold_label import TARGET_NAMES, GoldLabel
from classify.stance import Stance
from flows.drawing_gold import draw_week
from flows.publishing import publish
from flows.scoring import drain
from flows.settings import Settings
from flows.telling import enqueue, tell
from flows.watching import estimate_counted_days
from flows.wiring import Edges
from ingest.dead_letter import DeadLetter, dead_letter
from ingest.document import Document, Kind, document_id, encode_document
from storage import digests, gold, incidents
from storage.digests import StoredDigest
from tests.told import fall, incident

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = NOW - timedelta(days=2)

URL = "https://courier.example/2026/11/a-planted-story"
KEY = "a1b2c3d4e5f60718"
BEGINNING = "The harbourmaster of Plantedtown wants every work visa revoked before the winter ends"
SENTENCE = (
    "Close the work visa scheme of Plantedtown, too many foreign workers push our wages down."
)
SHARED = (
    "The council heard for three hours what the seasonal workers scheme had brought to the farms along the coast and"
    " what it had cost the town in the years since the first permits were given out to pickers and packers from abroad."
)
OLDER = "An earlier edition of the planted story said that migrants are welcome in the harbour"
TRACES = (URL, KEY, BEGINNING[:60], SENTENCE[:60], OLDER[:50])
"""What must be nowhere afterwards."""


def document(number: int, text: str, *, url: str = "", **values: object) -> Document:
    """A document of the Courier on DAY."""
    where = url or f"https://courier.example/{number}"
    given = {
        "id": document_id(source="courier", own_id="", url=where),
        "source": "courier",
        "outlet": "Courier",
        "kind": Kind.NEWS,
        "society": "XA",
        "language": "en",
        "url": where,
        "title": "",
        "text": text,
        "published_at": DAY,
        "fetched_at": NOW,
    }
    return Document(**(given | values))  # type: ignore[arg-type]  # named values of the test


PLANTED = document(
    0,
    f"{BEGINNING}. {SENTENCE} {SHARED}",
    url=URL,
    title="Plantedtown turns on its work visa scheme",
    author_key=KEY,
    edited_at=NOW - timedelta(hours=1),
)
EARLIER = msgspec.structs.replace(PLANTED, text=f"{OLDER}. {SHARED}", edited_at=None)
NEIGHBOURS = (
    document(1, f"{SHARED} Migrants deserve our support, said one.", outlet="Herald"),
    document(2, "We should welcome more seasonal workers: the work visa scheme is fair."),
    document(3, "Refugees deserve protection and a safe place.", source="herald", outlet="Herald"),
)


def settings_with_files(settings: Settings, folder: Path) -> Settings:
    """The settings, and a feed and a board beside what they name."""
    channels = folder / "channels.toml"
    channels.write_text(
        f'[[channels]]\nname = "feed"\nurl = "atom:///{folder}/alerts.atom"\n', "utf-8"
    )
    return with_word_list(settings).model_copy(
        update={"channels": channels, "board": folder / "board"}
    )


def with_word_list(settings: Settings) -> Settings:
    """The settings with the quick classifier: what is judged does not matter here."""
    return settings.model_copy(update={"model": "lexicon"})


def plant(opened: Edges) -> None:
    """Put it everywhere, as the program does."""
    publish(
        opened.bus,
        [("feed:courier/0", EARLIER)]
        + [(f"feed:{one.source}/{n}", one) for n, one in enumerate(NEIGHBOURS, start=1)],
        letters(),
    )
    drain(opened, clock=lambda: NOW)
    publish(opened.bus, [("feed:courier/0/edited", PLANTED)], [])
    drain(opened, clock=lambda: NOW)
    estimate_counted_days(opened)
    quote(opened)
    label(opened)
    # On its way once more, by a row of another feed.
    publish(opened.bus, [("feed:other/0", PLANTED)], [])


def label(opened: Edges) -> None:
    """A sample of the week, and somebody's label of each of its documents."""
    _, sample, _ = draw_week(opened, week_of(DAY.date()), 10, now=NOW)
    gold.store_labels(
        opened.database,
        [
            GoldLabel(
                document_id=one.document_id,
                annotator="ml",
                stances=dict.fromkeys(TARGET_NAMES, Stance.OPPOSE),
                labelled_at=NOW,
            )
            for one in sample
        ],
    )


def letters() -> list[DeadLetter]:
    """Four that hold it, each known by something else, and one that does not."""
    payloads = (
        encode_document(PLANTED),
        f'{{"link": "{URL}?utm_source=x", "date": "yesterday"}}'.encode(),
        f'{{"author_key": "{KEY}", "text": "no date"}}'.encode(),
        f'{{"body": "{BEGINNING}. {SENTENCE}"}}'.encode(),
        b'{"body": "Another row that has no date, of nobody in particular."}',
    )
    return [
        dead_letter(
            origin=f"feed:courier/dead/{n}",
            source="courier",
            place=f"entry {n}",
            reason="no date",
            payload=payload,
            read_at=NOW,
        )
        for n, payload in enumerate(payloads)
    ]


def quote(opened: Edges) -> None:
    """A digest and an alert that quote it and a neighbour."""
    quoted = [
        Excerpt(outlet=one.outlet, day=one.day, url=one.url, stance=stance, sentence=sentence)
        for one, stance, sentence in (
            (PLANTED, Stance.OPPOSE, SENTENCE),
            (NEIGHBOURS[1], Stance.SUPPORT, NEIGHBOURS[1].text),
        )
    ]
    week = week_of(DAY.date())
    counts = {
        ("XA", "regular"): {
            DAY.date(): [StanceCount(outlet="Courier", support=5, neutral=1, oppose=9)]
        }
    }
    made = build_digest(week, counts, now=NOW, typical={"XA": quoted})
    message = digest_message(made)
    digests.store(
        opened.database,
        StoredDigest(
            week=week,
            title=message.title,
            body=message.body,
            created_at=NOW,
            html=digest_page(made, title=message.title),
        ),
    )
    told = incident(drop_day=DAY.date(), detected_on=DAY.date(), opened_at=NOW)
    incidents.store_incidents(opened.database, [told])
    alert = write_alert([fall(incident=told, excerpts=tuple(quoted))], now=NOW)
    enqueue(opened, [message, alert], NOW)
    tell(opened, NOW)
