"""What a group of windows of TWS shows, read from the vendor's word for it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from anytws.machines.records import InBand
from anytws.messages.base import record
from anytws.messages.contract import Contract
from anytws.messages.display_groups import DisplayGroupUpdated

NOTHING_SHOWN: Final = "none"
_COMBO: Final = "combo"
_BY_ID: Final = re.compile(r"([0-9]{1,18})@([A-Z0-9.]{1,32})", re.ASCII)


@record
class Shown:
    """What a group of windows shows."""

    text: str
    """As TWS says it: ``265598@SMART``, ``none``, ``combo``."""
    contract: Contract | None = None
    """The contract, by its id and exchange alone; None where nothing is shown, or what it is cannot be known."""

    @property
    def is_nothing(self) -> bool:
        """Whether nothing is shown."""
        return self.text == NOTHING_SHOWN

    @property
    def is_combo(self) -> bool:
        """Whether a combination is shown; of which legs, TWS does not say."""
        return self.text == _COMBO


def shown_of(message: DisplayGroupUpdated) -> Shown:
    """Give what *message* says."""
    found = _BY_ID.fullmatch(message.contract_info)
    if found is None:
        return Shown(message.contract_info)
    return Shown(message.contract_info, Contract(contract_id=int(found[1]), exchange=found[2]))


def fold(items: Sequence[Any]) -> Sequence[Shown | InBand]:
    """Give what the messages of one read say; remarks stay in their place."""
    return [shown_of(item) if isinstance(item, DisplayGroupUpdated) else item for item in items]
