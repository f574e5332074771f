"""What an order has filled, and what that cost: its executions by their ids, counted once each, however they come.

Executions are the ledger of an order: its statuses are news, may lump fills together, and may be missing. A correction
has the id of what it corrects with a higher last segment, and takes its place. What an execution cost is told apart,
before it, after it, or never. All sums are exact, so that they do not depend on the order in which things came.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import attrs

from anytws.machines.order_costs import EXACT, NOTHING, SHOWN, Costs, OrderCosts, price_of
from anytws.machines.order_state import Fill
from anytws.messages.base import replace
from anytws.messages.contract import ComboLeg, Contract, SecurityType
from anytws.messages.executions import CommissionAndFeesReport, Execution, ExecutionDetails

MOST_LOOSE_COSTS: Final = 1000
"""Reports of costs that wait for their executions; of more, the oldest are forgotten. `anytws.machines.known_orders`
gives an order only those of its own."""
MOST_EMPTY_SUMS: Final = 100
"""Accounts and contracts of which no execution is left, as corrections name others. They may have said how much is
filled in all."""
_LONGEST_NUMBER: Final = 6
"""Digits of the number of a correction; a longer one is none."""


def quantity_of(value: Decimal | None) -> Decimal | None:
    """Give a quantity that can be computed with, None for all others."""
    return value if value is not None and value.is_finite() else None


def correction_of(execution_id: str) -> tuple[str, int]:
    """Give *execution_id* without its last segment, which counts corrections, and that number."""
    base, dot, last = execution_id.rpartition(".")
    if dot and len(last) <= _LONGEST_NUMBER and last.isdecimal() and last.isascii():
        return base, int(last)
    return execution_id, 0


def name_of(execution: Execution) -> str:
    """Give what names *execution*: its id, or, where that could not be read, all that tells it from others."""
    said = execution
    return said.execution_id or f"?{said.time}/{said.cumulative_quantity}/{said.shares}/{said.price}/{said.account}"


def _missing(value: Fill | CommissionAndFeesReport) -> tuple[int, str]:
    """Give what decides between two forms of the same report, whichever came first: how much it leaves out."""
    said = value.execution if isinstance(value, Fill) else value
    return sum(each is None for each in attrs.astuple(said, recurse=False)), repr(said)  # type: ignore[arg-type]


def _is_newer(report: CommissionAndFeesReport, known: CommissionAndFeesReport) -> bool:
    """Tell whether *report* takes the place of *known*, whichever of them came first."""
    number, known_number = correction_of(report.execution_id)[1], correction_of(known.execution_id)[1]
    if number != known_number or report == known:
        return number > known_number
    return _missing(report) < _missing(known)


class _Piece:
    """One execution, in all the versions of it that were heard."""

    __slots__ = ("costs", "fill", "most", "number", "price", "price_number", "shares", "shares_number")

    def __init__(self, fill: Fill, number: int) -> None:
        self.fill = fill
        self.number = number
        self.shares: Decimal | None = None
        """Of the newest version that says it."""
        self.shares_number = -1
        self.price: float | None = None
        self.price_number = -1
        self.most = NOTHING
        """The most that any version has said."""
        self.costs: CommissionAndFeesReport | None = None

    def take(self, fill: Fill, number: int) -> None:
        """Take one version of it."""
        execution = fill.execution
        shares, price = quantity_of(execution.shares), price_of(execution.price)
        is_better = number > self.number
        if number == self.number and fill is not self.fill:
            # Two forms of one report, which hardly ever are: to tell which says more takes long.
            is_better = _missing(fill) < _missing(self.fill)
        if is_better:
            self.fill, self.number = fill, number
        if shares is not None:
            self.most = max(self.most, shares)
            if number > self.shares_number or (is_better and number == self.shares_number):
                self.shares, self.shares_number = shares, number
        if price is not None and (number > self.price_number or (is_better and number == self.price_number)):
            self.price, self.price_number = price, number


@attrs.define
class _Sum:
    """What the executions of one contract in one account come to."""

    pieces: int = 0
    shares: Decimal = NOTHING
    most: Decimal = NOTHING
    """As ``shares``, before anything was taken back by corrections."""
    value: Decimal = NOTHING
    unpriced: int = 0
    """How many say no price."""
    cumulative: Decimal = NOTHING
    """The most that one has said of all of them."""
    cumulative_number: int = -1
    cumulative_average: float | None = None

    def add(self, piece: _Piece, times: int) -> None:
        """Count *piece*, or, with -1, count it no more."""
        self.pieces += times
        shares = piece.shares
        if shares is None:
            return
        add = EXACT.add if times > 0 else EXACT.subtract
        self.shares = add(self.shares, shares)
        self.most = add(self.most, piece.most)
        if piece.price is None:
            self.unpriced += times
        else:
            self.value = add(self.value, EXACT.multiply(shares, Decimal(repr(float(piece.price)))))

    def hear(self, execution: Execution, number: int) -> None:
        """Take what *execution* says of all of them."""
        cumulative = quantity_of(execution.cumulative_quantity)
        if cumulative is None or (cumulative, number) <= (self.cumulative, self.cumulative_number):
            return
        self.cumulative, self.cumulative_number = cumulative, number
        self.cumulative_average = price_of(execution.average_price)

    def join(self, other: _Sum) -> _Sum:
        """Give what both come to."""
        first = max(self, other, key=lambda each: (each.cumulative, each.cumulative_number))
        return _Sum(
            self.pieces + other.pieces,
            EXACT.add(self.shares, other.shares),
            EXACT.add(self.most, other.most),
            EXACT.add(self.value, other.value),
            self.unpriced + other.unpriced,
            first.cumulative,
            first.cumulative_number,
            first.cumulative_average,
        )


@attrs.frozen
class Count:
    """What all executions of an order come to."""

    executed: Decimal = NOTHING
    """The sum of them, corrections taken into account."""
    taken_back: Decimal = NOTHING
    """How much corrections have taken back."""
    most: Decimal = NOTHING
    """The most that was ever told of them, corrections or not: an order that was filled once does not work again."""
    told: Decimal = NOTHING
    """The most that one of them has said of all."""
    told_average: float | None = None
    """The average price that goes with it."""
    average: float | None = None
    """The average price of ``executed``; None where one of them has no price."""


class OrderFills:
    """The executions of one order. None is ever dropped, and none is counted twice."""

    def __init__(self) -> None:
        self.fills: Final[dict[str, Fill]] = {}
        """By execution id without the number of its correction, in the order in which they came to be known."""
        self.unsized: int = 0
        """How many say neither how much they are nor how much all are: then the sum is not known."""
        self._pieces: dict[str, _Piece] = {}
        self._sums: dict[tuple[bool, int, str], _Sum] = {}
        """By whether it is of the combination itself, the contract, and the account."""
        self._loose: dict[str, CommissionAndFeesReport] = {}
        """Costs of executions that are not known, by their ids as well."""
        self._counted: tuple[Contract | None, Count] | None = None
        self._costs = OrderCosts()

    # --- what is heard -------------------------------------------------------------------------------------------

    def add(self, message: ExecutionDetails) -> bool:
        """Take an execution: a new one, one that is known, or the correction of one. Tell whether anything is new."""
        return self._add(Fill(message.execution, message.contract))

    def _add(self, fill: Fill) -> bool:
        execution = fill.execution
        base, number = correction_of(name_of(execution))
        piece = self._pieces.get(base)
        if piece is None:
            piece = self._pieces[base] = _Piece(fill, number)
            piece.take(fill, number)
        else:
            if piece.number == number and piece.fill.execution == execution:
                return False
            self._count(piece, -1)
            piece.take(fill, number)
        self._count(piece, 1)
        self._sum_of(piece.fill).hear(execution, number)
        if self._loose:
            self._attach(piece, self._loose.pop(base, None))
        self.fills[base] = piece.fill if piece.costs is None else replace(piece.fill, costs=piece.costs)
        self._counted = None
        return True

    def hear_costs(self, report: CommissionAndFeesReport) -> bool:
        """Take what an execution cost. Tell whether anything is new."""
        base, _ = correction_of(report.execution_id)
        piece = self._pieces.get(base)
        if piece is None:
            return self._keep(base, report)
        if not self._attach(piece, report):
            return False
        self.fills[base] = replace(piece.fill, costs=piece.costs)
        return True

    def _keep(self, base: str, report: CommissionAndFeesReport) -> bool:
        """Keep *report* until its execution comes. It changes nothing until then."""
        known = self._loose.get(base)
        if known is None or _is_newer(report, known):
            self._loose[base] = report
            if len(self._loose) > MOST_LOOSE_COSTS:
                del self._loose[next(iter(self._loose))]
        return False

    def _attach(self, piece: _Piece, report: CommissionAndFeesReport | None) -> bool:
        """Take *report* as the costs of *piece*, unless a newer one is known."""
        if report is None:
            return False
        known = piece.costs
        if known is not None and not _is_newer(report, known):
            return False
        self._costs.change(known, report)
        piece.costs = report
        return True

    def absorb(self, other: OrderFills) -> bool:
        """Take the executions of *other* as well."""
        is_new = False
        for piece in other._pieces.values():
            is_new = self._add(replace(piece.fill, costs=None)) or is_new
            mine = self._pieces[correction_of(name_of(piece.fill.execution))[0]]
            if piece.most > mine.most:
                self._count(mine, -1)
                mine.most = piece.most
                self._count(mine, 1)
                self._counted, is_new = None, True
            if piece.costs is not None:
                is_new = self.hear_costs(piece.costs) or is_new
        return is_new

    def _count(self, piece: _Piece, times: int) -> None:
        self._sum_of(piece.fill).add(piece, times)
        if piece.shares is None and quantity_of(piece.fill.execution.cumulative_quantity) is None:
            self.unsized += times

    def _sum_of(self, fill: Fill) -> _Sum:
        contract = fill.contract
        is_combo = contract.security_type is SecurityType.COMBO
        key = (is_combo, contract.contract_id or 0, fill.execution.account or "")
        known = self._sums.get(key)
        if known is None:
            if len(self._sums) > len(self._pieces) + MOST_EMPTY_SUMS:
                self._sums = {key: each for key, each in self._sums.items() if each.pieces}
            known = self._sums[key] = _Sum()
        return known

    # --- what it comes to ----------------------------------------------------------------------------------------

    def count(self, contract: Contract | None) -> Count:
        """Give what they come to for an order of *contract*; None: not known."""
        if self._counted is None or self._counted[0] is not contract:
            self._counted = contract, self._count_for(contract)
        return self._counted[1]

    def _count_for(self, contract: Contract | None) -> Count:
        sums = self._sums
        if not sums:
            return Count()
        if len(sums) == 1:
            ((is_combo, contract_id, _account), only) = next(iter(sums.items()))
            if is_combo or not _is_combo(contract):
                return _counted(only)
            return _count_of_legs({contract_id: only}, contract)
        if _is_combo(contract) or any(is_combo for is_combo, _, _ in sums):
            # The combination itself and its legs are told as executions: only the former count against the order.
            own = _by_account({key: each for key, each in sums.items() if key[0]})
            return _counted(own) if own is not None else _count_of_legs(self._by_contract(), contract)
        if len({contract_id for _, contract_id, _ in sums if contract_id}) > 1:
            # The legs of a combination that nothing is known of.
            return Count()
        found = _by_account(sums)
        return Count() if found is None else _counted(found)

    def _by_contract(self) -> dict[int, _Sum]:
        contracts: dict[int, dict[tuple[bool, int, str], _Sum]] = {}
        for key, each in self._sums.items():
            contracts.setdefault(key[1], {})[key] = each
        joined = {contract_id: _by_account(sums) for contract_id, sums in contracts.items()}
        return {contract_id: each for contract_id, each in joined.items() if each is not None}

    @property
    def costs(self) -> Costs:
        """What they cost and earned."""
        return self._costs.total


def _is_combo(contract: Contract | None) -> bool:
    return contract is not None and contract.security_type is SecurityType.COMBO


def _by_account(sums: dict[tuple[bool, int, str], _Sum]) -> _Sum | None:
    """Give what *sums* come to, of which an advisor's may tell the same fills of the whole order and of its accounts.

    An execution that names no account is one of those that are counted: it may not be lost.
    """
    accounts: dict[str, _Sum] = {}
    for (_, _, account), each in sums.items():
        known = accounts.get(account)
        accounts[account] = each if known is None else known.join(each)
    nameless = accounts.pop("", None)
    if not accounts:
        return nameless
    largest = max(accounts.items(), key=lambda pair: (pair[1].most, pair[0]))[1]
    return largest if nameless is None else largest.join(nameless)


def _count_of_legs(by_contract: dict[int, _Sum], contract: Contract | None) -> Count:
    """Give how many of a combination its legs make, as far as they are known."""
    legs: tuple[ComboLeg, ...] = () if contract is None else contract.combo_legs
    if not legs or any(leg.ratio <= 0 or not leg.contract_id for leg in legs):
        return Count()
    whole = [
        (EXACT.divide_int(found.shares, Decimal(leg.ratio)), EXACT.divide_int(found.most, Decimal(leg.ratio)))
        for leg in legs
        if (found := by_contract.get(leg.contract_id)) is not None
    ]
    if len(whole) < len(legs):
        return Count()
    executed, most = min(each for each, _ in whole), min(each for _, each in whole)
    return Count(executed, EXACT.subtract(most, executed), most)


def _counted(found: _Sum) -> Count:
    average = None
    if found.shares and not found.unpriced:
        average = float(SHOWN.divide(found.value, found.shares))
    return Count(
        found.shares,
        EXACT.subtract(found.most, found.shares),
        max(found.most, found.cumulative),
        found.cumulative,
        found.cumulative_average,
        average,
    )
