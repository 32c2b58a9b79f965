"""docs/method.md: its numbers are read out of the page and computed again, by its own formulas and by the package."""

from __future__ import annotations

import importlib
import math
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path

import pytest

from alerts.cluster_variance import t95_of
from alerts.confusion import Confusion, confusion_from_json, correction
from alerts.count_rows import read_counts
from alerts.decomposition import Decomposition, decompose
from alerts.detector import DetectorSettings, threshold_for
from alerts.estimate import FLOOR, Estimate, estimate
from alerts.fall_evidence import SIZES
from alerts.net_support_change import change_between
from alerts.point import StanceCount
from alerts.t_quantile import Z95
from alerts.weighting import RHO, Weighting
from flows.settings import Settings
from tests.fixtures_command import Place

ROOT = Path(__file__).parents[1]
COUNTS = ROOT / "docs" / "method" / "counts.csv"
CONFUSION = ROOT / "docs" / "method" / "confusion.json"
PAGE = (ROOT / "docs" / "method.md").read_text(encoding="utf-8")
WEEKS = ("2026-W45", "2026-W46")

Document = tuple[str, str, int]
"""Outlet, story, judged stance (0 support, 1 neutral, 2 oppose)."""


# -- Reading the page ------------------------------------------------------------------------------


@cache
def table(*header: str) -> dict[str, list[str]]:
    """Cells by first cell, of the only table whose header begins so."""
    begin = "| " + " | ".join(header)
    (found,) = (part for part in PAGE.split("\n\n") if part.startswith(begin))
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in found.splitlines()[2:]]
    return {row[0].strip("*"): row[1:] for row in rows}


def agrees(written: str, value: float) -> bool:
    """Whether `value`, rounded as it is written, is what is written."""
    digits = len(written.partition(".")[2])
    return abs(float(written) - value) <= 0.5 * 10**-digits + 1e-9


def check(found: Iterable[tuple[str, str, float]]) -> None:
    """Triples of what it is, what is written and what it should be."""
    wrong = [
        f"{name}: the page says {written}, it is {value:.5f}"
        for name, written, value in found
        if not agrees(written, value)
    ]
    assert not wrong, "\n".join(wrong)


# -- The example -----------------------------------------------------------------------------------


@cache
def weeks() -> tuple[list[StanceCount], list[StanceCount]]:
    rows = read_counts(COUNTS.read_text(encoding="utf-8").splitlines())
    by_week: dict[str, list[StanceCount]] = defaultdict(list)
    for day, counts in rows.series[""].items():
        by_week[rows.week_text(day)].extend(counts)
    assert tuple(by_week) == WEEKS
    return by_week[WEEKS[0]], by_week[WEEKS[1]]


@cache
def matrix() -> Confusion:
    return confusion_from_json(CONFUSION.read_bytes())


def documents_of(counts: Sequence[StanceCount]) -> list[Document]:
    """One by one; a document without a story gets one of its own."""
    found: list[Document] = []
    for row in counts:
        for stance, n in enumerate((row.support, row.neutral, row.oppose)):
            found.extend((row.outlet, row.story or f"{row} {stance} {i}", stance) for i in range(n))
    return found


def groups(
    documents: Sequence[Document], key: Callable[[Document], object]
) -> list[list[Document]]:
    found: dict[object, list[Document]] = defaultdict(list)
    for document in documents:
        found[key(document)].append(document)
    return list(found.values())


def by_the_page(counts: Sequence[StanceCount]) -> dict[str, float]:
    """Section 2 as it is written there, document by document; names are those of the table of section 9."""
    known = correction(matrix())
    a = known.scores
    documents = documents_of(counts)
    n = len(documents)
    theta = sum(a[stance] for *_, stance in documents) / n
    outlets = groups(documents, lambda d: d[0])
    stories = groups(documents, lambda d: d[1])
    both = groups(documents, lambda d: d[:2])

    def squared_errors(clusters: list[list[Document]]) -> list[float]:
        return [(sum(a[s] - theta for *_, s in cluster) / n) ** 2 for cluster in clusters]

    def sizes(clusters: list[list[Document]], power: int) -> float:
        return float(sum(len(cluster) ** power for cluster in clusters))

    n_eff = n**2 / (sizes(stories, 2) + RHO * (sizes(outlets, 2) - sizes(both, 2)))
    w = [len(outlet) / n for outlet in outlets]
    v_o = sum(e / (1 - x) for e, x in zip(squared_errors(outlets), w, strict=True))
    df_o = 1 / (sum(x**2 / (1 - x) for x in w) ** 2 + sum(x**2 - x**4 / (1 - x) ** 2 for x in w))
    s2, s4 = sizes(stories, 2) / n**2, sizes(stories, 4) / n**4
    d = (sum(squared_errors(stories)) - sum(squared_errors(both))) / (1 - s2)
    df_s = s2**2 / s4 - 1
    judged = [sum(stance == j for *_, stance in documents) / n for j in range(3)]
    q = [(share * n_eff + 1) / (n_eff + 3) for share in judged]
    u = sum(x * y**2 for x, y in zip(q, a, strict=True))
    u -= sum(x * y for x, y in zip(q, a, strict=True)) ** 2
    v_s = sum(squared_errors(stories)) / (1 - s2)
    v_0 = max(u / n, (df_s * v_s + u * s2) / (df_s + 1))
    p = [sum(judged[j] * known.inverse[j][i] for j in range(3)) for i in range(3)]
    v_m = sum(x**2 * y / z for x, y, z in zip(p, known.noise, known.labelled, strict=True))
    v = v_o + d + v_m
    df = v**2 / (v_o**2 / df_o + d**2 / df_s + v_m**2 / (sum(known.labelled) - 3))
    of_clusters = student(df) * math.sqrt(v)
    least = FLOOR / Z95 * student(df_s) * math.sqrt(v_0 + v_m)
    h2 = max(of_clusters, least) ** 2
    h_m2 = h2 * v_m / (v if of_clusters > least else v_0 + v_m)
    c = 1 + sum(x * y for x, y in zip(p, known.noise, strict=True))
    # (theta - x)^2 = k (C - x^2) + h_M^2, solved for x; one document more keeps k finite at the ends
    k = (h2 - h_m2) / (c - (theta * n / (n + 1)) ** 2)
    root = math.sqrt((1 + k) * (k * c + h_m2) - k * theta**2)
    return {
        "judged support": n * judged[0],
        "judged neutral": n * judged[1],
        "judged oppose": n * judged[2],
        "n": n,
        "net support as judged": 100 * (judged[0] - judged[2]),
        "net support": 100 * theta,
        "n_eff": n_eff,
        "true share of support p": p[0],
        "V_o": v_o,
        "df_o": df_o,
        "D": d,
        "df_s": df_s,
        "V_M": v_m,
        "u": u,
        "V_0": v_0,
        "V": v,
        "df": df,
        "t(df)": student(df),
        "h of the clusters, points": 100 * of_clusters,
        "h at least, points": 100 * least,
        "C": c,
        "lower": 100 * (theta - root) / (1 + k),
        "upper": 100 * (theta + root) / (1 + k),
    }


def student(df: float) -> float:
    import numpy as np

    return float(t95_of(np.array([df]))[0])


def estimated(week: int, weighting: Weighting = Weighting.PER_DOCUMENT) -> Estimate:
    return estimate(weeks()[week], confusion=matrix(), weighting=weighting)


def net(week: int, weighting: Weighting) -> float:
    value = estimated(week, weighting).net_support
    assert value is not None
    return value


def split(weighting: Weighting = Weighting.PER_DOCUMENT) -> Decomposition:
    found = decompose(*weeks(), confusion=matrix(), weighting=weighting)
    assert found is not None
    return found


# -- Section 9 -------------------------------------------------------------------------------------


def test_the_labelled_texts_and_their_scores_are_those_of_the_file() -> None:
    known = correction(matrix())
    rows = table("true", "judged support")
    assert list(rows) == ["support", "neutral", "oppose", "score a"]
    for i, stance in enumerate(("support", "neutral", "oppose")):
        assert [int(cell) for cell in rows[stance][:3]] == list(matrix().counts[i])
        check([(f"noise of {stance}", rows[stance][3], known.noise[i])])
    check(("a", *pair) for pair in zip(rows["score a"], known.scores, strict=False))
    (singular,) = re.findall(r"smallest singular value of M is ([\d.]+), so", PAGE)
    check([("singular value", singular, known.smallest_singular_value)])


def test_the_levels_follow_from_the_formulas_of_the_page_and_from_the_package() -> None:
    rows = table("step", *WEEKS)
    for week, counts in enumerate(weeks()):
        page, package = by_the_page(counts), estimated(week)
        assert list(rows) == list(page)
        check((f"{WEEKS[week]} {name}", rows[name][week], page[name]) for name in page)
        assert package.state == "ok"
        check(
            (f"{WEEKS[week]} {name}, package", rows[name][week], value)
            for name, value in {
                "n": package.n,
                "net support": package.net_support or 0.0,
                "n_eff": package.n_eff,
                "df": package.df,
                "lower": package.lower or 0.0,
                "upper": package.upper or 0.0,
            }.items()
        )


def test_the_command_says_what_the_page_shows(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    (command, shown) = re.findall(r"\$ barometer (estimate [^\n]+)\n(.*?)```", PAGE, re.DOTALL)[0]
    monkeypatch.chdir(ROOT)
    said = place.run(*command.split())
    assert (said.status, said.err) == (0, "")
    assert said.out == shown


@pytest.mark.parametrize("weighting", list(Weighting))
def test_the_change_is_split_as_the_page_shows(weighting: Weighting) -> None:
    parts = split(weighting)
    values = [
        *(net(week, weighting) for week in (0, 1)),
        *(parts.change, parts.within, parts.mix, parts.entry, parts.exit),
    ]
    written = table("weighting", *WEEKS)[weighting]
    check((weighting, *pair) for pair in zip(written, values, strict=True))
    assert parts.change == pytest.approx(net(1, weighting) - net(0, weighting))


def test_amplification_is_what_moves_per_document_and_not_per_story() -> None:
    (written,) = re.findall(r"less that per story: ([-+\d.]+) points", PAGE)
    value = split().change - split(Weighting.PER_STORY).change
    check([("amplification", written, value)])
    assert 0.3 < value / split().change < 0.4  # "about a third"
    per_story = split(Weighting.PER_STORY)
    assert per_story.within / per_story.change > 0.7  # "most of the rest"


def test_the_outlets_parts_are_those_of_the_page_and_add_up() -> None:
    rows = table("outlet", "share before")
    parts = split()
    assert list(rows) == [part.outlet for part in parts.outlets]
    for part in parts.outlets:
        values = [
            *(part.share_before, part.share_after, part.net_support_before, part.net_support_after),
            *(part.within, part.mix, part.entry, part.exit),
        ]
        cells = list(zip(rows[part.outlet], values, strict=True))
        assert all(cell == "" for cell, value in cells if value is None)
        check((part.outlet, cell, value) for cell, value in cells if value is not None)
    for name, column in zip(("within", "mix", "entry", "exit"), range(4, 8), strict=True):
        total = sum(float(cells[column]) for cells in rows.values())
        assert total == pytest.approx(getattr(parts, name), abs=0.02), name


def test_the_change_has_the_interval_of_the_page() -> None:
    found = change_between(*weeks())
    assert found is not None
    (written,) = re.findall(
        r"change is ([-+\d.]+) points \(95 % interval ([-+\d.]+) to ([-+\d.]+)", PAGE
    )
    check(
        ("change as judged", *pair)
        for pair in zip(written, (found.change, found.lower, found.upper), strict=True)
    )


def test_the_sentence_for_a_minister_is_that_of_the_example() -> None:
    (written,) = re.findall(
        r"regular programmes was ([-+]\d+) last week; the interval runs from ([-+]\d+) to ([-+]\d+)",
        PAGE,
    )
    first = estimated(0)
    values = (first.net_support or 0.0, first.lower or 0.0, first.upper or 0.0)
    check(("sentence", *pair) for pair in zip(written, values, strict=True))


def test_the_generated_fall_is_found_as_the_page_says(place: Place) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (command,) = re.findall(r"`python generate.py > fall.csv && barometer (detect[^`]+)`", PAGE)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    place.write("fall.csv", done.stdout)
    said = place.run(*command.split())
    assert (said.status, said.err) == (0, "")
    header, *rows = said.out.splitlines()
    assert header == "day,change,net_support,baseline,reason"
    (row,) = rows
    day, change, *_ = row.split(",")
    assert 120 <= int(day) <= 127
    assert -35 < float(change) < -15


# -- The rest --------------------------------------------------------------------------------------


def test_numbers_chosen_are_those_of_the_code() -> None:
    found = re.findall(r"`(alerts\.\w+)\.(\w+)` = (-?[\d.]+\d|\d)", PAGE)
    assert len(found) > 40
    wrong = [
        f"{module}.{name} is {value}, the page says {written}"
        for module, name, written in found
        if float(written) != (value := getattr(importlib.import_module(module), name))
    ]
    assert not wrong, "\n".join(wrong)


def test_threshold_sizes_and_false_alarms_are_those_of_the_code() -> None:
    (written,) = re.findall(r"h = ln\(ARL\) - ([\d.]+) \+ ([\d.]+) ln\(sigma / (\d+)\)", PAGE)
    constant, slope, at = (float(each) for each in written)
    settings = DetectorSettings()
    for sigma in (4.0, 9.0, 28.0):
        expected = math.log(settings.false_alarm_days) - constant + slope * math.log(sigma / at)
        assert threshold_for(sigma, settings) == pytest.approx(expected)
    (sizes,) = re.findall(r"d = ([\d, ]+) points, tau the last (?:\d+) days", PAGE)
    assert [float(size) for size in sizes.split(",")] == SIZES.tolist()
    assert f"ln [ 1/{len(SIZES)} sum_d" in PAGE
    (rate,) = re.findall(r"`BAROMETER_FALSE_ALARMS_PER_YEAR` \((\d+)\)", PAGE)
    assert float(rate) == Settings.model_fields["false_alarms_per_year"].default


def test_files_that_the_page_names_are_there() -> None:
    named = re.findall(r"`((?:alerts|docs|tests|flows|benchmarks)/[\w/.]+)`", PAGE)
    assert len(named) > 15
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_page_speaks_of_the_monitored_corpus_and_of_an_order_in_time_only() -> None:
    assert "in the monitored corpus" in PAGE
    assert re.search(r"\bcaus", PAGE, re.IGNORECASE) is None
    assert "threshold of tolerance" not in PAGE
    assert "**simulated**" in PAGE
