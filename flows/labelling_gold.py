"""Labelling in the terminal: one document after the other, each label saved at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import date, datetime

import msgspec

from classify.codebook import FLAGS
from classify.gold_label import GoldLabel
from classify.labelling import Answers, Labelling, Outcome
from flows.wiring import Edges
from ingest.document import Document
from storage import gold
from storage.stored_documents import documents_of

LONGEST_SECONDS = 1_800
"""More than half an hour on one document is a break, and is not told as work."""


class ToLabel(msgspec.Struct, frozen=True, kw_only=True):
    """Documents that are to be labelled, in their order, and the days on which they lie."""

    ids: tuple[str, ...]
    first: date
    last: date


class Sitting(msgspec.Struct, frozen=True, kw_only=True):
    """What came of sitting down."""

    labelled: int
    left: int
    gone: int
    """Documents whose words are not kept any more."""
    seconds: int


def still_to_label(
    edges: Edges, ids: Sequence[str], annotator: str, *, disagreements: bool = False
) -> list[str]:
    """Those of these documents that the annotator has not labelled; with `disagreements`, those on which others differ and
    that nobody has settled.
    """
    by_document: dict[str, list[GoldLabel]] = {}
    for one in gold.labels_of(edges.database, ids):
        by_document.setdefault(one.document_id, []).append(one)
    if not disagreements:
        mine = {
            id
            for id, labels in by_document.items()
            if any(one.annotator == annotator for one in labels)
        }
        return [id for id in ids if id not in mine]
    return [
        id
        for id in ids
        if not any(one.decides for one in by_document.get(id, ()))
        and len({tuple(sorted(one.stances.items())) for one in by_document.get(id, ())}) > 1
    ]


def sit_down(
    edges: Edges,
    wanted: ToLabel,
    annotator: str,
    *,
    decides: bool = False,
    now: Callable[[], datetime],
) -> Sitting:
    """Show the documents one by one until the last is labelled or the annotator quits."""
    from flows.label_screen import console, show_codebook, show_document
    from flows.terminal_keys import keys

    texts = _Texts(edges, wanted)
    state = Labelling(wanted.ids)
    on = console()
    gone, spent, began = 0, 0, time.monotonic()
    with keys() as pressed:
        while True:
            document = texts.of(state.document_id)
            if document is None:
                gone += 1
                if not state.drop():
                    break
                continue
            show_document(on, document, state, len(wanted.ids) - gone)
            outcome = state.press(pressed.next())
            if outcome is Outcome.HELP:
                show_codebook(on)
                pressed.next()
            elif outcome is Outcome.QUIT:
                break
            elif outcome is Outcome.TAKE_BACK:
                took_back = GoldLabel(
                    document_id=state.document_id,
                    annotator=annotator,
                    stances={},
                    labelled_at=now(),
                )
                gold.store_labels(edges.database, [took_back])
            elif outcome in (Outcome.SAVE, Outcome.FINISHED):
                assert state.done is not None
                seconds = min(round(time.monotonic() - began), LONGEST_SECONDS)
                began, spent = time.monotonic(), spent + seconds
                made = _label(state.done, annotator, decides, seconds, now())
                gold.store_labels(edges.database, [made])
                if outcome is Outcome.FINISHED:
                    break
    on.clear()
    return Sitting(labelled=state.saved, left=state.left, gone=gone, seconds=spent)


def _label(
    done: tuple[str, Answers], annotator: str, decides: bool, seconds: int, now: datetime
) -> GoldLabel:
    document_id, answers = done
    return GoldLabel(
        document_id=document_id,
        annotator=annotator,
        stances=answers.stances,
        flags=tuple(flag for flag in FLAGS if flag in answers.flags),
        decides=decides,
        seconds=seconds,
        labelled_at=now,
    )


class _Texts:
    """The documents as they are shown; read in pages, because what is forgotten meanwhile must not be shown for long."""

    PAGE = 50

    def __init__(self, edges: Edges, wanted: ToLabel) -> None:
        self._edges, self._wanted = edges, wanted
        self._read: dict[str, Document | None] = {}

    def of(self, document_id: str) -> Document | None:
        if document_id not in self._read:
            at = self._wanted.ids.index(document_id)
            page = self._wanted.ids[at : at + self.PAGE]
            found, _ = documents_of(
                self._edges.database, page, self._wanted.first, self._wanted.last
            )
            self._read |= dict.fromkeys(page) | {one.id: one for one in found}
        return self._read[document_id]
