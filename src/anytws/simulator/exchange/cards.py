"""The cards of orders: what the simulated exchange does, and how each of it is known."""

from __future__ import annotations

from typing import Final

from anytws.simulator.cards import Card, Evidence

_RECORDED, _DOCUMENTED = Evidence.RECORDED, Evidence.DOCUMENTED
_REPORTED, _CHOSEN = Evidence.REPORTED, Evidence.CHOSEN

CARDS: Final = (
    Card(
        "orders.resting",
        "A limit order that rests is told of by OpenOrder and OrderStatus, 0.15 s after it was placed; it is filled"
        " when the quote reaches its limit, at the quote, never beyond the limit. No queue and no market impact.",
        _RECORDED,
        "the pairs: traces cancel_then_global_cancel_161 and others; the filling is chosen",
        "`latency`, `habits`, `progress`.",
    ),
    Card(
        "orders.filled_at_once",
        "An order that can be filled at once: a pair, the execution, the pair Filled, the same with the commission, and"
        " the commission report.",
        _RECORDED,
        "traces mkt_buy_then_sell_one_share_2026, stock_market_order_filled_2023",
    ),
    Card(
        "orders.pieces",
        "Each piece is told by its execution, the pair with the sum so far, and its commission; the minimum of the"
        " commission is paid with the first piece.",
        _RECORDED,
        "trace market_order_in_three_fills",
        "By default orders are filled whole (paper accounts mostly do); `pieces` fills what is shown.",
    ),
    Card(
        "orders.stop",
        "A stop is PreSubmitted with why_held trigger until a trade reaches it (of options and forex a quote), then"
        " Submitted. A trailing stop follows the best price and never goes back; its moves are not told.",
        _RECORDED,
        "trace gtc_cancelled_and_trailing_stop_triggered; which price triggers is documented",
    ),
    Card(
        "orders.cancelled",
        "A cancel is confirmed by OrderStatus Cancelled and error 202 with nothing behind the colon.",
        _RECORDED,
        "traces cancel_then_global_cancel_161, transmit_false_then_transmitted",
        "`habits.says_pending_cancel`.",
    ),
    Card(
        "orders.cancel_too_late",
        "A cancel of an order that is over, or is being cancelled, gets 10148 with its state, also after a lost race.",
        _RECORDED,
        "trace cancel_of_filled_order_10148_then_10147",
        "10147 after `habits.forgets_after` seconds.",
    ),
    Card(
        "orders.foreign_cancel",
        "An order of another client cannot be cancelled: 10147.",
        _RECORDED,
        "trace cancel_from_other_client_10147",
        "Of client 0 in April 2026 the contrary is recorded; this takes the newer frames.",
    ),
    Card(
        "orders.global_cancel",
        "A global cancel ends the orders of all clients and those made by hand, the newest first, each with its status"
        " and 202, and 161 for those that their client had cancelled before. It has no end. Orders that were not"
        " transmitted are discarded.",
        _RECORDED,
        "traces ten_orders_global_cancel, cancel_then_global_cancel_161, bracket_last_child_refused_328",
        "In which order, and 161 for which orders of earlier sessions, nobody has found out.",
    ),
    Card(
        "orders.ioc",
        "What an IOC order does not get at once is cancelled by IB: the pair PendingCancel, Cancelled, 202.",
        _RECORDED,
        "trace ioc_cancelled_and_fok_rejected",
    ),
    Card(
        "orders.refused_by_ib",
        "IB refuses with 201 between two pairs Inactive; FOK of a US stock through SMART is refused so.",
        _RECORDED,
        "trace ioc_cancelled_and_fok_rejected",
        "`habits.refusal` has the other orders that were recorded.",
    ),
    Card(
        "orders.refused_on_sight",
        "What TWS itself refuses gets one error under the order id, no status and no permanent id; the id is used up.",
        _RECORDED,
        "traces rejects_321_200_and_warning_399, what_if_refused_and_answered; most texts are documented or chosen",
    ),
    Card(
        "orders.not_simulated",
        "Algorithms, scales, conditions, adjusted, pegged, relative, volatility and attached orders are refused with"
        " 387, as an order type that an exchange does not have.",
        _CHOSEN,
        "so that nobody takes an order for working that nothing would work",
        "The algorithm Adaptive is taken: its order works as it would without it.",
    ),
    Card(
        "orders.margin",
        "An order that the account cannot carry is refused with 201 when it is placed; it is not looked at again when"
        " it is triggered or filled.",
        _DOCUMENTED,
        "orders.md 3.11, 6",
    ),
    Card(
        "orders.most_working",
        "20 orders may work for one contract, side and account; the next gets 201.",
        _DOCUMENTED,
        "orders.md 6; the code and the text are chosen",
    ),
    Card(
        "orders.preset",
        "An order without a time in force becomes DAY; from server version 200 on 10349 says so, before its OpenOrder.",
        _RECORDED,
        "traces remark_10349_then_filled, option_bought_then_exercise_accepted_10349; the version is chosen",
    ),
    Card(
        "orders.located",
        "A short sale of a symbol of `hard_to_borrow` is held with 404 and why_held locate until shares are found.",
        _RECORDED,
        "trace short_sale_held_404_order_alive",
    ),
    Card(
        "orders.waits_for_the_opening",
        "An order placed while its market is closed is PreSubmitted, with 399 before it (of limit orders behind the"
        " first pair, and a second follows), and works from the opening on."
        " Only limit orders work outside of regular hours, if they are told to.",
        _RECORDED,
        "traces rejects_321_200_and_warning_399, bracket_accepted_outside_hours; the types are documented",
    ),
    Card(
        "orders.expiry",
        "A DAY order ends with the trading day, a GTD order at its time: PendingCancel, Cancelled, 202. Nothing says"
        " that it expired.",
        _REPORTED,
        "orders.md 3.15",
    ),
    Card(
        "orders.at_the_opening",
        "An order for the opening is filled when the next session begins, at the first quote, or cancelled then. One"
        " that comes during a session waits for the next.",
        _CHOSEN,
        "orders.md 3.15 says that it has no status until the opening is possible; here it is PreSubmitted",
    ),
    Card(
        "orders.on_close",
        "MOC and LOC are filled at the last price of the regular session, a quarter of a second before its end.",
        _CHOSEN,
        "there is no auction here; the real one fills some seconds after the close",
    ),
    Card(
        "orders.changed",
        "A change is told by the pair with its new terms, and by nothing else.",
        _RECORDED,
        "trace futures_limit_price_and_quantity_modified",
    ),
    Card(
        "orders.change_refused",
        "A change that cannot be gets one error and leaves the order as it was: 110, 105, 135, 104 of a filled one, 103"
        " of a dead one, 2102 of a second one while the first is under way.",
        _RECORDED,
        "trace modify_refused_110_order_lives; 135 and 103 are reported, 104 and 2102 documented",
    ),
    Card(
        "orders.ids",
        "The next order id is kept for each client id, over connections; a lower one, or one that was used, gets 103.",
        _DOCUMENTED,
        "orders.md 1.1; that it is kept for each client id is recorded",
    ),
    Card(
        "orders.what_if",
        "A what-if is answered by one OpenOrder with margins and commission, without a status. It uses up its id.",
        _RECORDED,
        "trace what_if_refused_and_answered",
    ),
    Card(
        "orders.silent_market_orders",
        "Market orders may have no status at all: only executions tell of them.",
        _DOCUMENTED,
        "orders.md 3.2",
        "`habits.says_market_orders`; off by default.",
    ),
    Card(
        "orders.repeats",
        "Pairs may be said up to four times, the status first, Filled before the execution, or not at all.",
        _RECORDED,
        "orders.md 3.1 to 3.3 with the traces named there; Filled before the execution is reported",
        "`habits`.",
    ),
    Card(
        "orders.lists",
        "Open orders are pairs and an end; completed orders a status each of this client, then rows of all clients.",
        _RECORDED,
        "traces completed_orders_query, cancel_from_other_client_10147",
    ),
    Card(
        "orders.executions",
        "Executions since midnight of TWS's zone, of all clients: all of them, then all commissions, then the end.",
        _RECORDED,
        "trace executions_query_reply; midnight is documented",
    ),
    Card(
        "orders.on_connect",
        "Builds since July 2026 tell of working orders, and their end, before the managed accounts.",
        _RECORDED,
        "trace reconnect_same_client_unasked_snapshot",
        "`habits.says_orders_on_connect`; off by default.",
    ),
    Card(
        "orders.away",
        "Orders work and are filled while their client is away; nothing is pushed for that when it comes back.",
        _REPORTED,
        "orders.md 4.1",
    ),
    Card(
        "orders.master",
        "The master client is told of the orders of all clients.",
        _DOCUMENTED,
        "orders.md 1.5",
        "`master_client`.",
    ),
    Card(
        "orders.transmit",
        "An order with transmit off is not told of; the first of its family that transmits sends all on. A child that"
        " is refused leaves the others held back.",
        _RECORDED,
        "traces transmit_false_then_transmitted, bracket_last_child_refused_328",
        "`habits.inactive_when_held_back` for older builds.",
    ),
    Card(
        "orders.bracket",
        "Children are PreSubmitted with why_held child, of one group named after the parent's permanent id; they work"
        " when the parent is filled, for as much as that is; one filled cancels the other 0.1 s later.",
        _RECORDED,
        "traces bracket_accepted_outside_hours, bracket_acknowledged_parent_submitted; the cancel is reported",
    ),
    Card(
        "orders.family_ends",
        "Children go with a parent that was never filled; a child that its client cancels takes its siblings along.",
        _REPORTED,
        "orders.md 3.6",
    ),
    Card(
        "orders.group",
        "A fill in a group cancels the others (type 1), or makes them smaller (2 and 3); with block one works at a"
        " time. A member that comes after the group was filled gets 201.",
        _DOCUMENTED,
        "orders.md 3.7; the late member is reported",
    ),
    Card(
        "orders.by_hand",
        "Orders made by hand have order id 0 and belong to nobody until client 0 binds them: then a negative id, and"
        " OrderBound.",
        _DOCUMENTED,
        "orders.md 1.5; the first id, -2, is recorded",
    ),
    Card(
        "orders.correction",
        "A correction is the execution again with its last number one higher, and its commission report.",
        _DOCUMENTED,
        "orders.md 3.13; nobody has recorded one",
    ),
    Card(
        "orders.combo",
        "A combination is filled at its net price: an execution of it, then one for each leg with an id of five parts;"
        " commissions come for the legs, whose prices add up to the net price.",
        _REPORTED,
        "orders.md 3.17",
    ),
    Card(
        "orders.exercise",
        "An exercise is an order to buy the option at 0, with 10349, that ends with the day; positions change then"
        " without an execution. More than is held gets 322.",
        _RECORDED,
        "trace option_bought_then_exercise_accepted_10349; what happens overnight is chosen",
    ),
    Card(
        "orders.allocation",
        "An order for an advisor's group has one life; its execution is told for the whole, then for each account.",
        _REPORTED,
        "orders.md 3.19",
    ),
    Card(
        "orders.cash_quantity",
        "An order by cash gets the quantity that the cash buys at the present price, rounded down.",
        _DOCUMENTED,
        "orders.md 3.16; the rounding is chosen",
    ),
    Card(
        "orders.message_rate",
        "More messages in a second than allowed get error 100, the third time is the end; or TWS takes them later.",
        _DOCUMENTED,
        "connection.md 9, conversations.yaml",
        "`messages_per_second`, which is off by default; `rejects_above_rate`.",
    ),
)
