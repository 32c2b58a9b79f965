"""Reads GDELT's search (DOC 2.0) for one query: one request a reading, at a pace that GDELT bears.

    window -> ArtList -> fewer than 250: documents, done
                      -> 250: its halves, the next two readings
                      -> asked too often: FetchFailed, with a wait that grows

The search is for what the bulk files (ingest/gdelt_gkg_reader.py) cannot do: words instead of themes.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlencode

from ingest.fetch import FetchFailed
from ingest.gdelt_doc import MOST_RECORDS, DocAnswer, DocRefused, parse_doc
from ingest.gdelt_doc_window import (
    REACH,
    SHORTEST,
    DocState,
    Window,
    cursor_of,
    state_of,
    with_work,
    within_reach,
)
from ingest.gdelt_moment import stamp_of
from ingest.http_words import shown
from ingest.reading import FailedButLearned, Gap, Memory, Reading, Surroundings
from ingest.source import Source
from ingest.source_options import GdeltDocOptions

APART = 8.0
"""Seconds between two requests. GDELT asks for 5, and has refused at 6.5."""


class AskedTooOften(FailedButLearned):
    """GDELT wants us to stay away; `memory` knows how often it said so."""


class GdeltDocReader:
    """GDELT DOC 2.0. `source.url` is https://api.gdeltproject.org/api/v2/doc/doc, without a query."""

    def __init__(self, apart: float = APART) -> None:
        self._apart = apart

    def read(
        self, source: Source, memory: Memory, surroundings: Surroundings, now: datetime
    ) -> Reading:
        """See ingest/reading.py. The first reading takes the last two hours."""
        state, lost = within_reach(with_work(state_of(memory.cursor), now), now)
        return self._next(source, with_work(state, now), lost, surroundings, now)

    def back_fill(
        self,
        source: Source,
        first: datetime,
        last: datetime,
        memory: Memory,
        surroundings: Surroundings,
        now: datetime,
    ) -> Reading:
        """What GDELT saw from `first` to `last`, within the last three months."""
        state = state_of(memory.cursor)
        if not memory.cursor:
            if first < now - REACH:
                raise FetchFailed(
                    f"{shown(source.url)}: GDELT's search goes back {REACH.days} days; back-fill from "
                    f"{now - REACH + timedelta(days=1):%Y-%m-%d} on, or from bulk files with a source of type gdelt-gkg",
                    permanent=True,
                )
            end = min(last, now)
            window = Window(min(first, end - SHORTEST), end)
            state = DocState(windows=(window,) if first < end else ())
        state, lost = within_reach(state, now)
        if not state.windows:
            return Reading(memory=Memory(cursor=cursor_of(state)), unchanged=True, gap=_gap(lost))
        return self._next(source, state, lost, surroundings, now)

    def _next(
        self,
        source: Source,
        state: DocState,
        lost: Window | None,
        surroundings: Surroundings,
        now: datetime,
    ) -> Reading:
        """Ask for the first window. Raises FetchFailed."""
        window = state.windows[0]
        address = shown(source.url)
        try:
            fetched = surroundings.fetcher.fetch(_request(source, window), apart=self._apart)
            answer = parse_doc(fetched.body, source=source, address=address, fetched_at=now)
        except FetchFailed as error:
            if error.http_status == 429:
                raise _stay_away(address, state, error.retry_after) from error
            raise
        except DocRefused as error:
            if error.too_often:
                raise _stay_away(address, state, None) from error
            remedy = (
                f"; change the query of source {source.name!r}" if error.about_the_query else ""
            )
            raise FetchFailed(
                f"{address} {error}{remedy}", http_status=200, permanent=error.about_the_query
            ) from error
        halves = window.halves() if answer.full else None
        if halves is not None:
            return Reading(
                memory=Memory(cursor=cursor_of(state.split(halves))),
                more=True,
                gap=_gap(lost),
                http_status=fetched.http_status,
            )
        state = state.done()
        return Reading(
            documents=answer.documents,
            dead=answer.dead,
            memory=Memory(cursor=cursor_of(state)),
            more=bool(state.windows),
            gap=_gap(lost),
            notes=_notes(answer, window),
            http_status=fetched.http_status,
        )


def _request(source: Source, window: Window) -> str:
    options = source.options
    asked = {
        "query": options.query if isinstance(options, GdeltDocOptions) else "",
        "mode": "ArtList",
        "format": "json",
        "maxrecords": str(MOST_RECORDS),
        "sort": "DateDesc",
        "startdatetime": stamp_of(window.begin),
        "enddatetime": stamp_of(window.end),
    }
    return f"{source.url.partition('?')[0]}?{urlencode(asked)}"


def _stay_away(address: str, state: DocState, asked: timedelta | None) -> AskedTooOften:
    state = state.refused()
    wait = max(state.wait, asked or timedelta(0))
    return AskedTooOften(
        f"{address} says that we ask too often; it is left alone for {wait.total_seconds() / 60:,.0f} minutes",
        retry_after=wait,
        memory=Memory(cursor=cursor_of(state)),
        http_status=429,
    )


def _notes(answer: DocAnswer, window: Window) -> tuple[str, ...]:
    if answer.empty:
        return (
            "GDELT answered {}: nothing was found, or a theme or name in the query is unknown to it",
        )
    if answer.full:
        return (
            f"more than {MOST_RECORDS} articles from {window.begin:%Y-%m-%d %H:%M} to {window.end:%H:%M} UTC, the rest "
            "is not given; make the query narrower",
        )
    return ()


def _gap(lost: Window | None) -> Gap | None:
    return Gap(since=lost.begin, until=lost.end) if lost else None
