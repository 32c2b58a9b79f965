"""Answers of GDELT's search (DOC 2.0, ArtList) to documents; refusals, which are plain text even under HTTP 200.

    {"articles": [{"url", "url_mobile", "title", "seendate", "socialimage", "domain", "language", "sourcecountry"}]}
    {}                                  nothing found, or a theme or name that GDELT does not know
    Timespan is too short.              a refusal

Pure. `seendate` is when GDELT saw the page, which is near its publication and all that there is.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec

from ingest.arrival import Arrival, row_digest
from ingest.canonical_url import canonical_url
from ingest.dead_letter import DeadLetter, dead_letter
from ingest.document import (
    UNKNOWN_LANGUAGE,
    Document,
    InvalidDocument,
    clean,
    document_id,
    story_of,
)
from ingest.gdelt_languages import language_of_name
from ingest.gdelt_moment import moment_of
from ingest.gdelt_title import title_text
from ingest.source import Source

MOST_RECORDS = 250
"""GDELT gives no more for one request."""

_SHOWN = 4_096

# What is wrong with the query itself: it will be wrong tomorrow, too. What is said of the span of
# time is about our window, which grows.
_ABOUT_THE_QUERY = re.compile(
    r"query|keyword|phrase|parenthes|OR'd|operator|invalid|unsupported|unknown|illegal|term",
    re.IGNORECASE,
)
_ABOUT_TIME = re.compile(r"timespan|start ?date|end ?date|date range|\d+ months", re.IGNORECASE)
_TOO_OFTEN = re.compile(
    r"limit requests|too many requests|one every \d+ second|rate limit", re.IGNORECASE
)

_CONTROL = re.compile(r"[\x00-\x1f]+")
_STRAY_BACKSLASH = re.compile(r'\\(?!["\\/bfnrt]|u[0-9a-fA-F]{4})|(\\.)', re.DOTALL)


class DocRefused(ValueError):
    """The search did not answer the question; the text says why, in GDELT's own words where it has any."""

    def __init__(self, reason: str, *, about_the_query: bool = False, too_often: bool = False):
        super().__init__(reason)
        self.about_the_query = about_the_query
        """Somebody has to change the query."""
        self.too_often = too_often
        """GDELT wants us to stay away for a while."""


class DocAnswer(msgspec.Struct, frozen=True):
    """What one answer gave: every article is in one of the two."""

    documents: tuple[Arrival, ...]
    dead: tuple[DeadLetter, ...]
    articles: int
    """In the answer, those that stand there twice included."""
    empty: bool = False
    """It was `{}`: nothing found, or something unknown in the query."""

    @property
    def full(self) -> bool:
        """Whether there may be more articles than it has."""
        return self.articles >= MOST_RECORDS


def parse_doc(body: bytes, *, source: Source, address: str, fetched_at: datetime) -> DocAnswer:
    """The articles in an answer. Raises DocRefused when it is none."""
    answer = json_of(body)
    articles = answer.get("articles", [])
    if not isinstance(articles, list):
        raise DocRefused("answered with articles that are no list")
    documents: dict[str, Arrival] = {}
    dead: dict[str, DeadLetter] = {}
    for number, article in enumerate(articles[: 4 * MOST_RECORDS], start=1):
        try:
            document = _document(article, source, fetched_at)
        except InvalidDocument as error:
            payload = json.dumps(article)[:_SHOWN]
            origin = f"gdelt-doc:{source.name}/dead/{row_digest(payload)}"
            dead[origin] = dead_letter(
                origin=origin,
                source=source.name,
                place=f"{address} article {number}",
                reason=str(error),
                payload=payload,
                read_at=fetched_at,
            )
        else:
            origin = f"gdelt-doc:{source.name}/{row_digest(document.url)}"
            documents.setdefault(origin, Arrival(origin, document))
    return DocAnswer(
        tuple(documents.values()), tuple(dead.values()), len(articles), empty=not answer
    )


def json_of(body: bytes) -> dict[str, Any]:
    """The JSON object in an answer, also where titles have stray backslashes and line ends. Raises DocRefused."""
    text = body.decode("utf-8", "replace").removeprefix("\ufeff").strip()
    if not text.startswith("{"):
        raise _refusal(text)
    for attempt in (text, _mended(text)):
        try:
            # The library's own decoder takes half a surrogate pair, which then is one title's fault.
            value = json.loads(attempt, strict=False)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            return value
    raise DocRefused("answered with JSON that is broken")


def _refusal(text: str) -> DocRefused:
    if not text:
        return DocRefused("answered with nothing")
    if "<html" in text[:2000].lower() or "<!doctype" in text[:200].lower():
        return DocRefused("answered with a web page instead of JSON")
    said = " ".join(re.sub(r"<[^<>]*>", " ", text[:1000]).split())[:200]
    if text[0] == "[":
        return DocRefused("answered with JSON of another shape")
    too_often = bool(_TOO_OFTEN.search(said))
    about_time = bool(_ABOUT_TIME.search(said))
    return DocRefused(
        f"refuses: {said!r}",
        too_often=too_often,
        about_the_query=bool(_ABOUT_THE_QUERY.search(said)) and not too_often and not about_time,
    )


def _mended(text: str) -> str:
    """Control characters as spaces, and a backslash that escapes nothing as itself."""
    return _STRAY_BACKSLASH.sub(lambda found: found.group(1) or "\\\\", _CONTROL.sub(" ", text))


def _document(article: object, source: Source, fetched_at: datetime) -> Document:
    if not isinstance(article, dict):
        raise InvalidDocument("an article that is no object")
    url = _said(article, "url")
    if not canonical_url(url):
        raise InvalidDocument(f"the address {url[:60]!r} is none")
    title = title_text(_said(article, "title"))
    seen = moment_of(_said(article, "seendate"))
    if seen is None:
        raise InvalidDocument(f"the date {_said(article, 'seendate')[:60]!r} cannot be read")
    language = language_of_name(_said(article, "language"))
    host = (urlsplit(url.strip()).hostname or "").removeprefix("www.")
    return Document(
        id=document_id(source=source.name, own_id=url, url=url),
        source=source.name,
        outlet=clean(_said(article, "domain")).removeprefix("www.") or host or source.outlet,
        kind=source.kind,
        society=source.society,
        language=language if language != UNKNOWN_LANGUAGE else source.language,
        url=url,
        title=title,
        text="",
        published_at=seen,
        fetched_at=fetched_at,
        story=story_of(title, ""),
    )


def _said(article: dict[str, Any], name: str) -> str:
    value = article.get(name)
    return value.strip() if isinstance(value, str) else ""
