"""``python -m anytws.testing.acceptance --client anytws``: the scoreboard of a client, or of several.

anytws plays in memory, where time passes at once. Others play over TCP, twenty times as fast as life: some minutes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Final

import anyio
import trio  # noqa: TID251 (its clock can be made to jump)
from trio.testing import MockClock  # noqa: TID251 (see above)

from anytws.testing.acceptance.anytws_client import AnytwsClient
from anytws.testing.acceptance.client import Adapter
from anytws.testing.acceptance.ib_async_client import IbAsyncClient
from anytws.testing.acceptance.ibapi_client import IbapiClient
from anytws.testing.acceptance.play import Verdict, play
from anytws.testing.acceptance.scoreboard import Score, line_of, run, scoreboard
from anytws.testing.acceptance.situation import Situation, situations

SPEED: Final = 20.0
"""How much faster than life the time of the simulated TWS runs for clients over TCP."""
OTHERS: Final[dict[str, Adapter]] = {
    "ib_async": IbAsyncClient,
    "ib_insync": lambda peer: IbAsyncClient(peer, "ib_insync"),
    "ibapi": IbapiClient,
}
"""The clients beside ours that have an adapter here."""


def main(arguments: Sequence[str]) -> int:
    """Play, print, and give 0 if no situation was failed."""
    parser = argparse.ArgumentParser(prog="python -m anytws.testing.acceptance", description=__doc__)
    parser.add_argument("--client", action="append", choices=["anytws", *OTHERS], help="which client; may be repeated")
    parser.add_argument("--server-version", type=int, help="the newest that TWS speaks; without: 226")
    parser.add_argument("situation", nargs="*", help="numbers such as A101; without any: all")
    options = parser.parse_args(arguments)
    among = [each for each in situations() if not options.situation or each.number in options.situation]
    scores = [score_of(name, among, options.server_version) for name in options.client or ["anytws"]]
    _print("")
    _print(scoreboard(scores))
    return int(any(score.count("failed") for score in scores))


def score_of(name: str, among: Sequence[Situation], version: int | None = None) -> Score:
    """Play the situations *among* with the client *name*, and tell each as it ends."""
    _print(f"\n{name}")
    if name == "anytws":
        return Score(name, tuple(_told(in_no_time(situation, version)) for situation in among))

    async def playing() -> Score:
        adapter = OTHERS[name]
        return await run(name, adapter, tcp=True, speed=SPEED, server_version=version, among=among, note=_told)

    return anyio.run(playing, backend="asyncio")


def in_no_time(situation: Situation, version: int | None = None) -> Verdict:
    """Play *situation* with anytws in memory, under a clock that jumps to whatever comes next."""

    async def playing() -> Verdict:
        return await play(situation, AnytwsClient, server_version=version)

    return trio.run(playing, clock=MockClock(autojump_threshold=0))


def _told(verdict: Verdict) -> Verdict:
    _print(line_of(verdict))
    return verdict


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
