"""What the values of some settings may be: text that is checked, and brought into one form."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator

from ingest.allowed_hosts import host_entries


def _hosts(value: str) -> str:
    try:
        return ",".join(host_entries(value))
    except ValueError as error:
        raise ValueError(
            f"{error}; use names of hosts with commas between them, like feeds.internal,10.0.0.5:8080"
        ) from error


def _known_device(value: str) -> str:
    if not re.fullmatch(r"auto|cpu|cuda(:[0-9]{1,3})?", value):
        raise ValueError("use auto, cpu, cuda or cuda:N")
    return value


def _language_subtags(value: str) -> str:
    tags = [tag.strip().lower() for tag in value.split(",") if tag.strip()]
    if not all(re.fullmatch("[a-z]{2,3}", tag) for tag in tags):
        raise ValueError("use codes of languages with commas between them, like en,de")
    return ",".join(tags)


def _known_level(value: str) -> str:
    if value.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise ValueError("use DEBUG, INFO, WARNING or ERROR")
    return value.upper()


def _known_format(value: str) -> str:
    if value.lower() not in ("text", "json"):
        raise ValueError("use text or json")
    return value.lower()


def _known_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError("use a name of the tz database, like Europe/Rome") from error
    return value


def _web_address(value: str) -> str:
    try:
        parts = urlsplit(value)
        known = not value or (parts.scheme in ("http", "https") and bool(parts.hostname))
        known = known and (parts.port or 1) > 0
    except ValueError:
        known = False
    if not known:
        raise ValueError("use an address that begins with https:// or http://")
    return value


Hosts = Annotated[str, AfterValidator(_hosts)]
Device = Annotated[str, AfterValidator(_known_device)]
Languages = Annotated[str, AfterValidator(_language_subtags)]
Level = Annotated[str, AfterValidator(_known_level)]
LogFormat = Annotated[str, AfterValidator(_known_format)]
Zone = Annotated[str, AfterValidator(_known_zone)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
