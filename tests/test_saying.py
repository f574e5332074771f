"""How questions leave: numbered, in their order, once more where TWS may have dropped them, and cancelled."""

from __future__ import annotations

from typing import Any

import pytest

from anytws.errors import LocalProtocolError
from anytws.machines import Phase
from anytws.machines import outbox as outbox_module
from anytws.messages import (
    CancelContractData,
    CancelPnL,
    ContractDataRequest,
    MatchingSymbolsRequest,
    PnLRequest,
    Stock,
    UserInfoRequest,
)
from tests.conversing import Line, number_of

STOCK = Stock("AAPL")


def phase_of(held: Any) -> Phase:
    assert held.question is not None
    phase: Phase = held.question.phase
    return phase


def test_ids_go_up_and_what_is_refused_uses_none() -> None:
    line = Line()
    first = line.ask(UserInfoRequest())
    with pytest.raises(LocalProtocolError):
        line.ask(MatchingSymbolsRequest("a\0b"))
    assert number_of(line.ask(UserInfoRequest())) == number_of(first) + 1


def test_what_waits_for_room_leaves_in_the_order_in_which_it_was_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "MOST_FRAMES", 2)
    line = Line()
    line.is_writing = False
    asked = [line.ask(UserInfoRequest()) for _ in range(6)]
    assert [phase_of(each) for each in asked] == [Phase.ASKED] * 2 + [Phase.HELD] * 4
    line.leave(asked[3])
    line.is_writing = True
    line.move()
    kept = [each for each in asked if each is not asked[3]]
    assert line.heard_ids() == [number_of(each) for each in kept]
    assert all(phase_of(each) is Phase.ASKED for each in kept)


def test_what_is_taken_back_makes_room_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "MOST_FRAMES", 1)
    line = Line()
    line.is_writing = False
    first, second, third = (line.ask(UserInfoRequest()) for _ in range(3))
    line.leave(first)
    assert [phase_of(second), phase_of(third)] == [Phase.ASKED, Phase.HELD]
    line.leave(second)
    assert phase_of(third) is Phase.ASKED


def test_there_is_always_room_for_a_cancel(monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line()
    stream = line.stream(PnLRequest("DU1"))
    line.take()
    monkeypatch.setattr(outbox_module, "MOST_FRAMES", 1)
    line.is_writing = False
    line.ask(UserInfoRequest())
    line.leave(stream)
    line.is_writing = True
    assert line.take()[-1] == CancelPnL(number_of(stream))


@pytest.mark.parametrize("version", [203, 225])
def test_a_cancel_that_the_version_does_not_have_is_not_said(version: int) -> None:
    line = Line(version)
    asked = line.ask(ContractDataRequest(STOCK))
    line.leave(asked)
    assert line.take()[1:] == ([CancelContractData(number_of(asked))] if version == 225 else [])
    assert line.is_empty()


def test_nothing_is_said_after_the_end() -> None:
    line = Line()
    stream, asked = line.stream(PnLRequest("DU1")), line.ask(UserInfoRequest())
    line.take()
    line.session.close(line.now)
    line.leave(stream)
    line.leave(asked)
    assert line.session.data_to_send(line.now) == b""
    assert line.is_empty()
