"""Files of labels: what is taken, what is named as wrong, and that a file written is a file read."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest

from classify.gold_label import (  # fmt: skip
    COLUMNS,
    BadRow,
    GoldLabel,
    check_annotator,
    label_rows,
    read_gold_labels,
)
from classify.stance import Stance

NOW = datetime(2026, 11, 30, tzinfo=UTC)
ID = "0" * 31
HEAD = "document_id,regular,irregular,asylum,general,conflates,dehumanising,annotator"


def read(*lines: str, annotator: str = "") -> list[GoldLabel | BadRow]:
    return list(read_gold_labels("\r\n".join(lines), now=NOW, annotator=annotator))


def test_words_and_marks_are_stances() -> None:
    (one, other) = read(
        HEAD, f"{ID}1,+,-,0,.,1,,ml", f"{ID}2,support,Oppose,neutral,not addressed,0,no,ml"
    )
    assert isinstance(one, GoldLabel)
    assert isinstance(other, GoldLabel)
    assert one.stances == other.stances
    assert one.stances["general"] is Stance.NOT_ADDRESSED
    assert (one.flags, other.flags) == (("conflates",), ())


def test_a_sheet_that_is_half_filled_gives_what_is_filled() -> None:
    found = read("place," + HEAD, f"1,{ID}1,+,-,0,.,,,ml", f"2,{ID}2,,,,,,,", "")
    assert [one.document_id for one in found if isinstance(one, GoldLabel)] == [f"{ID}1"]
    assert len(found) == 1


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("x,+,-,0,.,,,ml", "'x' is no document"),
        (f"{ID}1,good,-,0,.,,,ml", "'good' is no stance toward regular; write support"),
        (f"{ID}1,+,,0,.,,,ml", "irregular is empty"),
        (f"{ID}1,+,-,0,.,maybe,,ml", "'maybe' says nothing of conflates"),
        (f"{ID}1,+,-,0,.,,,", "cannot stand for an annotator"),
        (f"{ID}1,+,-,0,.,,,Mara Lind", "use initials or a pseudonym"),
        (f"{ID}1,+,-,0,.,,,ml,more", "more cells"),
    ],
)
def test_a_bad_line_is_named_and_the_others_are_taken(row: str, says: str) -> None:
    bad, good = read(HEAD, row, f"{ID}2,+,-,0,.,,,ml")
    assert isinstance(bad, BadRow)
    assert bad.line == 2
    assert says in bad.error
    assert isinstance(good, GoldLabel)


def test_the_same_document_twice_by_one_person_is_named() -> None:
    _, bad = read(HEAD, f"{ID}1,+,-,0,.,,,ml", f"{ID}1,-,-,0,.,,,ml")
    assert isinstance(bad, BadRow)
    assert "in line 2 too" in bad.error


@pytest.mark.parametrize(
    ("head", "says"),
    [
        ("document_id,regular", "no column 'irregular'"),
        (HEAD.replace(",annotator", ""), "no column 'annotator'"),
        (HEAD + ",regular", "'regular' twice"),
        ("", "no column 'document_id'"),
    ],
)
def test_a_first_line_that_lacks_something_is_told_at_once(head: str, says: str) -> None:
    (bad,) = read(head, f"{ID}1,+,-,0,.")
    assert isinstance(bad, BadRow)
    assert (bad.line, says in bad.error) == (1, True)


def test_who_labelled_may_be_said_for_the_whole_file() -> None:
    (one,) = read(HEAD.replace(",annotator", ""), f"{ID}1,+,-,0,.,,", annotator="jk")
    assert isinstance(one, GoldLabel)
    assert one.annotator == "jk"


def test_what_was_written_is_read_back() -> None:
    labels = [one for one in read(HEAD, f"{ID}1,+,-,0,.,1,1,ml") if isinstance(one, GoldLabel)]
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(label_rows(labels))
    assert list(read_gold_labels(text.getvalue(), now=NOW)) == labels


@pytest.mark.parametrize("name", ["", "a b", "mara@example.org", "-x", "a" * 21, "ä"])
def test_a_name_that_could_be_a_person_s_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="initials or a pseudonym"):
        check_annotator(name)
