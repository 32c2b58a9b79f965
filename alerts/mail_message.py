"""A message as a mail: text, HTML with charts in it, and the headers that keep lists, threads and robots in order.

Message-ID is a function of the message, so that a mail that was sent twice is the same mail; References name the
first message of each incident, so that what follows stands below it. RFC 5322, 2919, 2369, 8058, 3834.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from alerts.channel_url import MailSettings
from alerts.fall_facts import FallFacts
from alerts.harmless_text import harmless, harmless_line
from alerts.mail_chart import chart_png, chart_words
from alerts.message import Message

MOST_CHARTS = 3
"""Falls that are drawn, the worst ones."""

CHARTS_HERE = "<!-- charts -->"
"""Where the HTML of a message wants its charts; without it they stand at its end."""

MAX_TEXT = 200_000
"""Characters of text."""

MAX_HTML = 1_000_000
"""Characters; a longer page is not sent, for half a page is none."""

_POLICY = SMTP.clone(cte_type="7bit", max_line_length=100)
"""Every server takes 7 bits. Ids stay on the line of their name, where some programs look for them alone."""


def mail_message(message: Message, settings: MailSettings) -> EmailMessage:
    """The mail. No text of the message reaches a header but the title, on one line."""
    mail = EmailMessage(policy=_POLICY)
    domain = settings.sender.rpartition("@")[2]
    mail["From"] = Address(settings.sender_name, addr_spec=settings.sender)
    mail["To"] = tuple(Address(addr_spec=each) for each in settings.to)
    # An encoded word would be decoded by this library, line ends in it and all.
    mail["Subject"] = harmless_line(message.title, 200).replace("=?", "= ?")
    mail["Date"] = format_datetime(message.created_at)
    mail["Message-ID"] = message_id(message.id, domain)
    if threads := _references(message, domain):
        mail["In-Reply-To"] = threads[0]
        mail["References"] = " ".join(threads)
    mail["Auto-Submitted"] = "auto-generated"
    mail["List-Id"] = f"Barometer <{settings.list_id}>"
    if settings.unsubscribe:
        mail["List-Unsubscribe"] = f"<{settings.unsubscribe}>"
        if settings.unsubscribe.startswith("https://"):
            mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(harmless(message.body, MAX_TEXT))
    if 0 < len(message.html) <= MAX_HTML:
        _add_html(mail, message, domain)
    return mail


def message_id(message: str, domain: str) -> str:
    """The Message-ID of the message with this id, which may be any text."""
    digest = hashlib.sha256(message.encode("utf-8", "backslashreplace")).hexdigest()
    return f"<barometer.{digest[:32]}@{domain}>"


def _references(message: Message, domain: str) -> list[str]:
    """The mails that opened the incidents in it, itself not among them."""
    incidents = [message.incident, *(fall.incident.id for fall in message.falls)]
    opened = [message_id(f"{each}-opened", domain) for each in dict.fromkeys(incidents) if each]
    return [each for each in opened if each != message_id(message.id, domain)]


def _add_html(mail: EmailMessage, message: Message, domain: str) -> None:
    charts = [(fall, chart_png(fall)) for fall in message.falls[:MOST_CHARTS]]
    drawn = [(fall, png) for fall, png in charts if png]
    name = message_id(message.id, domain).removeprefix("<barometer.").removesuffix(">")
    ids = [f"chart{number}.{name}" for number in range(1, len(drawn) + 1)]
    page = _with_charts(harmless(message.html, MAX_HTML), [fall for fall, _ in drawn], ids)
    mail.add_alternative(page, subtype="html")
    *_, related = mail.iter_parts()
    for number, (each, (_, png)) in enumerate(zip(ids, drawn, strict=True), start=1):
        related.add_related(
            png,
            "image",
            "png",
            cid=f"<{each}>",
            disposition="inline",
            filename=f"chart-{number}.png",
        )


def _with_charts(page: str, falls: Sequence[FallFacts], ids: Sequence[str]) -> str:
    images = "".join(
        f'<p><img src="cid:{each}" alt="{html.escape(chart_words(fall))}" width="640" style="max-width:100%"></p>\n'
        for each, fall in zip(ids, falls, strict=True)
    )
    if CHARTS_HERE in page:
        return page.replace(CHARTS_HERE, images, 1)
    end = [each.start() for each in re.finditer("</body>", page, re.IGNORECASE)]
    at = end[-1] if end else len(page)
    return page[:at] + images + page[at:]
