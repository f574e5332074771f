"""What would be lost of a request is refused, and so is what is probably a mistake; all else goes out as it is."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.errors import UPDATE_TWS, LocalProtocolError
from anytws.messages import Action, ComboLeg, Contract, CurrentTimeRequest, MarketOrder, PlaceOrderRequest, Side, Word
from anytws.messages.base import TagValue, ToTws, message
from anytws.testing.strategies import Encoding, record_of
from anytws.wire.catalogue import CATALOGUE, entry_for
from anytws.wire.codec import Codec
from anytws.wire.guard import guard
from anytws.wire.kinds import BOOL, DOUBLE, INT, STRING, word_of
from anytws.wire.optional_kinds import TEXT, maybe
from anytws.wire.rows import Choice, Column, Entry, Gate, Layout, Many, Part, Row, Tags, When
from anytws.wire.versions import MAX_VERSION, MIN_VERSION
from tests.test_codec import CLIENT, place, there_and_back
from tests.test_rows import COMMENT_SINCE, MINIATURE, PLACE_ORDER, Hedge, Leg, in_catalogue
from tests.test_text import BANDS

# --- what the version, or the encoding, cannot carry ---------------------------------------------------------------


@message
class NewWords(ToTws):
    """A request with a field that came later, and one that went."""

    request_id: int
    since_170: str = ""
    until_180: int = 0
    made: tuple[int, ...] = attrs.field(factory=tuple)


NEW_WORDS = Entry(
    Layout(
        NewWords,
        (Row("request_id", INT, 1), Row("since_170", STRING, 2, since=170), Row("until_180", INT, 3, until=180)),
    ),
    id=160,
    vendor_name="newWords",
    protobuf_since=203,
)


@pytest.mark.parametrize(
    "version, said, field",
    [
        (169, NewWords(1, "new"), "since_170"),
        (170, NewWords(1, "new"), None),
        (169, NewWords(1), None),
        (179, NewWords(1, until_180=5), None),
        (180, NewWords(1, until_180=5), "until_180"),
        (202, NewWords(1, until_180=5), "until_180"),
        (203, NewWords(1, "new", 5), None),
    ],
)
def test_a_value_that_the_version_cannot_carry_does_not_vanish(version: int, said: NewWords, field: str | None) -> None:
    """Whoever set it is told, instead of a request that says something else."""
    with in_catalogue(NEW_WORDS):
        if field is None:
            assert there_and_back(said, version) == said
            return
        with pytest.raises(LocalProtocolError) as caught:
            Codec(CLIENT, version).encode(said)
    assert (caught.value.message, caught.value.field) == ("NewWords", field)
    # Protobuf carries it again: an update helps, and which one is told.
    assert caught.value.code == UPDATE_TWS
    assert f"server version {170 if field == 'since_170' else 203} or later" in str(caught.value)


def test_a_value_that_no_version_carries_does_not_vanish_in_protobuf_either() -> None:
    """A field without a number is one that protobuf does not have."""
    with in_catalogue(NEW_WORDS), pytest.raises(LocalProtocolError) as caught:
        Codec(CLIENT, 226).encode(NewWords(1, made=(5,)))
    assert caught.value.field == "made"


@pytest.mark.parametrize(
    "version, changes, field, since",
    [
        (169, {"trading_class": "NMS"}, "contract.trading_class", 170),
        (179, {"cash_quantity": Decimal(5)}, "order.cash_quantity", 180),
        (190, {"soft_tier": "gold"}, "order.soft_tier", 203),
        (179, {"regulators": ("FINRA",)}, "order.regulators", 180),
        (179, {"hedge": Hedge("D", 0.5)}, "order.hedge.beta", 180),
        (157, {"comment": "x"}, "order.comment", COMMENT_SINCE),
        (202, {"comment": "x"}, "order.comment", COMMENT_SINCE),
        (203, {"comment": "x", "leg_prices": ()}, "order.comment", COMMENT_SINCE),
        (COMMENT_SINCE - 1, {"comment": "x", "leg_prices": ()}, "order.comment", COMMENT_SINCE),
    ],
)
def test_a_nested_value_that_the_version_cannot_carry_does_not_vanish(
    version: int, changes: dict[str, Any], field: str, since: int
) -> None:
    """An order without its cash quantity is another order."""
    with in_catalogue(*MINIATURE), pytest.raises(LocalProtocolError) as caught:
        Codec(CLIENT, version).encode(place(**changes))
    assert (caught.value.message, caught.value.field, caught.value.code) == ("PlaceOrderRequest", field, UPDATE_TWS)
    assert f"server version {since} or later" in str(caught.value)


def test_a_value_behind_a_condition_that_does_not_hold_does_not_vanish() -> None:
    """Parameters of an algorithm that is not named would be dropped without a word."""
    with in_catalogue(*MINIATURE), pytest.raises(LocalProtocolError) as caught:
        Codec(CLIENT, 190).encode(place(algorithm="", parameters=(TagValue("a", "b"),)))
    assert caught.value.field == "order.parameters"


# --- what would be lost, by every word ---------------------------------------------------------------------------


@attrs.frozen
class Priced:
    """A record with a field that is written apart from it, and one that text has not."""

    ratio: int
    price: float | None = None
    note: str = ""


@attrs.frozen
class Plain:
    """Another record, for a list of two kinds."""

    percent: int
    extra: str = ""


@message
class Basket(ToTws):
    """A request with one field of each sort, all of them newer than the message."""

    request_id: int
    legs: tuple[Priced, ...] = ()
    pairs: tuple[TagValue, ...] = ()
    options: tuple[TagValue, ...] = ()
    conditions: tuple[Any, ...] = ()
    part: Plain = Plain(0)
    has_more: bool = False
    more: tuple[Plain, ...] = ()


_PLAIN = Layout(Plain, (Row("percent", INT, 1), Row("extra", TEXT, 2, since=190)))
_PRICED = Layout(
    Priced,
    text=(Row("ratio", INT),),
    protobuf=(Row("ratio", INT, 1), Row("price", maybe(DOUBLE), 2), Row("note", TEXT, 3, protobuf_since=217)),
)
_EITHER = Choice(
    object,
    tag="kind",
    number=9,
    vendor="Either",
    options={1: _PLAIN, 2: Layout(Leg, (Row("action", TEXT, 3), Row("contract_id", INT, 4)))},
)
BASKET = Entry(
    Layout(
        Basket,
        text=(
            Row("request_id", INT),
            Many("legs", _PRICED, since=160),
            Column("legs", "price", maybe(DOUBLE), since=170),
            Tags("pairs", since=171),
            Tags("options", joined=True, since=172),
            Many("conditions", _EITHER, since=173),
            Row("part.percent", INT, since=174),
            Row("has_more", BOOL, since=175),
            When(lambda said: said.has_more, (Many("more", _PLAIN, since=176),)),
        ),
        protobuf=(
            Row("request_id", INT, 1),
            Many("legs", _PRICED, 2),
            Tags("pairs", 3),
            Tags("options", 4),
            Many("conditions", _EITHER, 5),
            Part("part", _PLAIN, 6, omitted=True),
            Row("has_more", BOOL, 7),
            Many("more", _PLAIN, 8),
        ),
    ),
    id=163,
    vendor_name="basket",
    protobuf_since=203,
)


@pytest.mark.parametrize(
    "since, said, field",
    [
        (160, Basket(1, legs=(Priced(1),)), "legs"),
        (170, Basket(1, legs=(Priced(1), Priced(2, 0.5))), "legs[1].price"),
        (171, Basket(1, pairs=(TagValue("a", "b"),)), "pairs"),
        (172, Basket(1, options=(TagValue("a", "b"),)), "options"),
        (173, Basket(1, conditions=(Plain(1),)), "conditions"),
        (174, Basket(1, part=Plain(1)), "part"),
        (175, Basket(1, has_more=True), "has_more"),
        (176, Basket(1, has_more=True, more=(Plain(1),)), "more"),
        (190, Basket(1, conditions=(Leg(1, ""), Plain(1, "x"))), "conditions[1].extra"),
        (190, Basket(1, has_more=True, more=(Plain(1, "x"),)), "more[0].extra"),
        (203, Basket(1, part=Plain(1, "x")), "part.extra"),
        (217, Basket(1, legs=(Priced(1, note="x"),)), "legs[0].note"),
    ],
    ids=str,
)
def test_every_field_is_refused_until_the_version_that_brings_it(since: int, said: Basket, field: str) -> None:
    """503 with the version, by the path; and from that version on it goes out and comes in."""
    with in_catalogue(BASKET):
        for version in {since - 1, max(MIN_VERSION, since - 11)}:
            with pytest.raises(LocalProtocolError) as caught:
                Codec(CLIENT, version).encode(said)
            error = caught.value
            assert (error.code, error.message) == (UPDATE_TWS, "Basket")
            if version == since - 1:
                assert error.field == field
                assert f"server version {since} or later" in str(error)
        for version in {since, 203, MAX_VERSION}:
            if version >= since:
                assert there_and_back(said, version) == said


def test_what_stands_behind_a_condition_that_does_not_hold_is_told() -> None:
    """No update helps: the fields contradict each other. Protobuf has no conditions."""
    said = Basket(1, more=(Plain(1),))
    with in_catalogue(BASKET):
        with pytest.raises(LocalProtocolError) as caught:
            Codec(CLIENT, 176).encode(said)
        assert (caught.value.code, caught.value.field) != (UPDATE_TWS, "more")
        assert caught.value.field == "more"
        assert there_and_back(said, 203) == said


def test_a_text_only_message_is_brought_a_field_by_no_version_of_protobuf() -> None:
    """The numbers that a shared record has for other messages are none of its own."""
    brief = Layout(Plain, text=(Row("percent", INT),), protobuf=_PLAIN.rows)
    entry = Entry(Layout(Basket, text=(Row("request_id", INT), Part("part", brief))), 164, "x")
    with in_catalogue(entry), pytest.raises(LocalProtocolError) as caught:
        Codec(CLIENT, 180).encode(Basket(1, part=Plain(1, "x")))
    assert (caught.value.field, caught.value.code) == ("part.extra", None)


def test_a_column_behind_a_condition_is_told_for_its_own_field_alone() -> None:
    """The records before it are carried; only what the column has of them is not."""
    rows = (
        Row("request_id", INT),
        Many("legs", _PRICED),
        Row("has_more", BOOL),
        When(lambda said: said.has_more, (Column("legs", "price", maybe(DOUBLE)),)),
    )
    entry = Entry(Layout(Basket, text=rows), 165, "x")
    with in_catalogue(entry):
        for fine in (Basket(1, legs=(Priced(1),)), Basket(1, legs=(Priced(1, 0.5),), has_more=True)):
            assert there_and_back(fine, 157) == fine
        with pytest.raises(LocalProtocolError) as caught:
            Codec(CLIENT, 157).encode(Basket(1, legs=(Priced(1), Priced(1, 0.5))))
        assert caught.value.field == "legs[1].price"


# --- neither too little nor too much ------------------------------------------------------------------------------


@given(version=st.sampled_from([*BANDS, 200, 202, 203, COMMENT_SINCE - 1, COMMENT_SINCE, MAX_VERSION]), data=st.data())
def test_a_request_is_refused_exactly_when_it_would_not_come_back_equal(version: int, data: st.DataObject) -> None:
    """Drawn for one encoding, and said in both: text has other fields, newer ones, and conditions."""
    drawn = [
        record_of(PLACE_ORDER.layout, MAX_VERSION, encoding, printable=True, finite=True)
        for encoding in (Encoding.TEXT, Encoding.PROTOBUF)
    ]
    said = data.draw(st.one_of(drawn))
    if data.draw(st.booleans()):
        # An empty name is rarely drawn; its parameters are what text then has no place for.
        said = attrs.evolve(said, order=attrs.evolve(said.order, algorithm=""))
    text = version < 203
    check = guard(PLACE_ORDER, version, text=text)
    assert check is not None
    with in_catalogue(*MINIATURE):
        encoded = _encoded_unguarded(said, version)
        heard = None if encoded is None else Codec(CLIENT.peer, version).decode(encoded)
        # Our reader takes a protobuf field at any version. A TWS that is older than the field passes over it.
        is_passed_over = not text and version < COMMENT_SINCE and said.order.comment != ""
        try:
            check(said)
        except LocalProtocolError as refusal:
            assert heard != said or is_passed_over, refusal
        else:
            # What no encoding can write is refused by the encoder itself.
            assert encoded is None or (heard == said and not is_passed_over)


def _encoded_unguarded(said: Any, version: int) -> bytes | None:
    """Give the bytes of *said* as they would be without the guard; None where a value cannot be written at all."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("anytws.wire.codec._guard", lambda *_args, **_more: None)
        try:
            return Codec(CLIENT, version).encode(said)
        except LocalProtocolError:
            return None


def test_a_request_of_which_nothing_can_be_lost_has_no_guard() -> None:
    """So it costs nothing to ask for the time."""
    entry = entry_for(CurrentTimeRequest)
    assert guard(entry, MIN_VERSION, text=True) is None
    assert guard(entry, MAX_VERSION, text=False) is None


UNASKED = [
    entry
    for entry in CATALOGUE
    if entry.said_by is CLIENT and all(field.default is not attrs.NOTHING for field in attrs.fields(entry.cls))
]
"""Requests that can be made without a word."""


@pytest.mark.parametrize("entry", UNASKED, ids=lambda entry: entry.name)
def test_what_nobody_has_set_is_no_reason_to_refuse(entry: Entry) -> None:
    """At any version, and in both encodings."""
    for version in (MIN_VERSION, 200, MAX_VERSION):
        for text in (True, False):
            check = guard(entry, version, text=text)
            if check is not None:
                check(entry.cls())


# --- what some versions do not take -------------------------------------------------------------------------------


@message
class Chosen(ToTws):
    """A request with a value that came, and one that went."""

    bars: str


CHOSEN = Entry(
    Layout(Chosen, (Row("bars", STRING, 1),)),
    id=166,
    vendor_name="chosen",
    gates=(Gate("bars", "SCHEDULE", since=165), Gate("bars", "PROFILE", until=177, code=505)),
)


@pytest.mark.parametrize(
    "version, bars, code, band",
    [
        (164, "SCHEDULE", UPDATE_TWS, "needs server version 165 or later, and this connection has 164"),
        (177, "PROFILE", 505, "is gone from 177 on, and this connection has 177"),
    ],
)
def test_a_value_that_the_version_does_not_take_is_refused(version: int, bars: str, code: int, band: str) -> None:
    """With the vendor's code, the value and the version: and it is the value that has to change."""
    with in_catalogue(CHOSEN), pytest.raises(LocalProtocolError) as caught:
        Codec(CLIENT, version).encode(Chosen(bars))
    error = caught.value
    assert (error.code, error.message, error.field) == (code, "Chosen", "bars")
    assert f"Chosen.bars is {bars!r}, which {band}: choose another value" in str(error)


@pytest.mark.parametrize("version, bars", [(164, "PROFILE"), (165, "SCHEDULE"), (176, "PROFILE"), (177, "TRADES")])
def test_any_other_value_goes_out(version: int, bars: str) -> None:
    with in_catalogue(CHOSEN):
        assert there_and_back(Chosen(bars), version) == Chosen(bars)


# --- probable mistakes --------------------------------------------------------------------------------------------


class Letter(Word):
    """An open enumeration of words."""

    MARKET = "MKT"
    TRAILING = "TRAIL"


@attrs.frozen
class Offer:
    """A record with a price and a word."""

    price: float = 0.0
    compete_against_best_offset: float = 0.0
    letter: Letter = Letter.MARKET


@message
class Offers(ToTws):
    """A request with such records, alone and in a list."""

    best: Offer = Offer()
    others: tuple[Offer, ...] = ()
    size: float = 0.0


_OFFER = Layout(
    Offer,
    (
        Row("price", DOUBLE, 1),
        Row("compete_against_best_offset", DOUBLE, 2),
        Row("letter", word_of(Letter), 3),
    ),
)
OFFERS = Entry(
    Layout(Offers, (Part("best", _OFFER, 1), Many("others", _OFFER, 2), Row("size", DOUBLE, 3))),
    id=167,
    vendor_name="offers",
    protobuf_since=203,
)


@pytest.mark.parametrize("version", [157, 226])
@pytest.mark.parametrize(
    "said, path, told",
    [
        (Offers(size=math.inf), "size", "inf, and has to be a finite number"),
        (Offers(Offer(-math.inf)), "best.price", "-inf, and has to be a finite number"),
        (Offers(others=(Offer(), Offer(math.inf))), "others[1].price", "inf, and has to be a finite number"),
        (Offers(Offer(letter=Letter("TRIAL"))), "best.letter", "probably Letter.TRAILING ('TRAIL') is meant"),
        (Offers(others=(Offer(letter=Letter("TRAILS")),)), "others[0].letter", "probably Letter.TRAILING ('TRAIL')"),
    ],
)
def test_a_probable_mistake_is_refused_by_its_path(version: int, said: Offers, path: str, told: str) -> None:
    """Nobody offers a price without an end, and one letter is quickly wrong."""
    with in_catalogue(OFFERS), pytest.raises(LocalProtocolError) as caught:
        Codec(CLIENT, version).encode(said)
    assert (caught.value.message, caught.value.field) == ("Offers", path)
    assert told in str(caught.value)


@pytest.mark.parametrize("version", [157, 226])
@pytest.mark.parametrize(
    "said",
    [
        Offers(Offer(compete_against_best_offset=math.inf)),
        Offers(Offer(letter=Letter.verbatim("TRIAL"))),
        Offers(Offer(letter=Letter("SOMETHING ELSE"))),
        Offers(others=(Offer(-1.5), Offer(1e300)), size=-0.0),
    ],
)
def test_what_may_be_meant_goes_out(version: int, said: Offers) -> None:
    """Infinity where TWS gives it a meaning, a word that says that it is meant, one that is like no other."""
    with in_catalogue(OFFERS):
        assert there_and_back(said, version) == said


class MyLeg(ComboLeg):
    """A record of a user's own class."""


@pytest.mark.parametrize("version", [MIN_VERSION, MAX_VERSION])
def test_a_record_of_another_class_is_refused_and_not_an_accident(version: int) -> None:
    """It has all that a leg has, but what a table does not know, the guard cannot look at."""
    contract = Contract(symbol="X", combo_legs=(MyLeg(1, 1, Action.BUY, "SMART"),))
    with pytest.raises(LocalProtocolError, match="PlaceOrderRequest"):
        Codec(Side.CLIENT, version).encode(PlaceOrderRequest(contract, MarketOrder(Action.BUY, 1), order_id=1))
