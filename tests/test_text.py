"""The text encoding: the flat and the general way read what they wrote, at every version that makes a difference."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.testing.strategies import Encoding, record_of
from anytws.wire.catalogue import CATALOGUE
from anytws.wire.kinds import BOOL, INT, STRING, maybe
from anytws.wire.rows import Entry, Filler, Layout, Many, Part, Row, When
from anytws.wire.text import BAD_FIELDS, Draft, read_count, split_fields, text_reader, text_writer
from tests.test_rows import (
    CASH_SINCE,
    CLASS_SINCE,
    FILLER_UNTIL,
    MINIATURE,
    OPEN_ORDER,
    TIER_UNTIL,
    Contract,
    DeltaNeutral,
    Leg,
    OpenOrder,
    Order,
    Tag,
)

BANDS = sorted(edge + side for edge in (CLASS_SINCE, CASH_SINCE, FILLER_UNTIL, TIER_UNTIL) for side in (-1, 0, 1))

ORDER = OpenOrder(
    7,
    Contract(265598, "IBM", 120.5, "IBM", (Leg(1, "BUY"), Leg(2, "SELL", 3)), None),
    Order(
        "BUY", Decimal("2.5"), 101.25, hidden=True, permanent_id=2**40, leg_prices=(1.5, None), scale_increment=0.5,
        scale_offset=0.1, algorithm="Vwap", parameters=(Tag("max", "0.1"),), cash_quantity=Decimal(10),
        regulators=("FINRA", "BaFin"),
    ),
    "late",
)  # fmt: skip
FIELDS = [
    "7", "265598", "IBM", "120.5", "IBM", "BUY", "2.5", "101.25", "1", "1099511627776", "2", "1", "1", "BUY", "2", "3",
    "SELL", "2", "1.5", "", "0.5", "0.1", "0", "Vwap", "1", "max", "0.1", "10", "2", "FINRA", "BaFin", "late",
]  # fmt: skip
"""`ORDER` from version 190 on, written by hand from the rows: order, counts, flags and conditions."""


@attrs.frozen
class Flat:
    """Fields in another order than on the wire, and one that comes late."""

    first: int
    second: str
    third: int | None = None
    fourth: str = "absent"


@attrs.frozen
class Outside:
    """A record that can do without any field."""

    hidden: bool = False


FLAT = Layout(
    Flat,
    (
        Filler("9", until=200),
        Row("second", STRING),
        Row("first", INT),
        Filler("x"),
        Row("third", maybe(INT), since=160),
        Row("fourth", STRING, since=170, until=180),
    ),
)


@pytest.mark.parametrize(
    "body, fields",
    [
        (b"", []),
        (b"\0", [""]),
        (b"a\0b\0", ["a", "b"]),
        (b"a\0\0b\0", ["a", "", "b"]),
        (b"a\0b", ["a"]),
        (b"abc", []),
        ("中é\0".encode(), ["中é"]),
        (b"\xfc\0a\0", ["\udcfc", "a"]),
        (b"\xed\xa0\x80\0", ["\udced\udca0\udc80"]),
    ],
)
def test_a_field_ends_with_a_nul_and_what_follows_the_last_is_none(body: bytes, fields: list[str]) -> None:
    """Bytes that are no UTF-8 get through, marked, for the kinds to decide."""
    assert split_fields(body) == fields


@given(body=st.binary())
def test_any_bytes_are_cut_into_as_many_fields_as_they_have_nuls(body: bytes) -> None:
    """One bad byte does not move the fields after it."""
    fields = split_fields(body)
    assert len(fields) == body.count(b"\0")
    assert [field.encode("utf-8", "surrogateescape") for field in fields] == body.split(b"\0")[:-1]


@pytest.mark.parametrize(
    "version, fields, value",
    [
        (159, ["9", "b", "1", "x"], Flat(1, "b")),
        (160, ["9", "b", "1", "x", "5"], Flat(1, "b", 5)),
        (170, ["9", "b", "1", "x", "", "d"], Flat(1, "b", None, "d")),
        (179, ["9", "b", "1", "x", "5", "d"], Flat(1, "b", 5, "d")),
        (180, ["9", "b", "1", "x", "5"], Flat(1, "b", 5)),
        (200, ["b", "1", "x", "5"], Flat(1, "b", 5)),
    ],
)
def test_the_flat_way_follows_the_bands(version: int, fields: list[str], value: Flat) -> None:
    """Positions on the wire are not positions in the class, and differ by version."""
    assert text_reader(FLAT, version)(fields) == value
    assert text_writer(FLAT, version)(value) == fields
    assert text_reader(FLAT, version)([*fields, "more", ""]) == value
    for shorter in range(len(fields)):
        with pytest.raises(BAD_FIELDS):
            text_reader(FLAT, version)(fields[:shorter])


def test_a_field_that_comes_twice_is_read_from_the_later_place() -> None:
    """trail_stop_price is on the wire twice in an open order, and the later one wins."""
    twice = Layout(Flat, (Row("first", INT), Row("second", STRING), Row("first", INT)))
    general = Layout(Flat, (*twice.rows, When(lambda _: False, ())))
    for layout in (twice, general):
        assert text_reader(layout, 157)(["1", "b", "2"]) == Flat(2, "b")
        assert text_writer(layout, 157)(Flat(2, "b")) == ["2", "b", "2"]


def test_the_general_way_reads_and_writes_what_was_worked_out_by_hand() -> None:
    """A round trip alone cannot see a swapped pair of fields."""
    assert text_writer(OPEN_ORDER.layout, TIER_UNTIL)(ORDER) == FIELDS
    assert text_reader(OPEN_ORDER.layout, TIER_UNTIL)(FIELDS) == ORDER


def test_the_general_way_follows_the_bands() -> None:
    """What comes and goes with the version, field by field."""
    plain = OpenOrder(7, Contract(1, "X"), Order("BUY", Decimal(1), soft_tier="gold"))
    written = {version: text_writer(OPEN_ORDER.layout, version)(plain) for version in BANDS}
    tail = ["BUY", "1", "", "0", "0", "0", "", "0", ""]
    assert written[FILLER_UNTIL - 1] == ["34", "7", "1", "X", "", *tail, "gold", ""]
    assert written[FILLER_UNTIL] == ["7", "1", "X", "", *tail, "gold", ""]
    assert written[CLASS_SINCE] == ["7", "1", "X", "", "", *tail, "gold", ""]
    assert written[CASH_SINCE] == ["7", "1", "X", "", "", *tail, "gold", "", "0", ""]
    assert written[TIER_UNTIL] == ["7", "1", "X", "", "", *tail, "", "0", ""]


@pytest.mark.parametrize("entry", MINIATURE, ids=lambda entry: entry.name)
@given(version=st.sampled_from(BANDS), data=st.data())
def test_the_general_way_reads_what_it_wrote(entry: Entry, version: int, data: st.DataObject) -> None:
    """Every band, every condition, lists of every length; and fields after the last are left alone."""
    value = data.draw(record_of(entry.layout, version, Encoding.TEXT))
    fields = text_writer(entry.layout, version)(value)
    assert text_reader(entry.layout, version)(fields) == value
    assert text_reader(entry.layout, version)([*fields, "", "more"]) == value


@pytest.mark.parametrize("end", range(len(FIELDS)))
def test_the_general_way_misses_no_field(end: int) -> None:
    """A body cut between any two fields is an error, and no message with defaults in it."""
    with pytest.raises(BAD_FIELDS):
        text_reader(OPEN_ORDER.layout, TIER_UNTIL)(FIELDS[:end])


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.name)
@given(fields=st.lists(st.text() | st.sampled_from(["0", "1", "-1", "2147483647", "", "x"]), max_size=8))
def test_readers_raise_only_what_the_codec_expects(entry: Entry, fields: list[str]) -> None:
    """Anything else would leave `receive_data`."""
    try:
        value = text_reader(entry.layout, 226)(fields)
    except BAD_FIELDS:
        return
    assert isinstance(value, entry.cls)


@pytest.mark.parametrize("text, count", [("0", 0), ("", 0), ("-1", 0), ("3", 3), ("+2", 2)])
def test_zero_negative_and_empty_counts_mean_none(text: str, count: int) -> None:
    """As the facts say of all repetitions."""
    assert read_count(text) == count


@pytest.mark.parametrize("count", ["2147483647", "9" * 30])
def test_a_count_without_items_is_an_error_at_once(count: str) -> None:
    """Nobody waits for two billion legs, and no memory is set aside for them."""
    with pytest.raises(BAD_FIELDS):
        text_reader(OPEN_ORDER.layout, TIER_UNTIL)([*FIELDS[:10], count, "1", "1", "BUY"])


def test_a_record_of_no_fields_is_not_counted_for_ever() -> None:
    """A list of records that have no field at this version: two billion of them would keep us busy for hours."""
    empty = Layout(Outside, text=(Row("hidden", BOOL, since=300),))
    with pytest.raises(BAD_FIELDS):
        text_reader(Layout(Flat, text=(Many("second", empty), Row("first", INT))), 157)(["100000", "1"])


def test_a_condition_on_a_value_that_may_be_absent_is_an_error_of_the_frame() -> None:
    """``None > 0`` is a mistake of the table that only some frames show: the peer must not be able to make us raise."""
    layout = Layout(Flat, text=(Row("third", maybe(INT)), When(lambda said: said.third > 0, (Row("first", INT),))))
    with pytest.raises(BAD_FIELDS):
        text_reader(layout, 157)(["", "1"])


def test_a_draft_gives_the_class_s_defaults_and_nothing_else() -> None:
    """A condition may ask for a field that the version does not carry; one without a default is an error."""
    draft = Draft(Flat)
    assert (draft.third, draft.fourth) == (None, "absent")
    with pytest.raises(AttributeError):
        _ = draft.first
    with pytest.raises(AttributeError):
        _ = draft.no_such_field
    with pytest.raises(ValueError, match="first"):
        draft.finish()


def test_a_default_that_is_made_is_made() -> None:
    """``attrs.field(factory=…)`` is a default too; the recipe is no value."""

    @attrs.frozen
    class Made:
        items: tuple[int, ...] = attrs.field(factory=tuple)

    assert Draft(Made).items == ()


@pytest.mark.parametrize("part", [None, DeltaNeutral(1, 0.5)])
def test_an_optional_part_says_whether_it_is_there(part: DeltaNeutral | None) -> None:
    """One flag, then the record or nothing."""
    inner = Layout(DeltaNeutral, (Row("contract_id", INT), Row("delta", INT)))
    layout = Layout(
        Contract, text=(Row("contract_id", INT), Row("symbol", STRING), Part("delta_neutral", inner, optional=True))
    )
    fields = ["1", "X", "0"] if part is None else ["1", "X", "1", "1", "0"]
    value = text_reader(layout, 157)(fields)
    assert (value.delta_neutral is None) == (part is None)
    assert text_reader(layout, 157)([*fields, "left alone"]) == value


def test_a_part_that_must_be_there_has_no_flag() -> None:
    """Its fields simply follow."""
    inner = Layout(Contract, text=(Row("contract_id", INT), Row("symbol", STRING)))
    layout = Layout(
        OpenOrder,
        text=(
            Row("order_id", INT),
            Part("contract", inner),
            Row("order.action", STRING),
            Row("order.total_quantity", INT),
        ),
    )
    value: Any = text_reader(layout, 157)(["1", "2", "X", "BUY", "5"])
    assert value == OpenOrder(1, Contract(2, "X"), Order("BUY", Decimal(5)))
    assert text_writer(layout, 157)(attrs.evolve(value, order=Order("BUY", 5))) == ["1", "2", "X", "BUY", "5"]  # type: ignore[arg-type]


def test_a_flag_is_any_integer() -> None:
    """As all truth values of the wire."""
    inner = Layout(DeltaNeutral, (Row("contract_id", INT), Row("delta", INT)))
    layout = Layout(Flat, text=(Row("first", BOOL), Row("second", STRING)))
    assert text_reader(layout, 157)(["2", ""]) == Flat(True, "")
    assert text_reader(
        Layout(
            Contract, text=(Row("contract_id", INT), Row("symbol", STRING), Part("delta_neutral", inner, optional=True))
        ),
        157,
    )(["1", "X", "-1", "3", "4"]).delta_neutral == DeltaNeutral(3, 4)
