"""What both buses refuse before anything is sent, so that they refuse the same."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ingest.bus import BusRefused, Record, RecordTooLarge

MAX_RECORD_BYTES = 1_000_000
"""Limit for key, value and headers together: a Kafka broker's default takes 1,048,588 with its own framing."""

_TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}")


def encoded(text: str) -> bytes:
    """UTF-8; what UTF-8 has no bytes for (half a surrogate pair) is spelled out as an escape."""
    return text.encode("utf-8", "backslashreplace")


def record_bytes(record: Record) -> int:
    """Size of a record: its key, value and headers in bytes."""
    headers = sum(len(encoded(name)) + len(encoded(text)) for name, text in record.headers.items())
    return len(encoded(record.key)) + len(record.value) + headers


def check_topics(topics: Sequence[str], partitions: int | None = None) -> None:
    """Raises BusRefused for a name that Kafka would not take, and for a number of partitions below one."""
    if partitions is not None and partitions < 1:
        raise BusRefused(f"a topic needs at least one partition, not {partitions}")
    for topic in topics:
        if not _TOPIC.fullmatch(topic) or topic in (".", ".."):
            raise BusRefused(
                f"{topic[:60]!r} is not a topic name;"
                " use letters, digits, '.', '_' and '-', at most 249 of them"
            )


def check_records(topic: str, records: Sequence[Record]) -> None:
    """Raises RecordTooLarge for the first record above MAX_RECORD_BYTES."""
    check_topics([topic])
    for record in records:
        size = record_bytes(record)
        if size > MAX_RECORD_BYTES:
            raise RecordTooLarge(
                f"the record {record.key[:60]!r} for {topic} has {size:,} bytes;"
                f" the limit is {MAX_RECORD_BYTES:,}, and nothing of this call was published"
            )
