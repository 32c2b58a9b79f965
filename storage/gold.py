"""Gold at rest: what was drawn of which week, and what people found in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import msgspec

from alerts.gold_sample import Candidate, Drawn
from alerts.gold_truth import Total
from classify.gold_label import GoldLabel
from classify.stance import Probabilities, Stance
from ingest.document import Kind
from storage.database import Database, next_version
from storage.removals import chunks, removed_among
from storage.statements import query

_LABEL_COLUMNS = (
    "document_id annotator targets stances flags decides seconds labelled_at version"
).split()


class Draw(msgspec.Struct, frozen=True, kw_only=True):
    """What is remembered of a draw."""

    week: str
    draw: str
    salt: str
    wanted: int
    society: str
    """Empty: of all."""
    frame: int
    """Documents that it was drawn from."""
    no_text: int
    """Judged documents of the week that could not be drawn: their words are not kept."""
    model: str
    drawn_at: datetime


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """Judged documents that a sample may be drawn from."""

    candidates: list[Candidate]
    no_text: int
    models: tuple[str, ...]


def frame(database: Database, first: date, last: date, society: str = "") -> Frame:
    """The judged documents published on these days whose words are kept."""
    asked = {"first": first, "last": last, "society": society}
    found, without, models = [], 0, set()
    for row in database.query(query("gold_frame"), asked).dicts():
        models.add(row["model"])
        if not row["readable"]:
            without += 1
            continue
        stances = map(Stance, row["stances"])
        found.append(
            Candidate(
                id=row["document_id"],
                society=row["society"],
                kind=Kind(row["kind"]),
                day=row["day"],
                stances=dict(zip(row["targets"], stances, strict=True)),
            )
        )
    return Frame(candidates=found, no_text=without, models=tuple(sorted(models)))


def store_draw(database: Database, made: Draw, sample: Sequence[Drawn]) -> None:
    """Write a draw. Its documents first: a draw that is there is whole."""
    version = next_version()
    database.insert(
        "gold_samples",
        ["week", "draw", *Drawn.__struct_fields__, "version"],
        [(made.week, made.draw, *msgspec.structs.astuple(one), version) for one in sample],
    )
    database.insert(
        "gold_draws",
        [*Draw.__struct_fields__, "version"],
        [(*msgspec.structs.astuple(made), version)],
    )


def draws(database: Database) -> list[Draw]:
    """All draws, by week; of a week the newest."""
    return [Draw(**row) for row in database.query(query("gold_draws")).dicts()]


def sample_of(database: Database, made: Draw) -> list[Drawn]:
    """The documents of a draw, in the order of labelling."""
    asked = {"week": made.week, "draw": made.draw}
    return [Drawn(**row) for row in database.query(query("gold_sample"), asked).dicts()]


def store_labels(database: Database, labels: Sequence[GoldLabel]) -> None:
    """Write labels; a label of the same document by the same person is replaced. Those of documents that are gone are left
    out: nothing may name these any more.
    """
    version = next_version()
    gone = removed_among(database, [one.document_id for one in labels])
    database.insert(
        "gold_labels",
        _LABEL_COLUMNS,
        [
            (
                one.document_id,
                one.annotator,
                list(one.stances),
                [stance.value for stance in one.stances.values()],
                list(one.flags),
                int(one.decides),
                one.seconds,
                one.labelled_at,
                version,
            )
            for one in labels
            if one.document_id not in gone
        ],
    )


def labels_of(database: Database, ids: Sequence[str]) -> list[GoldLabel]:
    """What people said of these documents, by document and person; what was taken back is none."""
    return [
        _label(row)
        for chunk in chunks(ids)
        for row in database.query(query("gold_labels"), {"ids": chunk}).dicts()
    ]


def _label(row: dict[str, Any]) -> GoldLabel:
    stances = dict(zip(row.pop("targets"), map(Stance, row.pop("stances")), strict=True))
    return GoldLabel(
        **{**row, "flags": tuple(row["flags"]), "decides": bool(row["decides"])}, stances=stances
    )


def judged_of(
    database: Database, ids: Sequence[str], first: date, last: date
) -> tuple[dict[tuple[str, str], Probabilities], set[str]]:
    """What is judged of these documents now, by document and target; and the models that judged."""
    found: dict[tuple[str, str], Probabilities] = {}
    models: set[str] = set()
    for chunk in chunks(ids):
        asked = {"ids": chunk, "first": first, "last": last}
        for document_id, target, *p, model in database.query(query("gold_judgements"), asked).rows:
            found[document_id, target] = Probabilities(*p)
            models.add(model)
    return found, models


def totals_of(database: Database, first: date, last: date) -> dict[tuple[str, str], Total]:
    """Of all judged documents published on these days, by society and target."""
    asked = {"first": first, "last": last}
    return {
        (row.pop("society"), row.pop("target")): Total(**row)
        for row in database.query(query("gold_totals"), asked).dicts()
    }
