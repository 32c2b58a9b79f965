"""Judging again, killed (SIGKILL, by itself) at one chosen write: `python -m tests.killed_reclassifier N before|after`."""

from __future__ import annotations

import sys

import msgspec

from flows.reclassifying import Selection, reclassify
from flows.wiring import edges
from tests.killed_worker import Deadly, MortalDatabase
from tests.second_model import SecondModel


def main() -> None:
    """Judge again until death."""
    fate = Deadly(int(sys.argv[1]), sys.argv[2])
    with edges(sources=[]) as opened:
        mortal = msgspec.structs.replace(
            opened, database=MortalDatabase(opened.database, fate), classifier=SecondModel()
        )
        reclassify(mortal, Selection())


if __name__ == "__main__":
    main()
