"""A `clickhouse:` URL as hosts and the driver's options.

    clickhouse://user:password@host:9000,host2:9000/barometer?secure=1&ca_certs=/etc/ca.pem&cluster=monitor

Several hosts are replicas of the same data: the first that answers is used. Pure.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit, urlunsplit

import msgspec
from clickhouse_driver.util.helpers import parse_url

from storage.database import DatabaseRefused

CLUSTER = "cluster"

_OURS = frozenset(  # they change what comes back, or how
    {
        "alt_hosts",
        "insert_block_size",
        "strings_as_bytes",
        "strings_encoding",
        "use_numpy",
        "input_format_null_as_default",
        "namedtuple_as_json",
        "server_side_params",
        "round_robin",
    }
)
WRONG = "BAROMETER_DATABASE_URL must read clickhouse://user:password@host:9000/name"
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:/@,\s]+)(?::([0-9]{1,5}))?")


class ClickHouseAddress(msgspec.Struct, frozen=True, kw_only=True):
    """Where the servers are, and how to talk to them. Its repr shows no password."""

    shown: str
    """The URL for people."""
    host: str
    """The first; the others are the option `alt_hosts`."""
    options: dict[str, Any]
    """clickhouse-driver's."""
    cluster: str
    """Empty: one server."""

    def __repr__(self) -> str:
        return f"ClickHouseAddress({self.shown})"


def clickhouse_address(url: str) -> ClickHouseAddress:
    """The address in `url`. Raises DatabaseRefused for what cannot be meant; no message contains a password."""
    try:
        parts = urlsplit(url)
        hosts = _hosts(parts)
        given = parse_qsl(parts.query, keep_blank_values=True)
        first = parts._replace(
            netloc=f"{parts.netloc.rpartition('@')[0]}@{hosts[0]}"
            if "@" in parts.netloc
            else hosts[0],
            query=urlencode([(name, value) for name, value in given if name != CLUSTER]),
        )
        port = first.port
        host, options = parse_url(urlunsplit(first))
    except (ValueError, AttributeError, KeyError, IndexError):
        # Without the cause: the driver's message might show the password.
        raise DatabaseRefused(f"{WRONG}; a port or an option of it cannot be read") from None
    if not host:
        raise DatabaseRefused(f"{WRONG}; it names no host")
    if "/" in options.get("database", ""):
        raise DatabaseRefused(f"{WRONG}; the name of the database contains a slash")
    if unwanted := sorted(_OURS & {*options, *options.get("settings", {})}):
        more = " (several hosts stand before the name: h1:9000,h2:9000)" * ("alt_hosts" in unwanted)
        raise DatabaseRefused(f"{WRONG}; leave out {', '.join(unwanted)}{more}")
    cluster = dict(given).get(CLUSTER, "")
    if CLUSTER in dict(given) and not re.fullmatch(r"[\w.-]+", cluster):
        raise DatabaseRefused(f"{WRONG}; cluster= names no cluster")
    default = 9440 if options.get("secure") else 9000
    options["port"] = port or default
    if len(hosts) > 1:
        options["alt_hosts"] = ",".join(hosts[1:])
    user = f"{quote(options['user'])}@" if options.get("user") else ""
    places = ",".join(_with_port(each, default) for each in hosts)
    name = quote(options.get("database", "default"))
    return ClickHouseAddress(
        shown=f"{parts.scheme}://{user}{places}/{name}", host=host, options=options, cluster=cluster
    )


def _hosts(parts: SplitResult) -> list[str]:
    """`host:port` of each server, as written. Raises ValueError."""
    hosts = [each.strip() for each in parts.netloc.rpartition("@")[2].split(",")]
    for each in hosts if len(hosts) > 1 else []:
        match = _HOST.fullmatch(each)
        if match is None or not 0 < int(match[2] or 9000) < 65_536:
            raise ValueError(each)
    return hosts


def _with_port(host: str, default: int) -> str:
    return host if re.search(r":[0-9]+$", re.sub(r"\[.*\]", "", host)) else f"{host}:{default}"
