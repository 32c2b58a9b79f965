"""What every judging process reads at first, read at import: for the process from which tests.mortal_process forks."""

from __future__ import annotations

from classify.gate import may_be_about_migration
from classify.language import identify

TEXT = (
    "A text that is long enough for its language to be told, and about nothing that matters here."
)

identify(TEXT)
may_be_about_migration(TEXT)
