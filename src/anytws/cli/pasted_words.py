"""The words of a log: who says what stands behind them, and which lines show the same frame again."""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import Final

from anytws.cli.pasted_bytes import LONG
from anytws.cli.pasted_frame import Pasted
from anytws.messages.base import Side

LOOKED_AT: Final = 200
"""Characters in front of a frame that may say something about it."""
PROTOBUF: Final = 200
"""Added to the id of what is no text."""
# By the last of these words.
_WORDS: Final = re.compile(
    r"(?P<tws><<<|<-|\bANSWER\b|\b[Rr]eceived\b|\bRECEIVED\b|\b[Rr]ecv\b|\bRECV\b|\braw:|\bmsgId\b|\b[Ii]ncoming\b"
    r"|\bhandling fields\b|\b[Rr]esponse\b|\bfields \()"
    r"|(?P<client>>>>|->|\bSENDING\b|\b[Ss]ending\b|\bREQUEST\b|\b[Ss]ent\b|\bSENT\b|\b[Oo]utgoing\b|\b[Rr]equest\b)"
)
_MOST_SHOWN: Final = 10_000


def side_of(lead: str) -> Side | None:
    """Tell who says what follows *lead*, by the last word in it that tells."""
    side: Side | None = None
    for word in _WORDS.finditer(lead[-LOOKED_AT:]):
        side = Side.TWS if word.lastgroup == "tws" else Side.CLIENT
    return side


class Views:
    """Which frames of a log were shown already, by another line of it.

    The same words in the same kind of line are another frame; in another kind of line they are the same one.
    """

    def __init__(self) -> None:
        self._shown: OrderedDict[int, dict[str, int]] = OrderedDict()

    def is_new(self, view: str, pasted: Pasted) -> bool:
        """Note that lines of the kind *view* show *pasted*, and tell whether it is one more than the others showed."""
        key = hash(_as_text(pasted))
        counts = self._shown.get(key)
        if counts is None:
            counts = self._shown[key] = {}
            if len(self._shown) > _MOST_SHOWN:
                self._shown.popitem(last=False)
        most = max(counts.values(), default=0)
        counts[view] = counts.get(view, 0) + 1
        return counts[view] > most


def _as_text(pasted: Pasted) -> bytes:
    """Give what all lines that show one frame have in common, whatever they make of its id."""
    body = pasted.body
    if body is None:
        return "".join([f"{field}\0" for field in pasted.fields]).encode("utf-8", "surrogateescape")
    number = int.from_bytes(body[:LONG], "big")
    return b"%d\0%b" % (number, body[LONG:]) if body[:2] == b"\0\0" and number <= PROTOBUF else body
