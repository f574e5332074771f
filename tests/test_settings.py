"""The settings of the simulated TWS: what can be set serves any client, and what could not is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anytws.core.state import State
from anytws.messages.accounts import AccountDataRequest, PositionsRequest
from anytws.messages.base import Side
from anytws.messages.instruments import Stock
from anytws.messages.market_data import MarketDataRequest
from anytws.messages.session import (
    CurrentTimeInMillis,
    CurrentTimeRequest,
    ErrorMessage,
    IdsRequest,
    ManagedAccountsRequest,
)
from anytws.simulator import (
    BarTimes,
    Dialog,
    Farm,
    FarmKind,
    HangUp,
    Holding,
    Opening,
    Personality,
    World,
    WorldSettings,
)
from anytws.simulator.advisors import AdvisorGroup
from anytws.simulator.exchange.models import Habits, Latency, Pieces, Progress
from anytws.simulator.ledger.margins import Margins
from anytws.simulator.market.models import FLAT, SEEDED, Path
from anytws.simulator.settings import EPOCH
from anytws.testing.strategies import message_of
from anytws.wire.catalogue import CATALOGUE
from anytws.wire.frames import MAX_FRAME
from anytws.wire.limits import Limits
from anytws.wire.versions import MAX_VERSION, MIN_VERSION
from tests.test_serve import HERE
from tests.test_world import Client

REFUSED = {
    "server_version": [0, MAX_VERSION + 1, True, 200.5, None, "200"],
    "personality": ["tws", None],
    "price_model": ["flat", None],
    "accounts": [("",), ("", ""), ("a,b",), ("\ud800",), ["DU1"], "DU1", (1,), None],
    "first_order_id": [2**31 - 1, 2**31, -(2**31) - 1, True, 1.0, None],
    "opening": [5, [Opening.FARMS], ("farms",), (CurrentTimeRequest(),), (ErrorMessage(-1, 200, "x"),), None],
    "opening_seconds": [-1, float("nan"), float("inf"), 1e300, 10**400, "1", True, None],
    "dialog_seconds": [-0.1, float("nan")],
    "stale_seconds": [1e300, float("inf")],
    "settling_seconds": [float("-inf"), 10**10],
    "farms": [(5,), 5, [], (Farm(FarmKind.HISTORICAL, "\udc80"),), (Farm("x", "y"),), (Farm(FarmKind.HISTORICAL, 5),)],
    "api_enabled": ["no", 1],
    "localhost_only": [None],
    "read_only": ["yes"],
    "max_clients": [-1, True, 1.5, float("inf")],
    "trusted_addresses": [5, [5], [[]], [""], None],
    "dialog": ["accept"],
    "redirect": [("x", 99_999_999_999), ("x", 0), ("a b", 1), ("", 1), ("a",), "x", 5, ("x", "80"), (None, 1)],
    "die_after_bytes": [-1, 1.5, True, float("nan")],
    "die_by": ["eof"],
    "news_providers": [("",), ("A+B",), ("A$B",), ["BZ"], "BZ", (5,), ("\ud800",), None],
    "wsh_licensed": ["yes", 1],
    "advisor_groups": [
        [],
        "Even",
        ("Even",),
        (AdvisorGroup("\ud800", ("DU1",)),),
        (AdvisorGroup("Even", ("DU1",)), AdvisorGroup("Even", ("DU2",))),
        None,
    ],
    "epoch_at_zero": [
        datetime(2026, 1, 1),  # noqa: DTZ001
        datetime.max.replace(tzinfo=UTC),
        datetime(9990, 1, 1, tzinfo=UTC),
        5,
    ],
    "starts_at": [datetime(2026, 1, 1), datetime.max.replace(tzinfo=UTC), 5],  # noqa: DTZ001
    "utc_offset": [timedelta(hours=999), timedelta(days=1), timedelta(days=-1), 5, None],
    "zone": ["a\0b", "\ud800", 5, None, "x" * (MAX_FRAME + 1)],
    "connection_time": [b"a\0b", "now", 5, bytearray(b"now"), bytes(1) + b"x" * MAX_FRAME],
    "positions": [
        ([Holding("AAPL", Decimal(1), 1.0)],),
        [],
        ("AAPL",),
        (Holding("", Decimal(1), 1.0),),
        (Holding("A\0B", Decimal(1), 1.0),),
        (Holding("AAPL", 1, 1.0),),  # type: ignore[arg-type]
        (Holding("AAPL", Decimal("nan"), 1.0),),
        (Holding("AAPL", Decimal("1e300"), 1.0),),
        (Holding("AAPL", Decimal(1), float("nan")),),
        (Holding("AAPL", Decimal(1), -1.0),),
        (Holding("AAPL", Decimal(1), 1.0), Holding("AAPL", Decimal(2), 1.0)),
    ],
    "base_currency": ["XXX", "usd", "", None, 5],
    "cash": [100_000, 1.5, "1", Decimal("nan"), Decimal("inf"), Decimal("1e300"), None],
    "account_type": ["a\0b", "\ud800", 5, None],
    "margins": ["reg-t", None],
    "large_account": ["no", None],
    "ledger_prefix": ["no", None],
    "summary_twice": ["no", None],
    "shared_account_data": ["no", None],
    "seed": [-1, 1.5, True, None],
    "tick_seconds": [-1, 0.00001, float("nan"), float("inf"), "1", True],
    "market_data_seconds": [-1, float("nan"), "1", True],
    "market_data_subscribed": ["no", None],
    "lines": [-1, True, 1.5],
    "market_data_unsubscribed": [5, [5], [""], None],
    "delayed_data": ["no", None],
    "depth_unsubscribed": [5, [5], [""], None],
    "us_stocks_in_lots": ["no", None],
    "competing_session": ["no", None],
    "tick_by_tick_seconds": [-1, float("nan"), "1", True],
    "bar_times": ["utc", None],
    "historical_pacing": ["no", None],
    "historical_seconds": [-1, float("nan"), "1", True],
    "messages_per_second": [-1, True, 1.5],
    "rejects_above_rate": ["no", None],
    "progress": ["by-hand", None],
    "pieces": ["whole", None],
    "latency": [0.1, None],
    "habits": [{}, None],
    "hard_to_borrow": [5, [5], [""], None],
    "master_client": [-1, True, "1"],
    "memory": [0, True, 1.5],
    "memory_bytes": [0, -1, float("inf")],
    "limits": [None, 5],
}


@pytest.mark.parametrize(
    "name, value",
    [pytest.param(name, value, id=f"{name}-{value!r:.30}") for name in REFUSED for value in REFUSED[name]],
)
def test_what_tws_could_not_do_or_say_is_no_setting(name: str, value: object):
    with pytest.raises(ValueError, match=rf"^{name} is .*, and has to be ") as caught:
        WorldSettings(**{name: value})
    text = str(caught.value)
    assert len(text) < 1000
    assert text.isprintable()


def test_every_setting_has_values_that_are_refused():
    assert REFUSED.keys() == {field.name for field in attrs.fields(WorldSettings)}


def test_an_offset_that_leaves_the_calendar_is_refused_with_the_clock_that_it_leaves_by():
    first = datetime(1, 1, 1, tzinfo=UTC)
    assert WorldSettings(epoch_at_zero=first)
    with pytest.raises(ValueError, match="epoch_at_zero"):
        WorldSettings(epoch_at_zero=first, utc_offset=timedelta(hours=-1))


def test_one_address_is_one_address():
    assert WorldSettings(trusted_addresses="10.0.0.1").trusted_addresses == {"10.0.0.1"}


def test_what_an_older_version_does_not_have_is_left_out_of_its_opening():
    news = CurrentTimeInMillis(EPOCH)
    world = World(WorldSettings(opening=(news, Opening.NEXT_VALID_ID, Opening.MANAGED_ACCOUNTS)))
    assert Client(world, client_id=1).heard(CurrentTimeInMillis) == [news]
    old = Client(world, client_id=2, maximum_version=MIN_VERSION)
    assert old.heard(CurrentTimeInMillis) == []
    assert old.state is State.READY
    with pytest.raises(ValueError, match="opening"):
        WorldSettings(server_version=MIN_VERSION, opening=(news,))


NAMES = st.text(max_size=5) | st.sampled_from(["", ",", "\0", "\n", "\ud800", "中国", "DU1"])


SECONDS = st.floats() | st.integers() | st.sampled_from([0, 0.0, 1e9, 1e300])


ODD = st.none() | st.booleans() | st.text(max_size=3) | st.integers() | st.floats() | st.binary(max_size=3)


KINDS = [Opening.MANAGED_ACCOUNTS, Opening.NEXT_VALID_ID, Opening.FARMS]


ANY_SETTINGS: dict[str, st.SearchStrategy[object]] = {
    "personality": st.sampled_from(Personality),
    "price_model": st.sampled_from((SEEDED, FLAT, Path(()))),
    "server_version": st.integers(1, MAX_VERSION),
    "accounts": st.lists(NAMES, max_size=3).map(tuple),
    "first_order_id": st.integers(-(2**31), 2**31),
    "opening": st.lists(
        st.sampled_from(KINDS)
        | st.sampled_from([entry for entry in CATALOGUE if entry.said_by is Side.TWS]).flatmap(
            lambda entry: message_of(entry.cls)
        )
        | st.builds(ErrorMessage, st.integers(), st.integers(), NAMES, NAMES),
        max_size=3,
    ).map(tuple),
    "opening_seconds": SECONDS,
    "farms": st.lists(st.builds(Farm, st.sampled_from(FarmKind), NAMES), max_size=3).map(tuple),
    "api_enabled": st.booleans(),
    "max_clients": st.integers(0, 3),
    "localhost_only": st.booleans(),
    "trusted_addresses": st.lists(st.sampled_from([HERE, "", "10.0.0.1"])),
    "dialog": st.sampled_from(Dialog),
    "dialog_seconds": SECONDS,
    "stale_seconds": SECONDS,
    "settling_seconds": SECONDS,
    "read_only": st.booleans(),
    "redirect": st.none() | st.tuples(NAMES, st.none() | st.integers(-1, 70_000)),
    "die_after_bytes": st.none() | st.integers(),
    "die_by": st.sampled_from(HangUp),
    "epoch_at_zero": st.none() | st.datetimes(timezones=st.none() | st.just(UTC)),
    "utc_offset": st.timedeltas(timedelta(days=-2), timedelta(days=2)),
    "zone": NAMES,
    "connection_time": st.none() | st.binary(max_size=5),
    "positions": st.lists(
        st.builds(
            Holding,
            st.sampled_from(["AAPL", "SPY", "AMD", "EUR.USD"]),
            st.decimals(allow_infinity=True, allow_nan=True) | st.integers(),  # type: ignore[arg-type]
            st.floats(),
        ),
        max_size=3,
    ).map(tuple),
    "base_currency": st.sampled_from(["USD", "EUR", "HKD", "XXX"]),
    "cash": st.decimals(allow_nan=True, allow_infinity=True) | st.integers(),
    "account_type": NAMES,
    "margins": st.sampled_from(Margins),
    "large_account": st.booleans(),
    "ledger_prefix": st.booleans(),
    "summary_twice": st.booleans(),
    "shared_account_data": st.booleans(),
    "seed": st.integers(-1),
    "tick_seconds": SECONDS | st.floats(0.00005, 1.0),
    "market_data_seconds": SECONDS,
    "market_data_subscribed": st.booleans(),
    "lines": st.integers(-1, 3),
    "market_data_unsubscribed": st.lists(st.sampled_from(["usfarm", "STK", "ARCA", ""])),
    "delayed_data": st.booleans(),
    "depth_unsubscribed": st.lists(st.sampled_from(["ARCA", "NASDAQ", ""])),
    "us_stocks_in_lots": st.booleans(),
    "starts_at": st.none() | st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    "messages_per_second": st.integers(0, 100),
    "rejects_above_rate": st.booleans(),
    "progress": st.sampled_from(Progress),
    "pieces": st.sampled_from(Pieces),
    "latency": st.builds(Latency, acknowledge=st.floats(0, 10)),
    "habits": st.builds(Habits, repeats=st.integers(1, 4), forgets_after=st.floats(0, 100)),
    "hard_to_borrow": st.frozensets(st.sampled_from(("AAPL", "MSFT"))),
    "master_client": st.none() | st.integers(0, 9),
    "competing_session": st.booleans(),
    "tick_by_tick_seconds": SECONDS,
    "bar_times": st.sampled_from(BarTimes),
    "historical_pacing": st.booleans(),
    "historical_seconds": SECONDS,
    "news_providers": st.lists(NAMES, max_size=3).map(tuple),
    "wsh_licensed": st.booleans(),
    "advisor_groups": st.lists(
        st.builds(AdvisorGroup, NAMES.filter(bool), st.lists(NAMES.filter(bool), min_size=1, max_size=2).map(tuple)),
        max_size=3,
    ).map(tuple),
    "memory": st.integers(-1, 5),
    "memory_bytes": st.integers(-1, 10_000),
    "limits": st.sampled_from([Limits(), Limits(frame=64, before_version=64, items=0)]),
}


EACH_TOPIC = (
    *(IdsRequest(), ManagedAccountsRequest(), CurrentTimeRequest(), PositionsRequest(), AccountDataRequest()),
    MarketDataRequest(Stock("SPY"), request_id=7),
)


@given(st.fixed_dictionaries({}, optional={name: good | ODD for name, good in ANY_SETTINGS.items()}), st.data())
@settings(max_examples=max(60, settings().max_examples // 2))
def test_whatever_can_be_set_serves_a_client_without_a_failure(chosen: dict[str, Any], data: st.DataObject):
    made = WorldSettings()
    for name, value in chosen.items():
        try:
            made = attrs.evolve(made, **{name: value})
        except ValueError as refusal:
            assert str(refusal).split(" ", 1)[0] in chosen
    world = World(made)
    highest = data.draw(st.integers(MIN_VERSION, MAX_VERSION))
    now = data.draw(st.sampled_from([0.0, 5.5, 1e9]))
    for client_id in range(2):
        client = Client(world, client_id=client_id, maximum_version=highest, now=0.0)
        client.go(now)
        for request in EACH_TOPIC:
            # It may die of any of them.
            if client.state is State.READY:
                client.ask(request, now)
        client.go(now + 0.002)
        assert client.link.failure is None
        client.link.receive_reset(now)
        assert client.link.failure is None
    assert world.links == ()


def test_the_strategy_above_knows_every_setting():
    assert ANY_SETTINGS.keys() == REFUSED.keys()


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf"), "1", True])
def test_what_takes_less_than_no_time_or_has_no_end_is_no_latency(seconds: object):
    with pytest.raises(ValueError, match=r"acknowledge is .*, and has to be"):
        Latency(acknowledge=seconds)


@pytest.mark.parametrize(
    "name, value", [("repeats", 0), ("repeats", True), ("first_word", "Filled"), ("forgets_after", -1)]
)
def test_what_tws_cannot_be_used_to_is_no_habit(name: str, value: object):
    with pytest.raises(ValueError, match=f"{name} is .*, and has to be"):
        Habits(**{name: value})
