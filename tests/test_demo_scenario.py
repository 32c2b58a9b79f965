"""The simulated world: what it publishes, and that its truth is what it publishes."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest

from alerts.detector import DetectorSettings, Watched, detect
from alerts.point import StanceCount
from classify.corpus import Passage, held_out, load_corpus
from classify.stance import Stance
from classify.target import TARGETS
from flows.demo.other_news import OFF_TOPIC, OTHER_LANGUAGES
from flows.demo.scenario import expected_rows, simulate, sources
from flows.demo.truth import true_net_support
from flows.demo.world import BROKEN, Item, Nature, World
from ingest.canonical_url import canonical_url
from ingest.document import Kind

END = date(2026, 9, 30)


@pytest.fixture(scope="module")
def passages() -> list[Passage]:
    return [passage for passage in load_corpus() if held_out(passage)]


@pytest.fixture(scope="module")
def world(passages: list[Passage]) -> World:
    return simulate(passages, seed=7, end_day=END)


def items_of(world: World) -> list[Item]:
    return [item for days in world.items.values() for items in days.values() for item in items]


def society_of(world: World) -> dict[str, str]:
    return {outlet.name: outlet.society for outlet in world.outlets}


def test_the_same_seed_gives_the_same_world_and_another_seed_another(
    passages: list[Passage], world: World
) -> None:
    assert simulate(reversed(passages), seed=7, end_day=END) == world
    assert simulate(passages, seed=8, end_day=END) != world


def test_all_text_about_migration_comes_from_the_passages_given(
    passages: list[Passage], world: World
) -> None:
    given = {passage.id: passage for passage in passages}
    about_migration = [i for i in items_of(world) if i.nature is Nature.ABOUT_MIGRATION]
    assert about_migration
    for item in about_migration:
        assert (item.text or item.title) == given[item.passage].text
        assert item.stances == given[item.passage].stances


def test_each_society_has_six_outlets_of_four_kinds_that_say_they_are_simulated(
    world: World,
) -> None:
    for society in world.societies:
        own = [outlet for outlet in world.outlets if outlet.society == society.code]
        assert len(own) == 6
        assert {outlet.kind for outlet in own} == set(Kind)
        assert all("simulated" in outlet.title for outlet in own)
        assert society.code.startswith("X")  # XA to XZ are left to users by ISO 3166-1


def test_every_day_of_every_society_has_documents_enough(world: World) -> None:
    society = society_of(world)
    per_day = Counter((society[i.outlet], i.appears_at.date()) for i in items_of(world))
    assert len(per_day) == 3 * 45
    assert min(per_day.values()) >= 40
    assert 60 <= sum(per_day.values()) / len(per_day) <= 90
    regular = [row.n for row in world.truth.counts if row.target == "regular"]
    assert len(regular) == 3 * 45
    assert min(regular) >= 25


def test_weekends_are_quieter(world: World) -> None:
    per_day = Counter(item.appears_at.date() for item in items_of(world))
    weekend = [n for day, n in per_day.items() if day.weekday() >= 5]
    working = [n for day, n in per_day.items() if day.weekday() < 5]
    assert sum(weekend) / len(weekend) < 0.9 * sum(working) / len(working)


def test_support_falls_by_the_chosen_amount_in_one_series_and_nowhere_else(world: World) -> None:
    truth = world.truth
    assert (truth.society, truth.target) == ("XB", "regular")
    assert (truth.fall_day - truth.first_day).days == 30
    changes = {}
    for level in truth.levels:
        before = true_net_support(
            truth, level.society, level.target, truth.first_day, truth.fall_day - timedelta(1)
        )
        after = true_net_support(truth, level.society, level.target, truth.fall_day, END)
        assert before is not None
        assert after is not None
        # 550 documents or more: four standard errors of about 3.5 points
        assert abs(before - level.net_support) < 14
        changes[level.society, level.target] = after - before
    fall = changes.pop(("XB", "regular"))
    assert fall == pytest.approx(truth.change, abs=12)
    assert truth.change == -55
    assert max(map(abs, changes.values())) < 20


def test_a_burst_of_irregular_coverage_comes_first_and_is_no_less_favourable(world: World) -> None:
    truth = world.truth
    assert truth.fall_day - truth.burst_day == timedelta(4)
    rows = [r for r in truth.counts if (r.society, r.target) == ("XB", "irregular")]
    last = truth.burst_day + timedelta(truth.burst_days - 1)
    burst = [r.n for r in rows if truth.burst_day <= r.day <= last]
    usual = [r.n for r in rows if not truth.burst_day <= r.day <= last]
    assert sum(burst) / len(burst) > 2.3 * sum(usual) / len(usual)
    during = true_net_support(truth, "XB", "irregular", truth.burst_day, last)
    before = true_net_support(
        truth, "XB", "irregular", truth.first_day, truth.burst_day - timedelta(1)
    )
    assert during is not None
    assert before is not None
    assert abs(during - before) < 15
    assert during < -25  # mostly opposed


def test_the_truth_counts_what_is_published(world: World) -> None:
    society = society_of(world)
    counted = Counter(
        (society[item.outlet], target, item.appears_at.date(), stance)
        for item in items_of(world)
        for target, stance in item.stances.items()
    )
    for row in world.truth.counts:
        key = (row.society, row.target, row.day)
        assert row.support == counted[(*key, Stance.SUPPORT)]
        assert row.neutral == counted[(*key, Stance.NEUTRAL)]
        assert row.oppose == counted[(*key, Stance.OPPOSE)]


def test_a_text_never_comes_twice_a_day_in_one_outlet(world: World) -> None:
    shown = Counter(
        (item.outlet, item.appears_at.date(), item.title, item.text)
        for item in items_of(world)
        if item.nature not in BROKEN | {Nature.DUPLICATE} and (item.text or item.passage)
    )
    assert max(shown.values()) == 1


def test_a_passage_stays_away_for_a_week_where_the_corpus_allows(world: World) -> None:
    society = society_of(world)
    days: dict[tuple[str, str], set[date]] = defaultdict(set)
    for item in items_of(world):
        if item.passage:
            days[society[item.outlet], item.passage].add(item.appears_at.date())
    gaps = {"XA": Counter[int](), "XB": Counter[int](), "XC": Counter[int]()}
    for (code, _), used in days.items():
        ordered = sorted(used)
        gaps[code].update((b - a).days for a, b in pairwise(ordered))
    for counts in gaps.values():
        soon = sum(n for gap, n in counts.items() if gap < 7)
        assert soon < 0.25 * sum(counts.values())
        assert min(counts) >= 2


def test_agency_copy_appears_in_several_papers_on_one_day(world: World) -> None:
    society = society_of(world)
    kinds = {outlet.name: outlet.kind for outlet in world.outlets}
    copies: dict[tuple[str, str, date], list[str]] = defaultdict(list)
    for item in items_of(world):
        if item.passage:
            copies[society[item.outlet], item.passage, item.appears_at.date()].append(item.outlet)
    shared = [outlets for outlets in copies.values() if len(outlets) > 1]
    assert 0.01 < len(shared) / len(copies) < 0.06
    for outlets in shared:
        assert len(set(outlets)) == len(outlets) <= 3
        assert sum(kinds[outlet] is Kind.NEWS for outlet in outlets) >= len(outlets) - 1


def test_outlets_lean(world: World) -> None:
    net = {}
    for outlet in world.outlets:
        sides = [
            item.stances["regular"]
            for items in world.items[outlet.name].values()
            for item in items
            if item.stances and item.appears_at.date() < world.truth.fall_day
        ]
        support, oppose = sides.count(Stance.SUPPORT), sides.count(Stance.OPPOSE)
        net[outlet.name] = (support - oppose) / (support + oppose + sides.count(Stance.NEUTRAL))
    assert net["sim-alder-courier"] > net["sim-alder-morning-mail"] + 0.2
    assert net["sim-calvora-post"] > net["sim-calvora-standard"] + 0.2


def test_the_ledger_that_is_expected_adds_up(world: World) -> None:
    natures = Counter(item.nature for item in items_of(world))
    expected = world.truth.expected
    assert expected.rows == natures.total() == len(items_of(world))
    assert expected.dead == 9
    assert all(natures[nature] == 3 for nature in BROKEN)
    assert expected.about_migration == natures[Nature.ABOUT_MIGRATION]
    assert expected.off_topic == natures[Nature.OFF_TOPIC]
    assert 0.13 < expected.off_topic / expected.rows < 0.18
    assert 0.02 < expected.unsupported_language / expected.rows < 0.04
    assert 50 < expected.duplicates < 300
    assert expected_rows(world, datetime.combine(END, time.max, UTC)) == expected


def test_what_is_expected_grows_day_by_day(world: World) -> None:
    half = expected_rows(world, datetime.combine(world.truth.fall_day, time(), UTC))
    assert 0.5 * world.truth.expected.rows < half.rows < 0.8 * world.truth.expected.rows


def test_a_repeated_link_leads_to_the_same_document_on_the_same_day(world: World) -> None:
    first = {
        (item.outlet, item.number): item
        for item in items_of(world)
        if item.nature is not Nature.DUPLICATE
    }
    repeats = [item for item in items_of(world) if item.nature is Nature.DUPLICATE]
    for item in repeats:
        original = first[item.outlet, item.number]
        assert item.path != original.path
        assert item.guid != original.guid
        assert item.appears_at > original.appears_at
        assert item.appears_at.date() == original.appears_at.date()
        base = "http://127.0.0.1:8000"
        assert canonical_url(base + item.path) == canonical_url(base + original.path)


def test_links_and_guids_are_otherwise_unique(world: World) -> None:
    items = items_of(world)
    assert len({item.path for item in items}) == len(items)
    assert len({item.guid for item in items}) == len(items)


def test_off_topic_news_is_not_about_migration() -> None:
    about = re.compile(
        r"migra|asyl|refug|visa|border|foreign|deport|undocumented|illegal|citizen|passport|"
        r"permit|crossing|smuggl|abroad|settle|integrat",
        re.IGNORECASE,
    )
    assert len(OFF_TOPIC) >= 40
    for title, text in OFF_TOPIC:
        assert not about.search(f"{title} {text}"), title


def test_other_languages_are_tagged() -> None:
    assert len(OTHER_LANGUAGES) >= 12
    assert {item.language for item in OTHER_LANGUAGES} == {"de", "fr", "es"}


def test_sources_point_at_the_feeds_of_the_outlets(world: World) -> None:
    made = sources(world, "http://127.0.0.1:8000/")
    assert len({source.name for source in made}) == 18
    courier = next(source for source in made if source.name == "sim-alder-courier")
    assert courier.url == "http://127.0.0.1:8000/sim-alder-courier/feed.xml"
    assert (courier.society, courier.kind, courier.language) == ("XA", Kind.NEWS, "en")


def test_too_few_days_are_refused(passages: list[Passage]) -> None:
    with pytest.raises(ValueError, match="at least 14 days; got 13"):
        simulate(passages, seed=1, end_day=END, days=13)


def test_a_corpus_without_some_stance_is_refused_by_name(passages: list[Passage]) -> None:
    lacking = [p for p in passages if p.stances["asylum"] is not Stance.NEUTRAL]
    with pytest.raises(ValueError, match="neutral toward asylum"):
        simulate(lacking, seed=1, end_day=END)


def true_labels(world: World, society: str, target: str) -> Watched:
    counts: dict[date, Counter[tuple[str, Stance]]] = defaultdict(Counter)
    for outlet in world.outlets:
        if outlet.society == society:
            for day, items in world.items[outlet.name].items():
                counts[day].update((outlet.name, i.stances[target]) for i in items if i.stances)
    by_day = {
        day: [
            StanceCount(
                outlet=outlet,
                support=counts[day][outlet, Stance.SUPPORT],
                neutral=counts[day][outlet, Stance.NEUTRAL],
                oppose=counts[day][outlet, Stance.OPPOSE],
            )
            for outlet in sorted({outlet for outlet, _ in counts[day]})
        ]
        for day in sorted(counts)
    }
    return Watched(society=society, target=target, counts=by_day)


def test_a_detector_that_knows_the_true_labels_finds_the_fall_and_nothing_else(
    world: World,
) -> None:
    found = [
        drop
        for society in world.societies
        for target in TARGETS
        for drop in detect(
            true_labels(world, society.code, target.name), DetectorSettings(series=12)
        )
    ]
    assert [(drop.society, drop.target) for drop in found] == [("XB", "regular")]
    assert 0 <= (found[0].detected_on - world.truth.fall_day).days <= 10
