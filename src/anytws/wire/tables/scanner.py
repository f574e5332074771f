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
from anytws.wire.kinds import DOUBLE, ESCAPED_TEXT, FLAG, INT, LONG, TEXT, blank, maybe, word_of
from anytws.wire.rows import Entry, Filler, Layout, Many, Part, Row, Tags
from anytws.wire.tables.contracts import CONTRACT, contract_rows

_NO_VOLUMES: Final = (2147483647, 9223372036854775807)


def _load_volume(value: int) -> int | None:
    return None if value in _NO_VOLUMES else value


def _dump_volume(value: Any) -> int | None:
    if value in _NO_VOLUMES:
        raise ValueError(value)
    return None if value is None else int(LONG.write(value))


VOLUME = attrs.evolve(maybe(INT), protobuf="int64", load=_load_volume, dump=_dump_volume)
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
        Row("rank", blank(INT, 0)),
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
        Row("rank", blank(INT, 0), 1),
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
    ),
    Entry(
        Layout(CancelScannerSubscription, (Filler("1"), Row("request_id", INT, 1, "reqId"))),
        id=23,
        vendor_name="cancelScannerSubscription",
        protobuf_since=v.PROTOBUF_SCAN_DATA,
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
