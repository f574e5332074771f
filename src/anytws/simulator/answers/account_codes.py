"""Which accounts are meant by what a request calls them."""

from __future__ import annotations

from typing import Final

from anytws.simulator.advisors import is_advisor
from anytws.simulator.ground import Ground

ALL: Final = "All"
"""All accounts, in requests that take a list."""

MOST_ACCOUNTS: Final = 50
"""With how many accounts under an advisor all of them can still be asked for together (documented)."""

NEEDED: Final = "The account code is required for this operation."
TOO_MANY: Final = "This API request for All is not supported for Dynamic Account Addition"


def invalid(code: str) -> str:
    """Give what TWS says of an account that there is not."""
    return f"Invalid account code '{code}'"


def too_many(world: Ground) -> bool:
    """Tell whether there are so many accounts that all together cannot be asked for."""
    return len(world.accounts.names) > MOST_ACCOUNTS + 1


def means_all(world: Ground, code: str) -> bool:
    """Tell whether *code* is all accounts: ``All``, or an advisor's account with an A behind it (documented)."""
    if code == ALL:
        return True
    owner = code.removesuffix("A")
    return owner != code and owner in world.accounts.names and is_advisor((owner,))


def accounts_of(world: Ground, code: str) -> tuple[str, ...] | None:
    """Give the accounts that *code* means where it may be several; None: there is no such account."""
    names = world.accounts.names
    if code in names:
        return (code,)
    return names if means_all(world, code) else None
