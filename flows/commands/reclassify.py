"""`barometer reclassify`."""

from __future__ import annotations

import logging
import re
import sys
from datetime import date, datetime

import click

from flows.mistake import Mistake

_DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.command()
@click.option("--since", type=_DAY, metavar="DAY", help="Published on this day or later (2026-11-01).")  # fmt: skip
@click.option("--until", type=_DAY, metavar="DAY", help="Published on this day or earlier.")
@click.option("--society", default="", metavar="CODE", help="Only of this society (GB).")
@click.option("--off-topic", is_flag=True, help="Also what was off topic, where its text is kept.")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many documents, in whole days (one at least).")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Only say how many there are, and of what.")
def command(
    since: datetime | None,
    until: datetime | None,
    society: str,
    off_topic: bool,
    limit: int | None,
    dry_run: bool,
) -> None:
    """Judge stored documents again with BAROMETER_MODEL: what another model judged, and what is in a
    language that none did.

    A document counts once, as it was judged last; what it was before is in the ledger. Newest months come
    first. A run that was stopped goes on where it was when it is started again. Nobody is alerted to what
    changed in the past.
    """
    from flows.display import progress_bar
    from flows.reclassifying import Selection, count_unjudged, reclassify
    from flows.settings import load_settings
    from flows.table import table
    from flows.wiring import edges

    selection = Selection(
        since=_day(since, Selection().since),
        until=_day(until, Selection().until),
        society=_society(society),
        off_topic=off_topic,
        limit=limit,
    )
    if selection.since > selection.until:
        raise Mistake(f"--since {selection.since} is after --until {selection.until}.")
    settings = load_settings()
    if not sys.stderr.isatty():
        # A run that nobody watches says what became of every batch.
        logging.basicConfig(format="%(asctime)s %(name)s %(message)s")
        logging.getLogger("barometer").setLevel(settings.log_level)
    with edges(settings) as opened:
        model = opened.classifier.model
        counts = count_unjudged(opened, selection)
        found = sum(one.documents for one in counts)
        ready = found - sum(one.no_text for one in counts)
        if dry_run:
            if counts:
                table(
                    ["disposition", "model", "documents", "without text"],
                    [
                        (c.disposition.value.replace("_", " "), c.model, c.documents, c.no_text)
                        for c in counts
                    ],
                )
            click.echo(f"{ready:,} documents would be judged again by {model}.")
            return
        with progress_bar("Judging again", min(limit or found, found)) as bar:
            report = reclassify(
                opened, selection, progress=lambda so_far: bar.show(so_far.read, str(so_far))
            )
    click.echo(f"{report}, by {model}")
    if limit and ready > limit:
        click.echo(f"{ready - limit:,} more are not judged by {model} yet; run this again.")


def _society(code: str) -> str:
    """The code as it is stored."""
    known = code.lower() if code.lower() == "unknown" else code.upper()
    if known and known != "unknown" and not re.fullmatch("[A-Z]{2}", known):
        raise Mistake(f"--society {code!r} is not an ISO 3166-1 alpha-2 code, like GB, or unknown.")
    return known


def _day(moment: datetime | None, otherwise: date) -> date:
    return otherwise if moment is None else moment.date()
