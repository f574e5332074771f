"""Orders: placed, changed, cancelled, found again, and known."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, overload
from weakref import WeakValueDictionary

from anyio.lowlevel import checkpoint_if_cancelled

from anytws.arrow.records import Records
from anytws.client.contract_like import ContractLike, contract_of
from anytws.client.id_block import IdBlock
from anytws.client.order_errors import OrdersStillOpen, OrderUnknown
from anytws.client.order_queries import binding, executed, listed, none_twice, of_completed
from anytws.client.order_streams import FillStream, TradeStream
from anytws.client.placing import ANSWER_SECONDS, answered, check, left, submit, with_ref
from anytws.client.trade import Trade
from anytws.core.arguments import check_flag, check_timeout
from anytws.errors import LocalProtocolError
from anytws.machines.order import OrderLife
from anytws.machines.order_state import Fill
from anytws.messages.contract import Action, SecurityType
from anytws.messages.executions import ExecutionFilter, ExerciseAction
from anytws.messages.order import Order
from anytws.messages.order_types import Price, Quantity, SharedFields
from anytws.messages.order_words import OcaType
from anytws.messages.orders import CompletedOrder, GlobalCancelRequest, PlaceOrderRequest

if TYPE_CHECKING:
    from typing import Unpack

    from anytws.client.conversing import Conversing
    from anytws.client.families import Bracket
    from anytws.client.order_picture import OrderPicture
    from anytws.client.reconciling import Reconciler
    from anytws.machines.fate import Fate
    from anytws.machines.margins import Margins


class Orders:
    """Orders. It is ``tws.orders``.

    What is believed of them lives as long as ``tws`` does, also over reconnections.
    """

    def __init__(self, tws: Conversing) -> None:
        self._tws = tws
        self._trades: WeakValueDictionary[OrderLife, Trade] = WeakValueDictionary()
        self._reconciler: Reconciler | None = None
        self.id_block: IdBlock = IdBlock()
        """Who needs order ids one after the other, with nothing in between: families."""

    def __repr__(self) -> str:
        return f"<orders of {self._tws.known_orders!r}>"

    # --- what is known -------------------------------------------------------------------------------------------

    @property
    def trades(self) -> tuple[Trade, ...]:
        """All orders that are known, the newest last: this client's, and what TWS has said of those of others.

        Those that are over are forgotten at some time, the oldest first, when there are more than 10,000 of them.

        Raises `WrongThread` in another thread than that of the connection, as long as that lives.
        """
        if self._tws.known_orders.over is None:
            self._tws.require_thread("Orders.trades", waits=False)
        return tuple([self.trade_of(life) for life in self._tws.known_orders.lives])

    def trade(self, ref: str) -> Trade | None:
        """Give this client's order with the reference *ref*, the newest of several; None where none is known.

        Raises `WrongThread` as `trades` does.
        """
        if self._tws.known_orders.over is None:
            self._tws.require_thread("Orders.trade", waits=False)
        life = self._tws.known_orders.by_ref.get(ref) or self._tws.intake.recall(ref)
        return None if life is None else self.trade_of(life)

    def trade_of(self, life: OrderLife) -> Trade:
        """Give the trade of *life*: the same one as long as somebody holds it."""
        trade = self._trades.get(life)
        if trade is None:
            trade = self._trades[life] = Trade(self._tws, life)
        return trade

    # --- to place ------------------------------------------------------------------------------------------------

    async def place(
        self, contract: ContractLike, order: Order, *, ref: str = "", again: bool = False, timeout: float | None = None
    ) -> Trade:
        """Place an order, and give its trade when TWS has acknowledged it.

        ::

            trade = await tws.orders.place(Stock("AAPL"), LimitOrder("BUY", 100, "180.50"), ref="rebalance-17")

        *ref* is your own key for it: it goes along as ``order_reference``, comes back with the order in every session,
        and is placed once: a second time raises `AlreadyPlaced`, also while the first is in flight, and after a restart
        if there is a journal. *again* allows it for one that was refused. An order without one is hard to find again.

        Acknowledged is the first live word, an execution, or the end (``IOC``). Where TWS says ``Inactive`` and nothing
        else for two seconds, the order ``is_held``. With ``transmit=False`` TWS says nothing at all; then the trade is
        given as soon as the bytes have left (``is_untransmitted``). *timeout* is in seconds; None: a minute, since TWS
        was seen to say nothing for half a one about an order that worked.

        Raises `OrderRejected` where TWS refuses it, and `OrderUnknown` where the deadline passes or the connection ends
        before TWS has said anything that settles it: that is no refusal, ``await unknown.resolve(tws)`` finds out.
        Nothing is ever sent again by itself. Raises what `Tws.send` does, and leaves nothing behind then. Who is
        cancelled while bytes have left has an order: it is in `trades`, and found by its reference (`trade`).
        """
        tws = self._tws
        tws.require_thread("Orders.place", waits=True)
        check_timeout(timeout)
        check_flag("again", again)
        request = PlaceOrderRequest(contract_of(contract), with_ref(order, ref))
        check(tws, (request,), again=again)
        # Whoever is cancelled already sends nothing.
        await checkpoint_if_cancelled()
        if self.id_block.is_taken:
            # Nothing is to stand between the ids of a family.
            await self.id_block.until_free()
            check(tws, (request,), again=again)
        submitted = submit(tws, request)
        life = submitted.life
        if not order.transmit:
            await left(tws, submitted, timeout)
        else:
            await answered(tws, life, timeout)
        return self.trade_of(life)

    @overload
    async def bracket(
        self,
        contract: ContractLike,
        entry: Action | str,
        quantity: Quantity,
        limit_price: Price | None = None,
        *,
        profit_price: Price | None = None,
        stop_price: Price | None = None,
        profit_taker: Order | None = None,
        stop_loss: Order | None = None,
        ref: str = "",
        again: bool = False,
        timeout: float | None = None,
        **fields: Unpack[SharedFields],
    ) -> Bracket: ...
    @overload
    async def bracket(
        self,
        contract: ContractLike,
        entry: Order,
        *,
        profit_price: Price | None = None,
        stop_price: Price | None = None,
        profit_taker: Order | None = None,
        stop_loss: Order | None = None,
        ref: str = "",
        again: bool = False,
        timeout: float | None = None,
    ) -> Bracket: ...
    async def bracket(self, contract: ContractLike, entry: Any, *args: Any, **options: Any) -> Bracket:
        """Place an order, and with it the one or two that end what it begins; give their trades.

        ::

            bracket = await tws.orders.bracket(apple, "BUY", 100, 180, profit_price=190, stop_price=175, ref="apple-1")

        The entry is a side, a quantity and a limit (without one: at the market), or an `Order` of its own; the children
        are given by their prices, or as orders. Their references are ``apple-1``, ``apple-1/profit`` and
        ``apple-1/stop``. Nothing works before TWS has all of them and has refused none.

        Raises `BracketBroken` where TWS refuses a member: the others are cancelled, and it says what became of each.
        `OrderUnknown` with its ``members`` where nobody knows; all else as `place` does.
        """
        from anytws.client import families  # noqa: PLC0415 (only who places families needs them)

        self._tws.require_thread("Orders.bracket", waits=True)
        return await families.bracket(self._tws, contract, entry, *args, **options)

    async def one_cancels_all(
        self,
        orders: Iterable[tuple[ContractLike, Order]],
        *,
        group: str | None = None,
        oca_type: OcaType = OcaType.CANCEL_WITH_BLOCK,
        ref: str = "",
        again: bool = False,
        timeout: float | None = None,
    ) -> tuple[Trade, ...]:
        """Place orders, of contracts of their own, of which a fill of one cancels the others; give their trades.

        *oca_type* says what a fill does; the vendor does it, and not atomically: within some 200 ms two can fill. The
        name of the *group* is made up unless one is given. Their references are ``ref/1``, ``ref/2`` and so on.

        Raises `BracketBroken` where TWS refuses a member: the others are cancelled. All else as `bracket` does.
        """
        from anytws.client import families  # noqa: PLC0415 (only who places families needs them)

        self._tws.require_thread("Orders.one_cancels_all", waits=True)
        return await families.one_cancels_all(
            self._tws, orders, group=group, oca_type=oca_type, ref=ref, again=again, timeout=timeout
        )

    async def what_if(self, contract: ContractLike, order: Order, *, timeout: float | None = None) -> Margins:
        """Ask what an order would do to the account: margins, and what it would cost. Nothing is placed.

        Amounts that TWS does not say are None. Raises `RequestFailed` with TWS's reason where the order would be
        refused, and what else `Tws.ask` raises.
        """
        from anytws.client import previews  # noqa: PLC0415 (only who asks needs it)

        self._tws.require_thread("Orders.what_if", waits=True)
        return await previews.what_if(self._tws, contract, order, timeout=timeout)

    async def exercise(
        self,
        option: ContractLike,
        quantity: int | Decimal,
        *,
        action: ExerciseAction = ExerciseAction.EXERCISE,
        account: str = "",
        override: bool = False,
        timeout: float | None = None,
    ) -> Trade:
        """Exercise an option, or let it lapse, and give the order that TWS makes of it.

        *option* is best what an account holds (a `Position`), with its account. *override* does it also where it is not
        the natural thing. The position changes overnight, without an execution to wait for; to take it back needs TWS.

        Raises `OrderRejected` (322: not exercisable, hardly in the money, in clearing), and all else as `place` does.
        """
        from anytws.client import previews  # noqa: PLC0415 (only who exercises needs it)

        self._tws.require_thread("Orders.exercise", waits=True)
        return await previews.exercise(
            self._tws, option, quantity, action=action, account=account, override=override, timeout=timeout
        )

    # --- to find -------------------------------------------------------------------------------------------------

    async def open(self, *, timeout: float | None = None) -> tuple[Trade, ...]:
        """Ask TWS which orders are open, of all clients and made by hand, and give their trades.

        ``trade.owner`` says whose each is: TWS lets only its own client change one. It is a picture: what becomes later
        of the orders of others is not told, unless this is the master client. What is not transmitted may be missing.

        Raises as `Tws.ask` does: `RequestFailed` with 321 where TWS lets clients only read. A failed query is never
        empty.
        """
        self._tws.require_thread("Orders.open", waits=True)
        return await listed(self._tws, timeout)

    def follow_open(self, *, timeout: float | None = None) -> TradeStream:
        """Give a block in which every change of belief of any order comes, none lost (`TradeChange`).

        It begins with the orders that are believed open, each as it is; TWS is asked for those of others as reading
        begins, with *timeout* in seconds. The stream lives over reconnections: what was missed comes when it is
        learned, between a `Gap` and its `Resumed`.

        Its reader raises what `open` raises, `SlowConsumer` if 10,000 changes wait, and `ConnectionClosed` at the end.
        """
        self._tws.require_thread("Orders.follow_open", waits=False)
        check_timeout(timeout)
        return TradeStream(self._tws, timeout)

    async def completed(self, *, api_only: bool = False, timeout: float | None = None) -> Records[CompletedOrder]:
        """Ask TWS which orders came to their end today, and give what it says of each, once.

        ``order_state.completed_status`` says how, for people; ``order.filled_quantity`` how much was filled.
        *api_only* leaves out those that were made by hand. How far back "today" reaches is not certain.

        Raises as `Tws.ask` does: `RequestFailed` with 321 where TWS lets clients only read, and `RequestTimedOut` where
        it never says the end, as was seen of some.
        """
        self._tws.require_thread("Orders.completed", waits=True)
        check_flag("api_only", api_only)
        return await of_completed(self._tws, api_only=api_only, timeout=timeout)

    async def executions(
        self,
        since: datetime | None = None,
        *,
        days: int | None = None,
        account: str = "",
        symbol: str = "",
        security_type: SecurityType | None = None,
        exchange: str = "",
        side: Action | None = None,
        client_id: int = 0,
        timeout: float | None = None,
    ) -> Records[Fill]:
        """Ask TWS for executions, and give each once, as corrected last, with its costs where TWS says them.

        *since* is aware; None: all that TWS gives, which are those since midnight of its zone. *days* asks for so many
        days back (from server version 200). The other arguments leave out what they do not name; *client_id* 0 means
        those of all. Of executions of other clients the costs are told to nobody else: ``costs`` is None then.

        Raises as `Tws.ask` does, and `ValueError` for a time without a zone. A failed query is never empty.
        """
        self._tws.require_thread("Orders.executions", waits=True)
        if since is not None and since.tzinfo is None:
            raise ValueError(f"since is {since}, and has to be aware: with a time zone, such as datetime.now(UTC)")
        # TWS says and takes whole seconds.
        begin = None if since is None else since.replace(microsecond=0)
        chosen = ExecutionFilter(client_id, account, begin, symbol, security_type, exchange, side, days)
        return await executed(self._tws, chosen, begin, timeout)

    def follow_executions(self) -> FillStream:
        """Give a block in which each execution comes as it becomes known, once: a `Fill`.

        Those that are known when the block is entered do not come. A correction comes as an execution of its own, with
        an id of which the last number is higher. Costs are mostly told later, and are then in `Trade.fills`. Executions
        that were missed over a reconnection come when they are learned, between a `Gap` and its `Resumed`.

        Its reader raises `SlowConsumer` if 10,000 wait, and `ConnectionClosed` at the end.
        """
        self._tws.require_thread("Orders.follow_executions", waits=False)
        return FillStream(self._tws)

    # --- all of them ---------------------------------------------------------------------------------------------

    async def cancel_all(self, *, timeout: float | None = None) -> None:
        """Cancel every order of the login, and return when TWS has twice in a row said that none is open.

        **It hits the orders of other clients, too, and those that people made by hand.** Positions stay as they are.
        *timeout* is in seconds, None: a minute.

        Raises `OrdersStillOpen` with the rest where that takes longer, what `open` raises where TWS does not say, and
        `ConnectionClosed`; the cancel was sent then, once.
        """
        tws = self._tws
        tws.require_thread("Orders.cancel_all", waits=True)
        check_timeout(timeout)
        seconds = ANSWER_SECONDS * tws.timeout_factor if timeout is None else timeout
        tws.send(GlobalCancelRequest())
        rest = await none_twice(tws, seconds)
        if rest:
            raise OrdersStillOpen(rest, seconds)

    async def bind_manual(self, *, timeout: float | None = None) -> tuple[Trade, ...]:
        """Bind the orders that people make in TWS to this client, present and future ones; give the present ones.

        They get (negative) order ids, and can be changed and cancelled from here then. Client 0 alone may do it.

        Raises `LocalProtocolError` for every other client, and else as `open` does.
        """
        tws = self._tws
        tws.require_thread("Orders.bind_manual", waits=True)
        client_id = tws.known_orders.client_id
        if client_id != 0:
            raise LocalProtocolError(
                f"orders that were made by hand can be bound to client 0 alone, and this is client {client_id}: "
                "connect with client_id=0",
                message="AutoOpenOrdersRequest",
            )
        return await binding(tws, timeout)

    # --- what is not known ---------------------------------------------------------------------------------------

    async def reconcile(self, *, timeout: float | None = None) -> OrderPicture:
        """Ask TWS for open orders, executions, completed orders and positions, and give one consistent picture.

        Orders of an earlier run of the program are in `trades` then, by reference or permanent id.

        Raises `ReconcileIncomplete`, with what was learned, where a part could not be had.
        """
        self._tws.require_thread("Orders.reconcile", waits=True)
        return await self._asking().reconcile(timeout=timeout)

    async def resolve(self, unknown: OrderUnknown, *, timeout: float | None = None) -> Fate:
        """Find out what became of an order of which nobody knew it: live, done, never arrived, or still unknown."""
        self._tws.require_thread("Orders.resolve", waits=True)
        return await self._asking().resolve(unknown, timeout=timeout)

    def _asking(self) -> Reconciler:
        if self._reconciler is None:
            from anytws.client.reconciling import Reconciler  # noqa: PLC0415 (only who asks needs it)

            self._reconciler = Reconciler(self._tws, self.trade_of)
        return self._reconciler
