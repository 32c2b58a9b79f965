"""Takes people's data out of a text before it is stored or published: nobody can lose what was never kept.

    e-mail addresses -> [e-mail]     phone numbers -> [phone]     @names, u/names -> [handle]
    URLs: userinfo, tokens and names of accounts out, the rest stays (ingest/scrubbed_url.py)

Linear in the length of the text: every pattern is anchored where a run begins and gives nothing back. Scrubbing
again changes nothing. Names of people in the news stay: they are what the text is about.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from ingest.document import (
    MAX_FIELD_BYTES,
    MAX_TEXT_BYTES,
    UNKNOWN_SOCIETY,
    Document,
)
from ingest.phone_numbers import DEFAULT_REGIONS, phone_spans
from ingest.scrubbed_url import scrubbed_url

E_MAIL, PHONE, HANDLE, NAME = "[e-mail]", "[phone]", "[handle]", "[name]"

ROUNDS = 4
"""What is taken out may bare something beside it (`…4567@ann`); more than twice is seen only in made-up text."""

_URL = re.compile(r"(?<![^\W_])(?:https?://|www\.)[^\s<>\"'`\u201c\u201d{}|\\^]++", re.IGNORECASE)
_TRAILING = ".,;:!?)*…"
_URL_HANDLE = re.compile(r"(?<=/)@[^/?#\s]++")
_URL_USER = re.compile(r"(?<=/)(u|user|users|profile)/(?!\[handle\])[^/?#\s]++")

# A run of these begins where none stands before it, so that each is read once; possessive, so never twice.
_E_MAIL = re.compile(r"(?<![\w.%+\-@＠])(?:[\w%+-]++\.?)++[@＠][^\W_][\w-]*+(?:\.[^\W_][\w-]*+)++")
_SPELLED_E_MAIL = re.compile(
    r"(?<![\w.%+\-])(?:[\w%+-]++\.?)++ ?[\[({] ?at ?[\])}] ?[\w-]++(?:(?:\.| ?[\[({] ?dot ?[\])}] ?)[\w-]++)++",
    re.IGNORECASE,
)
_SPELLED_AT = re.compile(r"[\[({] ?at ?[\])}]", re.IGNORECASE)
_HANDLE = re.compile(
    r"(?<![\w@＠])[@＠]++(?!\d{1,2}(?:[ap]m|h)?\b)(?=[\w.-]*[^\W\d])\w(?:[\w-]|\.(?=\w))*+"
    r"(?:[@＠]\w(?:[\w-]|\.(?=\w))*+)*+"
)
_REDDITOR = re.compile(r"(?<![\w/.])/?u(?:ser)?/[A-Za-z0-9][\w-]{2,29}(?![\w/-])")

_SEVEN_DIGITS = re.compile(r"\d(?:[^\w\n]{0,3}\d){6}")

_AUTHOR_VALUE = re.compile(
    r'("(?:authors?|author_?(?:name|id|handle|url|mail|email)|by_?line|(?:dc:)?(?:creator|contributor)|user_?(?:name|id)?'
    r"|screen_?name|display_?name|displayName|full_?name|acct|handle|login|nick(?:name)?|by|posted_?by|written_?by"
    r'|writer|reporter|journalist|columnist|poster|from_?(?:user|name))"\s{0,9}:\s{0,9})"(?:[^"\\]|\\.)*+(?:"|\Z)'
)
_AUTHOR_OBJECT = re.compile(
    r'("(?:authors?|account|creator|user|actor)"\s{0,9}:\s{0,9})(?:\{[^{}\[\]]{0,4000}\}|\[[^\[\]]{0,4000}\])'
)
_AUTHOR_ELEMENT = re.compile(
    r"(<(author|(?:dc:)?(?:creator|contributor)|itunes:author|managingEditor|webMaster|media:credit|name|email)\b[^<>]{0,500}>)"
    r"(?!\[name\])[^<]++",
    re.IGNORECASE,
)
_CDATA = re.compile(
    r"(<(?:author|(?:dc:)?(?:creator|contributor)|itunes:author|media:credit)\b[^<>]{0,500}>\s{0,99}<!\[CDATA\[)(?!\[name\])[^\]]++",
    re.IGNORECASE,
)


def scrubbed(text: str, regions: Sequence[str] = DEFAULT_REGIONS) -> str:
    """`text` with e-mail addresses, phone numbers, handles and secrets in URLs replaced. Idempotent.

    `regions` (ISO 3166-1 codes) say where phone numbers without a country code may be from.
    """
    for _ in range(ROUNDS):
        before = text
        text = _once(text, regions)
        if text == before:
            break
    return text


def scrubbed_document(document: Document) -> Document:
    """The document with title, text and URL scrubbed; the same object where there is nothing to scrub.

    Placeholders may be longer than what they stand for: text and title are cut where they would get too long.
    """
    regions = (
        DEFAULT_REGIONS
        if document.society == UNKNOWN_SOCIETY
        else (document.society, *(each for each in DEFAULT_REGIONS if each != document.society))
    )
    title = _cut(scrubbed(document.title, regions), MAX_FIELD_BYTES)
    text = _cut(scrubbed(document.text, regions), MAX_TEXT_BYTES)
    url = scrubbed_url(document.url)
    if (title, text, url) == (document.title, document.text, document.url):
        return document
    return msgspec.structs.replace(document, title=title, text=text, url=url)


def scrubbed_payload(payload: str) -> str:
    """What is kept of a row that could not become a document: scrubbed, and without the names in author fields.

    For JSON and XML, broken or not. Columns of CSV have no names here: ingest/kept_row.py masks them before.
    """
    payload = _AUTHOR_OBJECT.sub(rf'\1"{NAME}"', payload) if '"' in payload else payload
    payload = _AUTHOR_VALUE.sub(rf'\1"{NAME}"', payload) if '"' in payload else payload
    if "<" in payload:
        payload = _AUTHOR_ELEMENT.sub(rf"\1{NAME}", _CDATA.sub(rf"\1{NAME}", payload))
    return scrubbed(payload)


def _once(text: str, regions: Sequence[str]) -> str:
    """One pass; most texts hold nothing of the kind and come back as they are."""
    if "://" not in text and "www." not in text and "WWW." not in text:
        return _words(text, regions)
    parts: list[str] = []
    done = 0
    for match in _URL.finditer(text):
        written = match.group()
        address = written.rstrip(_TRAILING if "[" in written else _TRAILING + "]")
        parts += (
            _words(text[done : match.start()], regions),
            _address(address),
            written[len(address) :],
        )
        done = match.end()
    return "".join([*parts, _words(text[done:], regions)])


def _address(url: str) -> str:
    """A URL within a text: of accounts nothing stays, not even where the link then leads nowhere."""
    url = scrubbed_url(url)
    if "@" in url:
        url = _E_MAIL.sub(E_MAIL, _URL_HANDLE.sub(HANDLE, url))
    return _URL_USER.sub(rf"\1/{HANDLE}", url)


def _words(text: str, regions: Sequence[str]) -> str:
    """A text without URLs."""
    if "@" in text or "＠" in text:
        text = _HANDLE.sub(HANDLE, _E_MAIL.sub(E_MAIL, text))
    if _SPELLED_AT.search(text):
        text = _SPELLED_E_MAIL.sub(E_MAIL, text)
    if "u/" in text or "user/" in text:
        text = _REDDITOR.sub(HANDLE, text)
    if _SEVEN_DIGITS.search(text):
        parts: list[str] = []
        done = 0
        for start, end in phone_spans(text, regions):
            parts += text[done:start], PHONE
            done = end
        text = "".join([*parts, text[done:]]) if parts else text
    return text


def _cut(text: str, limit: int) -> str:
    """At most `limit` UTF-8 bytes of `text`, whole characters."""
    if len(text) * 4 <= limit:
        return text
    written = text.encode("utf-8", "surrogatepass")
    return text if len(written) <= limit else written[:limit].decode("utf-8", "ignore")
