"""Every parser of what comes from outside over inputs that nobody would write: does one crash, or hang?

    python -m benchmarks.fuzz [--inputs 1000000] [--minutes 0] [--only NAME] [--seed 1] [--save FOLDER]

Samples in tests/data and tests/feeds are mutated by their shape (benchmarks/mutations.py). An input is a function of
seed, parser and number: whatever is found can be made again. A crash is any exception that the parser does not name
in its docstring; a hang is an input that takes over a second of processor time.
"""

from __future__ import annotations

import argparse
import random
import resource
import signal
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.fuzzed_parsers import Parser, parsers
from benchmarks.mutations import mutated, mutated_json, pieces

HANG_SECONDS = 1.0
GIVE_UP_SECONDS = 30
"""An input is stopped after so long."""

MOST_SAVED = 20
"""Crashes of one parser that are saved, one of each kind."""


class Hang(BaseException):
    """Not an Exception: a parser that catches everything must not catch this."""


class Fuzzed(msgspec.Struct, kw_only=True):
    """What became of the inputs of one parser."""

    name: str
    inputs: int = 0
    refused: int = 0
    crashes: Counter[str] = msgspec.field(default_factory=Counter)
    """By exception and the place where it was raised."""
    found: dict[str, bytes] = msgspec.field(default_factory=dict)
    """The first input of each kind of crash."""
    hangs: int = 0
    slowest: float = 0.0
    """Seconds of processor time."""
    slowest_input: bytes = b""
    seconds: float = 0.0


def fuzz(parser: Parser, *, inputs: int, seed: int, minutes: float = 0) -> Fuzzed:
    """Run the samples as they are, then mutated ones up to so many inputs (or minutes, where these are given)."""
    result = Fuzzed(name=parser.name)
    samples = [pieces(sample) for sample in parser.samples]
    for number in range(len(samples)):  # what is loaded with the first input is no fault of it
        _one(parser, input_of(parser, samples, number, seed), Fuzzed(name=parser.name))
    began = time.process_time()
    for number in range(inputs):
        if minutes and number % 64 == 0 and time.process_time() - began > 60 * minutes:
            break
        data = input_of(parser, samples, number, seed)
        _one(parser, data, result)
    result.seconds = time.process_time() - began
    return result


def input_of(parser: Parser, samples: Sequence[Sequence[bytes]], number: int, seed: int) -> bytes:
    """Input of this number; the first ones are the samples."""
    if number < len(samples):
        return parser.packed(b"".join(samples[number]))
    key = sha256(f"{seed}/{parser.name}/{number}".encode()).digest()
    chance = random.Random(key)
    if parser.json and number % 4:
        return mutated_json(chance.choice(parser.samples), parser.words, chance)
    return parser.packed(mutated(samples, parser.words, chance))


def _one(parser: Parser, data: bytes, result: Fuzzed) -> None:
    result.inputs += 1
    start = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, GIVE_UP_SECONDS)
    try:
        parser.parse(data)
    except parser.refusals:
        result.refused += 1
    except Hang:
        pass  # counted below
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        ours = [
            one
            for one in traceback.extract_tb(error.__traceback__)
            if "site-packages" not in one.filename
        ]
        kind = (
            f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}"
            f" by {Path(ours[-1].filename).name}:{ours[-1].lineno}: {str(error)[:120]!r}"
        )
        result.crashes[kind] += 1
        if len(result.found) < MOST_SAVED:
            result.found.setdefault(kind, data)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    took = time.process_time() - start
    result.hangs += took > HANG_SECONDS
    if took > result.slowest:
        result.slowest, result.slowest_input = took, data


def save(result: Fuzzed, folder: Path) -> None:
    """The slowest input, and the first of each kind of crash."""
    folder.mkdir(parents=True, exist_ok=True)
    name = "-".join("".join(c if c.isalnum() else " " for c in result.name.lower()).split())
    (folder / f"{name}-slowest").write_bytes(result.slowest_input)
    for number, (kind, data) in enumerate(result.found.items()):
        (folder / f"{name}-crash-{number}").write_bytes(data)
        (folder / f"{name}-crash-{number}.txt").write_text(kind + "\n", "utf-8")


def stop_hangs() -> None:
    """From now on an input that goes on for ever ends as a Hang."""

    def hang(number: int, frame: object) -> None:
        raise Hang

    signal.signal(signal.SIGPROF, hang)


def main() -> None:
    """Print a table; exit with 1 when something crashed or hung."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--inputs", type=int, default=1_000_000, help="of each parser")
    parser.add_argument(
        "--minutes", type=float, default=0, help="of processor time for all together; 0: no limit"
    )
    parser.add_argument(
        "--only", default="", help="parsers whose name contains one of these, in commas"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--save", type=Path, help="a folder for the slowest inputs and those that crash"
    )
    asked = parser.parse_args()
    stop_hangs()
    console = Console(width=120)
    table = Table(title="Parsers over mutated samples")
    for column in (
        "parser",
        "inputs",
        "refused",
        "crashes",
        "hangs",
        "slowest",
        "its bytes",
        "inputs/s",
    ):
        table.add_column(column, justify="left" if column == "parser" else "right")
    chosen = [
        one
        for one in parsers()
        if any(name in one.name.lower() for name in asked.only.lower().split(","))
    ]
    results = []
    for one in chosen:
        result = fuzz(
            one, inputs=asked.inputs, seed=asked.seed, minutes=asked.minutes / len(chosen)
        )
        results.append(result)
        if asked.save:
            save(result, asked.save)
        console.print(
            f"{one.name}: {result.inputs:,} inputs, {result.crashes.total()} crashes, {result.hangs} hangs"
        )
        for kind, count in result.crashes.most_common():
            console.print(f"  {count:,} × {kind}", markup=False)
        table.add_row(
            result.name,
            f"{result.inputs:,}",
            f"{result.refused:,}",
            f"{result.crashes.total():,}",
            f"{result.hangs:,}",
            f"{result.slowest * 1000:,.0f} ms",
            f"{len(result.slowest_input):,}",
            f"{result.inputs / max(result.seconds, 1e-9):,.0f}",
        )
    console.print(table)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    console.print(
        f"{sum(one.inputs for one in results):,} inputs in all; at most {peak:,.0f} MiB of memory"
    )
    if any(one.crashes or one.hangs for one in results):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
