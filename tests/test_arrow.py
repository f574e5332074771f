"""Records as columns: each value comes back from the columns as it was, whatever was in the records; nothing is lost.

What is handed over is read with a consumer of our own, `tests.arrow_reader`; `test_arrow_consumers.py` has the
libraries' ones.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, NewType
from zoneinfo import ZoneInfo

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import anytws
from anytws import Columns, Dropped, Notice, Records, columns
from anytws.core.codes import CodeKind
from anytws.messages import (
    Action,
    BondContractData,
    ComboLeg,
    Contract,
    ContractData,
    ContractDetails,
    ErrorMessage,
    HistoricalDataBar,
    HistoricalTick,
    MarginCondition,
    Order,
    OrderType,
    Position,
    PositionEnd,
    PriceCondition,
    PriceIncrement,
    TagValue,
    TickPrice,
    TickType,
)
from anytws.messages.base import Message, record
from anytws.messages.times import EPOCH_SECONDS, NamedZone, UnclearZone
from anytws.testing.strategies import messages
from tests.arrow_reader import batches_of, column, read, released, schema_capsule, schema_of, stream_in, types_of

if TYPE_CHECKING:
    from tests.arrow_reader import Nowhere  # type: ignore[attr-defined]

NEW_YORK = ZoneInfo("America/New_York")
TEN = datetime(2026, 7, 6, 10, tzinfo=UTC)
WALL = TEN.replace(tzinfo=None)


@pytest.fixture(scope="module", autouse=True)
def _as_it_leaves_us() -> Iterator[None]:
    """Read what anytws hands over, and not what a library that another test has loaded makes of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("anytws.arrow.table.in_their_memory", lambda capsule: capsule)
        yield


@record
class Cell:
    """One value of any type."""

    value: Any


def typed(annotation: Any, *values: Any) -> tuple[Any, list[Any]]:
    """Give the type of a column that has *annotation* and *values*, and what is in it."""
    kind = attrs.make_class("Made", {"value": attrs.field(type=annotation)}, frozen=True)
    types, rows = read(columns([kind(value) for value in values], of=kind, nested="struct"))
    return types["value"], [row["value"] for row in rows]


class Plain(Enum):
    """An enumeration that is neither a number nor a word."""

    UP = "up"
    DOWN = "down"


Dollars = NewType("Dollars", Decimal)
LONG = 2**63

TYPES: dict[str, tuple[Any, tuple[Any, ...], Any, tuple[Any, ...] | None]] = {
    # annotation, values, type, and what comes back where that is something else
    "flags": (bool, (True, False, True), "b", None),
    "flags or none": (bool | None, (None, True, *[False] * 9, None), "b", None),
    "whole": (int, (0, 1, -1, LONG - 1, -LONG), "l", None),
    "whole or none": (int | None, (None, 7), "l", None),
    "whole, too long": (int, (LONG, -1), "d:38,0", None),
    "whole, much too long": (int, (10**76,), "u", ("1" + "0" * 76,)),
    "float": (float, (0.1, -0.0, float("inf")), "g", None),
    "float or none": (float | None, (0.1, None), "g", None),
    "a float that is whole": (float, (1, 2.5), "g", None),
    "a float that is too long": (float, (2**53 + 1, 0.5), "u", ("9007199254740993", "0.5")),
    "decimal": (Decimal, (Decimal("1.25"), Decimal(-100), Decimal("1E+3")), "d:38,2", None),
    "decimal or none": (Decimal | None, (None, Decimal("0.1")), "d:38,1", None),
    "decimal, small": (Decimal, (Decimal("1E-38"),), "d:38,38", None),
    "decimal, fine": (Decimal, (Decimal("1E-40"), Decimal(1)), "d:76,40,256", None),
    "decimal, long": (Decimal, (Decimal(10**38), Decimal(-(10**70))), "d:76,0,256", None),
    "decimal, of 64 bits": (Decimal, (Decimal(-LONG), Decimal(LONG)), "d:38,0", None),
    "decimal, too fine": (Decimal, (Decimal("1E-77"), Decimal(1)), "u", ("1E-77", "1")),
    "decimal, no number": (Decimal, (Decimal("NaN"), Decimal("1.0")), "u", ("NaN", "1.0")),
    "whole or decimal": (int | Decimal, (1, Decimal("0.5")), "d:38,1", None),
    "whole, where a decimal may be": (int | Decimal, (1, 2), "d:38,0", None),
    "another name for it": (Dollars, (Decimal("0.5"),), "d:38,1", None),
    "text": (str, ("", "a", "ü€😀", "a\0b"), "u", None),
    "half a character": (str, ("\ud800",), "u", ("\\ud800",)),
    "text or none": (str | None, (None, "a", None), "u", None),
    "word": (Action, (Action.BUY, Action("new")), "u", None),
    "number": (TickType, (TickType.LAST, TickType(4321)), "l", None),
    "enumeration": (Plain | None, (Plain.UP, None), "u", ("up", None)),
    "bytes": (bytes, (b"", b"\0\xff"), "z", None),
    "day": (date, (date(1969, 12, 31), date(2026, 7, 6)), "tdD", None),
    "day or none": (date | None, (None, date(1, 1, 1)), "tdD", None),
    "moment": (datetime, (TEN, datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)), "tsu:UTC", None),
    "moment or none": (datetime | None, (None, TEN), "tsu:UTC", None),
    "moment of seconds": (datetime, (TEN.astimezone(EPOCH_SECONDS),), "tsu:UTC", None),
    "moment in a zone": (datetime, (TEN.astimezone(NEW_YORK),), "tsu:America/New_York", None),
    "in a zone of TWS": (
        datetime,
        (TEN.replace(tzinfo=NamedZone("Eastern Standard Time", NEW_YORK)),),
        "tsu:America/New_York",
        None,
    ),
    "moments in zones": (datetime, (TEN, TEN.astimezone(NEW_YORK)), "tsu:UTC", None),
    "moment at an offset": (datetime, (TEN.replace(tzinfo=timezone(timedelta(hours=1))),), "tsu:UTC", None),
    "moment, second of two": (
        datetime,
        (datetime(2025, 11, 2, 1, 30, tzinfo=NEW_YORK, fold=1),),
        "tsu:America/New_York",
        None,
    ),
    "wall clock": (datetime, (WALL,), "tsu:", None),
    "wall clock and moment": (
        datetime,
        (TEN, WALL),
        "u",
        ("2026-07-06T10:00:00+00:00", "2026-07-06T10:00:00"),
    ),
    "zone that nobody knows": (
        datetime,
        (datetime(2026, 7, 6, tzinfo=NamedZone("CST")),),
        "u",
        ("2026-07-06T00:00:00[CST]",),
    ),
    "hour that comes twice": (
        datetime,
        (datetime(2025, 11, 2, 1, 30, tzinfo=UnclearZone("US/Eastern", NEW_YORK)),),
        "u",
        ("2025-11-02T01:30:00[US/Eastern]",),
    ),
    "day or moment, days": (datetime | date, (date(2026, 7, 6),), "tdD", None),
    "day or moment, moments": (datetime | date, (TEN,), "tsu:UTC", None),
    "day and moment": (datetime | date, (TEN, date(2026, 7, 6)), "u", ("2026-07-06T10:00:00+00:00", "2026-07-06")),
    "moment or text": (
        datetime | date | str | None,
        (TEN, "noon", None),
        "u",
        ("2026-07-06T10:00:00+00:00", "noon", None),
    ),
    "span": (timedelta, (timedelta(days=-1), timedelta(microseconds=1)), "tDu", None),
    "span, too long": (timedelta, (timedelta.max,), "u", (str(timedelta.max),)),
    "list": (tuple[str, ...], ((), ("a", "b"), ("c",)), ["u"], ([], ["a", "b"], ["c"])),
    "list or none": (tuple[int, ...] | None, (None, (1,)), ["l"], (None, [1])),
    "list with gaps": (list[float | None], ([1.0, None], []), ["g"], ([1.0, None], [])),
    "set": (frozenset[str], (frozenset("cab"),), ["u"], (["a", "b", "c"],)),
    "lists of nothing": (tuple[Decimal, ...], ((), ()), ["d:38,0"], ([], [])),
    "lists that say nothing": (tuple, ((),), ["u"], ([],)),
    "records": (
        tuple[TagValue, ...],
        ((TagValue("a", "1"),), ()),
        [{"tag": "u", "value": "u"}],
        ([{"tag": "a", "value": "1"}], []),
    ),
    "record": (TagValue, (TagValue("a", "1"),), {"tag": "u", "value": "u"}, ({"tag": "a", "value": "1"},)),
    "record or none": (
        TagValue | None,
        (None, TagValue("a", "")),
        {"tag": "u", "value": "u"},
        (None, {"tag": "a", "value": ""}),
    ),
    "no record": (TagValue | None, (None,), {"tag": "u", "value": "u"}, None),
    "one of two records": (
        TagValue | PriceIncrement,
        (TagValue("a", "b"),),
        {"type": "u", "tag": "u", "value": "u", "low_edge": "g", "increment": "g"},
        ({"type": "TagValue", "tag": "a", "value": "b", "low_edge": None, "increment": None},),
    ),
    "record or not": (
        Any,
        (TagValue("a", "b"), ValueError("gone"), 5, None),
        {"type": "u", "tag": "u", "value": "u", "text": "u"},
        (
            {"type": "TagValue", "tag": "a", "value": "b", "text": None},
            {"type": "ValueError", "tag": None, "value": None, "text": "ValueError: gone"},
            {"type": "int", "tag": None, "value": None, "text": "5"},
            None,
        ),
    ),
    "flag and whole": (Any, (True, 5), "u", ("True", "5")),
    "anything": (Any, ({"a": 1}, None), "u", ("{'a': 1}", None)),
    "nothing said": (Any, (0.5, None), "g", None),
    "nothing said, nothing there": (Any, (None,), "u", None),
}


@pytest.mark.parametrize("annotation, values, kind, back", TYPES.values(), ids=TYPES)
def test_each_type_has_its_column(annotation: Any, values: Any, kind: Any, back: Any) -> None:
    found, given_back = typed(annotation, *values)
    assert found == kind
    assert given_back == [*(values if back is None else back)]


EMPTY: dict[str, tuple[Any, Any]] = {
    "b": (bool, "b"),
    "decimal": (Decimal | None, "d:38,0"),
    "moment": (datetime | date | str | None, "tsu:UTC"),
    "day": (date, "tdD"),
    "list": (tuple[tuple[int, ...], ...], [["l"]]),
    "record": (TagValue | None, {"tag": "u", "value": "u"}),
    "odd": (dict[str, int], "u"),
}


@pytest.mark.parametrize("annotation, kind", EMPTY.values(), ids=EMPTY)
def test_without_a_row_the_annotation_tells(annotation: Any, kind: Any) -> None:
    assert typed(annotation) == (kind, [])


# --- any record there is ----------------------------------------------------------------------------------------------


def same(kind: Any, was: Any, found: Any) -> bool:
    """Tell whether *found*, out of a column of the type *kind*, is what *was* there."""
    if was is None:
        return found is None or (isinstance(found, dict) and all(value is None for value in found.values()))
    if isinstance(kind, dict):
        names = [name for name in kind if name not in ("type", "text") or hasattr(was, name)]
        return all(same(kind[name], getattr(was, name, None), found[name]) for name in names)
    if isinstance(kind, list):
        return len(was) == len(found) and all(same(kind[0], *both) for both in zip(was, found, strict=True))
    if isinstance(was, datetime) and was.tzinfo is not None and kind.startswith("ts"):
        return bool((was - found) == timedelta(0))
    if kind == "u" and not isinstance(was, str):
        return found in (str(was), was.isoformat() if isinstance(was, date) else None) or "[" in found
    if kind == "u":
        return bool(was.encode("utf-8", "backslashreplace").decode() == found)
    return bool(was == found)


@settings(max_examples=25)
@given(st.lists(messages(), min_size=1, max_size=4))
def test_whatever_was_said_comes_back(said: list[Message]) -> None:
    types, rows = read(columns(said, nested="struct"))
    names = {type(each).__name__ for each in said}
    assert ("type" in types) == (len(names) > 1 or not attrs.fields(type(said[0])))
    for each, row in zip(said, rows, strict=True):
        assert same(types, each, row)
        assert row.get("type", type(each).__name__) == type(each).__name__
        others = row.keys() - {field.name for field in attrs.fields(type(each))} - {"type"}
        assert all(row[name] is None for name in others)


@settings(max_examples=25)
@given(st.lists(messages(), min_size=1, max_size=3))
def test_dotted_columns_say_the_same(said: list[Message]) -> None:
    """Those of a record within a record stand beside the others under its name."""
    dotted_types, dotted = read(columns(said))
    types, rows = read(columns(said, nested="struct"))

    def flat(row: Any, prefix: str = "") -> dict[str, Any]:
        found = {}
        for name, value in row.items():
            found |= flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
        return found

    assert flat(types) == dotted_types
    for row, whole in zip(dotted, rows, strict=True):
        assert {name: value for name, value in row.items() if value is not None} == {
            name: value for name, value in flat(whole).items() if value is not None
        }


def test_python_values_are_given_as_lists() -> None:
    held = columns(
        [Position("DU1", Contract(symbol="A"), Decimal(5), 1.5), Position("DU1", Contract(symbol="B"), Decimal(1), 2.5)]
    )
    lists = held.to_dict()
    assert tuple(lists) == held.names
    assert lists["contract.symbol"] == ["A", "B"]
    assert lists["position"] == [Decimal(5), Decimal(1)]
    assert lists["contract.combo_legs"] == [(), ()]
    assert held.row_count == 2


# --- several classes --------------------------------------------------------------------------------------------------


def test_a_remark_among_data_is_a_row_too() -> None:
    remark = Notice(10167, "delayed", CodeKind.NOTICE, 1, TEN, ErrorMessage(1, 10167, "delayed"))
    types, rows = read(columns([TickPrice(1, TickType.BID, 5.5), remark, Dropped(3)]))
    assert [row["type"] for row in rows] == ["TickPrice", "Notice", "Dropped"]
    assert [row["price"] for row in rows] == [5.5, None, None]
    assert [row["code"] for row in rows] == [None, 10167, None]
    assert [row["count"] for row in rows] == [None, None, 3]
    assert types["time"] == "tsu:UTC"


def test_who_wants_one_class_is_told_of_others() -> None:
    mixed = [TickPrice(1, TickType.BID, 5.5), Dropped(3), Dropped(4)]
    with pytest.raises(ValueError, match=r"2 of 3 rows are no TickPrice: 2 Dropped\. Leave them out yourself"):
        columns(mixed, of=TickPrice)
    types, rows = read(columns(mixed, of=(TickPrice, Dropped)))
    assert (types["type"], rows[1]["count"]) == ("u", 3)
    assert "type" not in read(columns(mixed[:1], of=TickPrice))[0]


def test_of_several_classes_all_columns_are_there_whoever_has_come() -> None:
    bond = BondContractData(1, Contract(symbol="B"), ContractDetails())
    asked = Records.of((ContractData, BondContractData), [bond])
    assert read(asked)[1][0]["type"] == "BondContractData"
    assert read(Records.of((ContractData, BondContractData)))[0].keys() == read(asked)[0].keys()


def test_a_condition_says_which_it_is() -> None:
    order = Order(
        Action.BUY,
        OrderType.LIMIT,
        conditions=(
            PriceCondition(is_more=True, price=5.0, contract_id=1, exchange="X"),
            MarginCondition(is_more=True, percent=3),
        ),
    )
    _, rows = read(columns([order]))
    assert [condition["type"] for condition in rows[0]["conditions"]] == ["PriceCondition", "MarginCondition"]
    assert [condition["price"] for condition in rows[0]["conditions"]] == [5.0, None]
    alone = read(columns([Order(Action.BUY, OrderType.LIMIT, conditions=(MarginCondition(is_more=True, percent=3),))]))[
        1
    ][0]["conditions"]
    assert alone[0]["type"] == "MarginCondition"


def test_records_without_fields_are_counted_all_the_same() -> None:
    assert read(columns([PositionEnd(), PositionEnd()])) == ({"type": "u"}, [{"type": "PositionEnd"}] * 2)
    assert read(Records()) == ({"type": "u"}, [])


@record
class Clash:
    """Has the names that ours would be."""

    type: str
    text: str


def test_a_field_keeps_its_name() -> None:
    rows = read(columns([Clash("a", "b"), Dropped(1), ValueError("c")]))[1]
    assert rows[0] == {"type_": "Clash", "type": "a", "text": "b", "count": None, "text_": None}
    assert rows[2]["text_"] == "ValueError: c"


# --- annotations that are no help -------------------------------------------------------------------------------------


@attrs.frozen
class Elsewhere:
    """Two names in annotations that only type checkers know, and one that all know."""

    lost: Nowhere
    price: float
    _private: int = 3


@attrs.frozen
class Nested:
    """Names itself."""

    depth: int
    inner: Nested | None = None


def test_a_name_that_only_checkers_know_is_no_hindrance() -> None:
    types, rows = read(columns([Elsewhere("x", 1)]))  # type: ignore[arg-type]
    assert types == {"lost": "u", "price": "g"}
    assert rows == [{"lost": "x", "price": 1.0}]


def test_a_record_that_may_hold_itself_comes_to_an_end() -> None:
    types, rows = read(columns([Nested(1, Nested(2))]))
    assert (rows[0]["depth"], rows[0]["inner.depth"], rows[0]["inner.inner.depth"]) == (1, 2, None)
    assert len(types) < 30


def test_what_is_no_record_is_refused() -> None:
    with pytest.raises(TypeError, match="the rows are int, str: columns are made of messages and records"):
        columns([1, "a"])
    with pytest.raises(TypeError, match=r"of is .*, and has to be a class of records, such as HistoricalDataBar"):
        columns([], of=int)
    with pytest.raises(ValueError, match="nested is 'deep', and has to be one of dotted, struct"):
        columns([], nested="deep")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="decimals is 'none', and has to be one of exact, float, or a number"):
        columns([], decimals="none")  # type: ignore[arg-type]
    for places in (-1, 39, True, 9.0):
        with pytest.raises(ValueError, match=f"decimals is {places}, and has to be .* a number of places from 0 to 38"):
            columns([], decimals=places)  # type: ignore[arg-type]


# --- what a consumer asks for -----------------------------------------------------------------------------------------


def asked_for(letters: str, *values: Any) -> tuple[str, list[Any]]:
    """Give the column of *values* for a consumer that wants the type *letters*."""
    capsule, _kept = schema_capsule({"value": letters, "other": "g"})
    stream = stream_in(columns([Cell(value) for value in values]).__arrow_c_stream__(capsule))
    schema, (batch,) = schema_of(stream), batches_of(stream)
    found = types_of(schema)["value"], [row["value"] for row in column(schema, batch)]
    for there in (schema, batch, stream):
        released(there)
    return found


WANTED: dict[str, tuple[str, Any, str]] = {
    "more places": ("d:38,4", Decimal("1.5"), "d:38,4"),
    "more digits": ("d:76,4,256", Decimal("1.5"), "d:76,4,256"),
    "fewer digits": ("d:10,2", Decimal("1.5"), "d:10,2"),
    "too few digits": ("d:3,2", Decimal("12.5"), "d:38,1"),
    "too few places": ("d:38,0", Decimal("1.5"), "d:38,1"),
    "no such decimal": ("d:x,0", Decimal("1.5"), "d:38,1"),
    "no such width": ("d:38,4,64", Decimal("1.5"), "d:38,1"),
    "a float of a decimal": ("g", Decimal("1.5"), "g"),
    "a float of a number": ("g", 5, "g"),
    "no float of a long number": ("g", 2**60 + 1, "l"),
    "a decimal of a number": ("d:38,2", 5, "d:38,2"),
    "seconds": ("tss:UTC", TEN, "tss:UTC"),
    "milliseconds": ("tsm:UTC", TEN, "tsm:UTC"),
    "nanoseconds": ("tsn:UTC", TEN, "tsn:UTC"),
    "nanoseconds too far off": ("tsn:UTC", datetime(2500, 1, 1, tzinfo=UTC), "tsu:UTC"),
    "seconds that are none": ("tss:UTC", TEN + timedelta(microseconds=1), "tsu:UTC"),
    "another zone": ("tsu:Europe/Berlin", TEN, "tsu:Europe/Berlin"),
    "no zone": ("tsu:", TEN, "tsu:UTC"),
    "long text": ("U", "a", "U"),
    "something else": ("vu", "a", "u"),
    "something odd": ("tdD", 5, "l"),
}


@pytest.mark.parametrize("letters, value, kind", WANTED.values(), ids=WANTED)
def test_a_consumer_gets_the_type_that_it_wants_if_nothing_is_lost(letters: str, value: Any, kind: str) -> None:
    assert asked_for(letters, value, None) == (kind, [value, None])


def test_decimals_are_floats_for_who_says_so() -> None:
    held = columns([Cell(Decimal("0.1")), Cell(None)], decimals="float")
    assert read(held) == ({"value": "g"}, [{"value": 0.1}, {"value": None}])


@record
class Sizes:
    """A decimal, a number and a list of records with decimals."""

    size: Decimal | None
    count: int = 7
    parts: tuple[Cell, ...] = ()


@pytest.mark.parametrize("sizes", [(), (None,), (Decimal(5),), (Decimal("0.25"), None), (Decimal("-1E-9"),)])
def test_decimals_of_so_many_places_have_one_type_whatever_they_are(sizes: tuple[Decimal | None, ...]) -> None:
    """So that files that are written one by one are one table."""
    types, rows = read(columns([Sizes(size) for size in sizes], of=Sizes, decimals=9))
    assert (types["size"], types["count"]) == ("d:38,9", "l")
    assert [row["size"] for row in rows] == [*sizes]


def test_a_decimal_with_more_places_is_refused_and_not_rounded() -> None:
    with pytest.raises(ValueError, match=r"size is .0\.123. in a row, which 2 places of 38 digits do not hold: say"):
        columns([Sizes(Decimal(1)), Sizes(Decimal("0.123"))], decimals=2)
    with pytest.raises(ValueError, match=r"size is .1E\+37. in a row"):
        columns([Sizes(Decimal("1E+37"))], decimals=9)
    with pytest.raises(ValueError, match=r"size is .NaN. in a row"):
        columns([Sizes(Decimal("NaN"))], decimals=9)
    with pytest.raises(ValueError, match=r"value is .0\.5. in a row"):
        columns([Sizes(None, parts=(Cell(Decimal("0.5")),))], decimals=0)


def test_a_schema_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="PyCapsule"):
        columns([Dropped(1)]).__arrow_c_stream__(Dropped(1))


# --- the names --------------------------------------------------------------------------------------------------------


def test_it_says_what_it_is() -> None:
    held = columns([Dropped(1)])
    assert isinstance(held, Columns)
    assert repr(held) == "<Columns: 1 of 1 rows: count>"
    wide = repr(columns([], of=ContractData))
    assert wide.startswith("<Columns: 94 of 0 rows: request_id, contract.contract_id, ")
    assert wide.endswith(", ...>")


def test_a_leg_of_a_combination_is_a_structure_in_a_list() -> None:
    contract = Contract(symbol="A", combo_legs=(ComboLeg(contract_id=5, ratio=1, action=Action.BUY),))
    _, rows = read(columns([contract]))
    assert rows[0]["combo_legs"][0]["contract_id"] == 5


def test_nothing_of_it_is_loaded_before_it_is_wanted() -> None:
    """A program without columns pays for none; records alone need none of the rest."""
    code = (
        "import sys, json, anytws; anytws.connect; anytws.Records; before = [*sys.modules]; anytws.columns\n"
        "both = before, [*sys.modules]\n"
        "print(json.dumps([[name for name in names if name.startswith('anytws.arrow')] for names in both]))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    before, after = json.loads(out)
    assert {*before} == {"anytws.arrow", "anytws.arrow.records", "anytws.arrow.tuple_like"}
    assert "anytws.arrow.interface" not in after
    assert "anytws.arrow.table" in after


def test_bars_of_one_day_and_of_many_have_the_same_columns() -> None:
    daily = HistoricalDataBar(date(2026, 7, 6), 1.0, 1.0, 1.0, 1.0)
    tick = HistoricalTick(TEN, 5.0, Decimal(1))
    assert read(columns([daily]))[0]["time"] == "tdD"
    assert read(columns([tick]))[0]["time"] == "tsu:UTC"
    assert anytws.columns is columns
