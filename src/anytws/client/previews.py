"""What is asked of orders without placing one, and what is an order without being one: what-ifs and exercises."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import anyio
from anyio.lowlevel import checkpoint_if_cancelled

from anytws.client.contract_like import ContractLike, contract_of
from anytws.client.placing import Patience, answered, rejected, submit, unknown, withdraw
from anytws.core.arguments import check_timeout
from anytws.core.events import ConnectionClosed
from anytws.errors import DecodeError, RequestFailed, RequestTimedOut
from anytws.machines.margins import Margins, margins_of
from anytws.machines.order_state import OrderOutcome
from anytws.messages.accounts import PortfolioValue, Position, PositionMulti
from anytws.messages.base import replace
from anytws.messages.executions import ExerciseAction, ExerciseOptionsRequest
from anytws.messages.order import Order
from anytws.messages.orders import PlaceOrderRequest

if TYPE_CHECKING:
    from anytws.client.conversing import Conversing
    from anytws.client.placing import Submitted
    from anytws.client.trade import Trade


async def what_if(tws: Conversing, contract: ContractLike, order: Order, *, timeout: float | None = None) -> Margins:
    """Ask what an order would do to the account (`anytws.client.orders.Orders.what_if`)."""
    # What is not transmitted is not computed either: 413.
    asked = PlaceOrderRequest(contract_of(contract), replace(order, what_if=True, transmit=True))
    return margins_of(await tws.ask(asked, timeout=await _turn(tws, timeout)))


async def exercise(
    tws: Conversing,
    option: ContractLike,
    quantity: int | Decimal,
    *,
    action: ExerciseAction = ExerciseAction.EXERCISE,
    account: str = "",
    override: bool = False,
    timeout: float | None = None,
) -> Trade:
    """Exercise an option, or let it lapse (`anytws.client.orders.Orders.exercise`)."""
    if not account and isinstance(option, (Position, PositionMulti, PortfolioValue)):
        account = option.account
    request = ExerciseOptionsRequest(contract_of(option), action, quantity, account, override)
    # Whoever is cancelled already sends nothing.
    await checkpoint_if_cancelled()
    timeout = await _turn(tws, timeout)
    submitted = submit(tws, request)
    if action is ExerciseAction.LAPSE:
        await _taken(tws, submitted, timeout)
    else:
        await answered(tws, submitted.life, timeout)
    return tws.orders.trade_of(submitted.life)


async def _turn(tws: Conversing, timeout: float | None) -> float | None:
    """Wait while the next order id is meant for the next member of a family; give what is left of *timeout*."""
    check_timeout(timeout)
    block = tws.orders.id_block
    if not block.is_taken:
        return timeout
    began = anyio.current_time()
    await block.until_free()
    return None if timeout is None else max(0.0, timeout - (anyio.current_time() - began))


async def _taken(tws: Conversing, submitted: Submitted, timeout: float | None) -> None:
    """Wait until TWS has read a lapse, and has not refused it: what it says of one that it takes is not known."""
    life, patience = submitted.life, Patience(tws, timeout)
    try:
        await tws.fence(timeout=patience.seconds)
    except ConnectionClosed as closed:
        raise unknown(tws, life, "the connection ended before TWS had read it") from closed
    except (RequestTimedOut, RequestFailed, DecodeError) as problem:
        raise unknown(tws, life, f"TWS did not say that it has read it: {problem}") from problem
    except BaseException:
        withdraw(tws, life)
        raise
    if life.state.status is OrderOutcome.REJECTED:
        raise rejected(tws, life)
