"""A `kafka:` URL as servers and kafka-python settings.

    kafka://user:password@host:9092,host2:9092?security_protocol=SASL_SSL&session_timeout_ms=30000
    …&partitions=12&replicas=3&retention_days=7       what `barometer migrate` makes of the topics

Pure: which settings exist, and their defaults, is told by the caller.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from ingest.bus import BusRefused
from ingest.topics import TopicLayout

Setting = str | int | float | bool | tuple[int, ...]

PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")

CODECS = ("none", "gzip", "snappy", "lz4", "zstd")

OURS = frozenset(
    {
        "acks",
        "allow_auto_create_topics",
        "auto_commit_interval_ms",
        "auto_offset_reset",
        "bootstrap_servers",
        "consumer_timeout_ms",
        "enable_auto_commit",
        "enable_idempotence",
        "group_id",
        "transactional_id",
    }
)
"""Delivery depends on these; Barometer sets them itself."""

MOST_DAYS = 36_500

WHOLE = frozenset({"receive_buffer_bytes", "retries", "send_buffer_bytes"})
"""Whole numbers whose default does not show it."""

# Nothing of it is quoted: an unescaped '/' or '@' in a password would be.
_NO_SERVER = (
    "BAROMETER_BUS_URL has a server that is not host:port; write kafka://host:9092, and"
    " escape '/', '@', ':', '#' and '%' in a password (%2F, %40, %3A, %23, %25)"
)

_SERVER = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:/@\s]+)(?::([0-9]{1,5}))?")


class KafkaAddress(msgspec.Struct, frozen=True, repr_omit_defaults=True):
    """Where the brokers are, and how to talk to them. Its repr shows the servers only."""

    servers: tuple[str, ...]
    """`host:port`, at least one."""
    settings: Mapping[str, Setting]
    layout: TopicLayout = TopicLayout()
    """How the topics are to be."""

    def __repr__(self) -> str:
        return f"KafkaAddress({','.join(self.servers)})"


def kafka_address(url: str, known: Mapping[str, object]) -> KafkaAddress:
    """The address in `url`; `known` maps every setting to its default.

    Raises BusRefused for what cannot be meant. No message contains a password.
    """
    parts = urlsplit(url)
    user, _, hosts = parts.netloc.rpartition("@")
    if "@" in f"{parts.path}{parts.fragment}":
        raise BusRefused(_NO_SERVER)
    if parts.path not in ("", "/"):
        raise BusRefused(
            f"BAROMETER_BUS_URL names {parts.path!r} after the servers; write kafka://host:9092,"
            " the topics have fixed names"
        )
    servers = tuple(_server(each) for each in hosts.split(",") if each.strip())
    if not servers:
        raise BusRefused("BAROMETER_BUS_URL names no server; write kafka://host:9092")
    settings: dict[str, Setting] = {}
    layout: dict[str, str] = {}
    for name, text in parse_qsl(parts.query, keep_blank_values=True):
        if name in TopicLayout.__struct_fields__:
            layout[name] = text
        else:
            settings[name] = _setting(name, text, known)
    if user:
        name, _, password = user.partition(":")
        settings["sasl_plain_username"] = unquote(name)
        settings["sasl_plain_password"] = unquote(password)
    return KafkaAddress(servers, _with_login(settings), topic_layout(layout))


def topic_layout(given: Mapping[str, str]) -> TopicLayout:
    """The layout in these options of a bus URL. Raises BusRefused for a value that cannot be meant."""
    try:
        layout = msgspec.convert(dict(given), TopicLayout, strict=False)
    except msgspec.ValidationError as error:
        raise BusRefused(f"BAROMETER_BUS_URL has a setting that is no number: {error}") from error
    for name, least in (("partitions", 1), ("replicas", 0)):
        if getattr(layout, name) < least:
            raise BusRefused(
                f"BAROMETER_BUS_URL sets {name} to {given[name]}; it is at least {least}"
            )
    if not 0 < layout.retention_days <= MOST_DAYS:
        raise BusRefused(
            f"BAROMETER_BUS_URL sets retention_days to {given['retention_days']}; it must be above 0,"
            f" and at most {MOST_DAYS}"
        )
    return layout


def _server(text: str) -> str:
    match = _SERVER.fullmatch(text.strip())
    port = int(match[2] or 9092) if match else 0
    if match is None or not 0 < port < 65_536:
        raise BusRefused(_NO_SERVER)
    return f"{match[1]}:{port}"


def _setting(name: str, text: str, known: Mapping[str, object]) -> Setting:
    if name in OURS:
        raise BusRefused(f"BAROMETER_BUS_URL sets {name!r}, which Barometer sets itself; remove it")
    if name not in known:
        raise BusRefused(
            f"BAROMETER_BUS_URL has an unknown setting {name!r};"
            " any text or number setting of kafka-python may stand there"
        )
    if name == "compression_type" and text not in CODECS:
        raise BusRefused(
            f"BAROMETER_BUS_URL sets compression_type to {text!r}; it is one of {', '.join(CODECS)}"
        )
    default = known[name]
    if name == "api_version":
        numbers = re.split(r"[.,]", text)
        if all(number.isdecimal() for number in numbers):
            return tuple(int(number) for number in numbers)
        raise BusRefused(f"BAROMETER_BUS_URL sets api_version to {text!r}; write it like 2.6")
    if isinstance(default, bool):
        if text.lower() in ("true", "1", "yes", "false", "0", "no"):
            return text.lower() in ("true", "1", "yes")
        raise BusRefused(f"BAROMETER_BUS_URL sets {name} to {text!r}; write true or false")
    if name in WHOLE or isinstance(default, int | float):
        if text.isdecimal():
            return int(text)
        raise BusRefused(f"BAROMETER_BUS_URL sets {name} to {text!r}; write a whole number")
    if default is None or isinstance(default, str):
        return text
    raise BusRefused(f"BAROMETER_BUS_URL sets {name!r}, which cannot be given as text; remove it")


def _with_login(settings: dict[str, Setting]) -> dict[str, Setting]:
    """`settings` with what a login implies: without it kafka-python ignores the password."""
    if "sasl_plain_username" in settings or "sasl_mechanism" in settings:
        settings.setdefault("security_protocol", "SASL_SSL")
    protocol = str(settings.get("security_protocol", "PLAINTEXT"))
    if protocol not in PROTOCOLS:
        raise BusRefused(
            f"BAROMETER_BUS_URL sets security_protocol to {protocol!r};"
            f" it is one of {', '.join(PROTOCOLS)}"
        )
    if protocol.startswith("SASL"):
        settings.setdefault("sasl_mechanism", "PLAIN")
        login = {"sasl_plain_username", "sasl_plain_password"}
        if str(settings["sasl_mechanism"]).startswith(("PLAIN", "SCRAM")) and login - set(settings):
            raise BusRefused(
                f"BAROMETER_BUS_URL asks for {settings['sasl_mechanism']} without a user or password;"
                " write kafka://user:password@host:9093 or add sasl_plain_username and"
                " sasl_plain_password"
            )
    elif "sasl_plain_username" in settings:
        raise BusRefused(
            f"BAROMETER_BUS_URL gives a user, but security_protocol={protocol} sends none;"
            " use SASL_SSL or SASL_PLAINTEXT"
        )
    return settings
