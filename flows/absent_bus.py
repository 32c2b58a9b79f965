"""In the place of a bus that cannot be reached: a channel that is a topic takes nothing, the others do not mind."""

from __future__ import annotations

from typing import Any, cast

from ingest.bus import Bus, BusUnavailable


class _AbsentBus:
    def __getattr__(self, name: str) -> Any:
        raise BusUnavailable("the bus cannot be reached")

    def close(self) -> None:
        """There is nothing to close."""


def absent_bus() -> Bus:
    """Whatever is asked of it but to be closed raises BusUnavailable."""
    return cast("Bus", _AbsentBus())
