"""Bodies to messages and back: which form at which version, what is refused, and by which name."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.errors import BAD_MESSAGE, INVALID_SYMBOL, UPDATE_TWS, DecodeError, LocalProtocolError
from anytws.messages import (
    CurrentTime,
    CurrentTimeInMillis,
    CurrentTimeInMillisRequest,
    CurrentTimeRequest,
    ErrorMessage,
    IdsRequest,
    ManagedAccounts,
    Message,
    NextValidId,
    SetServerLogLevelRequest,
    Side,
    StartApiRequest,
)
from anytws.messages.base import TagValue, ToClient, ToTws, message
from anytws.testing.strategies import message_of
from anytws.wire.codec import PROTOBUF_OFFSET, WORTH_COMPILING, Codec, UnknownId, shared_codec
from anytws.wire.kinds import BOOL, INT, STRING
from anytws.wire.limits import Limits
from anytws.wire.optional_kinds import TEXT, maybe
from anytws.wire.rows import Entry, Filler, Layout, Row
from anytws.wire.text import Surplus
from anytws.wire.versions import CURRENT_TIME_IN_MILLIS, MAX_VERSION, MIN_VERSION, PROTOBUF, PROTOBUF_REST_MESSAGES_3
from tests.test_rows import (
    COMMENT_SINCE,
    CONTRACT_DATA,
    MINIATURE,
    PLACE_ORDER,
    Contract,
    ContractData,
    DeltaNeutral,
    Expiry,
    Hedge,
    Leg,
    MarginCondition,
    Order,
    PlaceOrderRequest,
    PriceCondition,
    in_catalogue,
)
from tests.test_text import BANDS, FIELDS, ORDER

CLIENT, TWS = Side.CLIENT, Side.TWS
NAIVE = datetime.fromisoformat("2026-01-02T03:04:05")
AWARE = NAIVE.replace(tzinfo=UTC)
VERSIONS = [MIN_VERSION, PROTOBUF - 1, PROTOBUF, PROTOBUF_REST_MESSAGES_3 - 1, PROTOBUF_REST_MESSAGES_3, MAX_VERSION]


def there_and_back(said: Message, version: int) -> Message | UnknownId | Surplus:
    """Send *said* from whoever says it to the other side."""
    side = TWS if isinstance(said, ToClient) else CLIENT
    return Codec(side.peer, version).decode(Codec(side, version).encode(said))


@pytest.mark.parametrize(
    "version, said, body",
    [
        (200, StartApiRequest(7), b"71\x002\x007\0\0"),
        (201, StartApiRequest(7), bytes.fromhex("00000047") + b"2\x007\0\0"),
        (212, StartApiRequest(7), bytes.fromhex("00000047") + b"2\x007\0\0"),
        (213, StartApiRequest(7), bytes.fromhex("0000010f0807")),
        (176, StartApiRequest(-3, "x y"), b"71\x002\x00-3\0x y\0"),
        (176, CurrentTimeRequest(), b"49\x001\0"),
        (225, CurrentTimeRequest(), bytes.fromhex("000000f9")),
        (197, CurrentTimeInMillisRequest(), b"105\0"),
        (208, CurrentTimeInMillisRequest(), bytes.fromhex("00000069")),
        (206, IdsRequest(), bytes.fromhex("00000008") + b"1\x001\0"),
        (157, SetServerLogLevelRequest(5), b"14\x001\x005\0"),
    ],
)
def test_what_a_client_says_has_the_bytes_of_the_facts(version: int, said: Message, body: bytes) -> None:
    """Written by hand from the facts; several of them were seen on a wire."""
    assert Codec(CLIENT, version).encode(said) == body
    assert Codec(TWS, version).decode(body) == said


@pytest.mark.parametrize(
    "version, body, heard",
    [
        (151 + 6, b"4\x002\x00-1\x002104\x00ok:usfarm\0", ErrorMessage(None, 2104, "ok:usfarm")),
        (176, b"4\x002\x0015\x0010318\x00no\0\0", ErrorMessage(15, 10318, "no")),
        (176, b"4\x002\x0015\x00201\x00no\x00{}\0", ErrorMessage(15, 201, "no", "{}")),
        (200, b"4\x002147483647\x00321\x00no\0\x001783641780497\0",
         ErrorMessage(None, 321, "no", None, datetime.fromisoformat("2026-07-10T00:03:00.497+00:00"))),
        (176, b"9\x001\x007\0", NextValidId(7)),
        (176, b"15\x001\x00DU1,DU2,\0", ManagedAccounts(("DU1", "DU2"))),
        (213, bytes.fromhex("000000f90885a5d4d206"), CurrentTime(datetime.fromtimestamp(1784992389, UTC))),
        (200, b"109\x001783641780497\0",
         CurrentTimeInMillis(datetime.fromisoformat("2026-07-10T00:03:00.497+00:00"))),
        (225, bytes.fromhex("000000cc08ae0410f8f5daac833418c80122024e6f"),
         ErrorMessage(558, 200, "No", None, datetime.fromtimestamp(1787581266, UTC).replace(microsecond=168000))),
    ],
)  # fmt: skip
def test_what_tws_says_is_understood(version: int, body: bytes, heard: Message) -> None:
    """Forms that were recorded from a real TWS; texts shortened."""
    decoded = Codec(CLIENT, version).decode(body)
    if isinstance(heard, (ErrorMessage, CurrentTime)) and version > 200:
        assert type(decoded) is type(heard)
        assert Codec(TWS, version).encode(decoded) == body
    else:
        assert decoded == heard


@pytest.mark.parametrize("version", [PROTOBUF, 207, MAX_VERSION])
def test_from_201_on_both_forms_are_understood_frame_by_frame(version: int) -> None:
    """Whatever the version says that TWS should use: the frame tells what it is."""
    codec = Codec(CLIENT, version)
    assert codec.decode(b"\0\0\0\x091\x007\0") == NextValidId(7)
    assert codec.decode(b"\0\0\0\xd1\x08\x07") == NextValidId(7)
    assert codec.decode(b"\0\0\0\x091\x008\0") == NextValidId(8)


@pytest.mark.parametrize(
    "version, body, wire_id",
    [(176, b"150\x001\0", 150), (176, b"209\0", 209), (226, b"\0\0\0\x96", 150), (226, b"\0\0\x01\x5e", 350),
     (226, b"\xff\xff\xff\xff\x01", 2**32 - 1), (226, b"\0\0\0\0", 0), (226, b"\0\0\0\xc8", 200), (176, b"0\0", 0)],
)  # fmt: skip
def test_an_unknown_id_is_told_as_it_stood_on_the_wire(version: int, body: bytes, wire_id: int) -> None:
    """And is no error: TWS knows more than we do."""
    assert Codec(CLIENT, version).decode(body) == UnknownId(wire_id)


@pytest.mark.parametrize(
    "version, body",
    [(200, b""), (200, b"9"), (200, b"\x001\0"), (200, b"-9\x001\0"), (200, b"+9\x001\0"), (200, b"9 \x001\0"),
     (200, "９\x001\0".encode()), (200, b"1234567890\0"), (201, b""), (201, b"\0\0\0"), (226, b"\0")],
)  # fmt: skip
def test_a_body_without_an_id_is_told(version: int, body: bytes) -> None:
    """Nobody can say which message it was."""
    with pytest.raises(DecodeError) as caught:
        Codec(CLIENT, version).decode(body)
    assert (caught.value.message, caught.value.field, caught.value.code) == (None, None, BAD_MESSAGE)


@pytest.mark.parametrize(
    "version, body, name, field, seen, wanted",
    [
        (176, b"9\x001\x00x\0", "NextValidId", "order_id", "'x'", "INT"),
        (176, b"9\x001\0", "NextValidId", "order_id", "the end of the frame", "INT"),
        (176, b"9\0", "NextValidId", "layout number", "the end of the frame", "FILLER"),
        (176, b"4\x002\x001\x00two\x00x\0\0", "ErrorMessage", "error_code", "'two'", "INT"),
        (
            176,
            b"4\x002\x001\x002\x00x\0",
            "ErrorMessage",
            "advanced_order_reject_json",
            "the end of the frame",
            "ESCAPED or empty",
        ),
        (226, b"\0\0\0\xd1", "NextValidId", "order_id", "nothing (the field is absent)", "INT"),
        (226, b"\0\0\0\x091\x00x\0", "NextValidId", "order_id", "'x'", "INT"),
    ],
)
def test_a_bad_field_is_told_by_message_field_seen_and_wanted(
    version: int, body: bytes, name: str, field: str, seen: str, wanted: str
) -> None:
    """All four, as values; and the codec reads the next frame as if nothing had been."""
    codec = Codec(CLIENT, version)
    with pytest.raises(DecodeError) as caught:
        codec.decode(body)
    error = caught.value
    assert (error.message, error.field, error.seen, error.wanted) == (name, field, seen, wanted)
    good = b"\0\0\0\x091\x007\0" if version >= PROTOBUF else b"9\x001\x007\0"
    assert codec.decode(good) == NextValidId(7)


@pytest.mark.parametrize("version", [176, 226])
def test_fields_after_the_last_come_beside_the_message(version: int) -> None:
    """TWS adds fields before the table knows them. Protobuf keeps what nobody knows to itself."""
    body = Codec(TWS, version).encode(NextValidId(7))
    heard = Codec(CLIENT, version).decode(body + (b"more\0\0" if version < PROTOBUF else b"\x5a\x01x"))
    assert heard == (Surplus(NextValidId(7), ("more", "")) if version < PROTOBUF else NextValidId(7))


@pytest.mark.parametrize("version", [PROTOBUF, MAX_VERSION])
def test_fields_after_the_last_are_told_in_the_text_form_of_newer_servers_too(version: int) -> None:
    """It is the frame that says which form it has."""
    assert Codec(CLIENT, version).decode(b"\0\0\0\x091\x007\0more\0") == Surplus(NextValidId(7), ("more",))


# --- what may not be said ----------------------------------------------------------------------------------------

WRONG_VALUES: list[tuple[Message, str]] = [
    (StartApiRequest("7"), "client_id"),  # type: ignore[arg-type]
    (StartApiRequest(True), "client_id"),
    (StartApiRequest(2**31), "client_id"),
    (StartApiRequest(-(2**31) - 1), "client_id"),
    (StartApiRequest(None), "client_id"),  # type: ignore[arg-type]
    (StartApiRequest(7.0), "client_id"),  # type: ignore[arg-type]
    (StartApiRequest(7, "a\0b"), "optional_capabilities"),
    (StartApiRequest(7, "\ud800"), "optional_capabilities"),
    (StartApiRequest(7, 5), "optional_capabilities"),  # type: ignore[arg-type]
    (StartApiRequest(7, b"x"), "optional_capabilities"),  # type: ignore[arg-type]
    (ErrorMessage(-1, 1, "x"), "request_id"),
    (ErrorMessage(2**31 - 1, 1, "x"), "request_id"),
    (ErrorMessage(True, 1, "x"), "request_id"),
    (ErrorMessage(1, None, "x"), "error_code"),  # type: ignore[arg-type]
    (ErrorMessage(1, 1, None), "error_message"),  # type: ignore[arg-type]
    (ErrorMessage(1, 1, "\udfff"), "error_message"),
    (ErrorMessage(1, 1, "x", None, NAIVE), "error_time"),
    (ErrorMessage(1, 1, "x", None, AWARE.replace(microsecond=1)), "error_time"),
    (ErrorMessage(1, 1, "x", None, 5), "error_time"),  # type: ignore[arg-type]
    (ManagedAccounts(("a,b",)), "accounts"),
    (ManagedAccounts(("",)), "accounts"),
    (ManagedAccounts(["a"]), "accounts"),  # type: ignore[arg-type]
    (ManagedAccounts("DU1"), "accounts"),  # type: ignore[arg-type]
    (ManagedAccounts(None), "accounts"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize("version", [200, 226])
@pytest.mark.parametrize("wrong, field", WRONG_VALUES, ids=str)
def test_a_wrong_value_is_told_by_message_and_field(wrong: Message, field: str, version: int) -> None:
    """In both encodings alike, and the codec writes the next message as if nothing had been."""
    codec = Codec(TWS if isinstance(wrong, (ErrorMessage, ManagedAccounts)) else CLIENT, version)
    good = NextValidId(1) if codec.side is TWS else CurrentTimeRequest()
    before = codec.encode(good)
    with pytest.raises(LocalProtocolError) as caught:
        codec.encode(wrong)
    assert (caught.value.message, caught.value.field) == (type(wrong).__name__, field)
    assert f"{type(wrong).__name__}.{field}" in str(caught.value)
    assert codec.encode(good) == before


@pytest.mark.parametrize("capabilities", ["é", "\x7f", "\x01", "中", "\U0001f600"])
def test_a_client_writes_printable_ascii_into_text(capabilities: str) -> None:
    """579 with the field; the check is the text form's, and protobuf takes any character."""
    with pytest.raises(LocalProtocolError) as caught:
        Codec(CLIENT, 200).encode(StartApiRequest(7, capabilities))
    assert (caught.value.code, caught.value.field) == (INVALID_SYMBOL, "optional_capabilities")
    assert there_and_back(StartApiRequest(7, capabilities), 226) == StartApiRequest(7, capabilities)


@pytest.mark.parametrize("version", VERSIONS)
def test_tws_may_say_any_character(version: int) -> None:
    """Its errors are localised, and come through as they are."""
    said = ErrorMessage(1, 2, "ошибка 错误 é \\ \U0001f600 \n")
    assert there_and_back(said, version) == said


@pytest.mark.parametrize("version", VERSIONS)
def test_capabilities_that_are_empty_are_none(version: int) -> None:
    """No version makes a difference between an empty text and none; none makes it an error of somebody's program."""
    codec = Codec(CLIENT, version)
    assert codec.encode(StartApiRequest(7, "")) == codec.encode(StartApiRequest(7))


def test_a_message_newer_than_the_version_is_refused() -> None:
    """503, with the message, the version that it needs and the one that there is."""
    with pytest.raises(LocalProtocolError) as caught:
        Codec(CLIENT, CURRENT_TIME_IN_MILLIS - 1).encode(CurrentTimeInMillisRequest())
    error = caught.value
    assert (error.code, error.message, error.field) == (UPDATE_TWS, "CurrentTimeInMillisRequest", None)
    assert str(CURRENT_TIME_IN_MILLIS) in str(error)
    assert str(CURRENT_TIME_IN_MILLIS - 1) in str(error)
    assert Codec(CLIENT, CURRENT_TIME_IN_MILLIS).encode(CurrentTimeInMillisRequest())


@pytest.mark.parametrize("version", [157, 226])
@pytest.mark.parametrize("wrong", [NextValidId(1), ErrorMessage(1, 2, "x"), Message(), object(), None, "49", Message])
def test_what_is_no_message_of_our_side_is_a_mistake_of_the_program(version: int, wrong: Any) -> None:
    """A `TypeError`: no server version and no state of the connection will make it right."""
    with pytest.raises(TypeError):
        Codec(CLIENT, version).encode(wrong)


# --- the miniature of orders -------------------------------------------------------------------------------------


def place(**changes: Any) -> PlaceOrderRequest:
    """Give an order to be placed, changed."""
    contract = Contract(1, "X", legs=(Leg(1, "BUY"),))
    order = Order("BUY", Decimal(1), leg_prices=(1.0,), algorithm="Vwap", parameters=(TagValue("a", "b"),))
    mine = {name for name in changes if name in attrs.fields_dict(Contract)}
    return PlaceOrderRequest(
        1,
        attrs.evolve(contract, **{name: changes[name] for name in mine}),
        attrs.evolve(order, **{name: changes[name] for name in {*changes} - mine}),
    )


@pytest.mark.parametrize("entry", MINIATURE, ids=lambda entry: entry.name)
@given(version=st.sampled_from([*BANDS, 200, 201, 202, 203, 226]), data=st.data())
def test_orders_come_back_equal_at_every_version(entry: Entry, version: int, data: st.DataObject) -> None:
    """Nested by path in text and by sub-message in protobuf: one value, whatever the version."""
    with in_catalogue(*MINIATURE):
        said = data.draw(message_of(entry.cls, version))
        body = Codec(entry.said_by, version).encode(said)
        assert Codec(entry.said_by.peer, version).decode(body) == said


@pytest.mark.parametrize("version", [190, 201])
@pytest.mark.parametrize("end", range(len(FIELDS)))
def test_an_order_cut_off_is_told_by_the_field_it_lacks(end: int, version: int) -> None:
    """One frame less, whatever field it ends at; the connection goes on."""
    prefix = b"5\0" if version < PROTOBUF else b"\0\0\0\x05"
    body = prefix + "".join(f"{field}\0" for field in FIELDS[:end]).encode()
    with in_catalogue(*MINIATURE):
        with pytest.raises(DecodeError) as caught:
            Codec(CLIENT, version).decode(body)
        assert Codec(CLIENT, version).decode(prefix + "".join(f"{field}\0" for field in FIELDS).encode()) == ORDER
    assert caught.value.message == "OpenOrder"
    assert caught.value.field
    assert caught.value.seen == "the end of the frame"


@pytest.mark.parametrize("version", [190, 226])
@pytest.mark.parametrize(
    "changes",
    [
        {"symbol": 5},
        {"symbol": "a\0b"},
        {"strike": "1"},
        {"strike": float("nan")},
        {"legs": None},
        {"legs": 5},
        {"legs": (None,)},
        {"legs": "ab"},
        {"delta_neutral": 5},
        {"delta_neutral": DeltaNeutral(1, "x")},  # type: ignore[arg-type]
        {"total_quantity": None},
        {"total_quantity": 1},
        {"total_quantity": Decimal("NaN")},
        {"hidden": 1},
        {"permanent_id": 2**63},
        {"leg_prices": (1.0, 1.7976931348623157e308)},
        {"leg_prices": None},
        {"parameters": (("a", "b"),)},
        {"parameters": (TagValue("a", None),)},  # type: ignore[arg-type]
        {"options": (TagValue("a\0", "b"),)},
        {"options": None},
        {"conditions": (MarginCondition("5"),)},  # type: ignore[arg-type]
        {"conditions": (None,)},
        {"conditions": (PriceCondition(float("nan")),)},
        {"legs": (Leg(1, "BUY", price=float("nan")),)},
        {"hedge": None},
        {"hedge": Hedge(None)},  # type: ignore[arg-type]
    ],
    ids=str,
)
def test_a_wrong_order_is_told_and_nothing_else_escapes(version: int, changes: dict[str, Any]) -> None:
    """Whatever a program puts into an order: `LocalProtocolError`, with message and field."""
    with in_catalogue(*MINIATURE):
        codec = Codec(CLIENT, version)
        if version >= 203 and "leg_prices" in changes:
            # Protobuf does not carry them: a value there must not vanish.
            changes = {"leg_prices": (1.0,)}
        with pytest.raises(LocalProtocolError) as caught:
            codec.encode(place(**changes))
        assert caught.value.message == "PlaceOrderRequest"
        assert caught.value.field is not None
        assert next(iter(changes)) in caught.value.field
        assert codec.encode(place() if version < 203 else place(leg_prices=()))


@pytest.mark.parametrize("version", [190, 226])
@pytest.mark.parametrize("field", ["contract", "order"])
def test_a_missing_record_is_told(version: int, field: str) -> None:
    """``contract=None`` where a contract has to be."""
    parts: dict[str, Any] = {"order_id": 1, "contract": Contract(1, "X"), "order": Order("BUY", Decimal(1))}
    with in_catalogue(*MINIATURE), pytest.raises(LocalProtocolError) as caught:
        Codec(CLIENT, version).encode(PlaceOrderRequest(**(parts | {field: None})))
    assert caught.value.message == "PlaceOrderRequest"
    assert (caught.value.field or "").startswith(field)


def test_a_character_that_tws_does_not_take_is_told_however_deep() -> None:
    """579, with the path through list and record."""
    with in_catalogue(*MINIATURE), pytest.raises(LocalProtocolError) as caught:
        Codec(CLIENT, 190).encode(place(parameters=(TagValue("a", "b"), TagValue("c", "é"))))
    assert (caught.value.code, caught.value.field) == (INVALID_SYMBOL, "order.parameters[1].value")


def test_ids_of_both_forms_differ_by_200() -> None:
    """And a text id above 200 below version 201 is just an unknown one."""
    with in_catalogue(PLACE_ORDER):
        text, proto = (Codec(CLIENT, version).encode(place(leg_prices=())) for version in (202, 203))
    assert int.from_bytes(text[:4], "big") + PROTOBUF_OFFSET == int.from_bytes(proto[:4], "big")


# --- the newer words, through the codec --------------------------------------------------------------------------


@pytest.mark.parametrize("version", [190, 202, 203, 226])
def test_pairs_columns_and_choices_come_back_equal(version: int) -> None:
    """The same value in both encodings."""
    said = place(
        legs=(Leg(1, "BUY", price=0.5), Leg(2, "SELL")),
        leg_prices=(),
        options=(TagValue("a", "1"), TagValue("b", "")),
        conditions=(MarginCondition(5, False), PriceCondition(1.5, exchange="SMART")),
        hedge=Hedge("D", 0.0),
    )
    with in_catalogue(*MINIATURE):
        assert there_and_back(said, version) == said


def test_a_field_that_newer_servers_take_is_said_from_then_on() -> None:
    """Only in protobuf, and only from its own version on."""
    with in_catalogue(*MINIATURE):
        said = place(comment="x", leg_prices=())
        assert there_and_back(said, COMMENT_SINCE) == said
        assert Codec(CLIENT, COMMENT_SINCE - 1).encode(place(comment="", leg_prices=()))


def test_a_pair_that_text_cannot_carry_is_told_there_alone() -> None:
    """A ``;`` would end it; protobuf has no such trouble, but keeps no tag twice."""
    with in_catalogue(*MINIATURE):
        for version, bad, field in [
            (190, (TagValue("a", ";"),), "order.options[0]"),
            (226, (TagValue("a", "b"), TagValue("a", "b")), "order.options[1].tag"),
        ]:
            with pytest.raises(LocalProtocolError) as caught:
                Codec(CLIENT, version).encode(place(options=bad, leg_prices=()))
            assert (caught.value.message, caught.value.field) == ("PlaceOrderRequest", field)
            other = place(options=bad, leg_prices=())
            assert there_and_back(other, 226 if version == 190 else 190) == other


@pytest.mark.parametrize("version", [157, 204, 205, 226])
def test_a_record_that_cannot_be_made_of_its_fields_is_a_bad_frame(version: int) -> None:
    """No field alone is at fault; nothing but `DecodeError` leaves the codec, in either form."""
    with in_catalogue(*MINIATURE):
        said = ContractData(1, Expiry("20240131", "9"), "20240130", "10")
        assert there_and_back(said, version) == said
        bad = Codec(TWS, version).encode(ContractData(1, said.expiry, "never"))
        with pytest.raises(DecodeError) as caught:
            Codec(CLIENT, version).decode(bad)
        assert (caught.value.message, caught.value.field) == ("ContractData", None)
        with pytest.raises(LocalProtocolError) as wrong:
            Codec(TWS, version).encode(ContractData(1, None, "20240130"))  # type: ignore[arg-type]
        assert (wrong.value.message, wrong.value.field) == (CONTRACT_DATA.name, "expiry")


@message
class Settings(ToTws):
    """A request that has no text form."""

    request_id: int
    enabled: bool | None = None
    title: str | None = None


@message
class Secret(ToTws):
    """A request that has no protobuf form."""

    word: str
    comment: str = ""


SETTINGS = Entry(
    Layout(Settings, (Row("request_id", INT, 1), Row("enabled", maybe(BOOL), 2), Row("title", maybe(STRING), 3))),
    id=161,
    vendor_name="settings",
    protobuf_since=219,
    since=219,
    text=False,
)
SECRET = Entry(
    Layout(Secret, (Filler("1"), Row("word", TEXT), Row("comment", TEXT, since=300))), id=162, vendor_name="secret"
)


def test_a_message_without_a_text_form_is_unknown_in_text() -> None:
    """Below its version nobody says it; a text frame of its id is some other message."""
    with in_catalogue(SETTINGS):
        for said in (Settings(1), Settings(1, False), Settings(1, True, "x")):
            assert there_and_back(said, 219) == there_and_back(said, 226) == said
        assert Codec(CLIENT, 219).encode(Settings(1)) != Codec(CLIENT, 219).encode(Settings(1, False))
        assert Codec(TWS, 219).decode(b"\0\0\0\xa11\x001\0\0") == UnknownId(161)
        for version in (157, 200, 218):
            with pytest.raises(LocalProtocolError) as caught:
                Codec(CLIENT, version).encode(Settings(1))
            assert (caught.value.code, caught.value.message) == (UPDATE_TWS, "Settings")
            with pytest.raises(LocalProtocolError):
                Codec(CLIENT, version).encode(Settings("wrong"))  # type: ignore[arg-type]


def test_a_message_without_a_protobuf_form_is_text_at_every_version() -> None:
    """And unknown in protobuf. No version of protobuf brings what it lacks."""
    with in_catalogue(SECRET):
        assert Codec(CLIENT, 200).encode(Secret("x")) == b"162\x001\0x\0"
        assert Codec(CLIENT, 226).encode(Secret("x")) == b"\0\0\0\xa21\0x\0"
        assert there_and_back(Secret("x"), 226) == Secret("x")
        assert Codec(TWS, 226).decode((162 + PROTOBUF_OFFSET).to_bytes(4, "big") + b"\x0a\x01x") == UnknownId(362)


@pytest.mark.parametrize("wire_id", [b"049", b"0049", b"000000049", b"00", b"-49", b"+49", b" 49", b"49 ", b""])
def test_an_id_has_one_form(wire_id: bytes) -> None:
    """Each form would get a reader of its own, and a peer can write an id in nine forms."""
    with pytest.raises(DecodeError, match="message id"):
        Codec(CLIENT, 176).decode(wire_id + b"\x001\x001700000000\0")


def trade(version: int, mask: str) -> Any:
    """Give the last trades of the past that TWS says, of which one has the attributes *mask*."""
    fields = ["1", "1", "1700000000", mask, "1.5", "100", "NYSE", "", "1"]
    return Codec(CLIENT, version).decode(b"98\0" + "".join([f"{field}\0" for field in fields]).encode())


@pytest.mark.parametrize("mask", range(12))
def test_bits_without_a_name_are_kept(mask: int) -> None:
    """And written again, in their places."""
    read = trade(176, str(mask))
    (tick,) = read.ticks
    assert tick.attributes.past_limit == bool(mask & 1)
    assert tick.attributes.unreported == bool(mask & 2)
    assert tick.attributes.unknown_bits == mask & ~3
    assert trade(176, str(mask)) == Codec(CLIENT, 176).decode(Codec(TWS, 176).encode(read))


def test_a_mask_has_no_sign() -> None:
    odd = trade(176, "-1")
    assert [field.path for field in odd.fields] == ["ticks[0].attributes"]


@pytest.mark.parametrize("bits", [-4, 1, 3, True, 2**31, 1.5])
def test_what_is_no_bits_is_not_written(bits: Any) -> None:
    said = trade(176, "0")
    (tick,) = said.ticks
    wrong = attrs.evolve(tick, attributes=attrs.evolve(tick.attributes, unknown_bits=bits))
    with pytest.raises(LocalProtocolError, match="attributes"):
        Codec(TWS, 176).encode(attrs.evolve(said, ticks=(wrong,)))


# --- what a codec keeps ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [200, 213])
def test_a_reader_is_compiled_once_a_kind_of_message_has_come_often(version: int) -> None:
    """And reads the same; what it does not take, the strict one reads as before, fault and all."""
    codec, said = Codec(CLIENT, version), ErrorMessage(5, 200, "x" * 100)
    body = Codec(TWS, version).encode(said)
    times = WORTH_COMPILING // 100 + 2
    assert {codec.decode(body) for _ in range(times)} == {Codec(CLIENT, version).decode(body)}
    bad = body.replace(b"200", b"2x0") if version < 213 else body[:-1]
    with pytest.raises(DecodeError) as caught:
        codec.decode(bad)
    with pytest.raises(DecodeError) as first:
        Codec(CLIENT, version).decode(bad)
    assert str(caught.value) == str(first.value)


def test_fields_that_we_do_not_know_are_told_of_protobuf_alone() -> None:
    """In text they come as a `Surplus`."""
    codec = Codec(CLIENT, 226)
    body = Codec(TWS, 226).encode(NextValidId(5)) + bytes.fromhex("980601")
    heard = codec.decode(body)
    assert heard == NextValidId(5)
    assert codec.unknown_fields(body, NextValidId(5)) == ("field 99 = 1",)
    old = Codec(CLIENT, 200)
    assert old.unknown_fields(b"9\x001\x005\x00", NextValidId(5)) == ()
    assert codec.unknown_fields((9).to_bytes(4, "big") + b"1\x005\x00", NextValidId(5)) == ()


def test_a_message_is_said_in_its_form() -> None:
    """What TWS reports of a contract, and does not take from clients, is taken out by the entry's ``said_as``."""

    def in_capitals(said: Any) -> Any:
        return attrs.evolve(said, comment=said.comment.upper())

    entry = attrs.evolve(SECRET, said_as=in_capitals, layout=Layout(Secret, (Row("word", TEXT), Row("comment", TEXT))))
    with in_catalogue(entry):
        assert Codec(CLIENT, 200).encode(Secret("x", "why")) == b"162\0x\0WHY\0"
        # A value of which no form can be made is refused by the encoder, which names its field.
        with pytest.raises(LocalProtocolError) as caught:
            Codec(CLIENT, 200).encode(Secret("x", 5))  # type: ignore[arg-type]
    assert caught.value.field == "comment"


def test_all_connections_of_a_side_and_version_share_a_codec() -> None:
    """What one has compiled, the next one need not."""
    assert shared_codec(CLIENT, 176) is shared_codec(CLIENT, 176)
    others = {id(shared_codec(CLIENT, 176)), id(shared_codec(TWS, 176)), id(shared_codec(CLIENT, 177))}
    assert len({*others, id(shared_codec(CLIENT, 176, Limits(items=5)))}) == 4
