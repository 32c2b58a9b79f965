"""Boards for tests, of simulated series: everything that a page can show, a fall, gaps and thin days among it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache

import msgspec

from alerts.anchor import Anchor, anchor_of
from alerts.board import (
    Board,
    DigestView,
    IncidentView,
    LifeEvent,
    OutletRow,
    SeriesView,
    SocietyPage,
    SourceRow,
    TopicRow,
    life_of,
    outlet_rows,
)
from alerts.board_level import DAYS, level_on, levels, rows_between
from alerts.conflation import FlaggedCount, conflation
from alerts.digest import build_digest
from alerts.digest_page import digest_page
from alerts.event import Event
from alerts.excerpt import Excerpt
from alerts.facts_of_fall import days_shown, figures
from alerts.fall_facts import FallFacts, OutletMove, TopicMove
from alerts.floor import Floor
from alerts.incident import ChangeKind, Incident, Status, incident_id
from alerts.k_floor import Hidden
from alerts.net_support import estimate_points
from alerts.net_support_change import change_between
from alerts.point import Point, StanceCount, State
from alerts.signal import Signal, SignalKind
from alerts.simulated_series import FIRST_DAY, SimulatedSeries, simulated_series
from alerts.source_gap import MissingSource, SourceGap, Trouble
from alerts.spillover import spillover_test
from alerts.spillover_sentence import spillover_sentence
from alerts.topic_share import TopicShare
from alerts.week import days_of_week, week_of
from classify.stance import Stance
from tests.sample_coverage import sample_coverage

TARGETS = ("regular", "irregular", "asylum", "general")
LEVELS = {"regular": 24.0, "irregular": -22.0, "asylum": 6.0, "general": -4.0}


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One series as it would be stored."""

    counts: dict[date, tuple[StanceCount, ...]]
    points: tuple[Point, ...]
    degraded: frozenset[date]


@cache
def sample_series(target: str, seed: int, days: int, fall: int | None, documents: float) -> Sample:
    """A series with three silent days, two degraded ones and five thin ones."""
    made: SimulatedSeries = simulated_series(
        seed,
        target=target,
        days=days,
        documents=documents,
        level=LEVELS.get(target, 0.0) + 6 * (seed % 5) - 12,
        fall=26.0 if fall else 0.0,
        falls_after=days - fall if fall else None,
        news_sd=2.0,
        outlet_day_sd=4.0,
    )
    counts = dict(made.counts)
    rest = sorted(counts)
    for number in (days // 3, days // 3 + 1, days // 3 + 2):
        counts.pop(rest[number], None)
    for number in range(days // 5, days // 5 + 5):
        if rest[number] in counts:
            counts[rest[number]] = counts[rest[number]][:1]
    degraded = frozenset(rest[days // 2 : days // 2 + 2])
    keys = {("XA", target, day): rows for day, rows in counts.items()}
    points = estimate_points(keys, {}, {key for key in keys if key[2] in degraded})
    return Sample(counts=counts, points=tuple(points), degraded=degraded)


def series_view(
    target: str,
    *,
    society: str = "XA",
    seed: int = 1,
    days: int = 150,
    fall: int | None = None,
    documents: float = 60.0,
    floor: Floor | None = None,
    severity: str = "severe",
) -> SeriesView:
    """A series of a board, with an open incident where it falls `fall` days before its end."""
    sample = sample_series(target, seed, days, fall, documents)
    last = FIRST_DAY + timedelta(days=days - 1)
    now = rows_between(sample.counts, last - timedelta(days=DAYS - 1), last)
    before = rows_between(
        sample.counts, last - timedelta(days=2 * DAYS - 1), last - timedelta(days=DAYS)
    )
    return SeriesView(
        target=target,
        points=tuple(msgspec.structs.replace(one, society=society) for one in sample.points),
        levels=levels(sample.counts, FIRST_DAY, last, degraded=sample.degraded),
        level=level_on(society, target, sample.counts, last, degraded=sample.degraded),
        change=change_between(before, now),
        floor=floor,
        incidents=(sample_incident(society, target, last, fall, severity),) if fall else (),
    )


def sample_incident(
    society: str,
    target: str,
    last: date,
    days_ago: int,
    severity: str = "severe",
    status: Status = Status.OPEN,
) -> Incident:
    """A fall that began so many days before the end of the series."""
    began = last - timedelta(days=days_ago - 1)
    found = min(began + timedelta(days=3), last)
    opened = datetime(found.year, found.month, found.day, 1, 10, tzinfo=UTC) + timedelta(days=1)
    return Incident(
        id=incident_id(society, target, found),
        society=society,
        target=target,
        status=status,
        drop_day=began,
        detected_on=found,
        opened_at=opened,
        resolved_at=None if status == Status.OPEN else opened + timedelta(days=12),
        baseline=24.6,
        net_support=-3.2,
        change=-27.8,
        lower=-36.1,
        upper=-19.4,
        reason=f"the evidence of 9.1 passed 6.4 on {found}; all six outlets write below their own past",
        severity=severity,
    )


def incident_view(view: SeriesView, excerpts: Sequence[Excerpt] = ()) -> IncidentView:
    """Its open incident with evidence."""
    incident = view.open_incident
    assert incident is not None
    acknowledged = msgspec.structs.replace(
        incident,
        acknowledged_at=incident.opened_at + timedelta(hours=8),
        acknowledged_by="Ada Example",
        note="the ministry's announcement of Tuesday; we prepare an answer",
    )
    told = [
        LifeEvent(at=incident.opened_at + timedelta(days=2), what="worse", text="it is severe now"),
        LifeEvent(
            at=incident.opened_at + timedelta(days=3),
            what="reminder",
            text="nobody has resolved it",
        ),
    ]
    return IncidentView(
        facts=FallFacts(
            incident=acknowledged,
            kind=ChangeKind.OPENED,
            reason=incident.reason,
            days=figures(view.points, *days_shown(incident, view.points[-1].day)),
            n=212,
            n_eff=61.4,
            within=-21.3,
            mix=-4.1,
            entry_exit=-1.2,
            outlets=(
                OutletMove(
                    outlet="Alder Morning Mail",
                    contribution=-11.2,
                    net_support_before=-8.0,
                    net_support_after=-51.0,
                ),
                OutletMove(
                    outlet="Alder Courier",
                    contribution=-7.0,
                    net_support_before=48.0,
                    net_support_after=21.0,
                ),
                OutletMove(
                    outlet="Alder Square",
                    contribution=1.4,
                    net_support_before=None,
                    net_support_after=12.0,
                ),
            ),
            topics=(
                TopicMove(topic="crime_security", before=0.08, after=0.27),
                TopicMove(topic="welfare_labour", before=0.31, after=0.24),
            ),
            excerpts=tuple(excerpts)
            or (
                Excerpt(
                    outlet="Alder Morning Mail",
                    day=incident.drop_day,
                    url="https://mail.example/visas/17",
                    stance=Stance.OPPOSE,
                    sentence="Close the work visa scheme before another season of it pushes our wages down.",
                ),
                Excerpt(
                    outlet="Alder Courier",
                    day=incident.detected_on,
                    url="https://courier.example/2",
                    stance=Stance.SUPPORT,
                    sentence="The farms would stand empty without the people who come on this visa.",
                ),
            ),
            spillover="Attitudes toward irregular migration fell by 9 points in the week before",
            floor="The level has been below the floor of +5 that Ada Example set since the second day",
            sql="SELECT * FROM daily_support WHERE society = 'XA' AND target = 'regular' ORDER BY day",
            model="minilm-2026-11",
        ),
        life=life_of(acknowledged, told),
    )


def sample_anchor(society: str, day: date, **changes: str) -> Anchor:
    """A published survey result, simulated."""
    row = {
        "society": society,
        "target": "regular",
        "date": day.isoformat(),
        "source": "Institute of Opinion (simulated)",
        "question": "Should more people be allowed to come for work?",
        "value": "54",
        "unit": "% yes",
        "lower": "51",
        "upper": "57",
        "n": "1024",
        "url": "https://good.example/1",
    }
    return anchor_of(row | changes)


def society_page(
    society: str = "XA",
    name: str = "Alderland",
    *,
    seed: int = 1,
    days: int = 150,
    fall: int | None = None,
    documents: float = 60.0,
    targets: Sequence[str] = TARGETS,
) -> SocietyPage:
    """A society with everything."""
    last = FIRST_DAY + timedelta(days=days - 1)
    floor = Floor(
        society="XA",
        target="regular",
        value=5.0,
        set_by="Ada Example, head of programme communication",
        set_on=FIRST_DAY,
        reason="Below this the programme board wants to be told.",
    )
    views = tuple(
        series_view(
            target,
            society=society,
            seed=seed + number,
            days=days,
            fall=fall if target == "regular" else None,
            documents=documents,
            floor=floor if target == "regular" else None,
        )
        for number, target in enumerate(targets)
    )
    return SocietyPage(
        society=society,
        name=name,
        series=views,
        documents=1874,
        topics=(
            TopicRow(topic="crime_security", documents=402, share=0.2145, before=0.11),
            TopicRow(topic="legal_pathways", documents=711, share=0.379, before=0.41),
            TopicRow(topic="return", documents=Hidden.FEW, share=None, before=None),
            TopicRow(topic="welfare_labour", documents=522, share=0.279, before=0.25),
        ),
        conflation=conflation(
            society,
            [
                FlaggedCount(outlet=f"outlet-{n}", relevant=200, flagged=40 + 9 * n)
                for n in range(6)
            ],
        ),
        outlets=outlet_rows(
            [
                {f"outlet-{n}": 100 * n + 3 for n in range(6)},
                {f"outlet-{n}": 60 * n + 20 for n in range(6)},
                {f"outlet-{n}": 30 * n + 12 for n in range(6)},
                {f"outlet-{n}": 10 * n + 2 for n in range(6)},
            ][: len(targets)]
        ),
        anchors=(
            sample_anchor("XA", date(2020, 1, 5), target="irregular", lower="", upper="", url=""),
            sample_anchor("XA", views[0].points[-9].day),
        ),
        events=tuple(
            Event(
                id=f"e{back}",
                society=society,
                target=target,
                day=views[0].points[-min(back, len(views[0].points))].day,
                kind=kind,
                title=title,
                url=url,
            )
            for back, target, kind, title, url in (
                (
                    60,
                    "regular",
                    "law",
                    "The seasonal permit act takes effect",
                    "https://good.example/1",
                ),
                (
                    12,
                    "",
                    "attack",
                    "An attack on a <reception centre> " + "of the capital " * 9,
                    "",
                ),
            )
        ),
        sources=(
            SourceRow(
                source="alder-courier",
                outlet="Alder Courier",
                outcome="ok",
                last_success=at(last, 22),
                attempts=672,
                failed=0,
            ),
            SourceRow(
                source="alder-morning-mail",
                outlet="Alder Morning Mail",
                outcome="failed",
                last_success=at(last - timedelta(days=2), 4),
                attempts=670,
                failed=181,
                error="HTTP 503 Service Unavailable",
            ),
            SourceRow(
                source="alder-wire",
                outlet="Alderland Wire",
                outcome="",
                last_success=None,
                attempts=0,
                failed=0,
            ),
        ),
        gaps=(
            SourceGap(
                society=society,
                day=FIRST_DAY + timedelta(days=days // 2),
                sources=(
                    MissingSource(
                        source="alder-courier",
                        share=0.41,
                        trouble=Trouble.UNREAD,
                        documents=0,
                        usual=21.0,
                    ),
                ),
            ),
        ),
        signals=(
            Signal(
                kind=SignalKind.SHOCK,
                society=society,
                target="asylum",
                day=last - timedelta(days=6),
                since=last - timedelta(days=6),
                change=-31.0,
                text="An unusual day, 31.0 points below what the same outlets wrote before; not yet a fall",
            ),
        ),
        spillover=_spillover(views),
    )


def _spillover(views: Sequence[SeriesView]) -> str:
    if len(views) < 2:
        return ""
    columns = [
        [None if one.state is not State.OK else one.net_support for one in view.points]
        for view in views[:2]
    ]
    length = min(map(len, columns))
    return spillover_sentence(spillover_test(columns[1][-length:], columns[0][-length:]))


def at(day: date, hour: int) -> datetime:
    """An hour of a day."""
    return datetime(day.year, day.month, day.day, hour, 30, tzinfo=UTC)


DIGEST = """\
Attitudes toward migration, week 2026-W22
=========================================
Monday 2026-05-25 to Sunday 2026-05-31, in the monitored corpus

812 judgements of documents that address a target, in 4 series of 1 society. No series changed since
last week by more than chance explains.

                       net   95 %                        last  change since
society, target    support  interval       n  n_eff      week  last week
---------------------------------------------------------------------------
XA asylum              +12  -4 to +27     88     31       +10  +2 (-14 to +18)
XA regular              -2* -31 to +28    41     12        -6  +4 (-30 to +38)

* too few documents or outlets, or sources were down: do not quote it.

Incidents
  XA regular: fell from +24 to -3 (-28, 95 % interval -36 to -19) since 2026-05-24, found on
    2026-05-27. Open; the way back leads over +15. [XA-regular-2026-05-27]

What was read
  1,204 rows: 812 judged, 301 off topic, 40 unsupported language, 48 duplicate, 3 dead.
"""


@cache
def digest_html(week: str) -> str:
    """The page that the digest of `week` was stored with."""
    monday, sunday = days_of_week(week)
    quotes = (
        Excerpt(
            outlet="Alder Courier",
            day=monday,
            url="https://courier.example/2",
            stance=Stance.SUPPORT,
            sentence="The farms would stand empty without the people who come on this visa.",
        ),
    )
    counts = {
        ("XA", target): sample_series(target, 1 + number, 150, 9, 60.0).counts
        for number, target in enumerate(TARGETS)
    }
    digest = build_digest(
        week,
        counts,
        incidents=[sample_incident("XA", "regular", sunday, 6)],
        ledger={"judged": 812, "off_topic": 301, "dead": 3},
        models=["minilm-2026-11"],
        now=at(sunday + timedelta(days=1), 7),
        simulated=True,
        topics=[
            TopicShare(
                society="XA",
                topic="crime_security",
                this_week=0.27,
                last_week=0.12,
                documents=212,
            )
        ],
        typical={"XA": quotes},
    )
    return digest_page(digest, title=f"Attitudes toward migration, week {week}")


def sample_board(
    pages: Sequence[SocietyPage] | None = None, *, days: int = 150, simulated: bool = True
) -> Board:
    """Three societies, one of which falls; or these pages. The oldest digest was stored without a page."""
    if pages is None:
        pages = (
            society_page("XB", "Brennmark", seed=3, days=days, fall=9),
            society_page("XA", "Alderland", seed=1, days=days),
            society_page("XC", "Calvora", seed=7, days=days, documents=4.0),
        )
    last = FIRST_DAY + timedelta(days=days - 1)
    return Board(
        now=at(last + timedelta(days=1), 6),
        first=FIRST_DAY,
        last=last,
        recent=last - timedelta(days=27),
        societies=tuple(pages),
        coverage=sample_coverage(last),
        incidents=tuple(
            incident_view(view) for page in pages for view in page.series if view.open_incident
        ),
        digests=tuple(
            DigestView(
                week=week_of(last - timedelta(weeks=back)),
                title=f"[simulated] Attitudes toward migration, week {week_of(last - timedelta(weeks=back))}: 1 incident open",
                text=DIGEST,
                html=digest_html(week_of(last - timedelta(weeks=back))) if back < 2 else "",
                written_at=at(last - timedelta(weeks=back), 7),
            )
            for back in range(3)
        ),
        models=("minilm-2026-11",),
        simulated=simulated,
    )


__all__ = ["OutletRow", "sample_board", "society_page"]
