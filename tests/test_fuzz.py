"""The short version of `python -m benchmarks.fuzz`: a few hundred hostile inputs for each parser, of a fixed seed."""

from __future__ import annotations

import random

import msgspec
import pytest

from benchmarks.fuzz import fuzz, input_of
from benchmarks.fuzzed_parsers import Parser, parsers
from benchmarks.mutations import MOST_BYTES, mutated, mutated_json, pieces

PARSERS = parsers()


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
def test_no_input_crashes_a_parser(parser: Parser) -> None:
    result = fuzz(parser, inputs=200, seed=20261124)
    assert result.inputs == 200
    assert dict(result.crashes) == {}


def test_a_row_of_one_cell_below_six_thousand_columns_is_no_hang() -> None:
    """Found among a million: every cell that may have slipped was looked at for every column."""
    (csv,) = [one for one in PARSERS if one.name == "CSV"]
    wide = b"text,lang,published_at" + b"," * 6_000 + b"outlet,society,kind\r\nwords\r\n"
    result = fuzz(msgspec.structs.replace(csv, samples=(wide,)), inputs=1, seed=1)
    assert (result.inputs, result.hangs) == (1, 0)


def test_values_nested_too_deeply_are_mutated_as_bytes() -> None:
    deep = b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    assert mutated_json(deep, (), random.Random(1))


def test_an_input_is_made_again_from_its_number() -> None:
    for parser in PARSERS[:3]:
        samples = [pieces(sample) for sample in parser.samples]
        assert [b"".join(each) for each in samples] == list(parser.samples)
        again = [input_of(parser, samples, 77, 1) for _ in range(2)]
        assert again[0] == again[1]
        assert len(mutated(samples, parser.words, random.Random(1))) <= MOST_BYTES + 64


def test_a_planted_crash_is_found_and_kept() -> None:
    def parse(data: bytes) -> None:
        if b"\x00" in data:
            raise KeyError("planted")

    planted = Parser(name="planted", parse=parse, samples=(b'<a>"b"</a>',), refusals=(ValueError,))
    result = fuzz(planted, inputs=2_000, seed=1)
    ((kind, count),) = result.crashes.items()
    assert kind.startswith("KeyError") and count > 0
    assert b"\x00" in result.found[kind]
