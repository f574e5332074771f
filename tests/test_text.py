"""The text encoding: the flat and the general way read what they wrote, at every version that makes a difference."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anytws.messages.base import TagValue
from anytws.testing.strategies import Encoding, record_of
from anytws.wire.catalogue import CATALOGUE
from anytws.wire.kinds import BOOL, INT, STRING
from anytws.wire.optional_kinds import maybe
from anytws.wire.rows import Choice, Column, Entry, Filler, Layout, Many, Part, Row, Tags, When
from anytws.wire.text import BAD_FIELDS, Draft, Surplus, read_count, split_fields, text_reader, text_writer
from tests.test_rows import (
    CASH_SINCE,
    CLASS_SINCE,
    CONTRACT_DATA,
    FILLER_UNTIL,
    MINIATURE,
    OLDEST_LAYOUT,
    OPEN_ORDER,
    TIER_UNTIL,
    Contract,
    ContractData,
    DeltaNeutral,
    Expiry,
    Hedge,
    Leg,
    MarginCondition,
    OpenOrder,
    Order,
    PriceCondition,
)

BANDS = sorted(edge + side for edge in (CLASS_SINCE, CASH_SINCE, FILLER_UNTIL, TIER_UNTIL) for side in (-1, 0, 1))

ORDER = OpenOrder(
    7,
    Contract(265598, "IBM", 120.5, "IBM", (Leg(1, "BUY", price=0.25), Leg(2, "SELL", 3)), None),
    Order(
        "BUY", Decimal("2.5"), 101.25, hidden=True, permanent_id=2**40, leg_prices=(1.5, None), scale_increment=0.5,
        scale_offset=0.1, algorithm="Vwap", parameters=(TagValue("max", "0.1"),), cash_quantity=Decimal(10),
        regulators=("FINRA", "BaFin"), options=(TagValue("x", "1"), TagValue("y", "")),
        conditions=(PriceCondition(99.5, exchange="SMART"), MarginCondition(30, False)), hedge=Hedge("D", 0.5),
    ),
    "late",
)  # fmt: skip
PLAIN = OpenOrder(7, Contract(1, "X"), Order("BUY", Decimal(1)))
FIELDS = [
    "7", "265598", "IBM", "120.5", "IBM", "BUY", "2.5", "101.25", "1", "1099511627776", "2", "1", "1", "BUY", "2", "3",
    "SELL", "2", "1.5", "", "2", "0.25", "", "0.5", "0.1", "0", "Vwap", "1", "max", "0.1", "10", "2", "FINRA", "BaFin",
    "x=1;y=;", "2", "1", "1", "99.5", "SMART", "4", "0", "30", "D", "0.5", "late",
]  # fmt: skip
"""`ORDER` from version 190 on, written by hand from the rows: order, counts, flags and conditions."""
COUNTS = {
    "contract.legs": 10, "leg_prices": 17, "contract.legs[].price": 20, "parameters": 27, "regulators": 31,
    "conditions": 35,
}  # fmt: skip
"""Where in `FIELDS` a list is counted."""


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
    assert text_reader(FLAT, version)([*fields, "more", ""]) == Surplus(value, ("more", ""))
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
    head, end, end_with_beta = ["7", "1", "X", ""], ["", "0", "", ""], ["", "0", "", "", ""]
    assert written[FILLER_UNTIL - 1] == ["34", *head, *tail, "gold", *end]
    assert written[FILLER_UNTIL] == [*head, *tail, "gold", *end]
    assert written[CLASS_SINCE] == [*head, "", *tail, "gold", *end]
    assert written[CASH_SINCE] == [*head, "", *tail, "gold", "", "0", *end_with_beta]
    assert written[TIER_UNTIL] == [*head, "", *tail, "", "0", *end_with_beta]


@pytest.mark.parametrize("entry", MINIATURE, ids=lambda entry: entry.name)
@given(version=st.sampled_from(BANDS), data=st.data())
def test_the_general_way_reads_what_it_wrote(entry: Entry, version: int, data: st.DataObject) -> None:
    """Every band, every condition, lists of every length; and fields after the last are told apart."""
    value = data.draw(record_of(entry.layout, version, Encoding.TEXT))
    fields = text_writer(entry.layout, version)(value)
    assert text_reader(entry.layout, version)(fields) == value
    assert text_reader(entry.layout, version)([*fields, "", "more"]) == Surplus(value, ("", "more"))


@pytest.mark.parametrize("end", range(len(FIELDS)))
def test_the_general_way_misses_no_field(end: int) -> None:
    """A body cut between any two fields is an error, and no message with defaults in it."""
    with pytest.raises(BAD_FIELDS):
        text_reader(OPEN_ORDER.layout, TIER_UNTIL)(FIELDS[:end])


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.name)
@settings(max_examples=max(1, settings().max_examples // 5))
@given(fields=st.lists(st.text() | st.sampled_from(["0", "1", "-1", "2147483647", "", "x"]), max_size=8))
def test_readers_raise_only_what_the_codec_expects(entry: Entry, fields: list[str]) -> None:
    """Anything else would leave `receive_data`."""
    try:
        value = text_reader(entry.layout, 226)(fields)
    except BAD_FIELDS:
        return
    if isinstance(value, Surplus):
        assert value.fields == tuple(fields)[-len(value.fields) :]
        value = value.message
    assert isinstance(value, entry.cls)


@pytest.mark.parametrize("text, count", [("0", 0), ("", 0), ("-1", 0), ("3", 3), ("+2", 2)])
def test_zero_negative_and_empty_counts_mean_none(text: str, count: int) -> None:
    """As the facts say of all repetitions."""
    assert read_count(text) == count


@pytest.mark.parametrize("count", ["2147483647", "9" * 30])
def test_a_count_without_items_is_an_error_at_once(count: str) -> None:
    """Nobody waits for two billion legs, pairs or conditions, and no memory is set aside for them."""
    for name in ("contract.legs", "leg_prices", "contract.legs[].price", "parameters", "regulators", "conditions"):
        at = COUNTS[name]
        with pytest.raises(BAD_FIELDS):
            text_reader(OPEN_ORDER.layout, TIER_UNTIL)([*FIELDS[:at], count, *FIELDS[at + 1 :]])


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
    assert text_reader(layout, 157)([*fields, "more"]) == Surplus(value, ("more",))


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


# --- pairs, columns, records of several kinds --------------------------------------------------------------------


@attrs.frozen
class Lists:
    """One list of each sort."""

    pairs: tuple[TagValue, ...] = ()
    legs: tuple[Leg, ...] = ()
    conditions: tuple[Any, ...] = ()


def only(row: Any) -> Layout:
    """Give a layout of one row."""
    return Layout(Lists, text=(row,))


_LEG = Layout(Leg, (Row("action", STRING), Row("contract_id", INT)))
_OPTIONS = {
    1: Layout(PriceCondition, (Row("price", INT), Row("exchange", STRING, since=170))),
    4: Layout(MarginCondition, (Row("percent", INT),)),
}
_CONDITION = Choice(object, tag="kind", number=1, vendor="C", options=_OPTIONS)


@pytest.mark.parametrize(
    "row, fields, pairs",
    [
        (Tags("pairs"), ["0"], ()),
        (Tags("pairs"), ["1", "a", "b"], (("a", "b"),)),
        (Tags("pairs"), ["2", "b", "", "a", "=;"], (("b", ""), ("a", "=;"))),
        (Tags("pairs", joined=True), [""], ()),
        (Tags("pairs", joined=True), ["a=b;"], (("a", "b"),)),
        (Tags("pairs", joined=True), ["b=;a==;"], (("b", ""), ("a", "="))),
    ],
)
def test_pairs_are_counted_or_joined(row: Tags, fields: list[str], pairs: tuple[tuple[str, str], ...]) -> None:
    """Either way in their order."""
    value = Lists(pairs=tuple(TagValue(*pair) for pair in pairs))
    assert text_writer(only(row), 157)(value) == fields
    assert text_reader(only(row), 157)(fields) == value
    assert text_reader(only(row), 157)([*fields, "more"]) == Surplus(value, ("more",))


@pytest.mark.parametrize(
    "row, fields",
    [
        (Tags("pairs"), ["1"]),
        (Tags("pairs"), ["1", "a"]),
        (Tags("pairs"), ["x"]),
        (Tags("pairs", joined=True), []),
        (Tags("pairs", joined=True), ["a"]),
    ],
)
def test_half_a_pair_is_an_error(row: Tags, fields: list[str]) -> None:
    """At whatever place it ends."""
    with pytest.raises(BAD_FIELDS):
        text_reader(only(row), 157)(fields)


@pytest.mark.parametrize("joined", [False, True])
def test_what_is_no_pair_is_not_written(joined: bool) -> None:
    """A name or a value that is no text, a NUL in it, and for joined ones what would end them."""
    write = text_writer(only(Tags("pairs", joined=joined)), 157)
    for wrong in ("ab", TagValue("a", None), TagValue(1, "b"), TagValue("a\0", "b")):  # type: ignore[arg-type]
        with pytest.raises((ValueError, TypeError, AttributeError)):
            write(Lists(pairs=(wrong,)))  # type: ignore[arg-type]
    if joined:
        with pytest.raises(ValueError, match="a=b"):
            write(Lists(pairs=(TagValue("a=b", "c"),)))


COLUMN = Layout(Lists, text=(Many("legs", _LEG), Column("legs", "price", maybe(INT))))


@pytest.mark.parametrize(
    "fields, legs",
    [
        (["0", "0"], ()),
        (["1", "BUY", "7", "0"], (Leg(7, "BUY"),)),
        (["1", "BUY", "7", "1", "5"], (Leg(7, "BUY", price=5),)),
        (["2", "BUY", "7", "SELL", "8", "2", "", "5"], (Leg(7, "BUY"), Leg(8, "SELL", price=5))),
    ],
)
def test_a_column_fills_a_field_of_every_record(fields: list[str], legs: tuple[Leg, ...]) -> None:
    """Counted for itself; a count of zero, where nobody has a value."""
    assert text_reader(COLUMN, 157)(fields) == Lists(legs=legs)
    assert text_writer(COLUMN, 157)(Lists(legs=legs)) == fields


def test_a_column_may_be_shorter_than_its_records_but_not_longer() -> None:
    """The rest keep their default; a value that belongs to nobody is an error."""
    assert text_reader(COLUMN, 157)(["2", "BUY", "7", "SELL", "8", "1", "5"]) == Lists(
        legs=(Leg(7, "BUY", price=5), Leg(8, "SELL"))
    )
    assert text_reader(COLUMN, 157)(["1", "BUY", "7", ""]) == Lists(legs=(Leg(7, "BUY"),))
    for fields in (
        ["0", "1", "5"],
        ["1", "BUY", "7", "2", "5", "6"],
        ["1", "BUY", "7", "1", "x"],
        ["1", "BUY", "7", "1"],
    ):
        with pytest.raises(BAD_FIELDS):
            text_reader(COLUMN, 157)(fields)


def test_a_choice_says_by_a_number_which_record_follows() -> None:
    """Each with its own fields, and with its own bands."""
    layout = only(Many("conditions", _CONDITION))
    value = Lists(conditions=(PriceCondition(5), MarginCondition(30), PriceCondition(6)))
    assert text_writer(layout, 157)(value) == ["3", "1", "5", "4", "30", "1", "6"]
    assert text_reader(layout, 157)(["3", "1", "5", "4", "30", "1", "6"]) == value
    assert text_writer(layout, 170)(value) == ["3", "1", "5", "", "4", "30", "1", "6", ""]
    assert text_reader(layout, 170)(["1", "1", "5", "X"]) == Lists(conditions=(PriceCondition(5, exchange="X"),))


@pytest.mark.parametrize(
    "fields", [["1", "2", "5"], ["1", "", "5"], ["1", "x", "5"], ["1"], ["1", "1"], ["2", "4", "1"]]
)
def test_a_choice_that_is_not_known_is_an_error(fields: list[str]) -> None:
    """Nobody can say where such a record ends."""
    with pytest.raises(BAD_FIELDS):
        text_reader(only(Many("conditions", _CONDITION)), 157)(fields)


@pytest.mark.parametrize("wrong", [None, 5, Leg(1, "BUY"), "ab"])
def test_what_is_no_choice_is_not_written(wrong: object) -> None:
    """A record of another sort has no number."""
    with pytest.raises(ValueError, match=r".*"):
        text_writer(only(Many("conditions", _CONDITION)), 157)(Lists(conditions=(wrong,)))
    with pytest.raises(ValueError, match=r".*"):
        _CONDITION.number_of(wrong)
    assert _CONDITION.number_of(MarginCondition(1)) == 4


# --- layout numbers, and fields that are several -----------------------------------------------------------------


@pytest.mark.parametrize("number", [str(OLDEST_LAYOUT), "34", "1000"])
def test_a_layout_number_that_is_new_enough_is_passed_over(number: str) -> None:
    """Whatever TWS writes there."""
    fields = text_writer(OPEN_ORDER.layout, FILLER_UNTIL - 1)(PLAIN)
    assert fields[0] == "34"
    read = text_reader(OPEN_ORDER.layout, FILLER_UNTIL - 1)
    assert read([number, *fields[1:]]) == read(fields)


@pytest.mark.parametrize("number", [str(OLDEST_LAYOUT - 1), "0", "-1", "", "x"])
def test_a_layout_number_that_is_too_old_is_an_error(number: str) -> None:
    """The fields behind it are others than the table says, and would be read as something else."""
    fields = text_writer(OPEN_ORDER.layout, FILLER_UNTIL - 1)(PLAIN)
    with pytest.raises(BAD_FIELDS):
        text_reader(OPEN_ORDER.layout, FILLER_UNTIL - 1)([number, *fields[1:]])


def test_a_flat_message_has_layout_numbers_too() -> None:
    """`minimum` is not only for messages of many shapes."""
    layout = Layout(Flat, (Filler("8", minimum=8), Row("first", INT), Row("second", STRING)))
    assert text_reader(layout, 157)(["9", "1", "b"]) == Flat(1, "b")
    with pytest.raises(BAD_FIELDS):
        text_reader(layout, 157)(["7", "1", "b"])


def test_a_record_may_be_other_than_its_fields() -> None:
    """One field on the wire, two in the class: the message itself, and a record in it."""
    value = ContractData(1, Expiry("20240131", "10:30"), "20240130")
    fields = ["1", "20240131 10:30", "20240130"]
    assert text_writer(CONTRACT_DATA.layout, 157)(value) == fields
    assert text_reader(CONTRACT_DATA.layout, 157)(fields) == value
    both = ContractData(1, Expiry("20240131", "10:30"), "20240130", "9")
    assert text_reader(CONTRACT_DATA.layout, 157)(["1", "20240131 10:30", "20240130 9", "x"]) == Surplus(both, ("x",))
    with pytest.raises(BAD_FIELDS):
        text_reader(CONTRACT_DATA.layout, 157)(["1", "20240131", "never"])
