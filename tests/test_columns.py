"""Columns of long tables are read as the strict parsers read each of their texts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation, localcontext
from random import Random
from typing import Any, Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from anytws.messages.base import Message, Side
from anytws.messages.historical import HistoricalData, HistoricalDataBar
from anytws.messages.market_data import HistoricalTickLast, HistoricalTicksLast
from anytws.messages.times import EPOCH_SECONDS
from anytws.wire import versions as v
from anytws.wire.catalogue import entry_of
from anytws.wire.codec import Codec
from anytws.wire.compiled.columns import NumberColumn, column_of, memo_of
from anytws.wire.compiled.plain_numbers import are_plain_but
from anytws.wire.compiled.protobuf_readers import protobuf_decoder
from anytws.wire.compiled.text_readers import text_decoder
from anytws.wire.kinds import DECIMAL, DOUBLE, MILLISECONDS, SECONDS, STRING, Kind
from anytws.wire.optional_kinds import maybe, nothing_is
from anytws.wire.protobuf import parse
from anytws.wire.protobuf_descriptors import message_class
from anytws.wire.times import TIME
from tests.number_texts import KINDS, NUMBERS, ODD_NUMBERS, USUAL_NUMBERS, read, read_strictly

COLUMNS = [kind for kind in KINDS if column_of(kind.read_text) is not None]


def test_there_are_columns_of_what_long_tables_have() -> None:
    assert {DOUBLE, DECIMAL, maybe(DOUBLE), maybe(DECIMAL)} <= {*COLUMNS}
    assert all(column_of(kind.read_text) for kind in (nothing_is(DECIMAL, "-1"), TIME))
    # A marker that texts without it may mean, and what is read as quickly one by one.
    assert [column_of(kind.read_text) for kind in (nothing_is(DOUBLE, "2147483647"), SECONDS, STRING)] == [None] * 3


@pytest.mark.parametrize("kind", COLUMNS, ids=lambda kind: kind.name)
@settings(max_examples=30)
@given(st.lists(USUAL_NUMBERS, max_size=4), st.lists(NUMBERS, max_size=2))
@example(["1"], ["2147483647"])
@example(["1"], ["9223372036854775807"])
def test_numbers_are_read_as_strictly(kind: Kind, usual: list[str], odd: list[str]) -> None:
    column = column_of(kind.read_text)
    assert column is not None
    for texts in (usual, usual + odd, odd + usual):
        assert read(texts, column) == read_strictly(kind, texts)


@pytest.mark.parametrize("kind", COLUMNS, ids=lambda kind: kind.name)
@settings(max_examples=20)
@given(texts=st.lists(USUAL_NUMBERS | st.text("0123456789.-", max_size=12), max_size=4))
@example(texts=["1.5", "2147483647", "3"])
def test_plain_numbers_are_read_as_strictly(kind: Kind, texts: list[str]) -> None:
    column = column_of(kind.read_text)
    assert isinstance(column, NumberColumn)
    assert read(texts, lambda texts: column(texts, True)) == read_strictly(kind, texts)


@pytest.mark.parametrize("text", ["1-2", "1.2.3", ".", "-", "--1"])
def test_what_is_no_number_is_refused_whatever_the_user_has_set(text: str) -> None:
    """To a program that wants no exceptions of decimals, `Decimal` gives NaN for it."""
    column = column_of(DECIMAL.read_text)
    assert column is not None
    with localcontext() as context:
        context.traps[InvalidOperation] = False
        context.prec = 3
        assert read(["1.5", text], column) == "refused"
        assert read(["123.4567", "2"], column) == repr([Decimal("123.4567"), Decimal(2)])


@pytest.mark.parametrize("kind", COLUMNS, ids=lambda kind: kind.name)
def test_what_passes_for_plain_in_a_body_is_read_as_strictly(kind: Kind) -> None:
    """Each odd number in a table whose other fields are usual, in each place of the look that is taken at the body."""
    column = column_of(kind.read_text)
    assert isinstance(column, NumberColumn)
    passed = 0
    for text in ODD_NUMBERS:
        for before in (0, 70, 149):
            texts = [*["1.5"] * before, text, "2.25"]
            body = "".join(f"{text}\0" for text in texts).encode()
            plain = are_plain_but([], body)
            passed += plain
            assert read(texts, lambda texts, plain=plain: column(texts, plain)) == read_strictly(kind, texts)  # type: ignore[misc]
    assert passed > 20


@pytest.mark.parametrize(
    "kind", [SECONDS, MILLISECONDS, maybe(MILLISECONDS), maybe(DECIMAL)], ids=lambda kind: kind.name
)
@settings(max_examples=50)
@given(text=st.from_regex(r"[+-]?[0-9]{1,14}", fullmatch=True) | NUMBERS)
@example("1767605400")
@example("176760540\u0661")
@example("9999999999")
@example("9223372036854775807")
def test_values_are_read_as_strictly(kind: Kind, text: str) -> None:
    memo = memo_of(kind.read_text)
    assert read([text], lambda texts: [memo[text] for text in texts]) == read_strictly(kind, [text])


@given(st.integers(-(2**63), 2**63 - 1) | st.integers(0, 10**11))
@example(0)
@example(10**10)
@example(2**63 - 1)
def test_seconds_of_protobuf_are_read_as_strictly(count: int) -> None:
    strict, memo = SECONDS.read_protobuf, memo_of(SECONDS.read_protobuf, "int64")  # type: ignore[arg-type]
    assert strict is not None
    try:
        expected = repr(strict(count))
    except (ValueError, ArithmeticError):
        with pytest.raises((ValueError, ArithmeticError)):
            _ = memo[count]
    else:
        assert repr(memo[count]) == expected


# Whole tables

BARS: Final = HistoricalData(
    1,
    bars=tuple(
        HistoricalDataBar(
            datetime(2026, 1, 5, 9, 30, tzinfo=EPOCH_SECONDS) + timedelta(minutes=minute),
            180.25 + minute, 181.5, 179.75, 180.0, Decimal(100 + minute), Decimal("180.125"), minute,
        )
        for minute in range(40)
    ),
)  # fmt: skip
TRADES: Final = HistoricalTicksLast(
    1,
    tuple(
        HistoricalTickLast(
            datetime(2026, 1, 5, 14, 30, tzinfo=UTC) + timedelta(seconds=second // 2),
            180.25 + second, Decimal(10 * second), "ARCA", " FT I",
        )
        for second in range(40)
    ),
    True,
)  # fmt: skip
ODD_TEXTS: Final = [
    *ODD_NUMBERS,
    *("20260105", "20260105 10:30:00 US/Eastern", "99999999999", "ARCA", "\xe9", "1767605400.0", "12:30", "-"),
]


class FellBack(Exception):
    """The compiled reader asked the closures."""


def fall_back(_body: bytes) -> None:
    raise FellBack


@pytest.mark.parametrize("message", [BARS, TRADES], ids=lambda message: type(message).__name__)
def test_a_table_with_an_odd_text_is_read_as_strictly(message: Message) -> None:
    """Wherever it stands: in the number, the time, or the name of one of forty records, or outside of them."""
    entry, strict = entry_of(message), Codec(Side.CLIENT, 178)
    compiled = text_decoder(entry, 178, fall_back)
    body = Codec(Side.TWS, 178).encode(message)
    head, *fields = body.decode().split("\0")[:-1]
    assert compiled(body[len(head) + 1 :]) == message
    read, chance = 0, Random(5)
    for text in ODD_TEXTS:
        for place in [*range(12), *chance.sample(range(12, len(fields)), 12), len(fields) - 1]:
            odd = "".join(f"{field}\0" for field in [*fields[:place], text, *fields[place + 1 :]]).encode()
            try:
                made = compiled(odd)
            except FellBack:
                continue
            assert repr(made) == repr(strict.decode(f"{head}\0".encode() + odd))
            read += 1
    assert read > 100


@settings(max_examples=50)
@given(st.lists(st.sampled_from(ODD_TEXTS) | NUMBERS, min_size=1, max_size=3), st.randoms(use_true_random=False))
def test_a_table_of_protobuf_with_odd_texts_is_read_as_strictly(texts: list[str], chance: Random) -> None:
    entry = entry_of(BARS)
    parsed: Any = message_class(entry.layout).FromString(Codec(Side.TWS, v.MAX_VERSION).encode(BARS)[4:])
    for text in texts:
        bar = chance.choice(parsed.historicalDataBars)
        setattr(bar, chance.choice(["date", "volume", "WAP"]), text)
    try:
        made = protobuf_decoder(entry, fall_back)(parsed.SerializeToString())
    except FellBack:
        return
    assert repr(made) == repr(parse(entry, parsed.SerializeToString()))


def test_flags_of_records_are_read_as_strictly() -> None:
    """Those that are set, those that are there and false, and a record of flags that is absent or empty."""
    entry = entry_of(TRADES)
    parsed: Any = message_class(entry.layout).FromString(Codec(Side.TWS, v.MAX_VERSION).encode(TRADES)[4:])
    absent, empty, past, unset, unreported, *_ = parsed.historicalTicksLast
    absent.ClearField("tickAttribLast")
    empty.tickAttribLast.SetInParent()
    past.tickAttribLast.pastLimit = True
    unset.tickAttribLast.pastLimit = False
    unreported.tickAttribLast.unreported = True
    body = parsed.SerializeToString()
    made: Any = protobuf_decoder(entry, fall_back)(body)
    assert repr(made) == repr(parse(entry, body))
    assert [tick.attributes.past_limit for tick in made.ticks[:5]] == [False, False, True, False, False]
    assert made.ticks[4].attributes.unreported
