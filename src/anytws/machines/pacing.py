"""What TWS takes in a given time, and how this client alone stays below it."""

from __future__ import annotations

from typing import Final

import attrs

from anytws.core.arguments import check_instance, check_whole_number


@attrs.frozen(kw_only=True)
class Pacing:
    """The limits of TWS, as far as this client alone can keep them. Others of the same user share some of them."""

    messages_per_second: int = 50
    """Messages to TWS in any second: half of the account's market data lines."""
    lines: int = 100
    """Market data lines that may be open at once."""

    def __attrs_post_init__(self) -> None:
        check_whole_number("messages_per_second", self.messages_per_second, at_least=1, example=50)
        check_whole_number("lines", self.lines, at_least=1, example=100)


STANDARD_PACING: Final = Pacing()
"""What an account has that pays for nothing more."""


def pacing_of(choice: Pacing | int | None) -> Pacing | None:
    """Give what a caller has chosen; a number is messages a second. Raises `TypeError` and `ValueError`."""
    if choice is None or isinstance(choice, Pacing):
        return choice
    check_whole_number("pacing", choice, at_least=1, example=50)
    check_instance("pacing", choice, int)
    return Pacing(messages_per_second=choice, lines=2 * choice)
