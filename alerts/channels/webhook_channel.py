"""The webhook channel: Alertmanager's payload in a signed POST (Standard Webhooks), to the public internet only.

    payload -> sign -> look the host up -> refuse private addresses -> POST -> 2xx
                                      again, a few times, after 5xx, 429 and silence

The guard is that of all requests (ingest/guarded_network.py). Redirects are not followed, and no proxy is asked
while private networks are refused: it would connect in our place, and where to is not ours to see.
"""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime

import httpx

from alerts.alertmanager_payload import alertmanager_payload
from alerts.channel import ChannelFailed
from alerts.channel_url import WebhookSettings
from alerts.message import Message
from alerts.webhook_signature import webhook_headers
from ingest.deadline import Deadline
from ingest.guarded_network import (
    GuardedTransport,
    LookUpFailed,
    NotPublic,
    Resolve,
    addresses_of,
)
from ingest.http_words import retry_after, user_agent

PAUSES = (1.0, 4.0)
"""Seconds before the second and the third try of one send; later ones are up to who calls."""

LONGEST_PAUSE = 15.0
"""Seconds that a server may ask us to wait (Retry-After) before we give up for now."""

_PLEASE_RETRY = (408, 425, 429)

_WORDS = {
    401: "wants a user name and password (401); write them into its url",
    403: "does not let us in (403); correct the address or what proves who we are",
    404: "is not there (404); correct the address",
    410: "is gone for good (410); remove the channel",
    413: "finds the message too large (413); let it take 20 kB",
    429: "says that we send too often (429)",
}


class WebhookChannel:
    """Posts each message to one address. Safe to use from several threads.

    `seconds` is the limit for one try in all. Its repr and its errors name the host and nothing else of the URL.
    """

    def __init__(
        self,
        name: str,
        settings: WebhookSettings,
        *,
        seconds: float = 15.0,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        resolve: Resolve = addresses_of,
        verify: ssl.SSLContext | None = None,
    ) -> None:
        self._name = name
        self._settings = settings
        self._seconds = seconds
        self._sleep = sleep
        self._clock = clock
        self._resolve = resolve
        self._verify = verify or httpx.create_ssl_context()
        # These log whole addresses, in which a token may stand.
        for library in ("httpx", "httpcore"):
            logging.getLogger(library).setLevel(logging.WARNING)

    @property
    def name(self) -> str:
        """As the settings call it."""
        return self._name

    def __repr__(self) -> str:
        return f"WebhookChannel({self._name!r}, {self._settings.host})"

    def send(self, message: Message) -> None:
        """Post it, trying again a few times. Raises ChannelFailed."""
        body = alertmanager_payload(message, receiver=self._name, board=self._settings.board)
        pauses = iter(PAUSES)
        while True:
            try:
                self._try(message.id, body)
                return
            except _TryAgain as again:
                pause = next(pauses, None)
                if pause is None or again.wait > LONGEST_PAUSE:
                    raise self._failed(again.reason, permanent=False) from again
                wait = max(pause, again.wait)
            self._sleep(wait)

    def _try(self, message_id: str, body: bytes) -> None:
        headers = {
            **webhook_headers(message_id, body, self._settings.secrets, self._clock()),
            "Content-Type": "application/json",
            "User-Agent": user_agent(),
        }
        address = self._address()
        private = self._settings.allow_private
        guard = None if private else GuardedTransport(resolve=self._resolve, verify=self._verify)
        with Deadline(self._seconds) as deadline:
            try:
                with (
                    httpx.Client(
                        timeout=self._seconds,
                        verify=self._verify,
                        trust_env=private,
                        transport=guard,
                    ) as client,
                    client.stream(
                        "POST",
                        address,
                        content=body,
                        headers=headers,
                        extensions={"trace": deadline.trace},
                    ) as response,
                ):
                    self._judge(response)
            except NotPublic as error:
                raise self._failed(
                    f"{error}; name a public host, or add allow_private=1 to its url if that is meant",
                    permanent=True,
                ) from error
            except (LookUpFailed, UnicodeError) as error:
                raise _TryAgain(f"cannot be looked up ({_said(error)})") from None
            except httpx.HTTPError as error:
                if deadline.passed or isinstance(error, httpx.TimeoutException):
                    raise _TryAgain(f"did not answer in {self._seconds:g} seconds") from None
                if isinstance(error.__cause__, ssl.SSLCertVerificationError) or (
                    "CERTIFICATE_VERIFY_FAILED" in str(error)
                ):
                    raise self._failed(
                        "shows a certificate that cannot be trusted; let it have a valid one",
                        permanent=True,
                    ) from None
                # Without the cause: httpx keeps the request in it.
                raise _TryAgain(f"cannot be reached ({type(error).__name__})") from None

    def _address(self) -> httpx.URL:
        try:
            url = httpx.URL(self._settings.url)
        except (httpx.InvalidURL, ValueError):
            raise self._failed("is no valid address; correct its url", permanent=True) from None
        if not url.host or (url.port or 1) > 65_535:
            raise self._failed("is no valid address; correct its url", permanent=True)
        return url

    def _judge(self, response: httpx.Response) -> None:
        status = response.status_code
        if 200 <= status < 300:
            return
        wait = retry_after(response.headers.get("retry-after", ""), self._clock())
        said = _WORDS.get(status, f"answered {status}")
        if status >= 500 or status in _PLEASE_RETRY:
            raise _TryAgain(said, wait=wait.total_seconds() if wait else 0.0)
        if 300 <= status < 400:
            said = f"redirects ({status}); write the address that it leads to into its url"
        elif status not in _WORDS:
            said = f"{said}; see what it asks for, and correct its url"
        raise self._failed(said, permanent=True)

    def _failed(self, what: str, *, permanent: bool) -> ChannelFailed:
        later = "" if permanent else "; it will be sent again"
        return ChannelFailed(
            f"the channel {self._name} ({self._settings.host}) {what}{later}", permanent=permanent
        )


class _TryAgain(Exception):
    """This try failed and another one may not."""

    def __init__(self, reason: str, *, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait = wait
        """Seconds that the server asks us to stay away."""


def _said(error: Exception) -> str:
    """What the system says of a name."""
    cause = error.__cause__
    return (cause.strerror if isinstance(cause, OSError) else None) or str(error)
