"""What the simulated TWS answers: one table, keyed by the class of the request.

An answer is a function of the link and the request that gives what TWS says, in order. To simulate another request,
write its function and its line in `ANSWERS`; to have a TWS of your own for a test, give `World` another table::

    World(answers={**ANSWERS, CurrentTimeRequest: Answer(lambda link, request: ())})     # never tells the time
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, Generic, TypeAlias, TypeVar

import attrs

from anytws.errors import in_a_sentence
from anytws.messages.accounts import (
    AccountDataEnd,
    AccountDataRequest,
    AccountSummaryEnd,
    AccountSummaryRequest,
    AccountUpdateMultiEnd,
    AccountUpdatesMultiRequest,
    CancelAccountSummary,
    CancelAccountUpdatesMulti,
    CancelPositions,
    CancelPositionsMulti,
    FamilyCode,
    FamilyCodes,
    FamilyCodesRequest,
    PositionEnd,
    PositionMultiEnd,
    PositionsMultiRequest,
    PositionsRequest,
)
from anytws.messages.base import ToClient, ToTws
from anytws.messages.config import ApiConfig, ApiSettingsConfig, ConfigRequest, ConfigResponse
from anytws.messages.executions import ExecutionDetailsEnd, ExecutionRequest
from anytws.messages.orders import (
    AllOpenOrdersRequest,
    AutoOpenOrdersRequest,
    CompletedOrdersEnd,
    CompletedOrdersRequest,
    OpenOrdersEnd,
    OpenOrdersRequest,
)
from anytws.messages.session import (
    CurrentTime,
    CurrentTimeInMillis,
    CurrentTimeInMillisRequest,
    CurrentTimeRequest,
    ErrorMessage,
    IdsRequest,
    ManagedAccounts,
    ManagedAccountsRequest,
    NextValidId,
    SetServerLogLevelRequest,
)
from anytws.simulator.settings import FarmKind

if TYPE_CHECKING:
    from anytws.simulator.link import Link

_REFUSED_REQUEST: Final = 321
_NOT_CLIENT_0: Final = 327
_ACCOUNT_DATA_OVER: Final = 2100
_ALL_ACCOUNTS: Final = "All"
"""What an advisor asks for; the same as an account of his with an A behind it."""

_Request = TypeVar("_Request", bound=ToTws)


@attrs.frozen
class Answer(Generic[_Request]):
    """How one kind of request is answered."""

    reply: Callable[[Link, _Request], Iterable[ToClient]]
    """Gives what TWS says. What it raises, or gives that cannot be said, ends the connection: see `Link.failure`."""
    farm: FarmKind | None = None
    """The farm that the answer comes from. A Gateway connects it and gives its notice before the first such answer."""
    needs_trading: bool = False
    """Whether a TWS whose API is read-only refuses it, though it changes nothing."""


Answers: TypeAlias = Mapping[type[ToTws], Answer[Any]]
"""The shape of the table."""


def tell_time(link: Link, _: CurrentTimeRequest) -> Iterable[ToClient]:
    """Give the clock, in whole seconds."""
    yield CurrentTime(link.world.utc().replace(microsecond=0))


def tell_time_in_millis(link: Link, _: CurrentTimeInMillisRequest) -> Iterable[ToClient]:
    """Give the clock, in whole milliseconds."""
    time = link.world.utc()
    yield CurrentTimeInMillis(time.replace(microsecond=time.microsecond // 1000 * 1000))


def tell_accounts(link: Link, _: ManagedAccountsRequest) -> Iterable[ToClient]:
    """Give the accounts again."""
    yield ManagedAccounts(link.world.settings.accounts)


def tell_next_valid_id(link: Link, _: IdsRequest) -> Iterable[ToClient]:
    """Give the next valid id again. How many ids were asked for makes no difference, as with the real one."""
    yield NextValidId(link.world.next_valid_id(link.client_id))


def set_log_level(link: Link, request: SetServerLogLevelRequest) -> Iterable[ToClient]:
    """Note the level. TWS says nothing to it."""
    link.log_level = request.log_level
    return ()


def say_nothing(_: Link, __: ToTws) -> Iterable[ToClient]:
    """Give nothing: TWS takes it without a word."""
    return ()


def tell_settings(link: Link, request: ConfigRequest) -> Iterable[ToClient]:
    """Give those of the settings that there are here."""
    settings = link.world.settings
    told = ApiSettingsConfig(
        read_only_api=settings.read_only,
        allow_localhost_only=settings.localhost_only,
        trusted_ips=tuple(sorted(settings.trusted_addresses)),
    )
    yield ConfigResponse(request.request_id, api=ApiConfig(settings=told))


# Downloads. There is no trading here, so nothing is in them; but whoever waits for their ends need not wait in vain.


def end_account_data(link: Link, request: AccountDataRequest) -> Iterable[ToClient]:
    """End a download without values; take the end of a subscription as the real one does, with 2100."""
    accounts = link.world.settings.accounts
    if not request.subscribe:
        yield _error(link, _ACCOUNT_DATA_OVER, "API client has been unsubscribed from account data.")
    elif request.account in ("", _ALL_ACCOUNTS, *accounts) or request.account.removesuffix("A") in accounts:
        yield AccountDataEnd(request.account or (accounts[0] if accounts else ""))
    else:
        cause = f"Invalid account code '{in_a_sentence(request.account)}'."
        yield _error(link, _REFUSED_REQUEST, f"Error validating request:-'AccountDataRequest' : cause - {cause}")


def end_positions(_: Link, __: PositionsRequest) -> Iterable[ToClient]:
    """End a download without positions."""
    yield PositionEnd()


def end_positions_multi(_: Link, request: PositionsMultiRequest) -> Iterable[ToClient]:
    """End a download without positions."""
    yield PositionMultiEnd(request.request_id)


def end_account_updates_multi(_: Link, request: AccountUpdatesMultiRequest) -> Iterable[ToClient]:
    """End a download without values."""
    yield AccountUpdateMultiEnd(request.request_id)


def end_account_summary(_: Link, request: AccountSummaryRequest) -> Iterable[ToClient]:
    """End a download without values."""
    yield AccountSummaryEnd(request.request_id)


def end_open_orders(_: Link, __: OpenOrdersRequest | AllOpenOrdersRequest) -> Iterable[ToClient]:
    """End a download without orders."""
    yield OpenOrdersEnd()


def bind_orders(link: Link, _: AutoOpenOrdersRequest) -> Iterable[ToClient]:
    """Say nothing to client 0, for nobody enters orders by hand here; refuse all others."""
    if link.client_id != 0:
        yield _error(link, _NOT_CLIENT_0, "Only the client with id 0 may bind orders that were entered in TWS.")


def end_completed_orders(_: Link, __: CompletedOrdersRequest) -> Iterable[ToClient]:
    """End a download without orders."""
    yield CompletedOrdersEnd()


def end_executions(_: Link, request: ExecutionRequest) -> Iterable[ToClient]:
    """End a download without executions."""
    yield ExecutionDetailsEnd(request.request_id)


def tell_family_codes(_: Link, __: FamilyCodesRequest) -> Iterable[ToClient]:
    """Give what was recorded of an account outside of any family."""
    yield FamilyCodes((FamilyCode("*", ""),))


def _error(link: Link, code: int, text: str) -> ErrorMessage:
    return ErrorMessage(None, code, text, error_time=link.time())


ANSWERS: Final[Answers] = {
    CurrentTimeRequest: Answer(tell_time),
    CurrentTimeInMillisRequest: Answer(tell_time_in_millis),
    ManagedAccountsRequest: Answer(tell_accounts),
    IdsRequest: Answer(tell_next_valid_id, needs_trading=True),
    SetServerLogLevelRequest: Answer(set_log_level),
    ConfigRequest: Answer(tell_settings),
    AccountDataRequest: Answer(end_account_data),
    PositionsRequest: Answer(end_positions),
    CancelPositions: Answer(say_nothing),
    PositionsMultiRequest: Answer(end_positions_multi),
    CancelPositionsMulti: Answer(say_nothing),
    AccountUpdatesMultiRequest: Answer(end_account_updates_multi),
    CancelAccountUpdatesMulti: Answer(say_nothing),
    AccountSummaryRequest: Answer(end_account_summary),
    CancelAccountSummary: Answer(say_nothing),
    FamilyCodesRequest: Answer(tell_family_codes),
    OpenOrdersRequest: Answer(end_open_orders, needs_trading=True),
    AllOpenOrdersRequest: Answer(end_open_orders, needs_trading=True),
    AutoOpenOrdersRequest: Answer(bind_orders),
    CompletedOrdersRequest: Answer(end_completed_orders, needs_trading=True),
    ExecutionRequest: Answer(end_executions),
}
"""Every request that the simulator answers."""
