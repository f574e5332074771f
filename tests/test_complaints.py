"""The errors of the simulated TWS: with the id that they are about, where an error can carry it."""

from __future__ import annotations

import pytest

from anytws.messages import CancelOrderRequest, ContractDataRequest, IdsRequest, Stock
from anytws.messages.base import ToTws
from anytws.simulator.complaints import complaint, not_done, not_valid, sayable
from anytws.simulator.knowledge import Knowledge
from anytws.simulator.settings import EPOCH


@pytest.mark.parametrize(
    "about, expected",
    [
        (ContractDataRequest(Stock("SPY"), request_id=7), 7),
        (ContractDataRequest(Stock("SPY"), request_id=-1), None),
        (CancelOrderRequest(42), 42),
        (IdsRequest(), None),
        (None, None),
    ],
    ids=["request", "no id", "order", "without ids", "nothing"],
)
def test_an_error_has_the_id_of_what_it_is_about(about: object, expected: int | None) -> None:
    error = complaint(Knowledge(), 200, "a text", about)
    assert (error.request_id, error.error_code, error.error_message, error.error_time) == (
        expected,
        200,
        "a text",
        EPOCH,
    )


@pytest.mark.parametrize("say, code, word", [(not_valid, 321, "validating"), (not_done, 322, "processing")])
def test_a_refusal_names_the_request_and_the_cause(say, code: int, word: str) -> None:
    request: ToTws = ContractDataRequest(Stock("SPY"), request_id=7)
    error = say(Knowledge(), request, "it is Monday")
    assert (error.request_id, error.error_code) == (7, code)
    assert error.error_message == f"Error {word} request.-'ContractDataRequest' : cause - it is Monday"


@pytest.mark.parametrize("odd", [-1, 2**31 - 1, 2**40, "7", None, 1.5])
def test_what_no_error_can_carry_is_none(odd: object) -> None:
    assert sayable(odd) is None
