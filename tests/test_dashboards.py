"""The dashboards of Grafana: each question is asked as Grafana would ask it, of a real database, and has an answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from alerts.delivery import Delivery
from alerts.signal import Signal, SignalKind
from classify.disposition import Disposition
from flows.retaining import retain
from flows.settings import Settings
from flows.watching import watch
from flows.wiring import edges
from storage import deliveries, incidents, ledger, signals, source_runs
from storage.database import Database, next_version
from storage.ledger import Entry
from storage.migrate import migrate
from storage.source_runs import SourceRun
from tests.judged_documents import OUTLETS, document, judged, store
from tests.told import incident, message

ROOT = Path(__file__).resolve().parents[1]
GRAFANA = ROOT / "deploy" / "grafana"

DASHBOARDS: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text("utf-8"))
    for path in sorted((GRAFANA / "dashboards").glob("*.json"))
}

GRANTED = set(
    re.findall(
        r"GRANT SELECT ON barometer\.(\w+)<",
        (ROOT / "deploy" / "clickhouse" / "analyst_views.xml").read_text("utf-8"),
    )
)

NOW = datetime(2026, 10, 11, 6, tzinfo=UTC)
FIRST = date(2026, 9, 1)
FALL = date(2026, 9, 28)
SOCIETIES = ("XA", "XB")
SINCE = datetime(2026, 8, 1, tzinfo=UTC)


def questions(name: str) -> Iterator[tuple[str, str]]:
    """Each query of a dashboard, with the title of what shows it."""
    board = DASHBOARDS[name]
    for panel in board["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["rawSql"]
    for variable in board["templating"]["list"]:
        yield f"variable {variable['name']}", variable["query"]
    for annotation in board["annotations"]["list"]:
        yield f"annotation {annotation['name']}", annotation["target"]["rawSql"]


ASKED = [
    pytest.param(name, title, sql, id=f"{name}: {title}")
    for name in DASHBOARDS
    for title, sql in questions(name)
]


def told_of(database: Database) -> None:
    """An incident that lasts in each society, and what people were told of it; one was acknowledged."""
    fell = {
        society: incident(
            society=society,
            drop_day=FALL,
            detected_on=FALL + timedelta(days=3),
            opened_at=NOW - timedelta(days=9),
            acknowledged_at=NOW if society == "XB" else None,
        )
        for society in SOCIETIES
    }
    incidents.store_incidents(database, list(fell.values()))
    messages = [
        message(id=society, incident=one.id, society=society, created_at=one.opened_at, falls=())
        for society, one in fell.items()
    ]
    incidents.store_messages(database, messages, told_at=NOW)
    sent = Delivery(message="XA", channel="press", attempts=1, told_at=NOW)
    deliveries.store(database, [sent, Delivery(message="XB", channel="press", next_at=NOW)])
    shock = Signal(
        kind=SignalKind.SHOCK,
        society="XA",
        target="regular",
        day=date(2026, 9, 20),
        since=date(2026, 9, 19),
        change=-21.0,
        text="One unusual day.",
    )
    signals.store(database, [shock])


def read_from_sources(database: Database, judged_ids: Sequence[str]) -> None:
    """Attempts at a source, and what became of the rows that it gave."""
    outcomes = ("ok", "failed", "interrupted", "unchanged")
    source_runs.store_runs(
        database,
        [
            SourceRun(
                run=f"{number}",
                source="courier",
                started_at=NOW - timedelta(days=number),
                finished_at=NOW - timedelta(days=number),
                outcome=outcomes[number % 4],
                entries=10,
                new=10,
            )
            for number in range(8)
        ],
    )
    entries = [
        Entry(
            origin=f"feed:courier/{one}",
            document_id=one,
            source="courier",
            disposition=Disposition.JUDGED,
        )
        for one in judged_ids
    ]
    entries += [
        Entry(
            origin=f"feed:courier/{word}",
            document_id="",
            source="courier",
            disposition=word,
        )
        for word in Disposition
        if word is not Disposition.JUDGED
    ]
    ledger.record(database, entries, NOW, next_version())


def as_asked(sql: str, variables: Mapping[str, str]) -> str:
    """The query with the macros and variables of Grafana's ClickHouse plug-in replaced, as that replaces them."""
    since, until = int(SINCE.timestamp()), int(NOW.timestamp())
    sql = re.sub(
        r"\$__dateFilter\((\w+)\)",
        rf"\1 >= toDate('{SINCE:%Y-%m-%d}') AND \1 <= toDate('{NOW:%Y-%m-%d}')",
        sql,
    )
    sql = re.sub(
        r"\$__timeFilter\((\w+)\)",
        rf"\1 >= toDateTime({since}) AND \1 <= toDateTime({until})",
        sql,
    )
    return re.sub(r"\$\{(\w+):sqlstring\}", lambda found: variables[found[1]], sql)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """What a monitor of two societies has after forty days, the last two weeks of which fell."""
    folder = tmp_path_factory.mktemp("dashboards")
    settings = Settings(
        bus_url=f"sqlite:///{folder}/bus.db",
        database_url=f"chdb:///{folder}/clickhouse",
        alert_log=folder / "alerts.log",
        model="lexicon",
    )
    with edges(settings, create=True, sources=[]) as opened:
        migrate(opened.database, NOW)
        batch = []
        for number in range(40 * len(SOCIETIES) * 32):
            of_day, day = number % 32, FIRST + timedelta(days=number // 32 % 40)
            supports = of_day // 4 < (6 if day < FALL else 2)
            one = document(
                number,
                day=day,
                outlet=OUTLETS[of_day % 4],
                society=SOCIETIES[number // (32 * 40)],
            )
            batch.append(judged(one, "support" if supports else "oppose", irregular="oppose"))
        store(opened.database, *batch)
        read_from_sources(opened.database, [one.document.id for one in batch])
        watch(opened, now=NOW)
        told_of(opened.database)
        retain(opened, now=NOW)
        yield opened.database


@pytest.mark.parametrize("society", ["'XA'", "'XA','XB'"], ids=["one", "all"])
@pytest.mark.parametrize(("name", "title", "sql"), ASKED)
def test_every_question_has_an_answer(
    database: Database, name: str, title: str, sql: str, society: str
) -> None:
    if "= ${society:sqlstring}" in sql and "," in society:
        return  # it stands in a panel that is repeated for each
    asked = as_asked(sql, {"society": society, "target": "'regular'"})
    assert "$" not in asked, "a macro or a variable that this test does not know"
    rows = database.query(asked).rows
    assert rows, f"{name}: {title}"
    assert any(value is not None for row in rows for value in row[1:] or row)


def test_what_fell_is_seen(database: Database) -> None:
    """The figures of the panels are those of the monitor."""
    answers = {
        title: database.query(as_asked(sql, {"society": "'XA'", "target": "'regular'"})).rows
        for title, sql in [*questions("support"), *questions("incidents"), *questions("processing")]
    }
    weeks = [row for row in answers["$society: weeks"] if row[1] is not None]
    assert weeks[0][1] > 0 > weeks[-1][1]
    assert all(lower < level < upper for _, level, lower, upper, *_ in weeks)
    assert (answers["Open"], answers["Nobody took up"]) == ([(2,)], [(1,)])
    assert answers["Waiting to be told"] == [(1,)]
    assert {row[2] for row in answers["Incidents"]} == {"XA", "XB"}
    assert answers["variable society"] == [("XA",), ("XB",)]
    assert answers["Miscounted"] == [(0,)]
    assert answers["Dead letters"] == [(1,)]


# -- As Grafana reads them -------------------------------------------------------------------------


def views_of(sql: str) -> set[str]:
    return set(re.findall(r"\b(?:FROM|JOIN)\s+(\w+)", sql))


@pytest.mark.parametrize(("name", "title", "sql"), ASKED)
def test_only_what_analysts_may_see_is_asked_for(name: str, title: str, sql: str) -> None:
    assert views_of(sql)
    assert views_of(sql) <= GRANTED, f"{name}: {title}"
    assert not re.search(r"(?i)\b(insert|alter|drop|create|set|into|format)\b", sql)


def test_every_subject_has_a_dashboard() -> None:
    assert set(DASHBOARDS) == {"support", "incidents", "coverage", "processing"}
    uids = {board["uid"] for board in DASHBOARDS.values()}
    assert len(uids) == len({board["title"] for board in DASHBOARDS.values()}) == 4


def provisioned(path: str) -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe").load(
        (GRAFANA / "provisioning" / path).read_text("utf-8")
    )
    return loaded


def test_every_panel_asks_the_source_that_is_provisioned_as_the_analyst() -> None:
    (source,) = provisioned("datasources/clickhouse.yaml")["datasources"]
    asks = {"type": source["type"], "uid": source["uid"]}
    assert source["jsonData"]["username"] == "analyst"
    assert source["secureJsonData"] == {"password": "$ANALYST_PASSWORD"}
    for board in DASHBOARDS.values():
        for panel in board["panels"]:
            assert panel["datasource"] == asks
            assert [target["datasource"] for target in panel["targets"]] == [asks]
        for variable in board["templating"]["list"]:
            assert variable["datasource"] == asks
    compose = (ROOT / "docker-compose.yml").read_text("utf-8")
    plugin = f"{source['type']}@{source['jsonData']['version']}"
    assert f"GF_PLUGINS_PREINSTALL_SYNC: {plugin}\n" in compose


def test_a_question_waits_no_longer_than_an_analyst_may_ask() -> None:
    """The client asks the server for five seconds more than it waits itself."""
    (source,) = provisioned("datasources/clickhouse.yaml")["datasources"]
    limits = (ROOT / "deploy" / "clickhouse" / "analyst_in_grafana.xml").read_text("utf-8")
    (most,) = re.findall(r"<max>(\d+)</max>", limits)
    assert int(source["jsonData"]["queryTimeout"]) + 5 <= int(most)


def test_the_folder_of_the_dashboards_is_the_one_that_is_mounted() -> None:
    (provider,) = provisioned("dashboards/barometer.yaml")["providers"]
    folder = provider["options"]["path"]
    compose = (ROOT / "docker-compose.yml").read_text("utf-8")
    assert f"./deploy/grafana/dashboards:{folder}:ro" in compose
    (home,) = re.findall(rf"HOME_DASHBOARD_PATH: {folder}/(\w+)\.json", compose)
    assert home in DASHBOARDS


@pytest.mark.parametrize("name", DASHBOARDS)
def test_a_panel_says_what_it_shows_and_stands_in_nobodys_way(name: str) -> None:
    board = DASHBOARDS[name]
    panels = board["panels"]
    assert board["timezone"] == "utc"
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        assert panel["title"]
        assert panel["description"].endswith((".", ")")), panel["title"]
        place = panel["gridPos"]
        assert 0 <= place["x"] < place["x"] + place["w"] <= 24
    for one, other in combinations([panel["gridPos"] for panel in panels], 2):
        apart = (
            one["x"] + one["w"] <= other["x"]
            or other["x"] + other["w"] <= one["x"]
            or one["y"] + one["h"] <= other["y"]
            or other["y"] + other["h"] <= one["y"]
        )
        assert apart, (one, other)


@pytest.mark.parametrize("name", DASHBOARDS)
def test_a_variable_that_is_used_is_there(name: str) -> None:
    board = DASHBOARDS[name]
    known = {variable["name"] for variable in board["templating"]["list"]}
    text = json.dumps(board["panels"]) + json.dumps(board["annotations"])
    used = set(re.findall(r"\$\{(\w+):sqlstring\}", text))
    assert used == known
    repeated = {panel["repeat"] for panel in board["panels"] if "repeat" in panel}
    assert repeated <= known


@pytest.mark.parametrize(("name", "title", "sql"), ASKED)
def test_a_time_series_begins_with_its_time(name: str, title: str, sql: str) -> None:
    kinds = {
        panel["title"]: (panel["type"], panel["targets"][0]["format"])
        for panel in DASHBOARDS[name]["panels"]
    }
    kind, form = kinds.get(title, ("", 1))
    assert (kind == "timeseries") is (form == 0)
    if form == 0:
        assert re.match(r"SELECT toDateTime\((day|monday), 'UTC'\) AS time,", sql)
        assert "ORDER BY" in sql
