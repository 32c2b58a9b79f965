"""Who acts in the simulated world: three invented societies and their outlets, one of them down for two days.

Societies have codes that ISO 3166-1 leaves to users (XA to XZ), and every outlet's name says that it
is simulated.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

from flows.demo.world import FeedFormat, Outlet, Society
from ingest.document import Kind

SOCIETIES = (
    Society(code="XA", name="Alderland", utc_offset=0),
    Society(code="XB", name="Brennmark", utc_offset=1),
    Society(code="XC", name="Calvora", utc_offset=2),
)

# name, kind, leaning, size, feed, gzip
_OUTLETS: Mapping[str, tuple[tuple[str, Kind, float, float, FeedFormat, bool], ...]] = {
    "XA": (
        ("Alder Courier", Kind.NEWS, 0.6, 1.2, FeedFormat.RSS, False),
        ("Alder Morning Mail", Kind.NEWS, -0.7, 1.1, FeedFormat.RSS, True),
        ("Alderland Wire", Kind.NEWS, 0.0, 1.0, FeedFormat.ATOM, False),
        ("Alder Square", Kind.FORUM, -0.2, 1.0, FeedFormat.RSS, False),
        ("Chirp Alderland", Kind.SOCIAL, 0.1, 1.0, FeedFormat.JSON, False),
        ("Alderland Gazette of Record", Kind.OFFICIAL, 0.2, 1.0, FeedFormat.RDF, False),
    ),
    "XB": (
        ("Brenn Daily Ledger", Kind.NEWS, 0.5, 1.2, FeedFormat.RSS, False),
        ("Brenn Evening Star", Kind.NEWS, -0.6, 1.2, FeedFormat.ATOM, False),
        ("Brennmark Wire", Kind.NEWS, 0.0, 0.9, FeedFormat.RSS, False),
        ("Brenn Fireside", Kind.FORUM, -0.3, 1.0, FeedFormat.RSS, False),
        ("Chirp Brennmark", Kind.SOCIAL, 0.0, 1.0, FeedFormat.ATOM, False),
        ("Brennmark State Bulletin", Kind.OFFICIAL, 0.3, 1.0, FeedFormat.RSS, False),
    ),
    "XC": (
        ("Calvora Post", Kind.NEWS, 0.4, 1.1, FeedFormat.RSS, False),
        ("Calvora Standard", Kind.NEWS, -0.5, 1.1, FeedFormat.RSS, False),
        ("Calvora Wire", Kind.NEWS, 0.0, 1.0, FeedFormat.RSS, False),
        ("Calvora Commons", Kind.FORUM, 0.0, 1.0, FeedFormat.ATOM, False),
        ("Chirp Calvora", Kind.SOCIAL, -0.1, 1.0, FeedFormat.RSS, False),
        ("Calvora Council Notices", Kind.OFFICIAL, 0.1, 1.0, FeedFormat.RSS, False),
    ),
}
_DOWN_OUTLET = "sim-calvora-standard"
_DOWN_AFTER_FALL, _DOWN_DAYS = 3, 2


def cast_outlets(fall_day: date) -> tuple[Outlet, ...]:
    """The outlets of all societies; one is down for two days soon after `fall_day`."""
    down_from = datetime.combine(fall_day + timedelta(_DOWN_AFTER_FALL), time(), UTC)
    outlets = []
    for society, rows in _OUTLETS.items():
        for title, kind, leaning, size, feed, gzip in rows:
            name = "sim-" + title.lower().replace(" ", "-")
            down = name == _DOWN_OUTLET
            outlets.append(
                Outlet(
                    name=name,
                    title=f"{title} (simulated)",
                    society=society,
                    kind=kind,
                    leaning=leaning,
                    size=size,
                    feed=feed,
                    gzip=gzip,
                    down_from=down_from if down else None,
                    down_until=down_from + timedelta(_DOWN_DAYS) if down else None,
                )
            )
    return tuple(outlets)
