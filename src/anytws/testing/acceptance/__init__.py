"""A numbered acceptance suite for clients of TWS: the peer does this, and a right client does that.

Each situation is a file of plain lines (``situations/A101.txt``, see `situation`), played against a simulated TWS. A
client takes part by a small adapter: a class with the methods of `Client`. ``python -m anytws.testing.acceptance
--client anytws`` prints the scoreboard; ``ib_async`` and ``ibapi`` have adapters too.
"""

from __future__ import annotations

from anytws.testing.acceptance.client import Answer, Believed, Client, NotOffered, Wanted, Watched
from anytws.testing.acceptance.play import Verdict, play
from anytws.testing.acceptance.scoreboard import Score, run, scoreboard
from anytws.testing.acceptance.situation import Line, Situation, read_situation, situations

__all__ = [
    "Answer",
    "Believed",
    "Client",
    "Line",
    "NotOffered",
    "Score",
    "Situation",
    "Verdict",
    "Wanted",
    "Watched",
    "play",
    "read_situation",
    "run",
    "scoreboard",
    "situations",
]
