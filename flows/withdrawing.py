"""Take judgements back: rows that replace those of a document which is judged no more."""

from __future__ import annotations

from collections.abc import Sequence

from classify.disposition import Disposition
from classify.judge import Judged
from classify.judgement import Judgement, Reading
from classify.stance import NOT_ADDRESSED
from ingest.document import Document


def withdrawn(document: Document, targets: Sequence[str], model: str) -> Judged:
    """The reading and judgements that replace those of a document which is judged no more."""
    return Judged(
        document=document,
        disposition=Disposition.JUDGED,  # only what is judged has rows; the ledger says what it is
        reading=Reading(
            document_id=document.id,
            relevance=0.0,
            topics=(),
            conflates=False,
            dehumanising=False,
            model=model,
        ),
        judgements=tuple(
            Judgement(document_id=document.id, target=target, p=NOT_ADDRESSED, model=model)
            for target in targets
        ),
    )
