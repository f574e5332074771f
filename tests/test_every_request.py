"""Every request of the catalogue has an answer: what it asks for, or the error that says why not; never silence."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from anytws.errors import LocalProtocolError
from anytws.messages.base import Side, ToTws
from anytws.messages.session import ErrorMessage, StartApiRequest
from anytws.simulator import ANSWERS, World, WorldSettings
from anytws.testing.strategies import message_of
from anytws.wire.catalogue import CATALOGUE, entry_for
from anytws.wire.conversation import Shape
from tests.test_world import Client

REQUESTS = [entry.cls for entry in CATALOGUE if entry.said_by is Side.CLIENT]
ASKING = [
    cls
    for cls in REQUESTS
    if (conversation := entry_for(cls).conversation) is not None and conversation.shape is not Shape.COMMAND
]
"""Those that something is owed for: no cancels, no orders to do something."""

SILENT = {
    "NewsBulletinsRequest": "bulletins are rare",
    "PnLSingleRequest": "reported: nothing comes of what is not held",
}
"""What may be asked without anything being said, and why."""

PATIENCE = 130.0
"""Seconds of the world after which something has been said: the slowest are ranks of scanners and bars."""


def test_every_request_is_answered_by_somebody():
    missing = [cls.__name__ for cls in REQUESTS if cls not in ANSWERS and cls is not StartApiRequest]
    assert missing == []


def said(client: Client, request: ToTws) -> list[object]:
    """Say *request*; give all that is said to it in two minutes."""
    told = [*client.ask(request)]
    for now in (0.5, 3.0, 30.0, PATIENCE):
        if not told:
            told += client.go(now)
    return told


@pytest.mark.parametrize("cls", ASKING, ids=lambda cls: cls.__name__)
@settings(max_examples=4, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_is_asked_something_is_said(cls: type[ToTws], data: st.DataObject):
    request = data.draw(message_of(cls))
    client = Client(World(WorldSettings(wsh_licensed=data.draw(st.booleans()))), client_id=0)
    try:
        told = said(client, request)
    except LocalProtocolError:
        # What cannot be said to this version is asked of nobody.
        assume(False)
    assert client.link.failure is None
    entry = entry_for(cls)
    conversation = entry.conversation
    assert conversation is not None
    if entry.name not in SILENT:
        assert told != []
    own = (*conversation.answers, conversation.end, ErrorMessage)
    strange = [each for each in told if getattr(each, "request_id", None) and type(each) not in own]
    assert strange == []
