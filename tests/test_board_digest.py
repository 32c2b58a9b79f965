"""A digest's text as a page has it: what was broken for a terminal flows again, tables keep their columns."""

from __future__ import annotations

from datetime import UTC, datetime

from alerts.board_digest import blocks_of
from alerts.digest import build_digest
from alerts.digest_text import digest_message
from alerts.simulated_series import simulated_series
from tests.hostile_text import HOSTILE
from tests.sample_board import DIGEST

NOW = datetime(2026, 2, 16, 7, tzinfo=UTC)


def test_paragraphs_flow_and_tables_stay() -> None:
    blocks, left_out = blocks_of(DIGEST, 100)
    assert left_out == 0
    assert [kind for kind, _ in blocks] == [
        *("text", "text", "table", "text", "heading", "text", "heading", "text")
    ]
    assert blocks[0][1] == ["Monday 2026-05-25 to Sunday 2026-05-31, in the monitored corpus"]
    assert blocks[5][1] == [
        "XA regular: fell from +24 to -3 (-28, 95 % interval -36 to -19) since 2026-05-24, found on 2026-05-27. "
        "Open; the way back leads over +15. [XA-regular-2026-05-27]"
    ]


def test_nothing_that_a_digest_says_is_lost() -> None:
    series = (("XA", "regular"), ("XB", "irregular"))
    counts = {
        (society, target): simulated_series(seed, society=society, target=target).counts
        for seed, (society, target) in enumerate(series)
    }
    text = digest_message(build_digest("2026-W07", counts, now=NOW, simulated=True)).body
    blocks, _ = blocks_of(text, 1000)
    said = " ".join(" ".join(lines) for _, lines in blocks).split()
    title, rule, *rest = text.splitlines()
    assert (title, set(rule)) == ("Attitudes toward migration, week 2026-W07", {"="})
    assert said == " ".join(rest).split()
    tables = [lines for kind, lines in blocks if kind == "table"]
    assert any("XA regular" in line for line in tables[0])
    assert any("XB irregular" in line for line in tables[0])
    paragraphs = [lines for kind, lines in blocks if kind == "text"]
    assert all("  " not in line for lines in paragraphs for line in lines)


def test_a_long_digest_is_cut_and_counted() -> None:
    blocks, left_out = blocks_of("a\n\n" * 50, 10)
    assert (len(blocks), left_out) == (5, 90)
    for text in HOSTILE.values():
        for _, lines in blocks_of(text, 50)[0]:
            assert lines
