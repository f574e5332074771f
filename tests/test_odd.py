"""Which values of a message may be odd, how many, and how they are told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.errors import shown
from anytws.messages import CurrentTime, ExecutionDetails, OrderBound, StartApiRequest, TickPrice
from anytws.wire.catalogue import CATALOGUE, entry_for
from anytws.wire.odd import ABSENT, MOST_TOLD, NEVER_ROUTES, ROUTES, ROUTES_OF, Odd, OddField, OddFields, routes

_MOST_DIFFERENT = 4
_MOST_ODD = 10_000


@pytest.mark.parametrize(
    "cls, path, does",
    [
        (TickPrice, "request_id", True),
        (TickPrice, "tick_type", True),
        (TickPrice, "price", False),
        (StartApiRequest, "client_id", True),
        (OrderBound, "permanent_id", True),
        (ExecutionDetails, "request_id", False),
        (ExecutionDetails, "execution.order_id", False),
    ],
)
def test_a_field_that_says_where_the_message_goes_must_not_be_odd(cls: type, path: str, does: bool) -> None:
    """By its name, by message and name, and never that of a fill, which is told whatever else is wrong with it."""
    assert routes(entry_for(cls), path) is does


def test_a_field_of_a_record_within_never_says_where_the_message_goes() -> None:
    """``bars[3].order_id`` is no id of the message."""
    for entry in CATALOGUE:
        for name in ROUTES:
            assert not routes(entry, f"records[0].{name}")


def test_each_reason_is_in_words() -> None:
    assert all((*ROUTES.values(), *ROUTES_OF.values()))
    assert not NEVER_ROUTES & {*ROUTES_OF}


PATHS = ("a", "b.c", "d[3].a", "d[7].e", "f", "g", "h")
FIELDS = st.lists(st.tuples(st.sampled_from(PATHS), st.sampled_from(["x", ""])))


@given(seen=FIELDS)
def test_a_few_different_fields_may_be_odd_and_any_number_may_be_empty(seen: list[tuple[str, str]]) -> None:
    """With more, it is the layout that is another one. The same field of many records counts once."""
    fields, garbled = OddFields(), set()
    for path, text in seen:
        if text:
            garbled.add(path.rpartition(".")[2].partition("[")[0])
        assert fields.note(path, text, "INT") is (len(garbled) <= _MOST_DIFFERENT)
    assert bool(fields) is bool(seen)
    odd = fields.of("message")
    assert odd == Odd("message", tuple([OddField(path, shown(text), "INT") for path, text in seen]), len(seen))


def test_an_absent_field_is_told_in_words_and_is_not_garbled() -> None:
    """It is not shown as a text: nothing stood there."""
    fields = OddFields()
    for name in "abcdefg":
        assert fields.note(name, ABSENT, "INT")
    assert {field.seen for field in fields.told} == {ABSENT}


def test_of_many_odd_values_the_first_are_told_and_all_are_counted() -> None:
    """Up to a bound, behind which the message is none: to note each of millions takes too long."""
    fields = OddFields()
    for place in range(_MOST_ODD):
        assert fields.note(f"bars[{place}].low", "", "DOUBLE")
    assert not fields.note("bars[10000].low", "", "DOUBLE")
    odd = fields.of(CurrentTime)
    assert (len(odd.fields), odd.count) == (MOST_TOLD, _MOST_ODD + 1)
    assert odd.fields[-1].path == f"bars[{MOST_TOLD - 1}].low"


@given(seen=st.text(max_size=5000))
def test_what_stood_there_is_shown_in_one_short_line(seen: str) -> None:
    fields = OddFields()
    fields.note("a", seen, "INT")
    (told,) = fields.told
    assert told.seen.isprintable()
    assert len(told.seen) < 300
