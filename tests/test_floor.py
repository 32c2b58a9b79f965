"""Floors: who set them, when and why; what is refused, and what is said of it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.floor import Floor, FloorsRefused, read_floors
from flows.floors import load_floors
from flows.mistake import Mistake
from flows.settings import Settings, load_settings
from tests.fixtures_command import Place

TODAY = date(2026, 3, 1)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

WHOLE = {
    "society": '"GB"',
    "target": '"regular"',
    "value": "-5",
    "set_by": '"Ada Example, programme communication"',
    "set_on": "2026-01-31",
    "reason": '"agreed by the programme board"',
}


def entry(**changes: str | None) -> str:
    """A [[floor]] with some lines changed, added, or (None) left out."""
    lines = [f"{key} = {value}" for key, value in (WHOLE | changes).items() if value is not None]
    return "\n".join(["[[floor]]", *lines, ""])


def read(text: str, targets: tuple[str, ...] = ()) -> tuple[Floor, ...]:
    return read_floors(text, name="floors.toml", today=TODAY, targets=targets)


def refusal(text: str, targets: tuple[str, ...] = ()) -> str:
    with pytest.raises(FloorsRefused) as refused:
        read(text, targets)
    said = str(refused.value)
    assert said.startswith("floors.toml")
    assert said.endswith((".", "?"))
    assert "\n" not in said
    return said


def test_a_floor_carries_its_value_and_who_set_it_when_and_why() -> None:
    assert read(entry()) == (
        Floor(
            society="GB",
            target="regular",
            value=-5.0,
            set_by="Ada Example, programme communication",
            set_on=date(2026, 1, 31),
            reason="agreed by the programme board",
        ),
    )


def test_floors_keep_their_order_and_one_society_may_have_several_targets() -> None:
    floors = read(entry() + entry(target='"irregular"', value="-30.5") + entry(society='"XA"'))
    assert [(f.society, f.target, f.value) for f in floors] == [
        ("GB", "regular", -5.0),
        ("GB", "irregular", -30.5),
        ("XA", "regular", -5.0),
    ]


@pytest.mark.parametrize("text", ["", "# nobody has set one\n", "floor = []\n"])
def test_a_file_without_a_floor_holds_none(text: str) -> None:
    assert read(text) == ()


@pytest.mark.parametrize("value", ["-100", "100", "0", "-0.5"])
def test_the_whole_scale_of_net_support_may_be_set(value: str) -> None:
    assert read(entry(value=value))[0].value == float(value)


def test_a_floor_may_be_set_today() -> None:
    assert read(entry(set_on="2026-03-01"))[0].set_on == TODAY


@pytest.mark.parametrize("key", WHOLE)
def test_a_floor_without_one_of_its_fields_is_refused_with_the_field_and_an_example(
    key: str,
) -> None:
    said = refusal(entry(society='"XA"') + entry(**{key: None}))
    assert (
        f"floor 2{'' if key in ('society', 'target') else ' (GB/regular)'} has no {key}; " in said
    )
    assert f"like {key} = " in said


@pytest.mark.parametrize("key", ["society", "target", "set_by", "reason"])
@pytest.mark.parametrize("value", ['""', '"  "'])
def test_an_empty_text_is_a_missing_one(key: str, value: str) -> None:
    assert f" has no {key}; " in refusal(entry(**{key: value}))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"value": '"-5"'}, "value is not a number; write it like value = -5."),
        ({"value": "true"}, "value is not a number"),
        ({"value": "nan"}, "value nan is not from -100 to +100; write points of net support."),
        ({"value": "-inf"}, "value -inf is not from -100 to +100"),
        ({"value": "100.5"}, "value 100.5 is not from -100 to +100"),
        ({"value": "-101"}, "value -101 is not from -100 to +100"),
        (
            {"set_on": '"2026-01-31"'},
            "set_on is not a date without quotes and without a time; write",
        ),
        ({"set_on": "2026-01-31T10:00:00"}, "write it like set_on = 2026-01-31."),
        ({"set_on": "2026-03-02"}, "set_on 2026-03-02 is after today, 2026-03-01; write the day"),
        ({"set_by": "7"}, 'set_by is not text in quotes; write it like set_by = "Ada Example".'),
        ({"set_by": '"?"'}, "set_by has no letter in it; write the name of the person who set it."),
        ({"reason": '"--"'}, "reason has no letter in it; write why it was set there."),
        ({"reason": '"a\\u001b[31m"'}, "reason contains a character that cannot be printed"),
        ({"reason": '"a\\nb"'}, "keep it on one line"),
        ({"reason": f'"{"a" * 501}"'}, "reason has 501 characters; 500 are the limit"),
        (
            {"society": '"UK"'},
            "society 'UK' is not an ISO 3166-1 alpha-2 code or 'unknown'; GB is one",
        ),
        ({"setby": '"Ada"'}, "has the unknown key 'setby'; did you mean 'set_by'?"),
        ({"colour": '"red"'}, "has the unknown key 'colour'; known are society, target, value,"),
    ],
)
def test_a_wrong_field_is_refused_with_place_and_remedy(changes: dict[str, str], says: str) -> None:
    said = refusal(entry(**changes))
    assert said.startswith("floors.toml: floor 1")
    assert says in said


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a = = b", "floors.toml is not TOML: Invalid value (at line 1, column 5); a floor begins"),
        ("[floor]\nvalue = 1", "a floor begins with [[floor]], in two pairs of brackets"),
        ("floor = 3", "a floor begins with [[floor]], in two pairs of brackets"),
        ("floor = [1]", "a floor begins with [[floor]], in two pairs of brackets"),
        ("[[floors]]\nvalue = 1", "'floors' has no place here; a floor begins with [[floor]]"),
        ("value = 1\n" + entry(), "'value' has no place here"),
        ("a = " + "[" * 5000, "floors.toml is not TOML"),
        (entry() + entry(society='"XA"') + entry(value="3"), "floors 1 and 3 are both for GB/regular; keep one."),
    ],
)  # fmt: skip
def test_a_file_that_is_no_list_of_floors_is_refused(text: str, says: str) -> None:
    assert says in refusal(text)


def test_a_floor_for_a_target_that_nobody_watches_is_refused() -> None:
    known = ("regular", "irregular")
    assert "there is no target 'regulr'; did you mean 'regular'?" in refusal(
        entry(target='"regulr"'), known
    )
    assert "known are regular, irregular." in refusal(entry(target='"ports"'), known)
    assert read(entry(target='"ports"'))[0].target == "ports"


@pytest.mark.parametrize(
    "change",
    [{"value": 101.0}, {"value": float("nan")}, {"set_by": " "}, {"reason": ""}, {"target": ""}],
)
def test_a_floor_that_is_made_in_code_obeys_the_same_rules(change: dict[str, object]) -> None:
    (floor,) = read(entry())
    with pytest.raises(ValueError, match=f"a floor's {next(iter(change))} "):
        msgspec.structs.replace(floor, **change)


@given(st.text())
def test_any_text_is_read_or_refused_in_one_sentence(text: str) -> None:
    try:
        assert read(text) == ()
    except FloorsRefused as refused:
        assert str(refused).startswith("floors.toml")


# -- The setting -----------------------------------------------------------------------------------


def settings(path: Path | None, **others: object) -> Settings:
    return Settings.model_validate({"floors": path, **others})


def test_without_the_setting_there_are_no_floors() -> None:
    assert load_floors(settings(None), NOW) == ()


def test_the_setting_names_the_file(place: Place) -> None:
    place.write("floors.toml", "\ufeff" + entry())
    place.set("BAROMETER_FLOORS", "floors.toml")
    assert [floor.value for floor in load_floors(load_settings(), NOW)] == [-5.0]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (
            None,
            "Cannot read {path} that BAROMETER_FLOORS names: No such file or directory; correct",
        ),
        (b"\xff", "{path} that BAROMETER_FLOORS names is not UTF-8 (byte 1); save it as UTF-8."),
        (entry(reason=None).encode(), "{path}: floor 1 (GB/regular) has no reason; add why it was"),
        (entry(target='"regulr"').encode(), "no target 'regulr'; did you mean 'regular'?"),
    ],
)
def test_a_file_of_floors_that_cannot_be_used_is_the_users_mistake(
    tmp_path: Path, content: bytes | None, says: str
) -> None:
    path = tmp_path / "floors.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Mistake) as mistake:
        load_floors(settings(path), NOW)
    assert mistake.value.exit_code == 2
    assert says.format(path=path) in mistake.value.message


def test_today_is_that_of_the_people_who_set_the_floor(tmp_path: Path) -> None:
    path = tmp_path / "floors.toml"
    path.write_text(entry(set_on="2026-03-02"), "utf-8")
    with pytest.raises(Mistake, match="is after today, 2026-03-01"):
        load_floors(settings(path), NOW)
    in_auckland = load_floors(settings(path, timezone="Pacific/Auckland"), NOW)
    assert in_auckland[0].set_on == date(2026, 3, 2)
