"""What is logged, at which level and where; nothing without being asked; no account where none is wanted."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest

import anytws
from anytws import MaskAccounts, RequestFailed
from anytws.messages import ContractDataRequest, MarketDataRequest, Stock
from anytws.runtime.logs import masked
from anytws.simulator import World, WorldSettings
from anytws.simulator.serve import connect_memory

APPLE, NOBODY = ContractDataRequest(Stock("AAPL")), ContractDataRequest(Stock("NOPE"))


def said(caplog: pytest.LogCaptureFixture, logger: str) -> list[tuple[str, str]]:
    """Give levels and texts of one *logger*."""
    return [(record.levelname, record.getMessage()) for record in caplog.records if record.name == f"anytws.{logger}"]


async def test_states_requests_and_frames(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "anytws")
    async with connect_memory(World()) as raw, anytws.connect_stream(raw, client_id=7, address="here") as tws:
        await tws.ask(APPLE)
        with pytest.raises(RequestFailed):
            await tws.ask(NOBODY)
        async with tws.stream(MarketDataRequest(Stock("AAPL"))) as ticks:
            await anext(ticks)
    states = said(caplog, "connection")
    assert ("INFO", "here, client 7: ready, server version 226, client id 7") in states
    assert states[-1] == ("INFO", "here, client 7: connection closed (local) while ready: closed by us")
    assert ("INFO", "here, client 7: TWS says 2104: 'Market data farm connection is OK:usfarm'") in states
    requests = said(caplog, "requests")
    assert [level for level, _ in requests] == ["DEBUG", "DEBUG", "DEBUG", "INFO", "DEBUG", "DEBUG"]
    assert requests[0][1].startswith("here, client 7: #1 ContractDataRequest(contract=Contract(symbol='AAPL'")
    assert requests[1][1].startswith("here, client 7: #1 ContractDataRequest, id 1000000000, answered after ")
    assert " failed after " in requests[3][1]
    assert ": TWS ended ContractDataRequest with 200: No security definition" in requests[3][1]
    assert requests[5][1].startswith("here, client 7: #3 MarketDataRequest, id 1000000002, left after ")
    assert requests[5][1].endswith(" items")
    frames = [text for _, text in said(caplog, "frames")]
    assert frames[:2] == [r"here, client 7: -> b'API\x00'", "here, client 7: -> b'v157..226'"]
    assert frames[2].startswith("here, client 7: <- b'226\\x00")
    assert any("<-" in frame and "DU1234567" in frame for frame in frames)
    assert any("->" in frame and "NOPE" in frame for frame in frames)


async def test_an_end_that_nobody_here_wanted_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "anytws")
    world = World()
    async with connect_memory(world) as raw:
        with pytest.raises(anytws.ConnectionClosed):
            async with anytws.connect_stream(raw) as tws:
                world.links[0].die()
                await tws.ask(APPLE)
    levels = [level for level, _ in said(caplog, "connection")]
    assert levels[-1] == "WARNING"
    assert [level for level, _ in said(caplog, "requests")] == ["INFO"]
    assert said(caplog, "frames") == []


async def test_frames_that_are_switched_on_later_come_as_they_are_read(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "anytws")
    async with connect_memory(World()) as raw, anytws.connect_stream(raw) as tws:
        caplog.set_level(logging.DEBUG, "anytws.frames")
        await tws.ask(APPLE)
    frames = [text for _, text in said(caplog, "frames")]
    assert any(" <- " in frame and " bytes b'" in frame for frame in frames)
    assert said(caplog, "requests") == []


class Raising(logging.Filter):
    """A filter with a bug."""

    def filter(self, record: logging.LogRecord) -> bool:
        raise LookupError("no such field")


async def test_a_filter_that_raises_harms_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "anytws")
    requests, bad = logging.getLogger("anytws.requests"), Raising()
    requests.addFilter(bad)
    try:
        async with connect_memory(World()) as raw, anytws.connect_stream(raw) as tws:
            assert await tws.ask(APPLE)
    finally:
        requests.removeFilter(bad)
    (told,) = said(caplog, "hook")
    assert told == ("ERROR", "the given stream, client 0: anytws.requests raised, which is told once")


async def test_where_not_even_the_log_works_it_is_printed(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG, "anytws")
    printed: list[object] = []
    monkeypatch.setattr(sys, "excepthook", lambda *parts: printed.append(parts[1]))
    bad = Raising()
    for name in ("requests", "hook"):
        logging.getLogger(f"anytws.{name}").addFilter(bad)
    try:
        async with connect_memory(World()) as raw, anytws.connect_stream(raw) as tws:
            assert await tws.ask(APPLE)
    finally:
        for name in ("requests", "hook"):
            logging.getLogger(f"anytws.{name}").removeFilter(bad)
    assert [type(problem) for problem in printed] == [LookupError]


@pytest.mark.parametrize(
    "text, hidden",
    [
        ("U1234567", "*****567"),
        ("for DU1234567.", "for ******567."),
        (r"b'\n\tDU1234567'", r"b'\n\t******567'"),
        (r"b'15\x001\x00DU1234567,DF7654321\x00'", r"b'15\x001\x00******567,******321\x00'"),
        (r"\x0012345", r"\x0012345"),
        ("con id 265598, 20261129, ABC 1234", "con id 265598, 20261129, ABC 1234"),
    ],
)
def test_what_looks_like_an_account_is_hidden(text: str, hidden: str) -> None:
    assert masked(text) == hidden


async def test_masked_on_demand(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "anytws")
    mask = MaskAccounts()
    caplog.handler.addFilter(mask)
    try:
        async with connect_memory(World()) as raw, anytws.connect_stream(raw) as tws:
            assert tws.accounts.managed == ("DU1234567",)
            logging.getLogger("anytws.connection").error("about %s", "DU1234567", exc_info=ValueError("DU1234567"))
            logging.getLogger("other").error("DU1234567")
    finally:
        caplog.handler.removeFilter(mask)
    ours = [record for record in caplog.records if record.name.startswith("anytws")]
    assert not [record for record in ours if "DU1234567" in record.getMessage() + (record.exc_text or "")]
    assert any("******567" in (record.exc_text or "") for record in ours)
    assert "DU1234567" in [record.getMessage() for record in caplog.records]


def test_without_logging_only_a_broken_hook_is_heard_of() -> None:
    code = (
        "import anyio, anytws\n"
        "from anytws.simulator import World\n"
        "from anytws.simulator.serve import connect_memory\n"
        "class Bad(anytws.Hook):\n"
        "    def closed(self, connection, end):\n"
        "        raise LookupError('no meter')\n"
        "async def main():\n"
        "    world = World()\n"
        "    async with connect_memory(world) as raw:\n"
        "        async with anytws.connect_stream(raw, hook=Bad()) as tws:\n"
        "            world.links[0].die()\n"
        "            print((await tws.closed()).reason.value)\n"
        "anyio.run(main)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout in ("reset\n", "eof\n")) == (0, True)
    assert done.stderr.startswith("the given stream, client 0: closed raised, which is told once\nTraceback ")
    assert done.stderr.endswith("LookupError: no meter\n")


async def test_every_line_is_printable_whatever_it_is_about(caplog: pytest.LogCaptureFixture) -> None:
    """An address is the caller's, and a terminal or a file has to take it all the same."""
    caplog.set_level(logging.DEBUG, "anytws")
    world = World(WorldSettings(accounts=("DU\x1b[2J1",)))
    async with connect_memory(world) as raw, anytws.connect_stream(raw, address="\udc80\x1b[2J") as tws:
        await tws.ask(APPLE)
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("anytws.")]
    assert len(lines) > 10
    assert [line for line in lines if not line.isprintable()] == []
