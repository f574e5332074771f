"""The slow walk goes over the same rows as the fast reader and says which field it was."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.errors import INVALID_SYMBOL, DecodeError, LocalProtocolError, shown
from anytws.messages import (
    ContractDataRequest,
    ErrorMessage,
    HistoricalData,
    ManagedAccounts,
    MarketDepth,
    PositionsMultiRequest,
    StartApiRequest,
    Stock,
)
from anytws.messages.base import TagValue
from anytws.testing.strategies import Encoding, record_of
from anytws.wire.catalogue import BY_CLASS, entry_of
from anytws.wire.kinds import INT, STRING
from anytws.wire.optional_kinds import maybe
from anytws.wire.rows import Entry, Layout, Row, When
from anytws.wire.text import Draft, text_reader, text_writer
from anytws.wire.walk import FieldSeen, TextWalk, blame, walk_text
from tests.test_rows import (
    FILLER_UNTIL,
    MINIATURE,
    OLDEST_LAYOUT,
    OPEN_ORDER,
    PLACE_ORDER,
    TIER_UNTIL,
    Contract,
    DeltaNeutral,
    Hedge,
    Leg,
    MarginCondition,
    OpenOrder,
    Order,
    PlaceOrderRequest,
    PriceCondition,
)
from tests.test_text import BANDS, FIELDS, ORDER, PLAIN

PATHS = [
    "order_id", "contract.contract_id", "contract.symbol", "contract.strike", "contract.trading_class", "order.action",
    "order.total_quantity", "order.limit_price", "order.hidden", "order.permanent_id", "number of contract.legs",
    "contract.legs[0].contract_id", "contract.legs[0].ratio", "contract.legs[0].action", "contract.legs[1].contract_id",
    "contract.legs[1].ratio", "contract.legs[1].action", "number of order.leg_prices", "order.leg_prices[0]",
    "order.leg_prices[1]", "number of contract.legs[].price", "contract.legs[0].price", "contract.legs[1].price",
    "order.scale_increment", "order.scale_offset", "contract.delta_neutral present",
    "order.algorithm", "number of order.parameters", "order.parameters[0].tag", "order.parameters[0].value",
    "order.cash_quantity", "number of order.regulators", "order.regulators[0]", "order.regulators[1]", "order.options",
    "number of order.conditions", "order.conditions[0].kind", "order.conditions[0].is_more",
    "order.conditions[0].price", "order.conditions[0].exchange", "order.conditions[1].kind",
    "order.conditions[1].is_more", "order.conditions[1].percent", "order.hedge.kind", "order.hedge.beta", "warning",
]  # fmt: skip
"""The fields of `FIELDS`, in people's words."""


def walked(entry: Entry, version: int, fields: list[str]) -> list[tuple[str, str]]:
    """Give paths and texts of all fields."""
    return [(seen.path, seen.text) for seen in walk_text(entry, version, fields)]


def test_every_field_has_its_path() -> None:
    """Nested, in a list, behind a condition, behind a flag: people can find it."""
    assert walked(OPEN_ORDER, TIER_UNTIL, FIELDS) == list(zip(PATHS, FIELDS, strict=True))


@pytest.mark.parametrize("entry", MINIATURE, ids=lambda entry: entry.name)
@given(version=st.sampled_from(BANDS), data=st.data())
def test_the_walk_sees_the_fields_that_the_writer_wrote(entry: Entry, version: int, data: st.DataObject) -> None:
    """All of them, in order, and no condition falls out differently from the fast reader's."""
    value = data.draw(record_of(entry.layout, version, Encoding.TEXT))
    fields = text_writer(entry.layout, version)(value)
    assert [text for _, text in walked(entry, version, fields)] == fields


@pytest.mark.parametrize("end", range(len(FIELDS)))
def test_a_body_that_ends_too_early_is_told_by_the_field_it_lacks(end: int) -> None:
    """At whatever field it ends."""
    with pytest.raises(DecodeError) as caught:
        walked(OPEN_ORDER, TIER_UNTIL, FIELDS[:end])
    assert (caught.value.message, caught.value.field) == ("OpenOrder", PATHS[end])
    assert caught.value.seen == "the end of the frame"


@pytest.mark.parametrize(
    "place",
    [place for place, path in enumerate(PATHS) if FIELDS[place].replace(".", "").isdigit() or "price" in path],
    ids=lambda place: PATHS[place],
)
def test_a_bad_number_is_told_by_its_field(place: int) -> None:
    """Each number in turn; the fast reader fails on the same."""
    fields = [*FIELDS[:place], "12x", *FIELDS[place + 1 :]]
    if PATHS[place] in {"contract.symbol", "order.parameters[0].value"}:
        assert walked(OPEN_ORDER, TIER_UNTIL, fields)[place] == (PATHS[place], "12x")
        return
    with pytest.raises(ValueError, match="12x"):
        text_reader(OPEN_ORDER.layout, TIER_UNTIL)(fields)
    with pytest.raises(DecodeError) as caught:
        walked(OPEN_ORDER, TIER_UNTIL, fields)
    assert (caught.value.message, caught.value.field, caught.value.seen) == ("OpenOrder", PATHS[place], "'12x'")


@pytest.mark.parametrize(
    "path, text, wanted",
    [
        ("order.options", "a", "TAGS"),
        ("order.options", "a=b;;", "TAGS"),
        ("number of order.parameters", "x", "COUNT"),
        ("number of order.conditions", "1.5", "COUNT"),
        ("number of contract.legs[].price", "3", "at most 2"),
        ("number of contract.legs[].price", "x", "COUNT"),
        ("order.conditions[0].kind", "2", "one of 1, 4"),
        ("order.conditions[1].kind", "-1", "one of 1, 4"),
        ("order.conditions[1].is_more", "true", "BOOL"),
        ("order.conditions[1].percent", "", "INT"),
        ("order.hedge.beta", "x", "DOUBLE or empty"),
    ],
)
def test_a_bad_field_of_every_sort_is_told_with_what_was_wanted(path: str, text: str, wanted: str) -> None:
    """Pairs, columns, choices, nested paths: by path, and by what could have been there."""
    at = PATHS.index(path)
    fields = [*FIELDS[:at], text, *FIELDS[at + 1 :]]
    with pytest.raises((ValueError, ArithmeticError, StopIteration)):
        text_reader(OPEN_ORDER.layout, TIER_UNTIL)(fields)
    with pytest.raises(DecodeError) as caught:
        walked(OPEN_ORDER, TIER_UNTIL, fields)
    error = caught.value
    assert (error.message, error.field, error.seen, error.wanted) == ("OpenOrder", path, repr(text), wanted)


@pytest.mark.parametrize("number", [str(OLDEST_LAYOUT - 1), "x", ""])
def test_a_layout_that_is_too_old_is_told_as_such(number: str) -> None:
    """And not by some field far behind it, which looks wrong because of it."""
    fields = text_writer(OPEN_ORDER.layout, FILLER_UNTIL - 1)(PLAIN)
    assert next(walk_text(OPEN_ORDER, FILLER_UNTIL - 1, fields)).kind == "FILLER"
    with pytest.raises(DecodeError) as caught:
        walked(OPEN_ORDER, FILLER_UNTIL - 1, [number, *fields[1:]])
    error = caught.value
    assert (error.field, error.seen, error.wanted) == ("layout number", repr(number), f"{OLDEST_LAYOUT} or more")


def test_what_a_condition_stumbles_over_is_told_by_the_record() -> None:
    """A value that the table did not reckon with, in the words of the frame."""
    layout = Layout(Order, text=(Row("scale_offset", maybe(INT)), When(lambda said: said.scale_offset > 0, ())))
    with pytest.raises(DecodeError) as caught:
        walked(Entry(layout, id=1, vendor_name="x"), 157, [""])
    assert caught.value.message == "Order"
    assert "what came before" in caught.value.seen


@pytest.mark.parametrize("entry", MINIATURE, ids=lambda entry: entry.name)
@given(data=st.data())
def test_the_walk_fails_only_with_what_it_is_for(entry: Entry, data: st.DataObject) -> None:
    """Any change of any field: a `DecodeError` that names message and field, or no error at all."""
    version = data.draw(st.sampled_from(BANDS))
    value = data.draw(record_of(entry.layout, version, Encoding.TEXT))
    fields = text_writer(entry.layout, version)(value)
    place = data.draw(st.integers(0, len(fields) - 1))
    fields[place] = data.draw(st.sampled_from(["", "x", "-1", "0", "1", "7", "99", "1.5"]) | st.text())
    try:
        walked(entry, version, fields)
    except DecodeError as problem:
        assert problem.message == entry.name
        assert problem.field


def place(**changes: Any) -> Any:
    """Give an order to be placed, with wrong values in it."""
    contract = Contract(1, "X", legs=(Leg(1, "BUY"),), delta_neutral=None)
    order = Order("BUY", Decimal(1), leg_prices=(1.0,), algorithm="Vwap", parameters=(TagValue("a", "b"),))
    for path, wrong in changes.items():
        owner, name = path.split("__")
        if owner == "contract":
            contract = attrs.evolve(contract, **{name: wrong})
        else:
            order = attrs.evolve(order, **{name: wrong})
    return PlaceOrderRequest(1, contract, order)


@pytest.mark.parametrize(
    "changes, path",
    [
        ({"contract__symbol": 5}, "contract.symbol"),
        ({"contract__symbol": "é"}, "contract.symbol"),
        ({"contract__strike": "1"}, "contract.strike"),
        ({"order__hidden": 1}, "order.hidden"),
        ({"order__total_quantity": 1.5}, "order.total_quantity"),
        ({"contract__legs": (Leg(1, "BUY"), Leg(2, "S\0"))}, "contract.legs[1].action"),
        ({"order__leg_prices": (1.0, "2")}, "order.leg_prices[1]"),
        ({"order__parameters": (TagValue("a", "é"),)}, "order.parameters[0].value"),
        ({"contract__delta_neutral": DeltaNeutral(1, float("nan"))}, "contract.delta_neutral.delta"),
        ({"contract__legs": (Leg(1, "BUY"), Leg(2, "SELL", price=float("nan")))}, "contract.legs[1].price"),
        ({"order__options": (TagValue("a", "b"), TagValue("c", 5))}, "order.options[1].value"),  # type: ignore[arg-type]
        ({"order__options": (TagValue(None, "b"),)}, "order.options[0].tag"),  # type: ignore[arg-type]
        ({"order__parameters": (TagValue("a\0", "b"),)}, "order.parameters[0].tag"),
        ({"order__conditions": (MarginCondition(1), PriceCondition("1"))}, "order.conditions[1].price"),  # type: ignore[arg-type]
        ({"order__conditions": (MarginCondition(1, None),)}, "order.conditions[0].is_more"),  # type: ignore[arg-type]
        ({"order__hedge": Hedge(5)}, "order.hedge.kind"),  # type: ignore[arg-type]
    ],
    ids=str,
)
def test_a_wrong_value_is_told_by_its_path(changes: dict[str, object], path: str) -> None:
    """In text, and by the same path."""
    error = blame(PLACE_ORDER, place(**changes), text=True)
    assert isinstance(error, LocalProtocolError)
    assert (error.message, error.field) == ("PlaceOrderRequest", path)
    if changes != {"contract__symbol": "é"}:
        error = blame(PLACE_ORDER, place(**changes), text=False)
        assert error.field == path or changes == {"order__parameters": (TagValue("a", "é"),)}


@pytest.mark.parametrize("text", [True, False], ids=["text", "protobuf"])
@pytest.mark.parametrize(
    "changes, path",
    [
        ({"contract__legs": None}, "contract.legs"),
        ({"contract__legs": 5}, "contract.legs"),
        ({"contract__legs": (None,)}, "contract.legs[0]"),
        ({"contract__delta_neutral": 5}, "contract.delta_neutral"),
        ({"order__parameters": ("ab",)}, "order.parameters[0]"),
        ({"order__parameters": None}, "order.parameters"),
        ({"order__options": (("a", "b"),)}, "order.options[0]"),
        ({"order__options": "ab"}, "order.options"),
        ({"order__conditions": (MarginCondition(1), None)}, "order.conditions[1]"),
        ({"order__conditions": (Leg(1, "BUY"),)}, "order.conditions[0]"),
        ({"order__conditions": MarginCondition(1)}, "order.conditions"),
        ({"order__hedge": None}, "order.hedge"),
        ({"order__hedge": Leg(1, "BUY")}, "order.hedge"),
    ],
    ids=str,
)
def test_a_wrong_record_is_told_too(changes: dict[str, object], path: str, text: bool) -> None:
    """None, a number or a text where a record or a list belongs."""
    error = blame(PLACE_ORDER, place(**changes), text=text)
    assert error.message == "PlaceOrderRequest"
    assert error.field is not None
    assert error.field.startswith(path)


@pytest.mark.parametrize("text", [True, False], ids=["text", "protobuf"])
def test_a_record_that_is_missing_is_told_by_the_path_through_it(text: bool) -> None:
    """``contract=None``: what everybody forgets once."""
    error = blame(PLACE_ORDER, PlaceOrderRequest(1, None, Order("BUY", Decimal(1))), text=text)  # type: ignore[arg-type]
    assert error.message == "PlaceOrderRequest"
    assert error.field is not None
    assert error.field.startswith("contract")


def test_a_value_without_fault_still_gives_an_error_with_a_name() -> None:
    """If the walk finds nothing, it says so: the writer did fail."""
    error = blame(OPEN_ORDER, ORDER, text=True)
    assert (error.message, error.field) == ("OpenOrder", None)
    assert "OpenOrder cannot be written" in str(error)


@pytest.mark.parametrize(
    "wrong, field",
    [
        (ErrorMessage(1, 2, "half \ud800"), "error_message"),
        (ErrorMessage(1, "2", "x"), "error_code"),  # type: ignore[arg-type]
        (ErrorMessage(-1, 2, "x"), "request_id"),
        (ManagedAccounts(("A", "B,C")), "accounts"),
    ],
)
def test_messages_of_the_session_are_told_by_their_field(wrong: Any, field: str) -> None:
    """The same in both encodings."""
    entry = BY_CLASS[type(wrong)]
    for text in (True, False):
        error = blame(entry, wrong, text=text)
        assert (error.message, error.field) == (entry.name, field)


def test_the_same_tag_twice_is_told_in_protobuf_alone() -> None:
    """A map keeps one of them; text keeps both."""
    twice = place(order__options=(TagValue("a", "b"), TagValue("a", "c")))
    error = blame(PLACE_ORDER, twice, text=False)
    assert error.field == "order.options[1].tag"
    assert "twice" in str(error)
    assert blame(PLACE_ORDER, twice, text=True).field is None


@pytest.mark.parametrize("pair", [TagValue("a=b", "c"), TagValue("a;", "c"), TagValue("a", "b;")], ids=str)
def test_a_pair_that_would_end_itself_is_told_where_pairs_are_joined(pair: TagValue) -> None:
    """In a field of its own a ``;`` is a character like any other."""
    error = blame(PLACE_ORDER, place(order__options=(TagValue("x", "y"), pair)), text=True)
    assert (error.message, error.field) == ("PlaceOrderRequest", "order.options[1]")
    assert blame(PLACE_ORDER, place(order__options=(pair,)), text=False).field is None
    assert blame(PLACE_ORDER, place(order__parameters=(pair,)), text=True).field is None


def test_what_is_shown_fits_a_line() -> None:
    """A megabyte of garbage does not become a megabyte of log."""
    assert shown("x") == "'x'"
    long = shown("x" * 10_000)
    assert len(long) < 120
    assert "10000 characters" in long


@pytest.mark.parametrize("bad", ["", "x"])
def test_a_tolerant_walk_passes_over_a_value_and_a_strict_one_stops_there(bad: str) -> None:
    """Where a condition would have to look at it, neither goes on."""
    entry = BY_CLASS[MarketDepth]
    fields = ["1", "7", bad, "0", "1", "4.5", "10"]
    seen = [*walk_text(entry, 176, fields, tolerant=True)]
    assert [(each.path, each.value) for each in seen if each.is_odd] == [("row.position", bad)]
    assert len(seen) == len(fields)
    with pytest.raises(DecodeError) as caught:
        [*walk_text(entry, 176, fields)]
    assert caught.value.field == "row.position"


def test_a_tolerant_walk_stops_at_what_says_how_the_fields_lie() -> None:
    with pytest.raises(DecodeError) as caught:
        [*walk_text(BY_CLASS[HistoricalData], 200, ["7", "many", "20240131"], tolerant=True)]
    assert caught.value.field == "number of bars"


def test_a_condition_that_looks_at_an_odd_value_ends_a_tolerant_walk() -> None:
    """What follows hangs on it. It is told by the field that the condition looks at, also one of a record within."""
    rows = (
        Row("contract.symbol", STRING),
        Row("contract.contract_id", INT),
        When(lambda said: said.contract.symbol == "X", (Row("order_id", INT),)),
        When(lambda said: said.contract.contract_id > 0, (Row("warning", STRING),)),
    )
    entry = Entry(Layout(OpenOrder, text=rows), id=1, vendor_name="x")
    assert len([*walk_text(entry, 157, ["X", "1", "5", "w"], tolerant=True)]) == 4
    with pytest.raises(DecodeError) as caught:
        [*walk_text(entry, 157, ["X", "one", "5", "w"], tolerant=True)]
    error = caught.value
    assert (error.field, error.seen) == ("contract.contract_id", "a value that cannot be read")
    assert error.wanted == "one that says what follows"


def test_a_value_may_be_refused_by_whoever_walks() -> None:
    """Each odd value is asked about, with its path and its text."""
    asked: list[FieldSeen] = []

    def tolerates(seen: FieldSeen) -> bool:
        asked.append(seen)
        return False

    entry = BY_CLASS[MarketDepth]
    walk = TextWalk(entry.name, 176, ["1", "7", "x", "0", "1", "4.5", "10"], 10, tolerates)
    with pytest.raises(DecodeError) as caught:
        [*walk.rows(entry.layout.text_rows, "", Draft(entry.cls))]
    assert caught.value.field == "row.position"
    assert [(seen.path, seen.text) for seen in asked] == [("row.position", "x")]


def test_a_frame_with_more_items_than_a_limit_is_told_by_its_count() -> None:
    """Before any of them is read."""
    entry = BY_CLASS[HistoricalData]
    with pytest.raises(DecodeError) as caught:
        [*walk_text(entry, 200, ["7", "3", *["1"] * 24], most_items=2)]
    assert caught.value.field == "number of bars"
    assert "at most 2 items (Limits.items)" in caught.value.wanted


@pytest.mark.parametrize(
    "request_, ways",
    [
        (PositionsMultiRequest(), "Tws.stream"),
        (ContractDataRequest(Stock("X")), "Tws.ask"),
    ],
    ids=repr,
)
def test_a_request_without_its_id_says_how_it_gets_one(request_: Any, ways: str) -> None:
    """It is no wrong value: it has not been asked yet."""
    error = blame(entry_of(request_), request_, text=True)
    assert error.field == "request_id"
    assert "there is none yet: ask it with" in str(error)
    assert ways in str(error)


@pytest.mark.parametrize("text", [True, False])
def test_half_a_character_is_told_in_both_encodings(text: bool) -> None:
    """In text of a client it is no printable ASCII anyway; protobuf and TWS could otherwise carry any character."""
    error = blame(BY_CLASS[ErrorMessage], ErrorMessage(1, 200, "\ud800"), text=text)
    assert error.field == "error_message"
    wrong = blame(BY_CLASS[StartApiRequest], StartApiRequest(1, "\ud800"), text=text)
    assert (wrong.field, wrong.code) == ("optional_capabilities", INVALID_SYMBOL)
