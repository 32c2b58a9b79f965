"""The mail channel: each message as one mail to all its readers, over SMTP."""

from __future__ import annotations

import contextlib
import logging
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

from alerts.channel import ChannelFailed
from alerts.channel_url import MailSettings
from alerts.harmless_text import harmless_line
from alerts.mail_message import mail_message
from alerts.message import Message

_log = logging.getLogger("barometer.alerts")


class MailChannel:
    """Hands mails to one server. Safe to use from several threads.

    Times are seconds: `step` for one answer of the server, `total` for a whole mail. Its repr and its errors name
    the server and never the password.
    """

    def __init__(
        self,
        name: str,
        settings: MailSettings,
        *,
        step: float = 20.0,
        total: float = 60.0,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._name = name
        self._settings = settings
        self._step = step
        self._total = total
        self._context = context or ssl.create_default_context()

    @property
    def name(self) -> str:
        """As the settings call it."""
        return self._name

    def __repr__(self) -> str:
        return f"MailChannel({self._name!r}, {self._settings.host}:{self._settings.port})"

    def send(self, message: Message) -> None:
        """Accepted when the server took it for at least one reader; the log names the others. Raises ChannelFailed."""
        mail = mail_message(message, self._settings)
        deadline = _Deadline(self._total)
        try:
            refused = self._deliver(mail, deadline)
        except smtplib.SMTPAuthenticationError:
            # Not what the server said: it may repeat the login.
            raise self._failed(
                "did not accept the user name or the password; correct them in its url",
                permanent=True,
            ) from None
        except smtplib.SMTPRecipientsRefused as error:
            raise self._answered(*next(iter(error.recipients.values()))) from None
        except smtplib.SMTPResponseException as error:
            raise self._answered(error.smtp_code, error.smtp_error) from None
        except smtplib.SMTPNotSupportedError:
            raise self._failed(
                "offers no STARTTLS, or no login that we know; write smtps:// where it speaks TLS at once, "
                "or tls=none where nobody listens",
                permanent=True,
            ) from None
        except ssl.SSLCertVerificationError:
            raise self._failed(
                "shows a certificate that cannot be trusted; let it have a valid one for that name",
                permanent=True,
            ) from None
        except (OSError, smtplib.SMTPException) as error:
            # smtplib says "disconnected" of a server that was not waited for any longer.
            if deadline.passed or isinstance(error.__context__ or error, TimeoutError):
                raise self._failed("did not answer in time", permanent=False) from error
            what = getattr(error, "strerror", None) or type(error).__name__
            raise self._failed(f"cannot be reached ({what})", permanent=False) from error
        for reader, (code, _) in refused.items():
            _log.warning(
                "channel %s: %s did not take message %s for %s (%d); correct `to` in its url",
                self._name, self._settings.host, message.id, reader, code,
            )  # fmt: skip

    def _deliver(self, mail: EmailMessage, deadline: _Deadline) -> dict[str, tuple[int, bytes]]:
        """Readers that the server refused, when it took the mail for others."""
        settings = self._settings
        with deadline, self._connected(deadline) as client:
            client.ehlo_or_helo_if_needed()
            if settings.tls == "starttls":
                client.starttls(context=self._context)
                client.ehlo()
            if settings.user:
                client.login(settings.user, settings.password)
            refused = client.send_message(mail)
            with contextlib.suppress(OSError, smtplib.SMTPException):
                client.quit()  # it has the mail, whatever it says now
            return refused

    @contextlib.contextmanager
    def _connected(self, deadline: _Deadline) -> Iterator[smtplib.SMTP]:
        settings = self._settings
        options: dict[str, Any] = {
            "host": settings.host,
            "port": settings.port,
            "timeout": self._step,
            # The sender's domain greets: asking for this machine's own name may take the system's time-out.
            "local_hostname": settings.sender.rpartition("@")[2],
        }
        if settings.tls == "implicit":
            client: smtplib.SMTP = _TlsClient(deadline, context=self._context, **options)
        else:
            client = _Client(deadline, **options)
        with contextlib.closing(client):
            yield client

    def _answered(self, code: int, said: bytes | str) -> ChannelFailed:
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        for secret in filter(None, (self._settings.password, self._settings.user)):
            text = text.replace(secret, "…")
        return self._failed(
            f"did not take the mail ({code} {harmless_line(text, 200)})", permanent=code >= 500
        )

    def _failed(self, what: str, *, permanent: bool) -> ChannelFailed:
        later = "" if permanent else "; it will be sent again"
        place = f"{self._settings.host}:{self._settings.port}"
        return ChannelFailed(
            f"the channel {self._name} ({place}) {what}{later}", permanent=permanent
        )


class _Deadline:
    """Ends a mail after `seconds`, even where the server sends a byte now and then."""

    def __init__(self, seconds: float) -> None:
        self.passed = False
        self.client: smtplib.SMTP | None = None
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> _Deadline:
        self._timer.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._timer.cancel()

    def _end(self) -> None:
        self.passed = True
        if self.client is not None and self.client.sock is not None:
            with contextlib.suppress(OSError):  # closed already
                # Not the method of ssl, which would pull its state from under the reader.
                socket.socket.shutdown(self.client.sock, socket.SHUT_RDWR)


class _Client(smtplib.SMTP):
    """Known to its deadline before it connects, which is part of its making."""

    def __init__(self, deadline: _Deadline, **options: Any) -> None:
        deadline.client = self
        super().__init__(**options)


class _TlsClient(smtplib.SMTP_SSL):
    """The same with TLS from the first byte."""

    def __init__(self, deadline: _Deadline, **options: Any) -> None:
        deadline.client = self
        super().__init__(**options)
