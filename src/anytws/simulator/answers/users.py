"""Answers about the user: the brand, the family of the accounts, soft dollars. And what keys of exchanges mean."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from anytws.messages.accounts import (
    FamilyCode,
    FamilyCodes,
    FamilyCodesRequest,
    SoftDollarTiers,
    SoftDollarTiersRequest,
    UserInfo,
    UserInfoRequest,
)
from anytws.messages.base import ToClient
from anytws.messages.market_data import SmartComponent, SmartComponents, SmartComponentsRequest
from anytws.simulator.answers.answer import Answer, Answers, id_of
from anytws.simulator.cards import Card, Evidence
from anytws.simulator.client import Client
from anytws.simulator.complaints import not_valid
from anytws.simulator.settings import FarmKind

US_STOCK_COMPONENTS: Final = tuple(
    SmartComponent(bit, exchange, letter)
    for bit, (exchange, letter) in enumerate(
        (
            *(("AMEX", "A"), ("BEX", "B"), ("NYSENAT", "C"), ("NYSE", "N"), ("ISE", "I"), ("EDGEA", "J")),
            *(("DRCTEDGE", "K"), ("LTSE", "L"), ("CHX", "M"), ("ARCA", "P"), ("NASDAQ", "T"), ("IEX", "V")),
            *(("PSX", "X"), ("BYX", "Y"), ("BATS", "Z"), ("MEMX", "U"), ("PEARL", "H")),
        )
    )
)
"""The exchanges of US stocks by their bits. The first nine were recorded; the others are in an order in which letters
of recorded quotes came."""

_WITH_A_MAP: Final = "USD"


def tell_user(_: Client, request: UserInfoRequest) -> Iterable[ToClient]:
    """Give the brand: none but the vendor's own."""
    yield UserInfo(id_of(request), "")


def tell_family_codes(_: Client, __: FamilyCodesRequest) -> Iterable[ToClient]:
    """Give the one row of accounts that are in no family."""
    yield FamilyCodes((FamilyCode("*", ""),))


def tell_soft_dollar_tiers(_: Client, request: SoftDollarTiersRequest) -> Iterable[ToClient]:
    """Give no tiers: ordinary users have none."""
    yield SoftDollarTiers(id_of(request), ())


def tell_smart_components(client: Client, request: SmartComponentsRequest) -> Iterable[ToClient]:
    """Give the exchanges behind a key of `TickReqParams`, or say that it is none."""
    using = [each for each in client.world.universe.instruments if each.bbo_exchange == request.bbo_exchange]
    if not request.bbo_exchange or not using:
        yield not_valid(client.world, request, "Invalid BBO exchange/security type code")
        return
    is_american = any(each.currency == _WITH_A_MAP for each in using)
    yield SmartComponents(id_of(request), US_STOCK_COMPONENTS if is_american else ())


ANSWERS: Final[Answers] = {
    UserInfoRequest: Answer(tell_user),
    FamilyCodesRequest: Answer(tell_family_codes),
    SoftDollarTiersRequest: Answer(tell_soft_dollar_tiers),
    SmartComponentsRequest: Answer(tell_smart_components, farm=FarmKind.MARKET_DATA),
}

CARDS: Final = (
    Card(
        "users.white_branding",
        "UserInfo has an empty white branding id.",
        Evidence.RECORDED,
        "a Gateway at server version 208",
        "The documentation says that users without a brand get no answer at all.",
    ),
    Card(
        "users.family_codes",
        "Accounts in no family get one row: account `*`, empty code.",
        Evidence.RECORDED,
        "frames of a Gateway",
        "There are no families.",
    ),
    Card(
        "users.soft_dollar_tiers",
        "SoftDollarTiers is an empty list, for there are none for ordinary users.",
        Evidence.RECORDED,
        "frames of a Gateway",
    ),
    Card(
        "users.smart_components",
        "SmartComponents lists bit, exchange and letter of the exchanges behind a key that TickReqParams gave; another "
        "key is 321 `Invalid BBO exchange/security type code`.",
        Evidence.RECORDED,
        "lists and the error text of real sessions",
        "All keys of US stocks have the same bits, which differ from day to day in truth; keys of other stocks have an "
        "empty list. It is answered when the market is closed, too.",
    ),
)
