"""The forms in which people have frames: each renders the bodies that one side has said, one after the other."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import count

import attrs

from anytws.messages import Side
from anytws.wire.frames import frame
from anytws.wire.text import split_fields

Bodies = Sequence[bytes]
Render = Callable[[Bodies, Side, int], str | bytes]


@attrs.frozen
class Form:
    """One form."""

    name: str
    render: Render
    tells_side: bool = False
    """Whether one can see who said it."""
    texts_only: bool = False
    """Whether it has fields, and so no protobuf."""
    side: Side | None = None
    """The side that alone is written like this."""


def fields_of(body: bytes) -> list[str]:
    """Give the fields of a text body, message id first, whatever the form of the id."""
    if body[:2] == b"\0\0":
        return [str(int.from_bytes(body[:4], "big")), *split_fields(body[4:])]
    return split_fields(body)


def is_text(body: bytes) -> bool:
    """Tell whether *body* is no protobuf."""
    return body[:2] != b"\0\0" or int.from_bytes(body[:4], "big") <= 200


def _lines(bodies: Bodies, line: Callable[[bytes], str]) -> str:
    return "".join([f"{line(body)}\n" for body in bodies])


def _stream(bodies: Bodies) -> bytes:
    return b"".join(map(frame, bodies))


# --- bytes, hex and dumps ----------------------------------------------------------------------------------------


def raw(bodies: Bodies, _side: Side, _version: int) -> bytes:
    return _stream(bodies)


def hex_in_one_line(bodies: Bodies, _side: Side, _version: int) -> str:
    return _stream(bodies).hex()


def hex_broken_anywhere(bodies: Bodies, _side: Side, _version: int) -> str:
    text = _stream(bodies).hex(" ")
    return "\n".join(text[at : at + 48].strip() for at in range(0, len(text), 48))


def hex_with_arrows(bodies: Bodies, side: Side, _version: int) -> str:
    arrow = "<<<" if side is Side.TWS else ">>>"
    return _lines(bodies, lambda body: f"{arrow} {frame(body).hex(' ')}")


def _shown(data: bytes) -> str:
    return "".join([chr(byte) if 32 <= byte < 127 else "." for byte in data])


def _dumped(data: bytes, line: Callable[[int, bytes], str]) -> str:
    return "".join([f"{line(at, data[at : at + 16])}\n" for at in range(0, len(data), 16)])


def xxd(bodies: Bodies, _side: Side, _version: int) -> str:
    return _dumped(_stream(bodies), lambda at, row: f"{at:08x}: {row.hex(' ', -2):<39}  {_shown(row)}")


def xxd_by_bytes(bodies: Bodies, _side: Side, _version: int) -> str:
    return _dumped(_stream(bodies), lambda at, row: f"{at:08x}: {row.hex(' '):<47}  {_shown(row)}")


def _in_halves(row: bytes) -> str:
    return f"{row[:8].hex(' '):<23}  {row[8:].hex(' '):<23}"


def hexdump_canonical(bodies: Bodies, _side: Side, _version: int) -> str:
    data = _stream(bodies)
    return _dumped(data, lambda at, row: f"{at:08x}  {_in_halves(row)}  |{_shown(row)}|") + f"{len(data):08x}\n"


def hexdump_plain(bodies: Bodies, _side: Side, _version: int) -> str:
    data = _stream(bodies)
    padded = data + bytes(len(data) % 2)

    def words(_: int, row: bytes) -> str:
        return " ".join([f"{row[at + 1]:02x}{row[at]:02x}" for at in range(0, len(row), 2)])

    return _dumped(padded, lambda at, row: f"{at:07x} {words(at, row)}") + f"{len(data):07x}\n"


def wireshark_bytes(bodies: Bodies, _side: Side, _version: int) -> str:
    return _dumped(_stream(bodies), lambda at, row: f"{at:04x}   {row.hex(' '):<47}   {_shown(row)}")


def wireshark_follow(bodies: Bodies, side: Side, _version: int) -> str:
    indent = "    " if side is Side.TWS else ""
    # The other side speaks as well: that is how one can tell them apart.
    other = b"API\0" + frame(b"v157..226") if side is Side.TWS else frame(b"176\x0020260105 14:30:43 UTC\0")
    lines = _dumped(other, lambda at, row: f"{'' if indent else '    '}{at:08X}  {_in_halves(row)}   {_shown(row)}")
    return lines + _dumped(_stream(bodies), lambda at, row: f"{indent}{at:08X}  {_in_halves(row)}   {_shown(row)}")


def wireshark_array(bodies: Bodies, side: Side, _version: int) -> str:
    data = _stream(bodies)
    peer = 0 if side is Side.CLIENT else 1
    rows = [", ".join([f"0x{byte:02x}" for byte in data[at : at + 8]]) for at in range(0, len(data), 8)]
    return f"char peer{peer}_0[] = {{ /* Packet 3 */\n" + ", \n".join(rows) + " };\n"


def tcpdump(bodies: Bodies, side: Side, _version: int) -> str:
    ports = (7497).to_bytes(2, "big"), (51234).to_bytes(2, "big")
    source, target = ports if side is Side.TWS else ports[::-1]
    packets: list[str] = []
    data = _stream(bodies)
    for at in range(0, len(data), 50):
        payload = data[at : at + 50]
        tcp = source + target + bytes(8) + b"\x80\x18\x02\x00\x00\x00\x00\x00\x01\x01\x08\x0a" + bytes(8) + payload
        header = (
            b"\x45\x00" + (20 + len(tcp)).to_bytes(2, "big") + b"\x12\x34\x40\x00\x40\x06\x00\x00" + b"\x7f\0\0\1" * 2
        )
        packets.append("14:30:01.123456 IP 127.0.0.1.7497 > 127.0.0.1.51234: Flags [P.], length 50\n")
        dumped = _dumped(header + tcp, lambda at, row: f"\t0x{at:04x}:  {row.hex(' ', -2):<39}  {_shown(row)}")
        packets.append(dumped)
    return "".join(packets)


# --- languages ---------------------------------------------------------------------------------------------------


def python_bytes(bodies: Bodies, _side: Side, _version: int) -> str:
    return _lines(bodies, lambda body: f"DEBUG:client:msg={frame(body)!r}")


def numbers(bodies: Bodies, side: Side, _version: int) -> str:
    word = "received" if side is Side.TWS else "sent"
    return _lines(bodies, lambda body: f"{word}: {[*frame(body)]}")


def signed_numbers(bodies: Bodies, _side: Side, _version: int) -> str:
    return _lines(bodies, lambda body: str([byte - 256 if byte > 127 else byte for byte in frame(body)]))


def numbers_over_lines(bodies: Bodies, side: Side, _version: int) -> str:
    """As node.js shows an array."""
    word = "received" if side is Side.TWS else "sent"

    def shown(body: bytes) -> str:
        data = frame(body)
        rows = [", ".join([f"{byte:>3}" for byte in data[at : at + 12]]) for at in range(0, len(data), 12)]
        return f"{word} Uint8Array({len(data)}) [\n   " + ",\n   ".join(rows) + "\n]"

    return _lines(bodies, shown)


def node_buffer(bodies: Bodies, _side: Side, _version: int) -> str:
    return _lines(bodies, lambda body: f"data <Buffer {frame(body).hex(' ')}>")


# --- logs --------------------------------------------------------------------------------------------------------


def official(bodies: Bodies, side: Side, _version: int) -> str:
    """10.51: all that it writes of one frame."""
    if side is Side.CLIENT:
        return _lines(bodies, lambda body: f"14:30:00,001 ibapi.client INFO SENDING someRequest {frame(body)!r}")

    def shown(body: bytes) -> str:
        whole = frame(body)
        number = int.from_bytes(body[:4], "big") if body[:2] == b"\0\0" else 0
        if number > 200:
            told = f"msgId: {number - 200}, protobuf: {body[4:]!r}"
        else:
            fields = tuple([field.encode("utf-8", "surrogateescape") for field in fields_of(body)])
            told = f"msgId: {fields_of(body)[0]}, fields: {fields[1:]!r}"
        return (
            f"14:30:00,001 ibapi.connection DEBUG len {len(whole)} raw:{whole!r}|\n"
            f"14:30:00,001 ibapi.reader DEBUG reader loop, recvd size {len(whole)}\n"
            f"14:30:00,001 ibapi.reader DEBUG size:{len(body)} msg.size:{len(body)} msg:|b''| buf:||\n"
            f"14:30:00,002 ibapi.client DEBUG {told}\n"
            "14:30:00,002 ibapi.utils INFO ANSWER something {'a': 1, 'b': ['9', '1', '42']}\n"
            "14:30:00,002 ibapi.client DEBUG conn:1 queue.sz:0"
        )

    return _lines(bodies, shown)


def official_before(bodies: Bodies, _side: Side, _version: int) -> str:
    """Where the id was one of the fields."""

    def shown(body: bytes) -> str:
        fields = tuple([field.encode("utf-8", "surrogateescape") for field in fields_of(body)])
        return f"DEBUG:ibapi.client:ANSWER fields: {fields!r}"

    return _lines(bodies, shown)


def ib_async(bodies: Bodies, side: Side, _version: int) -> str:
    arrow = "<<<" if side is Side.TWS else ">>>"
    return _lines(
        bodies, lambda body: f"2026-01-05 14:30:00,123 ib_async.client DEBUG {arrow} {','.join(fields_of(body))}"
    )


def ib_insync_fault(bodies: Bodies, _side: Side, _version: int) -> str:
    return _lines(bodies, lambda body: f"Error handling fields: {fields_of(body)}")


def stoqey(bodies: Bodies, side: Side, _version: int) -> str:
    word = "received" if side is Side.TWS else "sent"

    def shown(body: bytes) -> str:
        fields = fields_of(body)
        text = "".join([f"{field}\0" for field in fields])
        return f"[17:29:31.561] [LOG]   {word} {json.dumps([fields, text], separators=(',', ':'))}"

    return _lines(bodies, shown)


def nautilus(bodies: Bodies, side: Side, _version: int) -> str:
    lead = "\x1b[1m2026-01-05T14:30:00.123456789Z\x1b[0m [DEBUG] TRADER-001.InteractiveBrokersClient-001: "
    if side is Side.CLIENT:
        return _lines(bodies, lambda body: f"{lead}TWS API request sent: function=reqIds msg={frame(body)!r}\x1b[0m")

    def shown(body: bytes) -> str:
        fields = tuple([field.encode("utf-8", "surrogateescape") for field in fields_of(body)])
        return (
            f"{lead}Msg buffer received: b''\x1b[0m\n{lead}Msg received: {body!r}\x1b[0m\n"
            f"{lead}Msg received fields: {fields!r}\x1b[0m"
        )

    return _lines(bodies, shown)


def rust(bodies: Bodies, side: Side, _version: int) -> str:
    arrow = "<-" if side is Side.TWS else "->"
    names = {"\0": "\\0", "\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"}

    def escaped(letter: str) -> str:
        return names.get(letter) or (letter if letter.isprintable() else f"\\u{{{ord(letter):x}}}")

    def shown(body: bytes) -> str:
        text = "".join([f"{field}\0" for field in fields_of(body)])
        return f'[2026-01-05T14:30:00Z DEBUG ibapi::transport] {arrow} "{"".join(map(escaped, text))}"'

    return _lines(bodies, shown)


def rust_message(bodies: Bodies, side: Side, _version: int) -> str:
    arrow = "<-" if side is Side.TWS else "->"

    def shown(body: bytes) -> str:
        return f"{arrow} ResponseMessage {{ i: 0, fields: {json.dumps(fields_of(body), ensure_ascii=False)} }}"

    return _lines(bodies, shown)


def exported(bodies: Bodies, side: Side, _version: int) -> str:
    """What TWS and Gateway write: to them, -> is what they say. Of the length, the control characters are lost."""
    clock = count(100)

    def shown(body: bytes) -> str:
        text = "".join([f"{field}-" for field in fields_of(body)])
        length = len(text.encode("utf-8", "surrogateescape")).to_bytes(4, "big").decode("latin-1")
        lead = length.replace("\0", "-")
        lead = "".join([letter if letter.isprintable() else " " for letter in lead]) if side is Side.TWS else ""
        return f"14:30:00:{next(clock) % 1000:03d} {'->' if side is Side.TWS else '<-'} {lead}{text}"

    return _lines(bodies, shown)


def caret_zeros(bodies: Bodies, side: Side, _version: int) -> str:
    arrow = "<<<" if side is Side.TWS else ">>>"
    return _lines(bodies, lambda body: f"{arrow} {''.join([f'{field}^@' for field in fields_of(body)])}")


FORMS = [
    Form("raw", raw),
    Form("hex", hex_in_one_line),
    Form("hex over lines", hex_broken_anywhere),
    Form("hex with arrows", hex_with_arrows, tells_side=True),
    Form("xxd", xxd),
    Form("xxd -g1", xxd_by_bytes),
    Form("hexdump -C", hexdump_canonical),
    Form("hexdump", hexdump_plain),
    Form("wireshark", wireshark_bytes),
    Form("wireshark follow", wireshark_follow, tells_side=True),
    Form("wireshark array", wireshark_array, tells_side=True),
    Form("tcpdump -X", tcpdump, tells_side=True),
    Form("python bytes", python_bytes),
    Form("numbers", numbers, tells_side=True),
    Form("signed numbers", signed_numbers),
    Form("numbers over lines", numbers_over_lines, tells_side=True),
    Form("node buffer", node_buffer),
    Form("official", official, tells_side=True),
    Form("official before", official_before, tells_side=True, texts_only=True, side=Side.TWS),
    Form("ib_async", ib_async, tells_side=True, texts_only=True),
    Form("ib_insync fault", ib_insync_fault, tells_side=True, texts_only=True, side=Side.TWS),
    Form("stoqey", stoqey, tells_side=True, texts_only=True),
    Form("nautilus", nautilus, tells_side=True, texts_only=True),
    Form("rust", rust, tells_side=True, texts_only=True),
    Form("rust message", rust_message, tells_side=True, texts_only=True),
    Form("exported", exported, tells_side=True, texts_only=True),
    Form("caret", caret_zeros, tells_side=True, texts_only=True),
]
"""All of them."""
