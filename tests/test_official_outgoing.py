"""Everything that our client can say, said by the official client too: the bytes have to be the same.

A message of ours is drawn, the arguments that mean it are made for the official method, and what that sends is compared
with what we send: text byte for byte, protobuf after parsing, as maps have no order there. Then our TWS side reads the
official bytes, and has to have the message. Which argument, or attribute of an object, fills which field of protobuf
stands in ``data/official_outgoing.json``; the text form takes the same arguments.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from itertools import zip_longest
from typing import Any, Final

import attrs
import ibapi.const
import pytest
from google.protobuf.message import Message as ProtobufMessage
from hypothesis import given
from ibapi.tag_value import TagValue

from anytws.errors import UPDATE_TWS, LocalProtocolError
from anytws.messages.advisors import FADataType, FAReplace, FARequest
from anytws.messages.base import Side
from anytws.messages.historical import HistoricalDataRequest, WhatToShow
from anytws.testing.strategies import Encoding, encoding_of
from anytws.wire import protobuf
from anytws.wire import versions as v
from anytws.wire.catalogue import BY_ID
from anytws.wire.codec import Codec
from anytws.wire.frames import frame
from anytws.wire.kinds import Kind
from anytws.wire.rows import Choice, Entry, Many, Part, Row, default_of, leaves
from tests.official_catalogue import (
    ABSENT,
    View,
    case_id,
    cases,
    chosen,
    client_of,
    dumped,
    facts,
    messages_of,
    rows_by_name,
    text_only_value,
    view,
    watching_decoder,
)
from tests.test_official_codec import Call, FakeSocket

FACTS: Final = facts("official_outgoing.json")
RULES: Final[dict[int, dict[str, Any]]] = {rule["id"]: rule for rule in FACTS["requests"]}
ENCODERS: Final[dict[str, Any]] = FACTS["encoders"]

FA_PROFILES_ARE_GONE: Final = 585
"""The official client's code for a request that names a thing of the past."""

UNSET: Final[dict[str, object]] = {
    "int": ibapi.const.UNSET_INTEGER,
    "long": ibapi.const.UNSET_LONG,
    "double": ibapi.const.UNSET_DOUBLE,
    "decimal": ibapi.const.UNSET_DECIMAL,
    "double_int_sentinel": ibapi.const.UNSET_INTEGER,
    "int_double_sentinel": ibapi.const.UNSET_DOUBLE,
    "text": "",
    "numtext": "",
    "flag": False,
    "flag_nonzero": 0,
    "tri": None,
    "msg?": None,
}
"""What the official client takes for "not set", by the rule of the field. Lists are just empty."""

MODULES: Final = (
    "contract",
    "order",
    "order_cancel",
    "order_condition",
    "execution",
    "scanner",
    "softdollartier",
    "common",
)
"""Where the official client has its objects."""


@cache
def official_class(name: str) -> Any:
    """Give the official client's class *name*."""
    for module in MODULES:
        found = getattr(importlib.import_module(f"ibapi.{module}"), name, None)
        if found is not None:
            return found
    raise LookupError(name)


# --- what a message of ours is to the official client -------------------------------------------------------------


class Caller:
    """Makes the arguments with which the official client says a message of ours."""

    def __init__(self, entry: Entry, message: Any, version: int, *, text: bool) -> None:
        self.entry, self.message, self.version, self.text = entry, message, version, text
        self.rule = RULES.get(entry.id)
        self.named: dict[str, Any] = {}
        """Arguments by their names."""
        self.connection: dict[str, Any] = {"extraAuth": True}
        """Attributes of the client itself. Without the first it refuses to verify."""
        self.method: str = entry.vendor_name if self.rule is None else self.rule["official_method"]
        self.arguments: list[Any] = list(self._made())

    def _made(self) -> Iterator[Any]:
        if self.rule is None:
            yield from self._text_only()
        elif self.rule.get("raw_message"):
            yield self._raw()
        else:
            self._fill(self.named, self.rule["fields"], view(self.message, self.entry.layout))
            yield from [self.named[name] for name in self.rule["args"]]

    def _text_only(self) -> Iterator[Any]:
        """Give the arguments of a request that protobuf has not: the fields of its text form, in their order."""
        for row in leaves(self.entry.layout.text_rows):
            if isinstance(row, Row):
                yield dumped(row.kind, getattr(self.message, row.field)) or ""

    def _raw(self) -> Any:
        """Give the message itself, which a few methods take: ours, parsed by the official class."""
        name = self.entry.layout.name
        raw = getattr(importlib.import_module(f"ibapi.protobuf.{name}_pb2"), name)()
        raw.ParseFromString(protobuf.serialize(self.entry, self.message))
        return raw

    def _fill(self, target: Any, rules: list[dict[str, Any]], record: View) -> None:
        """Set what *record* holds on *target*, an object of the official client or the arguments of a method."""
        for rule in rules:
            source: str = rule["from"]
            if source == "@order_leg_price":
                continue
            value = self._value(rule, record, target)
            if source.startswith("@"):
                is_argument = self.rule is not None and source[1:] in self.rule["args"]
                (self.named if is_argument else self.connection)[source[1:]] = value
            elif isinstance(target, dict):
                first, _, rest = source.partition(".")
                if rest:
                    name = first[0].upper() + first[1:]
                    setattr(target.setdefault(first, official_class(name)()), rest, value)
                else:
                    target[source] = value
            else:
                assert hasattr(target, source), f"{type(target).__name__} has no {source}"
                setattr(target, source, value)

    def _value(self, rule: dict[str, Any], record: View, target: Any) -> Any:
        kind, value = rule["rule"], record[rule["proto"]]
        match kind:
            case "msg" | "msg?" if value is not ABSENT:
                known = target.get(rule["from"]) if isinstance(target, dict) else None
                return self._object(rule["encoder"], value, known)
            case "msgs":
                return [self._object(rule["encoder"], each) for each in value]
            case "map":
                return [TagValue(tag, each) for tag, each in value]
            case "list":
                # An empty list is refused at versions that do not carry it.
                return self._list(rule["proto"], record, value) or None
            case _ if value is ABSENT:
                return UNSET[kind]
            case "decimal":
                return Decimal(record.spelled(rule["proto"]))
            case "numtext":
                return record.spelled(rule["proto"])
            case "double_int_sentinel" if self.text and value == 0:
                # The official client's own default, which it writes without decimals.
                return 0
            case "flag_nonzero":
                return int(value)
            case _:
                return value

    def _list(self, name: str, record: View, values: list[Any]) -> list[Any]:
        row = rows_by_name(record.layout)[name]
        assert isinstance(row, Many)
        assert isinstance(row.of, Kind)
        # Days are numbers to the official client, which loses the zeros in front of an early year in text.
        return [row.of.write_text(item) for item in getattr(record.record, row.field)] if self.text else values

    def _object(self, encoder: str, record: View, known: Any = None) -> Any:
        rules = ENCODERS[encoder]
        if "variants" in rules:
            variant = rules["variants"][str(record["type"])]
            made = official_class(f"{variant['name']}Condition")()
            self._fill(made, [*rules["common"], *variant["fields"]], record)
            return made
        made = official_class(encoder)() if known is None else known
        self._fill(made, rules["fields"], record)
        if encoder == "Order":
            self._fill_order(made)
        return made

    def _fill_order(self, order: Any) -> None:
        legs = [leg["perLegPrice"] for leg in view(self.message, self.entry.layout)["contract"]["comboLegs"]]
        order.orderComboLegs = []
        for price in legs if any(price is not ABSENT for price in legs) else []:
            leg = official_class("OrderComboLeg")()
            leg.price = UNSET["double"] if price is ABSENT else price
            order.orderComboLegs.append(leg)
        if self.text:
            known = {rule["from"] for rule in ENCODERS["Order"]["fields"]}
            for name in [*vars(order)]:
                value = ABSENT if name in known else text_only_value(self.message, self.entry, name, self.version)
                if value is not ABSENT:
                    setattr(order, name, value)


# --- what the official client never says --------------------------------------------------------------------------


def sayable(entry: Entry, message: Any) -> Any:
    """Give *message* without the fields that the official client never sends, as TWS alone fills them."""
    rule = RULES.get(entry.id)
    if rule is None or rule.get("raw_message"):
        return message
    return _sayable(message, entry.layout, rule["fields"], set(), legs=entry.vendor_name == "placeOrder")


def _sayable(record: Any, layout: Any, rules: list[dict[str, Any]], never: set[str], *, legs: bool) -> Any:
    if isinstance(layout, Choice):
        return record
    changed: dict[str, Any] = {}
    for name, row in rows_by_name(layout).items():
        if name in never:
            changed[row.field] = default_of(layout.cls, row.field)
    for rule in rules:
        if "encoder" not in rule or rule["encoder"] == "OrderCondition":
            continue
        encoder, row = ENCODERS[rule["encoder"]], rows_by_name(layout)[rule["proto"]]
        inner = {*encoder["never_sent"]} | ({"perLegPrice"} if not legs else set())
        value = getattr(record, row.field)
        if isinstance(row, Part) and value is not None:
            changed[row.field] = _sayable(value, row.layout, encoder["fields"], inner, legs=legs)
        elif isinstance(row, Many):
            changed[row.field] = tuple(_sayable(each, row.of, encoder["fields"], inner, legs=legs) for each in value)
    return attrs.evolve(record, **changed)


# --- comparing ---------------------------------------------------------------------------------------------------


def said_by_the_official_client(caller: Caller) -> bytes:
    """Give what the official client sends. Fails where it complains."""
    sent, complaints = outcome_of(caller)
    assert not complaints, f"the official client complains: {complaints}"
    return sent


def complaints_of(caller: Caller) -> list[Call]:
    """Give the complaints of the official client, which sends nothing."""
    sent, complaints = outcome_of(caller)
    assert sent == b""
    return complaints


def outcome_of(caller: Caller) -> tuple[bytes, list[Call]]:
    """Give what the official client sends, and its complaints. Fails where it raises."""
    socket = FakeSocket()
    wrapper, _ = watching_decoder(caller.version)
    wrapper.calls.clear()
    client = client_of(wrapper, caller.version, socket)
    for name, value in caller.connection.items():
        assert hasattr(client, name)
        setattr(client, name, value)
    try:
        getattr(client, caller.method)(*caller.arguments)
    except Exception as problem:
        raise AssertionError(f"the official client fails: {type(problem).__name__}: {problem}") from None
    return b"".join(socket.sent), [*wrapper.calls]


INFINITIES: Final = {(b"Infinity", b"inf"), (b"-Infinity", b"-inf")}
"""Ours, and the official client's: it writes what no server can read."""


def text_differences(ours: bytes, official: bytes) -> list[tuple[int, bytes | None, bytes | None]]:
    """Give place, our field and the official one where two texts differ."""
    pairs = zip_longest(ours.split(b"\0"), official.split(b"\0"))
    return [(place, *pair) for place, pair in enumerate(pairs) if pair[0] != pair[1] and pair not in INFINITIES]


def protobuf_differences(entry: Entry, ours: bytes, official: bytes) -> list[str]:
    """Tell where two protobuf messages differ, as the official class parses them."""
    name = entry.layout.name
    cls = getattr(importlib.import_module(f"ibapi.protobuf.{name}_pb2"), name)
    first, second = cls(), cls()
    first.ParseFromString(ours)
    second.ParseFromString(official)
    return [*_parsed_differences(first, second, name)]


def _parsed_differences(ours: Any, official: Any, where: str) -> Iterator[str]:
    for field in ours.DESCRIPTOR.fields:
        name = f"{where}.{field.name}"
        first, second = getattr(ours, field.name), getattr(official, field.name)
        # A list of messages is none. (To ask the field whether it is a list: that is younger than the oldest protobuf.)
        if isinstance(first, ProtobufMessage):
            if ours.HasField(field.name) == official.HasField(field.name):
                yield from _parsed_differences(first, second, name)
                continue
        elif field.has_presence and ours.HasField(field.name) != official.HasField(field.name):
            pass
        elif first == second:
            continue
        yield f"{name}: ours {_shown(ours, field, first)}, official {_shown(official, field, second)}"


def _shown(message: Any, field: Any, value: Any) -> str:
    return repr(value) if not field.has_presence or message.HasField(field.name) else "absent"


def is_refused(message: Any, version: int, encoding: Encoding) -> bool:
    """Tell whether the official client refuses a value that we say: what a value means is TWS's to know.

    It knows of the schedule in the place of bars, from 165 on, and of the profiles of advisors, which are gone from 177
    on; of those in text alone.
    """
    match message:
        case HistoricalDataRequest():
            return message.what_to_show == WhatToShow.SCHEDULE and version < v.HISTORICAL_SCHEDULE
        case FARequest() | FAReplace():
            is_profile = message.fa_data_type == FADataType.PROFILES
            return is_profile and encoding is Encoding.TEXT and version >= v.FA_PROFILE_DESUPPORT
        case _:
            return False


def check_both_say_the_same(entry: Entry, message: Any, version: int, encoding: Encoding) -> None:
    """Fail where the official client says *message* in other bytes, or our TWS side reads those otherwise."""
    if is_refused(message, version, encoding):
        complaints = complaints_of(Caller(entry, message, version, text=encoding is Encoding.TEXT))
        assert complaints[0][3] in (UPDATE_TWS, FA_PROFILES_ARE_GONE)
        return
    text = encoding is Encoding.TEXT
    ours = frame(Codec(Side.CLIENT, version).encode(message))
    official = said_by_the_official_client(Caller(entry, message, version, text=text))
    if ours != official:
        differ: list[Any] = (
            text_differences(ours[4:], official[4:])
            if text
            # A map may come in another order, so no more than the length has to be the same.
            else protobuf_differences(entry, ours[8:], official[8:])
        )
        assert not differ, f"{differ}"
        assert text or ours[4:8] == official[4:8]
    read = ours if text and b"inf\0" in official else official
    assert Codec(Side.TWS, version).decode(read[4:]) == message


# --- the tests ---------------------------------------------------------------------------------------------------


def test_every_request_is_looked_at() -> None:
    """No request is missing from the catalogue; each is under the official method's name, with the official rules."""
    ours = BY_ID[Side.CLIENT]
    assert {entry.id for entry in ours.values() if entry.protobuf_since is not None} == {*RULES}
    for number, rule in RULES.items():
        assert ours[number].protobuf_since == rule["protobuf_from"]
        assert ours[number].layout.name == rule["message"]
        assert ours[number].vendor_name == rule["official_method"]
        assert ours[number].text is not rule.get("protobuf_only", False)


@pytest.mark.parametrize("entry, version, encoding", cases(Side.CLIENT), ids=case_id)
def test_the_official_client_says_the_same(entry: Entry, version: int, encoding: Encoding) -> None:
    @chosen(entry, version, encoding)
    @given(message=messages_of(entry, version, encoding))
    def check(message: Any) -> None:
        check_both_say_the_same(entry, sayable(entry, message), version, encoding)

    check()


@pytest.mark.parametrize("entry", [entry for entry in BY_ID[Side.CLIENT].values() if entry.since], ids=case_id)
def test_the_official_client_refuses_what_we_refuse(entry: Entry) -> None:
    """A request that a version does not have is refused by both, with the same code."""
    before = entry.since - 1

    @chosen(entry, entry.since, Encoding.PROTOBUF)
    @given(message=messages_of(entry, entry.since, encoding_of(entry, entry.since)))
    def check(message: Any) -> None:
        with pytest.raises(LocalProtocolError) as refused:
            Codec(Side.CLIENT, before).encode(message)
        ((_, _, _, code, *_),) = complaints_of(Caller(entry, message, before, text=entry.text))
        assert code == refused.value.code == UPDATE_TWS

    check()
