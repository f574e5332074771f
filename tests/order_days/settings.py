"""What TWS is like on these days, and the troubles that a script has: made once, drawn from."""

from __future__ import annotations

from random import Random
from typing import Final

from anytws.messages.order_words import OrderStatusWord
from anytws.simulator import faults
from anytws.simulator.exchange.models import Habits, Latency, Progress, Refusal
from anytws.simulator.faults import At, Event, On, Script
from anytws.simulator.faults.words import Meanwhile
from anytws.simulator.market.models import FLAT
from anytws.simulator.settings import EPOCH, HangUp, Opening, WorldSettings

_VERSIONS: Final = (176, 200, 226)
_KINDS: Final = 96
_SCRIPTS: Final = 160


def _settings(random: Random) -> WorldSettings:
    habits = Habits(
        first_word=random.choice((OrderStatusWord.SUBMITTED, OrderStatusWord.PRE_SUBMITTED)),
        says_submitted=random.random() < 0.7,
        repeats=random.choice((1, 1, 1, 2)),
        says_status_first=random.random() < 0.3,
        says_status_before_execution=random.random() < 0.3,
        says_fill_twice=random.random() < 0.5,
        says_filled=random.random() < 0.7,
        says_pending_cancel=random.random() < 0.3,
        refusal=random.choice(list(Refusal)),
        inactive_when_held_back=random.random() < 0.3,
        says_orders_on_connect=random.random() < 0.4,
        completed_has_order_id=random.random() < 0.6,
        forgets_after=random.choice((0.0, 0.0, 2.0)),
    )
    acknowledge = random.choice((0.0, 0.15, 0.15, 1.0, 3.0))
    latency = Latency(acknowledge=acknowledge, fill=0.02, commission=random.choice((0.0, 0.002, 1.0)), family=0.1)
    opening = (Opening.MANAGED_ACCOUNTS, Opening.NEXT_VALID_ID)
    return WorldSettings(
        server_version=random.choice(_VERSIONS),
        epoch_at_zero=EPOCH,
        positions=(),
        price_model=FLAT,
        farms=(),
        opening=opening if random.random() < 0.6 else opening[::-1],
        progress=Progress.BY_HAND if random.random() < 0.9 else Progress.AT_ONCE,
        habits=habits,
        latency=latency,
        stale_seconds=random.choice((0.0, 0.0, 0.0, 0.0, 2.0)),
        seed=1,
    )


def _link_lost(random: Random) -> Event:
    lost = faults.ConnectionLost(
        random.choice((0.5, 3.0, 10.0)),
        random.random() < 0.4,
        requests=random.choice((Meanwhile.SILENCE, Meanwhile.LATE, Meanwhile.ERROR_1100)),
        told_afterwards=random.random() < 0.5,
    )
    return Event(At(random.choice((0.1, 0.5, 1.0, 2.0, 4.0))), lost)


def _at_a_request(random: Random) -> Event:
    nth = random.randrange(1, 4)
    of_any = On(random.choice(("PlaceOrderRequest", "CancelOrderRequest")), nth=nth)
    of_order = On("PlaceOrderRequest", nth=nth)
    return random.choice(
        (
            Event(of_order, faults.LostAcknowledgement(random.choice((1.0, 8.0)))),
            Event(of_any, faults.CutUnanswered(random.choice(list(HangUp)))),
            Event(of_order, faults.ErrorInstead(random.choice((201, 110, 321, 103, 2102)))),
            Event(of_any, faults.DropRequest()),
            Event(On("CancelOrderRequest", nth=1), faults.FillOrder()),
        )
    )


def _at_a_saying(random: Random) -> Event:
    told = random.choice(("OpenOrder", "OrderStatus", "ExecutionDetails"))
    # What is said again later is said behind what came in between, which is not so of statuses.
    seconds = random.choice((0.0, 0.0, 1.0)) if told == "ExecutionDetails" else 0.0
    return random.choice(
        (
            Event(On(told, nth=random.randrange(1, 4)), faults.Repeat(random.randrange(1, 3), seconds)),
            Event(On("OrderStatus", nth=random.randrange(1, 4)), faults.RejectOrder()),
            Event(On("CommissionAndFeesReport"), faults.Delay(3.0)),
        )
    )


def _of_answers(random: Random) -> Event:
    query = random.choice(("AllOpenOrdersRequest", "ExecutionRequest", "CompletedOrdersRequest"))
    rule = random.choice((faults.NeverAnswer(), faults.LeaveOutEnd(), faults.AnswerLate(12.0)))
    return Event(On(query, nth=random.randrange(1, 3)), rule)


def _habit(random: Random) -> Event:
    habits = (faults.StatusBeforeOpenOrder(), faults.StatusBeforeExecution(), faults.ExecutionBeforeStatus())
    return Event(At(0.0), random.choice((*habits, faults.CommissionNever(lasts=20.0))))


_TROUBLES: Final = (_link_lost, _at_a_request, _at_a_saying, _of_answers, _habit)


def _troubles(random: Random) -> Event:
    return random.choices(_TROUBLES, (4, 5, 3, 1, 1))[0](random)


def _script(random: Random) -> Script:
    return Script(tuple([_troubles(random) for _ in range(random.choice((1, 1, 2)))]))


def _made() -> tuple[tuple[WorldSettings, ...], tuple[Script, ...]]:
    random = Random("what TWS is like")
    settings = tuple([_settings(random) for _ in range(_KINDS)])
    return settings, tuple([_script(random) for _ in range(_SCRIPTS)])


SETTINGS, SCRIPTS = _made()
"""So many kinds of TWS, and so many scripts of trouble."""
