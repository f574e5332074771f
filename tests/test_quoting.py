"""How quotes come of ticks: `anytws.machines.quoting`, `quotes` and `tick_places`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anytws import Dropped, Notice, OddValue
from anytws.core.codes import CodeKind
from anytws.machines.quotes import Dividends, ExchangeForPhysicals, GenericTicks, Greeks, Halt, Quote, RealTimeVolume
from anytws.machines.quoting import MOST_NOTICES, MOST_OTHERS, Quoting, is_never_below_zero
from anytws.machines.tick_places import FIELDS, PLACES, READERS, TOP
from anytws.messages import (
    Contract,
    DeltaNeutralContract,
    DeltaNeutralValidation,
    ErrorMessage,
    MarketDataMode,
    MarketDataType,
    SecurityType,
    Stock,
    TickAttributes,
    TickEfp,
    TickGeneric,
    TickNews,
    TickOptionComputation,
    TickPrice,
    TickReqParams,
    TickSize,
    TickString,
    TickType,
)

ID: Final = 9
LIVE, FROZEN, DELAYED = [
    MarketDataType(ID, mode) for mode in (MarketDataMode.REAL_TIME, MarketDataMode.FROZEN, MarketDataMode.DELAYED)
]
PARAMETERS: Final = TickReqParams(ID, Decimal("0.01"), "9c0001", 3)
UNPLACED: Final = {
    # The answers of calculations, and services of which nothing else is known.
    TickType.CUST_OPTION_COMPUTATION, TickType.NEWS_TICK, TickType.REUTERS_2_MUTUAL_FUNDS,
    TickType.SOCIAL_MARKET_ANALYTICS,
}  # fmt: skip


def price(kind: TickType, value: float, size: int | None = 0) -> TickPrice:
    return TickPrice(ID, kind, value, None if size is None else Decimal(size))


def size(kind: TickType, value: str) -> TickSize:
    return TickSize(ID, kind, Decimal(value))


def remark(code: int = 10167) -> Notice:
    error = ErrorMessage(ID, code, "Displaying delayed market data.")
    return Notice(code, error.error_message, CodeKind.NOTICE, ID, None, error)


def quote_of(*items: Any, is_above_zero: bool = False) -> Quote:
    quoting = Quoting(is_above_zero=is_above_zero)
    quoting.fold(items)
    return quoting.whole()


# One picture


def test_a_quote_is_all_that_was_said() -> None:
    quote = quote_of(
        LIVE, PARAMETERS, TickString(ID, TickType.LAST_TIMESTAMP, "1767623400"), price(TickType.LAST, 187.31, 40),
        size(TickType.LAST_SIZE, "40"), size(TickType.VOLUME, "812865"), price(TickType.HIGH, 188),
        price(TickType.LOW, 186), price(TickType.CLOSE, 187), price(TickType.OPEN, 186.5),
        TickPrice(ID, TickType.BID, 187.3, Decimal(80), TickAttributes.CAN_AUTO_EXECUTE),
        price(TickType.ASK, 187.32, 120), size(TickType.ASK_SIZE, "160"), TickString(ID, TickType.BID_EXCH, "KPTU"),
    )  # fmt: skip
    assert quote == Quote(
        mode=MarketDataMode.REAL_TIME, bid=187.3, bid_size=Decimal(80), ask=187.32, ask_size=Decimal(160), last=187.31,
        last_size=Decimal(40), open=186.5, high=188, low=186, close=187, volume=Decimal(812865),
        last_time=datetime(2026, 1, 5, 14, 30, tzinfo=UTC), bid_exchanges="KPTU",
        bid_attributes=TickAttributes.CAN_AUTO_EXECUTE, ask_attributes=TickAttributes(0), parameters=PARAMETERS,
        changed=quote.changed,
    )  # fmt: skip
    assert set(quote.changed) == {name for name in TOP if getattr(quote, name) is not None}
    assert (quote.mid, quote.is_delayed, quote.has_data) == (pytest.approx(187.31), False, True)


def test_the_next_one_says_what_has_changed_alone() -> None:
    quoting = Quoting()
    quoting.fold([LIVE, price(TickType.BID, 10, 5), price(TickType.ASK, 11, 5)])
    first = quoting.take()
    assert quoting.take() is None
    quoting.fold([size(TickType.BID_SIZE, "5"), price(TickType.ASK, 11, 5)])
    assert quoting.take() is None, "what is said twice is no news"
    quoting.fold(
        [price(TickType.BID, 10.5, 5), price(TickType.BID, 10.75, 5), TickGeneric(ID, TickType.SHORTABLE, 3.0)]
    )
    second = quoting.take()
    assert first is not None
    assert second is not None
    assert (first.bid, first.ask, second.bid, second.ask) == (10, 11, 10.75, 11)
    assert second.changed == ("bid", "generic.shortable")
    assert second.generic.shortable == 3.0
    assert second.greeks is first.greeks


def test_mode_and_parameters_alone_are_no_first_quote() -> None:
    """They come half a second before the data; a remark in between is told at once."""
    quoting = Quoting()
    quoting.fold([DELAYED, PARAMETERS])
    assert not quoting.is_due
    assert quoting.take() is None
    quoting.fold([remark()])
    quote = quoting.take()
    assert quote is not None
    assert ([notice.code for notice in quote.notices if isinstance(notice, Notice)], quote.has_data) == ([10167], False)
    quoting.fold([MarketDataType(ID, MarketDataMode.DELAYED_FROZEN)])
    changed = quoting.take()
    assert changed is not None
    assert (changed.changed, changed.notices, changed.is_delayed) == (("mode",), (), True)


def test_a_price_in_front_of_a_mode_is_news() -> None:
    """Found by a property: what is settled for the mode's sake was forgotten."""
    quoting = Quoting()
    quoting.fold([LIVE, price(TickType.BID, 10, 5)])
    assert quoting.take() is not None
    quoting.fold([price(TickType.BID, 11, 5), FROZEN])
    quote = quoting.take()
    assert quote is not None
    assert (quote.bid, quote.changed) == (11, ("mode", "bid"))


# No price is shown that is none


@pytest.mark.parametrize(
    "value, with_size, is_above_zero, shown",
    [
        (-1.0, 0, False, None), (-1.0, None, False, None), (0.0, 0, False, None), (-1.0, 5, False, -1.0),
        (0.0, 5, False, 0.0), (-1.0, 5, True, None), (-2.5, 0, False, -2.5), (-2.5, 0, True, None),
        (1.7976931348623157e308, 0, False, None), (float("nan"), 5, False, None), (float("inf"), 5, False, None),
        (12.5, 0, True, 12.5), (12.5, None, True, 12.5),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", [TickType.BID, TickType.DELAYED_LAST, TickType.MARK_PRICE, TickType.HIGH])
def test_what_is_no_price(
    kind: TickType, value: float, with_size: int | None, is_above_zero: bool, shown: float | None
) -> None:
    quote = quote_of(price(kind, value, with_size), is_above_zero=is_above_zero)
    prices = (quote.bid, quote.last, quote.generic.mark_price, quote.high)
    assert [each for each in prices if each is not None] == ([] if shown is None else [shown])


def test_who_bids_no_more_is_gone() -> None:
    """As at 20:00 in New York."""
    quote = quote_of(price(TickType.BID, 10, 5), price(TickType.ASK, 11, 5), price(TickType.BID, -1, 0))
    assert (quote.bid, quote.bid_size, quote.ask, quote.mid) == (None, 0, 11, None)


def test_a_price_without_a_size_has_an_unknown_one() -> None:
    quote = quote_of(price(TickType.BID, 10, 5), price(TickType.BID, 10.5, None))
    assert (quote.bid, quote.bid_size) == (10.5, None)


@pytest.mark.parametrize("said", ["-1553556175", "NaN", "Infinity"])
def test_a_size_that_is_none_is_unknown(said: str) -> None:
    assert quote_of(size(TickType.VOLUME, said), price(TickType.LAST, 1, 1)).volume is None


def test_an_imbalance_may_be_below_zero() -> None:
    generic = quote_of(size(TickType.AUCTION_IMBALANCE, "-300"), price(TickType.INDEX_FUTURE_PREMIUM, -2.5)).generic
    assert (generic.auction_imbalance, generic.index_future_premium) == (-300, -2.5)


def test_which_instruments_are_never_below_zero() -> None:
    assert is_never_below_zero(Stock("AAPL"))
    assert not any(
        is_never_below_zero(Contract(security_type=kind)) for kind in (SecurityType.COMBO, SecurityType.FUTURE)
    )


# Live, frozen, delayed


def test_delayed_ticks_fill_the_same_fields() -> None:
    quote = quote_of(DELAYED, price(TickType.DELAYED_BID, 10, 5), size(TickType.DELAYED_VOLUME, "7"),
                     TickString(ID, TickType.DELAYED_LAST_TIMESTAMP, "1767623400"),
                     TickGeneric(ID, TickType.DELAYED_HALTED, 2.0))  # fmt: skip
    assert (quote.mode, quote.bid, quote.bid_size, quote.volume) == (MarketDataMode.DELAYED, 10, 5, 7)
    assert (quote.halted, quote.is_delayed, quote.not_of_mode) == (Halt.VOLATILITY, True, ())


def test_what_was_live_is_no_part_of_a_delayed_picture() -> None:
    quote = quote_of(LIVE, price(TickType.BID, 10, 5), price(TickType.MARK_PRICE, 9), DELAYED,
                     price(TickType.DELAYED_ASK, 12, 1))  # fmt: skip
    assert (quote.bid, quote.bid_size, quote.ask, quote.generic.mark_price) == (None, None, 12, 9)


def test_the_close_of_the_market_changes_the_mode_alone() -> None:
    quote = quote_of(LIVE, price(TickType.BID, 10, 5), FROZEN)
    assert (quote.mode, quote.bid) == (MarketDataMode.FROZEN, 10)


def test_ticks_may_come_before_their_mode() -> None:
    """Recorded: prices in front of the mode. Delayed ones say themselves what they are."""
    assert quote_of(price(TickType.BID, 10, 5), LIVE).bid == 10
    assert quote_of(price(TickType.BID, 10, 5)).mode is None
    assert quote_of(price(TickType.DELAYED_BID, 10, 5)).mode is MarketDataMode.DELAYED


def test_a_tick_of_the_other_kind_is_told_as_one() -> None:
    delayed = quote_of(LIVE, price(TickType.DELAYED_BID, 10, 5), price(TickType.ASK, 11, 1))
    assert delayed.not_of_mode == ("bid", "bid_size", "bid_attributes")
    again = quote_of(LIVE, price(TickType.DELAYED_BID, 10, 5), price(TickType.BID, 11, 1))
    assert (again.not_of_mode, again.bid) == ((), 11)
    assert quote_of(LIVE, price(TickType.DELAYED_BID, 10, 5), DELAYED).bid == 10


def test_a_mode_without_a_name_is_kept() -> None:
    quote = quote_of(price(TickType.BID, 10, 5), MarketDataType(ID, MarketDataMode(7)))
    assert (quote.mode, quote.is_delayed, quote.bid) == (7, None, 10)


# Every tick has its place


def test_every_type_of_tick_has_a_place() -> None:
    placed = [tick_type for kind in PLACES for tick_type in PLACES[kind]]
    assert set(placed) == set(TickType) - UNPLACED
    assert len(placed) == len(set(placed)), "each as one kind of message"
    numbers = {number for kind in PLACES for _, fields in PLACES[kind].values() for number in fields}
    assert {FIELDS[number] for number in range(len(FIELDS)) if number not in numbers} == {
        "mode", "parameters", "delta_neutral", "rerouted",
    }  # fmt: skip
    assert len(READERS) == len(FIELDS)


def test_every_field_is_one_of_the_records() -> None:
    for cls, prefix in ((Greeks, "greeks."), (GenericTicks, "generic."), (ExchangeForPhysicals, "efp.")):
        names = [name.removeprefix(prefix) for name in FIELDS if name.startswith(prefix)]
        assert names == [field.name for field in attrs.fields(cls)]  # type: ignore[arg-type]  # attrs made it
    others = {"greeks", "generic", "efp", "others", "not_of_mode", "changed", "notices", "news", "received_at"}
    others |= {"gap", "resumed"}
    assert {field.name for field in attrs.fields(Quote)} == {*TOP, *others}  # type: ignore[arg-type]


def value_for(kind: type[Any], name: str) -> Any:
    texts = {
        "last_time": "1767623400", "generic.last_regulatory_time": "1767623400123",
        "generic.dividends": "0.83,0.92,20130219,0.23",
        "generic.real_time_volume": "701.28;1;1348075471534;67854;701.46918464;true",
        "generic.real_time_trade_volume": ";1;1348075471534;67854;701.46918464;false",
    }  # fmt: skip
    if kind is TickPrice:
        return 2.0
    if kind is TickSize:
        return Decimal(2)
    return texts.get(name, "KQ") if kind is TickString else 2.0


@pytest.mark.parametrize("kind", PLACES)
def test_each_tick_changes_its_field_and_no_other(kind: type[Any]) -> None:
    for tick_type, (_, numbers) in PLACES[kind].items():
        name = FIELDS[numbers[0]]
        if kind is TickEfp:
            tick: Any = TickEfp(ID, tick_type, 1.0, "1%", 2.0, 3, "20260619", 0.5, 0.25)
        elif kind is TickOptionComputation:
            tick = TickOptionComputation(ID, tick_type, delta=0.5)
        elif kind is TickPrice:
            tick = TickPrice(ID, tick_type, 2.0, Decimal(3))
        else:
            tick = kind(ID, tick_type, value_for(kind, name))
        quote = quote_of(LIVE if tick_type not in _DELAYED else DELAYED, tick)
        assert set(quote.changed) == {"mode", *[FIELDS[number] for number in numbers]}
        value: Any = quote
        for part in name.split("."):
            value = getattr(value, part)
        assert value is not None, name
        assert quote.others == ()
        assert quote.has_data


_DELAYED: Final = {tick_type for kind in PLACES for tick_type, place in PLACES[kind].items() if place[0]}


def test_texts_become_what_they_mean() -> None:
    quote = quote_of(
        TickString(ID, TickType.RT_VOLUME, "701.28;1;1348075471534;67854;701.46918464;true"),
        TickString(ID, TickType.IB_DIVIDENDS, "0.83,0.92,20130219,"),
        TickString(ID, TickType.LAST_REG_TIME, "1348075471534"),
    )
    time = datetime(2012, 9, 19, 17, 24, 31, 534000, tzinfo=UTC)
    assert quote.generic.real_time_volume == RealTimeVolume(
        701.28, Decimal(1), time, Decimal(67854), Decimal("701.46918464"), is_single=True
    )
    assert quote.generic.dividends == Dividends(Decimal("0.83"), Decimal("0.92"), date(2013, 2, 19), None)
    assert quote.generic.last_regulatory_time == time


@pytest.mark.parametrize(
    "kind, text",
    [
        (TickType.LAST_TIMESTAMP, "soon"), (TickType.LAST_TIMESTAMP, "9" * 19), (TickType.LAST_TIMESTAMP, "9" * 5000),
        (TickType.RT_VOLUME, "1;2"), (TickType.RT_VOLUME, "1;1;1;1;1;maybe"), (TickType.RT_VOLUME, "nan;1;1;1;1;true"),
        (TickType.RT_VOLUME, f"{'1' * 50};1;1;1;1;true"), (TickType.IB_DIVIDENDS, "1,2,20131399,3"),
        (TickType.IB_DIVIDENDS, "1,2,3,4"), (TickType.FUNDAMENTAL_RATIOS, "x" * 20_000),
    ],
)  # fmt: skip
def test_a_text_that_cannot_be_read_is_shown_as_it_came(kind: TickType, text: str) -> None:
    tick = TickString(ID, kind, text)
    quote = quote_of(price(TickType.BID, 10, 5), tick)
    assert quote.others == (tick,)
    assert quote.bid == 10
    assert "others" in quote.changed


@pytest.mark.parametrize("value, halt", [(-1.0, None), (0.0, Halt.NONE), (1.0, Halt.GENERAL), (0.5, None), (9.0, 9)])
def test_halts(value: float, halt: Halt | None) -> None:
    assert quote_of(TickGeneric(ID, TickType.HALTED, value), price(TickType.BID, 1, 1)).halted == halt


def test_what_is_odd_is_unknown() -> None:
    """Values that could not be read are None, whatever their type says; who reads is told."""
    odd = OddValue("TickPrice", "price", "x", "a number")
    nothing: Any = None
    quote = quote_of(
        odd, TickPrice(ID, TickType.BID, nothing, nothing), TickGeneric(ID, TickType.SHORTABLE, None),
        TickString(ID, TickType.BID_EXCH, nothing), MarketDataType(ID, nothing), TickSize(ID, TickType.VOLUME, None),
        TickString(ID, TickType.LAST_TIMESTAMP, nothing), TickString(ID, TickType.RT_VOLUME, nothing),
    )  # fmt: skip
    assert (quote.bid, quote.mode, quote.notices, quote.has_data) == (None, None, (odd,), False)


def test_the_rest() -> None:
    contract = DeltaNeutralContract(1, 0.5, 10.0)
    news = TickNews(ID, None, "DJ-N", "DJ-N$1", "All is well")
    unknown = TickGeneric(ID, TickType(999), 1.0)
    quote = quote_of(DeltaNeutralValidation(ID, contract), news, unknown, price(TickType.VOLUME, 5))
    assert (quote.delta_neutral, quote.news) == (contract, (news,))
    assert quote.others == (unknown, price(TickType.VOLUME, 5)), "a volume as a price is none that we know"


# Bounds


def test_what_is_kept_has_bounds() -> None:
    quoting = Quoting()
    quoting.fold([TickGeneric(ID, TickType(1000 + number), 1.0) for number in range(3 * MOST_OTHERS)])
    quoting.fold([TickString(ID, TickType(999), "x" * 100_000)])
    quoting.fold([remark(10_000 + number) for number in range(MOST_NOTICES + 7)])
    quoting.fold([TickNews(ID, None, "P", str(number), "x") for number in range(MOST_NOTICES + 3)])
    quote = quoting.whole()
    assert len(quote.others) < MOST_OTHERS
    assert quote.notices[0] == Dropped(10)
    assert len(quote.notices) == MOST_NOTICES + 1
    assert len(quote.news) == MOST_NOTICES
    quoting.fold([remark()])
    assert len(quoting.whole().notices) == 1, "each is told once"


def test_large_remarks_have_a_bound_in_bytes() -> None:
    quoting = Quoting()
    text = "x" * 300_000
    for _ in range(20):
        error = ErrorMessage(ID, 2129, text)
        quoting.fold([Notice(2129, text, CodeKind.NOTICE, ID, None, error)])
    assert len(quoting.whole().notices) < 6


def test_the_time_is_that_of_the_newest() -> None:
    times = iter([100.0, 200.5])
    quoting = Quoting(clock=lambda: next(times))
    quoting.fold([price(TickType.BID, 1, 1)])
    quoting.fold([price(TickType.BID, 2, 1)])
    quote = quoting.whole()
    assert quote.received_at == datetime.fromtimestamp(200.5, UTC)
    assert quote == attrs.evolve(quote, received_at=None)  # type: ignore[misc]


# Properties

TYPES: Final = sorted({*(tick_type for kind in PLACES for tick_type in PLACES[kind]), TickType(999)})
ticks = st.one_of(
    st.builds(
        TickPrice, st.just(ID), st.sampled_from(TYPES), st.sampled_from([-1.0, 0.0, 1.5, 2.5]),
        st.sampled_from([None, Decimal(0), Decimal(3)]),
    ),
    st.builds(TickSize, st.just(ID), st.sampled_from(TYPES), st.sampled_from([Decimal(-1), Decimal(0), Decimal(4)])),
    st.builds(TickGeneric, st.just(ID), st.sampled_from(TYPES), st.sampled_from([None, -1.0, 0.0, 2.0])),
    st.builds(TickString, st.just(ID), st.sampled_from(TYPES), st.sampled_from(["", "KQ", "1767623400", "1,2,,3"])),
    st.sampled_from([LIVE, FROZEN, DELAYED, PARAMETERS, remark()]),
)  # fmt: skip
top_ticks = st.builds(
    TickPrice, st.just(ID), st.sampled_from([TickType.BID, TickType.ASK, TickType.DELAYED_BID]),
    st.sampled_from([-1.0, 1.5, 2.5]), st.sampled_from([Decimal(0), Decimal(3)]),
)  # fmt: skip


def stripped(quote: Quote) -> Quote:
    """Leave out what is about the reader."""
    return attrs.evolve(quote, changed=(), notices=(), news=())  # type: ignore[misc]


@settings(max_examples=60)
@given(st.lists(st.one_of(ticks, top_ticks), max_size=25), st.lists(st.integers(0, 25), max_size=6), st.booleans())
def test_slices_and_readers_change_nothing(items: list[Any], cuts: list[int], is_above_zero: bool) -> None:
    """In any slices, with a reader who looks or does not, the picture is the same, and the last one that is read."""
    whole = quote_of(*items, is_above_zero=is_above_zero)
    quoting, last = Quoting(is_above_zero=is_above_zero), None
    places = [0, *sorted(min(cut, len(items)) for cut in cuts), len(items)]
    for begin, end in pairwise(places):
        quoting.fold(items[begin:end])
        if end % 2:
            last = quoting.take() or last
    last = quoting.take() or last
    assert stripped(quoting.whole()) == stripped(whole)
    if last is not None:
        assert stripped(last) == stripped(whole)


@settings(max_examples=60)
@given(st.lists(st.lists(st.one_of(ticks, top_ticks), max_size=8), max_size=6))
def test_what_has_changed_is_what_differs(reads: Sequence[list[Any]]) -> None:
    """Every field that differs from the quote before is named, and with one mode no other."""
    quoting, before = Quoting(), Quote()
    for items in reads:
        quoting.fold(items)
        quote = quoting.take()
        if quote is None:
            assert stripped(quoting.whole()) == stripped(before) or before == Quote()
            continue
        assert {name for name in (*FIELDS, "others") if value_at(quote, name) != value_at(before, name)} <= set(
            quote.changed
        )
        before = quote


def value_at(quote: Quote, name: str) -> Any:
    value: Any = quote
    for part in name.split("."):
        value = getattr(value, part)
    return value
