"""The rows of `anytws.messages.accounts`."""

from __future__ import annotations

from typing import Any

import attrs

from anytws.messages.accounts import (
    AccountDataEnd,
    AccountDataRequest,
    AccountSummary,
    AccountSummaryEnd,
    AccountSummaryRequest,
    AccountSummaryTag,
    AccountUpdateMulti,
    AccountUpdateMultiEnd,
    AccountUpdatesMultiRequest,
    AccountUpdateTime,
    AccountValue,
    CancelAccountSummary,
    CancelAccountUpdatesMulti,
    CancelPnL,
    CancelPnLSingle,
    CancelPositions,
    CancelPositionsMulti,
    FamilyCode,
    FamilyCodes,
    FamilyCodesRequest,
    PnL,
    PnLRequest,
    PnLSingle,
    PnLSingleRequest,
    PortfolioValue,
    Position,
    PositionEnd,
    PositionMulti,
    PositionMultiEnd,
    PositionsMultiRequest,
    PositionsRequest,
    SoftDollarTiers,
    SoftDollarTiersRequest,
    UserInfo,
    UserInfoRequest,
)
from anytws.wire import versions as v
from anytws.wire.conversation import Cancel, ConversationRow, Key, Pace, Resend, Shape, Variant
from anytws.wire.kinds import COMMA_LIST, DECIMAL, DOUBLE, ESCAPED, INT, STRING, Kind, word_of
from anytws.wire.optional_kinds import ESCAPED_TEXT, FLAG, TEXT, left_out_when, maybe, nothing_is
from anytws.wire.rows import Entry, Filler, Layout, Many, Part, Row
from anytws.wire.tables.contract import CONTRACT, contract_rows
from anytws.wire.tables.orders import SOFT_DOLLAR_TIER

_WORD = word_of(AccountSummaryTag)


def _read_summary_tag(text: str) -> Any:
    return _WORD.read_text(ESCAPED.read_text(text))


def _write_summary_tag(value: Any) -> str:
    return ESCAPED.write_text(_WORD.write_text(value))


def _read_tags(text: str) -> tuple[str, ...]:
    return tuple([tag for tag in text.split(",") if tag])


def _write_tags(value: Any) -> str:
    tags: tuple[Any, ...] = value if type(value) is tuple else (None,)
    if not all(isinstance(tag, str) and tag and "," not in tag for tag in tags):
        raise ValueError(value)
    return ",".join(map(STRING.write_text, tags))


SUMMARY_TAG = attrs.evolve(_WORD, read_text=_read_summary_tag, write_text=_write_summary_tag)
"""A word that TWS escapes in text, like all texts of its message."""
# What a client says is not escaped: TWS would look for a tag with a backslash in its name. The name is that of the
# escaped kind, since the values are the same.
TAG_LIST = left_out_when(Kind(COMMA_LIST.name, _read_tags, _write_tags, "string", _read_tags, _write_tags), ())
"""Names with commas between them."""
AMOUNT = nothing_is(DOUBLE, "1.7976931348623157E308")
"""An amount of money, or what TWS writes where it has none."""

_REQUEST_ID = Row("request_id", INT, 1, "reqId")
_POSITION_CONTRACT = contract_rows(
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
)
_HELD = (
    Row("position", maybe(DECIMAL)),
    Row("average_cost", AMOUNT),
)

FAMILY_CODE = Layout(
    FamilyCode,
    (
        Row("account", TEXT, 1, "accountId"),
        Row("family_code", TEXT, 2),
    ),
)


def _subject_of(answer: Any) -> Any:
    """Give what *answer* is the last word about: the next one with the same subject takes its place."""
    if isinstance(answer, AccountValue):
        return AccountValue, answer.account, answer.key, answer.currency
    if isinstance(answer, (Position, PortfolioValue)):
        return type(answer), answer.account, answer.contract.contract_id or answer.contract
    return type(answer)


ACCOUNTS: tuple[Entry, ...] = (
    Entry(
        Layout(
            AccountDataRequest,
            (
                Filler("2"),
                Row("subscribe", FLAG, 1),
                Row("account", TEXT, 2, "acctCode"),
            ),
        ),
        id=6,
        vendor_name="reqAccountUpdates",
        protobuf_since=v.PROTOBUF_ACCOUNTS_POSITIONS,
        conversation=ConversationRow(
            shape=Shape.RUN_THEN_STREAM,
            answers=(AccountValue, PortfolioValue, AccountUpdateTime),
            end=AccountDataEnd,
            variants=(
                Variant(
                    when="subscribe false",
                    field="subscribe",
                    holds=lambda request: not request.subscribe,
                    shape=Shape.COMMAND,
                    answers=(),
                    settles=False,
                    no_cancel=True,
                ),
            ),
            cancel=Cancel(by=AccountDataRequest, copies=("account",), sets=(("subscribe", False),), receipt=2100),
            slot="account_data",
            exclusive=("account",),
            kept_by=_subject_of,
            ends=frozenset({321, 2100, 2101}),
            resend=Resend.YES,
            settles=True,
            deadline=30.0,
            source="D, C cap, osa, ins",
            confidence="medium",
            doubts="The end is missing in some versions of TWS. What TWS says to a second end of the subscription is "
            "not known, nor whether it always says 2100 where another account takes the place of the first.",
        ),
    ),
    Entry(
        Layout(
            AccountValue,
            (
                Filler("2"),
                Row("key", ESCAPED_TEXT, 1),
                Row("value", ESCAPED_TEXT, 2),
                Row("currency", ESCAPED_TEXT, 3),
                Row("account", ESCAPED_TEXT, 4, "accountName"),
            ),
        ),
        id=6,
        vendor_name="updateAccountValue",
        protobuf_since=v.PROTOBUF_ACCOUNTS_POSITIONS,
    ),
    Entry(
        Layout(
            PortfolioValue,
            text=(
                Filler("8", minimum=8),
                *contract_rows(
                    "contract_id",
                    "symbol",
                    "security_type",
                    "last_trade_date_or_contract_month",
                    "strike",
                    "right",
                    "multiplier",
                    "primary_exchange",
                    "currency",
                    "local_symbol",
                    "trading_class",
                ),
                Row("position", maybe(DECIMAL)),
                Row("market_price", AMOUNT),
                Row("market_value", AMOUNT),
                Row("average_cost", AMOUNT),
                Row("unrealized_pnl", AMOUNT),
                Row("realized_pnl", AMOUNT),
                Row("account", TEXT),
            ),
            protobuf=(
                Part("contract", CONTRACT, 1),
                Row("position", maybe(DECIMAL), 2),
                Row("market_price", AMOUNT, 3),
                Row("market_value", AMOUNT, 4),
                Row("average_cost", AMOUNT, 5),
                Row("unrealized_pnl", AMOUNT, 6, "unrealizedPNL"),
                Row("realized_pnl", AMOUNT, 7, "realizedPNL"),
                Row("account", TEXT, 8, "accountName"),
            ),
        ),
        id=7,
        vendor_name="updatePortfolio",
        protobuf_since=v.PROTOBUF_ACCOUNTS_POSITIONS,
    ),
    Entry(
        Layout(AccountUpdateTime, (Filler("1"), Row("time_stamp", ESCAPED_TEXT, 1))),
        id=8,
        vendor_name="updateAccountTime",
        protobuf_since=v.PROTOBUF_ACCOUNTS_POSITIONS,
    ),
    Entry(
        Layout(AccountDataEnd, (Filler("1"), Row("account", ESCAPED_TEXT, 1, "accountName"))),
        id=54,
        vendor_name="accountDownloadEnd",
        protobuf_since=v.PROTOBUF_ACCOUNTS_POSITIONS,
    ),
    Entry(
        Layout(PositionsRequest, (Filler("1"),)),
        id=61,
        vendor_name="reqPositions",
        protobuf_since=v.PROTOBUF_ACCOUNTS_POSITIONS,
        conversation=ConversationRow(
            shape=Shape.RUN_THEN_STREAM,
            answers=(Position,),
            end=PositionEnd,
            cancel=Cancel(by=CancelPositions),
            slot="positions",
            kept_by=_subject_of,
            ends=frozenset({321, 322}),
            resend=Resend.YES,
            settles=True,
            deadline=30.0,
            source="D, C cap",
            doubts="That a second request gives another whole run, and no second stream, is what one client says.",
        ),
    ),
    Entry(
        Layout(CancelPositions, (Filler("1"),)),
        id=64,
        vendor_name="cancelPositions",
        protobuf_since=v.PROTOBUF_ACCOUNTS_POSITIONS,
        conversation=ConversationRow(
            shape=Shape.COMMAND,
            resend=Resend.YES,
            source="C cap",
        ),
    ),
    Entry(
        Layout(
            Position,
            text=(Filler("3", minimum=3), Row("account", TEXT), *_POSITION_CONTRACT, *_HELD),
            protobuf=(
                Row("account", TEXT, 1),
                Part("contract", CONTRACT, 2),
                Row("position", maybe(DECIMAL), 3),
                Row("average_cost", AMOUNT, 4, "avgCost"),
            ),
        ),
        id=61,
        vendor_name="position",
        protobuf_since=v.PROTOBUF_ACCOUNTS_POSITIONS,
    ),
    Entry(
        Layout(PositionEnd, (Filler("1"),)),
        id=62,
        vendor_name="positionEnd",
        protobuf_since=v.PROTOBUF_ACCOUNTS_POSITIONS,
    ),
    Entry(
        Layout(
            AccountSummaryRequest,
            (
                Filler("1"),
                _REQUEST_ID,
                Row("group", TEXT, 2),
                Row("tags", TAG_LIST, 3),
            ),
        ),
        id=62,
        vendor_name="reqAccountSummary",
        protobuf_since=v.PROTOBUF_ACCOUNTS_POSITIONS,
        conversation=ConversationRow(
            shape=Shape.RUN_THEN_STREAM,
            key=Key.REQUEST_ID,
            answers=(AccountSummary,),
            end=AccountSummaryEnd,
            cancel=Cancel(by=CancelAccountSummary),
            ends=frozenset({321, 322}),
            resend=Resend.NEW_ID,
            settles=True,
            deadline=30.0,
            pace=Pace.ACCOUNT_SUMMARY,
            source="D, C cap",
            doubts="Changed values may each time be followed by another end. Some builds after TWS 10.19 never "
            "answered.",
        ),
    ),
    Entry(
        Layout(CancelAccountSummary, (Filler("1"), _REQUEST_ID)),
        id=63,
        vendor_name="cancelAccountSummary",
        protobuf_since=v.PROTOBUF_ACCOUNTS_POSITIONS,
        conversation=ConversationRow(
            shape=Shape.COMMAND,
            key=Key.REQUEST_ID,
            resend=Resend.YES,
            source="C cap, rust",
        ),
    ),
    Entry(
        Layout(
            AccountSummary,
            (
                Filler("1"),
                _REQUEST_ID,
                Row("account", ESCAPED_TEXT, 2),
                Row("tag", SUMMARY_TAG, 3),
                Row("value", ESCAPED_TEXT, 4),
                Row("currency", ESCAPED_TEXT, 5),
            ),
        ),
        id=63,
        vendor_name="accountSummary",
        protobuf_since=v.PROTOBUF_ACCOUNTS_POSITIONS,
    ),
    Entry(
        Layout(AccountSummaryEnd, (Filler("1"), _REQUEST_ID)),
        id=64,
        vendor_name="accountSummaryEnd",
        protobuf_since=v.PROTOBUF_ACCOUNTS_POSITIONS,
    ),
    Entry(
        Layout(
            PositionsMultiRequest,
            (
                Filler("1"),
                _REQUEST_ID,
                Row("account", TEXT, 2),
                Row("model_code", TEXT, 3),
            ),
        ),
        id=74,
        vendor_name="reqPositionsMulti",
        protobuf_since=v.PROTOBUF_ACCOUNTS_POSITIONS,
        conversation=ConversationRow(
            shape=Shape.RUN_THEN_STREAM,
            key=Key.REQUEST_ID,
            answers=(PositionMulti,),
            end=PositionMultiEnd,
            cancel=Cancel(by=CancelPositionsMulti),
            ends=frozenset({321, 322, 10322}),
            resend=Resend.NEW_ID,
            settles=True,
            deadline=30.0,
            source="D, C cap",
            doubts="What TWS says to the cancel of what is over is not known.",
        ),
    ),
    Entry(
        Layout(CancelPositionsMulti, (Filler("1"), _REQUEST_ID)),
        id=75,
        vendor_name="cancelPositionsMulti",
        protobuf_since=v.PROTOBUF_ACCOUNTS_POSITIONS,
        conversation=ConversationRow(
            shape=Shape.COMMAND,
            key=Key.REQUEST_ID,
            resend=Resend.YES,
            source="C cap",
            confidence="medium",
        ),
    ),
    Entry(
        Layout(
            PositionMulti,
            text=(
                Filler("1"),
                _REQUEST_ID,
                Row("account", TEXT),
                *_POSITION_CONTRACT,
                *_HELD,
                Row("model_code", TEXT),
            ),
            protobuf=(
                _REQUEST_ID,
                Row("account", TEXT, 2),
                Part("contract", CONTRACT, 3),
                Row("position", maybe(DECIMAL), 4),
                Row("average_cost", AMOUNT, 5, "avgCost"),
                Row("model_code", TEXT, 6),
            ),
        ),
        id=71,
        vendor_name="positionMulti",
        protobuf_since=v.PROTOBUF_ACCOUNTS_POSITIONS,
    ),
    Entry(
        Layout(PositionMultiEnd, (Filler("1"), _REQUEST_ID)),
        id=72,
        vendor_name="positionMultiEnd",
        protobuf_since=v.PROTOBUF_ACCOUNTS_POSITIONS,
    ),
    Entry(
        Layout(
            AccountUpdatesMultiRequest,
            (
                Filler("1"),
                _REQUEST_ID,
                Row("account", TEXT, 2),
                Row("model_code", TEXT, 3),
                Row("ledger_and_nlv", FLAG, 4, "ledgerAndNLV"),
            ),
        ),
        id=76,
        vendor_name="reqAccountUpdatesMulti",
        protobuf_since=v.PROTOBUF_ACCOUNTS_POSITIONS,
        conversation=ConversationRow(
            shape=Shape.RUN_THEN_STREAM,
            key=Key.REQUEST_ID,
            answers=(AccountUpdateMulti,),
            end=AccountUpdateMultiEnd,
            cancel=Cancel(by=CancelAccountUpdatesMulti),
            ends=frozenset({321, 322, 10322}),
            resend=Resend.NEW_ID,
            settles=True,
            deadline=30.0,
            source="D, C cap",
            doubts="What TWS says to the cancel of what is over is not known.",
        ),
    ),
    Entry(
        Layout(CancelAccountUpdatesMulti, (Filler("1"), _REQUEST_ID)),
        id=77,
        vendor_name="cancelAccountUpdatesMulti",
        protobuf_since=v.PROTOBUF_ACCOUNTS_POSITIONS,
        conversation=ConversationRow(
            shape=Shape.COMMAND,
            key=Key.REQUEST_ID,
            resend=Resend.YES,
            source="C cap",
            confidence="medium",
        ),
    ),
    Entry(
        Layout(
            AccountUpdateMulti,
            (
                Filler("1"),
                _REQUEST_ID,
                Row("account", ESCAPED_TEXT, 2),
                Row("model_code", ESCAPED_TEXT, 3),
                Row("key", ESCAPED_TEXT, 4),
                Row("value", ESCAPED_TEXT, 5),
                Row("currency", ESCAPED_TEXT, 6),
            ),
        ),
        id=73,
        vendor_name="accountUpdateMulti",
        protobuf_since=v.PROTOBUF_ACCOUNTS_POSITIONS,
    ),
    Entry(
        Layout(AccountUpdateMultiEnd, (Filler("1"), _REQUEST_ID)),
        id=74,
        vendor_name="accountUpdateMultiEnd",
        protobuf_since=v.PROTOBUF_ACCOUNTS_POSITIONS,
    ),
    Entry(
        Layout(
            PnLRequest,
            (
                _REQUEST_ID,
                Row("account", TEXT, 2),
                Row("model_code", TEXT, 3),
            ),
        ),
        id=92,
        vendor_name="reqPnL",
        protobuf_since=v.PROTOBUF_SCAN_DATA,
        conversation=ConversationRow(
            shape=Shape.STREAM,
            key=Key.REQUEST_ID,
            answers=(PnL,),
            cancel=Cancel(by=CancelPnL, harmless=frozenset({10185})),
            lost_with_link=True,
            ends=frozenset({321, 322}),
            resend=Resend.NEW_ID,
            settles=True,
            deadline=30.0,
            source="D, C cap",
            doubts="It may fall silent without an error. 10185 for the cancel of what is over has no source.",
        ),
    ),
    Entry(
        Layout(CancelPnL, (_REQUEST_ID,)),
        id=93,
        vendor_name="cancelPnL",
        protobuf_since=v.PROTOBUF_SCAN_DATA,
        conversation=ConversationRow(
            shape=Shape.COMMAND,
            key=Key.REQUEST_ID,
            ends=frozenset({10185}),
            resend=Resend.YES,
            source="C cap",
            confidence="medium",
            doubts="10185 for an unknown id has no source.",
        ),
    ),
    Entry(
        Layout(
            PnL,
            (
                _REQUEST_ID,
                Row("daily_pnl", AMOUNT, 2, "dailyPnL"),
                Row("unrealized_pnl", AMOUNT, 3, "unrealizedPnL", since=v.UNREALIZED_PNL),
                Row("realized_pnl", AMOUNT, 4, "realizedPnL", since=v.REALIZED_PNL),
            ),
        ),
        id=94,
        vendor_name="pnl",
        protobuf_since=v.PROTOBUF_SCAN_DATA,
    ),
    Entry(
        Layout(
            PnLSingleRequest,
            (
                _REQUEST_ID,
                Row("account", TEXT, 2),
                Row("model_code", TEXT, 3),
                Row("contract_id", INT, 4, "conId"),
            ),
        ),
        id=94,
        vendor_name="reqPnLSingle",
        protobuf_since=v.PROTOBUF_SCAN_DATA,
        conversation=ConversationRow(
            shape=Shape.STREAM,
            key=Key.REQUEST_ID,
            answers=(PnLSingle,),
            cancel=Cancel(by=CancelPnLSingle, harmless=frozenset({10185})),
            lost_with_link=True,
            ends=frozenset({321, 322}),
            resend=Resend.NEW_ID,
            settles=True,
            source="D, C cap",
            confidence="medium",
            doubts="For a contract that is not held nothing comes at all, no error either. 10185 for the cancel of "
            "what is over has no source.",
        ),
    ),
    Entry(
        Layout(CancelPnLSingle, (_REQUEST_ID,)),
        id=95,
        vendor_name="cancelPnLSingle",
        protobuf_since=v.PROTOBUF_SCAN_DATA,
        conversation=ConversationRow(
            shape=Shape.COMMAND,
            key=Key.REQUEST_ID,
            ends=frozenset({10185}),
            resend=Resend.YES,
            source="C cap",
            confidence="medium",
            doubts="10185 for an unknown id has no source.",
        ),
    ),
    Entry(
        Layout(
            PnLSingle,
            (
                _REQUEST_ID,
                Row("position", maybe(DECIMAL), 2),
                Row("daily_pnl", AMOUNT, 3, "dailyPnL"),
                Row("unrealized_pnl", AMOUNT, 4, "unrealizedPnL", since=v.UNREALIZED_PNL),
                Row("realized_pnl", AMOUNT, 5, "realizedPnL", since=v.REALIZED_PNL),
                Row("value", AMOUNT, 6),
            ),
        ),
        id=95,
        vendor_name="pnlSingle",
        protobuf_since=v.PROTOBUF_SCAN_DATA,
    ),
    Entry(
        Layout(FamilyCodesRequest),
        id=80,
        vendor_name="reqFamilyCodes",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_2,
        conversation=ConversationRow(
            shape=Shape.ONE,
            answers=(FamilyCodes,),
            slot="family_codes",
            ends=frozenset({321}),
            resend=Resend.YES,
            settles=True,
            deadline=15.0,
            source="D, C cap",
        ),
    ),
    Entry(
        Layout(FamilyCodes, (Many("family_codes", FAMILY_CODE, 1),)),
        id=78,
        vendor_name="familyCodes",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_2,
    ),
    Entry(
        Layout(UserInfoRequest, (_REQUEST_ID,)),
        id=104,
        vendor_name="reqUserInfo",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_2,
        since=v.USER_INFO,
        conversation=ConversationRow(
            shape=Shape.ONE,
            key=Key.REQUEST_ID,
            answers=(UserInfo,),
            ends=frozenset({321}),
            resend=Resend.NEW_ID,
            settles=True,
            deadline=10.0,
            source="D, C cap",
            confidence="medium",
            doubts="By the documentation there is no answer for users without white branding; a Gateway of server "
            "version 208 did answer, with an empty id.",
        ),
    ),
    Entry(
        Layout(UserInfo, (_REQUEST_ID, Row("white_branding_id", TEXT, 2))),
        id=107,
        vendor_name="userInfo",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_2,
        since=v.USER_INFO,
    ),
    Entry(
        Layout(SoftDollarTiersRequest, (_REQUEST_ID,)),
        id=79,
        vendor_name="reqSoftDollarTiers",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_2,
        conversation=ConversationRow(
            shape=Shape.ONE,
            key=Key.REQUEST_ID,
            answers=(SoftDollarTiers,),
            ends=frozenset({321}),
            resend=Resend.NEW_ID,
            settles=True,
            deadline=10.0,
            source="D, C cap",
        ),
    ),
    Entry(
        Layout(SoftDollarTiers, (_REQUEST_ID, Many("soft_dollar_tiers", SOFT_DOLLAR_TIER, 2))),
        id=77,
        vendor_name="softDollarTiers",
        protobuf_since=v.PROTOBUF_REST_MESSAGES_2,
    ),
)
