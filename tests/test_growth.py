"""Nothing that a peer sends takes longer than in proportion to its length: every field, every list, every pattern.

These tests go over the tables and the sources, so that what is new is held to it as well. Kinds and patterns are all
tried; of fields and frames a share, which goes through all of them with ``HYPOTHESIS_PROFILE=deep``.
"""

from __future__ import annotations

import ast
import importlib
import os
import pkgutil
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as sre_parser  # type: ignore[attr-defined]
from types import ModuleType
from typing import Any, NamedTuple

import pytest

import anytws
from anytws.core import Connection, Side
from anytws.errors import DecodeError
from anytws.messages import TagValue
from anytws.wire.catalogue import CATALOGUE
from anytws.wire.codec import Codec
from anytws.wire.frames import FrameBuffer
from anytws.wire.kinds import Kind
from anytws.wire.rows import AnyRow, Choice, Column, Layout, Many, Part, Row, leaves
from tests.growth import SMALL, assert_linear
from tests.hostile_frames import HostileFrame, protobuf_frames, text_frames, written
from tests.test_transcripts import framed

DEEP = os.environ.get("HYPOTHESIS_PROFILE") == "deep"
BAD = (ValueError, ArithmeticError)

PAYLOADS: dict[str, Callable[[int], str]] = {
    "digits": lambda n: "1" * n,
    "digits, then a letter": lambda n: "1" * n + "x",
    "digits and points": lambda n: "1." * (n // 2),
    "points": lambda n: "." * n,
    "zeros, and a one": lambda n: "0." + "0" * n + "1",
    "an exponent": lambda n: "1e" + "9" * n,
    "a tiny exponent": lambda n: "1e-" + "9" * n,
    "signs": lambda n: "-+" * (n // 2),
    "blanks": lambda n: " " * n,
    "blanks after a day": lambda n: "20240131" + " " * n + "x",
    "a zone": lambda n: "20240131 10:00:00 " + "A/" * (n // 2),
    "times": lambda n: "20240131-10:00:00" * (n // 17),
    "news times": lambda n: "2024-01-31 10:00:00." + "0" * n,
    "letters": lambda n: "A" * n,
    "backslashes": lambda n: "\\" * n,
    "escapes": lambda n: "\\u00e9" * (n // 6),
    "half escapes": lambda n: "\\ud83d" * (n // 6),
    "octal": lambda n: "\\7" * (n // 2),
    "other letters": lambda n: "é" * n,
    "raw bytes": lambda n: "\udc80" * n,
    "commas": lambda n: "a," * (n // 2),
    "empty items": lambda n: "," * n,
    "tags": lambda n: "a=b;" * (n // 4),
    "semicolons": lambda n: ";" * n,
    "colons": lambda n: "9:" * (n // 2),
    "words": lambda n: "demand." * (n // 7) + "!",
}


# --- kinds -------------------------------------------------------------------------------------------------------


def _kinds_of(layout: Layout | Choice) -> Iterator[Kind]:
    if isinstance(layout, Choice):
        for option in layout.options.values():
            yield from _kinds_of(option)
        return
    rows: list[AnyRow] = [*leaves(layout.text_rows), *leaves(layout.protobuf_rows)]
    for row in rows:
        if isinstance(row, (Row, Column)):
            yield row.kind
        inner = row.layout if isinstance(row, Part) else row.of if isinstance(row, Many) else None
        if isinstance(inner, Kind):
            yield inner
        elif inner is not None:
            yield from _kinds_of(inner)


def _all_kinds() -> dict[tuple[int, int, int], Kind]:
    found = [kind for entry in CATALOGUE for kind in _kinds_of(entry.layout)]
    return {(id(kind.read_text), id(kind.write_text), id(kind.read_protobuf)): kind for kind in found}


KINDS = sorted(_all_kinds().values(), key=lambda kind: kind.name)


def _quietly(call: Callable[[Any], object], value: object) -> None:
    with suppress(*BAD):
        call(value)


def test_there_are_kinds_to_try() -> None:
    assert len(KINDS) > 100


@pytest.mark.parametrize("payload", PAYLOADS)
def test_every_kind_reads_in_proportion(payload: str) -> None:
    """In both encodings. A value is read, or refused as the readers refuse; nothing else comes out of it."""
    make = PAYLOADS[payload]
    for kind in KINDS:
        assert_linear(lambda size, read=kind.read_text: _quietly(read, make(size)), (kind.name, payload))  # type: ignore[misc]
        if kind.read_protobuf is not None and kind.protobuf == "string":
            assert_linear(lambda size, load=kind.read_protobuf: _quietly(load, make(size)), (kind.name, payload))  # type: ignore[misc]


VALUES: dict[str, Callable[[int], object]] = {
    "a text": lambda n: "a" * n,
    "a text with escapes": lambda n: "é\\" * (n // 2),
    "a whole number": lambda n: 10**n,
    "a decimal": lambda n: Decimal("1" * n),
    "a decimal of many zeros": lambda n: Decimal(f"1E-{n}"),
    "names": lambda n: ("a",) * n,
    "numbers": lambda n: (1,) * n,
    "tags": lambda n: (TagValue("a", "b"),) * n,
}


@pytest.mark.parametrize("value", VALUES)
def test_every_kind_writes_in_proportion(value: str) -> None:
    """What cannot be written is refused, as fast as it would be written."""
    made = {SMALL * factor: VALUES[value](SMALL * factor) for factor in (1, 4, 16)}

    def run(write: Callable[[Any], object], size: int) -> None:
        with suppress(*BAD, TypeError, AttributeError):
            write(made[size])

    for kind in KINDS:
        assert_linear(lambda size, write=kind.write_text: run(write, size), (kind.name, value))  # type: ignore[misc]
        if kind.write_protobuf is not None:
            assert_linear(lambda size, dump=kind.write_protobuf: run(dump, size), (kind.name, value))  # type: ignore[misc]


class _Counted(int):
    """A whole number of a class of its own, as members of enumerations are; it counts how often it is compared."""

    compared = 0

    def __eq__(self, other: object) -> bool:
        _Counted.compared += 1
        assert _Counted.compared < 1000, "it is looked for in a range, number by number"
        return int(self) == other

    def __hash__(self) -> int:
        return hash(int(self))


@pytest.mark.parametrize("number", [5, -5, 2**31 + 5, -(2**31) - 5, 2**63 + 5, 2**200])
def test_a_number_of_another_class_is_not_looked_for_in_a_range(number: int) -> None:
    """``Member in range(2**63)`` compares with one number after the other, for ever."""
    for kind in KINDS:
        for write in (kind.write_text, kind.write_protobuf):
            if write is not None:
                _Counted.compared = 0
                with suppress(*BAD, TypeError, AttributeError):
                    write(_Counted(number))


# --- fields ------------------------------------------------------------------------------------------------------


class _Place(NamedTuple):
    entry: Any
    version: int
    fields: tuple[str, ...]
    index: int


def _places() -> list[_Place]:
    found: list[_Place] = []
    for entry in CATALOGUE:
        for version in (176, 226):
            writer = written(entry, version) if entry.text and entry.since <= version else None
            if writer is not None:
                found += [_Place(entry, version, tuple(writer.fields), index) for index in range(len(writer.fields))]
    return found


PLACES = _places()
CODECS = {(side, version): Codec(side, version) for side in Side for version in (176, 226)}


def _decode(place: _Place, payload: str) -> None:
    fields = [*place.fields]
    fields[place.index] = payload
    wire_id = b"%d\0" % place.entry.id if place.version < 201 else place.entry.id.to_bytes(4, "big")
    body = wire_id + "".join([f"{field}\0" for field in fields]).encode("utf-8", "surrogateescape")
    with suppress(DecodeError):
        CODECS[place.entry.said_by.peer, place.version].decode(body)


@pytest.mark.parametrize("share", range(8))
def test_every_field_is_read_in_proportion(share: int) -> None:
    """Through the whole reader, the compiled one and the one that finds the fault."""
    payloads = [*PAYLOADS.values()]
    for number, place in enumerate(PLACES[share::8]):
        # Every payload comes to every field within as many runs as there are payloads; a kind has had them all above.
        chosen = payloads if DEEP else [payloads[(number * 5 + share) % len(payloads)]]
        for make in chosen:
            assert_linear(
                lambda size, place=place, make=make: _decode(place, make(size)),  # type: ignore[misc]
                (place.entry.name, place.version, place.index, make(10)),
            )


# --- frames ------------------------------------------------------------------------------------------------------


def _frame_names() -> list[str]:
    names = [frame.name for frame in (*protobuf_frames(64), *text_frames(64))]
    return names if DEEP else names[:: max(1, len(names) // 90)]


FRAMES = _frame_names()


def _frames_of(size: int) -> dict[str, HostileFrame]:
    wanted = {*FRAMES}
    return {frame.name: frame for frame in (*protobuf_frames(size), *text_frames(size)) if frame.name in wanted}


def test_every_list_is_read_in_proportion() -> None:
    """Full of the shortest records there are; announced longer than it is; with a bad end; with a surplus."""
    small = 2 * SMALL
    frames = {small * factor: _frames_of(small * factor) for factor in (1, 4, 16)}
    codecs: dict[tuple[Side, int], Codec] = {}

    def decode(name: str, size: int) -> None:
        frame = frames[size][name]
        codec = codecs.setdefault((frame.side, frame.version), Codec(frame.side, frame.version))
        with suppress(DecodeError):
            codec.decode(frame.body)

    for name in FRAMES:
        # Compiling a reader is no reading.
        decode(name, small * 16)
        assert_linear(lambda size, name=name: decode(name, size), name, small)  # type: ignore[misc]


def test_many_slices_cost_as_much_as_they_are_many() -> None:
    def feed(size: int) -> None:
        buffer = FrameBuffer()
        for byte in framed(bytes(size)):
            buffer.feed(bytes([byte]))
            buffer.next_frame()

    def talk(size: int) -> None:
        client = Connection(Side.CLIENT)
        client.opened()
        for _ in range(size):
            client.receive_data(b"\0")

    assert_linear(feed, "one byte after the other")
    assert_linear(talk, "one byte after the other, before the version")


# --- patterns ----------------------------------------------------------------------------------------------------


def _modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(anytws.__path__, "anytws."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


class _Use(NamedTuple):
    where: str
    pattern: re.Pattern[Any]
    method: str


_METHODS = ("match", "search", "fullmatch", "sub", "finditer", "split", "findall")


def _uses() -> Iterator[_Use]:
    """Give every pattern of the package, and how it is used."""
    for module in _modules():
        source = Path(module.__file__ or "").read_text("utf-8")
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern):
                for method in {*re.findall(rf"\b{name}\.({'|'.join(_METHODS)})\(", source)}:
                    yield _Use(f"{module.__name__}.{name}", value, method)
            elif isinstance(getattr(value, "__self__", None), re.Pattern):
                yield _Use(f"{module.__name__}.{name}", value.__self__, value.__name__)


USES = sorted({use.where + use.method: use for use in _uses()}.values(), key=lambda use: (use.where, use.method))


def _sample(ops: Any, times: int) -> str:
    """Give a text that the parsed pattern *ops* takes, or nearly; what repeats comes *times* more than it has to."""
    text = ""
    for op, argument in ops:
        if op is sre.LITERAL:
            text += chr(argument)
        elif op is sre.IN:
            text += _sample_of_set(argument)
        elif op in (sre.MAX_REPEAT, sre.MIN_REPEAT):
            least, most, inner = argument
            text += _sample(inner, times) * min(least + times, most)
        elif op is sre.SUBPATTERN:
            text += _sample(argument[3], times)
        elif op is sre.BRANCH:
            text += _sample(argument[1][times % len(argument[1])], times)
        elif op in (sre.ANY, sre.NOT_LITERAL, sre.CATEGORY):
            text += "x"
    return text


def _sample_of_set(members: Any) -> str:
    op, argument = members[0]
    if op is sre.LITERAL:
        return chr(argument)
    if op is sre.RANGE:
        return chr(argument[0])
    return {sre.CATEGORY_SPACE: " ", sre.CATEGORY_WORD: "w", sre.CATEGORY_DIGIT: "7"}.get(argument, "x")


_TOKENS = ("1", "0", "a", "A", "x", " ", ".", ",", ":", "-", "\\", "'", '"', "(", ")", "<", "é", "\n", "demand", "0x")


def _attacks(pattern: re.Pattern[Any]) -> Iterator[tuple[str, str, str]]:
    """Give beginnings, what is repeated behind them, and ends."""
    text = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    for first in _TOKENS:
        for second in ("", *_TOKENS):
            yield "", first + second, "!"
    for times in range(3):
        sample = _sample(sre_parser.parse(text), times)
        for cut in range(len(sample) + 1):
            for pump in {sample[cut - 1 : cut], sample[cut : cut + 1], sample[cut - 1 : cut + 1], sample} - {""}:
                yield sample[:cut], pump, "!"
                yield sample[:cut], pump, "\0"


def test_patterns_are_found() -> None:
    assert len(USES) > 30


@pytest.mark.parametrize("use", USES, ids=lambda use: f"{use.where}-{use.method}")
def test_every_pattern_is_linear(use: _Use) -> None:
    """Whatever it is given: for each pattern, texts that nearly fit, in which something is repeated."""
    is_text = isinstance(use.pattern.pattern, str)
    call = getattr(use.pattern, use.method)

    def run(prefix: str, pump: str, suffix: str, size: int) -> None:
        text: Any = prefix + pump * (size // len(pump)) + suffix
        text = text if is_text else text.encode("utf-8", "surrogateescape")
        if use.method == "sub":
            use.pattern.sub("" if is_text else b"", text)
        elif use.method == "finditer":
            for _ in call(text):
                continue
        else:
            call(text)

    for attack in {*_attacks(use.pattern)}:
        assert_linear(lambda size, attack=attack: run(*attack, size), (use.where, attack), small=600)  # type: ignore[misc]


# --- sources -----------------------------------------------------------------------------------------------------


def _trees() -> Iterator[tuple[str, ast.Module]]:
    root = Path(anytws.__file__).parent
    for path in sorted(root.rglob("*.py")):
        yield str(path.relative_to(root)), ast.parse(path.read_text("utf-8"))


def _is_range(node: ast.expr, ranges: set[str]) -> bool:
    if isinstance(node, ast.Subscript):
        return _is_range(node.value, ranges)
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id == "range"
    return isinstance(node, ast.Name) and node.id in ranges


def _names_of_ranges(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None and _is_range(node.value, names):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.arg) and isinstance(node.annotation, ast.Name) and node.annotation.id == "range":
            names.add(node.arg)
    return names


def _looks_in_range(tree: ast.Module) -> list[int]:
    ranges = _names_of_ranges(tree)
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare)
        for op, right in zip(node.ops, node.comparators, strict=True)
        if isinstance(op, (ast.In, ast.NotIn)) and _is_range(right, ranges)
    ]


def _inline_patterns(tree: ast.Module) -> list[int]:
    """Give the lines where a pattern is made or used inside of a function, where the tests would not find it."""
    return [
        call.lineno
        for function in ast.walk(tree)
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        for call in ast.walk(function)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "re"
        and call.func.attr != "escape"
    ]


@pytest.mark.parametrize(
    "source",
    [
        "value in range(5)",
        "X: Final = range(5)\nvalue not in X",
        "X = range(9)\nvalue in X[1:]",
        "def f(bounds: range):\n    return 1 in bounds",
    ],
)
def test_a_look_into_a_range_is_seen(source: str) -> None:
    assert _looks_in_range(ast.parse(source))


def test_an_inline_pattern_is_seen() -> None:
    assert _inline_patterns(ast.parse("def f(text):\n    return re.match('a', text)")) == [2]
    assert not _inline_patterns(ast.parse("f = re.compile('a').match"))


def test_nothing_is_looked_for_in_a_range() -> None:
    """Of a plain whole number Python computes it; of a member of an enumeration it walks through all of the range."""
    assert not [(name, line) for name, tree in _trees() for line in _looks_in_range(tree)]


def test_every_pattern_has_a_name_at_the_top_of_its_file() -> None:
    """There the tests find it and attack it; inside a function they would not."""
    assert not [(name, line) for name, tree in _trees() for line in _inline_patterns(tree)]
