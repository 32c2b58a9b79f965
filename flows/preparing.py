"""What is done to every document before anything keeps it: language and society refined, people's data out, a story.

    read -prepared-> published, stored

The order matters: language decides in which words a society is looked for, and a story is named by scrubbed words.
"""

from __future__ import annotations

import msgspec

from classify.judge import text_of
from classify.language import counts_as, primary
from ingest.document import UNKNOWN_LANGUAGE, UNKNOWN_SOCIETY, Document, story_of
from ingest.scrubbing import scrubbed_document
from ingest.society_of import society_of_document


def prepared(document: Document) -> Document:
    """The document as it may be published and stored. Preparing it again changes nothing.

    Language and society of a source are kept; a document of a global source (society unknown) and one without a
    language get what their words say, where they say it clearly.
    """
    language = document.language
    if document.society == UNKNOWN_SOCIETY or primary(language) == UNKNOWN_LANGUAGE:
        language = counts_as(language, text_of(document))
        document = msgspec.structs.replace(document, language=language)
    document = scrubbed_document(
        msgspec.structs.replace(document, society=society_of_document(document))
    )
    return msgspec.structs.replace(document, story=story_of(document.title, document.text))
