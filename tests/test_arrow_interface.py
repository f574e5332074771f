"""What is handed over lives as long as somebody holds it, and no longer: who takes it, releases it, or does neither."""

from __future__ import annotations

import ctypes
import gc
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from decimal import Decimal

import pytest

from anytws import Dropped, Records, columns
from anytws.arrow import interface
from anytws.messages import ComboLeg, Contract, Position, TagValue
from tests.arrow_reader import (
    Array,
    Schema,
    batches_of,
    children_of,
    column,
    moved,
    pointer_of,
    read,
    released,
    schema_of,
    stream_error,
    stream_in,
)

HELD = [Position("DU1", Contract(symbol="A", combo_legs=(ComboLeg(contract_id=1, ratio=2),)), Decimal(5), 1.5)] * 3


@pytest.fixture(scope="module", autouse=True)
def _as_it_leaves_us() -> Iterator[None]:
    """Read what anytws hands over, and not what a library that another test has loaded makes of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("anytws.arrow.table.in_their_memory", lambda capsule: capsule)
        yield


class Watch:
    """Tells whether the memory of a table has gone."""

    def __init__(self, table: interface.Pinned) -> None:
        self._alive = [weakref.ref(each) for each in self._all(table)]

    def _all(self, table: interface.Pinned) -> list[interface.Pinned]:
        return [table, *[inner for child in table.children for inner in self._all(child)]]

    @property
    def has_gone(self) -> bool:
        """Whether nothing of it is left."""
        gc.collect()
        return not any(each() is not None for each in self._alive)


def test_a_capsule_that_nobody_takes_lets_go() -> None:
    held = columns(HELD)
    capsules = [held.__arrow_c_stream__(), held.__arrow_c_schema__(), held.__arrow_c_schema__()]
    assert held._table is not None
    watch = Watch(held._table)
    del held
    assert not watch.has_gone
    capsules.clear()
    assert watch.has_gone


def test_a_stream_that_is_taken_lives_without_its_capsule() -> None:
    held = columns(HELD)
    capsule = held.__arrow_c_stream__()
    watch = Watch(held._table)  # type: ignore[arg-type]
    stream = stream_in(capsule)
    del capsule, held
    schema, (batch,) = schema_of(stream), batches_of(stream)
    assert batches_of(stream) == []
    released(stream)
    assert not watch.has_gone
    assert column(schema, batch)[0]["contract.symbol"] == "A"
    released(batch)
    assert not watch.has_gone
    released(schema)
    assert watch.has_gone


def test_a_column_may_be_taken_out_of_its_batch() -> None:
    """A consumer may move children; what it leaves is released with the batch, what it took is not."""
    held = columns(HELD, nested="struct")
    stream = stream_in(held.__arrow_c_stream__())
    watch = Watch(held._table)  # type: ignore[arg-type]
    schema, (batch,) = schema_of(stream), batches_of(stream)
    released(stream)
    names = [child.name for child in children_of(schema)]
    place = names.index(b"contract")
    taken, taken_schema = moved(children_of(batch)[place]), moved(children_of(schema)[place])
    released(batch)
    released(schema)
    del held
    assert not watch.has_gone
    assert column(taken_schema, taken)[2]["combo_legs"][0]["ratio"] == 2
    released(taken)
    released(taken_schema)
    assert watch.has_gone


def test_it_can_be_handed_over_often_and_is_made_once() -> None:
    held = columns(HELD)
    first, second = stream_in(held.__arrow_c_stream__()), stream_in(held.__arrow_c_stream__())
    (one,), (two,) = batches_of(first), batches_of(second)
    assert children_of(one)[0].buffers[1] == children_of(two)[0].buffers[1]
    for there in (one, two, first, second):
        released(there)
    assert read(held) == read(held)


def test_a_schema_alone_says_the_same() -> None:
    held = columns(HELD)
    capsule = held.__arrow_c_schema__()
    alone = moved(Schema.from_address(pointer_of(capsule, b"arrow_schema")))
    del capsule
    stream = stream_in(held.__arrow_c_stream__())
    schema = schema_of(stream)
    for there in (alone, schema):
        assert (there.format, there.name, there.metadata, there.flags) == (b"+s", b"", None, 0)
    both = [[(child.format, child.name, child.flags) for child in children_of(each)] for each in (alone, schema)]
    assert both[0] == both[1]
    assert both[0][0] == (b"u", b"account", 2)
    for there in (alone, schema, stream):
        released(there)


def test_it_may_be_released_from_any_thread() -> None:
    held = columns(HELD)
    watch_on = held.__arrow_c_stream__()
    watch = Watch(held._table)  # type: ignore[arg-type]
    del held
    streams = [stream_in(watch_on)]
    del watch_on

    def read_and_release() -> None:
        stream = streams.pop()
        schema, batches = schema_of(stream), batches_of(stream)
        for there in (stream, schema, *batches):
            released(there)

    thread = threading.Thread(target=read_and_release)
    thread.start()
    thread.join(10)
    assert watch.has_gone


def test_many_threads_hand_over_the_same_records() -> None:
    held = columns(HELD * 50)
    expected, found = read(columns(HELD * 50)), []

    def hand_over() -> None:
        found.extend([read(held) for _ in range(3)])

    threads = [threading.Thread(target=hand_over) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert found == [expected] * 18


def test_what_goes_wrong_in_a_callback_is_told_as_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = stream_in(columns([Dropped(1)]).__arrow_c_stream__())

    def broken(*_: object) -> None:
        raise MemoryError("none left")

    monkeypatch.setattr(interface, "_write_array", broken)
    array = Array()
    assert stream.get_next(ctypes.addressof(stream), ctypes.addressof(array)) != 0
    assert stream_error(stream) == "MemoryError: none left"
    released(stream)


def test_what_goes_wrong_with_records_is_raised_before_there_is_a_capsule() -> None:
    class Broken:
        """Cannot be written down."""

        def __str__(self) -> str:
            raise LookupError("no text")

    with pytest.raises(LookupError, match="no text"):
        Records([TagValue("a", Broken())]).__arrow_c_stream__()  # type: ignore[arg-type]


def test_capsules_that_outlive_the_program_are_no_harm() -> None:
    """Whoever holds one to the very end lets go of it while Python is ending: callbacks have to be there still."""
    code = (
        "import sys, anytws, builtins\n"
        "from anytws.arrow import interface\n"
        "held = anytws.columns([anytws.Dropped(1)])\n"
        "class Late:\n    pass\n"
        "late = Late(); late.self = late; late.held = (held.__arrow_c_stream__(), held.__arrow_c_schema__())\n"
        "sys.kept = held.__arrow_c_stream__()\n"
        "builtins.kept = held.__arrow_c_schema__()\n"
        "other = held.__arrow_c_stream__()\n"
        "print('ended')"
    )
    done = subprocess.run([sys.executable, "-X", "dev", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "ended\n", "")


def test_an_exception_under_way_is_printed_where_a_capsule_is_let_go_of_meanwhile() -> None:
    """The limit of callbacks in Python: the line fails with another exception. Nothing is lost, and nothing leaks."""
    code = (
        "import gc, weakref, anytws\n"
        "held = anytws.columns([anytws.Dropped(1)])\n"
        "held.__arrow_c_schema__()\n"
        "table = weakref.ref(held._table)\n"
        "def line():\n"
        "    print(held.__arrow_c_stream__(), 1 / 0)\n"
        "try:\n"
        "    line()\n"
        "except (SystemError, ZeroDivisionError):\n"
        "    del held\n"
        "    gc.collect()\n"
        "    print('went on', table())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "went on None\n")
    assert "ZeroDivisionError: division by zero" in done.stderr
