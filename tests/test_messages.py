"""The shelf of messages: every public name of its files is on it, and loaded when it is asked for."""

from __future__ import annotations

import ast
import copy
import doctest
import importlib
import pickle
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws import messages
from anytws.errors import LocalProtocolError
from anytws.messages import AttachedOrders, LimitOrder, Order, PlaceOrderRequest, Side, Stock, replace
from anytws.testing.strategies import messages as any_messages
from anytws.wire.catalogue import CATALOGUE, DOMAINS, entry_for, entry_said
from anytws.wire.codec import Codec
from tests.annotations import plain

ORDER = LimitOrder("BUY", 1, 10)
PLACED = PlaceOrderRequest(Stock("AAPL"), ORDER, order_id=7)
NOW = datetime(2026, 1, 5, 14, 30, 0, 5, tzinfo=UTC)

FOLDER = Path(messages.__file__).parent
FILES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")
OF_TABLES = {"described", "message", "record"}
"""What is there for the files themselves."""


def public_names(file: str) -> set[str]:
    """Give the classes, functions and constants that a file defines, and does not hide."""
    names: set[str] = set()
    for node in ast.parse((FOLDER / f"{file}.py").read_text("utf-8")).body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            names.add(node.name)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return {name for name in names if not name.startswith("_")}


def loaded_by(source: str) -> set[str]:
    """Give the modules of ours that a fresh Python has loaded after *source*."""
    script = f"{source}\nimport sys\nprint(*[name for name in sys.modules if name.startswith('anytws')])"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def pickled(message: object) -> object:
    return pickle.loads(pickle.dumps(message))  # noqa: S301 (our own)


@pytest.mark.parametrize("file", FILES)
def test_every_public_name_is_on_the_shelf(file: str):
    module = importlib.import_module(f"anytws.messages.{file}")
    wanted = set(getattr(module, "__all__", public_names(file))) - OF_TABLES
    for name in wanted - {"Price", "Quantity"}:
        assert name in messages.__all__
        assert getattr(messages, name) is getattr(module, name)


def test_the_shelf_has_nothing_else():
    assert {name for name in messages.__all__ if not hasattr(messages, name)} == set()
    assert set(messages.__all__) <= set(dir(messages))
    with pytest.raises(AttributeError, match="no attribute 'Share'"):
        messages.Share  # noqa: B018


def test_a_file_is_loaded_when_its_first_name_is_asked_for():
    assert not {name for name in loaded_by("import anytws") if name.endswith((".orders", ".contracts", ".scanner"))}
    loaded = loaded_by("from anytws.messages import Stock")
    assert {"anytws.messages.instruments", "anytws.messages.contract"} <= loaded
    assert not {"anytws.messages.contracts", "anytws.messages.order", "anytws.messages.orders"} & loaded


def test_a_table_is_loaded_when_the_first_of_its_messages_is_met():
    program = "from anytws.messages import Side, TickSnapshotEnd\nfrom anytws.wire.codec import Codec\n"
    program += "Codec(Side.TWS, 176).encode(TickSnapshotEnd(1))"
    loaded = loaded_by(program)
    assert "anytws.wire.tables.market_data" in loaded
    assert "anytws.wire.tables.scanner" not in loaded


def test_all_tables_are_found_by_id_and_by_class():
    for entry in CATALOGUE:
        assert entry_said(entry.said_by, entry.id) is entry
        assert entry_for(entry.cls) is entry
        assert entry.cls.__module__.rpartition(".")[2] in DOMAINS
    assert entry_said(Side.TWS, 9999) is None
    with pytest.raises(TypeError, match="not a message of the catalogue"):
        entry_for(Order)


@given(any_messages(), st.data())
def test_a_message_is_a_value(message, data):
    """Compared, hashed, copied and pickled by what is in it, and never changed."""
    for twin in (copy.deepcopy(message), pickled(message), replace(message)):
        assert twin == message
        assert hash(twin) == hash(message)
    fields = attrs.fields(type(message))
    if fields:
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(message, data.draw(st.sampled_from(fields)).name, None)


def test_a_changed_copy_is_another_value():
    order = LimitOrder("BUY", 100, "10.05")
    changed = replace(order, limit_price=10.1)
    assert (changed.limit_price, changed.total_quantity) == (10.1, Decimal(100))
    assert order.limit_price == 10.05
    with pytest.raises(TypeError):
        replace(order, limitprice=10.1)


@pytest.mark.parametrize("file", ["enumerations", "instruments", "order_types"])
def test_the_examples_of_the_docstrings_hold(file: str):
    module = importlib.import_module(f"anytws.messages.{file}")
    failed, tried = doctest.testmod(module)
    assert tried
    assert not failed


def test_what_tws_remarks_about_a_contract_does_not_keep_it_from_being_traded():
    """Contracts come from TWS with remarks that no request has a place for in text; nothing is lost without them."""
    contract = replace(Stock("AAPL"), last_trade_date="20261218", description="APPLE INC")
    request = PlaceOrderRequest(contract, LimitOrder("BUY", 1, 10), order_id=7)
    assert Codec(Side.TWS, 176).decode(Codec(Side.CLIENT, 176).encode(request)).contract == Stock("AAPL")


@pytest.mark.parametrize(
    "version, request_, field, words",
    [
        (157, replace(PLACED, order=replace(ORDER, total_quantity=0.5)), "order.total_quantity", "a Decimal"),
        (226, replace(PLACED, order=replace(ORDER, total_quantity=0.5)), "order.total_quantity", "a Decimal"),
        (157, replace(PLACED, order=replace(ORDER, order_type=5)), "order.order_type", "a member of OrderType"),
        (157, replace(PLACED, order=replace(ORDER, good_till_date=NOW)), "order.good_till_date", "of whole seconds"),
        (157, replace(PLACED, attached_orders=AttachedOrders(5)), "attached_orders", "server version 218"),
        (203, replace(PLACED, attached_orders=AttachedOrders(5)), "attached_orders.stop_loss_order_id", "version 218"),
    ],
)
def test_what_cannot_be_said_is_told_in_words_of_the_language(version, request_, field, words):
    with pytest.raises(LocalProtocolError, match=words) as caught:
        Codec(Side.CLIENT, version).encode(request_)
    assert caught.value.field == field


def test_a_copy_is_what_attrs_makes_of_it_also_where_it_is_made_field_by_field() -> None:
    order = LimitOrder("BUY", 100, "180.5", order_reference="before")
    changed = replace(order, order_reference="after", parent_id=7)
    assert changed == attrs.evolve(order, order_reference="after", parent_id=7)
    assert (type(changed), hash(changed)) == (Order, hash(attrs.evolve(changed)))
    assert order.order_reference == "before"
    with pytest.raises(TypeError, match="nonsense"):
        replace(order, nonsense=1)


def test_every_message_can_be_copied() -> None:
    for entry in CATALOGUE:
        message = plain(entry.cls)
        assert replace(message) == message
        assert replace(message) is not message
