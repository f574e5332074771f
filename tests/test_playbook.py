"""A playbook takes what its connection does, and where it does something else, shows both."""

from __future__ import annotations

import pytest

from anytws.core import Connection, ConnectionClosed, HandshakeOptions, Ready, Side, State, StateChanged
from anytws.core.events import Notice
from anytws.errors import LocalProtocolError
from anytws.messages import (
    CurrentTimeRequest,
    ErrorMessage,
    ManagedAccounts,
    NextValidId,
    StartApiRequest,
)
from anytws.testing.playbook import (
    Playbook,
    PlaybookMismatch,
    close,
    do,
    eof,
    hears,
    opened,
    reset,
    say,
    says,
    tells,
    wait,
    wakes,
)
from anytws.wire.handshake import Greeting, RedirectReply, VersionReply

CLOCK = b"20260105 14:30:00 UTC"

START = [
    opened(),
    says(Greeting(157, 226)),
    hears(VersionReply(176, CLOCK)),
    says(StartApiRequest(7)),
    hears(ManagedAccounts(("DU1",)), NextValidId(1)),
    tells(ManagedAccounts(("DU1",))),
    tells(NextValidId(1)),
    tells(Ready(1, ("DU1",))),
]


def client() -> Connection:
    return Connection(Side.CLIENT, HandshakeOptions(client_id=7))


def mismatch(steps, connection=None) -> str:
    with pytest.raises(PlaybookMismatch) as caught:
        Playbook(connection or client())(steps)
    return str(caught.value)


def test_a_conversation_is_a_list():
    book = Playbook(client())(
        [*START, say(CurrentTimeRequest()), says(CurrentTimeRequest()), eof(), tells(ConnectionClosed)]
    )
    assert book.connection.state is State.CLOSED


def test_it_goes_on_where_it_was():
    book = Playbook(client())(START)
    book([say(CurrentTimeRequest()), says(CurrentTimeRequest)])
    book([close(), tells(lambda event: event.reason.value == "local")])


def test_tws_is_played_as_well():
    Playbook(Connection(Side.TWS))(
        [
            opened(),
            hears(Greeting(157, 226)),
            do("accepts the version", lambda connection: connection.accept_version(226, CLOCK)),
            says(VersionReply(226, CLOCK)),
            hears(StartApiRequest(3)),
            tells(StartApiRequest(3)),
            say(NextValidId(1)),
            says(NextValidId(1)),
            reset(),
            tells(ConnectionClosed),
        ]
    )


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_what_is_heard_may_come_in_slices(size: int):
    steps = [*START]
    steps[4] = hears(ManagedAccounts(("DU1",)), NextValidId(1), sliced=size)
    Playbook(client())(steps)


def test_what_is_said_and_what_is_told_are_two_lines():
    """Which of them is listed first, is free."""
    Playbook(client())(
        [
            opened(),
            says(Greeting(157, 226)),
            hears(VersionReply(176, CLOCK), ErrorMessage(None, 2104, "Market data farm connection is OK:usfarm")),
            tells(Notice),
            says(StartApiRequest(7)),
        ]
    )


def test_events_that_are_hidden_may_be_shown():
    Playbook(client(), hidden=())(
        [
            opened(),
            says(Greeting),
            tells(StateChanged(State.DISCONNECTED, State.SOCKET_OPEN)),
            tells(StateChanged(State.SOCKET_OPEN, State.HANDSHAKING)),
        ]
    )


def test_time_passes():
    options = HandshakeOptions(client_id=7, version_timeout=4.0, remark_after=None)
    Playbook(Connection(Side.CLIENT, options))(
        [opened(1.0), says(Greeting), wakes(5.0), wait(4.9), wait(200.0), tells(ConnectionClosed), wakes(None)]
    )


def test_bytes_are_heard_as_they_are_and_a_redirect_is_written():
    Playbook(client())(
        [opened(), says(Greeting), hears(b"\0\0\0\5hello"), tells(lambda event: event.frame == b"hello")]
    )
    Playbook(client())([opened(), says(Greeting), hears(RedirectReply("gate", 4001)), tells(ConnectionClosed)])


def test_a_value_that_is_another_is_shown_beside_what_was_wanted():
    steps = [*START[:3], says(StartApiRequest(8)), *START[4:]]
    text = mismatch(steps)
    assert "-    says StartApiRequest(client_id=8)" in text.splitlines()
    assert "+    says StartApiRequest(client_id=7)" in text.splitlines()
    assert "     hears VersionReply(server_version=176, connection_time=b'20260105 14:30:00 UTC')" in text.splitlines()
    assert "(- as the list has it, + as it went)" in text


def test_what_is_missing_in_the_list_is_shown():
    text = mismatch([*START[:6], *START[7:]])
    assert "+    tells NextValidId(order_id=1)" in text.splitlines()


def test_what_the_connection_does_not_do_is_shown():
    text = mismatch([*START, says(CurrentTimeRequest())])
    assert "-    says CurrentTimeRequest()" in text.splitlines()
    assert "+" not in "".join(line[0] for line in text.splitlines()[2:])


def test_what_is_left_at_the_end_is_shown():
    text = mismatch([*START, eof()])
    assert any(line.startswith("+    tells ConnectionClosed(") for line in text.splitlines())


def test_what_is_left_before_something_else_is_done_is_shown():
    assert "+    says StartApiRequest(client_id=7)" in mismatch([*START[:3], eof()])


def test_a_time_to_wake_that_is_another_is_shown():
    text = mismatch([opened(), says(Greeting), wakes(None)])
    assert "-    wakes None" in text
    assert "+    wakes " in text


def test_a_class_and_a_function_have_words():
    def is_good(event: object) -> bool:
        return False

    assert "-    says any NextValidId" in mismatch([opened(), says(NextValidId)])
    assert "-    says what fits is_good" in mismatch([opened(), says(is_good)])


def test_equal_values_of_other_types_are_no_match():
    """To Python, True is 1."""
    assert "-    wakes True" in mismatch([opened(1.0 - 4.0 + 0.0), says(Greeting), wakes(True)])


def test_what_may_not_be_said_is_raised():
    with pytest.raises(LocalProtocolError):
        Playbook(client())([opened(), says(Greeting), say(CurrentTimeRequest())])


def test_bytes_that_nobody_can_read_are_shown_as_bytes():
    def garbage(connection: Connection) -> bytes:
        return b"\0\0\0\7\xff\xff\xff\xff\xff\xff\xff"

    Playbook(client())([*START, do("says garbage", garbage), says(b"\xff" * 7)])


def test_an_order_is_compared_whole():
    text = mismatch([*START[:4], hears(ManagedAccounts(("DU1",)), NextValidId(1)), tells(ManagedAccounts(("DU2",)))])
    assert "-    tells ManagedAccounts(accounts=('DU2',))" in text
    assert "+    tells ManagedAccounts(accounts=('DU1',))" in text
