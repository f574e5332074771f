"""Logs and dumps as people have them: what real programs wrote, and how it comes apart on its way here."""

from __future__ import annotations

import io
import sys
import tracemalloc
from decimal import Decimal
from pathlib import Path

import pytest

from anytws import cli
from anytws.cli import explain as explain_module
from anytws.cli import masked, pasted_text, pasted_words
from anytws.cli.pasted import CHUNK, PastedInput, frames_in
from anytws.cli.readings import Readings
from anytws.messages import (
    Contract,
    ErrorMessage,
    NextValidId,
    OrderStatus,
    Position,
    Side,
    StartApiRequest,
    TickPrice,
    TickType,
)
from anytws.wire.codec import Codec
from anytws.wire.frames import frame

DATA = Path(__file__).parent / "data" / "pasted"
NEXT_VALID_ID = b"9\x001\x0042\x00"
REPLY = b"176\x0020240303 03:56:49 GMT\x00"


def told(capsys: pytest.CaptureFixture[str], tmp_path: Path, pasted: str | bytes, *options: str, code: int = 0) -> str:
    """Give what the verb says to a file with *pasted* in it, without the line breaks."""
    file = tmp_path / "pasted"
    file.write_bytes(pasted if isinstance(pasted, bytes) else pasted.encode())
    assert cli.main(["explain", *options, str(file)]) == code
    captured = capsys.readouterr()
    return " ".join((captured.out + captured.err).split())


def names(text: str | bytes) -> list[str]:
    """Give who said what in *text*, one word each: ``TWS.NextValidId``."""
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
    readings = Readings()
    found: list[str] = []
    for pasted in frames_in(data):
        if pasted.version is not None:
            readings.learn(pasted.version)
            continue
        reading = readings.best(pasted)
        side = f"{reading.side.name}." if reading.side is not None else ""
        found.append(side + reading.title.partition(" (")[0].partition(", said")[0])
    return found


# --- what real programs wrote ------------------------------------------------------------------------------------

SESSION = [
    "CLIENT.the client's greeting",
    "TWS.the version reply",
    "CLIENT.StartApiRequest",
    "TWS.ManagedAccounts",
    "TWS.NextValidId",
    "TWS.ErrorMessage",
    "TWS.ErrorMessage",
    "TWS.ErrorMessage",
    "CLIENT.CurrentTimeRequest",
    "CLIENT.ManagedAccountsRequest",
    "CLIENT.ContractDataRequest",
    "CLIENT.MarketDataRequest",
    "TWS.CurrentTime",
    "TWS.ManagedAccounts",
    "TWS.ErrorMessage",
    "TWS.ErrorMessage",
]


@pytest.mark.parametrize("version", [176, 226])
def test_the_log_of_the_official_client_has_each_frame_once(version: int) -> None:
    """It writes each one up to four times: as bytes, as what is left of them, as fields, and as a call."""
    assert names((DATA / f"official_10.51_at_{version}.log").read_bytes()) == SESSION


def test_the_log_of_ib_async_is_read_from_its_version_line_on() -> None:
    found = names((DATA / "ib_async_2.1_at_176.log").read_bytes())
    assert found[:2] == ["TWS.the version reply", "CLIENT.StartApiRequest"]
    assert {name for name in found if name.startswith("TWS.")} == {name for name in SESSION if name.startswith("TWS.")}
    assert [name for name in found if name == "TWS.ErrorMessage"] == ["TWS.ErrorMessage"] * 5


def test_an_error_is_no_request_to_cancel_market_data(capsys, tmp_path) -> None:
    """The id stands in front of the fields, and without it the 2 behind it is one."""
    line = "02:22:38,956 ibapi.client DEBUG msgId: 4, fields: (b'2', b'-1', b'2104', b'All is well', b'')\n"
    said = told(capsys, tmp_path, line)
    assert "ErrorMessage (error, id 4), said by TWS" in said
    assert "CancelMarketData" not in said


@pytest.mark.parametrize(
    "line, expected",
    [
        ("DEBUG:root:ANSWER fields: (b'9', b'1', b'42')", "TWS.NextValidId"),
        ("msgId: 9, fields: (b'1', b'42')", "TWS.NextValidId"),
        ("ERROR Error handling fields: ['9', '1', '42']", "TWS.NextValidId"),
        (
            "INFO ibapi.client SENDING startApi b'\\x00\\x00\\x00\\x0871\\x002\\x000\\x00\\x00'",
            "CLIENT.StartApiRequest",
        ),
        ("Msg received fields: (b'9', b'1', b'42')", "TWS.NextValidId"),
        ("TWS API request sent: function=reqIds msg=b'\\x00\\x00\\x00\\x068\\x001\\x001\\x00'", "CLIENT.IdsRequest"),
        ('[LOG]   received [["9","1","42"],"9\\u00001\\u000042\\u0000"]', "TWS.NextValidId"),
        ('[LOG]   sent [[71,2,1,""],"71\\u00002\\u00001\\u0000"]', "CLIENT.StartApiRequest"),
        ('<- "9\\01\\042\\0"', "TWS.NextValidId"),
        ('-> "71\\02\\0100\\0\\0"', "CLIENT.StartApiRequest"),
        ('ResponseMessage { i: 0, fields: ["9", "1", "42"] } received', "TWS.NextValidId"),
        ("got 9^@1^@42^@ from TWS", "TWS.NextValidId"),
        ("<<< 9|1|42|", "TWS.NextValidId"),
        ("9|1|42|", "TWS.NextValidId"),
        ("received <Buffer 00 00 00 07 39 00 31 00 34 32 00>", "TWS.NextValidId"),
        ("received [0, 0, 0, 7, 57, 0, 49, 0, 52, 50, 0]", "TWS.NextValidId"),
        ("received [0 0 0 7 57 0 49 0 52 50 0]", "TWS.NextValidId"),
        ("> <<< 9,1,42", "TWS.NextValidId"),
        (">>> 9,1,42 >>> print('x')", None),
        ("\x1b[32mDEBUG\x1b[0m <<< 9,1,42", "TWS.NextValidId"),
    ],
)
def test_a_line_of_a_log(line: str, expected: str | None) -> None:
    found = names(line)
    assert found == [expected] or (expected is None and "TWS.NextValidId" not in found)


@pytest.mark.parametrize(
    "line",
    [
        "ANSWER managedAccounts {'accountsList': 'DU1,DU2', 'b': ['9', '1', '42']}",
        "calling <bound method EWrapper.nextValidId> with <EWrapper object> ['9', '1', '42']",
        "DEBUG decode <class 'int'> b'9\\x001\\x0042\\x00'",
        "len(args): (b'hello', b'1')",
        "it's nine o'clock (\"9\")",
        "12:30:45",
        "20240131",
        "<<<<<<< HEAD",
        ">>> print('hello')",
        "price -> 9 -> 10",
        "2024-01-01 10:00:00.123 -> started",
        "[1, 2, 3]",
        "x = {1: 2, 3: 4}",
    ],
)
def test_what_only_looks_like_one_is_passed_over(line: str) -> None:
    assert [*frames_in(f"started\n{line}\nended\n".encode())] == []


# --- the log that TWS exports ------------------------------------------------------------------------------------


def exported(body: bytes) -> str:
    """Write *body* as TWS does: with its length, and a dash for every NUL."""
    data = frame(body) if body[:1].isdigit() else body
    return data.replace(b"\0", b"-").decode("latin-1")


@pytest.mark.parametrize(
    "line, expected",
    [
        ("10:05:21:715 -> --- 15-1-DU0000000-", "TWS.ManagedAccounts"),
        ("10:05:21:720 -> --- 9-1-1-", "TWS.NextValidId"),
        ("10:05:21:715 -> ---15-1-DU0000000-", "TWS.ManagedAccounts"),
        ("10:05:21:715 -> " + exported(b"9\x001\x001\x00"), "TWS.NextValidId"),
        ("10:05:21:700 <- 71-2-0--", "CLIENT.StartApiRequest"),
        ("10:05:21:700 <- 9-8-1-0-AMGN-STK--0.0---SMART--USD---0---", "CLIENT.ContractDataRequest"),
        # 49 is the digit 1: the length of a frame says whether it belongs to the id.
        ("10:05:21:715 -> " + exported(b"15\x001\x00" + b"DU1234567," * 4 + b"DU12\x00"), "TWS.ManagedAccounts"),
        ("2024-01-31 10:05:21.720 -> --- 9-1-1-", "TWS.NextValidId"),
    ],
)
def test_a_line_that_tws_exports(line: str, expected: str) -> None:
    assert names(line) == [expected]


SAID = [
    ErrorMessage(None, 2104, "Market data farm connection is OK:us-farm - and more-"),
    ErrorMessage(7, 200, "No security-definition has been found for -the- request"),
    TickPrice(7, TickType.BID, -1.0),
    TickPrice(7, TickType.BID, -0.00012),
    OrderStatus(-3, "PreSubmitted", Decimal(0), Decimal(1), 0.0, 1, 0, 0.0, -1),
    Position("DU0000000", Contract(265598, symbol="BRK-B", currency="USD", local_symbol="BRK-B"), Decimal(-5), 1.5),
]


@pytest.mark.parametrize("said", SAID, ids=lambda said: type(said).__name__)
def test_which_dash_is_one_is_decided_by_the_layout(said) -> None:
    body = Codec(Side.TWS, 176).encode(said)
    fields = body.decode().split("\0")[:-1]
    (pasted,) = frames_in(f"10:05:21:715 -> {exported(body)}\n".encode("latin-1"))
    reading = Readings(176).best(pasted)
    assert list(reading.wire_fields) == fields
    assert reading.is_whole


@pytest.mark.parametrize("said", [SAID[0], ErrorMessage(7, 200, "one, two, and three")], ids=["none", "some"])
def test_which_comma_is_one_is_decided_by_the_layout(said: ErrorMessage) -> None:
    fields = Codec(Side.TWS, 176).encode(said).decode().split("\0")[:-1]
    (pasted,) = frames_in(f"<<< {','.join(fields)}\n".encode())
    assert list(Readings().best(pasted).wire_fields) == fields


# --- lists that came apart ---------------------------------------------------------------------------------------

STATUS = "Error handling fields: ['3', '179', 'Submitted', '0', '824', '0', '193966283', '0', '0', '1', '', '0']"


@pytest.mark.parametrize("width", [40, 71, 80, 88])
def test_a_terminal_may_break_a_list_anywhere(width: int) -> None:
    lines = [STATUS[at : at + width] for at in range(0, len(STATUS), width)]
    for end in ("\n", "\r\n", "\n\n\n"[:1]):
        assert [*frames_in(end.join(["before", *lines, "after", ""]).encode())] == [*frames_in(STATUS.encode())]


def test_a_mail_breaks_it_at_blanks_and_quotes_it() -> None:
    words = STATUS.split(" ")
    quoted = "\n".join("> " + " ".join(words[at : at + 4]) for at in range(0, len(words), 4))
    assert [*frames_in(f"On Monday you wrote:\n{quoted}\n\nThat is odd.\n".encode())] == [*frames_in(STATUS.encode())]


def test_bytes_may_be_broken_too() -> None:
    text = f"SENDING startApi {frame(b'71' + bytes(1) + b'2' + bytes(1) + b'0' + bytes(2))!r}"
    assert names(f"{text[:40]}\n{text[40:]}\n14:30:00 more\n") == ["CLIENT.StartApiRequest"]


def test_fields_with_commas_go_on_in_the_next_line_where_that_makes_them_whole() -> None:
    text = "DEBUG:ib_async.client:<<< 3,179,Submitted,0,824,0,1939662\n83,0,0,1,,0\nDEBUG:ib_async.client:<<< 9,1,42\n"
    assert names(text) == ["TWS.OrderStatus", "TWS.NextValidId"]
    assert names("<<< 9,1,42\n83,0,0,1,,0 is what he said\nbye\n") == ["TWS.NextValidId"]


def test_a_list_that_never_ends_takes_nothing_with_it() -> None:
    text = "fields: ['3', '179', 'Submitted',\n14:30:00 DEBUG <<< 9,1,42\n14:30:01 DEBUG <<< 9,1,43\n"
    assert names(text) == ["TWS.NextValidId", "TWS.NextValidId"]


# --- codes -------------------------------------------------------------------------------------------------------

LOG = "14:30:00 DEBUG müßig <<< 9,1,42\n14:30:01 DEBUG >>> 71,2,7,\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_files_of_windows_are_read(encoding: str) -> None:
    data = LOG.encode(encoding)
    data = b"\xfe\xff" + data if encoding == "utf-16-be" else data
    assert names(data) == ["TWS.NextValidId", "CLIENT.StartApiRequest"]


def test_one_byte_that_is_not_utf_8_is_no_reason_to_read_nothing() -> None:
    assert names(LOG.encode("latin-1")) == ["TWS.NextValidId", "CLIENT.StartApiRequest"]
    (pasted,) = frames_in(b"<<< 4,2,-1,2104,Gesch\xe4ft,\n")
    assert pasted.fields[4] == "Gesch\udce4ft"


# --- captures ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [176, 200, 203, 226])
def test_a_capture_may_begin_in_the_middle_of_a_frame(version: int) -> None:
    bodies = [Codec(Side.TWS, version).encode(NextValidId(number)) for number in range(4000, 4010)]
    whole = b"".join(map(frame, bodies))
    for cut in range(1, len(frame(bodies[0]))):
        found = [pasted.body for pasted in frames_in(whole[cut:])]
        readings = Readings(version, Side.TWS)
        # What begins like a body is decided by who reads it.
        if len(found) == 1:
            (pasted,) = frames_in(whole[cut:])
            assert readings.best(pasted).unexplained
            found = [each.body for each in pasted.inside]
        assert found[-9:] == bodies[1:]


def test_noise_between_frames_is_passed_over_and_counted(capsys, tmp_path) -> None:
    capture = frame(NEXT_VALID_ID) * 3 + b"\xff\xfe\xfd" * 50 + frame(NEXT_VALID_ID) * 3
    said = told(capsys, tmp_path, capture)
    assert said.count("NextValidId") == 6
    assert "passed over: 150 bytes between frames (150 of 216 bytes)" in said


def test_both_sides_of_a_capture_are_told_apart() -> None:
    greeting = b"API\0" + frame(b"v157..226")
    start = frame(Codec(Side.CLIENT, 176).encode(StartApiRequest(7)))
    assert names(greeting + start) == ["CLIENT.the client's greeting", "CLIENT.StartApiRequest"]
    assert names(frame(REPLY) + frame(NEXT_VALID_ID)) == ["TWS.the version reply", "TWS.NextValidId"]


# --- words around ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line", ["<<< 176,20240303 03:56:49 GMT", "INFO Logged on to server version 176", "ANSWER Version:176 time:b'x'"]
)
def test_a_version_in_the_input_decides_what_follows(line: str, capsys, tmp_path) -> None:
    assert "as at server version 176" in told(capsys, tmp_path, f"{line}\n<<< 9,1,42\n")
    assert "as at server version 157" in told(capsys, tmp_path, f"{line}\n<<< 9,1,42\n", "--server-version", "157")


def test_a_version_that_does_not_fit_is_not_held_against_the_frame(capsys, tmp_path) -> None:
    """Of two programs that wrote into one log, the other one had another version."""
    said = told(capsys, tmp_path, "server version 157\n<<< 4,2,-1,2104,OK,\n")
    assert "as at server versions 166 to" in said
    assert "behind the last field" not in said


def test_one_odd_value_is_better_than_many_fields_too_many(capsys, tmp_path) -> None:
    fields = "['90', '18325', '-1', '20190702  16:50:30', 'soon', '', '', '', '-1.0', '-1']"
    assert "HistoricalDataUpdate" in told(capsys, tmp_path, f"ValueError: x\nfields: {fields}\n", code=1)


def test_fields_behind_one_that_cannot_be_read_are_told(capsys, tmp_path) -> None:
    said = told(capsys, tmp_path, "<<< 1,6,24,7,soon,100,0\n", code=1)
    assert "soon is not" in said
    assert "size 100" in said


# --- what is no frame --------------------------------------------------------------------------------------------


def test_a_table_is_called_one(capsys, tmp_path) -> None:
    table = "time,open,high,low,close\n" + "".join([f"{day},1.5,2.5,0.5,{day}.5\n" for day in range(1, 60)])
    said = told(capsys, tmp_path, table, code=1)
    assert "60 lines of values, as in a table (CSV), and the first is 'time,open,high,low,close'" in said
    assert "hexdump, tcpdump -X, Wireshark" in said


def test_prose_is_called_so(capsys, tmp_path) -> None:
    said = told(capsys, tmp_path, "Dear support,\nit does not work.\nYours\n", code=1)
    assert "it is 3 lines of other text" in said


def test_how_much_was_passed_over_is_told(capsys, tmp_path) -> None:
    said = told(capsys, tmp_path, "hello\n<<< 9,1,42\nit's all, you see\n")
    assert "passed over: 2 lines without a frame (22 of 35 bytes)" in said
    assert "passed over" not in told(capsys, tmp_path, "<<< 9,1,42\n")


def test_help_names_the_forms(capsys) -> None:
    assert cli.main(["explain", "--help"]) == 0
    said = capsys.readouterr().out
    for form in ("tcpdump", "Wireshark", "xxd", "stoqey", "nautilus", "UTF-16", "--mask", "--summary"):
        assert form in said


# --- counts ------------------------------------------------------------------------------------------------------


def test_a_summary_counts_the_messages_of_each_kind(capsys, tmp_path) -> None:
    tick = Codec(Side.TWS, 176).encode(TickPrice(7, TickType.BID, 10.5))
    for data in (
        frame(REPLY) + frame(NEXT_VALID_ID) + frame(tick) * 1234,
        "<<< 176,20240303 03:56:49 GMT\n<<< 9,1,42\n" + "<<< 1,6,7,1,10.5,,0\n" * 1234,
    ):
        said = told(capsys, tmp_path, data, "--summary")
        assert "1,234 TickPrice (tickPrice, id 1), said by TWS" in said
        assert "1 NextValidId (nextValidId, id 9), said by TWS" in said
        assert "1 the version reply" in said


@pytest.mark.parametrize("version", [176, 226])
def test_a_summary_agrees_with_what_is_told_frame_by_frame(version: int, capsys, tmp_path) -> None:
    file = DATA / f"official_10.51_at_{version}.log"
    assert cli.main(["explain", "--summary", str(file)]) == 0
    counts = {}
    for line in capsys.readouterr().out.splitlines():
        count, _, title = line.strip().partition("  ")
        counts[title.partition(" (")[0]] = count
    single = [name.partition(".")[2] for name in names(file.read_bytes())]
    for name in set(single):
        assert counts[name] == str(single.count(name))


@pytest.mark.parametrize("data", [b"\0", b"\0\0\0", b"\0\0\0\0", b"\0\0\1", b"7\0", b"<<< 7"])
def test_the_shortest_input_is_counted_too(data: bytes, capsys, tmp_path) -> None:
    file = tmp_path / "pasted"
    file.write_bytes(data)
    for answer in ("--summary", "--mask"):
        assert cli.main(["explain", answer, str(file)]) in {0, 1}
        assert capsys.readouterr().out


def test_there_is_one_answer_at_a_time(capsys, tmp_path) -> None:
    assert "choose one" in told(capsys, tmp_path, "<<< 9,1,42\n", "--summary", "--mask", code=2)


# --- size --------------------------------------------------------------------------------------------------------


class _Endless(io.RawIOBase):
    """The same piece again and again, *times* times."""

    def __init__(self, piece: bytes, times: int) -> None:
        self._piece = piece
        self._left = times

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        if not self._left:
            return 0
        self._left -= 1
        count = min(len(buffer), len(self._piece))
        buffer[:count] = self._piece[:count]
        return count


TICK = Codec(Side.TWS, 176).encode(TickPrice(7, TickType.BID, 10.5))
LONG_INPUTS: dict[str, bytes] = {
    "raw": frame(TICK) * 250,
    "hex": (frame(TICK).hex() * 250).encode(),
    "hex in lines": (frame(TICK).hex() + "\n").encode() * 250,
    "log": b"DEBUG:ib_async.client:<<< 1,6,7,1,10.5,,0\n" * 250,
    "official log": b"DEBUG msgId: 1, fields: (b'6', b'7', b'1', b'10.5', b'', b'0')\n" * 250,
    "prose": b"14:30:00 INFO something happened, and nobody cares\n" * 250,
    "noise": b"\xff\x00\xfe" * 10_000,
}


@pytest.mark.parametrize("name", LONG_INPUTS)
def test_memory_does_not_grow_with_the_input(name: str, monkeypatch) -> None:
    monkeypatch.setattr(pasted_text, "_LONGEST_LINE", 2**17)

    def most(times: int) -> int:
        source = _Endless(LONG_INPUTS[name], times)
        tracemalloc.start()
        try:
            for _ in PastedInput(lambda: source.read(CHUNK) or b"").frames():
                continue
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    # A frame of 16 MB could be on its way in what begins as none.
    assert most(60) < 2.2 * most(20) + 2**20


def test_the_first_frame_is_told_before_the_last_one_has_come(capsys, monkeypatch) -> None:
    """As in ``tail -f api.log | anytws explain``."""
    seen: list[str] = []

    class Tail(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, buffer) -> int:
            seen.append(capsys.readouterr().out)
            line = [b"<<< 9,1,42\n", b"<<< 9,1,43\n", b""][len(seen) - 1]
            buffer[: len(line)] = line
            return len(line)

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Tail())))
    assert cli.main(["explain"]) == 0
    assert "42" in seen[1]
    assert "43" in seen[2]


def test_an_input_without_an_end_and_with_frames_is_read_as_long_as_it_goes(capsys, monkeypatch) -> None:
    monkeypatch.setattr(explain_module, "_MOST_INPUT", 1000)
    source = _Endless(frame(REPLY) + frame(NEXT_VALID_ID) * 20, 20)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(source)))
    assert cli.main(["explain", "--summary"]) == 0
    assert "400  NextValidId" in capsys.readouterr().out


def test_what_is_remembered_has_a_bound(monkeypatch, tmp_path, capsys) -> None:
    """Of numbers, accounts and texts that nobody ever heard of."""
    for module, name, most in (
        (explain_module, "_MOST_KINDS", 5),
        (explain_module, "_MOST_SHAPES", 5),
        (masked, "_MOST", 5),
    ):
        monkeypatch.setattr(module, name, most)
    monkeypatch.setattr(explain_module, "_MOST_LINES", 5)
    monkeypatch.setattr(pasted_words, "_MOST_SHOWN", 5)
    lines = "".join([f"<<< {number},1,DU{number}\n" for number in range(300, 400)])
    assert "messages of other kinds that are not known" in told(capsys, tmp_path, lines, "--summary", code=1)
    accounts = "".join([f"msgId: 15, fields: (b'1', b'DU{number}')\n" for number in range(10_000, 10_100)])
    said = told(capsys, tmp_path, accounts, "--mask")
    assert said.count("<<< ['15', '1', 'DU0000") == 100
    assert told(capsys, tmp_path, accounts).count("ManagedAccounts") == 100
