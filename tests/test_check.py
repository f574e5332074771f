"""``anytws check``: what it finds, how it says it, and what the shell is told."""

from __future__ import annotations

import functools
import json
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import anyio
import attrs
import pytest
from anyio.from_thread import start_blocking_portal

from anytws import (
    ConnectError,
    ConnectionClosed,
    Dropped,
    HandshakeOptions,
    Notice,
    RequestTimedOut,
    Stage,
    StillWaiting,
    connect,
)
from anytws.cli import INTERRUPTED, USAGE, main, report
from anytws.cli import check as check_module
from anytws.cli.check import CLIENT_ID, EXIT_CODES
from anytws.cli.finding import FARM_CODES, Clock, Finding, Hearsay, Link, Outcome, examine
from anytws.cli.places import Place
from anytws.cli.report import Report
from anytws.core import codes
from anytws.core.codes import CODES, CodeKind
from anytws.messages.config import ApiConfig, ConfigRequest, ConfigResponse
from anytws.messages.session import ErrorMessage, IdsRequest, ManagedAccountsRequest
from anytws.simulator import ANSWERS, Answer, Dialog, HangUp, Opening, Personality, World, WorldSettings
from anytws.simulator.serve import TcpTws, serve
from anytws.simulator.settings import USUAL_OPENING
from anytws.wire.catalogue import entry_of
from anytws.wire.versions import CURRENT_TIME_IN_MILLIS, MIN_VERSION
from tests.misbehaving_tws import CURRENT_TIME, NEXT_VALID_ID, OPENING, REPLY, error, text, version
from tests.test_cli import ESCAPE, anytws, spoken

HOST = "127.0.0.1"
PATIENCE = 5.0
READY, NOT_READY, NOTHING_THERE = (EXIT_CODES[outcome] for outcome in Outcome)


@pytest.fixture(autouse=True)
def _short_silence(monkeypatch):
    """What a Gateway does not say is not waited for as long as a person would."""
    monkeypatch.setattr("anytws.cli.finding._LISTEN", 0.05)


@contextmanager
def running(settings: WorldSettings | None = None) -> Iterator[TcpTws]:
    """Run a simulated TWS beside the test: the command has an event loop of its own."""
    with (
        start_blocking_portal("asyncio") as portal,
        portal.wrap_async_context_manager(serve(World(settings))) as tws,
    ):
        yield tws


def free_port() -> int:
    """Give a port at which nothing listens."""
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        return int(taken.getsockname()[1])


async def found(settings: WorldSettings | None = None, *, world: World | None = None, patience=PATIENCE) -> Finding:
    async with serve(world or World(settings)) as tws:
        return await examine(tws.host, tws.port, client_id=CLIENT_ID, patience=patience)


def told(finding: Finding, **options: bool) -> str:
    """Give what people read of *finding*, in one line."""
    output, text = spoken()
    Report(output, **options).tell([finding])
    return " ".join(text.getvalue().split())


# What is found


@pytest.mark.parametrize("version", [MIN_VERSION, CURRENT_TIME_IN_MILLIS - 1, CURRENT_TIME_IN_MILLIS, 226])
async def test_a_tws_that_is_ready(version: int):
    settings = WorldSettings(server_version=version, first_order_id=42, accounts=("DU1234567", "DU7654321"))
    world = World(settings)
    finding = await found(world=world)
    assert (finding.outcome, finding.failure, finding.client_id) == (Outcome.READY, None, CLIENT_ID)
    portrait = finding.portrait
    assert portrait is not None
    assert (portrait.server_version, portrait.next_valid_id) == (version, 42)
    assert portrait.accounts == settings.accounts
    assert [farm.name for farm in portrait.heard.farms] == [farm.name for farm in settings.farms]
    assert {farm.status for farm in portrait.heard.farms} == {"ok"}
    assert (portrait.link, portrait.account_kind, portrait.heard.remarks) == (Link.UP, "paper", ())
    assert portrait.clock is not None
    assert abs(portrait.clock.ahead) <= portrait.clock.doubt + 0.1
    assert (portrait.clock.doubt < 0.4) is (version >= CURRENT_TIME_IN_MILLIS)
    # It only reads.
    asked = {type(heard.message).__name__ for heard in world.heard}
    assert asked <= {"ManagedAccountsRequest", "CurrentTimeRequest", "CurrentTimeInMillisRequest", "ConfigRequest"}
    assert not any(entry_of(heard.message).changes_state for heard in world.heard)
    assert portrait.heard.read_only is (None if version < 219 else False)


@pytest.mark.parametrize("read_only, words", [(True, "yes: orders of clients are refused"), (False, "no: clients")])
async def test_a_tws_says_whether_it_is_read_only(read_only: bool, words: str):
    finding = await found(WorldSettings(read_only=read_only))
    assert finding.outcome is Outcome.READY
    assert f"read-only API {words}" in told(finding)
    output, _ = spoken()
    (endpoint,) = Report(output).as_json([finding], READY)["endpoints"]
    assert endpoint["tws"]["read_only"] is read_only


@pytest.mark.parametrize(
    "answer, words",
    [
        (None, "TWS did not say"),
        (lambda link, request: (), "TWS did not say"),
        (lambda link, request: [ConfigResponse(request.request_id)], "TWS did not say"),
        (lambda link, request: [ConfigResponse(request.request_id, api=ApiConfig())], "TWS did not say"),
    ],
    ids=["refuses", "is silent", "says nothing", "says little"],
)
async def test_a_tws_that_does_not_tell_its_settings_is_as_ready(answer, words: str, monkeypatch):
    """And a refusal is no remark: it was this client that asked."""
    monkeypatch.setattr("anytws.cli.finding._SETTINGS", 0.1)
    answers = {request: each for request, each in ANSWERS.items() if request is not ConfigRequest}
    if answer is not None:
        answers[ConfigRequest] = Answer(answer)
    finding = await found(world=World(answers=answers))
    assert finding.outcome is Outcome.READY
    assert finding.portrait is not None
    assert finding.portrait.heard.remarks == ()
    assert f"read-only API {words}" in told(finding)


async def test_an_older_tws_cannot_tell_its_settings():
    text = told(await found(WorldSettings(server_version=218, read_only=True)))
    assert "read-only API not known: TWS says so from server version 219 on" in text


async def test_a_step_that_takes_long_is_told_while_it_does(monkeypatch):
    """In time for somebody to look at the screen, and click."""
    monkeypatch.setattr("anytws.cli.finding.HandshakeOptions", functools.partial(HandshakeOptions, remark_after=0.02))
    world = World(WorldSettings(trusted_addresses=(), dialog=Dialog.UNANSWERED))
    output, text = spoken()
    report = Report(output)

    async with serve(world) as tws:

        def click(remark: StillWaiting) -> None:
            report.remark(Place(tws.host, tws.port), remark)
            (link,) = world.links
            link.answer_dialog(accept=True)

        finding = await examine(tws.host, tws.port, client_id=CLIENT_ID, patience=PATIENCE, on_waiting=click)
    assert finding.outcome is Outcome.READY
    said = " ".join(text.getvalue().split())
    assert f"{HOST}:{tws.port}: still waiting what happened no version reply came within 0 s; it has 5 s more" in said
    assert "dialog" in said


def test_the_command_shows_it_but_not_in_json(monkeypatch, capsys):
    monkeypatch.setattr("anytws.cli.finding.HandshakeOptions", functools.partial(HandshakeOptions, remark_after=0.02))
    with running(WorldSettings(trusted_addresses=(), dialog=Dialog.UNANSWERED)) as tws:
        assert main(["check", str(tws.port), "--timeout", "0.1"]) == NOT_READY
        assert capsys.readouterr().out.startswith(f"{HOST}:{tws.port}: still waiting\n")
        assert main(["check", str(tws.port), "--timeout", "0.1", "--json"]) == NOT_READY
        assert json.loads(capsys.readouterr().out)["exit_code"] == NOT_READY


@pytest.mark.parametrize("port", [None, "own"])
async def test_a_redirect_to_itself_is_not_advised(port: str | None):
    world = World()
    async with serve(world) as tws:
        world.settings = WorldSettings(redirect=(HOST, tws.port if port else None))
        finding = await examine(tws.host, tws.port, client_id=CLIENT_ID, patience=PATIENCE)
    text = told(finding)
    assert "going there leads here again" in text
    assert "for example" not in text


async def test_what_is_advised_keeps_the_client_id():
    async with serve(World(WorldSettings(redirect=("elsewhere", 4001)))) as tws:
        finding = await examine(tws.host, tws.port, client_id=3, patience=PATIENCE)
    assert "for example anytws check elsewhere 4001 --client-id 3" in told(finding)


async def test_a_gateway_says_nothing_of_its_farms():
    finding = await found(WorldSettings(personality=Personality.GATEWAY))
    assert finding.outcome is Outcome.READY
    assert finding.portrait is not None
    assert (finding.portrait.heard.farms, finding.portrait.link) == ((), Link.UNKNOWN)
    assert "a Gateway connects them when they are needed" in told(finding)


async def test_nothing_there():
    finding = await examine(HOST, free_port(), client_id=CLIENT_ID, patience=PATIENCE)
    assert finding.outcome is Outcome.NOTHING_THERE
    assert isinstance(finding.failure, ConnectError)
    text = told(finding)
    assert "no TCP connection could be had" in text
    assert "Errno" not in text
    assert "Is TWS or IB Gateway running" in text


async def test_a_name_without_an_address_is_nothing_there(monkeypatch):
    async def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(anyio, "getaddrinfo", unknown)
    finding = await examine("nobody.invalid", 7497, client_id=CLIENT_ID, patience=PATIENCE)
    assert finding.outcome is Outcome.NOTHING_THERE
    text = told(finding)
    assert "the name 'nobody.invalid' has no address: Name or service not known" in text
    assert "Check how the host is written" in text
    assert "running" not in text
    # Of several ports it is the same, and is said once.
    output, several = spoken()
    Report(output).tell([finding, attrs.evolve(finding, port=7496)])
    assert "Nothing is there. Check how the host is written" in " ".join(several.getvalue().split())


SHORT = 0.2
"""Seconds of patience where it is to run out, on a machine that may be busy."""

FAILURES = {
    "the API is off": (WorldSettings(api_enabled=False), Stage.GREETING, ["enabled", "trusted"]),
    "the dialog is refused": (
        WorldSettings(trusted_addresses=(), dialog=Dialog.REJECT),
        Stage.GREETING,
        ["trusted"],
    ),
    "the dialog is not answered": (
        WorldSettings(trusted_addresses=(), dialog=Dialog.UNANSWERED),
        Stage.GREETING,
        ["dialog", "--timeout 60"],
    ),
    "too many clients": (WorldSettings(max_clients=0), Stage.GREETING, ["clients are connected"]),
    "another address": (
        WorldSettings(redirect=("elsewhere", 4001)),
        Stage.VERSION,
        ["elsewhere:4001", "anytws check elsewhere 4001"],
    ),
    "an old version": (WorldSettings(server_version=150), Stage.VERSION, ["150", "503", "Update TWS"]),
    "no start": (WorldSettings(opening=()), Stage.START, ["still be logging in"]),
    "half a start": (WorldSettings(opening=(Opening.MANAGED_ACCOUNTS,)), Stage.HALF_STARTED, ["got no further"]),
    "a sudden death": (WorldSettings(die_after_bytes=40), Stage.START, ["inside a frame"]),
    "a reset": (WorldSettings(die_after_bytes=40, die_by=HangUp.RESET), Stage.START, ["509"]),
    "its last word": (
        WorldSettings(
            opening=(Opening.MANAGED_ACCOUNTS, ErrorMessage(None, 1300, "The API moves to the new port - 7777")),
            die_after_bytes=180,
        ),
        Stage.HALF_STARTED,
        ["1300", "7777"],
    ),
}


@pytest.mark.parametrize("settings, stage, words", FAILURES.values(), ids=FAILURES)
async def test_what_answers_and_is_not_ready_is_explained(settings: WorldSettings, stage: Stage, words: list[str]):
    waits = settings.dialog is Dialog.UNANSWERED or Opening.NEXT_VALID_ID not in settings.opening
    finding = await found(settings, patience=SHORT if waits else PATIENCE)
    assert finding.outcome is Outcome.NOT_READY
    assert isinstance(finding.failure, ConnectError)
    assert finding.failure.stage is stage
    text = told(finding)
    for word in ("answers, but is not ready", "how far", "what happened", "what to do", *words):
        assert word in text


async def test_the_last_that_tws_said_is_passed_on():
    remark = ErrorMessage(None, 10186, "Account DU7654321 is closed")
    finding = await found(
        WorldSettings(opening=(Opening.MANAGED_ACCOUNTS, remark), die_after_bytes=150), patience=SHORT
    )
    assert finding.outcome is Outcome.NOT_READY
    assert "TWS said 10186 Account ******321 is closed" in told(finding)


async def test_a_client_id_that_is_taken_names_another_one():
    async with serve(World()) as tws, connect(tws.host, tws.port, client_id=CLIENT_ID):
        finding = await examine(tws.host, tws.port, client_id=CLIENT_ID, patience=PATIENCE)
    assert finding.outcome is Outcome.NOT_READY
    text = told(finding)
    assert "code 326" in text
    assert f"--client-id {CLIENT_ID + 1}" in text


async def test_something_else_at_the_port(anyio_backend_name):
    async def greet(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            await stream.send(b"SSH-2.0-OpenSSH_9.2\r\n")
            await stream.receive()

    async with await anyio.create_tcp_listener(local_host=HOST) as listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, greet)
        port = listener.extra_attributes[anyio.abc.SocketAttribute.local_port]()
        finding = await examine(HOST, port, client_id=CLIENT_ID, patience=PATIENCE)
        tasks.cancel_scope.cancel()
    assert finding.outcome is Outcome.NOT_READY
    assert "An SSH server answers at this port, and not TWS" in told(finding)


@pytest.mark.parametrize(
    "answer, named",
    [
        (b"HTTP/1.0 400 Bad request syntax\r\n\r\n", "An HTTP server answers"),
        (b"-ERR unknown command 'API'\r\n", "A Redis server answers"),
    ],
)
async def test_who_waits_for_the_end_of_a_line_gives_himself_away(answer: bytes, named: str):
    """Real web servers and a real Redis say nothing to our greeting, which has none."""

    async def serve_lines(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            heard = b""
            while b"\n" not in heard:
                heard += await stream.receive()
            await stream.send(answer)

    async with await anyio.create_tcp_listener(local_host=HOST) as listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, serve_lines)
        port = listener.extra_attributes[anyio.abc.SocketAttribute.local_port]()
        finding = await examine(HOST, port, client_id=CLIENT_ID, patience=SHORT)
        tasks.cancel_scope.cancel()
    assert finding.outcome is Outcome.NOT_READY
    assert named in told(finding)


@pytest.mark.parametrize("speaks_tls", [True, False])
async def test_who_hangs_up_on_a_greeting_is_asked_in_tls(speaks_tls: bool):
    """Most servers that want TLS hang up without a word on what is none; so does a TWS that wants nobody."""
    asked: list[bytes] = []

    async def hear(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            asked.append(await stream.receive(3))
            if speaks_tls and asked[-1][:2] == b"\x16\x03":
                await stream.send(b"\x16\x03\x03\0\x7a")

    async with await anyio.create_tcp_listener(local_host=HOST) as listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, hear)
        port = listener.extra_attributes[anyio.abc.SocketAttribute.local_port]()
        finding = await examine(HOST, port, client_id=CLIENT_ID, patience=PATIENCE)
        tasks.cancel_scope.cancel()
    assert [said[:2] for said in asked] == [b"AP", b"\x16\x03"]
    assert finding.outcome is Outcome.NOT_READY
    text = told(finding)
    assert ("A server that wants TLS answers at this port" in text) is speaks_tls
    assert ("somebody clicked Reject" in text) is not speaks_tls


async def test_a_person_who_has_refused_is_not_asked_again(monkeypatch):
    """Every connection that is not trusted opens a dialog."""
    monkeypatch.setattr("anytws.cli.finding._AT_ONCE", 0.0)
    world = World(WorldSettings(trusted_addresses=(), dialog=Dialog.REJECT))
    assert (await found(world=world)).outcome is Outcome.NOT_READY
    assert len(world.ended) == 1


async def test_a_tws_that_dies_while_it_is_looked_at():
    def die(link, _):
        link.die(HangUp.EOF)
        return ()

    finding = await found(world=World(answers={**ANSWERS, ManagedAccountsRequest: Answer(die)}))
    assert finding.outcome is Outcome.NOT_READY
    assert isinstance(finding.failure, ConnectionClosed)
    assert finding.portrait is not None
    text = told(finding)
    assert "server version" in text
    assert "what happened" in text
    assert "connect again" in text


async def test_a_tws_that_does_not_answer():
    mute = Answer(lambda link, request: ())
    world = World(answers={**ANSWERS, ManagedAccountsRequest: mute, IdsRequest: mute})
    finding = await found(world=world, patience=0.05)
    assert finding.outcome is Outcome.NOT_READY
    assert isinstance(finding.failure, RequestTimedOut)
    assert finding.portrait is not None
    # What it says by itself is heard all the same.
    assert len(finding.portrait.heard.farms) == len(world.settings.farms)
    assert "did not answer" in told(finding)


async def test_the_first_question_is_asked_until_it_is_answered(monkeypatch):
    """The runtime asks again once. A TWS may take longer than that to settle, and a person is waiting."""
    settings = WorldSettings(server_version=MIN_VERSION)
    mute = Answer(lambda _link, _request: [])
    finding = await found(world=World(settings, answers={**ANSWERS, ManagedAccountsRequest: mute}), patience=0.4)
    assert finding.outcome is Outcome.READY
    assert finding.portrait is not None
    assert finding.portrait.first_answer_seconds is not None
    assert finding.portrait.first_answer_seconds > 0.15
    assert finding.portrait.trip_seconds is not None
    monkeypatch.setattr(report, "_PROMPT", 0.1)
    assert "first answer only after" in told(finding)


@pytest.mark.parametrize(
    "code, link, outcome",
    [
        (codes.LINK_LOST, Link.DOWN, Outcome.NOT_READY),
        (codes.LINK_BROKEN, Link.DOWN, Outcome.NOT_READY),
        (codes.LINK_RESTORED, Link.UP, Outcome.READY),
        (codes.LINK_RESTORED_DATA_LOST, Link.UP, Outcome.READY),
    ],
)
async def test_the_link_of_tws_to_ib_is_what_tws_said_last(code: int, link: Link, outcome: Outcome):
    opening = (*USUAL_OPENING, ErrorMessage(None, codes.LINK_LOST, "lost"), ErrorMessage(None, code, "said last"))
    finding = await found(WorldSettings(opening=opening))
    assert finding.portrait is not None
    assert (finding.portrait.link, finding.outcome) == (link, outcome)
    assert ("TWS has lost it" in told(finding)) is (link is Link.DOWN)


async def test_a_farm_is_as_it_was_last_heard_of():
    broken = ErrorMessage(None, codes.MARKET_DATA_FARM_BROKEN, "Market data farm connection is broken:usfarm")
    finding = await found(WorldSettings(opening=(*USUAL_OPENING, broken)))
    assert finding.outcome is Outcome.READY
    text = told(finding)
    assert "usfarm, market data: broken" in text
    assert "ushmds, historical data: ok" in text


def test_every_code_of_a_farm_is_understood():
    assert FARM_CODES.keys() == {code for code, row in CODES.items() if row.kind is CodeKind.FARM}


async def test_what_else_tws_says_is_passed_on_without_the_accounts():
    remark = ErrorMessage(None, 2152, "Account DU7654321 is read-only")
    error = ErrorMessage(7, 200, "No security definition for U1234567")
    finding = await found(WorldSettings(opening=(*USUAL_OPENING, remark, error)))
    text = told(finding)
    assert "2152 Account ******321 is read-only" in text
    assert "200 No security definition for *****567" in text


# Accounts and clocks


@pytest.mark.parametrize(
    "accounts, words",
    [
        (("DU1234567",), "******567: paper"),
        (("U7654321",), "*****321: LIVE"),
        (("U7654321", "DU1234567"), "*****321, ******567: paper and LIVE ones"),
        (("D12",), "***: paper"),
        ((), "none were said"),
    ],
)
async def test_accounts_are_masked_and_judged(accounts: tuple[str, ...], words: str):
    assert words in told(await found(WorldSettings(accounts=accounts)))


async def test_accounts_can_be_shown():
    assert "U7654321: LIVE" in told(await found(WorldSettings(accounts=("U7654321",))), show_accounts=True)


async def test_a_live_account_at_the_port_for_paper_is_worth_a_warning(monkeypatch):
    async with serve(World(WorldSettings(accounts=("U7654321",)))) as tws:
        monkeypatch.setattr(report, "USUAL_PORTS", {tws.port: "TWS, paper trading"})
        finding = await examine(tws.host, tws.port, client_id=CLIENT_ID, patience=PATIENCE)
    assert "take care: this port is the one for paper trading" in told(finding)


@pytest.mark.parametrize(
    "seconds, words",
    [
        (0.0, "the same as this machine's, to 510.0 ms"),
        (-3600.0, "3600.0 s behind this machine's, give or take 510.0 ms"),
        (5.0, "5.0 s ahead of this machine's, give or take 510.0 ms"),
    ],
)
def test_clocks_are_compared_within_what_can_be_known(seconds: float, words: str):
    now = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
    # Asked at 12:00:00.49, answered 20 ms later: in the middle of the second that TWS, agreeing with us, calls :00.
    before, after = now.timestamp() + 0.49, now.timestamp() + 0.51
    clock = Clock.of(now + timedelta(seconds=seconds), 1.0, before, after)
    assert clock.ahead == pytest.approx(seconds)
    assert clock.doubt == pytest.approx(0.51)
    assert words in report._clock(clock)[0]


# The command


def test_a_ready_tws_is_exit_code_0(capsys):
    with running() as tws:
        assert main(["check", HOST, str(tws.port)]) == READY
    text = capsys.readouterr().out
    assert f"{HOST}:{tws.port}: ready" in text
    assert "Nothing was changed" in text
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize("words", ["{port}", "{host}:{port}", ":{port}", "{host} {port}"])
def test_a_place_is_written_as_people_do(words: str, capsys):
    with running() as tws:
        assert main(["check", *words.format(host=tws.host, port=tws.port).split()]) == READY
    assert capsys.readouterr().out.startswith(f"{HOST}:{tws.port}: ready")


def test_several_ports_are_looked_at_together(capsys):
    dead = free_port()
    with running() as tws:
        assert main(["check", str(dead), str(tws.port)]) == READY
        lines = capsys.readouterr().out.splitlines()
        assert lines[0] == f"Looking for TWS and IB Gateway on {HOST}, at the ports {dead}, {tws.port}"
        assert lines[2].split(maxsplit=1) == [str(dead), "nothing there: Connection refused"]
        assert lines[3].split() == [str(tws.port), "ready"]
        assert main(["check", f"localhost:{tws.port}", f"{HOST}:{dead}"]) == READY
        assert "at 2 places" in capsys.readouterr().out


@pytest.mark.parametrize("word", ["0", "65536", "9" * 5000, "tws:", "tws:x", "http://tws:1", "a b", "[::1", "0x1d49"])
def test_what_is_no_place_is_refused(word: str, capsys):
    assert main(["check", word]) == USAGE
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("anytws: ")
    assert len(said.err) < 500


def test_the_options_arrive(capsys):
    with running(WorldSettings(accounts=("DU7654321",))) as tws:
        options = ["--client-id", "3", "--timeout", "4", "--show-accounts", "--json"]
        assert main(["check", HOST, str(tws.port), *options]) == READY
    (endpoint,) = json.loads(capsys.readouterr().out)["endpoints"]
    assert endpoint["client_id"] == 3
    assert endpoint["tws"]["accounts"] == ["DU7654321"]


def test_the_usual_ports_are_tried_and_the_best_counts(monkeypatch, capsys):
    with running() as good, running(WorldSettings(api_enabled=False)) as bad:
        ports = {free_port(): "TWS, paper trading", bad.port: "TWS, live trading", good.port: "IB Gateway"}
        monkeypatch.setattr(report, "USUAL_PORTS", ports)
        monkeypatch.setattr(check_module, "USUAL_PORTS", ports)
        assert main(["check"]) == READY
        text = capsys.readouterr().out
        # In the order of the list, whoever answers first.
        lines = [line for line in text.splitlines() if line.startswith("  ") and line.split()[0].isdecimal()]
        assert [int(line.split()[0]) for line in lines] == list(ports)
        assert "nothing there: Connection refused" in lines[0]
        assert lines[1].endswith("answers, but is not ready")
        assert lines[2].endswith("ready")
        assert f"{HOST}:{good.port} (IB Gateway, as a rule): ready" in text
        assert f"{HOST}:{bad.port} (TWS, live trading, as a rule): answers" in text

        del ports[good.port]
        assert main(["check"]) == NOT_READY
        del ports[bad.port]
        capsys.readouterr()
        ports[free_port()] = "TWS, live trading"
        assert main(["check"]) == NOTHING_THERE
        assert "anytws simulate" in " ".join(capsys.readouterr().out.split())


def test_json_of_a_ready_tws(capsys):
    with running() as tws:
        assert main(["check", HOST, str(tws.port), "--json"]) == READY
    data = json.loads(capsys.readouterr().out)
    (endpoint,) = data["endpoints"]
    assert data["exit_code"] == READY
    assert (endpoint["host"], endpoint["port"], endpoint["outcome"]) == (HOST, tws.port, "ready")
    assert (endpoint["client_id"], endpoint["failure"]) == (CLIENT_ID, None)
    seen = endpoint["tws"]
    assert (seen["server_version"], seen["next_valid_id"]) == (226, 1)
    assert (seen["accounts"], seen["account_kind"], seen["link"]) == (["******567"], "paper", "up")
    assert datetime.fromisoformat(seen["connection_time"]["aware"]).tzinfo is not None
    assert seen["clock"].keys() == {"ahead", "doubt"}
    assert seen["farms"][0] == {"name": "usfarm", "purpose": "market data", "status": "ok"}


def test_json_of_failures(capsys):
    with running(WorldSettings(api_enabled=False)) as tws:
        assert main(["check", HOST, str(tws.port), "--json"]) == NOT_READY
    (endpoint,) = json.loads(capsys.readouterr().out)["endpoints"]
    assert (endpoint["outcome"], endpoint["tws"]) == ("not_ready", None)
    failure = endpoint["failure"]
    assert (failure["stage"], failure["reason"], failure["code"]) == ("greeting", "refused", codes.CONNECT_FAIL)
    assert failure["what_to_do"]


async def test_json_of_a_tws_that_does_not_answer(anyio_backend_name):
    mute = Answer(lambda link, request: ())
    world = World(answers={**ANSWERS, ManagedAccountsRequest: mute, IdsRequest: mute})
    finding = await found(world=world, patience=0.05)
    output, _ = spoken()
    (endpoint,) = Report(output).as_json([finding], NOT_READY)["endpoints"]
    assert endpoint["tws"]["clock"] is None
    assert "did not answer" in endpoint["failure"]["what_happened"]


def test_the_client_id_collides_with_nobody_by_accident():
    """Programs count from 0; and TWS's own ids, as far as they are known, end at 32 bits."""
    assert 10_000 < CLIENT_ID < 2**31 - 1


def test_a_stranger_runs_it_in_a_pipe():
    with running(WorldSettings(zone="中国标准时间")) as tws:
        done = anytws("check", HOST, str(tws.port))
    assert (done.returncode, done.stderr) == (READY, "")
    assert ESCAPE not in done.stdout
    assert "中国标准时间" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert anytws("check", HOST, str(free_port())).returncode == NOTHING_THERE


def test_colour_can_be_forced_and_forbidden():
    colours = re.compile(r"\x1b\[[0-9;]*3[0-7]m")
    port = str(free_port())
    assert colours.search(anytws("check", HOST, port, FORCE_COLOR="1", TERM="xterm-256color").stdout)
    assert not colours.search(anytws("check", HOST, port, FORCE_COLOR="1", NO_COLOR="1", TERM="xterm-256color").stdout)


def test_escape_codes_in_what_answers_do_not_reach_the_terminal():
    with running(WorldSettings(zone="\x1b[2J")) as tws:
        done = anytws("check", HOST, str(tws.port), FORCE_COLOR="1", NO_COLOR="1")
    assert done.returncode == READY
    assert "\x1b[2J" not in done.stdout
    assert "\\x1b[2J" in done.stdout


# A TWS that says more than it should


@contextmanager
def saying(first: bytes, again: bytes = b"") -> Iterator[int]:
    """Have somebody at a port say *first* to whoever greets, and then *again* without end, or nothing; give the port.

    It stops by itself when the client has gone.
    """

    def talk() -> None:
        with listener.accept()[0] as client:
            client.recv(65536)
            try:
                client.sendall(first)
                while again:
                    client.sendall(again)
            except OSError:
                return
            client.shutdown(socket.SHUT_WR)
            while client.recv(65536):
                continue

    with socket.socket() as listener:
        listener.bind((HOST, 0))
        listener.listen()
        listener.settimeout(60)
        talker = threading.Thread(target=talk)
        talker.start()
        yield listener.getsockname()[1]
        talker.join()


READY_TO_TALK = REPLY + OPENING + CURRENT_TIME * 3
MEGABYTES = "x" * (4 * 2**20)
FLOODS = {
    "news of farms": (READY_TO_TALK, error(2104, "Market data farm connection is OK:usfarm") * 500),
    "many farms": (READY_TO_TALK, b"".join(error(2104, f"Market data farm is OK:us{at}") for at in range(500))),
    "remarks": (READY_TO_TALK, error(2152, "remark about DU1234567") * 500),
    "megabytes": (READY_TO_TALK, error(200, MEGABYTES)),
    "megabytes of a farm": (READY_TO_TALK, error(2104, "demand." * 500_000 + "!")),
    "megabytes of ports": (READY_TO_TALK, error(1300, "1 " * 2_000_000)),
    "unknown frames": (READY_TO_TALK, text(777, 1) * 2000),
    "unreadable frames": (READY_TO_TALK, text(9, 1, "soon") * 2000),
    "frames before it is ready": (REPLY, text(777, 1) * 2000),
    "frames before its version": (b"", text(777, 1) * 2000),
    "many accounts": (
        REPLY + text(15, 1, ",".join(f"DU{at:07}" for at in range(100_000))) + NEXT_VALID_ID,
        error(200, ""),
    ),
    "long accounts": (
        REPLY + text(15, 1, ",".join("DU" + "1" * at for at in range(2000))) + NEXT_VALID_ID,
        error(200, ""),
    ),
    "a clock of kilobytes": (version(176, "20250101 10:00:00 " + "\x1b[2J" * 10_000) + OPENING + CURRENT_TIME * 3, b""),
    "a redirect of kilobytes": (version(-1, "x" * 60_000), b""),
}


@pytest.mark.parametrize(
    "flood, options",
    [
        *((flood, ()) for flood in FLOODS),
        *((flood, ("--json",)) for flood in ("remarks", "megabytes", "many accounts")),
        ("long accounts", ("--json", "--show-accounts")),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value) or "words",
)
def test_whatever_is_said_it_ends_and_is_told_in_a_page(flood: str, options: tuple[str, ...], capsys):
    with saying(*FLOODS[flood]) as port:
        code = main(["check", HOST, str(port), "--timeout", "0.2", *options])
    assert code in {READY, NOT_READY}
    said = capsys.readouterr()
    assert said.err == ""
    assert len(said.out) < 80_000
    assert len(said.out.splitlines()) < 1100
    assert all(line.isprintable() for line in said.out.splitlines())
    if not options:
        assert "DU1234567" not in said.out


def test_what_is_too_much_is_counted():
    heard = Hearsay()
    large = "x" * 10**6
    for at in range(200):
        heard.note(ErrorMessage(None, 2152, large))
        heard.note(_notice(codes.MARKET_DATA_FARM_OK, f"OK:us{at}"))
        heard.note(_notice(codes.MARKET_DATA_FARM_BROKEN, "broken:us0"))
    heard.note(Dropped(7))
    assert (len(heard.farms), heard.more_farms) == (50, 150)
    assert (len(heard.remarks), heard.more_remarks) == (50, 150)
    assert heard.farms[0].status == "broken"
    assert sum(len(remark.text) for remark in heard.remarks) <= 50 * 4000
    assert heard.missed == 7


def _notice(code: int, words: str) -> Notice:
    return Notice(code, words, CODES.kind_of(code), None, None, ErrorMessage(None, code, words))


async def test_what_is_too_much_is_told_by_its_number():
    remarks = [ErrorMessage(None, 2152, f"remark {at}") for at in range(60)]
    farms = [ErrorMessage(None, codes.MARKET_DATA_FARM_OK, f"OK:us{at}") for at in range(60)]
    accounts = tuple(f"DU{at:07}" for at in range(60))
    settings = WorldSettings(opening=(*USUAL_OPENING, *farms, *remarks), accounts=accounts, farms=())
    finding = await found(settings)
    told_to_people = told(finding)
    assert "******049 and 10 more: paper" in told_to_people
    assert "and 10 times something of others" in told_to_people
    assert "and made 10 more remarks" in told_to_people
    output, _ = spoken()
    (endpoint,) = Report(output).as_json([finding], READY)["endpoints"]
    seen = endpoint["tws"]
    assert (len(seen["accounts"]), len(seen["farms"]), len(seen["remarks"])) == (50, 50, 50)
    assert (seen["more_accounts"], seen["more_farms"], seen["more_remarks"], seen["missed"]) == (10, 10, 10, 0)


async def test_the_accounts_are_hidden_where_it_never_became_ready():
    """What TWS named before it hung up is known as well as what it names when it is ready."""
    said = ErrorMessage(None, 10186, "My-Fund 17 is closed, and so is my-fund 17x")
    # It dies in the middle of this one.
    never_said = ErrorMessage(None, 10187, "x" * 1000)
    opening = (Opening.MANAGED_ACCOUNTS, said, never_said)
    settings = WorldSettings(accounts=("My-Fund 17",), opening=opening, die_after_bytes=300)
    finding = await found(settings)
    assert finding.outcome is Outcome.NOT_READY
    assert finding.accounts == ("My-Fund 17",)
    text = told(finding)
    assert "TWS said 10186 ******* 17 is closed, and so is ******* 17x" in text


@pytest.mark.parametrize(
    "flood, number",
    [
        ("megabytes of a farm", signal.SIGINT),
        ("unknown frames", signal.SIGTERM),
        ("frames before it is ready", signal.SIGINT),
    ],
)
def test_a_signal_ends_it_whatever_is_said(flood: str, number: signal.Signals):
    first, again = FLOODS[flood]
    # Not asked for the time either: it waits, and it is busy.
    first = first.replace(CURRENT_TIME, b"")
    with saying(first, again) as port:
        process = subprocess.Popen(
            [sys.executable, "-c", _TELLS_WHEN_IT_LISTENS, "check", HOST, str(port), "--timeout", "600"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        with process:
            assert process.stdout is not None
            assert process.stderr is not None
            assert process.stdout.readline() == "listening\n"
            process.send_signal(number)
            assert process.wait(60) == INTERRUPTED
            assert process.stderr.read() == ""


_TELLS_WHEN_IT_LISTENS = """
import sys
from anytws.cli import main
from anytws.core import Connection

received, chunks = Connection.receive_data, []

def receive_data(self, data):
    chunks.append(len(data))
    if len(chunks) == 20:
        print("listening", flush=True)
    return received(self, data)

Connection.receive_data = receive_data
sys.exit(main(sys.argv[1:]))
"""
