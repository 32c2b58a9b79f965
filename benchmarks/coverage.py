"""How often the 95 % interval of net support holds the truth, in simulated weeks with a known answer.

    python -m benchmarks.coverage [--weeks 2000] [--weighting per_document]

THE DATA ARE SIMULATED: this shows what the estimator does in a world as simulated, and is no field
validation. Every week is drawn anew: its outlets (3 to 40, of unequal size or not), documents (60 to
1,000), a classifier of the given accuracy whose mistakes fall where they fall, and a labelled sample of
300 to 600 whose mix of stances is not that of the week (prior shift). The design effect comes about in one
of three ways:

    outlets   outlets take sides: shares of stances differ between outlets (Dirichlet)
    copies    an outlet prints the same text several times; no story says so
    agency    many outlets print the same text; a story says so

The truth is the net support that outlets and documents were drawn from. `before` is the coverage of
alerts.net_support, which knows of no classifier error; `naive` that of independent documents.
"""

from __future__ import annotations

import argparse
import math
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import product
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from alerts.confusion import Confusion, confusion_from_counts
from alerts.estimate import estimate
from alerts.net_support import estimate_point
from alerts.point import StanceCount
from alerts.weighting import Weighting

POPULATIONS = {
    "5 %": (0.05, 0.25, 0.70),
    "20 %": (0.20, 0.30, 0.50),
    "50 %": (0.50, 0.20, 0.30),
    "80 %": (0.80, 0.10, 0.10),
    "95 %": (0.95, 0.025, 0.025),
}
"""True shares of support, neutral, oppose, by prevalence of support."""

ACCURACIES = (0.70, 0.80, 0.95)
DESIGN_EFFECTS = (1, 2, 5, 10)
OUTLETS = (3, 5, 10, 20, 40)
DOCUMENTS = (60, 200, 1000)
CLUSTERING = ("outlets", "copies", "agency")

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Week(msgspec.Struct, frozen=True, kw_only=True):
    """One simulated week and what was put into it."""

    counts: tuple[StanceCount, ...]
    confusion: Confusion
    truth: float
    """Net support of the population, in points."""
    cell: dict[str, str]
    """Value by name of what was varied."""


class Tally(msgspec.Struct):
    """Weeks of one kind."""

    weeks: int = 0
    held: int = 0
    before: int = 0
    naive: int = 0
    widths: list[float] = []
    cells: dict[str, list[int]] = msgspec.field(default_factory=dict)
    """Weeks and weeks held by full cell (prevalence x accuracy x design effect)."""


def simulated_week(
    rng: np.random.Generator, population: str, accuracy: float, design_effect: int
) -> Week:
    """A week of the given kind; what is not given is drawn."""
    shares = np.array(POPULATIONS[population])
    clustering = str(rng.choice(CLUSTERING))
    outlets = int(rng.choice(OUTLETS))
    # enough of each outlet that the design effect can come about
    documents = max(int(rng.choice(DOCUMENTS)), outlets * (2 * design_effect - 1))
    size = np.exp(rng.normal(0.0, rng.choice([0.0, 0.8]), outlets))
    size /= size.sum()
    mistakes = confusions(rng, accuracy)
    if clustering == "agency":
        counts = _agency(rng, shares, mistakes, size, documents, design_effect)
    else:
        volume = rng.poisson(documents * size)
        volume[0] = max(volume[0], 1)
        judged = (_sides if clustering == "outlets" else _copies)(
            rng, shares, mistakes, volume, design_effect
        )
        counts = tuple(
            StanceCount(outlet=f"outlet-{k}", support=s, neutral=m, oppose=o)
            for k, (s, m, o) in enumerate(judged.tolist())
        )
    labelled = rng.multinomial(int(rng.integers(300, 601)), rng.dirichlet([6.0, 6.0, 6.0]))
    return Week(
        counts=counts,
        confusion=confusion_from_counts(
            [
                rng.multinomial(max(n, 1), row).tolist()
                for n, row in zip(labelled, mistakes, strict=True)
            ]
        ),
        truth=100 * float(shares[0] - shares[2]),
        cell={
            "support": population,
            "accuracy": f"{accuracy:.0%}",
            "design effect": str(design_effect),
            "outlets": str(outlets),
            "documents": str(min(each for each in DOCUMENTS if each >= min(documents, 1000))),
            "clustering": clustering,
        },
    )


def confusions(rng: np.random.Generator, accuracy: float) -> Floats:
    """(3, 3) P(judged | true): the accuracy within 5 points by stance, mistakes to either side."""
    m = np.zeros((3, 3))
    for i in range(3):
        right = min(accuracy + rng.uniform(-0.05, 0.05), 0.99)
        left = rng.uniform(0.2, 0.8)
        m[i] = np.insert((1 - right) * np.array([left, 1 - left]), i, right)
    return m


def _sides(
    rng: np.random.Generator, shares: Floats, mistakes: Floats, volume: Ints, design_effect: int
) -> Ints:
    """Outlets' own shares vary by as much as gives the design effect; documents are judged one by one."""
    alike = 0.0
    if design_effect > 1:
        alike = (design_effect - 1) / max((volume**2).sum() / volume.sum() - 1, 1.0)
    if alike < 1e-9:
        own = np.tile(shares, (len(volume), 1))
    else:
        alike = min(alike, 0.9)
        own = rng.dirichlet(shares * (1 - alike) / alike, len(volume))
    true = rng.multinomial(volume, own)
    return np.asarray(sum(rng.multinomial(true[:, i], mistakes[i]) for i in range(3)))


def _copies(
    rng: np.random.Generator, shares: Floats, mistakes: Floats, volume: Ints, design_effect: int
) -> Ints:
    """Every text is printed as often as the design effect says, and judged alike every time."""
    texts = np.maximum((volume + rng.integers(0, design_effect, len(volume))) // design_effect, 0)
    texts[0] = max(texts[0], 1)
    return np.asarray(design_effect * rng.multinomial(texts, shares @ mistakes))


def _agency(
    rng: np.random.Generator,
    shares: Floats,
    mistakes: Floats,
    size: Floats,
    documents: int,
    design_effect: int,
) -> tuple[StanceCount, ...]:
    """Texts are printed a geometric number of times, by outlets drawn by size.

    Their sum of squares over their sum, the design effect of copies that are alike, is then (2 - p) / p.
    """
    p = 2 / (design_effect + 1)
    texts = max(round(documents * p), 2)
    judged = rng.choice(3, texts, p=shares @ mistakes)
    printed = rng.multinomial(rng.geometric(p, texts), size)
    return tuple(
        StanceCount(
            outlet=f"outlet-{k}",
            story=f"story-{text}",
            **{
                name: int(printed[text, k]) * int(judged[text] == j)
                for j, name in enumerate(("support", "neutral", "oppose"))
            },
        )
        for text, k in zip(*np.nonzero(printed), strict=True)
    )


def weeks_of_all(weeks: int, seed: int = 1) -> Iterator[Week]:
    """`weeks` weeks of every prevalence, accuracy and design effect."""
    for place, (population, accuracy, effect) in enumerate(
        product(POPULATIONS, ACCURACIES, DESIGN_EFFECTS)
    ):
        rng = np.random.default_rng([seed, place])
        for _ in range(weeks):
            yield simulated_week(rng, population, accuracy, effect)


def tallies(
    weeks: Iterable[Week], weighting: Weighting
) -> tuple[dict[tuple[str, str], Tally], int]:
    """By what was varied and its value; and the weeks whose matrix was refused, which count nowhere."""
    found: dict[tuple[str, str], Tally] = defaultdict(Tally)
    refused = 0
    for week in weeks:
        result = estimate(week.counts, confusion=week.confusion, weighting=weighting)
        if result.lower is None or result.upper is None:
            refused += 1
            continue
        held = result.lower <= week.truth <= result.upper
        before, naive = _before(week), _naive(week)
        full = " · ".join(week.cell[name] for name in ("support", "accuracy", "design effect"))
        for kind in (*week.cell.items(), ("all", "")):
            tally = found[kind]
            tally.weeks += 1
            tally.held += held
            tally.before += before
            tally.naive += naive
            tally.widths.append((result.upper - result.lower) / 2)
            cell = tally.cells.setdefault(full, [0, 0])
            cell[0] += 1
            cell[1] += held
    return found, refused


def _before(week: Week) -> bool:
    counts = [
        StanceCount(outlet=c.outlet, support=c.support, neutral=c.neutral, oppose=c.oppose)
        for c in week.counts
    ]
    point = estimate_point("XA", "regular", date(2026, 1, 5), counts)
    return (
        point.lower is not None
        and point.upper is not None
        and point.lower <= week.truth <= point.upper
    )


def _naive(week: Week) -> bool:
    support, neutral, oppose = (
        sum(getattr(c, name) for c in week.counts) for name in ("support", "neutral", "oppose")
    )
    n = support + neutral + oppose
    theta = (support - oppose) / n
    half = 1.96 * math.sqrt(((support + oppose) / n - theta**2) / n)
    return abs(theta - week.truth / 100) <= half


def table_of(found: dict[tuple[str, str], Tally]) -> Table:
    """A row per value of what was varied."""
    table = Table(title="Coverage of 95 % intervals of net support (simulated data)")
    table.add_column("varied")
    columns = (
        "",
        "weeks",
        "held %",
        "lowest cell",
        "highest cell",
        "half-width",
        "before %",
        "naive %",
    )
    for name in columns:
        table.add_column(name, justify="right")
    order = ["all", "support", "accuracy", "design effect", "outlets", "documents", "clustering"]
    values: dict[str, list[Any]] = {
        "support": list(POPULATIONS),
        "clustering": list(CLUSTERING),
    }

    def place(kind: tuple[str, str]) -> tuple[int, float]:
        name, value = kind
        rank = values[name].index(value) if name in values else float(value.rstrip("%") or 0)
        return order.index(name), rank

    last = ""
    for kind in sorted(found, key=place):
        tally = found[kind]
        shares = [held / weeks for weeks, held in tally.cells.values() if weeks >= 100]
        table.add_row(
            kind[0] if kind[0] != last else "",
            kind[1],
            f"{tally.weeks:,}",
            f"{100 * tally.held / tally.weeks:.1f}",
            f"{100 * min(shares):.1f}" if shares else "",
            f"{100 * max(shares):.1f}" if shares else "",
            f"{np.median(tally.widths):.1f}",
            f"{100 * tally.before / tally.weeks:.1f}",
            f"{100 * tally.naive / tally.weeks:.1f}",
        )
        last = kind[0]
    return table


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weeks", type=int, default=2000, help="of each of the 60 cells")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--weighting", type=Weighting, default=Weighting.PER_DOCUMENT)
    arguments = parser.parse_args()
    start = time.perf_counter()
    found, refused = tallies(weeks_of_all(arguments.weeks, arguments.seed), arguments.weighting)
    console = Console(width=110)
    console.print(table_of(found))
    console.print(
        f"A cell is one prevalence, accuracy and design effect. Weighting {arguments.weighting}; "
        f"{refused:,} weeks refused because the matrix hardly tells stances apart; "
        f"{time.perf_counter() - start:.0f} s."
    )


if __name__ == "__main__":
    main()
