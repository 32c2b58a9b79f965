"""From documents to readings and judgements; decides, and touches nothing.

language? -no-> unsupported language    (as declared, unless the text clearly is in another;
   | yes                                 identified where none is declared)
  gate?   -no-> off topic
   | yes
classifier (one batch) -> relevance < 0.5 -> off topic
                       -> judged: a reading, and one judgement per target

The language comes first even for what the gate would stop, so that a document's disposition does not
hang on which words the gate knows in a language that nobody judges; identifying one costs about as
much as gating it and a hundredth of judging it.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from classify.classifier import Assessment, Classifier
from classify.disposition import Disposition
from classify.gate import ENOUGH, ENOUGH_IN_NEWS, may_be_about_migration
from classify.judgement import Judgement, Reading
from classify.language import counts_as, supported
from classify.target import TARGETS, Target
from ingest.document import Document

RELEVANT_FROM = 0.5
"""A document whose relevance is lower is off topic."""


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one document. Only a judged one has a reading and judgements."""

    document: Document
    disposition: Disposition
    reading: Reading | None = None
    judgements: tuple[Judgement, ...] = ()


def judge(
    documents: Sequence[Document], classifier: Classifier, targets: Sequence[Target] = TARGETS
) -> list[Judged]:
    """One Judged per document, in order; a judged one has a judgement per target, addressed or not."""
    texts = [text_of(document) for document in documents]
    readable = [
        _readable(document, text, classifier)
        for document, text in zip(documents, texts, strict=True)
    ]
    gated = [
        i
        for i, (document, text) in enumerate(zip(documents, texts, strict=True))
        if readable[i] and may_be_about_migration(text, _enough(document))
    ]
    assessments = classifier.assess([texts[i] for i in gated], targets) if gated else []
    assessed = dict(zip(gated, assessments, strict=True))
    return [
        _judged(document, readable[i], assessed.get(i), classifier, targets)
        for i, document in enumerate(documents)
    ]


def text_of(document: Document) -> str:
    """What a classifier reads: the title, unless the text begins with it, and the text."""
    if not document.title or document.text.startswith(document.title):
        return document.text
    return f"{document.title}\n{document.text}" if document.text else document.title


def _enough(document: Document) -> int:
    return ENOUGH_IN_NEWS if document.kind == "news" else ENOUGH


def _readable(document: Document, text: str, classifier: Classifier) -> bool:
    """Whether the classifier judges the language that the document counts as."""
    if not classifier.languages:
        return True
    return supported(counts_as(document.language, text), classifier.languages)


def _judged(
    document: Document,
    readable: bool,
    assessment: Assessment | None,
    classifier: Classifier,
    targets: Sequence[Target],
) -> Judged:
    if not readable:
        return Judged(document=document, disposition=Disposition.UNSUPPORTED_LANGUAGE)
    if assessment is None or assessment.relevance < RELEVANT_FROM:
        return Judged(document=document, disposition=Disposition.OFF_TOPIC)
    model = classifier.model
    return Judged(
        document=document,
        disposition=Disposition.JUDGED,
        reading=Reading(
            document_id=document.id,
            relevance=assessment.relevance,
            topics=assessment.topics,
            conflates=assessment.conflates,
            dehumanising=assessment.dehumanising,
            model=model,
        ),
        judgements=tuple(
            Judgement(
                document_id=document.id,
                target=target.name,
                p=assessment.stances[target.name],
                model=model,
            )
            for target in targets
        ),
    )
