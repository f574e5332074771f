"""What is done to bytes: damage of every kind, and damage for which one has to know the two encodings.

Blind damage rarely gets behind the first field. So texts are also cut into their fields, and protobuf into its, and
there what stands is exchanged for what has broken programs before.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final, TypeAlias

Mutator: TypeAlias = Callable[[Random, bytes], bytes]

MOST_BYTES: Final = 1 << 18
"""What is grown is not grown beyond this: a bound that nothing holds shows long before."""

FIELDS: Final[tuple[bytes, ...]] = (
    b"",
    *(b"0", b"1", b"-1", b"2", b"3", b"10", b"100", b"-0", b"+1", b"01", b"007", b"0000000001", b"1_0", b" 1", b"1 "),
    *(b"1.5", b"-1.0", b".5", b"5.", b".", b"-", b"1e5", b"1E400", b"-1e-400", b"1e999999999", b"9" * 20, b"0.1" * 9),
    *(b"2147483646", b"2147483647", b"2147483648", b"-2147483648", b"-2147483649", b"4294967295", b"65535", b"99999"),
    *(b"9223372036854775807", b"9223372036854775808", b"-9223372036854775808", b"18446744073709551615"),
    *(b"1.7976931348623157E308", b"1.7976931348623157e+308", b"170141183460469231731687303715884105727"),
    *(b"nan", b"NaN", b"inf", b"Infinity", b"-Infinity", b"sNaN", b"true", b"false", b"null", b"None", b"1E+6144"),
    *(b"9" * 4299, b"9" * 4301, b"0" * 5000 + b"1", b"1." + b"0" * 5000, b"-" + b"8" * 4400, b"1e" + b"9" * 5000),
    *(b"20240131", b"20240131 10:30:00 US/Eastern", b"20240131  10:30:00", b"20240131-10:30:00", b"1706697000"),
    *(b"00000000", b"99991231 23:59:59 Pacific/Kiritimati", b"00010101 00:00:00 Pacific/Kiritimati", b"99999999999"),
    *(b"20240310 02:30:00 US/Eastern", b"20240131 10:30:00 ../../etc/passwd", b"20240131 10:30:00 localtime"),
    *(
        b"20240131 10:30:00 " + b"x" * 300,
        b"20240131 10:30:00 \xff",
        b"20240229 24:00:00 CET",
        b"2024-01-31 10:30:00.0",
    ),
    *(b"253402300799", b"-62135596800", b"32536850399999", b"-1000", b"9999999999999999", b"20240131 25:61:61 UTC"),
    *(b"a=b;", b"a=b;c", b";", b"=", b"=;=;", b"a" * 300 + b"=1;", b"a=1;a=2;", b",", b",,,", b"DU1,DU2", b",DU1"),
    *(b"\xff", b"\x80\x81", b"\xed\xa0\x80", b"\xed\xb2\x80", b"\xc3\x28", b"\xf0\x9f\x98\x80", b"\xef\xbb\xbf1"),
    *("１２".encode(), "٣".encode(), "²".encode(), "\u202e1".encode(), "\u2028".encode(), b"\x1b[2J", b"\x07", b"\r\n"),
    *(b"\\", b"\\u", b"\\u12", b"\\ud800", b"\\ud83d\\ude00", b"\\U00110000", b"\\x4", b"\\400", b"\\N{DIGIT ONE}"),
    *(b"%s%n", b"{0}", b"{}", b"x;touch${IFS}pwned;#", b"../..", b"<xml/>", b'{"a":1}', b"'", b'"', b"A" * 1000),
    *(b"BUY", b"LMT", b"STK", b"USD", b"SMART", b"BAG", b"OPT", b"DAY", b"GTC", b"C", b"P", b"DU1234567"),
)
"""What a field is exchanged for: edges of what numbers, times and texts may be, and what lies just beyond."""

NUMBERS: Final = (
    *(0, 1, 2, 3, 127, 128, 200, 255, 256, 1000, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**53, 2**63 - 1, 2**63),
    *(2**64 - 1, 2**64 - 2**31, 2**64 - 2**31 - 1, 2**64 - 1000, 2**64, 2**70),
)
_DOUBLES: Final = (
    *(b"\0" * 8, b"\0\0\0\0\0\0\0\x80", b"\xff\xff\xff\xff\xff\xff\xef\x7f", b"\0\0\0\0\0\0\xf0\x7f"),
    *(b"\0\0\0\0\0\0\xf8\x7f", b"\1\0\0\0\0\0\xf0\x7f", b"\1\0\0\0\0\0\0\0", b"\0\0\0\0\0\0\xf0\xbf"),
)


def mutated(random: Random, data: bytes, mutators: tuple[Mutator, ...]) -> bytes:
    """Give *data* after some of *mutators*, mostly after one or two."""
    for _ in range(_ROUNDS[random.randrange(len(_ROUNDS))]):
        data = mutators[random.randrange(len(mutators))](random, data)
    return data


_ROUNDS: Final = (1, 1, 1, 1, 2, 2, 2, 3, 4, 8)


# --- bytes -------------------------------------------------------------------------------------------------------


def _flip(random: Random, data: bytes) -> bytes:
    if not data:
        return b"\0"
    at = random.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << random.randrange(8))]) + data[at + 1 :]


def _put(random: Random, data: bytes) -> bytes:
    at = random.randrange(len(data) + 1)
    return data[:at] + random.randbytes(random.randrange(1, 9)) + data[at:]


def _replace(random: Random, data: bytes) -> bytes:
    at = random.randrange(len(data) + 1)
    return data[:at] + random.randbytes(random.randrange(1, 5)) + data[at + random.randrange(9) :]


def _remove(random: Random, data: bytes) -> bytes:
    at = random.randrange(len(data) + 1)
    return data[:at] + data[at + random.randrange(1, 17) :]


def _cut(random: Random, data: bytes) -> bytes:
    return data[: random.randrange(len(data) + 1)]


def _double(random: Random, data: bytes) -> bytes:
    at, size = random.randrange(len(data) + 1), random.randrange(1, 33)
    return data[: at + size] + data[at:]


def _move(random: Random, data: bytes) -> bytes:
    at, to, size = random.randrange(len(data) + 1), random.randrange(len(data) + 1), random.randrange(1, 17)
    piece, rest = data[at : at + size], data[:at] + data[at + size :]
    return rest[:to] + piece + rest[to:]


def _grow(random: Random, data: bytes) -> bytes:
    # Rarely large: what takes long with a thousand is found as well as what takes long with a million.
    at, size = random.randrange(len(data) + 1), random.randrange(1, 9)
    times = 1 << random.randrange(1, 18 if random.random() < 0.002 else 7)
    grown = data[:at] + (data[at : at + size] or b"\0") * times + data[at:]
    return grown[:MOST_BYTES]


BLIND: Final[tuple[Mutator, ...]] = (_flip, _flip, _put, _replace, _remove, _cut, _double, _move, _grow)
"""What may happen to any bytes."""


_UNITS: Final = (
    *(
        b"1",
        b"1",
        b"0",
        b"9",
        b"-",
        b".",
        b"+",
        b"e",
        b" ",
        b"\t",
        b"x",
        b"A",
        b"\\",
        b"'",
        b'"',
        b",",
        b";",
        b"=",
        b":",
    ),
    *(
        b"(",
        b"[",
        b"{",
        b"('",
        b"['",
        b"b'",
        b"')",
        b"a.",
        b"1.",
        b"1,",
        b"a=;",
        b"\\u",
        b"\xff",
        b"\xed\xb2\x80",
        b"0x",
        b"demand.",
        b"7497 ",
    ),
)
_ENDS: Final = (b"", b"x", b"!", b"1", b".", b"\\", b")", b"'", b"\xff", b" ")


def run_of(random: Random, own: bytes = b"", large: float = 0.02) -> bytes:
    """Give one thing again and again, and then another: what a pattern that tries all ways takes long for.

    *large* is the share of the runs that are long enough to take seconds then.
    """
    times = 1 << random.randrange(3, 17 if random.random() < large else 9)
    unit = own if own and random.random() < 0.3 else random.choice(_UNITS)
    return ((unit * times)[:MOST_BYTES]) + random.choice(_ENDS)


# --- fields of a text --------------------------------------------------------------------------------------------


def _odd_field(random: Random, data: bytes) -> bytes:
    fields = data.split(b"\0")
    fields[random.randrange(len(fields))] = FIELDS[random.randrange(len(FIELDS))]
    return b"\0".join(fields)


def _number_field(random: Random, data: bytes) -> bytes:
    fields = data.split(b"\0")
    fields[random.randrange(len(fields))] = b"%d" % random.randrange(-2, 2 ** random.randrange(2, 34))
    return b"\0".join(fields)


def _more_fields(random: Random, data: bytes) -> bytes:
    fields = data.split(b"\0")
    at = random.randrange(len(fields))
    fields[at:at] = [FIELDS[random.randrange(len(FIELDS))] for _ in range(random.randrange(1, 4))]
    return b"\0".join(fields)


def _fewer_fields(random: Random, data: bytes) -> bytes:
    fields = data.split(b"\0")
    at = random.randrange(len(fields))
    del fields[at : at + random.randrange(1, 4)]
    return b"\0".join(fields)


def _swapped_fields(random: Random, data: bytes) -> bytes:
    fields = data.split(b"\0")
    one, other = random.randrange(len(fields)), random.randrange(len(fields))
    fields[one], fields[other] = fields[other], fields[one]
    return b"\0".join(fields)


def _blown_field(random: Random, data: bytes) -> bytes:
    fields = data.split(b"\0")
    at = random.randrange(len(fields))
    fields[at] = run_of(random, fields[at][:16])
    return b"\0".join(fields)


TEXT: Final[tuple[Mutator, ...]] = (
    *(_odd_field, _odd_field, _odd_field, _odd_field, _number_field, _number_field),
    *(_more_fields, _fewer_fields, _swapped_fields, _blown_field),
    *BLIND,
)
"""What may happen to a text body."""


# --- fields of protobuf ------------------------------------------------------------------------------------------

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def varint(number: int) -> bytes:
    """Give *number* as protobuf writes it, even one of more bits than it may have."""
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return number, at


def _pieces(data: bytes) -> list[tuple[int, bytes]]:
    """Cut *data* into its fields, each a tag and what follows it; the last piece may be what is no field."""
    pieces: list[tuple[int, bytes]] = []
    at = 0
    try:
        while at < len(data):
            tag, start = _read_varint(data, at)
            wire_type = tag & 7
            if wire_type == _VARINT:
                _, end = _read_varint(data, start)
            elif wire_type == _BYTES:
                size, content = _read_varint(data, start)
                start, end = content, content + size
            else:
                end = start + (8 if wire_type == _FIXED64 else 4)
            pieces.append((tag, data[start:end]))
            at = end
    except IndexError:
        pass
    return pieces


def _put_together(pieces: list[tuple[int, bytes]]) -> bytes:
    return b"".join(
        [varint(tag) + (varint(len(content)) if tag & 7 == _BYTES else b"") + content for tag, content in pieces]
    )


def _odd_number(random: Random) -> bytes:
    return varint(NUMBERS[random.randrange(len(NUMBERS))])


def _odd_content(random: Random, tag: int, content: bytes) -> bytes:
    match tag & 7:
        case 0:
            return _odd_number(random)
        case 1:
            return _DOUBLES[random.randrange(len(_DOUBLES))]
        case 2:
            if random.random() < 0.5:
                return PROTOBUF[random.randrange(len(PROTOBUF))](random, content)
            return FIELDS[random.randrange(len(FIELDS))]
    return content


def _odd_value(random: Random, data: bytes) -> bytes:
    pieces = _pieces(data)
    if not pieces:
        return _more_pieces(random, data)
    at = random.randrange(len(pieces))
    tag, content = pieces[at]
    pieces[at] = tag, _odd_content(random, tag, content)
    return _put_together(pieces)


def _other_tag(random: Random, data: bytes) -> bytes:
    pieces = _pieces(data)
    if not pieces:
        return data
    at = random.randrange(len(pieces))
    tag, content = pieces[at]
    pieces[at] = (
        (random.randrange(1, 60) << 3 | (tag & 7) if random.random() < 0.6 else tag ^ random.randrange(8)),
        content,
    )
    return _put_together(pieces)


def _more_pieces(random: Random, data: bytes) -> bytes:
    pieces = _pieces(data)
    at, number = random.randrange(len(pieces) + 1), random.choice((*range(1, 30), 1000, 2**29 - 1, 2**29, 0))
    wire_type = random.choice((_VARINT, _FIXED64, _BYTES, _BYTES, 3, 4, _FIXED32, 6, 7))
    content = _odd_content(random, wire_type, b"") if wire_type <= _BYTES else random.randbytes(4)
    pieces.insert(at, (number << 3 | wire_type, content))
    return _put_together(pieces)


def _fewer_pieces(random: Random, data: bytes) -> bytes:
    pieces = _pieces(data)
    at = random.randrange(len(pieces) + 1)
    del pieces[at : at + random.randrange(1, 4)]
    return _put_together(pieces)


def _doubled_piece(random: Random, data: bytes) -> bytes:
    pieces = _pieces(data)
    if not pieces:
        return data
    times = 1 << random.randrange(16 if random.random() < 0.002 else 5)
    piece, at = pieces[random.randrange(len(pieces))], random.randrange(len(pieces) + 1)
    times = min(times, MOST_BYTES // (len(piece[1]) + 8))
    return _put_together([*pieces[:at], *[piece] * times, *pieces[at:]])


def _nested(random: Random, data: bytes) -> bytes:
    # Deeper than any parser's own bound, or just below it.
    tag = varint(random.randrange(1, 20) << 3 | random.choice((_BYTES, _BYTES, 3)))
    for _ in range(random.choice((1, 2, 99, 100, 101, 300))):
        data = tag + (varint(len(data)) + data if tag[-1] & 7 == _BYTES else data)
    return data


PROTOBUF: Final[tuple[Mutator, ...]] = (
    *(_odd_value, _odd_value, _odd_value, _odd_value, _other_tag, _more_pieces, _fewer_pieces, _doubled_piece),
    *(_nested, _flip, _put, _replace, _remove, _cut, _double, _move),
)
"""What may happen to a protobuf body."""
