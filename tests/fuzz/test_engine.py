"""The fuzzers find what is there to be found: each is shown a bug that was put in for it."""

from __future__ import annotations

from random import Random

import pytest

from anytws.core import connection as core
from anytws.errors import DecodeError
from anytws.messages.base import Side
from anytws.wire.codec import Codec
from tests.fuzz import cases, engine
from tests.fuzz.cases import read_case, written
from tests.fuzz.command_line import CommandLineTarget
from tests.fuzz.connection import ConnectionTarget
from tests.fuzz.decoders import DecodersTarget
from tests.fuzz.encoders import EncodersTarget
from tests.fuzz.engine import Broken, Case, Finding, attack, made_small
from tests.fuzz.simulator import SimulatorTarget
from tests.fuzz.targets import TARGETS
from tests.wrong_messages import Outcome, Writers


@pytest.fixture(autouse=True)
def _do_not_try_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """A planted bug need not be made small, but where that is the question."""
    monkeypatch.setattr(engine, "_TRIES", 20)


class Planted:
    """A target that dislikes two letters."""

    name = "planted"
    given = 0

    def __init__(self, random: Random) -> None:
        self._random = random

    def draw(self) -> Case:
        return {"words": [self._random.randbytes(20) for _ in range(5)], "number": self._random.random()}

    def check(self, case: Case) -> None:
        if any(b"a" in word and b"b" in word for word in case["words"]):
            raise Broken("two letters", repr(case))


def test_what_breaks_is_made_as_small_as_it_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_TRIES", 1000)
    (finding,) = attack(Planted, "1", inputs=2000).findings
    (word,) = finding.case["words"]
    assert sorted(word) == sorted(b"ab")
    assert finding.number > 1


def test_the_same_seed_gives_the_same_cases() -> None:
    for make in TARGETS.values():
        one, other = make(Random("x")), make(Random("x"))
        assert [written(one.draw()) for _ in range(50)] == [written(other.draw()) for _ in range(50)]


def test_an_input_that_hangs_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "HANGS", 0.2)
    monkeypatch.setattr(engine, "_TICK", 0.1)
    monkeypatch.setattr(engine, "_TRIES", 1)

    def hang(_: Planted, __: Case) -> None:
        while True:
            pass

    monkeypatch.setattr(Planted, "check", hang)
    (finding,) = attack(Planted, "1", inputs=1).findings
    assert "processor time" in finding.problem


def test_what_takes_too_long_for_its_size_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "SECONDS", 0.01)

    def linger(_: Planted, case: Case) -> None:
        sum(range(3_000_000))

    monkeypatch.setattr(Planted, "check", linger)
    (finding,) = attack(Planted, "1", inputs=1).findings
    assert "where 0.01 s are fine" in finding.problem


def test_made_small_leaves_alone_what_does_not_fail() -> None:
    assert made_small({"a": [b"xyz", "text"]}, lambda _: False) == {"a": [b"xyz", "text"]}


def test_a_case_survives_its_file(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cases, "FOUND", tmp_path)
    for make in TARGETS.values():
        target = make(Random("y"))
        for _ in range(20):
            case = target.draw()
            path = cases.keep(Finding(target.name, "y", 1, "no problem", "", case))
            # NaN is not equal to itself; its text is.
            assert repr(read_case(path)) == repr(case)


@pytest.mark.parametrize(
    "node, meant",
    [
        ('{"text": "9\\u00001\\u0000\\udcff"}', b"9\x001\0\xff"),
        ('{"repeat": {"hex": "0a00"}, "times": 3}', b"\n\0\n\0\n\0"),
        ('{"joined": [{"hex": "61"}, {"framed": {"text": "b"}}]}', b"a\0\0\0\1b"),
        ('{"repeat": "x", "times": 4}', "xxxx"),
    ],
)
def test_the_forms_of_a_file_mean_what_their_table_says(node: str, meant: object, tmp_path) -> None:
    path = tmp_path / "case.json"
    path.write_text(f'{{"why": "a reason", "value": {node}}}', "utf-8")
    assert read_case(path) == {"value": meant}


# Each target, and a bug of the kind that it is there for


def problems(name: str, inputs: int) -> str:
    return " ".join(finding.problem for finding in attack(TARGETS[name], "planted", inputs=inputs).findings)


def test_the_decoders_target_finds_a_decoder_that_raises_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    decode = Codec.decode

    def raises_lookup_error(codec: Codec, body: bytes) -> object:
        if b"2147483648" in body:
            raise LookupError(body)
        return decode(codec, body)

    monkeypatch.setattr(Codec, "decode", raises_lookup_error)
    assert "LookupError" in problems(DecodersTarget.name, 10_000)


def test_the_decoders_target_finds_a_compiled_reader_that_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    decode = Codec.decode

    def differs(codec: Codec, body: bytes) -> object:
        message = decode(codec, body)
        if engine_is_compiled() and codec.version > 200 and codec.side is Side.CLIENT:
            raise DecodeError("Message", "field", "this", "that")
        return message

    def engine_is_compiled() -> bool:
        from anytws.wire import codec as module

        return module.WORTH_COMPILING == 0

    monkeypatch.setattr(Codec, "decode", differs)
    assert "closures and compiled readers differ" in problems(DecodersTarget.name, 2_000)


def test_the_encoders_target_finds_a_compiled_writer_that_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that takes what is equal for the same, as True for 1."""
    write_compiled, known = Writers.write_compiled, {}

    def remembers(writers: Writers, message: object) -> Outcome:
        try:
            key = writers.compiled.version, message
            if key not in known:
                known[key] = write_compiled(writers, message)
        except Exception:
            return write_compiled(writers, message)
        return known[key]

    monkeypatch.setattr(Writers, "write_compiled", remembers)
    assert "closures and compiled writers differ" in problems(EncodersTarget.name, 2_000)


def test_the_connection_target_finds_a_second_end(monkeypatch: pytest.MonkeyPatch) -> None:
    receive_eof = core.Connection.receive_eof

    def ends_again(connection: core.Connection) -> None:
        receive_eof(connection)
        if connection.server_version is not None and connection.closed is not None:
            connection._events.append(connection.closed)

    monkeypatch.setattr(core.Connection, "receive_eof", ends_again)
    assert "something is told after the end" in problems(ConnectionTarget.name, 200)


def test_the_simulator_target_finds_a_client_that_takes_others_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    receive_data = core.Connection.receive_data

    def dies_of_an_empty_frame(connection: core.Connection, data: bytes) -> None:
        receive_data(connection, data)
        if connection.side is Side.TWS and connection.server_version and data.startswith(bytes(4)):
            raise ArithmeticError(data)

    monkeypatch.setattr(core.Connection, "receive_data", dies_of_an_empty_frame)
    assert "ArithmeticError" in problems(SimulatorTarget.name, 150)


def test_the_command_line_target_finds_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    from anytws.cli import explain

    def stumbles(text: str, most: int = 80) -> str:
        raise UnicodeError(text)

    monkeypatch.setattr(explain, "shown", stumbles)
    assert "UnicodeError" in problems(CommandLineTarget.name, 300)
