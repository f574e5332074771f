"""`Records` is a tuple to whoever compares, unpacks, slices, adds or matches it, and a table to who wants columns."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator, Sequence
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

import anytws
from anytws import Dropped, Records
from anytws.machines.mailbox import Mailbox
from anytws.messages import ContractData, ContractDataRequest, ExecutionRequest, Stock
from anytws.runtime.stream import Reader
from anytws.simulator import World
from anytws.simulator.serve import connect_memory
from tests.arrow_reader import read

SMALL = st.lists(st.integers(0, 3), max_size=4)


@pytest.fixture(scope="module", autouse=True)
def _as_it_leaves_us() -> Iterator[None]:
    """Read what anytws hands over, and not what a library that another test has loaded makes of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("anytws.arrow.table.in_their_memory", lambda capsule: capsule)
        yield


@given(SMALL, SMALL)
def test_it_behaves_as_the_tuple(mine: list[int], others: list[int]) -> None:
    made, plain, other = Records(mine), tuple(mine), tuple(others)
    assert made == plain
    assert plain == made
    assert (made == other, other == made, made != other) == (plain == other, other == plain, plain != other)
    assert (made < other, other < made, made <= Records(other)) == (plain < other, other < plain, plain <= other)
    assert (made > other, made >= other) == (plain > other, plain >= other)
    assert hash(made) == hash(plain)
    assert {made: 1} == {plain: 1}
    assert [*made] == mine
    assert [*reversed(made)] == mine[::-1]
    assert (len(made), bool(made)) == (len(plain), bool(plain))
    assert [made[place] for place in range(len(mine))] == mine
    assert (made[1:], made[::-1]) == (plain[1:], plain[::-1])
    assert (made + other, other + made, made + Records(other)) == (plain + other, other + plain, plain + other)
    assert (made * 2, 2 * made) == (plain * 2, 2 * plain)
    assert [(made.count(each), each in made) for each in range(4)] == [
        (plain.count(each), each in plain) for each in range(4)
    ]
    assert all(made.index(each) == plain.index(each) for each in mine)


def test_it_makes_a_list_longer_as_a_tuple_does() -> None:
    longer: list[Any] = [1]
    same = longer
    longer += Records([2, 3])
    assert same == [1, 2, 3]
    assert type(same) is list
    assert Records([1]) != [1]
    with pytest.raises(TypeError):
        Records([1]) + [2]  # type: ignore[operator]  # noqa: RUF005 (as of a tuple)
    with pytest.raises(TypeError):
        [2] + Records([1])  # type: ignore[operator]  # noqa: RUF005 (as of a tuple)
    with pytest.raises(TypeError):
        _ = Records([1]) < 5  # type: ignore[operator]


def test_it_matches_and_unpacks() -> None:
    match Records([1, 2]):
        case (1, *rest):
            assert rest == [2]
        case _:
            pytest.fail("did not match")
    match Records([1, 2]):
        case (_,):
            pytest.fail("one is not two")
        case [first, second]:
            assert (first, second) == (1, 2)
    one, two = Records([1, 2])
    assert (one, two) == (1, 2)


def test_it_is_neither_a_tuple_nor_a_sequence_to_who_looks() -> None:
    """Polars, pyarrow and duckdb look, and would not ask for columns: `test_arrow_consumers.py`."""
    made: object = Records([1])
    assert not isinstance(made, (tuple, list, Sequence))
    assert not hasattr(made, "__dict__")


unpickled = pickle.loads


@pytest.mark.parametrize("made", [Records([Dropped(1)]), Records.of(Dropped), Records.of((Dropped, ContractData))])
def test_a_copy_is_the_same(made: Records[Any]) -> None:
    for other in (unpickled(pickle.dumps(made)), copy.copy(made), copy.deepcopy(made)):
        assert type(other) is Records
        assert (other, other.item) == (made, made.item)


def test_what_it_is_for_stays_with_it() -> None:
    made, before = Records.of(Dropped, [Dropped(1), Dropped(2)]), (Dropped(3),)
    for part in (made[:0], made[1:], made + made[:1], before + made):
        assert part.item == (Dropped,)
    assert Records([Dropped(1)])[:0].item == ()
    assert read(made[:0])[0] == {"count": "l"}
    assert read(made.columns())[1] == [{"count": 1}, {"count": 2}]


def test_it_is_shown_in_a_line() -> None:
    assert repr(Records()) == "<Records: none>"
    assert repr(Records.of((Dropped, ContractData))) == "<Records: no Dropped or ContractData>"
    assert repr(Records([Dropped(1)])) == "<Records: 1 Dropped: Dropped(count=1)>"
    assert repr(Records([*[Dropped(1)] * 300, 5])) == "<Records: 300 Dropped, 1 int: Dropped(count=1), ...>"
    assert len(repr(Records(["x" * 10_000] * 5))) < 300


async def test_an_answer_of_several_is_records_and_an_empty_one_knows_its_columns() -> None:
    async with connect_memory(World()) as raw, anytws.connect_stream(raw) as tws:
        details = await tws.ask(ContractDataRequest(Stock("AAPL")))
        traded = await tws.ask(ExecutionRequest())
    assert (details, traded) == ((details[0],), ())
    assert read(details)[1][0]["contract.symbol"] == "AAPL"
    assert "contract.symbol" in read(traded)[0]


async def test_a_batch_is_records() -> None:
    mailbox: Mailbox[Dropped] = Mailbox()
    mailbox.extend([Dropped(1), Dropped(2)])
    with anyio.fail_after(5):
        batch = await Reader(mailbox).take_batch()
    assert batch == (Dropped(1), Dropped(2))
    assert read(batch)[1] == [{"count": 1}, {"count": 2}]
