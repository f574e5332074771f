"""The rows of `anytws.messages.scanner`."""

from __future__ import annotations

from typing import Any, Final

import attrs

from anytws.messages.scanner import (
    CancelScannerSubscription,
    ScannerData,
    ScannerDataElement,
    ScannerInstrument,
    ScannerParameters,
    ScannerParametersRequest,
    ScannerSubscription,
    ScannerSubscriptionRequest,
)
from anytws.wire import versions as v
from anytws.wire.conversation import Cancel, ConversationRow, Key, Pace, Resend, Shape
from anytws.wire.kinds import DOUBLE, INT, LONG, word_of
from anytws.wire.optional_kinds import ESCAPED_TEXT, FLAG, TEXT, empty_means, maybe
from anytws.wire.rows import Entry, Filler, Layout, Many, Part, Row, Tags
from anytws.wire.tables.contract import CONTRACT, contract_rows

_NO_VOLUMES: Final = (2147483647, 9223372036854775807)


def _read_protobuf_volume(value: int) -> int | None:
    return None if value in _NO_VOLUMES else value


def _write_protobuf_volume(value: Any) -> int | None:
    if value in _NO_VOLUMES:
        raise ValueError(value)
    return None if value is None else int(LONG.write_text(value))


VOLUME = attrs.evolve(
    maybe(INT), protobuf="int64", read_protobuf=_read_protobuf_volume, write_protobuf=_write_protobuf_volume
)
"""A whole number of 32 bits in text and 64 in protobuf; in both the vendor takes 2147483647 for none."""

SCANNER_SUBSCRIPTION = Layout(
    ScannerSubscription,
    (
        Row("number_of_rows", INT, 1),
        Row("instrument", maybe(word_of(ScannerInstrument)), 2),
        Row("location_code", TEXT, 3),
        Row("scan_code", TEXT, 4),
        Row("above_price", maybe(DOUBLE), 5),
        Row("below_price", maybe(DOUBLE), 6),
        Row("above_volume", VOLUME, 7),
        Row("market_cap_above", maybe(DOUBLE), 8),
        Row("market_cap_below", maybe(DOUBLE), 9),
        Row("moody_rating_above", TEXT, 10),
        Row("moody_rating_below", TEXT, 11),
        Row("sp_rating_above", TEXT, 12),
        Row("sp_rating_below", TEXT, 13),
        Row("maturity_date_above", TEXT, 14),
        Row("maturity_date_below", TEXT, 15),
        Row("coupon_rate_above", maybe(DOUBLE), 16),
        Row("coupon_rate_below", maybe(DOUBLE), 17),
        Row("exclude_convertible", FLAG, 18),
        Row("average_option_volume_above", VOLUME, 19),
        Row("scanner_setting_pairs", TEXT, 20),
        Row("stock_type_filter", TEXT, 21),
        Tags("filter_options", 22, "scannerSubscriptionFilterOptions", joined=True),
        Tags("options", 23, "scannerSubscriptionOptions", joined=True),
    ),
)

SCANNER_DATA_ELEMENT = Layout(
    ScannerDataElement,
    text=(
        Row("rank", empty_means(INT, 0)),
        *contract_rows(
            "contract_id",
            "symbol",
            "security_type",
            "last_trade_date_or_contract_month",
            "strike",
            "right",
            "exchange",
            "currency",
            "local_symbol",
        ),
        Row("market_name", TEXT),
        *contract_rows("trading_class"),
        Row("distance", TEXT),
        Row("benchmark", TEXT),
        Row("projection", TEXT),
        Row("combo_key", TEXT),
    ),
    protobuf=(
        Row("rank", empty_means(INT, 0), 1),
        Part("contract", CONTRACT, 2),
        Row("market_name", TEXT, 3),
        Row("distance", TEXT, 4),
        Row("benchmark", TEXT, 5),
        Row("projection", TEXT, 6),
        Row("combo_key", TEXT, 7),
    ),
)

SCANNER: tuple[Entry, ...] = (
    Entry(
        Layout(ScannerParametersRequest, (Filler("1"),)),
        id=24,
        vendor_name="reqScannerParameters",
        protobuf_since=v.PROTOBUF_SCAN_DATA,
        conversation=ConversationRow(
            shape=Shape.ONE,
            answers=(ScannerParameters,),
            slot="scanner_parameters",
            resend=Resend.YES,
            settles=True,
            deadline=30.0,
            source="D, C cap",
        ),
    ),
    Entry(
        Layout(ScannerParameters, (Filler("1"), Row("xml", ESCAPED_TEXT, 1))),
        id=19,
        vendor_name="scannerParameters",
        protobuf_since=v.PROTOBUF_SCAN_DATA,
    ),
    Entry(
        Layout(
            ScannerSubscriptionRequest,
            (
                Row("request_id", INT, 1, "reqId"),
                Part("subscription", SCANNER_SUBSCRIPTION, 2, "scannerSubscription"),
            ),
        ),
        id=22,
        vendor_name="reqScannerSubscription",
        protobuf_since=v.PROTOBUF_SCAN_DATA,
        conversation=ConversationRow(
            shape=Shape.STREAM,
            key=Key.REQUEST_ID,
            answers=(ScannerData,),
            cancel=Cancel(by=CancelScannerSubscription, receipt=162, harmless=frozenset({365})),
            lost_with_link=True,
            ends=frozenset({162, 200, 322, 385, 420, 490}),
            comments=frozenset({165, 492}),
            resend=Resend.NEW_ID,
            deadline=60.0,
            pace=Pace.SCANNER,
            source="D, V, C cap, osa",
            doubts="165 (no items) followed by an empty ranking keeps it open, by one report. 162 is more than ten "
            "open ones, an unknown location, a lack of permission, and the receipt of a cancel: only its text "
            "tells.",
        ),
    ),
    Entry(
        Layout(CancelScannerSubscription, (Filler("1"), Row("request_id", INT, 1, "reqId"))),
        id=23,
        vendor_name="cancelScannerSubscription",
        protobuf_since=v.PROTOBUF_SCAN_DATA,
        conversation=ConversationRow(
            shape=Shape.COMMAND,
            key=Key.REQUEST_ID,
            ends=frozenset({162, 365}),
            resend=Resend.YES,
            source="C cap, D",
        ),
    ),
    Entry(
        Layout(
            ScannerData,
            (
                Filler("3"),
                Row("request_id", INT, 1, "reqId"),
                Many("elements", SCANNER_DATA_ELEMENT, 2, "scannerDataElement"),
            ),
        ),
        id=20,
        vendor_name="scannerData",
        protobuf_since=v.PROTOBUF_SCAN_DATA,
    ),
)
