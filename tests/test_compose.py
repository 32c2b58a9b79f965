"""docker-compose.yml is what Compose can read, says only what the program understands, holds no secret, and publishes nothing."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import click
import pytest
from ruamel.yaml import YAML

from flows.cli import cli
from flows.settings import Settings
from flows.wiring import load_rules
from tests.services import missing

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "docker-compose.yml"

PROFILES = ("mail", "grafana", "prometheus")

ONCE = {"migrate", "analysts"}
"""What does its work and ends: its exit status is its health."""

WRITES = {
    "kafka": "its start script writes the configuration beside the program",
    "clickhouse": "its start script writes the user beside the program",
    "prefect": "it unpacks its pages beside the program",
}
"""Services whose own files cannot be read-only, and why."""

HOLDS = {"kafka", "clickhouse", "prefect"}
"""Services whose volume must outlive them."""


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe").load(FILE.read_text("utf-8"))
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


@cache
def configured(*profiles: str) -> dict[str, Any]:
    """The services as Compose understands the file, by name; every variable that may not be empty is SECRET."""
    program = shutil.which("docker-compose")
    if program is None:
        missing("docker-compose is not installed (Debian: apt-get install docker-compose)")
    wanted = {name: value or "SECRET" for name, value in in_example().items()}
    environment = {"PATH": "/usr/bin:/bin", **wanted, "COMPOSE_PROFILES": ",".join(profiles)}
    done = subprocess.run(
        [program, "--file", FILE, "config"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    read: dict[str, Any] = YAML(typ="safe").load(done.stdout)["services"]
    return read


# -- As Compose reads it ---------------------------------------------------------------------------


@pytest.mark.parametrize("profile", ["", *PROFILES])
def test_compose_reads_the_file_with_and_without_each_profile(profile: str) -> None:
    """The old Compose of Debian shows the services of other profiles, too."""
    started = {
        name for name, service in SERVICES.items() if profile in service.get("profiles", [profile])
    }
    assert started <= set(configured(*([profile] if profile else []))) <= set(SERVICES)


def test_alone_it_starts_what_barometer_needs_and_a_page_to_look_at() -> None:
    assert {name for name, service in SERVICES.items() if "profiles" not in service} == {
        *("kafka", "clickhouse", "prefect", "migrate", "analysts", "score", "flows", "web")
    }
    assert set(OURS) == {"migrate", "score", "flows"}


def test_every_profile_is_in_the_example_and_on_the_page() -> None:
    assert {one for service in SERVICES.values() for one in service.get("profiles", [])} == set(
        PROFILES
    )
    example = (ROOT / ".env.example").read_text("utf-8")
    page = (ROOT / "docs" / "server.md").read_text("utf-8")
    for profile in PROFILES:
        assert re.search(rf"\b{profile}\b", example)
        assert f"`{profile}`" in page


def test_every_variable_reaches_the_service_that_it_is_for() -> None:
    flows, score = configured()["flows"]["environment"], configured()["score"]["environment"]
    for each in ("BAROMETER_AUTHOR_SECRET", "BAROMETER_DATABASE_URL", "BAROMETER_BUS_URL"):
        assert flows[each] == score[each] != ""
    assert (
        flows["BAROMETER_DATABASE_URL"] == "clickhouse://barometer:SECRET@clickhouse:9000/barometer"
    )
    assert flows["BAROMETER_TIMEZONE"] == "UTC"
    analyst = configured()["clickhouse"]["environment"]["ANALYST_PASSWORD"]
    assert configured("grafana")["grafana"]["environment"]["ANALYST_PASSWORD"] == analyst


def test_workers_can_be_many() -> None:
    """Nothing that only one of them could have: a name, a port, a folder to write in."""
    score = SERVICES["score"]
    assert not {"container_name", "ports", "hostname"} & set(score)
    assert [each for each in score["volumes"] if not each.endswith(":ro")] == []


# -- What the program understands ------------------------------------------------------------------


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
    wanted = set(interpolated(FILE.read_text("utf-8")))
    assert set(in_example()) == wanted | {"COMPOSE_PROFILES", "COMPOSE_PROJECT_NAME"}
    assert {each for each in wanted if each.startswith("BAROMETER_")} <= settings()


def test_a_default_is_the_same_in_both_places() -> None:
    for name, default in re.findall(r"\$\{(\w+):-([^}]*)\}", FILE.read_text("utf-8")):
        assert in_example()[name] == default, name


# -- Secrets and doors -----------------------------------------------------------------------------


def test_no_password_is_written_down() -> None:
    for name, value in in_example().items():
        assert (value == "") == name.endswith(("PASSWORD", "SECRET")) or name.startswith(
            ("BAROMETER_", "COMPOSE_")
        )
        assert not (name.endswith(("PASSWORD", "SECRET")) and value), name
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|TOKEN|KEY", variable):
                assert str(value).startswith("${"), f"{name}: {variable} must come from .env"
    for file in (FILE, *(ROOT / "deploy").rglob("*.*")):
        assert re.search(r"://\w+:\w+@", file.read_text("utf-8")) is None, file
    assert ".env" in (ROOT / ".gitignore").read_text("utf-8").splitlines()


def test_nothing_is_published_beyond_this_machine() -> None:
    for name, service in configured(*PROFILES).items():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), f"{name} publishes {port}"
    published = {name for name, service in SERVICES.items() if service.get("ports")}
    assert not published & {"kafka", "clickhouse", "score", "flows"}


def test_only_those_who_must_call_out_are_outside() -> None:
    assert compose()["networks"]["inside"] == {"internal": True}
    outside = {name for name, service in SERVICES.items() if "outside" in service["networks"]}
    assert not outside & {"kafka", "clickhouse", "migrate", "analysts", "score"}
    inside = {name for name, service in SERVICES.items() if "inside" in service["networks"]}
    assert not inside & {"web", "mail"}, "pages and mails have no business with the database"


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_gains_no_rights_and_writes_only_where_it_must(name: str) -> None:
    service = SERVICES[name]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service.get("read_only", False) is (name not in WRITES)
    assert service.get("cap_drop") == ["ALL"] or name in {"clickhouse", "prefect"}, (
        "their images begin as root and go on as somebody else"
    )
    assert not {"privileged", "cap_add", "network_mode", "pid", "devices"} & set(service)
    for volume in service.get("volumes", []):
        assert "docker.sock" not in volume
        assert volume.endswith(":ro") or not volume.startswith("."), f"{volume} can be written"


# -- Versions, limits, health ----------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_image_is_pinned_to_a_version(name: str) -> None:
    _, _, tag = SERVICES[name]["image"].rpartition(":")
    assert re.match(r"v?\d+\.\d+\.\d+", tag), f"{name}: {tag!r} is not a version"


def test_the_prefect_server_is_as_old_as_the_client() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    version = re.search(r"^prefect==(\S+)$", lock, re.MULTILINE)
    assert version
    assert SERVICES["prefect"]["image"].startswith(f"prefecthq/prefect:{version[1]}-")


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_no_service_takes_all_of_the_machine(name: str) -> None:
    service = SERVICES[name]
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
    assert 0 < service["cpus"] <= 2
    assert 0 < service["pids_limit"] <= 4096
    assert service["logging"]["options"] == {"max-size": "10m", "max-file": "3"}


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_is_started_again_and_says_how_it_is(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] == ("no" if name in ONCE else "unless-stopped")
    assert ("healthcheck" in service) is (name not in ONCE)
    if name not in ONCE:
        assert set(service["healthcheck"]) >= {"test", "interval", "timeout", "retries"}


def test_a_service_waits_for_what_it_needs_in_a_way_that_can_come_true() -> None:
    for name, service in SERVICES.items():
        for needed, how in service.get("depends_on", {}).items():
            condition = how["condition"]
            if condition == "service_healthy":
                assert "healthcheck" in SERVICES[needed], f"{name} waits for {needed}'s health"
            elif condition == "service_completed_successfully":
                assert SERVICES[needed]["restart"] == "no", f"{needed} would never complete"
            else:
                assert condition == "service_started"
            assert not SERVICES[needed].get("profiles"), f"{needed} may not be there"


def test_what_must_survive_a_restart_is_in_a_named_volume() -> None:
    used = {
        volume.split(":")[0]
        for service in SERVICES.values()
        for volume in service.get("volumes", [])
        if not volume.startswith(".")
    }
    assert used == set(compose()["volumes"])
    for name in HOLDS:
        assert any(not volume.startswith(".") for volume in SERVICES[name]["volumes"])


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_file_that_is_mounted_is_here(name: str) -> None:
    for volume in SERVICES[name].get("volumes", []):
        if volume.startswith("."):
            assert (ROOT / volume.split(":")[0]).exists(), volume


def test_the_channels_of_the_mail_catcher_reach_it() -> None:
    file = ROOT / "deploy" / "settings" / "mail_catcher.toml"
    rules = load_rules(Settings(channels=file))
    assert [rule.name for rule in rules] == ["press", "operators"]
    for line in re.findall(r'^url = "(.+)"$', file.read_text("utf-8"), re.MULTILINE):
        assert line.startswith("smtp://mail:1025?") and line.endswith("&tls=none")
    assert "mail" in SERVICES and SERVICES["mail"]["networks"] == ["outside"]
    assert "outside" in SERVICES["flows"]["networks"], "the mail would not get there"
