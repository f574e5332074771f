"""The link between TWS and the vendor, as far as TWS has told of it.

The connection to TWS may be as sound as ever while TWS itself is cut off. It says so by four codes (1100, 2110, 1101,
1102) and then stays connected. As with the connection (`anytws.core.state`) every change is a row of a table, **no row,
no change**, and ``statecharts/link.scxml`` is the same machine for people and for other tools.

Only words that are about no request count. With the id of a request, 1100 is the answer to that request; it may come
late, after the 1102 behind which nothing follows, and would leave us believing in an outage that is over.
"""

from __future__ import annotations

from enum import Enum, unique
from typing import TYPE_CHECKING, Final, NamedTuple

from anytws.core.codes import LINK_BROKEN, LINK_LOST, LINK_RESTORED, LINK_RESTORED_DATA_LOST


@unique
class LinkState(Enum):
    """What is known of the link between TWS and the vendor."""

    if not TYPE_CHECKING:
        __hash__ = object.__hash__

    UNTOLD = "untold"
    """TWS has said nothing of it. A TWS that starts without one says so (2110), so this is as good as up."""
    UP = "up"
    """TWS has said that it is back (1101, 1102)."""
    DOWN = "down"
    """TWS has said that it is gone (1100, 2110)."""
    UNKNOWN = "unknown"
    """The connection to TWS is over: nobody tells any more."""


@unique
class LinkWord(Enum):
    """What can be told of the link."""

    if not TYPE_CHECKING:
        __hash__ = object.__hash__

    LOST = "lost"
    """1100: TWS has lost it."""
    BROKEN = "broken"
    """2110: it is not there, as after 1100; the first word of a TWS that starts without it."""
    RESTORED = "restored"
    """1102: it is back, and so are all streams."""
    RESTORED_WITHOUT_DATA = "restored_without_data"
    """1101: it is back, and TWS has forgotten what was subscribed."""
    CUT = "cut"
    """The connection to TWS is over."""


WORD_OF_CODE: Final = {
    LINK_LOST: LinkWord.LOST,
    LINK_BROKEN: LinkWord.BROKEN,
    LINK_RESTORED: LinkWord.RESTORED,
    LINK_RESTORED_DATA_LOST: LinkWord.RESTORED_WITHOUT_DATA,
}
"""The codes by which TWS tells of its link."""


class LinkStep(NamedTuple):
    """One row of the law."""

    state: LinkState
    word: LinkWord
    target: LinkState


_S, _W = LinkState, LinkWord

LINK_STEPS: Final = tuple(
    LinkStep(state, word, target)
    for state in (_S.UNTOLD, _S.UP, _S.DOWN)
    # Each word says all there is to say, so where we were does not matter: TWS was seen to repeat them, and to say that
    # the link is back without having said that it was gone.
    for word, target in (
        (_W.LOST, _S.DOWN),
        (_W.BROKEN, _S.DOWN),
        (_W.RESTORED, _S.UP),
        (_W.RESTORED_WITHOUT_DATA, _S.UP),
        (_W.CUT, _S.UNKNOWN),
    )
)
"""Every row. What is not here does not happen."""

_TARGETS: Final = {(step.state, step.word): step.target for step in LINK_STEPS}


def target_of(state: LinkState, word: LinkWord) -> LinkState | None:
    """Give the state that *word* leads to, or None where the law has no row."""
    return _TARGETS.get((state, word))


class LinkMachine:
    """The one holder of what is believed of the link. `fire` is the only way to change it."""

    __slots__ = ("_state", "data_losses", "losses")

    def __init__(self) -> None:
        self._state = LinkState.UNTOLD
        self.losses: int = 0
        """How many times it went down. So an outage shows that was over before anybody looked."""
        self.data_losses: int = 0
        """How many times it came back without the data of the streams (1101)."""

    def __repr__(self) -> str:
        return f"<LinkMachine {self._state.value}, lost {self.losses} times>"

    @property
    def state(self) -> LinkState:
        """What is believed now."""
        return self._state

    def fire(self, word: LinkWord) -> bool:
        """Follow the row for *word*; without one nothing changes and the answer is False."""
        target = target_of(self._state, word)
        if target is None:
            return False
        if target is LinkState.DOWN and self._state is not target:
            self.losses += 1
        if word is LinkWord.RESTORED_WITHOUT_DATA:
            self.data_losses += 1
        self._state = target
        return True
