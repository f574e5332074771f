# Written by docs/write_sync.py from the async classes: change those instead.
# ruff: noqa: A002, D200, E501, I001, PYI011, PYI021, Q000
# fmt: off
"""The client for threads that wait: scripts, notebooks, thread pools. Same verbs, no ``await``, nothing patched."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, Literal, TypeVar, overload
from anytws.arrow.records import Records
from anytws.client.contract_like import ContractLike
from anytws.client.download import OnFailure
from anytws.client.historical import PastTick
from anytws.client.named import Named
from anytws.client.sync_blocks import SyncDownload as SyncDownload, SyncHealthChanges as SyncHealthChanges, SyncShownGroup as SyncShownGroup, SyncWatch as SyncWatch
from anytws.client.sync_connection import SyncConnection as SyncConnection
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
from anytws.machines.figures import Figures
from anytws.machines.health import Health
from anytws.machines.mailbox import Desk, Mailbox, WhenFull
from anytws.machines.option_chain import OptionChain
from anytws.machines.pacing import Pacing
from anytws.machines.price_steps import PriceSteps
from anytws.machines.quotes import Quote
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
from anytws.messages.contracts import ContractDescription, MarketRule
from anytws.messages.historical import BarSize, HistogramDataEntry, RealTimeWhatToShow, TicksWhatToShow, WhatToShow
from anytws.messages.market_data import DepthMarketDataDescription, HistoricalTick, HistoricalTickBidAsk, HistoricalTickLast, MarketDataAnswer, MarketDataMode, SmartComponent, TickByTickType, TickNews, TickOptionComputation
from anytws.messages.news import Headlines, HistoricalNews, NewsArticle, NewsBulletin, NewsProvider
from anytws.messages.order_parts import SoftDollarTier
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
        not read; `ConnectionClosed` after the end. If no byte leaves for 10 seconds, the connection ends as
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

    What this gives can be used at once, from any thread, and is closed by ``close()``, at the end of a ``with`` block,
    or when the interpreter ends. *on_waiting* and *hook* are called in the thread of the connection's own event loop.

    Raises `ConnectError`, or the one of its kinds that fits, when the connection does not become ready. When it ends
    later, every method that is called raises `ConnectionClosed`, and so does leaving the block.
    """

def connect_by(opening: Callable[[], AbstractAsyncContextManager[Tws]]) -> SyncTws:
    """Connect by an async block of one's own: over TLS or a UNIX socket, to a TWS in memory. Else it is as `connect`.

    *opening* is called, and the block that it gives entered and left, in the thread of the connection's own event loop,
    which is asyncio's.
    """
