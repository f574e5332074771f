"""The documents of an advisor's set-up, read: groups of accounts, and names for accounts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final
from xml.etree import ElementTree as ET

from anytws.arrow import Records
from anytws.errors import DecodeError, shown
from anytws.machines.figures import number_of
from anytws.messages.base import record
from anytws.messages.order_words import FaMethod

MOST_ENTRIES: Final = 10_000
"""Groups, accounts of a group, or names that are read of one document."""


@record
class AccountGroup:
    """A group of accounts, and how an order for it is divided among them."""

    name: str
    """The name, by which orders call it."""
    accounts: tuple[str, ...]
    """Its accounts."""
    method: FaMethod
    """How an order is divided where it does not say it itself."""
    amounts: tuple[Decimal | None, ...] = ()
    """For each account its share, in per cent, parts, units or money as the method says; None where the document has
    none that can be read. Empty where the document names accounts alone."""


@record
class AccountAlias:
    """A name that an advisor has given to an account."""

    account: str
    """The account."""
    alias: str
    """Its name; the account itself where it has none."""


def read_groups(document: str) -> tuple[AccountGroup, ...]:
    """Give the groups in a *document* of TWS. Elements that are not known are passed over.

    Raises `DecodeError` for what is no such document.
    """
    return Records.of(AccountGroup, [_group(node) for node in _few(_root(document, "ListOfGroups").findall("Group"))])


def read_aliases(document: str) -> tuple[AccountAlias, ...]:
    """Give the names of accounts in a *document* of TWS. Raises `DecodeError` for what is no such document."""
    nodes = _few(_root(document, "ListOfAccountAliases").findall("AccountAlias"))
    return Records.of(AccountAlias, [AccountAlias(_text(node, "account"), _text(node, "alias")) for node in nodes])


def _root(document: str, name: str) -> ET.Element:
    # What makes XML dangerous is declared in front of it: entities that grow without end, files to be fetched.
    if "<!DOCTYPE" in document or "<!ENTITY" in document:
        raise _unreadable(document, "a document without declarations of its own")
    try:
        # As bytes, and without what it says of how they are written: a text has been read already.
        root = ET.fromstring(_without_head(document).encode())  # noqa: S314 (see above)
    except (ET.ParseError, ValueError, LookupError) as problem:
        raise _unreadable(document, "XML") from problem
    if root.tag != name:
        raise _unreadable(document, f"a {name}")
    return root


def _without_head(document: str) -> str:
    text = document.lstrip("\ufeff \t\r\n")
    return text.partition("?>")[2] if text.startswith("<?xml") else text


def _unreadable(document: str, wanted: str) -> DecodeError:
    return DecodeError("ReceiveFA", "xml", shown(document), wanted)


def _few(nodes: list[ET.Element]) -> Iterator[ET.Element]:
    if len(nodes) > MOST_ENTRIES:
        raise DecodeError("ReceiveFA", "xml", f"a list of {len(nodes)} entries", f"one of at most {MOST_ENTRIES}")
    return iter(nodes)


def _group(node: ET.Element) -> AccountGroup:
    holder = node.find("ListOfAccts")
    items = [*_few([] if holder is None else list(holder))]
    accounts = tuple(_account(item) for item in items)
    has_amounts = any(item.find("amount") is not None for item in items)
    return AccountGroup(
        _text(node, "name"),
        accounts,
        FaMethod(_text(node, "defaultMethod")),
        tuple(_amounts(items)) if has_amounts else (),
    )


def _account(item: ET.Element) -> str:
    """Give the account of an entry: ``<String>U1</String>`` (documented), or one with a number (reported)."""
    return _text(item, "acct") if item.find("acct") is not None else (item.text or "").strip()


def _amounts(items: Iterable[ET.Element]) -> Iterator[Decimal | None]:
    for item in items:
        yield number_of(_text(item, "amount"))


def _text(node: ET.Element, name: str) -> str:
    return (node.findtext(name) or "").strip()
