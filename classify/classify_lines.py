"""The stable interface of `barometer classify`: JSON lines in, one answer or one error per line out.

In:  {"id", "text", "language"?, "targets"?: [names of codebook targets, or {"name", "description"}]}
Out: {"id", "language", "relevant", "topics", "flags",
      "judgements": [{"target", "stance", "p": {"support", "neutral", "oppose", "not_addressed"}}]}

The language of the answer is the one that the text counts as: the one given, unless a long text is
clearly in another; identified where none was given. A text without a word, or in a language that the
classifier does not judge, is answered as not relevant, with every target not addressed. Blank lines
are passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import msgspec

from classify.classifier import Assessment, Classifier, nothing_said
from classify.judge import RELEVANT_FROM
from classify.language import counts_as, supported
from classify.stance import Probabilities, Stance
from classify.target import TARGETS, Target
from ingest.document import UNKNOWN_LANGUAGE

BATCH = 64
"""Lines that are judged together; answers keep the order of the lines."""


class TargetAnswer(msgspec.Struct, frozen=True):
    """What is said of one target."""

    target: str
    stance: Stance
    p: Probabilities
    """Rounded to six places."""


class Answer(msgspec.Struct, frozen=True):
    """For standard output: its fields, in this order, are the JSON line."""

    id: str | int
    """As given."""
    language: str
    """BCP 47: what the text counts as; `und` where none was given and none can be told."""
    relevant: bool
    topics: tuple[str, ...]
    flags: tuple[str, ...]
    judgements: tuple[TargetAnswer, ...]


class BadLine(msgspec.Struct, frozen=True):
    """For standard error: {"line", "error"}; the command's exit status is then 1."""

    line: int
    """1-based."""
    error: str


class _Query(msgspec.Struct, frozen=True):
    line: int
    id: str | int
    text: str
    language: str
    targets: tuple[Target, ...]


class _Bad(ValueError):
    """This line cannot be judged; the text says why."""


def classify_lines(
    lines: Iterable[bytes], classifier: Classifier, batch: int = BATCH
) -> Iterator[Answer | BadLine]:
    """One Answer or BadLine per line that is not blank, in order, reading `batch` lines ahead at most."""
    numbered = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
    while chunk := list(islice(numbered, batch)):
        read = [_read(number, line) for number, line in chunk]
        queries = [query for query in read if isinstance(query, _Query)]
        answers = _answers(queries, classifier)
        for item in read:
            yield answers[item.line] if isinstance(item, _Query) else item


def _read(number: int, line: bytes) -> _Query | BadLine:
    try:
        return _query(number, line)
    except _Bad as error:
        return BadLine(number, str(error))


def _query(number: int, line: bytes) -> _Query:
    try:
        fields = msgspec.json.decode(line.decode("utf-8-sig" if number == 1 else "utf-8"))
    except UnicodeDecodeError as error:
        raise _Bad(f"not valid UTF-8 at byte {error.start + 1}") from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise _Bad(f"not JSON: {error}") from error
    if not isinstance(fields, dict):
        raise _Bad('not a JSON object with "id" and "text"')
    for name in ("id", "text"):
        if name not in fields:
            raise _Bad(f'"{name}" is missing')
    identity, text = fields["id"], fields["text"]
    if isinstance(identity, bool) or not isinstance(identity, str | int):
        raise _Bad('"id" is neither a string nor a whole number')
    if not isinstance(text, str):
        raise _Bad('"text" is not a string')
    language = fields.get("language")
    if language is not None and not isinstance(language, str):
        raise _Bad('"language" is not a string')
    targets = fields.get("targets")
    return _Query(
        line=number,
        id=identity,
        text=text,
        language=counts_as(language or UNKNOWN_LANGUAGE, text),
        targets=TARGETS if targets is None else _targets(targets),
    )


def _targets(given: object) -> tuple[Target, ...]:
    if not isinstance(given, list) or not given:
        raise _Bad('"targets" is not a list of names or of {"name", "description"}')
    targets = tuple(_target(item) for item in given)
    names = [target.name for target in targets]
    for name in names:
        if names.count(name) > 1:
            raise _Bad(f"target {name[:80]!r} is given twice")
    return targets


def _target(given: object) -> Target:
    name: object = given
    description: object = None
    if isinstance(given, dict):
        name, description = given.get("name"), given.get("description")
    if not isinstance(name, str) or not name.strip():
        raise _Bad('a target is neither a name nor {"name", "description"}')
    if description is not None:
        if not isinstance(description, str) or not description.strip():
            raise _Bad(f"the description of target {name[:80]!r} is not a text")
        return Target(name, description)
    for target in TARGETS:
        if target.name == name:
            return target
    known = ", ".join(target.name for target in TARGETS)
    raise _Bad(f"unknown target {name[:80]!r}: name one of {known}, or add a description")


def _answers(queries: Sequence[_Query], classifier: Classifier) -> dict[int, Answer]:
    """By line; queries about the same targets share a batch."""
    rows: dict[int, Answer] = {}
    groups: dict[tuple[tuple[str, str], ...], list[_Query]] = {}
    for query in queries:
        if query.text.strip() and supported(query.language, classifier.languages):
            key = tuple((target.name, target.description) for target in query.targets)
            groups.setdefault(key, []).append(query)
        else:
            rows[query.line] = _answer(query, nothing_said(query.targets))
    for group in groups.values():
        assessments = classifier.assess([query.text for query in group], group[0].targets)
        for query, assessment in zip(group, assessments, strict=True):
            rows[query.line] = _answer(query, assessment)
    return rows


def _answer(query: _Query, assessment: Assessment) -> Answer:
    return Answer(
        id=query.id,
        language=query.language,
        relevant=assessment.relevance >= RELEVANT_FROM,
        topics=assessment.topics,
        flags=tuple(name for name in ("conflates", "dehumanising") if getattr(assessment, name)),
        judgements=tuple(
            _target_answer(target.name, assessment.stances[target.name]) for target in query.targets
        ),
    )


def _target_answer(name: str, p: Probabilities) -> TargetAnswer:
    parts = (p.support, p.neutral, p.oppose, p.not_addressed)
    return TargetAnswer(name, p.stance, Probabilities(*(round(part, 6) for part in parts)))
