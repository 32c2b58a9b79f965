"""The sample corpus: passages written for this project, with their labels, and the split that never moves."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import msgspec

from classify.stance import Stance
from classify.target import TARGETS
from ingest.document import UNKNOWN_SOCIETY

HELD_OUT_SHARE = 0.2


class Passage(msgspec.Struct, frozen=True, kw_only=True):
    """One labelled passage of the sample corpus. It is simulated: nobody posted or published it."""

    id: str
    text: str
    stances: Mapping[str, Stance]
    """By target name, all four codebook targets present."""
    topics: tuple[str, ...]
    flags: tuple[str, ...]
    """`conflates`, `dehumanising`, both or neither."""
    genre: str
    country: str
    """ISO 3166-1 alpha-2 code of the public whose voice it simulates, or `unknown`."""
    pair: int | None = None
    """The two passages of a contrast pair share this number; None elsewhere."""
    group: str = ""
    """Passages that were written in one go, often about one event, share this; empty means alone."""

    @property
    def split_key(self) -> str:
        """Passages of one key are on one side of every split."""
        if self.pair is not None:
            return f"contrast_pairs pair {self.pair}"
        return self.group or self.id

    @property
    def relevant(self) -> bool:
        """Whether the passage addresses at least one target."""
        return any(stance is not Stance.NOT_ADDRESSED for stance in self.stances.values())


class _Row(msgspec.Struct, frozen=True):
    id: str
    text: str
    stance: dict[str, Stance | None]
    topics: tuple[str, ...]
    flags: tuple[str, ...]
    genre: str
    country: str | None
    pair: int | None = None
    group: str = ""


def held_out(passage: Passage) -> bool:
    """Whether `passage` is kept out of any training, tuning and lexicon work, for ever.

    A function of the id alone (of the pair's number for a contrast pair and of the group for
    passages that have one, so that these stay on one side): about one passage in five, unchanged
    when passages are added.
    """
    return hashlib.sha256(passage.split_key.encode()).digest()[0] < HELD_OUT_SHARE * 256


@cache
def load_corpus() -> tuple[Passage, ...]:
    """Every passage, in the order of the file names and of the lines in them."""
    folder = files("classify").joinpath("corpus")
    decoder = msgspec.json.Decoder(_Row)
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".jsonl"))
    return tuple(
        _passage(row)
        for name in names
        for row in decoder.decode_lines(folder.joinpath(name).read_bytes())
    )


def _passage(row: _Row) -> Passage:
    return Passage(
        id=row.id,
        text=row.text,
        stances={
            target.name: row.stance[target.name] or Stance.NOT_ADDRESSED for target in TARGETS
        },
        topics=row.topics,
        flags=row.flags,
        genre=row.genre,
        country=row.country or UNKNOWN_SOCIETY,
        pair=row.pair,
        group=row.group,
    )
