"""`barometer sample` and `barometer label`: drawn, remembered, labelled key by key in a terminal, by files, and undone."""

from __future__ import annotations

import csv
import json
import os
import pty
import select
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.settings import load_settings
from flows.wiring import edges
from tests.fixtures_command import Place, barometer
from tests.judged_documents import document, judged, store

WEEK = "2026-W47"
PATIENCE_SECONDS = 90.0


@pytest.fixture
def week(place: Place) -> Place:
    """Twelve judged documents of a week."""
    place.set("BAROMETER_MODEL", "lexicon")
    with edges(load_settings(), create=True, sources=[]) as opened:
        stances = ("support", "oppose", "neutral", "support")
        store(opened.database, *(judged(document(n), stances[n % 4]) for n in range(12)))
    return place


class Terminal:
    """A command at a terminal of its own."""

    def __init__(self, *arguments: str) -> None:
        self._ours, theirs = pty.openpty()
        environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100", "LINES": "40"}
        self._process = subprocess.Popen(
            [barometer(), *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment,
            start_new_session=True,
        )
        os.close(theirs)
        self._written = select.poll()  # select() takes no number above 1,023
        self._written.register(self._ours, select.POLLIN | select.POLLHUP)
        self.seen = ""

    def until(self, text: str) -> str:
        """What is shown until `text` is."""
        deadline, found = time.monotonic() + PATIENCE_SECONDS, ""
        while text not in found:
            assert time.monotonic() < deadline, f"{text!r} never came: {found[-1500:]!r}"
            if self._written.poll(200):
                try:
                    read = os.read(self._ours, 65536).decode("utf-8", "replace")
                except OSError:
                    read = ""
                assert read or text in found, f"it ended before {text!r}: {found[-1500:]!r}"
                found += read
        self.seen += found
        return found

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._ours, keys.encode())

    def end(self) -> int:
        """Wait for its end."""
        try:
            return self._process.wait(PATIENCE_SECONDS)
        finally:
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()
            os.close(self._ours)


@pytest.fixture
def at_terminal() -> Iterator[list[Terminal]]:
    """Terminals that are closed whatever happens."""
    opened: list[Terminal] = []
    yield opened
    for each in opened:
        if each._process.poll() is None:
            each._process.kill()
            each._process.wait()


def labels(place: Place) -> list[tuple[object, ...]]:
    return place.rows(
        "SELECT document_id, annotator, stances, flags FROM gold_labels FINAL"
        " WHERE notEmpty(targets) ORDER BY annotator, document_id"
    )


def sheet(place: Place, name: str) -> list[dict[str, str]]:
    with (place.folder / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_labelling_with_keys_saves_resumes_and_undoes(
    week: Place, at_terminal: list[Terminal]
) -> None:
    assert week.run("sample", "--week", WEEK, "--size", "3", "--salt", "s").status == 0
    first = Terminal("label", "--week", WEEK, "--annotator", "ml")
    at_terminal.append(first)
    shown = first.until("q quit")
    assert "document 1 of 3" in shown
    assert "The scheme was debated again" in shown
    assert "Courier" in shown
    # What the model found must not be seen by who judges it.
    assert "support" not in shown.split("regular")[0]
    first.type("?")
    assert "it speaks for the target" in first.until("Any key goes back")
    first.type("b")
    first.until("q quit")
    first.type("+")
    first.until("irregular")
    first.type("-0")
    first.type("\r")
    first.until("general has no mark yet")
    first.type(".c\r")
    first.until("document 2 of 3")
    # Taken back, changed, saved once more; then a second one, and away.
    first.type("u")
    first.until("document 1 of 3")
    first.type("uuuuu-x\r")
    first.until("document 2 of 3")
    first.type("0x\r")
    first.until("document 3 of 3")
    first.type("q")
    first.until("2 documents labelled, 1 left.")
    assert first.end() == 0
    found = labels(week)
    assert [(who, stances, flags) for _, who, stances, flags in found] in (
        [("ml", ["oppose", *["not_addressed"] * 3], []), ("ml", ["neutral", *["not_addressed"] * 3], [])],
        [("ml", ["neutral", *["not_addressed"] * 3], []), ("ml", ["oppose", *["not_addressed"] * 3], [])],
    )  # fmt: skip

    again = Terminal("label", "--week", WEEK, "--annotator", "ml")
    at_terminal.append(again)
    again.until("document 1 of 1")
    again.type("sx\r")
    again.until("1 document labelled, 0 left.")
    assert again.end() == 0
    assert len(labels(week)) == 3
    # A terminal is as it was: nothing was left in raw mode for the next command.
    assert week.process("label", "--week", WEEK, "--annotator", "ml").status == 2


def test_a_draw_is_remembered_and_drawn_again_alike(week: Place) -> None:
    said = week.run("sample", "--week", WEEK, "--size", "6", "--salt", "s", "--output", "a.csv")
    assert "6 of 12 judged documents of 2026-W47, seed 2026-W47 + s" in said.out
    assert "XA/edited/regular:oppose" in said.out
    rows = sheet(week, "a.csv")
    assert len(rows) == 6
    assert {row["week"] for row in rows} == {WEEK}
    assert "text" not in rows[0]
    assert "stratum" not in rows[0]  # it would tell what the model found
    chances = {float(row["chance"]) for row in rows}
    assert sum(1 / float(row["chance"]) for row in rows) == pytest.approx(12, rel=1e-4)
    assert all(0 < chance <= 1 for chance in chances)

    again = week.run("sample", "--week", WEEK, "--size", "6", "--output", "b.csv")
    assert "Drawn before" in again.out
    assert sheet(week, "b.csv") == rows
    assert "say --again" in week.run("sample", "--week", WEEK, "--size", "7").sentence
    larger = week.run("sample", "--week", WEEK, "--size", "9", "--again", "--output", "c.jsonl")
    assert larger.status == 0
    lines = (week.folder / "c.jsonl").read_text("utf-8").splitlines()
    assert {row["document_id"] for row in rows} <= {
        json.loads(line)["document_id"] for line in lines
    }


def test_a_filled_sheet_is_taken_and_bad_lines_are_named(week: Place) -> None:
    week.run("sample", "--week", WEEK, "--size", "6", "--output", "sheet.csv", "--with-text")
    rows = sheet(week, "sheet.csv")
    assert rows[0]["text"].startswith("The scheme was debated again")
    for row in rows[:4]:
        row |= {"regular": "+", "irregular": ".", "asylum": ".", "general": "0", "conflates": "1"}
    rows[2]["general"] = "maybe"
    rows[3]["document_id"] = "f" * 32
    with (week.folder / "filled.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    said = week.run("label", "--import", "filled.csv", "--annotator", "jk")
    assert said.status == 2
    assert "filled.csv, line 4: 'maybe' is no stance toward general" in said.sentence
    assert "2 labels taken" in said.out
    assert "1 label passed over: their documents are not stored" in said.out
    assert len(labels(week)) == 2

    assert week.run("label", "--week", WEEK, "--export", "labels.csv").status == 0
    assert {row["annotator"] for row in sheet(week, "labels.csv")} == {"jk"}
    text = (week.folder / "labels.csv").read_text("utf-8").replace(",jk", ",ml")
    week.write("others.csv", text.replace("support", "oppose", 1))
    assert week.run("label", "--import", "others.csv").status == 0
    agreement = week.run("label", "--week", WEEK, "--agreement").out
    assert "jk, ml" in agreement
    assert "50%" in agreement
    # Export and import change nothing.
    before = labels(week)
    week.run("label", "--week", WEEK, "--export", "all.csv")
    assert week.run("label", "--import", "all.csv").status == 0
    assert labels(week) == before


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["sample", "--week", "2026-W99"], "has no week 99"),
        (["sample", "--week", "2026-W20"], "nothing to label in 2026-W20: no document was judged"),
        (["sample", "--week", WEEK, "--society", "Austria"], "is not an ISO 3166-1"),
        (["sample", "--week", WEEK, "--output", "a.txt"], "has to end in .csv or .jsonl"),
        (["sample", "--week", WEEK, "--with-text"], "add --output FILE"),
        (["label", "--annotator", "ml"], "needs a terminal"),
        (["label"], "Say who labels"),
        (["label", "--annotator", "Mara Lind"], "use initials or a pseudonym"),
        (["label", "--export", "a.csv"], "No sample was drawn yet"),
        (["label", "--week", WEEK, "--export", "a.csv"], "No sample of 2026-W47 was drawn"),
        (["label", "--import", "nothing.csv"], "Cannot read nothing.csv"),
        (["label", "--import", "empty.csv"], "no column 'document_id'"),
        (["label", "empty.csv", "--agreement"], "no document_id"),
        (["label", "--import", "empty.csv", "--agreement"], "Choose one"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(week: Place, arguments: list[str], says: str) -> None:
    week.write("empty.csv", "a,b\n1,2\n")
    said = week.run(*arguments)
    assert said.status == 2
    assert says in said.sentence


def test_words_that_are_not_kept_cannot_be_drawn(week: Place) -> None:
    with edges(load_settings(), sources=[]) as opened:
        opened.database.execute("TRUNCATE TABLE document_texts")
    sentence = week.run("sample", "--week", WEEK).sentence
    assert "the words of its 12 judged documents are not kept any more" in sentence


def test_no_label_is_stored_of_a_document_that_is_gone(week: Place, tmp_path: Path) -> None:
    week.run("sample", "--week", WEEK, "--size", "6", "--output", "sheet.csv")
    rows = sheet(week, "sheet.csv")
    week.run("forget", "--document", rows[0]["document_id"], "--yes")
    head = "document_id,regular,irregular,asylum,general,annotator\n"
    week.write("l.csv", head + "".join(f"{row['document_id']},+,.,.,.,ml\n" for row in rows))
    week.run("label", "--import", "l.csv")
    assert {one[0] for one in labels(week)} == {row["document_id"] for row in rows[1:]}
