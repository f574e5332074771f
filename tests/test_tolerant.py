"""A text message in which a value is odd: the value is None and told, and all else is as the strict reader reads it."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from anytws.errors import DecodeError
from anytws.messages import ToClient
from anytws.messages.base import TagValue, message
from anytws.testing.strategies import Encoding, record_of
from anytws.wire.kinds import INT, STRING
from anytws.wire.optional_kinds import maybe
from anytws.wire.rows import Choice, Column, Entry, Filler, Layout, Many, Row, Tags, When
from anytws.wire.text import BAD_FIELDS, text_reader, text_writer
from anytws.wire.tolerant import read_tolerantly
from anytws.wire.walk import walk_text
from tests.test_kinds import fewer
from tests.test_rows import CONTRACT_DATA, OPEN_ORDER, TIER_UNTIL, ContractData, Expiry, Hedge, Leg
from tests.test_text import FIELDS
from tests.test_walk import PATHS

MOST = 1000
STEERS = {
    # Conditions look at these.
    "contract.delta_neutral present", "order.scale_increment", "order.algorithm", "order_id",
}  # fmt: skip


def read(entry: Entry, fields: list[str], version: int = TIER_UNTIL, most_items: int = MOST) -> Any:
    return read_tolerantly(entry, version, fields, most_items)


def is_refused(fields: list[str]) -> bool:
    """Tell whether the strict reader refuses *fields*, which is when the tolerant one is asked."""
    try:
        text_reader(OPEN_ORDER.layout, TIER_UNTIL)(fields)
    except BAD_FIELDS:
        return True
    return False


def value_at(value: Any, path: str) -> Any:
    for part in path.split("."):
        name, _, place = part.partition("[")
        value = getattr(value, name)
        if place:
            value = value[int(place.rstrip("]"))]
    return value


def with_nothing_at(value: Any, path: str) -> Any:
    """Give *value* with None at *path*."""
    part, _, rest = path.partition(".")
    name, _, place = part.partition("[")
    held = getattr(value, name)
    if place:
        at = int(place.rstrip("]"))
        inner = with_nothing_at(held[at], rest) if rest else None
        return attrs.evolve(value, **{name: (*held[:at], inner, *held[at + 1 :])})
    return attrs.evolve(value, **{name: with_nothing_at(held, rest) if rest else None})


# --- one odd value ------------------------------------------------------------------------------------------------

VALUES = [
    place
    for place, path in enumerate(PATHS)
    if "number of" not in path
    and not path.endswith((" present", "conditions[0].kind", "conditions[1].kind"))
    and is_refused([*FIELDS[:place], "~x", *FIELDS[place + 1 :]])
]
"""Where no text but that of a number can stand."""


@pytest.mark.parametrize("place", VALUES, ids=lambda place: PATHS[place])
def test_one_odd_value_is_none_and_nothing_else_is_changed(place: int) -> None:
    """In the message, in records, in lists and columns; save where it decides what follows."""
    path = PATHS[place]
    fields = [*FIELDS[:place], "~x", *FIELDS[place + 1 :]]
    if path in STEERS:
        with pytest.raises(DecodeError) as caught:
            read(OPEN_ORDER, fields)
        assert caught.value.field == path
        return
    odd = read(OPEN_ORDER, fields)
    usual = text_reader(OPEN_ORDER.layout, TIER_UNTIL)(FIELDS)
    (told,) = odd.fields
    assert (told.path, told.seen, odd.count) == (path, "'~x'", 1)
    assert odd.message == with_nothing_at(usual, path)


@fewer
@given(data=st.data(), bad=st.sampled_from(["~x", "\udcff", "1_0", "2147483648"]))
def test_a_drawn_message_with_an_odd_value_is_that_message_without_it(data: st.DataObject, bad: str) -> None:
    """Or an error that names a field; never a message with another value in another place."""
    said = data.draw(record_of(OPEN_ORDER.layout, TIER_UNTIL, Encoding.TEXT))
    fields = text_writer(OPEN_ORDER.layout, TIER_UNTIL)(said)
    place = data.draw(st.integers(0, len(fields) - 1))
    seen = [*walk_text(OPEN_ORDER, TIER_UNTIL, fields)][place]
    broken = [*fields[:place], bad, *fields[place + 1 :]]
    assume(is_refused(broken))
    try:
        odd = read(OPEN_ORDER, broken)
    except DecodeError as problem:
        assert problem.message == "OpenOrder"
        assert problem.field is not None
        return
    assert [field.path for field in odd.fields] == [seen.path]
    assert value_at(odd.message, seen.path) is None
    assert with_nothing_at(said, seen.path) == odd.message


# --- what is no odd value ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("fields", [FIELDS[:-1], [*FIELDS, "more"]], ids=["too few", "too many"])
def test_a_frame_of_another_length_is_an_error_with_or_without_odd_values(fields: list[str]) -> None:
    """All of its fields may be those of others."""
    place = PATHS.index("order.total_quantity")
    with pytest.raises(DecodeError) as caught:
        read(OPEN_ORDER, [*fields[:place], "~x", *fields[place + 1 :]])
    assert caught.value.field in {"order.total_quantity", PATHS[-1]}


@message
class Reading(ToClient):
    """A message with one field of each sort."""

    request_id: int | None = None
    options: tuple[TagValue, ...] = ()
    pairs: tuple[TagValue, ...] = ()
    legs: tuple[Leg, ...] = ()
    hedges: tuple[Any, ...] = ()
    sizes: tuple[int | None, ...] = ()
    last: str = ""


_LEG = Layout(Leg, (Row("contract_id", INT), Row("action", STRING), Row("ratio", INT)))
_HEDGE = Choice(object, tag="type", number=1, vendor="X", options={1: Layout(Hedge, (Row("kind", STRING),))})
ROWS = (
    Filler("3", minimum=2),
    Row("request_id", maybe(INT)),
    Tags("options", joined=True),
    Tags("pairs"),
    Many("legs", _LEG),
    Column("legs", "price", maybe(INT)),
    Many("hedges", _HEDGE),
    Many("sizes", INT),
    When(lambda said: said.last == "" or said.sizes, (Row("last", STRING),)),
)
READING = Entry(Layout(Reading, text=ROWS), id=150, vendor_name="reading")
GOOD = [
    "3",
    "7",
    "a=b;",
    "1",
    "t",
    "v",
    "2",
    "1",
    "BUY",
    "1",
    "2",
    "SELL",
    "1",
    "2",
    "5",
    "6",
    "1",
    "1",
    "D",
    "2",
    "8",
    "9",
    "z",
]


def test_the_frame_by_hand_is_read() -> None:
    """So that what is broken below is broken by the change alone."""
    strict = text_reader(READING.layout, 157)(GOOD)
    assert [leg.price for leg in strict.legs] == [5, 6]
    assert (strict.sizes, strict.last) == ((8, 9), "z")


@pytest.mark.parametrize(
    "place, text, field",
    [
        (0, "1", "layout number"),
        (0, "x", "layout number"),
        (1, "x", "request_id"),
        (3, "x", "number of pairs"),
        (3, "999", "number of pairs"),
        (6, "x", "number of legs"),
        (6, "1001", "number of legs"),
        (13, "3", "number of legs[].price"),
        (16, "5000", "number of hedges"),
        (17, "2", "hedges[0].type"),
        (17, "x", "hedges[0].type"),
    ],
)
def test_what_decides_where_the_fields_are_is_never_guessed(place: int, text: str, field: str) -> None:
    """A count, a layout number, the number of a choice; nor the request that the message belongs to."""
    with pytest.raises(DecodeError) as caught:
        read(READING, [*GOOD[:place], text, *GOOD[place + 1 :]])
    error = caught.value
    assert error.message == "Reading"
    assert (error.field or "").startswith(field) or error.seen == "the end of the frame"
    assert error.request_id == (7 if place > 1 else None)


@pytest.mark.parametrize(
    "place, text, path",
    [(2, "a", "options"), (7, "x", "legs[0].contract_id"), (12, "y", "legs[1].ratio"), (14, "x", "legs[0].price"),
     (20, "x", "sizes[0]")],
)  # fmt: skip
def test_an_odd_value_of_each_sort_is_none(place: int, text: str, path: str) -> None:
    """Pairs in one text, a field of a record, of a column, an item of a list."""
    odd = read(READING, [*GOOD[:place], text, *GOOD[place + 1 :]], version=157)
    assert [field.path for field in odd.fields] == [path]
    assert value_at(odd.message, path) is None


def test_records_in_which_nothing_is_odd_are_read_in_one_go() -> None:
    """Of a thousand bars, one is odd: the others are as the strict reader has them."""
    legs = [text for place in range(1000) for text in (str(place), "BUY", "1")]
    legs[3 * 500] = "x"
    odd = read(READING, [*GOOD[:6], "1000", *legs, *GOOD[13:]], most_items=5000)
    strict = text_reader(READING.layout, 157, 5000)([*GOOD[:6], "1000", *legs[:1500], "500", *legs[1501:], *GOOD[13:]])
    assert odd.fields[0].path == "legs[500].contract_id"
    assert odd.message.legs == (
        *strict.legs[:500],
        attrs.evolve(strict.legs[500], contract_id=None),
        *strict.legs[501:],
    )


def test_a_record_that_cannot_be_made_is_told_as_such() -> None:
    """What is done to it after it was read may not take what was read."""
    layout = attrs.evolve(READING.layout, text=(Row("request_id", maybe(INT)), Row("last", INT)), after_reading=_refuse)
    entry = Entry(layout, id=150, vendor_name="reading")
    with pytest.raises(DecodeError) as caught:
        read(entry, ["1", "x"])
    assert (caught.value.seen, caught.value.wanted) == ("'not so'", "Reading")


def _refuse(_value: Any) -> Any:
    raise ValueError("not so")


def test_what_is_done_after_reading_is_done_here_too() -> None:
    """One field on the wire is two in the class."""
    assert CONTRACT_DATA.layout.after_reading is not None
    odd = read(CONTRACT_DATA, ["x", "20240131 10:30", "20240130 9"], version=157)
    assert odd.message.contract_id is None
    assert odd.message == ContractData(None, Expiry("20240131", "10:30"), "20240130", "9")  # type: ignore[arg-type]
