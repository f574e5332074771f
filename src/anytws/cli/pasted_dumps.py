"""Dumps with offsets in front: xxd, hexdump, tcpdump -X, Wireshark. What a line has in it, and what the lines make.

Packets of TCP are told by their headers, and give what they carry to the stream of their direction.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import attrs

from anytws.cli.pasted_bytes import Cutter
from anytws.cli.pasted_frame import Pasted
from anytws.messages.base import Side

# With a colon or a gap behind the offset: groups of hex are no dump. hexdump without -C has seven digits, and no gap.
_LINE: Final = re.compile(
    r"(?P<indent> *)(?:(?P<mark>0x)?(?P<offset>[0-9a-fA-F]{4,8})(?:: {1,3}| {2,3})|(?P<words>[0-9a-f]{7}) )"
    r"(?P<hex>[0-9a-fA-F]{2,8}(?:[ -] ?[0-9a-fA-F]{2,8})*+)(?P<rest>.*)"
)
_GROUP: Final = re.compile(r"[0-9a-fA-F]+")
_MOST_IN_A_LINE: Final = 16
_MIDDLE: Final = 8
"""Bytes in a line behind which many dumps leave a gap."""
_LONGEST_PACKET: Final = 65535 + 100
_LONGEST_REPEATED: Final = 2**24
_LINK_HEADERS: Final = (0, 14, 4, 16, 20, 18)
"""Bytes in front of the header of IP: of none, Ethernet, a loopback, Linux's "any" in two forms, VLAN."""
_INDENTED: Final = 4
"""Blanks before the lines of TWS."""
_IP: Final = 20
_TCP: Final = 6
_PORTS_OF_TWS: Final = frozenset({7496, 7497, 4001, 4002, 4003, 4004})
_MOST_FLOWS: Final = 16


@attrs.frozen
class DumpLine:
    """One line of a dump."""

    indent: int
    offset: int
    data: bytes


def dump_line(line: str) -> DumpLine | None:
    """Read *line*; None if it is no line of a dump."""
    found = _LINE.match(line.expandtabs(8))
    if found is None:
        return None
    groups, sizes = _groups(found["hex"])
    data = bytes.fromhex("".join(groups))
    if not data or (len(sizes) > 1 and sizes[0] != max(sizes)):
        return None
    if found["words"]:
        # hexdump without -C writes words of this machine, the low byte first.
        data = b"".join([bytes.fromhex(group)[::-1] for group in groups])
    return DumpLine(0 if found["mark"] else len(found["indent"]), int(found["offset"] or found["words"], 16), data)


def _groups(text: str) -> tuple[list[str], list[int]]:
    """Give the groups of digits that are bytes; letters behind a gap are the same bytes as text."""
    groups: list[str] = []
    size, last = 0, 0
    for group in _GROUP.finditer(text):
        digits = group[0]
        if len(digits) % 2 or size + len(digits) // 2 > _MOST_IN_A_LINE:
            break
        gap = group.start() - last
        if groups and (len(digits) > len(groups[0]) or (gap > 1 and (size != _MIDDLE or len(groups[0]) > 2))):
            break
        groups.append(digits)
        size, last = size + len(digits) // 2, group.end()
    return groups, [len(group) for group in groups]


class Dump:
    """The lines of dumps, put together again."""

    def __init__(self) -> None:
        self.passed_over: int = 0
        self._block: list[bytes] = []
        """What may be a packet: the lines since the last offset of zero."""
        self._size = 0
        self._is_stream = False
        """Whether it is too long for one."""
        self._streams: dict[bool, Cutter] = {}
        """Of either side, as "follow stream" tells them apart: that of TWS is indented."""
        self._flows: dict[tuple[int, int], Cutter] = {}
        self._begun: set[bool] = set()
        """Sides of which there was a line since the last offset of zero."""
        self._last: DumpLine | None = None
        self._repeats = False
        self._indents = False

    def repeat(self) -> None:
        """Note that lines were left out which are the same as the last one."""
        self._repeats = True

    def goes_on(self, line: DumpLine) -> bool:
        """Tell whether *line* is the next one, or the first of another dump."""
        last = self._last
        return line.offset == 0 or last is None or self._repeats or line.offset == last.offset + len(last.data)

    def ends_with(self, line: str) -> bool:
        """Tell whether *line* is the last of a dump: the offset of its end, and nothing behind that."""
        last = self._last
        if last is None or len(line) > 8:
            return False
        odd = last.offset + len(last.data) - int(line, 16)
        if odd == 1:
            # Words have two bytes, and of the last one the second was not there.
            self._last = attrs.evolve(last, data=last.data[:-1])
        return odd in (0, 1)

    def feed(self, line: DumpLine) -> Iterator[Pasted]:
        """Give the frames that are whole with the lines before *line*."""
        yield from self._take_last(line.offset)
        self._last = line

    def _take_last(self, offset: int) -> Iterator[Pasted]:
        """Take the last line, which was kept until the one with *offset* came, and those left out between them."""
        line, self._last = self._last, None
        if line is None:
            return
        is_tws = line.indent == _INDENTED
        self._indents = self._indents or is_tws
        if line.offset == 0 and is_tws in self._begun:
            yield from self._end_of_block()
        self._begun.add(is_tws)
        yield from self._take(is_tws, line.data)
        end = line.offset + len(line.data)
        if self._repeats and end < offset <= end + _LONGEST_REPEATED:
            yield from self._take(is_tws, line.data * ((offset - end) // len(line.data)))
        self._repeats = False

    def _take(self, is_tws: bool, data: bytes) -> Iterator[Pasted]:
        if self._is_stream or self._indents:
            yield from self._flush()
            yield from self._stream(is_tws).feed(data)
            return
        self._block.append(data)
        self._size += len(data)
        if self._size > _LONGEST_PACKET:
            yield from self._flush()

    def _flush(self) -> Iterator[Pasted]:
        self._is_stream = True
        block, self._block, self._size = b"".join(self._block), [], 0
        if block:
            yield from self._stream(False).feed(block)

    def _stream(self, is_tws: bool) -> Cutter:
        if is_tws not in self._streams:
            self._streams[is_tws] = Cutter()
        if self._indents:
            self._streams[is_tws].said_by = Side.TWS if is_tws else Side.CLIENT
        return self._streams[is_tws]

    def _end_of_block(self) -> Iterator[Pasted]:
        block = b"".join(self._block)
        packet = _packet(block) if block else None
        if packet is None:
            if block:
                yield from self._stream(False).feed(block)
            for stream in self._streams.values():
                yield from stream.finish()
                self.passed_over += stream.passed_over
                stream.passed_over = 0
        else:
            flow, payload = packet
            if payload and (flow in self._flows or len(self._flows) < _MOST_FLOWS):
                yield from self._flow(flow).feed(payload)
        self._block, self._size, self._is_stream, self._indents = [], 0, False, False
        self._begun.clear()

    def _flow(self, flow: tuple[int, int]) -> Cutter:
        if flow not in self._flows:
            source, target = flow
            by_port = Side.TWS if source in _PORTS_OF_TWS else Side.CLIENT if target in _PORTS_OF_TWS else None
            self._flows[flow] = Cutter(by_port)
        return self._flows[flow]

    def finish(self) -> Iterator[Pasted]:
        """Give what is left."""
        yield from self._take_last(0)
        yield from self._end_of_block()
        for flow in self._flows.values():
            yield from flow.finish()
            self.passed_over += flow.passed_over
        self._flows.clear()


def _packet(data: bytes) -> tuple[tuple[int, int], bytes] | None:
    """Give the ports of a packet of TCP, and what it carries; None if *data* is none."""
    for at in _LINK_HEADERS:
        header = data[at:]
        if len(header) >= 2 * _IP and header[0] >> 4 == 4 and header[9] == _TCP:
            inner = 4 * (header[0] & 15)
            whole = int.from_bytes(header[2:4], "big")
            if inner >= _IP and inner + _IP <= whole <= len(header):
                return _segment(header[inner:whole])
        if len(header) >= 60 and header[0] >> 4 == 6 and header[6] == _TCP:
            whole = 40 + int.from_bytes(header[4:6], "big")
            if whole <= len(header):
                return _segment(header[40:whole])
    return None


def _segment(data: bytes) -> tuple[tuple[int, int], bytes]:
    ports = int.from_bytes(data[:2], "big"), int.from_bytes(data[2:4], "big")
    return ports, data[4 * (data[12] >> 4) :]
