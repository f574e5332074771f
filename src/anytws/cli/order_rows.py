"""Orders and executions as `anytws orders` and `anytws panic` write them: in lines for people, in JSON for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from anytws.cli.mask import Mask
from anytws.cli.output import Output, Tone
from anytws.cli.quote_rows import amount_text, as_json, price_text
from anytws.errors import printable
from anytws.machines.order_state import Fill, OrderOutcome, Owner, TradeState
from anytws.messages.contract import Contract, SecurityType
from anytws.messages.orders import CompletedOrder

if TYPE_CHECKING:
    from anytws import Trade
    from anytws.messages.order import Order

_LONGEST: Final = 40
"""Characters of what somebody has named: a contract, a reference."""
_BY_HAND: Final = "by hand"
_NO_IDS: Final = (None, 0, 2**31 - 1)
"""What TWS says where an order has no id of a client."""
_WITH_LIMIT: Final = ("LMT", "LIT", "LOC", "REL", "PEG", "MIDPRICE")
_WITH_TRIGGER: Final = ("STP", "TRAIL", "MIT", "LIT")
_ORDER_FIELDS: Final = ("order_type", "limit_price", "aux_price", "time_in_force", "parent_id", "oca_group")
_STATE_FIELDS: Final = (
    "filled", "remaining", "average_fill_price", "is_held", "is_untransmitted", "is_contested", "is_unsure",
)  # fmt: skip
MARKS: Final = {
    "unsure": "the connection, or the link of TWS, was lost after the last news of it: it may be otherwise by now",
    "contested": "what was heard does not settle what became of it: look at it in TWS",
    "held?": "its last word is Inactive: refused, waiting to be transmitted, or held",
    "untransmitted": "it is in TWS, and was not sent on",
}
"""What the marks mean."""

Row = tuple[str, ...]


# --- for people -------------------------------------------------------------------------------------------------------


def order_row(state: TradeState, order: Order | None, contract: Contract | None, mask: Mask) -> Row:
    """Give the cells of an order: whose it is, its id, its terms, how much is filled, how it stands, its reference."""
    return (
        owner_text(state),
        "" if state.order_id in _NO_IDS else str(state.order_id),
        # In what TWS says of ended ones the quantity is 0.
        terms_text(order, contract, mask, quantity=amount_text(state.total_quantity)),
        _filled_text(state),
        state_text(state, mask),
        _name(state.ref, mask),
    )


def trade_row(trade: Trade, mask: Mask, state: TradeState | None = None) -> Row:
    """Give the cells of *trade*, with *state*, or as it is believed now."""
    contract = trade.contract or (trade.fills[0].contract if trade.fills else None)
    return order_row(trade.state if state is None else state, trade.order, contract, mask)


def fill_row(fill: Fill, mask: Mask) -> Row:
    """Give the cells of an execution: when, of whose order, what and at which price, where, what it cost, its ref."""
    said, costs = fill.execution, fill.costs
    is_of_client = said.order_id not in _NO_IDS
    price = f"at {price_text(said.price)}" if said.price is not None else "at an unknown price"
    fees = "" if costs is None else amount_text(costs.commission_and_fees, 2)
    return (
        "" if said.time is None else f"{said.time:%m-%d %H:%M:%S}",
        f"client {said.client_id}" if is_of_client else _BY_HAND,
        str(said.order_id) if is_of_client else "",
        f"{_side(said.side)} {amount_text(said.shares) or '?'} {contract_text(fill.contract, mask)} {price}",
        mask(said.exchange),
        f"costs {fees} {mask(costs.currency)}".strip() if fees and costs is not None else "",
        _name(said.order_reference, mask),
    )


def completed_row(row: CompletedOrder, mask: Mask) -> Row:
    """Give the cells of an order that came to its end: when, whose, what, how much was filled, how it ended."""
    order, ended = row.order, row.order_state
    time = ended.completed_time
    return (
        "" if time is None else f"{time:%m-%d %H:%M:%S}",
        # Text does not say whose it was.
        f"client {order.client_id}" if order.client_id else "",
        terms_text(order, row.contract, mask, quantity=amount_text(order.total_quantity or order.filled_quantity)),
        f"{amount_text(order.filled_quantity) or '0'} filled",
        mask(ended.completed_status or (ended.status.value if ended.status is not None else "")),
        _name(order.order_reference, mask),
    )


def tell_rows(output: Output, rows: Sequence[Row], tones: Sequence[Tone] = ()) -> None:
    """Say *rows*, their cells one below the other. As wide as it is: what is wrapped cannot be read as a table."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for number, row in enumerate(rows):
        cells = [f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True) if width]
        output.row((("  ", Tone.PLAIN),), "  ".join(cells), tones[number] if tones else Tone.PLAIN, wrap=False)


def owner_text(state: TradeState) -> str:
    """Say whose it is."""
    match state.owner:
        case Owner.MANUAL:
            return _BY_HAND
        case Owner.BOUND:
            return f"{_BY_HAND}, bound"
        case _:
            return "client ?" if state.client_id is None else f"client {state.client_id}"


def terms_text(order: Order | None, contract: Contract | None, mask: Mask, *, quantity: str | None = None) -> str:
    """Say what it is to do: ``BUY 100 AAPL LMT 180.5 DAY``."""
    name = contract_text(contract, mask)
    if order is None:
        return f"{name}, terms not known"
    action, kind = ("" if word is None else mask(word.value) for word in (order.action, order.order_type))
    parts = [action or "?", quantity or amount_text(order.total_quantity) or "?", name, kind]
    # Of other types TWS says prices that are none.
    if order.limit_price is not None and any(word in kind for word in _WITH_LIMIT):
        parts.append(price_text(order.limit_price))
    if order.aux_price is not None and any(word in kind for word in _WITH_TRIGGER):
        parts.append(f"at {price_text(order.aux_price)}")
    if order.time_in_force is not None:
        parts.append(mask(order.time_in_force.value))
    return " ".join([part for part in parts if part])


def contract_text(contract: Contract | None, mask: Mask) -> str:
    """Say what is traded: a stock by its symbol, all else by the name that its exchange has for it."""
    if contract is None:
        return "?"
    is_stock = contract.security_type in (None, SecurityType.STOCK)
    name = contract.symbol if is_stock else contract.local_symbol or contract.symbol
    return _name(" ".join(name.split()) or f"#{contract.contract_id}", mask)


def state_text(state: TradeState, mask: Mask) -> str:
    """Say how it stands, with its marks."""
    if state.status is OrderOutcome.OPEN:
        told = mask(state.word.value) if state.word is not None else "open"
        told += f" ({mask(state.why_held)})" if state.why_held else ""
    else:
        told = state.status.value
        if state.filled and state.average_fill_price is not None:
            told += f" at {price_text(state.average_fill_price, digits=7)}"
    return ", ".join([told, *marks_of(state)])


def marks_of(state: TradeState) -> list[str]:
    """Give what is doubtful about it, in a word each; `MARKS` says what they mean."""
    said = (state.is_unsure, state.is_contested, state.is_held, state.is_untransmitted)
    return [mark for mark, is_so in zip(MARKS, said, strict=True) if is_so]


def tone_of(state: TradeState) -> Tone:
    """Give how it looks."""
    if marks_of(state):
        return Tone.WARNING
    if state.status is OrderOutcome.REJECTED:
        return Tone.BAD
    return Tone.GOOD if state.status is OrderOutcome.FILLED else Tone.PLAIN


def _filled_text(state: TradeState) -> str:
    return f"{amount_text(state.filled) or '0'} of {amount_text(state.total_quantity) or '?'}"


def _side(side: Any) -> str:  # noqa: ANN401 (a word of TWS, known or not)
    return {"BOT": "bought", "SLD": "sold"}.get(side.value, printable(side.value))


def _name(text: str, mask: Mask) -> str:
    told = mask(text)
    return told if len(told) <= _LONGEST else f"{told[: _LONGEST - 1]}~"


# --- for programs -----------------------------------------------------------------------------------------------------


def trade_object(trade: Trade, mask: Mask, state: TradeState | None = None) -> dict[str, Any]:
    """Give *trade* as JSON has it, with *state*, or as it is believed now."""
    said = trade.state if state is None else state
    error = said.last_error
    return {
        "owner": said.owner.value,
        "client_id": said.client_id,
        "order_id": None if said.order_id in _NO_IDS else said.order_id,
        "permanent_id": said.permanent_id or None,
        "ref": mask(said.ref),
        "account": mask.account(said.account) or None,
        "contract": contract_object(trade.contract, mask),
        **_order_object(trade.order, mask),
        "total_quantity": as_json(said.total_quantity),
        "status": said.status.value,
        "word": None if said.word is None else mask(said.word.value),
        "why_held": mask(said.why_held),
        **{name: as_json(getattr(said, name)) for name in _STATE_FIELDS},
        "last_error": None if error is None else {"code": error.error_code, "text": mask(error.error_message or "")},
    }


def fill_object(fill: Fill, mask: Mask) -> dict[str, Any]:
    """Give an execution as JSON has it."""
    said, costs = fill.execution, fill.costs
    return {
        "execution_id": mask(said.execution_id),
        "time": as_json(said.time),
        "client_id": said.client_id,
        "order_id": None if said.order_id in _NO_IDS else said.order_id,
        "permanent_id": said.permanent_id or None,
        "ref": mask(said.order_reference),
        "account": mask.account(said.account) or None,
        "contract": contract_object(fill.contract, mask),
        "side": mask(said.side.value),
        "shares": as_json(said.shares),
        "price": as_json(said.price),
        "exchange": mask(said.exchange),
        "commission_and_fees": None if costs is None else as_json(costs.commission_and_fees),
        "currency": None if costs is None else mask(costs.currency) or None,
        "realized_pnl": None if costs is None else as_json(costs.realized_pnl),
    }


def completed_object(row: CompletedOrder, mask: Mask) -> dict[str, Any]:
    """Give an order that came to its end as JSON has it."""
    order, ended = row.order, row.order_state
    return {
        "client_id": order.client_id,
        "permanent_id": order.permanent_id or None,
        "ref": mask(order.order_reference),
        "account": mask.account(order.account) or None,
        "contract": contract_object(row.contract, mask),
        **_order_object(order, mask),
        "total_quantity": as_json(order.total_quantity),
        "filled": as_json(order.filled_quantity),
        "word": None if ended.status is None else mask(ended.status.value),
        "completed_at": as_json(ended.completed_time),
        "completed_status": mask(ended.completed_status),
    }


def contract_object(contract: Contract | None, mask: Mask) -> dict[str, Any] | None:
    """Give a contract as JSON has it."""
    if contract is None:
        return None
    return {
        "contract_id": contract.contract_id or None,
        "symbol": mask(contract.symbol),
        "security_type": None if contract.security_type is None else mask(contract.security_type.value),
        "local_symbol": mask(contract.local_symbol),
        "currency": mask(contract.currency),
    }


def _order_object(order: Order | None, mask: Mask) -> dict[str, Any]:
    if order is None:
        return dict.fromkeys(("action", *_ORDER_FIELDS))
    told: dict[str, Any] = {}
    for name in ("action", *_ORDER_FIELDS):
        value = getattr(order, name)
        # Words of the vendor stay as they are.
        value = getattr(value, "value", value)
        told[name] = mask(value) if isinstance(value, str) else as_json(value)
    return told
