"""What a TWS knows beyond one connection: its clock, client ids and order ids."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from anytws.core.events import CloseReason
from anytws.core.state import State
from anytws.messages.session import (
    IdsRequest,
    NextValidId,
)
from anytws.simulator import (
    HangUp,
    World,
    WorldSettings,
)
from anytws.simulator.world import EPOCH
from tests.test_world import Client, Cut, byte_by_byte, whole


@pytest.fixture(params=[whole, byte_by_byte])
def cut(request: pytest.FixtureRequest) -> Cut:
    """How the bytes come: no test that asks for it may see a difference."""
    return request.param


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


@pytest.mark.card("connection.client_id_in_use")
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


@pytest.mark.card("connection.client_id_in_use")
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
