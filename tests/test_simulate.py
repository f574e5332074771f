"""``anytws simulate``: its options are the knobs of the simulator, it tells what happens, and Ctrl-C ends it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import get_type_hints

import anyio
import attrs
import pytest

from anytws import ClientIdInUse, ConnectionClosed, RefusedByTws, Tws, connect, connect_stream
from anytws.cli import SETTINGS, main
from anytws.cli import simulate as simulate_module
from anytws.cli.knobs import HIDDEN, SPELLINGS, Knobs
from anytws.cli.narrator import MOST_OF_A_LINE, Narrator
from anytws.core.options import HandshakeOptions
from anytws.messages.base import Side
from anytws.messages.contracts import MatchingSymbolsRequest
from anytws.messages.order_words import FaMethod
from anytws.messages.session import CurrentTimeRequest, ErrorMessage, IdsRequest, NextValidId, SetServerLogLevelRequest
from anytws.simulator import (
    ANSWERS,
    Answer,
    BarTimes,
    Dialog,
    Farm,
    FarmKind,
    HangUp,
    Holding,
    Link,
    Opening,
    Personality,
    WorldSettings,
)
from anytws.simulator.advisors import AdvisorGroup
from anytws.simulator.deck import all_cards
from anytws.simulator.exchange.models import Habits, Latency, Pieces, Progress
from anytws.simulator.faults import At, CutConnection, Event, On, Script
from anytws.simulator.ledger.margins import Margins
from anytws.simulator.serve import MemoryTws, serve, serve_memory
from anytws.simulator.settings import EPOCH
from anytws.testing.days.plan import Plan
from anytws.wire.codec import Codec
from anytws.wire.frames import frame
from tests.test_cli import ESCAPE, anytws, spoken
from tests.test_world import Client

HOST = "127.0.0.1"
PATIENCE = 60.0
OPTIONS = {field.name: f"--{field.name.replace('_', '-')}" for field in attrs.fields(WorldSettings)}


# The knobs


@pytest.fixture
def understood(monkeypatch):
    """Give a function from the words of a command line to the settings that they stand for."""

    def settings_of(*words: str) -> WorldSettings:
        caught = []
        monkeypatch.setattr(
            simulate_module, "run_interruptible", lambda run, **_: caught.append(run.args[1].args[0]) or 0
        )
        assert main(["simulate", *words]) == 0
        return WorldSettings(
            **{field.name: getattr(caught[0], field.name) for field in attrs.fields(WorldSettings)},
        )

    return settings_of


def test_without_options_it_is_the_healthy_tws_of_the_library(understood):
    assert understood() == WorldSettings()


CASES = {
    "--personality gateway": {"personality": Personality.GATEWAY},
    "--server-version 176": {"server_version": 176},
    "--accounts U1,DU2": {"accounts": ("U1", "DU2")},
    "--accounts none": {"accounts": ()},
    "--first-order-id 70": {"first_order_id": 70},
    "--opening next-valid-id,managed-accounts": {"opening": (Opening.NEXT_VALID_ID, Opening.MANAGED_ACCOUNTS)},
    "--opening none": {"opening": ()},
    "--opening-seconds 0.5": {"opening_seconds": 0.5},
    "--farms historical:ushmds,market-data:eufarm": {
        "farms": (Farm(FarmKind.HISTORICAL, "ushmds"), Farm(FarmKind.MARKET_DATA, "eufarm")),
    },
    "--no-api-enabled": {"api_enabled": False},
    "--max-clients 1": {"max_clients": 1},
    "--no-localhost-only": {"localhost_only": False},
    "--trusted-addresses 10.0.0.1,10.0.0.2": {"trusted_addresses": frozenset({"10.0.0.1", "10.0.0.2"})},
    "--trusted-addresses none": {"trusted_addresses": frozenset()},
    "--dialog unanswered": {"dialog": Dialog.UNANSWERED},
    "--dialog-seconds 3": {"dialog_seconds": 3.0},
    "--stale-seconds 4": {"stale_seconds": 4.0},
    "--settling-seconds 2.5": {"settling_seconds": 2.5},
    "--read-only": {"read_only": True},
    "--redirect otherhost": {"redirect": ("otherhost", None)},
    "--redirect otherhost:4001": {"redirect": ("otherhost", 4001)},
    "--redirect [::1]:4001": {"redirect": ("::1", 4001)},
    "--die-after-bytes 40": {"die_after_bytes": 40},
    "--die-by reset": {"die_by": HangUp.RESET},
    "--utc-offset 8h": {"utc_offset": timedelta(hours=8)},
    "--utc-offset -3.5h": {"utc_offset": timedelta(hours=-3.5)},
    "--utc-offset 90": {"utc_offset": timedelta(seconds=90)},
    "--zone EST": {"zone": "EST"},
    "--connection-time whenever": {"connection_time": b"whenever"},
    "--positions MSFT:30@410.5,AMD:-7@99": {
        "positions": (Holding("MSFT", Decimal(30), 410.5), Holding("AMD", Decimal(-7), 99.0)),
    },
    "--positions none": {"positions": ()},
    "--positions EUR.USD:-5000@1.12": {"positions": (Holding("EUR.USD", Decimal(-5000), 1.12),)},
    "--base-currency EUR": {"base_currency": "EUR"},
    "--cash 1234.5": {"cash": Decimal("1234.5")},
    "--account-type LLC": {"account_type": "LLC"},
    "--margins portfolio": {"margins": Margins.PORTFOLIO},
    "--large-account": {"large_account": True},
    "--ledger-prefix": {"ledger_prefix": True},
    "--summary-twice": {"summary_twice": True},
    "--shared-account-data": {"shared_account_data": True},
    "--seed 7": {"seed": 7},
    "--tick-seconds 0.01": {"tick_seconds": 0.01},
    "--market-data-seconds 0.3": {"market_data_seconds": 0.3},
    "--no-market-data-subscribed": {"market_data_subscribed": False},
    "--lines 3": {"lines": 3},
    "--news-providers DJ-N,BZ": {"news_providers": ("DJ-N", "BZ")},
    "--wsh-licensed": {"wsh_licensed": True},
    "--advisor-groups Even:EqualQuantity:DU1+DU2,Split:Percent:DU1=30+DU2=70.5": {
        "advisor_groups": (
            AdvisorGroup("Even", ("DU1", "DU2")),
            AdvisorGroup("Split", ("DU1", "DU2"), FaMethod.PERCENT, (Decimal(30), Decimal("70.5"))),
        ),
    },
    "--market-data-unsubscribed usfuture,OPT": {"market_data_unsubscribed": frozenset({"usfuture", "OPT"})},
    "--no-delayed-data": {"delayed_data": False},
    "--depth-unsubscribed NASDAQ": {"depth_unsubscribed": frozenset({"NASDAQ"})},
    "--us-stocks-in-lots": {"us_stocks_in_lots": True},
    "--competing-session": {"competing_session": True},
    "--starts-at 2026-01-05T14:30Z": {"starts_at": EPOCH},
    "--starts-at open": {"starts_at": EPOCH},
    "--messages-per-second 50": {"messages_per_second": 50},
    "--no-rejects-above-rate": {"rejects_above_rate": False},
    "--progress by-hand": {"progress": Progress.BY_HAND},
    "--pieces shown": {"pieces": Pieces.SHOWN},
    "--latency.acknowledge 0.5 --latency.fill 1": {"latency": Latency(acknowledge=0.5, fill=1.0)},
    "--habits.repeats 3 --habits.no-says-filled": {"habits": Habits(repeats=3, says_filled=False)},
    "--hard-to-borrow MSFT,AMD": {"hard_to_borrow": frozenset({"MSFT", "AMD"})},
    "--master-client 9": {"master_client": 9},
    "--tick-by-tick-seconds 0": {"tick_by_tick_seconds": 0.0},
    "--bar-times operator": {"bar_times": BarTimes.OPERATOR},
    "--no-historical-pacing": {"historical_pacing": False},
    "--historical-seconds 0.5": {"historical_seconds": 0.5},
}


@pytest.mark.parametrize("words, changed", CASES.items(), ids=CASES)
def test_every_knob_can_be_turned(words: str, changed: dict[str, object], understood):
    assert understood(*words.split()) == WorldSettings(**changed)


def test_a_new_knob_is_in_the_table_above():
    turned = {name for changed in CASES.values() for name in changed}
    assert turned == OPTIONS.keys() - HIDDEN.keys()


@pytest.mark.parametrize(
    "words",
    [
        "--redirect a:b:c",
        "--redirect otherhost:port",
        "--opening nothing-known",
        "--farms unknown:usfarm",
        "--utc-offset tomorrow",
        "--positions MSFT",
        "--positions MSFT:many@1",
        "--memory 5",
        "--epoch-at-zero 2026-01-05",
    ],
)
def test_what_is_no_value_is_refused(words: str, capsys):
    assert main(["simulate", *words.split()]) == 2
    assert words.split(maxsplit=1)[0] in capsys.readouterr().err


@pytest.mark.parametrize(
    "words, name",
    [
        ("--utc-offset 999h", "utc_offset"),
        ("--positions XYZ:1@1", "positions"),
        ("--redirect x:99999", "redirect"),
        ("--redirect x:99999999999", "--redirect"),
        ("--first-order-id 2147483647", "first_order_id"),
        ("--accounts ,", "accounts"),
        ("--trusted-addresses ,", "trusted_addresses"),
        ("--farms ,", "--farms"),
        ("--opening-seconds nan", "opening_seconds"),
        ("--stale-seconds 1e300", "stale_seconds"),
        ("--dialog-seconds inf", "dialog_seconds"),
        ("--max-clients -1", "max_clients"),
        ("--server-version 227", "server_version"),
        ("--zone \udcff", "zone"),
        ("--utc-offset 1.2.3h", "--utc-offset"),
        ("--utc-offset .", "--utc-offset"),
        ("--utc-offset " + "9" * 400, "--utc-offset"),
        ("--utc-offset " + "9" * 5000, "--utc-offset"),
        ("--redirect x:" + "9" * 5000, "--redirect"),
        ("--opening " + "x" * 100_000, "--opening"),
        ("--for nan", "--for"),
        ("--for -1", "--for"),
    ],
    ids=lambda words: words[:40],
)
def test_what_would_end_tws_at_its_first_client_is_refused_in_a_few_lines(words: str, name: str, capsys):
    assert main(["simulate", *words.split()]) == 2
    error = capsys.readouterr().err
    assert name in error or name.replace("_", "-") in error
    assert "Traceback" not in error
    assert len(error) < 2000


@pytest.mark.parametrize("name", [name for name, hint in get_type_hints(WorldSettings).items() if hint in SPELLINGS])
def test_what_the_help_shows_as_a_default_means_that_default(name: str):
    spelling = SPELLINGS[get_type_hints(WorldSettings)[name]]
    # Where nothing is the default, the help shows none: another value then.
    default = getattr(WorldSettings(redirect=("otherhost", 4001), epoch_at_zero=EPOCH, starts_at=EPOCH), name)
    assert spelling.read(spelling.write(default)) == default


def test_the_help_explains_every_knob(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["simulate", "--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    for name, option in OPTIONS.items():
        # Of a record each field is an option.
        shown = f" {option} " in text or f" {option}." in text
        assert shown is (name not in HIDDEN)
    # The docstrings speak of Python; the help does not.
    assert "None:" not in text
    assert "`" not in text


def test_it_lists_its_cards_instead(capsys):
    assert main(["simulate", "--cards"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [card.id for card in all_cards()]


def test_settings_from_the_command_line_are_settings():
    assert isinstance(Knobs(), WorldSettings)


# A day from a file or a token
# What it tells


class Ear:
    """Hears a narrator out."""

    def __init__(self, settings: WorldSettings | None = None) -> None:
        self.lines: list[tuple[int, str, bool]] = []
        self.world = Narrator(settings or WorldSettings(), lambda *line: self.lines.append(line))

    @property
    def texts(self) -> list[str]:
        return [text for _, text, _ in self.lines]

    @property
    def bad(self) -> list[str]:
        return [text for _, text, is_bad in self.lines if is_bad]


async def talk(tws: MemoryTws, *messages: object, client_id: int = 5, options: HandshakeOptions | None = None) -> None:
    """Be a client that says *messages*, hears an answer, and leaves."""
    async with connect_stream(await tws.connect(), client_id=client_id, options=options) as client:
        for message in messages:
            client.send(message)
        await client.ask(IdsRequest())


async def test_a_visit_is_told_line_by_line():
    ear = Ear(WorldSettings(first_order_id=9))
    async with serve_memory(ear.world) as tws:
        await talk(tws, SetServerLogLevelRequest(5), options=HandshakeOptions(connect_options="+PACEAPI"))
    assert ear.texts == [
        "connected from 127.0.0.1",
        "greets: speaks versions 157 to 226, connect options '+PACEAPI'",
        "server version 226 it is",
        "START_API: client id 5",
        "ready: next valid id 9",
        "asks SetServerLogLevelRequest(log_level=5)",
        "asks IdsRequest()",
        "ended while READY: the client hung up",
    ]
    assert ear.bad == []
    assert (ear.world.connected, ear.world.asked) == (1, 2)


async def test_connections_are_numbered_and_each_is_told_of_by_its_number():
    ear = Ear()
    async with serve_memory(ear.world) as tws:
        async with connect_stream(await tws.connect(), client_id=1):
            await talk(tws, client_id=2)
            with pytest.raises(ClientIdInUse):
                await talk(tws, client_id=1)
    ends = [(number, text) for number, text, _ in ear.lines if text.startswith("ended")]
    assert ends == [
        (2, "ended while READY: the client hung up"),
        (3, "ended while AWAITING_NEXT_VALID_ID: client id 1 is in use"),
        (1, "ended while READY: the client hung up"),
    ]
    assert ear.bad == [ends[1][1]]
    assert ear.world.connected == 3


async def test_a_client_that_is_refused_at_once_is_told_of_as_well():
    ear = Ear(WorldSettings(api_enabled=False))
    async with serve_memory(ear.world) as tws:
        with pytest.raises(RefusedByTws):
            await talk(tws)
    assert ear.texts == ["connected from 127.0.0.1", "ended while SOCKET_OPEN: the API is switched off"]


@pytest.mark.parametrize(
    "dialog, answer",
    [
        (Dialog.ACCEPT, "the answer, after 0 s, is accept"),
        (Dialog.REJECT, "the answer, after 0 s, is reject"),
        (Dialog.UNANSWERED, "nobody is there"),
    ],
)
async def test_the_accept_dialog_is_told_of(dialog: Dialog, answer: str):
    ear = Ear(WorldSettings(trusted_addresses=frozenset(), dialog=dialog))
    async with serve_memory(ear.world) as tws, await tws.connect():
        pass
    assert ear.texts[1] == f"its address is not trusted, so TWS asks a person: {answer}"


async def test_a_request_that_is_dropped_is_told_of_as_dropped():
    ear = Ear(WorldSettings(settling_seconds=3600))
    async with serve_memory(ear.world) as tws, connect_stream(await tws.connect(), client_id=1) as client:
        client.send(CurrentTimeRequest())
    assert "dropped, too soon after nextValidId: CurrentTimeRequest()" in ear.bad


async def test_capabilities_are_told_of():
    ear = Ear()
    async with serve_memory(ear.world) as tws:
        await talk(tws, options=HandshakeOptions(client_id=5, optional_capabilities="abc"))
    assert "START_API: client id 5, capabilities 'abc'" in ear.texts


async def until_refused(client: Tws, count: int) -> None:
    """Wait until TWS has refused *count* requests as unreadable: that names none, and would end a question."""
    with client.events() as events:
        async for event in events:
            if isinstance(event, ErrorMessage) and event.error_code == 320:
                count -= 1
            if not count:
                return


async def test_what_cannot_be_understood_is_told_of():
    ear = Ear(WorldSettings(server_version=176))
    body = Codec(Side.CLIENT, 176).encode(SetServerLogLevelRequest(1))
    async with serve_memory(ear.world) as tws:
        stream = await tws.connect()
        async with connect_stream(stream, client_id=1) as client:
            await stream.send(frame(b"9999\0") + frame(body.replace(b"1\0", b"x\0")))
            await until_refused(client, 2)
    assert ear.bad[0] == "sent a message with the unknown id 9999"
    assert re.fullmatch(r"sent SetServerLogLevelRequest\.\w+ with .*, which is not .*", ear.bad[1])


async def test_an_unknown_protobuf_message_is_told_by_both_of_its_numbers():
    """The one on the wire, and the one that the vendor lists."""
    ear = Ear()
    async with serve_memory(ear.world) as tws:
        stream = await tws.connect()
        async with connect_stream(stream, client_id=1) as client:
            await stream.send(frame((200 + 177).to_bytes(4, "big")) + frame((177).to_bytes(4, "big")))
            await until_refused(client, 2)
    assert ear.bad == [
        "sent a message with the unknown id 377 (177 in protobuf)",
        "sent a message with the unknown id 177",
    ]


async def test_a_client_that_breaks_the_protocol_is_told_of():
    ear = Ear()
    async with serve_memory(ear.world) as tws, await tws.connect() as stream:
        await stream.send(b"GET / HTTP/1.1\r\n\r\n")
        with pytest.raises(anyio.EndOfStream):
            await stream.receive()
    assert ear.bad[-1].startswith("ended while SOCKET_OPEN: the client broke the protocol: ")


def test_whatever_a_client_says_is_one_line_of_bounded_length():
    """Megabytes, escape codes and line breaks: in the options, in the capabilities, in a request, in no request."""
    ear = Ear(WorldSettings(server_version=176))
    odd = b"\x1b[2J\n\xff" * 10_000
    link = ear.world.connect(HOST, 0.0)
    link.receive_data(b"API\0" + frame(b"v157..226 " + odd), 0.0)
    link.receive_data(frame(b"71\x002\x007\0" + odd + b"\0"), 0.0)
    link.receive_data(frame(b"14\x001\0" + odd * 10 + b"\0"), 0.0)
    link.receive_data(frame(odd * 10), 0.0)
    link.receive_data(frame(b"999999999\0" + odd * 10), 0.0)
    link.receive_data(frame(b"8\x001\x001\0") * 3, 0.0)
    link.receive_data(frame(b"\0" * 2000), 0.0)
    link.receive_reset(0.0)
    ear.world.connect(odd.decode("latin-1"), 0.0)
    assert [text.split()[0] for text in ear.texts[:10]] == [
        *("connected", "greets:", "server", "START_API:", "ready:"),
        *("sent", "sent", "sent", "asks", "asks"),
    ]
    assert all(len(text) < 4 * MOST_OF_A_LINE and text.isprintable() for text in ear.texts)


def test_a_request_of_megabytes_is_told_in_one_line():
    ear = Ear(WorldSettings(server_version=176))
    client = Client(ear.world, client_id=5)
    client.ask(MatchingSymbolsRequest("x" * 1_000_000, request_id=1))
    assert ear.texts[-1].startswith("asks MatchingSymbolsRequest(")
    assert len(ear.texts[-1]) < 2 * MOST_OF_A_LINE


def test_what_fails_at_a_client_is_told_in_one_line():
    def fail(link: Link, request: IdsRequest) -> Iterator[NextValidId]:
        raise ValueError("first line\nsecond line")

    ear = Ear()
    ear.world.answers = {**ANSWERS, IdsRequest: Answer(fail)}
    client = Client(ear.world, client_id=5)
    client.ask(IdsRequest())
    assert ear.texts[-2:] == [
        "asks IdsRequest()",
        "ended while READY: TWS failed at this client: ValueError('first line\\nsecond line')",
    ]
    assert ear.bad == ear.texts[-1:]


def test_what_cannot_be_told_is_not_the_clients_trouble():
    """Nor is a line lost or told twice when the end is noted more than once."""

    def tell(number: int, text: str, bad: bool) -> None:
        raise BrokenPipeError

    world = Narrator(WorldSettings(), tell)
    link = world.connect(HOST, 0.0)
    assert isinstance(link.failure, BrokenPipeError)
    assert world.links == ()
    ear = Ear()
    link = ear.world.connect(HOST, 0.0)
    link.receive_reset(0.0)
    ear.world.note_end(link, torn=True)
    assert [text.split()[0] for text in ear.texts] == ["connected", "ended"]
    assert ear.world._numbers == {}


def test_every_event_is_told_though_few_are_remembered():
    ear = Ear(WorldSettings(memory=1, memory_bytes=1))
    client = Client(ear.world, client_id=5)
    client.link.receive_data(client.core.send(CurrentTimeRequest()) * 100, 0.0)
    assert ear.texts.count("asks CurrentTimeRequest()") == ear.world.asked == 100


async def test_a_client_that_vanishes_is_told_of():
    ear = Ear()
    async with serve_memory(ear.world) as tws:
        stream = await tws.connect()
        with pytest.raises(ConnectionClosed):
            async with connect_stream(stream, client_id=1) as client:
                stream.reset()
                await client.current_time()
    assert "ended while READY: the connection was torn" in ear.bad


# The command


@contextmanager
def running(*options: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run ``anytws simulate`` at a free port; give the process and the port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "anytws", "simulate", "--port", "0", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
    )
    with process:
        try:
            assert process.stdout is not None
            first = process.stdout.readline()
            port = re.search(r":([0-9]+), server version", first)
            assert port is not None, first
            yield process, int(port[1])
        finally:
            process.kill()


def ended(process: subprocess.Popen[str], number: int) -> tuple[int, str, str]:
    """Send a signal; give the exit code and what was still said."""
    process.send_signal(number)
    out, error = process.communicate(timeout=PATIENCE)
    return process.returncode, out, error


def is_free(port: int) -> bool:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((HOST, port))
        return True


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_signal_ends_it_cleanly_with_exit_code_0(number: int):
    with running() as (process, port), socket.create_connection((HOST, port), PATIENCE) as client:
        assert process.stdout is not None
        assert process.stdout.readline().endswith("#1   connected from 127.0.0.1\n")
        code, out, error = ended(process, number)
        assert (code, error) == (0, "")
        assert client.recv(100) == b""
    assert out.splitlines()[-2:] == [out.splitlines()[-2], "Ended: 1 connection, 0 requests."]
    assert "#1   ended while SOCKET_OPEN: TWS died" in out
    assert is_free(port)


def test_it_ends_where_ctrl_c_is_ignored():
    """A shell starts what runs in the background of a script like that."""
    script = (
        "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); "
        "os.execv(sys.executable, [sys.executable, '-m', 'anytws', 'simulate', '--port', '0'])"
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, encoding="utf-8")
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0


def test_a_stranger_runs_both_ends():
    with running("--personality", "gateway", "--server-version", "180") as (process, port):
        done = anytws("check", HOST, str(port), "--json")
        code, out, error = ended(process, signal.SIGINT)
    assert (done.returncode, code, error) == (0, 0, "")
    assert json.loads(done.stdout)["endpoints"][0]["tws"]["server_version"] == 180
    assert ESCAPE not in out
    lines = out.splitlines()
    assert all(re.match(r"[0-9:.]{12}  #1   ", line) for line in lines[:-1])
    assert lines[-1].startswith("Ended: 1 connection, ")
    assert any(line.endswith("asks CurrentTimeRequest()") for line in lines)


def test_a_line_is_one_line_however_long(monkeypatch):
    options = "x" * 300
    with running(COLUMNS="40") as (process, port), socket.create_connection((HOST, port), PATIENCE) as client:
        client.sendall(b"API\0" + frame(f"v157..226 {options}".encode()))
        client.recv(1)
        _, out, _ = ended(process, signal.SIGINT)
    assert sum(options in line for line in out.splitlines()) == 1


async def test_the_narrator_works_over_tcp_too(anyio_backend_name):
    ear = Ear()
    async with serve(ear.world) as tws, connect(tws.host, tws.port, client_id=3) as client:
        await client.current_time()
        assert ear.texts[-1] == "asks CurrentTimeRequest()"


def test_it_can_end_by_itself(capsys):
    assert main(["simulate", "--port", "0", "--for", "0"]) == 0
    out, error = capsys.readouterr()
    assert error == ""
    assert re.match(rf"Simulated TWS on {HOST}:[0-9]+, server version 226; it ends in 0 s\.\n", out)
    assert out.endswith("Ended: 0 connections, 0 requests.\n")


def test_a_port_that_is_taken_is_exit_code_3(capsys):
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["simulate", "--port", str(port)]) == SETTINGS
    out, error = capsys.readouterr()
    assert out == ""
    assert f"cannot listen on {HOST}:{port}" in error
    assert "--port" in error


@pytest.mark.parametrize(
    "host, settings, warned",
    [
        ("127.0.0.1", WorldSettings(), False),
        ("::1", WorldSettings(), False),
        ("192.0.2.1", WorldSettings(), True),
        ("192.0.2.1", WorldSettings(localhost_only=False), False),
    ],
)
def test_a_port_for_everybody_that_refuses_everybody_is_worth_a_warning(host, settings, warned):
    output, text = spoken()
    simulate_module._introduce(output, settings, host, 7497, None)
    assert ("--no-localhost-only" in text.getvalue()) is warned


@pytest.mark.parametrize("host", ["a..b", "\xfc..b", "\udcff", "x" * 300])
def test_a_host_that_can_have_no_address_is_exit_code_3(host: str, capsys):
    assert main(["simulate", "--host", host, "--port", "0", "--for", "0"]) == SETTINGS
    assert "cannot listen on" in capsys.readouterr().err


def test_when_nobody_reads_any_more_it_ends():
    """``anytws simulate | head -1``: without a traceback, at the first line that has no reader."""
    with running() as (process, port):
        assert process.stdout is not None
        process.stdout.close()
        with socket.create_connection((HOST, port), PATIENCE):
            assert process.wait(PATIENCE) == 1
        assert process.stderr is not None
        assert process.stderr.read() == ""


@pytest.mark.parametrize("is_terminal", [False, True])
def test_a_line_is_not_wrapped_for_a_terminal_either(is_terminal: bool):
    """It can be searched for, and copied as it is."""
    output, text = spoken(width=40, force_terminal=is_terminal)
    simulate_module._Teller(output).tell(1, "asks " + "x" * 300, False)
    (line,) = text.getvalue().splitlines()
    assert "asks " + "x" * 300 in line


def test_a_terminal_gets_a_line_of_its_own_after_its_ctrl_c(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert main(["simulate", "--port", "0", "--for", "0"]) == 0
    assert "\n\n" in capsys.readouterr().out


# A day from a file, or from a token

SCRIPT = """
[settings]
seed = 7
read_only = true
lines = 3

[[instrument]]
like = "us_stock"
symbol = "ACME"
contract_id = 99
price = 42

[[events]]
at = 600
do = "move_to"
symbol = "ACME"
price = 50

[[events]]
on = "CurrentTimeRequest"
do = "cut_connection"
"""


@pytest.fixture
def played(monkeypatch):
    """Give a function from the words of a command line to the world that they stand for, and its speed."""

    def world_of(*words: str) -> tuple[Narrator, float]:
        caught = []
        monkeypatch.setattr(simulate_module, "run_interruptible", lambda run, **_: caught.append(run.args) or 0)
        assert main(["simulate", *words]) == 0
        _, world, *_, speed = caught[0]
        return world(lambda *_: None), speed

    return world_of


def test_a_day_comes_from_a_file(played, tmp_path):
    path = tmp_path / "day.toml"
    path.write_text(SCRIPT)
    world, speed = played("--script", str(path), "--speed", "60", "--lines", "5")
    assert (world.settings.seed, world.settings.read_only, speed) == (7, True, 60.0)
    assert world.settings.lines == 5, "what the command line says goes before the file"
    assert [type(event.do).__name__ for event in world.director.script.events] == ["MoveTo", "CutConnection"]
    assert world.universe.by_symbol("ACME").contract.contract_id == 99


def test_a_day_comes_from_a_token(played):
    script = Script([Event(At(5), CutConnection())])
    token = Plan(settings=WorldSettings(seed=9), script=script).token
    world, speed = played("--replay", token)
    assert (world.settings.seed, world.director.script, speed) == (9, script, 1.0)


@pytest.mark.parametrize(
    "text, words, wanted",
    [
        ("[settings]\nsead = 1", [], "day.toml: settings.sead is 1, and has to be left out"),
        ("[[events]]\nat = 1\ndo = 'move_to'\nsymbol = 'NOSUCH'\nprice = 1", [], "event 1 of the script"),
        ("\xff", [], "it is no text in UTF-8"),
        (None, [], "No such file or directory"),
        ("", ["--replay", "x"], "a day has one script"),
    ],
)
def test_a_day_that_cannot_be_is_exit_code_3(text, words, wanted, tmp_path, capsys):
    path = tmp_path / "day.toml"
    if text is not None:
        path.write_bytes(text.encode("latin-1"))
    assert main(["simulate", "--port", "0", "--script", str(path), *words]) == SETTINGS
    assert wanted in " ".join(capsys.readouterr().err.split())


def test_a_token_that_is_none_is_exit_code_3(capsys):
    assert main(["simulate", "--replay", "nonsense"]) == SETTINGS
    assert "token" in capsys.readouterr().err


@pytest.mark.parametrize("speed", ["0", "-1", "inf", "fast"])
def test_a_speed_that_is_none_is_refused(speed, capsys):
    assert main(["simulate", "--speed", speed]) != 0
    assert "speed" in capsys.readouterr().err.lower()


async def test_what_a_script_does_is_told():
    lines = []
    script = Script([Event(On("CurrentTimeRequest"), CutConnection())])
    world = Narrator(WorldSettings(), lambda *line: lines.append(line), script=script)
    Client(world).ask(CurrentTimeRequest())
    assert (0, "script, event 1: CutConnection", True) in lines


def test_a_day_that_is_replayed_begins_when_it_did(played):
    world, _ = played("--replay", Plan(settings=WorldSettings(epoch_at_zero=EPOCH), script=Script()).token)
    assert (world.settings.epoch_at_zero, world.settings.starts_at) == (None, EPOCH)
