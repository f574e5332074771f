"""What is believed of an order, as values: its outcome, its state, each change of it, and what was executed.

How the belief comes about is `anytws.machines.order`; the rules are those of the recorded lives of orders.
"""

from __future__ import annotations

from decimal import Decimal
from enum import Enum, unique
from typing import TYPE_CHECKING, Final, TypeAlias

from anytws.core.code_words import Outstanding
from anytws.core.events import ConnectionClosed
from anytws.core.remembered import weighs_always
from anytws.messages.base import Message, record
from anytws.messages.contract import Contract
from anytws.messages.executions import CommissionAndFeesReport, Execution
from anytws.messages.order_words import OrderStatusWord
from anytws.messages.session import ErrorMessage


@unique
class OrderOutcome(Enum):
    """What an order has come to, as far as is known."""

    if not TYPE_CHECKING:
        __hash__ = object.__hash__

    UNKNOWN = "unknown"
    """Nothing was heard that says it. It may work, be over, or never have arrived: only a query tells."""
    OPEN = "open"
    """It is alive at TWS, at the vendor, or at an exchange."""
    FILLED = "filled"
    """Nothing remains."""
    CANCELLED = "cancelled"
    """What was not filled is cancelled. An execution may still come late."""
    REJECTED = "rejected"
    """It was refused."""
    WHAT_IF = "what_if"
    """It was a question about margins and costs, and never an order."""

    @property
    def is_done(self) -> bool:
        """Whether nothing is expected any more, save for late executions and their costs."""
        return self not in (OrderOutcome.UNKNOWN, OrderOutcome.OPEN)


@unique
class Left(Enum):
    """How much of what was sent has left this process."""

    NONE = "none"
    """Nothing: TWS cannot have heard of it."""
    SOME = "some"
    """Some of it, or nobody can tell: TWS may have heard of it."""
    ALL = "all"
    """All of it was given to the system. That TWS has read it is not said by that."""


@unique
class Owner(Enum):
    """Whose order it is."""

    OURS = "ours"
    """This client id's: of this program, or of an earlier run of it."""
    OTHER_CLIENT = "other_client"
    """Another client id's. TWS lets only that one change it."""
    MANUAL = "manual"
    """Made by hand in TWS, or by FIX, and bound to no client: order id 0. Only its permanent id names it."""
    BOUND = "bound"
    """Made by hand, and bound to client 0 by a negative order id."""


@record
class Fill:
    """One execution of an order, and what it cost."""

    execution: Execution
    """The newest word of it: a correction has taken the place of what it corrects."""
    contract: Contract
    """What was traded: of a combination, a leg perhaps."""
    costs: CommissionAndFeesReport | None = None
    """What it cost, and what was earned by it; None until TWS says it, which it may never do."""


@record
class Remark:
    """What TWS has said about an order with a code."""

    code: int
    text: str | None
    """For people, in the language of that TWS; None where it could not be read."""
    outstanding: Outstanding
    """What had been sent last for the order when it came."""
    message: ErrorMessage
    """The message as it came."""
    after: int = 0
    """How many things had been sent for the order when it came: the order itself, changes, cancels."""


_MARKS: Final = ("held", "untransmitted", "contested", "unsure")
"""What may be said of a state beside what it has come to."""


@record
class TradeState:
    """What is believed of an order at one moment. Two of them are equal when all that they say is."""

    status: OrderOutcome = OrderOutcome.UNKNOWN
    """What it has come to."""
    word: OrderStatusWord | None = None
    """The last word of TWS about it, in its own terms; None: none was heard. It is news and no ledger: an order may be
    filled, and this still say ``Submitted``."""
    filled: Decimal = Decimal(0)
    """How much is filled: the most that executions or statuses have said. It never falls but by a correction of an
    execution (``taken_back``)."""
    taken_back: Decimal = Decimal(0)
    """How much of what executions had said was taken back by corrections of them."""
    remaining: Decimal | None = None
    """How much is not filled; zero once the order is, also where not all of its fills were told. None where the
    quantity of the order is not known."""
    total_quantity: Decimal | None = None
    """How much is to be filled in all, as TWS last said it, else as it was asked for; None where neither is known. TWS
    makes it smaller or greater by itself where the order is the child of a parent that is filled in parts."""
    average_fill_price: float | None = None
    """The average price of what is filled, without costs; None while nothing is, or where no price was told."""
    ref: str = ""
    """The caller's own reference, which TWS carries as ``order_reference``; empty where it has none."""
    order_id: int | None = None
    """The id under which its client knows it; None where it was never told."""
    client_id: int | None = None
    """The client that placed it; None where it was never told."""
    permanent_id: int = 0
    """The number at the vendor, the same in all sessions and for all clients; 0: not told yet."""
    permanent_ids: tuple[int, ...] = ()
    """Its own, and those of other orders that have come of the same intent. More than one: a change that was sent while
    TWS had no link has become a second order (reported), and both may work; each has a belief of its own."""
    account: str = ""
    """Whose it is; empty where it is not known."""
    owner: Owner = Owner.OURS
    why_held: str = ""
    """Why TWS or the vendor holds it: ``trigger``, ``child``, ``locate``; several with commas. Empty: not held, or not
    said."""
    is_held: bool = False
    """Its last word is ``Inactive``, and no code says that it is refused: it was refused all the same, or waits to be
    transmitted, or is held, or somebody has deactivated it. For the purpose of risk it is alive, for the purpose of
    protection it is not."""
    is_untransmitted: bool = False
    """It was placed with ``transmit=False``, and nothing has transmitted it: TWS says nothing about such an order."""
    is_contested: bool = False
    """What was heard does not settle what became of it: ask (`anytws.Tws.orders` reconciles). A code that refuses came,
    and the order may live all the same; or a live word came behind its end; or something about it could not be read."""
    is_unsure: bool = False
    """The connection ended, or the link of TWS was down, after the last news of it; nothing that came since then
    settles it."""
    pending: Outstanding = Outstanding.IDLE
    """What was sent for it, and has not been answered yet: the order itself, a change, a cancel."""
    last_error: ErrorMessage | None = None
    """The last code about it, remarks included."""
    ended_text: str = ""
    """How it ended in the words of TWS, for people (``Cancelled by Trader``); in the language of that TWS, and only
    where completed orders were asked for. TWS lists what it has refused as cancelled: only this text may say that it
    was, and ``status`` does not depend on it."""
    commission_and_fees: float | None = None
    """The sum of what its executions cost, in ``currency``; None until TWS says it of any."""
    currency: str = ""
    """The currency of the costs; empty where none were told, or in several."""
    realized_pnl: float | None = None
    """The sum of what its executions earned by closing a position; None where none did."""

    @property
    def is_done(self) -> bool:
        """Whether nothing is expected any more, save for late executions and their costs."""
        return self.status.is_done and not self.is_contested

    @property
    def is_live(self) -> bool:
        """Whether it may still be filled, as far as is known: it is open, or nobody knows."""
        return not self.is_done

    def __str__(self) -> str:
        """Tell it in one line, without its names: ``open (Submitted), 40 of 100 filled at 180.5, unsure``."""
        word = "" if self.word is None else f" ({self.word})"
        whole = "" if self.total_quantity is None else f" of {self.total_quantity:f}"
        price = "" if self.average_fill_price is None else f" at {self.average_fill_price!r}"
        marks = [mark for mark in _MARKS if getattr(self, f"is_{mark}")]
        return ", ".join([f"{self.status.value}{word}", f"{self.filled:f}{whole} filled{price}", *marks])


Cause: TypeAlias = "Message | ConnectionClosed | str"
"""Why a belief changed: what TWS said, what was sent to it, the end of the connection, or a conclusion, in words."""


@record
class Change:
    """One change of what is believed of an order."""

    before: TradeState
    state: TradeState
    because: Cause


# Its texts are those of the messages that have told them: of each change, `Change.because`, which is weighed.
weighs_always(TradeState, 1024)
