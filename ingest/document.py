"""The Document: one piece of public text, as everything downstream sees it.

Ids and stories are functions of content, so that the same article read twice, or replayed after
a crash, is the same document everywhere. Times are aware UTC from the first parse.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

import msgspec

from ingest.canonical_url import canonical_url

MAX_TEXT_BYTES = 500_000
"""Text above this many UTF-8 bytes is refused: a broker's usual message limit is 1 MB."""

MAX_FIELD_BYTES = 2_048
"""Limit for every other field (a URL of 2,048 characters is the longest that browsers agree on)."""

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST_AHEAD = timedelta(days=1)

UNKNOWN_SOCIETY = "unknown"
UNKNOWN_LANGUAGE = "und"

_SOCIETY = re.compile(r"[A-Z]{2}|unknown")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class Kind(StrEnum):
    """What sort of voice a document is."""

    NEWS = "news"
    SOCIAL = "social"
    FORUM = "forum"
    OFFICIAL = "official"


class InvalidDocument(ValueError):
    """This can never become a document; the text says why. It belongs in the dead letters."""


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of public text. Creating or decoding one validates it (ValueError says what is wrong)."""

    id: str
    """32 hex digits: a function of the canonical URL, or of the source and its own id."""
    source: str
    """Name of the source in sources.toml, or `import:FILE`."""
    outlet: str
    """Who published it; clustering and mix are measured by outlet."""
    kind: Kind
    society: str
    """ISO 3166-1 alpha-2 code of the public concerned, or `unknown`."""
    language: str
    """BCP 47 tag, or `und`."""
    url: str
    """As published; empty where there is none."""
    title: str
    text: str
    """Plain text without markup; may be empty when the title is not."""
    published_at: datetime
    """Event time: the only time that counts in a figure."""
    fetched_at: datetime
    author_key: str = ""
    """Keyed hash of the author, never a name; empty when unknown."""
    story: str = ""
    """Near-duplicates share it."""
    edited_at: datetime | None = None
    """When its author last changed it, where the source says so. An edition that comes later is judged anew."""

    def __post_init__(self) -> None:
        for name in ("id", "source", "outlet"):
            if not getattr(self, name).strip():
                raise InvalidDocument(f"{name} is empty")
        for name in ("source", "outlet", "url", "title", "author_key", "story"):
            value: str = getattr(self, name)
            if len(value.encode("utf-8", "surrogatepass")) > MAX_FIELD_BYTES:
                raise InvalidDocument(f"{name} is longer than {MAX_FIELD_BYTES:,} bytes")
        size = len(self.text.encode("utf-8", "surrogatepass"))
        if size > MAX_TEXT_BYTES:
            raise InvalidDocument(f"text has {size:,} bytes; the limit is {MAX_TEXT_BYTES:,}")
        for name in ("source", "outlet", "url", "title", "text"):
            value = getattr(self, name)
            if "\x00" in value:
                raise InvalidDocument(f"{name} contains a NUL byte")
            try:
                value.encode("utf-8")  # lone surrogates, which no broker or database takes
            except UnicodeEncodeError as error:
                raise InvalidDocument(f"{name} is not valid Unicode") from error
        if not self.title.strip() and not self.text.strip():
            raise InvalidDocument("neither title nor text")
        if not _SOCIETY.fullmatch(self.society):
            raise InvalidDocument(
                f"society {self.society[:40]!r} is not an ISO 3166-1 alpha-2 code"
            )
        if not _LANGUAGE.fullmatch(self.language):
            raise InvalidDocument(f"language {self.language[:40]!r} is not a BCP 47 tag")
        for name in ("published_at", "fetched_at"):
            if getattr(self, name).utcoffset() != timedelta(0):
                raise InvalidDocument(f"{name} is not in UTC")
        if self.edited_at is not None and self.edited_at.utcoffset() != timedelta(0):
            raise InvalidDocument("edited_at is not in UTC")
        if self.published_at < EARLIEST:
            raise InvalidDocument(f"published_at {self.published_at:%Y-%m-%d} is before 2000")
        if self.published_at > self.fetched_at + LATEST_AHEAD:
            raise InvalidDocument(
                f"published_at {self.published_at:%Y-%m-%dT%H:%MZ} is over a day in the future"
            )

    @property
    def day(self) -> date:
        """The UTC day that this document counts on."""
        return self.published_at.date()


def document_id(*, source: str, own_id: str, url: str) -> str:
    """32 hex digits from the canonical URL, or from the source and its own id where there is no URL."""
    key = canonical_url(url) or f"{source}\x00{own_id}"
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def story_of(title: str, text: str) -> str:
    """16 hex digits shared by documents whose words are the same up to case, accents, spacing and punctuation.

    The text decides; the title only where there is no text (agency copy keeps the text, not the title).
    """
    folded = text.strip() or title
    folded = without_marks(
        folded, but="\N{COMBINING GREEK YPOGEGRAMMENI}"
    )  # which folds to a letter
    folded = without_marks(unicodedata.normalize("NFKD", folded).casefold())
    words = re.findall(r"\w+", folded)
    return hashlib.sha256(" ".join(words).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def without_marks(text: str, but: str = "") -> str:
    """`text` without combining marks, `but` for one. Before a text is normalised, too: putting a run of marks in order
    takes the square of its length.
    """
    # Mark by mark, of which a text has few different ones: a look at each character costs more than parsing did.
    for mark in filter(unicodedata.combining, set(text) - {but}):
        text = text.replace(mark, "")
    return text


def clean(text: str) -> str:
    """`text` without control characters other than tab and newline (NUL stays: a validator must see it)."""
    return _CONTROL.sub(lambda m: "\x00" if m.group() == "\x00" else " ", text).strip()


def as_utc(moment: datetime) -> datetime:
    """An aware time in UTC; a naive time is taken to be UTC already."""
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC)


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Document)


def encode_document(document: Document) -> bytes:
    """JSON bytes: what travels on the bus."""
    return _encoder.encode(document)


def decode_document(value: bytes) -> Document:
    """The document in `value`. Raises InvalidDocument with the reason when there is none."""
    try:
        return _decoder.decode(value)
    except (msgspec.DecodeError, ValueError) as error:
        raise InvalidDocument(f"not a document: {error}") from error
