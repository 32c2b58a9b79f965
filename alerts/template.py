"""Templates of what people read: package data under alerts/templates, filled from records.

    templates/alert, templates/digest     *.txt.j2 plain text, *.html.j2 pages
    templates/page                        what pages share: the frame, colours, small parts

A page escapes all that is put into it. A name that a template misspells is an error, never an empty place.
"""

from __future__ import annotations

import re
import textwrap
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from alerts.harmless_text import harmless_line
from alerts.message import COLUMNS, signed

if TYPE_CHECKING:
    from jinja2 import Environment

CELL = 80
"""Characters of a name in a table."""

_FORMULA = ("=", "+", "-", "@", "|", "%")

_BLANK_LINES = re.compile(r"\n{3,}")

_PERCENT = re.compile(r"(?<=\d) %")

_MINUS = re.compile(r"(?<![\w.\-])-(?=\d)")


def render(template: str, **values: Any) -> str:
    """The template of this name (`alert/alert.txt.j2`), filled. Raises jinja2.UndefinedError for a value that is missing."""
    return _environment().get_template(template).render(**values)


def render_plain(template: str, **values: Any) -> str:
    """A text template, filled: never two blank lines in a row, and a line end at its end."""
    return _BLANK_LINES.sub("\n\n", render(template, **values)).strip("\n") + "\n"


def fill(text: str, first: str = "", rest: str | None = None) -> str:
    """`text` in lines of 78 columns, the first indented by `first` and the others by `rest` (default: the same)."""
    return textwrap.fill(
        text,
        COLUMNS,
        initial_indent=first,
        subsequent_indent=first if rest is None else rest,
        break_on_hyphens=False,  # ids and dates stay whole
    )


def cell(text: str) -> str:
    """A name for a cell of a table: on one line, short, and copied into a spreadsheet it is text and no formula.

    The apostrophe in front is what spreadsheets themselves write for that.
    """
    line = harmless_line(text, CELL)
    return f"'{line}" if line.startswith(_FORMULA) else line


def percent(share: float) -> str:
    """A share of 0 to 1 as `12 %`."""
    return f"{100 * share:.0f} %"


def true_minus(text: str) -> str:
    """Our own sentences and figures with a minus instead of a hyphen before numbers, so that screen readers say it, and a
    percent sign that stays with its number. Dates and ids keep their hyphens.
    """
    return _PERCENT.sub("\N{NO-BREAK SPACE}%", _MINUS.sub("\N{MINUS SIGN}", text))


@lru_cache(maxsize=1)
def _environment() -> Environment:
    # jinja2 takes a while to import, and most commands write nothing
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=PackageLoader("alerts", "templates"),
        autoescape=select_autoescape(
            disabled_extensions=("txt.j2",), default=True, default_for_string=True
        ),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "cell": cell,
        "fill": fill,
        "minus": true_minus,
        "percent": percent,
        "signed": signed,
    }
    return environment
