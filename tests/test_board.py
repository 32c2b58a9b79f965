"""The board's pages: correct HTML that loads and runs nothing, says what its figures are, and can be read by everybody."""

from __future__ import annotations

import base64
import csv
import io
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import cache
from hashlib import sha256
from itertools import pairwise

import msgspec
import pytest

from alerts.board import (
    Board,
    DigestView,
    IncidentView,
    LifeEvent,
    SeriesView,
    SocietyPage,
    SourceRow,
    TopicRow,
)
from alerts.board_chart import draw
from alerts.board_files import WRITTEN, data_file, incident_file, society_file
from alerts.board_pages import render
from alerts.board_room import MAX_BYTES
from alerts.board_scale import SIZE
from alerts.board_society import level_curve
from alerts.excerpt import Excerpt
from alerts.fall_facts import OutletMove, TopicMove
from alerts.floor import Floor
from alerts.incident import Rule
from alerts.point import Point, State
from classify.stance import Stance
from tests.board_page import (
    HEADINGS,
    classes,
    elements,
    ids,
    link_target,
    name_of,
    parsed,
    text_of,
    visible_text,
)
from tests.hostile_text import HOSTILE
from tests.sample_board import incident_view, sample_board, series_view, society_page

Pages = Mapping[str, bytes]

PLAIN = [name for name, text in HOSTILE.items() if text.strip()]


@cache
def board() -> Board:
    return sample_board()


@cache
def pages() -> dict[str, bytes]:
    return render(board())


def html(of: Pages) -> list[str]:
    return [path for path in of if path.endswith(".html")]


PATHS = html(pages())


@cache
def empty() -> dict[str, bytes]:
    before = board()
    return render(Board(now=before.now, first=before.last, last=before.last, recent=before.last))


@cache
def harmed() -> dict[str, bytes]:
    """Boards with harm wherever a text from outside may stand, one society for each; all pages together."""
    sample = society_page(days=30, fall=9, targets=("regular", "irregular"))
    societies, incidents = [], []
    for name, text in HOSTILE.items():
        society = f"{name} {text}"
        view = msgspec.structs.replace(
            sample.series[0],
            target=text,
            floor=_floor(text),
            floor_says=text,
            incidents=(
                msgspec.structs.replace(
                    sample.series[0].incidents[0],
                    id=f"{society}-{text}",
                    society=society,
                    target=text,
                    reason=text,
                    severity=text,
                ),
            ),
        )
        page = msgspec.structs.replace(
            sample,
            society=society,
            name=text,
            series=(view, sample.series[1]),
            topics=(TopicRow(topic=text, documents=40, share=0.4, before=0.2),),
            outlets=tuple(
                msgspec.structs.replace(row, outlet=f"{row.outlet} {text}")
                for row in sample.outlets
            ),
            sources=(
                SourceRow(
                    source=text,
                    outlet=text,
                    outcome=text,
                    last_success=None,
                    attempts=1,
                    failed=1,
                    error=text,
                ),
            ),
            gaps=tuple(
                msgspec.structs.replace(
                    gap,
                    sources=tuple(msgspec.structs.replace(s, source=text) for s in gap.sources),
                )
                for gap in sample.gaps
            ),
            signals=tuple(
                msgspec.structs.replace(s, text=text, target=text) for s in sample.signals
            ),
            spillover=text,
        )
        societies.append(page)
        incidents.append(_harmed_incident(view, text))
    return render(
        msgspec.structs.replace(
            sample_board((), days=30),
            societies=tuple(societies),
            incidents=tuple(incidents),
            digests=tuple(
                DigestView(
                    week=f"{name} {text}",
                    title=text,
                    text=text,
                    html=f'<div role="main">{text}</div>' if number % 2 else "",
                    written_at=board().now,
                )
                for number, (name, text) in enumerate(HOSTILE.items())
            ),
            models=tuple(HOSTILE.values()),
        )
    )


def _floor(text: str) -> Floor:
    """A floor may not be empty or unprintable; what is left of harm in it is shown."""
    said = "".join(c for c in text if c.isprintable())[:400].strip() or "x"
    said = said if any(c.isalpha() for c in said) else f"x{said}"
    return Floor(
        society="XA",
        target=said,
        value=-5.0,
        set_by=said,
        set_on=board().first,
        reason=said,
    )


def _harmed_incident(view: SeriesView, text: str) -> IncidentView:
    made = incident_view(
        view,
        [
            Excerpt(outlet=text, day=board().last, url=url, stance=stance, sentence=text)
            for stance in Stance
            for url in (text, f"javascript:{text}", "https://good.example/1")
        ],
    )
    incident = msgspec.structs.replace(made.incident, acknowledged_by=text, note=text)
    return msgspec.structs.replace(
        made,
        facts=msgspec.structs.replace(
            made.facts,
            incident=incident,
            outlets=(
                OutletMove(
                    outlet=text, contribution=-9.0, net_support_before=None, net_support_after=1.0
                ),
            ),
            topics=(TopicMove(topic=text, before=0.1, after=0.4),),
            spillover=text,
            floor=text,
            sql=text,
            model=text,
        ),
        life=(LifeEvent(at=board().now, what=text, text=text),),
    )


EVERY = {"a board": pages, "an empty one": empty, "a harmed one": harmed}


@pytest.fixture(params=list(EVERY))
def some(request: pytest.FixtureRequest) -> Pages:
    """The pages of a board, of one without anything, and of one full of harm."""
    made: Pages = EVERY[request.param]()
    return made


# Pages


def test_the_board_is_one_page_for_everything_it_has() -> None:
    assert set(PATHS) == {
        "index.html",
        "digests.html",
        *(f"society/{code}.html" for code in ("XA", "XB", "XC")),
        *(incident_file(one.incident.id) for one in board().incidents),
        *(f"digest/{one.week}.html" for one in board().digests),
    }
    assert incident_file("XB-regular-2026-05-29") == "incident/XB-regular-2026-05-29.html"


def test_every_page_is_correct_html(some: Pages) -> None:
    for path in html(some):
        root = parsed(some[path])
        assert root.get("lang") == "en"


def test_every_page_is_whole_and_asks_for_nothing(some: Pages) -> None:
    for path in html(some):
        page = some[path]
        names = {name_of(element) for element in elements(page)}
        assert not names & {"script", "iframe", "object", "embed", "form", "img", "image", "base"}
        assert not names & {"use", "foreignObject", "animate", "set", "audio", "video", "template"}
        for element in elements(page):
            for attribute, value in element.attrib.items():
                plain = attribute.rpartition("}")[2].lower()
                assert not plain.startswith("on"), (path, attribute)
                assert plain not in (
                    "style",
                    "srcset",
                    "action",
                    "formaction",
                    "ping",
                    "background",
                )
                if plain in ("src", "data", "poster", "xlink:href"):
                    pytest.fail(f"{path} loads {value}")
        for link in elements(page, "link"):
            assert link.get("rel") == "icon"
            assert link.get("href", "").startswith("data:image/svg+xml,")
        assert b"url(" not in page and b"@import" not in page


def test_a_policy_allows_nothing_but_the_page_s_own_style(some: Pages) -> None:
    for path in html(some):
        (style,) = elements(some[path], "style")
        digest = base64.b64encode(sha256((style.text or "").encode()).digest()).decode()
        (policy,) = [
            meta.get("content")
            for meta in elements(some[path], "meta")
            if meta.get("http-equiv") == "Content-Security-Policy"
        ]
        assert policy == (
            f"default-src 'none'; style-src 'sha256-{digest}'; img-src 'self' data:; "
            "base-uri 'none'; form-action 'none'"
        )


def test_every_link_leads_somewhere(some: Pages) -> None:
    for path in html(some):
        for link in elements(some[path], "a"):
            href = link.get("href", "")
            if re.match(r"https?://", href):
                assert set(link.get("rel", "").split()) == {"noopener", "noreferrer", "nofollow"}
                assert path.startswith(("incident/", "digest/"))
                continue
            place, fragment = link_target(path, href)
            assert place in some, f"{path} leads to {href}"
            if fragment:
                assert fragment in ids(some[place]), f"{path} leads to {href}"


def test_every_file_has_a_name_that_stays_in_its_folder(some: Pages) -> None:
    for path in some:
        assert WRITTEN.fullmatch(path), path


def test_no_page_is_larger_than_it_may_be(some: Pages) -> None:
    for path in html(some):
        assert len(some[path]) <= MAX_BYTES, path


# Many societies and days


@cache
def crowd(societies: int, days: int, targets: int) -> Board:
    own = tuple(f"a scheme of our own, number {n}" for n in range(targets - 4))
    sample = society_page(
        days=days, fall=9, targets=("regular", "irregular", "asylum", "general", *own)
    )
    several = [
        msgspec.structs.replace(
            sample,
            society=f"{chr(65 + n // 26)}{chr(65 + n % 26)}",
            name=f"Society {n:03d} with a long name",
        )
        for n in range(societies)
    ]
    return msgspec.structs.replace(sample_board((), days=days), societies=tuple(several))


def test_forty_societies_of_four_hundred_days_fit() -> None:
    made = render(crowd(40, 400, 4))
    assert max(len(made[path]) for path in html(made)) <= MAX_BYTES
    assert len([*elements(made["index.html"], "article")]) == 40
    charts = [svg for svg in elements(made["index.html"], "svg") if svg.get("role") == "img"]
    assert len(charts) == 80
    assert "the last 90 of 397 days (the CSV has all)" in visible_text(made["society/AA.html"])
    assert len(rows_of(made["data/series.AA.regular.csv"])) == 397


def test_a_page_without_room_shows_less_and_says_so() -> None:
    overview = render(crowd(250, 60, 4))["index.html"]
    assert len(overview) <= MAX_BYTES
    assert len([*elements(overview, "article")]) == 250
    assert "too many societies for a chart of each" in visible_text(overview)
    society = render(crowd(1, 400, 30))["society/AA.html"]
    assert len(society) <= MAX_BYTES
    assert re.search(r"\d+ more series have no room on this page", visible_text(society))


# What pages say


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


# Figures


def rows_of(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8"), newline="")))


@pytest.mark.parametrize("target", ["regular", "asylum"])
def test_a_csv_holds_what_its_chart_draws(target: str) -> None:
    (page,) = (page for page in board().societies if page.society == "XB")
    (view,) = (view for view in page.series if view.target == target)
    rows = rows_of(pages()[data_file("series", "XB", target)])
    assert [row["day"] for row in rows] == [str(point.day) for point in view.points]
    drawn = draw(
        [level_curve(view)], board().first, board().last, ident="c", title="", desc="", height=250
    )
    usable = [row for row in rows if row["level_state"] == "ok"]
    read = list(corners(drawn.curves[0].line))
    assert len(read) == len(usable) > 100
    days = (board().last - board().first).days + 1
    for (x, y), row in zip(read, usable, strict=True):
        number = round(x * days / SIZE - 0.5)
        assert row["day"] == str(board().first + timedelta(days=number))
        value = drawn.high - y / SIZE * (drawn.high - drawn.low)
        assert float(row["level_7_days"]) == pytest.approx(value, abs=0.2)


def corners(path: str) -> Iterator[tuple[int, int]]:
    for piece in re.findall(r"M[^M]+", path):
        start, _, steps = piece[1:].partition("l")
        x, y = (int(n) for n in start.partition("h")[0].split())
        yield x, y
        numbers = [int(n) for n in re.findall(r"-?\d+", steps)]
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = x + dx, y + dy
            yield x, y


def test_the_table_behind_a_chart_says_the_same_as_the_csv() -> None:
    page = pages()["society/XB.html"]
    (table, *_) = [t for t in elements(page, "table") if "Net support for regular" in text_of(t)]
    body = [
        [text_of(cell) for cell in row]
        for row in table.iter()
        if name_of(row) == "tr" and name_of(row[0]) == "th" and row[0].get("scope") == "row"
    ]
    newest = [*reversed(rows_of(pages()["data/series.XB.regular.csv"]))][: len(body)]
    assert len(body) == 90
    for cells, row in zip(body, newest, strict=True):
        assert cells[0] == row["day"]
        assert float(cells[1].replace("−", "-")) == pytest.approx(
            float(row["net_support"]), abs=0.06
        )
        assert cells[3] == row["n"]


def test_days_that_cannot_be_used_are_hollow_or_missing_in_chart_and_csv() -> None:
    (page,) = (page for page in board().societies if page.society == "XB")
    view = page.series[0]
    states = [point.state for point in view.points]
    assert states.count(State.DEGRADED) == 2 and states.count(State.INSUFFICIENT) == 5
    days = {point.day for point in view.points}
    silent = (board().last - board().first).days + 1 - len(days)
    assert silent == 3
    (curve,) = draw(
        [level_curve(view)], board().first, board().last, ident="c", title="", desc="", height=250
    ).curves
    assert curve.line.count("M") == 3  # the silent days and the degraded ones part it
    assert curve.hollow.count("M") >= 7
    assert f"{silent + 2} of 150 days have no such figure and are left open." in " ".join(
        text_of(desc) for desc in elements(pages()["society/XB.html"], "desc")
    )


def test_a_series_without_documents_has_no_figure_anywhere() -> None:
    view = series_view("regular", society="XD", seed=2, days=60)
    none = msgspec.structs.replace(
        view,
        points=(),
        levels=(),
        change=None,
        level=Point(
            society="XD",
            target="regular",
            day=view.level.day,
            support=0,
            neutral=0,
            oppose=0,
            outlets=0,
            net_support=None,
            lower=None,
            upper=None,
            n_eff=0.0,
            state=State.NO_DATA,
        ),
    )
    made = render(sample_board([SocietyPage(society="XD", series=(none,))], days=60))
    said = visible_text(made["society/XD.html"])
    assert "No figure no text addressed it" in said
    assert "no day has a figure that can be used" in said
    (card,) = elements(made["index.html"], "article")
    assert "no figure" in text_of(card) and "No text addressed it." in text_of(card)
    assert not re.search(r"[+−]\d", text_of(card))
    paths = [p.get("d") for p in elements(made["society/XD.html"], "path") if "line" in classes(p)]
    assert paths == []


# Harm


def test_harm_is_text_on_every_page() -> None:
    made = harmed()
    assert len(html(made)) == 2 + 3 * len(HOSTILE)
    index = visible_text(made["index.html"])
    assert "<script>alert(1)</script><img src=x onerror=alert(1)>" in index
    incident = visible_text(made[incident_file(f"script {HOSTILE['script']}-{HOSTILE['script']}")])
    assert incident.count("<script>alert(1)</script>") > 8
    assert "{{7*7}}" in visible_text(made[society_file(f"percent {HOSTILE['percent']}")])


def test_only_plain_web_addresses_become_links() -> None:
    for path, page in harmed().items():
        if path.endswith(".html"):
            outside = [
                link.get("href", "") for link in elements(page, "a") if ":" in link.get("href", "")
            ]
            assert set(outside) <= {"https://good.example/1"}, path


def test_no_page_holds_a_character_that_is_not_seen_or_turns_the_text_around() -> None:
    for path, page in harmed().items():
        found = re.findall(
            r"[\u202a-\u202e\u2066-\u2069\u200b\ufeff\x00-\x09\x0b-\x1f\x7f-\x9f]", page.decode()
        )
        if path.endswith(".html"):
            assert found == [], path


def test_no_cell_of_text_is_a_formula_and_numbers_stay_numbers() -> None:
    for path, data in harmed().items():
        if not path.endswith(".csv"):
            continue
        rows = list(csv.reader(io.StringIO(data.decode("utf-8"), newline="")))
        for cell in (cell for row in rows for cell in row):
            number = re.fullmatch(r"-?\d+(\.\d+)?", cell)
            assert number or not cell.startswith(("=", "+", "-", "@", "\t", "\r")), (path, cell)
    days = rows_of(pages()["data/series.XB.irregular.csv"])
    assert all(float(row["lower"]) < 0 for row in days if row["lower"].startswith("-"))


# Everybody can read it


@pytest.mark.parametrize("path", PATHS)
def test_headings_go_down_one_by_one_and_there_is_one_first(path: str) -> None:
    levels = [int(name_of(heading)[1]) for heading in elements(pages()[path], *HEADINGS)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))


@pytest.mark.parametrize("path", PATHS)
def test_a_page_has_its_landmarks_and_a_way_past_them(path: str) -> None:
    page = pages()[path]
    for name in ("header", "main", "footer", "nav"):
        assert [*elements(page, name)], name
    skip = next(elements(page, "a"))
    assert "skip" in classes(skip) and skip.get("href") == "#main"
    (main,) = elements(page, "main")
    assert main.get("id") == "main"
    for nav in elements(page, "nav"):
        assert nav.get("aria-label")
    (title,) = (e for e in elements(page, "title") if "xhtml" in str(e.tag))
    assert text_of(title).endswith("· Barometer")


@pytest.mark.parametrize("path", PATHS)
def test_every_picture_says_what_it_shows_or_is_passed_over(path: str) -> None:
    page = pages()[path]
    known = ids(page)
    assert len(known) == len(set(known))
    for svg in elements(page, "svg"):
        if svg.get("role") == "img":
            names = svg.get("aria-labelledby", "").split()
            assert names and set(names) <= set(known)
            assert any(name_of(child) == "title" and text_of(child) for child in svg)
        else:
            inside = "stretched" in classes(svg) or svg.get("overflow") == "visible"
            assert svg.get("aria-hidden") == "true" or inside
    for chart in (s for s in elements(page, "svg") if "plot" in classes(s) and len(s) > 10):
        (desc,) = (child for child in chart if name_of(child) == "desc")
        assert re.search(r"[+−]?\d+", text_of(desc))


@pytest.mark.parametrize("path", PATHS)
def test_every_table_has_a_caption_and_headers_with_their_scope(path: str) -> None:
    for table in elements(pages()[path], "table"):
        (caption,) = (child for child in table if name_of(child) == "caption")
        assert text_of(caption)
        for cell in table.iter():
            if name_of(cell) == "th":
                assert cell.get("scope") in ("col", "row")
                assert text_of(cell)


@pytest.mark.parametrize("path", PATHS)
def test_every_link_and_field_has_a_name(path: str) -> None:
    page = pages()[path]
    for link in elements(page, "a"):
        assert len(text_of(link)) > 1
    for label in elements(page, "label"):
        assert text_of(label)
        assert any(name_of(child) == "input" for child in label)
    for region in elements(page):
        if region.get("tabindex") == "0":
            assert region.get("role") == "region" and region.get("aria-label")


def test_severity_and_state_are_words_and_shapes_beside_their_colour() -> None:
    badges = [e for e in elements(pages()["index.html"], "span") if "badge" in classes(e)]
    assert badges
    for badge in badges:
        assert text_of(badge) in ("watch", "alert", "severe", "critical", "over")
        assert any(name_of(child) == "svg" for child in badge)
    dashes = re.findall(
        r"^\.line\.c-(\w+) \{ stroke-dasharray: ([\d. ]+)", styles(), re.MULTILINE
    ) + re.findall(r"\.line\.c-(\w+) \{ stroke-dasharray: ([\d. ]+)", styles())
    by_target = dict(dashes)
    assert set(by_target) == {"irregular", "asylum", "general", "own"}  # regular is drawn through
    assert len(set(by_target.values())) == 4


def styles() -> str:
    (style,) = elements(pages()["index.html"], "style")
    return style.text or ""


def variables(scheme: str) -> dict[str, str]:
    """Colours of the style sheet: light is the first block, dark the one behind its question."""
    text = styles()
    start = text.index("prefers-color-scheme: dark") if scheme == "dark" else 0
    if scheme == "print":
        start = text.index("@media print")
    block = text[text.index(":root", start) :]
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block[: block.index("}")]))


def luminance(colour: str) -> float:
    def linear(part: int) -> float:
        share = part / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(int(colour[n : n + 2], 16)) for n in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, section 1.4.3."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_computed_as_wcag_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


WORDS = (
    "ink muted link regular irregular asylum general own alert severe critical watch good"
).split()


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_words_and_lines_stand_out_from_their_ground(scheme: str) -> None:
    colours = variables(scheme)
    assert colours.keys() == variables("light").keys()
    for ground in ("paper", "card"):
        for name in WORDS:
            assert contrast(colours[name], colours[ground]) >= 4.5, (name, ground)
        assert contrast(colours["focus"], colours[ground]) >= 3
    assert contrast(colours["banner-ink"], colours["banner"]) >= 4.5
    for bar in ("regular", "irregular"):
        assert contrast(colours[bar], colours["grid"]) >= 3


def test_a_page_is_made_for_phones_print_and_both_schemes() -> None:
    text = styles()
    for question in ("prefers-color-scheme: dark", "print", "max-width", "forced-colors"):
        assert f"@media ({question}" in text or f"@media {question}" in text
    (viewport,) = (
        m.get("content")
        for m in elements(pages()["index.html"], "meta")
        if m.get("name") == "viewport"
    )
    assert viewport == "width=device-width, initial-scale=1"


def test_what_stands_on_a_page_does_not_hang_on_the_order_of_the_record() -> None:
    turned = msgspec.structs.replace(
        board(),
        societies=tuple(reversed(board().societies)),
        digests=tuple(reversed(board().digests)),
    )
    assert render(turned) == pages()


def test_a_board_needs_to_know_the_time() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        msgspec.structs.replace(board(), now=board().now.replace(tzinfo=None))
