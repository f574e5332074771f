"""Answers about accounts: their values, positions, profit and loss. Each kind is in a file of its own beside this."""

from __future__ import annotations

from typing import Final

from anytws.messages.accounts import (
    AccountDataRequest,
    AccountSummaryRequest,
    AccountUpdatesMultiRequest,
    CancelAccountSummary,
    CancelAccountUpdatesMulti,
    CancelPnL,
    CancelPnLSingle,
    CancelPositions,
    CancelPositionsMulti,
    PnLRequest,
    PnLSingleRequest,
    PositionsMultiRequest,
    PositionsRequest,
)
from anytws.simulator.answers.account_data import tell_account_data
from anytws.simulator.answers.account_summary import end_account_summary, tell_account_summary
from anytws.simulator.answers.account_updates import end_account_updates, tell_account_updates
from anytws.simulator.answers.answer import Answer, Answers
from anytws.simulator.answers.pnl import end_pnl, end_pnl_single, tell_pnl, tell_pnl_single
from anytws.simulator.answers.positions import end_positions, end_positions_multi, tell_positions, tell_positions_multi

ANSWERS: Final[Answers] = {
    PositionsRequest: Answer(tell_positions),
    CancelPositions: Answer(end_positions),
    PositionsMultiRequest: Answer(tell_positions_multi),
    CancelPositionsMulti: Answer(end_positions_multi),
    AccountDataRequest: Answer(tell_account_data),
    AccountUpdatesMultiRequest: Answer(tell_account_updates),
    CancelAccountUpdatesMulti: Answer(end_account_updates),
    AccountSummaryRequest: Answer(tell_account_summary),
    CancelAccountSummary: Answer(end_account_summary),
    PnLRequest: Answer(tell_pnl),
    CancelPnL: Answer(end_pnl),
    PnLSingleRequest: Answer(tell_pnl_single),
    CancelPnLSingle: Answer(end_pnl_single),
}
