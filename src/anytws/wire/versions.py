"""Server versions at which something changes, by the vendor's names, and the range that we speak.

A server version is a number agreed in the handshake: the highest that both sides know.
"""

from __future__ import annotations

from typing import Final

MIN_VERSION: Final = 157
"""The oldest server version that we speak (ADR 0002)."""
MAX_VERSION: Final = 226
"""The newest that we know."""

ADVANCED_ORDER_REJECT: Final = 166
ERROR_TIME: Final = 194
CURRENT_TIME_IN_MILLIS: Final = 197
PROTOBUF: Final = 201
"""From here on every frame begins with its message id as four bytes."""
PROTOBUF_PLACE_ORDER: Final = 203
PROTOBUF_ACCOUNTS_POSITIONS: Final = 207
PROTOBUF_REST_MESSAGES_3: Final = 213
