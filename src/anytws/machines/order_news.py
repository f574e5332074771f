"""Which messages tell of orders, by their names: to know that, none of them need be loaded."""

from __future__ import annotations

from typing import Final

from anytws.core.codes import LINK_BROKEN, LINK_LOST, LINK_RESTORED, LINK_RESTORED_DATA_LOST

NAMES_OF_NEWS: Final = frozenset(
    {"OpenOrder", "OrderStatus", "ExecutionDetails", "CommissionAndFeesReport", "CompletedOrder", "OrderBound"}
)
"""The messages that tell of orders."""
NAMES_OF_ORDER_NEWS: Final = NAMES_OF_NEWS | {"ErrorMessage"}
"""With what carries a code: what cannot be read of these may have been about an order."""
LINK_NEWS: Final = frozenset({LINK_LOST, LINK_BROKEN, LINK_RESTORED, LINK_RESTORED_DATA_LOST})
"""The codes, without an id, that tell of the link between TWS and the vendor."""


class _Kinds(dict[type, bool]):
    """Whether each kind of event is one of those: asked once for each."""

    __slots__ = ()

    def __missing__(self, kind: type) -> bool:
        is_one = self[kind] = kind.__name__ in NAMES_OF_NEWS
        return is_one


TELLS_OF_ORDERS: Final = _Kinds()
"""By class, since it is asked of every message."""
