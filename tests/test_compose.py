"""docker-compose.yml says only what the program understands, and holds no secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from ruamel.yaml import YAML

from flows.cli import cli
from flows.settings import Settings

ROOT = Path(__file__).resolve().parents[1]


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe").load((ROOT / "docker-compose.yml").read_text("utf-8"))
    return loaded


SERVICES: dict[str, dict[str, Any]] = compose()["services"]
OURS = {
    name: service for name, service in SERVICES.items() if service["image"].startswith("barometer:")
}


def settings() -> set[str]:
    """Every variable that names a setting, or a file that holds one."""
    names = {f"BAROMETER_{field.upper()}" for field in Settings.model_fields}
    return names | {f"{name}_FILE" for name in names} | {"BAROMETER_SETTINGS"}


def interpolated(text: str) -> Iterator[str]:
    yield from re.findall(r"\$\{(\w+)", text)


def in_example() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
    return dict(line.split("=", maxsplit=1) for line in lines if line and not line.startswith("#"))


def test_the_services_of_the_first_version_are_there() -> None:
    assert set(SERVICES) == {"kafka", "clickhouse", "prefect", "migrate", "score", "flows"}
    assert set(OURS) == {"migrate", "score", "flows"}


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_command_is_one_that_the_program_has(name: str) -> None:
    program, command, *options = OURS[name]["command"]
    assert program == "barometer"
    found = cli.get_command(click.Context(cli), command)
    assert found is not None, f"service {name} runs `barometer {command}`, which does not exist"
    known = {option for parameter in found.params for option in parameter.opts}
    assert {each for each in options if each.startswith("--")} <= known


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_variable_is_a_setting(name: str) -> None:
    ours = {each for each in OURS[name]["environment"] if each.startswith("BAROMETER_")}
    assert {"BAROMETER_BUS_URL", "BAROMETER_DATABASE_URL"} <= ours <= settings()


def test_the_example_names_every_variable_and_no_other() -> None:
    wanted = set(interpolated((ROOT / "docker-compose.yml").read_text("utf-8")))
    assert set(in_example()) == wanted
    assert {each for each in wanted if each.startswith("BAROMETER_")} <= settings()


def test_no_password_is_written_down() -> None:
    assert in_example()["CLICKHOUSE_PASSWORD"] == ""
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|TOKEN|KEY", variable):
                assert str(value).startswith("${"), f"{name}: {variable} must come from .env"
    assert re.search(r"://\w+:\w+@", (ROOT / "docker-compose.yml").read_text("utf-8")) is None
    assert ".env" in (ROOT / ".gitignore").read_text("utf-8").splitlines()


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_image_is_pinned_to_a_version(name: str) -> None:
    _, _, tag = SERVICES[name]["image"].rpartition(":")
    assert re.match(r"\d+\.\d+\.\d+", tag), f"{name}: {tag!r} is not a version"


def test_the_prefect_server_is_as_old_as_the_client() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    version = re.search(r"^prefect==(\S+)$", lock, re.MULTILINE)
    assert version
    assert SERVICES["prefect"]["image"].startswith(f"prefecthq/prefect:{version[1]}-")


def test_a_service_waits_for_what_it_needs_in_a_way_that_can_come_true() -> None:
    for name, service in SERVICES.items():
        for needed, how in service.get("depends_on", {}).items():
            condition = how["condition"]
            if condition == "service_healthy":
                assert "healthcheck" in SERVICES[needed], f"{name} waits for {needed}'s health"
            else:
                assert condition == "service_completed_successfully"
                assert SERVICES[needed]["restart"] == "no", f"{needed} would never complete"


def test_what_must_survive_a_restart_is_in_a_named_volume() -> None:
    declared = set(compose()["volumes"])
    used = {
        volume.split(":")[0]
        for service in SERVICES.values()
        for volume in service.get("volumes", [])
    }
    assert used == declared
    assert all(SERVICES[name]["volumes"] for name in ("kafka", "clickhouse", "prefect"))


def test_nothing_is_published_beyond_this_machine() -> None:
    for name, service in SERVICES.items():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), f"{name} publishes {port}"


def test_the_image_holds_every_package() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    wanted = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    for package in ("ingest", "classify", "alerts", "storage", "flows"):
        assert f"COPY {package} {package}" in dockerfile
        assert f"!{package}" in wanted
