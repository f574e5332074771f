"""Accounts: what they are worth, what they hold, what they gain and lose."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Final, TypeVar

import anyio

from anytws.arrow.records import Records
from anytws.client.contract_ids import contract_id_of
from anytws.client.contract_like import ContractLike
from anytws.client.conversing import Conversing
from anytws.core.arguments import check_timeout
from anytws.errors import LocalProtocolError, RequestTimedOut, shown
from anytws.machines.accounts import (
    FiguresPainter,
    Holdings,
    PortfolioPainter,
    PositionsPainter,
    ValuesPainter,
)
from anytws.machines.figures import Figures
from anytws.machines.pictures import Painter, Pictures
from anytws.messages.accounts import (
    AccountDataRequest,
    AccountSummaryRequest,
    AccountSummaryTag,
    AccountUpdatesMultiRequest,
    FamilyCode,
    FamilyCodesRequest,
    PnL,
    PnLRequest,
    PnLSingle,
    PnLSingleRequest,
    PortfolioValue,
    Position,
    PositionMulti,
    PositionsMultiRequest,
    PositionsRequest,
    SoftDollarTiersRequest,
    UserInfoRequest,
)
from anytws.messages.base import Streams
from anytws.messages.order_parts import SoftDollarTier
from anytws.runtime.stream import Feed, Stream

_Row = TypeVar("_Row", PnL, PnLSingle)
_Picture = TypeVar("_Picture")

ALL_TAGS: Final = tuple(tag.value for tag in AccountSummaryTag)
"""All figures that a summary has by name."""
LEDGER: Final = "$LEDGER"
"""How the tags begin that bring what is held by currency."""

PNL_SECONDS: Final = 30.0
"""How long `Accounts.pnl` waits unless somebody says otherwise."""
PNL_OF_SECONDS: Final = 10.0
"""How long `Accounts.pnl_of` does: TWS answers within about a second, or never."""
CORRECTED_WITHIN: Final = 1.5
"""Seconds from the first profit and loss that TWS says, which may be rough, to its correction (recorded: about 1)."""

_NOT_HELD: Final = "TWS says nothing at all about a contract that the account does not hold, nor that it does not"


class Accounts:
    """Accounts: summary, values, positions, portfolio, profit and loss. It is ``tws.accounts``.

    Each question has a sibling that lasts: ``follow_...`` gives, inside its block, one picture after the other. The
    first comes when TWS has said all there is; each is whole, says what ``changed``, and takes the place of the one
    before it, so a slow reader finds the newest. TWS says changes of positions at once, and all else every 3 minutes.

    All raise what `Tws.ask` and `Tws.stream` raise. A question leaves no subscription behind.
    """

    def __init__(self, tws: Conversing) -> None:
        self._tws = tws

    @property
    def managed(self) -> tuple[str, ...] | None:
        """The accounts that this login manages; None if TWS has not said them (ADR 0004)."""
        return self._tws.accounts_named

    # --- summaries -----------------------------------------------------------------------------------------------

    async def summary(
        self, tags: Iterable[str] | str = ALL_TAGS, *, group: str = "All", timeout: float | None = None
    ) -> Figures:
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
        request = _summary_request(tags, group)
        return FiguresPainter(group).finished(await self._tws.ask(request, timeout=timeout))

    def follow_summary(
        self, tags: Iterable[str] | str = ALL_TAGS, *, group: str = "All", timeout: float | None = None
    ) -> Feed[Figures]:
        """Give a block in which the figures of several accounts come, see `summary`; changes come every 3 minutes.

        Entering it raises `LimitReached` while two are open on this connection.
        """
        return self._follow(_summary_request(tags, group), FiguresPainter(group), timeout)

    # --- one account ---------------------------------------------------------------------------------------------

    async def values(self, account: str | None = None, *, timeout: float | None = None) -> Figures:
        """Give all figures of one account, of its segments, and of each currency that it holds.

        *account* is None for the only one; of an advisor ``F1234567A`` means all. Look at `Figures.is_ready`: while the
        vendor resets its servers the figures may be old or wrong. TWS keeps one account up to date at a time, for
        `values` and `portfolio` and those that follow them: the same one is shared, and while another is followed,
        `LocalProtocolError` names it. `values_of` has no such limit.

        Raises `RequestFailed` with 321 for an account that TWS does not know, with 2101 where another client of this
        TWS follows another account, with 2100 where TWS ended it; and `RequestTimedOut` where TWS says no end, as some
        of its versions were reported to do: ``received`` is what came.
        """
        request = AccountDataRequest(account=self._account(account, "AccountDataRequest"))
        return ValuesPainter().finished(await self._tws.ask(request, timeout=timeout))

    def follow_values(self, account: str | None = None, *, timeout: float | None = None) -> Feed[Figures]:
        """Give a block in which all figures of one account come, see `values`.

        The first `Figures` come when TWS has said all of them once, the next when it closes what it says together by
        saying what time it is: at once when a position changes, otherwise about every 3 minutes. From a TWS that does
        not say when all has been said once, as some versions do, the first come with the second batch.
        """
        request = AccountDataRequest(account=self._account(account, "AccountDataRequest"))
        return self._follow(request, ValuesPainter(), timeout)

    async def portfolio(self, account: str | None = None, *, timeout: float | None = None) -> Records[PortfolioValue]:
        """Give the positions of one account with what they are worth.

        Amounts are in the currency of the contract, ``average_cost`` is that of one contract with its multiplier and
        commissions. What was closed today is left out. For *account*, and errors, see `values`.
        """
        request = AccountDataRequest(account=self._account(account, "AccountDataRequest"))
        held = PortfolioPainter().finished(await self._tws.ask(request, timeout=timeout)).held
        return Records.of(PortfolioValue, held)

    def follow_portfolio(
        self, account: str | None = None, *, timeout: float | None = None
    ) -> Feed[Holdings[PortfolioValue]]:
        """Give a block in which the positions of one account come with what they are worth, see `portfolio`.

        What they are worth is said with the figures, about every 3 minutes, and when the position changes: for prices
        as they happen, see `Tws.market_data`.
        """
        request = AccountDataRequest(account=self._account(account, "AccountDataRequest"))
        return self._follow(request, PortfolioPainter(), timeout)

    # --- positions -----------------------------------------------------------------------------------------------

    async def positions(self, *, timeout: float | None = None) -> Records[Position]:
        """Give the positions of all accounts that this login sees.

        What was closed today is left out. Raises `RequestFailed` with 321 where the login has more than 50 accounts:
        then ask `positions_of` each.
        """
        answer = await self._tws.ask(PositionsRequest(), timeout=timeout)
        return Records.of(Position, PositionsPainter(Position).finished(answer).held)

    def follow_positions(self, *, timeout: float | None = None) -> Feed[Holdings[Position]]:
        """Give a block in which the positions of all accounts come: after each fill, and not with prices."""
        return self._follow(PositionsRequest(), PositionsPainter(Position), timeout)

    async def positions_of(
        self, account: str | None = None, *, model: str = "", timeout: float | None = None
    ) -> Records[PositionMulti]:
        """Give the positions of one account, or of one *model* of an advisor; *account* is None for the only one."""
        request = PositionsMultiRequest(self._account(account, "PositionsMultiRequest", model), model)
        answer = await self._tws.ask(request, timeout=timeout)
        return Records.of(PositionMulti, PositionsPainter(PositionMulti).finished(answer).held)

    def follow_positions_of(
        self, account: str | None = None, *, model: str = "", timeout: float | None = None
    ) -> Feed[Holdings[PositionMulti]]:
        """Give a block in which the positions of one account or *model* come, after each fill."""
        request = PositionsMultiRequest(self._account(account, "PositionsMultiRequest", model), model)
        return self._follow(request, PositionsPainter(PositionMulti), timeout)

    async def values_of(
        self, account: str | None = None, *, model: str = "", ledger_only: bool = False, timeout: float | None = None
    ) -> Figures:
        """Give the figures of one account, or of one *model* of an advisor: of as many at a time as one likes.

        They are those of `values`, save that it says no time. *ledger_only* leaves out all but what is held in each
        currency. *account* is None for the only one.
        """
        account = self._account(account, "AccountUpdatesMultiRequest", model)
        request = AccountUpdatesMultiRequest(account, model, ledger_only)
        return FiguresPainter().finished(await self._tws.ask(request, timeout=timeout))

    def follow_values_of(
        self, account: str | None = None, *, model: str = "", ledger_only: bool = False, timeout: float | None = None
    ) -> Feed[Figures]:
        """Give a block in which the figures of one account or *model* come, see `values_of`."""
        account = self._account(account, "AccountUpdatesMultiRequest", model)
        return self._follow(AccountUpdatesMultiRequest(account, model, ledger_only), FiguresPainter(), timeout)

    # --- profit and loss -----------------------------------------------------------------------------------------

    async def pnl(self, account: str | None = None, *, model: str = "", timeout: float | None = None) -> PnL:
        """Give the profit and loss of one account, or of one *model*, in the account's base currency.

        What TWS says first may be rough, and it corrects that after about a second; so this takes 1.5 seconds from the
        first amounts on. What TWS cannot compute is None, all of it perhaps, if *timeout* passes first. When a day
        begins is a setting of TWS. *account* is None for the only one.

        Raises `RequestFailed` with 10183 where TWS has failed to compute it.
        """
        request = PnLRequest(self._account(account, "PnLRequest"), model)
        return await self._corrected(request, PnL, PNL_SECONDS if timeout is None else timeout)

    def follow_pnl(self, account: str | None = None, *, model: str = "", timeout: float | None = None) -> Stream[PnL]:
        """Give a block in which the profit and loss of one account comes, about once a second while it changes.

        The first may be rough, see `pnl`. Each is whole: a slow reader may choose to see the newest alone by reading
        ``batches()``. Outside of trading hours it may be silent; 1101 ends it with `DataLost`.
        """
        return self._tws.stream(PnLRequest(self._account(account, "PnLRequest"), model), timeout=timeout)

    async def pnl_of(
        self,
        position: ContractLike,
        account: str | None = None,
        *,
        model: str = "",
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
        request = self._position_request(position, account, model)
        try:
            return await self._corrected(request, PnLSingle, PNL_OF_SECONDS if timeout is None else timeout)
        except RequestTimedOut as late:
            late.add_note(_NOT_HELD)
            raise

    def follow_pnl_of(
        self,
        position: ContractLike,
        account: str | None = None,
        *,
        model: str = "",
        timeout: float | None = None,
    ) -> Stream[PnLSingle]:
        """Give a block in which the profit and loss of one position comes, about once a second while it changes.

        Of what the account does not hold nothing comes, ever, unless *timeout*, in seconds for the first, is given. A
        `Notice` with 2150 in front of a row says that the position is closed, and has no value any more.
        """
        return self._tws.stream(self._position_request(position, account, model), timeout=timeout)

    # --- the owner -----------------------------------------------------------------------------------------------

    async def family_codes(self, *, timeout: float | None = None) -> Records[FamilyCode]:
        """Give which accounts belong together: for who is in no family one row, with the account ``*``."""
        answer = await self._tws.ask(FamilyCodesRequest(), timeout=timeout)
        return Records.of(FamilyCode, answer.family_codes)

    async def white_branding_id(self, *, timeout: float | None = None) -> str:
        """Give the white branding id of the user, empty for a customer of the vendor's own brand.

        Documented is no answer at all for such a one: then it is `RequestTimedOut`, after 10 seconds.
        """
        return (await self._tws.ask(UserInfoRequest(), timeout=timeout)).white_branding_id

    async def soft_dollar_tiers(self, *, timeout: float | None = None) -> Records[SoftDollarTier]:
        """Give the user's tiers of soft dollars, for orders; ordinary users have none."""
        answer = await self._tws.ask(SoftDollarTiersRequest(), timeout=timeout)
        return Records.of(SoftDollarTier, answer.soft_dollar_tiers)

    # --- within --------------------------------------------------------------------------------------------------

    def _account(self, account: str | None, name: str, model: str = "") -> str:
        """Give the account to ask for: the only one, if none is named."""
        managed = self.managed
        if account is not None:
            return account
        if model or not managed:
            return ""
        only, *others = managed
        if others:
            raise LocalProtocolError(
                f"there are several accounts, so say which one is meant: {', '.join(managed)}",
                message=name,
                field="account",
            )
        return only

    def _position_request(self, position: ContractLike, account: str | None, model: str) -> PnLSingleRequest:
        if account is None and isinstance(position, (Position, PositionMulti, PortfolioValue)):
            account = position.account or None
        if not model and isinstance(position, PositionMulti):
            model = position.model_code
        return PnLSingleRequest(self._account(account, "PnLSingleRequest"), contract_id_of(position), model)

    def _follow(self, request: Streams[Any], painter: Painter[Any, _Picture], timeout: float | None) -> Feed[_Picture]:
        return self._tws.feed(request, Pictures(painter, request), timeout=timeout)

    async def _corrected(self, request: Streams[_Row], kind: type[_Row], seconds: float) -> _Row:
        """Give what TWS says of *request* once it has had the time to correct what it says first."""
        check_timeout(seconds)
        deadline = anyio.current_time() + seconds
        newest: _Row | None = None
        # Until the first row has come, the stream's own deadline holds: it knows whether the request had left.
        async with self._tws.stream(request, timeout=seconds) as rows:
            with anyio.CancelScope() as patience:
                async for row in rows:
                    if not isinstance(row, kind):
                        continue
                    newest = row
                    if patience.deadline == math.inf:
                        patience.deadline = deadline
                    if _says_something(row) and patience.deadline == deadline:
                        patience.deadline = min(deadline, anyio.current_time() + CORRECTED_WITHIN)
        assert newest is not None, "a stream that says nothing raises, and patience ends behind the first row only"
        return newest


def _says_something(row: PnL | PnLSingle) -> bool:
    return any(amount is not None for amount in (row.daily_pnl, row.unrealized_pnl, row.realized_pnl))


def _summary_request(tags: Iterable[str] | str, group: str) -> AccountSummaryRequest:
    wanted = (tags,) if isinstance(tags, str) else tuple(tags)
    for tag in wanted:
        _refuse_unknown(tag)
    return AccountSummaryRequest(wanted, group)


def _refuse_unknown(tag: object) -> None:
    """Raise `LocalProtocolError` for a tag that there is not: TWS would just leave it out."""
    # What is no text at all is refused where it is written.
    word = AccountSummaryTag(tag) if type(tag) is str else tag
    if not isinstance(word, AccountSummaryTag) or word.is_meant or word.startswith(LEDGER):
        return
    closest = AccountSummaryTag.closest(word)
    longer = [name for name in ALL_TAGS if word and name.casefold().startswith(word.casefold())]
    if closest is not None:
        advice = f"probably {closest.value!r} is meant"
    elif longer:
        advice = f"{longer[0]!r} is meant, perhaps"
    else:
        advice = f"AccountSummaryTag has those that there are, and '{LEDGER}:ALL' brings CashBalance and the like"
    raise LocalProtocolError(
        f"there is no tag {shown(tag)}, and TWS would leave it out without a word: {advice}; "
        f"AccountSummaryTag.verbatim({shown(tag)}) sends the word as it is",
        message="AccountSummaryRequest",
        field="tags",
    )
