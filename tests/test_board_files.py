"""Names of the board's files: readable where they can be, never the same for two things, never outside of the folder."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.board_files import (
    WRITTEN,
    clean,
    csv_bytes,
    data_file,
    digest_file,
    file_name,
    incident_file,
    society_file,
    web_address,
)
from tests.hostile_text import HOSTILE

NAMES = st.one_of(
    st.text(st.characters(), max_size=40),  # lone surrogates too
    st.text("aAtT-_.zZ09 /", max_size=8),
    st.sampled_from(["AT", "at", "At", "AT-", "con", "CON", "", "_", "..", "é" * 90, "é" * 91]),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("AT", "AT"),
        ("unknown", "unknown"),
        ("XB-regular-2026-11-04", "XB-regular-2026-11-04"),
        ("at", "_61t"),  # AT has that name where a file system knows no capitals
        ("seasonal workers", "seasonal_20workers"),
        ("../../etc/passwd", "_2e_2e_2f_2e_2e_2fetc_2fpasswd"),
        ("con", "_63on"),  # no file on Windows
        ("-rf", "_2drf"),
        ("Zürich", "_5a_c3_bcrich"),
        ("", "_"),
    ],
)
def test_a_name_is_readable_and_says_every_other_byte(text: str, expected: str) -> None:
    assert file_name(text) == expected


@given(NAMES, NAMES)
def test_two_names_never_meet_in_one_file(one: str, other: str) -> None:
    assert (file_name(one).lower() == file_name(other).lower()) is (one == other)


@given(NAMES, NAMES)
def test_no_file_lies_outside_of_its_folder(one: str, other: str) -> None:
    for path in (
        society_file(one),
        incident_file(one),
        digest_file(one),
        data_file("series", one, other),
        data_file("overview"),
    ):
        assert WRITTEN.fullmatch(path), path
        assert len(path.rpartition("/")[2].encode()) <= 255


@given(NAMES, NAMES, NAMES, NAMES)
def test_a_society_and_its_target_are_told_apart(a: str, b: str, c: str, d: str) -> None:
    same = (a, b) == (c, d)
    assert (data_file("series", a, b) == data_file("series", c, d)) is same


@pytest.mark.parametrize(
    "path",
    [
        "../index.html",
        "/etc/passwd",
        "society/../x.html",
        "society/.html",
        "society/a/b.html",
        "data/series.XA.regular.csv.exe",
        ".board.json",
        "other.html",
        "index.html\n",
    ],
)
def test_a_path_that_no_board_writes_is_none_of_it(path: str) -> None:
    assert not WRITTEN.fullmatch(path)


def test_a_cell_of_text_is_never_a_formula_and_a_number_stays_one() -> None:
    rows: list[list[object]] = [
        ["=1+1", "+1", "-1", "@SUM(A1)", "\t=2", "\r=2", "＝1", "a=1"],
        [-1.234, 3, None, -0.001, "", "x\n=1", 'a"b', "a,b"],
    ]
    assert csv_bytes(["=name", "day"], rows).decode() == (
        "'=name,day\r\n"
        "'=1+1,'+1,'-1,'@SUM(A1),' =2,' =2,'＝1,a=1\r\n"
        '-1.23,3,,0.00,,x =1,"a""b","a,b"\r\n'
    )


@given(st.text(st.characters()))
def test_what_is_clean_can_be_written_and_stays_as_it_is(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode("utf-8")
    assert clean(cleaned) == cleaned
    assert len(cleaned) == len(text)


def test_the_joiners_of_words_and_emoji_stay() -> None:
    for text in ("می\u200cخواهم", "🤦🏽\u200d♀️", "12\u00a0%"):
        assert clean(text) == text
    assert clean("a\u202eb\u200bc\x00d\ud800e") == "a b c d e"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "https://good.example@evil.example/",
        "https://[::1",
        "https:///x",
        "https://a.example/ b",
        "HTTPS://a.example",
        " https://a.example",
        "",
        *HOSTILE.values(),
    ],
)
def test_what_is_no_plain_web_address_is_no_link(url: str) -> None:
    assert web_address(url) == ""


@pytest.mark.parametrize("url", ["https://a.example/x?y=1&z=%20", "http://a.example"])
def test_a_plain_web_address_is_one(url: str) -> None:
    assert web_address(url) == url
