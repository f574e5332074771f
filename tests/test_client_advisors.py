"""What an advisor has set up, from end to end."""

from __future__ import annotations

from decimal import Decimal

import pytest

from anytws import DecodeError, RequestFailed, RequestTimedOut
from anytws.machines.advisor_documents import AccountAlias, AccountGroup
from anytws.messages import ErrorMessage, FADataType, FAReplace, FARequest, ReceiveFA
from anytws.messages.order_words import FaMethod
from anytws.simulator import World, WorldSettings
from anytws.simulator.advisors import AdvisorGroup
from tests.in_memory import Script, connected

FAMILY = ("F1", "DU1", "DU2")


@pytest.mark.parametrize("version", [178, 226])
async def test_groups_and_names_are_read_and_replaced(version: int) -> None:
    group = AdvisorGroup("half", ("DU1", "DU2"), FaMethod.PERCENT, (Decimal(50), Decimal(50)))
    world = World(WorldSettings(server_version=version, accounts=FAMILY, advisor_groups=(group,)))
    world.desk.set_aliases({"DU1": "mine"})
    async with connected(world) as tws:
        assert await tws.advisors.groups() == (
            AccountGroup("half", ("DU1", "DU2"), FaMethod.PERCENT, (Decimal(50), Decimal(50))),
        )
        assert AccountAlias("DU1", "mine") in await tws.advisors.aliases()
        document = await tws.advisors.document(FADataType.GROUPS)
        assert await tws.advisors.replace(FADataType.GROUPS, document.replace("half", "whole")) == "success"
        assert [each.name for each in await tws.advisors.groups()] == ["whole"]
        with pytest.raises(RequestFailed) as caught:
            await tws.advisors.replace(FADataType.GROUPS, document.replace("DU1", "DU9"))
        assert caught.value.code == 10231


async def test_who_is_no_advisor_is_told_so() -> None:
    """The refusal of the question comes under the number 0 (recorded)."""
    async with connected() as tws:
        for ask in (tws.advisors.groups, tws.advisors.aliases):
            with pytest.raises(RequestFailed, match="non FA") as caught:
                await ask()
            assert caught.value.code == 321
        with pytest.raises(RequestFailed) as caught:
            await tws.advisors.replace(FADataType.ALIASES, "<ListOfAccountAliases/>")
        assert caught.value.code == 321


async def test_a_replacement_that_is_refused_is_an_error() -> None:
    said: list[ErrorMessage] = []
    script = Script({FAReplace: said, FARequest: [ErrorMessage(0, 10230, "not finished")]})
    async with connected(script.world) as tws:
        for code in (10230, 10231, 10238):
            said[:] = [ErrorMessage(0, code, "so")]
            with pytest.raises(RequestFailed) as caught:
                await tws.advisors.replace(FADataType.GROUPS, "<ListOfGroups/>")
            assert caught.value.code == code
        with pytest.raises(RequestFailed) as caught:
            await tws.advisors.groups()
        assert caught.value.code == 10230


@pytest.mark.virtual_time
async def test_a_replacement_is_never_said_twice() -> None:
    """Not in the settling time either, in which what only reads is."""
    script = Script({FAReplace: [], FARequest: []})
    async with connected(script.world) as tws:
        with pytest.raises(RequestTimedOut):
            await tws.advisors.replace(FADataType.GROUPS, "<ListOfGroups/>")
        assert len(script.asked) == 1


async def test_a_document_that_cannot_be_read_is_no_empty_answer() -> None:
    script = Script({FARequest: [ReceiveFA(FADataType.GROUPS, "<html>busy</html>")]})
    async with connected(script.world) as tws:
        with pytest.raises(DecodeError, match="a ListOfGroups"):
            await tws.advisors.groups()
        assert await tws.advisors.document(FADataType.GROUPS) == "<html>busy</html>"
