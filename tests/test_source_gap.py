"""Whether a day of a society is degraded: sources that usually bring much of it were down, not merely quiet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

import pytest

from alerts.lost_stretch import LostStretch
from alerts.source_gap import (
    MISSING_SHARE,
    USUAL_DAYS,
    SourceAttempts,
    SourceGap,
    SourceVolume,
    Trouble,
    source_gap,
    trouble,
)

DAY = date(2026, 11, 17)
"""A Tuesday."""

Attempt = tuple[float, str]
"""Hours after the beginning of DAY, and `ok` or `failed`."""

Attempts = dict[str, dict[date, SourceAttempts]]
Volumes = dict[str, dict[date, SourceVolume]]

BEFORE: list[Attempt] = [(24.0 * n + 18, "ok") for n in range(-USUAL_DAYS, 0)]
"""Read every evening before DAY."""


def attempts(source: str, *made: Attempt, before: Sequence[Attempt] = BEFORE) -> Attempts:
    """By day, as the storage adds them up. The readings before DAY brought documents."""
    found: dict[date, SourceAttempts] = {}
    for hours, outcome in [*before, *made]:
        at = datetime.combine(DAY, time(), UTC) + timedelta(hours=hours)
        known = found.get(at.date())
        success, failure = (known.last_success, known.last_failure) if known else (None, None)
        found[at.date()] = SourceAttempts(
            source=source,
            day=at.date(),
            last_success=at if outcome == "ok" else success,
            last_failure=at if outcome == "failed" else failure,
            brought=hours < 0,
        )
    return {source: found}


def volumes(
    source: str, usual: int, on_the_day: int = 0, *, relevant: int | None = None, days: int = 28
) -> Volumes:
    """So many documents on each of the days before DAY, and on DAY."""
    counts = {DAY - timedelta(days=n): usual for n in range(1, days + 1)} | {DAY: on_the_day}
    return {
        source: {
            day: SourceVolume(
                source=source,
                society="XA",
                day=day,
                documents=count,
                relevant=count if relevant is None else relevant,
            )
            for day, count in counts.items()
        }
    }


def gap(made: Attempts, brought: Volumes) -> SourceGap | None:
    return source_gap("XA", DAY, made, brought)


def of_courier(
    *made: Attempt, documents: int = 0, usual: int = 10, before: Sequence[Attempt] = BEFORE
) -> SourceGap | None:
    """The gap where courier brings half of what XA reads; herald, the other half, is well."""
    return gap(
        attempts("courier", *made, before=before) | attempts("herald", (18, "ok")),
        volumes("courier", usual, documents) | volumes("herald", usual, usual),
    )


FAILED_ALL_DAY: list[Attempt] = [(hour, "failed") for hour in range(24)]


@pytest.mark.parametrize(
    ("made", "documents", "expected"),
    [
        # read on the day
        ([(18, "ok")], 10, None),
        ([(18, "ok")], 0, None),  # quiet
        ([(13, "failed"), (18, "ok"), (19, "failed")], 0, None),
        ([(3, "ok")], 0, None),  # once a day, in the morning
        # failed all day
        (FAILED_ALL_DAY, 0, Trouble.UNREAD),
        ([*FAILED_ALL_DAY, (30, "failed"), (60, "failed")], 0, Trouble.UNREAD),
        ([(18, "failed")], 0, Trouble.UNREAD),
        # and was repaired
        ([*FAILED_ALL_DAY, (30, "ok")], 10, None),
        ([*FAILED_ALL_DAY, (71, "ok")], 2, None),  # a fifth of the day was still there
        ([*FAILED_ALL_DAY, (71, "ok")], 1, Trouble.PARTLY_READ),
        ([*FAILED_ALL_DAY, (30, "ok")], 0, Trouble.PARTLY_READ),
        ([*FAILED_ALL_DAY, (72, "ok")], 0, Trouble.UNREAD),  # too late
        ([*FAILED_ALL_DAY, (72, "ok")], 8, None),  # but it held the day, or a file did
        # failed for a part of the day
        ([(8, "ok"), (9, "failed"), (20, "failed")], 4, None),
        ([(0.1, "ok"), (1, "failed"), (20, "failed")], 1, Trouble.PARTLY_READ),
        # nobody asked
        ([], 0, Trouble.NOT_ASKED),
        ([], 1, Trouble.NOT_ASKED),
        ([], 2, None),
        ([(100, "ok")], 0, Trouble.NOT_ASKED),
        ([(40, "ok")], 0, Trouble.PARTLY_READ),
        ([(40, "ok")], 9, None),
    ],
)
def test_a_source_is_down_when_nobody_could_read_the_day(
    made: list[Attempt], documents: int, expected: Trouble | None
) -> None:
    found = of_courier(*made, documents=documents)
    assert (found.sources[0].trouble if found else None) is expected
    if found:
        (missing,) = found.sources
        assert (missing.source, missing.share, missing.usual) == ("courier", 0.5, 10)
        assert found.share == 0.5


def test_a_source_that_failed_before_and_is_asked_seldom_since_is_still_failing() -> None:
    """After failures in a row it is asked once a day or less; that is no silence of the collector."""
    before: list[Attempt] = [*BEFORE[:-1], (-6, "failed")]
    found = of_courier(usual=1, before=before)
    assert found is not None and found.sources[0].trouble is Trouble.UNREAD


@pytest.mark.parametrize("usual", [4, 5])
def test_too_few_documents_are_told_from_chance_from_five_a_day_on(usual: int) -> None:
    late: list[Attempt] = [*FAILED_ALL_DAY, (30, "ok")]
    assert bool(of_courier(*late, usual=usual)) is (usual == 5)
    assert bool(of_courier(usual=usual)) is (usual == 5)
    assert of_courier(*FAILED_ALL_DAY, usual=usual)  # a failure needs no proof


def test_what_is_usual_is_what_that_weekday_brings() -> None:
    made = attempts("courier", *FAILED_ALL_DAY, (30, "ok"))
    brought = volumes("courier", 10)
    for weeks in range(1, 5):
        del brought["courier"][DAY - timedelta(weeks=weeks)]  # never on a Tuesday
    assert gap(made, brought) is None
    found = gap(made, volumes("courier", 10))
    assert found is not None and found.sources[0].usual == 10


# What it lost, by its own word


def hours(since: float, until: float) -> LostStretch:
    """Of hours after the beginning of DAY."""
    begin = datetime.combine(DAY, time(), UTC)
    return LostStretch(since=begin + timedelta(hours=since), until=begin + timedelta(hours=until))


READ_IN_THE_EVENING: list[Attempt] = [
    *((float(hour), "failed") for hour in range(2, 18)),
    (18, "ok"),
]


@pytest.mark.parametrize(
    ("lost", "made", "documents", "expected"),
    [
        ([hours(2, 18)], READ_IN_THE_EVENING, 4, Trouble.LOST),
        ([hours(2, 18)], [(23, "ok")], 4, Trouble.LOST),  # nobody asked, and nothing failed
        ([hours(6, 18)], READ_IN_THE_EVENING, 4, Trouble.LOST),  # half a day
        ([hours(6, 17.9)], READ_IN_THE_EVENING, 0, None),
        ([hours(0, 7), hours(5, 8), hours(20, 24)], [(18, "ok")], 3, Trouble.LOST),  # 12 hours
        ([hours(0, 7), hours(0, 7)], [(18, "ok")], 3, None),  # told twice
        ([hours(-90, 13)], [(18, "ok")], 3, Trouble.LOST),
        ([hours(-90, 0), hours(24, 90)], [(18, "ok")], 3, None),  # other days
        ([hours(-90, 90)], FAILED_ALL_DAY, 0, Trouble.LOST),
        ([hours(-90, 90)], [], 0, Trouble.LOST),
        # a back-fill brought the day all the same
        ([hours(2, 18)], READ_IN_THE_EVENING, 5, None),
    ],
)
def test_a_source_that_lost_most_of_a_day_was_down_on_it(
    lost: list[LostStretch], made: list[Attempt], documents: int, expected: Trouble | None
) -> None:
    known = attempts("courier", *made) | attempts("herald", (18, "ok"))
    brought = volumes("courier", 10, documents) | volumes("herald", 10, 10)
    found = source_gap("XA", DAY, known, brought, {"courier": lost})
    assert (found.sources[0].trouble if found else None) is expected
    if found:
        assert [(one.source, one.share) for one in found.sources] == [("courier", 0.5)]
        assert found.reason.endswith(
            f"courier (50 %) lost a stretch that it no longer gives, {documents} of about 10 documents are there"
        )


def test_a_source_that_brought_nothing_before_has_nothing_to_lose() -> None:
    known = attempts("courier", (18, "ok"), before=[])
    assert trouble(known["courier"], DAY, [hours(0, 24)]) is None


# How much is missing


@pytest.mark.parametrize(("usual", "degraded"), [(29, False), (30, True), (31, True), (0, False)])
def test_a_day_is_degraded_from_thirty_percent_on(usual: int, degraded: bool) -> None:
    made = attempts("courier", *FAILED_ALL_DAY) | attempts("herald", (18, "ok"))
    found = gap(made, volumes("courier", usual) | volumes("herald", 100 - usual, 70))
    assert bool(found) is degraded
    if found:
        assert found.share == pytest.approx(usual / 100) and found.share >= MISSING_SHARE - 1e-9


def test_what_several_sources_bring_is_added_up() -> None:
    names = ("courier", "herald", "post", "echo", "globe")
    made: Attempts = {}
    brought: Volumes = {}
    for name in names:
        made |= attempts(name, *(FAILED_ALL_DAY if name in names[:2] else [(18, "ok")]))
        brought |= volumes(name, 10)
    found = gap(made, brought)
    assert found is not None
    assert ([one.source for one in found.sources], found.share) == (["courier", "herald"], 0.4)
    made |= attempts("herald", (18, "ok"))
    assert gap(made, brought) is None


def test_documents_about_migration_weigh_and_no_others() -> None:
    """A general news feed brings many documents and few that count."""
    made = attempts("wire", *FAILED_ALL_DAY) | attempts("courier", (18, "ok"))
    brought = volumes("wire", 500, relevant=2) | volumes("courier", 20)
    assert gap(made, brought) is None
    made = attempts("wire", (18, "ok")) | attempts("courier", *FAILED_ALL_DAY)
    assert gap(made, brought) is not None


def test_an_outage_that_lasts_becomes_the_usual_by_and_by() -> None:
    degraded = []
    for length in range(1, USUAL_DAYS):
        made: list[Attempt] = [(24.0 * -n, "failed") for n in range(length)]
        before = [one for one in BEFORE if one[0] < -24 * (length - 1)]
        brought = volumes("courier", 10)
        for n in range(length):
            brought["courier"].pop(DAY - timedelta(days=n))
        known = attempts("courier", *made, before=before) | attempts("herald", (18, "ok"))
        if gap(known, brought | volumes("herald", 10)):
            degraded.append(length)
    assert degraded == list(range(1, 18))  # its seventeenth day has sixteen of them before it


# What is never judged


def test_documents_without_attempts_never_degrade() -> None:
    brought = volumes("import:posts.csv", 90) | volumes("courier", 10)
    assert gap({}, brought) is None
    assert gap(attempts("courier", *FAILED_ALL_DAY), brought) is None  # a tenth


def test_a_feed_that_was_never_read_before_is_not_judged() -> None:
    made = attempts("courier", *FAILED_ALL_DAY, before=[])
    assert gap(made, volumes("courier", 10)) is None
    never = attempts("courier", *FAILED_ALL_DAY, before=[(hours, "failed") for hours, _ in BEFORE])
    quiet = {
        day: SourceAttempts(
            source="courier",
            day=day,
            last_success=None,
            last_failure=one.last_failure,
            brought=False,
        )
        for day, one in never["courier"].items()
    }
    assert trouble(quiet, DAY) is None


def test_a_day_before_which_nothing_relevant_came_has_nothing_usual() -> None:
    made = attempts("courier", *FAILED_ALL_DAY)
    assert gap(made, {}) is None
    assert gap(made, volumes("courier", 10, relevant=0)) is None


def test_other_days_are_passed_over() -> None:
    made = attempts("courier", (18, "ok"), (24 * 9, "failed"))
    later = DAY + timedelta(days=1)
    assert gap(made, volumes("courier", 10)) is None
    assert source_gap("XA", later, made, volumes("courier", 10, 10)) is not None
    assert source_gap("XA", DAY + timedelta(days=90), made, volumes("courier", 10)) is None


# What is said


def test_the_reason_names_the_sources_the_largest_first() -> None:
    made = (
        attempts("globe", *FAILED_ALL_DAY, (30, "ok"))
        | attempts("courier", *FAILED_ALL_DAY)
        | attempts("echo")
        | attempts("herald", (18, "ok"))
    )
    brought = (
        volumes("globe", 20, 3)
        | volumes("courier", 50)
        | volumes("echo", 10)
        | volumes("herald", 20, 25)
    )
    found = gap(made, brought)
    assert found is not None
    assert found.reason == (
        "XA 2026-11-17: sources that usually bring 80 % of the documents about migration were down: "
        "courier (50 %) could not be read; "
        "globe (20 %) was read only in part or late, 3 of about 20 documents are there; "
        "echo (10 %) was not asked, 0 of about 10 documents are there"
    )
