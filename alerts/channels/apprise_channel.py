"""The apprise channel: Slack, Teams, Discord, Telegram and the many other services that apprise speaks to.

What comes from outside is made harmless before a service sees it (alerts/harmless_text.py), and cut to what the
service takes. What apprise logs stays here: its lines hold addresses with tokens in them.
"""

from __future__ import annotations

import logging
import re
import shlex
import threading
from typing import Any

from alerts.channel import ChannelFailed
from alerts.channel_url import AppriseSettings, ChannelUrlRefused
from alerts.harmless_text import chat_text, cut, harmless_line
from alerts.message import Message

TITLE_CHARACTERS = 150
"""A header block of Slack takes no more."""

BODY_CHARACTERS = 2_900
"""A section of Slack takes 3,000."""

BODY_BYTES = 8_000
"""With the title and what a service adds, less than the 12,000 bytes that Slack surely takes, and far less than the
28 KB of Teams, also where every character is written as an escape."""

_SIZES = {"&": 5, '"': 2, "\\": 2, "\n": 2}

_WIDE = frozenset({"workflow", "workflows"})
"""Services whose limit in apprise (1,000 characters) is far below their own."""

_PLEASE_RETRY = (408, 425, 429)

_STATUS = re.compile(r"error=([1-5][0-9]{2})\b")

_library = logging.getLogger("apprise")


class AppriseChannel:
    """Sends to one service. Safe to use from several threads, which take turns.

    Raises ChannelUrlRefused for a URL that apprise does not understand. Its repr and its errors name the service
    and never the URL.
    """

    def __init__(self, name: str, settings: AppriseSettings) -> None:
        import apprise  # half a second, and only for those who use it

        _hush()
        self._name = name
        self._turn = threading.Lock()
        self._apprise: Any = apprise
        asset = apprise.AppriseAsset(
            app_id="Barometer",
            app_desc="Barometer",
            app_url="",
            image_url_mask="",
            image_url_logo="",
            async_mode=False,
            http_redirects=False,  # where to is not ours to see
            storage_mode="memory",
        )
        service = apprise.Apprise.instantiate(settings.url, asset=asset)
        if service is None:
            raise ChannelUrlRefused(
                f"its url is none that apprise understands as {settings.scheme}://; correct it after the "
                "service's page in the documentation of apprise"
            )
        self._service: Any = service
        self._title = name_of(service)

    @property
    def name(self) -> str:
        """As the settings call it."""
        return self._name

    def __repr__(self) -> str:
        return f"AppriseChannel({self._name!r}, {self._title})"

    def send(self, message: Message) -> None:
        """Accepted when the service says so. Raises ChannelFailed."""
        title, body = chat_message(
            message,
            title_limit=self._service.title_maxlen,
            body_limit=self._service.body_maxlen if not self._is_wide() else BODY_CHARACTERS,
        )
        sender = self._apprise.Apprise()
        sender.add(self._service)
        with self._turn, _Heard() as heard:
            try:
                taken = sender.notify(
                    title=title,
                    body=body,
                    notify_type=self._kind(message),
                    body_format=self._apprise.NotifyFormat.TEXT,
                )
            except Exception as error:
                # A plugin's own fault. Without the cause, which may hold the address.
                raise self._failed(
                    f"could not be used ({type(error).__name__}); see whether it works with the apprise command",
                    permanent=False,
                ) from None
        if not taken:
            raise self._judged(heard.status)

    def _is_wide(self) -> bool:
        return not _WIDE.isdisjoint(self._service.schemas())

    def _kind(self, message: Message) -> Any:
        kinds = self._apprise.NotifyType
        if message.kind == "resolved":
            return kinds.SUCCESS
        if message.kind in ("opened", "worse", "reminder"):
            return kinds.FAILURE if message.severity in ("severe", "critical") else kinds.WARNING
        return kinds.INFO

    def _judged(self, status: int | None) -> ChannelFailed:
        if status is None or status < 300:  # Slack answers 200 when it says no
            return self._failed("did not take the message and gave no reason", permanent=False)
        if status in (401, 403, 404, 410):
            return self._failed(
                f"does not know us ({status}); correct the token or the address in its url",
                permanent=True,
            )
        if status >= 500 or status in _PLEASE_RETRY:
            return self._failed(f"did not take the message now ({status})", permanent=False)
        return self._failed(
            f"did not take the message ({status}); see what the service asks for, and correct its url",
            permanent=True,
        )

    def _failed(self, what: str, *, permanent: bool) -> ChannelFailed:
        later = "" if permanent else "; it will be sent again"
        return ChannelFailed(
            f"the channel {self._name} ({self._title}) {what}{later}", permanent=permanent
        )


def chat_message(message: Message, *, title_limit: int, body_limit: int) -> tuple[str, str]:
    """Title and body for a service with these limits in characters, harmless in any chat.

    A service without titles (limit 0) is given the title by apprise as the first line of the body.
    """
    room = title_limit or TITLE_CHARACTERS
    title = chat_text(harmless_line(message.title, room), min(room, TITLE_CHARACTERS))
    limit = min(body_limit or BODY_CHARACTERS, BODY_CHARACTERS)
    if not title_limit:
        limit = max(limit - len(title) - 2, 1)
    body = chat_text(message.body.strip(), 2 * BODY_CHARACTERS) or title or message.kind
    if len(body) <= limit and _fitting(body, BODY_BYTES) == body:
        return title, body
    rest = "\nCut here."
    if message.incident:
        command = f"barometer incidents show {shlex.quote(message.incident)}"
        rest = chat_text(f"{rest} {command} shows the rest.", 300)
    if limit <= 2 * len(rest):
        return title, _fitting(cut(body, limit), BODY_BYTES)
    room = BODY_BYTES - len(rest.encode())
    return title, _fitting(cut(body, limit - len(rest)), room) + rest


def name_of(service: Any) -> str:
    """What apprise calls the service: `Slack`."""
    return harmless_line(str(service.service_name), 60)


def _fitting(text: str, limit: int) -> str:
    """As much of `text` as has `limit` bytes in JSON, where a service may write & as &amp;."""
    size = 0
    for number, character in enumerate(text):
        size += _SIZES.get(character) or len(character.encode())
        if size > limit:
            return text[:number]
    return text


def _hush() -> None:
    """Keep what apprise and its HTTP library log to ourselves: addresses stand in it."""
    if not any(isinstance(each, logging.NullHandler) for each in _library.handlers):
        _library.addHandler(logging.NullHandler())  # without any, warnings go to standard error
    _library.propagate = False
    _library.setLevel(logging.WARNING)
    logging.getLogger("urllib3").setLevel(logging.WARNING)


class _Heard(logging.Handler):
    """Listens to what apprise logs in this thread and remembers the HTTP status in it, and nothing else."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._thread = threading.get_ident()
        self.status: int | None = None

    def __enter__(self) -> _Heard:
        _library.addHandler(self)
        return self

    def __exit__(self, *exception: object) -> None:
        _library.removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread and (said := _STATUS.search(record.getMessage())):
            self.status = int(said[1])
