"""What Prometheus is told in docker-compose.yml: whom to ask, and which rules to read (tests/test_metrics.py knows them)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.test_compose import OURS, SERVICES

FOLDER = Path(__file__).resolve().parents[1] / "deploy" / "prometheus"


def loaded(name: str) -> dict[str, Any]:
    read: dict[str, Any] = YAML(typ="safe").load((FOLDER / name).read_text("utf-8"))
    return read


def test_every_process_that_goes_on_is_asked_at_its_port() -> None:
    (job,) = loaded("prometheus.yml")["scrape_configs"]
    (looked_up,) = job["dns_sd_configs"]
    assert set(looked_up["names"]) == set(OURS) - {"migrate"}
    for name in looked_up["names"]:
        given = OURS[name]["environment"]
        assert given["BAROMETER_METRICS_PORT"] == looked_up["port"]
        assert given["BAROMETER_METRICS_HOST"] == "0.0.0.0"
        assert set(SERVICES["prometheus"]["networks"]) & set(OURS[name]["networks"])


def test_the_rules_are_read() -> None:
    assert loaded("prometheus.yml")["rule_files"] == ["rules.yml"]
    assert "./deploy/prometheus:/etc/prometheus:ro" in SERVICES["prometheus"]["volumes"]
    assert "--config.file=/etc/prometheus/prometheus.yml" in SERVICES["prometheus"]["command"]
