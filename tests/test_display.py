"""What people see in a terminal: tables that fit it, times and numbers in one piece, nothing that acts."""

from __future__ import annotations

import io
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from flows.display import progress_bar
from flows.sentence import printable, sentence, without_passwords
from flows.table import cell_text, lines
from tests.fixtures_command import Place

SUPPORT = (
    *("society", "target", "day", "net_support", "lower", "upper", "n", "n_eff", "outlets"),
    *("support", "neutral", "oppose", "state"),
)
A_DAY = ("XB", "irregular", date(2026, 11, 15), -12.345678, -20.5, -4.25, 104, 61.72, 6, 21, 40, 43)

TEXT = "The work visa scheme is fair and the farms need it, say the growers of the lower valley."


# -- Values ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        (0.0, "0.00"),
        (-12.345678, "-12.35"),
        (0.00123, "0.0012"),
        (1234567.0, "1.23457e+06"),
        (float("nan"), "nan"),
        (1234567, "1234567"),
        (Decimal("1.50"), "1.50"),
        (date(2026, 11, 20), "2026-11-20"),
        (datetime(2026, 11, 20, 9, 30, tzinfo=UTC), "2026-11-20 09:30Z"),
        (datetime(2026, 11, 20, 9, 30, 5, tzinfo=UTC), "2026-11-20 09:30:05Z"),
        (datetime(2026, 11, 20, 9, tzinfo=timezone(timedelta(hours=2))), "2026-11-20 07:00Z"),
        (["a", "b"], "a, b"),
        ("Zürich, 東京, العربية", "Zürich, 東京, العربية"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_values_are_shown_as_people_read_them(value: object, shown: str) -> None:
    assert cell_text(value) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;title\x07", "�]0;title�"),
        ("\x1b[2J", "�[2J"),
        ("\x9b31m", "�31m"),
        ("abc\u202etxt.exe", "abc�txt.exe"),
        ("a\u2066b", "a�b"),
        ("a\tb\xa0c\u2028d", "a b c d"),
        ("a\r\nb", "a \nb"),
        ("soft\u00adhyphen\ufeff", "softhyphen"),
        ("\ud800", "�"),
        ("\x00", "�"),
    ],
)
def test_what_could_act_on_the_terminal_is_neutralised(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text(st.characters(exclude_categories=[])))
def test_nothing_but_printable_characters_and_line_ends_comes_out(text: str) -> None:
    shown = printable(text)
    assert all(c.isprintable() or c in "\n\u200c\u200d" for c in shown)
    shown.encode()


# -- Tables ----------------------------------------------------------------------------------------


def test_numbers_stand_right_and_text_left() -> None:
    assert lines(["word", "n"], [("a", 5), ("bc", 1234)], width=80) == [
        "word      n",
        "───────────",
        "a         5",
        "bc     1234",
    ]


def test_a_table_without_rows_is_its_header() -> None:
    assert lines(["a", "b"], [], width=80) == ["a   b", "─────"]


def test_text_folds_between_words_and_dates_do_not() -> None:
    shown = lines(["day", "text", "n"], [(date(2026, 11, 15), TEXT, 12)], width=50)
    assert max(map(len, shown)) <= 50
    assert shown[2].startswith("2026-11-15   ")
    assert shown[2].endswith("   12")
    folded = " ".join(line[13:45].strip() for line in shown[2:])
    assert folded.split() == TEXT.split()


@pytest.mark.parametrize("state", ["ok", "insufficient"])
def test_thirteen_columns_keep_every_value_in_one_piece(state: str) -> None:
    for width in (160, 120, 100, 80, 40):
        shown = lines(SUPPORT, [(*A_DAY, state)] * 2, width=width)
        assert max(map(len, shown)) <= width
        text = " ".join(shown)
        for value in (*A_DAY, state):
            assert f" {cell_text(value)} " in f" {text} "


def test_thirteen_columns_fit_one_hundred_characters_as_a_table() -> None:
    shown = lines(SUPPORT, [(*A_DAY, "ok")], width=100)
    assert [len(line.split()) for line in shown[-2:]] == [
        1,
        13,
    ]  # the rule, and one row in one line
    assert " ".join(shown).count("net_") == 1


def test_what_does_not_fit_is_shown_row_by_row() -> None:
    shown = lines(SUPPORT, [(*A_DAY, "ok"), (*A_DAY, "no_data")], width=80)
    assert len(shown) == 2 * 14
    assert shown[0].startswith("─ 1 ──")
    assert shown[3] == "day          2026-11-15"
    assert shown[4] == "net_support  -12.35"
    assert shown[14].startswith("─ 2 ──")
    assert shown[-1] == "state        no_data"


def test_a_long_text_in_a_row_by_row_view_is_folded_beside_its_name() -> None:
    shown = lines([f"column_{n}" for n in range(9)], [(TEXT,) * 9], width=60)
    assert max(map(len, shown)) <= 60
    assert shown[1].startswith("column_0  The work visa")
    assert shown[2].startswith("          ")


def test_a_line_end_in_a_cell_stays_in_its_column() -> None:
    assert lines(["a", "b"], [("x\ny", "z")], width=80) == ["a   b", "─────", "x   z", "y"]


def test_wide_characters_take_two_columns() -> None:
    shown = lines(["place", "n"], [("東京", 1), ("Rome", 2)], width=80)
    assert [cell_len(line) for line in shown] == [9, 9, 9, 9]


def test_markup_is_text() -> None:
    assert "[red]x[/]" in lines(["[b]"], [("[red]x[/]",)], width=80)[2]


@given(
    st.lists(st.lists(st.text(max_size=40), min_size=3, max_size=3), max_size=3),
    st.integers(20, 120),
)
def test_every_table_fits_and_loses_no_character(rows: list[list[str]], width: int) -> None:
    shown = lines(["one", "two", "three"], rows, width=width)
    assert all(cell_len(line) <= width for line in shown)
    there = sorted("".join("".join(shown).split()).replace("─", ""))
    for row in rows:
        for cell in row:
            for character in printable(cell).replace("─", ""):
                assert character.isspace() or character in there


@pytest.mark.parametrize("columns", ["100", "80"])
def test_lists_and_questions_fit_the_terminal(reading: Place, columns: str) -> None:
    reading.set("COLUMNS", columns)
    for command in (["sources", "list"], ["sql", "SELECT * FROM daily_support"], ["health"]):
        said = reading.run(*command)
        assert said.status == 0
        assert max(map(cell_len, said.out.splitlines())) <= int(columns)


def test_the_list_of_sources_is_a_table_at_one_hundred_columns(reading: Place) -> None:
    reading.set("COLUMNS", "100")
    said = reading.run("sources", "list").out
    assert said.split("\n")[0].split() == [
        *("source", "is", "outlet", "type", "society", "url"),
    ]
    assert said.splitlines()[-1].endswith("societies.")


# -- Sentences -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "kafka://me:hunter2@host:9092 cannot be reached",
        "clickhouse://me:hunter2@host:9000/x refuses",
        "BAROMETER_DATABASE_URL 'chdb://me:hunter2@host/x' names no folder",
        "'sqlite://me:hunter2@host/x' names no file",
        "clickhouse://me:hun/ter2@host/x and kafka://me:hunter2@h",
        "kafka://host?sasl_plain_username=me&sasl_plain_password=hunter2&acks=1",
        "clickhouse://:hunter2@host/x",
    ],
)
def test_a_password_is_not_shown(text: str) -> None:
    shown = without_passwords(text)
    assert "ter2" not in shown
    assert "***" in shown


@pytest.mark.parametrize(
    "text",
    [
        "https://social.example/@someone is not there (404)",
        "http://host:8080/@user/feed",
        "use clickhouse://user:password@host:9000/barometer",
        "kafka://host:9092?security_protocol=SSL",
    ],
)
def test_what_is_no_password_stays(text: str) -> None:
    assert without_passwords(text) == text


def test_a_sentence_is_one_line() -> None:
    assert sentence(ValueError("a\n  b\x1b[1m\tc")) == "a b�[1m c"


# -- Progress --------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_shows_names_as_they_are_while_somebody_watches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watched = Terminal()
    monkeypatch.setattr(sys, "stderr", watched)
    with progress_bar("[/] \x1b[2Jfile.jsonl", 10) as bar:
        bar.advance()
        bar.show(5, "[red]five\x07")
        bar.say("[/x] six")
    assert "[/x] six" in watched.getvalue()
    assert "\x1b[2J" not in watched.getvalue()
    assert "\x07" not in watched.getvalue()


def test_nobody_watches_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    unwatched = io.StringIO()
    monkeypatch.setattr(sys, "stderr", unwatched)
    with progress_bar("work", 10) as bar:
        bar.advance()
    assert unwatched.getvalue() == ""
