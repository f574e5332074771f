"""What one side of a conversation says: the right words, damaged ones, floods, and words of somebody else."""

from __future__ import annotations

from random import Random
from typing import Final

from anytws.messages.base import Message, Side
from anytws.messages.session import ManagedAccounts, NextValidId, StartApiRequest
from anytws.testing.strategies import Encoding
from anytws.wire import versions
from anytws.wire.codec import PROTOBUF_OFFSET, Codec
from anytws.wire.handshake import PREFIX
from tests.fuzz.bodies import ID_BYTES, VERSIONS, Bodies, written_id
from tests.fuzz.mutators import BLIND, PROTOBUF, TEXT, mutated, run_of

SOME_VERSIONS: Final = (157, 166, 176, 193, 200, 201, 203, 213, 222, 226)
"""Versions that most conversations have: with all seventy, much of the time would go into making readers."""

TIME: Final = b"20260105 14:30:00 UTC"

_GREETINGS: Final = (b"v157..226", b"v157..226", b"v157..226 +PACEAPI", b"v100..226", b"v176", b"v157..999")
_HANDSHAKES: Final = (
    *(b"v157..226", b"v157", b"v226..157", b"v0..999999999", b"v157..226 " + b"x" * 3000, b"v1..2..3", b"V157..226"),
    *(b"176\x0020260105 14:30:00 UTC\0", b"0176\x0020260105 14:30:00 UTC\0", b"176\0\0", b"176\0", b"176", b"+176\0\0"),
    *(b"-1\0localhost:7497\0", b"-1\0other\0", b"-1\0[::1]:7497\0", b"-1\0:7497\0", b"-1\0x:0\0", b"-1\0x:99999\0"),
    *(
        b"-1\0x;touch${IFS}pwned;#\0",
        b"-1\0\x1b[2Jx\0",
        b"-1\0\0",
        b"-2\0x\0",
        b"-0\0x\0",
        b"-1\0x y\0",
        b"-1\0-oX:1\0",
    ),
    *(b"9" * 30 + b"\0\0", b"9" * 4400 + b"\0\0", b"-" + b"9" * 4400 + b"\0x\0", b"\0\0", b"\0", b""),
)
_NO_FRAMES: Final = (
    b"\1\0\0\0",
    b"\0\xff\xff\xff",
    b"\xff\xff\xff\xff",
    PREFIX,
    b"GET / HTTP/1.1\r\n\r\n",
    b"\x16\3\1",
)
_TEXTS: Final = (
    *(b"Market data farm connection is OK:usfarm", b"connection is broken:", b"on demand.", b"demand.demand.demand"),
    *(b"Socket port has been reset and this connection is being dropped. Please reconnect on the new port - 7496", b""),
    *(
        b"7497 7496",
        b"port 99999999999",
        b"port 0",
        "端口７４９６".encode(),
        b"\\u7aef\\ud83d",
        b"\xff\xfe",
        b"x" * 5000,
    ),
)


def framed(body: bytes) -> bytes:
    """Put the length in front of *body*, however long it is."""
    return len(body).to_bytes(ID_BYTES, "big") + body


class Conversations:
    """Draws what is said."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._bodies = Bodies(random)
        self._codecs: dict[tuple[Side, int], Codec] = {}

    def codec(self, side: Side, version: int) -> Codec:
        """Give the codec of *side*: the same one each time."""
        if (side, version) not in self._codecs:
            self._codecs[side, version] = Codec(side, version)
        return self._codecs[side, version]

    def version(self) -> int:
        """Choose a version."""
        return self._random.choice(SOME_VERSIONS if self._random.random() < 0.9 else VERSIONS)

    def greeting(self) -> bytes:
        """Give a client's first words."""
        return PREFIX + framed(self._random.choice(_GREETINGS))

    def start(self, version: int, client_id: int) -> bytes:
        """Give the client's START_API."""
        return self._said(Side.CLIENT, version, StartApiRequest(client_id))

    def reply(self, version: int) -> bytes:
        """Give TWS's version reply."""
        return framed(b"%d\0%b\0" % (version, self._random.choice((TIME, TIME[:-3] + b"CST", TIME + b"\xff", b""))))

    def opening(self, version: int) -> bytes:
        """Give what makes a client ready, in either order."""
        said = [
            self._said(Side.TWS, version, ManagedAccounts(("DU1", "DU2"))),
            self._said(Side.TWS, version, NextValidId(42)),
        ]
        self._random.shuffle(said)
        return b"".join(said)

    def _said(self, side: Side, version: int, message: Message) -> bytes:
        return framed(self.codec(side, version).encode(message))

    def sliced(self, data: bytes) -> list[bytes]:
        """Give *data* as it arrives, mostly in one piece."""
        random = self._random
        if random.random() < 0.7:
            return [data]
        cuts = sorted(random.randrange(len(data) + 1) for _ in range(random.randrange(1, 4)))
        return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]

    def frames(self, side: Side, version: int) -> bytes:
        """Give something that *side* says, or that it should not."""
        random = self._random
        chance = random.random()
        if chance < 0.05:
            return bytes(4) * (1000 if random.random() < 0.03 else random.choice((1, 2, 20)))
        if chance < 0.08:
            return random.choice(_NO_FRAMES)
        if chance < 0.12:
            return framed(random.choice(_HANDSHAKES))
        if chance < 0.15:
            return framed(b"%d\0%b\0" % (random.randrange(-2, 250), mutated(random, TIME, BLIND)))
        if chance < 0.22:
            return framed(self._error(version))
        frames = [framed(self.body(side, version)) for _ in range(random.choice((1, 1, 1, 2, 5)))]
        data = b"".join(frames) * (random.choice((20, 200)) if random.random() < 0.01 else 1)
        return mutated(random, data, BLIND) if random.random() < 0.1 else data

    def _error(self, version: int) -> bytes:
        # Codes that mean something to the core, with a text that it looks into.
        random = self._random
        code = random.choice((100, 326, 1300, 2103, 2104, 2119, 504, 1100, 10197, random.randrange(-5, 3000)))
        text = random.choice(_TEXTS) + (run_of(random) if random.random() < 0.3 else b"")
        text = mutated(random, text, BLIND) if random.random() < 0.3 else text
        fields = [b"-1", b"%d" % code, text.replace(b"\0", b"")]
        if version < versions.ERROR_TIME:
            fields.insert(0, b"2")
        if version >= versions.ADVANCED_ORDER_REJECT:
            fields.append(b"")
        if version >= versions.ERROR_TIME:
            fields.append(b"0")
        return written_id(4, version, Encoding.TEXT) + b"".join(field + b"\0" for field in fields)

    def body(self, side: Side, version: int) -> bytes:
        """Give the body of a message of *side*, half of the time a damaged one."""
        random = self._random
        body = self._bodies.said_by(side, version)
        if random.random() < 0.5:
            return body
        wide = version >= versions.PROTOBUF
        length = ID_BYTES if wide else body.find(b"\0") + 1
        is_protobuf = wide and int.from_bytes(body[:ID_BYTES], "big") > PROTOBUF_OFFSET
        return body[:length] + mutated(random, body[length:], PROTOBUF if is_protobuf else TEXT)
