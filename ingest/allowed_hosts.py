"""Hosts that a setting names: they may be reached although they are in a private network."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address

_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")


class AllowedHosts:
    """Names and literal addresses, each with a port or for all ports: `feeds.internal`, `10.0.0.5:8080`, `[fd00::7]:80`.

    A host is allowed as it is written in a URL: that 127.0.0.1 is allowed says nothing of a name that leads there.
    Raises ValueError for an entry that is neither.
    """

    def __init__(self, entries: Iterable[str] = ()) -> None:
        self._entries = frozenset(_host_and_port(entry) for entry in entries)

    def permits(self, host: str, port: int) -> bool:
        """Whether `host` (as in a URL, brackets or none) may be reached at `port`, wherever it leads."""
        named = _plain(host)
        return (named, None) in self._entries or (named, port) in self._entries


def host_entries(setting: str) -> tuple[str, ...]:
    """The entries of a setting, commas between them. Raises ValueError, naming the one that is wrong."""
    entries = tuple(entry.strip() for entry in setting.split(",") if entry.strip())
    AllowedHosts(entries)
    return entries


def _host_and_port(entry: str) -> tuple[str, int | None]:
    host, port = entry.strip(), ""
    if host.startswith("[") and "]" in host:
        host, _, port = host[1:].partition("]")
        port = port.removeprefix(":")
    elif host.count(":") == 1:
        host, _, port = host.partition(":")
    if port and not (re.fullmatch("[0-9]{1,5}", port) and 0 < int(port) <= 65_535):
        raise ValueError(f"{entry!r} has no valid port")
    plain = _plain(host) if not {"[", "]"} & {*host} else host
    if not _is_address(plain) and not _NAME.fullmatch(plain):
        raise ValueError(f"{entry!r} is no name of a host and no address, with or without :port")
    return plain, int(port) if port else None


def _plain(host: str) -> str:
    """One spelling for each host: lower case, no brackets, no full stop at the end, IPv6 in its short form."""
    host = host.strip("[]").rstrip(".").lower()
    return str(ip_address(host)) if _is_address(host) else host


def _is_address(host: str) -> bool:
    try:
        return not (isinstance(ip := ip_address(host), IPv6Address) and ip.scope_id)
    except ValueError:
        return False
