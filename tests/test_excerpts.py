"""Excerpts in alerts and digests: the sentence that says it, short, harmless, with its source."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from alerts.digest_text import digest_message
from alerts.excerpt import MAX_CHARACTERS, Excerpt, excerpt_lines, shown_sentence
from alerts.incident import Incident, Status
from alerts.message import SAID_MOST_CLEARLY
from classify.judge import Judged
from classify.stance import Probabilities, Stance
from flows.digesting import collect_digest
from flows.excerpting import Period, find_excerpts
from flows.settings import Settings
from flows.watching import watch
from flows.wiring import Edges, edges
from storage import incidents, removals
from tests.judged_documents import DAY, TOPIC, a_day, document, judged, store
from tests.people import People

AGAINST = "Close the work visa scheme, too many foreign workers push our wages down."
FOR = "We should welcome more seasonal workers, the work visa scheme is fair and the farms need it."
REPORT = "The ministry met on Tuesday. "


def excerpt(sentence: str = AGAINST, **values: object) -> Excerpt:
    given = {
        "outlet": "Herald",
        "day": DAY,
        "url": "https://herald.example/1",
        "stance": Stance.OPPOSE,
        "sentence": sentence,
    }
    return Excerpt(**{**given, **values})  # type: ignore[arg-type]  # named values of the test


# As shown


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("Two\nlines,\u202e\x1b[31m turned", "Two lines, [31m turned"),
        ("Write to ana.b+c@mail.example.org now", "Write to [e-mail] now"),
        ("@someone_1 and @other say so", "[handle] and [handle] say so"),
        ("Call +44 20 7946 0958 or 0151 496 0123.", "Call [phone] or [phone]."),
        ("In 2015-2016 it was 1,200,000 of 80 000 000", "In 2015-2016 it was 1,200,000 of 80 000 000"),
    ],
)  # fmt: skip
def test_a_sentence_is_shown_without_control_characters_and_addresses(
    sentence: str, shown: str
) -> None:
    assert shown_sentence(sentence) == shown


def test_a_long_sentence_is_cut_at_a_word() -> None:
    shown = shown_sentence("word " * 100)
    assert len(shown) <= MAX_CHARACTERS
    assert shown.endswith("word…")
    assert len(shown_sentence("x" * 500)) == MAX_CHARACTERS


def test_an_excerpt_names_stance_outlet_and_day_and_links_to_its_source() -> None:
    lines = excerpt_lines([excerpt(), excerpt(FOR, stance=Stance.SUPPORT, url="")], 78).split("\n")
    assert lines == [
        "  against: “Close the work visa scheme, too many foreign workers push our",
        "    wages down.” (Herald, 2026-11-17)",
        "    https://herald.example/1",
        "  for: “We should welcome more seasonal workers, the work visa scheme is fair",
        "    and the farms need it.” (Herald, 2026-11-17)",
    ]


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "https://a b", "https://a\nb", "file:///etc/passwd", "https://"]
)
def test_what_is_no_web_address_is_not_shown(url: str) -> None:
    assert "//" not in excerpt_lines([excerpt(url=url)], 78)
    assert "alert" not in excerpt_lines([excerpt(url=url)], 78)


# From the database


@pytest.fixture
def opened(settings: Settings) -> Iterator[Edges]:
    """Both modes."""
    with edges(settings, create=True, sources=[]) as opened:
        yield opened


@pytest.fixture
def embedded(embedded_settings: Settings) -> Iterator[Edges]:
    """SQLite and chdb only, where what is decided is the same whatever it was read from."""
    with edges(embedded_settings, create=True, sources=[]) as opened:
        yield opened


def saying(number: int, text: str, stance: str, sureness: float = 0.7, **values: str) -> Judged:
    """A document with this text that a model judged so, so surely."""
    one = judged(msgspec.structs.replace(document(number), text=text, title="", **values), stance)
    rest = (1 - sureness) / 3
    p = Probabilities(**{name: sureness if name == stance else rest for name in ("support", "neutral", "oppose", "not_addressed")})  # fmt: skip
    return msgspec.structs.replace(
        one, judgements=tuple(msgspec.structs.replace(j, p=p) for j in one.judgements)
    )


PERIOD = Period("XA", TOPIC, DAY, DAY)


def test_the_surest_documents_are_quoted_one_of_each_outlet_against_before_for(
    opened: Edges,
) -> None:
    store(
        opened.database,
        saying(1, REPORT + AGAINST, "oppose", 0.7, outlet="A"),
        saying(2, REPORT + AGAINST, "oppose", 0.9, outlet="B"),
        saying(3, REPORT + AGAINST, "oppose", 0.8, outlet="B"),
        saying(4, REPORT + AGAINST, "oppose", 0.6, outlet="C"),
        saying(5, REPORT + FOR, "support", 0.9, outlet="A"),
        saying(6, REPORT + FOR, "support", 0.8, outlet="B"),
        saying(7, REPORT + FOR, "neutral", 0.9, outlet="D"),
        msgspec.structs.replace(
            saying(8, AGAINST, "oppose", 0.99), document=document(8, society="XB")
        ),
        msgspec.structs.replace(
            saying(9, AGAINST, "oppose", 0.99),
            document=msgspec.structs.replace(
                document(9, day=DAY - timedelta(days=1)), text=AGAINST
            ),
        ),
    )
    found = find_excerpts(
        opened, [PERIOD, Period("XA", "asylum", DAY, DAY), Period("XA", "own", DAY, DAY)]
    )
    assert set(found) == {PERIOD}
    assert [(one.stance, one.outlet, one.sentence) for one in found[PERIOD]] == [
        (Stance.OPPOSE, "B", AGAINST),
        (Stance.OPPOSE, "A", AGAINST),
        (Stance.SUPPORT, "A", FOR),
    ]
    assert found[PERIOD][0].url == document(2).url


def test_what_has_no_text_or_says_it_nowhere_is_passed_over(opened: Edges) -> None:
    store(
        opened.database,
        saying(1, AGAINST, "oppose", 0.9, outlet="A"),
        saying(2, "The brass band plays in the park.", "oppose", 0.8, outlet="B"),
        saying(3, REPORT + AGAINST, "oppose", 0.7, outlet="C"),
    )
    removals.blank(opened.database, [document(1).id])
    assert [one.outlet for one in find_excerpts(opened, [PERIOD])[PERIOD]] == ["C"]
    assert find_excerpts(opened, []) == {}


# As told

FIRST = date(2026, 9, 1)


def test_an_alert_quotes_the_sentence_and_not_the_beginning_of_the_document(
    embedded: Edges,
) -> None:
    people = People()
    opened = msgspec.structs.replace(embedded, channels=(people,))
    for number in range(34):
        day = FIRST + timedelta(days=number)
        fell = number >= 30
        store(opened.database, *(
            msgspec.structs.replace(one, document=msgspec.structs.replace(
                one.document, text=f"{REPORT}{AGAINST if one.judgements[0].stance is Stance.OPPOSE else FOR}", title=""))
            for one in a_day(day, 1 if fell else 7, 9 if fell else 3)
        ))  # fmt: skip
        after = datetime(day.year, day.month, day.day, 1, tzinfo=UTC) + timedelta(days=1)
        # The first watch of all sees the whole past.
        if fell and watch(opened, now=after).opened:
            break
    (told,) = people.told
    assert SAID_MOST_CLEARLY in told.body
    said = " ".join(told.body.split())
    assert f"against: “{AGAINST}”" in said
    assert f"for: “{FOR}”" in said
    assert "https://courier.example/" in said
    assert REPORT.strip() not in said


def test_the_digest_quotes_documents_of_the_week_under_their_incident(opened: Edges) -> None:
    store(
        opened.database,
        saying(1, REPORT + AGAINST, "oppose", outlet="Herald"),
        saying(2, REPORT + AGAINST, "oppose", outlet="Herald", society="XB"),
    )
    incident = Incident(
        id="XA-regular-2026-11-10",
        society="XA",
        target=TOPIC,
        status=Status.OPEN,
        drop_day=date(2026, 11, 8),
        detected_on=date(2026, 11, 10),
        opened_at=datetime(2026, 11, 11, tzinfo=UTC),
        resolved_at=None,
        baseline=10.0,
        net_support=-10.0,
        change=-20.0,
        lower=-30.0,
        upper=-10.0,
        reason="the evidence passed",
    )
    now = datetime(2026, 11, 23, 8, tzinfo=UTC)
    without = digest_message(collect_digest(opened, "2026-W47", now)).body
    assert SAID_MOST_CLEARLY not in without
    incidents.store_incidents(opened.database, [incident])
    body = digest_message(collect_digest(opened, "2026-W47", now)).body
    incidents_part = body.split("\nIncidents\n")[1].split("\n\n")[0]
    assert f"against: “{AGAINST}” (Herald, 2026-11-17)" in " ".join(incidents_part.split())
    assert incidents_part.count("against:") == 1
    assert SAID_MOST_CLEARLY not in digest_message(collect_digest(opened, "2026-W46", now)).body
