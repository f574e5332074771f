"""``anytws account``: what accounts are worth, what they hold, what they gain and lose."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

import anyio
from cyclopts import Parameter

from anytws import AnytwsError, ConnectionClosed
from anytws.cli import REFUSED, SETTINGS
from anytws.cli.connecting import Connecting, exit_code_of, run_reading
from anytws.cli.mask import Mask
from anytws.cli.output import Output, complain, open_console

if TYPE_CHECKING:
    from anytws import Tws
    from anytws.cli.holdings import Holding

_T = TypeVar("_T")

AT_ONCE: Final = 10
"""Accounts whose profit and loss is asked for at the same time: each takes a second and a half."""


def account(
    *,
    account: str | None = None,
    show_accounts: Annotated[bool, Parameter(negative=())] = False,
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
    where: Connecting = Connecting(),  # noqa: B008  # frozen, and shown as defaults
) -> int:
    """Show what accounts are worth, what they hold, what they gain and lose.

    It only reads. What TWS refuses is told in its place, and then the exit code is 5, or 4 where there was no answer.

    Parameters
    ----------
    account
        One account, by its whole id; without it, all that this login manages.
    show_accounts
        Show account ids in full, and not only their last three characters.
    as_json
        Write JSON, for programs: one object.
    """
    mask = Mask(shows_accounts=show_accounts)
    return run_reading(functools.partial(_account, account, as_json, mask), where, mask)


async def _account(chosen: str | None, as_json: bool, mask: Mask, tws: Tws) -> int:
    from anytws.cli.holdings import TAGS, Holding, Statement  # noqa: PLC0415 (the help needs none of it)

    managed = tws.accounts.managed
    if chosen is not None and managed is not None and chosen not in managed:
        mask.learn([chosen])
        known = ", ".join(map(mask.account, managed)) or "none"
        complain(f"{mask.account(chosen)} is no account of this login: it manages {known}")
        return SETTINGS
    summary = await _or_error(lambda: tws.accounts.summary(TAGS))
    names = _names(chosen, managed, summary)
    mask.learn(names)
    if not names:
        complain("TWS has named no account" if not isinstance(summary, AnytwsError) else mask(str(summary)))
        return exit_code_of(summary) if isinstance(summary, AnytwsError) else REFUSED
    holdings = [Holding(name, summary) for name in names]
    await _look(tws, holdings)
    statement = Statement(Output(open_console()), mask, holdings)
    code = max([exit_code_of(problem) for holding in holdings for problem in holding.problems()], default=0)
    if as_json:
        statement.write_json(code)
    else:
        statement.tell()
    return code


def _names(chosen: str | None, managed: tuple[str, ...] | None, summary: object) -> tuple[str, ...]:
    """Give the accounts that are meant; where TWS has not said them, those that its summary is of."""
    if chosen is not None:
        return (chosen,)
    if managed is not None:
        return tuple(dict.fromkeys(managed))
    figures = getattr(summary, "figures", ())
    return tuple(dict.fromkeys(figure.account for figure in figures if figure.account))


async def _look(tws: Tws, holdings: list[Holding]) -> None:
    """Ask for what *holdings* are and gain. Raises `ConnectionClosed`."""
    closed: list[ConnectionClosed] = []
    limit = anyio.CapacityLimiter(AT_ONCE)

    async def gains(holding: Holding) -> None:
        try:
            async with limit:
                holding.pnl = await _or_error(lambda: tws.accounts.pnl(holding.account))
        except ConnectionClosed as end:
            closed.append(end)
            tasks.cancel_scope.cancel()

    async def portfolios() -> None:
        try:
            for holding in holdings:
                # TWS keeps one account up to date at a time.
                holding.portfolio = await _or_error(functools.partial(tws.accounts.portfolio, holding.account))
        except ConnectionClosed as end:
            closed.append(end)
            tasks.cancel_scope.cancel()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(portfolios)
        for holding in holdings:
            tasks.start_soon(gains, holding)
    if closed:
        raise closed[0]


async def _or_error(ask: Callable[[], Awaitable[_T]]) -> _T | AnytwsError:
    """Ask, and give the answer, or what went wrong. Raises `ConnectionClosed`."""
    try:
        return await ask()
    except ConnectionClosed:
        raise
    except AnytwsError as problem:
        return problem
