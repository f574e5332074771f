"""What TWS has said of orders, order by order, and which of it is about which."""

from __future__ import annotations

from decimal import Decimal

import attrs
import pytest

from anytws.machines.sightings import Answers, Asking, Likeness, Sought, Survey, correction_of, likeness, of_sought
from anytws.messages import Action, Contract, SecurityType
from anytws.messages.order_words import OrderStatusWord
from tests.order_world import APPLE, TrueOrder, W

ASKING = Asking(client_id=1, next_valid_id=10, first_order_id=20)


def survey(*orders: TrueOrder) -> Survey:
    """Give the survey of open orders that are listed twice."""
    rows = [row for order in orders for row in order.open_rows()]
    return Survey(Answers(rows, [], [], rows))


def one(found: Survey) -> object:
    (seen,) = found.all
    return seen


def test_all_that_is_said_of_one_order_is_put_together() -> None:
    order = TrueOrder(ref="a")
    before = order.open_rows()
    order.fill(Decimal(40))
    executions = order.execution_rows()
    order.cancel()
    found = Survey(Answers(before, executions, [order.completed_row(is_old=True)], []))
    (seen,) = found.all
    assert (seen.permanent_id, seen.ref, seen.ids) == (100, "a", {(1, 5)})
    assert (seen.is_in_first, seen.is_in_second, seen.filled) == (True, False, Decimal(40))
    assert seen.is_over
    assert not seen.is_filled


def test_a_correction_takes_the_place_of_what_it_corrects() -> None:
    order = TrueOrder()
    order.fill(Decimal(40))
    (row,) = order.execution_rows()
    corrected = attrs.evolve(
        row, execution=attrs.evolve(row.execution, execution_id="00025b46.100.0.02", shares=Decimal(30))
    )
    assert correction_of("00025b46.100.0.02") == ("00025b46.100.0", 2)
    assert correction_of(None) == ("", 0)
    for rows in ([row, corrected], [corrected, row]):
        (seen,) = Survey(Answers([], rows, [], [])).all
        assert [shares.shares for _, shares in seen.executions.values()] == [Decimal(30)]


def test_of_a_combination_the_whole_counts_and_not_its_legs() -> None:
    order = TrueOrder(contract=Contract(symbol="SPY", security_type=SecurityType.COMBO), total=Decimal(2))
    order.fill(Decimal(2))
    (whole,) = order.execution_rows()
    leg = attrs.evolve(
        whole,
        contract=APPLE,
        execution=attrs.evolve(
            whole.execution, execution_id="1.1.1.1.01", shares=Decimal(200), cumulative_quantity=Decimal(200)
        ),
    )
    for rows in ([whole, leg], [leg, whole]):
        (seen,) = Survey(Answers([], rows, [], [])).all
        assert seen.filled == Decimal(2)


def test_a_what_if_is_no_order() -> None:
    (row, _) = TrueOrder().open_rows()
    asked = attrs.evolve(row, order=attrs.evolve(row.order, what_if=True))  # type: ignore[union-attr]
    assert not Survey(Answers([asked], [], [], [])).all


def test_a_status_alone_is_told_by_its_permanent_id_or_its_ids() -> None:
    order = TrueOrder(ref="a")
    _, status = order.open_rows()
    assert len(Survey(Answers([status], [], [], order.open_rows())).all) == 1
    (seen,) = Survey(Answers([status], [], [], [])).all
    assert not seen.tells_ref


def test_the_client_in_a_status_may_be_the_one_that_cancelled() -> None:
    opened, status = TrueOrder(ref="a").open_rows()
    (seen,) = Survey(Answers([opened, attrs.evolve(status, client_id=0)], [], [], [])).all  # type: ignore[call-arg]
    assert seen.ids == {(1, 5)}


SOUGHT = TrueOrder(ref="a").sought
NAMELESS = TrueOrder().sought


@pytest.mark.parametrize(
    "sought, seen, expected",
    [
        pytest.param(attrs.evolve(SOUGHT, permanent_ids=(100,)), TrueOrder(ref="b"), Likeness.SAME, id="permanent id"),
        pytest.param(
            attrs.evolve(SOUGHT, permanent_ids=(99,)), TrueOrder(ref="a"), Likeness.OTHER, id="another permanent id"
        ),
        pytest.param(
            attrs.evolve(SOUGHT, others=frozenset({100})), TrueOrder(ref="a"), Likeness.OTHER, id="known as another"
        ),
        pytest.param(SOUGHT, TrueOrder(ref="a"), Likeness.SAME, id="reference and id"),
        pytest.param(SOUGHT, TrueOrder(ref="b"), Likeness.OTHER, id="the id was given out again"),
        pytest.param(SOUGHT, TrueOrder(), Likeness.OTHER, id="given out again, without a reference"),
        pytest.param(SOUGHT, TrueOrder(ref="a", order_id=6), Likeness.OTHER, id="placed again under the reference"),
        pytest.param(
            attrs.evolve(SOUGHT, order_id=None), TrueOrder(ref="a", order_id=6), Likeness.SAME, id="reference alone"
        ),
        pytest.param(SOUGHT, TrueOrder(ref="a", client_id=2), Likeness.OTHER, id="another client's reference"),
        pytest.param(
            SOUGHT, TrueOrder(ref="a", client_id=0, order_id=0), Likeness.OTHER, id="a person's order has the reference"
        ),
        pytest.param(NAMELESS, TrueOrder(), Likeness.SAME, id="id alone, below the next one"),
        pytest.param(NAMELESS, TrueOrder(client_id=2), Likeness.OTHER, id="id of another client"),
        pytest.param(
            attrs.evolve(NAMELESS, order_id=12), TrueOrder(order_id=12), Likeness.PERHAPS, id="id given out again?"
        ),
        pytest.param(
            attrs.evolve(NAMELESS, order_id=12),
            TrueOrder(order_id=12, action=Action.SELL),
            Likeness.OTHER,
            id="id given out again: other terms",
        ),
        pytest.param(
            attrs.evolve(NAMELESS, order_id=12),
            TrueOrder(order_id=12, contract=attrs.evolve(APPLE, contract_id=1)),
            Likeness.OTHER,
            id="id given out again: another contract",
        ),
        pytest.param(
            attrs.evolve(NAMELESS, order_id=21, is_of_this_connection=True),
            TrueOrder(order_id=21),
            Likeness.SAME,
            id="sent over this connection",
        ),
        pytest.param(NAMELESS, TrueOrder(ref="b"), Likeness.OTHER, id="what has no reference gets none"),
    ],
)
def test_which_open_order_is_which(sought: Sought, seen: TrueOrder, expected: Likeness) -> None:
    (sighting,) = survey(seen).all
    assert likeness(sought, sighting, ASKING) is expected
    same, perhaps = of_sought(sought, survey(seen), ASKING)
    assert (len(same), len(perhaps)) == (expected is Likeness.SAME, expected is Likeness.PERHAPS)


def test_the_id_alone_is_no_name_to_another_client() -> None:
    (sighting,) = survey(TrueOrder()).all
    assert likeness(NAMELESS, sighting, attrs.evolve(ASKING, client_id=2)) is Likeness.PERHAPS


@pytest.mark.parametrize(
    "order, is_old, expected",
    [
        (TrueOrder(ref="a", word=W.CANCELLED), False, Likeness.SAME),
        (TrueOrder(ref="a", word=W.CANCELLED), True, Likeness.SAME),
        (TrueOrder(ref="a", word=W.CANCELLED, action=Action.SELL), True, Likeness.PERHAPS),
        (TrueOrder(ref="a", word=W.CANCELLED, client_id=2), False, Likeness.OTHER),
        (TrueOrder(ref="a", word=W.CANCELLED, total=Decimal(50)), True, Likeness.PERHAPS),
        (TrueOrder(ref="a", word=W.FILLED, filled=Decimal(50)), True, Likeness.PERHAPS),
        (TrueOrder(ref="b", word=W.CANCELLED), True, Likeness.OTHER),
    ],
)
def test_which_completed_row_is_which(order: TrueOrder, is_old: bool, expected: Likeness) -> None:
    (sighting,) = Survey(Answers([], [], [order.completed_row(is_old=is_old)], [])).all
    assert likeness(SOUGHT, sighting, ASKING) is expected


def test_unanswered_is_named() -> None:
    answers = Answers([], None, [], None)
    assert answers.unanswered == ("executions", "open orders again")
    assert not answers.are_complete
    assert Answers([], [], [], []).are_complete


def test_odd_values_are_borne() -> None:
    rows = [
        attrs.evolve(row, permanent_id=None) if hasattr(row, "permanent_id") else row for row in TrueOrder().open_rows()
    ]
    (seen,) = Survey(Answers(rows, [], [], [])).all
    assert OrderStatusWord.SUBMITTED in seen.words
