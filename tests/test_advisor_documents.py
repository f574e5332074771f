"""The documents of an advisor's set-up: both forms of a group are read, and no document does harm."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anytws.errors import DecodeError
from anytws.machines import advisor_documents
from anytws.machines.advisor_documents import AccountAlias, AccountGroup, read_aliases, read_groups
from anytws.messages.order_words import FaMethod
from anytws.simulator.advisors import AdvisorGroup, aliases_document, groups_document

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
BOMB = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    "<ListOfGroups><Group><name>&b;</name></Group></ListOfGroups>"
)


def test_both_forms_of_a_group_are_read() -> None:
    groups = (
        AdvisorGroup("all", ("DU1", "DU2")),
        AdvisorGroup("by number", ("DU1", "DU2"), FaMethod.PERCENT, (Decimal(40), Decimal("59.5"))),
    )
    assert read_groups(groups_document(groups)) == (
        AccountGroup("all", ("DU1", "DU2"), FaMethod.EQUAL_QUANTITY),
        AccountGroup("by number", ("DU1", "DU2"), FaMethod.PERCENT, (Decimal(40), Decimal("59.5"))),
    )


def test_what_is_not_known_is_passed_over() -> None:
    document = (
        "<ListOfGroups><Group><name> g </name><colour>blue</colour><ListOfAccts varName='list'><Account><acct>DU1"
        "</acct><amount>much</amount></Account></ListOfAccts><defaultMethod>Luck</defaultMethod></Group><Other/>"
        "</ListOfGroups>"
    )
    assert read_groups(document) == (AccountGroup("g", ("DU1",), FaMethod("Luck"), (None,)),)
    assert read_groups(f"{HEAD}<ListOfGroups/>") == ()
    assert read_groups("<ListOfGroups><Group/></ListOfGroups>") == (AccountGroup("", (), FaMethod("")),)


def test_names_are_read_whatever_is_in_them() -> None:
    names = {"DU1": "Ünï & <co>", "DU2": ""}
    assert read_aliases(aliases_document(names)) == (AccountAlias("DU1", "Ünï & <co>"), AccountAlias("DU2", ""))


@pytest.mark.parametrize(
    "document, wanted",
    [
        (BOMB, "without declarations"),
        ('<!DOCTYPE x SYSTEM "file:///etc/passwd"><ListOfGroups/>', "without declarations"),
        ("", "XML"),
        ("<ListOfGroups>", "XML"),
        ("<ListOfGroups>&b;</ListOfGroups>", "XML"),
        ("<ListOfGroups>\x00</ListOfGroups>", "XML"),
        ("<ListOfGroups>\ud800</ListOfGroups>", "XML"),
        ("<ListOfAccountAliases/>", "a ListOfGroups"),
    ],
)
def test_what_is_no_such_document_is_an_error(document: str, wanted: str) -> None:
    with pytest.raises(DecodeError, match=wanted) as caught:
        read_groups(document)
    assert (caught.value.message, caught.value.field) == ("ReceiveFA", "xml")


def test_what_is_read_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(advisor_documents, "MOST_ENTRIES", 3)
    assert len(read_groups(f"<ListOfGroups>{'<Group/>' * 3}</ListOfGroups>")) == 3
    with pytest.raises(DecodeError, match="4 entries"):
        read_groups(f"<ListOfGroups>{'<Group/>' * 4}</ListOfGroups>")


def test_depth_does_no_harm() -> None:
    deep = 20_000
    assert read_groups(f"<ListOfGroups>{'<Group>' * deep}{'</Group>' * deep}</ListOfGroups>")


@given(st.text(max_size=60))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    with pytest.raises(DecodeError):
        read_aliases(text)
    with pytest.raises(DecodeError):
        read_aliases(f"{HEAD}<{text}")
