"""Answers about what a financial advisor has set up: read it, replace it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from anytws.core.codes import REQUEST_INVALID
from anytws.messages.advisors import FADataType, FAReplace, FARequest, ReceiveFA, ReplaceFAEnd
from anytws.messages.base import ToClient
from anytws.messages.session import ErrorMessage
from anytws.simulator.advisors import aliases_document, groups_document, read_aliases, read_groups
from anytws.simulator.answers.answer import Answer, Answers, id_of
from anytws.simulator.cards import Card, Evidence
from anytws.simulator.client import Client
from anytws.simulator.complaints import complaint, not_valid

MOST_CHARACTERS: Final = 1_000_000
"""How long a document may be (chosen)."""

_NO_ADVISOR: Final = "FA data operations ignored for non FA customers."
_NO_PROFILES: Final = "FA data type 2 (profiles) is no longer supported"
_STRANGE_ACCOUNTS: Final = 10231


_REPLACED: Final = (FADataType.GROUPS, FADataType.ALIASES)


def tell(client: Client, request: FARequest) -> Iterable[ToClient]:
    """Give the document of the groups or of the names of accounts."""
    desk = client.world.desk
    if not desk.is_advisor:
        yield _under_0(not_valid(client.world, request, _NO_ADVISOR))
        return
    match request.fa_data_type:
        case FADataType.GROUPS:
            yield ReceiveFA(FADataType.GROUPS, groups_document(desk.groups))
        case FADataType.ALIASES:
            yield ReceiveFA(FADataType.ALIASES, aliases_document(desk.aliases))
        case _:
            yield _under_0(not_valid(client.world, request, _NO_PROFILES))


def replace(client: Client, request: FAReplace) -> Iterable[ToClient]:
    """Put another document in the place of one of them, and say that it is done; or why not."""
    world = client.world
    if not world.desk.is_advisor:
        yield not_valid(world, request, _NO_ADVISOR)
        return
    if request.fa_data_type not in _REPLACED:
        yield not_valid(world, request, _NO_PROFILES)
        return
    if len(request.xml) > MOST_CHARACTERS:
        yield not_valid(world, request, f"Invalid FA XML: it has more than {MOST_CHARACTERS} characters")
        return
    try:
        strange = _replace(client, request)
    except ValueError as problem:
        yield not_valid(world, request, f"Invalid FA XML: {problem}")
        return
    if strange:
        text = f"The following groups contain invalid accounts: {','.join(strange)}"
        yield complaint(world, _STRANGE_ACCOUNTS, text, request)
        return
    yield ReplaceFAEnd(id_of(request), "success")


def _replace(client: Client, request: FAReplace) -> list[str]:
    """Do it, unless there are accounts in the document that the advisor has not: give what names them."""
    world = client.world
    accounts = world.settings.accounts
    if request.fa_data_type == FADataType.GROUPS:
        groups = read_groups(request.xml)
        strange = [group.name for group in groups if not set(group.accounts) <= set(accounts)]
        if not strange:
            world.desk.set_groups(groups)
        return strange
    aliases = read_aliases(request.xml)
    strange = [account for account in aliases if account not in accounts]
    if not strange:
        world.desk.set_aliases(aliases)
    return strange


def _under_0(error: ErrorMessage) -> ErrorMessage:
    """Give *error* under the number 0, as it was recorded: the request has none."""
    return ErrorMessage(0, REQUEST_INVALID, error.error_message, error_time=error.error_time)


ANSWERS: Final[Answers] = {FARequest: Answer(tell), FAReplace: Answer(replace)}

CARDS: Final = (
    Card(
        "advisors.no_advisor",
        "Who is no advisor gets 321 `FA data operations ignored for non FA customers.`: to read under the id 0, to "
        "replace under the id of the request.",
        Evidence.RECORDED,
        "frames of a Gateway; the text from reports",
        "An advisor is who has an account F… or DF….",
    ),
    Card(
        "advisors.documents",
        "Groups (1) and names of accounts (3) are read as XML documents: ListOfGroups and ListOfAccountAliases.",
        Evidence.DOCUMENTED,
        "the vendor's pages on advisors",
        "Accounts with a number each stand as Account, acct and amount (reported); at first each account has its "
        "number as its name.",
    ),
    Card(
        "advisors.profiles",
        "Profiles (2) are gone: refused with 321.",
        Evidence.DOCUMENTED,
        "they are gone; the text of TWS is not known, and chosen",
    ),
    Card(
        "advisors.replace",
        "A document replaces all that was there, and ReplaceFAEnd says so with the id of the request; one that names "
        "an account that the advisor has not is refused with 10231 as a whole, one that cannot be read with 321.",
        Evidence.DOCUMENTED,
        "the codes of the vendor's list; `success` and the causes of 321 are chosen",
        "Orders for groups go by it at once. 10230 and 10238 do not occur.",
    ),
)
