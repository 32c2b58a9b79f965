"""Mutations that know the shape of what they change: tags, JSON strings, fields and lines, as well as bytes.

    sample -pieces-> pieces -changed, 1 to 4 times-> bytes -now and then, bytes changed-> input

Which mutation and where is drawn from the given generator alone: the same seed makes the same input again.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Sequence

_PIECES = re.compile(
    rb'<[^<>]{0,400}>|"(?:[^"\\]|\\.){0,4000}"|-?\d+(?:\.\d+)?|[\t\r\n,:;{}\[\]=#|]|[^\s<>"\d,:;{}\[\]=#|]+|.',
    re.DOTALL,
)

_NAME_OF_TAG = re.compile(rb"^</?([A-Za-z][\w:.-]{0,60})")

MOST_BYTES, USUAL_BYTES = 60_000, 16_000
"""Inputs are cut here; one in fifty at the first. Short ones find as much, and more of them can be tried."""

ODD = (
    *(b"", b" ", b"\x00", b"\x01", b"\x1b[31m", b"\r", b"\n\n", b"\x0b", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf"),
    *(b"\xc3\x28", b"\xf0\x28\x8c\x28", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\xaf", "\u2028".encode()),
    *("\u202e".encode(), "\U0001f468\u200d\U0001f469".encode(), "\ufeff".encode(), "İ".encode(), "ß".encode()),
    *(b"null", b"true", b"false", b"{}", b"[]", b'""', b"NaN", b"-0", b"1e999", b"-1e999", b"0.1", b"1E-400"),
    *(b"9223372036854775807", b"9223372036854775808", b"-9223372036854775809", b"99999999999999999999999"),
    *(b"0", b"-1", b"2147483648", b"4294967296", b"253402300800", b"-62135596801"),
    *(b'"\\ud800"', b'"\\u0000"', b'"\\', b'"\\x"', b"\\", b"'", b'"', b"`", b"&", b"&amp;", b"&#0;", b"&#x110000;"),
    *(b"&#xD800;", b"&nbsp;", b"&y;", b"<", b">", b"</", b"/>", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<?", b"?>"),
    *(b"<!DOCTYPE x>", b'<!DOCTYPE x [<!ENTITY y "z">]>', b"<script>", b"</rss>", b"<svg>", b"<p>", b"<table>"),
    *(b"0000-00-00T00:00:00Z", b"0001-01-01T00:00:00Z", b"9999-12-31T23:59:60Z", b"2026-02-30T25:61:61+99:99"),
    *(b"2026-11-20T10:00:00.123456789123Z", b"Thu, 30 Feb 2026 24:00:00 +9999", b"99999999999999", b"20261399999999"),
    *(b"1969-12-31T23:59:59-23:59", b"Mon, 01 Jan 0001 00:00:00 +2359", b"20261123181500", b"now"),
    *(b"http://", b"https://[::1", b"https://[v1.x]/", b"https://a.example:99999/", b"http://\xe2\x84\xaa.example/"),
    *(b"//a.example/x", b"javascript:alert(1)", b"data:,x", b"https://u:p@a.example/?token=x", b"http://xn--/"),
    *(b"https://a.example/%zz%00", b"at://did:plc:x/y/z", b"../../etc/passwd", b"https://" + b"a" * 300 + b".example"),
    *(b"a@b.example", b"+49 30 901820", b"@ann", b"u/dora", b"ann (at) b (dot) example", b"+" + b"1 " * 40),
    *(b"=1+1", b"%s%n{0}", b"\t\t\t", b",,,", b'"""', b'",",', b"\r\n", b"data: ", b"event: ", b"id: \x00", b"retry: x"),
)  # fmt: skip
"""What has broken parsers before."""

_REPEATED = (1, 2, 3, 10, 100, 1_000)

Change = Callable[[list[bytes], random.Random, Sequence[Sequence[bytes]]], None]
"""Changes the pieces of one sample in place; the pieces of the others are at hand."""


def pieces(sample: bytes) -> list[bytes]:
    """The sample in pieces; joined they are the sample."""
    return _PIECES.findall(sample)


def mutated(
    samples: Sequence[Sequence[bytes]], words: Sequence[bytes], chance: random.Random
) -> bytes:
    """One of the samples (each in pieces), changed; `words` are names and values that this format knows."""
    changed = list(chance.choice(samples))
    for _ in range(chance.choice((1, 1, 2, 2, 3, 4))):
        if chance.random() < 0.3 and words and changed:
            changed[chance.randrange(len(changed))] = chance.choice(words)
        else:
            chance.choice(_CHANGES)(changed, chance, samples)
    return _finished(b"".join(changed), chance, noise=0.25)


def mutated_json(sample: bytes, words: Sequence[bytes], chance: random.Random) -> bytes:
    """The JSON in a sample (all of it, or one of its lines) with other values; it stays JSON, but for some."""
    lines = sample.splitlines() if _documents(sample) > 1 else [sample]
    places = [n for n, line in enumerate(lines) if line.lstrip(b"data: ").startswith((b"{", b"["))]
    if not places:
        return _finished(sample, chance, noise=1)
    for _ in range(chance.choice((1, 1, 2))):
        at = chance.choice(places)
        start = len(lines[at]) - len(lines[at].lstrip(b"data: "))
        before, text = lines[at][:start], lines[at][start:]
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            # The sample is broken, or what replaced it is no JSON or nested too deeply.
            return _finished(b"\n".join(lines), chance, noise=1)
        for _ in range(chance.choice((1, 2, 3, 5))):
            value = _other_value(value, words, chance)
        escaped = chance.random() < 0.5
        try:
            text = json.dumps(value, ensure_ascii=escaped).encode("utf-8", "surrogatepass")
        except RecursionError:  # nested more than once: brackets alone do it as well
            text = b"[" * 5_000
        lines[at] = before + text
    return _finished(b"\n".join(lines), chance, noise=0.05)


def _documents(sample: bytes) -> int:
    """How many lines begin a JSON document; pretty-printed, the whole is one."""
    return sum(line.startswith((b"{", b"data:")) and len(line) > 2 for line in sample.splitlines())


def _other_value(
    value: object, words: Sequence[bytes], chance: random.Random, deeper: float = 0.99
) -> object:
    """The value with one change in it, somewhere; `deeper` is how likely that is further down."""
    if isinstance(value, dict) and value and chance.random() < deeper:
        name = chance.choice(list(value))
        changed: dict[str, object] = dict(value)
        what = chance.random()
        if what < 0.06:
            del changed[name]
        elif what < 0.1:
            changed[chance.choice(list(value))] = changed[name]
        else:
            changed[name] = _other_value(changed[name], words, chance, 0.9)
        return changed
    if isinstance(value, list) and value and chance.random() < deeper:
        listed: list[object] = list(value)
        at = chance.randrange(len(listed))
        what = chance.random()
        if what < 0.08:
            del listed[at]
        elif what < 0.16:
            listed[at:at] = [listed[at]] * chance.choice((1, 2, 50))
        else:
            listed[at] = _other_value(listed[at], words, chance, 0.9)
        return listed
    what = chance.random()
    if isinstance(value, str) and what < 0.4:
        cut = chance.randint(0, len(value))
        odd = chance.choice(ODD).decode("utf-8", "surrogateescape" if what < 0.03 else "replace")
        return value[:cut] + odd + value[cut + chance.choice((0, 0, 1, 100)) :]
    if what < 0.5 and words:
        return chance.choice(words).strip(b'":').decode("utf-8", "replace")
    if what < 0.6:
        nested: object = value
        for _ in range(chance.choice((1, 2, 50, 400))):
            nested = [nested] if what < 0.55 else {"a": nested}
        return nested
    return chance.choice(_ODD_VALUES)


_ODD_VALUES: tuple[object, ...] = (
    *(None, True, False, 0, -1, 1, 0.5, -0.0, 1e308, 2**31, 2**53, 2**63 - 1, 2**63, 2**64, -(2**63) - 1, 10**40),
    *("", " ", "0", "null", "\x00", "\ud800", "\udfff", "\U0010ffff", "\ufeff", "a" * 3_000, "移" * 1_000, "\n", "\t", "\r\n"),
    *([], {}, [[]], {"": ""}, [None], {"a": None}, [0] * 50, "<p>", "<b>" * 200, "&amp;" * 100, "&#0;&#xD800;"),
    *("9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2026-02-30", "1999-12-31T00:00:00Z", "2106-02-07T06:28:16Z"),
    *("20261123T181500Z", "99999999T999999Z", "2026-11-20T10:00:00+99:99", "did:plc:" + "x" * 300, "at://", "t3_"),
    *("http://", "https://[::1", "https://a.example:x/", "javascript:alert(1)", "https://u:p@a.example/?token=x"),
)  # fmt: skip


def _finished(data: bytes, chance: random.Random, *, noise: float) -> bytes:
    data = data[: MOST_BYTES if chance.random() < 0.02 else USUAL_BYTES]
    return _noisy(data, chance) if chance.random() < noise else data


def _odd(changed: list[bytes], chance: random.Random, samples: Sequence[Sequence[bytes]]) -> None:
    if changed:
        at = chance.randrange(len(changed))
        piece = chance.choice(ODD)
        # A JSON string stays one half of the time: its content is what gets odd.
        quoted = changed[at].startswith(b'"') and chance.random() < 0.5
        changed[at] = b'"' + piece.replace(b'"', b"") + b'"' if quoted else piece


def _insert(
    changed: list[bytes], chance: random.Random, samples: Sequence[Sequence[bytes]]
) -> None:
    changed.insert(chance.randint(0, len(changed)), chance.choice(ODD))


def _within(
    changed: list[bytes], chance: random.Random, samples: Sequence[Sequence[bytes]]
) -> None:
    if changed:
        at = chance.randrange(len(changed))
        cut = chance.randint(0, len(changed[at]))
        changed[at] = changed[at][:cut] + chance.choice(ODD) + changed[at][cut:]


def _drop(changed: list[bytes], chance: random.Random, samples: Sequence[Sequence[bytes]]) -> None:
    at = chance.randint(0, len(changed))
    del changed[at : at + chance.choice((1, 1, 2, 5, 20))]


def _repeat(
    changed: list[bytes], chance: random.Random, samples: Sequence[Sequence[bytes]]
) -> None:
    at = chance.randint(0, len(changed))
    some = changed[at : at + chance.choice((1, 1, 2, 5, 20))]
    times = min(chance.choice(_REPEATED), MOST_BYTES // (1 + sum(map(len, some))))
    changed[at:at] = some * times


def _swap(changed: list[bytes], chance: random.Random, samples: Sequence[Sequence[bytes]]) -> None:
    if changed:
        a, b = chance.randrange(len(changed)), chance.randrange(len(changed))
        changed[a], changed[b] = changed[b], changed[a]


def _cut(changed: list[bytes], chance: random.Random, samples: Sequence[Sequence[bytes]]) -> None:
    del changed[chance.randint(0, len(changed)) :]


def _splice(
    changed: list[bytes], chance: random.Random, samples: Sequence[Sequence[bytes]]
) -> None:
    other = chance.choice(samples)
    here, there = chance.randint(0, len(changed)), chance.randint(0, len(other))
    changed[here : here + chance.choice((0, 1, 5, 50))] = other[there : there + 40]


def _nest(changed: list[bytes], chance: random.Random, samples: Sequence[Sequence[bytes]]) -> None:
    """Around a piece: arrays, objects, or the element that stands there, many times."""
    at = chance.randint(0, len(changed))
    depth = chance.choice(_REPEATED)
    piece = changed[at] if at < len(changed) else b""
    name = _NAME_OF_TAG.match(piece)
    before, after = (
        (b"<%b>" % name[1], b"</%b>" % name[1])
        if name
        else chance.choice(((b"[", b"]"), (b'{"a":', b"}"), (b"<b>", b"</b>"), (b"<div>", b"")))
    )
    changed[at : at + 1] = [before * depth, piece, after * depth]


_CHANGES: tuple[Change, ...] = (
    *(_odd, _odd, _odd, _insert, _within, _within, _drop, _repeat, _swap, _cut, _splice, _nest),
)


def _noisy(data: bytes, chance: random.Random) -> bytes:
    """A few bytes changed, whatever they belong to."""
    noisy = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 8))):
        at = chance.randint(0, len(noisy))
        what = chance.random()
        if what < 0.4 and at < len(noisy):
            noisy[at] ^= 1 << chance.randrange(8)
        elif what < 0.7:
            noisy[at : at + chance.choice((0, 1, 4))] = chance.randbytes(chance.choice((1, 2, 4)))
        elif what < 0.85:
            del noisy[at : at + chance.choice((1, 2, 16))]
        else:
            del noisy[at:]
    return bytes(noisy)
