"""Fields of messages that a newer TWS sends and nobody here knows: each kind of message is told of once."""

from __future__ import annotations

import attrs

from anytws.core.events import SurplusFields
from anytws.messages.base import Message
from anytws.wire.codec import Codec
from anytws.wire.text import Surplus


@attrs.define
class NewerFields:
    """Which kinds of message were told of, and in which such fields were looked for."""

    told: set[type[Message]] = attrs.field(factory=set)
    looked_at: set[type[Message]] = attrs.field(factory=set)

    def of(self, codec: Codec, body: bytes, decoded: Message | Surplus) -> SurplusFields | None:
        """Give what there is to tell of *decoded*, which *codec* has read from *body*; None if that is nothing new."""
        if isinstance(decoded, Surplus):
            return self._tell(decoded.message, decoded.fields)
        if type(decoded) in self.looked_at:
            return None
        self.looked_at.add(type(decoded))
        # Protobuf passes over fields that it does not know; to look for them costs more than to read the others.
        fields = codec.unknown_fields(body, decoded)
        return self._tell(decoded, fields) if fields else None

    def _tell(self, message: Message, fields: tuple[str, ...]) -> SurplusFields | None:
        if type(message) in self.told:
            return None
        self.told.add(type(message))
        return SurplusFields.of(message, fields)
