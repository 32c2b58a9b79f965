"""`barometer estimate` and `barometer detect`: CSV of counts in, CSV out, for scripts."""

from __future__ import annotations

import csv
import io
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fixtures_command import Place, Said

HEADER = "day,outlet,support,neutral,oppose"


def write(place: Place, text: str, name: str = "counts.csv") -> str:
    (place.folder / name).write_text(text, encoding="utf-8", newline="")
    return name


def table(said: Said) -> list[dict[str, str]]:
    assert said.status == 0, said.err
    return list(csv.DictReader(io.StringIO(said.out)))


def falling(days: int, *, falls_at: int = 60, first: str = "") -> str:
    """Six outlets whose support falls by 40 points."""
    rng = random.Random(4)
    rows = [f"{'series,' if first else ''}{HEADER}"]
    for day in range(days):
        for outlet in "abcdef":
            support = 0.45 - (0.2 if day >= falls_at else 0.0)
            stances = rng.choices("sno", [support, 0.3, 0.7 - support], k=12)
            counts = ",".join(str(stances.count(each)) for each in "sno")
            rows.append(f"{first + ',' if first else ''}{day},{outlet},{counts}")
    return "\n".join(rows) + "\n"


def test_a_day_is_its_net_support_with_interval_counts_and_state(place: Place) -> None:
    rows = "".join(f"2026-11-02,{outlet},12,4,4\n" for outlet in "abcd")
    said = place.run("estimate", write(place, f"{HEADER}\n{rows}"), "--confusion", "none")
    assert said.out.splitlines()[0] == "day,net_support,lower,upper,n,n_eff,state"
    (row,) = table(said)
    assert (row["day"], float(row["net_support"]), row["n"], row["state"]) == (
        "2026-11-02",
        40.0,
        "80",
        "ok",
    )
    assert float(row["lower"]) < 40 < float(row["upper"])
    assert float(row["n_eff"]) == pytest.approx(80 / 1.95, abs=0.01)  # Kish 1965, rho = 0.05


def test_days_between_the_first_and_the_last_are_there_without_figures(place: Place) -> None:
    text = f"{HEADER}\n2026-10-01,a,5,5,5\n2026-11-02,a,5,5,5\n"
    rows = table(place.run("estimate", write(place, text)))
    assert len(rows) == 33
    assert {row["state"] for row in rows[1:-1]} == {"no_data"}
    assert {row["net_support"] for row in rows[1:-1]} == {""}


def test_weeks_add_up_their_days(place: Place) -> None:
    text = f"{HEADER}\n" + "".join(
        f"2026-11-{day:02d},{outlet},6,3,1\n" for day in range(2, 12) for outlet in "abc"
    )
    rows = table(
        place.run("estimate", write(place, text), "--period", "week", "--confusion", "none")
    )
    assert [(row["day"], row["n"]) for row in rows] == [("2026-W45", "210"), ("2026-W46", "90")]
    assert {float(row["net_support"]) for row in rows} == {50.0}


def test_numbered_days_and_their_weeks_stay_numbers(place: Place) -> None:
    name = write(place, f"{HEADER}\n13,a,1,1,1\n14,a,1,1,1\n")
    assert [row["day"] for row in table(place.run("estimate", name))] == ["13", "14"]
    weeks = table(place.run("estimate", name, "--period", "week"))
    assert [row["day"] for row in weeks] == ["7", "14"]


def test_series_are_apart_and_keep_their_order(place: Place) -> None:
    text = f"series,{HEADER}\nZ,1,a,9,0,1\nA,1,a,1,0,9\nZ,1,b,9,0,1\n"
    rows = table(place.run("estimate", write(place, text), "--confusion", "none"))
    assert [(row["series"], row["n"], float(row["net_support"])) for row in rows] == [
        ("Z", "20", 80.0),
        ("A", "10", -80.0),
    ]


def test_a_matrix_undoes_the_errors_that_it_tells_of(place: Place) -> None:
    """10 of 100 are mistaken for the other side: a true net of 50 is judged to be 40."""
    (place.folder / "errors.json").write_text("[[900,0,100],[0,1000,0],[100,0,900]]")
    rows = "".join(f"1,{outlet},14,0,6\n" for outlet in "abcd")
    name = write(place, f"{HEADER}\n{rows}")
    (plain,) = table(place.run("estimate", name, "--confusion", "none"))
    (corrected,) = table(place.run("estimate", name, "--confusion", "errors.json"))
    assert (float(plain["net_support"]), float(corrected["net_support"])) == (40.0, 50.0)
    (shipped,) = table(place.run("estimate", name))
    assert float(shipped["net_support"]) > 40.0


def test_the_series_or_the_option_says_whose_matrix_corrects(place: Place) -> None:
    rows = "".join(f"XA/regular,1,{o},14,0,6\nXA/asylum,1,{o},14,0,6\n" for o in "abcd")
    name = write(place, f"series,{HEADER}\n{rows}")
    by_series = [row["net_support"] for row in table(place.run("estimate", name))]
    assert len(set(by_series)) == 2
    by_option = [
        row["net_support"] for row in table(place.run("estimate", name, "--target", "asylum"))
    ]
    assert by_option == [by_series[1]] * 2


def test_copies_of_a_story_weigh_less_per_story(place: Place) -> None:
    copies = "".join(f"1,{outlet},0,0,5,agency\n" for outlet in "abcd")
    own = "".join(f"1,{outlet},5,0,0,\n" for outlet in "abcd")
    name = write(place, f"{HEADER},story\n{copies}{own}")
    none = ("--confusion", "none")
    (per_document,) = table(place.run("estimate", name, *none))
    (per_story,) = table(place.run("estimate", name, *none, "--weighting", "per_story"))
    assert float(per_document["net_support"]) == 0.0
    assert float(per_story["net_support"]) == pytest.approx(100 * 19 / 21, abs=0.01)
    assert float(per_document["n_eff"]) < 10


def test_a_matrix_that_cannot_be_inverted_gives_no_figure_and_says_why(place: Place) -> None:
    (place.folder / "even.json").write_text(json.dumps([[5, 5, 5]] * 3))
    name = write(place, f"{HEADER}\n1,a,5,5,5\n1,b,9,9,9\n")
    said = place.run("estimate", name, "--confusion", "even.json")
    (row,) = table(said)
    assert (row["net_support"], row["lower"], row["n"], row["state"]) == (
        "",
        "",
        "42",
        "insufficient",
    )
    assert "hardly tells stances apart" in said.sentence
    assert table(place.run("detect", name, "--confusion", "even.json")) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "there is no header"),
        ("day,outlet,support\n", "no column 'neutral'"),
        (f"{HEADER},day\n", "'day' twice"),
        (f"{HEADER}\n1,a,1,-2,3\n", "line 2: '-2' is no count of neutral"),
        (f"{HEADER}\n1,a,1,2.5,3\n", "line 2: '2.5' is no count of neutral"),
        (f"{HEADER}\n1,a,nan,2,3\n", "line 2: 'nan' is no count of support"),
        (f"{HEADER}\n1,a,1e400,2,3\n", "line 2: '1e400' is no count of support"),
        (f"{HEADER}\nsoon,a,1,2,3\n", "line 2: 'soon' is no day"),
        (f"{HEADER}\n1,a,1,2,3\n2026-01-01,a,1,2,3\n", "line 3: days are dates in some lines"),
        (f"{HEADER}\n0,a,1,2,3\n90000,a,1,2,3\n", "line 3: the days span more than"),
        (
            f"{HEADER}\n99999999999999,a,1,2,3\n",
            "line 2: the day number 99999999999999 is out of reach",
        ),
        (f"{HEADER}\n1,,1,2,3\n", "line 2 names no outlet"),
        (f"{HEADER}\n1,a,1,2\n", "line 2 has 4 fields and the header 5"),
        (f'{HEADER}\n1,"a,1,2,3\n', "is no CSV"),
    ],
)
@pytest.mark.parametrize("command", ["estimate", "detect"])
def test_what_cannot_be_used_is_one_sentence_with_its_line(
    place: Place, command: str, text: str, says: str
) -> None:
    said = place.run(command, write(place, text))
    assert said.status == 2
    assert "counts.csv" in said.sentence
    assert says in said.sentence


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--confusion", "missing.json"], "Cannot read missing.json"),
        (["--confusion", "counts.csv"], "this is no JSON"),
        (["--target", "birds"], "There is no target 'birds'"),
        (["--period", "month"], "month"),
    ],
)
def test_a_wrong_option_is_one_sentence(place: Place, options: list[str], says: str) -> None:
    said = place.run("estimate", write(place, f"{HEADER}\n1,a,1,2,3\n"), *options)
    assert said.status == 2
    assert says in said.sentence


def test_a_missing_file_and_bytes_that_are_no_text_are_one_sentence(place: Place) -> None:
    assert place.run("detect", "nowhere.csv").status == 2
    (place.folder / "bytes.csv").write_bytes(b"day,outlet\xff\xfe\n")
    said = place.run("estimate", "bytes.csv")
    assert said.status == 2
    assert "is not UTF-8 text" in said.sentence


def test_what_spreadsheets_write_is_read(place: Place) -> None:
    """A byte order mark, capitals, other order, CRLF, a column of one's own, counts like 3.0."""
    text = "\ufeffOutlet,Day,Oppose,Support,Neutral,note\r\na,2026-11-02,1,3.0,1,x\r\n\r\n"
    said = place.run("estimate", write(place, text), "--confusion", "none")
    (row,) = table(said)
    assert (float(row["net_support"]), row["n"]) == (40.0, "5")
    assert "mean nothing here: 'note'" in said.sentence


@pytest.mark.parametrize("counts", ["0,0,0", "0,9,0", "9,0,0", "3,3,3"])
@pytest.mark.parametrize("outlets", ["a", "abcd"])
def test_zeros_constants_and_single_outlets_have_a_state_and_raise_no_alert(
    place: Place, counts: str, outlets: str
) -> None:
    text = f"{HEADER}\n" + "".join(f"{d},{o},{counts}\n" for d in range(90) for o in outlets)
    name = write(place, text)
    states = {row["state"] for row in table(place.run("estimate", name))}
    assert states == {
        "no_data" if counts == "0,0,0" else "ok" if outlets == "abcd" else "insufficient"
    }
    assert table(place.run("detect", name)) == []


def test_a_day_that_comes_twice_is_added_up(place: Place) -> None:
    once = write(place, f"{HEADER}\n1,a,4,2,2\n1,b,4,2,2\n", "once.csv")
    twice = write(place, f"{HEADER}\n1,a,2,1,1\n1,b,4,2,2\n1,a,2,1,1\n", "twice.csv")
    assert place.run("estimate", once).out == place.run("estimate", twice).out


def test_a_fall_is_one_row_with_its_day_size_and_reason(place: Place) -> None:
    said = place.run("detect", write(place, falling(80)), "--confusion", "none")
    assert said.out.splitlines()[0] == "day,change,net_support,baseline,reason"
    row, again = table(said)
    assert 60 <= int(row["day"]) <= 66
    assert -60 < float(row["change"]) < -20
    assert float(row["net_support"]) == pytest.approx(
        float(row["baseline"]) + float(row["change"]), abs=0.01
    )
    assert f"to {row['day']} than in" in row["reason"]
    # The first days were kinder than the fall of 40 is: a week later that is said.
    assert int(again["day"]) == int(row["day"]) + 7
    assert "it is deeper than the 31.9 points that were said when it was found" in again["reason"]
    assert float(again["change"]) == pytest.approx(-40, abs=6)


def test_a_longer_file_never_changes_earlier_rows(place: Place) -> None:
    long = place.run("detect", write(place, falling(130)), "--confusion", "none").out.splitlines()
    for days in (62, 66, 90):
        short = place.run("detect", write(place, falling(days)), "--confusion", "none")
        said = short.out.splitlines()
        assert said == long[: len(said)]


def test_what_is_said_of_a_series_does_not_depend_on_others(place: Place) -> None:
    one = falling(80, first="one")
    other = falling(80, first="other").split("\n", 1)[1]
    alone = place.run("detect", write(place, one)).out.splitlines()
    both = place.run("detect", write(place, one + other)).out.splitlines()
    assert both[: len(alone)] == alone
    assert len(both) == 2 * len(alone) - 1 > 2


def test_more_false_alarms_allowed_means_found_no_later(place: Place) -> None:
    name = write(place, falling(80))
    days = [
        int(table(place.run("detect", name, "--false-alarms", rate))[0]["day"])
        for rate in ("0.01", "1")
    ]
    assert days[1] <= days[0]
    assert place.run("detect", name, "--false-alarms", "0").status == 2


def test_both_read_standard_input(tmp_path: Path) -> None:
    for command in ("estimate", "detect"):
        done = subprocess.run(
            [sys.executable, "-m", "flows.cli", command, "--confusion", "none"],
            input=falling(80),
            capture_output=True,
            text=True,
            check=True,
        )
        assert len(done.stdout.splitlines()) == (81 if command == "estimate" else 3)
