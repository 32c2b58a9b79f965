"""What the board's pages say: of what their figures are, how a fall is told, and that nothing is ranked."""

from __future__ import annotations

import msgspec
import pytest

from alerts.board_files import incident_file
from alerts.board_pages import render
from alerts.incident import Rule
from tests.board_page import classes, elements, name_of, text_of, visible_text
from tests.sample_board import sample_board, series_view, society_page
from tests.sample_pages import PATHS, board, empty, html, pages, rows_of


@pytest.mark.parametrize("path", PATHS)
def test_every_page_says_what_the_figures_are_of(path: str) -> None:
    said = visible_text(pages()[path])
    assert "Simulated data. The documents behind these figures are invented" in said
    assert "Net support is the share of documents that support the target minus" in said
    assert "in the monitored corpus" in said.lower()
    assert "the public" not in said.replace("not the public as a whole", "")
    assert "Written 2026-06-04 06:30 UTC" in said
    assert "minilm-2026-11" in said


def test_a_board_of_real_data_does_not_call_it_simulated() -> None:
    made = render(msgspec.structs.replace(board(), simulated=False))
    assert all("Simulated data." not in visible_text(made[path]) for path in html(made))


def test_an_empty_board_says_so_without_a_figure() -> None:
    assert "No society has a figure yet." in visible_text(empty()["index.html"])
    assert "None has been written yet." in visible_text(empty()["digests.html"])
    assert "Judged by no model" in visible_text(empty()["index.html"])


def test_societies_stand_in_the_order_of_their_names_and_never_of_their_figures() -> None:
    given = [page.title for page in board().societies]
    assert given != sorted(given)
    shown = [text_of(heading) for heading in elements(pages()["index.html"], "h3")]
    assert [text.split()[0] for text in shown] == ["Alderland", "Brennmark", "Calvora"]
    rows = rows_of(pages()["data/overview.csv"])
    assert [row["society"] for row in rows] == ["XA"] * 4 + ["XB"] * 4 + ["XC"] * 4


def test_an_open_incident_is_told_in_words_with_its_interval() -> None:
    said = visible_text(pages()["index.html"])
    assert "3 societies. 1 incident open." in said
    assert (
        "severe Brennmark, regular migration open since 2026-05-30 Net support for regular migration fell "
        "from +25 to −3, by 28 points (change interval −36 to −19), since 2026-05-26."
    ) in said


def test_a_level_below_a_floor_is_not_called_a_fall() -> None:
    view = series_view("regular", society="XB", seed=3, fall=9)
    below = msgspec.structs.replace(view.incidents[0], rule=Rule.FLOOR, baseline=5.0, change=-8.2)
    page = msgspec.structs.replace(
        society_page("XB", "Brennmark", seed=3),
        series=(msgspec.structs.replace(view, incidents=(below,)),),
    )
    made = render(sample_board([page]))
    said = visible_text(made[incident_file(below.id)])
    assert "Support for regular migration is below its floor in Brennmark" in said
    assert "is at −3, 8 points below the floor of +5" in said
    assert "regular migration is below its floor" in visible_text(made["index.html"])


def test_the_page_of_a_society_has_everything_that_is_known_of_it() -> None:
    said = visible_text(pages()["society/XB.html"])
    for text in (
        "a lead of attitudes toward irregular migration over support for regular programmes is not distinguishable from zero",
        "Floor +5, set by Ada Example, head of programme communication on 2026-01-05: “Below this",
        "31 % of texts about migration treat regular and irregular migration as one thing (interval 23 % to 41 %",
        "Crime and security 21 % 11 % 402",
        "Return fewer than 10",
        "alder-morning-mail could not be read 2026-06-01 04:30 UTC 670 181 HTTP 503",
        "sources that usually bring 41 % of the documents about migration were down",
        "An unusual day, 31.0 points below what the same outlets wrote before; not yet a fall",
    ):
        assert text in said, text


def test_the_page_of_an_incident_has_its_evidence_and_its_life() -> None:
    page = pages()[incident_file(board().incidents[0].incident.id)]
    said = visible_text(page)
    for text in (
        "In the monitored corpus, net support for regular migration fell from +25 to −3",
        "212 texts worth 61 independent ones",
        "Of a change of −26.6 points in the pooled level, −21.3 lie within outlets.",
        "Alder Morning Mail −11.2 −8.0 −51.0",
        "Alder Square +1.4 +12.0",
        "Crime and security 8 % 27 %",
        "Against Close the work visa scheme",
        "read it at mail.example",
        "For The farms would stand empty",
        "Acknowledged by Ada Example: the ministry's announcement of Tuesday",
        "Worse it is severe now",
        "at or above +15.3 on seven such days",
        "SELECT * FROM daily_support WHERE society = 'XA'",
        "Judged by minilm-2026-11",
    ):
        assert text in said, text
    (ordered,) = [e for e in elements(page, "ol") if "life" in classes(e)]
    times = [e.get("datetime", "") for e in ordered.iter() if name_of(e) == "time"]
    assert len(times) == 4 and times == sorted(times)


def test_an_incident_of_a_society_without_a_page_stands_by_itself() -> None:
    made = render(msgspec.structs.replace(board(), societies=()))
    page = made[incident_file(board().incidents[0].incident.id)]
    assert "Support for regular migration fell in XB" in visible_text(page)
    assert [*elements(page, "a")] and "society/" not in page.decode().replace("data/", "")


def test_a_digest_keeps_its_table_and_lets_its_paragraphs_flow() -> None:
    page = pages()["digest/2026-W21.html"]
    (table,) = elements(page, "pre")
    assert "XA regular              -2* -31 to +28    41     12        -6" in "".join(
        table.itertext()
    )
    assert "in 4 series of 1 society. No series changed since last week by more" in visible_text(
        page
    )
    headings = [text_of(heading) for heading in elements(page, "h2")]
    assert headings == ["Incidents", "What was read"]
    hrefs = [link.get("href") for link in elements(page, "a")]
    assert "../digest/2026-W22.html" in hrefs
