"""The rules of docs/decisions.md about who may import whom, and who may touch the world, held by reading the code.

    ingest <- classify <- alerts <- storage <- flows        an import may only point to the left

Everything that is not an edge is pure: no files, network, processes, threads, clock, chance or
environment; `now` comes in as an argument. The last part of this file plants violations and checks
that they are caught.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parents[1]

ORDER = ("ingest", "classify", "alerts", "storage", "flows")

EDGES = (
    "ingest/fetch.py",
    "ingest/deadline.py",
    "ingest/host_turns.py",
    "ingest/guarded_network.py",
    "ingest/article_page.py",
    "ingest/event_stream.py",
    "ingest/jetstream_reader.py",
    "ingest/jetstream_socket.py",
    "ingest/*_bus.py",
    "classify/onnx_model.py",
    "classify/hf_*.py",
    "classify/training/*",  # torch is all that it touches
    "alerts/channels/*",
    "storage/*database.py",
    "storage/migrate.py",
    "flows/*",
)

READS_THE_ENVIRONMENT = "flows/settings.py"

FORBIDDEN_NAMES = {*ORDER, "util", "utils", "helper", "helpers", "manager", "base"}

MAX_LINES = 400

# What a pure module may not import, by what it would touch. A module includes its submodules, so
# `urllib.request` is forbidden and `urllib.parse` is not.
WORLD = {
    "files": "fcntl fileinput glob io.open mmap os pathlib.Path shutil sqlite3 tempfile codecs.open "
    "numpy.fromfile numpy.genfromtxt numpy.load numpy.loadtxt numpy.memmap numpy.save numpy.savetxt",
    "the network": "aiohttp apprise clickhouse_driver ftplib http.client http.server httpx kafka "
    "requests selectors smtplib socket socketserver ssl urllib.request urllib3 websockets",
    "a database engine": "chdb sqlalchemy",
    "processes": "atexit multiprocessing pty signal subprocess sys",
    "threads and loops": "_thread asyncio concurrent.futures sched threading",
    "the clock": "time datetime.datetime.now datetime.datetime.today datetime.datetime.utcnow "
    "datetime.date.today",
    "chance": "os.urandom secrets uuid.uuid1 uuid.uuid4",
    "the program around it": "click dotenv prefect pydantic_settings rich",
    "a model's runtime": "onnxruntime torch transformers",
    "code that is named at run time": "importlib.import_module runpy",
}

# Modules that hold a pure part: what is named here may be used, the rest may not.
PURE_PARTS = {
    # The driver's codec: values to SQL text, columns to bytes and back. Its Client is the network.
    "clickhouse_driver": {
        *("bufferedreader", "bufferedwriter", "columns", "context", "errors", "reader", "util"),
        *("varint", "writer"),
    },
    "logging": {"getLogger", "Logger", "DEBUG", "INFO", "WARNING", "ERROR"},
    "random": {"Random"},
    "numpy.random": {"Generator", "default_rng", "SeedSequence", "PCG64"},
}

# These are chance when called without a seed.
NEEDS_A_SEED = {"random.Random", "numpy.random.default_rng", "numpy.random.SeedSequence"}

WORLDLY_BUILTINS = {"breakpoint", "eval", "exec", "input", "open", "print", "__import__"}

# Methods that only things like pathlib.Path have. Those of the first kind are also how package data
# is read, so importlib.resources lets them pass.
READS = {"iterdir", "read_bytes", "read_text"}
WRITES = {"mkdir", "rmdir", "touch", "unlink", "write_bytes", "write_text"}


# -- The rules, as functions from a module's path and source to sentences --------------------------


def imports_to_the_right(path: str, source: str) -> list[str]:
    """Imports, wherever they stand, that do not point to the left."""
    own = path.split("/", maxsplit=1)[0]
    allowed = ORDER[: ORDER.index(own) + 1]
    return [
        f"{path}:{line} imports {name}; {own} may import only {', '.join(allowed)}"
        for line, name in _imported(path, ast.parse(source))
        if (package := name.split(".", maxsplit=1)[0]) in (*ORDER, "tests", "benchmarks")
        and package not in allowed
    ]


def touches_the_world(path: str, source: str) -> list[str]:
    """What a pure module does that only an edge may do."""
    if is_edge(path):
        return []
    tree = ast.parse(source)
    found = [
        (line, f"uses {name} ({touched})")
        for line, name in _names(path, tree)
        if (touched := _world(name))
    ]
    found += [(line, f"calls {name}()") for line, name in _worldly_calls(path, tree)]
    found += [(line, f"calls {name}() without a seed") for line, name in _unseeded(path, tree)]
    remedy = "take what it gives as an argument, or move this to an edge"
    return [f"{path}:{line} {what}; {remedy}" for line, what in sorted(set(found))]


def reads_the_environment(path: str, source: str) -> list[str]:
    """Uses of the environment outside flows/settings.py, click's own reading included."""
    if path == READS_THE_ENVIRONMENT:
        return []
    tree = ast.parse(source)
    environment = (
        "os.environ",
        "os.environb",
        "os.getenv",
        "os.getenvb",
        "os.putenv",
        "os.unsetenv",
    )
    found = [
        (line, name)
        for line, name in _names(path, tree)
        if any(_within(name, each) for each in (*environment, "pydantic_settings", "dotenv"))
    ]
    found += [
        (node.value.lineno, f"click's {node.arg}")
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg in ("envvar", "auto_envvar_prefix")
    ]
    return [
        f"{path}:{line} uses {name}; only {READS_THE_ENVIRONMENT} reads the environment"
        for line, name in sorted(set(found))
    ]


def badly_named(path: str) -> list[str]:
    """Names that say nothing, or that hide one of the five packages."""
    if path.startswith("benchmarks/"):
        return []  # run as modules of their own; a benchmark is named after what it measures
    inside = PurePosixPath(path).with_suffix("").parts[1:]
    return [
        f"{path}: {name!r} is no name for a file or folder here; name it after the idea it holds"
        for name in inside
        if name in FORBIDDEN_NAMES
    ]


def too_long(path: str, source: str) -> list[str]:
    """Modules that answer more than one question."""
    lines = len(source.splitlines())
    if lines <= MAX_LINES:
        return []
    return [f"{path} has {lines} lines; split it: {MAX_LINES} is the limit"]


def is_edge(path: str) -> bool:
    """Whether the module at `path` may touch the world."""
    return any(fnmatchcase(path, pattern) for pattern in EDGES)


# -- What a module imports and uses, in full names -------------------------------------------------


def _imported(path: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and full name of every import, of names in `from … import` too, and of import_module("…")."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = _origin(path, node)
            for alias in node.names:
                yield node.lineno, origin if alias.name == "*" else f"{origin}.{alias.name}"
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else _id(node.func)
            if called in ("import_module", "__import__"):
                yield node.lineno, str(node.args[0].value)


def _origin(path: str, node: ast.ImportFrom) -> str:
    """The module that a `from … import` names, relative imports resolved."""
    parents = list(PurePosixPath(path).parts[: -node.level] if node.level else ())
    return ".".join([*parents, *([node.module] if node.module else [])])


def _names(path: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and full name of every import and of every `imported.attribute` in use."""
    yield from _imported(path, tree)
    meaning = _meaning(path, tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and (name := _dotted(node, meaning)):
            yield node.lineno, name


def _meaning(path: str, tree: ast.AST) -> dict[str, str]:
    """The full name behind each imported name: {"np": "numpy", "dt": "datetime.datetime"}."""
    meaning: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.split(".", maxsplit=1)[0]
                meaning[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom):
            origin = _origin(path, node)
            meaning |= {each.asname or each.name: f"{origin}.{each.name}" for each in node.names}
    return meaning


def _dotted(node: ast.expr, meaning: dict[str, str]) -> str:
    """`dt.now` as `datetime.datetime.now` when dt was imported so; empty when it was not imported."""
    if isinstance(node, ast.Name):
        return meaning.get(node.id, "")
    if isinstance(node, ast.Attribute) and (owner := _dotted(node.value, meaning)):
        return f"{owner}.{node.attr}"
    return ""


def _id(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _within(name: str, module: str) -> bool:
    return name == module or name.startswith(f"{module}.")


def _world(name: str) -> str:
    """What `name` touches; empty when it is pure."""
    for module, pure in PURE_PARTS.items():
        if _within(name, module) and name != module:
            part = name.removeprefix(f"{module}.").split(".", maxsplit=1)[0]
            return "" if part in pure else f"not in the pure part of {module}"
    for touched, modules in WORLD.items():
        if any(_within(name, module) for module in modules.split()):
            return touched
    return ""


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _unseeded(path: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    meaning = _meaning(path, tree)
    for call in _calls(tree):
        given = [*call.args, *(each.value for each in call.keywords)]
        seeded = any(not (isinstance(each, ast.Constant) and each.value is None) for each in given)
        name = _dotted(call.func, meaning)
        if name in NEEDS_A_SEED and not seeded:
            yield call.lineno, name


def _worldly_calls(path: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    package_data = any(_within(name, "importlib.resources") for _, name in _imported(path, tree))
    methods = WRITES if package_data else WRITES | READS
    for call in _calls(tree):
        if _id(call.func) in WORLDLY_BUILTINS:
            yield call.lineno, _id(call.func)
        elif isinstance(call.func, ast.Attribute) and call.func.attr in methods:
            yield call.lineno, f".{call.func.attr}"


# -- The code as it is -----------------------------------------------------------------------------


def _modules(*folders: str) -> list[str]:
    return sorted(
        file.relative_to(ROOT).as_posix()
        for folder in folders
        for file in (ROOT / folder).rglob("*.py")
        if "__pycache__" not in file.parts
    )


def _read(path: str) -> str:
    return (ROOT / path).read_text("utf-8")


def _report(sentences: list[str]) -> None:
    if sentences:
        pytest.fail("\n".join(sentences), pytrace=False)


MODULES = _modules(*ORDER)


@pytest.mark.parametrize("path", MODULES)
def test_an_import_points_only_to_the_left(path: str) -> None:
    _report(imports_to_the_right(path, _read(path)))


@pytest.mark.parametrize("path", [each for each in MODULES if not is_edge(each)])
def test_only_an_edge_touches_the_world(path: str) -> None:
    _report(touches_the_world(path, _read(path)))


@pytest.mark.parametrize("path", MODULES)
def test_only_the_settings_module_reads_the_environment(path: str) -> None:
    _report(reads_the_environment(path, _read(path)))


@pytest.mark.parametrize("path", _modules(*ORDER, "tests", "benchmarks"))
def test_a_file_is_named_after_the_idea_it_holds(path: str) -> None:
    _report(badly_named(path))


@pytest.mark.parametrize("path", MODULES)
def test_a_module_fits_in_one_reading(path: str) -> None:
    _report(too_long(path, _read(path)))


def test_every_package_has_modules_to_check() -> None:
    """A moved or renamed package must not leave these tests with nothing to read."""
    assert {path.split("/")[0] for path in MODULES} == set(ORDER)


# -- Planted violations ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("ingest/feed.py", "from classify.stance import Stance"),
        ("ingest/feed.py", "import flows.settings"),
        ("classify/gate.py", "def f():\n    from alerts.point import Point"),
        (
            "classify/gate.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import storage",
        ),
        ("alerts/step.py", "import importlib\nimportlib.import_module('storage.points')"),
        ("alerts/channels/mail.py", "from storage import points"),
        ("storage/points.py", "from tests.conftest import x"),
        ("flows/cli.py", "from benchmarks import throughput"),
    ],
)
def test_a_planted_import_to_the_right_is_caught(path: str, source: str) -> None:
    assert imports_to_the_right(path, source)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("ingest/feed.py", "import json, re\nfrom ingest.document import Document"),
        ("ingest/feed.py", "from . import document"),
        ("storage/points.py", "from alerts.point import Point\nfrom ingest.bus import Bus"),
        ("flows/cli.py", "import ingest, classify, alerts, storage, flows.settings"),
    ],
)
def test_an_import_to_the_left_passes(path: str, source: str) -> None:
    assert imports_to_the_right(path, source) == []


@pytest.mark.parametrize(
    "source",
    [
        "import os",
        "import os.path",
        "import socket",
        "import subprocess",
        "import threading",
        "import time",
        "from time import monotonic",
        "import httpx",
        "import requests",
        "import urllib.request",
        "from urllib import request",
        "import sqlite3",
        "from kafka import KafkaProducer",
        "import chdb",
        "from clickhouse_driver import Client",
        "import clickhouse_driver",
        "import clickhouse_driver.connection",
        "from prefect import flow",
        "from concurrent.futures import ThreadPoolExecutor",
        "from pathlib import Path",
        "import pathlib\npathlib.Path('x')",
        "open('x')",
        "print('x')",
        "def f(path):\n    return path.read_text()",
        "def f(path):\n    path.write_text('x')",
        "from importlib.resources import files\nfiles('ingest').joinpath('x').write_text('x')",
        "from datetime import datetime\ndatetime.now()",
        "from datetime import UTC, datetime as moment\nmoment.now(UTC)",
        "import datetime as dt\ndt.datetime.utcnow()",
        "from datetime import date\nfield = dict(default_factory=date.today)",
        "import random\nrandom.random()",
        "from random import choice",
        "import random\nrandom.Random()",
        "from random import Random\nRandom(None)",
        "import numpy as np\nnp.random.normal()",
        "import numpy as np\nnp.random.default_rng()",
        "import numpy as np\nnp.load('x.npy')",
        "import uuid\nuuid.uuid4()",
        "import logging.handlers",
        "import logging\nlogging.basicConfig()",
        "from logging import FileHandler",
        "import importlib\nimportlib.import_module('os')",
        "def f():\n    import os",
    ],
)
def test_a_planted_touch_of_the_world_is_caught(source: str) -> None:
    assert touches_the_world("alerts/step.py", source)


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import UTC, date, datetime, time, timedelta\ndatetime(2026, 1, 1, tzinfo=UTC)",
        "from urllib.parse import urlsplit",
        "from pathlib import PurePath",
        "from importlib.resources import files\nfiles('storage').joinpath('a.sql').read_text('utf-8')",
        "import logging\nlog = logging.getLogger(__name__)\nlog.info('x')",
        "import random\nrandom.Random(7).random()",
        "import numpy as np\nnp.random.default_rng(seed=7).normal()",
        "from clickhouse_driver.util.escape import escape_param",
        "from clickhouse_driver.columns.service import read_column",
        "import uuid\nuuid.uuid5(uuid.NAMESPACE_URL, 'x')",
        "def f(incident):\n    return incident.open, incident.time, incident.os",
    ],
)
def test_a_pure_module_passes(source: str) -> None:
    assert touches_the_world("alerts/step.py", source) == []


@pytest.mark.parametrize(
    ("path", "edge"),
    [
        ("ingest/fetch.py", True),
        ("ingest/sqlite_bus.py", True),
        ("ingest/bus.py", False),
        ("ingest/prefetch.py", False),
        ("classify/onnx_model.py", True),
        ("classify/classifier.py", False),
        ("alerts/channels/mail.py", True),
        ("alerts/digest.py", False),
        ("storage/chdb_database.py", True),
        ("storage/database.py", True),
        ("storage/migrate.py", True),
        ("storage/points.py", False),
        ("flows/demo/outlets.py", True),
    ],
)
def test_the_edges_are_the_files_that_the_design_names(path: str, edge: bool) -> None:
    assert is_edge(path) is edge
    assert bool(touches_the_world(path, "import socket")) is not edge


@pytest.mark.parametrize(
    "source",
    [
        "import os\nos.environ['BAROMETER_MODEL']",
        "import os\nos.getenv('HOME')",
        "from os import environ",
        "from os import getenv as setting",
        "import os as system\nsystem.environ.copy()",
        "from pydantic_settings import BaseSettings",
        "import click\n@click.option('--model', envvar='BAROMETER_MODEL')\ndef f(model): ...",
    ],
)
def test_a_planted_look_at_the_environment_is_caught(source: str) -> None:
    assert reads_the_environment("flows/cli.py", source)
    assert reads_the_environment("flows/settings.py", source) == []


def test_the_environment_is_not_confused_with_the_rest_of_os() -> None:
    assert reads_the_environment("flows/serve.py", "import os\nos.getpid()") == []


@pytest.mark.parametrize(
    "path",
    ["flows/ingest.py", "flows/commands/storage.py", "classify/utils.py", "alerts/base/mail.py"],
)
def test_a_planted_name_that_says_nothing_is_caught(path: str) -> None:
    assert badly_named(path)


def test_a_planted_long_module_is_caught() -> None:
    assert too_long("alerts/step.py", "x = 1\n" * (MAX_LINES + 1))
    assert too_long("alerts/step.py", "x = 1\n" * MAX_LINES) == []


def test_a_failure_names_file_line_and_remedy() -> None:
    source = "import math\n\nimport time\n"
    assert touches_the_world("alerts/step.py", source) == [
        "alerts/step.py:3 uses time (the clock); "
        "take what it gives as an argument, or move this to an edge"
    ]
    assert imports_to_the_right("ingest/feed.py", "from classify.stance import Stance") == [
        "ingest/feed.py:1 imports classify.stance.Stance; ingest may import only ingest"
    ]
