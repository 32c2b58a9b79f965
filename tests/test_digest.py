"""The digest of a week, as data and as text; and the weeks themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.baseline import BASELINE_WEEKS, baseline_of
from alerts.change_label import ChangeLabel, labelled_change
from alerts.conflation import FlaggedCount, conflation
from alerts.confusion import confusion_from_counts
from alerts.digest import Digest, build_digest, counts_of_week
from alerts.digest_text import digest_message, digest_title, render_text
from alerts.digest_words import MOST_SIGNALS
from alerts.estimate import estimate
from alerts.excerpt import Excerpt
from alerts.incident import Incident, Rule, Status
from alerts.message import signed
from alerts.net_support import add_by_outlet, estimate_point
from alerts.net_support_change import change_between
from alerts.point import StanceCount, State
from alerts.signal import Signal, SignalKind
from alerts.simulated_series import simulated_series
from alerts.spillover import Spillover, Verdict
from alerts.topic_share import TopicShare
from alerts.week import days_of_week, previous_week, week_of
from classify.stance import Stance
from tests.pages import FORMULA, HOSTILE, unseen_characters

NOW = datetime(2026, 2, 16, 7, tzinfo=UTC)
WEEK = "2026-W07"  # 9 to 15 February, days 35 to 41 of a simulated series


class Attempt(msgspec.Struct, frozen=True):
    source: str
    outcome: str
    error: str = ""


def incident(found: date, *, resolved: datetime | None = None, target: str = "regular") -> Incident:
    return Incident(
        id=f"XB-{target}-{found}",
        society="XB",
        target=target,
        status=Status.RESOLVED if resolved else Status.OPEN,
        drop_day=found - timedelta(days=2),
        detected_on=found,
        opened_at=datetime(found.year, found.month, found.day, 6, tzinfo=UTC) + timedelta(days=1),
        resolved_at=resolved,
        baseline=12.0,
        net_support=-15.0,
        change=-27.0,
        lower=-38.0,
        upper=-16.0,
        reason="the evidence passed",
    )


@cache  # a series takes a tenth of a second
def counts_of(
    *series: tuple[str, str],
) -> dict[tuple[str, str], Mapping[date, Sequence[StanceCount]]]:
    return {
        (society, target): simulated_series(
            seed, society=society, target=target, fall=25, falls_after=35 if seed == 1 else None
        ).counts
        for seed, (society, target) in enumerate(series)
    }


def example(**changed: object) -> Digest:
    given: dict[str, object] = {
        "counts": counts_of(("XB", "regular"), ("XA", "regular"), ("XA", "asylum")),
        "incidents": [incident(date(2026, 2, 12))],
        "ledger": {"judged": 900, "off_topic": 90, "duplicate": 7, "dead": 3},
        "attempts": [Attempt("a", "ok"), Attempt("b", "failed", "HTTP 503")],
        "models": ["lexicon 1"],
        "now": NOW,
    }
    return build_digest(WEEK, **given | changed)  # type: ignore[arg-type]  # named values, checked at the call


def test_a_week_is_estimated_from_the_sums_of_its_days_by_outlet() -> None:
    counts = counts_of(("XA", "regular"))
    (series,) = build_digest(WEEK, counts, now=NOW).series
    days = counts["XA", "regular"]
    this = [c for i in range(35, 42) for c in days[date(2026, 1, 5) + timedelta(i)]]
    last = [c for i in range(28, 35) for c in days[date(2026, 1, 5) + timedelta(i)]]
    assert series.week == estimate_point("XA", "regular", date(2026, 2, 9), this)
    assert series.last_week == estimate_point("XA", "regular", date(2026, 2, 2), last)
    assert series.change == change_between(last, this)
    assert series.week.n == sum(c.n for c in this)
    assert [p.day for p in series.before] == [
        date(2026, 1, 12) + timedelta(7 * i) for i in range(4)
    ]


def test_a_fall_in_the_week_shows_in_its_series_and_in_no_other() -> None:
    digest = example()
    changes = {(s.society, s.target): s.change for s in digest.series}
    fallen = changes.pop(("XA", "regular"))
    assert fallen is not None
    assert fallen.lower < -25 < fallen.upper < 0
    assert all(c is not None and c.lower < 0 < c.upper for c in changes.values())
    assert "larger than chance alone explains in XA regular;" in one_line(render_text(digest))


def test_series_stand_in_the_order_of_their_names() -> None:
    names = [(s.society, s.target) for s in example().series]
    assert names == [("XA", "asylum"), ("XA", "regular"), ("XB", "regular")]


def test_the_ledger_has_every_disposition_and_adds_up() -> None:
    digest = example()
    assert digest.rows_read == 1000
    assert digest.ledger["unsupported_language"] == 0
    said = "1,000 rows: 900 judged, 90 off topic, 0 unsupported language, 7 duplicate, 3 dead."
    assert said in one_line(render_text(digest))


def test_incidents_of_the_week_are_those_open_in_it_or_that_ended_in_it() -> None:
    monday, sunday = days_of_week(WEEK)
    noon = datetime(2026, 2, 9, 12, tzinfo=UTC)
    before = [
        incident(monday - timedelta(30), target="a"),
        incident(monday - timedelta(30), resolved=noon, target="b"),
        incident(monday - timedelta(30), resolved=noon - timedelta(days=1), target="c"),
        incident(sunday, target="d"),
        incident(sunday + timedelta(1), target="e"),
    ]
    assert [i.target for i in example(incidents=before).incidents] == ["a", "b", "d"]


def test_only_sources_whose_last_attempt_failed_are_failing() -> None:
    attempts = [
        Attempt("mended", "failed", "timeout"),
        Attempt("mended", "unchanged"),
        Attempt("down", "ok"),
        Attempt("down", "failed", "HTTP 500"),
        Attempt("down", "failed", "HTTP 503"),
        Attempt("fine", "ok"),
    ]
    digest = example(attempts=attempts)
    assert digest.sources == 3
    assert [(f.source, f.failed, f.attempts, f.error) for f in digest.failing] == [
        ("down", 2, 3, "HTTP 503")
    ]
    assert "down failed 2 of 3 times: HTTP 503" in render_text(digest)
    assert "2 of 3 sources answered" in render_text(digest)


def test_the_text_says_what_its_figures_are() -> None:
    text = one_line(render_text(example()))
    assert "Monday 2026-02-09 to Sunday 2026-02-15, in the monitored corpus" in text
    assert "Net support is the share of documents that support the target minus" in text
    assert "corrected for the mistakes that the model is known to make" in text
    assert "Judged by lexicon 1." in text
    assert "XB regular: fell from +12 to -15 (-27, 95 % interval -38 to -16) since" in text
    assert "SIMULATED" not in text
    assert "tolera" not in text
    assert "rank" not in text


def test_simulated_data_is_named_at_the_top() -> None:
    digest = example(simulated=True)
    assert "SIMULATED DATA" in render_text(digest).split("\n\n")[0]
    assert digest_title(digest) == (
        "[simulated] Attitudes toward migration, week 2026-W07: 1 incident open"
    )


def test_columns_stand_under_each_other() -> None:
    lines = render_text(example()).splitlines()
    (rule,) = [i for i, line in enumerate(lines) if line.startswith("---")]
    rows = [line for line in lines[rule + 1 : rule + 5] if line]
    assert len(rows) == 3
    ends = {line.index(" to ") for line in rows}
    assert len(ends) <= 2  # right-aligned: only the width of the upper limit may differ
    assert lines[rule + 3] == ""  # a gap between societies


def test_a_week_without_documents_has_no_figures_and_says_so() -> None:
    digest = example(counts={("XA", "regular"): {}}, incidents=[], attempts=[], ledger=None)
    (series,) = digest.series
    assert (series.week.net_support, series.change, series.week.state) == (
        None,
        None,
        State.NO_DATA,
    )
    text = render_text(digest)
    assert "so there is no figure" in text
    assert "this is no figure, not zero" in text
    assert "None was open this week." in text
    assert "0 rows" in text
    assert render_text(build_digest(WEEK, {}, now=NOW))


def test_a_weak_figure_carries_a_mark() -> None:
    counts = {
        ("XA", "regular"): {
            date(2026, 2, 10): [StanceCount(outlet="a", support=3, neutral=0, oppose=0)]
        }
    }
    text = render_text(example(counts=counts))
    assert "+100*" in text
    assert "do not quote it" in text


def test_the_digest_travels_as_a_message_whose_id_is_the_week() -> None:
    message = digest_message(example())
    assert (message.id, message.kind, message.incident) == ("digest-2026-W07", "digest", "")
    assert message.body == render_text(example())
    assert message.created_at == NOW


names = st.text(min_size=1, max_size=60)


@settings(deadline=None)  # on a busy machine one example may take longer than 200 ms
@given(st.dictionaries(st.tuples(names, names), st.integers(0, 10**6), max_size=4), names)
def test_no_line_is_longer_than_78_columns(volumes: dict[tuple[str, str], int], error: str) -> None:
    counts = {
        series: {
            date(2026, 2, day): [
                StanceCount(outlet=k, support=n, neutral=n // 2, oppose=n // 7) for k in "ab"
            ]
            for day in (3, 10)
        }
        for series, n in volumes.items()
    }
    attempts = [Attempt("source-" + "x" * 90, "failed", error * 20)]
    text = render_text(example(counts=counts, attempts=attempts, models=["model-" + "y" * 120]))
    assert max(map(len, text.split("\n"))) <= 78


def test_counts_of_a_week_leave_other_days_out() -> None:
    one = [StanceCount(outlet="a", support=1, neutral=1, oppose=0)]
    counts = {date(2026, 2, day): one for day in range(1, 29)}
    assert counts_of_week(counts, WEEK) == add_by_outlet(one * 7)


def test_a_now_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        build_digest(WEEK, {}, now=datetime(2026, 2, 16))  # noqa: DTZ001 - the fault that is tested


# -- What a change is made of, and what else is known ----------------------------------------------


def full_example(bad: str = "", **changed: object) -> Digest:
    """A digest with everything in it; `bad` stands in every text that comes from outside."""
    quote = Excerpt(
        outlet=bad or "Harbour Herald",
        day=date(2026, 2, 11),
        url="https://herald.example/a",
        stance=Stance.OPPOSE,
        sentence=bad or "Close the door.",
    )
    given: dict[str, object] = {
        "society_names": {"XA": bad or "Alder", "XB": bad or "Birch"},
        "confusions": {
            "regular": confusion_from_counts([[160, 24, 16], [20, 150, 30], [10, 30, 160]])
        },
        "topics": [
            TopicShare(
                society="XA",
                topic=bad or "crime_security",
                this_week=0.27,
                last_week=0.12,
                documents=212,
            )
        ],
        "conflations": [
            conflation("XA", [FlaggedCount(outlet=k, relevant=50, flagged=8) for k in "abcd"]),
            conflation("XB", [FlaggedCount(outlet="a", relevant=5, flagged=4)]),
        ],
        "spillovers": {
            "XA": Spillover(
                verdict=Verdict.NOT_DISTINGUISHABLE_FROM_ZERO,
                reason=bad,
                days=200,
                missing=0,
                horizon=7,
            )
        },
        "signals": [signal(date(2026, 2, 12), bad)],
        "typical": {"XA": [quote]},
        "models": [bad or "lexicon 1"],
        "attempts": [Attempt("a", "ok"), Attempt(bad or "b", "failed", bad or "HTTP 503")],
    }
    return example(**given | changed)


def signal(day: date, bad: str = "") -> Signal:
    return Signal(
        kind=SignalKind.SHOCK,
        society="XB",
        target=bad or "regular",
        day=day,
        since=day,
        change=-28.0,
        text=bad or "An unusual day",
    )


def test_a_week_is_compared_with_the_weeks_before_taken_together() -> None:
    counts = counts_of(("XA", "regular"))
    (series,) = build_digest(WEEK, counts, now=NOW).series
    days = counts["XA", "regular"]
    weeks = [counts_of_week(days, previous_week(WEEK, back)) for back in range(1, 6)]
    together = [count for week in weeks for count in week]
    assert series.baseline is not None
    assert series.baseline.weeks == 5  # the series begins so late
    assert series.baseline.net_support == estimate(together).net_support
    assert series.baseline.change == change_between(together, counts_of_week(days, WEEK))
    assert series.parts == labelled_change(weeks[0], counts_of_week(days, WEEK))


def test_a_baseline_needs_four_weeks_and_uses_eight_at_most() -> None:
    week = [StanceCount(outlet=k, support=20, neutral=10, oppose=10) for k in "abc"]
    assert baseline_of([week] * 3 + [[]] * 5, week) is None
    assert baseline_of([week] * 4, []) is None
    found = baseline_of([week] * 4 + [[]] * 4, week)
    assert found is not None
    assert found.weeks == 4
    assert found.change.change == 0
    assert found.lower < found.net_support < found.upper
    refused = confusion_from_counts([[1, 1, 1]] * 3)
    assert baseline_of([week] * 8, week, refused) is None
    days = {date(2026, 2, 15) - timedelta(days=n): week for n in range(7 * (BASELINE_WEEKS + 5))}
    (series,) = build_digest(WEEK, {("XA", "regular"): days}, now=NOW).series
    assert series.baseline is not None
    assert series.baseline.weeks == BASELINE_WEEKS


def test_a_change_is_taken_apart_and_labelled() -> None:
    digest = full_example()
    by_name = {(s.society, s.target): s for s in digest.series}
    fallen = by_name["XA", "regular"].parts
    assert fallen is not None
    assert fallen.within is not None
    assert fallen.label is ChangeLabel.OPINION
    text = render_text(digest)
    part = text[text.index("Against the baseline") : text.index("Incidents")]
    alder = part[part.index("Alder (XA)") : part.index("Birch (XB)")]
    (row,) = [line for line in alder.splitlines() if line.strip().startswith("regular")]
    figures = (fallen.within.change, fallen.within.lower, fallen.within.upper, fallen.mix)
    assert all(signed(each) in row for each in figures)
    assert row.endswith("opinion")
    assert "What the same outlets wrote changed in Alder regular." in one_line(text)
    assert "opinion: the change is larger than chance explains" in one_line(text)


def test_a_change_of_mix_is_called_mix_and_no_opinion() -> None:
    outlets = {"for": (90, 5, 5), "against": (5, 5, 90), "between": (30, 40, 30)}
    volumes = ({"for": 30, "against": 2, "between": 8}, {"for": 2, "against": 30, "between": 8})
    counts = {
        ("XA", "regular"): {
            day: [
                StanceCount(
                    outlet=f"{name} {n}",
                    support=s * many // 10,
                    neutral=m * many // 10,
                    oppose=o * many // 10,
                )
                for n in range(4)
                for name, (s, m, o) in outlets.items()
                for many in [volume[name]]
            ]
            for day, volume in zip((date(2026, 2, 4), date(2026, 2, 11)), volumes, strict=True)
        }
    }
    digest = example(counts=counts)
    (series,) = digest.series
    assert series.parts is not None
    assert series.parts.label is ChangeLabel.MIX
    text = one_line(render_text(digest))
    assert "In XA regular it is which outlets were counted (mix), not what they wrote." in text
    assert "no change of opinion" in text


def test_a_change_that_may_not_be_quoted_has_no_label() -> None:
    counts = {
        ("XA", "regular"): {
            date(2026, 2, day): [
                StanceCount(outlet="a", support=s, neutral=0, oppose=100 - s),
            ]
            for day, s in ((4, 95), (11, 5))
        }
    }
    digest = example(counts=counts)
    assert digest.series[0].parts is not None
    assert not digest.series[0].comparable
    text = render_text(digest)
    assert "opinion:" not in text
    assert "No series changed since last week by more than chance explains." in one_line(text)


def test_each_society_has_its_topics_conflation_order_in_time_and_excerpts() -> None:
    text = render_text(full_example())
    text = text[text.index("Seen and not alerted") :]
    alder = one_line(text[text.index("Alder (XA)") : text.index("Birch (XB)")])
    assert "crime and security 12 % to 27 % 212 documents" in alder
    share = full_example().conflations[0]
    assert share.share is not None
    assert (
        f"Conflation: {100 * share.share:.0f} % of 200 relevant documents treat regular and"
        in alder
    )
    assert "is not distinguishable from zero." in alder
    assert "against: “Close the door.” (Harbour Herald, 2026-02-11)" in alder
    assert "https://herald.example/a" in alder
    birch = one_line(text[text.index("Birch (XB)") :])
    assert "There is no figure of conflation: fewer than 10 relevant documents or authors." in birch


def test_an_incident_says_how_it_was_opened_and_what_the_days_since_show() -> None:
    found = incident(date(2026, 2, 12))
    low = msgspec.structs.replace(found, rule=Rule.FLOOR, baseline=-5.0, change=-10.0)
    settled = msgspec.structs.replace(found, settled_change=-22.4)
    text = one_line(render_text(example(incidents=[low])))
    assert (
        "XB regular: a level of -15, below its floor of -5 (-10, 95 % interval -38 to -16)" in text
    )
    assert "The seven days since show -22." in one_line(render_text(example(incidents=[settled])))


def test_signals_of_the_week_are_shown_as_not_alerted() -> None:
    digest = full_example(signals=[signal(date(2026, 2, day)) for day in (8, 9, 15, 16)])
    assert [s.day for s in digest.signals] == [date(2026, 2, 9), date(2026, 2, 15)]
    text = render_text(digest)
    text = text[text.index("Seen and not alerted") :]
    seen = one_line(text[: text.index("Alder (XA)")])
    assert "shock: Birch regular, 2026-02-09. An unusual day." in seen
    many = full_example(signals=[signal(date(2026, 2, 9))] * (MOST_SIGNALS + 3))
    assert "and 3 more." in render_text(many)


def test_the_quality_of_the_data_is_told() -> None:
    digest = full_example(ledger={"judged": 900, "unsupported_language": 90, "dead": 10})
    text = one_line(render_text(digest))
    assert "9 % of the rows are in languages that the model does not read" in text
    assert "10 dead letters" in text
    assert "1 of 2 sources answered" in text


def test_how_it_was_measured_is_told() -> None:
    text = one_line(render_text(full_example()))
    for said in (
        "Weighting: every document counts once",
        "Corrected with the matrix of known mistakes: regular (600 labelled documents).",
        "Not corrected: asylum.",
        "Conflation is the share of relevant documents",
        "is an order in time",
        "Baseline: the documents of the 8 weeks before taken together",
        "docs/method.md",
    ):
        assert said in text
    plain = one_line(render_text(example()))
    assert "Conflation" not in plain
    assert "order in time" not in plain


def test_all_of_it_fits_in_78_columns_except_links() -> None:
    for bad in ("", HOSTILE, FORMULA, "x" * 3000):
        text = render_text(full_example(bad))
        assert all(
            len(line) <= 78 or line.strip().startswith("https://") for line in text.split("\n")
        )


@pytest.mark.parametrize("bad", [HOSTILE, "\u202e" * 400, "a\n\nIncidents\n" * 50])
def test_what_comes_from_outside_breaks_no_line_and_hides_nothing(bad: str) -> None:
    message = digest_message(full_example(bad))
    assert unseen_characters(message.body) == []
    assert unseen_characters(message.title) == []
    assert message.body.count("\nIncidents\n") == 1
    message.body.encode("utf-8")


def test_nothing_is_ranked_and_nothing_says_why() -> None:
    text = render_text(full_example())
    assert not re.search(
        r"\b(rank|worst|best|most hostile|causes?|the public)\b",
        text.replace("the public as a whole", ""),
    )


def one_line(text: str) -> str:
    return " ".join(text.split())


# -- weeks ------------------------------------------------------------------------------------------


def test_a_week_runs_from_monday_to_sunday() -> None:
    assert days_of_week("2026-W47") == (date(2026, 11, 16), date(2026, 11, 22))
    assert week_of(date(2026, 11, 22)) == "2026-W47"


def test_the_new_year_belongs_to_the_week_that_has_its_thursday() -> None:
    assert days_of_week("2026-W53") == (date(2026, 12, 28), date(2027, 1, 3))
    assert week_of(date(2027, 1, 3)) == "2026-W53"
    assert previous_week("2027-W01") == "2026-W53"
    assert previous_week("2026-W02", 4) == "2025-W50"


@given(st.dates(date(2, 1, 1), date(9998, 12, 31)))
def test_every_day_is_in_its_week(day: date) -> None:
    monday, sunday = days_of_week(week_of(day))
    assert monday <= day <= sunday
    assert monday.weekday() == 0
    assert sunday - monday == timedelta(days=6)
    assert days_of_week(previous_week(week_of(day)))[1] == monday - timedelta(days=1)


@pytest.mark.parametrize("text", ["", "2026-47", "2026-W7", "W47", "2026-W47\n", "２０２６-W47"])
def test_what_is_not_written_as_a_week_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="write the year and ISO week as 2026-W47"):
        days_of_week(text)


@pytest.mark.parametrize("text", ["2025-W53", "2026-W54", "2026-W00", "0000-W01"])
def test_a_week_that_its_year_does_not_have_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="has no week"):
        days_of_week(text)
