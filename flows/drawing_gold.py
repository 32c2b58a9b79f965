"""Drawing a sample of a week's judged documents, and remembering it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from alerts.gold_sample import Drawn, draw
from alerts.week import days_of_week
from flows.mistake import Mistake
from flows.wiring import Edges
from ingest.document import Document
from storage import gold
from storage.database import Result
from storage.gold import Draw
from storage.stored_documents import documents_of

LABEL_COLUMNS = ("regular", "irregular", "asylum", "general", "conflates", "dehumanising")
"""To be filled in, in a file that people label by hand."""


def draw_week(
    edges: Edges,
    week: str,
    wanted: int,
    *,
    society: str = "",
    salt: str = "",
    again: bool = False,
    now: datetime,
) -> tuple[Draw, list[Drawn], bool]:
    """The sample of `week`, and whether it is new. The same question gives the sample that was drawn before.

    Raises Mistake where another sample of the week was drawn and `again` does not say that it may go, and where there is
    nothing to draw.
    """
    known = {one.week: one for one in gold.draws(edges.database)}
    before = known.get(week)
    if before is not None and not again:
        same = (before.wanted, before.society) == (wanted, society) and salt in ("", before.salt)
        if same:
            return before, gold.sample_of(edges.database, before), False
        raise Mistake(
            f"A sample of {week} was drawn on {before.drawn_at:%Y-%m-%d}: {before.wanted} documents"
            f"{f' of {before.society}' if before.society else ''}. Ask for the same, or say --again to draw anew;"
            " labels stay, whatever is drawn."
        )
    first, last = days_of_week(week)
    frame = gold.frame(edges.database, first, last, society)
    if not frame.candidates:
        why = (
            f"the words of its {frame.no_text:,} judged documents are not kept any more"
            if frame.no_text
            else "no document was judged"
        )
        raise Mistake(
            f"There is nothing to label in {week}{f' of {society}' if society else ''}: {why}."
        )
    newest = max(known.values(), key=lambda one: one.drawn_at, default=None)
    used = salt or (newest.salt if newest else secrets.token_hex(8))
    found = draw(frame.candidates, wanted, week=week, salt=used)
    made = Draw(
        week=week,
        draw=secrets.token_hex(8),
        salt=used,
        wanted=wanted,
        society=society,
        frame=len(frame.candidates),
        no_text=frame.no_text,
        model=", ".join(frame.models),
        drawn_at=now,
    )
    gold.store_draw(edges.database, made, found)
    return made, list(found), True


def sheet(edges: Edges, made: Draw, sample: Sequence[Drawn], *, with_text: bool) -> Result:
    """The sample as a table to label in: what a document is, and empty columns. Strata are left out, for they tell what the
    model found. Words only where they are asked for: a file is beyond the reach of `barometer forget`.
    """
    texts = _texts(edges, made.week, [one.document_id for one in sample])
    columns = ["place", "week", "document_id", "society", "day", "outlet", "url", "chance"]
    columns += ["title", "text"] if with_text else []
    rows = []
    for one in sample:
        document = texts.get(one.document_id)
        row = [one.place + 1, made.week, one.document_id, one.society, one.day]
        row += [document.outlet, document.url] if document else ["", ""]
        row.append(round(one.chance, 6))
        if with_text:
            row += [document.title, document.text] if document else ["", ""]
        rows.append((*row, *("" for _ in LABEL_COLUMNS), ""))
    names = (*columns, *LABEL_COLUMNS, "annotator")
    return Result(names, ("String",) * len(names), rows)


def _texts(edges: Edges, week: str, ids: Sequence[str]) -> dict[str, Document]:
    found, _ = documents_of(edges.database, ids, *days_of_week(week))
    return {one.id: one for one in found}
