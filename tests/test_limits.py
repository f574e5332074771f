"""What is taken from a peer has limits, which the user can set."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from anytws import connect_stream
from anytws.core import CloseReason, Connection, ConnectionClosed, Side, UndecodableFrame
from anytws.errors import BAD_LENGTH, DecodeError
from anytws.messages import FamilyCodes, SecDefOptParameter, SymbolSamples
from anytws.simulator import World, WorldSettings
from anytws.simulator.serve import connect_memory
from anytws.wire.codec import Codec
from anytws.wire.frames import MAX_FRAME
from anytws.wire.limits import DEFAULT_LIMITS, Limits
from tests.hostile_frames import nested, tag
from tests.test_connection import closed_with
from tests.test_transcripts import GREETING, accounts, framed, next_id, text, version_reply

CLIENT, TWS = Side.CLIENT, Side.TWS
FEW = Limits(items=3)


@pytest.mark.parametrize(
    "wrong",
    [
        {"frame": 0}, {"frame": MAX_FRAME + 1}, {"frame": True}, {"frame": 1e6}, {"frame": None}, {"items": -1},
        {"items": 2.5}, {"before_version": 10}, {"before_version": MAX_FRAME + 1}, {"before_version": "64"},
    ],
)  # fmt: skip
def test_what_is_no_limit_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Limits(**wrong)


def client(limits: Limits, *, ready: bool = True) -> Connection:
    """Give a client with *limits*."""
    made = Connection(CLIENT, limits=limits)
    made.opened()
    if ready:
        made.receive_data(version_reply(176) + accounts(176) + next_id(176))
    made.events()
    return made


class TestFrames:
    """A frame that is longer than it may be ends the connection as soon as its length is known."""

    def test_a_frame_has_the_limit_that_the_user_sets(self) -> None:
        ready = client(Limits(frame=1000))
        ready.receive_data(framed(b"9" * 1000))
        assert len(ready.events()) == 1
        ready.receive_data((1001).to_bytes(4, "big"))
        end = closed_with(ready)
        assert (end.reason, end.code) == (CloseReason.PROTOCOL_ERROR, BAD_LENGTH)
        assert "1000" in end.detail

    @pytest.mark.parametrize("side", Side)
    def test_before_the_version_a_frame_is_short(self, side: Side) -> None:
        connection = Connection(side, limits=Limits(before_version=100))
        connection.opened()
        connection.receive_data((b"API\0" if side is TWS else b"") + (101).to_bytes(4, "big"))
        assert connection.closed is not None
        assert connection.closed.code == BAD_LENGTH

    def test_many_short_frames_before_the_version_are_a_flood(self) -> None:
        """Each of them is passed over, as TWS was seen to send news so early; all of them have a bound in bytes."""
        connection = client(DEFAULT_LIMITS, ready=False)
        sent = 0
        while connection.closed is None:
            connection.receive_data(framed(b"x" * 1000))
            sent += 1004
        assert DEFAULT_LIMITS.before_version < sent <= DEFAULT_LIMITS.before_version + 1004
        end = connection.closed
        assert (end.reason, end.code) == (CloseReason.PROTOCOL_ERROR, BAD_LENGTH)
        assert "before_version" in end.detail

    def test_a_client_that_floods_before_the_version_reply_is_ended(self) -> None:
        tws = Connection(TWS)
        tws.opened()
        tws.receive_data(GREETING)
        for _ in range(70):
            tws.receive_data(b"\0" * 1000)
        assert tws.closed is not None

    def test_what_comes_behind_the_version_in_one_read_is_no_flood(self) -> None:
        connection = client(DEFAULT_LIMITS, ready=False)
        news = text(176, 4, 2, -1, 2104, "x" * 1000, "")
        connection.receive_data(version_reply(176) + accounts(176) + next_id(176) + news * 200)
        assert connection.closed is None
        assert len(connection.events()) > 200

    def test_an_ended_connection_holds_nothing_of_what_came(self) -> None:
        ready = client(DEFAULT_LIMITS)
        ready.receive_data((10**6).to_bytes(4, "big") + bytes(10**5))
        assert len(ready._buffer) == 10**5 + 4
        ready.receive_eof()
        assert "100004 bytes" in closed_with(ready).detail
        assert len(ready._buffer) == 0


class TestItems:
    """A list is as long as it may be, whatever is announced."""

    def test_more_records_than_allowed_are_told_in_text(self) -> None:
        codec = Codec(CLIENT, 176, FEW)
        assert isinstance(codec.decode(b"78\x003\x00a\0b\0a\0b\0a\0b\0"), FamilyCodes)
        with pytest.raises(DecodeError, match="at most 3 items"):
            codec.decode(b"78\x004\x00a\0b\0a\0b\0a\0b\0a\0b\0")

    def test_more_records_than_allowed_are_told_in_protobuf(self) -> None:
        codec, record = Codec(CLIENT, 226, FEW), nested(1, nested(1, b"a"))
        wire_id = (278).to_bytes(4, "big")
        assert isinstance(codec.decode(wire_id + record * 3), FamilyCodes)
        with pytest.raises(DecodeError, match="at most 3 items"):
            codec.decode(wire_id + record * 4)

    def test_all_lists_of_a_frame_count_together(self) -> None:
        codec = Codec(CLIENT, 176, FEW)
        lists = b"75\x001\x00SMART\x001\x00A\x00100\x00%b%b"
        assert isinstance(codec.decode(lists % (b"1\0x\0", b"2\x001\x002\0")), SecDefOptParameter)
        with pytest.raises(DecodeError, match=r"Limits\.items"):
            codec.decode(lists % (b"2\0x\0y\0", b"2\x001\x002\0"))

    def test_lists_in_lists_count_too(self) -> None:
        codec = Codec(CLIENT, 226, FEW)
        wire_id = (279).to_bytes(4, "big") + tag(1, 0) + b"\1"
        kinds = nested(2, nested(1, b"") + nested(2, b"STK") * 2)
        assert isinstance(codec.decode(wire_id + kinds), SymbolSamples)
        with pytest.raises(DecodeError, match=r"Limits\.items"):
            codec.decode(wire_id + kinds * 2)

    @pytest.mark.parametrize("compiled", [False, True])
    def test_a_count_without_records_costs_nothing(self, compiled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("anytws.wire.codec.WORTH_COMPILING", 0 if compiled else 10**9)
        with pytest.raises(DecodeError, match="2147483646"):
            Codec(CLIENT, 176).decode(b"78\x002147483646\0" + b"a\0b\0" * 1000)

    def test_empty_records_have_to_pay_for_their_fields(self) -> None:
        """Two bytes that become an object of thirty fields are no message of TWS."""
        wire_id = (279).to_bytes(4, "big") + tag(1, 0) + b"\1"
        with pytest.raises(DecodeError, match="SymbolSamples"):
            Codec(CLIENT, 226).decode(wire_id + nested(2, b"") * 10_000)
        assert isinstance(Codec(CLIENT, 226).decode(wire_id + nested(2, b"") * 100), SymbolSamples)

    def test_the_connection_goes_on(self) -> None:
        ready = client(FEW)
        ready.receive_data(framed(b"78\x004\x00a\0b\0a\0b\0a\0b\0a\0b\0"))
        (event,) = ready.events()
        assert isinstance(event, UndecodableFrame)
        assert event.field == "number of family_codes"
        assert ready.closed is None
        ready.close()
        assert isinstance(ready.events()[-1], ConnectionClosed)


async def test_a_program_sets_the_limits_where_it_connects() -> None:
    world = World(WorldSettings())
    async with connect_memory(world) as stream:
        with pytest.raises(ConnectionClosed) as caught:
            async with connect_stream(stream, client_id=1, limits=Limits(frame=2_000)):
                world.links[0].say_bytes((2_001).to_bytes(4, "big"))
                await anyio.sleep_forever()
    assert (caught.value.reason, caught.value.code) == (CloseReason.PROTOCOL_ERROR, BAD_LENGTH)


async def test_the_simulated_tws_has_limits_too() -> None:
    world = World(WorldSettings(limits=Limits(frame=2_000)))
    async with connect_memory(world) as stream:
        with pytest.raises(ConnectionClosed):
            async with connect_stream(stream, client_id=1) as tws:
                await stream.send((2_001).to_bytes(4, "big"))
                await tws.current_time()
    assert [link.closed.code for link in world.ended if link.closed] == [BAD_LENGTH]
