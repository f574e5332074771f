"""What a day is made of, and the token that stands for it.

A `Plan` is a value: what TWS is like, what goes wrong when, in which order tasks run. Equal plans make equal days, in
every process and on every machine, as far as the program itself is the same each time.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from typing import Any, Final

import attrs

from anytws.simulator.faults import Script
from anytws.simulator.market.models import FLAT
from anytws.simulator.settings import EPOCH, WorldSettings
from anytws.testing.days.values import brief, from_json, to_json

_VERSION: Final = "day1-"
_CHECKSUM_BYTES: Final = 4
_MOST_BYTES: Final = 1_000_000

NO_FAULTS: Final = Script()
"""Nothing goes wrong."""

DAY_SETTINGS: Final = WorldSettings(epoch_at_zero=EPOCH, positions=(), price_model=FLAT)
"""What TWS is like on a day unless something else is said: a Monday, the opening bell of New York; nothing is held,
and prices stand still until somebody moves them."""


def _at_an_epoch(settings: WorldSettings) -> WorldSettings:
    # Else it would be now, and each day another one.
    return settings if settings.epoch_at_zero is not None else attrs.evolve(settings, epoch_at_zero=EPOCH)


@attrs.frozen(kw_only=True, repr=False)
class Plan:
    """One day: the world, its troubles, and the order in which tasks take their turns."""

    settings: WorldSettings = attrs.field(default=DAY_SETTINGS, converter=_at_an_epoch)
    """What TWS is like. The seed of its prices is in there. Without an epoch it is `EPOCH` at the beginning."""
    script: Script = NO_FAULTS
    """What happens to it, and when."""
    schedule: int = 0
    """The seed of the order in which trio lets tasks run that are ready at the same time."""
    seconds: float = 1800.0
    """How long the day is, in seconds of its own clock. What settles afterwards comes on top."""
    messages: int = 200
    """How many messages may pass, both ways together, before the day is over."""

    def __repr__(self) -> str:
        """Give it as one would write it, without what is as it always is."""
        return brief(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ANN401 (a printer of Hypothesis)
        printer.text("..." if cycle else repr(self))

    @property
    def token(self) -> str:
        """The day as one word without spaces, that `plan_of` reads.

        Raises `ValueError` where something is in it that is no value of the simulator.
        """
        text = json.dumps(to_json(self), separators=(",", ":"), ensure_ascii=True)
        packed = zlib.compress(text.encode("ascii"), 9)
        checksum = zlib.crc32(packed).to_bytes(_CHECKSUM_BYTES, "big")
        return _VERSION + base64.urlsafe_b64encode(checksum + packed).decode("ascii").rstrip("=")


def plan_of(token: str) -> Plan:
    """Give the day that *token* stands for.

    Raises `ValueError`, which says what is wrong with it: cut off, mistyped, of another version of this library.
    """
    word = "".join(token.split())
    if not word.startswith(_VERSION):
        raise ValueError(f"a token of a day begins with {_VERSION!r}, and this one with {word[:8]!r}")
    coded = word[len(_VERSION) :]
    try:
        data = base64.b64decode(coded + "=" * (-len(coded) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as problem:
        raise ValueError("this token has characters in it, or an end, that no token has") from problem
    checksum, packed = data[:_CHECKSUM_BYTES], data[_CHECKSUM_BYTES:]
    if zlib.crc32(packed).to_bytes(_CHECKSUM_BYTES, "big") != checksum:
        raise ValueError("this token is not whole: its checksum is that of another one")
    unpack = zlib.decompressobj()
    text = unpack.decompress(packed, _MOST_BYTES)
    if unpack.unconsumed_tail:
        raise ValueError(f"this token is longer than {_MOST_BYTES} bytes, and no day is")
    plan = from_json(json.loads(text))
    if not isinstance(plan, Plan):
        raise ValueError(f"this token stands for {plan!r}, and not for a day")  # noqa: TRY004 (of a text, its value)
    return plan
