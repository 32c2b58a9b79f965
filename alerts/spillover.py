"""Does the attitude toward irregular migration (x) lead support for regular programmes (y)?

Daily series are noisy readings of what they measure. Where one piece of news moves both on the same day, noisy
yesterdays of x still help to predict y, because they are a second reading of the same state: Granger's test
then finds a lead in both directions (Nalatore et al. 2007; Anderson, Deistler & Dufour 2019). So three tests
that fail in different places must agree (an intersection-union test: no further correction):

    projection     y of the next days on x of today, given the past of both      lag-augmented local projection
    asymmetry      x before y resembles more than y before x                     time-reversed Granger
    noise-robust   what is new in y today goes with x of two days ago and more   instrumental variables

Only leads of the same sign are looked for: a fall of x before a fall of y. An unobserved event that reaches x
first looks exactly like a lead, so no result says why.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum

import msgspec
import numpy as np
from numpy.typing import NDArray

PROJECTION_LEVEL = 0.05
ASYMMETRY_LEVEL = 0.05
NOISE_ROBUST_LEVEL = 0.015
"""One-sided levels; the last is smaller because its instruments are weak: at 0.03 two series that forget the same
news at different speeds pass as a lead in 5 to 7 % of cases (benchmarks/spillover.py)."""

TOGETHER_LEVEL = 0.005
"""One-sided, for moving together: two unrelated series of long memory (AR .98) do so in 3 to 5 % of cases, at 0.025 in
11 %."""

RECENT = 2.5
"""Days in which the weight of x in the noise-robust test falls to 1/e. In 180 days a lead of 3 days is then found in
85 % of cases, with equal weights in 46 %; one of 7 days in 88 and in 92 % (simulated)."""

MIN_DAYS = 120
"""At this length a lead of 3 days is shown to be robust in six of ten cases (benchmarks/spillover.py)."""

MAX_MISSING = 0.3
"""Share of days that may be missing in either series; a corpus without weekends misses 0.29."""

LARGEST = 200.0
"""Points: what a level or a change of net support can be at most."""

FLAT = 1e-6
"""Points: a standard deviation below it is rounding, not movement."""

SINGULAR = 1e-9
"""Relative size below which what is left of a column, or of 1 - leverage, is rounding."""

INSTRUMENTS = 4
"""Days y[t-2] .. y[t-5] that stand for y[t-1] without sharing its noise."""

Array = NDArray[np.float64]


class Verdict(StrEnum):
    """What may be said of the order in time of two series, from least to most."""

    TOO_SHORT = "too_short"
    NOT_DISTINGUISHABLE_FROM_ZERO = "not_distinguishable_from_zero"
    MOVES_TOGETHER = "moves_together"
    LEADS_IN_TIME = "leads_in_time"
    LEADS_ROBUST_TO_NOISE = "leads_robust_to_noise"


class Spillover(msgspec.Struct, frozen=True, kw_only=True):
    """The answer for one society. p values are one-sided and None where they could not be had."""

    verdict: Verdict
    reason: str
    """Why nothing, or less, could be tested; empty when everything could."""
    days: int
    """From the first to the last day that both series have."""
    missing: int
    """Days among them that either series lacks; they were interpolated."""
    horizon: int
    """Days ahead that were looked at."""
    lag: int | None = None
    """Days by which x leads; None unless the verdict is a lead."""
    effect: float | None = None
    """Points by which the mean of y over the next `horizon` days changes when x has fallen by 10 points.

    Negative when y follows. Noise in x shrinks it; among leads that were found in short series it is inflated.
    """
    lower: float | None = None
    upper: float | None = None
    """95 % interval of `effect`. Under a shared driver it may exclude 0 without any lead: the verdict decides."""
    correlation: float | None = None
    """On the same day, -1 to 1."""
    p_projection: float | None = None
    p_asymmetry: float | None = None
    p_noise_robust: float | None = None

    @property
    def p(self) -> float | None:
        """Of the lead that is robust to noise, for a level of 0.05 (for benjamini_yekutieli); None: not tested."""
        ps = (self.p_projection, self.p_asymmetry, self.p_noise_robust)
        levels = (PROJECTION_LEVEL, ASYMMETRY_LEVEL, NOISE_ROBUST_LEVEL)
        known = [p * 0.05 / level for p, level in zip(ps, levels, strict=True) if p is not None]
        return min(1.0, max(known)) if len(known) == len(ps) else None

    @property
    def sentence(self) -> str:
        """The answer for people, in one paragraph. It never says why one series comes first."""
        x, y = "attitudes toward irregular migration", "support for regular programmes"
        if self.verdict is Verdict.TOO_SHORT:
            return (
                f"Whether {x} move before {y} in the monitored corpus can't be tested: "
                f"{self.reason}."
            )
        if self.verdict is Verdict.NOT_DISTINGUISHABLE_FROM_ZERO:
            why = f" ({self.reason})" if self.reason else ""
            return (
                f"In the monitored corpus no lead of {x} over {y} can be told apart from zero{why}."
            )
        if self.verdict is Verdict.MOVES_TOGETHER:
            return (
                f"In the monitored corpus {x} and {y} move together on the same day "
                f"(correlation {_signed(self.correlation, 2)}); no lead of one over the other can "
                "be told apart from zero."
            )
        if self.verdict is Verdict.LEADS_ROBUST_TO_NOISE:
            strength = "It was confirmed once noise in both series was allowed for."
        else:
            strength = (
                "It could not be confirmed once noise in both series was allowed for: the second "
                "may only forget the same news more slowly."
            )
        return (
            f"In the monitored corpus {x} moved about {self.lag} day{'' if self.lag == 1 else 's'} "
            f"before {y}: after a fall of 10 points, mean support over the next {self.horizon} days "
            f"changed by {_signed(self.effect)} points (95 % interval {_signed(self.lower)} to "
            f"{_signed(self.upper)}). {strength} Noise in the first series shrinks this figure, "
            "and in a short series a lead that was found looks larger than it is. An event that "
            "reached the first series earlier would look the same."
        )


def spillover_test(
    x: Sequence[float | None], y: Sequence[float | None], *, horizon: int = 7
) -> Spillover:
    """Whether x leads y within `horizon` days (2 to 14).

    x and y: shape (days,), consecutive days, the same first day, in points of net support (levels or changes,
    -200 to +200); nan or None is a missing day. Weekday means are removed and missing days interpolated;
    days before and after those that both series have are left out. For the tests see `_projection`,
    `_asymmetry` and `_noise_robust`.

    A lead is robust to noise when all three tests reject, in time when the first two do. Otherwise the series
    move together when they are positively correlated on the same day (one-sided 0.5 %). A series that doesn't
    move, or is fixed by its own past, gives not_distinguishable_from_zero with its reason.

    Raises ValueError for series of different lengths, figures that are infinite or beyond 200 points, and a
    horizon outside 2 to 14.
    """
    if not 2 <= horizon <= 14:
        raise ValueError(f"the horizon is {horizon} days; choose 2 to 14")
    if len(x) != len(y):
        raise ValueError(
            f"x has {len(x)} days and y has {len(y)}; give both the same days, missing ones as nan"
        )
    first, second = _figures(x, "x"), _figures(y, "y")
    shared = np.flatnonzero(np.isfinite(first) & np.isfinite(second))
    if len(shared):
        window = slice(shared[0], shared[-1] + 1)
        first, second = first[window], second[window]
    days = len(first) if len(shared) else 0
    missing = days - len(shared)
    reason = _too_little(days, missing)
    if reason:
        return Spillover(
            verdict=Verdict.TOO_SHORT, reason=reason, days=days, missing=missing, horizon=horizon
        )
    return _test(_prepared(first), _prepared(second), missing, horizon)


def _figures(values: Sequence[float | None], name: str) -> Array:
    """As an array, None as nan."""
    figures = np.array([math.nan if v is None else float(v) for v in values], dtype=np.float64)
    wrong = np.flatnonzero(np.isinf(figures) | (np.abs(figures) > LARGEST))
    if len(wrong):
        day = int(wrong[0])
        raise ValueError(
            f"{name}[{day}] is {figures[day]:g}, which is no figure in points of net support; "
            "give a missing day as nan"
        )
    return figures


def _too_little(days: int, missing: int) -> str:
    if days < MIN_DAYS:
        shared = f"{days} day{'' if days == 1 else 's'} in common"
        return f"both series have {shared}, at least {MIN_DAYS} are needed"
    if missing > MAX_MISSING * days:
        most = f"{100 * MAX_MISSING:.0f} %"
        return f"{missing} of {days} days are missing, at most {most} may be"
    return ""


def _prepared(figures: Array) -> Array:
    """Weekday means removed, missing days interpolated, the mean of what results removed; shape (days,).

    Interpolation looks both ways in time alike, so it favours neither series as the first.
    """
    day = np.arange(len(figures))
    known = np.isfinite(figures)
    moved = figures.copy()
    for weekday in range(7):
        these = known & (day % 7 == weekday)
        if these.any():
            moved[these] -= figures[these].mean()
    filled = np.interp(day, day[known], moved[known])
    return np.asarray(filled - filled.mean())


def _test(x: Array, y: Array, missing: int, horizon: int) -> Spillover:
    """The tests on prepared series."""
    days = len(x)

    def untested(reason: str, correlation: float | None = None) -> Spillover:
        together = correlation is not None and correlation > 0
        return Spillover(
            verdict=Verdict.MOVES_TOGETHER if together else Verdict.NOT_DISTINGUISHABLE_FROM_ZERO,
            reason=reason,
            days=days,
            missing=missing,
            horizon=horizon,
            correlation=correlation,
        )

    spread_x, spread_y = float(x.std()), float(y.std())
    if min(spread_x, spread_y) < FLAT:
        flat = "attitudes toward irregular migration" if spread_x < FLAT else "support"
        return untested(f"{flat} did not move once weekdays were allowed for")
    u, v = x / spread_x, y / spread_y
    correlation = float(np.clip(np.mean(u * v), -1, 1))
    projection = _projection(u, v, horizon)
    if projection is None:
        fixed = "attitudes toward irregular migration are fixed by the other figures or by one day"
        same = 1 - abs(correlation) < SINGULAR
        return untested(fixed, correlation if same else None)
    slope, error, degrees = projection
    p_projection = _beyond(slope / error, degrees)
    p_asymmetry = _mean_above_zero(_asymmetry(u, v, horizon))
    p_noise_robust = _noise_robust(u, v, horizon)
    in_time = p_projection < PROJECTION_LEVEL and p_asymmetry < ASYMMETRY_LEVEL
    if in_time and p_noise_robust < NOISE_ROBUST_LEVEL:
        verdict = Verdict.LEADS_ROBUST_TO_NOISE
    elif in_time:
        verdict = Verdict.LEADS_IN_TIME
    elif _mean_above_zero(u * v) < TOGETHER_LEVEL:
        verdict = Verdict.MOVES_TOGETHER
    else:
        verdict = Verdict.NOT_DISTINGUISHABLE_FROM_ZERO
    per_fall = -10 * spread_y / spread_x
    half = abs(per_fall) * error * _quantile(degrees)
    return Spillover(
        verdict=verdict,
        reason="",
        days=days,
        missing=missing,
        horizon=horizon,
        lag=_lag(u, v, horizon) if in_time else None,
        effect=per_fall * slope,
        lower=per_fall * slope - half,
        upper=per_fall * slope + half,
        correlation=correlation,
        p_projection=p_projection,
        p_asymmetry=p_asymmetry,
        p_noise_robust=p_noise_robust,
    )


def _projection(x: Array, y: Array, horizon: int) -> tuple[float, float, int] | None:
    """Slope of mean y[t+1 .. t+H] on x[t], its standard error (HC3) and degrees of freedom.

    Controls: y[t] .. y[t-H] and x[t-1] .. x[t-H] (Jorda 2005; the lags make plain standard errors hold for
    persistent series: Montiel Olea & Plagborg-Moller 2021). Computed from r, what is left of x[t] after the
    controls: slope = r'Y / r'r, variance = sum (r e / (1 - leverage))^2 / (r'r)^2 (MacKinnon & White 1985).
    None when nothing is left of x[t], or when some day has all leverage, so that it decides alone.
    """
    t = np.arange(horizon, len(y) - horizon)
    ahead = _days(y, t, range(-horizon, 0)).mean(axis=0)
    controls = np.vstack(
        [np.ones(len(t)), _days(y, t, range(horizon + 1)), _days(x, t, range(1, horizon + 1))]
    ).T
    left, singular, _ = np.linalg.svd(controls, full_matrices=False)
    basis = left[:, singular > singular[0] * SINGULAR]
    rest = x[t] - basis @ (basis.T @ x[t])
    power = float(rest @ rest)
    if power < SINGULAR * float(x[t] @ x[t]) or power < SINGULAR:
        return None
    of_y = ahead - basis @ (basis.T @ ahead)
    slope = float(rest @ of_y) / power
    free = 1 - (basis**2).sum(axis=1) - rest**2 / power
    if free.min() < SINGULAR:
        return None
    error = float(np.linalg.norm(rest * (of_y - slope * rest) / free)) / power
    # a perfect fit has an error of rounding only; the floor keeps the ratio finite
    return slope, max(error, SINGULAR), len(t) - basis.shape[1] - 1


def _asymmetry(x: Array, y: Array, horizon: int) -> Array:
    """sum over k = 1..H of x[t-k] y[t] - x[t] y[t-k], by day; its mean is 0 when neither leads.

    The same idea as time-reversed Granger (Haufe et al. 2013; Winkler et al. 2016): noise and shared news of
    the same day stay as they are when time is turned round, a lead does not.
    """
    t = np.arange(horizon, len(y))
    back = range(1, horizon + 1)
    return np.asarray(_days(x, t, back).sum(axis=0) * y[t] - x[t] * _days(y, t, back).sum(axis=0))


def _noise_robust(x: Array, y: Array, horizon: int) -> float:
    """p of: news in y goes with x of two days ago and more. Noise, even shared on a day, drops out.

        u[t]   = y[t] - a y[t-1]                     a by instruments: y[t-2] .. y[t-5] project y[t-1] to h[t]
        X[t]   = sum of w[k] x[t-k], k = 2 .. H+1    w falls with k; x[t-1] would share the noise of y[t-1]
        psi[t] = u[t] (X[t] - h[t] E[X y1] / E[h y1])            the second part pays for estimating a

    (noise in Granger tests and its remedy: Anderson, Deistler & Dufour 2019.) What x knew two days ago reaches
    back with falling weight, because news of the day before last tells more than news of last week. A lead of
    a single day can hardly be told from noise. 1 when y has no memory to instrument.
    """
    t = np.arange(max(horizon + 1, INSTRUMENTS + 1), len(y))
    before = y[t - 1]
    instruments = _days(y, t, range(2, INSTRUMENTS + 2)).T
    h = instruments @ np.linalg.lstsq(instruments, before, rcond=SINGULAR)[0]
    strength = float(h @ before)
    if strength < SINGULAR:
        return 1.0
    # a memory beyond 1.2 is an accident of weak instruments
    a = float(np.clip(h @ y[t] / strength, -1.2, 1.2))
    news = y[t] - a * before
    weights = np.exp(-np.arange(horizon) / RECENT)
    past = weights @ _days(x, t, range(2, horizon + 2)) / weights.sum()
    paid = past - h * float(past @ before) / strength
    return _mean_above_zero((news - news.mean()) * paid)


def _lag(x: Array, y: Array, horizon: int) -> int:
    """The k in 1 .. H at which ccf(k) - ccf(-k), smoothed by 1/4, 1/2, 1/4, is largest."""
    n = len(x)
    lead = [float(x[: n - k] @ y[k:] - y[: n - k] @ x[k:]) / n for k in range(horizon + 2)]
    smooth = np.convolve(lead, [0.25, 0.5, 0.25], "valid")
    return 1 + int(np.argmax(smooth))


def _days(series: Array, t: NDArray[np.int_], back: Sequence[int]) -> Array:
    """series[t - k] for each k of `back`; shape (len(back), len(t)). Negative k look ahead."""
    return np.stack([series[t - k] for k in back])


def _mean_above_zero(series: Array) -> float:
    """One-sided p of mean > 0 for an autocorrelated series, shape (n,).

    t test with the equal-weighted-cosine long-run variance, nu = 0.4 n^(2/3) degrees of freedom (Lazarus,
    Lewis, Stock & Watson 2018). 1 for a series that doesn't move.
    """
    n = len(series)
    nu = max(4, round(0.4 * n ** (2 / 3)))
    waves = np.cos(np.pi * np.outer(np.arange(1, nu + 1), np.arange(n) + 0.5) / n)
    variance = 2 / n * float(np.mean((waves @ series) ** 2))
    if variance < SINGULAR**2:
        return 1.0
    return _beyond(float(series.mean()) / math.sqrt(variance / n), nu)


def _beyond(t: float, degrees: int) -> float:
    """P(T > t) for Student's t."""
    from scipy.special import stdtr

    return float(stdtr(degrees, -t))


def _quantile(degrees: int) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(degrees, 0.975))


def _signed(value: float | None, digits: int = 1) -> str:
    """With its sign, and a true minus; never a minus before a zero."""
    if value is None:
        return "unknown"
    text = f"{value:+.{digits}f}"
    return text.replace("-", "\N{MINUS SIGN}") if float(text) else text[1:]
