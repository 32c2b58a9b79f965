"""What `barometer deploy` takes for the jobs of a pool."""

from __future__ import annotations

from typing import Any

import pytest

from flows.deploying import parse_job_variables
from flows.mistake import Mistake


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("mem_limit=2g", {"mem_limit": "2g"}),
        ('networks=["a", "b"]', {"networks": ["a", "b"]}),
        ("privileged=false", {"privileged": False}),
        ("name=a=b", {"name": "a=b"}),
    ],
)
def test_a_job_variable_is_read_as_json_where_it_is_some(given: str, found: dict[str, Any]) -> None:
    assert parse_job_variables([given]) == found


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("mem_limit", "is not KEY=VALUE"),
        ('env={"TOKEN": "secret"}', "pass the variable by its name with --pass"),
        ("env.TOKEN=secret", "pass the variable by its name with --pass"),
    ],
)
def test_a_value_of_the_environment_is_no_job_variable(given: str, sentence: str) -> None:
    with pytest.raises(Mistake, match=sentence) as refused:
        parse_job_variables([given])
    assert "secret" not in str(refused.value)
