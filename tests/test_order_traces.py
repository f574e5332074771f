"""Recorded lives of orders, as they were and changed in every way that is permitted: each gives its known end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anytws.machines.order import OrderLife
from anytws.machines.order_state import OrderOutcome
from tests.order_lives import NAMES, Client, Said, Step, about, changed, client_of, lines_of, steps_of

each_trace = pytest.mark.parametrize("name", NAMES)


def lived(name: str, steps: Sequence[Step]) -> Client:
    client = client_of(name)
    for step in steps:
        client.live(step)
    return client


def life_of(client: Client, key: str, final: dict[str, Any]) -> OrderLife | None:
    """Give the order that a final line speaks of: by permanent id, by id, else by reference."""
    if key.startswith("p"):
        return client.orders.by_permanent_id(int(key[1:]))
    if not key.isdecimal():
        return client.orders.by_ref.get(key)
    return client.orders.by_order_id(int(key), final.get("client_id"))


def differences(client: Client, name: str, *, word: bool = True) -> list[str]:
    """Name everything in which the belief is not what the trace says that it must be."""
    found = []
    finals: dict[str, dict[str, Any]] = lines_of(name)[-1]["orders"]
    for key, final in finals.items():
        life = life_of(client, key, final)
        if life is None:
            if final["outcome"] not in ("unknown", "what_if", "rejected"):
                found.append(f"{key}: not known, and is {final['outcome']}")
            continue
        believed = said_of(life)
        for field in ("outcome", "status", *SAME, *NUMBERS):
            if field not in final or (field == "status" and not word):
                continue
            told, said = final[field], believed[field]
            if field in NUMBERS and told is not None and said is not None:
                same = float(said) == pytest.approx(float(told), rel=1e-9)
            else:
                same = said == told or (told is None and not said)
            if not same:
                found.append(f"{key}: {field} is {said}, and should be {told}")
    return found


SAME = ("permanent_id", "why_held", "client_id", "code", "last_code", "order_id")
NUMBERS = ("filled", "remaining", "average_fill_price", "commission_and_fees", "limit_price", "total_quantity")


def said_of(life: OrderLife) -> dict[str, Any]:
    state = life.state
    last = None if state.last_error is None else state.last_error.error_code
    return {
        "outcome": state.status.value,
        "status": state.word,
        "permanent_id": state.permanent_id,
        "why_held": state.why_held,
        "client_id": state.client_id,
        "order_id": state.order_id,
        "code": last if life.refusal is None else life.refusal.code,
        "last_code": last,
        "filled": state.filled,
        "remaining": state.remaining,
        "total_quantity": state.total_quantity,
        "average_fill_price": state.average_fill_price,
        "commission_and_fees": state.commission_and_fees,
        "limit_price": None if life.order is None else life.order.limit_price,
    }


@each_trace
@pytest.mark.parametrize("inferred", [True, False])
def test_a_recorded_life_ends_as_it_is_known_to_have(name: str, inferred: bool) -> None:
    word = inferred or not any(line.get("inferred") for line in lines_of(name))
    assert differences(lived(name, steps_of(name, inferred=inferred)), name, word=word) == []


@attrs.frozen
class Steps:
    """A changed trace, which is shown in one word a step."""

    steps: list[Step]

    def __repr__(self) -> str:
        return "\n".join(map(shown, self.steps))


def shown(step: Step) -> str:
    message = step.message if isinstance(step, Said) else step
    status = getattr(message, "status", getattr(getattr(message, "order_state", None), "status", ""))
    code = getattr(message, "error_code", "")
    return f"{type(step).__name__} {type(message).__name__} {about(message, {})} {status}{code}"


@each_trace
@settings(max_examples=30)
@given(data=st.data())
def test_a_life_that_is_changed_in_permitted_ways_ends_the_same(name: str, data: st.DataObject) -> None:
    """And nothing leads away from its end, but a fill that comes late, and what queries say."""
    steps = data.draw(changed(steps_of(name, inferred=data.draw(st.booleans()))).map(Steps)).steps
    client = client_of(name)
    seen: dict[OrderLife, OrderOutcome] = {}
    for step in steps:
        client.live(step)
        for life in client.orders.lives:
            before, now = seen.get(life, OrderOutcome.UNKNOWN), life.state.status
            assert now is before or (before, now) in MOVES
            seen[life] = now
    assert differences(client, name, word=False) == []


O = OrderOutcome  # noqa: E741 (a table)
MOVES = {
    *((O.UNKNOWN, ended) for ended in O),
    *((O.OPEN, ended) for ended in (O.FILLED, O.CANCELLED, O.REJECTED)),
    (O.CANCELLED, O.FILLED),
    (O.REJECTED, O.CANCELLED),
}
"""What happens to the outcome of recorded orders, however their messages are mixed."""
