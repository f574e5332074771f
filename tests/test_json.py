"""Every message as JSON, and back: equal, with the zone and the form of each time. What does not fit is refused."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anytws.json import MOST_DEEP, JsonError, from_json, to_json
from anytws.messages import (
    Action,
    AttachedOrders,
    ConnectionTime,
    CurrentTime,
    ErrorMessage,
    Execution,
    ExecutionCondition,
    ExecutionDetails,
    ExecutionSide,
    ExerciseAction,
    ExerciseOptionsRequest,
    HistoricalData,
    HistoricalDataBar,
    LimitOrder,
    MarginCondition,
    Message,
    NextValidId,
    OpenOrder,
    Order,
    OrderCondition,
    OrderState,
    OrderStatusWord,
    OrderType,
    PlaceOrderRequest,
    Position,
    PriceCondition,
    Side,
    Stock,
    TimeCondition,
    TimeInForce,
    moments_of,
    replace,
)
from anytws.messages.times import EPOCH_SECONDS, NamedZone, UnclearZone
from anytws.testing.strategies import message_of, messages
from anytws.wire.catalogue import CATALOGUE
from anytws.wire.codec import Codec
from anytws.wire.compiled.twins import twin_of
from anytws.wire.rows import Entry
from anytws.wire.times import TIME, decided, zone_named
from tests.test_recorded_frames import READABLE

APPLE = Stock("AAPL")
ORDER = PlaceOrderRequest(APPLE, LimitOrder("BUY", "0.5", "10.05"), order_id=7)


def data_of(value: Any) -> Any:
    """Give the JSON of *value*, parsed by somebody else."""
    return json.loads(to_json(value))


# The zones, numbers and words are the same in all of them, so each needs a few examples only.
A_FEW = settings(max_examples=max(3, settings.default.max_examples // 20))


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: f"{entry.said_by.value}-{entry.name}")
@A_FEW
@given(data=st.data())
def test_every_message_comes_back(entry: Entry, data: st.DataObject) -> None:
    """And is the same text again."""
    message = data.draw(message_of(entry.cls))
    text = to_json(message)
    assert text.isascii()
    back = from_json(text)
    assert type(back) is entry.cls
    assert back == message
    assert to_json(back) == text
    assert from_json(text.encode(), entry.cls) == message


@A_FEW
@given(message=messages(Side.CLIENT))
def test_what_comes_back_goes_out_with_the_same_bytes(message: Message) -> None:
    """The forms of times, the zeros of decimals: all that a message says."""
    codec = Codec(Side.CLIENT, 226)
    assert codec.encode(from_json(to_json(message))) == codec.encode(message)


@pytest.mark.parametrize("recorded", READABLE, ids=lambda recorded: recorded.name)
def test_every_recorded_message_comes_back(recorded: Any) -> None:
    """What real TWS said; with an indent, for people."""
    message = recorded.codec().decode(recorded.body)
    assert from_json(to_json(message, indent=2)) == message


# --- the values -------------------------------------------------------------------------------------------------------


def test_an_order_reads_well() -> None:
    """The form is public: programs in other languages rely on it."""
    assert data_of(replace(ORDER, contract=replace(APPLE, strike=float("inf")))) == {
        "type": "PlaceOrderRequest",
        "order_id": 7,
        "contract": {
            "symbol": "AAPL",
            "security_type": "STK",
            "strike": "Infinity",
            "exchange": "SMART",
            "currency": "USD",
        },
        "order": {"action": "BUY", "order_type": "LMT", "total_quantity": "0.5", "limit_price": 10.05},
    }


def test_decimals_are_exact() -> None:
    for text in ("0.00025289", "1E+30", "-5", "0.10", "123456789012345678901234567890.000000000000000001"):
        position = Position("DU1", APPLE, Decimal(text))
        assert data_of(position)["position"] == str(Decimal(text))
        back = from_json(to_json(position), Position).position
        assert (back, str(back)) == (Decimal(text), str(Decimal(text)))


TIMES: list[tuple[str, datetime | date]] = [
    ("2024-01-31", date(2024, 1, 31)),
    ("0001-01-01", date.min),
    ("2024-01-31T12:30:00", datetime.fromisoformat("2024-01-31T12:30:00")),
    ("2024-01-31T12:30:00.000500", datetime.fromisoformat("2024-01-31T12:30:00.000500")),
    ("2024-01-31T12:30:00Z", datetime(2024, 1, 31, 12, 30, tzinfo=UTC)),
    ("2024-01-31T12:30:00Z[epoch]", datetime(2024, 1, 31, 12, 30, tzinfo=EPOCH_SECONDS)),
    ("2024-01-31T12:30:00+05:45", datetime(2024, 1, 31, 12, 30, tzinfo=timezone(timedelta(hours=5, minutes=45)))),
    ("2024-01-31T12:30:00-05:00[US/Eastern]", TIME.read_text("20240131 12:30:00 US/Eastern")),
    ("2024-07-31T12:30:00-04:00[US/Eastern]", TIME.read_text("20240731 12:30:00 US/Eastern")),
    ("2024-01-31T12:30:00-05:00[EST]", TIME.read_text("20240131 12:30:00 EST")),
    ("2024-01-31T12:30:00[CST]", TIME.read_text("20240131 12:30:00 CST")),
    ("2024-01-31T12:30:00[No ] such [zone]", TIME.read_text("20240131 12:30:00 No ] such [zone")),
    ("2024-01-31T12:30:00+08:00[GMT+08:00]", TIME.read_text("20240131 12:30:00 GMT+08:00")),
    ("2025-11-02T01:30:00[US/Eastern]", TIME.read_text("20251102 01:30:00 US/Eastern")),
    ("2026-03-08T02:30:00[US/Eastern]", TIME.read_text("20260308 02:30:00 US/Eastern")),
]


@pytest.mark.parametrize("text, value", TIMES, ids=[text for text, _ in TIMES])
def test_a_time_keeps_its_zone_and_its_form(text: str, value: Any) -> None:
    """Naive apart from aware, the hour that comes twice, and what the zone is called."""
    bars = HistoricalData(7, bars=(HistoricalDataBar(value, 1.0, 2.0, 0.5, 1.5),))
    assert data_of(bars)["bars"][0]["time"] == text
    back: Any = from_json(to_json(bars), HistoricalData).bars[0].time
    assert (type(back), back) == (type(value), value)
    if isinstance(value, datetime):
        assert type(back.tzinfo) is type(value.tzinfo)
        assert (back.utcoffset(), back.tzname(), back.fold) == (value.utcoffset(), value.tzname(), value.fold)
    assert (
        TIME.write_text(back) == TIME.write_text(value)
        if value.year > 1 and not getattr(value, "microsecond", 0)
        else True
    )


def test_the_hour_that_order_has_decided_stays_decided() -> None:
    first, second = decided([TIME.read_text("20251102 01:30:00 US/Eastern")] * 2)
    bars = HistoricalData(7, bars=tuple(HistoricalDataBar(time, 1.0, 2.0, 0.5, 1.5) for time in (first, second)))
    assert [bar["time"][-18:-12] for bar in data_of(bars)["bars"]] == ["-04:00", "-05:00"]
    back = [bar.time for bar in from_json(to_json(bars), HistoricalData).bars]
    assert [moments_of(time)[0].hour for time in back if isinstance(time, datetime)] == [5, 6]
    assert back == [first, second]


def test_a_zone_that_another_machine_knew_keeps_its_moment() -> None:
    """Written where the zone was known, read where it is not."""
    text = to_json(CurrentTime(datetime(2024, 1, 31, 12, 30, tzinfo=UTC))).replace("00Z", "00-03:30[Elsewhere Time]")
    time = from_json(text, CurrentTime).time
    assert time.utcoffset() == timedelta(hours=-3.5)
    assert time.tzname() == "Elsewhere Time"


def test_a_zone_that_is_not_what_its_name_says_is_not_written() -> None:
    """It would come back as another moment."""
    for zone in (NamedZone("US/Eastern", ZoneInfo("Asia/Tokyo")), NamedZone("epoch", UTC)):
        with pytest.raises(ValueError, match="its zone is not the one that is known as"):
            to_json(CurrentTime(datetime(2024, 1, 31, 12, 30, tzinfo=zone)))


@pytest.mark.parametrize(
    "value, form",
    [
        (date(2026, 7, 6), "2026-07-06"),
        ("2026-07-06", {"text": "2026-07-06"}),
        ("noon", {"text": "noon"}),
        ("", {"text": ""}),
        (datetime(2026, 7, 6, 12, tzinfo=UTC), "2026-07-06T12:00:00Z"),
    ],
)
def test_what_was_typed_is_told_from_a_time(value: Any, form: Any) -> None:
    order = replace(ORDER.order, good_till_date=value)
    assert data_of(order)["good_till_date"] == form
    back = from_json(to_json(order), Order).good_till_date
    assert (type(back), back) == (type(value), value)


def test_conditions_say_which_they_are() -> None:
    conditions = (
        PriceCondition(True, 1.5, 5, "SMART", is_conjunction=False),
        TimeCondition(False, "noon"),
        MarginCondition(True, 5),
        ExecutionCondition("STK", "ANY", "AAPL"),
    )
    order = replace(ORDER.order, conditions=conditions)
    assert [each["type"] for each in data_of(order)["conditions"]] == [type(each).__name__ for each in conditions]
    assert from_json(to_json(order), Order).conditions == conditions
    assert from_json(to_json(conditions[1]), OrderCondition) == conditions[1]


def test_enumerations_are_open() -> None:
    """What nobody knows comes back; what TWS has said is unquestioned, and what a person has typed is not."""
    state = OrderState(status=OrderStatusWord.verbatim("Sumbitted"))
    said = OpenOrder(7, APPLE, replace(ORDER.order, action=Action.verbatim("HOLD")), state)
    back = from_json(to_json(said), OpenOrder)
    assert back == said
    assert (back.order_state.status, back.order_state.status and back.order_state.status.is_meant) == (
        "Sumbitted",
        True,
    )
    typed = from_json(to_json(replace(ORDER, order=replace(ORDER.order, time_in_force=TimeInForce("GTCC")))))
    assert isinstance(typed, PlaceOrderRequest)
    assert typed.order.time_in_force is not None
    assert not typed.order.time_in_force.is_meant
    assert type(back.order.order_type) is OrderType
    assert data_of(replace(ORDER.order, order_type="LMT"))["order_type"] == "LMT"


def test_what_may_be_a_decimal_or_a_number_stays_what_it_is() -> None:
    for quantity in (5, Decimal(5)):
        request = ExerciseOptionsRequest(APPLE, ExerciseAction.EXERCISE, quantity, order_id=7)
        back = from_json(to_json(request), ExerciseOptionsRequest).exercise_quantity
        assert (type(back), back) == (type(quantity), quantity)


def test_a_message_of_which_the_reader_is_compiled_is_one_like_any_other() -> None:
    """A compiled reader derives a class from it."""
    twin = twin_of(NextValidId)
    assert twin in NextValidId.__subclasses__()
    assert from_json(to_json(NextValidId(7))) == NextValidId(7)


def test_records_have_the_form_by_themselves() -> None:
    for record in (APPLE, ORDER.order, AttachedOrders(), Execution(execution_id="1", side=ExecutionSide.BOUGHT)):
        assert from_json(to_json(record), type(record)) == record
    told = ConnectionTime(b"20260706 10:00:00 \xd6", r"20260706 10:00:00 \xd6", r"\xd6", datetime(2026, 7, 6, 10), None)  # noqa: DTZ001
    assert data_of(told)["raw"] == told.raw.hex()
    assert from_json(to_json(told), ConnectionTime) == told


# --- what is refused --------------------------------------------------------------------------------------------------


def changed(**fields: Any) -> str:
    """Give the JSON of the order with other *fields*, of the message or with a prefix of what is in it."""
    data = data_of(ORDER)
    for name, value in fields.items():
        place, _, inner = name.partition("__")
        if inner:
            data[place][inner] = value
        else:
            data[place] = value
    return json.dumps(data)


@pytest.mark.parametrize(
    "text, problem",
    [
        (changed(order_id="7"), "PlaceOrderRequest.order_id: '7' is not a whole number"),
        (changed(order_id=True), "PlaceOrderRequest.order_id: True is not a whole number"),
        (changed(order__client_id=None), "PlaceOrderRequest.order.client_id: None is not a whole number"),
        (changed(oder_id=7), "PlaceOrderRequest: there is no field 'oder_id'"),
        (changed(contract=[]), r"PlaceOrderRequest.contract: \[\] is not an object"),
        (changed(contract__symbl="A"), "PlaceOrderRequest.contract: there is no field 'symbl'"),
        (changed(contract__type="Contract"), "PlaceOrderRequest.contract: there is no field 'type'"),
        (changed(contract__symbol=5), "PlaceOrderRequest.contract.symbol: 5 is not a text"),
        (changed(contract__security_type=5), "PlaceOrderRequest.contract.security_type: 5 is not a text"),
        (changed(contract__combo_legs={}), r"PlaceOrderRequest.contract.combo_legs: \{\} is not a list"),
        (changed(contract__combo_legs="abc"), "PlaceOrderRequest.contract.combo_legs: 'abc' is not a list"),
        (changed(contract__combo_legs=[{}, 5]), r"PlaceOrderRequest.contract.combo_legs\[1\]: 5 is not an object"),
        (changed(contract__include_expired=1), "PlaceOrderRequest.contract.include_expired: 1 is not true or false"),
        (changed(order__limit_price="10"), "PlaceOrderRequest.order.limit_price: '10' is not a number"),
        (changed(order__limit_price=False), "PlaceOrderRequest.order.limit_price: False is not a number"),
        (
            changed(order__limit_price=2**53 + 1),
            "PlaceOrderRequest.order.limit_price: 9007199254740993 is not a number",
        ),
        (
            changed(order__limit_price=10**400),
            "PlaceOrderRequest.order.limit_price: a whole number of 1329 bits is not a number",
        ),
        (
            changed(order__total_quantity=0.5),
            "PlaceOrderRequest.order.total_quantity: 0.5 is not the text of a decimal",
        ),
        (changed(order__total_quantity="NaN"), "total_quantity: 'NaN' is not the text of a decimal"),
        (changed(order__total_quantity="1_0"), "total_quantity: '1_0' is not the text of a decimal"),
        (changed(order__oca_type="1"), "PlaceOrderRequest.order.oca_type: '1' is not a whole number"),
        (changed(order__good_till_date="noon"), "good_till_date: 'noon' is not a time such as"),
        (changed(order__good_till_date={"text": 5}), "good_till_date: 5 is not a text"),
        (
            changed(order__good_till_date={"txt": "noon"}),
            "good_till_date: {'txt': 'noon'} is none of date, datetime, str",
        ),
        (changed(order__good_till_date=5), "good_till_date: 5 is none of date, datetime, str"),
        (changed(order__good_till_date="2026-02-30"), "good_till_date: day "),
        (
            changed(order__good_till_date="2026-07-06T10:00:00-03:00[US/Eastern]"),
            "good_till_date: .* the zone has another offset at that time",
        ),
        (changed(order__good_till_date=f"2026-07-06T10:00:00[{'z' * 129}]"), "is longer than names of zones are"),
        (
            changed(order__conditions=[{"type": "Moon"}]),
            r"conditions\[0\]: type is 'Moon', and none of PriceCondition, ",
        ),
        (changed(order__conditions=[{"is_more": True}]), r"conditions\[0\]: type is None, and none of "),
        (changed(order__conditions=[{"type": "MarginCondition"}]), r"conditions\[0\].is_more: 'is_more' is missing"),
        ('{"type": "PlaceOrderRequest"}', "contract: 'contract' is missing; .*order: 'order' is missing"),
        (
            '{"type": "CurrentTime", "time": "2026-07-06"}',
            "time: '2026-07-06' is a date, and a time of day was expected",
        ),
        ("{}", "type is None, and not the name of a Message"),
        ('{"type": 5}', "type is 5, and not the name of a Message"),
        ('{"type": "Contract"}', "type is 'Contract', and not the name of a Message"),
        ('{"type": "Message"}', "type is 'Message', and not the name of a Message"),
        ('{"type": "replace"}', "type is 'replace', and not the name of a Message"),
        ('{"type": "os.system"}', "type is 'os.system', and not the name of a Message"),
        ("[]", r"\[\] is no object of JSON: a Message was expected"),
        ("5", "5 is no object of JSON"),
        ("", "'' is no JSON: "),
        ("{", "'{' is no JSON: "),
        ('{"a": 1, "a": 1}', "the field 'a' is there twice"),
        ('{"type": "NextValidId", "order_id": NaN}', "NaN is no number of JSON"),
        ('{"type": "NextValidId", "order_id": 1e999}', "'1e999' is too large for a float"),
        ("[" * (MOST_DEEP + 1), f"more than {MOST_DEEP} objects or lists"),
        ('{"a":' * 100_000, f"more than {MOST_DEEP} objects or lists"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(text: str, problem: str) -> None:
    with pytest.raises(JsonError, match=problem):
        from_json(text)


def test_what_is_no_utf_8_is_refused() -> None:
    with pytest.raises(JsonError, match="is no JSON"):
        from_json(b'{"type": "\xff"}')


def test_brackets_in_a_text_are_no_depth() -> None:
    error = ErrorMessage(None, 200, "[{" * 100 + '"\\', None)
    assert from_json(to_json(error)) == error


def test_another_class_than_the_expected_one_is_refused() -> None:
    text = to_json(NextValidId(7))
    assert from_json(text, NextValidId) == NextValidId(7)
    with pytest.raises(JsonError, match="type is 'NextValidId', and not the name of a Position"):
        from_json(text, Position)


def test_many_faults_are_told_in_a_few_words() -> None:
    legs = [{"ratio": "x"} for _ in range(1000)]
    with pytest.raises(JsonError, match=r"and 995 more$"):
        from_json(changed(contract__combo_legs=legs))


@pytest.mark.parametrize("value", [None, 5, "x", [ORDER], Action.BUY, UTC, EPOCH_SECONDS])
def test_what_is_no_message_is_not_written(value: object) -> None:
    with pytest.raises(TypeError, match="is neither a message nor a record"):
        to_json(value)


def test_nan_is_not_written() -> None:
    with pytest.raises(ValueError, match="NaN"):
        to_json(replace(ORDER.order, limit_price=float("nan")))


@given(text=st.text())
def test_any_text_is_a_message_or_a_json_error(text: str) -> None:
    with pytest.raises(JsonError):
        from_json(text)


@cache
def texts() -> tuple[str, ...]:
    """Give the JSON of some messages, to damage."""
    details = ExecutionDetails(None, APPLE, Execution(execution_id="1", side=ExecutionSide.BOUGHT))
    order = replace(ORDER.order, good_till_date="noon", conditions=(MarginCondition(True, 5),))
    return to_json(details), to_json(replace(ORDER, order=order))


@given(data=st.data())
def test_a_damaged_text_is_a_message_or_a_json_error(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(texts()))
    start, end = sorted(data.draw(st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))))
    damaged = text[:start] + data.draw(st.sampled_from(["", "{", "[", "null", '"', "5", ":", ","])) + text[end:]
    with contextlib.suppress(JsonError):
        assert isinstance(from_json(damaged), Message)


# --- the extra --------------------------------------------------------------------------------------------------------


def test_without_cattrs_it_says_what_to_install() -> None:
    script = (
        "import sys\nsys.modules['cattrs'] = None\n"
        "try:\n    import anytws.json\nexcept ImportError as problem:\n    print(problem)"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == 'anytws.json needs cattrs: pip install "anytws[json]"'


def test_all_that_messages_hold_is_tried_here() -> None:
    """The zones of this file are the sorts that there are."""
    assert {type(value.tzinfo) for _, value in TIMES if isinstance(value, datetime)} == {
        type(None),
        type(UTC),
        type(EPOCH_SECONDS),
        ZoneInfo,
        NamedZone,
        UnclearZone,
    }
    assert zone_named("CST") == NamedZone("CST")
