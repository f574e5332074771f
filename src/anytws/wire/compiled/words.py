"""What an encoding says for a row: the words that the writers of records are made of."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from decimal import Decimal
from typing import Any, Final

from anytws.messages.enumerations import Word
from anytws.wire.characters import is_printable
from anytws.wire.compiled.bet import CannotCompile, GiveUp
from anytws.wire.compiled.clocks_written import quick_count, quick_time
from anytws.wire.compiled.latin import DOUBLE_BYTES, ENCODED, LATIN, LENGTHS, WIRE_TYPES, tag, varint
from anytws.wire.compiled.source import Source
from anytws.wire.compiled.written import (
    FLAGS,
    SHORT,
    TEXTS,
    Made,
    Put,
    RememberedDecimals,
    RememberedNumbers,
    RememberedReals,
    RememberedTexts,
    end_of_whole,
    is_word,
    known_of,
    made_of,
    writes_plain_decimals,
    writes_plain_reals,
)
from anytws.wire.kinds import Kind, as_it_is

_INFINITIES: Final = frozenset({math.inf, -math.inf})


class Words(ABC):
    """What one encoding says. What it gives is text."""

    def __init__(self, *, is_guarded: bool) -> None:
        self.is_guarded = is_guarded
        """Whether a client says it, so that what `anytws.wire.guard` would question is not written here."""

    @abstractmethod
    def put(self, kind: Kind, number: int | None) -> Put:
        """Give the strict writer of a field, with what the encoding puts around it, for what the bet does not know."""

    @abstractmethod
    def value(self, source: Source, kind: Kind, number: int | None, x: str) -> str:
        """Give the expression that writes the value *x* of a field."""

    def _chosen(self, source: Source, kind: Kind, write: Any, put: Put, x: str) -> str:
        """Give the expression for *x*, whatever the encoding, or the one that asks the strict writer."""
        members, strictly = kind.members, f"{source.named(put, 'put')}({x})"
        if members is not None:
            known = source.named(known_of(members, put), members.__name__)
            return f"({known}[{x}] if type({x}) is {source.named(members, members.__name__)} else {strictly})"
        made = made_of(write)
        if made.base in FLAGS:
            try:
                one, zero = (source.named(put(value), "flag") for value in (True, False))
            except (ValueError, GiveUp):
                return strictly
            return f"({one} if {x} is True else {zero} if {x} is False else {strictly})"
        if made.base in TEXTS:
            return f"({source.named(RememberedTexts(put), 'texts')}[{x}] if type({x}) is str else {strictly})"
        if writes_plain_reals(made):
            return self._real(source, put, x)
        times = quick_time(made.base, put, self.plain_text()) or quick_count(made.base, put, self.plain_count())
        if times is not None:
            return f"{source.named(times, 'times')}({x})"
        return self._number(source, made, put, x) or strictly

    @abstractmethod
    def _real(self, source: Source, put: Put, x: str) -> str:
        """Give the expression for the number with a fraction *x*, of a kind that refuses none that is usual."""

    @abstractmethod
    def plain_text(self) -> Put | None:
        """Give what writes a short text of ASCII; None where it stands as it is."""

    @abstractmethod
    def plain_count(self) -> Put:
        """Give what writes a whole number."""

    @abstractmethod
    def _number(self, source: Source, made: Made, put: Put, x: str) -> str | None:
        """Give the expression for the number *x*; None where *made* writes none that is known here."""

    def _decimal(self, source: Source, put: Put, x: str, plain: str) -> str:
        """Give the expression for the exact number *x*, whose text is ``s``; *plain* stands for a short one."""
        cls, strictly = source.named(Decimal, "Decimal"), f"{source.named(put, 'put')}({x})"
        kept = source.named(RememberedDecimals(put, self.plain_text() or as_it_is), "decimals")
        short = f"(s := str({x})).isdigit() and len(s) < {SHORT}"
        return f"(({plain} if {short} else {kept}[s]) if type({x}) is {cls} else {strictly})"


def _unquestioned(kind: Kind, put: Put) -> Put:
    """Give *put*, giving up on what `anytws.wire.guard` may question: an infinite number, a word that is not meant."""
    if is_word(kind):
        known = frozenset([None, *(kind.members or ())])

        def word(value: Any) -> str:
            if value in known or (isinstance(value, Word) and value.is_meant):
                return put(value)
            raise GiveUp

        return word
    if kind.protobuf != "double":
        return put

    def number(value: Any) -> str:
        if value in _INFINITIES:
            raise GiveUp
        return put(value)

    return number


class TextWords(Words):
    """Text: a field and a NUL, one after the other."""

    def put(self, kind: Kind, number: int | None = None) -> Put:  # noqa: ARG002 (protobuf's)
        """Give what writes a value as the kind does, and gives up on what a client's guard may refuse."""
        strict = self.checked(kind.write_text)
        return strict if not self.is_guarded else _unquestioned(kind, strict)

    def checked(self, write: Put) -> Put:
        """Give *write*, giving up on what a client may not say: what is not printable."""
        if not self.is_guarded:
            return write

        def put(value: Any) -> str:
            text = write(value)
            if not is_printable(text):
                raise GiveUp
            return text

        return put

    def _real(self, source: Source, put: Put, x: str) -> str:
        reals, strictly = source.named(RememberedReals(put), "reals"), f"{source.named(put, 'put')}({x})"
        return f"(({reals}[{x}] if {x} else {reals}.zero({x})) if type({x}) is float else {strictly})"

    def plain_text(self) -> Put | None:
        """Give nothing: it stands as it is."""
        return None

    def plain_count(self) -> Put:
        """Give its digits."""
        return str

    def value(self, source: Source, kind: Kind, number: int | None, x: str) -> str:
        """Give the expression without the NUL."""
        return self._chosen(source, kind, kind.write_text, self.put(kind, number), x)

    def _number(self, source: Source, made: Made, put: Put, x: str) -> str | None:
        strictly = f"{source.named(put, 'put')}({x})"
        if (end := end_of_whole(made)) is not None:
            return f"({x} if type({x}) is int and 0 < {x} < {end} else {strictly})"
        return self._decimal(source, put, x, "s") if writes_plain_decimals(made) else None


class ProtobufWords(Words):
    """Protobuf: the tag of a field and its value, each byte one character of Latin-1.

    So both encodings are written by the same f-strings, which are quicker than joining bytes.
    """

    def put(self, kind: Kind, number: int | None, *, may_be_absent: bool = True) -> Put:
        """Give what writes a field; without a number the value alone, as it stands in a packed list."""
        write, as_bytes = kind.write_protobuf, ENCODED[kind.protobuf]
        if write is None:
            raise CannotCompile(kind.name)
        head = "" if number is None else tag(number, WIRE_TYPES[kind.protobuf])

        def put(value: Any) -> str:
            written = write(value)
            if written is None:
                if may_be_absent:
                    return ""
                raise GiveUp
            return head + as_bytes(written)

        return put if not self.is_guarded else _unquestioned(kind, put)

    def _real(self, source: Source, put: Put, x: str) -> str:
        head, double = source.named(self._head, "tag"), source.named(DOUBLE_BYTES, "double")
        plain = f"{head} + {double}({x}).decode({source.named(LATIN, 'latin')})"
        return f"({plain} if type({x}) is float and 0.0 < {x} < 1e9 else {source.named(put, 'put')}({x}))"

    def plain_text(self) -> Put:
        """Give the text behind its length and the tag."""
        head = self._head
        return lambda text: f"{head}{LENGTHS[len(text)]}{text}"

    def plain_count(self) -> Put:
        """Give the number, seven bits a byte, behind the tag."""
        head = self._head
        return lambda count: head + varint(count)

    def value(self, source: Source, kind: Kind, number: int | None, x: str) -> str:
        """Give the expression with the tag."""
        self._head = "" if number is None else tag(number, WIRE_TYPES[kind.protobuf])
        return self._chosen(source, kind, kind.write_protobuf, self.put(kind, number), x)

    def item(self, source: Source, kind: Kind, number: int | None, x: str) -> str:
        """Give the expression of an item of a list, which cannot be absent."""
        self._head = "" if number is None else tag(number, WIRE_TYPES[kind.protobuf])
        return self._chosen(source, kind, kind.write_protobuf, self.put(kind, number, may_be_absent=False), x)

    def _number(self, source: Source, made: Made, put: Put, x: str) -> str | None:
        strictly = f"{source.named(put, 'put')}({x})"
        if (end := end_of_whole(made)) is not None:
            wholes = source.named(RememberedNumbers(put, self.plain_count(), end), "wholes")
            return f"({wholes}[{x}] if type({x}) is int else {strictly})"
        if writes_plain_decimals(made):
            heads = source.named([self._head + chr(length) for length in range(SHORT)], "heads")
            return self._decimal(source, put, x, f"{heads}[len(s)] + s")
        return None
