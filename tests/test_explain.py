"""``anytws explain``: whatever people paste is found, guessed and told field by field."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws import cli
from anytws.cli.pasted import Pasted, frames_in
from anytws.messages import (
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
    TickPrice,
    TickType,
    TimeCondition,
)
from anytws.wire.codec import Codec
from anytws.wire.frames import frame

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
    assert ["field", "99", "5", "none"] in lines(told)


def test_a_field_that_cannot_be_read_ends_it_with_a_sentence(capsys):
    told = explained(capsys, b"9\x001\x00soon\x00".hex(), code=1)
    assert "NextValidId.order_id: seen 'soon', expected INT" in " ".join(told.split()) or "'soon'" in told


@pytest.mark.parametrize("version", [157, 226])
def test_a_frame_that_is_cut_off_is_told_as_far_as_it_goes(capsys, version: int):
    whole = frame(Codec(Side.CLIENT, version).encode(PlaceOrderRequest(7, Stock("AAPL"), MarketOrder("BUY", 1))))
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
    told = explained(capsys, Codec(Side.CLIENT, 176).encode(PlaceOrderRequest(7, Stock("AAPL"), order)).hex())
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
