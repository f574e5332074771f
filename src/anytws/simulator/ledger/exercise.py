"""What becomes of options that are exercised, and of what has its last day. Positions change, no order is filled."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final, Protocol

from anytws.messages.contract import SecurityType
from anytws.simulator.ledger.booking import Booking
from anytws.simulator.ledger.kinds import is_option

if TYPE_CHECKING:
    from anytws.simulator.universe.instrument import Instrument

_ZERO: Final = Decimal(0)


class Ledger(Protocol):
    """What positions are booked into: `anytws.simulator.ledger.accounts.Accounts`."""

    def book(self, booking: Booking) -> Decimal | None:
        """Book an execution."""

    def position(self, account: str, contract_id: int) -> Decimal:
        """Give how much *account* holds of a contract."""
        ...

    def price(self, instrument: Instrument, at: int) -> Decimal:
        """Give the price of *instrument*."""
        ...

    def underlying(self, instrument: Instrument) -> Instrument | None:
        """Give what *instrument* is derived from."""


def exercise(
    accounts: Ledger, account: str, option: Instrument, contracts: Decimal, at: int, execution_id: str
) -> tuple[Booking, ...]:
    """Exercise *contracts* of a long position at *at* ms, or have a short one assigned: then *contracts* are negative.

    The option goes at a price of 0, and what it is derived from comes or goes at the strike; where that is an index,
    the option goes at what it is in the money, in cash (chosen: the premium is a loss or a gain of its own). Gives what
    was booked, with ids made of *execution_id*. Raises `ValueError` for more than is held, for what is no option and
    for one whose underlying the universe does not have.
    """
    held = accounts.position(account, option.contract_id)
    if not contracts or abs(contracts) > abs(held) or (contracts > 0) is not (held > 0):
        raise ValueError(f"{account} holds {held} of contract {option.contract_id}, and not {contracts}")
    underlying = accounts.underlying(option) if is_option(option) else None
    if underlying is None:
        raise ValueError(f"contract {option.contract_id} is no option of something that there is")
    if underlying.contract.security_type is SecurityType.INDEX:
        worth = in_the_money(option, accounts.price(underlying, at))
        return (_booked(accounts, account, option, -contracts, worth, at, f"{execution_id}.01.01"),)
    units = contracts * option.multiplier / underlying.multiplier
    return (
        _booked(accounts, account, option, -contracts, _ZERO, at, f"{execution_id}.01.01"),
        _booked(
            accounts,
            account,
            underlying,
            units if option.is_call else -units,
            option.strike or _ZERO,
            at,
            f"{execution_id}.02.01",
        ),
    )


def expire(accounts: Ledger, account: str, instrument: Instrument, at: int, execution_id: str) -> tuple[Booking, ...]:
    """End the position of *account* in *instrument* at *at* ms, for it had its last day.

    An option that is in the money is exercised or assigned, others are worth nothing; all else is closed at its price.
    Gives what was booked: nothing where nothing is held.
    """
    held = accounts.position(account, instrument.contract_id)
    if not held:
        return ()
    if not is_option(instrument):
        price = accounts.price(instrument, at)
        return (_booked(accounts, account, instrument, -held, price, at, f"{execution_id}.01.01"),)
    underlying = accounts.underlying(instrument)
    if underlying is None or not in_the_money(instrument, accounts.price(underlying, at)):
        return (_booked(accounts, account, instrument, -held, _ZERO, at, f"{execution_id}.01.01"),)
    return exercise(accounts, account, instrument, held, at, execution_id)


def in_the_money(option: Instrument, price: Decimal) -> Decimal:
    """Give how far *option* is in the money when its underlying is at *price*; 0: it is not."""
    strike = option.strike or _ZERO
    return max(_ZERO, price - strike if option.is_call else strike - price)


def _booked(
    accounts: Ledger, account: str, instrument: Instrument, quantity: Decimal, price: Decimal, at: int, number: str
) -> Booking:
    booking = Booking(
        execution_id=number,
        account=account,
        instrument=instrument,
        at=at,
        quantity=quantity,
        price=price,
        commission=_ZERO,
        commission_currency=instrument.currency,
    )
    accounts.book(booking)
    return booking
