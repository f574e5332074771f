"""What happens to a whole TWS, to its lines, or to a connection."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from anytws.core.events import CloseReason, Notice, UndecodableFrame
from anytws.core.state import State
from anytws.messages import (
    CancelMarketData,
    ContractDataRequest,
    CurrentTimeRequest,
    ErrorMessage,
    ExecutionDetails,
    IdsRequest,
    MarketDataRequest,
    MarketOrder,
    NewsBulletin,
    NewsBulletinType,
    NextValidId,
    PlaceOrderRequest,
    PositionsRequest,
    Stock,
)
from anytws.messages.market_data import MarketDepth, MarketDepthL2, MarketDepthRequest, TickPrice
from anytws.simulator import FarmKind, HangUp, World, WorldSettings
from anytws.simulator.faults import (
    AcceptAndHangUp,
    AfterBytes,
    AfterConnections,
    AfterMessages,
    At,
    AtClock,
    ChangeSettings,
    CompetingSession,
    ConnectionLost,
    CutConnection,
    DepthReset,
    Event,
    FarmDown,
    HoldClientIds,
    Meanwhile,
    MoveNextIds,
    NightlyRestart,
    On,
    PortChanged,
    RateExceeded,
    Say,
    SayBytes,
    Script,
    Way,
    Wedged,
)
from anytws.simulator.faults import (
    Notice as SayNotice,
)
from tests.test_faults_requests import client_of, kinds
from tests.test_world import Client

AAPL = Stock("AAPL")
BUY = PlaceOrderRequest(AAPL, MarketOrder("BUY", 10), order_id=1)


def world_of(*events: Event, **settings: object) -> World:
    """Give a world in which *events* happen, at time 0."""
    return World(WorldSettings(**settings), script=Script(events))


# Connections


@pytest.mark.card("faults.cut_connection")
def test_a_connection_is_cut_right_after_it_said_who_it_is():
    client = client_of(Event(On("StartApiRequest"), CutConnection()))
    assert client.reason is CloseReason.EOF
    assert client.heard(NextValidId) == []


@pytest.mark.card("faults.cut_connection")
def test_all_connections_are_torn_at_a_time():
    world = world_of(Event(At(10), CutConnection(HangUp.RESET)))
    clients = [Client(world, client_id=client_id) for client_id in (7, 8)]
    for client in clients:
        client.go(9.9)
        assert client.state is State.READY
    for client in clients:
        client.go(10.0)
        assert client.reason is CloseReason.RESET
    assert world.is_running


@pytest.mark.card("faults.cut_connection")
def test_a_connection_of_one_client_is_cut():
    world = world_of(Event(At(10), CutConnection(), clients=(8,)))
    one, other = Client(world, client_id=7), Client(world, client_id=8)
    for client in (one, other):
        client.go(10.0)
    assert (one.state, other.reason) == (State.READY, CloseReason.EOF)


@pytest.mark.card("faults.nightly_restart")
@pytest.mark.parametrize("by, next_id", [(0, 2), (5, 7), (-1000, 1)])
def test_the_nightly_restart(by, next_id):
    restart = NightlyRestart(refused_seconds=80.0, stale_seconds=30.0, next_ids_by=by)
    # The clock of a world begins at 14:30 UTC.
    world = world_of(Event(AtClock("23:45"), restart, clients=()))
    client = Client(world, client_id=7)
    client.ask(BUY)
    begin = 9.25 * 3600
    client.go(begin - 1)
    assert client.state is State.READY
    client.go(begin)
    assert client.reason is CloseReason.RESET
    with pytest.raises(ConnectionRefusedError):
        world.connect("127.0.0.1", begin + 79)
    assert not world.is_listening
    early = Client(world, client_id=7, now=begin + 80)
    assert early.reason is CloseReason.CLIENT_ID_IN_USE
    assert Client(world, client_id=8, now=begin + 81).state is State.READY
    late = Client(world, client_id=7, now=begin + 111)
    assert late.heard(NextValidId) == [NextValidId(next_id)]


@pytest.mark.card("faults.nightly_restart")
def test_it_happens_each_night_and_may_not_come_back():
    world = world_of(Event(AtClock("23:45:30", times=2), NightlyRestart(refused_seconds=10.0)))
    begin, day = 9.25 * 3600 + 30, 86_400
    for night in range(3):
        client = Client(world, now=night * day + 1.0)
        client.go(begin + night * day)
        assert (client.reason is CloseReason.RESET) is (night < 2)
    gone = world_of(Event(At(1), NightlyRestart(refused_seconds=None)))
    Client(gone).go(1.0)
    gone.note_time(1e6)
    assert not gone.is_running
    gone.restart(1e6)
    assert Client(gone, now=1e6).state is State.READY


@pytest.mark.card("faults.nightly_restart")
def test_behind_a_forwarder_a_restart_is_an_eof():
    world = world_of(Event(At(5), NightlyRestart(refused_seconds=60.0, forwarded=True)))
    Client(world).go(5.0)
    assert (world.is_running, world.is_listening) == (False, True)
    assert Client(world, now=30.0).reason is CloseReason.REFUSED
    assert Client(world, now=66.0).state is State.READY


@pytest.mark.card("faults.accept_and_hang_up")
def test_a_forwarder_whose_tws_is_not_there():
    world = world_of(Event(At(5), AcceptAndHangUp(seconds=10.0)))
    first = Client(world, client_id=1)
    first.go(5.0)
    assert first.state is State.READY
    second = Client(world, client_id=2, now=14.9)
    assert second.reason is CloseReason.REFUSED
    assert second.bytes_heard == 0
    assert Client(world, client_id=2, now=15.0).state is State.READY


@pytest.mark.card("faults.wedged")
def test_tws_hangs_for_everybody():
    world = world_of(Event(At(5), Wedged(seconds=30.0)))
    client = Client(world, client_id=7)
    client.ask(MarketDataRequest(AAPL, request_id=5))
    client.go(5.0)
    client.told.clear()
    assert client.ask(CurrentTimeRequest(), now=10.0) == []
    new = Client(world, client_id=8, now=20.0, version_timeout=None)
    assert (new.state, new.bytes_heard) == (State.HANDSHAKING, 0)
    closing = Client(world, client_id=9, now=21.0, version_timeout=None)
    closing.core.close()
    closing.go(22.0)
    assert client.go(34.9) == []
    told = client.go(35.0)
    assert kinds(told)[0] == "CurrentTime"
    assert len(told) < 20, "what streams had to say meanwhile is passed over"
    new.go(35.0)
    assert new.state is State.READY
    assert closing.link not in world.links


@pytest.mark.card("faults.hold_client_ids")
def test_ids_are_in_use_by_nobody():
    world = world_of(Event(At(0), HoldClientIds((7, 9), seconds=20.0)))
    assert Client(world, client_id=7).reason is CloseReason.CLIENT_ID_IN_USE
    assert Client(world, client_id=8).state is State.READY
    assert Client(world, client_id=9, now=20.0).state is State.READY


@pytest.mark.card("faults.move_next_ids")
@pytest.mark.parametrize("by, next_id", [(100, 102), (-100, 1)])
def test_the_next_ids_are_others(by, next_id):
    world = world_of(Event(At(5), MoveNextIds(by)))
    client = Client(world, client_id=7)
    client.ask(BUY)
    client.go(5.0)
    assert client.ask(IdsRequest(), now=5.0)[-1] == NextValidId(next_id)


@pytest.mark.card("faults.rate_exceeded")
def test_too_many_messages():
    client = client_of(Event(On("CurrentTimeRequest"), RateExceeded()))
    client.ask(CurrentTimeRequest())
    assert client.codes[-1] == 100
    assert client.reason is CloseReason.PACING_VIOLATION
    patient = client_of(Event(On("CurrentTimeRequest"), RateExceeded(cut_after=2.0)))
    patient.ask(CurrentTimeRequest())
    assert patient.state is State.READY
    patient.go(2.0)
    assert patient.reason is CloseReason.PACING_VIOLATION
    spared = client_of(Event(On("CurrentTimeRequest"), RateExceeded(cut_after=None)))
    spared.ask(CurrentTimeRequest())
    spared.go(100.0)
    assert spared.state is State.READY


@pytest.mark.card("faults.port_changed")
def test_the_port_was_changed():
    client = client_of(Event(At(5), PortChanged(7498)))
    client.go(5.0)
    assert client.reason is CloseReason.PORT_CHANGED
    assert client.core.closed.new_port == 7498


# Lines


@pytest.mark.card("faults.connection_lost")
@pytest.mark.parametrize("data_lost, code", [(False, 1102), (True, 1101)])
def test_the_link_is_lost_and_comes_back(data_lost, code):
    client = client_of(Event(At(10), ConnectionLost(20.0, data_lost=data_lost)))
    client.ask(MarketDataRequest(AAPL, request_id=5))
    client.go(9.0)
    assert client.heard(TickPrice)
    client.go(10.0)
    assert client.codes[-1] == 1100
    client.told.clear()
    assert kinds(client.ask(CurrentTimeRequest(), now=15.0)) == ["CurrentTime"]
    assert kinds(client.ask(ContractDataRequest(AAPL, request_id=6), now=16.0)) == []
    assert kinds(client.go(29.9)) == []
    client.go(30.0)
    assert client.codes[-1] == code
    client.go(60.0)
    assert bool(client.heard(TickPrice)) is not data_lost
    assert (("market data", 5) in client.link.streams) is not data_lost
    assert "ContractData" in kinds(client.ask(ContractDataRequest(AAPL, request_id=7), now=61.0))


@pytest.mark.card("faults.connection_lost")
@pytest.mark.parametrize(
    "meanwhile, codes, answers",
    [
        (Meanwhile.SILENCE, [1102], []),
        (Meanwhile.LATE, [1102], ["ContractData", "ContractDataEnd"]),
        (Meanwhile.FALSE_200, [200, 1102], []),
        (Meanwhile.ERROR_1100, [1100, 1102], []),
    ],
)
def test_what_becomes_of_requests_meanwhile(meanwhile, codes, answers):
    client = client_of(Event(At(10), ConnectionLost(20.0, requests=meanwhile)))
    client.go(10.0)
    client.told.clear()
    client.ask(ContractDataRequest(AAPL, request_id=6), now=15.0)
    client.ask(CancelMarketData(99), now=16.0)
    told = client.go(30.0)
    assert [code for code in client.codes if code != 300] == codes
    assert [each for each in kinds(told) if each != "ErrorMessage"] == answers


@pytest.mark.card("faults.connection_lost")
@pytest.mark.parametrize("told_afterwards", [True, False])
def test_fills_meanwhile_are_told_afterwards_or_lost(told_afterwards):
    client = client_of(Event(At(0.05), ConnectionLost(20.0, told_afterwards=told_afterwards)))
    client.ask(BUY)
    client.go(0.05)
    client.go(10.0)
    assert client.heard(ExecutionDetails) == []
    assert client.link.world.exchange.orders.find(7, 1).filled == Decimal(10)
    client.go(30.0)
    assert bool(client.heard(ExecutionDetails)) is told_afterwards


@pytest.mark.card("faults.farm_down")
@pytest.mark.parametrize("streams_die", [False, True])
def test_a_farm_is_down(streams_die):
    client = client_of(Event(At(10), FarmDown(FarmKind.MARKET_DATA, "usfarm.nj", 20.0, streams_die=streams_die)))
    client.ask(MarketDataRequest(AAPL, request_id=5))
    client.go(10.0)
    client.told.clear()
    client.go(29.0)
    assert client.told == []
    assert kinds(client.ask(PositionsRequest(), now=29.0))[-1] == "PositionEnd"
    client.go(30.0)
    back = client.heard(Notice)[-1]
    assert (back.code, back.text) == (2104, "Market data farm connection is OK:usfarm.nj")
    client.go(60.0)
    assert bool(client.heard(TickPrice)) is not streams_die


@pytest.mark.card("faults.farm_down")
def test_a_false_200_comes_while_the_farm_of_definitions_is_down():
    down = FarmDown(FarmKind.SECURITY_DEFINITION, seconds=None, requests=Meanwhile.FALSE_200)
    client = client_of(Event(At(10), down))
    client.go(10.0)
    assert client.heard(Notice)[-1].text == "Sec-def data farm connection is broken:secdefnj"
    client.ask(ContractDataRequest(AAPL, request_id=6), now=15.0)
    assert client.codes[-2:] == [2157, 200]
    world = client.link.world
    world.director.stop()
    client.go(16.0)
    assert client.codes[-1] == 2158
    assert kinds(client.ask(ContractDataRequest(AAPL, request_id=7), now=16.0))[0] == "ContractData"


@pytest.mark.card("faults.competing_session")
def test_another_session_takes_the_data():
    client = client_of(Event(At(10), CompetingSession(seconds=60.0)))
    client.ask(MarketDataRequest(AAPL, request_id=5))
    client.go(11.0)
    assert client.heard(ErrorMessage)[-1].error_code == 10197
    assert client.heard(ErrorMessage)[-1].request_id == 5
    client.ask(MarketDataRequest(AAPL, request_id=6), now=20.0)
    assert client.heard(ErrorMessage)[-1].request_id == 6
    client.ask(MarketDataRequest(AAPL, request_id=7), now=71.0)
    client.go(80.0)
    assert {each.request_id for each in client.heard(TickPrice)} == {5, 7}


@pytest.mark.card("faults.depth_reset")
def test_a_book_is_reset_and_comes_anew():
    client = client_of(Event(At(10), DepthReset()))
    client.ask(MarketDepthRequest(Stock("AAPL", exchange="NASDAQ"), 5, request_id=5))
    client.go(5.0)
    rows = len(client.heard(MarketDepth) + client.heard(MarketDepthL2))
    assert rows >= 10
    client.go(9.9)
    client.told.clear()
    client.go(10.0)
    places = [type(each).__name__ for each in client.told]
    assert client.codes == [317]
    assert len([each for each in places if each.startswith("MarketDepth")]) >= 10
    assert {int(each.row.operation) for each in client.heard(MarketDepth) + client.heard(MarketDepthL2)} == {0}


# What is said


@pytest.mark.card("faults.notice")
def test_a_notice_is_said():
    client = client_of(
        Event(At(1), SayNotice(2108)),
        Event(At(2), SayNotice(2110)),
        Event(At(3), SayNotice(1234, "what?", request_id=9)),
    )
    for now in (1.0, 2.0, 3.0):
        client.go(now)
    texts = [each.text for each in client.heard(Notice)]
    assert "Market data farm connection is inactive but should be available upon demand.usfarm" in texts
    assert client.codes[-3:] == [2108, 2110, 1234]


@pytest.mark.card("faults.say")
def test_anything_is_said():
    bulletin = NewsBulletin(1, NewsBulletinType.REGULAR, "hear, hear", "NYSE")
    client = client_of(Event(At(1), Say(bulletin)))
    assert client.go(1.0) == [bulletin]


@pytest.mark.card("faults.say_bytes")
def test_any_bytes_are_said():
    client = client_of(Event(At(1), SayBytes(b"\0\0\0\x05\0\0\x03\xe7x")))
    told = client.go(1.0)
    assert len(told) == 1
    assert client.heard(UndecodableFrame) + told


@pytest.mark.card("faults.change_settings")
def test_settings_are_changed_in_a_night_of_a_clock_change():
    event = Event(At(1800), ChangeSettings({"utc_offset": -18000, "zone": "EST", "read_only": True}))
    world = world_of(event, utc_offset=timedelta(hours=-4), zone="EDT")
    assert world.connection_time().endswith(b"10:30:00 EDT")
    Client(world).go(1800.0)
    assert world.connection_time().endswith(b"10:00:00 EST")
    assert world.settings.read_only


# When


def test_it_happens_again_and_again():
    client = client_of(Event(At(10, every=5, times=3), SayNotice(2110)))
    for second in range(60):
        client.go(float(second))
    assert client.codes.count(2110) == 3


def test_it_happens_after_so_many_messages():
    client = client_of(Event(AfterMessages(3, of="CurrentTime"), SayNotice(2110)))
    for _ in range(5):
        client.ask(CurrentTimeRequest())
    assert kinds(client.told).count("CurrentTime") == 5
    place = [each for each in client.told if isinstance(each, Notice) and each.code == 2110]
    assert len(place) == 1
    assert kinds(client.told[: client.told.index(place[0])]).count("CurrentTime") == 3


def test_it_happens_after_so_many_bytes_of_each_connection():
    world = world_of(Event(AfterBytes(30, counting=Way.UPSTREAM), CutConnection()))
    for client_id in (7, 8):
        client = Client(world, client_id=client_id)
        assert client.state is State.READY
        while client.core.closed is None:
            client.ask(CurrentTimeRequest())
        assert client.reason is CloseReason.EOF


def test_it_happens_at_the_nth_connection():
    world = world_of(
        Event(AfterConnections(2), CutConnection()), Event(AfterConnections(4, every=True), CutConnection())
    )
    ends = [Client(world, client_id=client_id).state is State.READY for client_id in range(6)]
    assert ends == [True, False, True, False, False, False]


def test_chance_is_drawn_by_the_seed():
    def story(seed: int) -> list[int]:
        client = client_of(Event(At(1, every=1, times=50), SayNotice(2110), chance=0.5), seed=seed)
        return [second for second in range(60) if client.go(float(second))]

    assert story(1) == story(1) != story(2)
    assert 10 < len(story(1)) < 40


def test_an_event_that_means_what_is_not_there_is_refused():
    with pytest.raises(ValueError, match=r"event 1.*no_setting"):
        world_of(Event(At(1), ChangeSettings({"no_setting": 1})))


def test_all_trouble_can_be_ended_at_once():
    world = world_of(
        Event(At(1), Wedged(None)),
        Event(At(1), AcceptAndHangUp(None)),
        Event(At(2), NightlyRestart(None)),
        Event(At(50), CutConnection()),
        Event(On("CurrentTimeRequest"), CutConnection()),
    )
    client = Client(world)
    lines = []
    world.director.on_told = lines.append
    client.go(1.0)
    assert not world.director.is_spent
    world.note_time(2.0)
    assert [told.text for told in world.director.told] == ["Wedged", "AcceptAndHangUp", "NightlyRestart"]
    assert lines == list(world.director.told)
    world.director.stop()
    assert world.director.is_spent
    again = Client(world, now=3.0)
    again.go(60.0)
    assert kinds(again.ask(CurrentTimeRequest(), now=60.0)) == ["CurrentTime"]


def test_what_goes_on_has_a_bound(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("anytws.simulator.faults.director.MOST_GOING_ON", 3)
    client = client_of(Event(On("CurrentTimeRequest"), ConnectionLost(None)))
    for _ in range(10):
        client.ask(CurrentTimeRequest())
    assert client.codes.count(1100) == 10
    assert client.codes.count(1102) == 7
    client.link.world.director.stop()
    client.go(1.0)
    assert client.codes.count(1102) == 10
