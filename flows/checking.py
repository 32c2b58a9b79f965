"""Check what the monitor depends on: each edge by using it, each source by reading it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import httpx
import msgspec

from alerts.delivery import disabled_sentence
from alerts.source_coverage import ATTENTION, short_sentence
from classify.classifier import ModelError
from flows.bounded import TookTooLong, together
from flows.clock_ahead import CLOCKS_DIFFER
from flows.prefect_answers import prefect_fault
from flows.reading_sources import ask, read_of
from flows.sentence import sentence
from flows.settings import Settings, SettingsRefused, embedded_prefect_wanted
from flows.source_conditions import stored_conditions
from flows.wiring import GROUP, load_rules, load_sources, open_bus, open_classifier, open_database
from ingest.bus import DEAD_LETTERS, DOCUMENTS, BusError
from ingest.reading import Memory, Surroundings
from ingest.source import Source, SourcesRefused
from storage.coverage import coverage
from storage.database import Database, DatabaseError, DatabaseHeld
from storage.deliveries import channel_states
from storage.ledger import totals
from storage.retention import kept as kept_now
from storage.retention import last_run

CHECK_SECONDS = 10.0
"""An edge that has not answered by then is down."""

EDGES = ("bus", "database", "model", "channels", "prefect")

RETENTION_LATE = timedelta(days=2)
"""It runs once a day."""


class Check(msgspec.Struct, frozen=True):
    """One part and whether it works."""

    part: str
    state: str
    """up, down, or note (worth knowing, not a fault)."""
    detail: str


def check_health(
    settings: Settings, *, now: datetime, seconds: float = CHECK_SECONDS
) -> list[Check]:
    """One row per edge, and the freshness of the figures and the ledger. All edges are asked at once, each for `seconds` at
    most.
    """
    asked = {
        "bus": lambda: _bus(settings),
        "database": lambda: _database_and_sources(settings, now),
        "model": lambda: _model(settings),
        "channels": lambda: _channels(settings),
        "prefect": _prefect,
    }
    found: dict[str, list[Check]] = {}
    for part, answer in together(seconds, asked).items():
        if isinstance(answer, TookTooLong):
            found[part] = [Check(part, "down", sentence(answer))]
        elif isinstance(answer, Exception):
            raise answer
        else:
            found[part] = answer
    of_database = [check for check in found["database"] if check.part != "sources"]
    sources = [check for check in found["database"] if check.part == "sources"]
    off = [check for check in of_database if check.part == "channels"]
    return [
        *found["bus"],
        *(check for check in of_database if check.part != "channels"),
        *found["model"],
        *sources,
        *(off or found["channels"]),
        *found["prefect"],
    ]


def edges_of(checks: Sequence[Check]) -> list[Check]:
    """Of the checks of check_health, those that say whether the edges answer."""
    return [check for check in checks if check.part in EDGES]


def check_alive(settings: Settings, *, seconds: float = CHECK_SECONDS) -> Check:
    """Whether the process of this machine that has the metrics port is at work. Raises SettingsRefused without a port."""
    if not settings.metrics_port:
        raise SettingsRefused(
            "Whether a process is alive is asked at its metrics port; set BAROMETER_METRICS_PORT, there and here."
        )
    host = settings.metrics_host
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    place = f"[{host}]" if ":" in host else host
    url = f"http://{place}:{settings.metrics_port}/healthz"
    try:
        answer = httpx.get(url, timeout=seconds, trust_env=False)
    except httpx.HTTPError as error:
        return Check("process", "down", f"{url} does not answer ({type(error).__name__})")
    if answer.status_code == httpx.codes.OK:
        return Check("process", "up", f"{url} answers")
    return Check(
        "process", "down", f"{url} says that nothing was done for long: {answer.text.strip()}"
    )


def _bus(settings: Settings) -> list[Check]:
    try:
        bus = open_bus(settings)
        try:
            waiting = bus.backlog([DOCUMENTS, DEAD_LETTERS], GROUP)
        finally:
            bus.close()
    except BusError as error:
        return [Check("bus", "down", sentence(error))]
    return [Check("bus", "up", f"{waiting:,} messages wait for scoring")]


def _database_and_sources(settings: Settings, now: datetime) -> list[Check]:
    database = _database(settings, now)
    can_be_asked = database[0].state == "up"
    return [*database, *_sources(settings, now if can_be_asked else None)]


def _database(settings: Settings, now: datetime) -> list[Check]:
    try:
        database = open_database(settings)
        try:
            held, ledger = coverage(database), totals(database)
            retained = _retention(database, settings, now)
            switched_off = [
                Check("channels", "down", disabled_sentence(state))
                for state in channel_states(database).values()
                if state.disabled_at is not None
            ]
        finally:
            database.close()
    except DatabaseHeld as error:
        return [Check("database", "note", f"in use: {sentence(error)}")]
    except DatabaseError as error:
        return [Check("database", "down", sentence(error))]
    words = " + ".join(
        f"{count:,} {word.value.replace('_', ' ')}" for word, count in ledger.items()
    )
    return [
        Check("database", "up", f"{database.url}, {held.documents:,} documents"),
        Check("lag", "note", _lag(held.newest_judged, now)),
        Check("ledger", "note", f"{sum(ledger.values()):,} rows read = {words}"),
        Check(
            "incidents",
            "note",
            f"{held.open_incidents} open; {held.dead_letters} dead letters wait for a fix",
        ),
        retained,
        *switched_off,
    ]


def _retention(database: Database, settings: Settings, now: datetime) -> Check:
    """When things last expired, and whether something should have gone since."""
    last, kept = last_run(database), kept_now(database)
    if last is None:
        return Check("retention", "note", "never ran; `barometer run` and `serve` do it once a day")
    oldest = (
        f"the oldest words are of {kept.oldest_text}" if kept.oldest_text else "no words are kept"
    )
    late = now - last > RETENTION_LATE
    said = f"last run {last:%Y-%m-%d %H:%M}; {oldest} (kept for {settings.text_days} days)"
    remedy = "; that is over two days ago: run `barometer retain`" if late else ""
    return Check("retention", "note" if late else "up", said + remedy)


def _lag(newest: datetime | None, now: datetime) -> str:
    if newest is None:
        return "nothing judged yet"
    if newest > now + CLOCKS_DIFFER:
        return (
            f"the newest judgement is of {newest:%Y-%m-%d %H:%M}, in the future: check the clocks"
        )
    age = max(now - newest, timedelta(0))
    return f"age of the newest judgement: {age - timedelta(microseconds=age.microseconds)}"


def _model(settings: Settings) -> list[Check]:
    try:
        classifier = open_classifier(settings)
    except (ModelError, SettingsRefused) as error:
        return [Check("model", "down", sentence(error))]
    languages = ", ".join(sorted(classifier.languages)) or "any language"
    return [Check("model", "up", f"{classifier.model} ({languages})")]


def _channels(settings: Settings) -> list[Check]:
    """Whether the list can be used; nothing is sent."""
    try:
        rules = load_rules(settings)
    except SettingsRefused as error:
        return [Check("channels", "down", sentence(error))]
    named = ", ".join(rule.name for rule in rules)
    return [Check("channels", "up", f"{named}, and the log" if named else "the log alone")]


def _prefect() -> list[Check]:
    if embedded_prefect_wanted():
        return [Check("prefect", "note", "embedded: it starts and ends with `run` and `serve`")]
    fault = prefect_fault()
    return [Check("prefect", "down" if fault else "up", fault or "the named server answers")]


def _sources(settings: Settings, now: datetime | None) -> list[Check]:
    """How many are read, and with `now` which of them need attention, as far as the database says."""
    try:
        sources = load_sources(settings)
    except (SourcesRefused, SettingsRefused) as error:
        return [Check("sources", "down", sentence(error))]
    known = stored_conditions(settings, sources, now)[0] if now else {}
    if not known:
        return [Check("sources", "up", f"{sum(s.enabled for s in sources)} enabled")]
    words = {name: one.condition for name, one in known.items()}
    troubled = any(word in ATTENTION for word in words.values())
    return [Check("sources", "note" if troubled else "up", short_sentence(words))]


def check_sources(
    sources: Sequence[Source],
    surroundings: Surroundings,
    *,
    now: datetime,
    progress: Callable[[Check], None] = lambda check: None,
) -> list[Check]:
    """Read each source as if for the first time; nothing is published or stored."""
    pool = ThreadPoolExecutor(8)
    checks = []
    try:
        for check in pool.map(lambda source: check_source(source, surroundings, now), sources):
            checks.append(check)
            progress(check)
    finally:
        # Whoever stops this with Ctrl-C does not wait for the sources that were not asked yet.
        pool.shutdown(cancel_futures=True)
    return checks


def check_source(source: Source, surroundings: Surroundings, now: datetime) -> Check:
    """One source, read as if for the first time."""
    answer = ask(read_of(source), source, Memory(), surroundings, now)
    reading = answer.reading
    if reading is None:
        return Check(source.name, "down", answer.fault)
    newest = max((arrival.document.published_at for arrival in reading.documents), default=None)
    said = [
        f"{len(reading.documents)} documents, newest {newest:%Y-%m-%d %H:%M}" if newest else "",
        f"{len(reading.dead)} bad entries" if reading.dead else "",
        f"{reading.passed_over:,} passed over" if reading.passed_over else "",
        *reading.notes,
    ]
    return Check(source.name, "up", "; ".join(filter(None, said)) or "no entries")
