"""Which stretch of time to ask GDELT's search for next: it gives 250 articles at most, so busy ones are halved.

until ──────────── now          one window, and a bit of what was asked before: articles come late
[ ───── 250 ────── ]            full: its two halves take its place, the earlier first
[ ─ 180 ─ ][ ─ 90 ─ ]           done: until = now
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

REACH = timedelta(days=90)
"""How far back the search goes (`3 months`)."""

OVERLAP = timedelta(hours=2)
"""Asked again with every window: GDELT takes its time from seeing a page to finding it, and refuses short spans."""

SHORTEST = timedelta(hours=1)
"""Windows are not halved below this: GDELT says `Timespan is too short.`"""

FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=5), timedelta(hours=4)
"""After a refusal for asking too often; doubles with each further one."""


class Window(msgspec.Struct, frozen=True, array_like=True):
    """From when to when, UTC."""

    begin: datetime
    end: datetime

    def halves(self) -> tuple[Window, Window] | None:
        """The earlier half and the later; None when they were too short to ask for."""
        half = timedelta(seconds=(self.end - self.begin) // timedelta(seconds=2))
        if half < SHORTEST:
            return None
        middle = self.begin + half
        return Window(self.begin, middle), Window(middle, self.end)


class DocState(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is remembered."""

    until: datetime | None = None
    """All before is read, as far as GDELT had it then; None before the first reading."""
    windows: tuple[Window, ...] = ()
    """What is left to ask for, oldest first. At most one more than a window can be halved."""
    refusals: int = 0
    """Times that GDELT said in a row that we ask too often."""

    def split(self, halves: tuple[Window, Window]) -> DocState:
        """With the first window replaced by its halves."""
        return DocState(self.until, (*halves, *self.windows[1:]))

    def done(self) -> DocState:
        """With the first window read."""
        return DocState(self.windows[0].end, self.windows[1:])

    def refused(self) -> DocState:
        """Asked to stay away once more."""
        return DocState(self.until, self.windows, self.refusals + 1)

    @property
    def wait(self) -> timedelta:
        """How long to stay away after so many refusals."""
        return min(FIRST_WAIT * (1 << min(max(self.refusals - 1, 0), 20)), LONGEST_WAIT)


def state_of(cursor: str) -> DocState:
    """The state in a cursor; an empty one where the cursor is empty or not ours."""
    try:
        state = msgspec.json.decode(cursor, type=DocState) if cursor else DocState()
    except (msgspec.DecodeError, ValueError):
        return DocState()
    moments = [state.until, *(m for w in state.windows for m in (w.begin, w.end))]
    return state if all(m is None or m.tzinfo is not None for m in moments) else DocState()


def cursor_of(state: DocState) -> str:
    """The state as a cursor."""
    return msgspec.json.encode(state).decode()


def with_work(state: DocState, now: datetime) -> DocState:
    """`state` with at least one window to ask for: what came since the last one that was asked for."""
    if state.windows:
        return state
    begin = now - OVERLAP if state.until is None else min(state.until, now) - OVERLAP
    return DocState(state.until, (Window(_second(begin), _second(now)),), state.refusals)


def within_reach(state: DocState, now: datetime) -> tuple[DocState, Window | None]:
    """`state` without what GDELT no longer gives, and the stretch that is lost, if there is one."""
    earliest = _second(now - REACH)
    gone = [window for window in state.windows if window.begin < earliest]
    if not gone:
        return state, None
    kept = [
        Window(max(window.begin, earliest), window.end)
        for window in state.windows
        if window.end > earliest
    ]
    lost = Window(gone[0].begin, min(gone[-1].end, earliest))
    return DocState(state.until, tuple(kept), state.refusals), lost


def _second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
