"""Everything that a step needs of the world, opened once from the settings and closed together.

Steps run as plain functions and as Prefect flows; both find the open edges here, because a flow's
parameters must be plain values.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from alerts.channel import Channel
from alerts.channel_rules import ChannelRule, ChannelsRefused, read_rules
from classify.classifier import Classifier, load_classifier
from classify.hypotheses import parse_hypotheses
from classify.target import TARGETS, Target
from flows.clock_ahead import start_after_what_is_written
from flows.log_lines import set_up_json
from flows.settings import (
    Settings,
    SettingsRefused,
    apply_environment,
    load_settings,
    model_environment,
)
from flows.society_names import load_society_names
from ingest import bus as bus_edge
from ingest.allowed_hosts import host_entries
from ingest.bus import Bus
from ingest.fetch import Fetcher
from ingest.source import Source, SourcesRefused, default_sources, parse_sources
from ingest.topics import TOPICS
from storage import database as database_edge
from storage.database import Database
from storage.migrate import check_schema, migrate

GROUP = "barometer.score"
"""The consumer group of the scoring workers."""


class Edges(msgspec.Struct, frozen=True, kw_only=True):
    """The open edges and what they were opened from."""

    settings: Settings
    bus: Bus
    database: Database
    classifier: Classifier
    targets: tuple[Target, ...]
    sources: tuple[Source, ...]
    fetcher: Fetcher
    channels: tuple[Channel, ...]
    rules: Mapping[str, ChannelRule] = msgspec.field(default_factory=dict)
    """By name of a channel: who is told what through it; one without a rule is told everything."""
    society_names: Mapping[str, str] = msgspec.field(default_factory=dict)
    """What to call a society, by its code; the code where there is none."""


_open: list[Edges] = []


@contextmanager
def edges(
    settings: Settings | None = None,
    *,
    create: bool = False,
    sources: Sequence[Source] | None = None,
    progress: Callable[[str], None] = lambda text: None,
) -> Iterator[Edges]:
    """The edges that are open in this process, or new ones from the settings, closed at the end.

    `create` makes folder, database, tables and topics first (what `barometer migrate` does).
    """
    if settings is None and _open:
        yield _open[-1]
        return
    settings = settings or load_settings()
    set_up_json(settings)
    society_names = load_society_names(settings)
    with ExitStack() as stack:
        progress("opening the bus")
        bus = open_bus(settings, create=create)
        stack.callback(bus.close)
        progress("opening the database")
        database = open_database(settings, create=create)
        stack.callback(database.close)
        progress("loading the classifier")
        rules = load_rules(settings)
        fetcher = open_fetcher(settings)
        stack.callback(fetcher.close)
        opened = Edges(
            settings=settings,
            bus=bus,
            database=database,
            classifier=open_classifier(settings),
            targets=TARGETS,
            sources=tuple(sources) if sources is not None else load_sources(settings),
            fetcher=fetcher,
            channels=load_channels(settings, rules, bus),
            rules={rule.name: rule for rule in rules},
            society_names=society_names,
        )
        _open.append(opened)
        stack.callback(_open.remove, opened)
        yield opened


def open_bus(settings: Settings, *, create: bool = False) -> Bus:
    """The bus of the settings; with `create`, its topics too."""
    bus = bus_edge.connect(settings.bus_url)
    try:
        if create:
            bus.create_topics([topic.name for topic in TOPICS])
    except BaseException:
        bus.close()
        raise
    return bus


def open_database(settings: Settings, *, create: bool = False, read_only: bool = False) -> Database:
    """The database of the settings, its schema up to date (`create`) or checked."""
    database = database_edge.connect(settings.database_url, create=create, read_only=read_only)
    try:
        now = datetime.now(UTC)
        if create:
            migrate(database, now)
        else:
            check_schema(database)
        if not read_only:
            start_after_what_is_written(database, now)
    except BaseException:
        database.close()
        raise
    return database


def open_classifier(settings: Settings) -> Classifier:
    """The classifier of the settings. Raises ModelError, or SettingsRefused for a file that cannot be read."""
    apply_environment(model_environment())
    path = settings.hypotheses
    return load_classifier(
        settings.model,
        device=settings.device,
        hypotheses=parse_hypotheses(_read(path, "BAROMETER_HYPOTHESES"), str(path)) if path else {},
        languages=frozenset(filter(None, settings.model_languages.split(","))),
    )


def open_fetcher(settings: Settings) -> Fetcher:
    """The fetcher of the settings; close it."""
    return Fetcher(
        contact=settings.contact,
        pause=settings.host_pause,
        allowed_hosts=frozenset(host_entries(settings.allowed_hosts)),
    )


def load_sources(settings: Settings) -> tuple[Source, ...]:
    """The sources of the settings, or the list that ships with Barometer."""
    path = settings.sources
    if path is None:
        return default_sources()
    return parse_sources(_read(path, "BAROMETER_SOURCES"), str(path))


def select_sources(sources: Sequence[Source], names: Sequence[str]) -> list[Source]:
    """The sources of these names; all when no name is given. Raises SourcesRefused for an unknown name."""
    known = {source.name for source in sources}
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "`barometer sources list` shows them."
            raise SourcesRefused(f"There is no source {name!r}; {hint}")
    return [source for source in sources if not names or source.name in names]


def load_rules(settings: Settings) -> tuple[ChannelRule, ...]:
    """The channels that BAROMETER_CHANNELS names; none when it is not set. Raises SettingsRefused."""
    path = settings.channels
    if path is None:
        return ()
    try:
        return read_rules(
            _read(path, "BAROMETER_CHANNELS"),
            name=str(path),
            timezone=settings.timezone,
            targets=[target.name for target in TARGETS],
        )
    except ChannelsRefused as error:
        raise SettingsRefused(str(error)) from None


def load_channels(
    settings: Settings, rules: Sequence[ChannelRule], bus: Bus
) -> tuple[Channel, ...]:
    """Where alerts and digests go: the log always, and the channels of the settings. Raises SettingsRefused."""
    from alerts.channels.log_channel import LogChannel
    from alerts.channels.opening import open_channels

    log_channel = LogChannel(settings.alert_log)
    if settings.channels is None:
        return (log_channel,)
    try:
        named = open_channels(
            rules, name=str(settings.channels), folder=settings.channels.parent, bus=bus
        )
    except ChannelsRefused as error:
        raise SettingsRefused(str(error)) from None
    return (log_channel, *named) if all(one.name != "log" for one in named) else named


def _read(path: Path, setting: str) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise SettingsRefused(
            f"Cannot read {path} that {setting} names: {error.strerror}."
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsRefused(f"{path} that {setting} names is not UTF-8 text.") from error
