"""The simulated TWS, with no IO at all: one connection of the real client core to it, and time as a number."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.core.connection import Connection
from anytws.core.events import CloseReason, ConnectionClosed, Event, Notice, Ready, VersionAgreed
from anytws.core.options import HandshakeOptions
from anytws.core.state import State
from anytws.errors import LocalProtocolError
from anytws.messages import (
    AccountDataEnd,
    AccountDataRequest,
    AccountSummaryEnd,
    AccountSummaryRequest,
    AccountUpdateMultiEnd,
    AccountUpdatesMultiRequest,
    AllOpenOrdersRequest,
    ApiSettingsConfig,
    AutoOpenOrdersRequest,
    CancelAccountSummary,
    CancelAccountUpdatesMulti,
    CancelOrderRequest,
    CancelPositions,
    CancelPositionsMulti,
    CompletedOrdersEnd,
    CompletedOrdersRequest,
    ConfigRequest,
    ConfigResponse,
    ExecutionDetailsEnd,
    ExecutionRequest,
    ExerciseAction,
    ExerciseOptionsRequest,
    FamilyCode,
    FamilyCodes,
    FamilyCodesRequest,
    MarketOrder,
    OpenOrdersEnd,
    OpenOrdersRequest,
    PlaceOrderRequest,
    PositionEnd,
    PositionMultiEnd,
    PositionsMultiRequest,
    PositionsRequest,
    Stock,
)
from anytws.messages.base import Message, Side, ToTws
from anytws.messages.session import (
    CurrentTime,
    CurrentTimeInMillis,
    CurrentTimeInMillisRequest,
    CurrentTimeRequest,
    ErrorMessage,
    IdsRequest,
    ManagedAccounts,
    ManagedAccountsRequest,
    NextValidId,
    SetServerLogLevelRequest,
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
from anytws.simulator.settings import LOOPBACK, MAX_CLIENTS, USUAL_FARMS
from anytws.simulator.world import EPOCH
from anytws.wire import catalogue
from anytws.wire.catalogue import CATALOGUE
from anytws.wire.codec import Codec
from anytws.wire.frames import frame
from anytws.wire.versions import CURRENT_TIME_IN_MILLIS, ERROR_TIME, MAX_VERSION, MIN_VERSION, PROTOBUF

HERE = "127.0.0.1"
ELSEWHERE = "192.0.2.7"

_Event = TypeVar("_Event")
Cut = Callable[[bytes], Iterator[bytes]]


def whole(data: bytes) -> Iterator[bytes]:
    yield data


def byte_by_byte(data: bytes) -> Iterator[bytes]:
    for byte in data:
        yield bytes([byte])


class Client:
    """The real client core, joined to a world. All that was told by either side can be looked up."""

    def __init__(
        self, world: World, address: str = HERE, *, now: float = 0.0, cut: Cut = whole, **options: object
    ) -> None:
        self.core = Connection(Side.CLIENT, HandshakeOptions(**options))
        self.link = world.connect(address, now)
        self.told: list[Event] = []
        self.bytes_heard = 0
        self._cut = cut
        self.core.opened(now)
        self.go(now)

    def go(self, now: float) -> list[Event]:
        """Carry bytes to and fro until nobody has any more to say; give what the client was told by it."""
        self.link.wake(now)
        self.core.wake(now)
        while True:
            up = self.core.data_to_send()
            for piece in self._cut(up):
                self.link.receive_data(piece, now)
            down = self.link.data_to_send()
            for piece in self._cut(down):
                self.core.receive_data(piece)
            self.bytes_heard += len(down)
            if not up and not down:
                break
        if self.link.hang_up is HangUp.EOF:
            self.core.receive_eof()
        elif self.link.hang_up is HangUp.RESET:
            self.core.receive_reset()
        elif self.core.closed is not None:
            self.link.receive_eof(now)
        news = self.core.events()
        self.told += news
        return news

    def ask(self, request: ToTws, now: float = 0.0) -> list[Event]:
        """Say *request*; give what the client was told by it."""
        for piece in self._cut(self.core.send(request)):
            self.link.receive_data(piece, now)
        return self.go(now)

    def heard(self, kind: type[_Event]) -> list[_Event]:
        """Give everything of one kind that the client was told."""
        return [event for event in self.told if isinstance(event, kind)]

    @property
    def state(self) -> State:
        return self.core.state

    @property
    def codes(self) -> list[int]:
        """The codes of all errors and notices, in order."""
        return [
            event.code if isinstance(event, Notice) else event.error_code
            for event in self.told
            if isinstance(event, Notice | ErrorMessage)
        ]

    @property
    def reason(self) -> CloseReason | None:
        """Why it ended; the one end was told, and last."""
        if self.core.closed is None:
            assert self.heard(ConnectionClosed) == []
            return None
        assert self.heard(ConnectionClosed) == [self.core.closed] == self.told[-1:]
        return self.core.closed.reason


@pytest.fixture(params=[whole, byte_by_byte])
def cut(request: pytest.FixtureRequest) -> Cut:
    """How the bytes come: no test that asks for it may see a difference."""
    return request.param


# The usual opening


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


def test_tws_reports_its_farms_at_once(cut):
    farms = (*USUAL_FARMS, Farm(FarmKind.MARKET_DATA, "eufarm"))
    client = Client(World(WorldSettings(farms=farms)), cut=cut)
    notices = client.heard(Notice)
    assert [notice.code for notice in notices] == [farm.kind.code for farm in farms]
    assert [notice.text.rpartition(":")[2] for notice in notices] == [farm.name for farm in farms]
    assert {notice.request_id for notice in notices} == {None}
    assert {notice.time for notice in notices} == {EPOCH}
    assert client.told.index(notices[0]) > client.told.index(client.heard(Ready)[0])


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


def test_no_request_that_is_answered_so_far_needs_a_farm():
    """When this fails, docs/simulator.md has a sentence to change."""
    assert {answer.farm for answer in ANSWERS.values()} == {None}


# The version


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


@pytest.mark.parametrize("version", [0, MAX_VERSION + 1])
def test_a_version_that_no_tws_of_ours_can_have_is_no_setting(version):
    with pytest.raises(ValueError, match="server_version"):
        WorldSettings(server_version=version)


# The connection time


def connection_time_of(world: World, now: float = 0.0):
    return Client(world, now=now).core.connection_time


def test_the_connection_time_is_the_wall_clock_of_tws():
    settings = WorldSettings(
        epoch_at_zero=datetime(2026, 3, 1, 22, 0, tzinfo=UTC), utc_offset=timedelta(hours=8), zone="China Standard Time"
    )
    assert connection_time_of(World(settings), now=61.5).raw == b"20260302 06:01:01 China Standard Time"


def test_the_zone_may_be_absent():
    assert connection_time_of(World(WorldSettings(zone=""))).raw == f"{EPOCH:%Y%m%d %H:%M:%S}".encode()


def test_the_connection_time_may_be_any_bytes():
    strange = "20230405 22:20:39 中国标准时间".encode("gbk")
    client = Client(World(WorldSettings(connection_time=strange)))
    assert client.core.connection_time.raw == strange
    assert client.state is State.READY


def test_the_clock_can_be_set_but_settings_have_precedence():
    noon = datetime(2026, 6, 1, 12, tzinfo=UTC)
    world = World()
    world.set_clock(noon, now=1000.0)
    assert world.utc() == noon
    world.note_time(1001.5)
    assert world.utc() == noon + timedelta(seconds=1.5)
    fixed = World(WorldSettings(epoch_at_zero=EPOCH))
    fixed.set_clock(noon, now=1.0)
    assert fixed.utc() == EPOCH + timedelta(seconds=1)


def test_a_clock_without_a_zone_is_no_clock():
    with pytest.raises(ValueError, match="epoch_at_zero"):
        WorldSettings(epoch_at_zero=datetime(2026, 1, 1))  # noqa: DTZ001


# The opening


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


# Client ids and order ids


def test_a_client_id_in_use_is_error_326_and_the_end(cut):
    world = World()
    first, second = Client(world, client_id=7, cut=cut), Client(world, client_id=7, cut=cut)
    assert second.codes == [326]
    assert second.reason is CloseReason.CLIENT_ID_IN_USE
    assert second.link.hang_up is HangUp.EOF
    assert first.state is State.READY
    assert world.links == (first.link,)
    assert Client(world, client_id=8, cut=cut).state is State.READY


def test_the_loser_of_a_client_id_does_not_free_it():
    world = World()
    Client(world, client_id=7)
    Client(world, client_id=7)
    assert Client(world, client_id=7).reason is CloseReason.CLIENT_ID_IN_USE


@pytest.mark.parametrize("ending", ["eof", "die"])
def test_a_client_id_is_free_after_an_orderly_end(ending):
    world = World(WorldSettings(stale_seconds=60))
    client = Client(world, client_id=7)
    client.link.receive_eof(1.0) if ending == "eof" else client.link.die(HangUp.EOF, 1.0)
    assert Client(world, client_id=7, now=1.0).state is State.READY


@pytest.mark.parametrize("ending", ["reset", "die"])
def test_a_client_id_stays_in_use_for_a_while_after_a_torn_connection(ending):
    world = World(WorldSettings(stale_seconds=60))
    client = Client(world, client_id=7)
    client.link.receive_reset(1.0) if ending == "reset" else client.link.die(HangUp.RESET, 1.0)
    assert Client(world, client_id=7, now=60.9).reason is CloseReason.CLIENT_ID_IN_USE
    assert Client(world, client_id=8, now=60.9).state is State.READY
    assert Client(world, client_id=7, now=61.0).state is State.READY


def test_a_stale_id_outlives_a_change_of_clocks():
    """One event loop counts its seconds from another zero than the next."""
    world = World(WorldSettings(stale_seconds=60))
    world.set_clock(EPOCH, 5000.0)
    Client(world, client_id=7, now=5000.0).link.receive_reset(5000.0)
    world.set_clock(EPOCH + timedelta(seconds=30), 0.0)
    assert Client(world, client_id=7, now=0.0).reason is CloseReason.CLIENT_ID_IN_USE
    assert Client(world, client_id=7, now=30.0).state is State.READY


def test_by_default_a_torn_connection_frees_its_id_at_once():
    world = World()
    Client(world, client_id=7).link.receive_reset(0.0)
    assert Client(world, client_id=7).state is State.READY


def test_order_ids_only_go_up_and_each_client_id_has_its_own(cut):
    world = World(WorldSettings(first_order_id=10))
    client = Client(world, client_id=7, cut=cut)
    world.use_order_id(7, 14)
    world.use_order_id(7, 3)
    assert client.ask(IdsRequest()) == [NextValidId(15)]
    client.link.receive_eof(1.0)
    world.die()
    world.restart()
    assert Client(world, client_id=7, now=2.0).core.next_valid_id == 15
    assert Client(world, client_id=8, now=2.0).core.next_valid_id == 10


# Who gets in


def test_one_client_too_many_is_closed_before_any_reply(cut):
    world = World()
    clients = [Client(world, client_id=number, cut=cut) for number in range(MAX_CLIENTS)]
    late = Client(world, client_id=MAX_CLIENTS, cut=cut)
    assert late.reason is CloseReason.REFUSED
    assert late.bytes_heard == 0
    assert {client.state for client in clients} == {State.READY}
    clients[0].link.receive_eof(1.0)
    assert Client(world, client_id=MAX_CLIENTS, now=1.0).state is State.READY


def test_a_client_that_never_greets_takes_a_place():
    world = World(WorldSettings(max_clients=1))
    world.connect(HERE, 0.0)
    assert Client(world).reason is CloseReason.REFUSED


def test_with_the_api_off_every_connection_is_closed(cut):
    client = Client(World(WorldSettings(api_enabled=False)), cut=cut)
    assert client.reason is CloseReason.REFUSED
    assert client.bytes_heard == 0


@pytest.mark.parametrize("address", [ELSEWHERE, "2001:db8::1", "a name"])
def test_only_this_host_may_connect_and_nobody_is_asked(address):
    client = Client(World(WorldSettings(dialog=Dialog.ACCEPT)), address)
    assert client.reason is CloseReason.REFUSED
    assert client.bytes_heard == 0


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "127.9.9.9", "::ffff:127.0.0.1", "::1%lo"])
def test_loopback_is_this_host_in_all_its_forms(address):
    assert Client(World(WorldSettings(dialog=Dialog.ACCEPT)), address).state is State.READY


def test_a_trusted_address_connects_without_a_dialog():
    settings = WorldSettings(localhost_only=False, trusted_addresses=[*LOOPBACK, ELSEWHERE])
    assert Client(World(settings), ELSEWHERE).state is State.READY
    assert Client(World(settings), "192.0.2.8").reason is CloseReason.REFUSED


UNTRUSTED = WorldSettings(localhost_only=False)


def test_the_dialog_is_accepted_after_a_while(cut):
    world = World(attrs.evolve(UNTRUSTED, dialog=Dialog.ACCEPT, dialog_seconds=9.0))
    client = Client(world, ELSEWHERE, cut=cut)
    assert client.link.wake_at() == 9.0
    client.go(8.9)
    assert client.state is State.HANDSHAKING
    assert client.bytes_heard == 0
    client.go(9.0)
    assert client.state is State.READY


def test_the_dialog_is_rejected_after_a_while(cut):
    world = World(attrs.evolve(UNTRUSTED, dialog_seconds=9.0))
    client = Client(world, ELSEWHERE, cut=cut)
    client.go(8.9)
    assert client.reason is None
    client.go(9.0)
    assert client.reason is CloseReason.REFUSED
    assert client.bytes_heard == 0


def test_the_dialog_may_be_accepted_before_the_client_greets():
    world = World(attrs.evolve(UNTRUSTED, dialog=Dialog.ACCEPT, dialog_seconds=1.0))
    link = world.connect(ELSEWHERE, 0.0)
    link.wake(1.0)
    link.receive_data(b"API\0" + frame(b"v157..226"), 2.0)
    assert link.data_to_send()


def test_nobody_answers_the_dialog(cut):
    world = World(attrs.evolve(UNTRUSTED, dialog=Dialog.UNANSWERED))
    client = Client(world, ELSEWHERE, cut=cut, version_timeout=15.0)
    assert client.link.wake_at() is None
    client.go(15.0)
    assert client.reason is CloseReason.HANDSHAKE_TIMEOUT


@pytest.mark.parametrize("accept, state", [(True, State.READY), (False, State.CLOSED)])
def test_a_test_answers_the_dialog(accept, state):
    client = Client(World(attrs.evolve(UNTRUSTED, dialog=Dialog.UNANSWERED)), ELSEWHERE)
    client.link.answer_dialog(accept, 5.0)
    client.go(5.0)
    assert client.state is state
    with pytest.raises(LookupError):
        client.link.answer_dialog(accept)


def test_a_redirect_is_said_instead_of_the_version(cut):
    world = World(WorldSettings(redirect=("gateway.example", 7496)))
    client = Client(world, cut=cut)
    assert client.reason is CloseReason.REDIRECTED
    assert client.core.closed.redirect == ("gateway.example", 7496)
    assert client.link.hang_up is HangUp.EOF
    world.settings = WorldSettings(redirect=("gateway.example", None))
    assert Client(world).core.closed.redirect == ("gateway.example", None)
    world.settings = WorldSettings()
    assert Client(world).state is State.READY


# What a client may not do


def framed(version: int, message: ToTws) -> bytes:
    """Give *message* as a client says it, at a time of the test's own choosing."""
    sayer = Client(World(WorldSettings(server_version=version)))
    return sayer.core.send(message)


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


def test_requests_just_after_next_valid_id_are_dropped(cut):
    world = World(WorldSettings(settling_seconds=0.5))
    client = Client(world, cut=cut)
    assert client.ask(CurrentTimeRequest(), 0.4) == []
    assert list(client.link.dropped) == [CurrentTimeRequest()]
    assert not world.heard
    assert client.ask(CurrentTimeRequest(), 0.5) == [CurrentTime(EPOCH)]


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


# Requests


@pytest.mark.parametrize("version", [CURRENT_TIME_IN_MILLIS, PROTOBUF, MAX_VERSION])
def test_requests_are_answered(version, cut):
    client = Client(World(WorldSettings(server_version=version, accounts=("DU1", "DU2"))), client_id=7, cut=cut)
    now = 12.3456
    time = EPOCH + timedelta(seconds=12)
    assert client.ask(CurrentTimeRequest(), now) == [CurrentTime(time)]
    millis = CurrentTimeInMillis(time + timedelta(milliseconds=345))
    assert client.ask(CurrentTimeInMillisRequest(), now) == [millis]
    assert client.ask(ManagedAccountsRequest(), now) == [ManagedAccounts(("DU1", "DU2"))]
    assert client.ask(IdsRequest(5), now) == [NextValidId(1)]
    assert client.ask(SetServerLogLevelRequest(5), now) == []
    assert client.link.log_level == 5


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


def test_a_request_that_is_not_simulated_fails_and_says_so(cut):
    client = Client(World(answers={}), cut=cut)
    (error,) = client.ask(CurrentTimeRequest())
    assert error.error_code == 322
    assert "CurrentTimeRequest" in error.error_message
    assert client.state is State.READY


CONTRACT = Stock("AAPL")
ABOUT_AN_ORDER = (
    PlaceOrderRequest(42, CONTRACT, MarketOrder("BUY", 1)),
    CancelOrderRequest(42),
    ExerciseOptionsRequest(42, CONTRACT, ExerciseAction.EXERCISE, 1, "DU1"),
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
    client = Client(World(WorldSettings(server_version=version, read_only=read_only)))
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


@pytest.mark.parametrize(
    "request_, answer",
    [
        (PositionsRequest(), PositionEnd()),
        (PositionsMultiRequest(7, "DU1"), PositionMultiEnd(7)),
        (AccountDataRequest(True, "DU1"), AccountDataEnd("DU1")),
        (AccountDataRequest(), AccountDataEnd("DU1")),
        (AccountDataRequest(True, "All"), AccountDataEnd("All")),
        (AccountDataRequest(True, "DU1A"), AccountDataEnd("DU1A")),
        (AccountUpdatesMultiRequest(7, "DU1"), AccountUpdateMultiEnd(7)),
        (AccountSummaryRequest(7, tags=("NetLiquidation",)), AccountSummaryEnd(7)),
        (OpenOrdersRequest(), OpenOrdersEnd()),
        (AllOpenOrdersRequest(), OpenOrdersEnd()),
        (CompletedOrdersRequest(False), CompletedOrdersEnd()),
        (ExecutionRequest(7), ExecutionDetailsEnd(7)),
        (FamilyCodesRequest(), FamilyCodes((FamilyCode("*", ""),))),
        (AutoOpenOrdersRequest(True), None),
        (CancelPositions(), None),
        (CancelPositionsMulti(7), None),
        (CancelAccountUpdatesMulti(7), None),
        (CancelAccountSummary(7), None),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("version", [MIN_VERSION, 200, 207, MAX_VERSION])
def test_a_download_of_nothing_has_its_end(request_, answer, version):
    """Clients of others wait for all of these while they connect; nothing answers a cancel."""
    client = Client(World(WorldSettings(server_version=version, accounts=("DU1", "DU2"))), client_id=0)
    assert client.ask(request_) == ([] if answer is None else [answer])


def test_account_data_of_nobody_and_the_end_of_a_subscription():
    client = Client(World(WorldSettings(accounts=("DU1",))))
    (error,) = client.ask(AccountDataRequest(True, "DU9"))
    assert (error.error_code, error.request_id) == (321, None)
    (notice,) = client.ask(AccountDataRequest(False, "DU1"))
    assert (notice.code, notice.request_id) == (2100, None)
    assert Client(World(WorldSettings(accounts=()))).ask(AccountDataRequest()) == [AccountDataEnd("")]


def test_orders_by_hand_are_for_client_0_alone():
    (error,) = Client(World(), client_id=7).ask(AutoOpenOrdersRequest(True))
    assert (error.error_code, error.request_id) == (327, None)


@pytest.mark.parametrize(
    "request_",
    [
        OpenOrdersRequest(),
        AllOpenOrdersRequest(),
        CompletedOrdersRequest(False),
        IdsRequest(),
        AutoOpenOrdersRequest(True),
    ],
    ids=lambda request: type(request).__name__,
)
def test_a_tws_that_is_read_only_hides_its_orders(request_):
    """As recorded: 321 without an id, and no end."""
    client = Client(World(WorldSettings(read_only=True)), client_id=0)
    (error,) = client.ask(request_)
    assert (error.error_code, error.request_id) == (321, None)
    assert client.ask(PositionsRequest()) == [PositionEnd()]
    assert client.ask(ExecutionRequest(7)) == [ExecutionDetailsEnd(7)]


@pytest.mark.parametrize("read_only", [False, True])
def test_its_settings_can_be_read(read_only):
    settings = WorldSettings(read_only=read_only, localhost_only=False, trusted_addresses=(HERE, ELSEWHERE))
    (answer,) = Client(World(settings)).ask(ConfigRequest(7))
    assert isinstance(answer, ConfigResponse)
    assert answer.request_id == 7
    assert answer.api is not None
    assert answer.api.settings == ApiSettingsConfig(
        read_only_api=read_only, allow_localhost_only=False, trusted_ips=(HERE, ELSEWHERE)
    )


def test_a_start_that_cannot_be_read_ends_the_connection_and_not_the_next_request():
    world = World(WorldSettings(server_version=176))
    link = world.connect(HERE, 0.0)
    link.receive_data(b"API\0" + frame(b"v157..176") + frame(b"71\x002\0seven\0\0"), 0.0)
    assert link.hang_up is HangUp.EOF
    assert not [client for client in world.links if client.state is State.READY]


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


# Dying


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


@pytest.mark.parametrize("how, reason", [(HangUp.EOF, CloseReason.EOF), (HangUp.RESET, CloseReason.RESET)])
def test_a_connection_dies_and_the_others_live(how, reason):
    world = World()
    victim, other = Client(world, client_id=1), Client(world, client_id=2)
    victim.link.die(how, 3.0)
    victim.link.die(HangUp.RESET, 4.0)
    assert victim.link.hang_up is how
    victim.go(4.0)
    other.go(4.0)
    assert victim.reason is reason
    assert other.state is State.READY
    assert world.links == (other.link,)


def test_what_was_said_before_the_death_is_delivered():
    client = Client(World())
    client.link.say(NextValidId(99))
    client.link.die()
    assert client.go(0.0)[0] == NextValidId(99)


@pytest.mark.parametrize("how", HangUp)
def test_the_whole_tws_dies_and_comes_back(how):
    world = World()
    clients = [Client(world, client_id=number) for number in range(3)]
    calls = []
    stop = world.watch(lambda: calls.append(world.is_running))
    world.die(how, 5.0)
    assert {client.link.hang_up for client in clients} == {how}
    assert world.links == ()
    with pytest.raises(ConnectionRefusedError):
        world.connect(HERE, 6.0)
    world.restart(7.0)
    assert calls == [False, True]
    stop()
    world.die()
    assert calls == [False, True]
    world.restart()
    assert Client(world, client_id=1, now=7.0).state is State.READY


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


# Misbehaving on purpose


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
    client.link.attend(lambda: calls.append(client.link.has_data_to_send))
    client.link.say(NextValidId(2))
    client.link.die()
    assert calls == [True, True]


def test_only_so_much_is_remembered():
    world = World(WorldSettings(memory=3))
    client = Client(world)
    for now in range(5):
        client.ask(IdsRequest(), float(now))
    assert [heard.now for heard in world.heard] == [2.0, 3.0, 4.0]
    assert len(client.link.events) == 3
    for _ in range(5):
        world.connect(HERE, 0.0).die()
    assert len(world.ended) == 3


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
