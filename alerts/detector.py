"""The detector: when has net support of a series fallen, by how much, since when.

    counts by outlet -within outlets-> x, v -weekday, scale, news-> evidence -beats chance and any passing shock-> Drop

While a fall is open the past is frozen, and what follows is compared with the level that it fell to. It is
causal: what is said of a day depends on no later day.
All series are walked through side by side; what is said of one depends on no other.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from datetime import date

import msgspec
import numpy as np

from alerts.confusion import NET, Triple
from alerts.day_spread import NEWS_MEMORY, DaySpread
from alerts.drop import Drop, Settled, Shock
from alerts.fall_evidence import FIRST_DAYS, FallEvidence
from alerts.outlet_panel import Array, OutletPanel, day_at, outlet_panel
from alerts.point import StanceCount
from alerts.t_quantile import Z95
from alerts.within_outlet import BASELINE_DAYS, DayChange, WithinOutlet

BEATS_SHOCK = 0.8
"""The best fall must explain the days better than the best passing shock: by this much, in log likelihood."""

SHOCK_SIGMAS = 4.0
"""A day so many standard deviations below is an unusual day; it is not yet a drop."""

WINDOW_DAYS = 60
"""The fall is looked for in at most this many days before the alarm."""

CONFIRM_DAYS = 7
"""Days after an alarm whose mean replaces the size at the alarm, which chance had a part in. A fall is over when the
mean of the last so many is two thirds of the way back; earlier, by more than its standard error."""

FEWEST_DAYS_BACK = 3
"""Days after an alarm that are needed to call it over."""

DEEPER_SIGMAS, DEEPER_POINTS = 1.5, 2.0
"""A fall whose mean of the seven days after its alarm lies lower than was said then, by so many standard errors and so many
points, is said anew: a small one may have been an accident that a large one followed."""

SETTLED_DAYS = 112
"""A fall that lasts so long has become the usual level."""


class DetectorSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator may change."""

    false_alarm_days: float = 365.0
    """Mean days between false alarms when nothing changes, over all series together (the ARL)."""
    series: int = 1
    """Number of series watched together: they share the false alarms."""


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """One series as the detector sees it."""

    society: str
    target: str
    counts: Mapping[date, Sequence[StanceCount]]
    """Judged documents by day, outlet and story."""
    scores: Triple = NET
    """Of a document judged support, neutral, oppose; corrected for classifier error: `Correction.scores`."""
    unusable: Collection[date] = ()
    """Days that must not be looked at, because sources were down."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in one series, in day order."""

    drops: tuple[Drop, ...] = ()
    shocks: tuple[Shock, ...] = ()
    settled: tuple[Settled, ...] = ()


class _Window(msgspec.Struct, frozen=True, kw_only=True):
    """Days up to an alarm: number of the first, mean change in points, variance of that mean."""

    first: int
    change: float
    variance: float


_DEFAULTS = DetectorSettings()


def detect(series: Watched, settings: DetectorSettings = _DEFAULTS) -> tuple[Drop, ...]:
    """The drops of one series, in day order; see `find`."""
    return find([series], settings)[0].drops


def find(series: Sequence[Watched], settings: DetectorSettings = _DEFAULTS) -> tuple[Found, ...]:
    """Drops and shocks of each series, each by itself; copies of a story count once.

    A day with fewer than three outlets that have a past, or with a past of fewer than 14 days, changes nothing; a
    missing day neither. The score is S = ln mean_d sum_first exp(LR) (Shiryaev 1963, Roberts 1966; mixture over
    sizes: Pollak 1987); an alarm needs S > threshold_for(sigma) and a fall that beats every passing shock.
    Empty input gives an empty answer. Raises ValueError for a negative count.
    """
    with_days = [number for number, each in enumerate(series) if each.counts]
    if not with_days:
        return tuple(Found() for _ in series)
    chosen = [series[number] for number in with_days]
    panel = outlet_panel([each.counts for each in chosen], [each.unusable for each in chosen])
    names = [(each.society, each.target) for each in chosen]
    scores = np.array([each.scores for each in chosen], dtype=float)
    found = dict(zip(with_days, find_in_panel(panel, names, scores, settings), strict=True))
    return tuple(found.get(number, Found()) for number in range(len(series)))


def find_in_panel(
    panel: OutletPanel,
    names: Sequence[tuple[str, str]],
    scores: Array,
    settings: DetectorSettings = _DEFAULTS,
) -> tuple[Found, ...]:
    """`find` for counts that are a panel already: names are (society, target) and scores (series, 3) by series."""
    walk = _Walk(names, panel, scores, settings)
    for t in range(panel.days):
        walk.step(t)
    return walk.found()


def threshold_for(sigma: float | Array, settings: DetectorSettings = _DEFAULTS) -> float | Array:
    """What the score must pass, for days with standard deviation `sigma` (points).

        h = ln(ARL) - 0.82 + 0.2 ln(sigma / 9)         ARL = false_alarm_days x series, in days

    ln(ARL) is the martingale bound of Pollak 1987: without a change exp(S) - t is a martingale. The rest was
    fitted so that the mean time between false alarms is ARL (`python -m benchmarks.detection`).
    """
    arl = settings.false_alarm_days * max(1, settings.series)
    threshold: float | Array = math.log(arl) - 0.82 + 0.2 * np.log(np.asarray(sigma) / 9)
    return threshold


class _Walk:
    """All series on one day after the other."""

    def __init__(
        self,
        names: Sequence[tuple[str, str]],
        panel: OutletPanel,
        scores: Array,
        settings: DetectorSettings,
    ) -> None:
        n = len(names)
        self._names, self._panel, self._settings = names, panel, settings
        self._outlets = WithinOutlet(panel, scores)
        self._spread = DaySpread(n, panel.days)
        self._evidence = FallEvidence(n)
        self._open = np.zeros(n, dtype=bool)
        self._since = np.zeros(n, dtype=np.int64)
        self._change = np.zeros(n)
        self._after: list[list[float]] = [[] for _ in range(n)]
        self._drops: list[list[Drop]] = [[] for _ in range(n)]
        self._shocks: list[list[Shock]] = [[] for _ in range(n)]
        self._settled: list[list[Settled]] = [[] for _ in range(n)]

    def found(self) -> tuple[Found, ...]:
        return tuple(
            Found(drops=tuple(drops), shocks=tuple(shocks), settled=tuple(settled))
            for drops, shocks, settled in zip(self._drops, self._shocks, self._settled, strict=True)
        )

    def step(self, t: int) -> None:
        open_ = self._open.copy()
        day = self._outlets.change(t, open_)
        x = self._spread.centred(t, day.x, day.v, day.usable)
        total = self._spread.scaled(day.v)
        news = self._spread.news
        own = np.maximum(total - news, 0.25 * total)
        lasting = own + news * (1 + NEWS_MEMORY) / (1 - NEWS_MEMORY)
        short = np.maximum(lasting / np.maximum(day.past, 1) - lasting / BASELINE_DAYS, 0.0)
        extra = np.where(day.usable, short, 0.0)
        most, lead = self._evidence.add(t, x, own, news, extra, day.usable, open_)
        threshold = np.asarray(threshold_for(np.sqrt(own + news), self._settings))
        # The evidence itself is asked only of series that it can be enough for: few on any day.
        perhaps = np.flatnonzero(day.usable & (most > threshold) & (lead > BEATS_SHOCK))
        score = np.full(len(most), -np.inf)
        if len(perhaps):
            score[perhaps] = self._evidence.score(perhaps)
        alarm = score > threshold
        for s in np.flatnonzero(open_):
            self._spread.fell(int(s), t, t)
        self._outlets.join_past(t, np.flatnonzero(~open_))
        for s in np.flatnonzero(alarm):
            ratio = float(lasting[s] / total[s])
            self._alarm(int(s), t, day, ratio, float(news[s]), float(score[s]), float(threshold[s]))
        for s in np.flatnonzero(open_ & self._open & day.usable):
            self._follow(int(s), t, day, float(x[s]), float(lasting[s]), float(news[s]))
        with np.errstate(divide="ignore"):
            z = x / np.sqrt(own + news)
        for s in np.flatnonzero(day.usable & (z < -SHOCK_SIGMAS)):
            self._shocks[s].append(self._shock(int(s), t, day, float(x[s]), float(z[s])))

    def _follow(
        self, s: int, t: int, day: DayChange, x: float, lasting: float, news: float
    ) -> None:
        """A day of an open fall: is it over, or has its level become the usual one?"""
        after = self._after[s]
        after.append(x)
        recent = after[-CONFIRM_DAYS:]
        mean = sum(recent) / len(recent)
        back = self._change[s] / 3
        if len(after) == CONFIRM_DAYS:
            error = math.sqrt(lasting / CONFIRM_DAYS)
            lower = float(self._change[s]) - mean
            if lower > max(DEEPER_SIGMAS * error, DEEPER_POINTS):
                self._drops[s].append(self._deeper(s, t, day, mean, error, lower / error))
            self._change[s] = min(mean, 0.0)
            self._settled[s].append(self._settle(s, t, error))
        # before that many days a good one may be chance
        doubt = math.sqrt(lasting / len(recent)) if len(after) < CONFIRM_DAYS else 0.0
        if len(recent) >= FEWEST_DAYS_BACK and mean - doubt > back:
            self._evidence.restart(s)
            self._open[s] = False
        elif t - self._since[s] >= SETTLED_DAYS:
            self._outlets.begin_anew(s, int(self._since[s]), t)
            self._spread.settled(s, int(self._since[s]), t)
            self._evidence.absorb(s, 0.0, lasting / BASELINE_DAYS, news)
            self._open[s] = False

    def _alarm(
        self,
        s: int,
        t: int,
        day: DayChange,
        ratio: float,
        news: float,
        score: float,
        threshold: float,
    ) -> None:
        """A fall, or a further one: what follows an alarm is compared with the level that it fell to."""
        rests_at = float(self._change[s]) if self._open[s] else 0.0
        fall = self._likeliest(s, t, ratio, rests_at)
        if fall.change >= 0:  # it has come down from a height, not fallen below its past
            self._evidence.restart(s)
            return
        self._evidence.absorb(s, rests_at + fall.change, fall.variance, news)
        self._drops[s].append(self._drop(s, t, day, rests_at, fall, score, threshold))
        if not self._open[s]:
            self._outlets.leave_past(s, t - fall.first + 1)
            self._spread.fell(s, fall.first, t)
            self._since[s] = fall.first
            self._open[s] = True
        self._change[s] = rests_at + fall.change
        self._after[s] = []

    def _likeliest(self, s: int, t: int, ratio: float, rests_at: float) -> _Window:
        """The window up to t that stands out most from `rests_at`: the largest -sum((x - r)/v) / sqrt(sum(1/v))."""
        before = max(0, t - WINDOW_DAYS + 1)
        x, v = self._spread.window(s, before, t)
        scale = ratio * float(self._spread.scale[s])
        top = total = 0.0
        best, found = -math.inf, _Window(first=t, change=0.0, variance=1.0)
        for number in range(t, before - 1, -1):
            if number > t - FIRST_DAYS and not self._evidence.sees(s, number):
                break
            if math.isnan(x[number - before]):
                continue
            top += (x[number - before] - rests_at) / v[number - before]
            total += 1 / v[number - before]
            if -top / math.sqrt(total) > best:
                best = -top / math.sqrt(total)
                found = _Window(
                    first=number, change=float(top / total), variance=float(scale / total)
                )
        return found

    def _drop(
        self,
        s: int,
        t: int,
        day: DayChange,
        rests_at: float,
        fall: _Window,
        score: float,
        threshold: float,
        why: str = "no passing shock explains it as well",
    ) -> Drop:
        past = max(1, int(day.past[s]))
        half = Z95 * math.sqrt(fall.variance * (1 + (t - fall.first + 1) / past))
        baseline = float(day.level[s]) + rests_at
        since, detected = day_at(self._panel, fall.first), day_at(self._panel, t)
        society, target = self._names[s]
        against = "the level it had fallen to" if rests_at else f"the {past} days of their own past"
        reason = (
            f"within outlets, net support was {-fall.change:.1f} points lower from {since} to {detected} than "
            f"in {against} ({baseline:+.1f}); the evidence of {score:.1f} passed {threshold:.1f} and {why}"
        )
        return Drop(
            society=society,
            target=target,
            detected_on=detected,
            since=since,
            baseline=baseline,
            net_support=baseline + fall.change,
            change=fall.change,
            lower=fall.change - half,
            upper=fall.change + half,
            score=score,
            threshold=threshold,
            reason=reason,
        )

    def _deeper(
        self, s: int, t: int, day: DayChange, mean: float, error: float, sigmas: float
    ) -> Drop:
        """The fall again, by the seven days after its alarm. Evidence: the log likelihood that these days gain by not
        lying where the alarm said.
        """
        week = _Window(first=t - CONFIRM_DAYS + 1, change=mean, variance=error**2)
        said = self._change[s]
        why = f"it is deeper than the {-said:.1f} points that were said when it was found"
        return self._drop(s, t, day, 0.0, week, sigmas**2 / 2, DEEPER_SIGMAS**2 / 2, why)

    def _settle(self, s: int, t: int, error: float) -> Settled:
        society, target = self._names[s]
        change = float(self._change[s])
        return Settled(
            society=society,
            target=target,
            detected_on=self._drops[s][-1].detected_on,
            day=day_at(self._panel, t),
            change=change,
            lower=change - Z95 * error,
            upper=change + Z95 * error,
        )

    def _shock(self, s: int, t: int, day: DayChange, x: float, z: float) -> Shock:
        society, target = self._names[s]
        return Shock(
            society=society,
            target=target,
            day=day_at(self._panel, t),
            change=x,
            baseline=float(day.level[s]),
            sigmas=-z,
        )
