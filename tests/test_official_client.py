"""The official client (package ``ibapi-latest``) meets our simulator over TCP, and finds what it finds at a TWS.

It blocks, so it has threads of its own (one that connects and then runs its message loop, one that reads), and the
simulator has another, with an event loop. Every wait here has a deadline, and every thread is joined.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import anyio
import anyio.lowlevel
import attrs
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from ibapi.client import EClient
from ibapi.server_versions import MAX_CLIENT_VER, MIN_CLIENT_VER

from anytws.core.codes import CLIENT_ID_IN_USE
from anytws.core.events import CloseReason, GreetingReceived, VersionAgreed
from anytws.core.state import State
from anytws.messages.session import (
    CurrentTimeInMillisRequest,
    CurrentTimeRequest,
    IdsRequest,
    ManagedAccountsRequest,
    SetServerLogLevelRequest,
    StartApiRequest,
)
from anytws.simulator import HangUp, Link, Personality, World, WorldSettings
from anytws.simulator.serve import serve
from anytws.simulator.settings import USUAL_FARMS
from anytws.wire.versions import CURRENT_TIME_IN_MILLIS
from tests.test_official_codec import EPOCH, PATIENCE, Call, RecordingWrapper

BANDS: Final = (157, 165, 176, 193, 200, 201, 203, 206, 207, 212, 213, 226)
"""A version of each way in which the session's messages are written."""
ENCODINGS: Final = (200, 212, 226)
"""Text; text behind four-byte ids, with the accounts in protobuf; protobuf."""
ACCOUNTS: Final = ("DU1234567", "DU7654321")
FARM_NOTICES: Final = [(farm.kind.code, f"{farm.kind.text}:{farm.name}") for farm in USUAL_FARMS]


# The two ends


@attrs.frozen
class Simulation:
    """A simulator at work in a thread of its own."""

    world: World
    portal: BlockingPortal
    host: str
    port: int

    def do(self, action: Callable[..., object], *arguments: object) -> Any:
        """Do something to the world, in its own thread."""
        return self.portal.call(action, *arguments)

    def wait_until(self, condition: Callable[[], object]) -> None:
        """Wait until *condition* holds, asked in the world's thread."""

        async def wait() -> None:
            with anyio.fail_after(PATIENCE):
                while not condition():
                    await anyio.lowlevel.checkpoint()

        self.portal.call(wait)

    def link(self, client_id: int) -> Link:
        """Give the open connection of a client."""
        (link,) = (link for link in self.world.links if link.client_id == client_id)
        return link


@contextmanager
def simulation(backend: str, **settings: Any) -> Iterator[Simulation]:
    """Run a simulator on *backend*, in a thread. At the end all connections get their EOF."""
    world = World(WorldSettings(accounts=ACCOUNTS, **settings))
    with start_blocking_portal(backend) as portal, portal.wrap_async_context_manager(serve(world)) as tws:
        yield Simulation(world, portal, tws.host, tws.port)


class OfficialClient:
    """The official client, its callbacks and its threads."""

    def __init__(self, client_class: type[EClient] = EClient, **setters: str) -> None:
        self.heard = RecordingWrapper()
        self.api = client_class(self.heard)
        for setter, value in setters.items():
            getattr(self.api, setter)(value)
        self._threads: list[threading.Thread] = []

    def connect(self, simulation: Simulation, client_id: int) -> None:
        """Begin to connect. `EClient.connect` has no deadline, so it is not called in the test's own thread."""

        def work() -> None:
            self.api.connect(simulation.host, simulation.port, client_id)
            if self.api.reader is not None:
                self._threads.append(self.api.reader)
                self.api.run()

        thread = threading.Thread(target=work, name=f"official client {client_id}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def become_ready(self, simulation: Simulation, client_id: int) -> None:
        """Connect, and wait for the two that make a connection ready."""
        self.connect(simulation, client_id)
        self.heard.wait_for("managedAccounts")
        self.heard.wait_for("nextValidId")

    def join(self) -> None:
        """Wait until its threads have ended, as they do after an EOF."""
        for thread in self._threads:
            thread.join(PATIENCE)
        # The reader is noted while the first thread runs, so the list may have grown.
        assert not [thread for thread in self._threads if thread.is_alive()]

    def plain_calls(self) -> list[Call]:
        """Give the callbacks without those that only repeat a protobuf frame."""
        return [call for call in self.heard.calls if not call[0].endswith("ProtoBuf")]

    def errors(self) -> list[tuple[int, str]]:
        """Give code and text of all errors and notices that concern no request."""
        return [(code, text) for _, request_id, _, code, text, _ in self.heard.named("error") if request_id == -1]


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    before = {*threading.enumerate()}
    yield
    # trio keeps idle worker threads for a while; they hold nothing.
    left = {thread for thread in threading.enumerate() if not thread.name.startswith("Trio thread")}
    assert left <= before


@pytest.fixture(params=["asyncio", "trio"])
def backend(request: pytest.FixtureRequest) -> str:
    """The event loop of the simulator."""
    name: str = request.param
    return name


# A session


@pytest.mark.parametrize("version", BANDS)
def test_a_session(backend: str, version: int) -> None:
    client = OfficialClient()
    with simulation(backend, server_version=version) as tws:
        client.become_ready(tws, 7)
        client.heard.wait_for("error", len(FARM_NOTICES))
        assert client.api.serverVersion() == version
        (agreed,) = (event for event in tws.link(7).events if isinstance(event, VersionAgreed))
        assert client.api.twsConnectionTime() == agreed.connection_time.raw
        assert tws.link(7).state is State.READY
        ask_everything(client, tws, version)
    client.join()
    check_the_answers(client, tws, version)


def ask_everything(client: OfficialClient, tws: Simulation, version: int) -> None:
    client.api.setServerLogLevel(5)
    client.api.reqIds(1)
    client.heard.wait_for("nextValidId", 2)
    client.api.reqManagedAccts()
    client.heard.wait_for("managedAccounts", 2)
    if version >= CURRENT_TIME_IN_MILLIS:
        client.api.reqCurrentTimeInMillis()
        client.heard.wait_for("currentTimeInMillis")
    client.api.reqCurrentTime()
    client.heard.wait_for("currentTime")
    assert tws.link(7).log_level == 5


def check_the_answers(client: OfficialClient, tws: Simulation, version: int) -> None:
    in_millis = version >= CURRENT_TIME_IN_MILLIS
    assert [call[0] for call in client.plain_calls()] == [
        "connectAck",
        "managedAccounts",
        "nextValidId",
        *["error"] * len(FARM_NOTICES),
        "nextValidId",
        "managedAccounts",
        *["currentTimeInMillis"] * in_millis,
        "currentTime",
        "connectionClosed",
    ]
    assert client.errors() == FARM_NOTICES
    assert {*client.heard.named("managedAccounts")} == {("managedAccounts", ",".join(ACCOUNTS))}
    assert {*client.heard.named("nextValidId")} == {("nextValidId", 1)}
    assert [request.message for request in tws.world.heard] == [
        SetServerLogLevelRequest(5),
        IdsRequest(1),
        ManagedAccountsRequest(),
        *[CurrentTimeInMillisRequest()] * in_millis,
        CurrentTimeRequest(),
    ]


def test_its_clock_is_that_of_tws(backend: str) -> None:
    at_zero = datetime(2026, 1, 5, 14, 30, 0, 123_000, UTC)
    client = OfficialClient()
    with simulation(backend, server_version=226, epoch_at_zero=at_zero) as tws:
        client.become_ready(tws, 7)
        client.api.reqCurrentTimeInMillis()
        client.heard.wait_for("currentTimeInMillis")
        client.api.reqCurrentTime()
        client.heard.wait_for("currentTime")
    client.join()
    # The world's `now` is that of an event loop: since when it counts is not known, but that it is what was told.
    in_millis, in_seconds = (at_zero + timedelta(seconds=request.now) - EPOCH for request in tws.world.heard)
    assert client.heard.named("currentTimeInMillis") == [
        ("currentTimeInMillis", in_millis // timedelta(milliseconds=1))
    ]
    assert client.heard.named("currentTime") == [("currentTime", in_seconds // timedelta(seconds=1))]


@pytest.mark.parametrize("version", ENCODINGS)
def test_a_gateway_reports_no_farms(backend: str, version: int) -> None:
    client = OfficialClient()
    with simulation(backend, server_version=version, personality=Personality.GATEWAY) as tws:
        client.become_ready(tws, 7)
        client.api.reqCurrentTime()
        client.heard.wait_for("currentTime")
    client.join()
    names = [call[0] for call in client.plain_calls()]
    assert names == ["connectAck", "managedAccounts", "nextValidId", "currentTime", "connectionClosed"]


@pytest.mark.parametrize("version", ENCODINGS)
def test_options_and_capabilities_arrive(backend: str, version: int) -> None:
    client = OfficialClient(setConnectOptions="+PACEAPI", setOptionalCapabilities="abc")
    with simulation(backend, server_version=version) as tws:
        client.become_ready(tws, 7)
        events = [*tws.link(7).events]
    client.join()
    assert GreetingReceived(MIN_CLIENT_VER, MAX_CLIENT_VER, "+PACEAPI") in events
    assert StartApiRequest(7, "abc") in events


# START_API, by itself and by hand


@pytest.mark.parametrize("version", ENCODINGS)
def test_start_api_by_hand(backend: str, version: int) -> None:
    """Java, C# and C++ can leave START_API to the application. In Python it takes a method that does not."""

    class ByHand(EClient):  # type: ignore[misc]  # the official client has no types
        def startApi(self) -> None:  # noqa: N802 (the official client's name)
            """Do nothing: `connect` calls this."""

    client = OfficialClient(ByHand)
    with simulation(backend, server_version=version) as tws:
        client.connect(tws, 7)
        client.heard.wait_for("connectAck")
        (link,) = tws.world.links
        assert (link.state, client.plain_calls()) == (State.HANDSHAKING, [("connectAck",)])
        EClient.startApi(client.api)
        client.heard.wait_for("nextValidId")
        assert link.state is State.READY
    client.join()


def test_the_official_client_in_python_knows_no_start_by_hand(backend: str) -> None:
    """It has the flag of the deprecated AsyncEConnect, and sends START_API all the same."""
    client = OfficialClient()
    client.api.asynchronous = True
    with simulation(backend) as tws:
        client.become_ready(tws, 7)
    client.join()


# Ends


@pytest.mark.parametrize("version", ENCODINGS)
def test_a_client_id_in_use(backend: str, version: int) -> None:
    first, second, third = OfficialClient(), OfficialClient(), OfficialClient()
    with simulation(backend, server_version=version) as tws:
        first.become_ready(tws, 7)
        second.connect(tws, 7)
        second.heard.wait_for("connectionClosed")
        second.join()
        # Nobody else is disturbed: the first still has its answers, another id its session.
        first.api.reqCurrentTime()
        first.heard.wait_for("currentTime")
        third.become_ready(tws, 8)
    first.join()
    third.join()
    assert [call[0] for call in second.plain_calls()] == ["connectAck", "error", "connectionClosed"]
    ((code, _),) = second.errors()
    assert code == CLIENT_ID_IN_USE
    for client in (first, third):
        assert CLIENT_ID_IN_USE not in dict(client.errors())
        assert len(client.heard.named("connectionClosed")) == 1


@pytest.mark.parametrize("how", HangUp)
def test_a_tws_that_dies_is_noticed_once(backend: str, how: HangUp) -> None:
    client = OfficialClient()
    with simulation(backend) as tws:
        client.become_ready(tws, 7)
        tws.do(tws.world.die, how)
        client.heard.wait_for("connectionClosed")
        client.join()
    assert len(client.heard.named("connectionClosed")) == 1


def test_an_id_is_free_after_its_client_has_gone(backend: str) -> None:
    with simulation(backend) as tws:
        for _ in range(3):
            client = OfficialClient()
            client.become_ready(tws, 7)
            tws.do(tws.link(7).die)
            client.join()
            assert CLIENT_ID_IN_USE not in dict(client.errors())


def test_a_client_that_hangs_up_is_noticed(backend: str) -> None:
    client = OfficialClient()
    with simulation(backend) as tws:
        client.become_ready(tws, 7)
        client.api.disconnect()
        tws.wait_until(lambda: tws.world.ended)
        (link,) = tws.world.ended
        assert link.closed is not None
        assert (link.client_id, link.closed.reason) == (7, CloseReason.EOF)
        client.join()
    assert client.heard.named("connectionClosed")


@pytest.mark.parametrize("settings", [{"api_enabled": False}, {"max_clients": 0}, {"die_after_bytes": 0}])
def test_hanging_up_before_the_version_is_a_refusal(backend: str, settings: dict[str, object]) -> None:
    """Its `connect` returns without a word then, and there is nothing to run."""
    client = OfficialClient()
    with simulation(backend, **settings) as tws:
        client.connect(tws, 7)
        client.join()
    assert client.heard.calls == []
    assert not client.api.isConnected()


@pytest.mark.parametrize("version", ENCODINGS)
def test_what_is_not_subscribed_is_refused_and_the_session_goes_on(backend: str, version: int) -> None:
    """As a TWS answers for a service that the user has not: by an error under the request's id, never by silence."""
    client = OfficialClient()
    with simulation(backend, server_version=version) as tws:
        client.become_ready(tws, 7)
        client.api.reqWshMetaData(9001)
        client.heard.wait_for("error", len(FARM_NOTICES) + 1)
        client.api.reqCurrentTime()
        client.heard.wait_for("currentTime")
    client.join()
    (refused,) = (call for call in client.heard.named("error") if call[1] == 9001)
    assert refused[3] == 10276
