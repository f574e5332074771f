"""The bytes between the program and TWS, by hand: late, in pieces, cut anywhere, and read after their sender."""

from __future__ import annotations

from random import Random
from typing import Final

import attrs

from anytws.core.state import State
from anytws.machines.session import ClientSession
from anytws.messages.base import ToTws
from anytws.simulator.link import Link
from anytws.simulator.settings import HangUp
from tests.order_days.house import CHANGES, House, Wrong

_ROUNDS: Final = 60


@attrs.define(eq=False)
class _Gone:
    """The bytes of a connection whose client is gone, on their way to TWS."""

    link: Link
    data: bytes
    how: HangUp
    at: float


class Wire:
    """One connection of the program at a time, and what is left of those before."""

    def __init__(self, house: House, random: Random) -> None:
        self.house: Final = house
        self.link: Link | None = None
        self.session: ClientSession | None = None
        self.gone: list[_Gone] = []
        self.sent: dict[Link, list[ToTws]] = {}
        """What was to change something, on each connection, in the order in which it was said."""
        self._random = random
        self._given = b""
        """What the program has given and the kernel has not taken."""
        self._untold = 0
        """How many bytes the kernel has taken without the program having heard of it."""
        self._up = bytearray()
        self._down = bytearray()

    @property
    def up(self) -> int:
        """How many bytes are on their way to TWS."""
        return len(self._up)

    def connect(self, session: ClientSession, now: float) -> bool:
        """Have *session* connect; tell whether somebody accepted it."""
        self.session = session
        self._forget()
        try:
            self.link = self.house.connect("127.0.0.1", now)
        except ConnectionRefusedError:
            self.link = None
            session.receive_reset(now, "refused")
            return False
        return True

    def note_sent(self, message: ToTws) -> None:
        """Note what the program has said."""
        if self.link is not None and isinstance(message, CHANGES):
            self.sent.setdefault(self.link, []).append(message)

    # --- moving --------------------------------------------------------------------------------------------------

    def write(self, now: float, most: int | None = None, *, is_told: bool = True) -> bool:
        """Have the kernel take *most* bytes of the program, all by default; tell whether it took any.

        *is_told*: whether the program hears how many it took.
        """
        session = self.session
        if session is None or self.link is None or session.closed is not None:
            return False
        data = self._given or session.data_to_send(now)
        if not data and self._untold and is_told:
            told, self._untold = self._untold, 0
            session.sent(told, now)
            data = session.data_to_send(now)
        if not data:
            return False
        taken = data if most is None else data[:most]
        self._up += taken
        self._given = data[len(taken) :]
        self._untold += len(taken)
        if is_told:
            told, self._untold = self._untold, 0
            session.sent(told, now)
        return True

    def carry_up(self, now: float, most: int | None = None) -> bool:
        """Have TWS read *most* bytes, all by default; tell whether there were any."""
        link, up = self.link, self._up
        if link is None or not up:
            return False
        data = bytes(up if most is None else up[:most])
        del up[: len(data)]
        if link.hang_up is None:
            link.receive_data(data, now)
        return True

    def carry_down(self, now: float, most: int | None = None) -> bool:
        """Have the program read *most* bytes, all by default, and then the end if it has come; tell whether it did."""
        link, session, down = self.link, self.session, self._down
        if link is None or session is None or session.closed is not None:
            return False
        down += link.data_to_send()
        data = bytes(down if most is None else down[:most])
        del down[: len(data)]
        if data:
            session.receive_data(data, now)
        if not down and link.hang_up is not None and not link.has_data_to_send:
            how = link.hang_up
            self.link = None
            self._forget()
            if how is HangUp.RESET:
                session.receive_reset(now, "torn")
            else:
                session.receive_eof(now)
            return True
        return bool(data)

    # --- the end -------------------------------------------------------------------------------------------------

    def cut(self, now: float, seconds: float) -> int:
        """End it for the program, anywhere in a message both ways; TWS reads a part of what was said *seconds* later.

        Gives how many bytes it is going to read.
        """
        link, session, random = self.link, self.session, self._random
        if link is None or session is None:
            return 0
        self._down += link.data_to_send()
        if self._down:
            self.carry_down(now, random.randrange(len(self._down) + 1))
        if self.link is None:
            return 0
        how = HangUp.RESET if random.random() < 0.5 else HangUp.EOF
        kept = random.randrange(len(self._up) + 1) if self._up else 0
        self.gone.append(_Gone(link, bytes(self._up[:kept]), how, now + seconds))
        self.link = None
        self._forget()
        if session.closed is None:
            if how is HangUp.RESET:
                session.receive_reset(now, "torn")
            else:
                session.receive_eof(now)
        return kept

    def _forget(self) -> None:
        self._up.clear()
        self._down.clear()
        self._given, self._untold = b"", 0

    def let_go(self, now: float, *, all_of_it: bool = False) -> None:
        """Have TWS read what was left of connections whose clients are gone, as far as it is time."""
        for gone in [gone for gone in self.gone if all_of_it or gone.at <= now]:
            self.gone.remove(gone)
            if gone.data and gone.link.hang_up is None:
                gone.link.receive_data(gone.data, now)
            if gone.link.hang_up is None:
                if gone.how is HangUp.RESET:
                    gone.link.receive_reset(now)
                else:
                    gone.link.receive_eof(now)

    @property
    def is_ready(self) -> bool:
        """Whether the program is connected."""
        return self.session is not None and self.session.state is State.READY

    def check_said_once(self) -> None:
        """See to it that TWS has heard nothing twice, nothing in another order, and nothing that nobody said."""
        for link, heard in self.house.heard_changes.items():
            sent = self.sent.get(link, [])
            place = 0
            for message in heard:
                while place < len(sent) and not _is_same(sent[place], message):
                    place += 1
                if place == len(sent):
                    raise Wrong(f"TWS heard what was not said, or what was said once: {message!r}; said: {sent!r}")
                place += 1


def _is_same(said: ToTws, heard: ToTws) -> bool:
    return type(said) is type(heard) and getattr(said, "order_id", None) == getattr(heard, "order_id", None)
