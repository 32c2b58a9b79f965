"""The mail channel against a mail server on 127.0.0.1: what arrives, in which headers, and what it says when nothing does."""

from __future__ import annotations

import email
import io
import logging
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import default
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope
from PIL import Image

from alerts.channel import Channel, ChannelFailed
from alerts.channel_url import MailSettings, channel_settings
from alerts.channels.mail_channel import MailChannel
from alerts.mail_chart import MAX_BYTES, chart_png, chart_words
from alerts.mail_message import CHARTS_HERE, mail_message
from tests.certificates import server_context, trusting
from tests.hostile_text import HOSTILE, hostile_message, unseen
from tests.services import free_port
from tests.told import AT, fall, figure, incident, message

READERS = ("press@example.org", "ada+alerts@example.org")
OPTIONS = f"from=Barometer%20%3Calerts@example.org%3E&to={','.join(READERS)}"

EVERY_HEADER = {
    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "List-Id", "List-Unsubscribe",
    "List-Unsubscribe-Post", "MIME-Version", "Content-Type",
}  # fmt: skip
"""Of a mail that opens a thread."""


class Postbox:
    """Takes mails, unless `says` names another answer to a command."""

    def __init__(self) -> None:
        self.port = 0
        self.envelopes: list[Envelope] = []
        self.says: dict[str, str] = {}
        self.logins: list[tuple[str, str]] = []

    async def handle_RCPT(  # noqa: N802 - the name that aiosmtpd asks for
        self, server: Any, session: Any, envelope: Envelope, address: str, options: Any
    ) -> str:
        if address in self.says:
            return self.says[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802
        if "DATA" in self.says:
            return self.says["DATA"]
        self.envelopes.append(envelope)
        return "250 OK"

    def authenticate(
        self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any
    ) -> AuthResult:
        user, password = data.login.decode(), data.password.decode()
        self.logins.append((user, password))
        return AuthResult(success=password == "p@ss/word", handled=False)

    @property
    def mails(self) -> list[EmailMessage]:
        parsed = []
        for envelope in self.envelopes:
            mail = email.message_from_bytes(raw(envelope), policy=default)
            assert isinstance(mail, EmailMessage)
            parsed.append(mail)
        return parsed


def raw(envelope: Envelope) -> bytes:
    assert isinstance(envelope.content, bytes)
    return envelope.content


@contextmanager
def mail_server(postbox: Postbox, *, implicit: bool = False, **options: Any) -> Iterator[Postbox]:
    class Server(Controller):
        def factory(self) -> SMTP:
            return SMTP(self.handler, **options)

    postbox.port = free_port()
    context = options.pop("ssl_context", None) if implicit else None
    server = Server(
        postbox, hostname="127.0.0.1", port=postbox.port, ready_timeout=60, ssl_context=context
    )
    server.start()
    try:
        yield postbox
    finally:
        server.stop()


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    with mail_server(Postbox()) as opened:
        yield opened


def settings(port: int, options: str = "", *, user: str = "", scheme: str = "smtp") -> MailSettings:
    tls = "" if "tls=" in options or scheme == "smtps" or user else "&tls=none"
    made = channel_settings(f"{scheme}://{user}127.0.0.1:{port}?{OPTIONS}{options}{tls}")
    assert isinstance(made, MailSettings)
    return made


def channel(port: int, options: str = "", **others: Any) -> MailChannel:
    return MailChannel("press", settings(port, options), **others)


def failure(channel: Channel, permanent: bool) -> str:
    with pytest.raises(ChannelFailed) as failed:
        channel.send(message())
    assert failed.value.permanent is permanent
    assert "\n" not in failed.value.reason
    assert failed.value.reason.startswith("the channel press (127.0.0.1:")
    return failed.value.reason


# -- What arrives ----------------------------------------------------------------------------------


def test_a_mail_has_text_html_and_a_chart_that_the_html_shows(postbox: Postbox) -> None:
    channel(postbox.port).send(message())
    (mail,) = postbox.mails
    assert mail.get_content_type() == "multipart/alternative"
    text, related = mail.iter_parts()
    assert isinstance(text, EmailMessage)
    assert isinstance(related, EmailMessage)
    assert text.get_content().replace("\r\n", "\n") == message().body
    page, chart = related.iter_parts()
    assert isinstance(page, EmailMessage)
    assert isinstance(chart, EmailMessage)
    name = chart["Content-ID"].strip("<>")
    assert f'<img src="cid:{name}" alt="Chart of net support for regular migration in XA' in (
        page.get_content()
    )
    assert page.get_content().split("</p>")[1].strip() == "</body></html>"
    assert chart.get_content() == chart_png(fall())
    assert chart.get_content_disposition() == "inline"


def test_a_mail_goes_to_all_its_readers_once(postbox: Postbox) -> None:
    channel(postbox.port).send(message())
    (envelope,) = postbox.envelopes
    assert envelope.mail_from == "alerts@example.org"
    assert envelope.rcpt_tos == list(READERS)
    (mail,) = postbox.mails
    assert [each.addr_spec for each in mail["To"].addresses] == list(READERS)
    assert mail["From"] == "Barometer <alerts@example.org>"


def test_the_headers_say_who_when_and_that_no_person_wrote_it(postbox: Postbox) -> None:
    options = "&list_id=alerts.example.org&unsubscribe=https://example.org/leave?me"
    channel(postbox.port, options).send(message())
    (mail,) = postbox.mails
    assert mail["Subject"] == message().title
    assert parsedate_to_datetime(mail["Date"]) == AT
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Id"] == "Barometer <alerts.example.org>"
    assert mail["List-Unsubscribe"] == "<https://example.org/leave?me>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_list_that_is_left_by_mail_promises_no_one_click(postbox: Postbox) -> None:
    channel(postbox.port, "&unsubscribe=mailto:leave@example.org").send(message())
    (mail,) = postbox.mails
    assert mail["List-Unsubscribe"] == "<mailto:leave@example.org>"
    assert "List-Unsubscribe-Post" not in mail
    assert mail["List-Id"] == "Barometer <barometer.example.org>"


def test_a_message_that_is_sent_twice_is_the_same_mail(postbox: Postbox) -> None:
    for _ in range(2):
        channel(postbox.port).send(message())
    first, second = postbox.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert re.fullmatch(r"<barometer\.[0-9a-f]{32}@example\.org>", first["Message-ID"])


def test_what_follows_stands_in_the_thread_of_the_first_message(postbox: Postbox) -> None:
    kinds = ("opened", "worse", "reminder", "resolved")
    for kind in kinds:
        channel(postbox.port).send(message(kind))
    opened, *others = postbox.mails
    assert "In-Reply-To" not in opened
    assert "References" not in opened
    assert [each["In-Reply-To"] for each in others] == [opened["Message-ID"]] * 3
    assert [each["References"] for each in others] == [opened["Message-ID"]] * 3
    assert len({each["Message-ID"] for each in postbox.mails}) == len(kinds)


def test_a_mail_of_two_falls_belongs_to_both_threads() -> None:
    asylum = fall("asylum")
    both = message("worse", falls=(fall(), asylum))
    mail = mail_message(both, settings(25))
    first = mail_message(message(), settings(25))
    alone = message("opened", id=f"{asylum.incident.id}-opened", incident=asylum.incident.id)
    second = mail_message(alone, settings(25))
    assert mail["References"].split() == [first["Message-ID"], second["Message-ID"]]
    assert mail["In-Reply-To"] == first["Message-ID"]


def test_a_digest_belongs_to_no_thread_and_needs_no_html(postbox: Postbox) -> None:
    channel(postbox.port).send(message("digest", html=""))
    (mail,) = postbox.mails
    assert mail.get_content_type() == "text/plain"
    assert "References" not in mail


def test_a_page_that_is_too_long_is_left_out_whole() -> None:
    mail = mail_message(message(html="<p>" + "x" * 1_000_000), settings(25))
    assert mail.get_content_type() == "text/plain"


def test_charts_stand_where_the_page_wants_them_three_at_most() -> None:
    falls = tuple(fall(target) for target in ("regular", "irregular", "asylum", "general"))
    page = f"<html><body><p>above</p>{CHARTS_HERE}<p>below</p></body></html>"
    mail = mail_message(message(html=page, falls=falls), settings(25))
    shown = mail.get_body(("html",))
    assert isinstance(shown, EmailMessage)
    above, below = shown.get_content().split("<p>below</p>")
    assert above.count("<img ") == 3
    assert "<img " not in below
    pictures = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert len({part["Content-ID"] for part in pictures}) == 3


# -- Text that means harm --------------------------------------------------------------------------


@pytest.mark.parametrize("name", HOSTILE)
def test_text_from_outside_adds_no_header_no_reader_and_no_markup(name: str) -> None:
    made = settings(25, "&unsubscribe=https://example.org/leave")
    mail = mail_message(hostile_message(HOSTILE[name]), made)
    data = mail.as_bytes()
    parsed = email.message_from_bytes(data, policy=default)
    assert isinstance(parsed, EmailMessage)
    assert set(parsed.keys()) == EVERY_HEADER
    assert len(parsed.keys()) == len(EVERY_HEADER)
    assert [each.addr_spec for each in parsed["To"].addresses] == list(READERS)
    assert not parsed.defects
    for part in parsed.walk():
        assert not part.defects
        assert {key.lower() for key in part} <= {
            *(key.lower() for key in EVERY_HEADER),
            *("content-transfer-encoding", "content-id", "content-disposition"),
        }
    assert max(map(len, data.split(b"\r\n"))) < 999
    assert b"\n" not in data.replace(b"\r\n", b"")
    subject = str(parsed["Subject"])
    assert len(subject) <= 201
    assert not unseen(subject)
    assert "\n" not in subject
    text = parsed.get_body(("plain",))
    assert isinstance(text, EmailMessage)
    assert not unseen(text.get_content())
    page = parsed.get_body(("html",))
    assert isinstance(page, EmailMessage)
    tags = re.findall(r"</?([a-z!]+)", page.get_content())
    assert sorted(tags) == sorted(["!doctype", *"html body p p p img p body html".split()])


@pytest.mark.parametrize("name", ["header", "smtp", "surrogate", "control", "wide"])
def test_text_from_outside_travels_through_a_server(postbox: Postbox, name: str) -> None:
    channel(postbox.port).send(hostile_message(HOSTILE[name]))
    channel(postbox.port).send(message())
    assert [each.rcpt_tos for each in postbox.envelopes] == [list(READERS)] * 2
    first, second = postbox.mails
    text = first.get_body(("plain",))
    assert isinstance(text, EmailMessage)
    assert len(text.get_content()) > len(HOSTILE[name])
    assert second["Subject"] == message().title


# -- What a server may do --------------------------------------------------------------------------


@contextmanager
def silent_server(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """Accepts connections and does with them what `serve` does."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        accepted: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                accepted.append(connection)
                threading.Thread(target=serve, args=[connection], daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield int(listening.getsockname()[1])
        listening.shutdown(socket.SHUT_RDWR)
        for each in accepted:
            each.close()


def test_a_server_that_says_nothing_is_left_after_its_time() -> None:
    with silent_server(lambda connection: None) as port:
        started = time.monotonic()
        said = failure(channel(port, step=0.2), permanent=False)
    assert time.monotonic() - started < 30
    assert "did not answer in time; it will be sent again" in said


def test_a_server_that_dribbles_is_left_after_its_time() -> None:
    def dribble(connection: socket.socket) -> None:
        try:
            connection.sendall(b"220 ")
            while True:
                connection.sendall(b"x")
                time.sleep(0.02)
        except OSError:
            return

    with silent_server(dribble) as port:
        started = time.monotonic()
        said = failure(channel(port, step=5, total=0.3), permanent=False)
    assert time.monotonic() - started < 30
    assert "did not answer in time" in said


def test_nobody_listening_is_a_failure_that_passes() -> None:
    assert "cannot be reached" in failure(channel(free_port()), permanent=False)


@pytest.mark.parametrize(
    ("answer", "permanent"),
    [("552 5.3.4 too large", True), ("451 4.3.0 later, please", False), ("452 4.2.2 full", False)],
)
def test_what_the_server_says_is_repeated_and_decides(
    postbox: Postbox, answer: str, permanent: bool
) -> None:
    postbox.says["DATA"] = answer
    said = failure(channel(postbox.port), permanent=permanent)
    assert f"did not take the mail ({answer})" in said
    assert postbox.envelopes == []


def test_when_all_readers_are_refused_the_mail_is_not_accepted(postbox: Postbox) -> None:
    postbox.says |= dict.fromkeys(READERS, "550 5.1.1 unknown")
    assert "(550 5.1.1 unknown)" in failure(channel(postbox.port), permanent=True)


def test_one_reader_that_is_refused_keeps_the_others_from_nothing(
    postbox: Postbox, caplog: pytest.LogCaptureFixture
) -> None:
    postbox.says[READERS[0]] = "550 5.1.1 unknown"
    with caplog.at_level(logging.WARNING, "barometer.alerts"):
        channel(postbox.port).send(message())
    assert [each.rcpt_tos for each in postbox.envelopes] == [[READERS[1]]]
    (said,) = [record.getMessage() for record in caplog.records]
    assert READERS[0] in said
    assert "550" in said


# -- TLS and login ---------------------------------------------------------------------------------


def test_a_login_is_made_after_starttls_only(tmp_path: Path) -> None:
    postbox = Postbox()
    context = server_context(tmp_path, "mail.example.org")
    with mail_server(
        postbox, tls_context=context, authenticator=postbox.authenticate, auth_required=True
    ):
        made = settings(postbox.port, user="bob:p%40ss%2Fword@")
        MailChannel("press", made, context=trusting(tmp_path)).send(message())
    assert postbox.logins == [("bob", "p@ss/word")]
    assert len(postbox.mails) == 1


def test_tls_from_the_first_byte(tmp_path: Path) -> None:
    postbox = Postbox()
    context = server_context(tmp_path, "mail.example.org")
    with mail_server(postbox, implicit=True, ssl_context=context):
        made = settings(postbox.port, scheme="smtps")
        MailChannel("press", made, context=trusting(tmp_path)).send(message())
    assert len(postbox.mails) == 1


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    postbox = Postbox()
    with mail_server(postbox, tls_context=server_context(tmp_path, "mail.example.org")):
        made = MailChannel("press", settings(postbox.port, "&tls=starttls"))
        assert "certificate" in failure(made, permanent=True)
    assert postbox.envelopes == []


def test_a_server_without_starttls_gets_no_mail_in_the_open(postbox: Postbox) -> None:
    said = failure(channel(postbox.port, "&tls=starttls"), permanent=True)
    assert "offers no STARTTLS" in said
    assert "tls=none" in said
    assert postbox.envelopes == []


def test_a_wrong_password_is_told_and_not_repeated(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    postbox = Postbox()
    context = server_context(tmp_path, "mail.example.org")
    with (
        caplog.at_level(logging.DEBUG),
        mail_server(postbox, tls_context=context, authenticator=postbox.authenticate),
    ):
        made = settings(postbox.port, user="bob:hunter2secret@")
        press = MailChannel("press", made, context=trusting(tmp_path))
        said = failure(press, permanent=True)
        ours = [record for record in caplog.records if not record.name.startswith("mail.")]
    assert postbox.logins
    assert {password for _, password in postbox.logins} == {"hunter2secret"}
    assert "user name or the password" in said
    seen = f"{said} {press!r} {made!r} {[record.getMessage() for record in ours]}"
    assert "hunter2secret" not in seen


# -- The chart -------------------------------------------------------------------------------------


def test_a_chart_is_small_grey_and_always_the_same() -> None:
    png = chart_png(fall())
    assert len(png) < MAX_BYTES
    picture = Image.open(io.BytesIO(png))
    assert picture.format == "PNG"
    assert picture.mode == "L"
    assert picture.size == (640, 260)
    assert chart_png(fall()) == png


@pytest.mark.parametrize(
    "changes",
    [
        {"incident": incident(baseline=5.0)},
        {"incident": incident(drop_day=figure(30, None).day)},
        {"incident": incident("asylum")},
        {"days": tuple(figure(n, 3.0) for n in range(39))},
        {
            "days": tuple(
                msgspec.structs.replace(each, lower=None, upper=None) for each in fall().days
            )
        },
    ],
    ids=["baseline", "first day", "target", "line", "interval"],
)
def test_a_chart_shows(changes: dict[str, Any]) -> None:
    assert chart_png(fall(**changes)) != chart_png(fall())


def test_a_day_without_a_value_is_a_gap_and_no_line_through_it() -> None:
    whole = tuple(figure(n, 3.0) for n in range(39))
    gap = tuple(each for n, each in enumerate(whole) if n not in (18, 19, 20))
    unknown = tuple(figure(n, None if n in (18, 19, 20) else 3.0) for n in range(39))
    assert chart_png(fall(days=gap)) != chart_png(fall(days=whole))
    assert chart_png(fall(days=gap)) == chart_png(fall(days=unknown))


@pytest.mark.parametrize(
    "days", [(), (figure(1, 2.0),), (figure(1, None), figure(2, None), figure(3, 1.0))]
)
def test_there_is_no_chart_of_less_than_two_days(days: tuple[Any, ...]) -> None:
    assert chart_png(fall(days=days)) == b""


@pytest.mark.parametrize("name", ["formula of a chart", "wide", "surrogate", "direction", "long"])
def test_a_name_from_outside_is_drawn_as_it_is(name: str) -> None:
    png = chart_png(fall(incident=incident(HOSTILE[name])))
    assert Image.open(io.BytesIO(png)).size == (640, 260)


def test_who_does_not_see_the_chart_reads_what_it_shows() -> None:
    assert chart_words(fall()) == (
        "Chart of net support for regular migration in XA, day by day: the baseline is +12.0, and the fall begins "
        "on 2026-03-09. It ends on 2026-03-11 at +0.0."
    )


def test_the_context_of_tls_checks_names_unless_it_is_given() -> None:
    made = channel(25)
    assert made._context.verify_mode is ssl.CERT_REQUIRED
    assert made._context.check_hostname
