"""Every request of the catalogue, in every way to use it: it is answered, and what comes is what its row says.

Hypothesis draws the requests and the answers, the wire slices them, and between them comes what belongs to nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anytws.core import Notice
from anytws.errors import LocalProtocolError
from anytws.machines import Reset
from anytws.machines.conversation import plan_of
from anytws.messages import (
    BarSize,
    ErrorMessage,
    Headlines,
    HistoricalData,
    HistoricalDataEnd,
    HistoricalNewsEnd,
    TickType,
    WhatToShow,
)
from anytws.messages.base import Side, ToClient, ToTws, replace
from anytws.testing.strategies import message_of, slices_of
from anytws.wire.catalogue import CATALOGUE, entry_for
from anytws.wire.conversation import ConversationRow, Key, Shape
from anytws.wire.rows import Entry
from tests.conversing import VERSIONS, Line

SOME = max(2, settings().max_examples // 15)
"""Examples for each use: four, and two hundred where it is searched for long."""
ANSWERABLE: Final = {Shape.ONE, Shape.RUN, Shape.RUN_THEN_STREAM, Shape.STREAM}

USED_SO: Final[dict[tuple[str, str], dict[str, Any]]] = {
    ("PlaceOrderRequest", "what_if"): {"order.what_if": True},
    ("AccountDataRequest", ""): {"subscribe": True},
    ("MarketDataRequest", ""): {"snapshot": False, "regulatory_snapshot": False},
    ("MarketDataRequest", "snapshot"): {"snapshot": True, "regulatory_snapshot": False},
    ("MarketDataRequest", "regulatory_snapshot"): {"regulatory_snapshot": True},
    ("TickByTickRequest", ""): {"number_of_ticks": 0},
    ("TickByTickRequest", "number_of_ticks > 0"): {"number_of_ticks": 10},
    ("HistoricalDataRequest", ""): {
        "what_to_show": WhatToShow.TRADES, "keep_up_to_date": False, "bar_size_setting": BarSize.HOUR_1
    },
    ("HistoricalDataRequest", "what_to_show SCHEDULE"): {"what_to_show": WhatToShow.SCHEDULE, "keep_up_to_date": False},
    ("HistoricalDataRequest", "keep_up_to_date"): {"what_to_show": WhatToShow.TRADES, "keep_up_to_date": True},
    ("HistoricalDataRequest", "bars of 30 seconds or less"): {
        "what_to_show": WhatToShow.TRADES, "keep_up_to_date": False, "bar_size_setting": BarSize.SECONDS_5
    },
}  # fmt: skip
"""What makes a request one of its kind; without a name of a use, one as the row itself says."""


def uses() -> Iterator[tuple[Entry, str]]:
    """Give every request and every way to use it in which something comes of it."""
    for entry in CATALOGUE:
        row = entry.conversation
        if row is None or entry.said_by is not Side.CLIENT or row.forbidden:
            continue
        if row.shape in ANSWERABLE:
            yield entry, ""
        for variant in row.variants:
            if variant.shape in ANSWERABLE:
                yield entry, variant.when


USES: Final = list(uses())


def changed(record: Any, path: str, value: object) -> Any:
    """Give *record* with *value* at *path*."""
    name, _, rest = path.partition(".")
    value = changed(getattr(record, name), rest, value) if rest else value
    return attrs.evolve(record, **{name: value})


def requests(entry: Entry, use: str, version: int) -> st.SearchStrategy[Any]:
    """Give a strategy for requests of *entry* that are used like this, without an id."""

    def as_used(request: Any) -> Any:
        for path, value in USED_SO.get((entry.name, use), {}).items():
            request = changed(request, path, value)
        for key in ("request_id", "order_id"):
            if hasattr(request, key):
                request = replace(request, **{key: None})
        return request

    return message_of(entry.cls, version).map(as_used)


def draw_request(data: st.DataObject, entry: Entry, use: str, version: int) -> Any:
    """Draw a request that is used like this."""
    request = data.draw(requests(entry, use, version))
    assert entry.conversation is not None
    held = [variant.when for variant in entry.conversation.variants if variant.holds(request)]
    assert held[:1] == ([use] if use else [])
    return request


def test_every_way_to_use_a_request_is_told_apart() -> None:
    """Else one would be tested twice, and another not at all."""
    varied = {(entry.name, use) for entry, use in USES if entry.conversation and entry.conversation.variants}
    assert varied == {*USED_SO}


def answers_to(
    row: ConversationRow, said: Any, answers: frozenset[type[ToClient]], version: int
) -> st.SearchStrategy[Any]:
    """Give a strategy for answers to *said*, as the row knows them."""

    def to_it(answer: Any) -> Any:
        if row.key is not Key.NOTHING:
            answer = replace(answer, **{row.key.value: getattr(said, row.key.value)})
        for name in row.exclusive:
            if hasattr(answer, name):
                answer = replace(answer, **{name: getattr(said, name)})
        if row.is_answer is not None:
            answer = replace(answer, tick_type=TickType.CUST_OPTION_COMPUTATION)
        return replace(answer, is_done=False) if hasattr(answer, "is_done") else answer

    known = sorted((kind for kind in answers if entry_for(kind).since <= version), key=lambda kind: kind.__name__)
    return st.one_of([message_of(kind, version).map(to_it) for kind in known if kind not in row.ends_after])


def draw_run(data: st.DataObject, row: ConversationRow, said: Any, version: int) -> tuple[list[Any], list[Any]]:
    """Draw what TWS says for the (first) run, without and with its end."""
    plan = plan_of(row, said, version, changes_state=False)
    answers = plan.answers
    if plan.shape is Shape.RUN_THEN_STREAM and row.first_run:
        answers = answers & frozenset(row.first_run)
    one = answers_to(row, said, answers, version)
    if plan.shape is Shape.ONE or plan.first_is_last:
        run = [data.draw(one)]
        return run, run
    # An end of bars alone is no answer.
    run = data.draw(st.lists(one, min_size=1 if plan.end is HistoricalDataEnd else 0, max_size=3))
    if plan.end is not None:
        end = data.draw(message_of(plan.end, version))
        if row.key is not Key.NOTHING:
            end = replace(end, **{row.key.value: getattr(said, row.key.value)})
        for name in row.exclusive:
            end = replace(end, **{name: getattr(said, name)}) if hasattr(end, name) else end
        return run, [*run, end]
    run.append(replace(data.draw(one), is_done=True))
    return run, run


def say_in_slices(data: st.DataObject, line: Line, messages: list[Any]) -> None:
    """Say *messages* with others in between, in reads of any length."""
    said: list[bytes] = []
    for message in messages:
        said += [line.bytes_of(ErrorMessage(None, 2104, "ok")), line.bytes_of(message)]
    for part in data.draw(slices_of(b"".join(said), 4)):
        line.say_bytes(part)


def expected_of(row: ConversationRow, shape: Shape, run: list[Any], whole: list[Any]) -> Any:
    """Give what a caller is to be given."""
    if shape is Shape.ONE:
        return run[-1]
    if row.merge is None:
        return tuple(run)
    if isinstance(whole[-1], HistoricalNewsEnd):
        return Headlines(tuple(run), whole[-1].has_more)
    bars = [bar for part in run for bar in part.bars]
    end = whole[-1]
    return HistoricalData(end.request_id, end.start, end.end, tuple(bars))


def ask_it(line: Line, use: str, request: ToTws) -> Any:
    """Ask it or stream it; None where TWS is too old for what Hypothesis has drawn."""
    try:
        return getattr(line, use)(request)
    except LocalProtocolError as refusal:
        if refusal.code == 503:
            return None
        raise


@pytest.mark.parametrize("entry, use", USES, ids=[f"{entry.name}-{use}".strip("-") for entry, use in USES])
@settings(max_examples=SOME, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_is_asked_is_answered_as_its_row_says(entry: Entry, use: str, data: st.DataObject) -> None:
    version = data.draw(st.sampled_from(VERSIONS))
    row = entry.conversation
    assert row is not None
    if entry.since > version:
        return
    line = Line(version)
    request = draw_request(data, entry, use, version)
    plan = plan_of(row, request, version, changes_state=False)
    if not plan.may_be_asked:
        with pytest.raises(LocalProtocolError):
            line.ask(request)
        assert line.is_empty()
        return
    asked = ask_it(line, "ask", request)
    if asked is None:
        assert line.is_empty()
        return
    assert [type(message) for message in line.take()] == [entry.cls]
    run, whole = draw_run(data, row, asked.request, version)
    say_in_slices(data, line, whole)
    assert line.news() == [asked]
    assert asked.take() == expected_of(row, plan.shape, run, whole)
    cancels = line.take()
    goes_on = plan.shape is Shape.RUN_THEN_STREAM or (plan.cancel is not None and plan.cancel.after_answer)
    can_cancel = plan.cancel is not None and entry_for(plan.cancel.by).since <= version
    assert [type(message) for message in cancels] == (
        [plan.cancel.by] if plan.cancel and goes_on and can_cancel else []
    )
    # Whatever comes now is nobody's.
    line.say(*whole)
    assert line.news() == []
    line.pass_time(60.0)
    assert line.is_empty()


@pytest.mark.parametrize("entry, use", USES, ids=[f"{entry.name}-{use}".strip("-") for entry, use in USES])
@settings(max_examples=SOME, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_goes_on_gives_all_that_comes(entry: Entry, use: str, data: st.DataObject) -> None:
    version = data.draw(st.sampled_from(VERSIONS))
    row = entry.conversation
    assert row is not None
    if entry.since > version:
        return
    line = Line(version)
    request = draw_request(data, entry, use, version)
    plan = plan_of(row, request, version, changes_state=False)
    if not plan.may_be_streamed:
        with pytest.raises(LocalProtocolError):
            line.stream(request)
        assert line.is_empty()
        return
    stream = ask_it(line, "stream", request)
    if stream is None:
        return
    line.take()
    whole: list[Any] = []
    if plan.shape is Shape.RUN_THEN_STREAM:
        _, whole = draw_run(data, row, stream.request, version)
    later = data.draw(st.lists(answers_to(row, stream.request, plan.answers, version), max_size=4))
    say_in_slices(data, line, [*whole, *later])
    assert stream.take() == [*whole, *later]
    assert not stream.is_over
    line.leave(stream)
    assert plan.cancel is not None
    assert [type(message) for message in line.take()] == [plan.cancel.by]
    line.say(*later)
    line.pass_time(60.0)
    assert line.is_empty()


@pytest.mark.parametrize("entry, use", USES, ids=[f"{entry.name}-{use}".strip("-") for entry, use in USES])
@settings(max_examples=SOME // 2, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_each_code_does_what_its_row_says(entry: Entry, use: str, data: st.DataObject) -> None:
    """Of all codes of the row: those that end it, those that are remarks, and those of which data decide."""
    version = data.draw(st.sampled_from(VERSIONS))
    row = entry.conversation
    assert row is not None
    if entry.since > version or row.key not in (Key.REQUEST_ID, Key.ORDER_ID):
        return
    request = draw_request(data, entry, use, version)
    plan = plan_of(row, request, version, changes_state=False)
    line = Line(version)
    for code in sorted(row.ends | row.comments | row.unclear):
        held = ask_it(line, "ask" if plan.may_be_asked else "stream", request)
        if held is None:
            return
        number = getattr(held.request, row.key.value)
        line.fail(number, code)
        ends = code in row.ends or (row.key is Key.ORDER_ID and code in row.unclear)
        is_over = held.is_over if plan.may_be_asked else held.mailbox.is_finished
        assert is_over == ends, code
        if not plan.may_be_asked and not ends:
            assert [type(item) for item in held.take()] == [Reset if code == 317 else Notice]
        line.leave(held)
        line.pass_time(60.0)
    assert line.is_empty()
