"""The simulated TWS, with no IO at all: one connection of the real client core to it, and time as a number."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import attrs
import pytest

from anytws.core.connection import Connection
from anytws.core.events import CloseReason, ConnectionClosed, Event, Notice
from anytws.core.options import HandshakeOptions
from anytws.core.state import State
from anytws.messages.base import Side, ToTws
from anytws.messages.session import (
    ErrorMessage,
    IdsRequest,
)
from anytws.simulator import (
    Dialog,
    HangUp,
    World,
    WorldSettings,
)
from anytws.simulator.settings import LOOPBACK, MAX_CLIENTS
from anytws.wire.frames import frame
from anytws.wire.versions import MAX_VERSION

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


# The version


@pytest.mark.parametrize("version", [0, MAX_VERSION + 1])
def test_a_version_that_no_tws_of_ours_can_have_is_no_setting(version):
    with pytest.raises(ValueError, match="server_version"):
        WorldSettings(server_version=version)


# Who gets in


@pytest.mark.card("connection.most_clients")
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


@pytest.mark.card("connection.api_off")
def test_with_the_api_off_every_connection_is_closed(cut):
    client = Client(World(WorldSettings(api_enabled=False)), cut=cut)
    assert client.reason is CloseReason.REFUSED
    assert client.bytes_heard == 0


@pytest.mark.card("connection.other_hosts")
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


@pytest.mark.card("connection.other_hosts")
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


@pytest.mark.card("connection.redirect")
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


# Dying


@pytest.mark.card("connection.death")
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


# Misbehaving on purpose


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
