"""What the simulated TWS answers: one table, keyed by the class of the request.

An answer is a function of the client and the request that gives what TWS says, in order. To simulate another request,
write its function and its line in the table of its topic; to have a TWS of your own for a test, give `World` another::

    World(answers={**ANSWERS, CurrentTimeRequest: Answer(lambda link, request: ())})     # never tells the time

How each behaviour is known stands beside it, in one word: *recorded* from a real session, *documented* by the vendor,
*reported* by others, or *chosen* by us.
"""

from __future__ import annotations

from typing import Final

from anytws.simulator.answers import (
    accounts,
    advisors,
    calculations,
    config,
    contracts,
    depth,
    depth_exchanges,
    display_groups,
    executions,
    historical,
    linking,
    market_data,
    news,
    orders,
    scanner,
    session,
    tick_by_tick,
    users,
    wsh,
)
from anytws.simulator.answers.answer import Answer, Answers

__all__ = ["ANSWERS", "Answer", "Answers"]

ANSWERS: Final[Answers] = {
    **session.ANSWERS,
    **config.ANSWERS,
    **contracts.ANSWERS,
    **market_data.ANSWERS,
    **calculations.ANSWERS,
    **tick_by_tick.ANSWERS,
    **depth.ANSWERS,
    **depth_exchanges.ANSWERS,
    **historical.ANSWERS,
    **accounts.ANSWERS,
    **orders.ANSWERS,
    **executions.ANSWERS,
    **news.ANSWERS,
    **scanner.ANSWERS,
    **wsh.ANSWERS,
    **display_groups.ANSWERS,
    **advisors.ANSWERS,
    **users.ANSWERS,
    **linking.ANSWERS,
}
"""Every request that the simulator answers."""
