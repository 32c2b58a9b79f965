"""The URL of a channel as settings: one line says what kind of channel it is and all that it needs.

    smtp://user:password@mail.example.org:587?from=alerts@example.org&to=press@example.org,ada@example.org
    smtps://…                           TLS from the first byte; smtp:// demands STARTTLS, `tls=none` goes without
    https://hooks.example.org/x?secret=whsec_…       signed webhook, Alertmanager's payload
    slack://… workflows://… discord://…              and whatever else apprise speaks
    https://hooks.slack.com/services/…               as Slack, Teams and Discord hand them out: through apprise
    atom:///var/alerts.atom             a feed file; four slashes for an absolute path
    topic://barometer.incidents.v1      the bus
    log:///var/alerts.log               the log, and a file

Pure. No message contains the URL, for it may hold a password.
"""

from __future__ import annotations

import base64
import binascii
import difflib
import re
from collections.abc import Collection
from urllib.parse import SplitResult, unquote, urlsplit

import msgspec

from ingest.topics import INCIDENTS

NATIVE_HOSTS = ("hooks.slack.com", "discord.com", "discordapp.com")
NATIVE_DOMAINS = (".logic.azure.com", ".api.powerplatform.com")
"""Whose https addresses apprise knows as they are."""

SECRET_BYTES = (24, 64)
"""Shortest and longest secret of Standard Webhooks 1.0."""

_SECRET = "whsec_"  # noqa: S105 - the prefix, not a secret
_MAIL_OPTIONS = ("from", "to", "list_id", "unsubscribe", "tls")
_WEBHOOK_OPTIONS = ("secret", "allow_private", "board")
_PORTS = {"smtp": 587, "smtps": 465}

_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
)
_NAMED = re.compile(r"(?P<name>[^<>\"\\]*)<(?P<address>[^<>]+)>")
_LIST_ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*\.)+[A-Za-z0-9-]*[A-Za-z0-9]")
_UNSUBSCRIBE = re.compile(r"(?:https://|mailto:)[!#-;=?-~]+")
_TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}")


class ChannelUrlRefused(ValueError):
    """A URL names no channel; the sentence says which part is wrong and what to write, without a full stop at its end."""


class LogSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The log, and a file."""

    path: str
    """Empty: the log alone."""


class MailSettings(msgspec.Struct, frozen=True, kw_only=True):
    """A mail server, and who writes to whom. Its repr shows the server only."""

    host: str
    port: int
    tls: str
    """starttls, implicit or none."""
    user: str
    """Empty: no login."""
    password: str
    sender: str
    """Address alone."""
    sender_name: str
    to: tuple[str, ...]
    list_id: str
    """Like alerts.example.org."""
    unsubscribe: str
    """https or mailto address; empty where there is none."""

    def __repr__(self) -> str:
        return f"MailSettings({self.host}:{self.port})"


class WebhookSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where to post, and how to sign. Its repr shows the host only."""

    url: str
    """Without the options that are ours; may hold a password or a token."""
    host: str
    secrets: tuple[bytes, ...]
    """Keys, the newest first; each signs, so that a receiver may change from one to the next."""
    allow_private: bool
    """Whether the receiver may stand in a private network."""
    board: str
    """Address of the board, to which alerts link; empty where there is none."""

    def __repr__(self) -> str:
        return f"WebhookSettings({self.host})"


class AppriseSettings(msgspec.Struct, frozen=True, kw_only=True):
    """A service that apprise speaks to. Its repr shows the scheme only."""

    url: str
    scheme: str

    def __repr__(self) -> str:
        return f"AppriseSettings({self.scheme})"


class AtomSettings(msgspec.Struct, frozen=True, kw_only=True):
    """A feed file."""

    path: str
    title: str
    link: str
    """Address of the page that the feed belongs to; empty where there is none."""


class TopicSettings(msgspec.Struct, frozen=True, kw_only=True):
    """A topic of the bus."""

    topic: str
    source: str
    """CloudEvents source: a URI reference that says which Barometer it was."""


ChannelSettings = (
    LogSettings | MailSettings | WebhookSettings | AppriseSettings | AtomSettings | TopicSettings
)


def channel_settings(url: str) -> ChannelSettings:
    """What `url` says. Raises ChannelUrlRefused."""
    if not url.isprintable() or " " in url or not url:
        raise ChannelUrlRefused(
            "its url is empty or has a space or an unprintable character in it; "
            "write it in one piece, a space as %20"
        )
    try:
        parts = urlsplit(url)
        # Of our own kinds only: in tgram://NUMBER:LETTERS/… what stands there is a token.
        port = parts.port if parts.scheme in ("smtp", "smtps", "http", "https") else None
    except ValueError:
        raise ChannelUrlRefused(
            "its url has no valid host and port; write SCHEME://USER:PASSWORD@HOST:PORT, and escape "
            "'/', '@', ':', '#', '?' and '%' in a password (%2F, %40, %3A, %23, %3F, %25)"
        ) from None
    scheme = parts.scheme
    if not scheme or not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", url):
        raise ChannelUrlRefused(
            "its url does not begin with a scheme; write smtp://, https://, slack://, atom:///, topic:// or log:"
        )
    if scheme in ("smtp", "smtps"):
        return _mail(parts, port or _PORTS[scheme])
    if scheme in ("http", "https"):
        host = (parts.hostname or "").rstrip(".")
        if host in NATIVE_HOSTS or host.endswith(NATIVE_DOMAINS):
            return AppriseSettings(url=url, scheme=scheme)
        return _webhook(parts, host)
    if scheme == "atom":
        options = _options(parts, ("title", "link"))
        return AtomSettings(
            path=_path(parts, "atom:///var/alerts.atom"),
            title=options.get("title", "Barometer alerts"),
            link=_web_address(options.get("link", ""), "link"),
        )
    if scheme == "topic":
        return _topic(parts)
    if scheme == "log":
        _options(parts, ())
        has_path = parts.path.strip("/") or parts.netloc
        return LogSettings(path=_path(parts, "log:///var/alerts.log") if has_path else "")
    return AppriseSettings(url=url, scheme=scheme)


def _mail(parts: SplitResult, port: int) -> MailSettings:
    options = _options(parts, _MAIL_OPTIONS)
    if not parts.hostname:
        raise ChannelUrlRefused(
            "its url names no mail server; write smtp://mail.example.org?from=…&to=…"
        )
    if parts.path not in ("", "/"):
        raise ChannelUrlRefused(
            "its url has a path after the mail server; write the options after a '?'"
        )
    tls = "implicit" if parts.scheme == "smtps" else options.get("tls", "starttls")
    if tls not in ("starttls", "none") and parts.scheme == "smtp":
        raise ChannelUrlRefused(
            "its url sets tls to something else than starttls or none; write smtps:// for TLS from the first byte"
        )
    if parts.scheme == "smtps" and "tls" in options:
        raise ChannelUrlRefused("its url says smtps and sets tls too; leave tls out")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if tls == "none" and password:
        raise ChannelUrlRefused(
            "its url would send a password without encryption; remove tls=none, or the password"
        )
    name, sender = _sender(options.get("from", ""))
    to = tuple(each.strip() for each in options.get("to", "").split(",") if each.strip())
    if not to:
        raise ChannelUrlRefused(
            "its url names nobody to write to; add to=press@example.org, several with commas"
        )
    for number, each in enumerate(to, start=1):
        if not _ADDRESS.fullmatch(each):
            raise ChannelUrlRefused(
                f"address {number} in `to` is no mail address; write it like press@example.org, without a name"
            )
    list_id = options.get("list_id", f"barometer.{sender.rpartition('@')[2]}")
    if not _LIST_ID.fullmatch(list_id):
        raise ChannelUrlRefused("its list_id is not like a host name; write alerts.example.org")
    unsubscribe = options.get("unsubscribe", "")
    if unsubscribe and not _UNSUBSCRIBE.fullmatch(unsubscribe):
        raise ChannelUrlRefused("its unsubscribe is neither an https:// nor a mailto: address")
    return MailSettings(
        host=parts.hostname,
        port=port,
        tls=tls,
        user=user,
        password=password,
        sender=sender,
        sender_name=name or "Barometer",
        to=to,
        list_id=list_id,
        unsubscribe=unsubscribe,
    )


def _sender(text: str) -> tuple[str, str]:
    match = _NAMED.fullmatch(text)
    name, address = (match["name"].strip(), match["address"]) if match else ("", text)
    if not _ADDRESS.fullmatch(address):
        raise ChannelUrlRefused(
            "its `from` is no mail address; write from=alerts@example.org, with a name "
            "from=Barometer%20%3Calerts@example.org%3E"
        )
    return name, address


def _webhook(parts: SplitResult, host: str) -> WebhookSettings:
    if not host:
        raise ChannelUrlRefused("its url names no host; write https://hooks.example.org/path")
    _refuse_fragment(parts)
    theirs = "&".join(
        pair for pair in parts.query.split("&") if pair.partition("=")[0] not in _WEBHOOK_OPTIONS
    )
    ours = [pair for pair in parts.query.split("&") if pair.partition("=")[0] in _WEBHOOK_OPTIONS]
    secrets = [unquote(pair.partition("=")[2]) for pair in ours if pair.startswith("secret=")]
    rest = "&".join(pair for pair in ours if not pair.startswith("secret="))
    options = _options(parts._replace(query=rest), _WEBHOOK_OPTIONS)
    if options.get("allow_private", "0") not in ("0", "1"):
        raise ChannelUrlRefused("its allow_private is neither 0 nor 1")
    return WebhookSettings(
        url=parts._replace(query=theirs).geturl(),
        host=host,
        secrets=tuple(_key(secret) for secret in secrets),
        allow_private=options.get("allow_private") == "1",
        board=_web_address(options.get("board", ""), "board"),
    )


def _key(secret: str) -> bytes:
    remedy = "make one with `openssl rand -base64 32`, and write whsec_ before it"
    if not secret.startswith(_SECRET):
        raise ChannelUrlRefused(f"its secret does not begin with {_SECRET}; {remedy}")
    try:
        key = base64.b64decode(secret.removeprefix(_SECRET), validate=True)
    except binascii.Error:
        raise ChannelUrlRefused(f"its secret is not base64 after {_SECRET}; {remedy}") from None
    if not SECRET_BYTES[0] <= len(key) <= SECRET_BYTES[1]:
        raise ChannelUrlRefused(
            f"its secret has {len(key)} bytes, not {SECRET_BYTES[0]} to {SECRET_BYTES[1]}; {remedy}"
        )
    return key


def _topic(parts: SplitResult) -> TopicSettings:
    options = _options(parts, ("source",))
    topic = (parts.netloc or parts.path).strip("/") or INCIDENTS
    if not _TOPIC.fullmatch(topic) or topic.startswith("barometer.documents"):
        raise ChannelUrlRefused(f"its url names no topic for incidents; write topic://{INCIDENTS}")
    source = options.get("source", "/barometer")
    if not re.fullmatch(r"[!#-;=?-~]+", source):
        raise ChannelUrlRefused(
            "its source is no URI; write it like source=https://barometer.example.org"
        )
    return TopicSettings(topic=topic, source=source)


def _options(parts: SplitResult, known: Collection[str]) -> dict[str, str]:
    """The query. A plus stays one: addresses and base64 have it."""
    _refuse_fragment(parts)
    options: dict[str, str] = {}
    for pair in filter(None, parts.query.split("&")):
        name, _, value = pair.partition("=")
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            # What is not near a known name is not repeated: it may be the rest of a password.
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known) or 'none'}"
            raise ChannelUrlRefused(f"its url has an unknown option; {hint}")
        if name in options:
            raise ChannelUrlRefused(f"its url has {name} twice; keep one")
        options[name] = unquote(value)
        if not options[name].isprintable():
            raise ChannelUrlRefused(f"its {name} has a character that cannot be printed; remove it")
    return options


def _refuse_fragment(parts: SplitResult) -> None:
    if parts.fragment:
        raise ChannelUrlRefused("its url has a '#' in it; write it as %23")


def _path(parts: SplitResult, example: str) -> str:
    path = unquote(parts.path).removeprefix("/")
    if parts.netloc or not path or path.endswith("/"):
        raise ChannelUrlRefused(
            f"its url names no file; write {example} for a file under the working directory, "
            f"{example.replace(':///', ':////srv/')} for an absolute path"
        )
    return path


def _web_address(text: str, name: str) -> str:
    if text and not re.fullmatch(r"https?://[!#-;=?-~]+", text):
        raise ChannelUrlRefused(f"its {name} is no http or https address")
    return text
