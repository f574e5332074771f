"""What a financial advisor has set up: groups of accounts, and names for them."""

from __future__ import annotations

from anytws.arrow.records import Records
from anytws.client.conversing import Conversing
from anytws.machines.advisor_documents import AccountAlias, AccountGroup, read_aliases, read_groups
from anytws.messages.advisors import FADataType, FAReplace, FARequest


class Advisors:
    """What a financial advisor has set up. It is ``tws.advisors``.

    All raise what `Tws.ask` raises; `RequestFailed` with 321 for who is no advisor.
    """

    def __init__(self, tws: Conversing) -> None:
        self._tws = tws

    async def groups(self, *, timeout: float | None = None) -> Records[AccountGroup]:
        """Give the groups of accounts, and how an order is divided among them.

        *timeout* is in seconds from the call, 30 unless something else is said; so for all here. Raises `DecodeError`
        for a document that cannot be read: `document` gives it as it is.
        """
        return Records.of(AccountGroup, read_groups(await self.document(FADataType.GROUPS, timeout=timeout)))

    async def aliases(self, *, timeout: float | None = None) -> Records[AccountAlias]:
        """Give the names of accounts. Raises as `groups` does."""
        return Records.of(AccountAlias, read_aliases(await self.document(FADataType.ALIASES, timeout=timeout)))

    async def document(self, part: FADataType, *, timeout: float | None = None) -> str:
        """Give one *part* of what is set up, as TWS writes it: XML.

        Raises `RequestFailed` with 10230 while a change of it is not finished: ask later.
        """
        return (await self._tws.ask(FARequest(part), timeout=timeout)).xml

    async def replace(self, part: FADataType, document: str, *, timeout: float | None = None) -> str:
        """Put *document* in the place of one *part*, all of it; give what TWS says to that, for people.

        What `document` gave, with the changes in it, is the way to change a little. It is said once, and never again by
        itself: after `RequestTimedOut` or `ConnectionClosed` it may have been done or not, and `document` tells. Raises
        `RequestFailed` with 10230, 10231 or 10238 where TWS does not take it.
        """
        return (await self._tws.ask(FAReplace(part, document), timeout=timeout)).text
