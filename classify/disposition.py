"""What became of a row that was read: exactly one of five words."""

from __future__ import annotations

from enum import StrEnum


class Disposition(StrEnum):
    """judged + off topic + unsupported language + duplicate + dead = rows read."""

    JUDGED = "judged"
    OFF_TOPIC = "off_topic"
    UNSUPPORTED_LANGUAGE = "unsupported_language"
    DUPLICATE = "duplicate"
    DEAD = "dead"
