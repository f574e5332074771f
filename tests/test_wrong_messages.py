"""What makes messages wrong: it does, everywhere in them; and what differs is found, and made small."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from anytws.messages import Action, Contract, MarketDataRequest, Order, OrderType, PlaceOrderRequest, SecurityType
from anytws.messages.base import Side, TagValue
from anytws.wire.codec import Codec
from tests.odd_objects import MyInt
from tests.slips import ALL, fitting, made_by
from tests.wrong_messages import Outcome, Writers, changed, outcome_of, paths_of, places_of, slips_at

SOME = [
    *(1, True, 1.5, "Buy", Decimal("2.50"), None, (1, 2), ("a", "b"), SecurityType.STOCK, OrderType("Limmit")),
    *(date(2024, 1, 31), datetime(2024, 1, 31, 10, 30, tzinfo=UTC), TagValue("a", "1"), (TagValue("a", "1"),)),
]


def test_each_slip_fits_something() -> None:
    def fits(slip: str) -> bool:
        for held in SOME:
            try:
                made_by(slip, held, TagValue("", "") if "twin" in slip else 0)
            except (TypeError, ValueError, AttributeError, ArithmeticError, LookupError):
                continue
            return True
        return False

    assert [slip for slip in ALL if not fits(slip)] == []


def test_what_fits_a_field_is_nearer_than_all() -> None:
    near = fitting(Contract, "security_type")
    assert "SecurityType.FUTURE" in near
    assert "'SKT'" in near
    assert "OrderType.MARKET" not in near
    assert len(near) < len(ALL) / 5


MESSAGE = PlaceOrderRequest(
    order_id=1,
    contract=Contract(symbol="SPY", security_type=SecurityType.STOCK),
    order=Order(Action.BUY, OrderType.MARKET, algo_params=(TagValue("a", "1"), TagValue("b", "2"))),
)


def test_places_at_every_depth_are_changed_and_nothing_else() -> None:
    paths = [*paths_of(MESSAGE)]
    assert () in paths
    assert ("order", "algo_params", 1, "value") in paths
    changes = [(("order", "algo_params", 1, "value"), "None"), (("contract", "symbol"), "MyInt(1)")]
    wrong = changed(MESSAGE, changes)
    assert wrong.order.algo_params == (TagValue("a", "1"), TagValue("b", None))
    assert type(wrong.contract.symbol) is MyInt
    assert wrong.contract.security_type is SecurityType.STOCK
    assert MESSAGE.contract.symbol == "SPY"
    assert all(slips_at(MESSAGE, path) for path in paths)


def test_one_place_in_four_is_a_record_or_a_list() -> None:
    places = places_of(MESSAGE)
    assert {*places} == {*paths_of(MESSAGE)}
    whole = [path for path in places if path in ((), ("contract",), ("order",), ("order", "algo_params"))]
    assert 0.1 < len(whole) / len(places) < 0.3
    assert places_of(TagValue("a", "1")).count(()) == 2


def test_what_does_not_fit_is_passed_over() -> None:
    assert changed(MESSAGE, [(("contract", "symbol"), "held.date()"), (("nothing",), "None")]) == MESSAGE


def test_what_is_no_slip_is_told() -> None:
    with pytest.raises(ValueError, match="no slip"):
        changed(MESSAGE, [((), "quit()")])


def test_a_field_that_was_never_set_is_not_there() -> None:
    wrong = changed(MESSAGE, [(("contract", "symbol"), "NEVER_SET")])
    assert not hasattr(wrong.contract, "symbol")


def test_an_outcome_is_the_bytes_or_all_of_the_error() -> None:
    encode = Codec(Side.CLIENT, 176).encode
    assert outcome_of(encode, MarketDataRequest(Contract(symbol="A"), request_id=1))[:4] == b"1\x0011"
    kind, *said = outcome_of(encode, MarketDataRequest(Contract(symbol="\0"), request_id=1))
    assert kind.__name__ == "LocalProtocolError"
    assert said[1:] == [579, "MarketDataRequest", "contract.symbol"]
    assert outcome_of(encode, object())[0] is TypeError


class Misspelling(Writers):
    """Writes as the closures do, but for one word."""

    def write_compiled(self, message: object) -> Outcome:
        body = self.write_strictly(message)
        return body.replace(b"20240131", b"20240113") if isinstance(body, bytes) else body


def test_a_difference_is_found_and_made_small() -> None:
    writers = Misspelling(Side.CLIENT, 176)
    contract = Contract(symbol="SPY", exchange="SMART", currency="USD", multiplier=Decimal(5))
    message = MarketDataRequest(contract, snapshot=True, request_id=1)
    changes = [(("contract", "currency"), "MyStr(default)"), (("contract", "symbol"), '"20240131"')]
    assert writers.smallest_difference(message, changes[:1]) is None
    difference = writers.smallest_difference(message, changes)
    assert difference is not None
    assert "the first time" in difference
    assert "20240113" in difference
    assert 'for contract.symbol = "20240131"\n' in difference
    assert difference.endswith("in MarketDataRequest(contract=Contract(), request_id=1)")


class Forgetful(Writers):
    """Knows a message again by what it is equal to."""

    def __init__(self, side: Side, version: int) -> None:
        super().__init__(side, version)
        self._known: dict[object, Outcome] = {}

    def write_compiled(self, message: object) -> Outcome:
        if message not in self._known:
            self._known[message] = self.write_strictly(message)
        return self._known[message]


def test_what_is_equal_and_not_the_same_is_told_apart() -> None:
    writers = Forgetful(Side.CLIENT, 176)
    message = PlaceOrderRequest(
        order_id=1, contract=Contract(), order=Order(Action.BUY, OrderType.MARKET, total_quantity=Decimal(1))
    )
    path = ("order", "total_quantity")
    assert writers.difference(message) is None
    assert writers.difference(message, [(path, 'Decimal("1.0")')]) is not None
