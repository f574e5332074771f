"""Which accounts are of paper: what the guard `paper_only` goes by.

The prefixes are the vendor's: DU is the paper account of a person, DF that of an advisor, U and F are live. An account
of a form that nobody has described is taken for a live one, and so is a login of which TWS names no account: a guard
that guesses is none.
"""

from __future__ import annotations

import re
from typing import Final

from anytws.errors import shown

_PAPER: Final = re.compile(r"D[UF][0-9]{1,20}")
_MOST_NAMED: Final = 3


def is_paper(account: str) -> bool:
    """Tell whether *account* is known to be a paper account: ``DU1234567``, ``DF1234567``."""
    return _PAPER.fullmatch(account) is not None


def not_paper(accounts: tuple[str, ...] | None) -> str | None:
    """Say why *accounts*, those that TWS manages, are not all known to be of paper; None: they are.

    *accounts* is None where TWS has not said them.
    """
    if accounts is None:
        return "TWS has not said which accounts it manages, so it is not known whether they are paper accounts"
    if not accounts:
        return "TWS names no account, so it is not known whether it trades on paper"
    others = [account for account in accounts if not is_paper(account)]
    if not others:
        return None
    named = ", ".join([shown(account, 20) for account in others[:_MOST_NAMED]])
    more = f" and {len(others) - _MOST_NAMED} more" if len(others) > _MOST_NAMED else ""
    verb = "is not a paper account" if len(others) == 1 else "are not paper accounts"
    return f"{named}{more} {verb}, or not known to be (those are DU or DF and a number)"
