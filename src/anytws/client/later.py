"""What is known of orders, loaded while a connection has nothing to do: in pieces, as `anytws.wire.loading` has them.

A connection that never hears of an order is ready without it. The first order that comes unasked is not to wait for
thirty modules, nor the first that is placed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Final

_HEARD: Final = (
    "machines.order_state",
    "machines.order_costs",
    "machines.order_fills",
    "machines.order_told",
    "machines.order_codes",
    "machines.order_sends",
    "machines.order_belief",
    "machines.order",
    "machines.order_names",
    "machines.kept_orders",
    "machines.heard_orders",
    "machines.known_orders",
)
"""What it takes to hear of orders, each after what it needs itself."""
_PLACED: Final = (
    "client.order_errors",
    "machines.order_answer",
    "client.placing",
    "client.order_changes",
    "client.order_streams",
    "client.trade",
    "client.order_queries",
    "client.orders",
)
"""What it takes to place one."""


def orders(*, placed: bool) -> Iterator[None]:
    """Load what it takes to hear of orders, and, if they are to be *placed*, that too; give control back in between."""
    for name in _HEARD + _PLACED if placed else _HEARD:
        if f"anytws.{name}" not in sys.modules:
            import_module(f"anytws.{name}")
            yield


def has_orders(*, placed: bool) -> bool:
    """Tell whether `orders` has nothing left to do."""
    last = _PLACED[-1] if placed else _HEARD[-1]
    return f"anytws.{last}" in sys.modules
