"""Channels and who is told what through which: channels.toml, read.

    [[channels]]
    name = "press"
    url = "smtp://mail.example.org?from=alerts@example.org&to=press@example.org"
    # url_file = "/run/secrets/press_url"     # instead of url, where it holds a password
    societies = ["GB"]                        # default: all
    targets = ["regular"]                     # default: all
    least_severity = "alert"                  # watch, alert, severe or critical; default: alert
    quiet_hours = "22:00-07:00"               # only what is critical goes out; the rest waits. Default: none
    timezone = "Europe/London"                # of the quiet hours; default: that of the settings
    repeat_hours = 72                         # between reminders of one incident; default: 72
    digest = true                             # the weekly digest too; default: true
    operator = true                           # and news for those who run Barometer; default: true

What a message does not say keeps nobody from being told: rather once too often than never.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from alerts.channel_url import ChannelSettings, ChannelUrlRefused, channel_settings
from alerts.message import Message
from alerts.severity import Severity
from ingest.iso_3166 import society_fault

REPEAT_HOURS = 72
LEAST_SEVERITY = "alert"

MAX_CHANNELS = 100

_GRADES = {each.name.lower(): each for each in Severity}
_SEVERITIES = {name: each for name, each in _GRADES.items() if each is not Severity.NONE}
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_HOURS = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])")

_EXAMPLES: Mapping[str, str] = {
    "name": 'name = "press"',
    "url": 'url = "smtp://mail.example.org?from=alerts@example.org&to=press@example.org"',
    "url_file": 'url_file = "/run/secrets/press_url"',
    "societies": 'societies = ["GB"]',
    "targets": 'targets = ["regular"]',
    "least_severity": 'least_severity = "alert"',
    "quiet_hours": 'quiet_hours = "22:00-07:00"',
    "timezone": 'timezone = "Europe/London"',
    "repeat_hours": "repeat_hours = 72",
    "digest": "digest = true",
    "operator": "operator = true",
}


class ChannelsRefused(ValueError):
    """A list of channels cannot be used; one sentence names the file, the entry, the field and the remedy."""


class ChannelRule(msgspec.Struct, frozen=True, kw_only=True):
    """One [[channels]]. Its repr shows the name only: the settings may hold a password."""

    name: str
    settings: ChannelSettings | None
    """What its url says; None when that stands in `url_file`."""
    url_file: str
    """Path of a file that holds the url; empty when the list itself does."""
    societies: tuple[str, ...] = ()
    """Empty: all."""
    targets: tuple[str, ...] = ()
    """Empty: all."""
    least_severity: Severity = Severity.ALERT
    quiet_hours: tuple[time, time] | None = None
    """From and until, in `timezone`; the second may be on the next day."""
    timezone: str = "UTC"
    repeat_hours: float = REPEAT_HOURS
    digest: bool = True
    operator: bool = True

    def __repr__(self) -> str:
        return f"ChannelRule({self.name!r})"

    def wants(self, message: Message, now: datetime, *, told_at: datetime | None = None) -> bool:
        """Whether this channel is for `message`, as of `now` (aware).

        `told_at` is when it was last told of the incident. Who has heard of a fall hears that it is over, however
        mild it has become; who was told less than `repeat_hours` ago is not reminded.
        """
        if message.kind == "digest":
            return self.digest
        if message.kind == "operator":
            return self.operator
        if not (
            _meet(self.societies, _societies(message)) and _meet(self.targets, _targets(message))
        ):
            return False
        if message.kind == "resolved" and told_at is not None:
            return True
        if _GRADES.get(message.severity, Severity.CRITICAL) < self.least_severity:
            return False
        if message.kind == "reminder" and told_at is not None:
            # abs: what a clock told that ran ahead is no reason to be silent until that time.
            return abs(now - told_at) >= timedelta(hours=self.repeat_hours)
        return True

    def free_at(self, message: Message, now: datetime) -> datetime:
        """When `message` may go out: `now`, or in quiet hours their end (UTC). A critical fall waits for nothing,
        but that it is over can wait.
        """
        if self.quiet_hours is None or (
            message.severity == "critical" and message.kind != "resolved"
        ):
            return now
        start, end = self.quiet_hours
        here = now.astimezone(ZoneInfo(self.timezone))
        at = here.time()
        over_midnight = start > end
        quiet = (at >= start or at < end) if over_midnight else start <= at < end
        if not quiet:
            return now
        day = here.date() + timedelta(days=1 if over_midnight and at >= start else 0)
        # Where the clocks are put forward at that hour, what it says may be past already.
        return max(now, datetime.combine(day, end, here.tzinfo).astimezone(UTC))


def read_rules(
    text: str, *, name: str, timezone: str = "UTC", targets: Collection[str] = ()
) -> tuple[ChannelRule, ...]:
    """The [[channels]] of a TOML text, in order; `name` is what errors call the file. None at all is no error.

    `timezone` is that of quiet hours that name none; `targets`, where given, are those that a channel may name.
    Raises ChannelsRefused at the first thing that is wrong. No error repeats a url.
    """
    try:
        tables = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ChannelsRefused(
            f"{name} is not TOML: {error}; a channel begins with [[channels]] and its lines read like "
            f"{_EXAMPLES['name']}."
        ) from None
    entries = tables.get("channels", [])
    if set(tables) - {"channels"}:
        raise ChannelsRefused(
            f"{name} has something beside its channels; a channel begins with [[channels]] and its lines stand below it."
        )
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ChannelsRefused(
            f"{name}: a channel begins with [[channels]], in two pairs of brackets; mend that line."
        )
    if len(entries) > MAX_CHANNELS:
        raise ChannelsRefused(
            f"{name} has {len(entries)} channels; {MAX_CHANNELS} are the limit, so give some of them several readers."
        )
    numbers: dict[str, int] = {}
    rules: list[ChannelRule] = []
    for number, entry in enumerate(entries, start=1):
        rule = _rule(entry, f"{name}: channel {number}{_called(entry)}", timezone, targets)
        first = numbers.setdefault(rule.name, number)
        if first != number:
            raise ChannelsRefused(
                f"{name}: channels {first} and {number} are both called {rule.name}; rename one."
            )
        rules.append(rule)
    return tuple(rules)


def _called(entry: Mapping[str, Any]) -> str:
    name = entry.get("name")
    return f" ({name})" if isinstance(name, str) and _NAME.fullmatch(name) else ""


def _rule(
    entry: Mapping[str, Any], place: str, timezone: str, targets: Collection[str]
) -> ChannelRule:
    for key in entry:
        if key not in _EXAMPLES:
            near = difflib.get_close_matches(key, _EXAMPLES, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(_EXAMPLES)}."
            # Only what looks like a key: a line that went wrong may begin with a url.
            shown = f" {key!r}" if re.fullmatch(r"[A-Za-z_-]{1,30}", key) else ""
            raise ChannelsRefused(f"{place} has the unknown key{shown}; {hint}")
        if fault := _fault(key, entry[key]):
            raise ChannelsRefused(f"{place}: {key} {fault}; write it like {_EXAMPLES[key]}.")
    if "name" not in entry:
        raise ChannelsRefused(f"{place} has no name; add one, like {_EXAMPLES['name']}.")
    if ("url" in entry) == ("url_file" in entry):
        found = "both url and url_file" if "url" in entry else "neither url nor url_file"
        raise ChannelsRefused(f"{place} has {found}; keep one, like {_EXAMPLES['url']}.")
    for target in entry.get("targets", ()) if targets else ():
        if target.strip() not in targets:
            near = difflib.get_close_matches(target, targets, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(targets)}."
            raise ChannelsRefused(f"{place}: there is no target {target!r}; {hint}")
    try:
        settings = channel_settings(entry["url"].strip()) if "url" in entry else None
    except ChannelUrlRefused as error:
        raise ChannelsRefused(f"{place}: {error}.") from None
    return ChannelRule(
        name=entry["name"],
        settings=settings,
        url_file=entry.get("url_file", "").strip(),
        societies=tuple(each.strip() for each in entry.get("societies", ())),
        targets=tuple(each.strip() for each in entry.get("targets", ())),
        least_severity=_SEVERITIES[entry.get("least_severity", LEAST_SEVERITY)],
        quiet_hours=_hours(entry["quiet_hours"]) if "quiet_hours" in entry else None,
        timezone=entry.get("timezone", timezone),
        repeat_hours=float(entry.get("repeat_hours", REPEAT_HOURS)),
        digest=entry.get("digest", True),
        operator=entry.get("operator", True),
    )


def _fault(key: str, value: object) -> str:
    """What is wrong with one field in itself, as a sentence without its subject; empty when nothing is."""
    if key in ("digest", "operator"):
        return "" if isinstance(value, bool) else "is neither true nor false"
    if key == "repeat_hours":
        if not isinstance(value, int | float) or isinstance(value, bool) or not 1 <= value <= 8760:
            return "is not a number from 1 to 8760"
        return ""
    if key in ("societies", "targets"):
        return _list_fault(key, value)
    if not isinstance(value, str) or not value.strip():
        return "is not text in quotes, or is empty"
    if key == "name" and not _NAME.fullmatch(value):
        return "is not made of small letters, digits, '-' and '_', at most 40 of them"
    if key == "least_severity" and value not in _SEVERITIES:
        return f"is none of {', '.join(_SEVERITIES)}"
    if key == "quiet_hours" and _hours(value) is None:
        return "is not two different times of day with a '-' between them"
    return _zone_fault(value) if key == "timezone" else ""


def _list_fault(key: str, value: object) -> str:
    if not isinstance(value, list) or not all(
        isinstance(each, str) and each.strip() and each.isprintable() for each in value
    ):
        return "is not a list of texts in quotes"
    if not value:
        return "is an empty list; leave it out for all of them"
    for each in value if key == "societies" else ():
        if fault := society_fault(each.strip()):
            return f"has {each.strip()!r}, which {fault}"
    return ""


def _zone_fault(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return "is no name of the tz database"
    return ""


def _hours(text: str) -> tuple[time, time] | None:
    match = _HOURS.fullmatch(text.strip())
    if match is None:
        return None
    start, end = time(int(match[1]), int(match[2])), time(int(match[3]), int(match[4]))
    return (start, end) if start != end else None


def _meet(wanted: Collection[str], found: Collection[str]) -> bool:
    return not wanted or not found or not set(wanted).isdisjoint(found)


def _societies(message: Message) -> set[str]:
    societies = {fall.incident.society for fall in message.falls}
    return societies or ({message.society} if message.society else set())


def _targets(message: Message) -> set[str]:
    if message.falls:
        return {fall.incident.target for fall in message.falls}
    # The id of an incident is SOCIETY-TARGET-DAY, and a target may hold a '-'.
    inside = message.incident.removeprefix(f"{message.society}-")
    day = inside[-10:]
    is_day = re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", day) is not None
    known = message.society and inside != message.incident and is_day
    return {inside[:-11]} if known and inside[:-11] else set()
