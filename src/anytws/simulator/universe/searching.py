"""Finds instruments by the beginning of a symbol or by words of a name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from anytws.messages.contract import SecurityType
from anytws.simulator.universe.instrument import Instrument

_SEARCHED: Final = frozenset({SecurityType.STOCK, SecurityType.INDEX, SecurityType.BOND})


def search(instruments: Iterable[Instrument], text: str) -> list[Instrument]:
    """Give what *text* finds: the symbol itself, then symbols that begin so, then names with such words (chosen).

    Of the bonds of an issuer it is the first one that is found. An empty text finds nothing.
    """
    words = text.upper().split()
    if not words:
        return []
    ranked: list[tuple[int, int, Instrument]] = []
    issuers: set[str] = set()
    for place, instrument in enumerate(instruments):
        if instrument.security_type not in _SEARCHED:
            continue
        rank = _rank(instrument, " ".join(words), words)
        if rank is None:
            continue
        if instrument.security_type is SecurityType.BOND:
            if instrument.contract.issuer_id in issuers:
                continue
            issuers.add(instrument.contract.issuer_id)
        ranked.append((rank, place, instrument))
    return [instrument for _, _, instrument in sorted(ranked, key=lambda item: item[:2])]


def _rank(instrument: Instrument, whole: str, words: list[str]) -> int | None:
    symbol = instrument.contract.symbol.upper()
    if symbol == whole:
        return 0
    if symbol.startswith(whole):
        return 1
    name = f"{instrument.details.long_name} {instrument.details.description_append}".upper().split()
    return 2 if all(any(part.startswith(word) for part in name) for word in words) else None
