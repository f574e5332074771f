"""What TWS said can be said back: a contract out of any message of TWS goes into any request, and is taken.

The messages and the requests are found in the catalogue, so a new one has to be said here. Each contract is written as
TWS writes it, read, put into each request, sent, and read as TWS reads it; at every server version at which anything
about it changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cache
from typing import Any, Final, cast, get_args, get_type_hints

import attrs
import pytest
from hypothesis import given

from anytws.errors import LocalProtocolError
from anytws.messages import (
    Action,
    BarSize,
    BondContractData,
    CalculateImpliedVolatilityRequest,
    CalculateOptionPriceRequest,
    ComboLeg,
    CompletedOrder,
    Contract,
    ContractData,
    ContractDataRequest,
    ContractDescription,
    ContractDetails,
    DeltaNeutralContract,
    Execution,
    ExecutionDetails,
    ExecutionSide,
    ExerciseAction,
    ExerciseOptionsRequest,
    HeadTimestampRequest,
    HistogramDataRequest,
    HistoricalDataRequest,
    HistoricalTicksRequest,
    LegOpenClose,
    LimitOrder,
    MarketDataRequest,
    MarketDepthRequest,
    Message,
    OpenOrder,
    OrderState,
    PlaceOrderRequest,
    PortfolioValue,
    Position,
    PositionMulti,
    RealTimeBarsRequest,
    RealTimeWhatToShow,
    Right,
    ScannerData,
    ScannerDataElement,
    SecurityIdType,
    SecurityType,
    ShortSaleSlot,
    Side,
    SymbolSamples,
    TickByTickRequest,
    TickByTickType,
    TicksWhatToShow,
    ToTws,
    WhatToShow,
    askable,
    placeable,
    replace,
    routed,
)
from anytws.testing.strategies import Encoding, encoding_of, message_of
from anytws.wire.catalogue import CATALOGUE, entry_for
from anytws.wire.codec import Codec, _protobuf_encoder
from anytws.wire.rows import Filler, leaves
from anytws.wire.versions import MAX_VERSION, MIN_VERSION, ZERO_STRIKE

# --- what TWS says ------------------------------------------------------------------------------------------------

LEGS: Final = (
    ComboLeg(265598, 1, Action.BUY, "SMART", open_close=LegOpenClose.OPEN, exempt_code=0),
    ComboLeg(272093, 1, Action.SELL, "SMART", short_sale_slot=ShortSaleSlot.CLEARING_BROKER, per_leg_price=-1.4),
)

REPORTED: Final[dict[str, Contract]] = {
    "stock": Contract(
        265598,
        "AAPL",
        SecurityType.STOCK,
        strike=0.0,
        right=Right.ZERO,
        multiplier=Decimal(0),
        exchange="NASDAQ",
        primary_exchange="NASDAQ",
        currency="USD",
        local_symbol="AAPL",
        trading_class="NMS",
        description="APPLE INC",
    ),
    "fund": Contract(57041934, "VINIX", SecurityType.FUND, strike=-0.0, right=Right.NONE, exchange="FUNDSERV"),
    "currency": Contract(12087792, "EUR", SecurityType.FOREX, strike=0.0, right=Right.NONE, exchange="IDEALPRO"),
    "bond": Contract(401820131, "US-T", SecurityType.BOND, strike=0.0, right=Right.NONE, exchange="SMART"),
    "future": Contract(
        637533641, "ES", SecurityType.FUTURE, "20261218 08:30:00 US/Central", 0.0, Right.NONE, Decimal(50), "CME"
    ),
    "future in UTC": Contract(
        564400671, "RC", SecurityType.FUTURE, "20241029-17:10:00", 0.0, Right.ZERO, Decimal(10), "ICEEUSOFT"
    ),
    "option": Contract(
        800000001, "AAPL", SecurityType.OPTION, "20230714 22:00:00 Europe/Prague", 342.5, Right.CALL, Decimal(100)
    ),
    # There are such: the low exercise price options of Sydney are struck at next to nothing, or at nothing.
    "option struck at zero": Contract(
        800000002, "BHP", SecurityType.OPTION, "20261218", 0.0, Right.CALL, Decimal(100), "ASX"
    ),
    "warrant struck at zero": Contract(800000003, "DBK", SecurityType.WARRANT, "20261218", 0.0, Right.CALL),
    "newer than we are": Contract(800000004, "XYZ", SecurityType("PREDICTION"), strike=0.0, right=Right.NONE),
    "combination": Contract(
        28812380,
        "AAPL,MSFT",
        SecurityType.COMBO,
        strike=0.0,
        right=Right.NONE,
        exchange="SMART",
        currency="USD",
        combo_legs_description="265598|1,272093|-1",
        combo_legs=LEGS,
    ),
    "hedged combination": Contract(
        28812380,
        "AAPL",
        SecurityType.COMBO,
        strike=0.0,
        exchange="SMART",
        combo_legs=LEGS,
        delta_neutral_contract=DeltaNeutralContract(265598, 0.5, 180.5),
    ),
    "issuer": Contract(-1, security_type=SecurityType.BOND, issuer_id="e1432232", description="INTL BUSINESS MACHINES"),
    "by its ISIN": Contract(
        265598, "AAPL", SecurityType.STOCK, security_id_type=SecurityIdType.ISIN, security_id="US0378331005"
    ),
    "with its last day": Contract(637533641, "ES", SecurityType.FUTURE, "20261218", last_trade_date="20261218"),
}
"""What TWS is known to report, and the like of it."""

_ORDER: Final = LimitOrder("BUY", 1, 10)
_FILL: Final = Execution(execution_id="0000e0d5.1", side=ExecutionSide.BOUGHT)

SAID: Final[dict[type[Message], Callable[[Contract], Message]]] = {
    OpenOrder: lambda contract: OpenOrder(7, contract, _ORDER, OrderState()),
    CompletedOrder: lambda contract: CompletedOrder(contract, _ORDER, OrderState()),
    ExecutionDetails: lambda contract: ExecutionDetails(None, contract, _FILL),
    PortfolioValue: PortfolioValue,
    Position: lambda contract: Position("DU1", contract),
    PositionMulti: lambda contract: PositionMulti(1, "DU1", contract),
    ContractData: lambda contract: ContractData(1, contract, ContractDetails()),
    BondContractData: lambda contract: BondContractData(1, contract, ContractDetails()),
    SymbolSamples: lambda contract: SymbolSamples(1, (ContractDescription(contract),)),
    ScannerData: lambda contract: ScannerData(1, (ScannerDataElement(contract=contract),)),
}
"""The messages in which TWS says a contract, at whatever depth."""

ASKED: Final[dict[type[Message], Callable[[Contract], ToTws]]] = {
    PlaceOrderRequest: lambda contract: PlaceOrderRequest(contract, _ORDER, order_id=7),
    ExerciseOptionsRequest: lambda contract: ExerciseOptionsRequest(
        contract, ExerciseAction.EXERCISE, Decimal(5), order_id=7
    ),
    MarketDataRequest: lambda contract: MarketDataRequest(contract, request_id=7),
    CalculateImpliedVolatilityRequest: lambda contract: CalculateImpliedVolatilityRequest(
        contract, 1.0, 2.0, request_id=7
    ),
    CalculateOptionPriceRequest: lambda contract: CalculateOptionPriceRequest(contract, 1.0, 2.0, request_id=7),
    MarketDepthRequest: lambda contract: MarketDepthRequest(contract, 5, request_id=7),
    TickByTickRequest: lambda contract: TickByTickRequest(contract, TickByTickType.LAST, request_id=7),
    ContractDataRequest: lambda contract: ContractDataRequest(contract, request_id=7),
    HistoricalDataRequest: lambda contract: HistoricalDataRequest(
        contract, "1 D", BarSize.MINUTE_1, WhatToShow.TRADES, request_id=7
    ),
    HeadTimestampRequest: lambda contract: HeadTimestampRequest(contract, WhatToShow.TRADES, request_id=7),
    HistogramDataRequest: lambda contract: HistogramDataRequest(contract, "3 days", request_id=7),
    HistoricalTicksRequest: lambda contract: HistoricalTicksRequest(
        contract,
        what_to_show=TicksWhatToShow.TRADES,
        number_of_ticks=10,
        end_date_time="20260706 14:00:00 UTC",
        request_id=7,
    ),
    RealTimeBarsRequest: lambda contract: RealTimeBarsRequest(
        contract, what_to_show=RealTimeWhatToShow.TRADES, request_id=7
    ),
}
"""The requests with a contract."""

REFUSED: Final[dict[str, tuple[frozenset[type[Message]], str]]] = {
    "combo_legs": (
        frozenset(ASKED) - {PlaceOrderRequest, MarketDataRequest, HistoricalDataRequest},
        "all combinations of a symbol have the same id, so without its legs it would be another one",
    ),
    "delta_neutral_contract": (
        frozenset(ASKED) - {PlaceOrderRequest, MarketDataRequest},
        "without its hedge the combination would be another one",
    ),
    "issuer_id": (
        frozenset(ASKED) - {ContractDataRequest},
        "an issuer is no contract: it is asked for its bonds, and no contract id says the same",
    ),
}
"""What the text form of some requests has no place for, so that they are refused: where, and why that is right."""

NAMES: Final = (
    "contract_id",
    "symbol",
    "security_type",
    "last_trade_date_or_contract_month",
    "strike",
    "right",
    "multiplier",
    "exchange",
    "currency",
    "local_symbol",
    "trading_class",
)
"""The fields of a contract that every request has a place for, in both encodings."""


@cache
def has_contract(cls: Any) -> bool:
    """Tell whether a value of *cls* has a contract in it, at any depth."""
    if cls is Contract:
        return True
    if attrs.has(cls):
        return any(map(has_contract, get_type_hints(cls).values()))
    return any(map(has_contract, get_args(cls)))


def contracts_in(value: Any) -> Iterator[Contract]:
    if isinstance(value, Contract):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from contracts_in(item)
    elif attrs.has(type(value)):
        for field in attrs.fields(type(value)):
            yield from contracts_in(getattr(value, field.name))


def versions() -> list[int]:
    """Give the versions at which anything changes for these messages, and those before them."""
    edges = {MIN_VERSION, MAX_VERSION, ZERO_STRIKE}
    for cls in (*SAID, *ASKED):
        entry = entry_for(cls)
        edges.add(entry.protobuf_since or 0)
        for row in leaves(entry.layout.text_rows):
            if not isinstance(row, Filler) and "contract" in row.field:
                edges |= {row.since, row.until or 0}
    edges |= {edge - 1 for edge in edges}
    return sorted(edge for edge in edges if MIN_VERSION <= edge <= MAX_VERSION)


@cache
def codecs(version: int) -> tuple[Codec, Codec]:
    return Codec(Side.CLIENT, version), Codec(Side.TWS, version)


def sayable_contract(cls: type[Message], contract: Contract) -> Contract:
    """Give *contract* without the clock where the class has a place of its own for that, as TWS would write it."""
    if cls in (ContractData, BondContractData):
        date = "" if cls is BondContractData else askable(contract).last_trade_date_or_contract_month
        return replace(contract, last_trade_date_or_contract_month=date)
    return contract


@cache
def heard_at(version: int) -> tuple[Contract, ...]:
    """Give all the contracts that a client has heard, out of all messages, each once."""
    client, tws = codecs(version)
    heard: dict[str, Contract] = {}
    for cls, said in SAID.items():
        for contract in REPORTED.values():
            body = tws.encode(said(sayable_contract(cls, contract)))
            message = cast("Message", client.decode(body))
            # What TWS said is kept as it was said: it goes out again with the same bytes.
            assert tws.encode(message) == body
            (found,) = contracts_in(message)
            heard[repr(attrs.astuple(found))] = found
    return tuple(heard.values())


# --- the table ----------------------------------------------------------------------------------------------------


def test_every_message_with_a_contract_is_tried():
    with_contract = [entry for entry in CATALOGUE if has_contract(entry.cls)]
    assert {entry.cls for entry in with_contract if entry.said_by is Side.TWS} == set(SAID)
    assert {entry.cls for entry in with_contract if entry.said_by is Side.CLIENT} == set(ASKED)
    assert {entry.cls for entry in CATALOGUE if entry.said_as is not None} == set(ASKED)


@pytest.mark.parametrize("version", versions())
def test_what_tws_said_can_be_said_back(version: int):
    client, tws = codecs(version)
    for contract in heard_at(version):
        plain = askable(contract)
        for cls, asked in ASKED.items():
            try:
                body = client.encode(asked(contract))
            except LocalProtocolError as problem:
                assert encoding_of(entry_for(cls), version) is Encoding.TEXT
                field = str(problem.field).removeprefix("contract.")
                assert cls in REFUSED[field][0]
                assert getattr(plain, field)
                if field == "issuer_id":
                    assert not plain.contract_id
                continue
            request = cast("Any", tws.decode(body))
            taken: Contract = request.contract
            for name in NAMES:
                assert getattr(taken, name) == getattr(plain, name), (cls, name)
            legs = [(leg.contract_id, leg.ratio, leg.action, leg.exchange) for leg in taken.combo_legs]
            assert legs == [(leg.contract_id, leg.ratio, leg.action, leg.exchange) for leg in plain.combo_legs]
            assert taken == askable(taken)
            if cls is ExerciseOptionsRequest:
                assert repr(request.exercise_quantity) == "5"


def test_a_strike_of_zero_leaves_the_house_of_an_option_alone():
    codec = Codec(Side.CLIENT, MAX_VERSION)

    def asked(name: str) -> bytes:
        return codec.encode(ContractDataRequest(REPORTED[name], request_id=7))

    # Field 5 of a contract, a double: 0x29.
    zero = b"\x29" + bytes(8)
    assert {name for name in REPORTED if zero in asked(name)} == {"option struck at zero", "warrant struck at zero"}


def test_the_last_day_has_no_clock():
    dates = {name: askable(contract).last_trade_date_or_contract_month for name, contract in REPORTED.items()}
    assert (dates["future"], dates["future in UTC"], dates["option"]) == ("20261218", "20241029", "20230714")
    for text in ("", "202612", "20261218", "20261218 soon", "20261218 08", "DEC26"):
        assert askable(Contract(last_trade_date_or_contract_month=text)).last_trade_date_or_contract_month == text
    assert askable(Contract(last_trade_date_or_contract_month="20200918 08:30 CST")) == Contract(
        last_trade_date_or_contract_month="20200918"
    )


def test_what_is_newer_than_we_are_keeps_a_strike_of_zero_unless_its_id_names_it():
    newer = Contract(symbol="XYZ", security_type=SecurityType("PREDICTION"), strike=0.0)
    assert askable(newer) is newer
    assert askable(replace(newer, contract_id=5)).strike is None
    assert askable(Contract(5, strike=0.0)) == Contract(5)


@pytest.mark.parametrize("contract", REPORTED.values(), ids=REPORTED)
def test_what_is_askable_is_so_once_and_for_all(contract: Contract):
    plain = askable(contract)
    assert askable(plain) is plain


@given(request=message_of(ContractDataRequest))
def test_what_a_client_says_is_askable(request: ContractDataRequest):
    assert askable(request.contract) is request.contract


@pytest.mark.parametrize(
    "field, wrong",
    [("strike", "0"), ("strike", False), ("right", []), ("security_type", []), ("contract_id", "x")],
)
@pytest.mark.parametrize("version", [176, MAX_VERSION])
def test_what_is_no_value_of_its_field_is_told_as_before(field: str, wrong: object, version: int):
    contract = replace(Contract(5, strike=0.0), **{field: wrong})
    with pytest.raises(LocalProtocolError, match=f"ContractDataRequest.contract.{field}: .* is (not|none)"):
        Codec(Side.CLIENT, version).encode(ContractDataRequest(contract, request_id=7))


def test_what_is_no_contract_is_told():
    with pytest.raises(LocalProtocolError):
        Codec(Side.CLIENT, MAX_VERSION).encode(ContractDataRequest(cast("Contract", None), request_id=7))


def test_an_exchange_is_lost_in_text_only_where_the_id_says_which_contract_it_is():
    held = Contract(265598, "AAPL", SecurityType.OPTION, primary_exchange="AMEX")
    codec = Codec(Side.CLIENT, 176)
    codec.encode(ExerciseOptionsRequest(held, ExerciseAction.EXERCISE, 1, order_id=7))
    with pytest.raises(LocalProtocolError, match="primary_exchange"):
        codec.encode(ExerciseOptionsRequest(replace(held, contract_id=0), ExerciseAction.EXERCISE, 1, order_id=7))


@pytest.mark.parametrize(
    "wrong", [Decimal("0.5"), Decimal(0), 0, -1, Decimal("NaN"), 1.0, True, "1", 2**31, Decimal(2**31)]
)
@pytest.mark.parametrize("version", [176, MAX_VERSION])
def test_what_is_no_number_of_contracts_is_refused(wrong: Any, version: int):
    request = ExerciseOptionsRequest(Contract(5), ExerciseAction.EXERCISE, wrong, order_id=7)
    with pytest.raises(LocalProtocolError, match=r"exercise_quantity: .* whole number .* at least 1"):
        Codec(Side.CLIENT, version).encode(request)


# --- the exchange -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, exchange",
    [
        ("stock", "SMART"),
        ("fund", "FUNDSERV"),
        ("currency", "IDEALPRO"),
        ("bond", "SMART"),
        ("future", "CME"),
        ("option", "SMART"),
        ("combination", "SMART"),
    ],
)
def test_a_holding_is_routed_where_its_kind_is_traded(name: str, exchange: str):
    reported = REPORTED[name]
    assert routed(reported) == replace(askable(reported), exchange=exchange)
    assert routed(reported, "ARCA").exchange == "ARCA"
    assert routed(reported, "ARCA").primary_exchange == reported.primary_exchange


def test_an_unlisted_holding_is_asked_about():
    held = Contract(637533641, "ES", SecurityType.FUTURE, "20261218", local_symbol="ESZ6")
    with pytest.raises(ValueError, match=r"'ESZ6' is traded: .* its contract id, 637533641"):
        routed(held)
    # In text a portfolio says the listing where a position says nothing.
    assert routed(replace(held, primary_exchange="CME")).exchange == "CME"
    with pytest.raises(ValueError, match="an exchange is a text"):
        routed(held, " CME")


# --- the simulated TWS --------------------------------------------------------------------------------------------


def test_the_order_that_tws_reported_is_changed_with_its_contract():
    """The contract of a change has to be the one that TWS said (105 otherwise), of combinations above all."""
    for version in versions():
        client, tws = codecs(version)
        said = OpenOrder(7, REPORTED["combination"], replace(_ORDER, permanent_id=9000), OrderState())
        heard = cast("OpenOrder", client.decode(tws.encode(said)))
        changed = replace(placeable(heard.order), limit_price=-1.4)
        request = PlaceOrderRequest(heard.contract, changed, order_id=heard.order_id)
        taken = cast("PlaceOrderRequest", tws.decode(client.encode(request)))
        assert taken.contract.combo_legs == heard.contract.combo_legs
        assert (taken.contract.contract_id, taken.order) == (28812380, changed)


def test_what_another_client_says_is_heard_as_it_was_said():
    """Older clients say a strike of zero of everything: whoever simulates TWS has to see it."""
    entry = entry_for(ContractDataRequest)
    body = _protobuf_encoder(entry, MAX_VERSION)(ContractDataRequest(REPORTED["stock"], request_id=7))
    heard = cast("ContractDataRequest", Codec(Side.TWS, MAX_VERSION).decode(body))
    assert heard.contract == REPORTED["stock"]
