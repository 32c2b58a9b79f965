"""The board's templates (alerts/templates/board), and how a value becomes text in them.

Everything that a template prints goes through two doors: `clean` takes out what no page can hold, autoescaping makes the
rest harmless. Only what this package wrote itself (paths of charts, the style sheet) passes unescaped.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from alerts import board_words as words
from alerts.board import NAME, Board
from alerts.board_chart import style_of
from alerts.board_files import clean, digest_file, incident_file, society_file, web_address
from alerts.excerpt import shown_sentence
from alerts.harmless_text import cut, harmless_line
from alerts.k_floor import Hidden, Published
from alerts.message import NET_SUPPORT_IS
from alerts.point import State
from alerts.topic_share import topic_words
from classify.stance import Stance

if TYPE_CHECKING:
    from jinja2 import Environment

_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" '
    'fill="#0b6380"/><path d="M2 5l4 1 3 5 5-1" fill="none" stroke="#fff" stroke-width="2"/></svg>'
)


MOST_CHARACTERS = 4_000
"""Of anything that a page prints: a command, at most."""


def write_page(board: Board, template: str, path: str, /, **values: Any) -> bytes:
    """The page of `board` at `path`, as bytes of UTF-8."""
    text = (
        environment()
        .get_template(template)
        .render(
            board=board,
            path=path,
            root="../" * path.count("/"),
            incident_pages={one.incident.id for one in board.incidents},
            **values,
        )
    )
    return (re.sub(r"\n\s*\n+", "\n", text) + "\n").encode("utf-8")


@cache
def environment() -> Environment:
    """The templates with their filters; loaded when the first page is made."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    style = _style()
    digest = base64.b64encode(sha256(style.encode()).digest()).decode()
    made = Environment(
        loader=PackageLoader("alerts", "templates/board"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_clean,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(
        # Nothing in these comes from outside.
        style=Markup(style),  # noqa: S704
        style_hash=f"sha256-{digest}",
        page_icon=f"data:image/svg+xml,{quote(_ICON)}",
        net_support_is=NET_SUPPORT_IS,
    )
    made.filters.update(_FILTERS)
    return made


def _style() -> str:
    """The style sheet without its comments and indentation."""
    text = files("alerts").joinpath("templates/board/board.css").read_text("utf-8")
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return re.sub(r"\s*\n\s*", "\n", text).strip()


def _clean(value: Any) -> Any:
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return cut(clean(value), MOST_CHARACTERS)
    return value


def _signed_or_blank(value: float | None) -> str:
    return "" if value is None else words.signed(value, 1)


def _limits(one: Any) -> str:
    return words.interval(one.lower, one.upper)


def _published(number: Published) -> str:
    return number.value if isinstance(number, Hidden) else f"{number:,}"


def _of_100(share: float) -> float:
    """A share of 1 as percent for a picture, kept in it."""
    return round(100 * min(max(share, 0.0), 1.0), 2)


def _first_up(text: str) -> str:
    return text[:1].upper() + text[1:]


def _sentence(text: str) -> str:
    """With a capital and a full stop."""
    text = harmless_line(_first_up(text.strip()), 600)
    return text if not text or text.endswith((".", "!", "?", "…")) else f"{text}."


def _hours(span: timedelta) -> str:
    """`16 h`; a shorter one in minutes."""
    minutes = round(span / timedelta(minutes=1))
    return (
        f"{minutes}\N{NO-BREAK SPACE}min"
        if minutes < 90
        else f"{minutes / 60:,.0f}\N{NO-BREAK SPACE}h"
    )


def _severity(severity: str) -> str:
    """A style for every severity, also for one that nobody knows."""
    return severity if severity in words.SEVERITIES else "alert"


def _topic(topic: str) -> str:
    return _first_up(harmless_line(topic_words(topic), NAME))


def _host(url: str) -> str:
    return harmless_line(urlsplit(url).hostname or "", NAME)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _stance(stance: Stance) -> str:
    return stance.value


_FILTERS: dict[str, Callable[..., Any]] = {
    "about": words.called,
    "change": words.change_sentence,
    "change_words": words.change_words,
    "cut": harmless_line,
    "day": lambda moment: f"{moment.astimezone(UTC):%Y-%m-%d}",
    "digest_file": digest_file,
    "fall": words.fall_sentence,
    "first_up": _first_up,
    "happened": words.happened,
    "host": _host,
    "hour": lambda moment: f"{moment.astimezone(UTC):%H:%M} UTC",
    "hours": _hours,
    "incident_file": incident_file,
    "iso": _iso,
    "independent": words.independent,
    "limits": _limits,
    "name": lambda name: harmless_line(name, NAME),
    "of_100": _of_100,
    "outcome": lambda outcome: words.OUTCOMES.get(outcome) or harmless_line(outcome, NAME),
    "percent": words.percent,
    "published": _published,
    "sentence": _sentence,
    "rests": words.rests_on,
    "settled": lambda one: words.interval(one.settled_lower, one.settled_upper),
    "severity": _severity,
    "sources": words.sources_sentence,
    "shown": shown_sentence,
    "signed": words.signed,
    "signed_or_blank": _signed_or_blank,
    "society_file": society_file,
    "stance": _stance,
    "standing": words.standing,
    "state": lambda state: words.STATES[State(state)],
    "style": style_of,
    "subject": words.subject,
    "summary": words.summary_sentence,
    "texts": words.texts_of,
    "topic": _topic,
    "web": web_address,
    "written": words.written,
}
