"""What a financial advisor has set up: groups of accounts, how orders are divided among them, and their documents."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import ROUND_FLOOR, Decimal, InvalidOperation
from typing import Final
from xml.etree import ElementTree as ET

import attrs

from anytws.messages.order_words import FaMethod

BY_AMOUNT: Final = frozenset({FaMethod.PERCENT, FaMethod.RATIO, FaMethod.CONTRACTS_OR_SHARES, FaMethod.MONETARY_AMOUNT})
"""The methods that need a number for each account."""

BY_WORTH: Final = frozenset({FaMethod.NET_LIQUIDATION, FaMethod.AVAILABLE_EQUITY})
"""The methods that go by what each account is worth."""

MOST_GROUPS: Final = 1000
"""How many groups, and how many accounts of a group, a document may have (chosen)."""

_ADVISOR: Final = re.compile(r"D?F[0-9]+")
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'


def is_advisor(accounts: Iterable[str]) -> bool:
    """Tell whether *accounts* are those of an advisor: one of them begins with F, or DF where it is for practice."""
    return any(_ADVISOR.fullmatch(account) for account in accounts)


@attrs.frozen
class AdvisorGroup:
    """A group of accounts, and how an order for it is divided among them.

    Raises `ValueError` where a method that needs a number for each account has fewer, or more, or negative ones.
    """

    name: str
    accounts: tuple[str, ...]
    method: FaMethod = FaMethod.EQUAL_QUANTITY
    amounts: tuple[Decimal, ...] = ()
    """For each account its share: per cent, parts, units or money, as the method says; empty for other methods."""

    def __attrs_post_init__(self) -> None:
        """See that there is an amount for each account where the method wants one."""
        if not self.name or not self.accounts or not all(self.accounts):
            raise ValueError("a group has a name, and one account at least")
        wanted = len(self.accounts) if self.method in BY_AMOUNT else 0
        if len(self.amounts) != wanted or any(not amount.is_finite() or amount < 0 for amount in self.amounts):
            raise ValueError(f"{self.method.value} needs {wanted} amounts, none below zero; there are {self.amounts}")
        if wanted and not sum(self.amounts):
            raise ValueError("the amounts of a group are not all zero")

    def shares_of(
        self, quantity: Decimal, unit: Decimal = Decimal(1), worth: Callable[[str], Decimal] | None = None
    ) -> tuple[tuple[str, Decimal], ...]:
        """Give what of *quantity* each account gets, in multiples of *unit*; together they are all of it (chosen).

        *worth* gives what an account is worth, for the methods that go by it; without it all are worth the same.
        What does not divide goes, one *unit* each, to the accounts that are named first. What *quantity* has beside
        whole units goes to the first.
        """
        weights = self._weights(worth)
        total = sum(weights)
        units = int((quantity / unit).to_integral_value(ROUND_FLOOR))
        parts = [int((units * weight / total).to_integral_value(ROUND_FLOOR)) for weight in weights]
        for number in range(units - sum(parts)):
            parts[number % len(parts)] += 1
        shares = [part * unit for part in parts]
        shares[0] += quantity - units * unit
        return tuple(zip(self.accounts, shares, strict=True))

    def _weights(self, worth: Callable[[str], Decimal] | None) -> list[Decimal]:
        if self.method in BY_AMOUNT:
            return list(self.amounts)
        if self.method in BY_WORTH and worth is not None:
            weights = [max(worth(account), Decimal(0)) for account in self.accounts]
            if any(weights):
                return weights
        return [Decimal(1)] * len(self.accounts)


# --- documents ---------------------------------------------------------------------------------------------------


def groups_document(groups: Iterable[AdvisorGroup]) -> str:
    """Give *groups* as TWS writes them.

    The form with plain account names is documented; the one with a number for each account is reported.
    """
    root = ET.Element("ListOfGroups")
    for group in groups:
        node = ET.SubElement(root, "Group")
        ET.SubElement(node, "name").text = group.name
        accounts = ET.SubElement(node, "ListOfAccts", varName="list")
        for number, account in enumerate(group.accounts):
            if group.amounts:
                item = ET.SubElement(accounts, "Account")
                ET.SubElement(item, "acct").text = account
                ET.SubElement(item, "amount").text = f"{group.amounts[number]:f}"
            else:
                ET.SubElement(accounts, "String").text = account
        ET.SubElement(node, "defaultMethod").text = group.method.value
    return _document(root)


def aliases_document(aliases: Mapping[str, str]) -> str:
    """Give the names of accounts, by account, as TWS writes them (documented)."""
    root = ET.Element("ListOfAccountAliases")
    for account, alias in aliases.items():
        node = ET.SubElement(root, "AccountAlias")
        ET.SubElement(node, "account").text = account
        ET.SubElement(node, "alias").text = alias
    return _document(root)


def read_groups(text: str) -> tuple[AdvisorGroup, ...]:
    """Give the groups in a document. Raises `ValueError` for what is none."""
    nodes = _root(text, "ListOfGroups").findall("Group")
    groups = tuple(_group(node) for node in _few(nodes))
    if len({group.name for group in groups}) != len(groups):
        raise ValueError("two groups have one name")
    return groups


def read_aliases(text: str) -> dict[str, str]:
    """Give the names of accounts, by account, in a document. Raises `ValueError` for what is none."""
    nodes = _root(text, "ListOfAccountAliases").findall("AccountAlias")
    return {_text(node, "account"): _text(node, "alias") for node in _few(nodes)}


def _document(root: ET.Element) -> str:
    return _HEAD + ET.tostring(root, encoding="unicode")


def _root(text: str, name: str) -> ET.Element:
    if "<!" in text:
        # No document of TWS has any, and what they declare can grow without end.
        raise ValueError("a document without declarations and comments is wanted")
    try:
        # As bytes: a text may not say how it is written, and these do.
        root = ET.fromstring(text.encode())  # noqa: S314 (what makes it dangerous is refused above)
    except (ET.ParseError, ValueError, LookupError) as problem:
        raise ValueError(f"this is no XML: {problem}") from problem
    if root.tag != name:
        raise ValueError(f"the document is {root.tag}, and not {name}")
    return root


def _group(node: ET.Element) -> AdvisorGroup:
    name, method = _text(node, "name"), _method(_text(node, "defaultMethod"))
    holder = node.find("ListOfAccts")
    items = () if holder is None else tuple(_few(list(holder)))
    plain = tuple((item.text or "").strip() for item in items if item.tag == "String")
    rows = [item for item in items if item.tag == "Account"]
    accounts = plain + tuple(_text(item, "acct") for item in rows)
    amounts = tuple(_amount(_text(item, "amount")) for item in rows) if method in BY_AMOUNT else ()
    return AdvisorGroup(name, accounts, method, amounts)


def _few(nodes: list[ET.Element]) -> list[ET.Element]:
    if len(nodes) > MOST_GROUPS:
        raise ValueError(f"more than {MOST_GROUPS} entries")
    return nodes


def _text(node: ET.Element, name: str) -> str:
    return (node.findtext(name) or "").strip()


def _method(word: str) -> FaMethod:
    method = next((method for method in FaMethod if method.value == word), None)
    if method is None:
        raise ValueError(f"there is no method {word!r}")
    return method


def _amount(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as problem:
        raise ValueError(f"{text!r} is no amount") from problem
