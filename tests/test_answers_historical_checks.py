"""What the simulated TWS refuses of requests for bars: each check, its words, and which of two comes first."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.messages import (
    BarSize,
    CancelHeadTimestamp,
    Combo,
    Contract,
    ErrorMessage,
    FormatDate,
    HeadTimestampRequest,
    HistoricalDataRequest,
    Leg,
    MarketDataMode,
    MarketDataTypeRequest,
    SecurityType,
    Stock,
    WhatToShow,
)
from anytws.simulator.answers.historical_checks import Asked, check, duration_of, length_of
from anytws.simulator.answers.historical_farm import MOST_OPEN
from tests.history import BITCOIN, CONTINUOUS, EUR_USD, SERVICE, SPX, bars, bars_of, client_at, error_of, seconds
from tests.test_answers import ENCODINGS
from tests.test_world import Client

PAST = datetime(2026, 1, 2, 20, 0, tzinfo=UTC)
COMBO = Combo([Leg(265598, "BUY"), Leg(272093, "SELL")], "AAPL,MSFT")
CAUSE = "Error validating request.-'HistoricalDataRequest' : cause - "
SIZES = (
    "Historical data bar size setting is invalid. Legal ones are: 1 secs, 5 secs, 10 secs, 15 secs, 30 secs, 1 min, "
    "2 mins, 3 mins, 5 mins, 10 mins, 15 mins, 20 mins, 30 mins, 1 hour, 2 hours, 3 hours, 4 hours, 8 hours, 1 day, "
    "1W, 1M"
)
FORM = "When specifying a unit, historical data request duration format is integer{SPACE}unit (S|D|W|M|Y)."

CHECKS: dict[str, tuple[HistoricalDataRequest, int, str]] = {
    # In the order of TWS.
    "no duration": (bars(""), 321, "Historical data request duration not specified."),
    "no unit of ours": (bars("1 X"), 321, FORM),
    "two blanks": (bars("1  D"), 321, FORM),
    "a fraction": (bars("1.5 D"), 321, FORM),
    "nothing": (bars("0 D"), 321, "Historical data requested duration is invalid."),
    "too few seconds": (bars("29 S"), 321, "Historical data requested duration is invalid."),
    "too many seconds": (bars("86401 S"), 321, "Historical data request for greater than 86400 seconds rejected."),
    "too many days": (
        *(bars("366 D"), 321),
        "Historical data request for durations longer than 365 days must be made in years.",
    ),
    "too many weeks": (
        *(bars("53 W"), 321),
        "Historical data request for durations longer than 52 weeks must be made in years.",
    ),
    "too many months": (
        *(bars("13 M"), 321),
        "Historical data request for durations longer than 12 months must be made in years.",
    ),
    "adjusted, with an end": (
        *(bars(what_to_show=WhatToShow.ADJUSTED_LAST, end_date_time=PAST), 321),
        "End date not supported with adjusted last",
    ),
    "a size in the singular": (bars(size="1 sec"), 321, SIZES),
    "a size of old lists": (bars(size="4 mins"), 321, SIZES),
    "adjusted weeks": (
        *(bars("1 Y", BarSize.WEEK_1, what_to_show=WhatToShow.ADJUSTED_LAST), 321),
        "Multi day bar size not supported with adjusted last",
    ),
    "another kind": (bars(what_to_show=WhatToShow.verbatim("FOO")), 321, "What to show value of FOO rejected."),
    "another format": (bars(format_date=FormatDate(4)), 321, "Date formatting selection of 4 rejected."),
    "hours of a schedule": (
        *(bars("1 D", BarSize.HOUR_1, what_to_show=WhatToShow.SCHEDULE), 321),
        "Only daily resolution supported for Schedule requests",
    ),
    "live with an end": (
        *(bars(keep_up_to_date=True, end_date_time=PAST), 321),
        "End date not supported with live updates",
    ),
    "live bid and ask": (
        *(bars(keep_up_to_date=True, what_to_show=WhatToShow.BID_ASK), 321),
        "Source price not supported with live updates",
    ),
    "a live combo": (bars(keep_up_to_date=True, contract=COMBO), 321, "Live updates for combos are not supported"),
    "no such stock": (bars(contract=Stock("XYZ")), 200, "No security definition has been found for the request"),
    "two such stocks": (
        *(bars(contract=Contract(symbol="AMD", security_type=SecurityType.STOCK, exchange="SMART")), 200),
        "The contract description specified for AMD is ambiguous",
    ),
    "trades of crypto": (
        *(bars(contract=BITCOIN), 10299),
        "Expected what to show is AGGTRADES, please use that instead of TRADES.",
    ),
    "a continuous future, with an end": (
        *(bars(contract=CONTINUOUS, end_date_time=PAST), 10339),
        "Setting end date/time for continuous future security type is not allowed.",
    ),
    "steps too small": (bars("1 Y", BarSize.SECONDS_30), 162, f"{SERVICE}invalid step: 30"),
    "seconds of a day": (bars("1 D", BarSize.SECOND_1), 162, f"{SERVICE}invalid step: 1"),
    "too many single seconds": (bars("2001 S", BarSize.SECOND_1), 162, f"{SERVICE}Time length exceed max."),
    "too many years": (bars("69 Y", BarSize.DAY_1), 162, f"{SERVICE}Time length exceed max."),
    "trades of forex": (
        *(bars(contract=EUR_USD), 162),
        f"{SERVICE}No historical market data for EUR/CASH@IDEALPRO Last 300",
    ),
    "quotes of an index": (
        *(bars("1 D", BarSize.DAY_1, contract=SPX, what_to_show=WhatToShow.BID), 162),
        f"{SERVICE}No historical market data for SPX/IND@CBOE Bid 0",
    ),
    "a combo": (bars(contract=COMBO), 162, f"{SERVICE}No historical market data for "),
    "before its time": (
        *(bars(end_date_time=datetime(1979, 6, 1, tzinfo=UTC)), 162),
        f"{SERVICE}Starting time must occur before ending time",
    ),
    "small and old": (
        *(bars("60 S", BarSize.SECONDS_30, end_date_time=datetime(2025, 6, 2, 18, tzinfo=UTC)), 162),
        f"{SERVICE}HMDS query returned no data: AAPL@SMART Trades",
    ),
}


@pytest.mark.parametrize("version, is_known", [(164, False), (165, True)])
def test_a_schedule_is_refused_where_no_message_could_tell_it(version: int, is_known: bool):
    """Ours does not ask for one below that version. ib_async does, and must not wait for ever."""
    request = bars("3 D", BarSize.DAY_1, what_to_show=WhatToShow.SCHEDULE)
    outcome = check(client_at(version).link, request).outcome
    if is_known:
        assert isinstance(outcome, Asked)
    else:
        assert isinstance(outcome, ErrorMessage)
        assert outcome.error_message == f"{CAUSE}What to show value of SCHEDULE rejected."


@pytest.mark.card("historical.checks", "historical.duration_against_size", "historical.products")
@pytest.mark.card("historical.before_all_data", "historical.not_kept", "historical.nothing_stored")
@pytest.mark.parametrize("version", ENCODINGS)
@pytest.mark.parametrize("request_, code, words", CHECKS.values(), ids=CHECKS)
def test_what_is_refused_is_refused_once_and_has_no_end(
    request_: HistoricalDataRequest, code: int, words: str, version: int
):
    client = client_at(version)
    request_id, told_code, text = error_of(client.ask(request_))
    assert (request_id, told_code) == (7, code)
    wanted = CAUSE + words if code == 321 else words
    assert text.startswith(wanted) if words.endswith(" ") or "AMD" in words else text == wanted
    assert not client.link.streams


FIRST: list[tuple[dict[str, Any], str]] = [
    # Each of these has all the faults of those behind it.
    ({"end_date_time": "x"}, "End Date/Time"),
    ({"duration": ""}, "duration not specified"),
    ({"duration": "x"}, "integer{SPACE}unit"),
    ({"duration": "0 S"}, "duration is invalid"),
    ({"duration": "99999 S"}, "86400 seconds"),
    ({"what_to_show": WhatToShow.ADJUSTED_LAST, "end_date_time": PAST}, "End date not supported with adjusted last"),
    ({"size": "x"}, "bar size setting is invalid"),
    ({"size": BarSize.WEEK_1, "what_to_show": WhatToShow.ADJUSTED_LAST}, "Multi day bar size"),
    ({"what_to_show": WhatToShow.verbatim("FOO")}, "What to show value of FOO"),
    ({"format_date": FormatDate(9)}, "Date formatting selection of 9"),
    ({"what_to_show": WhatToShow.SCHEDULE, "size": BarSize.HOUR_1}, "Only daily resolution"),
    ({"keep_up_to_date": True, "what_to_show": WhatToShow.FEE_RATE}, "Source price"),
    ({"contract": Stock("XYZ")}, "No security definition"),
]


@pytest.mark.card("historical.checks")
@pytest.mark.parametrize("place", range(len(FIRST)))
def test_the_first_check_that_fails_is_the_answer(place: int):
    faults: dict[str, Any] = {}
    for fields, _ in reversed(FIRST[place:]):
        faults |= fields
    assert FIRST[place][1] in error_of(client_at().ask(bars(**faults)))[2]


@pytest.mark.parametrize(
    "size",
    [*[size.value for size in BarSize], "1W", "1 w", "1M", "1 m", "3 months", "1 year", "1 MIN", "1 Day", "30 SECS"],
)
def test_sizes_are_taken_in_any_case(size: str):
    assert length_of(size) is not None


@pytest.mark.parametrize("size", ["1 sec", "1 mins", "1 hours", "4 mins", "60 secs", "2 days", "1  min", "week"])
def test_other_sizes_are_not(size: str):
    assert length_of(size) is None


@given(st.text(alphabet="0123456789 SDWMYsdwmy.-+x", max_size=8))
def test_a_duration_is_read_or_refused(text: str):
    found = duration_of(text)
    if found is not None:
        assert text.upper() in (f"{text.split(' ', maxsplit=1)[0]} {found.unit}", text.split(" ", maxsplit=1)[0])
        assert found.count == int(text.split(" ", maxsplit=1)[0])
        assert found.unit in "SDWMY"


def test_seconds_may_go_without_their_unit():
    client = client_at()
    assert (
        bars_of(client.ask(bars("3600"))) == bars_of(client.ask(bars("3600 S"))) == bars_of(client.ask(bars("3600 s")))
    )


def test_what_the_table_of_durations_advises_against_is_served():
    client = client_at()
    # Recorded: 1 M and 5 D with bars of a day.
    for duration, size in (("1 M", BarSize.DAY_1), ("5 D", BarSize.DAY_1), ("3600 S", BarSize.HOUR_1)):
        assert bars_of(client.ask(bars(duration, size)))


@pytest.mark.card("historical.duplicate_id")
def test_an_id_in_use_is_refused():
    client = client_at()
    client.ask(bars(keep_up_to_date=True))
    told = error_of(client.ask(bars("bad")))
    assert told == (
        *(7, 322),
        "Error processing request.-'HistoricalDataRequest' : cause - Duplicate ticker ID for API historical data query",
    )


# The farm


@pytest.mark.card("historical.permission")
def test_without_a_subscription_there_is_no_history():
    client = client_at(market_data_subscribed=False)
    _, code, text = error_of(client.ask(bars()))
    assert code == 162
    assert text.startswith(f"{SERVICE}No market data permissions for NASDAQ STK. Requested market data requires ")
    assert bars_of(client.ask(bars(contract=EUR_USD, what_to_show=WhatToShow.BID))), "forex needs none"


@pytest.mark.card("historical.permission")
def test_who_takes_delayed_data_gets_what_is_older_than_they_are():
    client = client_at(market_data_subscribed=False)
    client.ask(MarketDataTypeRequest(MarketDataMode.DELAYED))
    assert error_of(client.ask(bars())) == (
        *(7, 2188),
        "Up-to-the-second historical data requires additional subscription for the API.",
    )
    assert bars_of(client.ask(bars(end_date_time=datetime(2026, 1, 5, 14, 15, tzinfo=UTC))))


@pytest.mark.card("historical.permission")
def test_a_competing_session_takes_history_with_it():
    told = error_of(client_at(competing_session=True).ask(bars()))
    assert told == (7, 162, f"{SERVICE}Trading TWS session is connected from a different IP address")


@pytest.mark.card("historical.open_queries")
def test_fifty_queries_may_be_open():
    client = client_at()
    for number in range(1, MOST_OPEN + 1):
        client.ask(bars("60 S", BarSize.MINUTE_1, keep_up_to_date=True, request_id=number))
    told = error_of(client.ask(bars(request_id=99)))
    assert told == (99, 162, f"{SERVICE}Only 50 simultaneous API historical data requests allowed.")


def heads(client: Client, now: float, count: int, first: int = 0) -> list[int]:
    """Ask for the head timestamps of *count* kinds of thing at *now*; give the codes of the errors."""
    kinds = [(symbol, rth, form) for symbol in ("AAPL", "MSFT", "IBM", "SPY") for rth in (0, 1) for form in (1, 2)]
    codes = []
    for number in range(first, first + count):
        symbol, rth, form = kinds[number % len(kinds)]
        told = client.ask(
            HeadTimestampRequest(Stock(symbol), WhatToShow.TRADES, bool(rth), FormatDate(form), request_id=number + 1),
            now,
        )
        codes += [error_of(told)[1]] if client.link.streams.get(("head timestamp", number + 1)) is None else []
    return codes


@pytest.mark.card("historical.open_queries", "historical.head_timestamp")
def test_head_timestamps_take_a_place_until_their_cancel():
    client = client_at()
    for turn in range(4):
        heads(client, 20.0 * turn, 12, 12 * turn)
    heads(client, 90.0, 2, 48)
    assert client.link.count("head timestamp") == MOST_OPEN
    assert error_of(client.ask(bars(request_id=99), 120.0))[:2] == (99, 162)
    assert client.ask(CancelHeadTimestamp(1), 120.0) == []
    assert bars_of(client.ask(bars(request_id=99), 120.0))


@pytest.mark.card("historical.pacing")
def test_small_bars_are_paced_and_large_ones_are_not():
    client = client_at()
    small, large = bars("60 S", BarSize.SECONDS_30), bars("60 S", BarSize.MINUTE_1)
    assert bars_of(client.ask(small))
    assert error_of(client.ask(small, 14.0)) == (7, 162, f"{SERVICE}Historical data request pacing violation")
    assert bars_of(client.ask(small, 15.1))
    for _ in range(100):
        assert bars_of(client.ask(large, 15.1))


@pytest.mark.card("historical.pacing")
def test_clients_share_their_patience():
    client = client_at()
    other = Client(client.link.world, client_id=5)
    assert bars_of(client.ask(bars("60 S", BarSize.SECONDS_30)))
    assert error_of(other.ask(bars("60 S", BarSize.SECONDS_30)))[1] == 162


@pytest.mark.card("historical.pacing")
def test_the_sixth_of_a_contract_in_two_seconds_is_refused_bid_and_ask_sooner():
    client = client_at()

    def ask(number: int, what: WhatToShow) -> bool:
        told = client.ask(bars(f"{60 + number} S", BarSize.SECONDS_30, what_to_show=what), seconds(0.1).total_seconds())
        return len(told) > 1

    assert [ask(number, WhatToShow.TRADES) for number in range(6)] == [True] * 5 + [False]
    assert [ask(number, WhatToShow.BID_ASK) for number in range(3)] == [True, True, False]


@pytest.mark.card("historical.pacing")
def test_pacing_can_be_switched_off():
    client = client_at(historical_pacing=False)
    for number in range(70):
        assert bars_of(client.ask(bars("60 S", BarSize.SECONDS_30, request_id=number)))
    for number in range(70):
        client.ask(bars(keep_up_to_date=True, request_id=number))
    assert client.link.count("bars") == 70
