"""Log lines: for people, or one JSON object a line for a collector of logs (BAROMETER_LOG_FORMAT).

    log.info("judged", extra=ids(document=…, origin=…)) inside bound(batch=…) ->
    {"time": …, "level": "INFO", "logger": "barometer.trail", "message": "judged", "document": …, "origin": …, "batch": …}

The ids let one document be followed from its feed to an alert (docs/observability.md). No author and no secret is in a line;
what the log channel tells is an alert as it was told, and nothing else holds a title or text.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from flows.sentence import printable, without_passwords
from flows.settings import Settings

TRAIL = "barometer.trail"
"""The logger with a line for each document and what becomes of it: shown as JSON, and at DEBUG."""

_FIELDS = "barometer_ids"

_bound: ContextVar[Mapping[str, Any] | None] = ContextVar("barometer_log_ids", default=None)


def ids(**fields: Any) -> dict[str, Any]:
    """What `extra` of a log call takes. Values are texts, numbers, or lists of them."""
    return {_FIELDS: fields}


@contextmanager
def bound(**fields: Any) -> Iterator[None]:
    """Every line that is logged in the block has these fields, too."""
    token = _bound.set({**(_bound.get() or {}), **fields})
    try:
        yield
    finally:
        _bound.reset(token)


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """The ids of a line: of its call, and of the blocks around it."""
    return {**(_bound.get() or {}), **getattr(record, _FIELDS, {})}


class JsonLines(logging.Formatter):
    """A line as one JSON object, whatever stands in it."""

    def format(self, record: logging.LogRecord) -> str:
        """Without line breaks."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": printable(without_passwords(record.getMessage())),
            "process": record.process,
        }
        line |= {name: value for name, value in fields_of(record).items() if name not in line}
        if record.exc_info:
            line["trace"] = without_passwords(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False, default=str)


class _Ours(logging.StreamHandler[Any]):
    """The handler that set_up_logging made: it makes one."""


def set_up_logging(settings: Settings) -> None:
    """Log to standard error, in the form and at the level of the settings. Called again it changes nothing twice."""
    root = logging.getLogger()
    as_json = settings.log_format == "json"
    if not any(isinstance(each, _Ours) for each in root.handlers):
        handler = _Ours()
        handler.setFormatter(
            JsonLines() if as_json else logging.Formatter("%(asctime)s %(name)s %(message)s")
        )
        root.addHandler(handler)
    logging.getLogger("barometer").setLevel(settings.log_level)
    if not as_json and settings.log_level != "DEBUG":
        logging.getLogger(TRAIL).setLevel(logging.WARNING)


def set_up_json(settings: Settings) -> None:
    """The same where JSON is wanted; what is for people stays as each command has it."""
    if settings.log_format == "json":
        set_up_logging(settings)


def speaker(settings: Settings, say: Callable[[str], None]) -> Callable[[str], None]:
    """How a process that goes on for ever says what it does: `say`, or a log line where JSON is wanted."""
    if settings.log_format != "json":
        return say
    set_up_logging(settings)
    return logging.getLogger("barometer.steps").info
