"""ONNX files written by hand, so that tests need no package to make them: a graph that passes inputs through."""

from __future__ import annotations

from collections.abc import Mapping

INT64, FLOAT = 7, 1

Tensors = Mapping[str, tuple[int, int]]
"""Element type and rank, by name."""


def passing_through(inputs: Tensors, outputs: Mapping[str, str]) -> bytes:
    """A model with these inputs, whose `outputs` (by name) are copies of inputs."""
    nodes = [
        _field(1, _text(1, given) + _text(2, name) + _text(4, "Identity"))
        for name, given in outputs.items()
    ]
    results = {name: inputs[given] for name, given in outputs.items()}
    graph = b"".join(
        [
            *nodes,
            _text(2, "graph"),
            *(_field(11, _tensor(name, *kind)) for name, kind in inputs.items()),
            *(_field(12, _tensor(name, *kind)) for name, kind in results.items()),
        ]
    )
    return _number(1, 8) + _field(7, graph) + _field(8, _number(2, 17))


def _tensor(name: str, kind: int, rank: int) -> bytes:
    dimensions = b"".join(_field(1, _text(2, f"{name}_{n}")) for n in range(rank))
    return _text(1, name) + _field(2, _field(1, _number(1, kind) + _field(2, dimensions)))


def _text(number: int, value: str) -> bytes:
    return _field(number, value.encode())


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])
