"""A SIMULATED history of judgements for benchmarks/queries.py, made by the engine itself from numbers().

    documents of a month -> documents, readings, judgements -recount-> daily_counts -> points, weekly tables

Societies and outlets are skewed as they are in life: the largest society has some hundred times the documents of the
smallest, and a handful of outlets has half of each. Everything is a function of a document's number, so it is the same in every run.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import msgspec

from storage import daily_counts
from storage.database import Database, next_version

TARGETS = ("regular", "irregular", "asylum", "general")

SOCIETIES = 40
OUTLETS = 125
"""Of each society."""

DAYS = 3 * 365
LAST = date(2026, 10, 31)

SOCIETY = "S00"
"""The largest; what is asked of one society is asked of it."""

_CHANCE = "(cityHash64(number, {salt}) / 18446744073709551616.)"
"""A number from 0 to 1 that depends on the document."""

_DOCUMENTS = """
    SELECT number AS number, lower(hex(MD5(toString(number)))) AS id,
           concat('S', leftPad(toString(toUInt8({society})), 2, '0')) AS society,
           concat(society, ' outlet ', toString(toUInt16({outlets} * pow({chance_2}, 3)))) AS outlet,
           toDate(%(first)s) + toUInt16({days} * {chance_3}) AS day,
           multiIf({chance_4} < 0.6, 'news', {chance_4} < 0.9, 'social', {chance_4} < 0.95, 'forum', 'official') AS kind,
           if({chance_5} < 0.8, 'en', 'de') AS language,
           if({chance_6} < 0.2, lower(hex(MD5(concat(society, toString(toUInt32({shared} * {chance_7})))))),
              lower(hex(MD5(toString(number + 1))))) AS story,
           toUInt16(bitAnd(cityHash64(number, 8), 65520)) AS contributor,
           arrayDistinct([topics[1 + modulo(cityHash64(number, 9), 13)], topics[1 + modulo(cityHash64(number, 10), 13)]])
               AS spoken,
           ['lawful_migration', 'legal_pathways', 'community_support', 'protection', 'return', 'rights_dignity',
            'co_development', 'institutions', 'cooperation', 'smuggling_trafficking', 'crime_security',
            'welfare_labour', 'information'] AS topics
    FROM numbers(%(begin)s, %(count)s)
"""


def _documents(days: int, count: int) -> str:
    """The documents of so many days, as a table."""
    chances = {f"chance_{salt}": _CHANCE.format(salt=salt) for salt in range(1, 8)}
    text = _DOCUMENTS.format(
        society=f"{SOCIETIES} * pow({chances['chance_1']}, 1.8)",
        outlets=OUTLETS,
        days=days,
        shared=max(1, count // 10),
        **chances,
    )
    return f"({text})"


_INTO = {
    "documents": """
        INSERT INTO documents (id, origin, source, outlet, kind, society, language, url, story, published_at, fetched_at,
                               day, version)
        SELECT id, concat('feed:', outlet, '/', toString(number)), outlet, outlet, kind, society, language,
               concat('https://example.org/', toString(number)), story, toDateTime(day, 'UTC') + 36000,
               toDateTime(day, 'UTC') + 40000, day, %(version)s
        FROM {documents}""",
    "readings": """
        INSERT INTO readings (document_id, society, day, outlet, relevance, topics, conflates, dehumanising, model, version)
        SELECT id, society, day, outlet, 0.9, spoken, cityHash64(number, 11) %% 100 < 8, cityHash64(number, 12) %% 100 < 3,
               'simulated', %(version)s
        FROM {documents}""",
    "judgements": """
        INSERT INTO judgements (document_id, society, target, day, outlet, kind, language, story, contributor, stance,
                                p_support, p_neutral, p_oppose, p_not_addressed, model, version)
        SELECT id, society, target, day, outlet, kind, language, story, contributor,
               ['support', 'neutral', 'oppose', 'not_addressed', 'not_addressed', 'not_addressed']
                   [1 + modulo(cityHash64(number, target), 6)] AS stance,
               if(stance = 'support', 0.7, 0.1), if(stance = 'neutral', 0.7, 0.1), if(stance = 'oppose', 0.7, 0.1),
               if(stance = 'not_addressed', 0.7, 0.1), 'simulated', %(version)s
        FROM (SELECT *, arrayJoin(['regular', 'irregular', 'asylum', 'general']) AS target FROM {documents})""",
}

_POINTS = """
    INSERT INTO points (society, target, day, support, neutral, oppose, outlets, net_support, lower, upper, n_eff, state,
                        withheld, version)
    SELECT society, target, day, sum(support), sum(neutral), sum(oppose), uniqExact(outlet),
           100 * (toFloat64(sum(support)) - sum(oppose)) / greatest(sum(support + neutral + oppose), 1), -30., 30., 40.,
           'ok', 0, max(version)
    FROM daily_counts
    WHERE day >= %(first)s AND day <= %(last)s
    GROUP BY society, target, day
"""

# As many rows as there would be; their figures are drawn.
_WEEKS = """
    INSERT INTO weekly_figures (society, target, monday, dimension, part, week, net_support, lower, upper, n, n_eff, outlets,
                                support, neutral, oppose, state, withheld, version)
    SELECT society, target, monday, dimension, part, toString(monday), drawn - 30, drawn - 60, drawn, 90 + drawn, 40 + drawn, 12,
           30, 30 + drawn, 30, 'ok', 0, 1
    FROM (
        SELECT *, modulo(cityHash64(society, target, monday, part), 6000) / 100 AS drawn
        FROM ({parts}) CROSS JOIN ({series}) CROSS JOIN ({mondays})
    )
"""

_CHANGES = """
    INSERT INTO weekly_changes (society, target, monday, outlet, week, change, within, mix, entry, exit, n_before, n_after,
                                withheld, version)
    SELECT society, target, monday, part, toString(monday), drawn, drawn - 1, 1., 0., 0., 90, 90 + drawn, 0, 1
    FROM (
        SELECT *, modulo(cityHash64(society, target, monday, part), 600) / 100 AS drawn
        FROM ({parts}) CROSS JOIN ({series}) CROSS JOIN ({mondays})
    )
    WHERE dimension IN ('', 'outlet')
"""

_SHARES = """
    INSERT INTO weekly_shares (society, monday, dimension, part, week, documents, share, lower, upper, n, n_eff, outlets,
                               state, withheld, version)
    SELECT society, monday, dimension, part, toString(monday), 30, 0.3, 0.2, 0.4, 90, 40., 12, 'ok', 0, 1
    FROM ({parts}) CROSS JOIN ({series}) CROSS JOIN ({mondays})
    WHERE target = 'regular'
"""

_PARTS = f"""
    SELECT tupleElement(one, 1) AS dimension, tupleElement(one, 2) AS part FROM (
        SELECT arrayJoin(arrayConcat(
            [('', '')],
            arrayMap(n -> ('outlet', concat('outlet ', toString(n))), range({OUTLETS})),
            arrayMap(n -> ('topic', concat('topic ', toString(n))), range(13)),
            [('kind', 'news'), ('kind', 'social'), ('kind', 'forum'), ('kind', 'official'), ('language', 'en'),
             ('language', 'de'), ('flag', 'conflates'), ('flag', 'dehumanising')]
        )) AS one
    )
"""

_SERIES = f"""
    SELECT concat('S', leftPad(toString(number), 2, '0')) AS society,
           arrayJoin(['regular', 'irregular', 'asylum', 'general']) AS target
    FROM numbers({SOCIETIES})
"""


class Month(msgspec.Struct, frozen=True):
    """A part of the history: its days, and its documents by number."""

    first: date
    days: int
    begin: int
    count: int


def months(documents: int) -> Iterator[Month]:
    """The history cut into pieces of thirty days, oldest first."""
    first, begin = LAST - timedelta(days=DAYS - 1), 0
    while first <= LAST:
        days = min(30, (LAST - first).days + 1)
        count = round(documents * days / DAYS)
        yield Month(first, days, begin, count)
        first, begin = first + timedelta(days=days), begin + count


def add_documents(database: Database, first: date, days: int, begin: int, count: int) -> None:
    """So many documents with readings and judgements; they are not counted yet."""
    table = _documents(days, count)
    for statement in _INTO.values():
        database.execute(
            statement.format(documents=table),
            {"first": first, "begin": begin, "count": count, "version": next_version()},
        )


def count_days(database: Database, first: date, days: int) -> None:
    """Count and estimate these days of all societies; the first as the scoring workers do."""
    societies = [f"S{number:02d}" for number in range(SOCIETIES)]
    daily_counts.recount(
        database,
        {(society, first + timedelta(days=n)) for society in societies for n in range(days)},
    )
    database.execute(_POINTS, {"first": first, "last": first + timedelta(days=days - 1)})


def fill_weeks(database: Database) -> None:
    """The weekly tables of the whole history."""
    for start in range(0, DAYS // 7, 26):
        mondays = (
            f"SELECT toMonday(toDate('{LAST}')) - 7 * toUInt16(number + 1) AS monday"
            f" FROM numbers({start}, {min(26, DAYS // 7 - start)})"
        )
        for statement in (_WEEKS, _CHANGES, _SHARES):
            database.execute(statement.format(parts=_PARTS, series=_SERIES, mondays=mondays))
