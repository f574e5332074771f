"""What an advisor has set up: how a group divides an order, its documents, and who may read or replace them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.messages.advisors import FADataType, FAReplace, FARequest, ReceiveFA, ReplaceFAEnd
from anytws.messages.order_words import FaMethod
from anytws.messages.session import ErrorMessage
from anytws.simulator import World, WorldSettings
from anytws.simulator.advisors import (
    BY_AMOUNT,
    MOST_GROUPS,
    AdvisorGroup,
    aliases_document,
    groups_document,
    is_advisor,
    read_aliases,
    read_groups,
)
from anytws.simulator.answers.advisors import MOST_CHARACTERS
from tests.growth import assert_linear
from tests.test_world import Client

ACCOUNTS = ("DF1234567", "DU1", "DU2")
EVEN = AdvisorGroup("Even", ("DU1", "DU2"))
SPLIT = AdvisorGroup("Split", ("DU1", "DU2"), FaMethod.PERCENT, (Decimal(30), Decimal("70.5")))


def advisor(**knobs: object) -> Client:
    settings = WorldSettings(accounts=ACCOUNTS, advisor_groups=(EVEN, SPLIT))
    return Client(World(settings), client_id=1, **knobs)


# Groups


@pytest.mark.parametrize(
    "accounts, is_one",
    [
        (("DU1", "U2"), False),
        (("F1234567", "U1"), True),
        (("DF1234567",), True),
        (("DU1", "DF2"), True),
        (("FOO",), False),
        (("F",), False),
        ((), False),
    ],
)
def test_an_advisor_is_known_by_the_account(accounts: tuple[str, ...], is_one: bool):
    assert is_advisor(accounts) is is_one


@pytest.mark.parametrize(
    "values",
    [
        ("", ("DU1",)),
        ("a", ()),
        ("a", ("",)),
        ("a", ("DU1",), FaMethod.PERCENT),
        ("a", ("DU1",), FaMethod.RATIO, (Decimal(-1),)),
        ("a", ("DU1",), FaMethod.RATIO, (Decimal("NaN"),)),
        ("a", ("DU1", "DU2"), FaMethod.RATIO, (Decimal(0), Decimal(0))),
        ("a", ("DU1",), FaMethod.EQUAL_QUANTITY, (Decimal(1),)),
    ],
)
def test_a_group_that_could_not_divide_anything_is_none(values: tuple[object, ...]):
    with pytest.raises(ValueError, match=r"group|amounts"):
        AdvisorGroup(*values)


@pytest.mark.parametrize(
    "group, quantity, shares",
    [
        (EVEN, "101", ["51", "50"]),
        (AdvisorGroup("a", ("x", "y"), FaMethod.RATIO, (Decimal(1), Decimal(3))), "10", ["3", "7"]),
        (AdvisorGroup("a", ("x", "y"), FaMethod.CONTRACTS_OR_SHARES, (Decimal(0), Decimal(3))), "3", ["0", "3"]),
        (AdvisorGroup("a", ("x", "y"), FaMethod.PERCENT, (Decimal(50), Decimal(50))), "2.5", ["1.5", "1"]),
    ],
)
def test_orders_are_divided(group: AdvisorGroup, quantity: str, shares: list[str]):
    assert [share for _, share in group.shares_of(Decimal(quantity))] == [Decimal(share) for share in shares]


def test_what_accounts_are_worth_divides_by_their_worth():
    worth = {"DU1": Decimal(900), "DU2": Decimal(100), "DU3": Decimal(-5)}
    group = AdvisorGroup("a", tuple(worth), FaMethod.NET_LIQUIDATION)
    assert group.shares_of(Decimal(100), worth=worth.__getitem__) == tuple(
        zip(worth, map(Decimal, (90, 10, 0)), strict=True)
    )
    assert [share for _, share in group.shares_of(Decimal(30), worth=lambda _: Decimal(0))] == [Decimal(10)] * 3
    assert [share for _, share in group.shares_of(Decimal(30))] == [Decimal(10)] * 3


AMOUNTS = st.decimals(0, 1000, places=2)
GROUPS = st.lists(AMOUNTS, min_size=1, max_size=5).flatmap(
    lambda amounts: st.builds(
        lambda name, method: AdvisorGroup(
            name,
            tuple(f"DU{number}" for number in range(len(amounts))),
            method,
            tuple(amounts) if method in BY_AMOUNT else (),
        ),
        st.text("abc <&>\"'é", min_size=1, max_size=8).filter(lambda name: name == name.strip() != ""),
        st.sampled_from(FaMethod) if any(amounts) else st.sampled_from(sorted(set(FaMethod) - BY_AMOUNT)),
    )
)


@given(GROUPS, st.decimals(0, 10_000, places=1), st.sampled_from(["1", "0.1", "100"]))
def test_nothing_is_lost_and_nobody_gets_less_than_nothing(group: AdvisorGroup, quantity: Decimal, unit: str):
    shares = group.shares_of(quantity, Decimal(unit))
    assert sum(share for _, share in shares) == quantity
    assert all(share >= 0 for _, share in shares)
    assert [account for account, _ in shares] == list(group.accounts)


# Documents


@given(st.lists(GROUPS, max_size=3, unique_by=lambda group: group.name))
def test_groups_are_read_as_they_were_written(groups: list[AdvisorGroup]):
    assert read_groups(groups_document(groups)) == tuple(groups)


def test_names_are_read_as_they_were_written():
    aliases = {"DU1": "Anna & Co <1>", "DU2": "DU2"}
    assert read_aliases(aliases_document(aliases)) == aliases


def test_the_documented_form_is_read():
    text = """<?xml version="1.0" encoding="UTF-8"?>
    <ListOfGroups>
      <Group>
        <name>Equal_Quantity</name>
        <ListOfAccts varName="list">
          <String>DU119915</String>
          <String>DU119916</String>
        </ListOfAccts>
        <defaultMethod>EqualQuantity</defaultMethod>
      </Group>
    </ListOfGroups>"""
    assert read_groups(text) == (AdvisorGroup("Equal_Quantity", ("DU119915", "DU119916")),)


GROUP = "<Group><name>a</name><ListOfAccts><String>DU1</String></ListOfAccts><defaultMethod>{}</defaultMethod></Group>"
BAD = {
    "nothing": "",
    "no XML": "<ListOfGroups>",
    "another document": "<ListOfProfiles/>",
    "no method": f"<ListOfGroups>{GROUP.format('Guess')}</ListOfGroups>",
    "no amounts": f"<ListOfGroups>{GROUP.format('Percent')}</ListOfGroups>",
    "twice": f"<ListOfGroups>{GROUP.format('NetLiq') * 2}</ListOfGroups>",
    "no accounts": "<ListOfGroups><Group><name>a</name><defaultMethod>NetLiq</defaultMethod></Group></ListOfGroups>",
    "too many": f"<ListOfGroups>{GROUP.format('NetLiq') * (MOST_GROUPS + 1)}</ListOfGroups>",
    "no amount": "<ListOfGroups><Group><name>a</name><ListOfAccts><Account><acct>DU1</acct><amount>x</amount></Account>"
    "</ListOfAccts><defaultMethod>Ratio</defaultMethod></Group></ListOfGroups>",
    "a bomb": '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><ListOfGroups>&b;</ListOfGroups>',
    "a lone half of a letter": "<ListOfGroups>\ud800</ListOfGroups>",
    "an odd encoding": '<?xml version="1.0" encoding="x-none"?><ListOfGroups/>',
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_what_is_no_document_is_refused(text: str):
    with pytest.raises(ValueError):  # noqa: PT011 (its words are for people, and of many kinds)
        read_groups(text)


@given(st.text("<>/ListOfGroupsAccountameSring&;\"' x1", max_size=200))
def test_any_text_is_read_or_refused(text: str):
    try:
        read_groups(text)
    except ValueError as refusal:
        assert str(refusal)


@pytest.mark.parametrize("piece", ["<a>", "<Group/>", "&lt;", "x", "</a>"])
def test_to_read_a_document_takes_no_longer_than_it_is(piece: str):
    def read(size: int) -> None:
        with pytest.raises(ValueError):  # noqa: PT011
            read_groups("<ListOfGroups>" + piece * size)

    assert_linear(read, piece)


# Over the wire


@pytest.mark.card("advisors.no_advisor")
def test_who_is_no_advisor_is_told_so():
    client = Client(World(WorldSettings(accounts=("DU1",))), client_id=1)
    (error,) = client.ask(FARequest(FADataType.GROUPS))
    text = "Error validating request.-'FARequest' : cause - FA data operations ignored for non FA customers."
    assert (error.request_id, error.error_code, error.error_message) == (0, 321, text)
    (error,) = client.ask(FAReplace(FADataType.GROUPS, "<ListOfGroups/>", request_id=9))
    assert (error.request_id, error.error_code) == (9, 321)


@pytest.mark.card("advisors.documents")
@pytest.mark.parametrize("version", [178, 200, 226])
def test_an_advisor_reads_groups_and_names(version: int):
    client = advisor(maximum_version=version)
    (groups,) = client.ask(FARequest(FADataType.GROUPS))
    assert isinstance(groups, ReceiveFA)
    assert read_groups(groups.xml) == (EVEN, SPLIT)
    (names,) = client.ask(FARequest(FADataType.ALIASES))
    assert names == ReceiveFA(FADataType.ALIASES, aliases_document({account: account for account in ACCOUNTS}))


@pytest.mark.card("advisors.profiles")
@pytest.mark.parametrize("kind, version", [(FADataType.PROFILES, 176), (FADataType(9), 176), (FADataType(9), 226)])
def test_there_are_no_profiles(kind: FADataType, version: int):
    client = advisor(maximum_version=version)
    assert [error.error_code for error in client.ask(FARequest(kind)) if isinstance(error, ErrorMessage)] == [321]
    (error,) = client.ask(FAReplace(kind, "<ListOfAllocationProfiles/>", request_id=9))
    assert (error.request_id, error.error_code) == (9, 321)
    assert client.link.world.desk.groups == (EVEN, SPLIT)


@pytest.mark.card("advisors.replace")
def test_documents_are_replaced_as_a_whole():
    client = advisor()
    text = groups_document([SPLIT])
    assert client.ask(FAReplace(FADataType.GROUPS, text, request_id=9)) == [ReplaceFAEnd(9, "success")]
    assert client.ask(FARequest(FADataType.GROUPS)) == [ReceiveFA(FADataType.GROUPS, text)]
    desk = client.link.world.desk
    assert (desk.group("Split"), desk.group("Even")) == (SPLIT, None)
    names = {"DF1234567": "Boss", "DU1": "Anna", "DU2": "Ben"}
    client.ask(FAReplace(FADataType.ALIASES, aliases_document(names), request_id=10))
    assert client.ask(FARequest(FADataType.ALIASES)) == [ReceiveFA(FADataType.ALIASES, aliases_document(names))]


@pytest.mark.card("advisors.replace")
def test_a_document_with_strange_accounts_changes_nothing():
    client = advisor()
    text = groups_document([SPLIT, AdvisorGroup("Odd", ("DU1", "DU99"))])
    (error,) = client.ask(FAReplace(FADataType.GROUPS, text, request_id=9))
    assert (error.request_id, error.error_code) == (9, 10231)
    assert error.error_message == "The following groups contain invalid accounts: Odd"
    assert client.link.world.desk.groups == (EVEN, SPLIT)
    (error,) = client.ask(FAReplace(FADataType.ALIASES, aliases_document({"DU99": "x"}), request_id=9))
    assert error.error_code == 10231
    assert client.link.world.desk.aliases["DU1"] == "DU1"


@pytest.mark.parametrize("text", ["", "<ListOfGroups>", "<ListOfGroups/>" + " " * MOST_CHARACTERS])
def test_what_cannot_be_read_changes_nothing(text: str):
    client = advisor()
    (error,) = client.ask(FAReplace(FADataType.GROUPS, text, request_id=9))
    assert (error.request_id, error.error_code) == (9, 321)
    assert client.link.world.desk.groups == (EVEN, SPLIT)


def test_a_tws_that_is_read_only_lets_nothing_be_replaced():
    world = World(WorldSettings(accounts=ACCOUNTS, read_only=True))
    (error,) = Client(world, client_id=1).ask(FAReplace(FADataType.GROUPS, "<ListOfGroups/>", request_id=9))
    assert (error.request_id, error.error_code) == (9, 321)
