"""Everything that our TWS side can say, read by the official client: it has to hear the same.

What it should hear is worked out from the facts in ``data/official_incoming.json``: the callbacks of a message, and
which field of the protobuf message each argument and each attribute of an object is. The text form has the same values
under the same names, so one list serves both; where it differs, `Listener` says so. A value that we hold has to arrive
as it is; what a message does not say may arrive as any of the client's ways to say nothing, see `is_nothing`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from enum import Enum
from typing import Any, Final, TypeAlias

import attrs
import pytest
from hypothesis import given

from anytws.messages.base import Side
from anytws.testing.strategies import Encoding
from anytws.wire import versions as v
from anytws.wire.catalogue import BY_ID
from anytws.wire.codec import _protobuf_encoder, _text_encoder
from anytws.wire.kinds import Kind
from anytws.wire.rows import Entry, Filler, Part, leaves
from tests.official_catalogue import (
    ABSENT,
    View,
    case_id,
    cases,
    chosen,
    dumped,
    facts,
    messages_of,
    official_reading,
    text_only_value,
    view,
)
from tests.test_official_codec import Call

FACTS: Final = facts("official_incoming.json")
RULES: Final[dict[int, dict[str, Any]]] = {rule["id"]: rule for rule in FACTS["messages"]}
OBJECTS: Final[dict[str, Any]] = FACTS["objects"]
ENUMS: Final[dict[str, Any]] = FACTS["enums"]
SIZE_OF_PRICE: Final = {int(price): size for price, size in FACTS["size_of_price"].items()}
SENTINELS: Final = {int(FACTS["sentinels"]["$UNSET_INT"]), int(FACTS["sentinels"]["$UNSET_LONG"])}
UNSET_DOUBLE: Final[float] = FACTS["sentinels"]["$UNSET_DOUBLE"]
LARGEST_NUMBER: Final = "1.7976931348623157E308"
"""How TWS writes an unset margin of an order, which the official client delivers as it is."""
UNSET_DECIMAL: Final = Decimal(FACTS["sentinels"]["$UNSET_DECIMAL"])

Expected: TypeAlias = Any
"""What an argument should be: a value, a list, a dict of the attributes of an object, one of the classes below, or
ABSENT for what the message does not say."""


@attrs.frozen
class Spelled:
    """A number that the official client delivers as text."""

    number: float
    written: Callable[[float], str]
    """How it writes one that came in protobuf; in text it delivers what is there."""


@attrs.frozen
class OneOf:
    """A code of an enumeration of the official client."""

    code: object


@attrs.frozen
class Unordered:
    """A list without an order, and maybe without doubles."""

    items: tuple[Any, ...]


WORDS: Final = {"VerifyCompleted", "VerifyAndAuthCompleted"}
"""Messages of whose truth value the official client delivers the word, in text."""


# --- what it should hear -----------------------------------------------------------------------------------------


class Listener:
    """Works out what the official client should hear of one message."""

    def __init__(self, entry: Entry, message: Any, version: int, *, text: bool) -> None:
        self.entry, self.message, self.version, self.text = entry, message, version, text
        self.said = view(message, entry.layout)

    def calls(self) -> Iterator[tuple[str, list[tuple[str, Expected]]]]:
        """Give the callbacks, with names and values of their arguments."""
        if self.entry.id not in RULES:
            yield self.entry.vendor_name, list(self._text_only())
            return
        for callback in RULES[self.entry.id]["callbacks"]:
            elements = self.said[callback["foreach"]] if "foreach" in callback else [self.said]
            for element in elements:
                if self._is_made(callback):
                    yield (
                        callback["name"],
                        [
                            (argument["arg"], self.argument(argument, element, callback))
                            for argument in callback["args"]
                        ],
                    )
        if self.text and self.entry.name == "HistoricalData" and self.version < v.HISTORICAL_DATA_END:
            # The message that tells of the end did not exist: the bars say it themselves.
            yield (
                "historicalDataEnd",
                [
                    ("reqId", self.said["reqId"]),
                    ("start", text_only_value(self.message, self.entry, "start", self.version)),
                    ("end", text_only_value(self.message, self.entry, "end", self.version)),
                ],
            )

    def misheard(self, heard: list[Call]) -> Iterator[str]:
        """Tell where the callbacks *heard* are not those."""
        expected = list(self.calls())
        names = [name for name, _ in expected]
        if names != [name for name, *_ in heard]:
            yield f"expected {names}, heard {heard}"
            return
        for (name, arguments), (_, *values) in zip(expected, heard, strict=True):
            for (argument, value), delivered in zip(arguments, values, strict=True):
                yield from differences(value, delivered, f"{name} {argument}", text=self.text)

    def _text_only(self) -> Iterator[tuple[str, Expected]]:
        """Give the arguments of a message that protobuf has not: the fields of its text form, in their order."""
        for row in leaves(self.entry.layout.text_rows):
            if isinstance(row, Filler):
                continue
            value = getattr(self.message, row.field)
            if isinstance(row, Part):
                yield row.field, dict(_attributes(value))
            else:
                yield row.field, self._word(row.kind, value)

    def _word(self, kind: Kind, value: Any) -> Expected:
        is_word = self.entry.name in WORDS and kind.protobuf == "bool"
        return kind.write_text(value) if is_word else dumped(kind, value)

    def _is_made(self, callback: dict[str, Any]) -> bool:
        if any(self.said[name] is ABSENT for name in callback.get("requires", ())):
            return False
        condition = callback.get("when")
        if condition is None:
            return True
        value = self.said[condition["field"]]
        return value in condition["in"] if "in" in condition else value != condition["not"]

    def argument(self, rule: dict[str, Any], element: View, callback: dict[str, Any]) -> Expected:
        """Give one argument of a callback."""
        conversion = rule.get("conv", "none")
        if conversion == "details":
            return self._contract_details(bond=callback["bond"])
        if conversion == "scanner_details":
            return (
                {}
                if element["contract"] is ABSENT
                else {
                    "contract": self.object("Contract", element["contract"]),
                    "marketName": element["marketName"],
                }
            )
        source: str = rule["from"]
        if source == ".":
            value: Any = element
        elif source.startswith("^"):
            value = self.said[source[1:]]
        else:
            value = element.at(source)
        if self.text and self.entry.name in WORDS and source == "isSuccessful":
            return self.said.spelled(source)
        return self.converted(conversion, value)

    def converted(self, conversion: str, value: Any) -> Expected:
        """Give what *conversion* makes of a value of protobuf."""
        name, _, of = conversion.partition("/")
        if name in ("list", "list_or_null"):
            return [self.object(of, each) for each in value]
        if value is ABSENT:
            return ABSENT
        match name:
            case "object" | "object_always" | "object_or_new":
                return self.object(of, value)
            case "enum":
                return _code_of(ENUMS[of], value)
            case "null_if_negative":
                return ABSENT if value < 0 else value
            case "null_if":
                return ABSENT if value == float(of) else value
            case "smart_map":
                return Unordered(tuple(map(self._component, value)))
            case _:
                return CONVERSIONS[name](value)

    def _component(self, component: View) -> tuple[Any, ...]:
        # An absent letter is a blank in protobuf alone.
        letter = component["exchangeLetter"] or ("" if self.text else " ")
        return component["bitNumber"] or 0, component["exchange"] or "", letter

    def object(self, name: str, record: View) -> dict[str, Expected]:
        """Give the attributes of an object."""
        rules = OBJECTS[name]
        if "discriminator" in rules:
            number = record["type"]
            attributes = [*rules["common"], *rules["variants"][str(number)]["attrs"]]
            return {"condType": number, **{each["attr"]: record[each["from"]] for each in attributes}}
        found = {
            each["attr"]: self.converted(each.get("conv", "none"), record[each["from"]])
            for each in rules["attrs"]
            if not each["from"].startswith("@")
        }
        if name == "Order":
            found |= self._special_attributes(record, found)
        return found

    def _special_attributes(self, order: View, found: dict[str, Expected]) -> dict[str, Expected]:
        special: dict[str, Expected] = {}
        if found["orderId"] is ABSENT and self.said.has("orderId"):
            special["orderId"] = self.said["orderId"]
        legs = [leg["perLegPrice"] for leg in self.said["contract"]["comboLegs"]]
        # In text the prices are a list of their own, which may be empty.
        special["orderComboLegs"] = (
            ABSENT if self.text and all(price is ABSENT for price in legs) else [{"price": price} for price in legs]
        )
        if order["algoStrategy"] is ABSENT:
            special["algoParams"] = ABSENT
        if order["hedgeType"] is ABSENT:
            special["hedgeParam"] = special["hedgeMaxSize"] = ABSENT
        for name in OBJECTS["Order"]["constants"]:
            # Some are decoded in text alone.
            special[name] = text_only_value(self.message, self.entry, name, self.version) if self.text else ABSENT
            if name == "transmit" and special[name] is ABSENT:
                special[name] = True
        return special

    def _contract_details(self, *, bond: bool) -> dict[str, Expected]:
        contract, details = self.said["contract"], self.said["contractDetails"]
        found = self.object("ContractDetails", details)
        found["contract"] = self.object("Contract", contract)
        written = contract["lastTradeDateOrContractMonth"]
        parts = [] if written is ABSENT else written.split("-") if "-" in written else written.split()
        if parts and bond:
            found["maturity"] = parts[0]
        elif parts:
            found["contract"]["lastTradeDateOrContractMonth"] = parts[0]
        if self.text and (bond or not parts):
            found["contract"]["lastTradeDateOrContractMonth"] = ABSENT
        found["lastTradeTime"] = parts[1] if len(parts) > 1 else ABSENT
        # In text the zone has a field of its own from 188, which counts even if it is empty.
        if bond and len(parts) > 2 and not (self.text and self.version >= v.BOND_TRADING_HOURS):
            found["timeZoneId"] = parts[2]
        return found


def _code_of(enumeration: dict[str, Any], code: object) -> OneOf:
    known = {each["code"] for each in enumeration["values"]}
    lost = enumeration.get("official_quirk_unreachable", ())
    return OneOf(code if code in known and code not in lost else enumeration["none"])


def _flags(mask: int) -> dict[str, Expected]:
    return {"canAutoExecute": bool(mask & 1), "pastLimit": bool(mask & 2), "preOpen": bool(mask & 4)}


def _attributes(record: Any) -> Iterator[tuple[str, Any]]:
    for field in attrs.fields(type(record)):
        first, *rest = field.name.replace("contract_id", "con_id").split("_")
        yield first + "".join(map(str.capitalize, rest)), getattr(record, field.name)


def _number_text(number: float) -> str:
    written = f"{number:.8f}".rstrip("0").rstrip(".")
    return "0" if written == "-0" else written


def _decimal_text(number: float) -> str:
    return "Infinity" if number == float("inf") else format(Decimal(repr(number)), "f")


CONVERSIONS: Final[dict[str, Callable[[Any], Expected]]] = {
    "none": lambda value: value,
    "decimal": Decimal,
    "float_text": float,
    "int_text": int,
    "bool01": int,
    "num_text": lambda number: Spelled(number, _number_text),
    "dec_text": lambda number: Spelled(number, _decimal_text),
    "tags": lambda pairs: Unordered(tuple(pairs)),
    "set": lambda items: Unordered(tuple(items)),
    "texts": list,
    "bits": _flags,
    "size_of_price": lambda tick_type: SIZE_OF_PRICE[tick_type],
}
"""What the official client makes of a value, by the facts' name for it."""


# --- comparing ---------------------------------------------------------------------------------------------------


def is_nothing(value: Any) -> bool:
    """Tell whether *value* is one of the ways in which the official client says that there is nothing."""
    if isinstance(value, Enum):
        return _code(value) in ("None", -1)
    if isinstance(value, (str, bytes, list, tuple, set, dict)):
        return len(value) == 0 or value in ("None", " ", LARGEST_NUMBER)
    if value is None or value is ABSENT:
        return True
    if isinstance(value, (int, float, Decimal)):
        return value in SENTINELS or value in (0, -1, UNSET_DOUBLE, UNSET_DECIMAL)
    return hasattr(value, "__dict__") and all(map(is_nothing, vars(value).values()))


def _code(value: Any) -> Any:
    while isinstance(value, (Enum, tuple)):
        value = value.value if isinstance(value, Enum) else value[0]
    return value


def differences(expected: Expected, heard: Any, where: str, *, text: bool) -> Iterator[str]:
    """Tell where the official client heard something else."""
    if isinstance(expected, dict) and heard is not None:
        for name, value in expected.items():
            yield from differences(value, vars(heard)[name], f"{where}.{name}", text=text)
    elif isinstance(expected, list) and len(expected) == len(heard or ()):
        for index, (value, each) in enumerate(zip(expected, heard or (), strict=True)):
            yield from differences(value, each, f"{where}[{index}]", text=text)
    elif not _is_same(expected, heard, text=text):
        yield f"{where}: expected {expected!r}, heard {heard!r}"


def _is_same(expected: Expected, heard: Any, *, text: bool) -> bool:
    if expected is ABSENT:
        return is_nothing(heard)
    match expected:
        case Unordered():
            return {*map(_plain, expected.items)} == {*map(_plain, _items(heard))}
        case Spelled():
            return float(heard or "nan") == expected.number if text else heard == expected.written(expected.number)
        case OneOf():
            return expected.code == _code(heard)
        case _:
            return expected == heard or (text and _are_one_number(expected, heard))


def _are_one_number(expected: Any, heard: Any) -> bool:
    """Tell whether two texts are one number: protobuf writes all digits, text keeps the exponent."""
    try:
        return isinstance(expected, str) and Decimal(expected) == Decimal(heard)
    except (ArithmeticError, TypeError, ValueError):
        return False


def _items(heard: Any) -> list[Any]:
    if isinstance(heard, dict):
        return [(bit, *pair) for bit, pair in heard.items()]
    return list(heard or ())


def _plain(item: Any) -> Any:
    """Give an item of a list: pairs and components are objects to the official client."""
    return tuple(vars(item).values()) if hasattr(item, "__dict__") else item


def unlike(said: View, parsed: Any, where: str) -> Iterator[str]:
    """Tell where the message that the official class has *parsed* is not the one that was *said*."""
    for field in parsed.DESCRIPTOR.fields:
        name, value = f"{where}.{field.name}", said[field.name]
        there = getattr(parsed, field.name) if not field.has_presence or parsed.HasField(field.name) else ABSENT
        if isinstance(value, View) and there is not ABSENT:
            yield from unlike(value, there, name)
        elif value and isinstance(value, list) and isinstance(value[0], View) and len(value) == len(there):
            for index, (item, one) in enumerate(zip(value, there, strict=True)):
                yield from unlike(item, one, f"{name}[{index}]")
        elif (dict(value) if isinstance(there, Mapping) else value) != there:
            yield f"{name}: said {value!r}, parsed {there!r}"


# --- the tests ---------------------------------------------------------------------------------------------------


def test_every_incoming_message_is_looked_at() -> None:
    """None is missing from the catalogue; each is under the name of the official callback."""
    ours = BY_ID[Side.TWS]
    assert {entry.id for entry in ours.values() if entry.protobuf_since is not None} == {*RULES}
    for number, rule in RULES.items():
        assert ours[number].layout.name == rule["message"]
        names = [callback["name"] for callback in rule["callbacks"]]
        # The two without one are delivered as the parsed message alone.
        assert not names or ours[number].vendor_name in names


def body_of(entry: Entry, message: Any, version: int, encoding: Encoding) -> bytes:
    """Write *message* in *encoding*, also where our TWS side would take the other one."""
    encode = _text_encoder(entry, version) if encoding is Encoding.TEXT else _protobuf_encoder(entry, version)
    return encode(message)


@pytest.mark.parametrize("entry, version, encoding", cases(Side.TWS), ids=case_id)
def test_the_official_client_hears_what_we_say(entry: Entry, version: int, encoding: Encoding) -> None:
    text = encoding is Encoding.TEXT

    @chosen(entry, version, encoding)
    @given(message=messages_of(entry, version, encoding))
    def check(message: Any) -> None:
        heard = official_reading(version, body_of(entry, message, version, encoding))
        if not text:
            (raw, parsed), *heard = heard
            assert raw.endswith("ProtoBuf")
            assert [*unlike(view(message, entry.layout), parsed, entry.name)] == []
        listener = Listener(entry, message, version, text=text)
        assert [*listener.misheard(heard)] == []

    check()
