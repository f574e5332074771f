"""What happens when a deed does: to a whole TWS, to its connections, its market and its orders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

import attrs

from anytws.errors import in_a_sentence
from anytws.messages.base import ToClient, ToTws
from anytws.messages.market_data import MarketDepthRequest
from anytws.messages.session import ErrorMessage
from anytws.simulator.faults import market_events as market
from anytws.simulator.faults import outages
from anytws.simulator.faults.marks import row_of
from anytws.simulator.faults.plain import read_table
from anytws.simulator.faults.texts import text_of
from anytws.simulator.faults.words import Deed
from anytws.simulator.settings import FarmKind, HangUp, WorldSettings

if TYPE_CHECKING:
    from anytws.simulator.exchange.order import HeldOrder
    from anytws.simulator.faults.lines import Line, Lines
    from anytws.simulator.faults.meddler import Meddler
    from anytws.simulator.link import Host, Link
    from anytws.simulator.universe.instrument import Instrument

_DOWN: Final = {FarmKind.MARKET_DATA: 2103, FarmKind.HISTORICAL: 2105, FarmKind.SECURITY_DEFINITION: 2157}
_LOST, _BACK_WITHOUT_DATA, _BACK = 1100, 1101, 1102
_RATE, _PORT, _DEPTH_RESET = 100, 1300, 317


class State(Protocol):
    """What the director keeps of what goes on."""

    @property
    def lines(self) -> Lines:
        """The lines that are down."""
        ...

    def meddler_of(self, link: Link) -> Meddler | None:
        """Give what meddles with *link*."""
        ...

    def during(self, seconds: float | None, end: Callable[[], None]) -> None:
        """Have *end* done after *seconds*, or when all trouble is to end; None: only then."""

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Do *action* after *seconds*."""

    def forward(self, *, more: int) -> None:
        """Have *more* forwarders stand in front of TWS, which is not there; negative: fewer."""

    def wedge(self, *, more: int) -> None:
        """Have TWS hang for *more* reasons; negative: for fewer."""

    def come_back(self) -> None:
        """Do and tell what has waited for a line, if none is down any more."""


class Deeds:
    """Does what happens in *house*."""

    def __init__(self, house: Host, state: State) -> None:
        self._house = house
        self._state = state

    def do(self, deed: Deed, link: Link | None, message: ToTws | ToClient | None) -> str:
        """Do *deed*, at *link* alone or everywhere; gives what to tell of it."""
        match deed:
            case outages.CutConnection(how=how):
                self._cut(self._at(link), how)
            case outages.NightlyRestart():
                self._restart(deed)
            case outages.AcceptAndHangUp(seconds=seconds):
                self._state.forward(more=1)
                self._state.during(seconds, lambda: self._state.forward(more=-1))
            case outages.Wedged(seconds=seconds):
                self._state.wedge(more=1)
                self._state.during(seconds, lambda: self._state.wedge(more=-1))
            case outages.HoldClientIds(ids=ids, seconds=seconds):
                for client_id in ids:
                    self._house.hold_id(client_id, seconds)
            case outages.MoveNextIds(by=by):
                self._house.move_next_ids(by)
            case _:
                return self._do_more(deed, link, message)
        return ""

    def _do_more(self, deed: Deed, link: Link | None, message: ToTws | ToClient | None) -> str:
        match deed:
            case outages.RateExceeded(cut_after=cut_after):
                self._warn_and_cut(self._at(link), _RATE, text_of(_RATE), cut_after)
            case outages.PortChanged(port=port, cut_after=cut_after):
                self._warn_and_cut(self._at(None), _PORT, f"{text_of(_PORT)}{port}", cut_after)
            case outages.ConnectionLost():
                self._lose_link(deed)
            case outages.FarmDown():
                self._lose_farm(deed)
            case outages.CompetingSession(seconds=seconds):
                self._change(competing_session=True)
                self._state.during(seconds, lambda: self._change(competing_session=False))
            case outages.DepthReset():
                self._reset_depth(self._at(link))
            case _:
                return self._speak(deed, link, message)
        return ""

    def _speak(self, deed: Deed, link: Link | None, message: ToTws | ToClient | None) -> str:
        match deed:
            case outages.Notice(code=code, text=text, request_id=request_id):
                self._warn(self._at(link), code, text_of(code, text, self._farm_name(code)), request_id)
            case outages.Say(message=said):
                for each in self._at(link):
                    each.utter(said)
            case outages.SayBytes(raw=raw):
                for each in self._at(link):
                    each.utter(raw)
            case outages.ChangeSettings(change=change):
                changed = read_table(dict(change), WorldSettings, "change", based_on=self._house.settings)
                self._house.settings = changed
            case _:
                return self._trade(deed, link, message)
        return ""

    def _at(self, link: Link | None) -> Sequence[Link]:
        return self._house.links if link is None else (link,)

    def _change(self, **changes: Any) -> None:  # noqa: ANN401 (as many types as settings)
        self._house.settings = attrs.evolve(self._house.settings, **changes)
        self.touch_all()

    def touch_all(self) -> None:
        """Have all streams look again at what they have to say."""
        for link in self._house.links:
            link.touch(*sorted({kind for kind, _ in link.streams}))

    # Connections

    def _cut(self, links: Sequence[Link], how: HangUp) -> None:
        for link in tuple(links):
            link.die(how)

    def _warn(self, links: Sequence[Link], code: int, text: str, request_id: int | None = None) -> None:
        for link in links:
            link.utter(ErrorMessage(request_id, code, text, error_time=link.time()))

    def _warn_and_cut(self, links: Sequence[Link], code: int, text: str, cut_after: float | None) -> None:
        links = tuple(links)
        self._warn(links, code, text)
        if cut_after == 0:
            self._cut(links, HangUp.EOF)
        elif cut_after is not None:
            self._state.later(cut_after, lambda: self._cut(links, HangUp.EOF))

    def _restart(self, deed: outages.NightlyRestart) -> None:
        if not self._house.is_running:
            return
        ids = [link.client_id for link in self._house.links if link.client_id is not None]
        if deed.forwarded:
            self._state.forward(more=1)
        self._house.die(deed.how)

        def come_back() -> None:
            if deed.stale_seconds:
                for client_id in ids:
                    self._house.hold_id(client_id, deed.stale_seconds)
            self._house.move_next_ids(deed.next_ids_by)
            self._house.restart()
            if deed.forwarded:
                # Last: between the two nobody would accept, and a port that closes tears who waits there.
                self._state.forward(more=-1)

        self._state.during(deed.refused_seconds, come_back)

    # Lines

    def _lose_link(self, deed: outages.ConnectionLost) -> None:
        self._warn(self._house.links, _LOST, text_of(_LOST))
        self._state.lines.take_down(deed)

        def come_back() -> None:
            code = _BACK_WITHOUT_DATA if deed.data_lost else _BACK
            if deed.data_lost:
                self._kill_streams(lambda request: row_of(request).lost_with_link)
            self._bring_back(deed, code, text_of(code))

        self._state.during(deed.seconds, come_back)

    def _lose_farm(self, deed: outages.FarmDown) -> None:
        down, up = _DOWN[deed.farm], deed.farm.code
        name = deed.name or self._farm_name(down)
        self._warn(self._house.links, down, text_of(down, farm=name))
        self._state.lines.take_down(deed)

        def come_back() -> None:
            if deed.streams_die:
                self._kill_streams(lambda request: self._state.lines.farm_of(request) is deed.farm)
            self._bring_back(deed, up, text_of(up, farm=name))

        self._state.during(deed.seconds, come_back)

    def _bring_back(self, line: Line, code: int, text: str) -> None:
        self._state.lines.bring_back(line)
        self._warn(self._house.links, code, text)
        self._state.come_back()

    def _farm_name(self, code: int) -> str:
        """Give the name of the first farm that *code* is about, in the settings or as usual."""
        kinds = {2103: 0, 2104: 0, 2108: 0, 2119: 0, 2105: 1, 2106: 1, 2107: 1, 2157: 2, 2158: 2, 2159: 2}
        kind = tuple(FarmKind)[kinds.get(code, 0)]
        names = [farm.name for farm in self._house.settings.farms if farm.kind is kind]
        return names[0] if names else ("usfarm", "ushmds", "secdefnj")[kinds.get(code, 0)]

    def _kill_streams(self, is_dead: Callable[[ToTws], bool]) -> None:
        for link in self._house.links:
            meddler = self._state.meddler_of(link)
            if meddler is not None:
                dead = [request_id for request_id, request in meddler.open.items() if is_dead(request)]
                for request_id in dead:
                    meddler.mute(request_id)
                meddler.stop_streams(dead)

    def _reset_depth(self, links: Sequence[Link]) -> None:
        for link in links:
            meddler = self._state.meddler_of(link)
            opened = {} if meddler is None else meddler.open
            for request_id, request in list(opened.items()):
                if isinstance(request, MarketDepthRequest) and any(key[1] == request_id for key in link.streams):
                    self._warn((link,), _DEPTH_RESET, text_of(_DEPTH_RESET), request_id)
                    for key in [key for key in link.streams if key[1] == request_id]:
                        del link.streams[key]
                    link.take(request)

    # Markets and orders

    def _trade(self, deed: Deed, link: Link | None, message: ToTws | ToClient | None) -> str:
        house = self._house
        match deed:
            case market.MoveTo(symbol=symbol, price=price):
                house.market.move_to(self.instrument(symbol), price, house.ms())
            case market.ShiftMarket(symbol=symbol, ticks=ticks):
                house.market.shift(self.instrument(symbol), ticks, house.ms())
            case market.HaltTrading(symbol=symbol, kind=kind, seconds=seconds):
                halted = self.instrument(symbol)
                house.market.halt(halted, kind, house.ms())
                if seconds is not None:
                    self._state.during(seconds, lambda: house.market.resume(halted, house.ms()))
            case market.ResumeTrading(symbol=symbol):
                house.market.resume(self.instrument(symbol), house.ms())
            case market.ManualOrder(symbol=symbol, account=account):
                order = deed.order(account or house.settings.accounts[0])
                house.exchange.hands.enter(self.instrument(symbol).contract, order)
            case _:
                return self._treat_order(deed, link, message)
        return ""

    def instrument(self, symbol: str) -> Instrument:
        """Give the instrument that *symbol*, or a contract id, means. Raises `LookupError` if there is none."""
        by_id = self._house.universe.by_id(int(symbol)) if symbol.isdecimal() else None
        return self._house.universe.by_symbol(symbol) if by_id is None else by_id

    def _treat_order(self, deed: Deed, link: Link | None, message: ToTws | ToClient | None) -> str:
        held = self._order_meant(deed, link, message)
        if held is None:
            return "there is no such order"
        hands = self._house.exchange.hands
        try:
            match deed:
                case market.FillOrder(shares=shares, price=price):
                    hands.fill(held, None if shares is None else min(shares, held.remaining), price)
                case market.RejectOrder(code=code, text=text):
                    hands.reject(held, code, text)
                case market.CancelOrder(text=text):
                    hands.cancel(held, text)
                case market.CorrectExecution(shares=shares, price=price):
                    if not held.fills:
                        return "the order has no execution"
                    hands.correct(held, held.fills[-1], shares=shares, price=price)
                case _:
                    return ""
        except ValueError as problem:
            # It is over, say: a script may be late, as the market may be.
            return in_a_sentence(str(problem))
        return f"order {held.order_id}"

    def _order_meant(self, deed: Deed, link: Link | None, message: ToTws | ToClient | None) -> HeldOrder | None:
        orders = self._house.exchange.orders
        reference, order_id = getattr(deed, "reference", ""), getattr(deed, "order_id", None)
        if not reference and order_id is None and message is not None:
            order_id = getattr(message, "order_id", None)
        live = list(orders.live)
        if isinstance(deed, market.CorrectExecution):
            live = [held for held in (*orders.ended, *live) if held.fills]
        for held in reversed(live):
            is_owner = link is None or held.client_id == link.client_id
            if reference not in ("", held.order.order_reference) or order_id not in (None, held.order_id):
                continue
            if is_owner:
                return held
        return None
