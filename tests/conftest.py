"""Fixtures that every test may ask for."""

pytest_plugins = [
    "tests.fixtures_bus",
    "tests.fixtures_command",
    "tests.fixtures_database",
    "tests.fixtures_flows",
    "tests.fixtures_prefect",
]
