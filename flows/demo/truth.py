"""What is true of the simulated world, and how what was found compares with it.

    Truth + incidents + counts of dispositions -compare-> Report -lines-> plain text

Pure: nothing here knows how the incidents were found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Protocol

import msgspec

from classify.disposition import Disposition


class TrueCount(msgspec.Struct, frozen=True, kw_only=True):
    """Documents of one day that address one target, by the stance that they really have."""

    society: str
    target: str
    day: date
    support: int
    neutral: int
    oppose: int

    @property
    def n(self) -> int:
        """Documents that address the target."""
        return self.support + self.neutral + self.oppose


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """The chosen level of one series: what its documents are drawn from."""

    society: str
    target: str
    net_support: float
    """100 x (P(support) - P(oppose)), -100 to +100."""
    neutral: float
    """Share of neutral documents, 0 to 1."""

    @property
    def shares(self) -> tuple[float, float, float]:
        """Shares of support, neutral and oppose; they sum to 1."""
        sided = 1.0 - self.neutral
        support = (sided + self.net_support / 100) / 2
        return support, self.neutral, sided - support


class ExpectedRows(msgspec.Struct, frozen=True, kw_only=True):
    """How the ledger ends when every item that was published has been read once."""

    about_migration: int
    """Documents that address at least one target; they should be judged."""
    off_topic: int
    unsupported_language: int
    duplicates: int
    dead: int

    @property
    def rows(self) -> int:
        """All items published."""
        return (
            self.about_migration
            + self.off_topic
            + self.unsupported_language
            + self.duplicates
            + self.dead
        )


class Truth(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is known of the simulated world. No part of the pipeline sees it."""

    society: str
    """Where support falls."""
    target: str
    """For what support falls."""
    first_day: date
    end_day: date
    burst_day: date
    """First day of the burst of irregular-migration coverage in that society."""
    burst_days: int
    fall_day: date
    """First day at the lower level."""
    net_support_before: float
    """Chosen level, -100 to +100; the realised one is `true_net_support` over the days."""
    net_support_after: float
    levels: tuple[Level, ...]
    """Every series before the fall; all but the one that falls stay there."""
    counts: tuple[TrueCount, ...]
    """Every series and day, duplicates not counted, agency copy counted once per outlet."""
    expected: ExpectedRows

    @property
    def change(self) -> float:
        """Points of net support by which the level moves (negative: a fall)."""
        return self.net_support_after - self.net_support_before


def true_net_support(
    truth: Truth, society: str, target: str, first: date, last: date
) -> float | None:
    """Net support of a series by true labels over `first` to `last`, both included; None without documents."""
    rows = [
        row
        for row in truth.counts
        if row.society == society and row.target == target and first <= row.day <= last
    ]
    n = sum(row.n for row in rows)
    return 100 * sum(row.support - row.oppose for row in rows) / n if n else None


class SomeIncident(Protocol):
    """The fields of an incident that are compared; alerts' Incident has them."""

    @property
    def society(self) -> str:
        """Series: where."""
        ...

    @property
    def target(self) -> str:
        """Series: toward what."""
        ...

    @property
    def drop_day(self) -> date:
        """First day of the fall, as the detector dates it."""
        ...

    @property
    def detected_on(self) -> date:
        """Last day that the detector needed to see it."""
        ...

    @property
    def change(self) -> float:
        """Points of net support; negative for a fall."""
        ...


class FalseAlert(msgspec.Struct, frozen=True, kw_only=True):
    """An incident where nothing fell: another series, or this one before its fall."""

    society: str
    target: str
    drop_day: date
    detected_on: date
    change: float


class LedgerLine(msgspec.Struct, frozen=True, kw_only=True):
    """One word of the ledger, as it should be and as it is."""

    what: str
    expected: int
    counted: int

    @property
    def agrees(self) -> bool:
        """Whether both are the same."""
        return self.expected == self.counted


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was found, against what is true."""

    society: str
    target: str
    found: bool
    fall_day: date
    drop_day: date | None
    """When the detector says that it fell; None when it was not found."""
    detected_on: date | None
    delay_days: int | None
    """Days from the first day of the fall to the day of detection (0: the same day)."""
    dating_error_days: int | None
    """`drop_day` minus the true day: positive is late."""
    true_change: float
    found_change: float | None
    further_alerts: int
    """More incidents of the same fall, after the first."""
    false_alerts: tuple[FalseAlert, ...]
    ledger: tuple[LedgerLine, ...]
    """Judged and off topic stand in one line too: a gate that errs moves rows between the two."""

    @property
    def adds_up(self) -> bool:
        """Whether every row published has exactly one disposition, judged or off topic left aside."""
        return all(line.agrees for line in self.ledger if line.what not in (_JUDGED, _OFF_TOPIC))


_JUDGED = "judged"
_OFF_TOPIC = "off topic"


def compare(
    truth: Truth,
    incidents: Iterable[SomeIncident],
    dispositions: Mapping[Disposition, int],
    *,
    expected: ExpectedRows | None = None,
) -> Report:
    """Hold incidents and the ledger's counts against the truth.

    The fall counts as found by the first incident of its series that was detected on or after the
    day it began; earlier ones, and those of other series, are false. `expected` replaces the
    truth's when only part of the world was read (scenario.expected_rows). An item that a feed shows
    again in a later poll is expected once, not once per poll.
    """
    ordered = sorted(incidents, key=lambda i: (i.detected_on, i.society, i.target))
    hits = [i for i in ordered if _is_of(i, truth) and i.detected_on >= truth.fall_day]
    false = [i for i in ordered if not _is_of(i, truth) or i.detected_on < truth.fall_day]
    first = hits[0] if hits else None
    return Report(
        society=truth.society,
        target=truth.target,
        found=first is not None,
        fall_day=truth.fall_day,
        drop_day=first.drop_day if first else None,
        detected_on=first.detected_on if first else None,
        delay_days=(first.detected_on - truth.fall_day).days if first else None,
        dating_error_days=(first.drop_day - truth.fall_day).days if first else None,
        true_change=truth.change,
        found_change=first.change if first else None,
        further_alerts=max(0, len(hits) - 1),
        false_alerts=tuple(
            FalseAlert(
                society=i.society,
                target=i.target,
                drop_day=i.drop_day,
                detected_on=i.detected_on,
                change=i.change,
            )
            for i in false
        ),
        ledger=_ledger(expected or truth.expected, dispositions),
    )


def _is_of(incident: SomeIncident, truth: Truth) -> bool:
    return incident.society == truth.society and incident.target == truth.target


def _ledger(
    expected: ExpectedRows, dispositions: Mapping[Disposition, int]
) -> tuple[LedgerLine, ...]:
    def counted(*words: Disposition) -> int:
        return sum(dispositions.get(word, 0) for word in words)

    return (
        LedgerLine(
            what=_JUDGED, expected=expected.about_migration, counted=counted(Disposition.JUDGED)
        ),
        LedgerLine(
            what=_OFF_TOPIC, expected=expected.off_topic, counted=counted(Disposition.OFF_TOPIC)
        ),
        LedgerLine(
            what="judged + off topic",
            expected=expected.about_migration + expected.off_topic,
            counted=counted(Disposition.JUDGED, Disposition.OFF_TOPIC),
        ),
        LedgerLine(
            what="unsupported language",
            expected=expected.unsupported_language,
            counted=counted(Disposition.UNSUPPORTED_LANGUAGE),
        ),
        LedgerLine(
            what="duplicate",
            expected=expected.duplicates,
            counted=counted(Disposition.DUPLICATE),
        ),
        LedgerLine(what="dead", expected=expected.dead, counted=counted(Disposition.DEAD)),
        LedgerLine(what="rows", expected=expected.rows, counted=sum(dispositions.values())),
    )


def lines(report: Report) -> list[str]:
    """The report as plain text, one fact a line, at most 100 characters each."""
    series = f"{report.society}/{report.target}"
    text = [f"truth: {series} falls by {abs(report.true_change):.0f} points from {report.fall_day}"]
    if report.detected_on is None or report.drop_day is None or report.found_change is None:
        text.append(f"found: no incident in {series} after that day")
    else:
        text.append(
            f"found: {series} fell by {abs(report.found_change):.0f} points (as judged) from "
            f"{report.drop_day} ({_days(report.dating_error_days or 0)})"
        )
        text.append(f"seen on: {report.detected_on} ({_days(report.delay_days or 0)})")
        if report.further_alerts:
            text.append(f"further incidents of the same fall: {report.further_alerts}")
    text.append(f"false alerts: {len(report.false_alerts)}")
    text += [
        f"  {alert.society}/{alert.target}: {alert.change:+.0f} points from {alert.drop_day}, "
        f"seen on {alert.detected_on}"
        for alert in report.false_alerts
    ]
    text.append(f"ledger: {'adds up' if report.adds_up else 'does not add up'}")
    text += [
        f"  {line.what:<22}{line.counted:>7,} counted {line.expected:>7,} published"
        f"{'' if line.agrees else f'  ({line.counted - line.expected:+,})'}"
        for line in report.ledger
    ]
    return text


def _days(days: int) -> str:
    if days == 0:
        return "the true day"
    return f"{abs(days)} day{'' if abs(days) == 1 else 's'} {'after' if days > 0 else 'before'} it"


def days_between(first: date, last: date) -> list[date]:
    """Every day from `first` to `last`, both included."""
    return [first + timedelta(n) for n in range((last - first).days + 1)]
