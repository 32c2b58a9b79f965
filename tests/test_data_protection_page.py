"""docs/data-protection.md against the code: what it says is kept, hidden, dropped and set is so."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

from alerts.k_floor import K_FLOOR
from flows.settings import PREFIX, Settings
from ingest.bus import DEAD_LETTERS, DOCUMENTS
from ingest.source import Source
from ingest.source_options import SourceType
from storage.migrate import shipped_migrations

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "data-protection.md").read_text("utf-8")

WORDS = {"title", "text", "payload", "author_key", "body", "html", "falls", "url", "place", "error", "note"}  # fmt: skip
"""Columns that can hold what somebody wrote, where it stood, or who it was."""


def section(number: int) -> str:
    found = re.search(rf"^## {number}\. .*?(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert found is not None, number
    return found[0]


def tables() -> dict[str, str]:
    """Tables that the migrations make, with their statements."""
    found: dict[str, str] = {}
    for migration in shipped_migrations():
        for statement in migration.statements:
            made = re.match(r"CREATE TABLE IF NOT EXISTS (\w+)", statement)
            altered = re.match(r"ALTER TABLE (\w+)", statement)
            dropped = re.match(r"DROP TABLE IF EXISTS (\w+)", statement)
            if dropped:
                found.pop(dropped[1], None)
            elif name := made or altered:
                found[name[1]] = found.get(name[1], "") + statement
    return found


def views() -> set[str]:
    return {
        made[1]
        for migration in shipped_migrations()
        for statement in migration.statements
        if (made := re.match(r"CREATE VIEW IF NOT EXISTS (\w+)", statement))
    }


def kept() -> dict[str, tuple[str, str]]:
    """What section 3 says of each table: what of persons, and how long."""
    found = {}
    for line in section(3).splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `") and len(cells) == 3:
            for name in re.findall(r"`(\w+)`", cells[0]):
                found[name] = (cells[1], cells[2])
    return found


def test_every_table_stands_on_the_page_and_every_table_on_it_is_there() -> None:
    listed = {name for name in kept() if not name.startswith(PREFIX)}
    assert listed == {*tables(), "schema_migrations"}


def test_a_table_that_can_hold_words_is_not_listed_among_those_with_nothing() -> None:
    for name, statement in tables().items():
        columns = set(re.findall(r"(\w+)\s+String", statement))
        if kept()[name][0] == "nothing":
            # of signals, what the program writes itself; of deliveries and states, why a channel failed
            assert not columns & (WORDS - {"text", "error", "note"}), name


def test_tables_views_and_columns_that_are_named_exist() -> None:
    known = {*tables(), *views()}
    for name in re.findall(r"\b(?:views?|tables?)\s+`(\w+)`(?: and `(\w+)`)?", PAGE):
        assert {each for each in name if each} <= known
    made = "\n".join(tables().values())
    for column in ("contributor", "author_key"):
        assert f"`{column}`" in PAGE
        assert re.search(rf"\b{column}\b", made), column


def test_settings_that_are_named_exist() -> None:
    named = set(re.findall(rf"{PREFIX}[A-Z_]+", PAGE))
    assert len(named) >= 5
    assert named <= {PREFIX + field.upper() for field in Settings.model_fields}
    assert Settings.model_fields["model"].default == "bundled"
    assert "`BAROMETER_MODEL=bundled`" in PAGE


def test_what_is_kept_for_so_many_days_is() -> None:
    days = {name: Settings.model_fields[f"{name}_days"].default for name in ("text", "dead_letter")}
    assert f"kept for **{days['text']} days** after publication (`{PREFIX}TEXT_DAYS`)" in section(4)
    assert f"**{days['dead_letter']} days** (`{PREFIX}DEAD_LETTER_DAYS`)" in section(4)
    assert kept()["document_texts"][1] == f"{days['text']} days"
    assert kept()["dead_letters"][1] == f"{days['dead_letter']} days"


def test_commands_that_are_named_exist() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    for command in set(re.findall(r"`barometer ([a-z-]+)", PAGE)):
        assert f"`barometer {command}" in readme, command


def test_the_floor_on_the_page_is_the_floor() -> None:
    assert f"fewer than **{K_FLOOR}** *contributors*" in section(5)
    assert f"fewer than {K_FLOOR} who speak" in PAGE
    assert "`K_FLOOR` in `alerts/k_floor.py`" in section(5)
    assert "at most ten contributors of each row" in section(3)


def test_the_default_list_has_no_posts_as_the_page_says() -> None:
    from flows.wiring import load_sources

    shipped: tuple[Source, ...] = tuple(load_sources(Settings(sources=None)))
    assert {source.type for source in shipped} == {SourceType.FEED}
    assert {source.kind.value for source in shipped} == {"news", "official"}


def test_topics_links_and_files_that_are_named_are_there() -> None:
    assert f"`{DOCUMENTS}`" in PAGE or DOCUMENTS in PAGE
    assert f"{DOCUMENTS}.dlq" == DEAD_LETTERS
    for link in re.findall(r"\]\(([\w./-]+\.md)", PAGE):
        assert (ROOT / "docs" / link).exists(), link
    for path in re.findall(r"`((?:tests|alerts|ingest|storage|flows)/[\w/]+\.\w+)`", PAGE):
        assert (ROOT / path).exists(), path
    headings = {
        re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-")
        for heading in re.findall(r"^## (.*)$", PAGE, re.MULTILINE)
    }
    for anchor in re.findall(r"\]\(#([\w-]+)\)", PAGE):
        assert anchor in headings, anchor


def test_what_only_the_controller_knows_is_marked() -> None:
    for number in (1, 2, 6, 7, 9, 10, 11, 15):
        assert "▢" in section(number), number


def test_precedents_say_what_was_seen_of_them() -> None:
    rows = [line for line in section(14).splitlines() if line.startswith("| ")][1:]
    assert len(rows) >= 12
    assert all(len(row.strip("|").split("|")) == 4 for row in rows)
    for case in (
        "C-252/21",
        "C-184/20",
        "C-446/21",
        "C-101/01",
        "2018-1083",
        "13/2022",
        "2023-1205",
    ):
        assert case in section(14), case


def test_the_page_ships_with_the_migrations_that_it_describes() -> None:
    names = {path.name for path in (files("storage") / "migrations").iterdir()}
    assert "0009_k_floor.sql" in names
