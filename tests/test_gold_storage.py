"""Gold in the tables, over both databases: drawn, labelled, taken back, joined with what is judged now."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from alerts.gold_sample import draw
from classify.gold_label import TARGET_NAMES, GoldLabel
from classify.stance import Stance
from ingest.document import Kind
from storage import gold, removals
from storage.database import Database
from storage.gold import Draw
from tests.judged_documents import DAY, NOW, SURE, TOPIC, document, judged, store

WEEK = "2026-W47"
FIRST, LAST = DAY - timedelta(days=1), DAY + timedelta(days=5)


def label(document_id: str, annotator: str = "ml", **changes: object) -> GoldLabel:
    made = GoldLabel(
        document_id=document_id,
        annotator=annotator,
        stances=dict.fromkeys(TARGET_NAMES, Stance.NEUTRAL),
        flags=("conflates",),
        seconds=12,
        labelled_at=NOW,
    )
    return msgspec.structs.replace(made, **changes)


def fill(database: Database) -> None:
    """Nine documents of the week, three of another society, one of another week."""
    batch = [
        judged(document(n), ("support", "oppose")[n % 2], irregular="neutral") for n in range(9)
    ]
    batch += [judged(document(20 + n, society="XB")) for n in range(3)]
    store(database, *batch, judged(document(40, day=DAY + timedelta(days=7))))


def test_a_frame_holds_what_can_be_read_and_counts_what_cannot(database: Database) -> None:
    fill(database)
    removals.remove(database, "courier", [f"{3:032x}"], NOW)
    found = gold.frame(database, FIRST, LAST)
    assert (len(found.candidates), found.no_text, found.models) == (11, 1, ("m1",))
    one = next(each for each in found.candidates if each.id == f"{1:032x}")
    assert one.kind is Kind.NEWS
    assert one.stances == {TOPIC: Stance.OPPOSE, "irregular": Stance.NEUTRAL}
    assert len(gold.frame(database, FIRST, LAST, "XB").candidates) == 3


def test_the_newest_draw_of_a_week_is_the_one_that_counts(database: Database) -> None:
    fill(database)
    frame = gold.frame(database, FIRST, LAST)
    for number, size in enumerate((4, 6)):
        made = Draw(
            week=WEEK,
            draw=f"d{number}",
            salt="s",
            wanted=size,
            society="",
            frame=12,
            no_text=0,
            model="m1",
            drawn_at=NOW,
        )
        gold.store_draw(database, made, draw(frame.candidates, size, week=WEEK, salt="s"))
    assert gold.draws(database) == [made]
    assert gold.sample_of(database, made) == [*draw(frame.candidates, 6, week=WEEK, salt="s")]


def test_labels_are_replaced_taken_back_and_not_kept_of_what_is_gone(database: Database) -> None:
    fill(database)
    ids = [f"{n:032x}" for n in range(4)]
    removals.remove(database, "courier", [ids[3]], NOW)
    gold.store_labels(database, [label(each) for each in ids])
    again = label(ids[0], decides=True, stances={TOPIC: Stance.OPPOSE})
    gold.store_labels(database, [again, label(ids[1], stances={})])
    assert gold.labels_of(database, ids) == [again, label(ids[2])]


def test_judgements_and_totals_are_those_of_the_week_as_it_is_judged_now(
    database: Database,
) -> None:
    fill(database)
    store(database, judged(document(0), "neutral", model="m2", irregular="neutral"))
    found, models = gold.judged_of(database, [f"{0:032x}", f"{1:032x}"], FIRST, LAST)
    assert found[f"{0:032x}", TOPIC] == SURE["neutral"]
    assert found[f"{1:032x}", TOPIC] == SURE["oppose"]
    assert models == {"m1", "m2"}
    total = gold.totals_of(database, FIRST, LAST)["XA", TOPIC]
    assert total.documents == 9
    assert total.score == pytest.approx(4 * 0.6 - 4 * 0.6)
    assert total.addressed == pytest.approx(9 * 0.9)
