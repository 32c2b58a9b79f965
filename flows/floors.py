"""The floors of the settings: reading the file that BAROMETER_FLOORS names."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

from alerts.floor import Floor, FloorsRefused, read_floors
from classify.target import TARGETS
from flows.mistake import Mistake
from flows.settings import Settings

_NAMES = tuple(target.name for target in TARGETS)


def load_floors(
    settings: Settings,
    now: datetime,
    targets: Collection[str] = _NAMES,
) -> tuple[Floor, ...]:
    """The floors, or none when the setting is empty. `now` is aware; `targets` are those that are watched.

    Raises Mistake for a file that cannot be read or used: one wrong floor is enough, because a floor that is
    quietly left out is an alert that nobody gets.
    """
    path = settings.floors
    if path is None:
        return ()
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise Mistake(
            f"Cannot read {path} that BAROMETER_FLOORS names: {error.strerror}; "
            "correct the name or unset BAROMETER_FLOORS."
        ) from error
    except UnicodeDecodeError as error:
        raise Mistake(
            f"{path} that BAROMETER_FLOORS names is not UTF-8 (byte {error.start + 1}); save it as UTF-8."
        ) from error
    # a floor is dated by the calendar of the people who set it
    today = now.astimezone(ZoneInfo(settings.timezone)).date()
    try:
        return read_floors(text, name=str(path), today=today, targets=targets)
    except FloorsRefused as error:
        raise Mistake(str(error)) from error
