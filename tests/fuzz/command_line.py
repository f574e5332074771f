"""The command line: `anytws explain` with anything as a file, every verb with anything as its words.

* What comes is a sentence and an exit code of those that are documented, never a traceback.
* What is printed does nothing to a terminal but be read.

The verbs that connect or listen only have their words understood, but for some cases: those have a port of this machine
and a peer that says what the case says. Nothing is ever looked up or connected to elsewhere.
"""

from __future__ import annotations

import io
import socket
import sys
import tempfile
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any, Final
from unittest import mock

import attrs

from anytws import cli
from anytws.cli.explain import explain
from anytws.messages.base import Side
from anytws.simulator import WorldSettings
from tests.fuzz.conversations import Conversations, framed
from tests.fuzz.engine import Broken, Case
from tests.fuzz.mutators import BLIND, FIELDS, mutated, run_of
from tests.pasted_forms import FORMS

CODES: Final = {0, cli.FAILED, cli.USAGE, cli.SETTINGS, cli.NOT_CONNECTED, cli.REFUSED, cli.INTERRUPTED}
HERE: Final = "127.0.0.1"

_PATIENCE: Final = 10.0
"""Seconds after which a peer gives up on a client that neither speaks nor leaves."""
_LONG: Final = 20_000
_LONG_PER_BYTE: Final = 600
"""A field of one letter is a line of print, with its path; and of several readings one is printed."""


class CommandLineTarget:
    """The target."""

    name = "command_line"
    given = 0

    def __init__(self, random: Random) -> None:
        self._random = random
        self._conversations = Conversations(random)

    # --- drawing -------------------------------------------------------------------------------------------------

    def draw(self) -> Case:
        """Give what somebody types, and what a file or a peer has in it."""
        random = self._random
        chance = random.random()
        if chance < 0.97:
            pasted = self._pasted()
            ways = ("function",) * 60 + ("file", "word", "words")
            return {"explain": pasted, "by": random.choice(ways), "options": self._explain_options()}
        if chance < 0.997:
            return {"argv": self._argv()}
        verb = random.choice((*_RUN,))
        options = [word for _ in range(random.randrange(3)) for word in self._option(_RUN[verb])]
        options = options if _stays_here(verb, options) else []
        said = self._conversations.reply(176) + self._conversations.opening(176) if random.random() < 0.5 else b""
        said += b"".join(self._conversations.frames(Side.TWS, 176) for _ in range(random.randrange(4)))
        return {"argv": [verb, *options], "peer": said}

    def _explain_options(self) -> list[Any]:
        random = self._random
        answer = random.choice((None,) * 8 + ("summary", "mask"))
        if random.random() < 0.7:
            return [None, None, answer]
        version = random.choice((None, 100, 157, 176, 200, 201, 226, 227, 10**9))
        return [version, random.choice((None, "client", "tws")), answer]

    def _pasted(self) -> bytes:
        random = self._random
        chance = random.random()
        if chance < 0.03:
            return random.randbytes(random.randrange(300))
        if chance < 0.08:
            runs = [run_of(random, large=0.2), random.choice(FIELDS), random.choice(FIELDS)]
            random.shuffle(runs)
            return b"".join(runs)
        data = b"".join(self._line() for _ in range(random.choice((1, 1, 1, 2, 4))))
        if random.random() < 0.6:
            data = mutated(random, data, BLIND)
        if random.random() < 0.05:
            data += run_of(random)
        if random.random() < 0.05:
            text = data.decode("utf-8", "replace")
            data = text.encode(random.choice(("utf-16", "utf-16-le", "utf-8-sig", "utf-32", "utf-7")), "replace")
        return data

    def _line(self) -> bytes:
        random = self._random
        version, side = self._conversations.version(), random.choice((*Side,))
        if random.random() < 0.05:
            body = random.choice((self._conversations.reply(version)[4:], self._conversations.greeting()))
        else:
            body = self._conversations.body(side, version)
        return random.choice(_DISGUISES)(random, body)

    def _argv(self) -> list[str]:
        random = self._random
        verb = random.choice(_VERBS)
        words = [verb]
        for _ in range(random.choice((0, 1, 1, 2, 3, 5))):
            if random.random() < 0.75:
                words += self._option(_OPTIONS)
            else:
                words.append(self._word())
        if random.random() < 0.1:
            random.shuffle(words)
        return words

    def _option(self, known: Sequence[str]) -> list[str]:
        random = self._random
        option = random.choice(known)
        match random.randrange(10):
            case 0:
                return [option]
            case 1:
                return [f"{option}={self._word()}"]
            case 2:
                return [option.replace("--", "--no-", 1)]
        return [option, self._word()]

    def _word(self) -> str:
        random = self._random
        word = (
            random.choice(_WORDS) if random.random() < 0.5 else random.choice(FIELDS).decode("utf-8", "surrogateescape")
        )
        return (
            word
            if random.random() < 0.8
            else mutated(random, word.encode("utf-8", "surrogatepass"), BLIND).decode("utf-8", "surrogateescape")
        )

    # --- checking ------------------------------------------------------------------------------------------------

    def check(self, case: Case) -> None:
        """Do what it says, in this process, with nothing around it but what a shell would give."""
        with _captured(case.get("explain", b"")) as printed:
            code = _explained(case) if "explain" in case else _commanded(case)
        out, error = printed
        self.given = len(out) + len(error)
        if code not in CODES:
            raise Broken("an exit code that nobody has heard of", repr(code))
        if code == cli.USAGE and not (out + error).strip():
            raise Broken("a mistake is answered with silence")
        for letter in {*out, *error}:
            if not letter.isprintable() and letter != "\n":
                raise Broken("what is printed is not printable", repr(letter))
        # What was typed may be in it, and what a file had in it; help is long by itself.
        size = len(case.get("explain", b"")) + len(case.get("peer", b"")) + sum(map(len, case.get("argv", ())))
        if self.given > _LONG + _LONG_PER_BYTE * size:
            raise Broken("far more is printed than was asked", f"{self.given} characters for {size}")


def _explained(case: Case) -> int:
    version, side, *answer = case["options"]
    pasted: bytes = case["explain"]
    if case["by"] == "function":
        said_by = None if side is None else Side(side)
        return explain("-", server_version=version, said_by=said_by, **dict.fromkeys(filter(None, answer), True))
    words = [] if version is None else ["--server-version", str(version)]
    words += [] if side is None else ["--from", side]
    words += [f"--{each}" for each in answer if each is not None]
    if case["by"] == "word":
        return explain(pasted.decode("utf-8", "surrogateescape"))
    if case["by"] == "words":
        return cli.main(["explain", pasted.decode("utf-8", "surrogateescape"), *words])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pasted"
        path.write_bytes(pasted)
        return cli.main(["explain", str(path), *words])


def _commanded(case: Case) -> int:
    argv: list[str] = case["argv"]
    if "peer" not in case:
        with ExitStack() as stack:
            for verb in ("check", "connecting", "demo", "simulate"):
                # Understood, but not done. Those that read from a TWS come to it by `connecting`.
                stack.enter_context(mock.patch(f"anytws.cli.{verb}.run_interruptible", return_value=0))
            return cli.main(argv)
    verb, *options = argv
    if not _stays_here(verb, options):
        raise Broken("no such case", "an option that might lead elsewhere")
    with _looking_up_nothing(), _peer_that_says(case["peer"]) as port:
        return cli.main([verb, *[word.format(port=port) for word in _AT_HOME[verb]], *options])


def _stays_here(verb: str, options: list[str]) -> bool:
    """Tell whether none of *options* may say where to listen or to connect."""
    named = [word.partition("=")[0] for word in options if word.startswith("--")]
    if verb == "check" and not all(word.startswith("-") or word.isdecimal() for word in options):
        # Any other word is a host.
        return False
    return all(name in _RUN[verb] or name.replace("--no-", "--", 1) in _RUN[verb] for name in named)


@contextmanager
def _captured(typed: bytes) -> Generator[list[str]]:
    """Stand in for the three streams of a process; give what was printed and what was complained, when it is over."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2)]
    printed: list[str] = []
    with (
        io.TextIOWrapper(io.BytesIO(typed)) as stdin,
        mock.patch.multiple(sys, stdin=stdin, stdout=streams[0], stderr=streams[1]),
    ):
        yield printed
    for stream in streams:
        stream.flush()
        printed.append(stream.buffer.getvalue().decode("utf-8", "replace"))
        stream.close()


@contextmanager
def _looking_up_nothing() -> Generator[None]:
    look_up = socket.getaddrinfo

    def look_up_here(host: Any, *arguments: Any, **options: Any) -> Any:
        if host not in (HERE, "::1", HERE.encode(), b"::1"):
            raise Broken("the command line looks for another machine", repr(host))
        return look_up(host, *arguments, **options)

    with mock.patch("socket.getaddrinfo", look_up_here):
        yield


@contextmanager
def _peer_that_says(data: bytes) -> Generator[int]:
    """Listen at a port of this machine, and say *data* to the first who comes."""
    with socket.create_server((HERE, 0)) as listener:
        port: int = listener.getsockname()[1]
        thread = Thread(target=_say, args=(listener, data))
        thread.start()
        try:
            yield port
        finally:
            # If nobody came, it still waits for somebody.
            with suppress(OSError):
                socket.create_connection((HERE, port), timeout=_PATIENCE).close()
            thread.join()


def _say(listener: socket.socket, data: bytes) -> None:
    client, _ = listener.accept()
    with client, suppress(OSError):
        client.settimeout(_PATIENCE)
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        while client.recv(65536):
            pass


# --- how people write frames down --------------------------------------------------------------------------------


def _raw(_: Random, body: bytes) -> bytes:
    return body


def _framed(_: Random, body: bytes) -> bytes:
    return framed(body)


def _cut_off(random: Random, body: bytes) -> bytes:
    return framed(body)[: random.randrange(len(body) + 4)]


def _hex(random: Random, body: bytes) -> bytes:
    text = (framed(body) if random.random() < 0.5 else body).hex(random.choice((" ", ":", ",", "-")))
    if random.random() < 0.3:
        text = text.upper()
    if random.random() < 0.2:
        text = "0x" + text.replace(" ", " 0x")
    return f"{text if random.random() < 0.5 else text.replace(' ', '')}\n".encode()


def _repr(random: Random, body: bytes) -> bytes:
    lead = random.choice(("", "DEBUG:client:msg=", "2024-01-31 10:30:00,123 answer ", "("))
    return f"{lead}{framed(body) if random.random() < 0.5 else body!r}{random.choice(('', ' at noon', ')'))}\n".encode()


def _fields(random: Random, body: bytes) -> bytes:
    fields: list[Any] = body.split(b"\0")[:-1]
    if random.random() < 0.5:
        fields = [field.decode("utf-8", "replace") for field in fields]
    shape = random.choice((tuple, list))
    return f"{random.choice(('', 'fields: ', '14:30:00 DEBUG fields: '))}{shape(fields)!r}\n".encode()


def _arrow(random: Random, body: bytes) -> bytes:
    arrow = random.choice((b"<<< ", b">>> ", b"DEBUG:ib_async.client:<<< ", b"<<<", b">>>", b""))
    return arrow + b",".join(body.split(b"\0")[:-1]) + random.choice((b"\n", b"\r\n", b"\x85", b"\x0c", b""))


def _any_form(random: Random, body: bytes) -> bytes:
    """Write it as some program does."""
    form = random.choice(FORMS)
    try:
        text = form.render([body] * random.choice((1, 1, 2)), form.side or random.choice((*Side,)), 176)
    except (ValueError, IndexError):
        # What is no body has no fields.
        return body
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")


_DISGUISES: Final = (
    *(_raw, _framed, _cut_off, _hex, _hex, _repr, _repr, _fields, _fields, _arrow, _arrow),
    *(_any_form,) * 8,
)

# --- what people type --------------------------------------------------------------------------------------------

_KNOBS: Final = [f"--{field.name.replace('_', '-')}" for field in attrs.fields(WorldSettings)]
_RUN: Final[dict[str, list[str]]] = {
    "check": ["--client-id", "--show-accounts", "--json"],
    "simulate": _KNOBS,
    "demo": ["--backend", "--personality", "--server-version"],
    "watch": ["--client-id", "--json", "--type", "--generic-ticks"],
    "bars": [
        "--client-id",
        "--json",
        "--duration",
        "--begin",
        "--end",
        "--bar-size",
        "--what-to-show",
        "--outside-hours",
    ],
    "account": ["--client-id", "--json", "--show-accounts", "--account"],
}
"""The verbs that are done, with the options that cannot lead anywhere else."""
_AT_HOME: Final[dict[str, list[str]]] = {
    "check": [HERE, "{port}", "--timeout", "0.3"],
    "simulate": ["--host", HERE, "--port", "0", "--for", "0"],
    "demo": ["--round-trips", "1"],
    "watch": ["AAPL", "--host", HERE, "--port", "{port}", "--timeout", "0.3", "--for", "0.2"],
    "bars": ["AAPL", "--host", HERE, "--port", "{port}", "--timeout", "0.3"],
    "account": ["--host", HERE, "--port", "{port}", "--timeout", "0.3"],
}
_VERBS: Final = (
    *("demo", "check", "simulate", "simulate", "explain", "watch", "bars", "account"),
    *("help", "", "--help", "--version", "-h", "Check"),
)
_OPTIONS: Final = (
    *_KNOBS,
    *(
        "--host",
        "--port",
        "--for",
        "--client-id",
        "--timeout",
        "--show-accounts",
        "--json",
        "--backend",
        "--round-trips",
        "--simulate",
        "--type",
        "--generic-ticks",
        "--duration",
        "--begin",
        "--end",
        "--bar-size",
        "--what-to-show",
        "--outside-hours",
        "--out",
        "--resume",
        "--account",
    ),
    *(
        "--server-version",
        "--from",
        "--summary",
        "--mask",
        "--help",
        "--version",
        "--",
        "-",
        "-v",
        "--no-",
        "---port",
        "--host.port",
        "--limits.frame",
    ),
)
_WORDS: Final = (
    *("7497", "0", "-1", "65536", "127.0.0.1", "::1", "[::1]:7497", "localhost", "1.5", "1e400", "nan", "inf", "-inf"),
    *(
        "true",
        "no",
        "none",
        "tws",
        "gateway",
        "accept",
        "reset",
        "trio",
        "asyncio",
        "client",
        "226",
        "157",
        "99999999999",
    ),
    *("managed-accounts,next-valid-id", "market-data:usfarm", "market-data:", ",", ":", "2h", "-30m", "99999h", "1e9s"),
    *(
        "host:4001",
        "host:",
        ":1",
        "a:b:c",
        "[",
        "[]:1",
        "[x",
        "'",
        '"',
        "\\",
        "$(x)",
        "%s",
        "{}",
        "[bold]x[/bold]",
        "\ud800",
    ),
    *(
        "AAPL",
        "SPY{,X}",
        "{{a,b},{c",
        "EUR.USD",
        "#265598",
        "SPY:OPT:20260320:C:600",
        "ES:FUT:202603@CME",
        "BMW@IBIS/EUR",
    ),
    *(
        "5 D",
        "1M",
        "999999 Y",
        "2026-01-05",
        "2026-01-05T09:30-05:00",
        "1 day",
        "1 min",
        "233,236",
        "x.csv",
        "x.parquet",
    ),
    *("live", "delayed", "TRADES", "SCHEDULE", "DU1234567"),
    *("20260105 14:30:00 UTC", "b'x'", "\0", "\x1b[31m", "中国标准时间", "9" * 5000, "x" * 3000, " ", "\n", "-", "--"),
)
