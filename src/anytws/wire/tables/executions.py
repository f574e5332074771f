"""The rows of `anytws.messages.executions`."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import attrs

from anytws.errors import LocalProtocolError, shown
from anytws.messages.contract import Action, SecurityType
from anytws.messages.executions import (
    CommissionAndFeesReport,
    Execution,
    ExecutionDetails,
    ExecutionDetailsEnd,
    ExecutionFilter,
    ExecutionRequest,
    ExecutionSide,
    ExerciseAction,
    ExerciseOptionsRequest,
    Liquidity,
    OptionExerciseType,
)
from anytws.messages.orders import CancelOrderRequest
from anytws.wire import versions as v
from anytws.wire.conversation import Cancel, ConversationRow, Key, Resend, Shape
from anytws.wire.kinds import DECIMAL, DOUBLE, INT, LONG, REQUEST_ID, Kind, number_of, word_of
from anytws.wire.optional_kinds import FLAG, TEXT, empty_means, maybe, nothing_is
from anytws.wire.rows import Entry, Filler, Layout, Many, Part, Row
from anytws.wire.tables.contract import CONTRACT, as_asked, contract_rows
from anytws.wire.times import DAY, INSTANT, MOMENT

_LIQUIDITY = empty_means(number_of(Liquidity), Liquidity.NONE)

_EXECUTION = Layout(
    Execution,
    text=(),
    protobuf=(
        Row("order_id", REQUEST_ID, 1),
        Row("execution_id", TEXT, 2, "execId"),
        Row("time", maybe(INSTANT), 3),
        Row("account", TEXT, 4, "acctNumber"),
        Row("exchange", TEXT, 5),
        Row("side", word_of(ExecutionSide), 6),
        Row("shares", maybe(DECIMAL), 7),
        Row("price", maybe(DOUBLE), 8),
        Row("permanent_id", maybe(LONG), 9, "permId"),
        Row("client_id", empty_means(INT, 0), 10),
        Row("liquidation", FLAG, 11, "isLiquidation"),
        Row("cumulative_quantity", maybe(DECIMAL), 12, "cumQty"),
        Row("average_price", maybe(DOUBLE), 13, "avgPrice"),
        Row("order_reference", TEXT, 14, "orderRef"),
        Row("ev_rule", TEXT, 15),
        Row("ev_multiplier", maybe(DOUBLE), 16),
        Row("model_code", TEXT, 17),
        Row("last_liquidity", _LIQUIDITY, 18),
        Row("pending_price_revision", FLAG, 19, "isPriceRevisionPending"),
        Row("submitter", TEXT, 20),
        Row(
            "option_exercise_type",
            empty_means(number_of(OptionExerciseType), OptionExerciseType.NONE),
            21,
            "optExerciseOrLapseType",
        ),
    ),
)

_EXECUTION_DETAILS = Layout(
    ExecutionDetails,
    text=(
        Filler("10", until=v.LAST_LIQUIDITY, minimum=10),
        Row("request_id", REQUEST_ID),
        Row("execution.order_id", REQUEST_ID),
        *contract_rows(
            "contract_id",
            "symbol",
            "security_type",
            "last_trade_date_or_contract_month",
            "strike",
            "right",
            "multiplier",
            "exchange",
            "currency",
            "local_symbol",
            "trading_class",
        ),
        Row("execution.execution_id", TEXT),
        Row("execution.time", maybe(INSTANT)),
        Row("execution.account", TEXT),
        Row("execution.exchange", TEXT),
        Row("execution.side", word_of(ExecutionSide)),
        Row("execution.shares", maybe(DECIMAL)),
        Row("execution.price", maybe(DOUBLE)),
        Row("execution.permanent_id", maybe(LONG)),
        Row("execution.client_id", empty_means(INT, 0)),
        Row("execution.liquidation", FLAG),
        Row("execution.cumulative_quantity", maybe(DECIMAL)),
        Row("execution.average_price", maybe(DOUBLE)),
        Row("execution.order_reference", TEXT),
        Row("execution.ev_rule", TEXT),
        Row("execution.ev_multiplier", maybe(DOUBLE)),
        Row("execution.model_code", TEXT, since=v.MODELS_SUPPORT),
        Row("execution.last_liquidity", _LIQUIDITY, since=v.LAST_LIQUIDITY),
        Row("execution.pending_price_revision", FLAG, since=v.PENDING_PRICE_REVISION),
        Row("execution.submitter", TEXT, since=v.SUBMITTER),
    ),
    protobuf=(
        Row("request_id", REQUEST_ID, 1, "reqId"),
        Part("contract", CONTRACT, 2),
        Part("execution", _EXECUTION, 3),
    ),
)


def _read_protobuf_date(number: int) -> date:
    day: date = DAY.read_text(f"{number:08}")
    return day


# A day as in text, but a number in protobuf.
_DATE = Kind(
    "DAY",
    DAY.read_text,
    DAY.write_text,
    "int32",
    read_protobuf=_read_protobuf_date,
    write_protobuf=lambda value: int(DAY.write_text(value)),
)

_EXECUTION_FILTER = Layout(
    ExecutionFilter,
    (
        Row("client_id", empty_means(INT, 0), 1),
        Row("account", TEXT, 2, "acctCode"),
        Row("time", maybe(MOMENT), 3),
        Row("symbol", TEXT, 4),
        Row("security_type", maybe(word_of(SecurityType)), 5, "secType"),
        Row("exchange", TEXT, 6),
        Row("side", maybe(word_of(Action)), 7),
        Row(
            "last_n_days",
            nothing_is(INT, "2147483647"),
            8,
            since=v.PARAMETRIZED_DAYS_OF_EXECUTIONS,
        ),
        Many("specific_dates", _DATE, 9, since=v.PARAMETRIZED_DAYS_OF_EXECUTIONS),
    ),
)


def _redemption_date() -> Kind:
    """Give the kind of a day, which the wire takes for a number: zero, -1 or the largest one is none."""
    kind = maybe(DAY)

    def read(text: str) -> date | None:
        day: date | None = None if text in ("0", "-1", "2147483647") else kind.read_text(text)
        return day

    return attrs.evolve(kind, read_text=read, read_protobuf=read)


_LARGEST_QUANTITY = 9
"""The power of ten of the largest whole number of 32 bits."""


def _quantity() -> Kind:
    """Give the kind of a number of contracts to act on: a whole number, also as the `Decimal` that a position is."""

    def whole(value: Any) -> Any:
        # The size first: a number like 1e999999 would be written out.
        if isinstance(value, Decimal) and value.is_finite() and value.adjusted() <= _LARGEST_QUANTITY:
            return int(value) if value == value.to_integral_value() else None
        return value

    inner_write = INT.write_protobuf or int

    def write(value: Any) -> str:
        return INT.write_text(whole(value))

    def write_protobuf(value: Any) -> Any:
        return inner_write(whole(value))

    return attrs.evolve(INT, name="QUANTITY", write_text=write, write_protobuf=write_protobuf)


_QUANTITY = _quantity()


def _exercise_as_said(request: Any) -> Any:
    """Give an exercise as a client says it. Raises `LocalProtocolError` for less than one contract."""
    quantity = request.exercise_quantity
    if isinstance(quantity, (int, Decimal)) and not quantity >= 1:
        raise LocalProtocolError(
            f"ExerciseOptionsRequest.exercise_quantity: {shown(quantity)} is not a whole number of 32 bits that is at"
            " least 1",
            message="ExerciseOptionsRequest",
            field="exercise_quantity",
        )
    return as_asked(request)


EXECUTIONS: tuple[Entry, ...] = (
    Entry(
        Layout(
            ExecutionRequest,
            (
                Filler("3"),
                Row("request_id", INT, 1, "reqId"),
                Part("execution_filter", _EXECUTION_FILTER, 2),
            ),
        ),
        id=7,
        vendor_name="reqExecutions",
        protobuf_since=v.PROTOBUF,
        conversation=ConversationRow(
            shape=Shape.RUN,
            key=Key.REQUEST_ID,
            # A fill that has just happened comes in between, without the id. Reports of fees never have one.
            answers=(ExecutionDetails,),
            end=ExecutionDetailsEnd,
            ends=frozenset({321, 322}),
            resend=Resend.NEW_ID,
            settles=True,
            deadline=30.0,
            source="D, C cap, asy",
            doubts="The end is missing in several builds, above all where there is nothing to tell. In older builds "
            "the reports of fees come after it.",
        ),
    ),
    Entry(_EXECUTION_DETAILS, id=11, vendor_name="execDetails", protobuf_since=v.PROTOBUF),
    Entry(
        Layout(ExecutionDetailsEnd, (Filler("1"), Row("request_id", INT, 1, "reqId"))),
        id=55,
        vendor_name="execDetailsEnd",
        protobuf_since=v.PROTOBUF,
    ),
    Entry(
        Layout(
            CommissionAndFeesReport,
            (
                Filler("1"),
                Row("execution_id", TEXT, 1, "execId"),
                Row("commission_and_fees", maybe(DOUBLE), 2),
                Row("currency", TEXT, 3),
                Row("realized_pnl", nothing_is(DOUBLE, "1.7976931348623157E308"), 4, "realizedPNL"),
                Row("bond_yield", nothing_is(DOUBLE, "1.7976931348623157E308"), 5),
                Row("yield_redemption_date", _redemption_date(), 6),
            ),
        ),
        id=59,
        vendor_name="commissionAndFeesReport",
        protobuf_since=v.PROTOBUF,
    ),
    Entry(
        Layout(
            ExerciseOptionsRequest,
            text=(
                Filler("2"),
                Row("order_id", INT),
                *contract_rows(
                    "contract_id",
                    "symbol",
                    "security_type",
                    "last_trade_date_or_contract_month",
                    "strike",
                    "right",
                    "multiplier",
                    "exchange",
                    "currency",
                    "local_symbol",
                    "trading_class",
                ),
                Row("exercise_action", number_of(ExerciseAction)),
                Row("exercise_quantity", _QUANTITY),
                Row("account", TEXT),
                Row("override", FLAG),
                Row("manual_order_time", maybe(MOMENT), since=v.MANUAL_ORDER_TIME_EXERCISE_OPTIONS),
                Row("customer_account", TEXT, since=v.CUSTOMER_ACCOUNT),
                Row("professional_customer", FLAG, since=v.PROFESSIONAL_CUSTOMER),
            ),
            protobuf=(
                Row("order_id", INT, 1),
                Part("contract", CONTRACT, 2),
                Row("exercise_action", number_of(ExerciseAction), 3),
                Row("exercise_quantity", _QUANTITY, 4),
                Row("account", TEXT, 5),
                Row("override", FLAG, 6),
                Row("manual_order_time", maybe(MOMENT), 7),
                Row("customer_account", TEXT, 8),
                Row("professional_customer", FLAG, 9),
            ),
        ),
        id=21,
        said_as=_exercise_as_said,
        vendor_name="exerciseOptions",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_1,
        changes_state=True,
        conversation=ConversationRow(
            shape=Shape.COMMAND,
            key=Key.ORDER_ID,
            cancel=Cancel(by=CancelOrderRequest, receipt=202, harmless=frozenset({161, 10147, 10148})),
            cancelled_with_caller=False,
            ends=frozenset({200, 201, 202, 321, 322}),
            comments=frozenset({10349}),
            source="C cap, D",
            confidence="medium",
            doubts="By another report there is no way to take it back but by hand in TWS.",
        ),
    ),
)
