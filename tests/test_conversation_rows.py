"""What is known of every conversation: no request without a row, no message of TWS without a home, and no drift.

The facts are in ``tests/data/conversations.json``. Where a row says otherwise on purpose, the reason stands here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import UnionType
from typing import Any, Final, ForwardRef, Union, get_args, get_origin

import attrs
import pytest

from anytws import messages as all_messages
from anytws.errors import DecodeError
from anytws.messages import (
    AccountDataRequest,
    AccountUpdateTime,
    AccountValue,
    Action,
    BarSize,
    Headlines,
    HistoricalData,
    HistoricalDataBar,
    HistoricalDataEnd,
    HistoricalDataRequest,
    HistoricalDataUpdate,
    HistoricalNewsRequest,
    HistoricalTicks,
    MarketDataRequest,
    MarketOrder,
    Message,
    PlaceOrderRequest,
    PortfolioValue,
    Position,
    Side,
    Stock,
    TickByTickData,
    TickByTickKind,
    TickByTickRequest,
    TickByTickType,
    TickOptionComputation,
    TickType,
    ToTws,
    UpdatedBar,
    WhatToShow,
)
from anytws.messages.base import Asks, Streams
from anytws.wire.catalogue import CATALOGUE, entry_for
from anytws.wire.conversation import (
    ENDS_ANYTHING,
    UNASKED,
    ConversationRow,
    Key,
    Pace,
    Resend,
    Shape,
)
from anytws.wire.rows import Entry

FACTS: Final[dict[str, Any]] = json.loads((Path(__file__).parent / "data" / "conversations.json").read_text("utf-8"))
FACTS_OF: Final[dict[str, dict[str, Any]]] = {fact["request"]: fact for fact in FACTS["requests"]}

SAID_BY_CLIENT: Final = [entry for entry in CATALOGUE if entry.said_by is Side.CLIENT]
SAID_BY_TWS: Final = [entry for entry in CATALOGUE if entry.said_by is Side.TWS]


def of_every_request(check: Callable[[Entry], None]) -> Callable[[], None]:
    """Make one test of *check*, which looks at the entry of one request. A test for each would be a thousand."""

    def test() -> None:
        wrong: dict[str, str] = {}
        for entry in SAID_BY_CLIENT:
            try:
                check(entry)
            except AssertionError as error:
                wrong[entry.name] = str(error)
        assert wrong == {}

    test.__name__, test.__doc__ = check.__name__, check.__doc__
    return test


LOOK_FIRST: Final = "what changes something is not said twice without a look, even where TWS would bear it"

DIFFERS: Final = {
    ("StartApiRequest", "changes"): "said twice it ends the connection, so that the catalogue has it with the others",
    ("CancelOrderRequest", "resend"): LOOK_FIRST,
    ("GlobalCancelRequest", "resend"): LOOK_FIRST,
    ("AutoOpenOrdersRequest", "resend"): LOOK_FIRST,
    ("UpdateDisplayGroupRequest", "resend"): LOOK_FIRST,
}
"""Where a row says something else than the facts, and why."""

NO_VARIANTS: Final = {
    "a CFD whose data are those of its underlying": "an answer tells, not the request: `ConversationRow.ends_after`",
    "transmit false": "it is a command as well; what becomes of the order is not in these rows",
    "order id of a working order": "it is a command as well; what becomes of the order is not in these rows",
}
"""Ways to use a request that the facts have and the rows have not, and why."""

MORE_VARIANTS: Final = {
    "bars of 30 seconds or less": "TWS takes the same ones once in 15 seconds, so that they are not sent again soon",
}
"""Ways to use a request that the rows have and the facts have not, and why."""

NOT_SENT_AGAIN: Final = {
    "CompletedOrdersRequest": "a second one is refused while TWS works at the first, with an error without an id",
    "WshMetaDataRequest": "a second one is refused while TWS works at the first",
    "WshEventDataRequest": "a second one is refused while TWS works at the first",
    "HeadTimestampRequest": "the same one again within 15 seconds is an error of its own",
    "HistoricalTicksRequest": "the same one again within 15 seconds is an error of its own",
}
"""Questions that read, and still are not sent again in the settling time; and why."""

STREAMS_SENT_AGAIN: Final = {
    "MarketDataRequest",
    "AccountDataRequest",
    "AccountSummaryRequest",
    "AccountUpdatesMultiRequest",
    "PositionsRequest",
    "PositionsMultiRequest",
    "PnLRequest",
    "PnLSingleRequest",
}
"""The streams of which a first message is due, and which no limit forbids to ask for twice."""

FROM_ELSEWHERE: Final = {
    "HistoricalTicksRequest": {"market_data"},
    "ExerciseOptionsRequest": {"orders"},
}
"""Rows for which a table has to load messages of other topics, and which."""


def row_of(entry: Entry) -> ConversationRow:
    assert entry.conversation is not None
    return entry.conversation


def uses_of(entry: Entry) -> Iterator[ConversationRow]:
    """Give the row of *entry*, and what its variants make of it."""
    row = row_of(entry)
    yield row
    for variant in row.variants:
        yield variant.applied_to(row)


def changes_something(entry: Entry, use: ConversationRow) -> bool:
    return entry.changes_state if use.changes_state is None else use.changes_state


def has_field(cls: type[Any], name: str) -> bool:
    return name in attrs.fields_dict(cls)


# --- the whole catalogue -----------------------------------------------------------------------------------------


def test_no_request_is_without_a_conversation():
    assert [entry.name for entry in SAID_BY_CLIENT if entry.conversation is None] == []
    assert [entry.name for entry in SAID_BY_TWS if entry.conversation is not None] == []


def test_no_message_of_tws_is_without_a_home():
    homes = {
        cls
        for entry in SAID_BY_CLIENT
        for use in uses_of(entry)
        for cls in (*use.answers, *([use.end] if use.end else []))
    }
    assert {entry.name for entry in SAID_BY_TWS if entry.cls not in homes} == set(UNASKED)
    assert {reason for reason in UNASKED.values() if not reason} == set()


@of_every_request
def test_a_row_says_what_the_facts_say(entry: Entry) -> None:
    row, facts = row_of(entry), FACTS_OF[entry.name]
    ours = {
        "shape": row.shape.value,
        "key": row.key.value or "none",
        "cancel": row.cancel and row.cancel.by.__name__,
        "ends": sorted(row.ends),
        "comments": sorted(row.comments),
        "unclear": sorted(row.unclear),
        "changes": changes_something(entry, row),
        "resend": row.resend.value,
        "confidence": row.confidence,
        "source": row.source,
    }
    theirs = {key: sorted(facts[key]) if isinstance(facts[key], list) else facts[key] for key in ours}
    assert {key for key in ours if ours[key] != theirs[key]} == {key for name, key in DIFFERS if name == entry.name}


@of_every_request
def test_the_answers_are_those_of_the_facts(entry: Entry) -> None:
    theirs = {name for name in FACTS_OF[entry.name]["answers"] if name not in UNASKED}
    ours = {cls.__name__ for use in uses_of(entry) for cls in (*use.answers, *([use.end] if use.end else []))}
    if row_of(entry).shape is Shape.COMMAND:
        # The facts list what a command stirs up as well.
        assert ours <= theirs
    else:
        assert ours == theirs
        assert {name for name in ours if entry.name not in FACTS["answers_of"][name]} == set()


@of_every_request
def test_the_variants_are_those_of_the_facts(entry: Entry) -> None:
    theirs = {fact["when"]: fact for fact in FACTS_OF[entry.name]["variants"] if fact["when"] not in NO_VARIANTS}
    ours = {variant.when: variant for variant in row_of(entry).variants}
    assert {*ours} - {*MORE_VARIANTS} == {*theirs}
    for when, fact in theirs.items():
        assert ours[when].shape.value == fact["shape"]
        assert "resend" not in fact or fact["resend"] == ours[when].resend.value


def test_no_reason_outlives_what_it_explains():
    assert {name for name, _ in DIFFERS} <= {*FACTS_OF}
    seen = {variant["when"] for fact in FACTS["requests"] for variant in fact["variants"]}
    assert {*NO_VARIANTS} <= seen
    assert {*MORE_VARIANTS} == {
        variant.when for entry in SAID_BY_CLIENT for variant in row_of(entry).variants if variant.when not in seen
    }


def test_what_ends_anything_is_in_the_facts():
    assert sorted(ENDS_ANYTHING) == FACTS["ends_anything"]


# --- one row -----------------------------------------------------------------------------------------------------


@of_every_request
def test_a_shape_has_what_it_needs(entry: Entry) -> None:
    for use in uses_of(entry):
        if use.shape is Shape.COMMAND:
            assert (use.answers, use.is_answer) == ((), None)
            continue
        assert use.answers
        assert set(use.ends_after) <= set(use.answers)
        if use.shape in (Shape.RUN, Shape.RUN_THEN_STREAM):
            assert (use.end is None) != (use.ends_when is None)
            assert set(use.first_run) <= set(use.answers)
        if use.end is not None:
            assert use.end not in use.answers
            assert use.end_since == entry_for(use.end).since


@of_every_request
def test_a_key_is_a_field_of_the_request_and_of_its_answers(entry: Entry) -> None:
    for use in uses_of(entry):
        if use.key is not Key.NOTHING:
            messages = [entry.cls, *use.answers, *([use.end] if use.end else [])]
            assert [cls.__name__ for cls in messages if not has_field(cls, use.key.value)] == []


def test_what_has_an_id_is_found_by_it():
    """An answer without the id of a request would be taken for an answer to any request of its kind."""
    for entry in SAID_BY_CLIENT:
        for key in (Key.REQUEST_ID, Key.ORDER_ID):
            if has_field(entry.cls, key.value):
                assert row_of(entry).key is key


@of_every_request
def test_codes_mean_one_thing(entry: Entry) -> None:
    row = row_of(entry)
    assert not row.ends & row.comments
    assert not row.ends & row.unclear
    assert not row.comments & row.unclear
    # The order is what 1100 is unclear about: it may stand.
    assert not (row.comments | row.unclear) & ENDS_ANYTHING or entry.cls is PlaceOrderRequest


@of_every_request
def test_a_cancel_is_a_command_of_the_catalogue(entry: Entry) -> None:
    row = row_of(entry)
    if row.cancel is None:
        return
    cancelling = entry_for(row.cancel.by)
    assert cancelling.said_by is Side.CLIENT
    if cancelling is entry:
        assert row.cancel.sets
    else:
        assert row_of(cancelling).shape is Shape.COMMAND
        assert row_of(cancelling).key is row.key
        assert FACTS_OF[cancelling.name]["cancels"] == entry.name or row.key is Key.ORDER_ID
    fields = [*row.cancel.copies, *[name for name, _ in row.cancel.sets]]
    assert [name for name in fields if not (has_field(entry.cls, name) and has_field(cancelling.cls, name))] == []
    receipt = set[int]() if row.cancel.receipt is None else {row.cancel.receipt}
    assert not receipt & row.cancel.harmless
    assert receipt | row.cancel.harmless <= row_of(cancelling).ends


@of_every_request
def test_a_cancel_says_all_that_it_has_to(entry: Entry) -> None:
    """It can be made of the request, with nothing that is not known."""
    row = row_of(entry)
    if row.cancel is not None:
        needed = {field.name for field in attrs.fields(row.cancel.by) if field.default is attrs.NOTHING and field.init}
        given = {row.key.value, *row.cancel.copies, *[name for name, _ in row.cancel.sets]}
        assert needed <= given
        # What both have a field for is said the same way in both.
        assert {*attrs.fields_dict(row.cancel.by)} & {*attrs.fields_dict(entry.cls)} <= given


def test_every_cancel_cancels_something():
    cancelled = {row_of(entry).cancel.by.__name__ for entry in SAID_BY_CLIENT if row_of(entry).cancel}
    assert {name for name, facts in FACTS_OF.items() if facts["cancels"]} <= cancelled
    assert {entry.name for entry in SAID_BY_CLIENT if entry.name.startswith(("Cancel", "Unsubscribe"))} <= cancelled


def test_orders_are_never_ended_by_ceasing_to_listen():
    kept = {entry.name for entry in SAID_BY_CLIENT if not row_of(entry).cancelled_with_caller}
    assert kept == {"PlaceOrderRequest", "ExerciseOptionsRequest", "AutoOpenOrdersRequest"}
    assert kept >= {entry.name for entry in SAID_BY_CLIENT if row_of(entry).cancel and entry.changes_state}


def test_the_receipts_of_cancels():
    receipts = {entry.name: row_of(entry).cancel.receipt for entry in SAID_BY_CLIENT if row_of(entry).cancel}
    assert {name: code for name, code in receipts.items() if code} == {
        "HistoricalDataRequest": 162,
        "ScannerSubscriptionRequest": 162,
        "AccountDataRequest": 2100,
        "PlaceOrderRequest": 202,
        "ExerciseOptionsRequest": 202,
    }


# --- what may be open at once ------------------------------------------------------------------------------------


@of_every_request
def test_what_cannot_be_told_apart_has_a_slot(entry: Entry) -> None:
    row = row_of(entry)
    if row.answers and row.key not in (Key.REQUEST_ID, Key.ORDER_ID):
        assert row.slot


@of_every_request
def test_nobody_waits_for_ever_for_a_slot(entry: Entry) -> None:
    """What differs from an open stream in a field that it may not differ in is refused."""
    row = row_of(entry)
    assert [name for name in row.exclusive if not has_field(entry.cls, name)] == []
    if row.slot and row.shape in (Shape.STREAM, Shape.RUN_THEN_STREAM):
        switches = {name for name, _ in row.cancel.sets} if row.cancel else set[str]()
        assert {field.name for field in attrs.fields(entry.cls)} - switches <= {*row.exclusive}


def test_the_same_answer_means_the_same_slot():
    """Otherwise two that are open at once would take each other's answers."""
    slots: dict[type[Message], set[str]] = {}
    for entry in SAID_BY_CLIENT:
        row = row_of(entry)
        if row.slot and row.key is not Key.REQUEST_ID:
            for cls in (*row.answers, *([row.end] if row.end else [])):
                slots.setdefault(cls, set()).add(row.slot)
    assert {cls.__name__: found for cls, found in slots.items() if len(found) > 1} == {}


def test_the_slots_that_several_share():
    shared: dict[str, set[str]] = {}
    for entry in SAID_BY_CLIENT:
        if row_of(entry).slot:
            shared.setdefault(row_of(entry).slot, set()).add(entry.name)
    assert {slot: names for slot, names in shared.items() if len(names) > 1} == {
        "clock": {"CurrentTimeRequest", "CurrentTimeInMillisRequest"},
        "open_orders": {"OpenOrdersRequest", "AllOpenOrdersRequest"},
        "linking": {"VerifyRequest", "VerifyMessageRequest", "VerifyAndAuthRequest", "VerifyAndAuthMessage"},
    }


def test_both_clocks_are_kept_apart():
    apart = {entry.name: row_of(entry).apart for entry in SAID_BY_CLIENT if row_of(entry).apart}
    assert apart == {"CurrentTimeRequest": 1.5, "CurrentTimeInMillisRequest": 1.5}
    assert {name for name in apart if FACTS_OF[name]["resend"] != "yes"} == set()
    assert {entry.name for entry in SAID_BY_CLIENT if row_of(entry).pace is Pace.CLOCK} == {*apart}


# --- again, and until when ---------------------------------------------------------------------------------------


@of_every_request
def test_what_changes_something_is_not_said_again(entry: Entry) -> None:
    for use in uses_of(entry):
        if entry.changes_state and changes_something(entry, use):
            assert use.resend is Resend.NEVER
        if use.resend is Resend.NEVER or changes_something(entry, use):
            assert not use.settles


@of_every_request
def test_a_fresh_id_is_taken_where_there_is_one(entry: Entry) -> None:
    for use in uses_of(entry):
        if use.shape is not Shape.COMMAND and use.resend is not Resend.NEVER:
            has_id = use.key in (Key.REQUEST_ID, Key.ORDER_ID)
            assert use.resend is (Resend.NEW_ID if has_id else Resend.YES)


@of_every_request
def test_what_is_sent_again_in_the_settling_time(entry: Entry) -> None:
    for use in uses_of(entry):
        if use.shape in (Shape.ONE, Shape.RUN):
            reads = use.resend is not Resend.NEVER and use.key is not Key.ORDER_ID
            excused = entry.name in NOT_SENT_AGAIN or (entry.cls is HistoricalDataRequest and use is not row_of(entry))
            if not excused:
                assert use.settles == reads
            elif entry.name in NOT_SENT_AGAIN:
                assert not use.settles
        elif use.shape is Shape.COMMAND:
            assert not use.settles
    if row_of(entry).shape in (Shape.STREAM, Shape.RUN_THEN_STREAM):
        assert row_of(entry).settles == (entry.name in STREAMS_SENT_AGAIN)


def test_streams_of_bars_are_not_sent_again():
    bars = [use for use in uses_of(entry_for(HistoricalDataRequest)) if use.shape is Shape.RUN_THEN_STREAM]
    assert [use.settles for use in bars] == [False]


@of_every_request
def test_a_deadline_is_there_where_an_answer_is_due(entry: Entry) -> None:
    owed = {"ScannerSubscriptionRequest", "PnLRequest", "SubscribeToGroupEventsRequest"}
    assert row_of(entry).shape is not Shape.COMMAND or row_of(entry).deadline is None
    for use in uses_of(entry):
        if use.shape is Shape.STREAM:
            assert (use.deadline is not None) == (entry.name in owed)
        elif use.shape is not Shape.COMMAND:
            assert use.deadline is not None
            assert 10 <= use.deadline <= 60


def test_the_deadlines_that_the_facts_ask_for():
    """A minute for what a cold TWS answers after three quarters of one; more than TWS's own 11 s for a snapshot."""
    deadlines = {entry.name: row_of(entry).deadline for entry in SAID_BY_CLIENT}
    for name in ("ContractDataRequest", "HistoricalDataRequest", "HeadTimestampRequest", "ScannerSubscriptionRequest"):
        assert deadlines[name] == 60
    assert deadlines["NewsBulletinsRequest"] is deadlines["PnLSingleRequest"] is deadlines["MarketDataRequest"] is None
    snapshots = [use for use in uses_of(entry_for(MarketDataRequest)) if use.shape is Shape.RUN]
    assert [use.deadline for use in snapshots] == [15, 15]


def test_what_client_0_changes_by_asking():
    assert [entry.name for entry in SAID_BY_CLIENT if row_of(entry).changes_state_as_client_0] == ["OpenOrdersRequest"]


def test_what_is_dead_when_tws_has_lost_its_data():
    assert {entry.name for entry in SAID_BY_CLIENT if row_of(entry).lost_with_link} == {
        "MarketDataRequest",
        "MarketDepthRequest",
        "TickByTickRequest",
        "HistoricalDataRequest",
        "RealTimeBarsRequest",
        "PnLRequest",
        "PnLSingleRequest",
        "ScannerSubscriptionRequest",
    }


def test_what_is_not_for_clients_at_large():
    forbidden = {entry.name for entry in SAID_BY_CLIENT if row_of(entry).forbidden}
    assert forbidden == {"VerifyRequest", "VerifyMessageRequest", "VerifyAndAuthRequest", "VerifyAndAuthMessage"}


# --- what a row works out ----------------------------------------------------------------------------------------

APPLE: Final = Stock("AAPL")


def bars(**changes: Any) -> HistoricalDataRequest:
    asked: dict[str, Any] = {
        "duration": "1 D",
        "bar_size_setting": BarSize.HOUR_1,
        "what_to_show": WhatToShow.TRADES,
    }
    return HistoricalDataRequest(APPLE, **(asked | changes))


def ticks(number: int) -> TickByTickRequest:
    return TickByTickRequest(APPLE, TickByTickType.LAST, number_of_ticks=number)


USED: Final[list[tuple[ToTws, str | None]]] = [
    (MarketDataRequest(APPLE), None),
    (MarketDataRequest(APPLE, snapshot=True), "snapshot"),
    (MarketDataRequest(APPLE, regulatory_snapshot=True), "regulatory_snapshot"),
    # The one that costs money decides.
    (MarketDataRequest(APPLE, snapshot=True, regulatory_snapshot=True), "regulatory_snapshot"),
    (ticks(0), None),
    (ticks(1), "number_of_ticks > 0"),
    (bars(), None),
    (bars(keep_up_to_date=True), "keep_up_to_date"),
    (bars(bar_size_setting=BarSize.SECONDS_5, keep_up_to_date=True), "keep_up_to_date"),
    (bars(bar_size_setting=BarSize.SECONDS_30), "bars of 30 seconds or less"),
    (bars(bar_size_setting=BarSize.MINUTE_1), None),
    (bars(what_to_show=WhatToShow.SCHEDULE), "what_to_show SCHEDULE"),
    (AccountDataRequest(), None),
    (AccountDataRequest(subscribe=False), "subscribe false"),
    (PlaceOrderRequest(APPLE, MarketOrder(Action.BUY, 1)), None),
    (PlaceOrderRequest(APPLE, MarketOrder(Action.BUY, 1, what_if=True)), "what_if"),
]


@pytest.mark.parametrize("request_, when", USED, ids=repr)
def test_the_fields_tell_how_a_request_is_used(request_: ToTws, when: str | None) -> None:
    variants = row_of(entry_for(type(request_))).variants
    assert next((variant.when for variant in variants if variant.holds(request_)), None) == when


def test_a_variant_leaves_as_it_is_what_it_does_not_name():
    row = row_of(entry_for(AccountDataRequest))
    [variant] = row.variants
    used = variant.applied_to(row)
    assert (used.shape, used.answers, used.cancel, used.settles) == (Shape.COMMAND, (), None, False)
    assert attrs.evolve(variant, no_cancel=False).applied_to(row).cancel is row.cancel
    changed = {"shape", "answers", "cancel", "settles", "variants"}
    same = {field.name for field in attrs.fields(ConversationRow)} - changed
    assert {name for name in same if getattr(used, name) != getattr(row, name)} == set()


def test_every_variant_is_tried_and_names_its_field():
    tried = {(type(request), when) for request, when in USED}
    for entry in SAID_BY_CLIENT:
        for variant in row_of(entry).variants:
            assert (entry.cls, variant.when) in tried
            held: Any = next(request for request, _ in USED if type(request) is entry.cls)
            for name in variant.field.split("."):
                held = getattr(held, name)


def test_the_last_ticks_of_the_past_end_the_run():
    for entry in SAID_BY_CLIENT:
        ends_when = row_of(entry).ends_when
        if ends_when is not None:
            assert [ends_when(HistoricalTicks(1, (), is_done)) for is_done in (False, True)] == [False, True]


def test_a_new_tick_does_not_end_the_run_of_the_past_ones():
    ends_when = row_of(entry_for(TickByTickRequest)).ends_when
    assert ends_when is not None
    assert not ends_when(TickByTickData(1, TickByTickKind.LAST))


def test_only_the_computation_that_was_asked_for_answers_a_calculation():
    def computed(tick_type: TickType) -> TickOptionComputation:
        return TickOptionComputation(1, tick_type)

    judges = {entry.name: row_of(entry).is_answer for entry in SAID_BY_CLIENT if row_of(entry).is_answer}
    assert {*judges} == {"CalculateImpliedVolatilityRequest", "CalculateOptionPriceRequest"}
    for judge in judges.values():
        assert judge(computed(TickType.CUST_OPTION_COMPUTATION))
        assert not judge(computed(TickType.MODEL_OPTION))


def held(symbol: str, contract_id: int = 0, account: str = "DU1") -> Position:
    return Position(account, Stock(symbol, contract_id=contract_id), Decimal(1))


def test_who_joins_a_shared_stream_is_told_the_last_word_about_everything():
    keeping = {entry.name: row_of(entry).kept_by for entry in SAID_BY_CLIENT if row_of(entry).kept_by}
    # Of bulletins nothing is the last word: whoever joins hears those to come.
    assert {*keeping, "NewsBulletinsRequest"} == {
        entry.name
        for entry in SAID_BY_CLIENT
        if row_of(entry).slot and row_of(entry).shape in (Shape.STREAM, Shape.RUN_THEN_STREAM)
    }
    assert len({*keeping.values()}) == 1
    kept_by = next(iter(keeping.values()))
    assert kept_by is not None
    words = [
        *[held("AAPL", 1), held("AAPL", 2), held("AAPL", 1, "DU2"), held("AAPL"), held("IBM")],
        *[AccountValue("Cash", "1", "USD", "DU1"), AccountValue("Cash", "1", "EUR", "DU1")],
        *[AccountValue("Cash", "1", "USD", "DU2"), AccountValue("Debt", "1", "USD", "DU1")],
        *[PortfolioValue(Stock("AAPL", contract_id=1), account="DU1"), AccountUpdateTime("10:00")],
    ]
    assert len({kept_by(word) for word in words}) == len(words)
    for word, next_word in [
        (held("AAPL", 1), held("AAPL.OLD", 1)),
        (held("IBM"), held("IBM")),
        (AccountValue("Cash", "1", "USD", "DU1"), AccountValue("Cash", "2", "USD", "DU1")),
        (AccountUpdateTime("10:00"), AccountUpdateTime("10:03")),
    ]:
        assert kept_by(word) == kept_by(next_word)


BEGIN, END = datetime(2026, 1, 5, 14, 30, tzinfo=UTC), datetime(2026, 1, 5, 21, 0, tzinfo=UTC)


def bar(hour: int) -> HistoricalDataBar:
    return HistoricalDataBar(datetime(2026, 1, 5, hour, tzinfo=UTC), 1.0, 2.0, 0.5, 1.5, Decimal(100))


@pytest.mark.parametrize(
    "answers, end, merged",
    [
        # Below server version 196 it is all one message.
        ([HistoricalData(7, BEGIN, END, (bar(15),))], None, HistoricalData(7, BEGIN, END, (bar(15),))),
        (
            [HistoricalData(7, bars=(bar(15), bar(16)))],
            HistoricalDataEnd(7, BEGIN, END),
            HistoricalData(7, BEGIN, END, (bar(15), bar(16))),
        ),
        ([HistoricalData(7)], HistoricalDataEnd(7, BEGIN, END), HistoricalData(7, BEGIN, END)),
        (
            [HistoricalData(7, bars=(bar(15),)), HistoricalData(7, bars=(bar(16),))],
            HistoricalDataEnd(7, BEGIN, END),
            HistoricalData(7, BEGIN, END, (bar(15), bar(16))),
        ),
        # Only a TWS that is out of its mind says no bars and no end; that is no reason to fall over.
        ([], None, HistoricalData(7)),
    ],
    ids=["old", "new", "none", "in two", "update alone"],
)
def test_bars_are_one_message_at_every_version(
    answers: list[HistoricalData], end: HistoricalDataEnd | None, merged: HistoricalData
) -> None:
    merge = row_of(entry_for(HistoricalDataRequest)).merge
    assert merge is not None
    if answers or end:
        assert merge(tuple(answers), end) == merged
    # Of bars that go on, the first update may come before the end.
    update = HistoricalDataUpdate(7, UpdatedBar(END))
    assert merge((*answers, update), end) == merged
    merged_ones = {"HistoricalDataRequest", "HistoricalNewsRequest"}
    assert {entry.name for entry in SAID_BY_CLIENT if row_of(entry).merge} == merged_ones


def test_an_end_of_bars_alone_is_no_answer() -> None:
    """Of bars that there are not TWS says an error, or a message without any: the end alone would be taken for that."""
    merge = row_of(entry_for(HistoricalDataRequest)).merge
    assert merge is not None
    for answers in ((), (HistoricalDataUpdate(7, UpdatedBar(END)),)):
        with pytest.raises(DecodeError, match="HistoricalDataEnd"):
            merge(answers, HistoricalDataEnd(7, BEGIN, END))


# --- types -------------------------------------------------------------------------------------------------------


def in_brackets(cls: type[Any], base: type[Any]) -> list[Any]:
    """Give the types in the brackets of ``Asks[...]`` or ``Streams[...]``, each member of a union for itself."""
    [inner] = [each.__args__[0] for each in getattr(cls, "__orig_bases__", ()) if get_origin(each) is base] or [None]
    if isinstance(inner, ForwardRef):
        # Named only, where the files of messages would import each other.
        inner = eval(inner.__forward_arg__, vars(all_messages))  # noqa: S307 (our own)
    return [] if inner is None else members(inner)


def members(inner: Any) -> list[Any]:
    return [*get_args(inner)] if get_origin(inner) in (Union, UnionType) else [inner]


def is_never_asked(entry: Entry) -> bool:
    """Tell whether the type has no ``Asks`` though the row has an answer: nobody is meant to wait for it."""
    # Of ticks, the past ones are only the beginning of a stream; `HistoricalTicksRequest` asks for them alone.
    return bool(row_of(entry).forbidden) or entry.cls is TickByTickRequest


@of_every_request
def test_what_ask_gives_is_what_the_type_says(entry: Entry) -> None:
    """A run gives a tuple of its answers; where it is put together, what it is put together to."""
    alone: set[type[Any]] = set()
    in_a_run: set[type[Any]] = set()
    for use in [] if is_never_asked(entry) else uses_of(entry):
        if use.shape is Shape.ONE:
            alone |= {*use.answers}
        elif use.shape in (Shape.RUN, Shape.RUN_THEN_STREAM):
            answers = {*use.answers} & {*use.first_run} if use.first_run else {*use.answers}
            if entry.cls is HistoricalNewsRequest:
                alone.add(Headlines)
            elif use.merge is None:
                in_a_run |= answers
            else:
                alone |= answers
    said = in_brackets(entry.cls, Asks)
    assert {each for each in said if get_origin(each) is not tuple} == alone
    tuples = [get_args(each) for each in said if get_origin(each) is tuple]
    assert {args[1:] for args in tuples} <= {(...,)}
    assert {cls for args in tuples for cls in members(args[0])} == in_a_run


@of_every_request
def test_what_stream_gives_is_what_the_type_says(entry: Entry) -> None:
    """The end of a first run comes in its place."""
    flowing = {
        cls
        for use in uses_of(entry)
        if use.shape in (Shape.STREAM, Shape.RUN_THEN_STREAM)
        for cls in (*use.answers, *([use.end] if use.end else []))
    }
    assert {*in_brackets(entry.cls, Streams)} == flowing


# --- what it costs -----------------------------------------------------------------------------------------------


def topic_of(cls: type[Any]) -> str:
    return cls.__module__.rpartition(".")[2]


@of_every_request
def test_a_table_loads_the_messages_of_its_own_topic(entry: Entry) -> None:
    """The first request of a topic waits for its table."""
    foreign = {
        topic_of(cls)
        for use in uses_of(entry)
        for cls in (
            *use.answers,
            *([use.end] if use.end else []),
            *([use.cancel.by] if use.cancel else []),
        )
    } - {topic_of(entry.cls)}
    assert foreign == FROM_ELSEWHERE.get(entry.name, set[str]())
