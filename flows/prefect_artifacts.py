"""What a flow run leaves on the Prefect server for people to look at.

    score  -> a table: what became of every row that was read so far
    watch  -> a link to the board, where BAROMETER_BOARD_URL says where it is
    weekly -> the digest as a page, without its quotations: what is forgotten here would stay there

A run is not worse for an artifact that could not be made.
"""

from __future__ import annotations

import logging
import re
from datetime import datetime

import msgspec

from flows.sentence import sentence
from flows.settings import Settings, load_settings
from flows.steps import now_utc

log = logging.getLogger("barometer.flows")


def leave_artifacts(step: str, *, week: str | None = None, now: datetime | None = None) -> None:
    """Make the artifacts of a step that succeeded."""
    try:
        settings = load_settings()
        if step == "score":
            _ledger(settings)
        elif step == "watch" and settings.board_url:
            _board(settings)
        elif step == "weekly":
            _digest(settings, week, now or now_utc())
    except Exception as error:  # whatever it is, the step has done its work
        log.warning("no artifact of %s: %s", step, sentence(error) or type(error).__name__)


def _ledger(settings: Settings) -> None:
    from prefect.artifacts import create_table_artifact

    from flows.wiring import open_database
    from storage import ledger

    database = open_database(settings, read_only=True)
    try:
        totals = ledger.totals(database)
    finally:
        database.close()
    create_table_artifact(
        key="barometer-ledger",
        table=[
            {"disposition": word.value.replace("_", " "), "rows": rows}
            for word, rows in totals.items()
        ],
        description="What became of every row that was read so far.",
    )


def _board(settings: Settings) -> None:
    from prefect.artifacts import create_link_artifact

    create_link_artifact(
        key="barometer-board",
        link=settings.board_url,
        link_text="The board",
        description="The board as of this watch.",
    )


def _digest(settings: Settings, week: str | None, now: datetime) -> None:
    from prefect.artifacts import create_markdown_artifact

    from alerts.digest_text import digest_message
    from flows.digesting import collect_digest, last_full_week
    from flows.wiring import edges

    week = week or last_full_week(settings, now)
    with edges() as opened:
        digest = collect_digest(opened, week, now)
    message = digest_message(msgspec.structs.replace(digest, excerpts={}, typical={}))
    create_markdown_artifact(
        key=f"barometer-digest-{week.lower()}",
        markdown=as_markdown(message.title, message.body),
        description=message.title,
    )


def as_markdown(title: str, text: str) -> str:
    """A title and plain text of fixed width, which stays as it is whatever stands in it."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    heading = re.sub(r"([\\`*_{}\[\]<>#|])", r"\\\1", " ".join(title.split()))
    return f"# {heading}\n\n{fence}text\n{text.rstrip()}\n{fence}\n"
