"""What looks like a slip is refused before it leaves: a word that is nearly a known one, and a price without an end.

What TWS has said goes back to it whatever it looks like, and so does what is called `verbatim`.
"""

from __future__ import annotations

import copy
import math
import pickle
from typing import Any, Final

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws import LocalProtocolError
from anytws.errors import FA_PROFILES_GONE, UPDATE_TWS
from anytws.messages import (
    Action,
    Combo,
    ComboLeg,
    Contract,
    ContractDataRequest,
    DeltaNeutralContract,
    HistoricalDataRequest,
    Leg,
    LimitOrder,
    OpenOrder,
    Order,
    OrderState,
    OrderType,
    PercentChangeCondition,
    PlaceOrderRequest,
    PriceCondition,
    Right,
    ScannerSubscription,
    ScannerSubscriptionRequest,
    SecurityType,
    Side,
    Stock,
    TickByTickType,
    TicksWhatToShow,
    TimeInForce,
    replace,
)
from anytws.messages.enumerations import Word
from anytws.messages.historical import BarSize, WhatToShow
from anytws.wire.catalogue import CATALOGUE
from anytws.wire.codec import Codec
from anytws.wire.guard import MAY_BE_INFINITE
from anytws.wire.rows import Choice, Column, Filler, Layout, Many, Part, Row, leaves
from tests.test_enumerations import OPEN

VERSIONS: Final = (157, 178, 203, 226)
ORDER: Final = LimitOrder("BUY", 100, 10)
STOCK: Final = Stock("AAPL")


def refusal(request: Any, version: int) -> LocalProtocolError | None:
    """Give the error with which a client at *version* refuses *request*, None if it sends it."""
    try:
        Codec(Side.CLIENT, version).encode(request)
    except LocalProtocolError as problem:
        assert str(problem).isprintable()
        return problem
    return None


def place(**changes: Any) -> PlaceOrderRequest:
    return PlaceOrderRequest(STOCK, replace(ORDER, **changes), order_id=7)


# Words


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("typed", [str, Action], ids=["text", "member"])
def test_an_action_that_is_nearly_one(version: int, typed: type[str]):
    problem = refusal(place(action=typed("Buuy")), version)
    assert problem is not None
    assert str(problem) == (
        "PlaceOrderRequest.order.action is 'Buuy', which no Action is called: probably Action.BUY ('BUY') is meant; "
        "Action.verbatim('Buuy') sends the word as it is"
    )
    assert (problem.message, problem.field) == ("PlaceOrderRequest", "order.action")
    assert refusal(place(action=Action.verbatim("Buuy")), version) is None


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "request_, field, meant",
    [
        (place(order_type="Limit"), "order.order_type", "OrderType.LIMIT ('LMT')"),
        (place(time_in_force="gtc"), "order.time_in_force", "TimeInForce.GOOD_TILL_CANCELLED ('GTC')"),
        (ContractDataRequest(replace(STOCK, security_type="Stock"), request_id=1), "contract.security_type", "('STK')"),
        (
            PlaceOrderRequest(replace(STOCK, security_type="STOCKS"), ORDER, order_id=1),
            "contract.security_type",
            "('STK')",
        ),
        (PlaceOrderRequest(replace(STOCK, right="Put"), ORDER, order_id=1), "contract.right", "Right.PUT ('P')"),
        (
            PlaceOrderRequest(Combo([Leg(1, "BUY"), ComboLeg(2, 1, "Sel")], "A"), ORDER, order_id=1),  # type: ignore[arg-type]
            "contract.combo_legs[1].action",
            "Action.SELL ('SELL')",
        ),
        (HistoricalDataRequest(STOCK, "1 D", "1 mins", request_id=1), "bar_size_setting", "('1 min')"),  # type: ignore[arg-type]
        (
            HistoricalDataRequest(STOCK, "1 D", BarSize.HOUR_1, what_to_show="TRADE", request_id=1),  # type: ignore[arg-type]
            "what_to_show",
            "WhatToShow.TRADES ('TRADES')",
        ),
        (
            ScannerSubscriptionRequest(ScannerSubscription(instrument="stk"), request_id=1),  # type: ignore[arg-type]
            "subscription.instrument",
            "('STK')",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_wherever_a_word_stands(request_: Any, field: str, meant: str, version: int):
    problem = refusal(request_, version)
    assert problem is not None
    assert problem.field == field
    assert f"probably {'' if meant.startswith('(') else meant}" in str(problem)
    assert meant in str(problem)


SLIPS: Final = [
    (Action, "Buuy", "BUY"), (Action, "buy", "BUY"), (Action, "BYU", "BUY"), (Action, "SEL", "SELL"),
    (Action, "SELLL", "SELL"), (Action, "sell short", "SSHORT"), (Action, "SHORT", "SSHORT"), (Action, "Buys", "BUY"),
    (SecurityType, "Stock", "STK"), (SecurityType, "Stk", "STK"), (SecurityType, "STOCKS", "STK"),
    (SecurityType, "Option", "OPT"), (SecurityType, "futures option", "FOP"), (SecurityType, "forex", "CASH"),
    (SecurityType, "FUTURES", "FUT"), (SecurityType, "BONDS", "BOND"), (SecurityType, "CRPYTO", "CRYPTO"),
    (OrderType, "Market", "MKT"), (OrderType, "LIMIT", "LMT"), (OrderType, "STPLMT", "STP LMT"),
    (OrderType, "stop_limit", "STP LMT"), (OrderType, "TRAIL LIMTI", "TRAIL LIMIT"), (OrderType, "MARKT", "MKT"),
    (OrderType, "Trailing Stop", "TRAIL"), (TimeInForce, "gtc", "GTC"), (TimeInForce, "Day", "DAY"),
    (TimeInForce, "good till cancelled", "GTC"), (TimeInForce, "G.T.C.", "GTC"), (TimeInForce, "FKO", "FOK"),
    (Right, "c", "C"), (Right, "Call", "C"), (Right, "PUTS", "P"), (BarSize, "1 mins", "1 min"),
    (BarSize, "5 min", "5 mins"), (BarSize, "1min", "1 min"), (WhatToShow, "ADJUSTED LAST", "ADJUSTED_LAST"),
    (WhatToShow, "trades", "TRADES"), (WhatToShow, "MIDPIONT", "MIDPOINT"),
]  # fmt: skip


@pytest.mark.parametrize("cls, slip, meant", SLIPS, ids=lambda value: getattr(value, "__name__", value))
def test_the_word_that_was_meant_is_found(cls: type[Word], slip: str, meant: str):
    assert cls.closest(slip) is cls(meant)


# Words of TWS's that have no name here yet, and might: they come from the vendor's and other clients' lists.
REAL: Final = [
    (OrderType, ["TRAIL LIT", "TRAIL MIT", "TRAIL REL + MKT", "TRAIL LMT + MKT", "FIX PEGGED", "PEG PRIM", "VWAP",
                 "PPV", "PDV", "PMV", "PSV", "IBKRATS", "LOO", "MOO", "MIDPX", "SNAPREL", "AD", "ALGO", "NONE", "DIS",
                 "STP MOC"]),
    (TimeInForce, ["GTT", "GAT", "EXT", "PRE", "MIN", "OPG2", "GFA"]),
    (SecurityType, ["PDC", "FWD", "IDX", "EVT", "SWP", "ETF", "CMB", "PHYS", "UNK", "?", "WARRNT2"]),
    (Action, ["COVER", "LONG2", "EXERCISE", "?"]),
    (Right, ["CALL", "PUT", "X"]),
    (BarSize, ["4 mins", "6 hours", "1W", "1M", "2 weeks", "3 days", "10 secs 5"]),
    (WhatToShow, ["AGGTRADES2", "YIELD", "EFFECTIVE"]),
]  # fmt: skip


@pytest.mark.parametrize("cls, word", [(cls, word) for cls, words in REAL for word in words])
def test_a_real_word_without_a_name_goes_out(cls: type[Word], word: str):
    """Figures are no letters, and of three letters each one counts: GTT is no GTC."""
    assert cls.closest(word) is None


@pytest.mark.parametrize(
    "cls", dict.fromkeys(cls for cls in OPEN if issubclass(cls, Word)), ids=lambda cls: cls.__name__
)
def test_no_known_word_is_taken_for_a_slip(cls: type[Word]):
    for member in cls:
        assert member.is_known
        assert member.is_meant
        assert cls.verbatim(member.value) is member


@given(word=st.text(max_size=200) | st.from_regex(r"[A-Z]{1,6}", fullmatch=True))
def test_any_word_is_looked_at(word: str):
    """Nothing is raised, and a member that is found is a known one."""
    for cls in (Action, OrderType, BarSize):
        assert cls.closest(word) in (None, *cls)


def test_a_long_word_is_no_work():
    assert OrderType.closest("L" * 10_000_000) is None


def test_verbatim_stays_so_in_copies():
    """A process that gets it by pickle sends it as well."""
    meant, slip = Action.verbatim("Buuy"), Action("Buuy")
    assert (meant.is_meant, slip.is_meant) == (True, False)
    assert meant == slip == "Buuy"
    for copied in (copy.copy, copy.deepcopy, lambda word: pickle.loads(pickle.dumps(word))):  # noqa: S301 (ours)
        assert (copied(meant).is_meant, copied(slip).is_meant) == (True, False)


@pytest.mark.parametrize("version", VERSIONS)
def test_what_tws_says_is_not_questioned(version: int):
    """Reading is not asked, and what was read goes back."""
    order = Order(Action.verbatim("Buuy"), OrderType.verbatim("LIMIT"), ORDER.total_quantity, 10.0)
    said = OpenOrder(7, replace(STOCK, security_type=SecurityType.verbatim("STKS")), order, OrderState())
    heard: Any = Codec(Side.CLIENT, version).decode(Codec(Side.TWS, version).encode(said))
    assert (heard.order.action, heard.contract.security_type) == ("Buuy", "STKS")
    again = PlaceOrderRequest(heard.contract, replace(ORDER, action=heard.order.action), order_id=7)
    assert refusal(again, version) is None
    # TWS says what it likes, also in our own words.
    assert Codec(Side.TWS, version).encode(replace(said, order=replace(order, action="Buuy")))


# Numbers


def doubles(layout: Layout, prefix: str = "") -> set[str]:
    """Give the paths of the numbers of *layout* that protobuf writes as doubles, and that may be infinite in Python."""
    found: set[str] = set()
    for rows in (layout.text_rows, layout.protobuf_rows):
        for row in leaves(rows):
            if isinstance(row, Filler):
                continue
            if isinstance(row, Part):
                found |= doubles(row.layout, f"{prefix}{row.field}.")
            elif isinstance(row, Many) and isinstance(row.of, (Layout, Choice)):
                options = [row.of] if isinstance(row.of, Layout) else [*row.of.options.values()]
                for option in options:
                    found |= {f"{prefix}{row.field}[].{path}" for path in doubles(option)}
            elif isinstance(row, Column) and row.kind.protobuf == "double":
                found.add(f"{prefix}{row.field}[].{row.name}")
            elif isinstance(row, Row) and row.kind.protobuf == "double" and "DECIMAL" not in row.kind.name:
                found.add(prefix + row.field)
    return found


REQUESTS: Final = {entry.cls: entry for entry in CATALOGUE if entry.said_by is Side.CLIENT}
WITH_NUMBERS: Final = [cls for cls, entry in REQUESTS.items() if doubles(entry.layout)]
FIELDS: Final = sorted({path for entry in REQUESTS.values() for path in doubles(entry.layout)})


def test_the_table_has_the_fields_that_are_looked_at():
    assert "order.limit_price" in FIELDS
    assert "contract.combo_legs[].per_leg_price" in FIELDS
    assert "order.conditions[].price" in FIELDS
    assert {path.rpartition(".")[2] for path in FIELDS} > MAY_BE_INFINITE


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("number", [math.inf, -math.inf])
@pytest.mark.parametrize("cls", WITH_NUMBERS, ids=lambda cls: cls.__name__)
def test_no_number_of_a_request_is_infinite(cls: type[Any], number: float, version: int):
    """Whichever the field, whatever way it was set; one alone may be, where TWS gives it a meaning."""
    sample = sample_of(cls)
    missing = refusal(sample, version)
    if missing is not None:
        assert missing.code in (UPDATE_TWS, FA_PROFILES_GONE), "this version has no such request"
        return
    for path in doubles(REQUESTS[cls].layout):
        request = with_value(sample, path.split("."), number)
        if path.rpartition(".")[2] in MAY_BE_INFINITE:
            continue
        problem = refusal(request, version)
        assert problem is not None, path
        # Or what it is in has no place.
        assert path.startswith((problem.field or "-").replace("[0]", "[]"))


def test_infinity_has_a_meaning_in_one_field():
    order = replace(ORDER, order_type=OrderType.PEGGED_TO_BEST, compete_against_best_offset=math.inf)
    assert refusal(PlaceOrderRequest(STOCK, order, order_id=7), 226) is None


@pytest.mark.parametrize("version", VERSIONS)
def test_a_price_without_an_end(version: int):
    """Set by hand, by `replace`, by `attrs.evolve`: where it goes out it is refused, and nothing has gone."""
    for order in (replace(ORDER, limit_price=math.inf), attrs.evolve(ORDER, limit_price=math.inf)):
        problem = refusal(PlaceOrderRequest(STOCK, order, order_id=7), version)
        assert str(problem) == (
            "PlaceOrderRequest.order.limit_price is inf, and has to be a finite number: give one, or leave it out"
        )
    assert refusal(place(limit_price=math.nan), version) is not None


SAMPLES: Final[dict[str, Any]] = {
    "contract": STOCK,
    "order": ORDER,
    "duration": "1 D",
    "time_period": "3 days",
    "pattern": "A",
    "bar_size_setting": BarSize.HOUR_1,
    "what_to_show": TicksWhatToShow.TRADES,
    "tick_type": TickByTickType.LAST,
    "subscription": ScannerSubscription(),
}
"""What a request needs beside numbers."""
INSIDE: Final[dict[str, Any]] = {
    "combo_legs": ComboLeg(1, 1),
    "conditions": PriceCondition(True, 9.5, 1, "SMART"),
    "delta_neutral_contract": DeltaNeutralContract(1, 0.5, 10.0),
}
"""What is put where a path leads into nothing."""


def sample_of(cls: type[Any]) -> Any:
    """Give a request of *cls* with a value for each field that needs one."""
    needed = [
        field.name
        for field in attrs.fields(cls)
        if field.default is attrs.NOTHING or field.name in ("request_id", "order_id")
    ]
    return cls(**{name: SAMPLES.get(name, 1) for name in needed})


def with_value(record: Any, path: list[str], number: float) -> Any:
    """Give *record* with *number* at *path*."""
    name, *rest = path
    field = name.removesuffix("[]")
    if not rest:
        return replace(record, **{field: number})
    held = INSIDE.get(field, getattr(record, field))
    if field == "conditions" and not hasattr(held, rest[0]):
        held = PercentChangeCondition(True, 9.5, 1, "SMART")
    inner = with_value(held, rest, number)
    return replace(record, **{field: (inner,) if name.endswith("[]") else inner})


def test_a_contract_alone_is_no_request():
    """Values are not looked at where they are made: what TWS says is made of the same classes."""
    assert Contract(strike=math.inf).strike == math.inf
    assert Order("Buuy", None).action == "Buuy"  # type: ignore[arg-type]
