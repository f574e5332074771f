"""What `anytws account` has found, in words for people and in JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import attrs

from anytws.cli.mask import Mask
from anytws.cli.output import Output, Tone, counted
from anytws.cli.quote_rows import amount_text, as_json, error_object, price_text, sentence_of
from anytws.errors import AnytwsError, printable
from anytws.machines.figures import Figure, Figures, Scope
from anytws.messages.accounts import AccountSummaryTag, PnL, PortfolioValue
from anytws.messages.contract import Contract

if TYPE_CHECKING:
    from collections.abc import Iterator

_LABELS: Final = {
    AccountSummaryTag.NET_LIQUIDATION: "net liquidation",
    AccountSummaryTag.TOTAL_CASH_VALUE: "cash",
    AccountSummaryTag.GROSS_POSITION_VALUE: "positions",
    AccountSummaryTag.INITIAL_MARGIN_REQUIREMENT: "initial margin",
    AccountSummaryTag.MAINTENANCE_MARGIN_REQUIREMENT: "maintenance",
    AccountSummaryTag.AVAILABLE_FUNDS: "available funds",
    AccountSummaryTag.EXCESS_LIQUIDITY: "excess liquidity",
    AccountSummaryTag.BUYING_POWER: "buying power",
    AccountSummaryTag.CUSHION: "cushion",
    AccountSummaryTag.LEVERAGE: "leverage",
    AccountSummaryTag.DAY_TRADES_REMAINING: "day trades left",
}
TAGS: Final = tuple(tag.value for tag in _LABELS)
"""The figures that are asked for."""
_UNLIMITED: Final = "-1"
_PNL: Final = ("daily_pnl", "unrealized_pnl", "realized_pnl")
_VALUES: Final = ("market_price", "market_value", "average_cost", "unrealized_pnl", "realized_pnl")
_HEADS: Final = ("position", "price", "value", "cost", "unrealized", "realized")
_CENTS: Final = 2
_DIGITS: Final = 7
"""Of prices that TWS computes: it has them in single precision."""
_COLUMN: Final = 12
_MOST_OF_A_NAME: Final = 30


@attrs.define
class Holding:
    """One account, and what was learned of it. Each part is what TWS said, or why it did not."""

    account: str
    summary: Figures | AnytwsError
    """Of all accounts together."""
    portfolio: Sequence[PortfolioValue] | AnytwsError = ()
    pnl: PnL | AnytwsError | None = None

    def problems(self) -> list[AnytwsError]:
        """Give what went wrong."""
        return [part for part in (self.summary, self.portfolio, self.pnl) if isinstance(part, AnytwsError)]

    def figures(self) -> Iterator[tuple[str, Figure]]:
        """Give the figures of this account as a whole, with what they are called here."""
        if isinstance(self.summary, AnytwsError):
            return
        own = {
            figure.name: figure
            for figure in self.summary.figures
            if figure.account == self.account and figure.scope is Scope.ACCOUNT
        }
        for tag, label in _LABELS.items():
            figure = own.get(tag.value)
            if figure is not None:
                yield label, figure


class Statement:
    """Tells *holdings*. All that TWS said goes through *mask*."""

    def __init__(self, output: Output, mask: Mask, holdings: Sequence[Holding]) -> None:
        self._output = output
        self._mask = mask
        self._holdings = holdings

    # --- for people ----------------------------------------------------------------------------------------------

    def tell(self) -> None:
        """Say all of each account."""
        for number, holding in enumerate(self._holdings):
            if number:
                self._output.blank()
            self._output.row((), f"Account {self._mask.account(holding.account)}", Tone.TITLE)
            self._tell_summary(holding)
            self._tell_pnl(holding)
            self._tell_positions(holding)

    def _failed(self, label: str, problem: AnytwsError) -> None:
        self._output.fact(label, self._mask(sentence_of(problem)), Tone.BAD)

    def _tell_summary(self, holding: Holding) -> None:
        if isinstance(holding.summary, AnytwsError):
            self._failed("summary", holding.summary)
        for label, figure in holding.figures():
            self._output.fact(label, self._mask(_figure_text(figure)))

    def _tell_pnl(self, holding: Holding) -> None:
        if isinstance(holding.pnl, AnytwsError):
            self._failed("profit and loss", holding.pnl)
        elif holding.pnl is not None:
            words = [(name.partition("_")[0], getattr(holding.pnl, name)) for name in _PNL]
            told = ", ".join([f"{_signed(value)} {word}" for word, value in words if value is not None])
            self._output.fact("profit and loss", told or "TWS could not compute it")

    def _tell_positions(self, holding: Holding) -> None:
        if isinstance(holding.portfolio, AnytwsError):
            self._failed("holds", holding.portfolio)
            return
        if not holding.portfolio:
            self._output.fact("holds", "nothing")
            return
        self._output.fact("holds", counted(len(holding.portfolio), "position"))
        self._output.blank()
        names = [self._mask(_name_of(each.contract))[:_MOST_OF_A_NAME] for each in holding.portfolio]
        width = max(map(len, names))
        heads = "".join([f"{head:>{_COLUMN}}" for head in _HEADS])
        # As wide as it is: numbers that are wrapped cannot be read.
        self._output.row((), f"  {'':<{width}}{heads}", Tone.QUIET, wrap=False)
        for name, held in zip(names, holding.portfolio, strict=True):
            cells = "".join([f"{cell:>{_COLUMN}}" for cell in _cells(held)])
            self._output.row(((f"  {name:<{width}}", Tone.STATE),), cells, wrap=False)

    # --- for programs --------------------------------------------------------------------------------------------

    def write_json(self, exit_code: int) -> None:
        """Write all as one JSON object."""
        told = {"exit_code": exit_code, "accounts": [self._object(holding) for holding in self._holdings]}
        self._output.raw(json.dumps(told, indent=2))

    def _object(self, holding: Holding) -> dict[str, Any]:
        pnl, portfolio = holding.pnl, holding.portfolio
        parts = {"summary": holding.summary, "positions": portfolio, "pnl": pnl}
        return {
            "account": self._mask.account(holding.account),
            "summary": None if isinstance(holding.summary, AnytwsError) else self._summary(holding),
            "pnl": None if pnl is None or isinstance(pnl, AnytwsError) else _fields(pnl, _PNL),
            "positions": None if isinstance(portfolio, AnytwsError) else [self._position(each) for each in portfolio],
            "failures": {
                name: error_object(part, self._mask) for name, part in parts.items() if isinstance(part, AnytwsError)
            },
        }

    def _summary(self, holding: Holding) -> dict[str, Any]:
        return {
            figure.name: {
                "value": self._mask(figure.text) if figure.amount is None else str(figure.amount),
                "currency": self._mask(figure.currency) or None,
            }
            for _, figure in holding.figures()
        }

    def _position(self, held: PortfolioValue) -> dict[str, Any]:
        contract, mask = held.contract, self._mask
        return {
            "contract_id": contract.contract_id or None,
            "symbol": mask(contract.symbol),
            "security_type": None if contract.security_type is None else mask(contract.security_type.value),
            "local_symbol": mask(contract.local_symbol),
            "currency": mask(contract.currency),
            "position": as_json(held.position),
            **_fields(held, _VALUES),
        }


def _fields(record: object, names: Sequence[str]) -> dict[str, Any]:
    return {name: as_json(getattr(record, name)) for name in names}


def _figure_text(figure: Figure) -> str:
    if figure.name == AccountSummaryTag.DAY_TRADES_REMAINING.value and figure.text == _UNLIMITED:
        return "no limit"
    if figure.amount is None or not figure.currency:
        return figure.text
    return f"{amount_text(figure.amount, _CENTS)} {figure.currency}"


def _signed(value: float) -> str:
    text = amount_text(value, _CENTS)
    return text if text.startswith("-") else f"+{text}"


def _name_of(contract: Contract) -> str:
    """Give what a person calls it: options and futures by the name that their exchange has for them."""
    return printable(" ".join((contract.local_symbol or contract.symbol or f"#{contract.contract_id}").split()))


def _cells(held: PortfolioValue) -> tuple[str, ...]:
    position = held.position
    return (
        amount_text(position if position is None else Decimal(position)),
        price_text(held.market_price, digits=_DIGITS),
        amount_text(held.market_value, _CENTS),
        price_text(held.average_cost, digits=_DIGITS),
        "" if held.unrealized_pnl is None else _signed(held.unrealized_pnl),
        "" if held.realized_pnl is None else _signed(held.realized_pnl),
    )
