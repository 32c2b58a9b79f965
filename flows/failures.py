"""Which errors are the user's mistake (exit status 2) and which are failures (1)."""

from __future__ import annotations

from classify.classifier import ModelError
from flows.judging import ModelFails
from flows.mistake import Mistake
from flows.scoring import MostlyInvalid
from flows.settings import SettingsRefused
from ingest.bus import BusError, BusRefused
from ingest.source import SourcesRefused
from storage.database import DatabaseError, DatabaseRefused

MISTAKES = (Mistake, SettingsRefused, BusRefused, DatabaseRefused, SourcesRefused, ModelError)
FAILURES = (BusError, DatabaseError, ModelFails, MostlyInvalid, OSError)


def status_of(error: Exception) -> int | None:
    """2 for the user's mistake, 1 for a failure that has a clear sentence, None for a fault of ours."""
    if isinstance(error, MISTAKES):
        return 2
    if isinstance(error, FAILURES):
        return 1
    return None


def sentence_of(error: Exception) -> str:
    """What went wrong, for people: an error of the system without its number, but with its file."""
    if isinstance(error, OSError) and error.strerror:
        place = f"{error.filename}: " if error.filename else ""
        return f"{place}{error.strerror}"
    return str(error)
