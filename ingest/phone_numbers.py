"""Where a text holds phone numbers.

    text -runs of seven digits or more-> candidates -not a date, an amount, a year-> -libphonenumber-> spans

The library is slow (about a tenth of a millisecond a try), so only runs that could be a number reach it, each by
itself, and at most MAX_CHECKED of them: of the rest in a text that is full of numbers the shape alone decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

DEFAULT_REGIONS = ("GB", "US", "DE", "FR", "ES", "IT", "NL", "SE", "PL", "IN")
"""Where a number without a country code may be from, when nothing better is known."""

MAX_CHECKED = 100
"""Candidates in one text that are looked up."""

_CANDIDATE = re.compile(
    r"(?<![\w.,/#$€£¥-])(?:\+|\(\+?)?\d(?:[ \u00a0\u2009().\-\u2010-\u2013/]{0,3}\d){6,16}(?![\w%€$£¥]|[.,:/-]\d)"
)
_LETTERS = re.compile(r"[^\W\d_]")

# What people write in digits beside phone numbers.
_DATE = re.compile(
    r"(?<!\d)(?:(?:19|20)\d\d[-./ ]\d{1,2}[-./ ]\d{1,2}|\d{1,2}[-./ ]\d{1,2}[-./ ](?:19|20)\d\d)(?!\d)"
)
_YEARS = re.compile(r"(?:(?:19|20)\d\d)(?:\s?[-\u2010-\u2013/.() ]\s?(?:19|20)\d\d)+")
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:[.,' \u00a0\u2009]\d{3})+")
_AMOUNT_AFTER = re.compile(
    r"[ \u00a0]?(?:euros?|dollars?|pounds?|kronor|kroner|zloty|lira|people|persons|migrants|refugees|votes|million|billion"
    r"|EUR|USD|GBP|SEK|NOK|DKK|PLN|CHF|TRY|Uhr|km|kg|percent|per cent|Euro|Menschen|personas|personnes|persone)\b",
    re.IGNORECASE,
)
_AMOUNT_BEFORE = re.compile(
    r"(?:[€$£¥]|EUR|USD|GBP|CHF|No\.?|Nr\.?|ISBN|ISSN|IBAN|DOI|ID|case|article|law)[ \u00a0:]{0,2}$",
    re.IGNORECASE,
)
_CALLED = re.compile(
    r"\b(?:tel|tél|telefon|telefono|teléfono|téléphone|telephone|phone|mobile|mobil|cell|call|ring|text|sms|whatsapp"
    r"|fax|hotline|helpline|number|numero|número|numéro|rufen sie|appelez|llame|anruf|dial|signal)[ \u00a0:.\-(]{1,4}"
    r"(?:(?:us|me|on|at|is|an|unter|al|au)[ \u00a0:.\-(]{1,3}){0,3}$|[☎☏✆📞📱]\ufe0f?[ \u00a0:]{0,2}$",
    re.IGNORECASE,
)


def phone_spans(text: str, regions: Sequence[str] = DEFAULT_REGIONS) -> Iterator[tuple[int, int]]:
    """(start, end) of each phone number in `text`, in order.

    A number with a country code (+ or 00) counts wherever it is from, if libphonenumber knows it as valid. One
    without is tried in `regions` (ISO codes), and must be valid there and written as one: with the trunk prefix 0,
    with separators in the national manner, or after a word like "call".
    """
    checked = 0
    for match in _CANDIDATE.finditer(text):
        written = match.group()
        if _is_other(text, match.start(), match.end(), written):
            continue
        checked += 1
        called = bool(_CALLED.search(text, max(0, match.start() - 40), match.start()))
        if checked > MAX_CHECKED:
            if written.startswith(("+", "00", "(+")) or called:
                yield match.span()
        elif _is_phone(written, called, regions):
            yield match.span()


def _is_other(text: str, start: int, end: int, written: str) -> bool:
    """A date, years, an amount or a number of something."""
    plain = written.strip("()")
    if plain.startswith(("+", "00")):
        return False
    if _DATE.search(plain) or _YEARS.fullmatch(plain) or _THOUSANDS.fullmatch(plain):
        return True
    if plain.startswith("0") or "(" in written:
        return False  # nobody counts like that
    return bool(
        _AMOUNT_AFTER.match(text, end) or _AMOUNT_BEFORE.search(text, max(0, start - 12), start)
    )


def _is_phone(written: str, called: bool, regions: Sequence[str]) -> bool:
    # A second of import, and most processes never see a number.
    import phonenumbers
    from phonenumbers import Leniency, PhoneNumberMatcher

    plain = written.lstrip("(")
    if plain.startswith("00"):
        written = "+" + plain[2:].lstrip(" ")
    elif plain.startswith("+"):
        written = plain
    international = written.startswith("+")
    if not international and not called and not _written_as_one(plain):
        return False
    for region in ("ZZ",) if international else regions:
        if region not in phonenumbers.SUPPORTED_REGIONS and region != "ZZ":
            continue
        matcher = PhoneNumberMatcher(
            written, None if region == "ZZ" else region, leniency=Leniency.VALID, max_tries=3
        )
        if matcher.has_next():
            return True
    # "call 555 0199 1234": said to be one, whatever the plan of numbers knows.
    return called and sum(map(str.isdigit, written)) >= 7


def _written_as_one(written: str) -> bool:
    """Whether digits without a country code look like somebody's number rather than a count or a code."""
    if written.startswith("0"):
        return True
    return (
        bool(re.fullmatch(r"\d{3}\)?[-. \u00a0]{1,2}\d{3}[-. \u00a0]\d{4}", written))
        or bool(re.fullmatch(r"[1-9]\d{0,2}(?:[-. \u00a0]\d{2}){4}", written))
        or bool(
            re.fullmatch(
                r"[6-9]\d{2}[ \u00a0]\d{3}[ \u00a0]\d{3}|[6-9]\d{2}[ ]\d{2}[ ]\d{2}[ ]\d{2}",
                written,
            )
        )
    )
