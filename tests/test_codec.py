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
from anytws.messages.base import ToTws, message
from anytws.testing.strategies import message_of
from anytws.wire.codec import PROTOBUF_OFFSET, Codec, UnknownId
from anytws.wire.kinds import INT, STRING
from anytws.wire.rows import Entry, Layout, Row
from anytws.wire.versions import CURRENT_TIME_IN_MILLIS, MAX_VERSION, MIN_VERSION, PROTOBUF, PROTOBUF_REST_MESSAGES_3
from tests.test_rows import (
    MINIATURE,
    OPEN_ORDER,
    PLACE_ORDER,
    Contract,
    DeltaNeutral,
    Leg,
    Order,
    PlaceOrderRequest,
    Tag,
    in_catalogue,
)
from tests.test_text import BANDS, FIELDS, ORDER

CLIENT, TWS = Side.CLIENT, Side.TWS
NAIVE = datetime.fromisoformat("2026-01-02T03:04:05")
AWARE = NAIVE.replace(tzinfo=UTC)
VERSIONS = [MIN_VERSION, PROTOBUF - 1, PROTOBUF, PROTOBUF_REST_MESSAGES_3 - 1, PROTOBUF_REST_MESSAGES_3, MAX_VERSION]


def there_and_back(said: Message, version: int) -> Message | UnknownId:
    """Send *said* from whoever says it to the other side."""
    side = TWS if isinstance(said, (ErrorMessage, ManagedAccounts, OPEN_ORDER.cls)) else CLIENT
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
    [(176, b"99\x001\0", 99), (176, b"209\0", 209), (226, b"\0\0\0\x63", 99), (226, b"\0\0\x01\x2b", 299),
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
        (200, b"4\x001\x002\x00x\0\x00soon\0", "ErrorMessage", "error_time", "'soon'", "MILLISECONDS or empty"),
        (176, b"49\x001\x00" + b"9" * 30 + b"\0", "CurrentTime", "time", "'" + "9" * 30 + "'", "SECONDS"),
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
def test_fields_after_the_last_are_left_alone(version: int) -> None:
    """TWS adds fields before the table knows them."""
    body = Codec(TWS, version).encode(NextValidId(7))
    assert Codec(CLIENT, version).decode(body + (b"more\0" if version < PROTOBUF else b"\x5a\x01x")) == NextValidId(7)


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
    # An update helps only where a newer version carries it.
    assert (caught.value.code == UPDATE_TWS) == (field == "since_170")


def test_a_value_that_no_version_carries_does_not_vanish_in_protobuf_either() -> None:
    """A field without a number is one that protobuf does not have."""
    with in_catalogue(NEW_WORDS), pytest.raises(LocalProtocolError) as caught:
        Codec(CLIENT, 226).encode(NewWords(1, made=(5,)))
    assert caught.value.field == "made"


# --- the miniature of orders -------------------------------------------------------------------------------------


def place(**changes: Any) -> PlaceOrderRequest:
    """Give an order to be placed, changed."""
    contract = Contract(1, "X", legs=(Leg(1, "BUY"),))
    order = Order("BUY", Decimal(1), leg_prices=(1.0,), algorithm="Vwap", parameters=(Tag("a", "b"),))
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


@pytest.mark.parametrize(
    "version, changes, field",
    [
        (169, {"trading_class": "NMS"}, "contract.trading_class"),
        (179, {"cash_quantity": Decimal(5)}, "order.cash_quantity"),
        (190, {"soft_tier": "gold"}, "order.soft_tier"),
        (179, {"regulators": ("FINRA",)}, "order.regulators"),
    ],
)
def test_a_nested_value_that_the_version_cannot_carry_does_not_vanish(
    version: int, changes: dict[str, Any], field: str
) -> None:
    """An order without its cash quantity is another order."""
    with in_catalogue(*MINIATURE), pytest.raises(LocalProtocolError) as caught:
        Codec(CLIENT, version).encode(place(**changes))
    assert caught.value.field == field
    assert (caught.value.code == UPDATE_TWS) == ("soft_tier" not in changes)


def test_a_character_that_tws_does_not_take_is_told_however_deep() -> None:
    """579, with the path through list and record."""
    with in_catalogue(*MINIATURE), pytest.raises(LocalProtocolError) as caught:
        Codec(CLIENT, 190).encode(place(parameters=(Tag("a", "b"), Tag("c", "é"))))
    assert (caught.value.code, caught.value.field) == (INVALID_SYMBOL, "order.parameters[1].value")


def test_a_value_behind_a_condition_that_does_not_hold_does_not_vanish() -> None:
    """Parameters of an algorithm that is not named would be dropped without a word."""
    with in_catalogue(*MINIATURE), pytest.raises(LocalProtocolError) as caught:
        Codec(CLIENT, 190).encode(place(algorithm="", parameters=(Tag("a", "b"),)))
    assert caught.value.field == "order.parameters"


def test_ids_of_both_forms_differ_by_200() -> None:
    """And a text id above 200 below version 201 is just an unknown one."""
    with in_catalogue(PLACE_ORDER):
        text, proto = (Codec(CLIENT, version).encode(place(leg_prices=())) for version in (202, 203))
    assert int.from_bytes(text[:4], "big") + PROTOBUF_OFFSET == int.from_bytes(proto[:4], "big")
