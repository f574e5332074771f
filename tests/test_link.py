"""One connection as the simulated TWS sees it, with no IO at all, and time as a number."""

from __future__ import annotations

from datetime import timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.core.events import CloseReason, ConnectionClosed, Notice, Ready, VersionAgreed
from anytws.core.state import State
from anytws.errors import LocalProtocolError
from anytws.messages import (
    CancelOrderRequest,
    ExerciseAction,
    ExerciseOptionsRequest,
    MarketOrder,
    PlaceOrderRequest,
    Stock,
)
from anytws.messages.base import Message, Side, ToTws
from anytws.messages.session import (
    CurrentTime,
    CurrentTimeRequest,
    ErrorMessage,
    IdsRequest,
    ManagedAccounts,
    NextValidId,
)
from anytws.simulator import (
    ANSWERS,
    Answer,
    Dialog,
    Farm,
    FarmKind,
    HangUp,
    Opening,
    Personality,
    World,
    WorldSettings,
)
from anytws.simulator.settings import USUAL_FARMS
from anytws.simulator.world import EPOCH
from anytws.wire import catalogue
from anytws.wire.catalogue import CATALOGUE
from anytws.wire.codec import Codec
from anytws.wire.frames import frame
from anytws.wire.versions import ERROR_TIME, MAX_VERSION, MIN_VERSION, PROTOBUF
from tests.test_world import ELSEWHERE, HERE, UNTRUSTED, Client, Cut, byte_by_byte, whole


@pytest.fixture(params=[whole, byte_by_byte])
def cut(request: pytest.FixtureRequest) -> Cut:
    """How the bytes come: no test that asks for it may see a difference."""
    return request.param


@pytest.mark.card("connection.opening")
@pytest.mark.parametrize(
    "version", [MIN_VERSION, ERROR_TIME - 1, ERROR_TIME, PROTOBUF - 1, PROTOBUF, 212, 213, MAX_VERSION]
)
def test_a_client_becomes_ready(version, cut):
    world = World(WorldSettings(server_version=version, accounts=("DU1", "DU2"), first_order_id=40))
    client = Client(world, client_id=7, cut=cut)
    assert client.state is State.READY
    assert client.core.server_version == client.link.server_version == version
    assert client.heard(Ready) == [Ready(40, ("DU1", "DU2"))]
    assert client.link.state is State.READY
    assert client.link.client_id == 7
    assert world.links == (client.link,)


def test_bytes_in_slices_are_the_same_bytes():
    client, sliced = Client(World()), Client(World(), cut=byte_by_byte)
    assert client.told == sliced.told
    assert list(client.link.events) == list(sliced.link.events)


@pytest.mark.card("connection.farms")
def test_tws_reports_its_farms_at_once(cut):
    farms = (*USUAL_FARMS, Farm(FarmKind.MARKET_DATA, "eufarm"))
    client = Client(World(WorldSettings(farms=farms)), cut=cut)
    notices = client.heard(Notice)
    assert [notice.code for notice in notices] == [farm.kind.code for farm in farms]
    assert [notice.text.rpartition(":")[2] for notice in notices] == [farm.name for farm in farms]
    assert {notice.request_id for notice in notices} == {None}
    assert {notice.time for notice in notices} == {EPOCH}
    assert client.told.index(notices[0]) > client.told.index(client.heard(Ready)[0])


@pytest.mark.card("connection.farms")
def test_a_gateway_reports_no_farm_until_a_request_needs_it(cut):
    answers = {**ANSWERS, IdsRequest: attrs.evolve(ANSWERS[IdsRequest], farm=FarmKind.HISTORICAL)}
    client = Client(World(WorldSettings(personality=Personality.GATEWAY), answers=answers), cut=cut)
    assert client.state is State.READY
    assert client.codes == []
    client.ask(CurrentTimeRequest())
    assert client.codes == []
    told = client.ask(IdsRequest())
    assert client.codes == [FarmKind.HISTORICAL.code]
    assert isinstance(told[0], Notice), "the farm connects before it answers"
    client.ask(IdsRequest())
    assert client.codes == [FarmKind.HISTORICAL.code], "once"


@pytest.mark.card("connection.version")
@pytest.mark.parametrize(
    "own, lowest, highest, agreed",
    [
        (MAX_VERSION, MIN_VERSION, 178, 178),
        (176, MIN_VERSION, MAX_VERSION, 176),
        (200, 200, 200, 200),
        (MAX_VERSION, MIN_VERSION, MAX_VERSION, MAX_VERSION),
    ],
)
def test_the_newest_version_that_both_speak_is_agreed(own, lowest, highest, agreed, cut):
    world = World(WorldSettings(server_version=own))
    client = Client(world, minimum_version=lowest, maximum_version=highest, cut=cut)
    assert client.heard(VersionAgreed)[0].server_version == agreed
    assert client.state is State.READY


@pytest.mark.card("connection.version")
@pytest.mark.parametrize("own", [100, MIN_VERSION - 1, 180])
def test_without_a_common_version_it_names_its_own_and_hangs_up(own, cut):
    world = World(WorldSettings(server_version=own))
    client = Client(world, minimum_version=181, cut=cut)
    assert client.reason is CloseReason.UNSUPPORTED_SERVER_VERSION
    assert str(own) in client.core.closed.detail
    assert client.link.hang_up is HangUp.EOF
    assert world.links == ()


def test_a_client_that_is_older_than_anything_spoken_here_hears_the_own_version():
    link = World(WorldSettings(server_version=180)).connect(HERE, 0.0)
    link.receive_data(b"API\0" + frame(b"v100..150"), 0.0)
    assert link.data_to_send()[4:].startswith(b"180\0")
    assert link.hang_up is HangUp.EOF


def test_a_client_from_the_future_gets_what_is_spoken_here():
    link = World().connect(HERE, 0.0)
    link.receive_data(b"API\0" + frame(b"v100..999"), 0.0)
    assert link.server_version == MAX_VERSION


@pytest.mark.card("connection.opening")
def test_the_opening_comes_in_any_order(cut):
    world = World(WorldSettings(opening=(Opening.FARMS, Opening.NEXT_VALID_ID, Opening.MANAGED_ACCOUNTS)))
    client = Client(world, cut=cut)
    assert [type(event) for event in client.told if isinstance(event, Notice | Message)] == [
        *(Notice for _ in USUAL_FARMS),
        NextValidId,
        ManagedAccounts,
    ]
    assert client.state is client.link.state is State.READY


def test_without_accounts_tws_is_ready_and_the_client_waits_its_grace(cut):
    world = World(WorldSettings(opening=(Opening.NEXT_VALID_ID,)))
    client = Client(world, cut=cut, accounts_grace=2.0)
    assert client.link.state is State.READY
    assert client.state is State.AWAITING_NEXT_VALID_ID
    client.go(2.0)
    assert client.heard(Ready) == [Ready(1, None)]
    assert client.ask(CurrentTimeRequest(), 2.0) == [CurrentTime(EPOCH + timedelta(seconds=2))]


def test_next_valid_id_may_never_come(cut):
    world = World(WorldSettings(opening=(Opening.MANAGED_ACCOUNTS,)))
    client = Client(world, cut=cut, start_timeout=15.0)
    client.go(15.0)
    assert client.reason is CloseReason.HANDSHAKE_TIMEOUT
    assert client.link.closed.reason is CloseReason.EOF
    assert client.core.accounts == world.settings.accounts


def test_anything_may_come_before_next_valid_id(cut):
    early = (NextValidId(3), ErrorMessage(12, 200, "No security definition"), CurrentTime(EPOCH))
    world = World(WorldSettings(opening=(*early[1:], Opening.MANAGED_ACCOUNTS, early[0], Opening.NEXT_VALID_ID)))
    client = Client(world, cut=cut)
    assert [event for event in client.told if isinstance(event, Message)] == [
        ErrorMessage(12, 200, "No security definition"),
        CurrentTime(EPOCH),
        ManagedAccounts(world.settings.accounts),
        NextValidId(3),
        NextValidId(1),
    ]
    assert client.state is State.READY


def test_tws_may_take_its_time_before_the_opening(cut):
    world = World(WorldSettings(opening_seconds=4.0))
    client = Client(world, cut=cut)
    assert client.link.wake_at() == 4.0
    client.go(3.9)
    assert client.state is State.AWAITING_NEXT_VALID_ID
    client.go(4.0)
    assert client.state is State.READY
    assert client.link.wake_at() is None


def framed(version: int, message: ToTws) -> bytes:
    """Give *message* as a client says it, at a time of the test's own choosing."""
    sayer = Client(World(WorldSettings(server_version=version)))
    return sayer.core.send(message)


@pytest.mark.card("connection.too_early")
def test_a_request_before_start_api_closes_the_connection():
    client = Client(World(), start_api_by_hand=True)
    client.link.receive_data(framed(MAX_VERSION, CurrentTimeRequest()), 0.0)
    assert client.link.closed.reason is CloseReason.PROTOCOL_ERROR
    client.go(0.0)
    assert client.reason is CloseReason.EOF


@pytest.mark.parametrize("opening, seconds", [((Opening.MANAGED_ACCOUNTS,), 0.0), ((Opening.NEXT_VALID_ID,), 5.0)])
def test_a_request_before_next_valid_id_closes_the_connection(opening, seconds):
    client = Client(World(WorldSettings(opening=opening, opening_seconds=seconds)))
    client.link.receive_data(framed(MAX_VERSION, CurrentTimeRequest()), 0.0)
    assert client.link.closed.reason is CloseReason.PROTOCOL_ERROR
    assert client.link.closed.state is State.AWAITING_NEXT_VALID_ID
    assert not client.link.world.heard


def test_a_request_in_one_piece_with_start_api_closes_the_connection():
    world = World()
    client = Client(world, start_api_by_hand=True)
    client.core.start_api()
    client.link.receive_data(client.core.data_to_send() + framed(MAX_VERSION, CurrentTimeRequest()), 0.0)
    assert client.link.closed.reason is CloseReason.PROTOCOL_ERROR
    assert client.link.data_to_send() == b""
    assert Client(world, client_id=0).state is State.READY


def test_start_api_in_one_piece_with_the_greeting_closes_the_connection():
    link = World().connect(HERE, 0.0)
    link.receive_data(b"API\0" + frame(b"v157..226") + frame(b"71\0002\0001\0\0"), 0.0)
    assert link.closed.reason is CloseReason.PROTOCOL_ERROR
    assert link.data_to_send() == b""


def test_who_does_not_speak_the_protocol_is_out():
    link = World().connect(HERE, 0.0)
    link.receive_data(b"GET / HTTP/1.1\r\n", 0.0)
    assert link.hang_up is HangUp.EOF


@pytest.mark.card("connection.too_early")
def test_requests_just_after_next_valid_id_are_dropped(cut):
    world = World(WorldSettings(settling_seconds=0.5))
    client = Client(world, cut=cut)
    assert client.ask(CurrentTimeRequest(), 0.4) == []
    assert list(client.link.dropped) == [CurrentTimeRequest()]
    assert not world.heard
    assert client.ask(CurrentTimeRequest(), 0.5) == [CurrentTime(EPOCH)]


@pytest.mark.card("connection.read_only")
def test_in_read_only_mode_what_changes_anything_is_error_321(monkeypatch, cut):
    """No request of the catalogue does so far; one is made to."""
    entry = attrs.evolve(catalogue.BY_CLASS[IdsRequest], changes_state=True)
    monkeypatch.setitem(catalogue.BY_CLASS, IdsRequest, entry)
    world = World(WorldSettings(read_only=True))
    client = Client(world, cut=cut)
    (error,) = client.ask(IdsRequest())
    assert (error.error_code, error.request_id) == (321, None)
    assert "Read-Only" in error.error_message
    assert client.ask(CurrentTimeRequest()) == [CurrentTime(EPOCH)]
    world.settings = WorldSettings(read_only=False)
    assert client.ask(IdsRequest()) == [NextValidId(1)]


def test_what_was_heard_can_be_looked_up():
    world = World()
    one, two = Client(world, client_id=1), Client(world, client_id=2)
    one.ask(IdsRequest(), 1.0)
    two.ask(CurrentTimeRequest(), 2.0)
    assert list(world.heard) == [(one.link, IdsRequest(), 1.0), (two.link, CurrentTimeRequest(), 2.0)]


def test_a_table_of_ones_own_answers_otherwise():
    answers = {**ANSWERS, CurrentTimeRequest: Answer(lambda link, request: ())}
    client = Client(World(answers=answers))
    assert client.ask(CurrentTimeRequest()) == []
    assert client.state is State.READY


@pytest.mark.card("connection.not_simulated")
def test_a_request_that_is_not_simulated_fails_and_says_so(cut):
    client = Client(World(answers={}), cut=cut)
    (error,) = client.ask(CurrentTimeRequest())
    assert error.error_code == 322
    assert "CurrentTimeRequest" in error.error_message
    assert client.state is State.READY


def asks_by_id(cls: type[ToTws]) -> bool:
    return "request_id" in {field.name for field in attrs.fields(cls)}


CONTRACT = Stock("AAPL")


ABOUT_AN_ORDER = (
    PlaceOrderRequest(CONTRACT, MarketOrder("BUY", 1), order_id=42),
    CancelOrderRequest(42),
    ExerciseOptionsRequest(CONTRACT, ExerciseAction.EXERCISE, 1, "DU1", order_id=42),
)


def test_these_are_all_that_are_about_an_order():
    assert {type(request).__name__ for request in ABOUT_AN_ORDER} == {
        entry.name
        for entry in CATALOGUE
        if issubclass(entry.cls, ToTws) and "order_id" in {field.name for field in attrs.fields(entry.cls)}
    }


@pytest.mark.parametrize("version", [MIN_VERSION, 200, MAX_VERSION])
@pytest.mark.parametrize("read_only, code", [(False, 322), (True, 321)])
@pytest.mark.parametrize("request_", ABOUT_AN_ORDER, ids=lambda request: type(request).__name__)
def test_an_error_about_an_order_carries_its_id(request_, read_only, code, version):
    """Whoever waits for what becomes of the order has no other way to know that it is meant."""
    # A world that answers nothing knows no orders either.
    client = Client(World(WorldSettings(server_version=version, read_only=read_only), answers={}))
    (error,) = client.ask(request_)
    assert (error.error_code, error.request_id) == (code, 42)


@pytest.mark.parametrize("version", [MIN_VERSION, 200])
def test_an_order_that_cannot_be_read_is_refused_under_its_id(version):
    client = Client(World(WorldSettings(server_version=version)))
    body = Codec(Side.CLIENT, version).encode(ABOUT_AN_ORDER[0])
    client.link.receive_data(frame(body.replace(b"BUY\x001\0", b"BUY\0one\0")), 0.0)
    (error,) = client.go(0.0)
    assert (error.error_code, error.request_id) == (320, 42)
    assert "one" in error.error_message
    assert client.ask(CurrentTimeRequest()) == [CurrentTime(EPOCH)]


def test_a_start_that_cannot_be_read_ends_the_connection_and_not_the_next_request():
    world = World(WorldSettings(server_version=176))
    link = world.connect(HERE, 0.0)
    link.receive_data(b"API\0" + frame(b"v157..176") + frame(b"71\x002\0seven\0\0"), 0.0)
    assert link.hang_up is HangUp.EOF
    assert not [client for client in world.links if client.state is State.READY]


@pytest.mark.parametrize("entry", [entry for entry in CATALOGUE if entry.cls in ANSWERS and asks_by_id(entry.cls)])
def test_a_request_that_leaves_its_id_out_is_error_320(entry):
    """In protobuf it can; an answer would belong to nobody."""
    client = Client(World())
    client.link.receive_data(frame((200 + entry.id).to_bytes(4, "big")), 0.0)
    (error,) = client.go(0.0)
    assert (error.error_code, error.request_id) == (320, None)
    assert client.link.failure is None
    assert not client.link.streams


@pytest.mark.card("connection.unreadable")
@pytest.mark.parametrize(
    "version, body",
    [
        (176, b"9999\0"),
        (176, b"14\x001\0loud\0"),
        (176, b"105\0"),
        (MAX_VERSION, (200 + 14).to_bytes(4, "big") + b"\xff"),
        (MAX_VERSION, b"\0"),
    ],
    ids=["unknown id", "a word for a number", "too new", "no protobuf", "no id"],
)
def test_what_cannot_be_read_is_error_320_and_the_connection_goes_on(version, body, cut):
    client = Client(World(WorldSettings(server_version=version)), cut=cut)
    for piece in cut(frame(body)):
        client.link.receive_data(piece, 0.0)
    (error,) = client.go(0.0)
    assert error.error_code == 320
    assert client.ask(CurrentTimeRequest()) == [CurrentTime(EPOCH)]
    assert not [heard for heard in client.link.world.heard if not isinstance(heard.message, CurrentTimeRequest)]


@pytest.mark.parametrize("how", HangUp)
def test_death_at_every_byte_of_the_start(how, cut):
    unharmed = Client(World())
    for count in range(unharmed.bytes_heard + 1):
        world = World(WorldSettings(die_after_bytes=count, die_by=how))
        client = Client(world, cut=cut)
        assert client.bytes_heard == count
        assert client.link.hang_up is how
        assert client.link.state is client.state is State.CLOSED
        assert client.reason is not None
        assert client.told[:-2] == unharmed.told[: len(client.told) - 2], "all that came whole was told first"
        assert world.links == ()
        assert list(world.ended) == [client.link]


def test_a_death_by_bytes_counts_raw_ones_too():
    world = World()
    client = Client(world)
    world.settings = WorldSettings(die_after_bytes=client.link.bytes_said + 3)
    client.link.say_bytes(b"abcdef")
    assert client.link.data_to_send() == b"abc"
    assert client.link.hang_up is HangUp.EOF


def test_what_was_said_before_the_death_is_delivered():
    client = Client(World())
    client.link.say(NextValidId(99))
    client.link.die()
    assert client.go(0.0)[0] == NextValidId(99)


def test_after_the_end_a_link_is_deaf_and_dumb():
    client = Client(World())
    client.link.die()
    client.link.data_to_send()
    events = list(client.link.events)
    client.link.receive_data(framed(MAX_VERSION, CurrentTimeRequest()), 1.0)
    client.link.receive_eof(1.0)
    client.link.receive_reset(1.0)
    client.link.say_bytes(b"too late")
    client.link.wake(100.0)
    assert list(client.link.events) == events
    assert client.link.data_to_send() == b""
    assert client.link.wake_at() is None
    with pytest.raises(LocalProtocolError):
        client.link.say(NextValidId(1))


def test_a_test_may_say_what_tws_may_say(cut):
    client = Client(World(), cut=cut)
    client.link.say(ErrorMessage(None, 1100, "Connectivity between IB and TWS has been lost"))
    client.go(0.0)
    assert client.codes[-1] == 1100


def test_what_tws_may_not_say_is_refused():
    link = World().connect(HERE, 0.0)
    with pytest.raises(LocalProtocolError):
        link.say(NextValidId(1))
    client = Client(World())
    with pytest.raises(TypeError):
        client.link.say(CurrentTimeRequest())
    assert client.link.state is State.READY


def test_a_test_may_say_any_bytes_at_any_time():
    link = World().connect(HERE, 0.0)
    link.say_bytes(b"\xff" * 3)
    assert link.data_to_send() == b"\xff" * 3
    client = Client(World(attrs.evolve(UNTRUSTED, dialog=Dialog.UNANSWERED)), ELSEWHERE)
    client.link.say_bytes(frame(b"300\0too new\0"))
    client.go(0.0)
    assert client.reason is CloseReason.UNSUPPORTED_SERVER_VERSION


def test_saying_and_dying_call_for_the_transports_attention():
    client = Client(World())
    calls = []
    client.link.watch(lambda: calls.append(client.link.has_data_to_send))
    client.link.say(NextValidId(2))
    client.link.die()
    assert calls == [True, True]


@given(st.lists(st.binary(max_size=40), max_size=6), st.booleans())
def test_no_bytes_of_a_client_make_it_raise(pieces: list[bytes], ready: bool):
    client = Client(World())
    link = client.link if ready else World().connect(HERE, 0.0)
    for now, piece in enumerate(pieces):
        link.receive_data(piece if now % 2 else frame(piece), float(now))
    link.receive_eof(10.0)
    assert link.state is State.CLOSED
    assert [type(event) for event in link.events].count(ConnectionClosed) == 1
    assert link.world.links == ()


@given(st.sampled_from([entry for entry in catalogue.CATALOGUE if entry.said_by is Side.CLIENT]), st.data())
def test_no_mangled_request_makes_it_raise(entry, data):
    version = data.draw(st.sampled_from([MIN_VERSION, PROTOBUF - 1, PROTOBUF, MAX_VERSION]))
    client = Client(World(WorldSettings(server_version=version)))
    wire_id = data.draw(st.sampled_from([entry.id, entry.id + 200]))
    prefix = wire_id.to_bytes(4, "big") if version >= PROTOBUF else b"%d\0" % wire_id
    client.link.receive_data(frame(prefix + data.draw(st.binary(max_size=30))), 0.0)
    assert client.link.closed is None or client.link.closed.reason is CloseReason.PROTOCOL_ERROR
