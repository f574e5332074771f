# Written by docs/write_sync.py from the async classes: change those instead.
# ruff: noqa: A002, D200, D205, E501, I001, PYI011, PYI021, Q000
# fmt: off
"""The client for threads that wait: scripts, notebooks, thread pools. Same verbs, no ``await``, nothing patched."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any, Literal, TypeVar, Unpack, overload
from anytws.arrow.records import Records
from anytws.client.contract_like import ContractLike
from anytws.client.download import OnFailure
from anytws.client.historical import PastTick
from anytws.client.keep_connected import OnPresence
from anytws.client.named import Named
from anytws.client.order_changes import OrderChanges
from anytws.client.order_errors import OrderUnknown
from anytws.client.sync_blocks import SyncDownload as SyncDownload, SyncHealthChanges as SyncHealthChanges, SyncShownGroup as SyncShownGroup, SyncWatch as SyncWatch
from anytws.client.sync_connection import SyncConnection as SyncConnection
from anytws.client.sync_orders import SyncBracket as SyncBracket, SyncFillStream as SyncFillStream, SyncPresenceChanges as SyncPresenceChanges, SyncTradeChanges as SyncTradeChanges, SyncTradeStream as SyncTradeStream
from anytws.client.sync_streams import SyncEventStream as SyncEventStream, SyncFeed as SyncFeed, SyncFeeds as SyncFeeds, SyncSent as SyncSent, SyncStream as SyncStream
from anytws.client.tws import Tws
from anytws.client.watch import WatchedQuote
from anytws.core.codes import CodeTable
from anytws.core.options import HandshakeOptions
from anytws.core.state import State
from anytws.machines.accounts import Holdings
from anytws.machines.advisor_documents import AccountAlias, AccountGroup
from anytws.machines.bars import Bar
from anytws.machines.book import Book
from anytws.machines.download_trouble import Retries
from anytws.machines.fate import Fate
from anytws.machines.figures import Figures
from anytws.machines.health import Health
from anytws.machines.journal import Journal
from anytws.machines.mailbox import Desk, Mailbox, WhenFull
from anytws.machines.margins import Margins
from anytws.machines.option_chain import OptionChain
from anytws.machines.order_gate import Gate
from anytws.machines.order_state import Cause, Fill, Left, Owner, TradeState
from anytws.machines.pacing import Pacing
from anytws.machines.presence import Presence
from anytws.machines.price_steps import PriceSteps
from anytws.machines.quotes import Quote
from anytws.machines.reconcile import PositionDifference
from anytws.machines.reconnection import Reconnection
from anytws.machines.records import InBand
from anytws.machines.resolving import ContractRow, Resolution
from anytws.machines.session import SessionStatistics
from anytws.machines.sessions import TradingHours, TradingSession
from anytws.machines.updating_bars import UpdatingItem
from anytws.messages.accounts import FamilyCode, PnL, PnLSingle, PortfolioValue, Position, PositionMulti
from anytws.messages.advisors import FADataType
from anytws.messages.base import Asks, Streams, ToTws
from anytws.messages.config import ApiConfig, ConfigResponse, LockAndExitConfig, MessageConfig, OrdersConfig, UpdateConfigResponse, UpdateConfigWarning
from anytws.messages.connection_time import ConnectionTime
from anytws.messages.contract import Action, Contract, SecurityType
from anytws.messages.contracts import ContractDescription, MarketRule
from anytws.messages.executions import ExerciseAction
from anytws.messages.historical import BarSize, HistogramDataEntry, RealTimeWhatToShow, TicksWhatToShow, WhatToShow
from anytws.messages.market_data import DepthMarketDataDescription, HistoricalTick, HistoricalTickBidAsk, HistoricalTickLast, MarketDataAnswer, MarketDataMode, SmartComponent, TickByTickType, TickNews, TickOptionComputation
from anytws.messages.news import Headlines, HistoricalNews, NewsArticle, NewsBulletin, NewsProvider
from anytws.messages.order import Order
from anytws.messages.order_parts import SoftDollarTier
from anytws.messages.order_types import Price, Quantity, SharedFields
from anytws.messages.order_words import OcaType
from anytws.messages.orders import CompletedOrder
from anytws.messages.scanner import ScannerData, ScannerDataElement, ScannerSubscription
from anytws.messages.wsh import WshEventData, WshMetaData
from anytws.runtime.hook import Hook
from anytws.runtime.pump import OnWaiting
from anytws.wire.limits import Limits

_C = TypeVar('_C', bound=ContractLike)
_M = TypeVar('_M', bound=ToTws)
_N = TypeVar('_N', bound=Named)
_T = TypeVar('_T')

class SyncAccounts:
    """Accounts: summary, values, positions, portfolio, profit and loss. It is ``tws.accounts``.

    Each question has a sibling that lasts: ``follow_...`` gives, inside its block, one picture after the other. The
    first comes when TWS has said all there is; each is whole, says what ``changed``, and takes the place of the one
    before it, so a slow reader finds the newest. TWS says changes of positions at once, and all else every 3 minutes.

    All raise what `Tws.ask` and `Tws.stream` raise. A question leaves no subscription behind.
    """

    @property
    def managed(self) -> tuple[str, ...] | None:
        """The accounts that this login manages; None if TWS has not said them (ADR 0004)."""

    def summary(self, tags: Iterable[str] | str = ..., *, group: str = 'All', timeout: float | None = None) -> Figures:
        """Give figures of several accounts.

        *tags* are members of `AccountSummaryTag`, or ``$LEDGER`` for what is held in the base currency,
        ``$LEDGER:EUR`` in that one, ``$LEDGER:ALL`` in all. What TWS does not know it leaves out without a word, and an
        empty summary would look like an answer: so a tag that there is not is refused here, as `LocalProtocolError`.
        `AccountSummaryTag.verbatim` sends one that is newer than this library. The ledger is that of the whole group,
        under its name. *group* is ``All``, or a group of accounts that an advisor has set up in TWS. TWS has room for
        two summaries at a time: a third one waits for a place.

        *timeout* is in seconds from the call, 30 unless something else is said; so for all here, where nothing else is
        written. Raises `RequestFailed` with 322 where TWS has no room for one more, 321 for a group that it does not
        know, and for ``All`` where the login has more than 50 accounts.
        """

    def follow_summary(
        self,
        tags: Iterable[str] | str = ...,
        *,
        group: str = 'All',
        timeout: float | None = None,
    ) -> SyncFeed[Figures]:
        """Give a block in which the figures of several accounts come, see `summary`; changes come every 3 minutes.

        Entering it raises `LimitReached` while two are open on this connection.
        """

    def values(self, account: str | None = None, *, timeout: float | None = None) -> Figures:
        """Give all figures of one account, of its segments, and of each currency that it holds.

        *account* is None for the only one; of an advisor ``F1234567A`` means all. Look at `Figures.is_ready`: while the
        vendor resets its servers the figures may be old or wrong. TWS keeps one account up to date at a time, for
        `values` and `portfolio` and those that follow them: the same one is shared, and while another is followed,
        `LocalProtocolError` names it. `values_of` has no such limit.

        Raises `RequestFailed` with 321 for an account that TWS does not know, with 2101 where another client of this
        TWS follows another account, with 2100 where TWS ended it; and `RequestTimedOut` where TWS says no end, as some
        of its versions were reported to do: ``received`` is what came.
        """

    def follow_values(self, account: str | None = None, *, timeout: float | None = None) -> SyncFeed[Figures]:
        """Give a block in which all figures of one account come, see `values`.

        The first `Figures` come when TWS has said all of them once, the next when it closes what it says together by
        saying what time it is: at once when a position changes, otherwise about every 3 minutes. From a TWS that does
        not say when all has been said once, as some versions do, the first come with the second batch.
        """

    def portfolio(self, account: str | None = None, *, timeout: float | None = None) -> Records[PortfolioValue]:
        """Give the positions of one account with what they are worth.

        Amounts are in the currency of the contract, ``average_cost`` is that of one contract with its multiplier and
        commissions. What was closed today is left out. For *account*, and errors, see `values`.
        """

    def follow_portfolio(
        self,
        account: str | None = None,
        *,
        timeout: float | None = None,
    ) -> SyncFeed[Holdings[PortfolioValue]]:
        """Give a block in which the positions of one account come with what they are worth, see `portfolio`.

        What they are worth is said with the figures, about every 3 minutes, and when the position changes: for prices
        as they happen, see `Tws.market_data`.
        """

    def positions(self, *, timeout: float | None = None) -> Records[Position]:
        """Give the positions of all accounts that this login sees.

        What was closed today is left out. Raises `RequestFailed` with 321 where the login has more than 50 accounts:
        then ask `positions_of` each.
        """

    def follow_positions(self, *, timeout: float | None = None) -> SyncFeed[Holdings[Position]]:
        """Give a block in which the positions of all accounts come: after each fill, and not with prices."""

    def positions_of(
        self,
        account: str | None = None,
        *,
        model: str = '',
        timeout: float | None = None,
    ) -> Records[PositionMulti]:
        """Give the positions of one account, or of one *model* of an advisor; *account* is None for the only one."""

    def follow_positions_of(
        self,
        account: str | None = None,
        *,
        model: str = '',
        timeout: float | None = None,
    ) -> SyncFeed[Holdings[PositionMulti]]:
        """Give a block in which the positions of one account or *model* come, after each fill."""

    def values_of(
        self,
        account: str | None = None,
        *,
        model: str = '',
        ledger_only: bool = False,
        timeout: float | None = None,
    ) -> Figures:
        """Give the figures of one account, or of one *model* of an advisor: of as many at a time as one likes.

        They are those of `values`, save that it says no time. *ledger_only* leaves out all but what is held in each
        currency. *account* is None for the only one.
        """

    def follow_values_of(
        self,
        account: str | None = None,
        *,
        model: str = '',
        ledger_only: bool = False,
        timeout: float | None = None,
    ) -> SyncFeed[Figures]:
        """Give a block in which the figures of one account or *model* come, see `values_of`."""

    def pnl(self, account: str | None = None, *, model: str = '', timeout: float | None = None) -> PnL:
        """Give the profit and loss of one account, or of one *model*, in the account's base currency.

        What TWS says first may be rough, and it corrects that after about a second; so this takes 1.5 seconds from the
        first amounts on. What TWS cannot compute is None, all of it perhaps, if *timeout* passes first. When a day
        begins is a setting of TWS. *account* is None for the only one.

        Raises `RequestFailed` with 10183 where TWS has failed to compute it.
        """

    def follow_pnl(
        self,
        account: str | None = None,
        *,
        model: str = '',
        timeout: float | None = None,
    ) -> SyncStream[PnL]:
        """Give a block in which the profit and loss of one account comes, about once a second while it changes.

        The first may be rough, see `pnl`. Each is whole: a slow reader may choose to see the newest alone by reading
        ``batches()``. Outside of trading hours it may be silent; 1101 ends it with `DataLost`.
        """

    def pnl_of(
        self,
        position: ContractLike,
        account: str | None = None,
        *,
        model: str = '',
        timeout: float | None = None,
    ) -> PnLSingle:
        """Give the profit and loss of one position, in the currency of its contract.

        *position* is what an account holds, or a contract with its id; *account* is None for the one that holds it, or
        for the only one. What TWS says first may be rough, see `pnl`. A position that was closed today has a size of 0,
        its realized profit, and no value.

        *timeout* is 10 seconds unless something else is said. Of what the account does not hold TWS says nothing at
        all: that is `RequestTimedOut`, from which nobody can tell it from a slow TWS. Raises `RequestFailed` with 10184
        where TWS has failed to compute it, `ValueError` for a contract without an id.
        """

    def follow_pnl_of(
        self,
        position: ContractLike,
        account: str | None = None,
        *,
        model: str = '',
        timeout: float | None = None,
    ) -> SyncStream[PnLSingle]:
        """Give a block in which the profit and loss of one position comes, about once a second while it changes.

        Of what the account does not hold nothing comes, ever, unless *timeout*, in seconds for the first, is given. A
        `Notice` with 2150 in front of a row says that the position is closed, and has no value any more.
        """

    def family_codes(self, *, timeout: float | None = None) -> Records[FamilyCode]:
        """Give which accounts belong together: for who is in no family one row, with the account ``*``."""

    def white_branding_id(self, *, timeout: float | None = None) -> str:
        """Give the white branding id of the user, empty for a customer of the vendor's own brand.

        Documented is no answer at all for such a one: then it is `RequestTimedOut`, after 10 seconds.
        """

    def soft_dollar_tiers(self, *, timeout: float | None = None) -> Records[SoftDollarTier]:
        """Give the user's tiers of soft dollars, for orders; ordinary users have none."""


class SyncAdvisors:
    """What a financial advisor has set up. It is ``tws.advisors``.

    All raise what `Tws.ask` raises; `RequestFailed` with 321 for who is no advisor.
    """

    def groups(self, *, timeout: float | None = None) -> Records[AccountGroup]:
        """Give the groups of accounts, and how an order is divided among them.

        *timeout* is in seconds from the call, 30 unless something else is said; so for all here. Raises `DecodeError`
        for a document that cannot be read: `document` gives it as it is.
        """

    def aliases(self, *, timeout: float | None = None) -> Records[AccountAlias]:
        """Give the names of accounts. Raises as `groups` does."""

    def document(self, part: FADataType, *, timeout: float | None = None) -> str:
        """Give one *part* of what is set up, as TWS writes it: XML.

        Raises `RequestFailed` with 10230 while a change of it is not finished: ask later.
        """

    def replace(self, part: FADataType, document: str, *, timeout: float | None = None) -> str:
        """Put *document* in the place of one *part*, all of it; give what TWS says to that, for people.

        What `document` gave, with the changes in it, is the way to change a little. It is said once, and never again by
        itself: after `RequestTimedOut` or `ConnectionClosed` it may have been done or not, and `document` tells. Raises
        `RequestFailed` with 10230, 10231 or 10238 where TWS does not take it.
        """


class SyncConfig:
    """The settings of TWS itself. It is ``tws.config``. All raise what `Tws.ask` raises."""

    def read(self, *, timeout: float | None = None) -> ConfigResponse:
        """Give the settings of TWS. From server version 219.

        *timeout* is in seconds from the call, 10 unless something else is said.
        """

    def update(
        self,
        *,
        lock_and_exit: LockAndExitConfig | None = None,
        messages: Iterable[MessageConfig] = (),
        api: ApiConfig | None = None,
        orders: OrdersConfig | None = None,
        accepted_warnings: Iterable[UpdateConfigWarning] = (),
        reset_api_order_sequence: bool | None = None,
        timeout: float | None = None,
    ) -> UpdateConfigResponse:
        """Change settings of TWS, for everybody who uses it; what is None stays as it is. From server version 221.

        It can lock this program out: switch the API off, change its port, let other hosts in. It is said once, and
        never again by itself: after `RequestTimedOut` or `ConnectionClosed` it may have been done or not, and `read`
        tells. *timeout* is in seconds from the call, 30 unless something else is said.

        Raises `SettingsRefused` where TWS has errors, or warnings that are to be accepted first: give
        ``refusal.response.warnings`` back as *accepted_warnings*. What was changed all the same stands there too.
        """


class SyncContracts:
    """Contracts: what TWS knows of what is traded. It is ``tws.contracts``.

    Every verb takes what people have: a `Contract`, what TWS has resolved, a position, an order, an execution, what a
    search has found, or a con id. *timeout* is in seconds from the call; None: as the catalogue says (a minute for
    details). All raise what `anytws.Tws.ask` raises: `RequestFailed`, `RequestTimedOut`, `ConnectionClosed` and others.

    While TWS is cut off from the vendor it says "no such contract" (200) of contracts that there are. A 200 within half
    a minute of that (`RequestFailed.link_was_down`), or while it lasts, is not believed: the link is waited for, and
    the question is asked once more. Where the link does not come back in time, or the second answer is no better, that
    `RequestFailed` is raised, and never `NotFound`.
    """

    def resolve(self, contract: Named, *, timeout: float | None = None) -> ContractRow:
        """Give the one contract that *contract* means, as TWS knows it: a `BondContractData` for a bond, or bill.

        ``found.contract`` is good for an order or a subscription, ``found.details`` is what else is known. Rows of
        several exchanges are one contract, and the one of SMART is given, unless *contract* names an exchange. What TWS
        has told of (a position, an order, an execution, what a search has found) is asked for by its id alone, so that
        the venue of a fill plays no part; it is asked at SMART, or where TWS has it. A `ContractData` is asked for
        anew, at its exchange: hours and rules change.

        Raises `NotFound` where TWS knows none, `Ambiguous` with the candidates where several fit. Raises `TypeError`
        for what names no contract, a plain ``"AAPL"`` above all: that may be a stock, its CFD, or an index (`search`
        finds them); `ValueError` for a combination, of which each leg is a contract.
        """

    def resolve_all(self, contracts: Iterable[_N], *, timeout: float | None = None) -> Records[Resolution[_N]]:
        """Resolve many contracts, 16 at a time, and give for each, in their order, what was found or why not.

        It fails for none of them because of another: ``resolution.error`` says what `resolve` would have raised. Equal
        ones are asked for once. *timeout* is for all of it: what is not answered by then is `RequestTimedOut`; None:
        each has the time that the catalogue gives to one.

        Raises `TypeError` and `ValueError`, before anything is asked, for what cannot be asked, and `ConnectionClosed`.
        """

    def details(self, contract: Named, *, timeout: float | None = None) -> Records[ContractRow]:
        """Give all contracts that fit *contract*, in all that is left out, with a row for each exchange.

        ``Stock("AMD", exchange="")`` is 35 rows, ``Future("ES", exchange="CME")`` each month, ``Option("AAPL",
        "20261218")`` each strike: TWS slows long answers down, 2,000 options may take a minute (`option_chain` is
        faster). The rows are in the order in which TWS sends them, which says nothing.

        Raises `NotFound` where TWS knows none, `TypeError` and `ValueError` as `resolve` does.
        """

    def trading_hours(self, contract: Named, *, timeout: float | None = None) -> TradingHours:
        """Give all hours in which *contract* is traded, of today and the next days, as sessions with aware datetimes.

        TWS is asked anew, also for a `ContractData`, since what it tells is of today and five days more. Of details
        that were just asked for, `anytws.machines.sessions.trading_hours` reads them without a question.

        Raises `HoursUnknown` where TWS does not tell them, or so that they cannot be read, and what `resolve` raises.
        """

    def liquid_hours(self, contract: Named, *, timeout: float | None = None) -> TradingHours:
        """Give the regular hours of *contract*. As `trading_hours` in all else."""

    def search(self, text: str, *, timeout: float | None = None) -> Records[ContractDescription]:
        """Search contracts by the beginning of a symbol, or by words of a name: some 16 to 20, the best first.

        Nothing found is an empty tuple. What is found can be resolved as it is. The issuer of bonds is found with a
        contract id of -1: `details` gives its bonds. TWS takes one search a second (documented), so that several wait
        for each other.
        """

    def option_chain(
        self,
        underlying: Named,
        exchange: str | None = None,
        *,
        trading_class: str = '',
        timeout: float | None = None,
    ) -> OptionChain:
        """Give the chain of options on *underlying* at one *exchange*: its expirations, its strikes, its contracts.

        *exchange* None is SMART, and for options on a future, which SMART does not know, the exchange of the future.
        *trading_class* chooses where there are several, such as ``SPX`` (settled at the opening) and ``SPXW``. A class
        that an adjustment has left behind, ``2AAPL`` beside ``AAPL``, is given only where it is named.

        The chain is not asked of the slow details: not every pair of an expiration and a strike exists.

        Raises `NotFound` where there is no such chain, `Ambiguous` with the chains where several classes are left, and
        what `resolve` raises for *underlying*.
        """

    def option_chains(self, underlying: Named, *, timeout: float | None = None) -> Records[OptionChain]:
        """Give all chains of options on *underlying*, one for each exchange and trading class, in that order.

        Apple has 41. Raises `NotFound` where there is none, and what `resolve` raises for *underlying*.
        """

    def market_rule(self, rule: int | str, *, timeout: float | None = None) -> MarketRule:
        """Give a rule of price steps, by its number in ``details.market_rule_ids``.

        `price_steps` asks for that of a contract, and rounds by it. TWS knows a rule once it has told of a contract
        that has it; of any other it says 321, or nothing (reported), which is `RequestTimedOut`.
        """

    def price_steps(self, contract: Named, exchange: str = '', *, timeout: float | None = None) -> PriceSteps:
        """Give the price steps of *contract* on *exchange*, by default its own: which prices an order may have there.

        Of a `ContractData` the details are taken as they are, all else is resolved before. Where TWS tells no rule for
        the exchange, the step is ``details.min_tick`` at every price.

        Raises what `resolve` and `market_rule` raise, `ValueError` for an exchange at which the contract is not traded,
        and `RemoteProtocolError` where TWS says no step, or one that is none.
        """

    def smart_components(self, bbo_exchange: str, *, timeout: float | None = None) -> Records[SmartComponent]:
        """Give the exchanges that the letters in quotes of SMART stand for, by the key ``TickReqParams.bbo_exchange``.

        A stream of market data begins with that message. While its market is closed TWS may not answer (reported): that
        is `RequestTimedOut`. Raises `ValueError` for an empty key, which is what TWS gives where there are no letters.
        """


class SyncDisplayGroups:
    """The groups of windows of TWS that show one contract. It is ``tws.display_groups``.

    All raise what `Tws.ask` and `Tws.stream` raise. A Gateway, which has no windows, has groups that never change.
    """

    def groups(self, *, timeout: float | None = None) -> tuple[int, ...]:
        """Give the numbers of the groups, the one that is used most first.

        *timeout* is in seconds from the call, 10 unless something else is said.
        """

    def follow(
        self,
        group: int,
        *,
        timeout: float | None = None,
        capacity: int = 10000,
        when_full: WhenFull = 'fail',
    ) -> SyncShownGroup:
        """Give a block in which it comes what *group* shows: now, and whenever somebody has it show something else.

        `ShownGroup.update` has it show another contract. *timeout*, in seconds, is for the first, 10 unless something
        else is said. Raises `RequestFailed` with 321 for a group that there is not.
        """


class SyncHealthTopic:
    """How the connection does, layer by layer. It is ``tws.health``."""

    @property
    def now(self) -> Health:
        """How all is at this moment: socket, link, farms, ages. One value that never changes.
        """

    def until(self, holds: Callable[[Health], bool], *, timeout: float | None = None) -> Health:
        """Wait until *holds* is true of the health, and give that health; at once, if it is true already.

        ::

            tws.health.until(lambda health: health.is_well, timeout=60)

        *holds* is asked at each change, and every 0.25 seconds for the sake of the ages. *timeout* is in seconds, None
        waits for ever. What comes and goes within one read of the socket it does not see; `Health.link_losses` does.

        Raises `HealthTimedOut`, `ConnectionClosed` when the connection ends (unless *holds* is true of that health, in
        which ``closed`` says how), and whatever *holds* raises.
        """

    def changes(self) -> SyncHealthChanges:
        """Give a block in which the health comes whenever a layer has changed, beginning with the present.

        ::

            with tws.health.changes() as changes:
                for health in changes:
                    print(health)

        It never holds more than one: who reads slowly is told the newest, as it is when it is read. Ages are no change.
        """


class SyncHistorical:
    """History: bars, ticks, schedules; downloads. It is ``tws.historical``.

    Whatever TWS refuses raises `RequestFailed` with its code and text. Nothing stored for the time that was asked for
    is no failure, and gives an empty run, but only where TWS has said just that
    (`anytws.machines.no_data.NO_DATA_TEXTS`). Every run is a tuple of records that can be handed to pandas, polars and
    others as it is (`anytws.Records`).

    Requests for bars of 30 seconds or less, for ticks and for head timestamps are rationed by TWS: 60 in ten minutes,
    not the same one twice in 15 seconds. Larger bars are slowed down by it at most. All verbs wait a minute for an
    answer, unless *timeout*, in seconds, says otherwise; what is large may take that long.
    """

    def bars(
        self,
        contract: ContractLike,
        duration: str | timedelta,
        bar_size: BarSize | str = BarSize.DAY_1,
        what_to_show: WhatToShow | str = WhatToShow.TRADES,
        *,
        end: datetime | None = None,
        regular_hours: bool = True,
        timeout: float | None = None,
    ) -> Records[Bar]:
        """Give the bars of *contract* in the *duration* up to *end*, oldest first.

        *duration* is TWS's ``"2 D"``: a number, a blank, and ``S``, ``D`` (time in which there is trading: one day is
        the running one), ``W``, ``M`` or ``Y`` (by the calendar); or a timedelta, of which whole days are ``D``. *end*
        is an aware datetime, cut to its second, or None: now. So the bars need not begin at *end* minus *duration*.
        Times are in UTC, and a bar of a day or more has its trading day instead (`Bar`). The running bar is among them
        if *end* is now, and so is a part of one that *end* cuts: of the last bar it is not known whether it is over.

        Empty where TWS says that it has no data for that time. Raises `ValueError`, `TypeError` or `LocalProtocolError`
        for what TWS would refuse, before it is asked (a naive *end*, more than 86,400 seconds or 365 days, updates or
        an end where there are none); `RequestFailed` with what TWS refuses: 162 (no permission, pacing, a bar size that
        does not fit the duration), 200 (no such contract), 2188 (data of the last minutes need a subscription, and no
        bars came: ask with an *end* of a quarter of an hour ago), 10299, 10314; `DecodeError` where a bar has no clear
        time; and what `Tws.ask` raises.
        """

    def updating_bars(
        self,
        contract: ContractLike,
        duration: str | timedelta,
        bar_size: BarSize | str = BarSize.MINUTE_1,
        what_to_show: WhatToShow | str = WhatToShow.TRADES,
        *,
        regular_hours: bool = True,
        timeout: float | None = None,
        capacity: int = 10000,
        when_full: WhenFull = 'fail',
        capacity_bytes: int = 67108864,
    ) -> SyncFeed[UpdatingItem]:
        """Give a block in which bars go on: ``with tws.historical.updating_bars(...) as bars:``.

        First come the bars of the *duration* up to now, as of `bars`; then `CaughtUp`; then the running bar again and
        again, about every five seconds, changed or not. Each item is a whole `Bar`. When a later one has begun, the one
        before comes a last time with ``is_over`` True, in front of the new one, so no bar that is over is ever missing.
        TWS marks no end itself: a bar is over with the first word about the next one, so the last one of a day is when
        the next day begins. What was traded between its last update and its end is not in it: `bars` tells that.

        What TWS says besides stands between them (``anytws.InBand``), and a bar that cannot be read is an `OddValue`.
        Bars are updated of TRADES, MIDPOINT, BID and ASK, in sizes of five seconds or more, and not of combos:
        `LocalProtocolError`. A refusal, and no data, raise `RequestFailed` at the first item; the end of the updates
        (10182 the link to the farm was lost, 10180 the contract has expired, 10225) raises it after all that came
        before, 1101 raises `DataLost`: open it again. *timeout* is for the first bars. *capacity*, *when_full* and
        *capacity_bytes* are those of `Tws.stream`; the first bars count against neither.
        """

    def download(
        self,
        contract: ContractLike,
        begin: date,
        end: date,
        bar_size: BarSize | str = BarSize.DAY_1,
        what_to_show: WhatToShow | str = WhatToShow.TRADES,
        *,
        regular_hours: bool = True,
        newest_first: bool = False,
        have: Iterable[tuple[date, date]] = (),
        concurrency: int = 4,
        on_failure: OnFailure = 'raise',
        window: timedelta | None = None,
        retries: Retries | None = None,
        timeout: float | None = None,
    ) -> SyncDownload:
        """Give a block that downloads all bars from *begin* up to *end*: ``with tws.historical.download(...)``.

        In windows of a size that TWS serves well, several at once, paced, repeated where that helps, and resumable by
        *have*: the page "Downloads" and `Download` say how. *begin* and *end* are aware datetimes, or dates: the
        midnight in UTC. Raises `ValueError`, `TypeError` and `LocalProtocolError` for what cannot be asked.
        """

    @overload
    def ticks(
        self,
        contract: ContractLike,
        kind: Literal['BID_ASK', TicksWhatToShow.BID_ASK],
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        count: int = 1000,
        regular_hours: bool = False,
        ignore_size: bool = False,
        timeout: float | None = None,
    ) -> Records[HistoricalTickBidAsk]:
        """Give single ticks of the past, oldest first: forward from *start*, or backward from *end*.

        Exactly one of the two, an aware datetime, cut to its second. *count*, of 1 to 1,000, is the least: TWS tells
        the last second (backward: the first one) whole, so a few more come, and two requests can be joined at a second
        without a gap and without a repeat. They are of one trading session, so that fewer come at its end, and none
        where there are none. *kind* is ``TRADES`` (of a currency pair midpoints come), ``BID_ASK``, or ``MIDPOINT``,
        which begins with the one in force before *start*, a second earlier. ``AGGTRADES`` are those of crypto. With
        *ignore_size*, quotes in which only a size changed are left out. Times are in UTC, in whole seconds.

        Raises `ValueError` and `TypeError` for what TWS would refuse, `RequestFailed` for what it does (10187, which is
        also a lack of permission; 162, 200, 321), and what `Tws.ask` raises.
        """

    @overload
    def ticks(
        self,
        contract: ContractLike,
        kind: Literal['MIDPOINT', TicksWhatToShow.MIDPOINT],
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        count: int = 1000,
        regular_hours: bool = False,
        ignore_size: bool = False,
        timeout: float | None = None,
    ) -> Records[HistoricalTick]: ...
    @overload
    def ticks(
        self,
        contract: ContractLike,
        kind: TicksWhatToShow | str = TicksWhatToShow.TRADES,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        count: int = 1000,
        regular_hours: bool = False,
        ignore_size: bool = False,
        timeout: float | None = None,
    ) -> Records[PastTick]: ...
    def head_timestamp(
        self,
        contract: ContractLike,
        what_to_show: WhatToShow | str = WhatToShow.TRADES,
        *,
        regular_hours: bool = True,
        timeout: float | None = None,
    ) -> datetime | None:
        """Give when the data of *contract* begin, in UTC; None where TWS answers that it knows no time.

        Trades of a stock go back further than its quotes. Raises `RequestFailed` with 162 where there are no such data
        (that is a failure here: what was asked for is a time), and what `Tws.ask` raises; `DecodeError` where TWS tells
        a time without a zone though seconds were asked for.
        """

    def histogram(
        self,
        contract: ContractLike,
        period: str = '3 days',
        *,
        regular_hours: bool = True,
        timeout: float | None = None,
    ) -> Records[HistogramDataEntry]:
        """Give how much of *contract* traded at which price in the last *period*, by rising price.

        *period* is a number, a blank and a word: ``"3 days"``, ``"2 weeks"``. Sizes are in shares or contracts, of the
        whole period. Raises `ValueError` for a period of another form, `RequestFailed` for what TWS refuses (10188
        failed, 200, 354), and what `Tws.ask` raises.
        """

    def schedule(
        self,
        contract: ContractLike,
        duration: str | timedelta = '1 M',
        *,
        end: datetime | None = None,
        regular_hours: bool = True,
        zone: tzinfo | None = None,
        timeout: float | None = None,
    ) -> Records[TradingSession]:
        """Give the trading sessions of *contract* in the *duration* up to *end*, oldest first.

        Their times are aware, in the exchange's zone; holidays are left out, half days end early. *duration* and *end*
        are those of `bars`. *zone* stands in for a name of TWS that could be several zones, or none known here, for
        which `HoursUnknown` is raised. Empty where TWS says that there are none. From server version 165 on
        (`LocalProtocolError` below). Options and options on futures have none (`RequestFailed`).
        """


class SyncMarketData:
    """Market data as it happens: quotes, ticks, books, bars. It is ``tws.market_data``.

    What TWS refuses (354 and 10089: no subscription; 200: no such contract; 101: no line is left) raises
    `RequestFailed` at the first item. So do `DataLost` (1101: TWS has lost the data, open it again) and
    `ConnectionClosed`, after all that came before.
    """

    def quotes(
        self,
        contract: ContractLike,
        generic_ticks: str | Iterable[int | str] = '',
        *,
        timeout: float | None = None,
    ) -> SyncFeed[Quote]:
        """Give a block with the quotes of *contract*, each the newest: ``with ... as quotes``.

        A reader that is slow gets fewer, and never an old one. *generic_ticks* are more than the usual ticks, by the
        vendor's numbers: ``[233, 236]`` or ``"233,236"`` (`GenericTicks` says which number brings what); one that does
        not exist for this kind of instrument refuses all (321). Remarks, such as that data are delayed (10167), are in
        `Quote.notices`, and the quote that has the first of them may have nothing else. A CFD whose quotes are those of
        its underlying gives them (`Quote.rerouted`). It takes a market data line. *timeout*, in seconds, is for the
        first data; None: for ever, since what is not traded has none.
        """

    def watch(self, contracts: Iterable[_C], generic_ticks: str | Iterable[int | str] = '') -> SyncWatch[_C]:
        """Give a block with the quotes of many *contracts* in one loop: ``for contract, item`` as `Watched`.

        Each item is of one contract, as it was given here, and its newest `Quote`, or once and last why there are no
        more of them; the others go on. Whoever changes stands in a queue once, so none is left out, however slow the
        reader is. Equal contracts are one. *generic_ticks* is as in `quotes`. Each takes a market data line: for what
        finds none the item is an error. With the last contract it comes to its end.

        Raises `TypeError` and `ValueError` for what names no contract.
        """

    def snapshot(
        self,
        contract: ContractLike,
        *,
        pay_for_regulatory: bool = False,
        timeout: float | None = None,
    ) -> Quote:
        """Give the quote of *contract* as it is now, once. It takes up to 11 seconds, and no market data line for long.

        TWS waits so long for values that do not come: what an instrument does not have, or is not traded, is None, and
        ``has_data`` is False where there was nothing at all. With *pay_for_regulatory* it is made of all exchanges of
        the US (`GenericTicks.last_regulatory_time`), and **each costs 0.01 USD, on paper accounts too**. A timeout of
        None is 15 s. Raises `RequestFailed`, `RequestTimedOut`, `ConnectionClosed`.
        """

    def snapshots(
        self,
        contracts: Iterable[_C],
        *,
        at_once: int = 50,
        timeout: float | None = None,
    ) -> Records[WatchedQuote[_C]]:
        """Give the quotes of many *contracts*, once: for each, in their order, a `Quote` or the error instead of it.

        *at_once* are asked for at the same time at the most, *timeout* is for each. Raises `ConnectionClosed`, and
        `TypeError` and `ValueError` for what names no contract.
        """

    def raw(
        self,
        contract: ContractLike,
        generic_ticks: str | Iterable[int | str] = '',
        *,
        capacity: int = 10000,
        when_full: WhenFull = 'fail',
        capacity_bytes: int = 67108864,
        timeout: float | None = None,
    ) -> SyncStream[MarketDataAnswer]:
        """Give a block with what TWS says of *contract*, message by message, nothing put together: to record it.

        They are samples all the same (four a second for stocks): what TWS leaves out, nobody gets. The trades are
        `ticks`. For *capacity* and the like see `anytws.Tws.stream`, for the rest `quotes`.
        """

    def mode(self, mode: MarketDataMode) -> None:
        """Choose how fresh data may be, for all later requests of this connection; those that run stay as they are.

        ``REAL_TIME``, with which a connection begins: live or refused (354). ``FROZEN``: live, and the last values
        while the market is closed. ``DELAYED``: live where that is subscribed to, else delayed by some 15 minutes.
        ``DELAYED_FROZEN``: all of that. TWS answers nothing; each `Quote` says what it is. It returns when
        that has left this process. Raises `ValueError` for another mode, `ConnectionClosed`.
        """

    @overload
    def ticks(
        self,
        contract: ContractLike,
        kind: Literal[TickByTickType.LAST, TickByTickType.ALL_LAST, 'Last', 'AllLast'] = ...,
        *,
        past: int = 0,
        ignore_size: bool = False,
        capacity: int = 10000,
        when_full: WhenFull = 'fail',
        capacity_bytes: int = 67108864,
        timeout: float | None = None,
    ) -> SyncFeed[HistoricalTickLast | InBand]:
        """Give a block with every tick of *contract*, none left out: trades, quotes or midpoints, by *kind*.

        *kind* is ``"AllLast"`` (all trades, as `Historical.ticks` has), ``"Last"`` (without those that do not set the
        last price, such as odd lots: most trades of a liquid stock), ``"BidAsk"`` or ``"MidPoint"``. The first are
        the *past* ones, the oldest first, up to 1,000 of them; a few more may come, and live ones between them.
        *ignore_size* leaves out quotes in which a size alone has changed. Times are UTC, in whole seconds. At a halt a
        trade has a price and a size of 0. Nothing is put together: a reader that is too slow is told so by *when_full*
        (`anytws.Tws.stream`).

        TWS gives some 3 to 5 at once to who has 100 lines (10190 beyond; `LimitReached` beyond what `Pacing` says), and
        one instrument not twice in 15 seconds. There is none for combos, none that is delayed (10189), and none but of
        the past for options.
        """

    @overload
    def ticks(
        self,
        contract: ContractLike,
        kind: Literal[TickByTickType.BID_ASK, 'BidAsk'],
        *,
        past: int = 0,
        ignore_size: bool = False,
        capacity: int = 10000,
        when_full: WhenFull = 'fail',
        capacity_bytes: int = 67108864,
        timeout: float | None = None,
    ) -> SyncFeed[HistoricalTickBidAsk | InBand]: ...
    @overload
    def ticks(
        self,
        contract: ContractLike,
        kind: Literal[TickByTickType.MID_POINT, 'MidPoint'],
        *,
        past: int = 0,
        ignore_size: bool = False,
        capacity: int = 10000,
        when_full: WhenFull = 'fail',
        capacity_bytes: int = 67108864,
        timeout: float | None = None,
    ) -> SyncFeed[HistoricalTick | InBand]: ...
    def bars(
        self,
        contract: ContractLike,
        what_to_show: RealTimeWhatToShow | str = RealTimeWhatToShow.TRADES,
        *,
        regular_hours: bool = False,
        capacity: int = 10000,
        when_full: WhenFull = 'fail',
        capacity_bytes: int = 67108864,
        timeout: float | None = None,
    ) -> SyncFeed[Bar | InBand]:
        """Give a block with a bar of *contract* every five seconds, each when it is over.

        While there is trading a bar comes without trades too: its prices are the last one, its volume 0. With
        *regular_hours* nothing comes outside of them, and nothing says so. There is none that is delayed (420, 10089).
        It takes a market data line, and counts as a request for history: 60 new ones in ten minutes. After 10225 TWS
        has given up on it: open it again.
        """

    def depth(
        self,
        contract: ContractLike,
        rows: int = 10,
        *,
        smart: bool | None = None,
        timeout: float | None = None,
    ) -> SyncFeed[Book]:
        """Give a block with the book of *contract*, up to *rows* on each side, each time the newest.

        With *smart* the books of all exchanges are put together, each row with its exchange; None: if the contract's
        exchange is ``SMART``, which has no book of its own. Exchanges without a subscription have their best row in it
        alone, and 2152 in `Book.notices` names them. A reader that is slow gets fewer books, and never an old one.

        TWS gives 3 at once to who has fewer than 400 lines (309 beyond). 10092: there is no such book; 316: trading is
        halted, open it again. Raises `ValueError` for a number of rows that TWS does not give.
        """

    def depth_exchanges(self, *, timeout: float | None = None) -> Records[DepthMarketDataDescription]:
        """Give the exchanges that have a book, for each sort of instrument: some three hundred rows."""

    def implied_volatility(
        self,
        option: ContractLike,
        option_price: float,
        underlying_price: float,
        *,
        timeout: float | None = None,
    ) -> TickOptionComputation:
        """Give what volatility the *option_price* implies at that *underlying_price*, with the greeks that go with it.

        TWS computes it. Where there is no such volatility it does not answer, which is `RequestTimedOut`. Raises
        `RequestFailed` (321) for what is no option.
        """

    def option_price(
        self,
        option: ContractLike,
        volatility: float,
        underlying_price: float,
        *,
        timeout: float | None = None,
    ) -> TickOptionComputation:
        """Give what the option costs at that *volatility* (0.25 is 25 percent a year) and *underlying_price*.

        TWS computes it. Where it finds no price, it says one without values after half a minute, or nothing, which is
        `RequestTimedOut`. Raises `RequestFailed` (321) for what is no option.
        """


class SyncNews:
    """News: providers, articles, headlines, bulletins. It is ``tws.news``.

    All raise what `Tws.ask` and `Tws.stream` raise.
    """

    def providers(self, *, timeout: float | None = None) -> Records[NewsProvider]:
        """Give the providers whose news this user may read through the API.

        *timeout* is in seconds from the call, 15 unless something else is said.
        """

    def headlines(
        self,
        contract: ContractLike,
        provider_codes: Iterable[str] | str,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        most: int = 100,
        timeout: float | None = None,
    ) -> Headlines:
        """Give past headlines about *contract*, the newest first, and whether there are more.

        *contract* needs its id. *provider_codes* are those of `providers`. *start*, not included, and *end*, included,
        are aware datetimes; None is no limit, and now. With both, TWS was seen to ignore *end*. *most* is 300 at most.
        For those before them, ask again with *end* at the time of the oldest; times are whole seconds, so leave out
        what you have by its ``article_id``. Headlines may have tags in braces in front, of language, stock and mood.
        *timeout* is in seconds from the call, 30 unless something else is said.

        Raises `RequestFailed` with 321 for a provider that the user has not, 10173 for a contract that there is not,
        10276 where no news are allowed; `ValueError` for a contract without an id.
        """

    def article(self, headline: HistoricalNews | TickNews, *, timeout: float | None = None) -> NewsArticle:
        """Give the text behind a headline: plain or HTML, or a document in base64, as ``article_type`` says.

        *timeout* is in seconds from the call, 30 unless something else is said. Raises `RequestFailed` with 10172 where
        there is none, or the user may not read it: the text tells.
        """

    def article_by_id(self, provider_code: str, article_id: str, *, timeout: float | None = None) -> NewsArticle:
        """Give the article of that id, such as ``DJ-N$1f78cb2c``, see `article`."""

    def follow_headlines(
        self,
        contract: ContractLike,
        provider_codes: Iterable[str] | str = (),
        *,
        timeout: float | None = None,
        capacity: int = 10000,
        when_full: WhenFull = 'fail',
    ) -> SyncFeed[TickNews | InBand]:
        """Give a block in which headlines about *contract* come: those of the last day first, up to ten a provider.

        No *provider_codes* are all that the user has. It takes a line of market data, though no prices come. Nothing
        comes for days perhaps: there is no deadline, unless *timeout* is given for whatever comes first. Raises
        `RequestFailed` with 10094 for a provider that is unknown, or not ticked in the settings of TWS.
        """

    def follow_provider(
        self,
        provider_code: str,
        *,
        timeout: float | None = None,
        capacity: int = 10000,
        when_full: WhenFull = 'fail',
    ) -> SyncFeed[TickNews | InBand]:
        """Give a block in which all headlines of one provider come, whatever they are about (its broad tape).

        Raises as `follow_headlines` does, and `RequestFailed` with 200 where the provider has none.
        """

    def follow_bulletins(
        self,
        *,
        with_past: bool = False,
        timeout: float | None = None,
        capacity: int = 10000,
        when_full: WhenFull = 'fail',
    ) -> SyncStream[NewsBulletin]:
        """Give a block in which the broker's own bulletins come; *with_past* begins with those of today.

        That nothing comes for days is usual: there is no deadline, unless *timeout* is given for the first.
        """


class SyncOrders:
    """Orders. It is ``tws.orders``.

    What is believed of them lives as long as ``tws`` does, also over reconnections.
    """

    @property
    def trades(self) -> tuple[SyncTrade, ...]:
        """All orders that are known, the newest last: this client's, and what TWS has said of those of others.

        Those that are over are forgotten at some time, the oldest first, when there are more than 10,000 of them.
        """

    def trade(self, ref: str) -> SyncTrade | None:
        """Give this client's order with the reference *ref*, the newest of several; None where none is known.
        """

    def place(
        self,
        contract: ContractLike,
        order: Order,
        *,
        ref: str = '',
        again: bool = False,
        timeout: float | None = None,
    ) -> SyncTrade:
        """Place an order, and give its trade when TWS has acknowledged it.

        ::

            trade = tws.orders.place(Stock("AAPL"), LimitOrder("BUY", 100, "180.50"), ref="rebalance-17")

        *ref* is your own key for it: it goes along as ``order_reference``, comes back with the order in every session,
        and is placed once: a second time raises `AlreadyPlaced`, also while the first is in flight, and after a restart
        if there is a journal. *again* allows it for one that was refused. An order without one is hard to find again.

        Acknowledged is the first live word, an execution, or the end (``IOC``). Where TWS says ``Inactive`` and nothing
        else for two seconds, the order ``is_held``. With ``transmit=False`` TWS says nothing at all; then the trade is
        given as soon as the bytes have left (``is_untransmitted``). *timeout* is in seconds; None: a minute, since TWS
        was seen to say nothing for half a one about an order that worked.

        Raises `OrderRejected` where TWS refuses it, and `OrderUnknown` where the deadline passes or the connection ends
        before TWS has said anything that settles it: that is no refusal, ``unknown.resolve(tws)`` finds out.
        Nothing is ever sent again by itself. Raises what `Tws.send` does, and leaves nothing behind then. Who is
        cancelled while bytes have left has an order: it is in `trades`, and found by its reference (`trade`).
        """

    @overload
    def bracket(
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
        ref: str = '',
        again: bool = False,
        timeout: float | None = None,
        **fields: Unpack[SharedFields],
    ) -> SyncBracket:
        """Place an order, and with it the one or two that end what it begins; give their trades.

        ::

            bracket = tws.orders.bracket(apple, "BUY", 100, 180, profit_price=190, stop_price=175, ref="apple-1")

        The entry is a side, a quantity and a limit (without one: at the market), or an `Order` of its own; the children
        are given by their prices, or as orders. Their references are ``apple-1``, ``apple-1/profit`` and
        ``apple-1/stop``. Nothing works before TWS has all of them and has refused none.

        Raises `BracketBroken` where TWS refuses a member: the others are cancelled, and it says what became of each.
        `OrderUnknown` with its ``members`` where nobody knows; all else as `place` does.
        """

    @overload
    def bracket(
        self,
        contract: ContractLike,
        entry: Order,
        *,
        profit_price: Price | None = None,
        stop_price: Price | None = None,
        profit_taker: Order | None = None,
        stop_loss: Order | None = None,
        ref: str = '',
        again: bool = False,
        timeout: float | None = None,
    ) -> SyncBracket: ...
    def one_cancels_all(
        self,
        orders: Iterable[tuple[ContractLike, Order]],
        *,
        group: str | None = None,
        oca_type: OcaType = OcaType.CANCEL_WITH_BLOCK,
        ref: str = '',
        again: bool = False,
        timeout: float | None = None,
    ) -> tuple[SyncTrade, ...]:
        """Place orders, of contracts of their own, of which a fill of one cancels the others; give their trades.

        *oca_type* says what a fill does; the vendor does it, and not atomically: within some 200 ms two can fill. The
        name of the *group* is made up unless one is given. Their references are ``ref/1``, ``ref/2`` and so on.

        Raises `BracketBroken` where TWS refuses a member: the others are cancelled. All else as `bracket` does.
        """

    def what_if(self, contract: ContractLike, order: Order, *, timeout: float | None = None) -> Margins:
        """Ask what an order would do to the account: margins, and what it would cost. Nothing is placed.

        Amounts that TWS does not say are None. Raises `RequestFailed` with TWS's reason where the order would be
        refused, and what else `Tws.ask` raises.
        """

    def exercise(
        self,
        option: ContractLike,
        quantity: int | Decimal,
        *,
        action: ExerciseAction = ExerciseAction.EXERCISE,
        account: str = '',
        override: bool = False,
        timeout: float | None = None,
    ) -> SyncTrade:
        """Exercise an option, or let it lapse, and give the order that TWS makes of it.

        *option* is best what an account holds (a `Position`), with its account. *override* does it also where it is not
        the natural thing. The position changes overnight, without an execution to wait for; to take it back needs TWS.

        Raises `OrderRejected` (322: not exercisable, hardly in the money, in clearing), and all else as `place` does.
        """

    def open(self, *, timeout: float | None = None) -> tuple[SyncTrade, ...]:
        """Ask TWS which orders are open, of all clients and made by hand, and give their trades.

        ``trade.owner`` says whose each is: TWS lets only its own client change one. It is a picture: what becomes later
        of the orders of others is not told, unless this is the master client. What is not transmitted may be missing.

        Raises as `Tws.ask` does: `RequestFailed` with 321 where TWS lets clients only read. A failed query is never
        empty.
        """

    def follow_open(self, *, timeout: float | None = None) -> SyncTradeStream:
        """Give a block in which every change of belief of any order comes, none lost (`TradeChange`).

        It begins with the orders that are believed open, each as it is; TWS is asked for those of others as reading
        begins, with *timeout* in seconds. The stream lives over reconnections: what was missed comes when it is
        learned, between a `Gap` and its `Resumed`.

        Its reader raises what `open` raises, `SlowConsumer` if 10,000 changes wait, and `ConnectionClosed` at the end.
        """

    def completed(self, *, api_only: bool = False, timeout: float | None = None) -> Records[CompletedOrder]:
        """Ask TWS which orders came to their end today, and give what it says of each, once.

        ``order_state.completed_status`` says how, for people; ``order.filled_quantity`` how much was filled.
        *api_only* leaves out those that were made by hand. How far back "today" reaches is not certain.

        Raises as `Tws.ask` does: `RequestFailed` with 321 where TWS lets clients only read, and `RequestTimedOut` where
        it never says the end, as was seen of some.
        """

    def executions(
        self,
        since: datetime | None = None,
        *,
        days: int | None = None,
        account: str = '',
        symbol: str = '',
        security_type: SecurityType | None = None,
        exchange: str = '',
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

    def follow_executions(self) -> SyncFillStream:
        """Give a block in which each execution comes as it becomes known, once: a `Fill`.

        Those that are known when the block is entered do not come. A correction comes as an execution of its own, with
        an id of which the last number is higher. Costs are mostly told later, and are then in `Trade.fills`. Executions
        that were missed over a reconnection come when they are learned, between a `Gap` and its `Resumed`.

        Its reader raises `SlowConsumer` if 10,000 wait, and `ConnectionClosed` at the end.
        """

    def cancel_all(self, *, timeout: float | None = None) -> None:
        """Cancel every order of the login, and return when TWS has twice in a row said that none is open.

        **It hits the orders of other clients, too, and those that people made by hand.** Positions stay as they are.
        *timeout* is in seconds, None: a minute.

        Raises `OrdersStillOpen` with the rest where that takes longer, what `open` raises where TWS does not say, and
        `ConnectionClosed`; the cancel was sent then, once.
        """

    def bind_manual(self, *, timeout: float | None = None) -> tuple[SyncTrade, ...]:
        """Bind the orders that people make in TWS to this client, present and future ones; give the present ones.

        They get (negative) order ids, and can be changed and cancelled from here then. Client 0 alone may do it.

        Raises `LocalProtocolError` for every other client, and else as `open` does.
        """

    def reconcile(self, *, timeout: float | None = None) -> SyncOrderPicture:
        """Ask TWS for open orders, executions, completed orders and positions, and give one consistent picture.

        Orders of an earlier run of the program are in `trades` then, by reference or permanent id.

        Raises `ReconcileIncomplete`, with what was learned, where a part could not be had.
        """

    def resolve(self, unknown: OrderUnknown, *, timeout: float | None = None) -> Fate:
        """Find out what became of an order of which nobody knew it: live, done, never arrived, or still unknown."""


class SyncPresenceTopic:
    """Whether we are there. It is ``tws.presence``.

    Under `anytws.connect` that is nearly nothing: present, and over when the connection ends. `Tws.health` is about the
    layers behind the connection; this is about the connection alone.
    """

    @property
    def now(self) -> Presence:
        """Where we are at this moment. One value that never changes."""

    def until(self, holds: Callable[[Presence], bool], *, timeout: float | None = None) -> Presence:
        """Wait until *holds* is true of the presence, and give that presence; at once, if it is true already.

        ::

            tws.presence.until(lambda presence: presence.is_here, timeout=600)

        *holds* is asked at each change. *timeout* is in seconds, None waits for ever. Raises `PresenceTimedOut`,
        `ConnectionClosed` when all has ended (unless *holds* is true of that presence), and whatever *holds* raises.
        """

    def changes(self) -> SyncPresenceChanges:
        """Give an iterator over the presence, from now on; its first item is the present.

        ::

            for presence in tws.presence.changes():
                print(presence)

        Who reads slowly is told the newest; `Presence.gaps` tells of what is over already.
        """


class SyncScanner:
    """Market scanners. It is ``tws.scanner``. All raise what `Tws.ask` and `Tws.stream` raise."""

    def parameters(self, *, timeout: float | None = None) -> str:
        """Give all that a scanner can look for: instruments, places, codes and filters, as two megabytes of XML.

        *timeout* is in seconds from the call, 30 unless something else is said.
        """

    def scan(self, subscription: ScannerSubscription, *, timeout: float | None = None) -> Records[ScannerDataElement]:
        """Give the ranking as it is now, the first place first: 50 rows at most, and none where nothing fits.

        A row names its contract by id; all else of it has to be asked for (`Tws.contracts`). The first ranking takes
        some seconds, after a cold start up to 45. *timeout* is in seconds from the call, 60 unless something else is
        said. TWS runs ten scans at a time, for all its clients and windows.

        Raises `LimitReached` while ten are open on this connection; `RequestFailed` with 162 for more than ten of all,
        and for a code, place or instrument that TWS does not have: only the text tells; with 490 where the user may not
        scan there.
        """

    def follow_scan(
        self,
        subscription: ScannerSubscription,
        *,
        timeout: float | None = None,
        capacity: int = 10000,
        when_full: WhenFull = 'fail',
    ) -> SyncStream[ScannerData]:
        """Give a block in which rankings come, each whole: about every 30 seconds, or when it changes; see `scan`.

        A `Notice` with 165 says that nothing fits, and with 492 that places are less exact for lack of a subscription
        for data. *timeout* is for the first ranking.
        """


class SyncWsh:
    """The calendar of Wall Street Horizon. It is ``tws.wsh``.

    The user needs a subscription for it: without, all is `RequestFailed` with 10276 or 10277. All raise what `Tws.ask`
    raises.
    """

    def metadata(self, *, timeout: float | None = None) -> WshMetaData:
        """Give which events and filters the calendar has: a JSON document, with ``meta_data`` at its top.

        *timeout* is in seconds from the call, 30 unless something else is said.
        """

    def events(
        self,
        contract: ContractLike | None = None,
        *,
        filter: Mapping[str, Any] | str = '',
        fill_watchlist: bool = False,
        fill_portfolio: bool = False,
        fill_competitors: bool = False,
        start: date | None = None,
        end: date | None = None,
        most: int | None = None,
        timeout: float | None = None,
    ) -> WshEventData:
        """Give events of one *contract*, or of what *filter* finds: a JSON document, a list of at most 100 objects.

        *contract* needs its id. *filter* has the words of `metadata`, such as ``{"country": "All", "wshe_ed": "true"}``
        for dates of earnings; the ``fill_...`` add contracts to it. *start* and *end* are the first and the last day.
        Filters need server version 171, days and *most* 173.

        TWS gives events only after the meta data, so those are asked for first if nobody has, and again where TWS has
        forgotten them (10282). *timeout* is in seconds from the call for all of it, 30 for each part unless something
        else is said. Raises `RequestFailed` with 10281 while another such request of this TWS runs, 10283 and 10309
        where it fails or makes no sense; `ValueError` for both a contract and a filter, for neither, and for a contract
        without an id.
        """


class SyncTrade:
    """One order, as this client believes it. It stays true over reconnections (`anytws.keep_connected`).

    What is a property tells what is known.
    """

    @property
    def state(self) -> TradeState:
        """What is believed now: a value, which does not change.
        """

    @property
    def ref(self) -> str:
        """The caller's own reference; empty where it has none."""

    @property
    def order_id(self) -> int | None:
        """The order id, of the client that placed it; None where none was told."""

    @property
    def permanent_id(self) -> int:
        """The number at the vendor; 0: not told yet."""

    @property
    def owner(self) -> Owner:
        """Whose order it is."""

    @property
    def order(self) -> Order | None:
        """The terms as TWS last said them, else as they were asked for; None where only executions of it are known."""

    @property
    def contract(self) -> Contract | None:
        """What it trades, likewise."""

    @property
    def fills(self) -> tuple[Fill, ...]:
        """Its executions, in the order in which they came to be known; corrections have taken their places."""

    @property
    def left(self) -> Left:
        """How much of what was sent last for it has left this process."""

    def changes(self) -> SyncTradeChanges:
        """Give an iterator of every change of belief, none lost: ``for change in trade.changes()``.

        The first has the present state, and ``before`` is the same. After the first one that is final it comes to its
        end: an execution that comes late, after the order was cancelled, is in `state` and in
        `Orders.follow_executions`. Raises what ends the connection for good (`ConnectionClosed`), and `SlowConsumer` if
        10,000 changes wait to be read; what is believed is right all the same.
        """

    def until(self, holds: Callable[[TradeState], object], *, timeout: float | None = None) -> TradeState:
        """Wait until *holds* is true of the state, and give that state; at once, if it is true already.

        ::

            trade.until(lambda state: state.is_done)

        *holds* is asked whenever something was heard of the order; what comes and goes within one read of the socket it
        does not see (`changes` does). *timeout* is in seconds, None waits for ever.

        Raises `TradeTimedOut`, whatever *holds* raises, and `ConnectionClosed` when the connection ends; under
        ``keep_connected`` that is the end of everything, and over a reconnection the wait goes on.
        """

    def modify(
        self,
        *,
        without_link: bool = False,
        timeout: float | None = None,
        **fields: Unpack[OrderChanges],
    ) -> TradeState:
        """Change the order, and give its state when TWS says it with the new terms: ``trade.modify(limit_price=181)``.

        The keywords are fields of `Order`. All else stays as TWS last said it, the contract included;
        what TWS fills in by itself is left out. One change at a time: a second one waits for the answer to the first.
        If the order comes to its end meanwhile, that state is given. *timeout* is in seconds, None: a minute.

        Raises `ModificationRefused` where TWS refuses the change (the order lives on; after 201 ask, see
        ``is_contested``), and where it makes no sense now, with ``code`` None, and nothing sent: the order has ended,
        TWS has not said a word of it, or TWS has no link to the vendor. A change that was sent without one has become a
        second order; *without_link* sends it all the same. Raises `OrderUnknown` where the deadline passes or the
        connection ends before TWS has said the new terms: outside of trading hours it may say them only at the opening.
        `LocalProtocolError` for an order that is not this client's, and what `Tws.send` raises: nothing was sent.
        """

    def cancel(self, *, timeout: float | None = None) -> TradeState:
        """Cancel it, and give the final state: cancelled, or filled in the race; at once, if it has ended already.

        An order of which no byte has left is taken back. Who is cancelled while it waits takes nothing back: the cancel
        stands. *timeout* is in seconds, None: a minute.

        Raises `CancelFailed` where TWS says that it did not cancel it, and the order does not end within two seconds of
        that; `OrderUnknown` where the deadline passes or the connection ends before it is known; `LocalProtocolError`
        for an order that is not this client's, and what `Tws.send` raises: then nothing was sent.
        """


class SyncOrderPicture:
    """All orders, executions and positions at one moment. No part of it is empty because a question failed."""

    @property
    def trades(self) -> tuple[SyncTrade, ...]:
        """All orders that are known, of all clients and those made by hand; in the order in which they came to be known."""

    @property
    def open(self) -> tuple[SyncTrade, ...]:
        """Those of them that are open: TWS has said so just now, or has told since then of what this client placed."""

    @property
    def completed(self) -> tuple[SyncTrade, ...]:
        """Those that came to their end: filled, cancelled, rejected. TWS tells those of today; this client remembers."""

    @property
    def unknown(self) -> tuple[SyncTrade, ...]:
        """Those of which nothing says what they are. They are neither dead nor alive: see their `verdicts`."""

    @property
    def executions(self) -> Records[Fill]:
        """All executions that are known, with what they cost where TWS has said it. It tells those since its midnight."""

    @property
    def positions(self) -> Records[Position]:
        """What all accounts of this login hold."""

    @property
    def verdicts(self) -> tuple[Fate, ...]:
        """What became of each order that was live or unknown before, with the evidence."""

    @property
    def differences(self) -> tuple[PositionDifference, ...]:
        """Positions that are not what the picture before this one and the executions since then make them: an execution
        that was not told, or something that is none (an exercise, a split, a transfer). Empty for the first picture: there
        is nothing to compare with.
        """


class SyncTradeChange:
    """A change of what is believed of one of all orders."""

    @property
    def trade(self) -> SyncTrade:
        """The order, with what is believed of it by now."""

    @property
    def before(self) -> TradeState:
        ...

    @property
    def state(self) -> TradeState:
        """What was believed from then on."""

    @property
    def because(self) -> Cause:
        """Why: what TWS said, what was sent to it, the end of the connection, or a conclusion, in words."""


class SyncTws(SyncConnection):
    """A connection to TWS for threads that wait: what `anytws.sync.connect` gives. It can be used at once.

    ``with`` it, or call `close`; when the interpreter ends, or nobody holds it any more, it is closed as well. Every
    method may be called from any thread, from several at once, and beside a running event loop, which waits meanwhile.
    It is refused with `RuntimeError` in the connection's own thread, in which hooks and predicates are called, and in a
    fork of the process.

    A thread that waits cannot be cancelled by the end of the connection: every method that is called after it raises
    `ConnectionClosed`, and so does every stream after all that had come. Leaving the ``with`` block raises it as well,
    if it came before and nothing else leaves the block, unless somebody has been told by `closed`.

    Ctrl-C in any of them cancels what is under way, at TWS too, and leaves the connection as it was.
    """

    @property
    def state(self) -> State:
        """The state now."""

    @property
    def server_version(self) -> int:
        """The server version that was agreed."""

    @property
    def connection_time(self) -> ConnectionTime:
        """The clock of TWS when it accepted: as it was sent, and as an aware datetime if its zone is known."""

    @property
    def client_id(self) -> int:
        """The client id that this connection has."""

    @property
    def accounts_named(self) -> tuple[str, ...] | None:
        """The managed accounts; None if TWS has not said them (ADR 0004). To people it is ``tws.accounts.managed``."""

    @property
    def next_valid_id(self) -> int | None:
        """The lowest order id that may be used, as far as TWS has said it; None before that."""

    @property
    def accounts(self) -> SyncAccounts:
        """Accounts: summary, values, positions, portfolio, profit and loss."""

    @property
    def contracts(self) -> SyncContracts:
        """Contracts: what TWS knows of what is traded."""

    @property
    def market_data(self) -> SyncMarketData:
        """Market data as it happens: quotes, ticks, books, bars."""

    @property
    def historical(self) -> SyncHistorical:
        """History: bars, ticks, schedules; downloads."""

    @property
    def orders(self) -> SyncOrders:
        """Orders: placed, changed, cancelled, found again, and known."""

    @property
    def news(self) -> SyncNews:
        """News: providers, articles, headlines, bulletins."""

    @property
    def scanner(self) -> SyncScanner:
        """Market scanners."""

    @property
    def advisors(self) -> SyncAdvisors:
        """What a financial advisor has set up."""

    @property
    def display_groups(self) -> SyncDisplayGroups:
        """The groups of windows of TWS that show one contract."""

    @property
    def wsh(self) -> SyncWsh:
        """The calendar of Wall Street Horizon."""

    @property
    def health(self) -> SyncHealthTopic:
        """Health: socket, link, farms, the age of what came."""

    @property
    def config(self) -> SyncConfig:
        """The settings of TWS itself."""

    @property
    def presence(self) -> SyncPresenceTopic:
        """Whether we are connected; under `anytws.keep_connected` since when not, why, and when it is tried again."""

    def events(
        self,
        *,
        capacity: int = 10000,
        when_full: WhenFull = 'fail',
        capacity_bytes: int = 67108864,
    ) -> SyncEventStream:
        """Give a stream of all events, messages included; the last one is `ConnectionClosed`.

        The first stream that is opened begins with what happened while connecting: the last 1,000 events until the
        first question or stream. *capacity* counts events that wait to be read, *capacity_bytes* about how much memory
        they keep; beyond either the stream is full, but one event may always wait, however large. *when_full* says what
        then happens: ``"fail"`` ends the stream at once with `SlowConsumer`, ``"drop_oldest"`` drops events and tells
        how many in their place (`Dropped`), ``"block"`` reads nothing from TWS until there is room
        (`anytws.machines.WhenFull`). A stream that blocks and is full, and from which nobody takes an event for 30
        seconds, ends with `SlowConsumer` too: otherwise it would hide the end of the connection.

        Raises `TypeError` and `ValueError` for what is no capacity, or none of the three words.
        """

    def current_time(self, *, timeout: float | None = None) -> datetime:
        """Ask TWS for its clock: UTC, whole seconds. Callers at the same time share one request.

        TWS ignores a second request within about a second, so two are 1.5 seconds apart. Raises as `ask` does.
        """

    def ask(self, request: Asks[_T], *, timeout: float | None = None) -> _T:
        """Ask TWS, and give its answer: one message, or the tuple of them that the type of *request* names.

        *request* is written without its id, which is given here. *timeout* is in seconds from the call; None: as its
        row in the catalogue says (a minute for contracts and history), ``math.inf``: for ever. What goes on as a stream
        can be asked too: that gives its first run. Callers who ask the same at once, without an id, share one request.
        Whoever stops to wait, by deadline or cancellation, cancels it at TWS, save for orders.

        Raises `RequestFailed` with what TWS said, `RequestTimedOut` (was it sent, what had come), `DecodeError` for an
        answer that cannot be read, `AnswerTooLarge`, `LocalProtocolError` for what may not be asked now, at this server
        version or with these values, `TypeError` for what has no answer, `ConnectionClosed` when the connection ends.
        """

    def stream(
        self,
        request: Streams[_T],
        *,
        timeout: float | None = None,
        capacity: int = 10000,
        when_full: WhenFull = 'fail',
        capacity_bytes: int = 67108864,
    ) -> SyncStream[_T]:
        """Give a block in which messages come until it is left: ``with tws.stream(request) as stream:``.

        *request* is written without its id. Entering never waits; leaving cancels. *timeout*, in seconds, is for the
        first message of those that owe one (account data); None: as the catalogue says. *capacity* and
        *capacity_bytes* are for what waits to be read (one read may bring some 3,000 small messages: a bound below that
        can be too little for any reader); *when_full* says what happens beyond them: ``"fail"`` ends the
        stream at once with `SlowConsumer`, ``"drop_oldest"`` tells in their place how many are gone (`Dropped`).

        Raises `TypeError` and `ValueError` here for what is no capacity, and on entering what `ask` raises at the call.
        What ends the stream is raised by its reader, see `Stream`.
        """

    def feed(self, request: Streams[Any], mailbox: Mailbox[_T], *, timeout: float | None = None) -> SyncFeed[_T]:
        """Give a block like `stream`, whose items are what *mailbox* makes of the messages.

        Verbs are written over it. *mailbox* is for this feed alone, such as an `anytws.machines.mailbox.Folding`.
        Raises as `stream` does.
        """

    def feeds(self, desk: Desk[_T], *, timeout: float | None = None) -> SyncFeeds[_T]:
        """Give a block like `feed` for many conversations and one reader; *desk* says which are to be opened and left.

        Raises as `stream` does.
        """

    def send(self, message: _M) -> SyncSent[_M]:
        """Have *message* sent: it is written at once if nothing waits, and queued behind what does.

        ``wait()`` for what this gives, and it has left this process. `Sent.message` is what was said: a new order
        (`PlaceOrderRequest` without an id) has its id there. What TWS makes of it comes as events.

        Raises `LocalProtocolError` for what may not be said now or at this server version, or under an id that belongs
        to a conversation; `SendQueueFull` where more than 10,000 messages, or a mebibyte of them, wait because TWS does
        not read; `ConnectionClosed` after the end. An order passes the gate and the journal of the connection first,
        like those of verbs: `GateRefused`, `NotJournaled`. If no byte leaves for 10 seconds, the connection ends as
        `CloseReason.UNRESPONSIVE`.
        """

    def statistics(self) -> SessionStatistics:
        """Tell how the connection does: open conversations, late messages by kind, what has not left."""

    def start_api(self) -> None:
        """Open the session, with `HandshakeOptions.start_api_by_hand`; then wait for `ready`."""

    def ready(self) -> None:
        """Wait until requests may be made. Needed with `HandshakeOptions.start_api_by_hand` only."""


def connect(
    host: str = '127.0.0.1',
    port: int = 7497,
    *,
    client_id: int | None = None,
    options: HandshakeOptions | None = None,
    codes: CodeTable = ...,
    limits: Limits = ...,
    connect_timeout: float | None = 10.0,
    id_wait: float = 0.0,
    follow_redirects: bool = False,
    on_waiting: OnWaiting | None = None,
    timeout_factor: float = 1.0,
    pacing: Pacing | int | None = ...,
    read_only: bool = False,
    paper_only: bool = False,
    liveness: float | None = None,
    hook: Hook | None = None,
    journal: Journal | None = None,
    gate: Gate | None = None,
) -> SyncTws:
    """Connect to TWS or IB Gateway over TCP, and wait until requests may be made.

    The usual ports: TWS 7496 live, 7497 paper; Gateway 4001 live, 4002 paper. *client_id* goes before the one in
    *options*, which also holds the deadlines of the handshake. *codes* says which code of TWS is an error and which a
    notice, *limits* how much a frame may hold. *connect_timeout* is for the TCP connection alone, in seconds.
    *id_wait* is for how many seconds a client id that is in use (326) is asked for again, with growing pauses: TWS may
    keep the one of a client that has vanished for a while; 0: not at all. *on_waiting* is called with a `StillWaiting`
    when TWS lets one wait for more than four seconds (a dialog, perhaps): ``on_waiting=print`` shows it while somebody
    can still click. *timeout_factor* multiplies the time that each kind of request has by default: 3 for a slow TWS.

    *pacing* holds what goes out below the limits of TWS (`anytws.Pacing`; a number: messages a second; None: no pacing
    at all). *read_only* refuses to encode whatever changes something at TWS (`anytws.ReadOnly`). *paper_only* fails the
    connect (`NotPaper`) unless every managed account is a paper account. *liveness*: after so many seconds without a
    byte TWS is probed, and the connection ends as ``UNRESPONSIVE`` if it stays silent; None: never. *hook* is told what
    happens, for metrics and traces (`anytws.Hook`); the standard `logging` is told in any case.

    *journal* (`anytws.FileJournal`, `anytws.SqliteJournal`) keeps every order before it leaves, so that the next
    process knows what may be out there. *gate* (`anytws.Gate`) says which orders may leave.

    What this gives can be used at once, from any thread, and is closed by ``close()``, at the end of a ``with`` block,
    or when the interpreter ends. *on_waiting* and *hook* are called in the thread of the connection's own event loop.

    Raises `ConnectError`, or the one of its kinds that fits, when the connection does not become ready. When it ends
    later, every method that is called raises `ConnectionClosed`, and so does leaving the block.
    """

def keep_connected(
    host: str = '127.0.0.1',
    port: int = 7497,
    *,
    client_id: int | None = None,
    policy: Reconnection = ...,
    options: HandshakeOptions | None = None,
    codes: CodeTable = ...,
    limits: Limits = ...,
    connect_timeout: float | None = 10.0,
    follow_redirects: bool = False,
    on_waiting: OnWaiting | None = None,
    on_presence: OnPresence | None = None,
    timeout_factor: float = 1.0,
    pacing: Pacing | int | None = ...,
    read_only: bool = False,
    paper_only: bool = False,
    liveness: float | None = 30.0,
    hook: Hook | None = None,
    journal: Journal | None = None,
    gate: Gate | None = None,
) -> SyncTws:
    """Connect to TWS or IB Gateway over TCP, and stay connected, with the same verbs as `connect` gives.

    This returns when TWS is ready the first time, and what it gives lives through restarts of TWS, drops of the network and
    changes of its port, always with the same client id. *policy* says when it is tried again, for how long, and what is
    hopeless (`anytws.Reconnection`); where somebody watches, ``on_presence=print`` shows how far it is until
    it returns, and `Tws.presence` does then.

    Streams go on, with `Gap` and `Resumed` in their place; a question that changes nothing waits for
    the connection, and is asked again within its deadline; one that changes something raises `NotConnected` or
    `AnswerLost`, and is never said twice; what was on its way to an order is unknown (`OrderUnknown`) until TWS has
    been asked, which is done on the way back, before any stream goes on.

    All other options are those of `connect`, but for *id_wait*, which is part of the policy, and *liveness*, which is
    30 seconds here.

    What this gives can be used from any thread, and is closed by ``close()``, at the end of a ``with`` block, or when
    the interpreter ends; that takes a second at most, whatever TWS does. *on_presence*, *on_waiting*, *hook*, and what
    a gate looks at, are called in the thread of the connection's own event loop.

    Raises `ConnectError`, or the one of its kinds that fits, when trying again is hopeless before it is ready, or takes
    longer than ``policy.enter_within``. When it is hopeless later, every method that is called raises
    `ConnectionClosed`, and so does leaving the block: here that is the end of everything.
    """

def connect_by(opening: Callable[[], AbstractAsyncContextManager[Tws]]) -> SyncTws:
    """Connect by an async block of one's own: over TLS or a UNIX socket, to a TWS in memory. Else it is as `connect`.

    *opening* is called, and the block that it gives entered and left, in the thread of the connection's own event loop,
    which is asyncio's.
    """
