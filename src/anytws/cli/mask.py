"""What `anytws check` does not show: account ids, wherever they stand in a text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from anytws.errors import printable

_LONGEST_LINE: Final = 1000
"""Characters of one text, whoever wrote it."""
_LOOKED_AT: Final = 4000
"""Characters of one text that are looked at. So many more, so that no account is cut off before it is seen."""
_SHOWN: Final = 3
"""How many characters of an account id are shown, unless more is wanted."""
_HEAD: Final = 4
"""Characters by which a known account is found: no fewer are worth to be hidden, and more may have been cut off."""
_LONGEST_MASK: Final = 10
_LONGEST_ID: Final = 64
"""Characters of an account id of which it is known where it ends in a text. Real ones have ten."""
# U1234567, DF123456 and the like, whatever is stuck to them: the text of TWS, or one byte of a frame, such as \x00.
_ACCOUNT: Final = re.compile(r"[^\W\d_]\d{5,}")
_LETTERS: Final = 2
"""How many letters more such an id may have in front."""
# The same where somebody has cut it off: before "... (80 bytes)", or at the quote behind the first bytes of a frame.
# That quote may as well be behind a byte such as \x00, which is none.
_CUT: Final = re.compile(r"(?!(?<=\\)(?:x\d\d|u\d{4})['\"])[^\W\d_]\d+(?=\.\.\. \(|['\"])")


class Mask:
    """Makes any text fit to be shown: a printable line, with a bound, and without account ids unless *shows_accounts*.

    Hidden is what TWS has named as an account (`learn`), in any case of letters and wherever it stands, and what looks
    like one. Rather too much than too little: a text that is pasted into a bug report cannot be taken back.
    """

    def __init__(self, *, shows_accounts: bool = False) -> None:
        self._shows_accounts = shows_accounts
        self._known: set[str] = set()
        self._lengths: dict[str, int] = {}
        """How long the longest known account is that begins so."""

    def learn(self, accounts: Iterable[str]) -> None:
        """Hide *accounts* from now on. Those of up to three characters have nothing that is not shown anyway."""
        for account in accounts:
            beginning = account.strip()[:_LONGEST_ID]
            for form in map(_folded, _forms(beginning)):
                if len(form) < _HEAD:
                    continue
                if len(beginning) < _LONGEST_ID:
                    self._known.add(form)
                # Of a longer one nobody knows where it ends, once it is printed: all that follows is hidden.
                length = len(form) if len(beginning) < _LONGEST_ID else _LOOKED_AT
                self._lengths[form[:_HEAD]] = max(length, self._lengths.get(form[:_HEAD], 0))

    def account(self, account: str) -> str:
        """Give *account*, which stands alone, as it is shown."""
        if self._shows_accounts:
            return self(account)
        hidden = max(len(account) - _SHOWN, 0)
        # An id as short as what is shown would be shown whole.
        return "*" * min(hidden, _LONGEST_MASK) + printable(account[hidden:]) if hidden else "*" * len(account)

    def __call__(self, text: str) -> str:
        """Give *text* as it is shown."""
        told = printable(text[:_LOOKED_AT])[:_LOOKED_AT]
        if not self._shows_accounts:
            told = self._hidden(told)
        return told if len(told) <= _LONGEST_LINE else f"{told[:_LONGEST_LINE]}..."

    def _hidden(self, text: str) -> str:
        hidden = bytearray(len(text))

        def hide(begin: int, end: int) -> None:
            hidden[begin:end] = b"\1" * (min(end, len(text)) - begin)

        for match in _ACCOUNT.finditer(text):
            begin = match.start()
            while begin > 0 and match.start() - begin < _LETTERS and text[begin - 1].isalpha():
                begin -= 1
            hide(begin, match.end() - _SHOWN)
        for match in _CUT.finditer(text):
            hide(match.start(), match.end())
        folded = _folded(text)
        for begin in range(len(text) - _HEAD + 1):
            length = self._lengths.get(folded[begin : begin + _HEAD])
            if length is not None:
                # A shorter one with the same head, or the beginning of one, is hidden whole.
                shown = _SHOWN if folded[begin : begin + length] in self._known else 0
                hide(begin, begin + length - shown)
        return "".join(["*" if is_hidden else letter for letter, is_hidden in zip(text, hidden, strict=True)])


_CASES: Final = (str, str.upper, str.lower, str.swapcase, str.title, str.casefold)


def _forms(account: str) -> set[str]:
    """Give all ways in which *account* may stand in a printable text: as it is, or as Python writes it or its bytes."""
    if account.isascii() and account.isprintable() and "\\" not in account and "'" not in account:
        return {account}
    # Of letters beyond ASCII each case has bytes of its own, and some have two letters.
    return {form for case in _CASES for form in _written(case(account))}


def _written(account: str) -> tuple[str, str, str]:
    try:
        raw = account.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raw = account.encode("utf-8", "surrogatepass")
    return printable(account), repr(account)[1:-1], repr(raw)[2:-1]


def _folded(text: str) -> str:
    """Give *text* in one case of letters, and as long as it was."""
    if text.isascii():
        return text.lower()
    return "".join([fold if len(fold := letter.casefold()) == 1 else letter for letter in text])
