"""What `anytws panic` has come to, in words for people and in JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from anytws.cli.order_rows import contract_object, contract_text, tell_rows, trade_object
from anytws.cli.orders import tell_trades
from anytws.cli.output import Output, Tone, counted
from anytws.cli.quote_rows import amount_text, as_json, error_object, price_text

if TYPE_CHECKING:
    from anytws.cli.panic import Panic
    from anytws.messages.accounts import Position

_BY_HAND: Final = (
    "Cancel them in TWS itself, or switch its Read-Only API off (Global Configuration, API, Settings) and say it again"
)


def tell(done: Panic, code: int) -> None:
    """Say how it stands, which orders are open, and what is held."""
    output, mask = done.output, done.mask
    output.title(*_verdict(done, code))
    if done.open:
        tell_trades(output, mask, done.open)
    if done.positions is None:
        output.row((), "What is held is not known.", Tone.WARNING)
        return
    held = _held(done.positions)
    output.row((), f"{counted(len(held), 'position')} held, which this does not touch:" if held else "Nothing is held.")
    rows = [
        (
            mask.account(each.account),
            contract_text(each.contract, mask),
            amount_text(each.position),
            "" if each.average_cost is None else f"cost {price_text(each.average_cost, digits=7)}",
        )
        for each in held
    ]
    tell_rows(output, rows)


def _held(positions: Sequence[Position]) -> list[Position]:
    return [each for each in positions if each.position is None or each.position]


def _verdict(done: Panic, code: int) -> tuple[str, Tone]:
    """Say in a sentence how it stands."""
    times = f"The cancel was sent {counted(len(done.sent), 'time')}" if done.sent else "The cancel was not sent"
    if code == 0:
        return "No order is open: TWS has said so twice in a row.", Tone.GOOD
    if done.refusal is not None:
        return f"TWS refuses it: it lets clients only read. Nothing was cancelled. {_BY_HAND}.", Tone.BAD
    if done.open:
        orders = "1 order is" if len(done.open) == 1 else f"{len(done.open)} orders are"
        return f"{times}, and {orders} still open after {done.within:g} s:", Tone.BAD
    known = "TWS has not said since whether orders are open" if done.sent else "nothing was cancelled"
    return f"{times}: {known}. It is not known what is open: look in TWS.", Tone.BAD


def write_json(done: Panic, code: int, output: Output) -> None:
    """Write all as one JSON object."""
    mask = done.mask
    listed = None if done.open is None else [trade_object(trade, mask, state) for trade, state in done.open.items()]
    held: list[dict[str, Any]] | None = None
    if done.positions is not None:
        held = [
            {
                "account": mask.account(each.account),
                "contract": contract_object(each.contract, mask),
                "position": as_json(each.position),
                "average_cost": as_json(each.average_cost),
            }
            for each in _held(done.positions)
        ]
    told = {
        "exit_code": code,
        "is_clean": done.is_clean,
        "cancel_sent_at": [each.isoformat() for each in done.sent],
        "open": listed,
        "positions": held,
        "failure": None if code == 0 or done.problem is None else error_object(done.problem, mask),
    }
    output.raw(json.dumps(told, indent=2))
