"""docs/server.md says only what there is: commands, services, pages and profiles."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click
import pytest
from ruamel.yaml import YAML

from flows.cli import cli

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "server.md").read_text("utf-8")

COMPOSE: dict[str, Any] = YAML(typ="safe").load((ROOT / "docker-compose.yml").read_text("utf-8"))

COMMANDS = sorted(
    set(re.findall(r"(?:exec flows|…) barometer ([a-z-]+(?: [a-z]+)?(?: --[a-z]+)?)", PAGE))
)


@pytest.mark.parametrize("said", COMMANDS)
def test_every_command_is_one_that_the_program_has(said: str) -> None:
    context = click.Context(cli)
    found: click.Command | None = cli
    for word in said.split():
        assert found is not None
        if word.startswith("--"):
            assert word in {option for each in found.params for option in each.opts}, said
        elif isinstance(found, click.Group):
            found = found.get_command(context, word)
            assert found is not None, said


def test_there_are_commands_to_check() -> None:
    assert {"health", "health --ledger", "incidents list", "channels test"} <= set(COMMANDS)


def test_every_service_of_the_default_is_explained_and_none_that_is_not_there() -> None:
    table = re.search(r"^\| service .+?\n\n", PAGE, re.MULTILINE | re.DOTALL)
    assert table
    named = set(re.findall(r"^\| `(\w+)` \|", table[0], re.MULTILINE))
    assert named == {name for name, one in COMPOSE["services"].items() if "profiles" not in one}
    for name, volumes in re.findall(r"^\| `(\w+)` \| .+ \| volumes? (.+) \|$", table[0], re.M):
        mounted = {each.split(":")[0] for each in COMPOSE["services"][name]["volumes"]}
        assert set(re.findall(r"`(\w+)`", volumes)) == {m for m in mounted if m[0] != "."}


def test_every_page_has_its_address() -> None:
    published = {
        default
        for service in COMPOSE["services"].values()
        for port in service.get("ports", [])
        for default in re.findall(r"127\.0\.0\.1:\$\{\w+:-(\d+)\}:", port)
    }
    assert set(re.findall(r"^\| .+ http://127\.0\.0\.1:(\d+) \|$", PAGE, re.MULTILINE)) == published


def test_the_readme_leads_here() -> None:
    assert "(docs/server.md)" in (ROOT / "README.md").read_text("utf-8")


def test_every_link_leads_somewhere() -> None:
    for target in re.findall(r"\]\((\w+\.md)\)", PAGE):
        assert (ROOT / "docs" / target).exists(), target


def test_every_test_that_is_named_is_there() -> None:
    named = re.findall(r"`(?:tests/)?(test_\w+\.py)`", PAGE)
    assert len(named) >= 4
    assert [name for name in named if not (ROOT / "tests" / name).exists()] == []
