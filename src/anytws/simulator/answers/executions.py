"""Answers about executions: those of the day, or of the days that are asked for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from anytws.messages.base import ToClient
from anytws.messages.contract import Action
from anytws.messages.executions import ExecutionDetailsEnd, ExecutionFilter, ExecutionRequest
from anytws.simulator.answers.answer import Answer, Answers, id_of
from anytws.simulator.client import Client
from anytws.simulator.complaints import not_valid
from anytws.simulator.exchange.order import Fill, HeldOrder, Part
from anytws.simulator.exchange.sessions import moment_ms
from anytws.simulator.exchange.speech import commission_report, execution_details

_SECOND: Final = 1000


def tell_executions(client: Client, request: ExecutionRequest) -> Iterable[ToClient]:
    """Give all executions that fit, then what each cost, then the end (recorded), of all clients.

    Without days those since midnight of TWS's zone (documented). A time that cannot be read is refused (chosen).
    """
    world, wanted = client.world, request.execution_filter
    if wanted.time is not None and moment_ms(wanted.time, world.settings.wall_zone) is None:
        yield not_valid(world, request, "Invalid date format of execution filter")
        return
    found = [pair for pair in world.exchange.orders.fills if _fits(client, wanted, *pair)]
    for held, fill in found:
        yield execution_details(held, fill, world, id_of(request))
    for held, fill in found:
        # Of a combination its legs cost something, of an advisor's order the whole (reported).
        costs = Part.LEG if held.contract.combo_legs else Part.WHOLE
        if fill.part is costs:
            yield commission_report(fill)
    yield ExecutionDetailsEnd(id_of(request))


def _fits(client: Client, wanted: ExecutionFilter, held: HeldOrder, fill: Fill) -> bool:
    contract = fill.contract
    since = None if wanted.time is None else moment_ms(wanted.time, client.world.settings.wall_zone)
    side = Action.BUY if fill.shares > 0 else Action.SELL
    return (
        wanted.client_id in (0, held.client_id)
        and wanted.account in ("", fill.account)
        and wanted.symbol in ("", contract.symbol)
        and wanted.security_type in (None, contract.security_type)
        and wanted.exchange in ("", fill.venue, contract.exchange)
        and wanted.side in (None, side)
        and (since is None or fill.at >= since)
        and _is_of_days(client, wanted, fill)
    )


def _is_of_days(client: Client, wanted: ExecutionFilter, fill: Fill) -> bool:
    zone = client.world.settings.wall_zone
    day = datetime.fromtimestamp(fill.at // _SECOND, UTC).astimezone(zone).date()
    if wanted.specific_dates:
        return day in wanted.specific_dates
    today = client.world.utc().astimezone(zone).date()
    return day > today - timedelta(days=max(wanted.last_n_days or 1, 1))


ANSWERS: Final[Answers] = {ExecutionRequest: Answer(tell_executions)}
