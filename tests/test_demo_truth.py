"""What was found, held against what is true."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec

from classify.disposition import Disposition
from flows.demo.truth import ExpectedRows, Level, Truth, compare, lines

FALL = date(2026, 9, 16)


class Found(msgspec.Struct, frozen=True):
    """The part of an incident that is compared."""

    society: str
    target: str
    drop_day: date
    detected_on: date
    change: float = -40.0


TRUTH = Truth(
    society="XB",
    target="regular",
    first_day=date(2026, 8, 17),
    end_day=date(2026, 9, 30),
    burst_day=date(2026, 9, 12),
    burst_days=8,
    fall_day=FALL,
    net_support_before=30,
    net_support_after=-20,
    levels=(Level(society="XB", target="regular", net_support=30, neutral=0.2),),
    counts=(),
    expected=ExpectedRows(
        about_migration=800, off_topic=150, unsupported_language=30, duplicates=12, dead=3
    ),
)
COUNTS = {
    Disposition.JUDGED: 800,
    Disposition.OFF_TOPIC: 150,
    Disposition.UNSUPPORTED_LANGUAGE: 30,
    Disposition.DUPLICATE: 12,
    Disposition.DEAD: 3,
}


def found(
    since: int, seen: int, *, society: str = "XB", target: str = "regular", change: float = -40.0
) -> Found:
    return Found(society, target, FALL + timedelta(since), FALL + timedelta(seen), change)


def test_the_fall_is_found_with_its_delay_and_its_dating_error() -> None:
    report = compare(TRUTH, [found(1, 5)], COUNTS)
    assert report.found
    assert (report.delay_days, report.dating_error_days) == (5, 1)
    assert (report.true_change, report.found_change) == (-50, -40.0)
    assert report.false_alerts == ()
    assert report.adds_up


def test_a_fall_that_nobody_saw_is_said_to_be_missed() -> None:
    report = compare(TRUTH, [], COUNTS)
    assert not report.found
    assert report.delay_days is None
    assert "found: no incident in XB/regular after that day" in lines(report)


def test_incidents_of_other_series_or_before_the_fall_are_false() -> None:
    report = compare(
        TRUTH, [found(0, 4), found(0, 4, society="XA"), found(-9, -6), found(0, 9)], COUNTS
    )
    assert report.found
    assert report.delay_days == 4
    assert report.further_alerts == 1
    assert [(a.society, (a.detected_on - FALL).days) for a in report.false_alerts] == [
        ("XB", -6),
        ("XA", 4),
    ]


def test_an_incident_seen_before_the_fall_does_not_count_as_finding_it() -> None:
    report = compare(TRUTH, [found(-3, -1)], COUNTS)
    assert not report.found
    assert len(report.false_alerts) == 1


def test_rows_that_moved_between_judged_and_off_topic_still_add_up() -> None:
    moved = {**COUNTS, Disposition.JUDGED: 790, Disposition.OFF_TOPIC: 160}
    report = compare(TRUTH, [], moved)
    assert report.adds_up
    assert [line.what for line in report.ledger if not line.agrees] == ["judged", "off topic"]


def test_a_lost_row_does_not_add_up() -> None:
    report = compare(TRUTH, [], {**COUNTS, Disposition.JUDGED: 799})
    assert not report.adds_up
    assert "ledger: does not add up" in lines(report)
    assert any("(-1)" in line for line in lines(report))


def test_a_dead_letter_counted_once_per_poll_does_not_add_up() -> None:
    report = compare(TRUTH, [], {**COUNTS, Disposition.DEAD: 30})
    assert not report.adds_up


def test_part_of_the_world_is_held_against_what_that_part_should_give() -> None:
    part = ExpectedRows(
        about_migration=10, off_topic=2, unsupported_language=0, duplicates=0, dead=0
    )
    counts = {Disposition.JUDGED: 10, Disposition.OFF_TOPIC: 2}
    assert compare(TRUTH, [], counts, expected=part).adds_up


def test_the_lines_say_what_was_found_when_and_how_large() -> None:
    text = lines(compare(TRUTH, [found(1, 5), found(0, 4, society="XA")], COUNTS))
    assert text[:5] == [
        "truth: XB/regular falls by 50 points from 2026-09-16",
        "found: XB/regular fell by 40 points (as judged) from 2026-09-17 (1 day after it)",
        "seen on: 2026-09-21 (5 days after it)",
        "false alerts: 1",
        "  XA/regular: -40 points from 2026-09-16, seen on 2026-09-20",
    ]
    assert max(map(len, text)) <= 100


def test_a_fall_dated_to_its_true_day_reads_so() -> None:
    text = lines(compare(TRUTH, [found(0, 0)], COUNTS))
    assert text[1].endswith("from 2026-09-16 (the true day)")
    assert text[2] == "seen on: 2026-09-16 (the true day)"


def test_shares_of_a_level_give_its_net_support() -> None:
    support, neutral, oppose = TRUTH.levels[0].shares
    assert abs(support + neutral + oppose - 1) < 1e-12
    assert abs(100 * (support - oppose) - 30) < 1e-9
