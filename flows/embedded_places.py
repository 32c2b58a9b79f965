"""Where the embedded mode keeps what cannot be made again: bus, database, the secret of author keys, the log of alerts."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

from flows.author_secret import FILE as AUTHOR_SECRET
from flows.mistake import Mistake
from flows.settings import Settings
from ingest.sqlite_bus import SqliteBus
from storage.chdb_database import folder_of


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """The files and the folder of one embedded Barometer; any of them may be missing."""

    bus: Path
    database: Path
    author_secret: Path
    alert_log: Path


def embedded_places(settings: Settings) -> Places:
    """The places that the settings name. Raises Mistake where bus or database is a server: those have tools of their own."""
    for setting, url, scheme in (
        ("BAROMETER_BUS_URL", settings.bus_url, "sqlite"),
        ("BAROMETER_DATABASE_URL", settings.database_url, "chdb"),
    ):
        if urlsplit(url).scheme != scheme:
            raise Mistake(
                f"{setting} names a server ({urlsplit(url).scheme}), and this command is for the embedded mode"
                f" ({scheme}:///PATH); docs/backup.md says how to back up and restore servers."
            )
    # As flows/author_secret.py has it: beside the folder as it was named, not where a link leads to.
    named = Path(unquote(urlsplit(settings.database_url).path.removeprefix("/"))).absolute()
    return Places(
        bus=SqliteBus.from_url(settings.bus_url).path.absolute(),
        database=folder_of(settings.database_url),
        author_secret=named.parent / f"{named.name}.{AUTHOR_SECRET}",
        alert_log=settings.alert_log.absolute(),
    )
