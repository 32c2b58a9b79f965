"""Text with labels that people gave it, in the two forms that files of it have.

Passages, every target labelled (the sample corpus, and what people write after the codebook):
    {"id", "text", "stance": {"regular": "support" | … | null, …}, "descriptions"?: {own target: words},
     "topics"?, "flags"?, "source"?, "pair"?, "group"?}
Rows about one target (most published data):
    {"id", "text", "target", "description"?, "stance", "source"?}

`null` is `not_addressed`; a target that is missing was not labelled. Other fields are passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from classify.codebook import FLAGS, TOPICS
from classify.corpus import Passage
from classify.stance import Stance
from classify.target import TARGETS, Target


class Labelled(msgspec.Struct, frozen=True, kw_only=True):
    """One labelled text. What is None was not labelled."""

    id: str
    text: str
    stances: Mapping[str, Stance]
    """By target name; at least one."""
    source: str = ""
    """Where it comes from: results are told per source, never pooled."""
    own_targets: tuple[Target, ...] = ()
    """Targets in `stances` that are not the codebook's, with their descriptions."""
    topics: tuple[str, ...] | None = None
    flags: tuple[str, ...] | None = None
    group: str = ""
    """Texts of one group stay on one side of any split; empty means alone."""

    @property
    def relevant(self) -> bool | None:
        """Whether it addresses a target; None where too few are labelled to say that it does not."""
        if any(stance is not Stance.NOT_ADDRESSED for stance in self.stances.values()):
            return True
        return False if all(target.name in self.stances for target in TARGETS) else None


class BadLabel(msgspec.Struct, frozen=True):
    """A line that is not a labelled text, and why."""

    line: int
    """1-based."""
    error: str


class _Row(msgspec.Struct):
    text: str
    stance: dict[str, Stance | None] | Stance | None
    id: str | int = ""
    target: str | None = None
    description: str | None = None
    descriptions: dict[str, str] = {}
    source: str | None = None
    topics: list[str] | None = None
    flags: list[str] | None = None
    pair: int | None = None
    group: str = ""


def read_labelled(lines: Iterable[bytes]) -> Iterator[Labelled | BadLabel]:
    """One Labelled or BadLabel per line that is not blank, in order."""
    decoder = msgspec.json.Decoder(_Row)
    for number, line in enumerate(lines, 1):
        text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if not text.strip():
            continue
        try:
            yield _labelled(decoder.decode(text), number)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
            yield BadLabel(number, str(error))


def labelled_passage(passage: Passage) -> Labelled:
    """A passage of the sample corpus: every target labelled; its source is the file it stands in."""
    return Labelled(
        id=passage.id,
        text=passage.text,
        stances=passage.stances,
        source=passage.id.rpartition("-")[0],
        topics=passage.topics,
        flags=passage.flags,
        group=passage.split_key,
    )


def _labelled(row: _Row, number: int) -> Labelled:
    if not row.text.strip():
        raise ValueError('"text" is empty')
    stances = _stances(row)
    for name, given, known in (("topics", row.topics, TOPICS), ("flags", row.flags, FLAGS)):
        for label in given or ():
            if label not in known:
                raise ValueError(f'{label[:80]!r} in "{name}" is none of {", ".join(known)}')
    own = dict(row.descriptions)
    if row.target is not None and row.description is not None:
        own[row.target] = row.description
    return Labelled(
        id=str(row.id) or f"line {number}",
        text=row.text,
        stances=stances,
        source=row.source or "",
        own_targets=tuple(Target(name, own[name]) for name in stances if name in own),
        topics=None if row.topics is None else tuple(row.topics),
        flags=None if row.flags is None else tuple(row.flags),
        group=row.group if row.pair is None else f"pair {row.pair}",
    )


def _stances(row: _Row) -> dict[str, Stance]:
    if isinstance(row.stance, dict):
        if row.target is not None:
            raise ValueError('"target" stands beside a "stance" by target; give one of the two')
        given = row.stance
    elif row.target is None:
        raise ValueError('"target" is missing; give it, or "stance" as {target: stance}')
    else:
        given = {row.target: row.stance}
    if not given:
        raise ValueError('"stance" names no target')
    known = [target.name for target in TARGETS]
    for name in given:
        own = name in row.descriptions or (name == row.target and row.description is not None)
        if name not in known and not own:
            raise ValueError(
                f"unknown target {name[:80]!r}: name one of {', '.join(known)}, or add its "
                '"description" ("descriptions" where "stance" is by target)'
            )
    return {name: stance or Stance.NOT_ADDRESSED for name, stance in given.items()}
