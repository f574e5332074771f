"""Frames that can be shown to others: accounts, permanent ids and names are replaced, and everything else is as it was.

What is replaced is found by the table of the messages, by what a field is called. The same text is replaced by the same
one each time, so that one can still see which order an answer belongs to; and by one that is as long.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from anytws.cli.pasted_bytes import GREETING, LONG
from anytws.cli.pasted_frame import Pasted
from anytws.cli.readings import Reading
from anytws.messages.base import Side
from anytws.wire.codec import PROTOBUF_OFFSET
from anytws.wire.frames import frame
from anytws.wire.kinds import Kind
from anytws.wire.protobuf_descriptors import message_class
from anytws.wire.rows import Choice, Entry, Layout, Many, Part, Row, Tags, leaves, vendor_name

ACCOUNTS: Final = frozenset(
    {
        "account",
        "accounts",
        "clearing_account",
        "customer_account",
        "delta_neutral_clearing_account",
        "family_code",
    }
)
"""Fields that hold account ids, by the last name of their paths."""
PERMANENT: Final = frozenset({"permanent_id", "parent_permanent_id"})
"""Fields that hold the number by which IB knows an order for ever."""
EXECUTIONS: Final = frozenset({"execution_id"})
NAMES: Final = frozenset(
    {
        "api_data",
        "api_name",
        "display_name",
        "external_operator",
        "fa_group",
        "group",
        "mifid2_decision_algo",
        "mifid2_decision_maker",
        "mifid2_execution_algo",
        "mifid2_execution_trader",
        "model_code",
        "opaque_isv_key",
        "order_reference",
        "shareholder",
        "submitter",
        "trusted_ips",
        "white_branding_id",
        "xyz_challenge",
        "xyz_response",
    }
)
"""Fields that hold the names of people, firms, groups, models, orders and machines, and keys."""
FREE: Final = frozenset(
    {
        "advanced_order_reject_json",
        "changed_fields",
        "completed_status",
        "contract_info",
        "error_message",
        "error_text",
        "errors",
        "message",
        "news_message",
        "oca_group",
        "reject_reason",
        "shares_allocation",
        "text",
        "title",
        "value",
        "warning_text",
        "xml",
    }
)
"""Fields that may hold anything: what looks like an account there, or is known as one, is replaced."""
_TIER: Final = "soft_dollar_tier"
_TIERS: Final = "tiers"
_OF_A_TIER: Final = frozenset({"name", "value", "display_name"})
_DOCUMENTS: Final = frozenset({"ReceiveFA", "FAReplace"})
_KEYS: Final = frozenset({"AccountCode", "AccountOrGroup"})
_KEPT: Final = frozenset({"", "All", "Default", "None"})
"""What TWS itself calls by a name, and what is nothing."""
_SENTINELS: Final = frozenset({2**31 - 1, 2**63 - 1, -(2**63), -(2**31)})
_LEAST_PERMANENT: Final = 1000
_IS_REAL: Final = re.compile(r"[+-]?[0-9]{1,20}\.[0-9]{1,20}(?:[eE][+-]?[0-9]{1,4})?").fullmatch
_LIKE_AN_ACCOUNT: Final = re.compile(r"[A-Za-z]{0,3}[0-9]{5,}[A-Za-z]?")
_IN_BETWEEN: Final = re.compile(r">([^<>]+)<")
_INDEX: Final = re.compile(r"\[[^\[\]]*\]$")
_MOST: Final = 20_000
"""Texts that are remembered, of each sort."""
_LONGEST: Final = 200
"""Characters of one that is remembered."""


class FrameMask:
    """Writes frames so that they can be shown, one in a line, in a form that `explain` reads again."""

    def __init__(self) -> None:
        self._accounts: dict[str, str] = {}
        self._numbers: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._executions: dict[str, str] = {}

    def line(self, pasted: Pasted, reading: Reading) -> str | None:
        """Give the frame in a line, masked; None if it could not be read to its end."""
        side = reading.side or pasted.said_by
        arrow = ">>> " if side is Side.CLIENT else "<<< "
        body = pasted.body
        if reading.entry is None:
            # The handshake names nobody.
            if reading.problem or pasted.missing:
                return None
            if body is None:
                return f"{arrow}{[*pasted.fields]!a}"
            return f"{arrow}{body!r}" if body.startswith(GREETING) else f"{arrow}{frame(body)!r}"
        if pasted.missing or reading.problem or reading.is_cut:
            return None
        if reading.encoding == "protobuf" and body is not None:
            number = (reading.entry.id + PROTOBUF_OFFSET).to_bytes(LONG, "big")
            return f"{arrow}{frame(number + self._protobuf(reading.entry, body[LONG:])).hex()}"
        return f"{arrow}{self._fields(reading.entry, reading)!a}"

    # --- text ----------------------------------------------------------------------------------------------------

    def _fields(self, entry: Entry, reading: Reading) -> list[str]:
        number, *fields = reading.wire_fields
        before = ""
        for place, seen in enumerate(reading.fields):
            if seen.path:
                fields[place] = self.text(entry.name, seen.path, fields[place], before)
                if seen.problem:
                    # What stands in the place of another value may be anything.
                    fields[place] = self._anything(fields[place])
            before = seen.text
        for place in range(len(reading.fields), len(fields)):
            fields[place] = self._anything(fields[place])
        return [number, *fields]

    def text(self, message: str, path: str, text: str, before: str = "") -> str:
        """Give what is shown of *text*, which stands at *path*, behind a field that holds *before*."""
        parents, _, name = _INDEX.sub("", path).rpartition(".")
        if name in ACCOUNTS or (name == "value" and before in _KEYS):
            return ",".join([self._account(account) for account in text.split(",")])
        if name in PERMANENT:
            return self._number(text)
        if name in EXECUTIONS:
            return self._execution(text)
        if name in NAMES or (name in _OF_A_TIER and _is_of_a_tier(parents)):
            return self._name(text)
        if name == "xml" and message in _DOCUMENTS:
            return _IN_BETWEEN.sub(lambda found: f">{self._name_or_account(found[1])}<", text)
        if name in FREE:
            return self._anything(text)
        return text

    def _anything(self, text: str) -> str:
        # The vendor's largest double looks like an account, and is not to become a text that is no number.
        if _IS_REAL(text):
            return text
        return _LIKE_AN_ACCOUNT.sub(lambda found: self._known_or_like(found[0]), text)

    def _known_or_like(self, word: str) -> str:
        if word.isdecimal():
            return self._numbers.get(word, word)
        return self._account(word)

    def _name_or_account(self, text: str) -> str:
        return self._account(text) if _LIKE_AN_ACCOUNT.fullmatch(text) else self._name(text)

    # --- replacing -----------------------------------------------------------------------------------------------

    def _account(self, account: str) -> str:
        return account if account.strip() in _KEPT else _replaced(self._accounts, account, _as_account)

    def _name(self, name: str) -> str:
        return name if name.strip() in _KEPT else _replaced(self._names, name, _as_name)

    def _execution(self, text: str) -> str:
        return _replaced(self._executions, text, _as_execution) if text else text

    def _number(self, text: str) -> str:
        digits = text.removeprefix("-")
        if not digits.isdecimal() or not digits.isascii() or len(digits) > 19:
            return text
        if int(digits) < _LEAST_PERMANENT or int(text) in _SENTINELS:
            return text
        return text[: len(text) - len(digits)] + _replaced(self._numbers, digits, _as_number)

    # --- protobuf ------------------------------------------------------------------------------------------------

    def _protobuf(self, entry: Entry, body: bytes) -> bytes:
        parsed: Any = message_class(entry.layout)()
        # It was parsed before, or there would be no reading.
        parsed.ParseFromString(body)
        # What is in a field that we do not know, nobody can tell.
        parsed.DiscardUnknownFields()
        self._record(entry.name, entry.layout, parsed, "")
        data: bytes = parsed.SerializeToString(deterministic=True)
        return data

    def _record(self, message: str, layout: Layout, parsed: Any, prefix: str) -> None:  # noqa: ANN401 (of its class)
        before = ""
        for row in leaves(layout.protobuf_rows):
            if not isinstance(row, (Row, Part, Many, Tags)) or row.number is None:
                continue
            name, path = vendor_name(row), prefix + row.field
            if isinstance(row, Many):
                self._items(message, row.of, getattr(parsed, name), path)
            elif isinstance(row, Tags):
                tags = getattr(parsed, name)
                for tag in [*tags]:
                    tags[tag] = self._anything(tags[tag])
            elif not parsed.HasField(name):
                continue
            elif isinstance(row, Part):
                self._record(message, row.layout, getattr(parsed, name), f"{path}.")
            else:
                held = getattr(parsed, name)
                if isinstance(held, str):
                    setattr(parsed, name, self._string(row.kind, message, path, held, before))
                    before = held
                elif isinstance(held, int) and row.field in PERMANENT:
                    setattr(parsed, name, int(self._number(str(held))))

    def _string(self, kind: Kind, message: str, path: str, held: str, before: str = "") -> str:
        text = self.text(message, path, held, before)
        try:
            if kind.read_protobuf is not None:
                kind.read_protobuf(held)
        except (ValueError, ArithmeticError):
            return self._anything(text)
        return text

    def _items(self, message: str, of: Layout | Kind | Choice, items: Any, path: str) -> None:  # noqa: ANN401 (see above)
        if isinstance(of, Kind):
            for place, held in enumerate(items):
                if isinstance(held, str):
                    items[place] = self._string(of, message, path, held)
            return
        for item in items:
            layout = of if isinstance(of, Layout) else of.options.get(getattr(item, of.tag, 0))
            if layout is not None:
                self._record(message, layout, item, f"{path}.")


def _is_of_a_tier(parents: str) -> bool:
    last = _INDEX.sub("", parents).rpartition(".")[2]
    return last in (_TIER, _TIERS)


def _replaced(known: dict[str, str], text: str, make: Callable[[str, int], str]) -> str:
    if len(text) > _LONGEST:
        return make(text, 0)
    found = known.get(text)
    if found is None:
        if len(known) >= _MOST:
            known.clear()
        found = known[text] = make(text, len(known) + 1)
    return found


def _filled(text: str, count: int, is_digit: Callable[[str], bool]) -> str:
    """Give *text* with *count* in the places of its digits."""
    places = [place for place, letter in enumerate(text) if is_digit(letter)]
    digits = str(count % 10 ** len(places)).rjust(len(places), "0") if places else ""
    letters = [*text]
    for place, digit in zip(places, digits, strict=True):
        letters[place] = digit
    return "".join(letters)


def _is_digit(letter: str) -> bool:
    return letter.isdecimal()


def _as_account(text: str, count: int) -> str:
    # The letters in front say what sort of account it is.
    head = text[: len(text) - len(text.lstrip("DUFI"))][:2]
    rest = "".join(["x" if letter.isalpha() else letter for letter in text[len(head) :]])
    if not any(map(_is_digit, rest)):
        return _as_name(text, count)
    return head + _filled(rest, count, _is_digit)


def _as_number(text: str, count: int) -> str:
    return "1" + str(count % 10 ** (len(text) - 1)).rjust(len(text) - 1, "0")


def _as_name(text: str, count: int) -> str:
    told = str(count)
    return ("x" * len(text)) if len(told) >= len(text) else "x" * (len(text) - len(told)) + told


def _as_execution(text: str, count: int) -> str:
    first, dot, rest = text.partition(".")
    second, other, last = rest.partition(".")
    head = first + dot + second if other else first
    tail = other + last if other else dot + rest
    return _filled(head, count, str.isalnum) + tail
