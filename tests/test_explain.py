"""``anytws explain``: whatever people paste is found, guessed and told field by field."""

from __future__ import annotations

import io
import json
import os
import sys
import threading
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws import cli
from anytws.cli import explain as explain_module
from anytws.cli import pasted_text, readings
from anytws.cli.pasted import Pasted, frames_in
from anytws.messages import (
    ContractData,
    ContractDetails,
    LimitOrder,
    MarketOrder,
    NextValidId,
    OpenOrder,
    OrderAllocation,
    OrderState,
    PlaceOrderRequest,
    Side,
    StartApiRequest,
    Stock,
    TagValue,
    TickPrice,
    TickType,
    TimeCondition,
)
from anytws.wire.codec import Codec
from anytws.wire.frames import frame
from tests.growth import SMALL, assert_linear
from tests.hostile_frames import nested, tag, varint

RECORDED = Path(__file__).parent / "data" / "recorded_frames.jsonl"
NEXT_VALID_ID = b"9\x001\x0042\x00"


def explained(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    """Give what the verb says to *arguments*."""
    assert cli.main(["explain", *arguments]) == code
    return capsys.readouterr().out


def lines(told: str) -> list[list[str]]:
    return [line.split() for line in told.splitlines()]


# What people paste


@pytest.mark.parametrize(
    "pasted",
    [
        NEXT_VALID_ID,
        frame(NEXT_VALID_ID),
        NEXT_VALID_ID.hex().encode(),
        frame(NEXT_VALID_ID).hex(" ").upper().encode(),
        b"0x" + NEXT_VALID_ID.hex().encode() + b"\n",
        repr(NEXT_VALID_ID).encode(),
        b"DEBUG:client:msg=" + repr(frame(NEXT_VALID_ID)).encode() + b" at noon",
        b"Bob's msg (it's here): " + repr(frame(NEXT_VALID_ID)).encode() + b" isn't it",
        frame(NEXT_VALID_ID).hex(":").encode(),
        frame(NEXT_VALID_ID).hex(",", 2).encode(),
        "\u00a0".join(f"0x{byte:02X}" for byte in NEXT_VALID_ID).encode(),
    ],
)
def test_bytes_are_found_in_every_disguise(pasted: bytes):
    assert [*frames_in(pasted)] == [Pasted(NEXT_VALID_ID)]


@pytest.mark.parametrize(
    "pasted, said_by",
    [
        (b"fields: (b'9', b'1', b'42')", None),
        (b"14:30:00 DEBUG fields: ['9', '1', '42'] and more", None),
        (b"fields: (b'9', b'1', b'42') (said [again])", None),
        (b"DEBUG:ib_async.client:<<< 9,1,42", Side.TWS),
        (b">>> 9,1,42", Side.CLIENT),
        (b"9,1,42", None),
        (b"print('hello') <<< 9,1,42", Side.TWS),
        (b"('hello', name) then ['9', 1, 42]", None),
        (b"fields: ['9', b'1', '42', ] [", None),
        (b"fields: ['9' '1' '42']\r", None),
        (b"fields: ('9', [1], 2) ('9', '1', '42')", None),
    ],
)
def test_lists_of_fields_are_found_in_logs(pasted: bytes, said_by: Side | None):
    assert [*frames_in(pasted)] == [Pasted(None, ("9", "1", "42"), said_by)]


def test_frames_behind_each_other_are_told_one_by_one():
    assert [*frames_in(frame(NEXT_VALID_ID) * 3)] == [Pasted(NEXT_VALID_ID)] * 3


def test_bodies_in_hex_may_be_one_in_a_line():
    bodies = [NEXT_VALID_ID, Codec(Side.TWS, 226).encode(NextValidId(42)), Codec(Side.TWS, 201).encode(NextValidId(42))]
    assert [*frames_in("\n".join(body.hex() for body in bodies).encode())] == [Pasted(body) for body in bodies]


def test_a_dump_may_break_its_lines_anywhere():
    dump = (frame(NEXT_VALID_ID) * 3).hex()
    assert [*frames_in(f"{dump[:20]}\n{dump[20:40]}\n{dump[40:]}\n".encode())] == [Pasted(NEXT_VALID_ID)] * 3


@pytest.mark.parametrize("version", [200, 201, 226])
@pytest.mark.parametrize("left", range(1, 11))
def test_the_frames_before_one_that_is_cut_off_are_found(version: int, left: int):
    body = Codec(Side.TWS, version).encode(NextValidId(42))
    whole = frame(body)
    *before, torn = frames_in(whole * 2 + whole[: min(left, len(whole) - 1)])
    assert before == [Pasted(body)] * 2
    assert torn.missing
    assert torn.body is not None
    assert body.startswith(torn.body)


def test_what_a_client_says_from_its_greeting_on_is_cut_at_its_lengths():
    greeting = b"API\x00" + frame(b"v157..226")
    start = Codec(Side.CLIENT, 176).encode(StartApiRequest(7))
    assert [*frames_in(greeting + frame(start))] == [Pasted(greeting), Pasted(start)]


@pytest.mark.parametrize(
    "written, field",
    [
        (rb"'a\'b'", "a'b"),
        (rb'"a\\"', "a\\"),
        (rb"b'\xc3\xa9'", "é"),
        (rb"b'\xff'", "\udcff"),
        ("'é, (x)]'".encode(), "é, (x)]"),
        # An escape that Python warns of, which here would be an error.
        (rb"'\d \8'", "\\d \\8"),
        (rb"b'\d'", "\\d"),
        (b"-1.5e+3", "-1.5e+3"),
        (b"None", "None"),
    ],
)
def test_a_field_is_what_python_meant(written: bytes, field: str):
    assert [*frames_in(b"fields: ['9', " + written + b"]")] == [Pasted(None, ("9", field))]


@pytest.mark.parametrize(
    "line",
    [
        b"['', {[]: 1}]",
        b"['9', '1'",
        b"['9', (1)]",
        b"('9', '1']",
        b"(b'9', b'\xc3\xa9')",
        b"['9', 0x7f]",
        rb"['9', '\N{no such}']",
        rb"['9', '\x']",
        b"('9')",
        b"('hello' world)",
        b"0x",
        b"4",
        b"41 4",
        b"4 1",
        b"41;",
        b"0x4x1",
    ],
)
def test_what_only_looks_like_a_frame_is_passed_over(line: bytes):
    assert [*frames_in(line)] == []


ATTACKS = [
    *(
        "('",
        "['",
        "('(",
        "b'",
        'b"',
        "(b'",
        "(",
        "[",
        ")",
        "'",
        "\\'",
        "('\\",
        "b'\\",
        "['',",
        "['\\n',",
        "(1,",
        "([",
        "( ",
    ),
    *(
        "41",
        "41 ",
        "0x41",
        "0x",
        ":",
        ",",
        "41\n",
        "00000001ff\n",
        "<<< ",
        "<<< (",
        ">>> 9,",
        "9,1,",
        "\n",
        "\r",
        " ",
        "x",
    ),
    *(
        "{0x00,",
        "[1,",
        "[1 ",
        "[-1",
        "<Buffer 00 ",
        "00000000: 4150 4900",
        "0000  41",
        "00000000  41 50\n",
        "*\n",
        "10:00:00:000 -> --- 9-1-",
        "10:00:00:000 -> 4-",
        "sent [[",
        'received [["9",',
        '"9\\0',
        "'9\\x00",
        "9^@",
        "> ",
        ">>",
        "peer0_0[] = {\n",
        "/*",
        "<<< 9,1\n",
        "<<< 4,2,\n",
        "msgId: 9, fields: (",
        "msgId: 9, fields: (b'1',",
        "9|",
        "server version ",
        "fields: ['9',\n",
        "\x1b[",
        "- ",
        "-",
    ),
]


SIZES = (SMALL, 4 * SMALL, 16 * SMALL)


@pytest.mark.parametrize("pump", ATTACKS)
def test_anything_is_searched_in_proportion_to_its_length(pump: str):
    for end in ("", "'", "')", "]", "!"):
        texts = {size: (pump * (size // len(pump)) + end).encode() for size in SIZES}
        assert_linear(lambda size, texts=texts: [*frames_in(texts[size])], (pump, end))
    bodies = {size: (pump * (size // len(pump))).encode() + b"\0" for size in SIZES}
    assert_linear(lambda size: [*frames_in(bodies[size])], (pump, "as bytes"))


@pytest.mark.parametrize("pump", [b"41", b"41 ", b"0x41,", b"41\n"])
def test_hex_takes_no_more_memory_than_it_has_letters(pump: bytes):
    data = pump * ((200_000 if b"\n" in pump else 2_000_000) // len(pump)) + b"41"
    tracemalloc.start()
    try:
        found = [*frames_in(data)]
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found == [Pasted(b"A" * data.count(b"41"))]
    assert most < 6 * len(data)


def test_a_line_that_is_too_long_is_told_and_those_around_it_are_read(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(pasted_text, "_LONGEST_LINE", 100)
    log = tmp_path / "log"
    log.write_bytes(b"<<< 9,1,42\n" + b"x" * 101 + b"\n" + b"41" * 51 + b"\n['9', '1', '42']\n")
    told = explained(capsys, str(log), code=1)
    assert "a line of 101 characters is too long" in " ".join(told.split())
    assert [line[0] for line in lines(told) if line].count("NextValidId") == 2


def test_lines_without_a_frame_are_passed_over():
    assert [*frames_in(b"connecting ...\n\n<<< 9,1,42\nready (at last)\n")] == [
        Pasted(None, ("9", "1", "42"), Side.TWS)
    ]


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_anything_can_be_pasted(data: bytes):
    for pasted in frames_in(data):
        assert pasted.body is not None or pasted.fields


# What is told


def test_a_text_frame_is_told_field_by_field(capsys):
    told = explained(capsys, NEXT_VALID_ID.hex())
    assert "NextValidId (nextValidId, id 9), said by TWS" in told
    assert ["order_id", "42"] in lines(told)


def test_a_protobuf_frame_is_told_field_by_field(capsys):
    told = explained(capsys, Codec(Side.CLIENT, 226).encode(StartApiRequest(7)).hex())
    assert "StartApiRequest (startApi, id 71), said by CLIENT" in told
    assert "protobuf, as at server versions 213 to 226" in told
    assert ["client_id", "7"] in lines(told)


def test_the_version_is_found_out_from_the_fields(capsys):
    told = explained(capsys, b"4\x002\x00-1\x002104\x00OK\x00\x00".hex())
    assert "as at server versions 166 to 193" in told


def test_the_version_can_be_given(capsys):
    told = explained(capsys, b"4\x002\x00-1\x002104\x00OK\x00\x00".hex(), "--server-version", "157")
    assert "as at server version 157" in told
    assert ["(behind", "the", "last", "field", "that", "we", "know)", "''"] in lines(told)


def test_what_the_other_side_could_have_said_is_named(capsys):
    told = explained(capsys, Codec(Side.CLIENT, 226).encode(StartApiRequest(7)).hex())
    assert "or PositionMulti (positionMulti, id 71), said by TWS: --from decides" in " ".join(told.split())


def test_the_side_can_be_given(capsys):
    assert "ContractDataRequest" in explained(capsys, NEXT_VALID_ID.hex(), "--from", "client", code=1)


def test_fields_of_a_newer_tws_are_shown(capsys):
    told = explained(capsys, (NEXT_VALID_ID + b"new\x00").hex())
    assert ["(behind", "the", "last", "field", "that", "we", "know)", "'new'"] in lines(told)


def test_protobuf_fields_of_a_newer_tws_are_shown(capsys):
    # Field 99, a varint of 5, behind the order id.
    told = explained(capsys, (b"\x00\x00\x00\xd1\x08\x2a" + b"\x98\x06\x05").hex())
    assert ["order_id", "42"] in lines(told)
    assert ["field", "99", "5"] in lines(told)


def test_a_group_of_a_newer_tws_is_shown_by_what_is_in_it(capsys):
    # Group 99 with a varint, a text and a group; an old form of nesting, and Python has an object for it.
    group = b"\x9b\x06" + b"\x08\x05" + b"\x12\x03new" + b"\x1b\x08\x07\x1c" + b"\x9c\x06"
    told = " ".join(explained(capsys, (b"\x00\x00\x00\xd1\x08\x2a" + group).hex()).split())
    assert "field 99 {field 1 = 5, field 2 = b'new', field 3 = {field 1 = 7}}" in told
    assert "0x" not in told


def test_a_group_in_a_group_in_a_group_ends_somewhere(capsys):
    group = b"\x9b\x06" * 60 + b"\x08\x05" * 500 + b"\x9c\x06" * 60
    told = explained(capsys, (b"\x00\x00\x00\xd1\x08\x2a" + group).hex())
    assert len(told) < 1000
    assert "more" in told


def test_in_a_large_body_nothing_unknown_is_looked_for(capsys, tmp_path):
    """Of each such field Python makes an object: 16 MB of them took half a minute."""
    capture = tmp_path / "capture"
    capture.write_bytes(b"\x00\x00\x00\xd1\x08\x2a" + b"\x98\x06\x05" * 400_000)
    told = " ".join(explained(capsys, str(capture)).split())
    assert "order_id 42" in told
    assert "not looked for in a body of 1200002 bytes" in told


def test_of_many_fields_behind_the_known_ones_some_are_shown(capsys, tmp_path):
    capture = tmp_path / "capture"
    capture.write_bytes(NEXT_VALID_ID + b"new\x00" * 100_000)
    told = explained(capsys, str(capture))
    assert len(told.splitlines()) < 120
    assert "and 99900 more fields" in told


@pytest.mark.parametrize("version", [157, 226])
def test_of_many_fields_some_are_read(version: int, capsys, monkeypatch):
    for module in (explain_module, readings):
        monkeypatch.setattr(module, "MOST_FIELDS", 10)
    said = PlaceOrderRequest(Stock("AAPL"), MarketOrder("BUY", 1), order_id=7)
    told = explained(capsys, Codec(Side.CLIENT, version).encode(said).hex(), "--from", "client")
    assert "and more fields: of one frame, 10 are read here" in told
    assert len([line for line in lines(told) if line]) <= 20


def test_a_name_that_the_peer_has_chosen_is_told_in_a_line(capsys):
    """Of a map in protobuf the names are the peer's own, too."""
    details = ContractDetails(security_id_list=(TagValue("\x1b[2J" + "x" * 10_000, "v"),))
    told = explained(capsys, Codec(Side.TWS, 226).encode(ContractData(7, Stock("AAPL"), details)).hex())
    assert "\x1b" not in told
    assert "details.security_id_list[\\x1b[2J" in told
    assert len(told) < 1000


def test_a_field_that_cannot_be_read_is_told_in_its_place(capsys):
    told = explained(capsys, b"9\x001\x00soon\x00".hex(), code=1)
    assert ["order_id", "soon", "is", "not", "INT"] in lines(told)


def test_a_field_of_protobuf_that_cannot_be_read_is_told_with_those_behind_it(capsys):
    sentinel = tag(3, 0) + varint(2**31 - 1)
    body = (204).to_bytes(4, "big") + tag(1, 0) + b"\5" + sentinel + nested(4, b"ok")
    told = lines(explained(capsys, body.hex(), "--from", "tws", code=1))
    assert ["request_id", "5"] in told
    assert ["error_code", "2147483647", "is", "not", "INT"] in told
    assert ["error_message", "ok"] in told


def test_of_many_fields_that_cannot_be_read_each_is_told(capsys):
    """In one walk, however many there are."""
    bars = "".join([f"20240131\0x{place}\0" + "1\0" * 6 for place in range(300)])
    told = explained(
        capsys, f"17\x005\x00300\0{bars}".encode().hex(), "--server-version", "200", "--from", "tws", code=1
    )
    assert sum("DOUBLE" in line for line in lines(told)) == 300


@pytest.mark.parametrize("version", [157, 226])
def test_a_frame_that_is_cut_off_is_told_as_far_as_it_goes(capsys, version: int):
    whole = frame(
        Codec(Side.CLIENT, version).encode(PlaceOrderRequest(Stock("AAPL"), MarketOrder("BUY", 1), order_id=7))
    )
    told = explained(capsys, whole[:40].hex(), code=1)
    assert "PlaceOrderRequest (placeOrder, id 3), said by CLIENT" in told
    assert f"the frame is cut off, {len(whole) - 40} bytes before its end" in told
    assert version == 226 or ["contract.symbol", "AAPL"] in lines(told)


def test_an_enumeration_is_told_by_the_name_that_a_program_has_for_it(capsys):
    told = explained(capsys, Codec(Side.TWS, 176).encode(TickPrice(7, TickType.BID, 10.5)).hex())
    assert ["tick_type", "1", "TickType.BID"] in lines(told)


def test_lines_fit_and_texts_are_told_whole(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    text = " ".join(f"word{number}" for number in range(60))
    condition = TimeCondition(is_more=True, time="20270101 16:00:00 US/Eastern")
    order = LimitOrder("BUY", 1, 10, order_reference=text, conditions=(condition,), good_till_date="20270101")
    told = explained(capsys, Codec(Side.CLIENT, 176).encode(PlaceOrderRequest(Stock("AAPL"), order, order_id=7)).hex())
    assert text in " ".join(told.split())
    assert "= 2027-01-01 16:00:00-05:00" in told
    assert max(map(len, told.splitlines())) <= 80


def test_garbage_is_not_told_at_length(capsys, tmp_path):
    garbage = tmp_path / "garbage"
    garbage.write_bytes(b"\x9c" * 100_000 + b"\x00")
    assert len(explained(capsys, str(garbage), code=1)) < 400


@pytest.mark.parametrize("version", [157, 158, 162, 170, 183, 189, 194, 195, 198, 199, 200, 201, 202])
def test_the_version_at_which_it_was_said_is_among_those_that_are_told(capsys, version: int):
    # Not every version is tried, only one of each band: read 127 times, a day's log would take an hour.
    allocations = (OrderAllocation(account="DU1", is_monetary=True),) if version >= 195 else ()
    said = OpenOrder(7, Stock("AAPL"), MarketOrder("BUY", 1), OrderState(order_allocations=allocations))
    told = explained(capsys, Codec(Side.TWS, version).encode(said).hex())
    words = next(line for line in lines(told) if line[:2] == ["text,", "as"])
    versions = [int(word) for word in words if word.isdecimal()]
    assert versions[0] <= version <= versions[-1]
    assert "behind the last field" not in told


def test_the_handshake_is_told(capsys):
    greeting = b"API\x00\x00\x00\x00\x09v157..226"
    assert "v157..226" in explained(capsys, greeting.hex())
    reply = b"176\x0020240303 03:56:49 GMT\x00"
    assert ["server_version", "176"] in [line[:2] for line in lines(explained(capsys, reply.hex()))]


def test_an_unknown_id_is_told(capsys):
    assert "has the id '777'" in explained(capsys, b"777\x001\x00".hex(), code=1)


def test_a_file_and_the_standard_input_are_read(capsys, tmp_path, monkeypatch):
    log = tmp_path / "api.log"
    log.write_text("<<< 9,1,42\n", "utf-8")
    from_file = explained(capsys, str(log))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(log.read_bytes())))
    assert explained(capsys) == from_file
    assert ["order_id", "42"] in lines(from_file)


def test_nothing_to_explain_is_an_error(capsys):
    assert cli.main(["explain", "no frame at all"]) == 1
    told = " ".join(capsys.readouterr().err.split())
    assert "there is no frame in 'no frame at all', and there is no file of that name" in told


def test_a_file_or_a_pipe_with_nothing_in_it_is_an_error(capsys, tmp_path, monkeypatch):
    empty = tmp_path / "empty"
    empty.touch()
    assert cli.main(["explain", str(empty)]) == 1
    assert "no file of that name" not in capsys.readouterr().err
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    assert cli.main(["explain"]) == 1
    assert "there is no frame in the standard input" in capsys.readouterr().err


def test_what_is_named_and_cannot_be_read_is_told(capsys, tmp_path, monkeypatch):
    def refused(path: Path, mode: str, buffering: int) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    assert cli.main(["explain", str(tmp_path)]) == cli.USAGE
    assert "Is a directory" in " ".join(capsys.readouterr().err.split())
    monkeypatch.setattr(Path, "open", refused)
    assert cli.main(["explain", "secret.log"]) == cli.USAGE
    assert "cannot read 'secret.log': Permission denied" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("source", ["a" * 10_000, "a\0b", "\udcff", "a\ud800", "", "no/such/file", "a\nb"])
def test_what_is_the_name_of_nothing_is_told(source: str, capsys):
    assert cli.main(["explain", source]) in {1, cli.USAGE}
    out, error = capsys.readouterr()
    assert out or error.startswith("anytws: ")
    assert len(error) < 400


def test_a_pipe_with_a_name_is_read(capsys, tmp_path):
    """As in ``anytws explain <(journalctl -u program)``."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b"<<< 9,1,42\n",))
    writer.start()
    assert ["order_id", "42"] in lines(explained(capsys, str(pipe)))
    writer.join()


class _Endless(io.RawIOBase):
    """What never ends, as /dev/zero."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        buffer[:] = bytes(len(buffer))
        return len(buffer)


def test_what_has_no_end_is_not_read_for_ever(capsys, monkeypatch):
    monkeypatch.setattr(explain_module, "_MOST_INPUT", 2**20)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(_Endless())))
    assert cli.main(["explain"]) == cli.USAGE
    assert "the standard input: it is longer than 1 MB, and there was no frame in them" in " ".join(
        capsys.readouterr().err.split()
    )


def test_a_standard_input_that_is_closed_is_told(capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    assert cli.main(["explain"]) == cli.USAGE
    assert "cannot read the standard input: it is closed" in " ".join(capsys.readouterr().err.split())
    closed = io.TextIOWrapper(io.BytesIO())
    closed.close()
    monkeypatch.setattr(sys, "stdin", closed)
    assert cli.main(["explain"]) == cli.USAGE
    assert "closed" in capsys.readouterr().err


def test_what_came_over_the_wire_cannot_speak_to_the_terminal(capsys):
    told = explained(capsys, b"4\x002\x00-1\x00502\x00\x1b[2J\x00\x00".hex())
    assert "\x1b" not in told


def test_every_recorded_frame_can_be_explained(capsys):
    """All that real TWS sessions said, as one file: no frame without its name, and only the known ones unread."""
    recorded = [json.loads(line) for line in RECORDED.read_text("utf-8").splitlines()]
    for each in recorded:
        if "body" in each and each["read_at"] is not None and not each.get("skip_check"):
            told = explained(capsys, each["body"], "--from", "tws" if each["direction"] == "in" else "client")
            assert "behind the last field" not in told
            assert NextValidId.__name__ in told or each["name"] != "nextValidId"


def test_a_dash_is_the_standard_input_and_what_begins_with_one_is_an_option(monkeypatch, capsys):
    for words, code in ((["-"], 0), (["--from", "tws", "-"], 0), (["--nonsense"], 2), (["-x"], 2)):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"<<< 9,1,42\n")))
        assert cli.main(["explain", *words]) == code
        told = capsys.readouterr()
        assert ("NextValidId" in told.out) == (code == 0)
        assert ("no option" in told.err) == (code == 2)
