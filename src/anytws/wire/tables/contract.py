"""The rows of contracts, which many messages carry."""

from __future__ import annotations

from typing import Any

import attrs

from anytws.messages.contract import (
    Action,
    ComboLeg,
    Contract,
    DeltaNeutralContract,
    LegOpenClose,
    Right,
    SecurityIdType,
    SecurityType,
    ShortSaleSlot,
    askable,
)
from anytws.wire.kinds import DECIMAL_AS_DOUBLE, DOUBLE, INT, STRING, number_of, word_of
from anytws.wire.optional_kinds import FLAG, TEXT, empty_means, maybe
from anytws.wire.rows import Layout, Many, Part, Row

_LEG_ROWS = (
    Row("contract_id", INT, 1, "conId"),
    Row("ratio", INT, 2),
    Row("action", word_of(Action), 3),
    Row("exchange", TEXT, 4),
    Row("open_close", empty_means(number_of(LegOpenClose), LegOpenClose(0)), 5),
    Row("short_sale_slot", empty_means(number_of(ShortSaleSlot), ShortSaleSlot.NONE), 6, "shortSalesSlot"),
    Row("designated_location", TEXT, 7),
    Row("exempt_code", empty_means(INT, 0), 8),
    Row("per_leg_price", maybe(DOUBLE), 9),
)
COMBO_LEG = Layout(ComboLeg, text=_LEG_ROWS[:8], protobuf=_LEG_ROWS)
"""A leg as orders write it in text."""
COMBO_LEG_BRIEF = Layout(
    ComboLeg,
    text=_LEG_ROWS[:4],
    protobuf=(*_LEG_ROWS[:4], *[attrs.evolve(row, may_be_lost=True) for row in _LEG_ROWS[4:]]),
)
"""A leg as requests for data write it in text: what only an order does with a leg says nothing to them."""

DELTA_NEUTRAL_CONTRACT = Layout(
    DeltaNeutralContract,
    (
        Row("contract_id", INT, 1, "conId"),
        Row("delta", empty_means(DOUBLE, 0.0), 2),
        Row("price", empty_means(DOUBLE, 0.0), 3),
    ),
)

CONTRACT = Layout(
    Contract,
    text=(),
    protobuf=(
        Row("contract_id", empty_means(INT, 0), 1, "conId"),
        Row("symbol", TEXT, 2),
        Row("security_type", maybe(word_of(SecurityType)), 3, "secType"),
        Row("last_trade_date_or_contract_month", TEXT, 4),
        Row("strike", maybe(DOUBLE), 5),
        Row("right", maybe(word_of(Right)), 6),
        Row("multiplier", maybe(DECIMAL_AS_DOUBLE), 7),
        Row("exchange", TEXT, 8),
        Row("primary_exchange", TEXT, 9, "primaryExch", told_by="contract_id"),
        Row("currency", TEXT, 10),
        Row("local_symbol", TEXT, 11),
        Row("trading_class", TEXT, 12),
        Row("security_id_type", maybe(word_of(SecurityIdType)), 13, "secIdType", told_by="contract_id"),
        Row("security_id", TEXT, 14, "secId", told_by="contract_id"),
        Row("description", TEXT, 15, may_be_lost=True),
        Row("issuer_id", TEXT, 16, told_by="contract_id"),
        Part("delta_neutral_contract", DELTA_NEUTRAL_CONTRACT, 17, optional=True),
        Row("include_expired", FLAG, 18),
        Row("combo_legs_description", TEXT, 19, "comboLegsDescrip", may_be_lost=True),
        Many("combo_legs", COMBO_LEG, 20),
        Row("last_trade_date", TEXT, 21, may_be_lost=True),
    ),
)
"""A contract in protobuf. In text each message writes the fields that it needs: see `contract_rows`."""

_TEXT_KINDS = {
    "contract_id": empty_means(INT, 0),
    "security_type": maybe(word_of(SecurityType)),
    "strike": maybe(DOUBLE),
    "right": maybe(word_of(Right)),
    "multiplier": maybe(DECIMAL_AS_DOUBLE),
    "security_id_type": maybe(word_of(SecurityIdType)),
    "include_expired": FLAG,
}

COMMON = (
    "contract_id",
    "symbol",
    "security_type",
    "last_trade_date_or_contract_month",
    "strike",
    "right",
    "multiplier",
    "exchange",
    "primary_exchange",
    "currency",
    "local_symbol",
    "trading_class",
)
"""The fields that most requests write, in their order."""


def as_asked(request: Any) -> Any:
    """Give a *request* with its contract in the form in which a client says it, as ``before_writing`` of its layout."""
    contract = askable(request.contract)
    return request if contract is request.contract else attrs.evolve(request, contract=contract)


def contract_rows(*names: str, at: str = "contract") -> tuple[Row, ...]:
    """Give the text rows of the fields *names* of the contract *at*, in that order."""
    return tuple([Row(f"{at}.{name}", _TEXT_KINDS.get(name, STRING)) for name in names])
