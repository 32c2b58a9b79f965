"""Judging again, killed (SIGKILL, by itself) at one chosen write; see tests.mortal_process."""

from __future__ import annotations

import msgspec

from flows.reclassifying import Selection, reclassify
from flows.wiring import edges
from tests.killed_worker import Deadly, MortalDatabase
from tests.second_model import SecondModel


def judge_again_until_death(at: int, when: str) -> None:
    """Judge again, and die `before` or `after` the write of that number."""
    fate = Deadly(at, when)
    with edges(sources=[]) as opened:
        mortal = msgspec.structs.replace(
            opened, database=MortalDatabase(opened.database, fate), classifier=SecondModel()
        )
        reclassify(mortal, Selection())
